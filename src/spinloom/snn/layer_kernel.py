"""The compiled layer: leaky neurons and plastic synapses from event to event, exact in between.

Between events everything decays exponentially, so nothing is lost by computing at events alone: there is no time step.
The same rules in plain Python are in ``basic``; a test holds the two equal.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numba import njit, uint32, uint64

from spinloom.engines import launch
from spinloom.physics import rng, telegraph

# what the two rows of numbers hold, by position
TAU, REST, RESET, THRESHOLD, REFRACTORY, THETA_PLUS, TAU_THETA, INHIBITION, ONE_SPIKE = range(9)
RATE_PRE, RATE_POST, TAU_PRE, TAU_POST, TAU_SLOW, LOW, HIGH, WINDOW = range(8)
FIXED, PAIR, WEIGHT_DEPENDENT, TRIPLET, CURVE, BINARY, WINDOWED, HEAT = range(8)
FORWARD_UP, BACKWARD_UP, FORWARD_DOWN, BACKWARD_DOWN = range(4)

# stand-ins, replaced by launch.bind
draw: Any = None
chance: Any = None


@njit(error_model="numpy")
def _between(table, x):
    """Linear interpolation in a table over 0..1."""
    place = min(max(x, 0.0), 1.0) * (table.size - 1)
    k = min(int(place), table.size - 2)
    return table[k] + (place - k) * (table[k + 1] - table[k])


@njit(error_model="numpy")
def _along(w, pulses, forward, backward, low, span):
    """The weight after a number of pulses along a device's curve: to its place on the curve, on, and back."""
    return low + span * _between(forward, _between(backward, (w - low) / span) + pulses)


@njit(error_model="numpy")
def _decay(gap, neuron, rule, v, theta, post, slow):
    fall, fade = math.exp(-gap / neuron[TAU]), math.exp(-gap / neuron[TAU_THETA])
    forget, late = math.exp(-gap / rule[TAU_POST]), math.exp(-gap / rule[TAU_SLOW])
    for j in range(v.size):
        v[j] = neuron[REST] + (v[j] - neuron[REST]) * fall
        theta[j] *= fade
        post[j] *= forget
        slow[j] *= late


def present(
    times, which, end, neuron, kind, rule, tables, learn, seed, clock, w, allowed, v, theta, quiet, post, slow,
    pre_time, counts, fired_time, fired_which,
):  # fmt: skip
    """Send events through the layer up to ``end``; returns the number of its spikes (the buffers keep what they hold).

    ``times`` rise, ``which`` are inputs, ``clock`` is [time now, number of chance events so far]; ``allowed`` says how
    strongly each synapse reacts (0: there is none).
    """
    low = uint32(uint64(seed) & uint64(0xFFFFFFFF))
    high = uint32(uint64(seed) >> uint64(32))
    n = v.size
    bottom, top = rule[LOW], rule[HIGH]
    span = top - bottom
    spikes = np.zeros(n, np.bool_)
    fired, first, total = 0, 0, times.size
    while first < total:
        t = times[first]
        last = first
        while last < total and times[last] == t:
            last += 1
        if t > clock[0]:
            _decay(t - clock[0], neuron, rule, v, theta, post, slow)
            clock[0] = t
        # each input first depresses by the traces of the neurons, then is added to those that listen
        for e in range(first, last):
            i = which[e]
            if learn and kind == WEIGHT_DEPENDENT:
                for j in range(n):
                    w[i, j] -= rule[RATE_PRE] * post[j] * (w[i, j] - bottom) * allowed[i, j]
            elif learn and kind in (PAIR, TRIPLET):
                for j in range(n):
                    w[i, j] = max(w[i, j] - rule[RATE_PRE] * post[j] * allowed[i, j], min(bottom, w[i, j]))
            elif learn and kind == CURVE:
                for j in range(n):
                    if allowed[i, j] > 0.0 and post[j] > 1e-9:
                        pulses = -rule[RATE_PRE] * post[j] * allowed[i, j]
                        w[i, j] = _along(w[i, j], pulses, tables[FORWARD_DOWN], tables[BACKWARD_DOWN], bottom, span)
            elif learn and kind == BINARY:
                for j in range(n):
                    if allowed[i, j] > 0.0 and post[j] > 1e-9:
                        words = draw(low, high, uint32(i * n + j), uint64(clock[1]), 0)
                        if chance(words[0], words[1]) < rule[RATE_PRE] * post[j] * allowed[i, j]:
                            w[i, j] = bottom
                clock[1] += 1.0
            elif learn and kind == HEAT:
                for j in range(n):
                    words = draw(low, high, uint32(i * n + j), uint64(clock[1]), 0)
                    if chance(words[0], words[1]) < _between(tables[0], post[j]) * allowed[i, j]:
                        w[i, j] = bottom
                clock[1] += 1.0
            for j in range(n):
                v[j] += w[i, j] if t >= quiet[j] else 0.0
            pre_time[i] = t
        # neurons at their threshold fire; with one_spike the one farthest beyond it, the first of equals
        best, excess = -1, 0.0
        for j in range(n):
            above = v[j] - neuron[THRESHOLD] - theta[j]
            spikes[j] = above >= 0.0 and t >= quiet[j]
            if spikes[j] and (best < 0 or above > excess):
                best, excess = j, above
        if best >= 0:
            together = 0
            for j in range(n):
                spikes[j] = spikes[j] and (neuron[ONE_SPIKE] == 0.0 or j == best)
                if spikes[j]:
                    together += 1
                    if fired < fired_time.size:
                        fired_time[fired], fired_which[fired] = t, j
                    fired += 1
                    counts[j] += 1
                    if learn:
                        _potentiate(t, j, kind, rule, tables, low, high, clock, w, allowed, pre_time, slow[j])
                    v[j], quiet[j] = neuron[RESET], t + neuron[REFRACTORY]
                    theta[j] += neuron[THETA_PLUS]
                    post[j] = slow[j] = 1.0
            for j in range(n):
                if t >= quiet[j] or spikes[j]:
                    v[j] -= neuron[INHIBITION] * (together - spikes[j])
        first = last
    if end > clock[0]:
        _decay(end - clock[0], neuron, rule, v, theta, post, slow)
        clock[0] = end
    return fired


