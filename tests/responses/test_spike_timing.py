"""Spike timing against closed forms of the overlap."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.errors import InputError
from spinloom.responses import Exponential, Plasticity
from spinloom.responses.spike_timing import Spike, spike_timing

STRAIGHT = Plasticity.from_values(states=101)


def test_sawtooth_on_a_straight_device_is_its_closed_form() -> None:
    """Over one pulse w the tail's mean is 1 - (d - w/2)/T: with V_th = A, Delta g = that mean, for w <= d <= T.

    The midpoint rule is exact for a straight line; the rest is rounding.
    """
    spike = Spike(amplitude=1.0, pulse=1e-3, tail=50e-3, threshold=1.0)
    delays = np.array([1e-3, 5e-3, 20e-3, 49e-3])
    change = spike_timing(STRAIGHT, spike, delays, pulses=10.0)
    assert change == pytest.approx(0.1 * (1.0 - (delays - 0.5e-3) / 50e-3), rel=1e-9)


def test_is_antisymmetric_on_a_symmetric_device() -> None:
    delays = np.linspace(1e-3, 60e-3, 30)
    for form in ("linear", "exponential", "flat"):
        spike = Spike(form=form, threshold=1.2)
        ahead, behind = (spike_timing(STRAIGHT, spike, sign * delays, pulses=20.0) for sign in (1.0, -1.0))
        assert ahead == pytest.approx(-behind, abs=1e-12)
        assert (ahead >= 0).all()


@pytest.mark.parametrize("form", ["linear", "exponential", "flat"])
def test_nothing_happens_beyond_the_window(form: str) -> None:
    spike = Spike(form=form, threshold=1.3)
    delays = spike.window * np.array([0.9, 1.001, 1.5])
    change = spike_timing(STRAIGHT, spike, delays, pulses=20.0)
    assert change[0] > 0
    assert change[1:] == pytest.approx(0.0, abs=1e-15)


def test_spikes_at_once_cancel_and_a_full_device_stays_full() -> None:
    spike = Spike(threshold=1.2)
    assert spike_timing(STRAIGHT, spike, np.zeros(1)) == pytest.approx(0.0, abs=1e-15)
    assert spike_timing(STRAIGHT, spike, np.array([2e-3]), start=1.0) == pytest.approx(0.0, abs=1e-12)


def test_a_saturating_device_moves_less_when_it_is_high() -> None:
    synapse = Plasticity.from_values(states=65, potentiation=Exponential(3.0), depression=Exponential(-3.0))
    low, high = (spike_timing(synapse, Spike(), np.array([5e-3]), start=g, pulses=4.0)[0] for g in (0.1, 0.8))
    assert low > high > 0


def test_bad_spikes() -> None:
    with pytest.raises(InputError, match="at least the amplitude"):
        Spike(amplitude=1.0, threshold=0.8)
    with pytest.raises(InputError, match="less than twice"):
        Spike(amplitude=1.0, threshold=2.0)
    with pytest.raises(InputError, match="linear"):
        Spike(form="linar")  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match="between 0 and 1"):
        spike_timing(STRAIGHT, Spike(), np.array([1e-3]), start=1.5)
