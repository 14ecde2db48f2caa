"""Macrospins in each other's fields: the equilibrium of free moments, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import spinloom as sl
from spinloom.devices import nanomagnet_bodies as bodies
from spinloom.devices.coupled_macrospins import correlations
from spinloom.errors import InputError

MAGNET = sl.device("Debashis2016_magnet", thickness="0.6 nm")


@pytest.mark.parametrize("layout", ["chain", "column"])
def test_pair_reaches_the_equilibrium_of_free_moments(layout: str) -> None:
    """Against quadrature over both angles; 16 copies of 200 ns, 4.5 standard errors (Student: 4e-4), seed fixed.

    The quadrature leaves out moments out of the plane: 1/(2 x 150 kT) here, far below the error.
    """
    pair = MAGNET.layout(layout, 2, spacing="20 nm")
    found, error = correlations(MAGNET, pair, damping=1.0, duration=200e-9, copies=16, seed=1)
    points, weights = bodies.nodes(*pair.body)
    tensor = bodies.planar_tensor(pair.positions[1] - pair.positions[0], (points, points), weights) * pair.moment**2
    kt = pair.thermal_energy
    wanted = bodies.soft_pair(tensor / kt, MAGNET.thermal_stability(), pair.axes)
    assert abs(found[0, 1] - wanted) < 4.5 * error[0, 1]
    assert error[0, 1] < 0.06
    assert np.diag(found).tolist() == [1.0, 1.0]


def test_refusals() -> None:
    with pytest.raises(InputError, match="along x"):
        correlations(MAGNET, MAGNET.layout("ring", 3), damping=1.0, duration=1e-9)
    with pytest.raises(InputError, match="too long for the precession"):
        correlations(MAGNET, MAGNET.layout("chain", 2), damping=1.0, duration=1e-9, dt=2e-11)
    with pytest.raises(InputError, match="damping"):
        correlations(MAGNET, MAGNET.layout("chain", 2), damping=0.0, duration=1e-9)
