"""Soft magnetic discs that are single-domain or hold a vortex, coupled by the dipole fields of those that are.

    E = eps sum_i x_i + sum_{i<j} x_i x_j m_i.T_ij.m_j,   x_i = 1 single-domain (moment m_i free in the plane), 0 vortex

A vortex closes its flux and has no dipole field. eps is what the single-domain state costs an isolated disc near the
boundary of both states, on the vortex's side: discs with neighbours at the right places stay single-domain. A pair head
to tail gains w(r) = -E: with w as affinity, finding the lowest state is a quadratic programme in x (Bhanja et al.,
doi:10.1038/nnano.2015.245), made harder by the moments' directions, which cannot please all neighbours at once.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np
from numba import uint32, uint64

from spinloom.devices import nanomagnet_bodies as bodies
from spinloom.devices.two_state_kernels import in_pieces
from spinloom.engines import launch
from spinloom.errors import InputError
from spinloom.physics import rng

_STREAM_DISCS = 6
_FAR = 12.0
"""Distance in diameters beyond which discs are points (to 0.3 %)."""

# stand-in, replaced by launch.bind
draw: Any = None


def _relax(txx, txy, tyy, cost, heat, seed, stream, first, last, single, angle):
    """Metropolis sweeps of runs ``first`` to ``last`` - 1, one a heat; single (runs, n) of 0 and 1, angle [rad]."""
    low = uint32(uint64(seed) & uint64(0xFFFFFFFF))
    high = uint32(uint64(seed) >> uint64(32))
    n = single.shape[1]
    fx, fy, mx, my = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    for run in range(first, last):
        for i in range(n):
            mx[i], my[i] = math.cos(angle[run, i]), math.sin(angle[run, i])
        for i in range(n):
            fx[i], fy[i] = 0.0, 0.0
            for j in range(n):
                if single[run, j] == 1:
                    fx[i] += txx[i, j] * mx[j] + txy[i, j] * my[j]
                    fy[i] += txy[i, j] * mx[j] + tyy[i, j] * my[j]
        event = 0
        for sweep in range(heat.size):
            for i in range(n):
                words = draw(low, high, uint32(run), uint64(event), stream)
                event += 1
                before = single[run, i]
                turn = 2.0 * math.pi * ((float(words[1]) + 0.5) * 2.0**-32 - 0.5)
                move = uint32(words[0]) & uint32(3)
                after = before if move >= uint32(2) else 1 - before
                if before == 0 and after == 0:
                    continue
                new = angle[run, i] + (turn if move != uint32(3) else 0.1 * turn)
                cx, cy = math.cos(new), math.sin(new)
                change = 0.0
                if after == 1:
                    change += cost + cx * fx[i] + cy * fy[i]
                if before == 1:
                    change -= cost + mx[i] * fx[i] + my[i] * fy[i]
                if change > 0.0 and (float(words[2]) + 0.5) * 2.0**-32 >= math.exp(-change / heat[sweep]):
                    continue
                dx = after * cx - before * mx[i]
                dy = after * cy - before * my[i]
                for j in range(n):
                    fx[j] += txx[j, i] * dx + txy[j, i] * dy
                    fy[j] += txy[j, i] * dx + tyy[j, i] * dy
                mx[i], my[i] = cx, cy
                angle[run, i], single[run, i] = new, after


@functools.cache
def _kernel() -> Any:
    return launch.compiled(_relax, {"draw": rng.draw})


class Relaxed(NamedTuple):
    """Single-domain (1) or vortex (0) (runs, n), directions of the moments [rad], energies (runs,) in E_0."""

    single: np.ndarray
    angle: np.ndarray
    energy: np.ndarray


@final
@dataclass(frozen=True)
class PairLaw:
    """Coupling of two equal discs over their distance, in units of E_0: the pair head to tail at ``closest``.

    Attributes
    ----------
    diameter, thickness, closest : float
        [m]; ``closest`` is the smallest distance of centres.
    moment : float
        M_s V [A m^2].
    """

    diameter: float
    thickness: float
    closest: float
    moment: float

    def __post_init__(self) -> None:
        """Refuse discs that overlap."""
        if not (self.diameter > 0 and self.thickness > 0 and self.moment > 0 and self.closest >= self.diameter):
            raise InputError("diameter, thickness and moment must be above 0, and closest at least the diameter.")

    @functools.cached_property
    def _table(self) -> tuple[np.ndarray, np.ndarray]:
        """Distances [m] and [longitudinal, transverse] energies over those of points."""
        points, weights = bodies.nodes("ellipse", self.diameter, self.diameter, self.thickness)
        distance = np.geomspace(self.closest, _FAR * self.diameter, 40)
        ratio = np.empty((2, distance.size))
        for k, r in enumerate(distance):
            for row, (unit, of_points) in enumerate(zip(np.eye(3)[:2], (-2e-7, 1e-7), strict=True)):
                energy = bodies.pair_energy(unit, unit, np.array([r, 0.0, 0.0]), (points, points), weights)
                ratio[row, k] = energy * r**3 / of_points
        return distance, ratio

    def _over_points(self, distance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        known, ratio = self._table
        first, second = (np.interp(distance, known, row, right=1.0) for row in ratio)
        return first, second

    @functools.cached_property
    def unit(self) -> float:
        """E_0 [J]: the energy that two discs at ``closest`` gain head to tail."""
        return 2e-7 * self.moment**2 / self.closest**3 * float(self._table[1][0, 0])

    def gain(self, distance: np.ndarray | float) -> np.ndarray:
        """w(r)/E_0 of a pair head to tail at ``distance`` [m]: 1 at ``closest``, falling about as 1/r^3."""
        r = np.asarray(distance, float)
        return self._over_points(r)[0] / self._table[1][0, 0] * (self.closest / r) ** 3

    def distance(self, gain: np.ndarray | float) -> np.ndarray:
        """The distance [m] at which a pair gains ``gain`` E_0, for gains in 0..1; 0 gives infinity."""
        wanted = np.asarray(gain, float)
        known = np.geomspace(self.closest, 1e3 * self.closest, 4000)
        found = np.exp(np.interp(-np.log(np.maximum(wanted, 1e-300)), -np.log(self.gain(known)), np.log(known)))
        return np.where(wanted > self.gain(known[-1]), found, np.inf)

    def tensor(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """T_xx, T_xy, T_yy (n, n) in E_0 for unit moments at ``positions`` (n, 2) [m]; 0 on the diagonal."""
        apart = positions[None] - positions[:, None]
        r = np.linalg.norm(apart, axis=2)
        np.fill_diagonal(r, 1.0)
        if len(r) > 1 and r[np.triu_indices(len(r), 1)].min() < self.closest * (1 - 1e-6):
            raise InputError("Discs lie closer than the smallest distance.")
        longitudinal, transverse = self._over_points(r)
        scale = 1e-7 * self.moment**2 / r**3 / self.unit
        np.fill_diagonal(scale, 0.0)
        ex, ey = apart[..., 0] / r, apart[..., 1] / r
        along, across = -2.0 * scale * longitudinal, scale * transverse
        return along * ex**2 + across * ey**2, (along - across) * ex * ey, along * ey**2 + across * ex**2


def relax(
    law: PairLaw, positions: np.ndarray, cost: float, heat: np.ndarray, *, runs: int = 1, seed: int = 0
) -> Relaxed:
    """Excite all discs to single domains along a field, then let them cool; read which stay single-domain.

    Parameters
    ----------
    law, positions : PairLaw, ndarray (n, 2)
        Discs and their places [m].
    cost : float
        eps in units of E_0.
    heat : ndarray (sweeps,)
        Agitation k T/E_0 of each sweep: what is left of the excitation, room temperature at the end.
    runs, seed : int
        Independent runs, each with a field of its own direction; the same seed gives the same states.

    Raises
    ------
    InputError
        Heats that are not above 0, no runs, discs that overlap.
    """
    places, agitation = np.asarray(positions, float), np.atleast_1d(np.asarray(heat, float))
    if runs < 1 or not (agitation > 0).all() or not np.isfinite(cost):
        raise InputError("runs and every heat must be above 0, and the cost finite.")
    txx, txy, tyy = law.tensor(places)
    field = np.random.default_rng((seed, 0xD15C)).uniform(0.0, 2.0 * math.pi, (runs, 1))
    angle = np.repeat(field, len(places), axis=1)
    single = np.ones((runs, len(places)), np.int8)
    kernel = _kernel()

    def work(first: int, last: int) -> None:
        kernel(txx, txy, tyy, float(cost), agitation, np.uint64(seed), _STREAM_DISCS, first, last, single, angle)

    in_pieces(work, runs, piece=4)
    mx, my = single * np.cos(angle), single * np.sin(angle)
    pairs = np.einsum("ri,ij,rj->r", mx, txx, mx) + np.einsum("ri,ij,rj->r", my, tyy, my)
    pairs += 2.0 * np.einsum("ri,ij,rj->r", mx, txy, my)
    return Relaxed(single, angle % (2.0 * math.pi), cost * single.sum(axis=1) + 0.5 * pairs)
