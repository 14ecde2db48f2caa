"""Runs of many macrospin trajectories: initial states, the step guard, the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from spinloom import engines
from spinloom.devices.macrospin import Macrospin
from spinloom.devices.solver import Solver
from spinloom.devices.waveform import Drive
from spinloom.engines.drift_diffusion import DriftDiffusion, Grid
from spinloom.engines.job import Job, Sizes
from spinloom.errors import InputError
from spinloom.physics import fokker_planck, rng
from spinloom.units import si

Progress = Callable[[int, int], None]
Initial = str | float | Sequence[float] | np.ndarray
"""``"well"``: thermal equilibrium in the starting well; ``"axis"``: exactly on the axis; an angle from the axis
("5 deg" or radians); or given directions, (3,) or (3, n)."""

THERMALISE = 5.0
"""Relaxation times 1/(alpha gamma B_k) that a junction without symmetry is given to reach equilibrium in its well."""


@dataclass(frozen=True)
class Run:
    """Initial states and drive of an ensemble; ``side`` is the well: -1 (m_z < 0) or +1."""

    model: Macrospin
    drive: Drive
    solver: Solver
    copies: int
    seed: int = 0
    first_device: int = 0
    side: float = -1.0

    def axial(self) -> bool:
        """Whether the axial kernel holds for this model and drive."""
        spin_orbit = bool(np.any(self.drive.amplitudes(self.copies)[1]))
        return self.model.is_axial(self.drive.direction(), spin_orbit)

    def check(self) -> np.ndarray:
        """The drive amplitudes (4, copies), after the time-step guard."""
        if self.copies < 1:
            raise InputError(f"The number of trajectories must be at least 1, not {self.copies}.")
        amplitudes = self.drive.amplitudes(self.copies)
        if not np.isfinite(amplitudes).all():
            raise InputError("The drive must be finite numbers; one of them is infinite.")
        self.solver.guard(self.model.fastest_precession(amplitudes), self.model.damping)
        return amplitudes

    def evolve(
        self, state: np.ndarray, duration: float, every: int = 0, progress: Progress | None = None, first_step: int = 0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Final states (3, n) and recording (frames, 3, n) after ``duration`` [s], from step ``first_step`` on."""
        amplitudes = self.check()
        step, params = self.model.kernel(self.solver.scheme, self.drive.direction(), self.axial())
        waveform, row = self.drive.shape(self.copies)
        job = Job(
            state=np.asarray(state, self.solver.dtype), params=params, amplitude=amplitudes, waveform=waveform, row=row,
            dt=self.solver.dt, steps=max(round(duration / self.solver.dt), 0), seed=self.seed, every=every,
            first_step=first_step, first_device=self.first_device,
        )  # fmt: skip
        engine = engines.get(self.solver.engine)
        ensemble = engine.ensemble(step, rng.draw, Sizes(3, len(params), amplitudes.shape[0]))
        return ensemble.run(job, progress, self.solver.threads)

    def initial(self, how: Initial) -> np.ndarray:
        """Initial directions (3, copies)."""
        if isinstance(how, str) and how == "axis":
            return self._tilted(np.zeros(self.copies))
        if isinstance(how, str) and how == "well":
            return self._well()
        if isinstance(how, str | float | int):
            return self._tilted(np.full(self.copies, si(how, "angle", "initial angle")))
        given = np.asarray(how, float)
        norm = np.linalg.norm(given, axis=0)
        if given.shape not in ((3,), (3, self.copies)) or not np.all(np.isfinite(norm) & (norm > 0)):
            raise InputError(f"initial takes 'well', 'axis', an angle, or directions (3,) or (3, {self.copies}).")
        given = given / norm
        return np.repeat(given[:, None], self.copies, axis=1) if given.ndim == 1 else given

    def _tilted(self, angle: np.ndarray, azimuth: np.ndarray | float = 0.0) -> np.ndarray:
        sine = np.sin(angle)
        about_z = np.array([sine * np.cos(azimuth), sine * np.sin(azimuth), self.side * np.cos(angle)])
        return np.roll(about_z, self.model.easy_axis - 2, axis=0)

    def _well(self) -> np.ndarray:
        if self.model.temperature == 0:
            raise InputError(
                "At temperature 0 there is no thermal distribution; give initial as an angle, e.g. '2 deg'."
            )
        at_rest = Run(self.model, Drive(), self.solver, self.copies, self.seed, self.first_device, self.side)
        if not at_rest.axial():
            return at_rest._thermalised()
        grid = Grid.of()
        density = well_density(self.model, grid, self.side)
        cumulative = np.concatenate([[0.0], np.cumsum(density * grid.widths)])
        u, turn = self._uniform()
        z = np.interp(u, cumulative / cumulative[-1], grid.edges)
        return self._tilted(np.arccos(np.clip(self.side * z, -1.0, 1.0)), 2.0 * np.pi * turn)

    def _uniform(self) -> np.ndarray:
        """Two uniform numbers per trajectory (2, copies), from the stream kept for initial states."""
        nothing = np.zeros((1, self.copies))
        job = Job(
            np.zeros((2, self.copies)), np.zeros(1), nothing, lambda t: np.ones((t.size, 1, 1)), 1.0, 1, self.seed,
            first_device=self.first_device, stream=rng.STREAM_INITIAL_STATE,
        )  # fmt: skip
        return engines.get("cpu").ensemble(rng.uniform_step, rng.draw, Sizes(2, 1, 1)).run(job)[0]

    def _thermalised(self) -> np.ndarray:
        stiffness = max(self.model.stiffness) - min(self.model.stiffness)
        time = THERMALISE / (self.model.damping * self.model.gyromagnetic_ratio * stiffness)
        # steps far beyond those of any run: draws that nothing else uses
        return self.evolve(self._tilted(np.zeros(self.copies)), time, first_step=2**40)[0]


def operator(model: Macrospin, drives: np.ndarray, direction: np.ndarray, grid: Grid) -> DriftDiffusion:
    """The Fokker-Planck operator of an axial model under constant drives (4, systems)."""
    params = np.array(model.axial(direction))
    return DriftDiffusion(fokker_planck.drift, fokker_planck.spread, params, drives, grid)


def well_density(model: Macrospin, grid: Grid, side: float = -1.0) -> np.ndarray:
    """Boltzmann density of m_z (cells,) without drive, confined to one well and normalised."""
    density = operator(model, np.zeros((4, 1)), np.array([0.0, 0.0, 1.0]), grid).equilibrium()[0]
    density = np.where(grid.centres * side > 0, density, 0.0)
    return density / (density * grid.widths).sum()
