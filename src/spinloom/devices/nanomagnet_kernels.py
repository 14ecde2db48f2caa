"""Compiled loop of coupled two-state magnets in continuous time: exact events (Gillespie), one thread a block of runs.

The generator's counter is (run, event), so the numbers are the same at any thread count.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numba import uint32, uint64

from spinloom.devices.two_state_kernels import in_pieces
from spinloom.engines import launch
from spinloom.physics import rng, tilted_barrier

Law = Literal["neel", "heat bath"]
LAWS: dict[str, Callable] = {"neel": tilted_barrier.neel_rate, "heat bath": tilted_barrier.heat_bath_rate}
_STREAM_NETWORK = 5
"""A stream of its own: other draws of the same seed stay independent."""

# stand-ins, replaced by launch.bind
draw: Any = None
rate: Any = None


def _events(couplings, fields, barrier, attempt, heat, interval, seed, stream, first, last, spins, states, time, flips):
    """Runs ``first`` to ``last`` - 1: spins (runs, n) onwards; energies in k T at heat 1.

    ``states`` (runs, intervals, n) after each interval, ``time`` (runs, 2^n or 1) [s] spent in each joint state.
    """
    low = uint32(uint64(seed) & uint64(0xFFFFFFFF))
    high = uint32(uint64(seed) >> uint64(32))
    n = fields.size
    force, rates = np.empty(n), np.empty(n)
    counted = time.shape[1] > 1
    for run in range(first, last):
        s = spins[run]
        index = 0
        for i in range(n):
            force[i] = fields[i]
            for j in range(n):
                force[i] += couplings[i, j] * s[j]
            if s[i] > 0:
                index |= 1 << i
        event = 0
        for part in range(heat.size):
            cold, left = 1.0 / heat[part], interval
            while True:
                total = 0.0
                for i in range(n):
                    rates[i] = rate(-s[i] * force[i] * cold, barrier[i] * cold, attempt[i])
                    total += rates[i]
                words = draw(low, high, uint32(run), uint64(event), stream)
                event += 1
                wait = -math.log((float(words[0]) + 0.5) * 2.0**-32) / total
                if wait >= left:
                    if counted:
                        time[run, index] += left
                    break
                left -= wait
                if counted:
                    time[run, index] += wait
                chosen = (float(words[1]) + 0.5) * 2.0**-32 * total
                k = 0
                while k < n - 1 and chosen >= rates[k]:
                    chosen -= rates[k]
                    k += 1
                s[k] = -s[k]
                index ^= 1 << k
                flips[run] += 1
                for i in range(n):
                    force[i] += 2.0 * couplings[i, k] * s[k]
            for i in range(n):
                states[run, part, i] = s[i]


@functools.cache
def _kernel(law: str) -> Any:
    return launch.compiled(_events, {"draw": rng.draw, "rate": LAWS[law]})


def follow(
    couplings: np.ndarray,
    fields: np.ndarray,
    barrier: np.ndarray,
    attempt: np.ndarray,
    heat: np.ndarray,
    interval: float,
    start: np.ndarray,
    *,
    law: Law,
    seed: int,
    count_states: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """States (runs, intervals, n) int8, seconds in each joint state (runs, 2^n) or (runs, 1), flips (runs,).

    ``couplings`` (n, n) and ``fields`` (n,) in units of k T, E = sum h s + sum_{i<j} J s s; ``heat`` multiplies T in
    each interval; ``start`` (runs, n) of +-1.
    """
    runs, n = start.shape
    spins = np.ascontiguousarray(start, np.int8).copy()
    states = np.empty((runs, heat.size, n), np.int8)
    time = np.zeros((runs, 2**n if count_states else 1))
    flips = np.zeros(runs, np.int64)
    kernel = _kernel(law)

    def work(first: int, last: int) -> None:
        kernel(couplings, fields, barrier, attempt, heat, interval, np.uint64(seed), _STREAM_NETWORK, first, last,
               spins, states, time, flips)  # fmt: skip

    in_pieces(work, runs, piece=8)
    return states, time, flips
