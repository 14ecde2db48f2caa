"""A continuous attractor network of superparamagnetic junctions: the bump of flips that they hold among themselves.

Each junction takes part with its bell curve r(I) = r_0/cosh((I - I_0)/w), w = I_c/Delta, r_0 = f0 exp(-Delta). It is
biased ``bias`` widths below the peak, so that a recurrent current U raises its rate along the rising side of the bell;
past the peak more current lowers it, which limits the bump without any further circuit. Flips are counted in windows
of length h and pass the weights, a Gaussian excitation of neighbours and an equal inhibition of all:

    U_i <- U_i + (h/tau) ( -U_i + sum_j W_ij x_j n_j/h + S_i ),     I_i = I_0 - bias w + U_i
    W_ij = (J w/r_0) dx [ G_a(x_i - x_j) - q/L ]

with n_j the flips of junction j in the window (or its mean rate times h: the theory without noise), G_a a normalised
Gaussian on the axis of length L, S a stimulus current, x_j the efficacy of a depressing synapse (1 without it).
The bump's rate equation is S. Amari's, Biol. Cybern. 27, 77 (1977), with the junction's curve as its response.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import final

import numpy as np

from spinloom.devices.two_state import TwoState
from spinloom.errors import InputError, SpinloomWarning
from spinloom.snn import bumps
from spinloom.snn.axis import Axis


@final
@dataclass(frozen=True)
class Depression:
    """Short-term depression of the recurrent synapses (Tsodyks and Markram's model, without facilitation).

        dx/dt = (1 - x)/recovery - loss x (flips a second)

    Attributes
    ----------
    recovery : float
        Time constant [s] with which the efficacy x comes back to 1.
    loss : float
        Share of x that a flip takes, 0 to 1.
    """

    recovery: float
    loss: float

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not self.recovery > 0.0 or not 0.0 <= self.loss <= 1.0:
            raise InputError("A depressing synapse needs a recovery time above 0 and a loss between 0 and 1.")


@final
@dataclass(frozen=True)
class Track:
    """What a run leaves: fields after each window.

    Attributes
    ----------
    field : ndarray (windows, ..., networks, n)
        Recurrent current U [A].
    flips : ndarray, the same shape
        Counts of the window (mean numbers without noise).
    """

    field: np.ndarray
    flips: np.ndarray


@final
@dataclass(frozen=True)
class AttractorNetwork:
    """One network, or several that excite one another at the same places.

    Attributes
    ----------
    axis : Axis
        Preferred values.
    junctions : TwoState
        networks * axis.count junctions (one: the same everywhere), network by network.
    coupling : float
        J: the current, in widths w of the bell, that full activity all around a junction would cause.
    inhibition : float
        q: what inhibition takes of that if the whole axis is active.
    width : float
        a of the Gaussian, in the axis' unit.
    bias : float
        Widths w below the peak at which a junction rests.
    time_constant : float
        tau [s] of the filter behind the counters; 0 (the default) takes 10/r_0.
    networks : int
        How many networks.
    reciprocal : float
        Share of the excitation that comes from the other networks instead of the own one; 0 with one network.
    dead : array of bool (networks * n,), optional
        Junctions that never flip.
    trimmed : bool
        Whether the weights of each junction's flips are divided by its own peak rate, as a calibration would.

    Raises
    ------
    InputError
        Numbers outside their range, a number of junctions that does not fit.

    Warns
    -----
    SpinloomWarning
        A coupling that cannot hold a bump, with the critical one.

    Notes
    -----
    Weights and bias are those of the middle junction (medians of w, I_0, log r_0): but for ``trimmed``, scatter is not
    corrected for.
    """

    axis: Axis
    junctions: TwoState
    coupling: float = 8.0
    inhibition: float = 1.25
    width: float = 0.5
    bias: float = 3.0
    time_constant: float = 0.0
    networks: int = 1
    reciprocal: float = 0.0
    dead: np.ndarray | None = field(default=None, repr=False)
    trimmed: bool = False

    def __post_init__(self) -> None:
        """Check the numbers, and whether a bump can be held."""
        for name in ("coupling", "width", "bias"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) > 0.0):
                raise InputError(f"{name} must be more than 0, not {getattr(self, name)!r}.")
        if self.inhibition < 0.0 or self.time_constant < 0.0:
            raise InputError("inhibition and time_constant must not be negative.")
        if self.networks < 1 or not 0.0 <= self.reciprocal <= 1.0 or (self.networks == 1 and self.reciprocal):
            raise InputError(
                "reciprocal is the share, 0 to 1, of excitation from other networks: it needs two of them."
            )
        total = self.networks * self.axis.count
        if self.junctions.count not in (1, total):
            raise InputError(
                f"{self.networks} x {self.axis.count} places need {total} junctions (or one kind for all), not "
                f"{self.junctions.count}."
            )
        if self.junctions.count == 1:
            object.__setattr__(self, "junctions", self.junctions[np.zeros(total, int)])
        if self.dead is not None and np.shape(self.dead) != (total,):
            raise InputError(f"dead must say yes or no for each of the {total} junctions.")
        if self.time_constant == 0.0:
            object.__setattr__(self, "time_constant", 10.0 / self.peak_rate)
        if np.isnan(bumps.settled(self.axis, self.coupling, self.inhibition, self.width, self.bias)).any():
            critical = self.critical_coupling()
            warnings.warn(
                f"A coupling of {self.coupling:g} cannot hold a bump: it decays without a stimulus. With this "
                f"inhibition, width and bias the coupling must be above {critical:.4g}.",
                SpinloomWarning,
                stacklevel=3,
            )

    # ---- scales and weights -------------------------------------------------------------------------------------

    @cached_property
    def current_width(self) -> float:
        """W = I_c/Delta [A] of the middle junction."""
        return float(np.median(self.junctions.width))

    @cached_property
    def peak_rate(self) -> float:
        """r_0 [1/s] of the middle junction."""
        return float(np.exp(np.median(np.log(self._peaks))))

    @property
    def _peaks(self) -> np.ndarray:
        return self.junctions.peak_rate

    @cached_property
    def rest_current(self) -> float:
        """Current [A] through every junction without input."""
        return float(np.median(self.junctions.offset_current)) - self.bias * self.current_width

    @cached_property
    def weights(self) -> np.ndarray:
        """W [A s], (networks * n, networks * n): current per flip a second."""
        scale = self.coupling * self.current_width / self.peak_rate
        gaussian, flat = bumps.kernels(self.axis, self.width)
        others = self.reciprocal / (self.networks - 1) if self.networks > 1 else 0.0
        shares = np.full((self.networks, self.networks), others) + (1.0 - self.reciprocal - others) * np.eye(
            self.networks
        )
        same = scale * (np.kron(shares, gaussian) - self.inhibition * np.kron(np.eye(self.networks), flat))
        return same * (self.peak_rate / self._peaks) if self.trimmed else same

    def rate(self, fields: np.ndarray) -> np.ndarray:
        """Mean flips a second at fields U (..., networks, n)."""
        current = self.rest_current + np.asarray(fields, float)
        flat = self.junctions.flip_rate(current.reshape(*current.shape[:-2], -1))
        return (flat if self.dead is None else np.where(self.dead, 0.0, flat)).reshape(current.shape)

    def feed(self, rates: np.ndarray, strength: float) -> np.ndarray:
        """Stimulus current S [A] of sensors with flip rates (..., n): through the Gaussian of the recurrent weights.

            S_i = g (w/r_0) dx sum_j G_a(x_i - x_j) r_j

        With it a bump weighs the sensors by v = dU/dx, near the best weighting of their counts; fed one to one it would
        hear only the sensors at its flanks.
        """
        scale = strength * self.current_width / self.peak_rate
        return scale * np.asarray(rates, float) @ bumps.kernels(self.axis, self.width)[0].T

    # ---- theory without noise -----------------------------------------------------------------------------------

    def critical_coupling(self) -> float:
        """The least coupling that holds a bump at this inhibition, width and bias, to 0.1 %: no noise, no scatter."""
        return bumps.critical_coupling(self.axis, self.inhibition, self.width, self.bias)

    def bump(self, at: float | None = None, stimulus: np.ndarray | float = 0.0) -> np.ndarray:
        """Fields U (networks, n) of the bump that settles at ``at``: a fixed point of the mean rates to 1e-10 w.

        With scatter it comes to rest where the junctions let it. Without a bump (it decays) what is left is given.

        Raises
        ------
        InputError
            A place outside the range.
        """
        place = 0.5 * (self.axis.low + self.axis.high) if at is None else float(self.axis.check(at))
        shape = bumps.first_shape(self.axis, place, self.width, self.bias) * self.current_width
        fields = np.tile(shape, (self.networks, 1))
        for _ in range(20000):
            change = self._pull(fields, self.rate(fields), stimulus)
            fields = fields + 0.2 * change
            if np.abs(change).max() < 1e-10 * self.current_width:
                break
        return fields

    def holds(self, fields: np.ndarray) -> np.ndarray:
        """Whether there is a bump in fields (..., networks, n): activity that differs by 0.2 r_0 and more."""
        rates = self.rate(fields)
        return rates.max(-1) - rates.min(-1) > bumps.LEAST * self.peak_rate

    def position(self, fields: np.ndarray) -> np.ndarray:
        """Where the bumps stand, (..., networks): the centre of the positive part of the field."""
        return self.axis.centre(np.maximum(fields, 0.0))

    def _pull(self, fields: np.ndarray, rates: np.ndarray, stimulus: np.ndarray | float) -> np.ndarray:
        flat = rates.reshape(*rates.shape[:-2], -1) @ self.weights.T
        return flat.reshape(fields.shape) + stimulus - fields

    def _mode(self, fields: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Motion mode v = dU/dx, r' and correlation times, of a bump without scatter; each (networks * n,)."""
        current = (self.rest_current + fields).ravel()
        y = self.junctions.thermal_stability * self.junctions.drive_ratio(current)
        rates = self.rate(fields).ravel()
        slope = -rates * np.tanh(y) * self.junctions.thermal_stability / self.junctions.critical_current
        mode = self.weights @ (slope * bumps.derivative(self.axis, fields).ravel())
        return mode, slope, self.junctions.correlation_time(current)

    def diffusion(self) -> float:
        """D [axis unit^2/s] of the bump under the junctions' own chance: <(z(t) - z(0))^2> = 2 D t.

            D = sum v^2 F r / (2 [ sum r' v^2 (tau + tau*) ]^2),   F = 2 (tau_P^2 + tau_AP^2)/(tau_P + tau_AP)^2

        The noise of the counts at low frequency, F r, projected on the motion mode v = dU/dx of the linearised network
        (its left null vector is r' v, as the weights are symmetric); tau* is the time in which a junction follows its
        current. It falls as 1/n. First order in the noise; a ring without scatter.
        """
        fields = self.bump()
        mode, slope, lag = self._mode(fields)
        leave_p, leave_ap = self.junctions.rates((self.rest_current + fields).ravel())
        fano = 2.0 * (leave_p**2 + leave_ap**2) / (leave_p + leave_ap) ** 2
        noise = mode**2 * fano * self.rate(fields).ravel()
        return float(noise.sum() / (2.0 * ((slope * mode**2) @ (self.time_constant + lag)) ** 2))

    def pull_speed(self, stimulus: Callable[[float], np.ndarray], distances: np.ndarray) -> np.ndarray:
        """Speed [axis unit/s] with which weak stimuli, ``distances`` ahead of the bump, draw it: its motion mode alone.

            dz/dt = -sum r' v S / (tau sum r' v^2)

        ``stimulus(x)`` is the current [A] of a stimulus at x, (n,). The largest of it is the fastest stimulus that
        the bump can follow, and the distance where it equals a speed is the lag. First order in S.
        """
        middle = 0.5 * (self.axis.low + self.axis.high)
        mode, slope, _ = self._mode(self.bump(middle))
        drives = np.stack([np.tile(stimulus(float(self.axis.wrap(middle + d))), self.networks) for d in distances])
        return -(drives @ (slope * mode)) / (self.time_constant * (slope @ mode**2))

    # ---- in time ------------------------------------------------------------------------------------------------

    def run(
        self,
        start: np.ndarray,
        windows: int,
        window: float,
        stimulus: np.ndarray | Callable[[int], np.ndarray] | None = None,
        seed: int | None = None,
        depression: Depression | None = None,
        every: int = 1,
        progress: Callable[[int, int], None] | None = None,
    ) -> Track:
        """Windows of counting, one after another; runs side by side are independent.

        Parameters
        ----------
        start : array (..., networks, n)
            Fields U [A] at the beginning; leading dimensions are runs.
        windows, window : int, float
            Number and length h [s] of the windows. h must be short against tau.
        stimulus : array (..., networks, n), or callable(window number), optional
            S [A].
        seed : int or None
            Chance of the flips, drawn exactly by waiting times; None takes mean rates (no noise).
        depression : Depression, optional
        every : int
            Windows between records.

        Returns
        -------
        Track
            Fields and flips after every ``every`` windows.

        Raises
        ------
        InputError
            A window longer than tau/2: the filter would overshoot.
        """
        if not 0.0 < window <= 0.5 * self.time_constant:
            raise InputError(
                f"A window of {window:g} s must be more than 0 and at most half the time constant, "
                f"{self.time_constant:g} s."
            )
        fields = np.array(start, float)
        flat = (*fields.shape[:-2], fields.shape[-2] * fields.shape[-1])
        states: np.ndarray | None = None
        efficacy = np.ones(fields.shape)
        kept: list[tuple[np.ndarray, np.ndarray]] = []
        for n in range(windows):
            if seed is None:
                counts = self.rate(fields) * window
            else:
                key = int(np.random.default_rng((seed, n)).integers(2**63))
                found, states = self.junctions.flips((self.rest_current + fields).reshape(flat), window, key, states)
                counts = (found if self.dead is None else np.where(self.dead, 0, found)).reshape(fields.shape)
            external = 0.0 if stimulus is None else stimulus(n) if callable(stimulus) else stimulus
            change = self._pull(fields, efficacy * counts / window, external)
            if depression is not None:
                efficacy = efficacy * (1.0 - depression.loss) ** counts
                efficacy += (1.0 - efficacy) * -math.expm1(-window / depression.recovery)
            fields = fields + window / self.time_constant * change
            if (n + 1) % every == 0:
                kept.append((fields, counts))
            if progress is not None:
                progress(n + 1, windows)
        return Track(np.stack([f for f, _ in kept]), np.stack([c for _, c in kept]))
