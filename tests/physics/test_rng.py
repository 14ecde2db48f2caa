"""Random numbers: Philox's published test vectors, and the distributions made from its bits."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit
from scipy import stats

from spinloom.physics import rng

# Random123's kat_vectors file (Salmon et al., doi:10.1145/2063384.2063405): rounds, counter, key, result
VECTORS = [
    (7, "00000000 00000000 00000000 00000000", "00000000 00000000", "5f6fb709 0d893f64 4f121f81 4f730a48"),
    (7, "ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "5207ddc2 45165e59 4d8ee751 8c52f662"),
    (7, "243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "4dfccaba 190a87f0 c47362ba b6b5242a"),
    (10, "00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    (10, "ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    (10, "243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


@pytest.mark.parametrize(("rounds", "counter", "key", "result"), VECTORS)
def test_philox_gives_the_published_numbers(rounds, counter, key, result):
    words = [int(word, 16) for word in f"{counter} {key}".split()]
    assert [f"{int(word):08x}" for word in rng.philox(*words, rounds)] == result.split()


@njit
def _normals(count, seed):
    out = np.empty((count, 6), np.float32)
    for i in range(count):
        r = rng.draw(seed, 0, i % 1000, i // 1000, 0)
        out[i, 0], out[i, 1], out[i, 2], out[i, 3], out[i, 4], out[i, 5] = rng.six_normals(r[0], r[1], r[2], r[3])
    return out


def test_normals_are_normal_and_independent():
    # n = 2e5 draws of 6; every limit is 5 standard deviations of its estimator: 27 looks, false alarm below 2e-5
    n = 200_000
    x = _normals(n, 11).astype(float)
    limit = 5.0 / np.sqrt(n)
    assert np.abs(x.mean(axis=0)).max() < limit
    assert np.abs(x.var(axis=0) - 1.0).max() < limit * np.sqrt(2.0)
    assert np.abs((x**3).mean(axis=0)).max() < limit * np.sqrt(15.0)
    assert np.abs((x**4).mean(axis=0) - 3.0).max() < limit * np.sqrt(96.0)
    correlation = np.corrcoef(x.T) - np.eye(6)
    assert np.abs(correlation).max() < limit
    # Kolmogorov-Smirnov of all 1.2e6 numbers, false alarm 1e-4
    assert stats.kstest(x.ravel(), "norm").pvalue > 1e-4


def test_polynomials_are_as_good_as_stated():
    @njit
    def logs(x):
        return np.array([rng.log_unit(np.float32(v)) for v in x])

    @njit
    def waves(x):
        out = np.empty((len(x), 2))
        for i in range(len(x)):
            out[i, 0], out[i, 1] = rng.sine_cosine_turns(np.float32(x[i]))
        return out

    x = np.linspace(1e-7, 1.0, 50_001, dtype=np.float32)
    exact = np.log(x.astype(float))
    assert np.abs(logs(x) - exact).max() < 3e-6  # float32 rounding of values up to 16
    assert (np.abs(logs(x) - exact) / np.maximum(np.abs(exact), 1e-6)).max() < 3e-7 + 1e-6
    turns = np.linspace(-1.0, 1.0, 20_001, dtype=np.float32)
    exact_waves = np.stack([np.sin(np.pi * turns.astype(float)), np.cos(np.pi * turns.astype(float))], axis=1)
    assert np.abs(waves(turns) - exact_waves).max() < 1e-6


def test_uniform_numbers_never_reach_the_ends():
    assert 0.0 < float(rng.uniform(0)) < 1e-6
    assert 1.0 - 1e-6 < float(rng.uniform(2**32 - 1)) < 1.0
