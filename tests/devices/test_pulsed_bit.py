"""Pulsed p-bits: against two-state junctions, energies by hand, calibration, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spinloom.devices.pulsed_bit import Devices, PulsedBit
from spinloom.errors import InputError, ParameterError
from spinloom.responses import Bernoulli


@pytest.fixture(scope="module")
def hopping() -> PulsedBit:
    return PulsedBit.from_parameters("Ren2024_backhopping")


def test_closed_form_against_junctions(hopping: PulsedBit) -> None:
    """Waiting times of 20 000 junctions a drive and start, a pulse of 3 ns. Twelve z of 4.5: false alarms 8e-5."""
    u = np.array([-4.0, -2.0, -0.5, 0.0, 1.0, 3.0])
    junction, amperes = hopping.junction(u)
    assert np.stack(junction.rates(amperes)[::-1]) == pytest.approx(np.stack(hopping.rates(u)), rel=1e-12)
    for start in (0, 1):
        _, states = junction.flips(np.broadcast_to(amperes, (20_000, 6)), "3 ns", seed=5 + start, start=start)
        wanted = hopping.after_pulse(u, start, 3e-9)
        assert (np.abs(states.mean(axis=0) - wanted) < 4.5 * np.sqrt(wanted * (1 - wanted) / 20_000)).all()


def test_driven_steps_agree(hopping: PulsedBit) -> None:
    """Ten steps of 0.3 ns for 20 000 junctions at P = 1/2 against the closed form; z of 4.5: false alarms 7e-6."""
    junction, amperes = hopping.junction(0.0)
    many = type(junction)(*(np.repeat(value, 20_000) for value in (
        junction.attempt_frequency, junction.thermal_stability, junction.critical_current, junction.offset_current
    )))  # fmt: skip
    state, _, _ = many.follow(float(amperes[0]), "0.3 ns", 10, seed=3, start=1)
    wanted = float(hopping.after_pulse(0.0, 1.0, 3e-9))
    assert abs(state.mean() - wanted) < 4.5 * math.sqrt(wanted * (1 - wanted) / 20_000)


def test_memory_of_pulses_in_a_row(hopping: PulsedBit) -> None:
    """Two pulses remember as one of twice the length: the process has no other memory."""
    once = hopping.after_pulse(1.3, 1.0, 2e-9)
    assert hopping.after_pulse(1.3, once, 2e-9) == pytest.approx(hopping.after_pulse(1.3, 1.0, 4e-9), rel=1e-12)
    assert hopping.memory(1.3, 4e-9) == pytest.approx(hopping.memory(1.3, 2e-9) ** 2, rel=1e-12)


def test_reset_forgets_and_failures_do_not() -> None:
    bit = PulsedBit(1.0, 0.1)
    assert bit.memory(2.0) == 0.0
    assert bit.after_pulse(0.4, 1.0) == pytest.approx(bit.probability(1.04), rel=1e-14)
    assert bit.replace(reset_failures=0.1).after_pulse(0.0, 1.0) == pytest.approx(0.55)  # 1/2 + 0.1 (1 - 1/2)


def test_time_and_energy_by_hand(hopping: PulsedBit) -> None:
    """0.3 mA, 24 uA a width: at u = 2 the pulse takes 4.5 pJ (1 + 0.16)^2; reads 7.5 fJ; 50 + 10 ns."""
    assert hopping.time_per_update == pytest.approx(60e-9)
    assert hopping.energy_per_update() == pytest.approx(4.5075e-12)
    assert hopping.energy_per_update(2.0) == pytest.approx(4.5e-12 * 1.16**2 + 7.5e-15)
    # mean of u = 2 and u = -2: 4.5 pJ (1 + 0.0064 4)
    assert hopping.energy_per_update(0.0, 4.0) == pytest.approx(4.5e-12 * (1 + 0.0064 * 4) + 7.5e-15)
    fair = PulsedBit.from_parameters("Shao2023_vcma")
    assert fair.time_per_update == pytest.approx(8 * 9e-9)
    assert fair.energy_per_update(3.0) == pytest.approx(8 * 36.4e-15)


def test_of_a_bernoulli_curve() -> None:
    """The same P, time and energy as the curve's own."""
    curve = Bernoulli.from_parameters("Zhang2024_sot")
    bit = PulsedBit.of(curve)
    assert bit.probability(0.28) == pytest.approx(curve(0.28), rel=1e-12)
    assert bit.time_per_update == pytest.approx(curve.time_per_bit)
    assert bit.energy_per_update(math.log(4.0)) == pytest.approx(curve.energy_per_bit(0.8), rel=1e-12)


def test_calibration_leaves_the_counting_error(hopping: PulsedBit) -> None:
    """4000 devices, 2000 pulses: offsets of 2/sqrt(N) cosh(at/2) = 0.058 +- 3 % (1.1 % is one standard error)."""
    drawn = hopping.replace(offset_spread=0.5, gain_spread=0.05).devices(4000, seed=2)
    left = drawn.calibrated(2000, seed=2)
    assert drawn.offset.std() == pytest.approx(0.5, rel=0.05)
    # the middle of two logits at +-1.5, each of 1000 pulses: sqrt(2/(1000 p (1 - p)))/2
    wanted = 2.0 / math.sqrt(2000) * math.cosh(0.75)
    assert left.offset.std() == pytest.approx(wanted, rel=0.05)
    assert left.gain.mean() == pytest.approx(1.0, abs=0.01)
    assert drawn.calibrated(0) is drawn
    assert hopping.devices(3, seed=2).offset == pytest.approx(hopping.devices(10, seed=2).offset[:3])


def test_refuses() -> None:
    with pytest.raises(InputError, match="width"):
        PulsedBit(1.0, 0.0)
    with pytest.raises(InputError, match="rate"):
        PulsedBit(1.0, 1.0, rate=-1.0)
    with pytest.raises(InputError, match="pulse_time"):
        PulsedBit(1.0, 1.0, pulse_time=float("nan"))
    with pytest.raises(InputError, match="reset_energy"):
        PulsedBit(1.0, 1.0, reset_energy=-1e-12)
    with pytest.raises(InputError, match="reset_failures"):
        PulsedBit(1.0, 1.0, reset_failures=1.0)
    with pytest.raises(ParameterError, match="backhopping"):
        PulsedBit.from_parameters("Borders2019_smtj")
    with pytest.raises(InputError, match="even"):
        Devices.ideal(2).calibrated(3)
