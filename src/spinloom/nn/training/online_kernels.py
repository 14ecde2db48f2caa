"""The loops of :mod:`spinloom.nn.training.online`, compiled by numba.

``device`` is (pulses up, v up, pulses down, v down, cycle_to_cycle, write_error), all 0 for digital memory. ``read`` is
(low, high, series resistance, levels of the converter, levels of a digital weight, gain). States g[row, column] are
normalised conductances; those of digital memory are weights at full precision, (w + 1)/2.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit, uint32, uint64

from spinloom.physics.rng import draw, six_normals, uniform

STREAM_ROUNDING, STREAM_NOISE, STREAM_ERRORS = 32, 34, 36
"""Streams of random numbers; the second layer takes the next one."""
UPDATES = 4
"""Counters: pulses up, pulses down, weights moved, wanted changes that were not zero."""


@njit
def cell(g, read):
    """Current of a cell over the column's range per row: (0 .. 1) + lowest / range."""
    low, high, series, _, digital, _ = read
    if digital > 0.0:
        return min(max(math.floor(g * digital), 0.0), digital) / digital
    first = low / (1.0 + low * series)
    last = high / (1.0 + high * series)
    here = low + (high - low) * g
    return here / (1.0 + here * series) / (last - first)


@njit
def cells_of(states, read):
    """Currents of all cells of an array."""
    cells = np.empty(states.shape)
    for k in range(states.shape[0]):
        for j in range(states.shape[1]):
            cells[k, j] = cell(states[k, j], read)
    return cells


@njit
def weight_of(g, read):
    """Weight -1 .. 1 that the crossbar reads."""
    low, high, series, _, digital, _ = read
    if digital > 0.0:
        return 2.0 * g - 1.0
    first = low / (1.0 + low * series)
    last = high / (1.0 + high * series)
    return 2.0 * (cell(g, read) - first / (last - first)) - 1.0


@njit
def column(total, active, rows, read):
    """What comes out of a column: gain/2 (sum of x w) after conversion of it and of the reference column."""
    low, high, series, levels, digital, gain = read
    if digital > 0.0:
        return gain * (total - active * math.floor(0.5 * digital) / digital)
    first = low / (1.0 + low * series)
    last = high / (1.0 + high * series)
    middle = active * 0.5 * (last + first) / (last - first)
    if levels == 0.0:
        return gain * (total - middle)
    # rounding of a sum must not decide a digit: a billionth of a step is added
    step = levels / rows
    return gain * (math.floor(total * step + 1e-9) - math.floor(middle * step + 1e-9)) / step


@njit
def sigmoid(x):
    """1/(1 + e^-x)."""
    return 1.0 / (1.0 + math.exp(-x))


@njit
def moved(g, count, device, chance, key, index, step, layer):
    """State after ``count`` whole pulses (signed)."""
    n_up, v_up, n_down, v_down, spread, write_error = device
    size = abs(count)
    if write_error > 0.0:
        works = 0
        for pulse in range(size):
            e = draw(
                uint32(key[0]),
                uint32(key[1]),
                uint32(index),
                uint64(step),
                uint32(STREAM_ERRORS + layer + 16 * (pulse + 1)),
            )
            works += 1 if uniform(e[0]) >= write_error else 0
        size = works
    if size == 0:
        return g
    shift = size / n_up if count > 0 else -size / n_down
    v = v_up if count > 0 else v_down
    new = g + shift if v == 0.0 else g * math.exp(-v * shift) + math.expm1(-v * shift) / math.expm1(-v)
    if spread > 0.0:
        words = draw(uint32(key[0]), uint32(key[1]), uint32(index), uint64(step), uint32(STREAM_NOISE + layer))
        new += spread * math.sqrt(size) * six_normals(words[0], words[1], words[2], words[3])[0]
    return min(max(new, 0.0), 1.0)


@njit
def pulses_for(change, device, chance):
    """Whole pulses for a wanted change of weight; ``chance`` is 1/2 for the nearest number."""
    share = 0.5 * change
    x = share * (device[0] if share > 0.0 else device[2])
    size = math.floor(abs(x) + chance)
    return int(size) if x > 0.0 else -int(size)


