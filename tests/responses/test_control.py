"""How pulse width and barrier set k and c."""

from __future__ import annotations

import numpy as np
import pytest

import spinloom as sl
from spinloom.errors import InputError
from spinloom.responses import Sigmoid, constant_offset_path, sigmoid_map


@pytest.fixture(scope="module")
def table():
    junction = sl.device("Xin2023_mtj")
    return sigmoid_map(junction, ["10 ns", "30 ns", "100 ns", "200 ns"], [6.0, 9.0, 12.0, 15.0, 18.0])


def test_map_equals_single_fits(table):
    junction = sl.device("Xin2023_mtj_15kT")
    delta = junction.thermal_stability()
    here = sigmoid_map(sl.device("Xin2023_mtj"), ["30 ns"], [delta])
    current = np.linspace(0, 6 * junction.critical_current(), 60)
    fit = Sigmoid.fit(junction.switching_probability(current, "30 ns"))
    assert here.k.item() == pytest.approx(fit.k, rel=1e-6)
    assert here.c.item() == pytest.approx(fit.c, rel=1e-6)


def test_longer_pulses_steepen_and_shift_left_and_higher_barriers_shift_right(table):
    # Xin 2023, sections 3.2 and 3.5.2: the trends of figs. 3.6, 3.12 and 3.14
    assert (np.diff(table.k.values, axis=0) > 0).all()
    assert (np.diff(-table.c.values, axis=0) < 0).all()
    assert (np.diff(-table.c.values, axis=1) > 0).all()


def test_path_at_constant_offset_moves_the_slope_alone(table):
    path = constant_offset_path(table)
    assert (np.diff(path.k.values) > 0).all()
    assert (np.diff(path.barrier.values) > 0).all()
    junction = sl.device("Xin2023_mtj")
    # a fit at an interpolated point of the path has the offset it promises, to the map's interpolation (0.1 uA)
    width, barrier = path.pulse_width.values[-2], path.barrier.values[-2]
    there = sigmoid_map(junction, [float(width)], [float(barrier)])
    assert there.c.item() == pytest.approx(path.attrs["c"], abs=0.1e-6)
    assert there.k.item() == pytest.approx(path.k.values[-2], rel=0.03)


def test_unreachable_offset_says_what_the_map_reaches(table):
    with pytest.raises(InputError, match=r"reaches c = -90 µA at 0 pulse widths.*Its offsets lie between"):
        constant_offset_path(table, -90e-6)
    with pytest.raises(InputError, match="more than 0"):
        sigmoid_map(sl.device("Xin2023_mtj"), ["10 ns"], [-1.0])


def test_a_curve_that_is_no_sigmoid_leaves_a_hole():
    low = sigmoid_map(sl.device("Xin2023_mtj"), ["200 ns"], [3.0])
    assert np.isnan(low.k.item())
