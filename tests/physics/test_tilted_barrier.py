"""Flip rates in a field: detailed balance, the barrier without field, and the end of the barrier."""

from __future__ import annotations

import math

import pytest

from spinloom.physics.tilted_barrier import heat_bath_rate, neel_rate


@pytest.mark.parametrize("law", [neel_rate, heat_bath_rate])
@pytest.mark.parametrize("barrier", [0.0, 0.7, 4.0, 40.0])
def test_detailed_balance(law, barrier: float) -> None:
    """r(leave the held state)/r(come back) = exp(-2 x) for any field, also past the anisotropy field."""
    for hold in (0.0, 0.3, 1.39, 1.41, 5.0, 90.0):
        ratio = math.log(law(hold, barrier, 1e9) / law(-hold, barrier, 1e9))
        assert ratio == pytest.approx(-2.0 * hold, rel=1e-9, abs=1e-12)


def test_closed_forms() -> None:
    assert neel_rate(0.0, 4.0, 1e9) == pytest.approx(1e9 * math.exp(-4.0), rel=1e-12)
    assert neel_rate(4.0, 4.0, 1e9) == pytest.approx(1e9 * math.exp(-9.0), rel=1e-12)  # b = 1/2
    assert neel_rate(-8.0, 4.0, 1e9) == 1e9  # b = -1: the barrier is gone
    assert heat_bath_rate(0.0, 4.0, 1e9) == 0.5e9
    # both laws are continuous where the barrier goes
    assert neel_rate(7.999999, 4.0, 1.0) == pytest.approx(neel_rate(8.0, 4.0, 1.0), rel=1e-5)
