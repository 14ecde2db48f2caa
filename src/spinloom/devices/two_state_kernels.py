"""Compiled loops of two-state junctions under constant drive: waiting times, and samples at a fixed interval.

The generator's counter is (junction, draw number), so the numbers are the same at any thread count and chunk.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numba import float32, uint32, uint64

from spinloom.engines import cpu, launch
from spinloom.physics import rng, telegraph

LANES = 64
_STREAM_WAITING = 2
"""Waiting times draw from a stream of their own: samples of the same junction and seed stay independent of them."""

# stand-ins, replaced by launch.bind
draw: Any = None
step: Any = None


def _wait(leave, start, duration, seed, stream, first, last, counts, final):
    """Count flips of elements ``first`` to ``last`` - 1 within ``duration``; ``leave`` (2, n): out of 0, out of 1."""
    low = uint32(uint64(seed) & uint64(0xFFFFFFFF))
    high = uint32(uint64(seed) >> uint64(32))
    for i in range(first, last):
        state, time, flips, number = int(start[i]), 0.0, 0, 0
        inside = True
        while inside:
            words = draw(low, high, uint32(i), uint64(number), stream)
            number += 1
            for word in words:
                rate = leave[state, i]
                if rate <= 0.0:
                    inside = False
                    break
                time -= math.log((float(word) + 0.5) * 2.0**-32) / rate
                if time >= duration[i]:
                    inside = False
                    break
                state = 1 - state
                flips += 1
        counts[i] = flips
        final[i] = state


def _sample(probability, start, samples, seed, stream, first, last, out):
    """States after each of ``samples`` steps of junctions ``first`` to ``last`` - 1; ``probability`` as ``leave``."""
    low = uint32(uint64(seed) & uint64(0xFFFFFFFF))
    high = uint32(uint64(seed) >> uint64(32))
    s = np.empty(LANES, np.float32)
    p = np.empty((2, LANES), np.float32)
    for block in range(first, last, LANES):
        used = min(LANES, last - block)
        for lane in range(LANES):
            i = min(block + lane, last - 1)
            s[lane] = start[i]
            p[0, lane], p[1, lane] = probability[1, i], probability[0, i]
        for t in range(samples):
            for lane in range(LANES):
                words = draw(low, high, uint32(block + lane), uint64(t), stream)
                s[lane], _ = step((s[lane], float32(0.0)), (p[0, lane], p[1, lane]), (), float32(0.0), words)
            for lane in range(used):
                out[t, block + lane] = np.uint8(s[lane])


def in_pieces(work: Callable[[int, int], None], count: int, threads: int | None = None, piece: int = 4096) -> None:
    """Call ``work(first, last)`` over 0..count in pieces on several threads; Ctrl-C stops after those under way."""
    workers = threads or cpu.threads_available()
    with ThreadPoolExecutor(workers) as pool:
        tasks = [pool.submit(work, start, min(start + piece, count)) for start in range(0, count, piece)]
        try:
            for task in tasks:
                task.result()
        except BaseException:
            for task in tasks:
                task.cancel()
            raise


@functools.cache  # looking it up on disk takes 2 ms, more than a thousand flips
def _kernel(loop: Callable) -> Any:
    return launch.compiled(loop, {"draw": rng.draw, "step": telegraph.constant_step})


def waiting_times(
    leave: np.ndarray, start: np.ndarray, duration: np.ndarray, seed: int, threads: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of flips (n,) and final states (n,) of n independent runs; ``leave`` (2, n) [1/s], duration (n,) [s]."""
    counts, final = np.empty(start.size, np.int64), np.empty(start.size, np.uint8)
    kernel = _kernel(_wait)

    def work(first: int, last: int) -> None:
        kernel(leave, start, duration, np.uint64(seed), _STREAM_WAITING, first, last, counts, final)

    in_pieces(work, start.size, threads)
    return counts, final


def samples(
    probability: np.ndarray, start: np.ndarray, count: int, seed: int, threads: int | None = None
) -> np.ndarray:
    """States (count, n) of n junctions at a fixed interval; ``probability`` (2, n) of leaving state 0 and 1 in it."""
    out = np.empty((count, start.size), np.uint8)
    kernel = _kernel(_sample)

    def work(first: int, last: int) -> None:
        kernel(probability, start, count, np.uint64(seed), rng.STREAM_DYNAMICS, first, last, out)

    in_pieces(work, start.size, threads, piece=LANES)
    return out
