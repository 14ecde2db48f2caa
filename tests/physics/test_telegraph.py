"""The two-state process: float32 functions against libm, transition probabilities in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numba import njit

from spinloom.physics import scalar, telegraph


@njit
def _each(x, up, rest):
    for i in range(x.size):
        up[i], rest[i] = scalar.exponential(x[i]), scalar.one_minus_exponential(abs(x[i]))


def test_float32_exponentials() -> None:
    """Against double precision, up to the rounding that a float32 argument of that size allows."""
    x = np.concatenate([np.linspace(-80, 80, 40_001), np.logspace(-30, 1, 20_001)]).astype(np.float32)
    up, rest = np.empty_like(x), np.empty_like(x)
    _each(x, up, rest)
    exact = np.exp(x.astype(float))
    assert (np.abs(up / exact - 1.0) < 1e-7 * (1.0 + np.abs(x))).all()
    small = -np.expm1(-np.abs(x.astype(float)))
    assert np.abs(rest / np.where(small > 0, small, 1.0) - 1.0)[small > 0].max() < 2e-6


@njit
def _transition(leave, back, dt):
    return telegraph.transition(np.float32(leave), np.float32(back), np.float32(dt))


@pytest.mark.parametrize(
    ("leave", "back", "dt"), [(3.0, 5.0, 1e-9), (3.0, 5.0, 0.1), (3.0, 5.0, 40.0), (1e9, 1e4, 1e-9)]
)
def test_transition_is_the_matrix_exponential(leave: float, back: float, dt: float) -> None:
    """exp(Q dt) of the generator Q = [[-a, a], [b, -b]] by its eigenvalues 0 and -(a + b)."""
    exact = leave / (leave + back) * -math.expm1(-(leave + back) * dt)
    assert _transition(leave, back, dt) == pytest.approx(exact, rel=3e-6)  # float32


@njit
def _chances(words, out):
    for i in range(words.shape[0]):
        out[i] = telegraph.chance(words[i, 0], words[i, 1])


def test_chance_tells_small_probabilities() -> None:
    """The smallest numbers reach below 2^-60, and the largest is not above 1."""
    words = np.array([[0, 1 << 5], [0, 0], [0xFFFFFFFF, 0xFFFFFFFF], [1 << 31, 0]], np.uint32)
    out = np.empty(4, np.float32)
    _chances(words, out)
    assert 0 < out[0] < 2.0**-57
    assert out[1] == 0
    assert out[2] <= 1
    assert out[3] == 0.5
