"""STDP by heat: the window against the integrated device, its limits and its time constants."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.devices import Samples
from spinloom.devices.heating import Barrier, SelfHeating, heated_switching
from spinloom.errors import InputError
from spinloom.responses.heat_stdp import HeatWindow

HEAT = SelfHeating(thermal_resistance=2e6, heat_capacity=2.5e-15)  # 5 ns


def window(**more) -> HeatWindow:
    return HeatWindow(
        Barrier(40.0, 1.2e-4), HEAT, **{"voltage": "0.35 V", "width": "5 ns", "resistance": "4 kohm", **more}
    )


def test_two_spikes_through_the_device_give_the_window() -> None:
    """The integrated device under both pulses, less what the first switches: the same probability to 1e-3 of it."""
    one, delay = window(), 3e-9
    edge = 1e-13
    train = Samples([0, 5e-9, 5e-9 + edge, 8e-9 - edge, 8e-9, 13e-9], [1, 1, 0, 0, 1, 1])
    run = heated_switching(one.barrier, HEAT, "0.35 V", "4 kohm", "13 ns", waveform=train, step="2 ps")
    kept = 1.0 - run.probability.values[:, 0]
    middle = int(np.searchsorted(run.time.values, 7e-9))
    assert 1.0 - kept[-1] / kept[middle] == pytest.approx(float(one.switching(one.temperature_after(delay))), rel=1e-3)
    assert run.temperature.values[int(np.searchsorted(run.time.values, 8e-9)), 0] == pytest.approx(
        float(one.temperature_after(delay)), abs=0.05
    )


def test_tail_decays_with_the_thermal_time_constant() -> None:
    """Late in the window the change is linear in the temperature left: R_th C within 2 %; earlier it falls faster."""
    tail, overall = window().time_constants()
    assert tail == pytest.approx(HEAT.time_constant, rel=0.02)
    assert overall < tail


def test_signs_and_limits() -> None:
    one = window()
    delays = np.array([0.5, 2.0, 8.0]) * 1e-9
    assert (np.diff(one(delays)) < 0).all()
    np.testing.assert_allclose(one(-delays), -one(delays))
    assert abs(float(one(1e-6))) < 1e-12
    assert 0 < one.cold < float(one.switching(one.temperature_after(0.0))) < 1


def test_bad_input_is_named() -> None:
    with pytest.raises(InputError, match="heat that stays"):
        HeatWindow(Barrier(40.0, 1e-4), SelfHeating(0.0, 1e-15), "0.3 V", "5 ns", "4 kohm")
    with pytest.raises(InputError, match="width"):
        window(width="0 s")
