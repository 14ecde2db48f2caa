"""The solvable network against its closed forms (Fung, Wong and Wu 2010)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spinloom.errors import InputError
from spinloom.snn import Axis, IdealAttractor

AXIS = Axis(128)


@pytest.mark.parametrize("inhibition", [0.2, 0.5, 0.9])
def test_height_and_width_of_the_bump(inhibition: float) -> None:
    """The Gaussian with a = 0.4 on a ring of 2 pi: images are exp(-(2 pi)^2/(4 a^2)), nothing; so 1e-6 is the run's."""
    network = IdealAttractor(AXIS, width=0.4, inhibition=inhibition)
    start = network.gaussian(math.pi, 1.3 * network.height)
    settled = network.run(start, 4000, 0.05)[-1]
    assert settled == pytest.approx(network.gaussian(math.pi, network.height), abs=1e-4 * network.height)


def test_the_known_formula_of_the_height() -> None:
    """U_0 is the upper root of sqrt(2 pi) a k rho U^2 - rho J U/sqrt(2) + 1 = 0."""
    network = IdealAttractor(AXIS, coupling=2.0, width=0.3, inhibition=0.4)
    k, rho = 0.4 * network.critical_inhibition, network.density
    roots = np.roots([math.sqrt(2.0 * math.pi) * 0.3 * k * rho, -rho * 2.0 / math.sqrt(2.0), 1.0])
    assert network.height == pytest.approx(roots.max(), rel=1e-12)
    assert network.driven_height(0.0) == pytest.approx(network.height, rel=1e-9)


@pytest.mark.parametrize(("inhibition", "left"), [(0.97, True), (1.03, False)])
def test_a_bump_is_held_below_the_critical_inhibition_alone(inhibition: float, left: bool) -> None:
    network = IdealAttractor(AXIS, width=0.4, inhibition=inhibition)
    start = network.gaussian(math.pi, IdealAttractor(AXIS, width=0.4, inhibition=0.97).height)
    settled = network.run(start, 4000, 0.1)[-1].max()
    assert bool(settled > 0.5 * start.max()) is left
    assert math.isnan(network.height) is not left


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_lag_behind_a_moving_stimulus(share: float) -> None:
    """Position and amplitude modes alone: the next modes add about the strength over U_0, here 3 %."""
    network = IdealAttractor(Axis(64), width=0.4, inhibition=0.5)
    strength = 0.03 * network.height
    speed = share * network.largest_speed(strength)
    steps, step = 6000, 0.1
    places = network.axis.wrap(math.pi + speed * step * np.arange(1, steps + 1))
    drive = np.stack([network.gaussian(float(x), strength) for x in places])
    found = network.axis.centre(
        np.maximum(network.run(network.gaussian(math.pi, network.height), steps, step, drive)[-1], 0.0)
    )
    lag = network.axis.difference(places[-1], found)
    assert float(lag) == pytest.approx(network.lag(speed, strength), rel=0.06)


def test_too_fast_a_stimulus_is_lost() -> None:
    network = IdealAttractor(Axis(64), width=0.4)
    largest = network.largest_speed(0.03 * network.height)
    # near 2 a A exp(-1/2)/(tau U_0); the amplitude mode changes it by about the strength
    assert largest == pytest.approx(2.0 * 0.4 * 0.03 * math.exp(-0.5), rel=0.05)
    assert math.isinf(network.lag(1.01 * largest, 0.03 * network.height))
    assert network.lag(-0.5 * largest, 0.03 * network.height) < 0.0


def test_bad_numbers() -> None:
    with pytest.raises(InputError, match="width must be more than 0"):
        IdealAttractor(AXIS, width=0.0)
