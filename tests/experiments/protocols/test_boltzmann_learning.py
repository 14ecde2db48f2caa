"""The small sets that Boltzmann machines learn."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.errors import UnknownNameError
from spinloom.experiments.protocols.boltzmann_learning_sets import right_states, rows_of


def test_the_full_adder_adds() -> None:
    rows = rows_of("full_adder")
    assert rows.shape == (8, 5)
    assert (rows[:, :3].sum(axis=1) == rows[:, 3] + 2 * rows[:, 4]).all()
    assert right_states().sum() == 8
    assert right_states()[0b11111]  # 1 + 1 + 1 = 3
    assert not right_states()[0b00111]


def test_bars_and_stripes_are_constant_along_one_way() -> None:
    rows = rows_of("bars_and_stripes")
    assert len({tuple(row) for row in rows}) == len(rows) == 14  # 2 x 8, two of them in both kinds
    for picture in rows.reshape(-1, 3, 3):
        assert (picture == picture[:1]).all() or (picture == picture[:, :1]).all()


def test_the_shifter_shifts() -> None:
    rows = rows_of("shifter")
    assert rows.shape == (48, 11)
    for row in rows:
        by = int(np.flatnonzero(row[8:])[0]) - 1
        assert (np.roll(row[:4], by) == row[4:8]).all()


def test_another_set() -> None:
    with pytest.raises(UnknownNameError, match="shifter"):
        rows_of("shift")
