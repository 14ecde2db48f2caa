"""Several devices in one synapse, and differential pairs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spinloom.errors import InputError, UnknownNameError
from spinloom.responses import Exponential, Plasticity, pair_levels

ONE = Plasticity.from_values(
    18, "10 uS", "100 uS", Exponential(3.0), Exponential(-4.0), depression_states=7, cycle_to_cycle=0.02,
    device_to_device=0.1, read_noise=0.03, write_energy=2e-12, write_time=1e-8, write_error=0.01, source="one",
)  # fmt: skip


def _sum_of_devices(one, n, direction, order):
    """Conductances after each pulse, from n devices that are pulsed one at a time."""
    top = one.curve(direction)[1]
    sign = 1 if direction == "potentiation" else -1
    states = np.full(n, 0.0 if sign > 0 else 1.0)
    seen = [one.to_conductance(states).sum()]
    for k in range(n * top):
        device = k % n if order == "in turn" else k // top
        states[device] = one.after_pulses(states[device : device + 1], np.array([sign]))[0]
        seen.append(one.to_conductance(states).sum())
    return np.array(seen)


@pytest.mark.parametrize("order", ["in turn", "one after another"])
@pytest.mark.parametrize("direction", ["potentiation", "depression"])
@pytest.mark.parametrize("n", [1, 2, 16])
def test_levels_are_those_of_the_devices_pulsed_one_by_one(n, direction, order):
    both = ONE.combine(n, order=order)
    expected = _sum_of_devices(ONE, n, direction, order)
    got = both.conductance(np.arange(expected.size), direction)
    np.testing.assert_allclose(got, expected, rtol=1e-12)
    assert both.states == n * 17 + 1
    assert both.depression_states == n * 6 + 1


def test_thesis_counting():
    assert ONE.combine(16).states == 273
    paper = ONE.combine(16, coding="paper")
    assert paper.states == 288
    assert paper.potentiation == ONE.potentiation
    assert paper.high == pytest.approx(16 * ONE.high)


def test_costs_are_those_of_one_device_a_pulse():
    four = ONE.combine(4)
    for name in ("write_energy", "write_time", "write_error"):
        assert getattr(four, name) == getattr(ONE, name)
    assert (four.states - 1) * four.write_energy == pytest.approx(4 * 17 * ONE.write_energy)
    assert four.low == 4 * ONE.low
    assert four.source == "4 x one"


def test_spreads_fall_as_the_root_of_the_number():
    # 4000 synapses of 9 devices driven half way, device by device, against the combined response with the same pulses;
    # relative standard error of a standard deviation of 4000 samples 1.1 %: 6 % are five of them
    n, samples = 9, 4000
    one = ONE.replace(write_error=0.0, potentiation=Exponential(0.0))
    random = np.random.default_rng(5)
    states = one.after_pulses(np.full((samples, n), 0.2), np.full((samples, n), 6), random)
    devices = one.to_conductance(states).sum(axis=1)
    many = one.combine(n)
    together = many.after_pulses(np.full(samples, 0.2), np.full(samples, 6 * n), random)
    assert many.to_conductance(together).std() == pytest.approx(devices.std(), rel=0.06)
    assert many.to_conductance(together).mean() == pytest.approx(devices.mean(), rel=2e-3)
    for name in ("device_to_device", "read_noise"):
        noisy = (1 + getattr(one, name) * random.standard_normal((samples, n))).sum(axis=1)
        assert getattr(many, name) == pytest.approx(noisy.std() / noisy.mean(), rel=0.06)
    assert many.read_noise == one.read_noise / 3


def test_pairs():
    levels = pair_levels(ONE)
    assert levels.size == 2 * 18 - 1
    np.testing.assert_array_equal(levels, -levels[::-1])
    assert (np.diff(levels) > 0).all()
    both = pair_levels(ONE, one_sided=False)
    assert both.size == 18 * 17 + 1  # an exponential's differences are all distinct
    assert set(np.round(levels, 12)) <= set(np.round(both, 12))
    straight = Plasticity.from_values(9, 0.0, 1.0)
    np.testing.assert_allclose(pair_levels(straight, one_sided=False), np.linspace(-1, 1, 17), atol=1e-12)
    assert pair_levels(ONE, "depression").size == 13


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        ((0,), InputError, "at least 1"),
        ((True,), InputError, "whole number"),
        ((2, "som"), UnknownNameError, "Did you mean 'sum'"),
        ((2, "sum", "in trun"), UnknownNameError, "Did you mean 'in turn'"),
        ((2, "paper", "one after another"), InputError, "knows no order"),
    ],
)
def test_what_cannot_be_combined(words, error, message):
    with pytest.raises(error, match=message):
        ONE.combine(*words)


def test_one_device_is_itself():
    assert ONE.combine(1) is ONE
    assert math.isinf(ONE.combine(2).retention_time)
