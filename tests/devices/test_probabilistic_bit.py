from __future__ import annotations

import math

import numpy as np
import pytest

from spinloom.devices import device
from spinloom.devices.testing import assert_device_api
from spinloom.errors import ParameterError


@pytest.mark.parametrize("name", ["Faria2021_stt", "Faria2021_sot", "Borders2019_smtj"])
def test_device_api(name: str) -> None:
    assert_device_api(name)


def test_response_is_the_tanh_of_the_reduced_input() -> None:
    bit = device("Faria2021_stt", voltage_centre="10 mV")
    assert bit.probability("10 mV")[0] == 0.5
    # at one scale above the centre: (1 + tanh 1)/2
    assert bit.probability(0.06)[0] == pytest.approx(0.5 * (1 + math.tanh(1.0)), rel=1e-14)
    assert bit.reduced(bit.drive_for([-2.0, 0.3])) == pytest.approx([-2.0, 0.3], rel=1e-12)
    assert device("Faria2021_sot").probability("-120 uA")[0] == pytest.approx(1 / (1 + math.exp(2.0)), rel=1e-14)


def test_times_and_energies() -> None:
    bit = device("Faria2021_stt", power="10 uW")
    assert (bit.dynamics, bit.time_per_update) == ("redraw", 150e-12)
    assert bit.energy_per_update == pytest.approx(1.5e-15, rel=1e-12)
    assert math.isnan(device("Faria2021_stt", power=0).energy_per_update)
    pulsed = device(
        "Faria2021_sot", design="reset_pulse", reset_time="2 ns", pulse_time="1 ns", read_time="1 ns",
        reset_energy="1 fJ", pulse_energy="2 fJ", read_energy="3 fJ",
    )  # fmt: skip
    assert pulsed.dynamics == "clocked"
    assert (pulsed.time_per_update, pulsed.energy_per_update) == pytest.approx((4e-9, 6e-15), rel=1e-12)


def test_spread_has_the_sets_spread_and_the_nominal_device_without() -> None:
    bit = device("Faria2021_stt", slope_spread=0.05, offset_spread=0.2)
    drawn = bit.spread(4000, seed=1)
    # standard errors of a standard deviation of 4000 normals: 1.1 %; 5 of them: a false alarm in 2e6
    assert np.std(drawn.slope) == pytest.approx(0.05, rel=0.056)
    assert np.std(drawn.offset) == pytest.approx(0.2, rel=0.056)
    assert np.array_equal(bit.spread(10, seed=1).slope, drawn.slope[:10])
    assert not np.array_equal(bit.spread(10, seed=2).slope, drawn.slope[:10])
    nominal = device("Faria2021_stt").spread(3)
    assert (nominal.slope == 1).all()
    assert (nominal.offset == 0).all()


@pytest.mark.parametrize(
    ("name", "overrides", "says"),
    [
        ("Faria2021_stt", {"current_scale": "1 uA"}, "not both"),
        ("Faria2021_stt", {"voltage_scale": 0}, "not neither"),
        ("Faria2021_stt", {"fluctuation_time": 0}, "fluctuation_time above 0"),
        ("Faria2021_sot", {"design": "vcma"}, "pulse_time above 0"),
    ],
)
def test_incomplete_sets_are_refused(name: str, overrides: dict, says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        device(name, **overrides)
