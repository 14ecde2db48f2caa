"""Two-state junctions under a square wave and noise: the periodic state in closed form.

    half a period at +A: p(t) = p_+ + (p(0) - p_+) exp(-s_+ t),   then half a period at -A likewise
    flips a second = <a p + b (1 - p)>,   in step = <(2 p - 1) sign(drive)>

with the escape rates a (out of parallel) and b (out of antiparallel), s = a + b, p_+ = b/s. Gaussian noise of the
drive that is faster than the junction multiplies both rates by the same factor,

    <exp(-+ Delta v/I_c)> = exp((Delta sigma/I_c)^2/2),

and acts like a higher attempt frequency: it can lock a junction to a weak wave, and shake it loose again.

Mizrahi et al., doi:10.1038/srep30535; Locatelli et al., doi:10.1103/PhysRevApplied.2.034009.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np

from spinloom.devices.two_state import TwoState
from spinloom.errors import InputError

Time = TypeVar("Time", float, "float | np.ndarray")


class Response(NamedTuple):
    """Of each junction (n,): mean flips a second, and the mean of state (as +-1) times the sign of the drive."""

    flip_rate: np.ndarray
    in_step: np.ndarray


@dataclass(frozen=True)
class HeldNoise:
    """A square wave that starts positive, plus Gaussian noise that is drawn anew after each ``hold`` seconds.

    A waveform: times [s] -> values. The noise at a time depends on (seed, time) alone.

    Attributes
    ----------
    amplitude, deviation : float
        Of the wave, and the noise's standard deviation, in the same unit.
    period, hold : float
        [s]
    duration : float
        How long noise is wanted for [s].
    seed : int
    """

    amplitude: float
    deviation: float
    period: float
    hold: float
    duration: float
    seed: int = 0

    def __post_init__(self) -> None:
        """Draw the noise."""
        if not (self.period > 0 and self.hold > 0 and self.duration > 0 and self.deviation >= 0):
            raise InputError("period, hold and duration must be more than 0, and the deviation not negative.")
        draws = np.random.default_rng([self.seed, 0x401D]).standard_normal(int(np.ceil(self.duration / self.hold)) + 1)
        object.__setattr__(self, "_draws", self.deviation * draws)

    def __call__(self, times: np.ndarray) -> np.ndarray:
        """Wave and noise at the given times; beyond the duration the last noise holds."""
        draws: np.ndarray = self._draws  # pyright: ignore[reportAttributeAccessIssue]
        index = np.clip(np.floor(times / self.hold).astype(np.int64), 0, draws.size - 1)
        high = np.mod(times, self.period) < 0.5 * self.period
        return np.where(high, self.amplitude, -self.amplitude) + draws[index]


def with_fast_noise(junctions: TwoState, deviation: float | np.ndarray) -> TwoState:
    """Junctions as they act under Gaussian noise [A] that is faster than their rates: f0 exp((Delta sigma/I_c)^2/2).

    Valid while even the rates at the noise's highest values that matter, about Delta sigma^2/I_c, stay below its
    bandwidth; otherwise see :func:`held_noise_response`.
    """
    exponent = 0.5 * (junctions.thermal_stability * np.asarray(deviation, float) / junctions.critical_current) ** 2
    return TwoState(
        junctions.attempt_frequency * np.exp(exponent),
        junctions.thermal_stability,
        junctions.critical_current,
        junctions.offset_current,
    )


def square_response(junctions: TwoState, amplitude: float | np.ndarray, period: float | np.ndarray) -> Response:
    """The periodic state under a square wave [A] of a period [s], exact; noise goes in by :func:`with_fast_noise`.

    Amplitude and period are one for all or one a junction.
    """
    half = 0.5 * _positive(period)
    rates = [junctions.rates(sign * np.asarray(amplitude, float)) for sign in (1.0, -1.0)]
    sums = [a + b for a, b in rates]
    levels = [b / s for (_, b), s in zip(rates, sums, strict=True)]
    kept = [np.exp(-s * half) for s in sums]
    return _periodic(rates, levels, kept, [-np.expm1(-s * half) / s for s in sums], half)


def held_noise_response(
    junctions: TwoState, amplitude: float, deviation: float, period: float, hold: float, points: int = 400
) -> Response:
    """The same where the noise is drawn anew every ``hold`` seconds: exact, from the averaged transition probabilities.

    The state is then a Markov chain in steps of ``hold``; its transition probabilities are averages of the exact ones
    over the Gaussian, taken on ``points`` equally spaced values within 8 standard deviations. Rates above 1/hold
    saturate, so that strong noise of a narrow band shakes a junction less than fast noise. Only one flip a step is
    counted, as in ``TwoState.follow``.

    Raises
    ------
    InputError
        Half a period that is no whole number of steps.
    """
    half = 0.5 * _positive(period)
    steps = round(half / _positive(hold))
    if steps < 1 or abs(steps * hold - half) > 1e-6 * half:
        raise InputError("Half a period must be a whole number of the times for which noise is held.")
    value = np.linspace(-8.0, 8.0, points)
    weight = np.exp(-0.5 * value**2)
    weight /= weight.sum()
    rates, levels, kept, areas = [], [], [], []
    for sign in (1.0, -1.0):
        change = junctions.transition((sign * amplitude + deviation * value)[:, None], hold)
        up, down = np.einsum("ipn,p->in", change, weight)
        both = up + down
        rates.append((down / hold, up / hold))
        levels.append(up / both)
        kept.append((1.0 - both) ** steps)
        areas.append(hold * (1.0 - kept[-1]) / both)  # sum of the geometric series over the steps' beginnings
    return _periodic(rates, levels, kept, areas, half)


def _periodic(rates: list, levels: list, kept: list, areas: list, half: float | np.ndarray) -> Response:
    """Flips and agreement of a chain that relaxes to ``levels`` in turn, keeping a share ``kept`` of the distance."""
    first = (levels[1] * (1.0 - kept[1]) + kept[1] * levels[0] * (1.0 - kept[0])) / (1.0 - kept[0] * kept[1])
    flips, in_step = np.zeros_like(first), np.zeros_like(first)
    for sign, (a, b), level, keep, area in zip((1.0, -1.0), rates, levels, kept, areas, strict=True):
        inside = level * half + (first - level) * area  # integral of p over the half period
        flips += a * inside + b * (half - inside)
        in_step += sign * (2.0 * inside - half)
        first = level + (first - level) * keep
    return Response(flips / (2.0 * half), in_step / (2.0 * half))


def _positive(seconds: Time) -> Time:
    if not np.all(np.asarray(seconds) > 0):
        raise InputError("Times of a drive must be more than 0.")
    return seconds
