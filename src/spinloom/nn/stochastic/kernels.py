"""Compiled loops that draw bits for a layer of stochastic neurons.

A draw depends on (seed, stream, row, step, column) alone: row is the number of the image, not its place in a batch,
so the bits are the same at any batch size and any number of threads.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numba import float32, int32, uint32, uint64

from spinloom.engines import launch
from spinloom.physics import rng

_SMALL = 2**18
"""Draws below which a second thread only waits."""
_UNIT = float32(2.0**-24)

# stand-in, replaced by launch.bind
draw: Any = None


def _bits(p, seed, stream, first_row, step, begin, end, out):
    """One bit a neuron: out[r, c] = 1 with probability p[r, c], for rows ``begin`` to ``end`` - 1."""
    low = uint32(uint64(seed) & uint64(0xFFFFFFFF))
    high = uint32(uint64(seed) >> uint64(32))
    time = uint64(uint64(step) << uint64(32))
    quarter = p.shape[1] // 4
    for r in range(begin, end):
        row = uint32(uint64(first_row) + uint64(r))
        for j in range(quarter):  # four words a draw: one for each quarter of the columns, so that stores are in order
            w0, w1, w2, w3 = draw(low, high, row, uint64(time | uint64(j)), stream)
            out[r, j] = float32(int32(w0 >> uint32(8))) * _UNIT < p[r, j]
            out[r, quarter + j] = float32(int32(w1 >> uint32(8))) * _UNIT < p[r, quarter + j]
            out[r, 2 * quarter + j] = float32(int32(w2 >> uint32(8))) * _UNIT < p[r, 2 * quarter + j]
            out[r, 3 * quarter + j] = float32(int32(w3 >> uint32(8))) * _UNIT < p[r, 3 * quarter + j]
        if 4 * quarter < p.shape[1]:
            words = draw(low, high, row, uint64(time | uint64(quarter)), stream)
            for k in range(p.shape[1] - 4 * quarter):
                c = 4 * quarter + k
                out[r, c] = float32(int32(words[k] >> uint32(8))) * _UNIT < p[r, c]


def _telegraph(p, kept, seed, stream, first_row, step, samples, begin, end, state, count):
    """Steps of two-state junctions: P(1 after a step) = p + kept (state - p); ``count`` adds up the ones."""
    low = uint32(uint64(seed) & uint64(0xFFFFFFFF))
    high = uint32(uint64(seed) >> uint64(32))
    groups = (p.shape[1] + 3) // 4
    for r in range(begin, end):
        row = uint32(uint64(first_row) + uint64(r))
        for t in range(samples):
            time = uint64(uint64(step + t) << uint64(32))
            for j in range(groups):
                words = draw(low, high, row, uint64(time | uint64(j)), stream)
                for k in range(min(4, p.shape[1] - 4 * j)):
                    c = 4 * j + k
                    one = p[r, c] + kept[r, c] * (state[r, c] - p[r, c])
                    state[r, c] = float32(int32(words[k] >> uint32(8))) * _UNIT < one
                    count[r, c] += state[r, c]


@functools.cache
def _kernel(loop: Callable) -> Any:
    return launch.compiled(loop, {"draw": rng.draw})


def _in_rows(work: Callable[[int, int], None], rows: int, draws: int, threads: int) -> None:
    if threads < 2 or draws < _SMALL:
        work(0, rows)
        return
    edges = np.linspace(0, rows, threads + 1).astype(int)
    with ThreadPoolExecutor(threads) as pool:
        for task in [pool.submit(work, int(a), int(b)) for a, b in itertools.pairwise(edges)]:
            task.result()


def bits(p: np.ndarray, seed: int, stream: int, first_row: int, step: int, threads: int) -> np.ndarray:
    """0 or 1 (shape and kind of p) with probability p, shape (rows, columns)."""
    out, kernel = np.empty_like(p), _kernel(_bits)

    def work(begin: int, end: int) -> None:
        kernel(p, np.uint64(seed), np.uint32(stream), np.uint64(first_row), np.uint64(step), begin, end, out)

    _in_rows(work, len(p), p.size, threads)
    return out


def telegraph(
    p: np.ndarray, kept: np.ndarray, state: np.ndarray, seed: int, stream: int, first_row: int, step: int, samples: int,
    threads: int,
) -> np.ndarray:  # fmt: skip
    """Number of ones in ``samples`` steps; ``state`` is moved on in place. All arrays are (rows, columns)."""
    count, kernel = np.zeros_like(p), _kernel(_telegraph)

    def work(begin: int, end: int) -> None:
        where = (np.uint64(seed), np.uint32(stream), np.uint64(first_row))
        kernel(p, kept, *where, np.uint64(step), samples, begin, end, state, count)

    _in_rows(work, len(p), p.size * samples, threads)
    return count
