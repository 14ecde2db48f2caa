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

CELLS = 400
STEPS = 160
"""Cells and steps per interval with which probabilities are good to 2e-4 (see the convergence test)."""
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
        """The smallest non-zero relaxation rate [1/s] of one system: for a double well the sum of both escape rates."""
        from scipy.linalg import eigh_tridiagonal

        # detailed balance makes the operator similar to a symmetric one
        off = np.sqrt(self._upper[system, :-1] * self._lower[system, :-1])
        rates = -eigh_tridiagonal(self._main[system], off, select="i", select_range=(off.size - 1, off.size))[0]
        return float(max(rates))
