"""The loop that turns wanted changes into whole pulses and pulses into new states, in numba on the processor.

Weight i of a matrix at step t draws from the counter (seed, i, t) alone, so the numbers are the same at any thread
count. A block of 256 weights takes its rounding uniforms from 64 draws of four words (weight 64 q + lane of the block
takes word q of draw ``lane``), which the compiler vectorises; only the few weights that get a pulse then draw again
for the noise of their device.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import float32, int32, int64, uint32, uint64

from spinloom.physics.rng import draw, six_normals, uniform
from spinloom.physics.scalar import HALF, ONE, ZERO, bits_of_float, scalar

LANES = 64
BLOCK = 4 * LANES
VECTOR = 16
STREAM_ROUNDING, STREAM_NOISE, STREAM_ERRORS = 16, 17, 18
"""Streams of a matrix's random numbers; matrices are told apart by their seeds."""

COUNTERS = 5
UP, DOWN, MOVED, MOST, BAD = range(COUNTERS)
"""Entries of the counters: pulses up, pulses down, weights that moved, most pulses of a weight in this step, blocks of
gradients that hold what is no number."""

_ONE, _INFINITE = 0x3F800000, 0x7F800000  # bits of float32; NaN lies above infinity


class Way(NamedTuple):
    """One direction of the device's curve, as arrays for the loop.

    Attributes
    ----------
    pulses : float
        From end to end.
    v : float
        Nonlinearity of an exponential curve.
    factor, offset : numpy.ndarray, shape (pulses + 1,) or (0,)
        After c pulses of an exponential curve g becomes factor[c] g + offset[c]; empty for other curves.
    knots, places : numpy.ndarray, shape (knots,) or (0,)
        Rising states and their places on the curve, straight lines in between.
    curve : numpy.ndarray
        States at evenly spaced places 0 to 1.
    buckets : numpy.ndarray of int
        Last knot at or below each of evenly spaced states.
    """

    pulses: float
    v: float
    factor: np.ndarray
    offset: np.ndarray
    knots: np.ndarray
    places: np.ndarray
    curve: np.ndarray
    buckets: np.ndarray


@scalar
def state_after(g, shift, v, knots, places, curve, buckets):
    """State after moving by ``shift`` of the way along a curve, from where the curve holds ``g``.

    An exponential (no ``knots``) is g e^{-v s} + (e^{-v s} - 1)/(e^{-v} - 1); others go through their tables.
    """
    if knots.size == 0:
        if v == 0.0:
            return g + shift
        return g * math.exp(-v * shift) + math.expm1(-v * shift) / math.expm1(-v)
    inside = min(max(g, 0.0), 1.0)
    bucket = int64(inside * (buckets.size - 2))
    low, high = buckets[bucket], buckets[bucket + 1] + 1
    while high - low > 1:
        middle = (low + high) >> 1
        if knots[middle] <= inside:
            low = middle
        else:
            high = middle
    low = min(low, knots.size - 2)
    place = places[low] + (inside - knots[low]) / (knots[low + 1] - knots[low]) * (places[low + 1] - places[low])
    place = min(max(place + shift, 0.0), 1.0) * (curve.size - 1)
    left = min(int64(place), curve.size - 2)
    return curve[left] + (place - left) * (curve[left + 1] - curve[left])


@scalar
def pulses_that_work(count, write_error, key_low, key_high, weight, step):
    """Of ``count`` pulses those that are no write errors; four draws a counter."""
    works = count
    for p in range(0, count, 4):
        e = draw(key_low, key_high, uint32(weight), uint64(step), uint32(STREAM_ERRORS + 16 * (p >> 2)))
        works -= 1 if uniform(e[0]) < write_error else 0
        works -= 1 if p + 1 < count and uniform(e[1]) < write_error else 0
        works -= 1 if p + 2 < count and uniform(e[2]) < write_error else 0
        works -= 1 if p + 3 < count and uniform(e[3]) < write_error else 0
    return works


