"""The superparamagnetic junction of Zhang 2022: published numbers, drives, spread, results that carry their sources."""

from __future__ import annotations

import math

import numpy as np
import pytest

import spinloom as sl
from spinloom.devices.from_macrospin import escape_rates
from spinloom.devices.superparamagnetic_junction import SuperparamagneticJunction
from spinloom.devices.testing import assert_device_api
from spinloom.errors import InputError, ParameterError, SpinloomWarning

NAME = "Zhang2022_mtj"


def test_is_a_device() -> None:
    assert_device_api(NAME)


def test_published_numbers() -> None:
    """FACTS B: 10.3 cycles/s = 20.6 flips/s at the peak, half width 21.8 uA, P(flip) 0.0067 in 326.5 us."""
    junction = sl.device(NAME)
    peak = float(junction.flip_rate("-16.27 uA")[0])
    assert peak == pytest.approx(20.6, abs=0.05)
    assert junction.half_width() == pytest.approx(21.8e-6, abs=0.05e-6)
    assert float(junction.flip_rate([-16.27e-6 + junction.half_width()])[0]) == pytest.approx(peak / 2, rel=1e-12)
    assert float(junction.two_state().transition(-16.27e-6, 326.5e-6)[0, 0]) == pytest.approx(0.0067, abs=5e-5)


def test_temperature_scales_the_barrier() -> None:
    junction = sl.device(NAME)
    assert junction.thermal_stability("150 K") == pytest.approx(2 * 17.7, rel=1e-12)
    assert junction.flip_rate("-16.27 uA", temperature="350 K") > junction.flip_rate("-16.27 uA")


def test_field_and_voltage() -> None:
    """Barriers Delta (1 +- h)^2 at zero current, Delta (1 - V/V_b), and V/V_c beside I/I_c."""
    junction = sl.device(NAME, anisotropy_field="50 mT", critical_voltage="0.5 V", offset_current="0 A")
    tau_parallel, tau_antiparallel = junction.dwell_times(0.0, field="5 mT")
    assert math.log(tau_parallel[0] * 1e9) == pytest.approx(17.7 * 1.1**2, rel=1e-12)
    assert math.log(tau_antiparallel[0] * 1e9) == pytest.approx(17.7 * 0.9**2, rel=1e-12)
    share = junction.probability_parallel(0.0, voltage="50 mV")[0]
    assert share == pytest.approx(1 / (1 + math.exp(-2 * 17.7 * 0.1)), rel=1e-12)
    lowered = sl.device(NAME, barrier_voltage="1 V", offset_current="0 A")
    assert math.log(1e9 / lowered.flip_rate(0.0, voltage="0.2 V")[0]) == pytest.approx(17.7 * 0.8, rel=1e-12)


def test_a_voltage_changes_what_a_current_does() -> None:
    """VCMA against the exact rates of the macrospin behind it: the lever of the current, d ln(ratio)/dI.

    5 %: the exact law is quadratic in the current, and its prefactor moves with the barrier.
    """
    mtj = sl.device("Xin2023_mtj_15kT", vcma_coefficient="100 fJ/(V m)")
    junction = SuperparamagneticJunction.from_macrospin(mtj)
    step = 0.01 * mtj.critical_current()
    for volts in (-0.5, 0.5):
        exact = escape_rates(mtj, [-step, step], volts)
        lever = np.diff(np.log(exact.leave_antiparallel.values / exact.leave_parallel.values)).item()
        share = junction.probability_parallel([-step, step], voltage=volts)
        assert np.diff(np.log(share / (1.0 - share))).item() == pytest.approx(lever, rel=0.05)


def test_a_single_run_has_the_error_of_its_counting_noise() -> None:
    """On the flank flips come in pairs: twice the variance of Poisson, exactly; a count of 0 has an error too."""
    junction = sl.device(NAME)
    counted = junction.tuning("-150 uA", duration="1 s", seed=2)
    rate = float(junction.flip_rate("-150 uA")[0])
    assert float(counted.error[0]) == pytest.approx(math.sqrt(2.0 * rate), rel=0.01)


def test_drives_without_a_parameter_are_refused() -> None:
    junction = sl.device(NAME)
    with pytest.raises(ParameterError, match="anisotropy_field"):
        junction.flip_rate(0.0, field="5 mT")
    with pytest.raises(ParameterError, match="critical_voltage"):
        junction.flip_rate(0.0, voltage="5 mV")
    with pytest.raises(ParameterError, match="removes the barrier"):
        sl.device(NAME, barrier_voltage="0.1 V").rates(0.0, voltage="0.2 V")
    with pytest.raises(InputError, match="above 0 K"):
        junction.rates(0.0, temperature="0 K")


def test_a_drive_beyond_the_barrier_is_said() -> None:
    with pytest.warns(SpinloomWarning, match="unit right"):
        sl.device(NAME).flip_rate("1 mA")


def test_spread_is_as_asked() -> None:
    """20 000 junctions: the sample's relative deviation has a standard error of 1/sqrt(2 n) of itself; 5 of them."""
    many = sl.device(NAME, thermal_stability_spread=0.06, critical_current_spread=0.2).two_state(20_000, seed=1)
    for values, mean, spread in ((many.thermal_stability, 17.7, 0.06), (many.critical_current, 293.15e-6, 0.2)):
        assert abs(values.std() / mean - spread) < 5 * spread / math.sqrt(2 * many.count)
    assert np.ptp(many.attempt_frequency) == 0
    again = sl.device(NAME, thermal_stability_spread=0.06, critical_current_spread=0.2).two_state(20_000, seed=1)
    np.testing.assert_array_equal(many.thermal_stability, again.thermal_stability)


def test_counted_tuning_agrees_with_the_closed_form() -> None:
    """9 currents x 200 runs of 1 s: chi-square of the deviations in standard errors, 9 degrees, below 40 (8e-6)."""
    junction = sl.device(NAME)
    currents = "-60uA:30uA:9"
    exact = junction.tuning(currents)
    counted = junction.tuning(currents, duration="1 s", trials=200, seed=2)
    assert float((((counted - exact) / counted.error) ** 2).sum()) < 40
    assert counted.attrs["references"]
    assert counted.attrs["seed"] == 2


def test_trace_carries_what_it_needs() -> None:
    trace = sl.device(NAME, tmr=1.0).trace("0.1 s", seed=3)
    assert trace.sizes["time"] == round(0.1 / 326.5e-6)
    np.testing.assert_allclose(trace.resistance, np.where(trace.state == 1, 2016.0, 4032.0))
    assert trace.attrs["device"] == NAME
    with pytest.raises(InputError, match="duration"):
        sl.device(NAME).trace("1 us")
