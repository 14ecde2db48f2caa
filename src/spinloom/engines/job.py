"""What an engine is asked to do: the same for all engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from spinloom.errors import InputError

Waveform = Callable[[np.ndarray], np.ndarray]
"""Drive shapes: times [s] (n,) -> values (n, channels, rows), times the amplitude of a trajectory's channels."""


class Sizes(NamedTuple):
    """Numbers of state components, parameters and drive channels that a step function works with."""

    state: int
    params: int
    drive: int


@dataclass
class Job:
    """Many copies of one stochastic system, from step ``first_step`` on.

    Attributes
    ----------
    state : ndarray (n_state, n)
        Initial states; the dtype (float32 or float64) is the precision of the run. Not changed.
    params : ndarray (n_params,) or (n_params, n)
        Shared by all copies, or one column a copy.
    amplitude : ndarray (n_drive, n)
        Drive amplitudes of each copy.
    waveform : callable
        Times (k,) -> (k, n_drive, rows); drive = amplitude * waveform at the middle of each step.
    row : ndarray (n,) of int
        Which row of the waveform a copy follows.
    dt, steps : float, int
        Step length [s] and number of steps.
    seed : int
        64-bit; a draw depends on (seed, first_device + index, step, stream) and nothing else.
    every : int
        Record the state after each ``every`` steps; 0 records nothing.
    """

    state: np.ndarray
    params: np.ndarray
    amplitude: np.ndarray
    waveform: Waveform
    dt: float
    steps: int
    seed: int = 0
    row: np.ndarray | None = None
    every: int = 0
    first_step: int = 0
    first_device: int = 0
    stream: int = 0
    copies: int = field(init=False)

    def __post_init__(self) -> None:
        """Check shapes once, before any engine sees them."""
        self.copies = self.state.shape[1]
        if self.state.dtype not in (np.float32, np.float64):
            raise InputError(f"An engine runs in float32 or float64, not {self.state.dtype}.")
        if self.copies == 0 or self.steps < 0:
            raise InputError("An ensemble needs at least one copy and no negative number of steps.")
        if self.params.ndim == 1:
            self.params = self.params[:, None]
        if self.params.shape[1] not in (1, self.copies):
            raise InputError(f"Give one set of parameters, or one for each of the {self.copies} copies.")
        if self.amplitude.shape[1] != self.copies:
            raise InputError(f"Give drive amplitudes for each of the {self.copies} copies.")
        if not (np.isfinite(self.state).all() and np.isfinite(self.params).all() and np.isfinite(self.amplitude).all()):
            raise InputError("The initial state, the parameters and the drive must be finite numbers.")
        if not 0 <= self.seed < 2**64:
            raise InputError(f"The seed must be a whole number from 0 to 2^64 - 1, not {self.seed}.")

    @property
    def shared(self) -> bool:
        """Whether all copies have the same parameters."""
        return self.params.shape[1] == 1

    @property
    def frames(self) -> int:
        """How many states are recorded."""
        return self.steps // self.every if self.every else 0

    def rows(self) -> np.ndarray:
        """The waveform row of each copy as int32."""
        return np.zeros(self.copies, np.int32) if self.row is None else np.asarray(self.row, np.int32)

    def shape(self, first: int, count: int) -> np.ndarray:
        """The waveform of ``count`` steps from ``first`` on, sampled at the middle of each, in the run's precision."""
        times = (self.first_step + first + np.arange(count) + 0.5) * self.dt
        values = np.asarray(self.waveform(times), self.state.dtype)
        if values.ndim != 3 or values.shape[:2] != (count, self.amplitude.shape[0]):
            raise InputError("A waveform must return (times, channels, rows).")
        if not np.isfinite(values).all():
            raise InputError("A waveform must return finite numbers.")
        return np.ascontiguousarray(values)

    def record(self) -> np.ndarray:
        """An empty recording (frames, n_state, n); one frame long when nothing is recorded."""
        return np.empty((max(self.frames, 1), self.state.shape[0], self.copies), self.state.dtype)