@scalar
def normal_of(key_low, key_high, weight, step):
    """The standard normal of one weight at one step."""
    r = draw(key_low, key_high, uint32(weight), uint64(step), uint32(STREAM_NOISE))
    return six_normals(r[0], r[1], r[2], r[3])[0]


@scalar
def most_wanted(wanted, bound, chance):
    """Bits of the largest |x| + u: below those of 1 no pulse is due, from those of infinity on x is no number.

    By the bits, since fast arithmetic does not know NaN.
    """
    most = int32(0)
    for lane in range(wanted.size):
        most = max(most, bits_of_float(abs(wanted[lane]) * bound + chance[lane]))
    return most


@scalar
def whole_pulses(wanted, scale_up, scale_down, limit_up, limit_down, chance, count):
    """Fill ``count`` with signed whole pulses."""
    for lane in range(wanted.size):
        x = wanted[lane]
        rise = min(max(x * scale_up, ZERO) + chance[lane], limit_up)
        fall = min(max(-x * scale_down, ZERO) + chance[lane], limit_down)
        count[lane] = float32(int32(rise)) - float32(int32(fall))


def pulse(
    weights, wanted, scale, w_max, rounding, keep, up, down, noise, device, key, step, first, last, counters, done
):
    """Give weights ``first`` to ``last`` - 1 their whole pulses, in place; ``first`` is a multiple of BLOCK.

    Parameters
    ----------
    weights, wanted : float32 arrays, shape (n,)
        Weights, and what times ``scale`` is the wanted change in pulses (a gradient).
    scale : (float, float)
        Pulses per unit of ``wanted`` where the product is positive, and where it is negative.
    w_max : float
        w = w_max (2 g - 1).
    rounding : float
        x pulses become floor(|x| + rounding), 1/2 to the nearest, 0 towards zero; below 0: stochastic, with a uniform
        number in 0..1.
    keep : bool
        Whether ``wanted`` is an accumulator from which the pulses given are taken.
    up, down : Way
        The device's curves.
    noise : (float, float)
        Standard deviation that one pulse adds to g, and probability that a pulse does nothing.
    device : float32 array, shape (n,) or (0,)
        Factor on the step of each device.
    key : (int, int)
        Low and high word of the seed.
    counters : int64 array, shape (COUNTERS,)
        Added to; the entry MOST is the larger of the old and this step's.
    done : int32 array, shape (n,) or (0,)
        Takes the pulses of this step, signed, where they are asked for.
    """
    key_low, key_high = uint32(key[0]), uint32(key[1])
    scale_up, scale_down = float32(scale[0]), float32(scale[1])
    limit_up, limit_down = float32(up.pulses), float32(down.pulses)
    bound = max(abs(scale_up), abs(scale_down))
    by_table = up.knots.size == 0 and down.knots.size == 0 and device.size == 0
    u = np.full(BLOCK, float32(rounding), np.float32)
    count = np.zeros(BLOCK, np.float32)
    chosen = np.zeros(BLOCK + VECTOR, np.int64)
    normal = np.zeros(BLOCK + VECTOR, np.float32)
    works = np.zeros(BLOCK, np.int64)
    state = np.zeros(BLOCK)
    total_up, total_down, moved, most, bad = 0, 0, 0, counters[MOST], 0
    for block in range(first, last, BLOCK):
        end = min(block + BLOCK, last)
        here = wanted[block:end]  # a slice: an index that might be negative would end the vectorisation
        if done.size:
            done[block:end] = 0
        if rounding < 0.0:
            for lane in range(LANES):
                words = draw(key_low, key_high, uint32((block >> 2) + lane), uint64(step), uint32(STREAM_ROUNDING))
                u[lane] = uniform(words[0])
                u[LANES + lane] = uniform(words[1])
                u[2 * LANES + lane] = uniform(words[2])
                u[3 * LANES + lane] = uniform(words[3])
        k = 0
        for part in range(0, end - block, LANES):
            stop = min(part + LANES, end - block)
            most_bits = most_wanted(here[part:stop], bound, u[part:stop])
            if most_bits < _ONE:  # nearly always
                continue
            if most_bits >= _INFINITE:
                bad += 1
                continue
            values, chance = here[part:stop], u[part:stop]
            whole_pulses(values, scale_up, scale_down, limit_up, limit_down, chance, count[part:stop])
            for lane in range(part, stop):
                chosen[k] = lane
                k += 1 if count[lane] != ZERO else 0
        if k == 0:
            continue
        moved += k
        if noise[0] > 0.0:
            for j in range((k + VECTOR - 1) // VECTOR * VECTOR):  # whole vectors, the last with idle lanes
                normal[j] = normal_of(key_low, key_high, block + chosen[j], step)
        for j in range(k):
            c = count[chosen[j]]
            pulses = int64(abs(c))  # pyright: ignore[reportArgumentType, reportCallIssue]
            total_up += pulses if c > ZERO else 0
            total_down += pulses if c < ZERO else 0
            most = max(most, pulses)
            works[j] = pulses
            state[j] = 0.5 * (weights[block + chosen[j]] / w_max + 1.0)
        if done.size:
            for j in range(k):
                done[block + chosen[j]] = int32(count[chosen[j]])  # pyright: ignore[reportArgumentType, reportCallIssue]
        if keep:
            for j in range(k):
                c = count[chosen[j]]
                wanted[block + chosen[j]] -= c / (scale_up if c > ZERO else scale_down)
        if noise[1] > 0.0:
            for j in range(k):
                works[j] = pulses_that_work(works[j], noise[1], key_low, key_high, block + chosen[j], step)
        if by_table:
            for j in range(k):
                if count[chosen[j]] > ZERO:
                    state[j] = state[j] * up.factor[works[j]] + up.offset[works[j]]
                else:
                    state[j] = state[j] * down.factor[works[j]] + down.offset[works[j]]
        else:
            for j in range(k):
                shift = works[j] * (device[block + chosen[j]] if device.size else ONE)
                way = up if count[chosen[j]] > ZERO else down
                shift = shift / way.pulses if count[chosen[j]] > ZERO else -shift / way.pulses
                if works[j]:
                    state[j] = state_after(state[j], shift, way.v, way.knots, way.places, way.curve, way.buckets)
        for j in range(k):
            g = state[j] + noise[0] * math.sqrt(float(works[j])) * normal[j]
            weights[block + chosen[j]] = w_max * (2.0 * min(max(g, 0.0), 1.0) - 1.0)
    counters[UP] += total_up
    counters[DOWN] += total_down
    counters[MOVED] += moved
    counters[MOST] = most
    counters[BAD] += bad


def chances(key, step, rounding, normal):
    """The uniforms and normals that :func:`pulse` takes for n weights at a step: what its torch copy is tested with."""
    key_low, key_high = uint32(key[0]), uint32(key[1])
    for i in range(rounding.size):
        inside = i % BLOCK
        counter = ((i - inside) >> 2) + inside % LANES
        words = draw(key_low, key_high, uint32(counter), uint64(step), uint32(STREAM_ROUNDING))
        word = inside // LANES
        rounding[i] = uniform(words[0] if word == 0 else words[1] if word == 1 else words[2] if word == 2 else words[3])
        normal[i] = normal_of(key_low, key_high, i, step)


def survey(wanted, scale):
    """(wanted changes that are not zero, those under half a pulse, the largest and the sum in pulses) of one step."""
    scale_up, scale_down = float32(scale[0]), float32(scale[1])
    small, zero, largest, total = ZERO, ZERO, ZERO, ZERO
    for x in wanted:
        size = abs(x * (scale_up if x * scale_up > ZERO else scale_down))
        small += ONE if size < HALF else ZERO
        zero += ONE if size == ZERO else ZERO
        largest = max(largest, size)
        total += size
    return wanted.size - zero, small - zero, largest, total
