"""Random bits: equal to a plain reference of the same draws; bias and correlation as the closed forms say."""

from __future__ import annotations

import itertools
import math
import warnings

import numpy as np
import pytest

from spinloom.devices import bit_kernels
from spinloom.devices.bit_stream import (
    STREAM_BITS,
    RandomBits,
    bernoulli_bits,
    sampling_needed,
    telegraph_bits,
    whitened_moments,
)
from spinloom.devices.two_state import TwoState
from spinloom.errors import InputError, SpinloomWarning
from spinloom.physics import rng

TAU = 151e-6


def _junctions(count: int = 1, ratio: float = 0.0) -> TwoState:
    """τ* = 151 µs at x = 0."""
    return TwoState(np.full(count, 1e9), math.log(2e9 * TAU), 10e-6, -10e-6 * ratio)


def _words(samples: int, device: int, seed: int) -> np.ndarray:
    draws = [rng.draw(np.uint32(seed), np.uint32(0), np.uint32(device), np.uint64(i), np.uint32(STREAM_BITS))
             for i in range(-(-samples // 4))]  # fmt: skip
    return np.array(draws, np.uint64).ravel()[:samples]


def _plain(junctions: TwoState, samples: int, interval: float, seed: int) -> np.ndarray:
    """The states sample by sample, as the docstring of the kernels says it: (n, samples)."""
    to_one, to_zero = junctions.transition(0.0, interval)
    start = junctions.start(0.0, seed)
    rows = []
    for j in range(junctions.count):
        low, high = round(to_one[j] * 2**32), round((1 - to_zero[j]) * 2**32)
        state, row = int(start[j]), []
        for word in _words(samples, j, seed):
            state = int(word < (high if state else low))
            row.append(state)
        rows.append(row)
    return np.array(rows, np.uint8)


@pytest.mark.parametrize("xor", [1, 3, 8])
def test_equals_a_plain_loop_over_the_same_draws(xor: int) -> None:
    junctions, count = _junctions(2, 0.01), (2 * bit_kernels.BLOCK + 77) // xor
    raw = _plain(junctions, count * xor, 100e-6, seed=5)
    found = telegraph_bits(junctions, count, 100e-6, xor=xor, seed=5, check=False)
    assert found.packed.dtype == np.uint8
    np.testing.assert_array_equal(found.unpacked(), raw.reshape(2, count, xor).sum(axis=2) % 2)
    assert not np.unpackbits(found.packed, axis=1)[:, count:].any()
    np.testing.assert_allclose(found.mean(), found.unpacked().mean(axis=1), atol=1e-15)


def test_xor_over_junctions_is_that_of_their_streams() -> None:
    junctions = _junctions(4, 0.01)
    raw = telegraph_bits(junctions, 3000, "150 us", seed=2, check=False).unpacked()
    pairs = telegraph_bits(junctions, 3000, "150 us", xor=2, over="junctions", seed=2, check=False)
    assert pairs.streams == 2
    assert pairs.time_per_bit == pytest.approx(150e-6)
    np.testing.assert_array_equal(pairs.unpacked(), raw[0::2] ^ raw[1::2])


def test_same_bits_at_any_number_of_threads_and_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    junctions = _junctions(3)
    once = telegraph_bits(junctions, 10_000, 200e-6, xor=5, seed=9, threads=1, check=False).packed
    monkeypatch.setattr("spinloom.devices.bit_stream._PIECE", 1)
    again = telegraph_bits(junctions, 10_000, 200e-6, xor=5, seed=9, threads=3, check=False).packed
    np.testing.assert_array_equal(once, again)
    longer = telegraph_bits(junctions, 12_000, 200e-6, xor=5, seed=9, check=False).unpacked()
    np.testing.assert_array_equal(longer[:, :10_000], np.unpackbits(once, axis=1, count=10_000))


def test_autocorrelation_falls_as_exp_of_the_interval() -> None:
    """4e6 samples: standard error of a correlation below 1e-3 (correlated samples), so 4e-3 is beyond 4 sigma."""
    for interval in (50e-6, 200e-6):
        bits = telegraph_bits(_junctions(), 4_000_000, interval, seed=3, check=False).unpacked()[0]
        for lag in (1, 2):
            found = np.corrcoef(bits[:-lag], bits[lag:])[0, 1]
            assert found == pytest.approx(math.exp(-lag * interval / TAU), abs=4e-3)


@pytest.mark.parametrize("xor", [1, 2, 4])
def test_bias_after_xor_of_independent_bits(xor: int) -> None:
    """e = 0.1, 4e6 bits, standard error 2.5e-4: five of them (false alarms: 6e-7)."""
    found = bernoulli_bits(0.6, 4_000_000, xor=xor, seed=1).mean()[0] - 0.5
    assert abs(found) == pytest.approx(2 ** (xor - 1) * 0.1**xor, abs=1.25e-3)
    assert whitened_moments(0.6, 0.0, xor)[0] == pytest.approx(found, abs=1.25e-3)


@pytest.mark.parametrize("over", ["samples", "junctions"])
@pytest.mark.parametrize("xor", [1, 2, 3])
def test_moments_of_whitened_correlated_bits(xor: int, over: str) -> None:
    """Exact by enumeration of all paths of 2n samples (or of two samples of n junctions)."""
    p, c = 0.57, 0.3
    chain = np.array([[1 - p * (1 - c), p * (1 - c)], [(1 - p) * (1 - c), 1 - (1 - p) * (1 - c)]])
    equal = np.array([1 - p, p])
    joint = np.zeros((2, 2))
    if over == "samples":
        for path in np.ndindex(*(2,) * (2 * xor)):
            chance = equal[path[0]] * np.prod([chain[a, b] for a, b in itertools.pairwise(path)])
            joint[sum(path[:xor]) % 2, sum(path[xor:]) % 2] += chance
    else:
        for path in np.ndindex(*(4,) * xor):
            chance = np.prod([equal[k // 2] * chain[k // 2, k % 2] for k in path])
            joint[sum(k // 2 for k in path) % 2, sum(k % 2 for k in path) % 2] += chance
    mean = joint[1].sum()
    bias, correlation = whitened_moments(p, c, xor, over)
    assert bias == pytest.approx(mean - 0.5, abs=1e-14)
    assert correlation == pytest.approx((joint[1, 1] - mean**2) / (mean - mean**2), abs=1e-13)


def test_certain_and_impossible_bits() -> None:
    found = bernoulli_bits(np.array([0.0, 1.0]), 101)
    np.testing.assert_array_equal(found.mean(), [0.0, 1.0])
    np.testing.assert_array_equal(bernoulli_bits([1.0, 0.0], 9, xor=2, over="junctions").mean(), [1.0])
    np.testing.assert_array_equal(bernoulli_bits(1.0, 9, xor=2).mean(), [0.0])


def test_interval_too_short_or_needlessly_long_is_said() -> None:
    with pytest.warns(SpinloomWarning, match=r"correlated by 0\.266.*from an interval of 0\.00104 s") as caught:
        telegraph_bits(_junctions(), 8, "200 us")
    assert len(caught) == 1
    needed = sampling_needed(_junctions(), xor=8)
    assert whitened_moments(0.5, math.exp(-needed / TAU), 8)[0] == pytest.approx(-0.5e-3, rel=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        telegraph_bits(_junctions(), 8, 1.01 * needed, xor=8)
        telegraph_bits(_junctions(8), 8, "200 us", xor=8, over="junctions")
    with pytest.warns(SpinloomWarning, match="far apart"):
        telegraph_bits(_junctions(), 8, "10 ms")


def test_bad_input() -> None:
    for wrong in (-0.1, 1.1, math.nan):
        with pytest.raises(InputError, match="between 0 and 1"):
            bernoulli_bits(wrong, 10)
    with pytest.raises(InputError, match="at least 1"):
        bernoulli_bits(0.5, 0)
    with pytest.raises(InputError, match="groups of 2"):
        bernoulli_bits([0.5, 0.5, 0.5], 10, xor=2, over="junctions")
    with pytest.raises(InputError, match="'samples' or 'junctions'"):
        bernoulli_bits(0.5, 10, xor=2, over="time")
    with pytest.raises(InputError, match="more than 0"):
        telegraph_bits(_junctions(), 10, 0.0)


def test_a_stream_knows_what_it_took() -> None:
    found = telegraph_bits(_junctions(), 16, "200 us", xor=8, seed=1, check=False)
    assert isinstance(found, RandomBits)
    assert (found.streams, found.raw_per_bit) == (1, 8)
    assert found.time_per_bit == pytest.approx(8 * 200e-6)
