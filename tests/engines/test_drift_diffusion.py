"""The drift-diffusion solver: equilibrium, closed-form decay, convergence."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from spinloom.engines.drift_diffusion import CELLS, STEPS, DriftDiffusion, Grid
from spinloom.errors import InputError


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


def _double_well(delta: float, tilt: float = 0.0) -> DriftDiffusion:
    """v/D is the gradient of Delta (z^2 + 2 tilt z), D = 1 - z^2."""
    return _operator(-2.0 * delta, 1.0, [2.0 * delta * tilt])


def test_escape_rates_are_kramers_at_any_barrier():
    # Brown's rate sqrt(Delta/pi) 2 Delta exp(-Delta) (1 - 1/Delta + O(Delta^-2)), D = 1; a barrier of 180 has rates
    # 1e-77 of the fastest mode's, out of reach of an eigenvalue solver in double precision
    for delta in (30.0, 60.0, 180.0):
        solver = _double_well(delta)
        brown = 2.0 * delta * np.sqrt(delta / np.pi) * np.exp(-delta) * (1.0 - 1.0 / delta)
        np.testing.assert_allclose(solver.escape_rates(), brown, rtol=2.0 / delta**2 + 2e-3)  # + the grid
        assert solver.divide() == pytest.approx(0.0, abs=0.01)


def test_escape_rates_of_tilted_wells():
    # h = 0.3: 2 Delta sqrt(Delta/pi) (1 - h^2)(1 -+ h) exp(-Delta (1 -+ h)^2) (1 - 1/(Delta (1 -+ h)^2)), 1 % at 40
    solver = _double_well(40.0, 0.3)
    assert solver.divide() == pytest.approx(-0.3, abs=0.01)  # the top is at z = -h
    for rate, h in zip(solver.escape_rates(), (-0.3, 0.3), strict=True):
        left = 40.0 * (1.0 + h) ** 2
        brown = 80.0 * np.sqrt(40.0 / np.pi) * (1.0 - h * h) * (1.0 + h) * np.exp(-left) * (1.0 - 1.0 / left)
        assert rate == pytest.approx(brown, rel=0.015)
    with pytest.raises(InputError, match="one state only"):
        _double_well(10.0, 1.5).escape_rates()


def test_slowest_rate_where_equilibrium_is_empty():
    # tilted beyond the barrier: the slowest mode sits at the unstable pole, where e^-120 of the probability is
    from scipy.linalg import eigvalsh_tridiagonal

    solver = _double_well(30.0, 1.5)
    off = np.sqrt(solver._upper[0, :-1] * solver._lower[0, :-1])
    rates = -eigvalsh_tridiagonal(solver._main[0], off)
    assert solver.slowest_rate() == pytest.approx(np.sort(np.abs(rates))[1], rel=1e-5)


def test_first_passage_of_free_diffusion():
    # from the south pole to the equator with D = 0.3: T(z) = ln(1 - z)/D, and the second moment by quadrature
    from scipy.integrate import quad

    solver = _operator(0.0, 0.3, [0.0])
    start = np.zeros_like(solver.grid.centres)
    start[0] = 1.0 / solver.grid.widths[0]
    mean, spread = solver.first_passage(start, 0.0)
    assert mean[0] == pytest.approx(np.log(2.0) / 0.3, rel=1e-3)
    inner = lambda y: quad(lambda z: 2 * np.log(1.0 - z) / 0.3, -1, y)[0] / (0.3 * (1 - y * y))  # noqa: E731
    second = quad(inner, -1 + 1e-10, 0.0)[0]
    assert spread[0] == pytest.approx(np.sqrt(second - (np.log(2.0) / 0.3) ** 2), rel=1e-3)


def test_switching_probability_has_converged():
    # the shipped grid against one four times finer in both: the stated 2e-4
    def switched(cells, steps):
        solver = _operator(-8.0, 0.5, np.linspace(0, 12, 13), cells)
        p = np.zeros((13, cells))
        p[:, 0] = 1.0 / solver.grid.widths[0]
        p = solver.evolve(p, 2.0, steps)
        return (p * solver.grid.widths)[:, solver.grid.centres > 0].sum(axis=1)

    assert np.abs(switched(CELLS, STEPS) - switched(4 * CELLS, 4 * STEPS)).max() < 2e-4
