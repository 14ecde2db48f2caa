"""The loops around a step function. ``launch.bind`` puts the real functions in the place of the stand-ins.

Both loops do the same: copy i at step t gets ``draw(seed, first_device + i, t, stream)`` and its own drive.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import uint32, uint64

LANES = 64
"""Copies advanced together in the innermost loop: a few vector registers' worth, with their state in the L1 cache."""

# stand-ins: names that the loops below use and that launch.bind replaces
step: Any = None
draw: Any = None
load_state: Any = None
load_params: Any = None
load_drive: Any = None
store_state: Any = None
cuda: Any = None
drift: Any = None
spread: Any = None


def lanes(state, params, amplitude, row, shape, dt, seed, steps, every, device, stream, record, first, last):
    """Advance copies ``first`` to ``last`` - 1 in place.

    ``steps`` is (first step of the random numbers, how many, how many this run has done before); ``record`` is (frames,
    n_state, n).
    """
    n_state, n_drive, n_params = state.shape[0], amplitude.shape[0], params.shape[0]
    shared = params.shape[1] == 1
    key_low = uint32(uint64(seed) & uint64(0xFFFFFFFF))
    key_high = uint32(uint64(seed) >> uint64(32))
    s = np.empty((n_state, LANES), state.dtype)
    a = np.empty((n_drive, LANES), state.dtype)
    d = np.empty((n_drive, LANES), state.dtype)
    p = np.empty((n_params, LANES), state.dtype)
    r = np.empty(LANES, np.int32)
    for block in range(first, last, LANES):
        for lane in range(LANES):
            copy = min(block + lane, last - 1)  # the last block is filled up with copies of its last member
            r[lane] = row[copy]
            for i in range(n_state):
                s[i, lane] = state[i, copy]
            for i in range(n_drive):
                a[i, lane] = amplitude[i, copy]
            for i in range(n_params):
                p[i, lane] = params[i, 0 if shared else copy]
        for t in range(steps[1]):
            for i in range(n_drive):
                for lane in range(LANES):
                    d[i, lane] = a[i, lane] * shape[t, i, r[lane]]
            for lane in range(LANES):
                words = draw(key_low, key_high, uint32(device + block + lane), uint64(steps[0] + t), stream)
                store_state(s, lane, step(load_state(s, lane), load_params(p, lane), load_drive(d, lane), dt, words))
            done = steps[2] + t + 1
            if every > 0 and done % every == 0:
                for i in range(n_state):
                    for lane in range(min(LANES, last - block)):
                        record[done // every - 1, i, block + lane] = s[i, lane]
        for i in range(n_state):
            for lane in range(min(LANES, last - block)):
                state[i, block + lane] = s[i, lane]


def threads(state, params, amplitude, row, shape, dt, seed, steps, every, device, stream, record):
    """One CUDA thread a copy; arguments as :func:`lanes`."""
    copy = cuda.grid(1)
    if copy >= state.shape[1]:
        return
    key_low = uint32(uint64(seed) & uint64(0xFFFFFFFF))
    key_high = uint32(uint64(seed) >> uint64(32))
    column = 0 if params.shape[1] == 1 else copy
    for t in range(steps[1]):
        words = draw(key_low, key_high, uint32(device + copy), uint64(steps[0] + t), stream)
        drive = load_drive(amplitude, shape, t, row[copy], copy)
        store_state(state, copy, step(load_state(state, copy), load_params(params, column), drive, dt, words))
        done = steps[2] + t + 1
        if every > 0 and done % every == 0:
            for i in range(state.shape[0]):
                record[done // every - 1, i, copy] = state[i, copy]


def tabulate(z, params, drives, v, d):
    """Fill v[j, i], d[j, i] with the drift and the spread at z[i] under the drive of column j."""
    p = load_params(params, 0)
    for j in range(drives.shape[1]):
        drive = load_drive(drives, j)
        for i in range(z.size):
            v[j, i] = drift(z[i], p, drive)
            d[j, i] = spread(z[i], p)
