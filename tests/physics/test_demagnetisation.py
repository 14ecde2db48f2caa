"""Demagnetisation factors against known values and limits."""

from __future__ import annotations

import math

import pytest

from spinloom.physics import demagnetisation as d


@pytest.mark.parametrize("model", [d.prism, d.ellipsoid])
@pytest.mark.parametrize("edges", [(15e-9, 15e-9, 1.3e-9), (50e-9, 130e-9, 2e-9), (3.0, 2.0, 1.0)])
def test_factors_add_up_to_one_and_rank_by_length(model, edges):
    factors = model(*edges)
    assert sum(factors) == pytest.approx(1.0, abs=1e-10)  # a trace identity; rounding of the closed form
    order = sorted(range(3), key=lambda axis: edges[axis])
    assert factors[order[0]] >= factors[order[1]] >= factors[order[2]] > 0


def test_cube_and_sphere_are_isotropic():
    assert d.prism(1.0, 1.0, 1.0) == pytest.approx((1 / 3,) * 3, abs=1e-12)
    assert d.ellipsoid(1.0, 1.0, 1.0) == pytest.approx((1 / 3,) * 3, abs=1e-12)


def test_thesis_prism():
    # 15 x 15 x 1.3 nm: N_z = 0.823, N_x = N_y = 0.088 (Aharoni's formula, three printed digits)
    assert d.prism(15.0, 15.0, 1.3) == pytest.approx((0.088, 0.088, 0.823), abs=6e-4)


def test_oblate_spheroid_has_its_closed_form():
    # Osborn's oblate spheroid with m = a/c = 10: N_z = m^2/(m^2-1) (1 - asin(sqrt(m^2-1)/m)/sqrt(m^2-1))
    m = 10.0
    root = math.sqrt(m * m - 1.0)
    exact = m * m / (m * m - 1.0) * (1.0 - math.asin(root / m) / root)
    assert d.ellipsoid(m, m, 1.0)[2] == pytest.approx(exact, rel=1e-12)


def test_thin_film_is_the_limit_of_both():
    assert d.prism(1.0, 1.0, 1e-4)[2] == pytest.approx(1.0, abs=2e-3)  # 1 - O(t/L ln(L/t))
    assert d.ellipsoid(1.0, 1.0, 1e-4)[2] == pytest.approx(1.0, abs=2e-4)
    assert d.thin_film() == (0.0, 0.0, 1.0)
