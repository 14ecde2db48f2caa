"""One-dimensional drift and diffusion of a probability density, exact in equilibrium, stable at any time step.

    dp/dt = -d/dz [ v(z) p - D(z) dp/dz ],   no flux through the ends.

Finite volumes with the flux of Scharfetter and Gummel (doi:10.1109/T-ED.1969.16566), which has the exact equilibrium,
and TR-BDF2 in time (second order, L-stable) on steps that grow from the start of each interval, where the density may
be a spike. Many systems (one for each drive) are solved as one tridiagonal system. Knows no physics: it is handed v, D.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from scipy.linalg import get_lapack_funcs

from spinloom.engines import kernels, launch
from spinloom.errors import InputError

CELLS = 400
STEPS = 160
"""Cells and steps per interval with which probabilities are good to 2e-4 (see the convergence test)."""
ITERATIONS = 200
"""Inverse iterations at most; one or two suffice behind a barrier, some tens without."""
_GAMMA = 2.0 - np.sqrt(2.0)  # TR-BDF2: both stages then share one matrix


@dataclass(frozen=True)
class Grid:
    """Cell edges, centres and widths on [-1, 1], clustered at both ends as the cosine of a uniform angle."""

    edges: np.ndarray
    centres: np.ndarray
    widths: np.ndarray

    @classmethod
    def of(cls, cells: int = CELLS) -> Grid:
        """A grid of ``cells`` cells."""
        edges = -np.cos(np.linspace(0.0, np.pi, cells + 1))
        return cls(edges, 0.5 * (edges[1:] + edges[:-1]), np.diff(edges))


@functools.cache
def _table(drift: Callable, spread: Callable, params: int, drives: int) -> Any:
    inlined = numba.njit(inline="always", fastmath=True)
    return launch.compiled(
        kernels.tabulate,
        {"drift": drift, "spread": spread},
        load_params=inlined(launch.reader(params, "a[#, l]")),
        load_drive=inlined(launch.reader(drives, "a[#, l]")),
    )


def _bernoulli(x: np.ndarray) -> np.ndarray:
    """x/(e^x - 1), with its limit 1 - x/2 at 0 and no overflow."""
    small = np.abs(x) < 1e-6
    safe = np.where(small, 1.0, np.clip(x, -700.0, 700.0))
    return np.where(small, 1.0 - 0.5 * x, safe / np.expm1(safe))


class DriftDiffusion:
    """The operator of one physics (drift and spread functions of z, params, drive) under one drive per system.

    Parameters
    ----------
    drift, spread : callable
        Scalar compiled functions ``drift(z, params, drive)`` and ``spread(z, params)`` [1/s].
    params : ndarray (n_params,)
    drives : ndarray (n_drive, systems)
    grid : Grid
    """

    def __init__(
        self, drift: Callable, spread: Callable, params: np.ndarray, drives: np.ndarray, grid: Grid | None = None
    ) -> None:
        self.grid = grid or Grid.of()
        self.systems = drives.shape[1]
        inner = self.grid.edges[1:-1]
        v = np.empty((self.systems, inner.size))
        d = np.empty_like(v)
        _table(drift, spread, len(params), len(drives))(
            inner, np.ascontiguousarray(params, float)[:, None], np.ascontiguousarray(drives, float), v, d
        )
        distance = np.diff(self.grid.centres)
        self._peclet = v * distance / d
        give, take = d / distance * _bernoulli(-self._peclet), d / distance * _bernoulli(self._peclet)
        # row i of dp/dt = M p: what cell i loses over its two edges and gains from its two neighbours
        self._main = np.zeros((self.systems, self.grid.widths.size))
        self._main[:, :-1] -= give
        self._main[:, 1:] -= take
        self._main /= self.grid.widths
        self._upper = np.zeros_like(self._main)  # entry i couples cell i to i + 1; the last one of a system is 0
        self._upper[:, :-1] = take / self.grid.widths[:-1]
        self._lower = np.zeros_like(self._main)
        self._lower[:, :-1] = give / self.grid.widths[1:]

    def equilibrium(self) -> np.ndarray:
        """The stationary density (systems, cells), each normalised: Boltzmann's, to rounding."""
        potential = np.concatenate([np.zeros((self.systems, 1)), np.cumsum(self._peclet, axis=1)], axis=1)
        density = np.exp(potential - potential.max(axis=1, keepdims=True))
        return density / (density * self.grid.widths).sum(axis=1, keepdims=True)

    def _times(self, p: np.ndarray) -> np.ndarray:
        out = self._main.ravel() * p
        out[:-1] += self._upper.ravel()[:-1] * p[1:]
        out[1:] += self._lower.ravel()[:-1] * p[:-1]
        return out

    def evolve(self, density: np.ndarray, duration: float, steps: int = STEPS) -> np.ndarray:
        """The density (systems, cells) after ``duration`` [s]."""
        p = np.ascontiguousarray(density, float).ravel().copy()
        factorise, solve = get_lapack_funcs(("gttrf", "gttrs"), (p,))
        ticks = duration * np.linspace(0.0, 1.0, steps + 1) ** 3
        for h in np.diff(ticks):
            a = 0.5 * _GAMMA * h
            factors = factorise(
                -a * self._lower.ravel()[:-1], 1.0 - a * self._main.ravel(), -a * self._upper.ravel()[:-1]
            )[:5]
            middle = solve(*factors, p + a * self._times(p))[0]
            p = solve(*factors, (middle / _GAMMA - (1.0 - _GAMMA) ** 2 / _GAMMA * p) / (2.0 - _GAMMA))[0]
        return p.reshape(self.systems, -1)

    def slowest_rate(self, system: int = 0) -> float:
        """The smallest non-zero relaxation rate [1/s] of one system: for a double well the sum of both escape rates.

        By inverse iteration on the backward operator, which detailed balance lets us invert by two running sums: exact
        to rounding at any barrier, where an eigenvalue solver loses rates below 1e-16 of the fastest one.

        Raises
        ------
        InputError
            A potential so deep (about 700 in units of D) that its densities underflow.
        """
        mass = (self.equilibrium() * self.grid.widths)[system]
        # k_j = mass_{j+1} (rate from cell j + 1 down to j): the exchange over edge j, the same both ways
        exchange = mass[1:] * self._upper[system, :-1] * self.grid.widths[:-1] / self.grid.widths[1:]
        if not (exchange > 0).all():
            raise InputError("The potential is too deep for a relaxation rate: its densities underflow.")
        deep = int(np.argmax(mass))  # sums run towards the deepest cell, where they are known to vanish
        # a start of equal weight everywhere: the slowest mode may live where next to nothing is in equilibrium
        u = (self.grid.centres - self.grid.centres[deep]) / np.sqrt(mass)
        rate = np.inf
        for _ in range(ITERATIONS):
            u = u - (mass * u).sum()
            left, right = np.cumsum((mass * u)[:deep]), np.cumsum((mass * u)[:deep:-1])[::-1]
            slope = np.concatenate([-left, right]) / exchange
            v = np.concatenate([-np.cumsum(slope[:deep][::-1])[::-1], [0.0], np.cumsum(slope[deep:])])
            v -= (mass * v).sum()
            before, rate = rate, (mass * u * u).sum() / (mass * u * v).sum()
            if abs(rate - before) <= 1e-12 * rate:
                break
            u = (v - v[deep]) / np.abs(v).max()
        return float(rate)

    def divide(self, system: int = 0) -> float:
        """z of the top between two wells: the lowest minimum of the equilibrium density (a parabola of its logarithm).

        Raises
        ------
        InputError
            There is one well only.
        """
        p = self.equilibrium()[system]
        inner = p[1:-1]
        tops = np.flatnonzero((inner < p[:-2]) & (inner <= p[2:]))
        if tops.size == 0:
            raise InputError("There is no barrier between two wells here: the drive leaves one state only.")
        around = slice(tops[np.argmin(inner[tops])], tops[np.argmin(inner[tops])] + 3)
        z = self.grid.centres[around]
        curvature, slope, _ = np.polyfit(z - z[1], np.log(p[around]), 2)
        return float(z[1] - 0.5 * slope / curvature)

    def escape_rates(self, system: int = 0) -> tuple[float, float]:
        """(rate up, rate down) [1/s] between two wells: out of the lower z, and out of the higher z.

        Their sum is the slowest rate, their ratio that of the equilibrium populations on both sides of the top.
        Meaningful where both wells are some k_B T deep: corrections are of the order of the population at the top.

        Raises
        ------
        InputError
            There is one well only.
        """
        mass = (self.equilibrium() * self.grid.widths)[system]
        top, edges = self.divide(system), self.grid.edges
        below = np.interp(top, edges, np.concatenate([[0.0], np.cumsum(mass)]))
        above = np.interp(top, edges, np.concatenate([np.cumsum(mass[::-1])[::-1], [0.0]]))
        rate = self.slowest_rate(system)
        return float(rate * above), float(rate * below)

    def first_passage(self, density: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation [s] of the time to rise from a density (cells,) to z = ``level``, per system.

        The backward equation L T_n = -n T_(n-1) is solved upwards from z = -1, in sums of positive terms: exact for the
        operator, at any barrier. What starts above the level counts with time 0.
        """
        cells, widths = int((self.grid.centres < level).sum()), self.grid.widths
        up = self._lower[:, :cells] * widths[1 : cells + 1] / widths[:cells]
        down = np.zeros_like(up)
        down[:, 1:] = self._upper[:, : cells - 1] * widths[: cells - 1] / widths[1:cells]
        mass = (density * widths)[:cells]
        below, beyond = self.grid.centres[cells - 1], self.grid.centres[cells]

        def times(source: np.ndarray) -> np.ndarray:
            """T of each cell where L T = -source, 0 at the level."""
            fall = np.zeros((self.systems, cells))
            for i in range(cells):
                fall[:, i] = (source[:, i] + down[:, i] * (fall[:, i - 1] if i else 0.0)) / up[:, i]
            fall[:, -1] *= (level - below) / (beyond - below)  # the level lies between two centres
            return np.cumsum(fall[:, ::-1], axis=1)[:, ::-1]

        first = times(np.ones((self.systems, cells)))
        second = times(2.0 * first)
        mean = first @ mass
        return mean, np.sqrt(second @ mass - mean**2)
