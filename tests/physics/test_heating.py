"""Self-heating: the exponential, its limits, and what a temperature does to the barrier."""

from __future__ import annotations

import math

import pytest
from scipy.integrate import solve_ivp

from spinloom.physics import heating


def test_step_is_the_solution_of_the_balance():
    volts, ohms, r_th, c = 0.5, 4e3, 1e6, 3e-15
    tau, steady = heating.time_constant(r_th, c), heating.steady_rise(volts, ohms, r_th)
    assert tau == pytest.approx(3e-9)
    assert steady == pytest.approx(62.5)
    slope = lambda _t, rise: (volts**2 / ohms - rise / r_th) / c  # noqa: E731
    found = solve_ivp(slope, (0, 5e-9), [10.0], rtol=1e-10, atol=1e-10).y[0, -1]
    assert heating.after(10.0, steady, tau, 5e-9) == pytest.approx(found, rel=1e-8)
    # two halves are the whole
    half = heating.after(10.0, steady, tau, 2.5e-9)
    assert heating.after(half, steady, tau, 2.5e-9) == pytest.approx(found, rel=1e-8)


def test_limits():
    assert heating.after(5.0, 20.0, 0.0, 1e-9) == 20.0  # no capacity: at once
    assert heating.after(5.0, 20.0, 0.0, 0.0) == 5.0
    assert heating.steady_rise(1.0, 1e3, 0.0) == 0.0
    assert heating.after(5.0, 20.0, 1e-9, 1.0) == 20.0


def test_barrier_and_critical_current():
    assert heating.magnetisation_ratio(300.0, 300.0, 1100.0, 1.5) == 1.0
    assert heating.magnetisation_ratio(1100.0, 300.0, 1100.0, 1.5) == 0.0
    ratio = heating.magnetisation_ratio(400.0, 300.0, 1100.0, 1.5)
    assert ratio == pytest.approx((1 - (4 / 11) ** 1.5) / (1 - (3 / 11) ** 1.5))
    # Delta falls with the barrier and with 1/T, I_c with the barrier alone: their ratio is 1/T at any n
    for n in (0.0, 2.0, 3.0):
        delta = heating.thermal_stability(40.0, ratio, n, 400.0, 300.0)
        current = heating.critical_current(1e-4, ratio, n)
        assert delta / 40.0 == pytest.approx(current / 1e-4 * 0.75)
    assert math.isclose(heating.thermal_stability(40.0, ratio, 0.0, 400.0, 300.0), 30.0)
