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
backward: Any = None
closing_odds: Any = None
exponential: Any = None
first_messages: Any = None
forward: Any = None
next_messages: Any = None
spin: Any = None
spin_before: Any = None
sweep_once: Any = None
uniform: Any = None


def _forward(odds, down, lanes, link):
    """Messages along the world line: the odds of the slices become ``up``, and ``lanes[0]`` the odds of slice 0."""
    size = odds.size
    slices = size // lanes[0].size
    first, ratio, a, b = lanes
    width = first.size
    for r in range(width):
        first[r] = odds[r]
    if slices == 1:
        return
    g, d = odds[width : 2 * width], down[width : 2 * width]
    for r in range(width):
        a[r], b[r], ratio[r] = first_messages(g[r], link)
        g[r], d[r] = a[r], b[r]
    for here in range(2 * width, size, width):  # views and rows of their own: the compiler sees that nothing overlaps
        g, d = odds[here : here + width], down[here : here + width]
        for r in range(width):
            x, y, z = next_messages(a[r], b[r], ratio[r], g[r], link)
            a[r], b[r], ratio[r] = x, y, z
            g[r], d[r] = x, y
    for r in range(width):
        first[r] = closing_odds(a[r], b[r], ratio[r], first[r], link)


def _backward(up, down, noise, lanes, link):
    """Draw the world line: ``noise``, uniform numbers (slices * lanes,), becomes the spins."""
    first, _, following, _ = lanes
    width = first.size
    for r in range(width):
        first[r] = spin(first[r], noise[r])
        following[r] = first[r]
        noise[r] = first[r]
    for here in range(noise.size - width, 0, -width):
        u, d, z = up[here : here + width], down[here : here + width], noise[here : here + width]
        for r in range(width):
            drawn = spin_before(u[r] if first[r] > 0 else d[r], following[r], link, z[r])
            z[r], following[r] = drawn, drawn


def _sweep(pointers, neighbours, couplings, fields, states, scale, link, generator, energies, work, lanes):
    """One sweep over all spins: ``scale`` 2 beta/n, ``link`` tanh(beta Gamma/n); adds energy changes to ``energies``.

    ``work`` is four arrays (slices * lanes,) float32, ``lanes`` four (lanes,).
    """
    field, up, down, noise = work
    size, width = field.size, lanes[0].size
    g0, g1, g2, g3 = generator[0], generator[1], generator[2], generator[3]
    for i in range(fields.size):
        own, row = fields[i], states[i]
        for c in range(size):
            field[c] = own
        for q in range(pointers[i], pointers[i + 1]):
            other, coupling = states[neighbours[q]], couplings[q]
            for c in range(size):
                field[c] += coupling * float32(other[c])
        for c in range(size):
            up[c] = exponential(-scale * field[c])
        forward(up, down, lanes, link)
        for here in range(0, size, width):
            z = noise[here : here + width]
            for r in range(width):
                word, g0[r], g1[r], g2[r], g3[r] = advance(g0[r], g1[r], g2[r], g3[r])
                z[r] = uniform(word)
        backward(up, down, noise, lanes, link)
        for c in range(size):
            energies[c] += field[c] * (noise[c] - float32(row[c]))
            row[c] = int8(noise[c])


def _anneal(pointers, neighbours, couplings, fields, scales, links, states, best, least, generator, stop, done):
    """Sweep through ``scales`` and ``links`` (one a sweep), keeping each read's best slice in ``best`` (n, lanes)."""
    spins, size = states.shape
    lanes = least.size
    work = (
        np.empty(size, np.float32),
        np.empty(size, np.float32),
        np.empty(size, np.float32),
        np.empty(size, np.float32),
    )
    rows = (
        np.empty(lanes, np.float32),
        np.empty(lanes, np.float32),
        np.empty(lanes, np.float32),
        np.empty(lanes, np.float32),
    )
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
        sweep_once(
            pointers, neighbours, couplings, fields, states, scales[k], links[k], generator, energies, work, rows
        )
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
    compile_inner = numba.njit(fastmath=True, error_model="numpy")
    parts = {"forward": _forward, "backward": _backward}
    parts = {name: compile_inner(launch.bind(part, **functions)) for name, part in parts.items()}
    inner = compile_inner(launch.bind(_sweep, **functions, **parts))
    return launch.compiled(_anneal, functions, sweep_once=inner)
