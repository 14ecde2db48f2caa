"""The two levels of a telegraph signal in noise, and which of them each sample belongs to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np
from scipy.stats import norm

SEPARATED = 4.0
"""Levels closer than this many standard deviations of the noise cannot be told from one noisy level."""
_BINS = 2048
_ROUNDS = 300


@final
@dataclass(frozen=True)
class Levels:
    """Two levels, low < high, and the standard deviation of the noise about each, in the signal's unit."""

    low: float
    high: float
    noise: float

    @property
    def separation(self) -> float:
        """Distance of the levels in standard deviations of the noise; infinite without noise."""
        return (self.high - self.low) / self.noise if self.noise > 0 else math.inf

    def states(self, signal: np.ndarray, hysteresis: float = 0.25) -> np.ndarray:
        """1 where the signal is at the high level, else 0, as uint8 of the same shape (n,).

        The state changes when the signal is past the middle by ``hysteresis`` times the distance of the levels; in
        between, the last state stays, so that noise about the middle makes no flips.
        """
        middle, reach = 0.5 * (self.low + self.high), hysteresis * (self.high - self.low)
        sure = np.where(signal > middle + reach, 1, np.where(signal < middle - reach, 0, -1))
        if (sure < 0).all():
            return (signal > middle).astype(np.uint8)
        last = np.maximum.accumulate(np.where(sure >= 0, np.arange(sure.size), -1))
        first = int(np.argmax(sure >= 0))  # before the first sure sample: its state
        return sure[np.where(last < 0, first, last)].astype(np.uint8)

    def false_flips(self, samples: int, hysteresis: float = 0.25) -> float:
        """How often white Gaussian noise alone carries ``samples`` samples past the other level's threshold."""
        return samples * float(norm.sf((0.5 + hysteresis) * self.separation))


def find_levels(signal: np.ndarray) -> Levels | None:
    """The two levels of a signal (n,), or None where it has only one.

    Two Gaussians of one width are fitted to the signal's histogram by expectation maximisation, from several starts; a
    signal of two levels has them ``SEPARATED`` apart, and better likelihood than one Gaussian by far.
    """
    values = np.unique(signal)
    if values.size <= 2:  # a signal without noise: states, or the output of a comparator
        return Levels(float(values[0]), float(values[1]), 0.0) if values.size == 2 else None
    counts, edges = np.histogram(signal, _BINS)
    centres, width = 0.5 * (edges[1:] + edges[:-1]), edges[1] - edges[0]
    counts, centres = counts[counts > 0].astype(float), centres[counts > 0]
    total = counts.sum()
    mean = (counts * centres).sum() / total
    single = math.sqrt((counts * (centres - mean) ** 2).sum() / total)
    plain = float((counts * _log_normal(centres, mean, single)).sum())
    ordered = np.sort(signal)
    ends = (0.5, 0.02, 0.001)
    starts = [
        (ordered[int(share * (ordered.size - 1))], ordered[int((1 - share) * (ordered.size - 1))]) for share in ends
    ]
    starts = [_halves(counts, centres), *starts, (float(edges[0]), float(edges[-1]))]
    best, found = plain, None
    for low, high in starts:
        if high - low <= width:
            continue
        level, likelihood = _mixture(counts, centres, (low, high), floor=width / math.sqrt(12.0))
        if likelihood > best:
            best, found = likelihood, level
    if found is None or found.separation < SEPARATED or best - plain < 10.0 + 2.0 * math.log(total):
        return None
    return found


def _halves(counts: np.ndarray, centres: np.ndarray) -> tuple[float, float]:
    """Means on both sides of the threshold with the least variance within (Otsu's; two-means in one dimension)."""
    weight, moment = np.cumsum(counts)[:-1], np.cumsum(counts * centres)[:-1]
    total, sum_ = counts.sum(), (counts * centres).sum()
    low, high = moment / weight, (sum_ - moment) / (total - weight)
    best = int(np.argmax(weight * (total - weight) * (high - low) ** 2))
    return float(low[best]), float(high[best])


def _log_normal(x: np.ndarray, mean: float | np.ndarray, sigma: float) -> np.ndarray:
    return -0.5 * ((x - mean) / sigma) ** 2 - math.log(sigma * math.sqrt(2.0 * math.pi))


def _mixture(counts: np.ndarray, centres: np.ndarray, start: tuple[float, float], floor: float) -> tuple[Levels, float]:
    """Two Gaussians of one width by expectation maximisation, and their log-likelihood."""
    means, weights = np.array(start), np.array([0.5, 0.5])
    sigma = max((start[1] - start[0]) / 6.0, floor)
    total, likelihood = counts.sum(), -math.inf
    for _ in range(_ROUNDS):
        log = np.log(weights)[:, None] + _log_normal(centres, means[:, None], sigma)
        both = np.logaddexp(log[0], log[1])
        before, likelihood = likelihood, float((counts * both).sum())
        if likelihood - before < 1e-3:  # of a log-likelihood: far below what could tell two starts apart
            break
        share = counts * np.exp(log - both)
        weights = np.maximum(share.sum(axis=1), 1e-9) / total
        means = (share * centres).sum(axis=1) / (weights * total)
        sigma = max(math.sqrt((share * (centres - means[:, None]) ** 2).sum() / total), floor)
    low, high = sorted(means.tolist())
    return Levels(low, high, sigma), likelihood
