"""Weights to states and back; faults drawn by count and share."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.crossbar import Faults, Mapping
from spinloom.errors import InputError, UnknownNameError

WEIGHTS = np.array([[-2.0, 0.0], [0.5, 2.0]])


def test_differential_pairs_by_hand() -> None:
    plus, minus = Mapping("differential", 2.0).to_states(WEIGHTS)
    assert minus is not None
    assert plus.tolist() == [[0.0, 0.0], [0.25, 1.0]]
    assert minus.tolist() == [[1.0, 0.0], [0.0, 0.0]]


def test_offset_by_hand() -> None:
    plus, minus = Mapping("offset", 2.0).to_states(WEIGHTS)
    assert minus is None
    assert plus.tolist() == [[0.0, 0.5], [0.625, 1.0]]


@pytest.mark.parametrize("kind", ["differential", "offset"])
def test_there_and_back(kind: str) -> None:
    mapping = Mapping.of(WEIGHTS, kind)  # type: ignore[arg-type]
    assert mapping.w_max == 2.0
    assert mapping.to_weights(*mapping.to_states(WEIGHTS)) == pytest.approx(WEIGHTS, abs=1e-15)


def test_zero_weights() -> None:
    plus, minus = Mapping("differential", 1.0).to_states(np.zeros(3))
    assert minus is not None
    assert not plus.any()
    assert not minus.any()
    with pytest.raises(InputError, match="All weights are zero"):
        Mapping.of(np.zeros(3))
    assert Mapping.of(np.zeros(3), w_max=0.5).w_max == 0.5


def test_bad_input() -> None:
    with pytest.raises(InputError, match=r"2 of 4 weights lie beyond ±w_max = 1, the largest at 2\. Clip"):
        Mapping("differential", 1.0).to_states(WEIGHTS)
    with pytest.raises(InputError, match="1 of 2 weights are NaN"):
        Mapping().to_states(np.array([0.0, np.nan]))
    with pytest.raises(InputError, match="no weights"):
        Mapping.of(np.zeros((0, 3)))
    for w_max in (0.0, -1.0, np.inf, np.nan):
        with pytest.raises(InputError, match="w_max"):
            Mapping("offset", w_max)
    with pytest.raises(UnknownNameError, match="differential"):
        Mapping("diferential")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="both devices"):
        Mapping().to_weights(np.ones(2))


def test_faults_are_counts_or_shares() -> None:
    chance = np.random.default_rng(0)
    low, high = Faults(stuck_low=3, stuck_high=0.1).draw_cells(50, chance)
    assert (len(low), len(high)) == (3, 5)
    assert len(set(low) | set(high)) == 8
    rows, columns = Faults(dead_rows=2, dead_columns=0.5).draw_lines(4, 6, chance)
    assert (len(rows), len(columns)) == (2, 3)
    assert not Faults()
    assert Faults(dead_rows=1)


def test_more_faults_than_there_are() -> None:
    chance = np.random.default_rng(0)
    with pytest.raises(InputError, match="stuck_low = 51: there are only 50 cells"):
        Faults(stuck_low=51).draw_cells(50, chance)
    with pytest.raises(InputError, match="name 55 cells together, but there are 50"):
        Faults(stuck_low=30, stuck_high=0.5).draw_cells(50, chance)
    with pytest.raises(InputError, match="dead_rows = 5: there are only 4 rows"):
        Faults(dead_rows=5).draw_lines(4, 6, chance)


@pytest.mark.parametrize("bad", [-1, 1.5, np.nan, "3", True])
def test_faults_that_are_no_number(bad: float) -> None:
    with pytest.raises(InputError, match="dead_columns"):
        Faults(dead_columns=bad)
