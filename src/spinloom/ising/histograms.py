"""Samples against an exact distribution: counts of states, total variation, and how large it is by chance alone."""

from __future__ import annotations

import math

import numpy as np

from spinloom.errors import InputError
from spinloom.ising.exact import LARGEST, numbers


def histogram(samples: np.ndarray) -> np.ndarray:
    """How often each state of k spins occurs in samples (reads, k) of ±1 or 0/1; shape (2^k,), by state number.

    Raises
    ------
    InputError
        More than 24 spins: choose columns.
    """
    spins = np.asarray(samples)
    if spins.shape[-1] > LARGEST:
        raise InputError(
            f"A histogram of {spins.shape[-1]} spins has 2^{spins.shape[-1]} bars; give columns of at most {LARGEST}."
        )
    return np.bincount(numbers(spins), minlength=1 << spins.shape[-1])


def total_variation(counts: np.ndarray, p: np.ndarray) -> float:
    """Half the sum of |counts/N - p|, 0 for equal and 1 for disjoint distributions; both of shape (states,).

    Counts may be a law too.
    """
    found = np.asarray(counts, float)
    return float(0.5 * np.abs(found / found.sum() - p).sum())


def expected_variation(p: np.ndarray, samples: int) -> float:
    """The mean total variation between p and N independent samples drawn from it: the sampling error.

    The mean absolute deviation of a binomial count X is 2 k (N over k) p^k (1-p)^(N-k+1) with k = floor(N p) + 1
    (de Moivre); half of their sum over the states, divided by N.
    """
    from scipy.special import gammaln

    p = np.asarray(p, float)
    inside = p[(p > 0) & (p < 1)]
    k = np.floor(samples * inside) + 1
    logs = gammaln(samples + 1) - gammaln(k + 1) - gammaln(samples - k + 1)
    logs += k * np.log(inside) + (samples - k + 1) * np.log1p(-inside)
    return float((k * np.exp(logs)).sum() / samples)


def largest_variation(p: np.ndarray, samples: int, false_alarms: float = 1e-3) -> float:
    """The total variation that N independent samples of p exceed in at most a share ``false_alarms`` of cases.

    One sample moves it by at most 1/N, so by McDiarmid's inequality it passes its mean by sqrt(ln(1/share)/(2N)) with
    at most that probability.
    """
    return expected_variation(p, samples) + math.sqrt(math.log(1.0 / false_alarms) / (2.0 * samples))
