"""Packed random bits: exact levels, exact telegraph statistics, counts."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.nn.bit_streams.kernels import kernel
from spinloom.physics.bit_words import CERTAIN, count_ones, telegraph_word

COUNT = 40_000


def _words(level: int, keep: int = 0, steps: int = 1, bits: int = 0, fair: int = CERTAIN // 2) -> np.ndarray:
    levels = np.full(COUNT, level, np.uint64)
    kept = np.full(COUNT if keep else 0, keep, np.uint64)
    last, coins = np.zeros(COUNT, np.uint64), np.full(COUNT, fair, np.uint64)
    out = np.empty((steps, COUNT), np.uint64)
    for t in range(steps):
        kernel("words")(levels, kept, coins, bits, last, (11, 5), t, 32, out[t])
    octets = np.ascontiguousarray(out.T).view(np.uint8)
    return np.unpackbits(octets, axis=1, bitorder="little")


@pytest.mark.parametrize("p", [0.5, 0.3, 2.0**-6, 1 - 2.0**-9])
def test_bernoulli_words_have_their_probability_in_every_place(p: float) -> None:
    """40 000 words a place: 5 standard errors, false alarm 64 x 6e-7 a p."""
    bits = _words(round(p * CERTAIN))
    error = np.sqrt(p * (1 - p) / COUNT)
    assert np.abs(bits.mean(axis=0) - p).max() < 5 * error
    # neighbours in a word are independent: the correlation of 40 000 pairs is 0 within 5/sqrt(40 000)
    assert abs(np.corrcoef(bits[:, 20], bits[:, 21])[0, 1]) < 5 / np.sqrt(COUNT)


def test_levels_0_and_1_are_certain() -> None:
    assert not _words(0).any()
    assert _words(CERTAIN).all()


def test_telegraph_words_correlate_as_c_to_the_distance_across_words_too() -> None:
    """Autocorrelation c^k at p = 0.3, c = 0.7; 5/sqrt(40 000), false alarm 4e-6 for the six pairs."""
    bits = _words(round(0.3 * CERTAIN), round(0.7 * CERTAIN), steps=2).astype(float)
    assert bits.shape[1] == 128
    assert np.abs(bits.mean(axis=0) - 0.3).max() < 5 * np.sqrt(0.21 / COUNT)  # stationary from the first sample on
    for first, second in [(0, 1), (10, 13), (63, 64), (62, 66), (31, 32), (0, 127)]:
        assert np.corrcoef(bits[:, first], bits[:, second])[0, 1] == pytest.approx(
            0.7 ** (second - first), abs=5 / np.sqrt(COUNT)
        )


def test_telegraph_word_is_the_recursion_bit_by_bit() -> None:
    chance = np.random.default_rng(1)
    for fresh, keep in chance.integers(0, 2**63, (50, 2), dtype=np.uint64) * np.uint64(2) + np.uint64(1):
        for last in (0, 1):
            state, expected = last, 0
            for t in range(64):
                state = state if int(keep) >> t & 1 else int(fresh) >> t & 1
                expected |= state << t
            assert int(telegraph_word(fresh, keep, np.uint64(last))) == expected


def test_programmable_words_compare_coins_with_the_number() -> None:
    """k/2^B with fair coins; with P(coin) = q the recursion p <- (1-q) + q p or (1-q) p, from the low bit."""
    for level, q in [(77, 0.5), (200, 0.5), (77, 0.55)]:
        p = 0.0
        for b in range(8):
            p = (1 - q) + q * p if level >> b & 1 else (1 - q) * p
        if q == 0.5:
            assert p == level / 256
        bits = _words(level, bits=8, fair=round(q * CERTAIN))
        assert bits.mean() == pytest.approx(p, abs=5 * np.sqrt(p * (1 - p) / bits.size))  # false alarm 6e-7


def test_count_ones() -> None:
    for word in (0, 1, 2**64 - 1, 0x8000000000000001, 0x123456789ABCDEF0):
        assert int(count_ones(np.uint64(word))) == word.bit_count()