def potentiate(t, j, kind, rule, tables, low, high, clock, w, allowed, pre_time, slow):
    """The synapses of neuron ``j``, which has just fired: strengthened by the traces of their inputs."""
    inputs, n = w.shape
    bottom, top = rule[LOW], rule[HIGH]
    span = top - bottom
    if kind == FIXED:
        return
    for i in range(inputs):
        if allowed[i, j] == 0.0:
            continue
        ago = t - pre_time[i]
        if kind == WINDOWED:
            recent = ago <= rule[WINDOW]
            words = draw(low, high, uint32(i * n + j), uint64(clock[1]), 0)
            if chance(words[0], words[1]) < (rule[RATE_POST] if recent else rule[RATE_PRE]) * allowed[i, j]:
                w[i, j] = top if recent else bottom
            continue
        if kind == HEAT:
            words = draw(low, high, uint32(i * n + j), uint64(clock[1]), 1)
            if chance(words[0], words[1]) < _between(tables[0], math.exp(-ago / rule[TAU_PRE])) * allowed[i, j]:
                w[i, j] = top
            continue
        amount = rule[RATE_POST] * allowed[i, j] * math.exp(-ago / rule[TAU_PRE])
        if amount < 1e-12:
            continue
        if kind == WEIGHT_DEPENDENT:
            w[i, j] += amount * (top - w[i, j])
        elif kind == PAIR:
            w[i, j] = min(w[i, j] + amount, max(top, w[i, j]))
        elif kind == TRIPLET:
            w[i, j] = min(w[i, j] + amount * slow, max(top, w[i, j]))
        elif kind == CURVE:
            w[i, j] = _along(w[i, j], amount, tables[FORWARD_UP], tables[BACKWARD_UP], bottom, span)
        elif kind == BINARY:
            words = draw(low, high, uint32(i * n + j), uint64(clock[1]), 1)
            if chance(words[0], words[1]) < amount:
                w[i, j] = top
    clock[1] += 1.0


_potentiate: Any = potentiate


@functools.cache
def kernel() -> Any:
    """The compiled :func:`present`."""
    chances = {"draw": rng.draw, "chance": telegraph.chance}
    strengthen = njit(error_model="numpy", inline="never")(launch.bind(potentiate, **chances))
    return launch.compiled(present, chances, _potentiate=strengthen)
