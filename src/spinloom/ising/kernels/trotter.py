"""Trotter replicas of many reads at once: spin after spin, a whole world line drawn in every lane.

States are int8 (n, slices * lanes), lanes innermost: the field of a spin in all its slices is a sum of whole rows, and
the messages along a world line run lane beside lane. Nothing branches and nothing calls a library, so the compiler
turns all of it into vector instructions. Lane r draws from its own generator, column r.
"""

from __future__ import annotations

import functools
from typing import Any

import numba
import numpy as np
from numba import float32, int8

from spinloom.engines import launch
from spinloom.physics import rng, scalar, world_line, xoshiro

LANES = 32
"""Reads come in multiples of this many: a row of 32 float32 messages is a few vector registers."""

# stand-ins, replaced by launch.bind
advance: Any = None
closing_odds: Any = None
exponential: Any = None
first_messages: Any = None
next_messages: Any = None
spin: Any = None
spin_before: Any = None
sweep_once: Any = None
uniform: Any = None


def _sweep(pointers, neighbours, couplings, fields, states, scale, link, generator, energies, work):
    """One sweep over all spins: ``scale`` 2 beta/n, ``link`` tanh(beta Gamma/n); adds energy changes to ``energies``.

    ``work`` is (field (slices * lanes,), up, down (slices * lanes,) and ratio, opening, noise (lanes,) float32).
    """
    field, up, down, ratio, opening, noise = work
    lanes = ratio.size
    size = field.size
    slices = size // lanes
    for i in range(fields.size):
        own, row = fields[i], states[i]
        for c in range(size):
            field[c] = own
        for q in range(pointers[i], pointers[i + 1]):
            other, coupling = states[neighbours[q]], couplings[q]
            for c in range(size):
                field[c] += coupling * float32(other[c])
        for c in range(size):
            up[c] = exponential(-scale * field[c])  # the odds, until the messages take their place
        for r in range(lanes):
            opening[r] = up[r]
        for r in range(lanes if slices > 1 else 0):
            up[lanes + r], down[lanes + r], ratio[r] = first_messages(up[lanes + r], link)
        for k in range(2, slices):
            here, back = k * lanes, (k - 1) * lanes
            for r in range(lanes):
                up[here + r], down[here + r], ratio[r] = next_messages(
                    up[back + r], down[back + r], ratio[r], up[here + r], link
                )
        last = size - lanes
        for r in range(lanes if slices > 1 else 0):
            opening[r] = closing_odds(up[last + r], down[last + r], ratio[r], opening[r], link)
        for k in range(slices, 0, -1):
            here, after = (k % slices) * lanes, ((k + 1) % slices) * lanes
            for r in range(lanes):
                word, generator[0, r], generator[1, r], generator[2, r], generator[3, r] = advance(
                    generator[0, r], generator[1, r], generator[2, r], generator[3, r]
                )
                noise[r] = uniform(word)
            if k == slices:
                for r in range(lanes):
                    new = int8(spin(opening[r], noise[r]))
                    energies[r] += field[r] * float32(new - row[r])
                    row[r] = new
            else:
                for r in range(lanes):
                    message = up[here + r] if row[r] > 0 else down[here + r]
                    new = int8(spin_before(message, row[after + r], link, noise[r]))
                    energies[here + r] += field[here + r] * float32(new - row[here + r])
                    row[here + r] = new


def _anneal(pointers, neighbours, couplings, fields, scales, links, states, best, least, generator, stop, done):
    """Sweep through ``scales`` and ``links`` (one a sweep), keeping each read's best slice in ``best`` (n, lanes)."""
    spins, size = states.shape
    lanes = least.size
    work = (np.empty(size, np.float32), np.empty(size, np.float32), np.empty(size, np.float32),
            np.empty(lanes, np.float32), np.empty(lanes, np.float32), np.empty(lanes, np.float32))  # fmt: skip
    energies = np.zeros(size, np.float64)
    field = work[0]
    for i in range(spins):  # summed anew at every call, so that rounding does not build up
        for c in range(size):
            field[c] = float32(2.0) * fields[i]
        for q in range(pointers[i], pointers[i + 1]):
            other, coupling = states[neighbours[q]], couplings[q]
            for c in range(size):
                field[c] += coupling * float32(other[c])
        for c in range(size):
            energies[c] += 0.5 * field[c] * float32(states[i, c])
    for k in range(scales.size):
        if stop[0]:
            return
        sweep_once(pointers, neighbours, couplings, fields, states, scales[k], links[k], generator, energies, work)
        for c in range(size):
            r = c % lanes
            if energies[c] < least[r]:
                least[r] = energies[c]
                for i in range(spins):
                    best[i, r] = states[i, c]
        done[0] += 1


@functools.cache
def anneal_kernel() -> Any:
    """The loop of :func:`_anneal`, compiled."""
    functions = {
        "advance": xoshiro.advance,
        "uniform": rng.uniform,
        "exponential": scalar.exponential,
        "first_messages": world_line.first_messages,
        "next_messages": world_line.next_messages,
        "closing_odds": world_line.closing_odds,
        "spin": world_line.spin,
        "spin_before": world_line.spin_before,
    }
    inner = numba.njit(fastmath=True, error_model="numpy")(launch.bind(_sweep, **functions))
    return launch.compiled(_anneal, functions, sweep_once=inner)
