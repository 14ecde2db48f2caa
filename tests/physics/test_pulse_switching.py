"""Closed forms of pulse switching against integrals, limits and each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

from spinloom.physics import anisotropy, macrospin
from spinloom.physics import pulse_switching as forms
from spinloom.physics.constants import BOLTZMANN, ELEMENTARY_CHARGE, HBAR


def test_growth_rate_is_the_literatures():
    # (mu_B eta/(e m)) (I - I_c) with mu_B = gamma hbar/2: the same number as c (i - 1), up to alpha^2
    alpha, gamma, eta, moment, bk, current = 0.01, 1.76e11, 0.5, 3e-19, 0.2, 5e-5
    critical = macrospin.critical_current(alpha, eta, moment, bk)
    c = forms.relaxation_rate(alpha, gamma, bk)
    magneton = 0.5 * gamma * HBAR
    expected = magneton * eta / (ELEMENTARY_CHARGE * moment) * (current - critical)
    assert forms.growth_rate(c, current / critical) == pytest.approx(expected, rel=2e-4)


def test_activated_rate_at_its_ends():
    assert forms.activated_rate(1e9, 20.0, 0.0) == pytest.approx(1e9 * math.exp(-20))
    assert forms.activated_rate(1e9, 20.0, 1.5) == 1e9  # no barrier left
    assert forms.activated_rate(1e9, 20.0, 0.5, 2.0) == pytest.approx(1e9 * math.exp(-5))


def test_perpendicular_rate_without_current_is_browns():
    c = forms.relaxation_rate(0.02, 1.76e11, 0.2)
    brown = macrospin.escape_rate(0.02, 1.76e11, 0.2, 12.0)
    assert forms.perpendicular_escape_rate(c, 12.0, 0.0) == pytest.approx(brown, rel=1e-12)
    assert math.isnan(forms.perpendicular_escape_rate(c, 12.0, 1.0))
    assert math.isnan(forms.perpendicular_escape_rate(c, 1.0, 0.1))


def test_mean_and_spread_are_those_of_the_probability():
    # <t> = int (1 - P) dt over the whole line: the law reaches to t < 0 with exp(-37) here
    delta, growth = 40.0, 1e9
    density = lambda t: 1.0 - forms.precessional_probability(delta, growth, t)  # noqa: E731
    early = quad(lambda t: forms.precessional_probability(delta, growth, t), -2e-9, 0.0)[0]
    mean = quad(density, 0.0, 3e-8, limit=200, points=[2e-9])[0] - early
    assert forms.precessional_mean_time(delta, growth) == pytest.approx(mean, rel=1e-6)
    # the upper and lower quartile of a Gumbel law are 1.2280 standard deviations apart
    times = np.linspace(1e-10, 1e-8, 100_001)
    probability = np.array([forms.precessional_probability(delta, growth, t) for t in times])
    quartiles = np.interp([0.25, 0.75], probability, times)
    width = math.log(math.log(4) / math.log(4 / 3)) / (math.pi / math.sqrt(6))
    assert np.diff(quartiles)[0] == pytest.approx(width * forms.precessional_spread(growth), rel=1e-6)


def test_ballistic_probability_follows_the_equation_of_motion():
    # the angle that reaches the equator at t, integrated backwards from there: theta_c^2 = 2 (1 + z)(1 + O(theta^2))
    c, ratio, delta = 1e9, 3.0, 60.0
    for t in (1.0e-9, 1.3e-9, 1.6e-9):
        back = solve_ivp(lambda _t, z: -c * (1 - z * z) * (z + ratio), (0, t), [0.0], rtol=1e-10, atol=1e-14)
        theta = math.acos(-back.y[0, -1])
        expected = math.exp(-delta * (ratio - 1) / ratio * theta**2)
        # theta = 0.05 .. 0.17: the closed form drops theta^2/6, 0.5 % of the exponent
        assert forms.ballistic_probability(c, delta, ratio, t) == pytest.approx(expected, abs=4e-3)
    assert math.isnan(forms.ballistic_probability(c, delta, 0.9, 1e-9))


def test_regimes():
    assert forms.regime(40.0, 0.3) == "activated"
    assert forms.regime(40.0, 0.9) == forms.regime(40.0, 1.2) == "intermediate"
    assert forms.regime(40.0, 2.5) == "precessional"
    assert forms.regime(3.0, 0.0) == "intermediate"  # too shallow for a rate


def test_voltage_barrier_is_that_of_the_field():
    # Delta(V) from the area's energy, and from B_k(V) M_s V_volume/2: the same linear law
    thickness, barrier, ms, xi, area, t = 1.1e-9, 1.4e-9, 1e6, 1e-13, 2e-15, 300.0
    per_volt = anisotropy.voltage_field(xi, thickness, barrier, ms)
    bk = 0.1
    for volts in (-0.5, 0.0, 0.3):
        energy = macrospin.energy_barrier(bk + per_volt * volts, ms * area * thickness)
        delta = macrospin.energy_barrier(bk, ms * area * thickness) / (BOLTZMANN * t)
        assert forms.voltage_barrier(delta, xi, volts, area, barrier, t) == pytest.approx(
            energy / (BOLTZMANN * t), rel=1e-12
        )
    assert forms.barrier_voltage(delta, xi, area, barrier, t) == pytest.approx(-bk / per_volt, rel=1e-12)


def test_voltage_precession_solves_its_equation():
    # B along x alone: dm/dt = g W x m, W = (B, 0, 0) + alpha B m x x; integrated by scipy
    gamma, alpha, field, tilt = 1.76e11, 0.05, 0.04, 0.3

    def slope(_t, m):
        w = np.array([field, 0, 0]) + alpha * field * np.cross(m, [1, 0, 0])
        return gamma / (1 + alpha**2) * np.cross(w, m)

    start = [tilt, 0.0, -math.sqrt(1 - tilt**2)]
    times = np.linspace(0, 3e-9, 31)
    found = solve_ivp(slope, (0, 3e-9), start, t_eval=times, rtol=1e-10, atol=1e-12).y[2]
    expected = [-forms.voltage_precession(gamma, alpha, field, tilt, t) for t in times]
    np.testing.assert_allclose(found, expected, atol=1e-8)
    half = forms.half_period(gamma, alpha, field)
    assert half == pytest.approx(0.5 / (gamma * field / (2 * math.pi)), rel=alpha**2)  # 1/(2 f)
