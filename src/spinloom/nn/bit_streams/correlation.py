"""How far two bit streams are from independent, and whether that is more than chance."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

FALSE_ALARM = 1e-6
"""Probability with which two independent streams are called correlated."""


class Correlation(NamedTuple):
    """What :func:`measure` finds between two streams of one length.

    Attributes
    ----------
    scc : float
        Stochastic-computing correlation: +1 where the overlap is the largest that the two values allow, -1 the
        smallest, 0 for p_xy = p_x p_y. It says what an AND gate gives: see :func:`overlap`.
    phi : float
        Pearson's correlation of the bits.
    expected : float
        Standard deviation of phi for independent streams with the autocorrelation of these two.
    """

    scc: float
    phi: float
    expected: float

    def beyond(self, false_alarm: float = FALSE_ALARM) -> bool:
        """Whether abs(phi) is larger than independent streams show with this probability (normal approximation)."""
        return abs(self.phi) > NormalDist().inv_cdf(1.0 - 0.5 * false_alarm) * self.expected


def scc(p_x: float, p_y: float, p_xy: float) -> float:
    """Stochastic-computing correlation of two streams with values p_x, p_y whose AND has the value p_xy.

    (p_xy - p_x p_y)/(min(p_x, p_y) - p_x p_y) where the numerator is positive, else
    (p_xy - p_x p_y)/(p_x p_y - max(p_x + p_y - 1, 0)); 0 where a stream is constant.

    References
    ----------
    A. Alaghi, J. P. Hayes, "Exploiting correlation in stochastic circuit design", ICCD (2013),
    doi:10.1109/ICCD.2013.6657023, eq. 2.
    """
    product = p_x * p_y
    excess = p_xy - product
    room = min(p_x, p_y) - product if excess > 0 else product - max(p_x + p_y - 1.0, 0.0)
    return 0.0 if room <= 0 or excess == 0 else excess / room


def overlap(p_x: float, p_y: float, correlation: float) -> float:
    """Value of the AND of two streams with this SCC: the inverse of :func:`scc`. Independent streams: p_x p_y."""
    product = p_x * p_y
    limit = min(p_x, p_y) if correlation > 0 else max(p_x + p_y - 1.0, 0.0)
    return (1.0 - abs(correlation)) * product + abs(correlation) * limit


def enlargement(c: float) -> float:
    """By what factor autocorrelation c^k enlarges the variance of a long stream's mean: (1 + c)/(1 - c).

    Exact for length L -> infinity; at L it is 1 + 2 sum_k (1 - k/L) c^k, see :func:`mean_variance`.
    """
    return (1.0 + c) / (1.0 - c)


def mean_variance(p: float, c: float, length: int) -> float:
    """Variance of the mean of ``length`` samples of a telegraph signal of mean p and autocorrelation c^k.

    p (1-p)/L [ (1+c)/(1-c) - 2 c (1 - c^L)/(L (1-c)^2) ], exact; p (1-p)/L for c = 0.
    """
    tail = 2.0 * c * (1.0 - c**length) / (length * (1.0 - c) ** 2)
    return p * (1.0 - p) / length * (enlargement(c) - tail)


def product_variance(p: float, q: float, c_p: float, c_q: float, length: int) -> float:
    """Variance of the AND of two independent telegraph streams over ``length`` samples, exact.

    Its autocovariance is R(k) = (p^2 + p(1-p) c_p^k)(q^2 + q(1-q) c_q^k) - p^2 q^2; the variance of the mean is
    [R(0) + 2 sum_k (1 - k/L) R(k)]/L, which is p q (1 - p q)/L for c_p = c_q = 0.
    """
    k = np.arange(1, length)
    lagged = (p * p + p * (1 - p) * c_p**k) * (q * q + q * (1 - q) * c_q**k) - (p * q) ** 2
    return float((p * q * (1 - p * q) + 2.0 * ((1.0 - k / length) * lagged).sum()) / length)


def isolation(c: float, residual: float) -> int:
    """Samples of delay after which a telegraph stream's correlation with itself, c^k, is at most ``residual``."""
    if not 0.0 < c < 1.0:
        return 1
    return max(1, math.ceil(math.log(residual) / math.log(c)))


def measure(x: np.ndarray, y: np.ndarray) -> Correlation:
    """Correlation of two streams given as arrays of 0 and 1, shape (length,).

    The chance level takes each stream's own measured autocorrelation at lag 1, rho: independent streams of geometric
    autocorrelation have a phi of variance (1 + rho_x rho_y)/(1 - rho_x rho_y)/L (Bartlett).
    """
    length = x.size
    p_x, p_y, p_xy = float(x.mean()), float(y.mean()), float((x & y).mean())
    spread = math.sqrt(p_x * (1 - p_x) * p_y * (1 - p_y))
    if spread == 0.0 or length < 2:
        return Correlation(0.0, 0.0, math.inf)  # a constant stream is independent of everything
    both = min(max(_lag_one(x, p_x) * _lag_one(y, p_y), 0.0), 0.999)
    chance = math.sqrt(enlargement(both) / length)
    return Correlation(scc(p_x, p_y, p_xy), (p_xy - p_x * p_y) / spread, chance)


def _lag_one(x: np.ndarray, p: float) -> float:
    return float(((x[1:] - p) * (x[:-1] - p)).mean()) / (p * (1 - p))
