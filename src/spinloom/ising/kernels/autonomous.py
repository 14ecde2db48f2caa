"""Compiled loops of hardware p-bits: all of them in parallel in small time steps, or decision by decision.

Chance is drawn by counter, (read times p-bit, step), so numbers are the same at any thread count. States are ±1; a flip
goes to those who hear it (``Wires``), so a step costs little where nothing flips. Energies are those of the problem as
it was given (``asked``), whatever the hardware holds of it (``weights``), in the sign of dimod.
"""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numpy as np
from numba import float32, uint32, uint64

from spinloom.engines import launch
from spinloom.physics import rng
from spinloom.physics import stochastic_branch as branch

_STREAM_STEPS, _STREAM_START, _STREAM_DECISIONS = 32, 33, 34
EVENTS, SYNCHRONOUS, SEQUENTIAL = 0, 1, 2


class Wires(NamedTuple):
    """Who hears whom: p-bit j is heard by ``listeners[pointers[j]:pointers[j + 1]]``; fields and weights as x grows."""

    pointers: np.ndarray
    listeners: np.ndarray
    weights: np.ndarray
    fields: np.ndarray
    asked: np.ndarray
    asked_fields: np.ndarray


class Bits(NamedTuple):
    """Slope and offset of each p-bit (n,), and the laws' constants of one step."""

    slope: np.ndarray
    offset: np.ndarray
    kept_synapse: float
    kept_gate: float
    rate: float
    pinning: float
    dwell: bool


class Kept(NamedTuple):
    """What comes out, a row a read: last and best states, best energy relative to the start, flips, samples."""

    states: np.ndarray
    best: np.ndarray
    energy: np.ndarray
    flips: np.ndarray
    samples: np.ndarray


# stand-ins, replaced by launch.bind
compared: Any = None
decided: Any = None
draw: Any = None
dwell_step: Any = None
low_pass: Any = None
redraw_step: Any = None
tanh_of: Any = None
unit: Any = None


def _steps(wires, bits, gains, steps, every, seed, first, last, stop, done, kept):
    """Reads ``first`` to ``last`` - 1 of ``gains.size`` sweeps of ``steps`` steps; a sample each ``every`` steps."""
    low, high = uint32(uint64(seed) & uint64(0xFFFFFFFF)), uint32(uint64(seed) >> uint64(32))
    n = wires.fields.size
    x, gate, noise = np.empty(n, np.float32), np.empty(n, np.float32), np.empty(n, np.float32)
    m, new = np.empty(n, np.float32), np.empty(n, np.float32)
    field, asked = np.empty(n), np.empty(n)
    synapse, gating, rate = float32(bits.kept_synapse), float32(bits.kept_gate), float32(bits.rate)
    pinning = float32(bits.pinning)
    for read in range(first, last):
        for i in range(n):
            m[i] = kept.states[read, i]
            field[i], asked[i] = wires.fields[i], wires.asked_fields[i]
        for j in range(n):
            for q in range(wires.pointers[j], wires.pointers[j + 1]):
                field[wires.listeners[q]] += wires.weights[q] * m[j]
                asked[wires.listeners[q]] += wires.asked[q] * m[j]
        for i in range(n):  # a synapse at rest, and a noise that agrees with the state
            x[i] = gains[0] * field[i]
            gate[i] = tanh_of(bits.slope[i] * (x[i] - bits.offset[i]))
            share = unit(draw(low, high, uint32(read * n + i), uint64(0), _STREAM_START)[0])
            noise[i] = -1.0 + share * (1.0 + gate[i]) if m[i] > 0 else 1.0 - share * (1.0 - gate[i])
        energy, lowest, flips, frame, t = 0.0, 0.0, 0, 0, 0
        for sweep in range(gains.size):
            if stop[0] != 0:
                break
            done[0] += 1
            gain = gains[sweep]
            for _ in range(steps):
                t += 1
                if bits.dwell:
                    for i in range(n):
                        x[i] = low_pass(x[i], float32(gain * field[i]), synapse)
                        word = draw(low, high, uint32(read * n + i), uint64(t), _STREAM_STEPS)[0]
                        new[i] = dwell_step(m[i], bits.slope[i] * (x[i] - bits.offset[i]), rate, word)
                else:
                    for i in range(n):
                        x[i] = low_pass(x[i], float32(gain * field[i]), synapse)
                        words = draw(low, high, uint32(read * n + i), uint64(t), _STREAM_STEPS)
                        u = bits.slope[i] * (x[i] - bits.offset[i])
                        noise[i], gate[i] = redraw_step(noise[i], gate[i], u, gating, rate, pinning, words[0], words[1])
                        new[i] = compared(noise[i], gate[i])
                for i in range(n):
                    if new[i] != m[i]:
                        m[i] = new[i]
                        flips += 1
                        energy += 2.0 * new[i] * asked[i]
                        for q in range(wires.pointers[i], wires.pointers[i + 1]):
                            field[wires.listeners[q]] += 2.0 * new[i] * wires.weights[q]
                            asked[wires.listeners[q]] += 2.0 * new[i] * wires.asked[q]
                if energy < lowest - 1e-9:
                    lowest = energy
                    for i in range(n):
                        kept.best[read, i] = np.int8(m[i])
                if every > 0 and t % every == 0:
                    for i in range(n):
                        kept.samples[read, frame, i] = np.int8(m[i])
                    frame += 1
        for i in range(n):
            kept.states[read, i] = np.int8(m[i])
        kept.energy[read], kept.flips[read] = lowest, flips


