"""One read at a time: fields are kept up to date, so that an attempt that is refused costs almost nothing.

    flip s_i  when  beta dE_i < x,    dE_i = -2 s_i f_i,    x logistic (heat bath) or exponential (Metropolis)

The numbers x do not depend on the state and are made in blocks by vector instructions; of 32 spins in a row one
comparison tells whether any may flip. What a flip does to the fields differs: a row of a sparse or a dense matrix.
Indices are unsigned where single elements are met: a signed one is first checked for counting from the end.
"""

from __future__ import annotations

import functools
from typing import Any

import numba
import numpy as np
from numba import float32

from spinloom.engines import launch
from spinloom.physics import probabilistic_bit, rng, xoshiro

NOISE = {"gibbs": probabilistic_bit.heat_bath_noise, "metropolis": probabilistic_bit.metropolis_noise}
_LANES, _BLOCK, _GROUP = 64, 512, 32

# stand-ins, replaced by launch.bind
advance: Any = None
draw: Any = None
noise: Any = None
fill: Any = None
flip: Any = None


def _seed(seed_low, seed_high, read, generator):
    """Fill the 64 generators (4, 64) of one read."""
    for lane in range(generator.shape[1]):
        a, b, c, d = draw(seed_low, seed_high, np.uint32(read), np.uint64(lane), np.uint32(18))
        generator[0, lane], generator[1, lane], generator[2, lane] = a, b, c
        generator[3, lane] = np.uint32(d | np.uint32(1))


def _fill(generator, out, count):
    """Noise for the next ``count`` spins, rounded up to whole rows of generators."""
    lanes = generator.shape[1]
    for first in range(0, count, lanes):
        row = out[first : first + lanes]
        for lane in range(lanes):
            word, generator[0, lane], generator[1, lane], generator[2, lane], generator[3, lane] = advance(
                generator[0, lane], generator[1, lane], generator[2, lane], generator[3, lane]
            )
            row[lane] = noise(word)


def _flip_sparse(pointers, neighbours, couplings, field, spin, change):
    spin = np.uint32(spin)
    for q in range(np.uint64(pointers[spin]), np.uint64(pointers[np.uint32(spin + np.uint32(1))])):
        field[neighbours[q]] += change * couplings[q]


def _flip_dense(pointers, neighbours, couplings, field, spin, change):
    row = couplings[spin]
    for j in range(field.size):
        field[j] += change * row[j]


def _anneal(pointers, neighbours, couplings, betas, state, field, best, energy, generator, stop, done):
    """Sweep through ``betas``; ``state`` and ``field`` (n,) of one type, ``energy`` (2,): now and the lowest."""
    spins = state.size
    threshold = np.empty(_BLOCK, np.float32)
    now, least = energy[0], energy[1]
    for k in range(betas.size):
        if stop[0]:
            break
        half_temperature = float32(0.5) / betas[k]
        for first in range(0, spins, _BLOCK):
            last = min(first + _BLOCK, spins)
            count = last - first
            fill(generator, threshold, count)
            for i in range(count):
                threshold[i] *= half_temperature
            own, slopes = state[first:last], field[first:last]  # views: flips of this block are seen in it
            for start in range(0, count, _GROUP):
                end = min(start + _GROUP, count)
                most = float32(-1.0)
                for i in range(start, end):
                    most = max(most, threshold[i] + float32(own[i] * slopes[i]))
                if most > 0.0:
                    for i in range(np.uint64(start), np.uint64(end)):
                        slope = own[i] * slopes[i]
                        if threshold[i] + float32(slope) > 0.0:
                            old = own[i]
                            own[i] = -old
                            now -= 2.0 * slope
                            flip(pointers, neighbours, couplings, field, np.uint64(first) + i, -(old + old))
        if now < least:
            least = now
            for i in range(spins):
                best[i] = np.int8(state[i])
        energy[0], energy[1] = now, least
        done[0] += 1


@functools.cache
def seed_kernel() -> Any:
    """``(seed_low, seed_high, read, generator (4, 64) uint32)``: fills the generators of one read."""
    return launch.compiled(_seed, {"draw": rng.draw})


@functools.cache
def anneal_kernel(rule: str, dense: bool) -> Any:
    """The annealing loop of one read on sparse couplings (three arrays) or on a matrix."""
    compile = numba.njit(fastmath=True, error_model="numpy")
    functions = {
        "noise": NOISE[rule],
        "advance": xoshiro.advance,
        "flip": compile(_flip_dense if dense else _flip_sparse),
    }
    return launch.compiled(_anneal, functions, fill=compile(launch.bind(_fill, **functions)))
