"""Self-heating junctions: closed form, energy balance, limits, the memory of a first pulse."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spinloom.devices import Pulse, Samples, Train, device
from spinloom.devices.heating import Barrier, SelfHeating, heated_switching
from spinloom.errors import InputError
from spinloom.physics import macrospin

WARM = SelfHeating(thermal_resistance=2e6, heat_capacity=2e-15)  # tau = 4 ns


def test_constant_voltage_heats_exponentially():
    found = heated_switching(Barrier(40.0, 1e-4), WARM, ["0.2 V", "0.35 V"], "4 kohm", "20 ns")
    for volts in found.voltage.values:
        steady = 2e6 * volts**2 / 4e3
        expected = 300.0 + steady * (1 - np.exp(-found.time / 4e-9))
        np.testing.assert_allclose(found.temperature.sel(voltage=volts), expected, rtol=1e-12)
        assert WARM.steady_temperature(volts, "4 kohm") == pytest.approx(300.0 + steady)
    np.testing.assert_allclose(found.energy[-1], found.voltage**2 / 4e3 * 20e-9, rtol=1e-9)


def test_energy_is_stored_or_led_away():
    # C (T - T_0) + int (T - T_0)/R_th dt = int V^2/R dt at every moment, whatever the waveform
    shape = Train(Pulse("2 ns", rise="0.5 ns", delay="1 ns"), "5 ns", 4)
    found = heated_switching(Barrier(40.0, 1e-4), WARM, "0.4 V", "4 kohm", "25 ns", waveform=shape, step="2 ps")
    rise = found.temperature.values[:, 0] - 300.0
    led = np.concatenate([[0.0], np.cumsum(0.5 * (rise[1:] + rise[:-1]) * 2e-12)]) / 2e6
    balance = 2e-15 * rise + led
    # the trapezoid of T is off by (h/tau)^2/12 = 2e-8 of the heat
    np.testing.assert_allclose(balance, found.energy.values[:, 0], atol=1e-6 * float(found.energy[-1, 0]))


def test_without_thermal_resistance_the_junction_stays_cold():
    barrier = Barrier(30.0, 1e-4, 1e9, 1.0)
    cold = heated_switching(barrier, SelfHeating(0.0, 2e-15), "0.3 V", "4 kohm", "50 ns")
    assert (cold.temperature == 300.0).all()
    rate = 1e9 * math.exp(-30.0 * (1 - 0.75))
    np.testing.assert_allclose(cold.probability[:, 0], -np.expm1(-rate * cold.time), rtol=1e-9)
    # and the limit is reached continuously: the effect on P is linear in R_th
    little = [
        float(heated_switching(barrier, SelfHeating(r, 0.0), "0.3 V", "4 kohm", "50 ns").probability[-1, 0])
        for r in (1e3, 2e3)
    ]
    at_rest = float(cold.probability[-1, 0])
    assert (little[1] - at_rest) / (little[0] - at_rest) == pytest.approx(2.0, rel=0.01)


def test_second_pulse_switches_more_after_a_first():
    # the first pulse only warms (it pushes the other way); the second comes dt later: P falls with dt as exp(-dt/tau)
    # while the warmth is small. A slope of the logarithm of -1/tau within 5 %: the barrier is not quite linear in T
    gaps = np.array([2e-9, 4e-9, 6e-9, 8e-9])
    heat = SelfHeating(thermal_resistance=2e5, heat_capacity=2e-14)

    def probability(gap: float, first: float) -> float:
        edge = 1e-13
        times = np.array([0, 2e-9, 2e-9 + edge, 2e-9 + gap, 2e-9 + gap + edge, 3e-9 + gap])
        shape = Samples(times.tolist(), [first, first, 0.0, 0.0, 1.0, 1.0])
        found = heated_switching(
            Barrier(40.0, 1.2e-4), heat, "0.35 V", "4 kohm", float(times[-1]), waveform=shape, step="5 ps"
        )
        return float(found.probability[-1, 0])

    alone = probability(2e-9, 0.0)
    more = np.log([probability(gap, -1.0) - alone for gap in gaps])
    assert (np.diff(more) < 0).all()
    slope = np.polyfit(gaps, more, 1)[0]
    assert slope == pytest.approx(-1 / 4e-9, rel=0.05)


def test_barrier_of_a_perpendicular_junction():
    mtj = device("Xin2023_mtj_15kT")
    found = Barrier.of(mtj)
    p = mtj.model
    brown = macrospin.escape_rate(p.damping, p.gyromagnetic_ratio, mtj.anisotropy_field(), mtj.thermal_stability())
    assert found.attempt_frequency * math.exp(-found.thermal_stability) == pytest.approx(brown, rel=1e-12)
    assert found.critical_current == mtj.critical_current()
    assert found.exponent == 2.0


def test_bad_input():
    with pytest.raises(InputError, match="0 or more"):
        SelfHeating(-1.0, 1e-15)
    with pytest.raises(InputError, match="Curie"):
        SelfHeating(1.0, 1e-15, ambient="1200 K")
    with pytest.raises(InputError, match="f0 and the exponent above 0"):
        Barrier(40.0, 0.0)
    with pytest.raises(InputError, match="resistance and duration"):
        heated_switching(Barrier(40.0, 1e-4), WARM, "0.2 V", 0.0, "20 ns")
    with pytest.raises(InputError, match="million steps"):
        heated_switching(Barrier(40.0, 1e-4), WARM, "0.2 V", "4 kohm", "1 s")
