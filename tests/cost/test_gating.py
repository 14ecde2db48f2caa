"""Power gating: the formula, its inverses, and a count cycle by cycle."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.cost import gating
from spinloom.errors import InputError


def test_limits() -> None:
    assert gating.Gating(active=1.0, leakage=0.9).saving == pytest.approx(0.0)  # always on: nothing saved
    assert gating.Gating(active=0.0, leakage=0.9).saving == pytest.approx(0.9)  # never on: all leakage
    assert gating.Gating(active=0.3, leakage=0.0).saving == pytest.approx(0.0)  # nothing leaks
    assert gating.Gating(active=0.5, leakage=1.0, residual=1.0).saving == pytest.approx(0.0)  # what is off still leaks
    assert gating.Gating(active=0.0, leakage=1.0, wake=1.5).saving == pytest.approx(-0.5)  # waking costs more


def test_what_the_stated_numbers_imply() -> None:
    """600 uW and 91.2 %: a twin of 6.82 mW, at least 91.2 % of it leakage, duty at most 8.8 %. Exact."""
    assert gating.reference_power(600e-6, 0.912) == pytest.approx(600e-6 / 0.088, rel=1e-12)
    assert gating.least_leakage(0.912) == 0.912
    assert float(gating.largest_duty(0.912)) == pytest.approx(0.088, rel=1e-12)
    duty = gating.largest_duty(0.912, np.array([0.9, 0.912, 0.95]))
    assert np.isnan(duty[0])
    assert gating.Gating(active=float(duty[2]), leakage=0.95).saving == pytest.approx(0.912, rel=1e-12)


@pytest.mark.parametrize(
    ("blocks", "on", "wake", "period"), [(8, 4, 0, 32), (8, 4, 3, 40), (16, 1, 2, 16), (2, 3, 3, 6)]
)
def test_counting_cycles_gives_the_formula(blocks: int, on: int, wake: int, period: int) -> None:
    """Both are ratios of whole numbers: equal to rounding."""
    formula = gating.Gating(active=(on + wake) / period, leakage=0.8).power_share
    assert gating.search_power_share(blocks, on, wake, period, 0.8) == pytest.approx(formula, rel=1e-12)


def test_waking_is_counted_once_a_search() -> None:
    without = gating.search_power_share(4, 2, 1, 16, 1.0)
    assert gating.search_power_share(4, 2, 1, 16, 1.0, wake_energy=3.0) == pytest.approx(without + 3.0 / 16)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gating.Gating(active=1.2, leakage=0.5), "active = 1.2"),
        (lambda: gating.Gating(active=0.2, leakage=0.5, cell=-1.0), "cell = -1.0"),
        (lambda: gating.reference_power(1.0, 1.0), "0.912 for 91.2 %"),
        (lambda: gating.search_power_share(0, 1, 0, 4, 1.0), "at least 1"),
        (lambda: gating.search_power_share(8, 4, 0, 16, 1.0), "does not fit"),
    ],
)
def test_bad_input_is_named(call: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()  # type: ignore[operator]
