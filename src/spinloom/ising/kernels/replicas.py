"""Many replicas at once: spin after spin, the replicas side by side in the innermost loop.

States are int8 (n, replicas). The field of a spin is summed anew from its neighbours: with replicas innermost that is
an addition of whole rows, which the compiler turns into vector instructions; so is the decision. Couplings are int8
where every field fits (exact integers), float32 otherwise. Replica r draws from its own generator, column r.
"""

from __future__ import annotations

import functools
from typing import Any

import numba
import numpy as np
from numba import float32, int8

from spinloom.engines import launch
from spinloom.physics import probabilistic_bit, rng, xoshiro

LANES = 64
"""Replicas come in multiples of this many: a row of int8 states is then a vector register, or several."""

RULES = {"gibbs": probabilistic_bit.heat_bath, "metropolis": probabilistic_bit.metropolis}

# stand-ins, replaced by launch.bind
advance: Any = None
decide: Any = None
draw: Any = None
sweep_once: Any = None


def _seed(seed_low, seed_high, first, generator, states):
    """Fill columns with the generators of replicas ``first`` on and, from a second draw, random +-1 states."""
    spins, replicas = states.shape
    for r in range(replicas):
        a, b, c, d = draw(seed_low, seed_high, np.uint32(first + r), np.uint64(0), np.uint32(16))
        generator[0, r], generator[1, r], generator[2, r], generator[3, r] = a, b, c, np.uint32(d | np.uint32(1))
        for i in range(0, spins, 128):
            words = draw(seed_low, seed_high, np.uint32(first + r), np.uint64(i), np.uint32(17))
            for w in range(4):
                for bit in range(min(32, max(0, spins - i - 32 * w))):
                    states[i + 32 * w + bit, r] = 1 if np.uint32(words[w] >> np.uint32(bit)) & np.uint32(1) else -1


def _sweep(pointers, neighbours, couplings, fields, states, scale, generator, energies, field, word):
    """One sweep over all spins in order; ``scale`` (replicas,) = 2 beta. Adds each energy change to ``energies``."""
    spins, replicas = states.shape
    for i in range(spins):
        own = fields[i]
        for r in range(replicas):
            field[r] = own
        q, end = pointers[i], pointers[i + 1]
        while q + 4 <= end and couplings[q] == couplings[q + 3]:  # neighbours are sorted by coupling: four at a time
            coupling = couplings[q]
            one, two = states[neighbours[q]], states[neighbours[q + 1]]
            three, four = states[neighbours[q + 2]], states[neighbours[q + 3]]
            for r in range(replicas):
                field[r] += coupling * int8(one[r] + two[r] + three[r] + four[r])
            q += 4
        while q < end:
            other, coupling = states[neighbours[q]], couplings[q]
            for r in range(replicas):
                field[r] += coupling * other[r]
            q += 1
        for r in range(replicas):
            word[r], generator[0, r], generator[1, r], generator[2, r], generator[3, r] = advance(
                generator[0, r], generator[1, r], generator[2, r], generator[3, r]
            )
        row = states[i]
        for r in range(replicas):
            new = int8(decide(float32(row[r]), scale[r] * float32(field[r]), word[r]))
            energies[r] += field[r] * (new - row[r])
            row[r] = new


def _anneal(pointers, neighbours, couplings, fields, scales, states, best, least, energies, generator, stop, done):
    """Sweep through ``scales`` (2 beta, one a sweep), keeping each replica's best state; stops when stop[0] is set."""
    spins, replicas = states.shape
    field = np.empty(replicas, couplings.dtype)
    word = np.empty(replicas, np.uint32)
    scale = np.empty(replicas, np.float32)
    better = np.empty(replicas, np.int8)
    for k in range(scales.size):
        if stop[0]:
            return
        scale[:] = scales[k]
        sweep_once(pointers, neighbours, couplings, fields, states, scale, generator, energies, field, word)
        improved = False
        for r in range(replicas):
            better[r] = energies[r] < least[r]
            if better[r]:
                least[r] = energies[r]
                improved = True
        if improved:
            for i in range(spins):
                kept, row = best[i], states[i]
                for r in range(replicas):
                    kept[r] = row[r] if better[r] else kept[r]
        done[0] += 1


@functools.cache
def seed_kernel() -> Any:
    """``(seed_low, seed_high, first, generator (4, replicas) uint32, states (n, replicas) int8)``: fills both."""
    return launch.compiled(_seed, {"draw": rng.draw})


@functools.cache
def sweep_kernel(rule: str = "gibbs") -> Any:
    """One sweep of all replicas, each at its own temperature, callable from Python and from compiled loops."""
    return launch.compiled(_sweep, {"decide": RULES[rule], "advance": xoshiro.advance})


@functools.cache
def anneal_kernel(rule: str) -> Any:
    """The annealing loop around the sweep."""
    functions = {"decide": RULES[rule], "advance": xoshiro.advance}
    inner = numba.njit(fastmath=True, error_model="numpy")(launch.bind(_sweep, **functions))
    return launch.compiled(_anneal, functions, sweep_once=inner)
