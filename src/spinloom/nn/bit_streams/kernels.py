"""The packed loops of stochastic computing, in numba on the processor: 64 bits of a stream a word.

A draw depends on (seed, junction, image, word) alone, so results are the same at any thread count, and the loops hold
one word of each stream at a time: memory does not grow with the length of the streams.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numba import uint32, uint64

from spinloom.engines import launch
from spinloom.physics.bit_words import CERTAIN, bernoulli_word, count_ones, telegraph_word

STREAM_INPUTS, STREAM_WEIGHTS = 32, 96
"""Streams of random numbers; from each, the two next below 64 further are used: fresh bits, kept samples, coins."""
_START, _KEEP, _COIN = 1, 2, 4
IMAGE_SHIFT = 32
"""Word t of image n draws at step (n << 32) + t."""


def words(level, keep, fair, bits, last, key, step, stream, out):
    """The next word of every stream.

    Parameters
    ----------
    level : uint64 array, shape (n,)
        Probability of a 1 times 2^32; with ``bits`` the number that is compared with the coins, of that many bits.
    keep : uint64 array, shape (n,) or (0,)
        Probability that a sample repeats the one before times 2^32; empty: fresh samples.
    fair : uint64 array, shape (n,)
        With ``bits`` the coins' probability of a 1 times 2^32.
    bits : int
        Coins a sample; 0: the junction is biased so that it gives the probability itself.
    last : uint64 array, shape (n,)
        Last sample of every stream (of every coin, a bit each); changed in place.
    key, step, stream
        Of the random numbers; word 0 of an image (step a multiple of 2^32) draws the sample before the first.
    out : uint64 array, shape (n,)
    """
    key_low, key_high = uint32(key[0]), uint32(key[1])
    first = (uint64(step) & uint64(0xFFFFFFFF)) == uint64(0)
    telegraph = keep.size > 0
    for n in range(level.size):
        if level[n] == uint64(0):
            out[n] = uint64(0)
            continue
        if bits == 0:
            word = bernoulli_word(level[n], key_low, key_high, n, step, stream)
            if telegraph and keep[n] > uint64(0):
                before = last[n]
                if first:
                    before = bernoulli_word(level[n], key_low, key_high, n, step, stream + _START) & uint64(1)
                kept = bernoulli_word(keep[n], key_low, key_high, n, step, stream + _KEEP)
                word = telegraph_word(word, kept, before)
                last[n] = uint64(word >> uint64(63))
            out[n] = word
            continue
        result = uint64(0)
        after = uint64(0)
        if level[n] >= uint64(uint64(1) << uint64(bits)):
            out[n] = uint64(0xFFFFFFFFFFFFFFFF)
            continue
        for b in range(bits):  # coins as a binary number below the level, from the lowest bit
            tag = stream + _COIN + 3 * b
            coin = bernoulli_word(fair[n], key_low, key_high, n, step, tag)
            if telegraph and keep[n] > uint64(0):
                before = uint64(last[n] >> uint64(b)) & uint64(1)
                if first:
                    before = bernoulli_word(fair[n], key_low, key_high, n, step, tag + _START) & uint64(1)
                kept = bernoulli_word(keep[n], key_low, key_high, n, step, tag + _KEEP)
                coin = telegraph_word(coin, kept, before)
                after |= uint64(uint64(coin >> uint64(63)) << uint64(b))
            if (uint64(level[n] >> uint64(b)) & uint64(1)) == uint64(1):
                result = result | ~coin
            else:
                result = result & ~coin
        last[n] = after
        out[n] = result


def _mask(length, t):
    """Ones in the places of word t that belong to streams of this length."""
    left = length - 64 * t
    return uint64(0xFFFFFFFFFFFFFFFF) if left >= 64 else uint64((uint64(1) << uint64(left)) - uint64(1))


def and_count(inputs, weights, opposite, length, key, first_image, counts):
    """Sum over inputs of +-(ones of input AND weight) for a group of images that see the same weight streams.

    Parameters
    ----------
    inputs : (level, keep, fair, bits), arrays of shape (images, n)
    weights : (level, keep, fair, bits), arrays of shape (n * outputs,), outputs innermost
    opposite : uint64 array, shape (n, outputs)
        0 for a positive weight, all ones for a negative one.
    counts : uint64 array, shape (images, outputs)
        Added to, in two's complement.
    """
    images, n = inputs[0].shape
    outputs = opposite.shape[1]
    drawn = np.zeros(n * outputs, np.uint64)
    w = drawn.reshape((n, outputs))
    w_last = np.zeros(n * outputs, np.uint64)
    a_last = np.zeros((images, n), np.uint64)
    a = np.zeros(n, np.uint64)
    for t in range((length + 63) // 64):
        mask = mask_of(length, t)
        group = uint64(uint64(first_image) << uint64(IMAGE_SHIFT)) + uint64(t)
        draw_words(weights[0], weights[1], weights[2], weights[3], w_last, key, group, STREAM_WEIGHTS, drawn)
        for image in range(images):
            step = uint64(uint64(first_image + image) << uint64(IMAGE_SHIFT)) + uint64(t)
            keep = inputs[1][image] if inputs[1].size else inputs[1].reshape(-1)
            draw_words(inputs[0][image], keep, inputs[2], inputs[3], a_last[image], key, step, STREAM_INPUTS, a)
            row = counts[image]
            for i in range(n):
                x = a[i] & mask
                if x != uint64(0):
                    w_row, sign = w[i], opposite[i]
                    for j in range(outputs):
                        row[j] += (count_ones(x & w_row[j]) ^ sign[j]) - sign[j]


def or_count(inputs, weights, shape, length, key, first_image, counts):
    """Ones of OR over inputs of (input AND weight), positive weights less negative ones, over all places of a kernel.

    Parameters
    ----------
    inputs : (level, keep, fair, bits), arrays of shape (images, channels * height * width)
    weights : (level, keep, fair, bits), arrays of shape (channels * rows * columns * 2 * outputs,)
        Positive halves, then negative halves, innermost.
    shape : (channels, height, width, rows, columns, padding, outputs)
        A fully connected layer is (n, 1, 1, 1, 1, 0, outputs).
    counts : int32 array, shape (images, places, outputs)
        Added to.
    """
    channels, height, width, rows, columns, padding, outputs = shape
    images = inputs[0].shape[0]
    drawn = np.zeros(channels * rows * columns * 2 * outputs, np.uint64)
    w = drawn.reshape((channels * rows * columns, 2 * outputs))
    w_last = np.zeros(drawn.size, np.uint64)
    a_last = np.zeros((images, inputs[0].shape[1]), np.uint64)
    a = np.zeros(inputs[0].shape[1], np.uint64)
    gate = np.zeros(2 * outputs, np.uint64)
    high, wide = height + 2 * padding - rows + 1, width + 2 * padding - columns + 1
    for t in range((length + 63) // 64):
        mask = mask_of(length, t)
        group = uint64(uint64(first_image) << uint64(IMAGE_SHIFT)) + uint64(t)
        draw_words(weights[0], weights[1], weights[2], weights[3], w_last, key, group, STREAM_WEIGHTS, drawn)
        for image in range(images):
            step = uint64(uint64(first_image + image) << uint64(IMAGE_SHIFT)) + uint64(t)
            keep = inputs[1][image] if inputs[1].size else inputs[1].reshape(-1)
            draw_words(inputs[0][image], keep, inputs[2], inputs[3], a_last[image], key, step, STREAM_INPUTS, a)
            for place in range(high * wide):
                top, left = place // wide - padding, place % wide - padding
                gate[:] = uint64(0)
                for c in range(channels):
                    for r in range(max(0, -top), min(rows, height - top)):
                        for k in range(max(0, -left), min(columns, width - left)):
                            x = a[(c * height + top + r) * width + left + k] & mask
                            if x != uint64(0):
                                w_row = w[(c * rows + r) * columns + k]
                                for j in range(2 * outputs):
                                    gate[j] |= x & w_row[j]
                row = counts[image, place]
                for j in range(outputs):
                    row[j] += np.int32(count_ones(gate[j])) - np.int32(count_ones(gate[outputs + j]))


def or_product(a, w, out):
    """prod_i (1 - a_i w_ij): a (samples, n), w (n, outputs), out (samples, outputs), float32."""
    for s in range(a.shape[0]):
        row = out[s]
        row[:] = np.float32(1.0)
        for i in range(a.shape[1]):
            x = a[s, i]
            if x != np.float32(0.0):
                w_row = w[i]
                for j in range(w.shape[1]):
                    row[j] *= np.float32(1.0) - x * w_row[j]


def or_gradient(a, w, product, upstream, to_a, to_w):
    """Gradients of :func:`or_product`: d/da_i = -w_ij q_j/(1 - a_i w_ij), d/dw_ij = -a_i q_j/(1 - a_i w_ij).

    ``upstream`` (samples, outputs) is the gradient of the loss in the products q; ``to_a`` and ``to_w`` are added to.
    """
    floor = np.float32(1e-6)  # a factor of 0 leaves a product of 0, whose gradient is not followed
    scaled = np.empty(w.shape[1], np.float32)
    for s in range(a.shape[0]):
        for j in range(w.shape[1]):
            scaled[j] = upstream[s, j] * product[s, j]
        for i in range(a.shape[1]):
            x = a[s, i]
            w_row, w_to = w[i], to_w[i]
            total = np.float32(0.0)
            if x == np.float32(0.0):
                for j in range(w.shape[1]):
                    total += scaled[j] * w_row[j]
            else:
                for j in range(w.shape[1]):
                    share = scaled[j] / max(np.float32(1.0) - x * w_row[j], floor)
                    total += share * w_row[j]
                    w_to[j] -= share * x
            to_a[s, i] -= total


# stand-ins, replaced by launch.bind
draw_words: Any = None
mask_of: Any = None

_PHYSICS = {"bernoulli_word": bernoulli_word, "telegraph_word": telegraph_word, "count_ones": count_ones}
assert CERTAIN == 1 << 32


@functools.cache
def kernel(name: str) -> Any:
    """A compiled loop of this file, from disk when no source has changed since."""
    if name in ("and_count", "or_count"):
        import numba

        mask = numba.njit(inline="always")(_mask)
        return launch.compiled(globals()[name], _PHYSICS, draw_words=kernel("words"), mask_of=mask)
    return launch.compiled(globals()[name], _PHYSICS)
