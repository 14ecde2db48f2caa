"""Letters, the arm and the power law behind the population protocol."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom import device
from spinloom.errors import UnknownNameError
from spinloom.experiments.protocols import population, population_grasping, population_letters
from spinloom.snn import Population


def test_a_power_law_is_found_again() -> None:
    x = np.geomspace(0.1, 10.0, 12).reshape(3, 4)
    slope, error, factor = population._power_law(x, 0.3 * x**-0.5)
    assert (slope, factor) == pytest.approx((-0.5, 0.3))
    assert error < 1e-9


def test_the_arm_reaches_the_ball() -> None:
    """The ball's height d tan(theta) equals the arm's L sin(phi), d/L = 0.8, at 45 degrees and half of them."""
    value = np.array([0.0, 0.25, 0.5, 1.0])
    theta = (2.0 * value - 1.0) * np.pi / 4.0
    phi = (2.0 * population_grasping.arm(value) - 1.0) * np.arcsin(0.8)
    assert np.sin(phi) == pytest.approx(0.8 * np.tan(theta), abs=1e-12)
    assert population_grasping.direction(population_grasping.arm(value)) == pytest.approx(value)


def test_letters_pass_their_points() -> None:
    line = population_letters.letter("l", np.linspace(0.0, 1.0, 400))
    assert line[0] == pytest.approx([0.0, 0.1])
    assert line[-1] == pytest.approx([0.9, 0.15])
    assert line[:, 1].max() == pytest.approx(1.0, abs=0.05)
    with pytest.raises(UnknownNameError, match="letter"):
        population_letters.letter("x", np.zeros(1))


def test_nine_junctions_write_a_letter_as_well_as_the_closed_form_says() -> None:
    """101 points and two axes of noise that neighbouring points do not share: 10 % is about 1.5 standard errors of the
    squared distance, 30 % beyond doubt; the seed is fixed."""
    row = Population.covering(device("Mizrahi2018_mtj").two_state(9), "-100 uA", "100 uA")
    found = population_letters.write(row, "e", 1.0, 101, seed=1)
    expected = float(np.hypot(found["systematic"], found["random"]))
    assert population_letters.distance(found) == pytest.approx(expected, rel=0.3)
    assert expected < 0.05


def test_a_small_map_learns_to_grasp() -> None:
    assert population_grasping.train_grasping(junctions=48, trials=800) > 0.7
