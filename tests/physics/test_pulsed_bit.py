"""Closed forms of pulsed p-bits against the equations that they solve."""

from __future__ import annotations

import math

import pytest

from spinloom.physics import pulsed_bit


def test_after_pulse_solves_the_rate_equation() -> None:
    """dp/dt = a (1 - p) - b p by a fourth-order Runge-Kutta run of 1000 steps, whose error is below 1e-12."""
    forward, back, duration, p = 3e8, 7e7, 5e-9, 0.9

    def slope(x: float) -> float:
        return forward * (1.0 - x) - back * x

    h = duration / 1000
    for _ in range(1000):
        k1 = slope(p)
        k2 = slope(p + 0.5 * h * k1)
        k3 = slope(p + 0.5 * h * k2)
        p += h * (k1 + 2 * k2 + 2 * k3 + slope(p + h * k3)) / 6
    assert pulsed_bit.after_pulse(0.9, forward, back, duration) == pytest.approx(p, abs=1e-11)


@pytest.mark.parametrize("u", [-5.0, -1.0, 0.0, 2.5])
@pytest.mark.parametrize("growth", [0.0, 0.75, 3.0])
def test_long_pulses_give_a_logistic_curve(u: float, growth: float) -> None:
    """a/(a + b) = 1/(1 + exp(-u)) whatever the growth, but for rounding; from either state after a long pulse."""
    forward, back = pulsed_bit.hop_rates(1e9, growth, u)
    assert forward / (forward + back) == pytest.approx(pulsed_bit.probability(u), rel=1e-14)
    long = 60.0 / (forward + back)
    for start in (0.0, 1.0):
        assert pulsed_bit.after_pulse(start, forward, back, long) == pytest.approx(pulsed_bit.probability(u), rel=1e-12)


def test_memory_falls_as_the_sum_of_the_rates() -> None:
    """The difference that the start makes is exp(-t (a + b)), so its logarithm is a line in t."""
    forward, back = pulsed_bit.hop_rates(2e8, 0.75, 1.0)
    for duration in (0.0, 1e-9, 7e-9):
        gap = pulsed_bit.after_pulse(1.0, forward, back, duration) - pulsed_bit.after_pulse(
            0.0, forward, back, duration
        )
        assert gap == pytest.approx(math.exp(-(forward + back) * duration), rel=1e-12)


def test_barriers_give_curve_and_growth() -> None:
    """Two activated laws written out at several currents against R exp((g +- 1/2) u)."""
    f0, laws = 1e9, ((52.0, 310e-6), (40.0, 313e-6))
    centre, width, rate, growth = pulsed_bit.of_barriers(f0, *laws[0], *laws[1])
    for current in (centre, centre + 2 * width, centre - width):
        direct = [f0 * math.exp(-delta * (1.0 - current / critical)) for delta, critical in laws]
        assert pulsed_bit.hop_rates(rate, growth, (current - centre) / width) == pytest.approx(direct, rel=1e-10)
    assert growth > 3  # barriers of tens of kT: far above 1/2


@pytest.mark.parametrize("growth", [-0.75, -0.3, 0.0, 0.3, 0.5, 0.75, 2.0])
def test_pulse_needed_is_that_of_the_slowest_drive(growth: float) -> None:
    """Against the largest of 20 001 drives between P = 0.02 and 0.98; the grid finds the least sum to 1e-6."""
    edge = math.log(0.98 / 0.02)
    slowest = min(sum(pulsed_bit.hop_rates(1e8, growth, -edge + edge * k / 1e4)) for k in range(20001))
    assert pulsed_bit.pulse_needed(1e8, growth, 0.02, 0.01) == pytest.approx(math.log(100) / slowest, rel=1e-6)


def test_one_way_switch() -> None:
    """P = 1/2 at v = 0, and the slope there is that of a logistic curve of ONE_WAY_WIDTH."""
    assert pulsed_bit.one_way_probability(0.0) == pytest.approx(0.5, rel=1e-15)
    step = 1e-5
    slope = (pulsed_bit.one_way_probability(step) - pulsed_bit.one_way_probability(-step)) / (2 * step)
    assert slope == pytest.approx(0.25 / pulsed_bit.ONE_WAY_WIDTH, rel=1e-9)


@pytest.mark.parametrize("failures", [0.01, 0.2])
def test_failed_resets_shift_the_odds(failures: float) -> None:
    """The chain written out: 1 -> 1 with P + q (1 - P), 0 -> 1 with P; its share of 1 has odds P/(1 - P)/(1 - q)."""
    p = pulsed_bit.probability(0.7)
    stay, rise = p + failures * (1.0 - p), p
    share = rise / (rise + 1.0 - stay)
    assert math.log(share / (1.0 - share)) == pytest.approx(0.7 + pulsed_bit.reset_shift(failures), rel=1e-12)


def test_heat_makes_hops_grow() -> None:
    """The derivative of -Delta(I) at I50 by a central difference (exact for a parabola), times dI; 40 to 2 kT."""

    def barrier(current: float) -> float:
        return 40.0 - 38.0 * current**2

    slope = (barrier(1.0 + 1e-4) - barrier(1.0 - 1e-4)) / 2e-4
    assert pulsed_bit.heated_growth(40.0, 2.0, 0.08) == pytest.approx(-slope * 0.08, rel=1e-9)