def _decisions(wires, bits, gains, mode, order, every, seed, first, last, stop, done, kept):
    """Reads ``first`` to ``last`` - 1 of ``gains.size`` sweeps; a sample each ``every`` sweeps.

    A sweep is a time tau with Poisson clocks (events), one decision of all from the same states (synchronous), or one
    decision after the other in ``order`` (sequential).
    """
    low, high = uint32(uint64(seed) & uint64(0xFFFFFFFF)), uint32(uint64(seed) >> uint64(32))
    n = wires.fields.size
    m, new = np.empty(n, np.float32), np.empty(n, np.float32)
    field, asked = np.empty(n), np.empty(n)
    for read in range(first, last):
        for i in range(n):
            m[i] = kept.states[read, i]
            field[i], asked[i] = wires.fields[i], wires.asked_fields[i]
        for j in range(n):
            for q in range(wires.pointers[j], wires.pointers[j + 1]):
                field[wires.listeners[q]] += wires.weights[q] * m[j]
                asked[wires.listeners[q]] += wires.asked[q] * m[j]
        energy, lowest, flips, frame, number = 0.0, 0.0, 0, 0, 0
        for sweep in range(gains.size):
            if stop[0] != 0:
                break
            done[0] += 1
            gain = gains[sweep]
            if mode == SYNCHRONOUS:
                for i in range(n):
                    word = draw(low, high, uint32(read * n + i), uint64(sweep), _STREAM_DECISIONS)[0]
                    new[i] = decided(bits.slope[i] * (float32(gain * field[i]) - bits.offset[i]), word)
            place, time = 0, 0.0  # clocks without memory may start anew in each sweep
            while True:
                if mode == EVENTS:
                    words = draw(low, high, uint32(read), uint64(number), _STREAM_DECISIONS)
                    time -= math.log((float(words[1]) + 0.5) * 2.0**-32) / n
                    if time >= 1.0:
                        number += 1
                        break
                    i = min(int(unit(words[0]) * float32(n)), n - 1)
                    word = words[2]
                elif place == n:
                    break
                else:
                    i = order[place]
                    word = draw(low, high, uint32(read), uint64(number), _STREAM_DECISIONS)[0]
                number += 1
                place += 1
                if mode != SYNCHRONOUS:
                    new[i] = decided(bits.slope[i] * (float32(gain * field[i]) - bits.offset[i]), word)
                if new[i] != m[i]:
                    m[i] = new[i]
                    flips += 1
                    energy += 2.0 * new[i] * asked[i]
                    for q in range(wires.pointers[i], wires.pointers[i + 1]):
                        field[wires.listeners[q]] += 2.0 * new[i] * wires.weights[q]
                        asked[wires.listeners[q]] += 2.0 * new[i] * wires.asked[q]
                if mode != SYNCHRONOUS and energy < lowest - 1e-9:
                    lowest = energy
                    for j in range(n):
                        kept.best[read, j] = np.int8(m[j])
            if mode == SYNCHRONOUS and energy < lowest - 1e-9:
                lowest = energy
                for j in range(n):
                    kept.best[read, j] = np.int8(m[j])
            if every > 0 and (sweep + 1) % every == 0:
                for j in range(n):
                    kept.samples[read, frame, j] = np.int8(m[j])
                frame += 1
        for i in range(n):
            kept.states[read, i] = np.int8(m[i])
        kept.energy[read], kept.flips[read] = lowest, flips


@functools.cache
def steps() -> Any:
    """The compiled loop in time steps."""
    return launch.compiled(
        _steps,
        {
            "draw": rng.draw,
            "unit": branch.unit,
            "tanh_of": branch.tanh_of,
            "low_pass": branch.low_pass,
            "redraw_step": branch.redraw_step,
            "compared": branch.compared,
            "dwell_step": branch.dwell_step,
        },
    )


@functools.cache
def decisions() -> Any:
    """The compiled loop decision by decision."""
    return launch.compiled(_decisions, {"draw": rng.draw, "unit": branch.unit, "decided": branch.decided})
