"""A learned map between two populations: the flips counted in the input row drive the junctions of the output row.

    a_i = N_i/(r T)                                     activity of input i: its flips over those at a peak rate r
    s_j = sum_i W_ji a_i,   I_j = I_0 - span (1 - s_j)  s_j cut to 0..1: from silence up the flank of the bell curve
    b_j = N_j/(r T)                                     activity of output j, as noisy as the inputs'
    y   = sum_j b_j v_j / sum_j b_j                     the value that is acted on
    W  <- W + eta (t - b) a^T/|a|^2                     after a trial; t is a Gaussian bump at the value that was right

Mizrahi et al., doi:10.1038/s41467-018-03963-w, train two such populations by trial and error; their formula was not at
hand, so the delta rule and the drive by the flank are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np

from spinloom.devices.two_state import TwoState
from spinloom.errors import InputError
from spinloom.snn.decoding import population_vector
from spinloom.snn.population import Population

_SENSE, _RESPOND, _ROUND = 1, 2, 3  # streams of chance of one seed


def _seeds(seed: int, stream: int, count: int) -> list[int]:
    words = np.random.SeedSequence([seed, stream]).generate_state(count, np.uint64)
    return [int(word >> np.uint64(1)) for word in words]


@final
@dataclass(frozen=True)
class Learning:
    """How a map is trained.

    Attributes
    ----------
    rate : float
        eta of the first trial.
    settle : float
        Trials after which eta has halved: eta_k = rate/(1 + k/settle).
    tolerance : float
        A trial is a hit where the error is smaller, as a share of the range.
    only_misses : bool
        Whether a hit leaves the weights as they are.
    """

    rate: float = 1.0
    settle: float = 300.0
    tolerance: float = 0.05
    only_misses: bool = False

    def __post_init__(self) -> None:
        """Refuse rates that cannot learn."""
        if not (self.rate > 0 and self.settle > 0 and self.tolerance > 0):
            raise InputError("rate, settle and tolerance of a Learning must be more than 0.")


class Trained(NamedTuple):
    """Weights (outputs, inputs) after training, and the error y - target of each trial (trials,)."""

    weights: np.ndarray
    errors: np.ndarray


@final
@dataclass(frozen=True)
class Transfer:
    """Two populations of junctions and the rule by which the first drives the second; the weights are handed in.

    Attributes
    ----------
    inputs : Population
        Codes values in 0..1.
    outputs : TwoState
        One row of junctions, each with a drive of its own.
    labels : ndarray (outputs,)
        Value that each output stands for; they should reach about three bump widths beyond 0..1 on both sides.
    duration : float
        Acquisition time T [s] of each population.
    bump : float
        Standard deviation of the target activity, share of the range.
    span : float
        Drive between silence and peak, in units of I_c/Delta: silence is 1/cosh(span) of the peak.
    bits : int or None
        Weights are whole multiples of limit/(2^(bits-1) - 1); None leaves them continuous. Changes of less than a step
        are carried out by chance, so that their mean is right.
    limit : float
        Largest weight; smallest is -limit.
    alive : ndarray of bool (outputs,) or None
        Outputs that still flip.
    calibrated : bool
        Whether the counts of each junction are divided by its own peak, measured once, instead of a typical one: what
        a spread of the barriers, which changes peaks exponentially, asks for.
    """

    inputs: Population
    outputs: TwoState
    labels: np.ndarray
    duration: float
    bump: float = 0.08
    span: float = 8.0
    bits: int | None = 8
    limit: float = 0.5
    alive: np.ndarray | None = None
    calibrated: bool = False

    def __post_init__(self) -> None:
        """Check what would fail late."""
        if np.shape(self.labels) != (self.outputs.count,):
            raise InputError(f"{np.size(self.labels)} labels do not fit {self.outputs.count} output junctions.")
        if not (self.duration > 0 and self.bump > 0 and self.span > 0 and self.limit > 0):
            raise InputError("duration, bump, span and limit of a Transfer must be more than 0.")
        if self.bits is not None and self.bits < 2:
            raise InputError("bits must be at least 2 (one for the sign), or None.")
        alive = np.ones(self.outputs.count, bool) if self.alive is None else np.asarray(self.alive, bool)
        if alive.shape != (self.outputs.count,):
            raise InputError(f"'alive' needs one entry for each of the {self.outputs.count} output junctions.")
        object.__setattr__(self, "alive", alive)

    @classmethod
    def between(cls, inputs: Population, outputs: TwoState, duration: float, margin: float = 0.3, **more) -> Transfer:
        """Labels equally spaced from -margin to 1 + margin, and a limit of the weights that suits the input row.

        About n/3 inputs answer to a value, so weights of a few times 1/n are needed: the limit is 64/n, 0.5 for 128.
        """
        labels = np.linspace(-margin, 1.0 + margin, outputs.count)
        return cls(inputs, outputs, labels, duration, **{"limit": 64.0 / inputs.count, **more})

    @property
    def step(self) -> float:
        """Distance of neighbouring weights; 0 where they are continuous."""
        return 0.0 if self.bits is None else self.limit / (2 ** (self.bits - 1) - 1)

    def start(self) -> np.ndarray:
        """Weights before any trial: all 0, every output silent."""
        return np.zeros((self.outputs.count, self.inputs.count))

    # ---- one operation, in its three parts ----------------------------------------------------------------------

    def sense(self, values: float | np.ndarray, seed: int = 0) -> np.ndarray:
        """Activity of the inputs (..., n) for values in 0..1, counted once."""
        counts = self.inputs.counts(self.inputs.current(values), self.duration, _seeds(seed, _SENSE, 1)[0])
        return counts / self._unit(self.inputs.junctions)

    def drive(self, weights: np.ndarray, activity: np.ndarray) -> np.ndarray:
        """Currents [A] of the outputs (..., outputs)."""
        height = np.clip(np.asarray(activity) @ weights.T, 0.0, 1.0)
        width = float(np.mean(self.outputs.critical_current) / np.mean(self.outputs.thermal_stability))
        return float(self.outputs.offset_current.mean()) - self.span * width * (1.0 - height)

    def respond(self, weights: np.ndarray, activity: np.ndarray, seed: int = 0) -> np.ndarray:
        """Activity of the outputs (..., outputs), counted once."""
        return self._respond(weights, activity, _seeds(seed, _RESPOND, 1)[0])

    def read(self, activity: np.ndarray) -> np.ndarray:
        """The value that an output activity stands for; a silent population rests at 1/2."""
        return population_vector(activity, self.labels, silent=0.5)

    def __call__(self, weights: np.ndarray, values: float | np.ndarray, seed: int = 0) -> np.ndarray:
        """Values to values through both noisy populations; each entry is an operation with chance of its own."""
        return self.read(self.respond(weights, self.sense(values, seed), seed))

    def target(self, value: float) -> np.ndarray:
        """Activity that stands for a value: a Gaussian bump of height 1."""
        return np.exp(-0.5 * ((self.labels - value) / self.bump) ** 2)

    def without_noise(self, weights: np.ndarray, values: float | np.ndarray) -> np.ndarray:
        """Values to values at the mean rates: what is left of the error when counting takes for ever."""
        inputs = self.inputs.rates(self.inputs.current(values)) * self.duration / self._unit(self.inputs.junctions)
        rates = self.outputs.flip_rate(self.drive(weights, inputs))
        return self.read(rates * self.alive * self.duration / self._unit(self.outputs))

    # ---- learning -----------------------------------------------------------------------------------------------

    def train(
        self,
        values: np.ndarray,
        targets: np.ndarray,
        learning: Learning | None = None,
        seed: int = 0,
        *,
        weights: np.ndarray | None = None,
        activity: np.ndarray | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Trained:
        """Trial after trial: sense, respond, act, and correct the weights by what would have been right.

        Parameters
        ----------
        values, targets : array (trials,)
            What is shown, and the value that is right for it; the bump is placed there.
        learning : Learning
        seed : int
        weights : array, optional
            To go on from; default :meth:`start`.
        activity : array (trials, n), optional
            Of the inputs, where another map provides it; default: sensed from the values.
        progress : callable
            ``progress(done, total)``.

        Returns
        -------
        Trained

        Raises
        ------
        InputError
            Values and targets of different length, or none.
        """
        wanted = np.asarray(targets, float)
        if wanted.ndim != 1 or np.shape(values) != wanted.shape or wanted.size == 0:
            raise InputError(f"{np.size(values)} values and {wanted.size} targets: give as many of both, at least one.")
        rule = learning or Learning()
        sensed = self.sense(values, seed) if activity is None else np.asarray(activity, float)
        chance = np.random.default_rng([seed, _ROUND])
        now = self.start() if weights is None else np.array(weights, float)
        errors = np.empty(wanted.size)
        for k, trial_seed in enumerate(_seeds(seed, _RESPOND, wanted.size)):
            active = sensed[k]
            found = self._respond(now, active, trial_seed)
            errors[k] = self.read(found) - wanted[k]
            norm = float(active @ active)
            if norm > 0.0 and not (rule.only_misses and abs(errors[k]) < rule.tolerance):
                rate = rule.rate / (1.0 + k / rule.settle)
                now = self._changed(now, rate / norm * (self.target(wanted[k]) - found), active, chance)
            if progress is not None and (k + 1) % 200 == 0:
                progress(k + 1, wanted.size)
        return Trained(now, errors)

    def _respond(self, weights: np.ndarray, activity: np.ndarray, seed: int) -> np.ndarray:
        counts = self.outputs.flips(self.drive(weights, activity), self.duration, seed)[0]
        return counts * self.alive / self._unit(self.outputs)

    def _changed(
        self, weights: np.ndarray, error: np.ndarray, activity: np.ndarray, chance: np.random.Generator
    ) -> np.ndarray:
        """Weights after the outer product is added, on their steps and within their limits."""
        used = np.flatnonzero(activity)  # silent inputs are not to blame
        new = weights[:, used] + np.outer(error, activity[used])
        if self.bits is not None:
            new = np.floor(new / self.step + chance.random(new.shape, dtype=np.float32)) * self.step
        weights[:, used] = np.clip(new, -self.limit, self.limit)
        return weights

    def _unit(self, junctions: TwoState) -> np.ndarray:
        """Flips of each junction, or of a typical one, at its peak within the acquisition time."""
        peaks = junctions.peak_rate
        return (peaks if self.calibrated else np.median(peaks)) * self.duration


def chain(
    stages: Sequence[tuple[Transfer, np.ndarray]], values: float | np.ndarray, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Several maps in a row: the output row of one is the input row of the next, without a decision in between.

    Parameters
    ----------
    stages : sequence of (Transfer, weights)
        The number of outputs of each equals the number of inputs of the next.
    values : array
        In 0..1, shown to the first.

    Returns
    -------
    (activity of the last outputs, values read from it)
    """
    activity = stages[0][0].sense(values, seed)
    for number, (transfer, weights) in enumerate(stages):
        if activity.shape[-1] != weights.shape[1]:
            raise InputError(f"Map {number + 1} takes {weights.shape[1]} inputs and is given {activity.shape[-1]}.")
        activity = transfer.respond(weights, activity, _seeds(seed, _RESPOND, number + 1)[number])
    return activity, stages[-1][0].read(activity)
