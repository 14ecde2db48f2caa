"""Many two-state junctions as arrays: rates in closed form, flips by waiting times, samples, driven steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import final

import numpy as np

from spinloom import engines
from spinloom.devices import two_state_kernels as kernels
from spinloom.devices.waveform import Constant, Waveform
from spinloom.engines.job import Job, Sizes
from spinloom.errors import InputError
from spinloom.physics import rng, telegraph
from spinloom.units import si

_STEADY = Constant()
LONGEST = 2**24
"""Steps after which a float32 count of flips would no longer be exact: longer runs are cut there."""


@final
@dataclass(frozen=True)
class TwoState:
    """Superparamagnetic junctions as two-state Markov processes, one array entry a junction.

        1/tau_P->AP = f0 exp(-Delta (1 + x)),  1/tau_AP->P = f0 exp(-Delta (1 - x)),  x = (I - I_0)/I_c

    State 1 is parallel; a positive current favours it. Currents broadcast against the junctions: shape (..., n).
    Valid for |x| well below 1, where a barrier is left (see ``physics.telegraph`` for the sources).

    Attributes
    ----------
    attempt_frequency, thermal_stability, critical_current, offset_current : ndarray (n,)
        f0 [Hz], Delta, I_c [A], I_0 [A]; numbers are taken for all junctions.

    Raises
    ------
    InputError
        Lengths that do not fit, NaN, f0 or I_c not above 0, a negative Delta.
    """

    attempt_frequency: np.ndarray
    thermal_stability: np.ndarray
    critical_current: np.ndarray
    offset_current: np.ndarray

    def __post_init__(self) -> None:
        """Make arrays of one length, and check them."""
        given = {f.name: np.atleast_1d(np.asarray(getattr(self, f.name), float)) for f in fields(self)}
        try:
            arrays = dict(zip(given, np.broadcast_arrays(*given.values()), strict=True))
        except ValueError:
            lengths = ", ".join(f"{name} {array.size}" for name, array in given.items())
            raise InputError(f"Each junction needs one value of everything; the lengths are {lengths}.") from None
        for name, array in arrays.items():
            if array.ndim != 1 or not np.isfinite(array).all():
                raise InputError(f"{name} must be a list of finite numbers, one a junction.")
            object.__setattr__(self, name, array)
        if (self.attempt_frequency <= 0).any() or (self.critical_current <= 0).any():
            raise InputError("attempt_frequency and critical_current must be more than 0.")
        if (self.thermal_stability < 0).any():
            raise InputError("thermal_stability must not be negative.")

    @property
    def count(self) -> int:
        """Number of junctions n."""
        return self.attempt_frequency.size

    def __getitem__(self, index: int | slice | np.ndarray) -> TwoState:
        """Some of the junctions."""
        return TwoState(*(np.atleast_1d(getattr(self, f.name)[index]) for f in fields(self)))

    @classmethod
    def concatenate(cls, parts: Sequence[TwoState]) -> TwoState:
        """All junctions of several arrays, in order."""
        return cls(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls)))

    def shifted(self, bias: float | np.ndarray) -> TwoState:
        """Junctions with a bias [A] added to every input: their curves move by -bias along the input's axis."""
        return TwoState(
            self.attempt_frequency,
            self.thermal_stability,
            self.critical_current,
            self.offset_current - np.asarray(bias),
        )

    # ---- closed forms -------------------------------------------------------------------------------------------

    def drive_ratio(self, current: float | np.ndarray) -> np.ndarray:
        """x = (I - I_0)/I_c, shape (..., n)."""
        amperes = np.asarray(current, float)
        if not np.isfinite(amperes).all():
            raise InputError("A current is NaN or infinite.")
        try:
            return (amperes - self.offset_current) / self.critical_current
        except ValueError:
            raise InputError(
                f"Currents of shape {amperes.shape} do not fit {self.count} junctions: the last dimension must be 1 or "
                f"{self.count}."
            ) from None

    def rates(self, current: float | np.ndarray = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """(1/tau_P->AP, 1/tau_AP->P) [1/s], each (..., n)."""
        ratio = self.drive_ratio(current)
        scale = self.peak_rate
        return scale * np.exp(-self.thermal_stability * ratio), scale * np.exp(self.thermal_stability * ratio)

    def probability_parallel(self, current: float | np.ndarray = 0.0) -> np.ndarray:
        """p_P = 1/(1 + exp(-2 Delta x)), the share of time in the parallel state."""
        return 0.5 * (1.0 + np.tanh(self.thermal_stability * self.drive_ratio(current)))

    def flip_rate(self, current: float | np.ndarray = 0.0) -> np.ndarray:
        """Mean flips a second, 2/(tau_P + tau_AP) = f0 exp(-Delta)/cosh(Delta x)."""
        return self.peak_rate / np.cosh(self.thermal_stability * self.drive_ratio(current))

    @property
    def peak_rate(self) -> np.ndarray:
        """Flips a second at x = 0, f0 exp(-Delta), (n,): the top of the bell."""
        return self.attempt_frequency * np.exp(-self.thermal_stability)

    @property
    def width(self) -> np.ndarray:
        """I_c/Delta [A], (n,): changes the ratio of the rates by e^2; the bell's half width is arccosh 2 of it."""
        return self.critical_current / self.thermal_stability

    def count_variance(self, current: float | np.ndarray, duration: float) -> np.ndarray:
        """Variance of the number of flips within ``duration`` [s] in the steady state, shape of ``current``.

            Var N = r T + r (b - a)^2/s [T/s - (1 - exp(-s T))/s^2],   s = a + b,   r = 2 a b/s

        with both escape rates a and b: Poisson at the peak (a = b), up to twice that on the flanks, where flips come in
        pairs. Derived from the two-time density of flips of a two-state Markov process.
        """
        a, b = self.rates(current)
        s = a + b
        rate = 2.0 * a * b / s
        memory = duration / s + np.expm1(-s * duration) / s**2
        return rate * duration + rate * (b - a) ** 2 / s * memory

    def correlation_time(self, current: float | np.ndarray = 0.0) -> np.ndarray:
        """tau* [s] of the autocorrelation exp(-t/tau*): one over the sum of both rates."""
        leave_parallel, leave_antiparallel = self.rates(current)
        return 1.0 / (leave_parallel + leave_antiparallel)

    def transition(self, current: float | np.ndarray, interval: float) -> np.ndarray:
        """P(another state after ``interval`` [s]) out of 0 and out of 1, (2, ..., n): exact, double flips included."""
        leave_parallel, leave_antiparallel = self.rates(current)
        total = leave_parallel + leave_antiparallel
        return np.stack([leave_antiparallel, leave_parallel]) / total * -np.expm1(-total * interval)

    # ---- chance -------------------------------------------------------------------------------------------------

    def start(self, current: float | np.ndarray, seed: int, start: float | np.ndarray | None = None) -> np.ndarray:
        """Initial states (..., n) as uint8: those given, or drawn from equilibrium at ``current``."""
        share = self.probability_parallel(current)
        if start is None:
            return (np.random.default_rng((seed, 0x5EED)).random(share.shape) < share).astype(np.uint8)
        given = np.asarray(start)
        if not np.isin(given, (0, 1)).all():
            raise InputError("Initial states are 0 (antiparallel) or 1 (parallel).")
        return np.broadcast_to(given, share.shape).astype(np.uint8)

    def flips(
        self,
        current: float | np.ndarray,
        duration: float | str | np.ndarray,
        seed: int = 0,
        start: float | np.ndarray | None = None,
        threads: int | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of flips within a time at constant current, and the states at its end: exact, by waiting times.

        Parameters
        ----------
        current : array (..., n)
            Currents [A]; each element is an independent run with chance of its own.
        duration : quantity
            Time [s]: one for all, or an array that broadcasts against the currents.
        seed : int
        start : array or None
            Initial states (..., n); None draws them from equilibrium.

        Returns
        -------
        (counts, states) : ndarray of int64, ndarray of uint8
            Both (..., n). The cost is that of the flips: about 20 ns each on one core.

        Raises
        ------
        InputError
            A negative duration, currents that do not fit, more than 2^32 runs.
        """
        first = self.start(current, seed, start)
        seconds = np.asarray(si(duration, "time", "duration") if isinstance(duration, str) else duration, float)
        if not (np.isfinite(seconds).all() and (seconds >= 0).all()):
            raise InputError("duration must be a time of 0 or more.")
        shape = np.broadcast_shapes(first.shape, seconds.shape)
        if math.prod(shape) >= 2**32:
            raise InputError(f"{math.prod(shape):,} runs are more than 2^32; split them, with a seed for each part.")
        leave = np.stack([np.broadcast_to(rate, shape).ravel() for rate in self.rates(current)[::-1]])
        counts, final_states = kernels.waiting_times(
            leave, np.broadcast_to(first, shape).ravel(), np.broadcast_to(seconds, shape).ravel(), seed, threads
        )
        return counts.reshape(shape), final_states.reshape(shape)

    def states(
        self,
        current: float | np.ndarray,
        interval: float | str,
        samples: int,
        seed: int = 0,
        start: float | np.ndarray | None = None,
        threads: int | None = None,
    ) -> np.ndarray:
        """States sampled every ``interval`` [s] at constant current, (samples, n) of uint8: exact at any interval.

        The first sample is taken one interval after the start. ``current`` is a number or one a junction.
        """
        seconds = si(interval, "time", "interval")
        if seconds <= 0 or samples < 1:
            raise InputError("interval must be more than 0, and samples at least 1.")
        if np.ndim(current) > 1:
            raise InputError("states takes one current, or one for each junction.")
        probability = np.ascontiguousarray(self.transition(current, seconds))
        return kernels.samples(probability, self.start(current, seed, start), samples, seed, threads)

    def follow(
        self,
        current: float | np.ndarray,
        step: float | str,
        steps: int,
        seed: int = 0,
        *,
        waveform: Waveform = _STEADY,
        start: float | np.ndarray | None = None,
        every: int = 0,
        engine: str = "cpu",
        threads: int | None = None,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Step by step under a current that changes in time, on either engine.

        Each step uses the exact transition probability at the current of its middle; of several flips within a step
        only the outcome is seen. Accurate where the current changes little within a step.

        Parameters
        ----------
        current : array (n,) or float
            Amplitudes [A], times ``waveform`` (times [s] -> values).
        step, steps : quantity, int
            Length [s] and number of steps.
        every : int
            Record the states after each ``every`` steps; 0 records none.
        engine : {"cpu", "cuda"}

        Returns
        -------
        (state, flips, record) : ndarray (n,) uint8, ndarray (n,) int64, ndarray (frames, n) uint8
        """
        seconds = si(step, "time", "step")
        if seconds <= 0 or steps < 0:
            raise InputError("step must be more than 0, and steps not negative.")
        amperes = np.broadcast_to(np.asarray(current, float), (self.count,))
        first = self.start(amperes * waveform(np.zeros(1))[0], seed, start)
        params = np.stack(
            [np.log(self.attempt_frequency), self.thermal_stability, 1.0 / self.critical_current, self.offset_current]
        )
        if isinstance(waveform, Constant):  # the probabilities are then known beforehand: no exponentials in the loop
            params, amplitude = self.transition(amperes, seconds)[::-1], np.zeros((0, self.count))
            kernel, sizes = telegraph.constant_step, Sizes(2, 2, 0)
        else:
            amplitude, kernel, sizes = amperes[None], telegraph.driven_step, Sizes(2, 4, 1)
        ensemble = engines.get(engine).ensemble(kernel, rng.draw, sizes)
        piece = LONGEST if not every else max(LONGEST // every, 1) * every
        state, counts, frames = first.astype(np.float32), np.zeros(self.count, np.int64), []
        for begin in range(0, steps, piece):
            job = Job(
                state=np.stack([state, np.zeros_like(state)]), params=params, amplitude=amplitude,
                waveform=lambda times: np.broadcast_to(waveform(times)[:, None, None], (times.size, len(amplitude), 1)),
                dt=seconds, steps=min(piece, steps - begin), seed=seed, every=every, first_step=begin,
            )  # fmt: skip
            (state, flips), record = ensemble.run(job, threads=threads)
            counts += flips.astype(np.int64)
            frames.append(record[:, 0].astype(np.uint8))
        record = np.concatenate(frames) if frames else np.empty((0, self.count), np.uint8)
        return state.astype(np.uint8), counts, record
