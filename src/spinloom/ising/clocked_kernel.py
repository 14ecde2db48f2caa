"""The compiled loop of a clocked network: groups of p-bits decide together, by pulses that may remember and deviate."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numba import uint32, uint64

from spinloom.engines import launch
from spinloom.physics import rng

STREAM = 0xC10C
# stand-in, replaced by launch.bind
draw: Any = None


def _network(
    fields, pointers, neighbours, couplings, offset, table, order, bounds, betas, gain, shift, model, seed, first, last,
    states, best, lowest, drives, record, every, stop, done,
):  # fmt: skip
    """Run reads ``first`` to ``last`` - 1; ``model``: (memory strength t R, growth, reset failures, levels, limit).

    ``table`` (2^n,) holds the energies of a problem of any order, and is empty where couplings are given. ``drives``
    (reads, 3): sweeps made, sums of u and u^2 that the controller asked for; ``record`` (reads, k) the energy or, with
    a table, the number of the state after each ``every`` sweeps. ``stop[0]`` ends it,
    ``done[0]`` counts sweeps.
    """
    low = uint32(uint64(seed) & uint64(0xFFFFFFFF))
    high = uint32(uint64(seed) >> uint64(32))
    strength, growth, failures, levels, limit = model[0], model[1], model[2], model[3], model[4]
    spins, tabled = order.size, table.size > 0
    wanted = np.empty(spins, np.float64)
    for read in range(first, last):
        s = states[read]
        code = 0
        if tabled:
            for i in range(spins):
                if s[i] > 0:
                    code |= 1 << i
        for sweep in range(betas.size):
            if stop[0] != 0:
                break
            drives[read, 0] += 1.0
            done[0] += 1
            beta = betas[sweep]
            for group in range(bounds.size - 1):
                for k in range(bounds[group], bounds[group + 1]):
                    i = order[k]
                    if tabled:
                        field = 0.5 * (table[code | (1 << i)] - table[code & ~(1 << i)])
                    else:
                        field = fields[i]
                        for e in range(pointers[i], pointers[i + 1]):
                            field += couplings[e] * s[neighbours[e]]
                    wanted[k] = min(max(-2.0 * beta * field, -limit), limit)
                for k in range(bounds[group], bounds[group + 1]):
                    i, u = order[k], wanted[k]
                    drives[read, 1] += u
                    drives[read, 2] += u * u
                    x = gain[i] * u + shift[i]
                    p = 1.0 / (1.0 + math.exp(-x))
                    if levels > 0.0:
                        p = math.floor(p * levels + 0.5) / levels
                    old = 1.0 if s[i] > 0 else 0.0
                    if strength > 0.0:
                        both = math.exp((growth + 0.5) * x) + math.exp((growth - 0.5) * x)
                        p += (old - p) * math.exp(-strength * both)
                    p += old * failures * (1.0 - p)
                    words = draw(low, high, uint32(read), uint64(sweep * spins + i), STREAM)
                    chance = (float(words[0]) + float(words[1]) * 2.0**-32 + 2.0**-33) * 2.0**-32
                    if chance < p:
                        s[i] = 1
                        code |= 1 << i if tabled else 0
                    else:
                        s[i] = -1
                        code &= ~(1 << i) if tabled else -1
            energy = offset
            if tabled:
                energy = table[code]
            else:
                for i in range(spins):
                    field = 0.0
                    for e in range(pointers[i], pointers[i + 1]):
                        field += couplings[e] * s[neighbours[e]]
                    energy += s[i] * (fields[i] + 0.5 * field)
            if energy < lowest[read]:
                lowest[read] = energy
                for i in range(spins):
                    best[read, i] = s[i]
            if every > 0 and (sweep + 1) % every == 0:
                record[read, (sweep + 1) // every - 1] = float(code) if tabled else energy


@functools.cache
def network() -> Any:
    """The compiled kernel."""
    return launch.compiled(_network, {"draw": rng.draw})
