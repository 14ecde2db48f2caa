"""Rings and lines of preferred values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spinloom.errors import InputError
from spinloom.snn import Axis


def test_a_ring_has_no_ends() -> None:
    ring = Axis(8, 0.0, 360.0)
    assert ring.positions == pytest.approx(np.arange(8) * 45.0)
    assert ring.difference(350.0, 10.0) == pytest.approx(-20.0)
    assert ring.wrap(-90.0) == pytest.approx(270.0)
    assert ring.centre(np.eye(8)[[7, 2]]) == pytest.approx([315.0, 90.0])
    assert ring.centre(np.array([1.0, 0, 0, 0, 0, 0, 0, 1.0])) == pytest.approx(337.5)
    assert math.isnan(ring.centre(np.zeros(8)))


def test_a_line_has_values_on_both_ends() -> None:
    line = Axis(5, -1.0, 1.0, periodic=False)
    assert line.positions == pytest.approx([-1.0, -0.5, 0.0, 0.5, 1.0])
    assert line.difference(1.0, -1.0) == pytest.approx(2.0)
    assert line.centre(np.array([0.0, 0, 1.0, 1.0, 0])) == pytest.approx(0.25)
    assert math.isnan(line.centre(np.zeros(5)))


def test_bad_ranges_and_stimuli() -> None:
    with pytest.raises(InputError, match="at least 4 junctions"):
        Axis(3)
    with pytest.raises(InputError, match="lower to a higher"):
        Axis(8, 1.0, 1.0)
    with pytest.raises(InputError, match=r"Axis\.wrap"):
        Axis(8).check(-0.1)
    with pytest.raises(InputError, match="-1 to 1"):
        Axis(8, -1.0, 1.0, periodic=False).check(math.nan)
