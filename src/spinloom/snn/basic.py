"""The layer of ``layer_kernel`` once more, in plain Python on two screens: what the compiled one must equal."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from spinloom.physics import rng, telegraph
from spinloom.snn import layer_kernel as k


def _chance(seed: int, synapse: int, number: float, stream: int) -> float:
    words = rng.draw(np.uint32(seed & 0xFFFFFFFF), np.uint32(seed >> 32), np.uint32(synapse), np.uint64(number), stream)
    return float(telegraph.chance(words[0], words[1]))


def _along(w: float, pulses: float, forward: np.ndarray, backward: np.ndarray, low: float, span: float) -> float:
    grid = np.linspace(0.0, 1.0, forward.size)
    place = np.interp((w - low) / span, grid, backward) + pulses
    return low + span * float(np.interp(place, grid, forward))


def present(times, which, end: float, state: Any, learn: bool) -> list[tuple[float, int]]:
    """Events through a layer's ``state`` (changed in place); the spikes (time, neuron) it fired."""
    p, r, s, fired = state.neuron, state.rule, state, []
    bottom, top = r[k.LOW], r[k.HIGH]

    def decay(until: float) -> None:
        gap = until - s.clock[0]
        s.v[:] = p[k.REST] + (s.v - p[k.REST]) * math.exp(-gap / p[k.TAU])
        s.theta *= math.exp(-gap / p[k.TAU_THETA])
        s.post *= math.exp(-gap / r[k.TAU_POST])
        s.slow *= math.exp(-gap / r[k.TAU_SLOW])
        s.clock[0] = until

    def warm(trace: float) -> float:
        return float(np.interp(trace, np.linspace(0.0, 1.0, s.tables.shape[1]), s.tables[0]))

    def depress(i: int, j: int) -> float:
        w, amount = s.w[i, j], r[k.RATE_PRE] * s.post[j] * s.allowed[i, j]
        if not s.allowed[i, j]:
            return w
        if s.kind in (k.PAIR, k.TRIPLET):
            return max(w - amount, min(bottom, w))
        if s.kind == k.WEIGHT_DEPENDENT:
            return w - amount * (w - bottom)
        if s.kind == k.CURVE and s.post[j] > 1e-9:
            return _along(w, -amount, s.tables[k.FORWARD_DOWN], s.tables[k.BACKWARD_DOWN], bottom, top - bottom)
        if s.kind == k.BINARY and s.post[j] > 1e-9:
            return bottom if _chance(s.seed, i * s.v.size + j, s.clock[1], 0) < amount else w
        if s.kind == k.HEAT:
            return bottom if _chance(s.seed, i * s.v.size + j, s.clock[1], 0) < warm(s.post[j]) * s.allowed[i, j] else w
        return w

    def strengthen(i: int, j: int, t: float) -> float:
        w, ago = s.w[i, j], t - s.pre_time[i]
        if not s.allowed[i, j] or s.kind == k.FIXED:
            return w
        if s.kind == k.WINDOWED:
            recent = ago <= r[k.WINDOW]
            likely = r[k.RATE_POST if recent else k.RATE_PRE] * s.allowed[i, j]
            happens = _chance(s.seed, i * s.v.size + j, s.clock[1], 0) < likely
            return (top if recent else bottom) if happens else w
        if s.kind == k.HEAT:
            likely = warm(math.exp(-ago / r[k.TAU_PRE])) * s.allowed[i, j]
            return top if _chance(s.seed, i * s.v.size + j, s.clock[1], 1) < likely else w
        amount = r[k.RATE_POST] * s.allowed[i, j] * math.exp(-ago / r[k.TAU_PRE])
        if amount < 1e-12:
            return w
        if s.kind == k.WEIGHT_DEPENDENT:
            return w + amount * (top - w)
        if s.kind == k.CURVE:
            return _along(w, amount, s.tables[k.FORWARD_UP], s.tables[k.BACKWARD_UP], bottom, top - bottom)
        if s.kind == k.BINARY:
            return top if _chance(s.seed, i * s.v.size + j, s.clock[1], 1) < amount else w
        return min(w + amount * (s.slow[j] if s.kind == k.TRIPLET else 1.0), max(top, w))

    for t in np.unique(times):
        decay(float(t))
        for i in np.asarray(which)[np.asarray(times) == t]:
            if learn:
                s.w[i] = [depress(i, j) for j in range(s.v.size)]
                s.clock[1] += s.kind in (k.BINARY, k.HEAT)
            s.v[t >= s.quiet] += s.w[i, t >= s.quiet]
            s.pre_time[i] = t
        above = np.where(t >= s.quiet, s.v - p[k.THRESHOLD] - s.theta, -1.0)
        spikes = above >= 0.0
        if spikes.any() and p[k.ONE_SPIKE]:
            spikes = np.arange(s.v.size) == np.argmax(above)
        for j in np.flatnonzero(spikes):
            fired.append((float(t), int(j)))
            s.counts[j] += 1
            if learn:
                s.w[:, j] = [strengthen(i, int(j), float(t)) for i in range(len(s.w))]
                s.clock[1] += s.kind != k.FIXED
            s.v[j], s.quiet[j] = p[k.RESET], t + p[k.REFRACTORY]
            s.theta[j] += p[k.THETA_PLUS]
            s.post[j] = s.slow[j] = 1.0
        listening = (t >= s.quiet) | spikes
        s.v[listening] -= p[k.INHIBITION] * (spikes.sum() - spikes[listening])
    if end > s.clock[0]:
        decay(end)
    return fired
