"""Compiled loops of random bits: 64 consecutive samples of a junction at a time, whitened and packed.

A two-state junction that is sampled at equal intervals goes from state s to s' = 1 with the probability t_s, and
t_1 - t_0 = exp(-T/tau*) >= 0. One uniform number u for both cases says what happens: s' = 1 whatever s is where
u < t_0, s' = 0 whatever s is where u >= t_1, and s' = s in between. That is how a carry runs through a binary addition:
with the 64 bits A = [u < t_0] ("generate") and B = [u < t_1] ("propagate or generate"), the carries of A + B + s are
the states. So the steps need not wait for one another: lanes of SIMD registers fill A and B, and a single 64-bit
addition follows the junction through 64 samples.

Sample number i uses word i % 4 of the draw (junction, step i // 4): the same bits at any thread count and chunk.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import uint32, uint64

LANES = 16
"""Words of 64 samples that are filled together: one or two vector registers of 32-bit words."""
BLOCK = 64 * LANES
"""Samples of one turn of the loop."""

draw: Any = None  # stand-in, replaced by launch.bind


raw_words: Any = None  # stand-in as well: whitened() below is compiled around it


def fill(low, high, seed_low, seed_high, device, stream, block, words, state):
    """XOR the samples of one block of a junction into ``words`` (LANES,); gives the junction's last state back.

    The first sample is in the lowest bit. ``low``, ``high``: thresholds 2^32 t_0 and 2^32 t_1; ``block`` counts blocks
    of 64 x LANES samples.
    """
    either = np.empty((2, LANES), np.uint32)
    generate = np.empty((2, LANES), np.uint32)
    first = uint64(block) * uint64(16 * LANES)
    for half in range(2):
        for lane in range(LANES):
            generate[half, lane] = uint32(0)
            either[half, lane] = uint32(0)
        for quarter in range(8):
            place = uint32(4 * quarter)
            for lane in range(LANES):
                step = uint64(first + uint64(16 * lane + 8 * half + quarter))
                r = draw(seed_low, seed_high, uint32(device), step, uint32(stream))
                a = uint32(r[0] < low) | uint32(uint32(r[1] < low) << uint32(1))
                a = a | uint32(uint32(r[2] < low) << uint32(2)) | uint32(uint32(r[3] < low) << uint32(3))
                b = uint32(r[0] < high) | uint32(uint32(r[1] < high) << uint32(1))
                b = b | uint32(uint32(r[2] < high) << uint32(2)) | uint32(uint32(r[3] < high) << uint32(3))
                generate[half, lane] |= uint32(uint32(a) << place)
                either[half, lane] |= uint32(uint32(b) << place)
    for lane in range(LANES):
        a = uint64(generate[0, lane]) | uint64(uint64(generate[1, lane]) << uint64(32))
        b = uint64(either[0, lane]) | uint64(uint64(either[1, lane]) << uint64(32))
        carries = uint64(uint64(a + b + state) ^ a ^ b)  # bit k: the state before sample k
        state = uint64((a | (b & carries)) >> uint64(63))
        words[lane] ^= uint64(carries >> uint64(1)) | uint64(state << uint64(63))
    return state


def whitened(low, high, state, seed, device, stream, blocks, depth, run, out, count):
    """Write the whitened bits of one group of junctions over some blocks into ``out``, most significant bit first.

    Parameters
    ----------
    low, high : array (m,) of uint32
        Thresholds of the group's m junctions, which are XORed with one another.
    state : array (m,) of uint64
        Their states, carried on.
    blocks : (first, last)
    depth : int
        Consecutive samples XORed into one bit.
    run : array (4,) of int64
        Carried on: parity of all samples so far, that parity at the end of the last group, samples until the end of
        this one, bits written.
    out : array of uint8
        Zero where nothing is written yet.
    count : int
        Bits wanted.
    """
    seed_low = uint32(uint64(seed) & uint64(0xFFFFFFFF))
    seed_high = uint32(uint64(seed) >> uint64(32))
    words = np.empty(LANES, np.uint64)
    parity, last, end, written = uint64(run[0]), uint64(run[1]), run[2], run[3]
    for block in range(blocks[0], blocks[1]):
        for lane in range(LANES):
            words[lane] = uint64(0)
        for j in range(low.size):
            state[j] = raw_words(
                low[j], high[j], seed_low, seed_high, uint32(device + j), stream, uint64(block), words, state[j]
            )
        for lane in range(LANES):
            word = words[lane]
            for shift in (1, 2, 4, 8, 16, 32):  # bit k becomes the parity of samples 0..k
                word ^= uint64(word << uint64(shift))
            word ^= uint64(uint64(0) - parity)
            parity = uint64(word >> uint64(63))
            while end < 64 and written < count:
                here = uint64(uint64(word >> uint64(end)) & uint64(1))
                out[written >> 3] |= np.uint8(uint64(here ^ last) << uint64(7 - (written & 7)))
                last = here
                written += 1
                end += depth
            end -= 64
    run[0], run[1], run[2], run[3] = parity, last, end, written
