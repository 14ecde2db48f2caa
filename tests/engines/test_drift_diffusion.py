"""The drift-diffusion solver: equilibrium, closed-form decay, convergence."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from spinloom.engines.drift_diffusion import CELLS, STEPS, DriftDiffusion, Grid


@njit
def _pull(z, params, drive):
    return (1.0 - z * z) * (drive[0] - params[0] * z)


@njit
def _free(z, params):
    return (1.0 - z * z) * params[1]


def _operator(pull: float, spread: float, drives, cells: int = CELLS) -> DriftDiffusion:
    return DriftDiffusion(
        _pull, _free, np.array([pull, spread]), np.atleast_2d(np.asarray(drives, float)), Grid.of(cells)
    )


def test_equilibrium_is_boltzmanns():
    # v/D is the gradient of u z - a z^2/2, in units of D: exact in the scheme at every cell edge
    solver = _operator(3.0, 0.5, [0.7])
    z, w = solver.grid.centres, solver.grid.widths
    exact = np.exp((0.7 * z - 1.5 * z**2) / 0.5)
    exact /= (exact * w).sum()
    np.testing.assert_allclose(solver.equilibrium()[0], exact, rtol=2e-4)  # the midpoint rule over one cell
    after = solver.evolve(solver.equilibrium(), 10.0)
    np.testing.assert_allclose(after[0], solver.equilibrium()[0], rtol=1e-9)  # stationary to rounding


def test_free_diffusion_on_the_sphere_decays_by_legendre_modes():
    # <P_l(z)> decays as exp(-l(l+1) D t): from a spike at the pole, l = 1 and 2
    solver = _operator(0.0, 0.3, [0.0])
    z, w = solver.grid.centres, solver.grid.widths
    start = np.zeros_like(z)
    start[-1] = 1.0 / w[-1]
    for time in (0.1, 1.0):
        p = solver.evolve(start[None], time)[0]
        assert (p * w).sum() == pytest.approx(1.0, abs=1e-10)
        # second order in cells (pi/400)^2 and in time
        assert (z * p * w).sum() == pytest.approx(np.exp(-2 * 0.3 * time), abs=1e-4)
        assert (0.5 * (3 * z**2 - 1) * p * w).sum() == pytest.approx(np.exp(-6 * 0.3 * time), abs=1e-4)


def test_slowest_rate_of_free_diffusion():
    assert _operator(0.0, 0.3, [0.0]).slowest_rate() == pytest.approx(2 * 0.3, rel=1e-4)  # l = 1


def test_switching_probability_has_converged():
    # the shipped grid against one four times finer in both: the stated 2e-4
    def switched(cells, steps):
        solver = _operator(-8.0, 0.5, np.linspace(0, 12, 13), cells)
        p = np.zeros((13, cells))
        p[:, 0] = 1.0 / solver.grid.widths[0]
        p = solver.evolve(p, 2.0, steps)
        return (p * solver.grid.widths)[:, solver.grid.centres > 0].sum(axis=1)

    assert np.abs(switched(CELLS, STEPS) - switched(4 * CELLS, 4 * STEPS)).max() < 2e-4
