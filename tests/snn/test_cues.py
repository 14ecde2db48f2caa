"""Sensors, exact count distributions, Bayes, inverse variances."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spinloom.devices.two_state import TwoState
from spinloom.errors import InputError
from spinloom.snn import Axis, Sensors
from spinloom.snn.cues import count_distribution, inverse_variance, posterior

JUNCTION = TwoState(1e9, 12.0, 24e-6, 0.0)  # numbers stand for all junctions
PEAK = 1e9 * math.exp(-12.0)


def test_counts_at_the_peak_are_poisson() -> None:
    found = count_distribution(np.array(3.0), np.array(3.0), 2.0, 30)
    n = np.arange(31)
    expected = np.exp(-6.0) * 6.0**n / np.array([math.factorial(int(k)) for k in n])
    assert found == pytest.approx(expected, abs=1e-14)


def test_counts_beside_the_peak_have_the_known_moments() -> None:
    """Mean r T; variance r T + r (b - a)^2/s (T/s - (1 - exp(-s T))/s^2), s = a + b: exact."""
    a, b, time = 1.0, 7.0, 3.0
    n, found = np.arange(81), count_distribution(np.array(a), np.array(b), time, 80)
    s, rate = a + b, 2.0 * a * b / (a + b)
    mean = found @ n
    assert found.sum() == pytest.approx(1.0, abs=1e-12)
    assert mean == pytest.approx(rate * time, rel=1e-12)
    variance = rate * time + rate * (b - a) ** 2 / s * (time / s - (1.0 - math.exp(-s * time)) / s**2)
    assert found @ (n - mean) ** 2 == pytest.approx(variance, rel=1e-10)


def test_counts_of_the_simulation_have_that_distribution() -> None:
    """Chi-square over 15 counts of 50 000 runs; above 40 in 5e-4 of seeds."""
    current, time = 3e-6, 8.0 / PEAK
    counts, _ = JUNCTION.flips(np.full((50000, 1), current), time, seed=2)
    a, b = (float(rate[0]) for rate in JUNCTION.rates(current))
    expected = 50000 * count_distribution(np.array(a), np.array(b), time, 100)
    seen = np.bincount(counts[:, 0], minlength=101)[:101]
    assert (((seen - expected) ** 2 / np.maximum(expected, 1e-300))[:15]).sum() < 40.0


def test_copies_add_up_and_rates_are_bells() -> None:
    axis = Axis(16)
    one, three = Sensors(axis, JUNCTION, 0.7), Sensors(axis, JUNCTION, 0.7, copies=3)
    distance = axis.difference(2.0, axis.positions)
    assert one.rates(2.0) == pytest.approx(PEAK / np.cosh(distance / 0.7))
    assert three.rates(2.0) == pytest.approx(3.0 * one.rates(2.0))
    counts = three.counts(np.full(5, 2.0), 1.0 / PEAK, seed=1)
    assert counts.shape == (5, 48)
    assert three.pooled(counts).sum() == counts.sum()


def test_bayes_is_calibrated_and_best() -> None:
    """The truth lies within the posterior's deviation as often as it says: mean z^2 is 1 within 4 standard errors of
    500 trials (25 %; 6e-5, fixed seed); and its error is less than the population vector's."""
    axis, trials = Axis(32), 500
    sensors = Sensors(axis, JUNCTION)
    truth = np.random.default_rng(0).uniform(0.0, 2.0 * math.pi, trials)
    counts = sensors.counts(truth, 4.0 / PEAK, seed=3)
    grid = 2.0 * math.pi * np.arange(240) / 240
    mean, deviation = posterior(sensors.log_likelihood(counts, 4.0 / PEAK, grid), grid, axis)
    error = axis.difference(mean, truth)
    assert ((error / deviation) ** 2).mean() == pytest.approx(1.0, abs=0.25)
    assert error.var() < axis.difference(axis.centre(sensors.pooled(counts)), truth).var()


def test_inverse_variances() -> None:
    weights, variance = inverse_variance(np.array([1.0, 4.0]))
    assert weights == pytest.approx([0.8, 0.2])
    assert variance == pytest.approx(0.8)


def test_bad_input() -> None:
    with pytest.raises(InputError, match="more than 0"):
        inverse_variance(np.array([1.0, 0.0]))
    with pytest.raises(InputError, match="outside the range"):
        Sensors(Axis(16), JUNCTION).rates(6.4)
    with pytest.raises(InputError, match="2 x 16 sensors"):
        Sensors(Axis(16), JUNCTION[np.zeros(16, int)], copies=2)
    with pytest.raises(InputError, match="at least 1"):
        Sensors(Axis(16), JUNCTION, copies=0)
