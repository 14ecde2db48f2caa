"""A physically unclonable function: bits from which of two junctions happens to have the larger resistance.

Notation: D is the difference of a pair, Gaussian over pairs with standard deviation ``spread``; one read adds Gaussian
noise of standard deviation ``noise`` to it. A fingerprint is an array of bits, shape (chips, bits).
"""

from __future__ import annotations

import math

import numpy as np

from spinloom.errors import InputError

_QUANTILE = 2.5758293035489004
"""Standard normal quantile of 0.995, the confidence that NIST SP 800-90B asks for."""


def flip_rate(spread: float, noise: float, enrolment_noise: float = 0.0) -> float:
    """Probability that a read differs from the enrolled bit, over all pairs.

    Both are signs of D plus noise, jointly Gaussian with correlation rho, so that P = arccos(rho)/pi with
    rho = s^2/sqrt((s^2 + n_e^2)(s^2 + n^2)). With an exact enrolment (n_e = 0) this is arctan(n/s)/pi.

    Parameters
    ----------
    spread, noise, enrolment_noise : float
        Standard deviations of the pair's difference, of a read, and of the enrolled value (noise/sqrt(k) for the mean
        of k reads); one unit for all three.
    """
    _check(spread, noise, enrolment_noise)
    # arctan instead of arccos: exact where the correlation is close to 1
    tangent = math.sqrt(spread**2 * (noise**2 + enrolment_noise**2) + (noise * enrolment_noise) ** 2) / spread**2
    return math.atan(tangent) / math.pi


def kept_share(spread: float, enrolment_noise: float, threshold: float) -> float:
    """Share of pairs whose enrolled difference is larger than ``threshold`` in size: erfc(t/(sqrt(2) s_e))."""
    _check(spread, enrolment_noise)
    return math.erfc(threshold / math.sqrt(2.0 * (spread**2 + enrolment_noise**2)))


def masked_flip_rate(spread: float, noise: float, enrolment_noise: float, threshold: float) -> float:
    """As :func:`flip_rate`, over the pairs alone that :func:`kept_share` counts.

    Given the enrolled value x, D is Gaussian with mean kappa x, kappa = s^2/(s^2 + n_e^2), so a read has the other
    sign with probability Phi(-kappa |x|/v), v^2 = s^2 n_e^2/(s^2 + n_e^2) + n^2; this is integrated over |x| > t.
    """
    from scipy.integrate import quad
    from scipy.special import log_ndtr, ndtr

    _check(spread, noise, enrolment_noise)
    if noise == 0.0 and enrolment_noise == 0.0:
        return 0.0
    total = math.hypot(spread, enrolment_noise)
    kappa = (spread / total) ** 2
    width = math.hypot(spread * enrolment_noise / total, noise)
    lowest = threshold / total

    def density(x: float) -> float:
        return math.exp(-0.5 * x * x + float(log_ndtr(-kappa * x * total / width)))

    wrong, _ = quad(density, lowest, lowest + 12.0, epsabs=0.0, epsrel=1e-10, limit=200)
    return wrong / math.sqrt(2.0 * math.pi) / float(ndtr(-lowest))


def majority_flip_rate(flip: float, copies: int) -> float:
    """Probability that more than half of ``copies`` independent bits, each wrong with ``flip``, are wrong.

    Raises
    ------
    InputError
        An even number of copies: a tie would have to be decided.
    """
    if copies < 1 or copies % 2 == 0:
        raise InputError(f"copies = {copies}: a repetition code needs an odd number of copies.")
    return math.fsum(
        math.comb(copies, wrong) * flip**wrong * (1.0 - flip) ** (copies - wrong)
        for wrong in range(copies // 2 + 1, copies + 1)
    )


def hamming_shares(bits: np.ndarray) -> np.ndarray:
    """Share of differing bits of every pair of chips, shape (chips (chips - 1)/2,).

    Parameters
    ----------
    bits : array of bool, shape (chips, bits)
    """
    found = _bits(bits)
    if len(found) < 2:
        raise InputError("Uniqueness compares chips: give at least two of them.")
    signs = 2.0 * found - 1.0
    shares = 0.5 * (1.0 - signs @ signs.T / found.shape[1])
    return shares[np.triu_indices(len(found), 1)]


def min_entropy(bits: np.ndarray) -> float:
    """Min-entropy a bit by the most common value, with NIST's upper bound: -log2(p + 2.576 sqrt(p (1 - p)/(n - 1))).

    An estimate over all bits as one sequence; it sees bias, not correlation. n perfect bits give
    about 1 - 3.7/sqrt(n), not 1.

    References
    ----------
    NIST SP 800-90B (2018), section 6.3.1.
    """
    found = _bits(bits).ravel()
    if found.size < 2:
        raise InputError("An estimate of entropy needs at least two bits.")
    share = max(found.mean(), 1.0 - found.mean())
    bound = share + _QUANTILE * math.sqrt(share * (1.0 - share) / (found.size - 1))
    return -math.log2(min(bound, 1.0)) + 0.0


def expected_uniqueness(bias: np.ndarray) -> float:
    """Mean Hamming share of two chips whose bit b is 1 with probability ``bias[b]``: the mean of 2 p (1 - p)."""
    share = np.asarray(bias, float)
    return float((2.0 * share * (1.0 - share)).mean())


def enrol(bits: np.ndarray, key: np.ndarray, copies: int) -> np.ndarray:
    """Public helper bits of a key hidden under a fingerprint: key repeated ``copies`` times, XOR fingerprint.

    Parameters
    ----------
    bits : array of bool, shape (copies * len(key) or more,)
        Fingerprint; only the first copies * len(key) bits are used.
    key : array of bool, shape (k,)
    copies : int
        Odd.
    """
    needed = copies * key.size
    if bits.size < needed:
        raise InputError(
            f"A key of {key.size} bits in {copies} copies needs {needed} stable bits; there are {bits.size}."
        )
    return np.repeat(key, copies) ^ bits[:needed]


def recover(bits: np.ndarray, helper: np.ndarray, copies: int) -> np.ndarray:
    """The key from a new read of the fingerprint: majority over the copies; leading axes are further reads."""
    votes = (bits[..., : helper.size] ^ helper).reshape(*bits.shape[:-1], -1, copies)
    return votes.sum(axis=-1) * 2 > copies


def _bits(bits: np.ndarray) -> np.ndarray:
    found = np.asarray(bits)
    if found.dtype != bool:
        raise InputError(f"bits hold {found.dtype}: give an array of True and False.")
    return found


def _check(spread: float, *noises: float) -> None:
    if not (0.0 < spread < math.inf and all(0.0 <= noise < math.inf for noise in noises)):
        raise InputError(f"spread = {spread}, noise = {noises}: the spread must be above 0, a noise 0 or more.")
