"""Rates of a two-state process from samples or from dwell times, with 95 % intervals and a look at their law."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np
from scipy.stats import chi2, norm

from spinloom.errors import DataError, SpinloomWarning
from spinloom.responses.logistic_fit import CONFIDENCE
from spinloom.responses.telegraph_levels import Levels
from spinloom.units import pretty

MISSED = 0.1
"""Share of flips lost between samples from which on a warning is given."""
_SHORT = 30
"""Steps below which it cannot be told whether sampling is slow."""
_ENOUGH = 8
"""Fewer dwell times say nothing about their law."""
_STRANGE = 1e-3
"""A p-value of the exponential law below this is worth a warning."""


@final
@dataclass(frozen=True)
class Dwells:
    """How long one state lasts.

    Attributes
    ----------
    rate : float
        1/tau, at which the state is left [1/s].
    interval : (float, float)
        95 % interval of the rate.
    count : int
        How often the state was seen to be left.
    weight : float
        Number of dwell times that would tell the rate as well; ``count`` where sampling is fast.
    exponential : float
        p-value of the exponential law (Anderson-Darling, mean estimated); nan below 8 dwell times.
    times : ndarray
        Complete dwell times [s].
    """

    rate: float
    interval: tuple[float, float]
    count: int
    weight: float
    exponential: float
    times: np.ndarray = field(repr=False, compare=False)

    @property
    def mean(self) -> float:
        """Mean dwell time tau [s]."""
        return 1.0 / self.rate

    @property
    def mean_interval(self) -> tuple[float, float]:
        """95 % interval of tau [s]."""
        return 1.0 / self.interval[1], 1.0 / self.interval[0] if self.interval[0] > 0 else math.inf


@final
@dataclass(frozen=True)
class StateRates:
    """Both states' dwell times at one current and temperature.

    Attributes
    ----------
    parallel, antiparallel : Dwells
    current, temperature : float
        [A], [K]; nan where not known.
    interval : float
        Time between samples [s]; nan for dwell times measured as such.
    levels : Levels or None
        Of the signal.
    resistances : (float, float) or None
        R_P and R_AP [ohm] where the signal is a resistance.
    """

    parallel: Dwells
    antiparallel: Dwells
    current: float = math.nan
    temperature: float = math.nan
    interval: float = math.nan
    levels: Levels | None = None
    resistances: tuple[float, float] | None = None

    @property
    def probability_parallel(self) -> float:
        """Share of time in the parallel state, tau_P/(tau_P + tau_AP)."""
        return self.antiparallel.rate / (self.parallel.rate + self.antiparallel.rate)

    @property
    def correlation_time(self) -> float:
        """tau* = 1/(1/tau_P + 1/tau_AP) [s]."""
        return 1.0 / (self.parallel.rate + self.antiparallel.rate)

    @property
    def flip_rate(self) -> float:
        """2/(tau_P + tau_AP) [flips/s]."""
        return 2.0 / (self.parallel.mean + self.antiparallel.mean)

    @property
    def missed(self) -> float:
        """Share of flips that pass unseen between two samples, 1 - (1 - exp(-u))/u with u = interval/tau*."""
        if math.isnan(self.interval):
            return 0.0
        u = self.interval / self.correlation_time
        return 1.0 + math.expm1(-u) / u


def rates_of_dwells(
    parallel: np.ndarray, antiparallel: np.ndarray, current: float = math.nan, temperature: float = math.nan
) -> StateRates:
    """From complete dwell times [s].

    The rate is n/sum(t), and 2 rate sum(t) follows chi-square with 2n degrees of freedom exactly, which gives the
    interval.
    """
    found = []
    for times in (parallel, antiparallel):
        total, n = float(times.sum()), times.size
        tail = 0.5 * (1.0 - CONFIDENCE)
        low, high = (float(chi2.ppf(share, 2 * n)) / (2.0 * total) for share in (tail, 1.0 - tail))
        found.append(Dwells(n / total, (low, high), n, float(n), exponential_p_value(times), times))
    rates = StateRates(*found, current=current, temperature=temperature)
    _warn_of_law(rates)
    return rates


def rates_of_states(
    pieces: Sequence[np.ndarray],
    interval: float,
    current: float = math.nan,
    temperature: float = math.nan,
    levels: Levels | None = None,
) -> StateRates:
    """From states sampled at a fixed interval: 1 parallel, 0 antiparallel.

    A sampled two-state process is a Markov chain whose transition probabilities follow from the rates exactly, so the
    rates are found from the chain's, flips between samples included:

        1/tau_P = p_10/(p_01 + p_10) L,  1/tau_AP = p_01/(p_01 + p_10) L,  L = -ln(1 - p_01 - p_10)/interval

    The interval of a rate is that of n exponential dwell times in the time spent in the state (chi-square, with 2n
    degrees of freedom below and 2n + 2 above, since the time and not n was chosen), widened where slow sampling makes
    the rate less certain than n dwell times would.

    Parameters
    ----------
    pieces : sequence of ndarray
        Uninterrupted runs of samples.
    interval : float
        Between samples [s].

    Raises
    ------
    DataError
        A state that is never left, or samples so far apart that neighbours know nothing of one another.
    """
    left, steps = np.zeros(2), np.zeros(2)  # of state 0, 1
    times: list[list[np.ndarray]] = [[], []]
    for piece in pieces:
        before, after = piece[:-1], piece[1:]
        change = before != after
        for state in (0, 1):
            left[state] += np.count_nonzero(change & (before == state))
            steps[state] += np.count_nonzero(before == state)
        turns = np.flatnonzero(change) + 1
        lengths, states = np.diff(turns), piece[turns[:-1]]
        for state in (0, 1):
            times[state].append(lengths[states == state])
    where = where_taken(current, temperature)
    if not left.all():
        seconds = pretty(float(steps.sum()) * interval, "s")
        raise DataError(
            f"The trace{where} does not leave the {'parallel' if steps[1] and not left[1] else 'antiparallel'} state "
            f"within its {seconds}: one state only tells no rate. Record for longer, or nearer to the current (or "
            "field) at which both states are equally likely."
        )
    p = left / steps
    both = float(p.sum())
    unsure = math.sqrt(float((p * (1.0 - p) / steps).sum()))
    if steps.sum() < _SHORT and 1.0 - both < 3.0 * unsure:
        raise DataError(
            f"The trace{where} has {int(steps.sum()) + len(pieces)} samples and {int(left.sum())} flips, too few for "
            "rates. Record for longer: a few hundred flips give them to about 10 %."
        )
    if 1.0 - both < 3.0 * unsure:
        raise DataError(
            f"The trace{where} is sampled too slowly for its rates: samples {pretty(interval, 's')} apart know nothing "
            f"of one another (correlation {1.0 - both:.2g} ± {unsure:.2g}), so the junction flips many times between "
            f"them. Sample at least every {pretty(interval / 30.0, 's')}."
        )
    total = -math.log1p(-both) / interval
    lean = 1.0 / ((1.0 - both) * -math.log1p(-both)) - 1.0 / both  # d ln(rate)/d p of the other state
    dwell = []
    for state in (1, 0):
        n, rate = int(left[state]), float(p[state]) / both * total
        variance = p * (1.0 - p) / steps
        slope = np.full(2, lean)
        slope[state] += 1.0 / p[state]
        wide = max(1.0, math.sqrt(float((slope**2 * variance).sum()) * n))
        low, high = (value**wide for value in _relative(n))
        exact = _spread_out(np.concatenate(times[state]), float(p[state]), interval)
        dwell.append(Dwells(rate, (rate * low, rate * high), n, n / wide**2, exponential_p_value(exact), exact))
    rates = StateRates(*dwell, current=current, temperature=temperature, interval=interval, levels=levels)
    if rates.missed > MISSED:
        warnings.warn(
            f"The trace{where} is sampled every {pretty(interval, 's')}, slowly for its rates (tau* = "
            f"{pretty(rates.correlation_time, 's')}): {100 * rates.missed:.0f} % of the flips pass unseen. The rates "
            "are corrected for that as for a two-state process, with wider intervals; sample every "
            f"{pretty(0.1 * rates.correlation_time, 's')} or faster to see the flips.",
            SpinloomWarning,
            stacklevel=2,
        )
    _warn_of_law(rates)
    return rates


def _relative(n: int) -> tuple[float, float]:
    """95 % interval of a rate after n events in a fixed time, over the rate itself."""
    tail = 0.5 * (1.0 - CONFIDENCE)
    return float(chi2.ppf(tail, 2 * n)) / (2.0 * n), float(chi2.ppf(1.0 - tail, 2 * n + 2)) / (2.0 * n)


def _spread_out(lengths: np.ndarray, p: float, interval: float) -> np.ndarray:
    """Dwell times [s] from numbers of samples: geometric numbers plus a cut exponential make exponential times exactly.

    The chance comes from a fixed seed: the same trace gives the same p-value.
    """
    uniform = np.random.default_rng(lengths.size).random(lengths.size)
    inside = -np.log1p(-uniform * p) / -math.log1p(-p) if p < 1.0 else uniform
    return (lengths - 1 + inside) * interval


def exponential_p_value(times: np.ndarray) -> float:
    """p-value of dwell times (n,) being exponential with a mean that is estimated from them; nan for n below 8.

    Anderson-Darling's A^2 (1 + 0.6/n), with the approximation of its law in R. B. D'Agostino and M. A. Stephens,
    Goodness-of-Fit Techniques (Dekker, 1986), table 4.14; tested against simulation.
    """
    n = times.size
    if n < _ENOUGH:
        return math.nan
    z = np.sort(times) / times.mean()
    log_below, log_above = np.log(np.maximum(-np.expm1(-z), 1e-300)), -z
    rank = 2.0 * np.arange(1, n + 1) - 1.0
    a = (-n - float((rank * (log_below + log_above[::-1])).sum()) / n) * (1.0 + 0.6 / n)
    if a < 0.26:
        p = 1.0 - math.exp(-12.2204 + 67.459 * a - 110.3 * a * a)
    elif a < 0.51:
        p = 1.0 - math.exp(-6.1327 + 20.218 * a - 18.663 * a * a)
    elif a < 0.95:
        p = math.exp(0.9209 - 3.353 * a + 0.3 * a * a)
    else:
        p = math.exp(0.731 - 3.009 * min(a, 10.0) + 0.15 * min(a, 10.0) ** 2)
    return min(max(p, 0.0), 1.0)


def _warn_of_law(rates: StateRates) -> None:
    both = {"parallel": rates.parallel.exponential, "antiparallel": rates.antiparallel.exponential}
    strange = {name: p for name, p in both.items() if p < _STRANGE}
    if strange:
        warnings.warn(
            f"Dwell times in the {' and the '.join(strange)} state{where_taken(rates.current, rates.temperature)} are "
            f"not exponential (p = {', '.join(f'{p:.1g}' for p in strange.values())}): the junction drifted, has more "
            "than two states, or short dwells were lost. Intervals and fits assume exponential ones.",
            SpinloomWarning,
            stacklevel=3,
        )


def warn_of_noise(levels: Levels, samples: int, flips: int, hysteresis: float, where: str) -> None:
    """Warn where noise alone makes more than 2 % of the flips that were counted."""
    false = 2.0 * levels.false_flips(samples, hysteresis)
    if false > 0.02 * flips:
        warnings.warn(
            f"The noise of the trace{where} (levels {levels.separation:.1f} standard deviations apart) makes about "
            f"{false:.2g} of the {flips} flips by itself, and the rates too large. Average over time, record with less "
            f"noise, or widen the hysteresis (now {hysteresis:g} of the levels' distance, at most 0.45).",
            SpinloomWarning,
            stacklevel=3,
        )


def where_taken(current: float, temperature: float) -> str:
    """`` at 5 µA, 300 K`` as far as known."""
    known = [pretty(value, unit) for value, unit in ((current, "A"), (temperature, "K")) if not math.isnan(value)]
    return f" at {', '.join(known)}" if known else ""


def quantile() -> float:
    """Half width of a 95 % interval in standard deviations."""
    return float(norm.ppf(0.5 + 0.5 * CONFIDENCE))
