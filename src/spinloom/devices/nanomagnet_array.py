"""Nanomagnets that feel each other's dipole fields: their couplings, and their thermal flips in continuous time."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field
from typing import Literal, final

import numpy as np

from spinloom.devices import nanomagnet_bodies as bodies
from spinloom.devices import nanomagnet_kernels as kernels
from spinloom.devices.nanomagnet_bodies import Shape
from spinloom.errors import InputError
from spinloom.physics.constants import BOLTZMANN
from spinloom.units import si

Model = Literal["bodies", "points"]
MOST_COUNTED = 16
"""Magnets up to which the time in each joint state is recorded: 2^16 numbers a run."""
_MOST_EVENTS = 1e11


@final
@dataclass(frozen=True)
class Flips:
    """What an array did: states (runs, intervals, n) of +-1, share of time in each joint state (runs, 2^n), flips.

    Joint state number k has magnet i up where bit i of k is 1. ``occupation`` is None for more than 16 magnets.
    """

    states: np.ndarray
    occupation: np.ndarray | None
    flips: np.ndarray
    duration: float

    def correlations(self) -> tuple[np.ndarray, np.ndarray]:
        """<s_i s_j> over time (n, n) and its standard error from the spread between runs."""
        if self.occupation is None:
            raise InputError(f"Correlations over time are recorded for at most {MOST_COUNTED} magnets; use .states.")
        signs = joint_states(self.states.shape[2]).astype(float)
        each = np.einsum("rk,ki,kj->rij", self.occupation, signs, signs, optimize=True)
        return each.mean(axis=0), each.std(axis=0, ddof=1) / math.sqrt(len(each))


def joint_states(count: int) -> np.ndarray:
    """All 2^n states (2^n, n) of +-1: magnet i of state k is up where bit i of k is 1."""
    return (2 * ((np.arange(2**count)[:, None] >> np.arange(count)) & 1) - 1).astype(np.int8)


@final
@dataclass(frozen=True)
class NanomagnetArray:
    """Equal flat magnets with two states each, along and against their easy axes, coupled by dipole fields.

        E(s) = sum_i h_i s_i + sum_{i<j} J_ij s_i s_j,   J_ij: magnetostatic energy of i and j, both along their axes
        r_i = f0 exp(-Delta_i (1 + b_i)^2)     (``physics.tilted_barrier``: the local field tilts the barrier)

    Field components across the easy axis, which lower a barrier without favouring a state, are left out: the stationary
    law is Boltzmann's all the same, the times are not. Valid for single-domain magnets with fields below the anisotropy
    field.

    Attributes
    ----------
    positions : ndarray (n, 3)
        Centres [m].
    axes : ndarray (n, 3)
        Easy axes, made unit vectors; in the plane, where a body's length lies along its axis, or along z.
    moment : float
        M_s V [A m^2].
    body : tuple
        ("ellipse" or "rectangle", length, width, thickness [m]).
    barriers : ndarray (n,)
        Energy barriers [J]; a number is taken for all.
    attempt_frequency, temperature : float
        f0 [Hz], T [K].
    biases : ndarray (n,)
        h [J], e.g. -m B of an applied field; 0 by default.

    Raises
    ------
    InputError
        Shapes that do not fit, values that are not finite, magnets that overlap.
    """

    positions: np.ndarray
    axes: np.ndarray
    moment: float
    body: tuple[Shape, float, float, float]
    barriers: np.ndarray
    attempt_frequency: float = 1e9
    temperature: float = 300.0
    biases: np.ndarray = field(default_factory=lambda: np.zeros(1))

    def __post_init__(self) -> None:
        """Make arrays, and check them."""
        positions = np.atleast_2d(np.asarray(self.positions, float))
        n = len(positions)
        axes = np.asarray(self.axes, float)
        if positions.shape != (n, 3) or axes.shape not in ((3,), (n, 3)):
            raise InputError(f"positions {positions.shape} and axes {axes.shape}: give (n, 3) each, or one axis (3,).")
        axes = np.broadcast_to(axes, (n, 3))
        size = np.linalg.norm(axes, axis=1, keepdims=True)
        if not np.isfinite(positions).all() or not np.isfinite(axes).all() or (size == 0).any():
            raise InputError("positions and axes must be finite, and no axis may be 0.")
        axes = axes / size
        if ((np.abs(axes[:, 2]) > 1e-9) & (np.abs(axes[:, 2]) < 1 - 1e-9)).any():
            raise InputError("An easy axis lies in the plane or along z, not between.")
        apart = np.linalg.norm(positions[:, None] - positions, axis=2)
        np.fill_diagonal(apart, np.inf)
        closest = min(self.body[1], self.body[2])
        if apart.min() < closest * (1 - 1e-9):
            raise InputError(
                f"Two magnets are {1e9 * apart.min():.3g} nm apart, centre to centre, and overlap: their width is "
                f"{1e9 * closest:.3g} nm."
            )
        checked = {"positions": positions, "axes": axes}
        for name in ("barriers", "biases"):
            given = np.asarray(getattr(self, name), float)
            if given.size not in (1, n) or not np.isfinite(given).all():
                raise InputError(f"{name} must be one finite number or {n} of them.")
            checked[name] = np.broadcast_to(given.ravel(), (n,)).copy()
        if (checked["barriers"] < 0).any() or not (self.temperature > 0 and self.attempt_frequency > 0):
            raise InputError("barriers must not be negative; temperature and attempt_frequency must be above 0.")
        for name, array in checked.items():
            object.__setattr__(self, name, array)

    @property
    def count(self) -> int:
        """Number of magnets n."""
        return len(self.positions)

    @property
    def thermal_energy(self) -> float:
        """k_B T [J]."""
        return BOLTZMANN * self.temperature

    def couplings(self, model: Model = "bodies") -> np.ndarray:
        """J (n, n) [J], symmetric, 0 on the diagonal: ``bodies`` of real size, or ``points``, dipoles at the centres.

        Positive J favours antiparallel. Point dipoles are right at distances of several lengths; near by they
        underestimate magnets head to tail (at a gap of a fifth of the length by two fifths).
        """
        return (self._bodies if model == "bodies" else self._points).copy()

    @functools.cached_property
    def _points(self) -> np.ndarray:
        apart = self.positions[None] - self.positions[:, None]
        apart[np.arange(self.count), np.arange(self.count)] = 1.0
        moments = self.moment * self.axes
        found = bodies.energies(moments[:, None], moments[None], apart)
        np.fill_diagonal(found, 0.0)
        return found

    @functools.cached_property
    def _bodies(self) -> np.ndarray:
        moments = self.moment * self.axes
        points, weights = bodies.nodes(*self.body)
        placed = [bodies.turned(points, axis) for axis in self.axes]
        found = np.zeros((self.count, self.count))
        known: dict[tuple[float, ...], float] = {}  # in a regular network many pairs are the same
        for i in range(self.count):
            for j in range(i):
                apart = self.positions[i] - self.positions[j]
                key = (*np.round(apart, 15), *self.axes[i], *self.axes[j])
                if key not in known:
                    known[key] = bodies.pair_energy(moments[j], moments[i], apart, (placed[j], placed[i]), weights)
                found[i, j] = found[j, i] = known[key]
        return found

    def run(
        self,
        duration: str | float,
        *,
        runs: int = 1,
        seed: int = 0,
        law: kernels.Law = "neel",
        model: Model = "bodies",
        heat: np.ndarray | None = None,
        start: np.ndarray | None = None,
    ) -> Flips:
        """Thermal flips for ``duration`` [s], by exact waiting times; every run is independent.

        Parameters
        ----------
        runs, seed : int
            Number of independent runs; the same seed gives the same numbers at any thread count.
        law : {"neel", "heat bath"}
            Rates over tilted barriers, or a spin that chooses anew f0 times a second. Both lead to Boltzmann's law.
        model : {"bodies", "points"}
            As in :meth:`couplings`.
        heat : ndarray or None
            T over the array's temperature, in intervals of equal length within ``duration``; None is one interval of 1.
        start : ndarray (runs, n) or None
            +-1; None draws each at random.

        Raises
        ------
        InputError
            No runs, no duration, a heat that is not above 0, more events than can be followed.
        """
        duration = si(duration, "time", "duration")
        steps = np.ones(1) if heat is None else np.atleast_1d(np.asarray(heat, float))
        if runs < 1 or not duration > 0 or not (steps > 0).all():
            raise InputError("runs, duration and every heat must be above 0.")
        coldest = float(np.exp(-self.barriers.min() / self.thermal_energy / steps.max())) if law == "neel" else 1.0
        events = runs * self.count * self.attempt_frequency * coldest * duration
        if events > _MOST_EVENTS:
            raise InputError(f"About {events:.1g} flips would have to be followed; shorten the duration or the runs.")
        if start is None:
            start = 2 * np.random.default_rng((seed, 0xD1B0)).integers(0, 2, (runs, self.count)) - 1
        kt = self.thermal_energy
        counted = self.count <= MOST_COUNTED
        states, time, flips = kernels.follow(
            self.couplings(model) / kt,
            self.biases / kt,
            self.barriers / kt,
            np.full(self.count, self.attempt_frequency),
            steps,
            duration / steps.size,
            np.asarray(start),
            law=law,
            seed=seed,
            count_states=counted,
        )
        return Flips(states, time / duration if counted else None, flips, duration)
