"""Dipole energies in closed form, and Newell's tensor between its two known ends."""

from __future__ import annotations

import math

import pytest

from spinloom.physics import demagnetisation, dipole

X, Y, Z = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
MOMENT, APART = 6e-18, 130e-9
K = 1e-7 * MOMENT**2 / APART**3
"""mu0 m^2/(4 pi r^3) with mu0/(4 pi) = 1e-7 to 1e-9."""


def _scaled(vector: tuple[float, ...], by: float) -> tuple[float, float, float]:
    x, y, z = (by * value for value in vector)
    return x, y, z


def _energy(first: tuple[float, ...], second: tuple[float, ...], towards: tuple[float, ...]) -> float:
    return dipole.energy(_scaled(first, MOMENT), _scaled(second, MOMENT), _scaled(towards, APART))


def test_known_pairs() -> None:
    assert _energy(X, X, X) == pytest.approx(-2 * K, rel=1e-8)  # head to tail
    assert _energy(X, X, Y) == pytest.approx(K, rel=1e-8)  # side by side, parallel
    assert _energy(Z, _scaled(Z, -1), X) == pytest.approx(-K, rel=1e-8)  # perpendicular magnets oppose
    assert _energy(X, Y, X) == 0.0
    half = (math.sqrt(0.5), math.sqrt(0.5), 0.0)
    assert _energy(X, Y, half) == pytest.approx(-1.5 * K, rel=1e-8)  # -3 cos 45 sin 45


def test_average_over_all_directions_is_zero() -> None:
    """A tensor without trace; six directions average a form of second degree exactly."""
    directions = [_scaled(axis, sign) for axis in (X, Y, Z) for sign in (1, -1)]
    first, second = (0.6, 0.0, 0.8), (0.0, -0.28, 0.96)
    assert sum(_energy(first, second, e) for e in directions) == pytest.approx(0.0, abs=1e-12 * K)


def test_energy_is_the_second_moment_in_the_field_of_the_first() -> None:
    first, second, apart = (1e-18, -2e-18, 3e-18), (4e-18, 1e-18, -1e-18), (50e-9, 80e-9, -20e-9)
    b = dipole.field(first, apart)
    assert dipole.energy(first, second, apart) == pytest.approx(
        -sum(m * x for m, x in zip(second, b, strict=True)), rel=1e-12
    )


def test_prism_on_itself_is_its_demagnetisation() -> None:
    """Newell's tensor at distance 0 against Aharoni's closed form, another derivation."""
    edges = (100e-9, 80e-9, 1.5e-9)
    found = dipole.prism_tensor(edges, (0.0, 0.0, 0.0))
    assert found[:3] == pytest.approx(demagnetisation.prism(*edges), rel=1e-9)
    assert found[3:] == pytest.approx((0.0, 0.0, 0.0), abs=1e-12)


def test_prisms_apart() -> None:
    """No trace outside the body (div B = 0); far away the point dipole, off by (size/distance)^2 at most."""
    edges, magnetisation = (100e-9, 80e-9, 20e-9), 8e5
    tensor = dipole.prism_tensor(edges, (130e-9, 40e-9, 35e-9))
    assert sum(tensor[:3]) == pytest.approx(0.0, abs=1e-11)
    moment = magnetisation * edges[0] * edges[1] * edges[2]
    for first, second in ((X, X), (Z, Z), (X, Y), (Y, Z)):
        for distance in (1e-6, 2e-6):
            apart = (0.6 * distance, 0.5 * distance, 0.4 * distance)
            exact = dipole.prism_energy(magnetisation, edges, first, second, apart)
            point = dipole.energy(_scaled(first, moment), _scaled(second, moment), apart)
            assert exact == pytest.approx(point, rel=5 * (100e-9 / distance) ** 2)