@njit
def forward(image, active, states_1, cells_2, read, hidden, inner, outer):
    """Fills the activations; returns how many rows are on."""
    rows, columns = states_1.shape
    count = 0
    for k in range(rows):
        if image[k]:
            active[count] = k
            count += 1
    for j in range(columns):
        hidden[j] = 0.0
    for a in range(count):
        k = active[a]
        for j in range(columns):
            hidden[j] += states_1[k, j]
    bits = 0
    for j in range(columns):
        inner[j] = sigmoid(column(hidden[j], count, rows, read))
        bits += 1 if inner[j] >= 0.5 else 0
    for o in range(outer.size):
        total = 0.0
        for j in range(columns):
            if inner[j] >= 0.5:
                total += cells_2[j, o]
        outer[o] = column(total, bits, columns, read)
    return count


def train(images, labels, order, states_1, states_2, device, read, rates, key, steps, counts):
    """Learns from images[order] in turn, changing the states in place."""
    rate_1, rate_2, stochastic = rates
    digital = read[4] > 0.0
    rows, columns = states_1.shape
    outputs = states_2.shape[1]
    cells_1, cells_2 = cells_of(states_1, read), cells_of(states_2, read)
    active = np.empty(rows, np.int64)
    hidden, inner, outer = np.empty(columns), np.empty(columns), np.empty(outputs)
    error_2, error_1 = np.empty(outputs), np.empty(columns)
    for position in range(order.size):
        image = order[position]
        step = steps + position
        count = forward(images[image], active, cells_1, cells_2, read, hidden, inner, outer)
        for o in range(outputs):
            a = sigmoid(outer[o])
            error_2[o] = 2.0 * a * (1.0 - a) * ((1.0 if labels[image] == o else 0.0) - a)
        for j in range(columns):
            back = 0.0
            for o in range(outputs):
                back += weight_of(states_2[j, o], read) * error_2[o]
            error_1[j] = inner[j] * (1.0 - inner[j]) * back
        # second layer: every weight may move, by the continuous activation
        for j in range(columns):
            for o in range(outputs):
                change = rate_2 * error_2[o] * inner[j]
                if digital:
                    states_2[j, o] += 0.5 * change
                else:
                    chance = 0.5
                    index = j * outputs + o
                    if stochastic:
                        u = draw(
                            uint32(key[0]), uint32(key[1]), uint32(index), uint64(step), uint32(STREAM_ROUNDING + 1)
                        )
                        chance = uniform(u[0])
                    pulses = pulses_for(change, device, chance)
                    if pulses == 0:
                        continue
                    counts[0 if pulses > 0 else 1] += abs(pulses)
                    counts[2] += 1
                    states_2[j, o] = moved(states_2[j, o], pulses, device, chance, key, index, step, 1)
                cells_2[j, o] = cell(states_2[j, o], read)
        # first layer: rows that are on, and a column's wanted change is one number
        for j in range(columns):
            change = rate_1 * error_1[j]
            if digital:
                for a in range(count):
                    k = active[a]
                    states_1[k, j] += 0.5 * change
                    cells_1[k, j] = cell(states_1[k, j], read)
                continue
            pulses = pulses_for(change, device, 0.5)
            if pulses == 0 and not stochastic:
                continue
            for a in range(count):
                k = active[a]
                index = k * columns + j
                if stochastic:
                    u = draw(uint32(key[0]), uint32(key[1]), uint32(index), uint64(step), uint32(STREAM_ROUNDING))
                    pulses = pulses_for(change, device, uniform(u[0]))
                    if pulses == 0:
                        continue
                counts[0 if pulses > 0 else 1] += abs(pulses)
                counts[2] += 1
                states_1[k, j] = moved(states_1[k, j], pulses, device, 0.5, key, index, step, 0)
                cells_1[k, j] = cell(states_1[k, j], read)


def predict(images, states_1, states_2, read):
    """Class of each image."""
    rows, columns = states_1.shape
    outputs = states_2.shape[1]
    cells_1, cells_2 = cells_of(states_1, read), cells_of(states_2, read)
    active = np.empty(rows, np.int64)
    hidden, inner, outer = np.empty(columns), np.empty(columns), np.empty(outputs)
    found = np.empty(images.shape[0], np.int64)
    for i in range(images.shape[0]):
        forward(images[i], active, cells_1, cells_2, read, hidden, inner, outer)
        best = 0
        for o in range(1, outputs):
            if outer[o] > outer[best]:
                best = o
        found[i] = best
    return found
