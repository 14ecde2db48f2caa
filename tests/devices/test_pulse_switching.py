"""Pulses: closed forms against the exact Fokker-Planck solution, voltage precession and spin-orbit dice from LLGS."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from spinloom.devices import Drive, Solver, device
from spinloom.devices.pulse_switching import closed_probability, gamma_probability, passage, pulse_probability
from spinloom.errors import InputError, ParameterError, UnknownNameError
from spinloom.physics import macrospin
from spinloom.physics import pulse_switching as forms
from spinloom.responses import Bernoulli

RATIOS = np.array([0.1, 0.3, 0.4, 0.48, 0.5, 0.7, 0.9, 1.0, 1.2, 1.5, 1.9, 2.0, 2.5, 3.0, 5.0])
WIDTHS = np.array([0.3, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0, 1000.0]) * 1e-9


@pytest.fixture(scope="module")
def junction():
    return device("Xin2023_mtj_15kT")


# ---- three regimes --------------------------------------------------------------------------------------------------


def test_closed_forms_hold_where_they_say(junction):
    # the bounds of the docstrings; Fokker-Planck itself is good to 2e-4
    for here, precessional in ((junction, 0.04), (junction.with_parameters(temperature="450 K"), 0.065)):
        current = RATIOS * here.critical_current()
        exact = here.switching_probability(current, WIDTHS, method="fokker-planck", relaxation=0.0)
        closed = closed_probability(here, current, WIDTHS)
        bounds = {"activated": 0.04, "intermediate": 0.06, "precessional": precessional}
        for law, bound in bounds.items():
            chosen = closed.regime.values == law
            assert chosen.any()
            assert float(np.abs(closed - exact).values[:, chosen].max()) < bound, law
        # from i = 3 on the growth of the initial angle is nearly all there is
        assert float(np.abs(closed - exact).sel(current=current[-2:]).max()) < 0.02


def test_closed_forms_with_a_field_and_from_the_other_state(junction):
    # a field along the axis shifts the currents of both directions: the same bounds
    here = junction.with_parameters(applied_field_z="20 mT")
    for start, sign in (("antiparallel", 1.0), ("parallel", -1.0)):
        current = sign * RATIOS[2:] * here.critical_current(start)
        exact = here.switching_probability(current, WIDTHS, start=start, method="fokker-planck", relaxation=0.0)
        closed = closed_probability(here, current, WIDTHS, start)
        assert float(np.abs(closed - exact).max()) < 0.06
        assert {"activated", "intermediate", "precessional"} == set(closed.regime.values)


def test_literature_time_approaches_the_exact_one(junction):
    # Sun's mean switching time against the exact mean passage: the deviations that its docstring states
    c = forms.relaxation_rate(junction.model.damping, junction.model.gyromagnetic_ratio, junction.anisotropy_field())
    ratios = np.array([2.0, 3.0, 5.0])
    mean, spread = passage(junction, ratios * junction.critical_current())
    law = [forms.precessional_mean_time(junction.thermal_stability(), forms.growth_rate(c, x)) for x in ratios]
    np.testing.assert_allclose(law / mean, [1.34, 1.13, 1.02], atol=0.01)
    widths = [forms.precessional_spread(forms.growth_rate(c, x)) for x in ratios]
    assert (np.abs(np.diff(widths / spread)) < 0.1).all()  # the same shape of the law throughout
    # the literature's P is far off at 2 I_c: 0.64 against 0.87 after 3 ns
    literature = forms.precessional_probability(junction.thermal_stability(), forms.growth_rate(c, 2.0), 3e-9)
    exact = junction.switching_probability(2.0 * junction.critical_current(), "3 ns", relaxation=0.0).item()
    assert exact - literature == pytest.approx(0.23, abs=0.02)


def test_passage_without_current_is_half_an_escape(junction):
    # what gets to the top goes down either side: T = 1/(2 k) with the exact rate, up to e^-Delta Delta
    mean, spread = passage(junction, 0.0)
    p = junction.model
    rate = macrospin.escape_rate(
        p.damping, p.gyromagnetic_ratio, junction.anisotropy_field(), junction.thermal_stability()
    )
    assert mean[0] == pytest.approx(0.5 / rate, rel=0.01)  # Brown's form is 0.5 % off here
    assert spread[0] == pytest.approx(mean[0], rel=1e-4)  # exponential
    back, _ = passage(junction, -2e-5, start="parallel")
    there, _ = passage(junction, 2e-5)
    assert back[0] == there[0]
    np.testing.assert_allclose(gamma_probability(2.0, 2.0, [0.5, 3.0]), -np.expm1([-0.25, -1.5]))


# ---- voltage --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def controlled():
    return device("Lee2017_vcma")


def _cancelling(junction) -> float:
    v = junction.parameters.value
    return forms.barrier_voltage(
        junction.thermal_stability(), v("vcma_coefficient"), junction.model.area, v("barrier_thickness"), 300.0
    )


def test_voltage_that_cancels_the_anisotropy_leaves_the_field(controlled):
    # at T = 0 m_z follows cos(w t) sech(alpha w t + artanh s) from its rest at s = B/B_k
    cold = controlled.with_parameters(temperature=0.0)
    field = cold.model.applied[0]
    tilt = field / cold.anisotropy_field()
    start = np.array([tilt, 0.0, -math.sqrt(1 - tilt**2)])
    drive = Drive(voltage=_cancelling(controlled))
    run = cold.trajectories(drive, "4 ns", initial=start, record_every="50 ps", solver=Solver(time_step="2 ps"))
    p = cold.model
    expected = [-forms.voltage_precession(p.gyromagnetic_ratio, p.damping, field, tilt, t) for t in run.time.values]
    np.testing.assert_allclose(run.m.sel(component="z").values[:, 0], expected, atol=3e-5)  # float32


def test_voltage_pulses_switch_at_odd_half_periods(controlled):
    # 500 trials a width. Half a period is 1/(2 f), f = gamma B/(2 pi); the middle of the window with P > 3/4 lies there
    # within 4 %: 1 % of chance (5 sigma), the rest because m still turns while the anisotropy returns
    half = 0.5 / (controlled.model.gyromagnetic_ratio * controlled.model.applied[0] / (2 * math.pi))
    assert forms.half_period(
        controlled.model.gyromagnetic_ratio, controlled.model.damping, controlled.model.applied[0]
    ) == pytest.approx(half, rel=controlled.model.damping**2 * 1.01)
    widths = np.array([0.5, 0.6, 0.7, 0.8, 1.0, 1.2, 1.3, 1.4, 1.5, 2.0, 3.0]) * half
    found = pulse_probability(controlled, _cancelling(controlled), widths, trials=500, seed=3, relaxation="5 ns")
    assert found.dims == ("pulse_width",)
    p = found.values
    rises = np.interp(0.75, p[:5], widths[:5])
    falls = np.interp(-0.75, -p[4:9], widths[4:9])
    assert 0.5 * (rises + falls) == pytest.approx(half, rel=0.04)
    assert p[4] > 0.97  # half a period
    assert p[9] < 0.03  # a whole one
    assert p[10] > 0.95  # one and a half


def test_long_voltage_pulses_forget_the_state(controlled):
    # 12 decay times 1/(alpha w) of the precession: m lies along the field, and falls either way; false alarm 1e-5
    p = controlled.model
    width = 12 / (p.damping * p.gyromagnetic_ratio * p.applied[0])
    for start in ("antiparallel", "parallel"):
        share = pulse_probability(
            controlled, _cancelling(controlled), width, trials=600, seed=5, start=start, relaxation="5 ns"
        )
        assert share.ndim == 0
        assert binomtest(round(600 * share.item()), 600, 0.5).pvalue > 1e-5


# ---- spin-orbit torque ----------------------------------------------------------------------------------------------


def _threshold(junction, field: float) -> float:
    v = junction.parameters.value
    density = macrospin.spin_orbit_critical_current_density(
        v("spin_hall_angle"), junction.model.magnetisation, v("thickness"), junction.anisotropy_field(), field
    )
    return density * v("channel_width") * v("channel_thickness")


def test_spin_orbit_dice_needs_no_reset():
    # above the threshold the layer lies in the plane and falls either way, from either state; false alarm 1e-5 each
    dice = device("Kim2015_sot")
    for start in ("antiparallel", "parallel"):
        share = pulse_probability(
            dice, 1.2 * _threshold(dice, 0.0), "1 ns", "spin_orbit_current", trials=800, seed=7, start=start
        ).item()
        assert binomtest(round(800 * share), 800, 0.5).pvalue > 1e-5


def test_spin_orbit_bernoulli_curve_is_logistic():
    # with a field along the current the pulse decides: P rises from 0 to 1 below the threshold at T = 0, as a logistic
    # curve within chance (400 trials: 5 sigma = 0.12) and a few per cent of shape
    here = device("Kim2015_sot", applied_field_x="50 mT")
    threshold = _threshold(here, 0.05)
    current = np.linspace(0.6, 0.95, 8) * threshold
    curve = pulse_probability(here, current, "10 ns", "spin_orbit_current", trials=400, seed=11, relaxation="5 ns")
    assert curve.dims == ("current",)
    found = Bernoulli.fit(curve, reset_time=10e-9)
    assert found.unit == "A"
    assert found.pulse_width == pytest.approx(10e-9)
    assert found.goodness["largest_deviation"] < 0.12
    assert 0.7 * threshold < found.centre < 0.85 * threshold
    assert float(found(found.drive_for(0.3))) == pytest.approx(0.3)
    # with the current turned round the field holds the state instead
    back = pulse_probability(here, -current[-1], "10 ns", "spin_orbit_current", trials=100, seed=1)
    assert back.item() < 0.05


# ---- bad input ------------------------------------------------------------------------------------------------------


def test_bad_input(junction, controlled):
    with pytest.raises(UnknownNameError, match="channel"):
        pulse_probability(junction, 1.0, "1 ns", "voltages")
    with pytest.raises(InputError, match="give it a vcma_coefficient"):
        pulse_probability(junction, "1 V", "1 ns")
    with pytest.raises(InputError, match="give it a spin_hall_angle"):
        pulse_probability(junction, "1 mA", "1 ns", "spin_orbit_current")
    with pytest.raises(InputError, match="trials"):
        pulse_probability(controlled, "1 V", "1 ns", trials=0)
    with pytest.raises(InputError, match="widths above 0"):
        pulse_probability(controlled, "1 V", 0.0)
    with pytest.raises(InputError, match="not symmetric about z"):
        closed_probability(controlled, "1 uA", "1 ns")
    with pytest.raises(InputError, match="widths above 0"):
        closed_probability(junction, "1 uA", -1e-9)
    skewed = junction.with_parameters(torque_asymmetry=0.2)
    with pytest.raises(InputError, match="without angular asymmetry"):
        passage(skewed, 1e-6, "parallel")
    with pytest.raises(InputError, match="without angular asymmetry"):
        closed_probability(skewed, 1e-6, "1 ns")
    with pytest.raises(InputError, match="finite"):
        passage(junction, np.inf)
    with pytest.raises(InputError, match="one state only"):
        closed_probability(junction.with_parameters(applied_field_z="0.5 T"), 1e-6, "1 ns")
    with pytest.raises(UnknownNameError, match="start"):
        closed_probability(junction, 1e-6, "1 ns", "up")
    with pytest.raises(ParameterError, match="easy axis"):
        closed_probability(junction.with_parameters(uniaxial_anisotropy=0.0), "1 uA", "1 ns")
