"""Figure and ground as a quadratic programme: the cut against enumeration, affinities by geometry."""

from __future__ import annotations

import math

import dimod
import numpy as np
import pytest

from spinloom.errors import InputError
from spinloom.ising.encodings.grouping import Grouping, Kinship


@pytest.mark.parametrize("seed", range(20))
def test_minimum_cut_is_the_enumerated_optimum(seed: int) -> None:
    """Sparse and dense random programmes of nine segments; affinities are rounded to 1e-6 of the largest."""
    chance = np.random.default_rng(seed)
    a = np.triu(chance.random((9, 9)) * (chance.random((9, 9)) < chance.uniform(0.2, 1.0)), 1)
    programme = Grouping(a + a.T, chance.uniform(0.0, 1.5))
    exact = dimod.ExactSolver().sample(programme.bqm()).record.energy.min()
    found = programme.optimum()
    assert programme.energy(found) == pytest.approx(exact, abs=5e-5)
    assert programme.bqm().energy(dict(enumerate(found.tolist()))) == pytest.approx(programme.energy(found), abs=1e-12)


def test_ends_of_the_cost() -> None:
    """Nothing is worth an infinite cost; everything that is related is worth none."""
    a = np.ones((5, 5)) - np.eye(5)
    assert Grouping(a, 2.01).optimum().sum() == 0  # 5 c - 10 > 0
    assert Grouping(a, 1.99).optimum().sum() == 5
    assert Grouping(np.zeros((3, 3)), 0.5).optimum().tolist() == [0, 0, 0]
    with pytest.raises(InputError, match="negative affinity"):
        Grouping(-a, 0.1).optimum()
    with pytest.raises(InputError, match="symmetric"):
        Grouping(np.triu(a), 0.1)


def _segment(x: float, y: float, angle: float, length: float = 1.0) -> list[list[float]]:
    dx, dy = 0.5 * length * math.cos(angle), 0.5 * length * math.sin(angle)
    return [[x - dx, y - dy], [x + dx, y + dy]]


def test_affinity_by_geometry() -> None:
    """Continuation beats parallel neighbours beats crossing directions; only the gap matters along a line."""
    line = Kinship(reach=1.0).affinity(np.array([_segment(0, 0, 0), _segment(1.5, 0, 0)]))[0, 1]
    assert line == pytest.approx(math.exp(-0.125), rel=1e-12)  # gap 0.5, no angle
    beside = Kinship(parallel=0.15).affinity(np.array([_segment(0, 0, 0), _segment(0, 0.5, 0)]))[0, 1]
    assert beside == pytest.approx(0.15 * math.exp(-0.125), rel=1e-12)
    across = Kinship().affinity(np.array([_segment(0, 0, 0), _segment(1.2, 0, math.pi / 2)]))[0, 1]
    assert across < 0.01 < beside < line
    # two neighbours on a circle: equal and opposite angles of pi/n cost the bend alone
    n = 12
    radius = 0.75 / math.sin(math.pi / n)
    ring = [_segment(radius * math.cos(t), radius * math.sin(t), t + math.pi / 2) for t in (0.0, 2 * math.pi / n)]
    ends = np.array(ring)
    gap = np.linalg.norm(ends[0, 1] - ends[1, 0])
    wanted = math.exp(-0.5 * gap**2 - (math.pi / n) ** 2 / 0.6**2)
    assert Kinship(bend=0.6).affinity(ends)[0, 1] == pytest.approx(wanted, rel=1e-9)


def test_affinity_does_not_see_position_rotation_scale_or_which_end_is_first() -> None:
    chance = np.random.default_rng(1)
    ends = chance.random((12, 2, 2))
    plain = Kinship().affinity(ends)
    c, s = math.cos(0.7), math.sin(0.7)
    moved = 3.0 * ends @ np.array([[c, s], [-s, c]]) + np.array([5.0, -2.0])
    assert Kinship().affinity(moved) == pytest.approx(plain, abs=1e-12)
    assert Kinship().affinity(ends[:, ::-1]) == pytest.approx(plain, abs=1e-12)
    assert (plain >= 0).all()
    assert (plain <= 1).all()
    with pytest.raises(InputError, match="no length"):
        Kinship().affinity(np.zeros((2, 2, 2)))
    with pytest.raises(InputError, match="above 0"):
        Kinship(bend=0.0)
