"""Junctions as sources of bit streams: which probability each really gives, and how samples hang together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self, final

import numpy as np

from spinloom.errors import InputError
from spinloom.physics.bit_words import CERTAIN

if TYPE_CHECKING:
    from spinloom.devices.two_state import TwoState

MOST_BITS = 16
"""Coins of a programmable source at most."""


class Pulsed(Protocol):
    """What is needed of a device's response to pulses; ``spinloom.responses.Bernoulli`` has it."""

    @property
    def centre(self) -> float:
        """Drive at which half of the pulses switch."""
        ...

    @property
    def width(self) -> float:
        """Width of the logistic curve, in the unit of the drive."""
        ...

    def spread(self, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Centre and width of ``count`` devices."""
        ...


class Recipe(NamedTuple):
    """How the compiled loops draw streams: see ``kernels.words``."""

    level: np.ndarray
    keep: np.ndarray
    fair: np.ndarray
    bits: int


@final
@dataclass(frozen=True, eq=False)
class Junctions:
    """Sources of streams, one entry a junction; streams beyond the last begin with the first again.

    A junction that is set to the probability p gives p' with logit p' = slope logit p + offset: a bias (current or
    voltage) shifts a logistic curve, a spread of its width stretches it. With ``bits`` a stream is instead made by
    comparing a number with that many coins, each from a junction that is left at p = 1/2 and gives
    1/(1 + exp(-offset)); the coins of a stream share its entry.

    Attributes
    ----------
    offset, slope : ndarray (n,)
        Of each junction's curve.
    correlation : ndarray (n,)
        c = exp(-T_s/tau*) between successive samples at p' = 1/2; 0 for pulsed devices, which are reset each time. A
        bias makes a telegraph junction faster: c(p') = c^(1/(2 sqrt(p'(1 - p')))).
    bits : int
        0: the probability is set by a bias; else coins a sample, resolution 2^-bits.

    Raises
    ------
    InputError
        A correlation outside 0..1 (1 excluded), NaN, more bits than 16, arrays of different lengths.
    """

    offset: np.ndarray
    slope: np.ndarray
    correlation: np.ndarray
    bits: int = 0

    def __post_init__(self) -> None:
        """Make arrays of one length and check them."""
        try:
            arrays = np.broadcast_arrays(*(np.atleast_1d(np.asarray(a, float)) for a in self._columns()))
        except ValueError:
            raise InputError("Each junction needs one offset, one slope and one correlation.") from None
        for name, array in zip(("offset", "slope", "correlation"), arrays, strict=True):
            if array.ndim != 1 or not np.isfinite(array).all():
                raise InputError(f"{name} must be a list of finite numbers, one a junction.")
            object.__setattr__(self, name, array)
        if (self.correlation < 0).any() or (self.correlation >= 1).any():
            raise InputError("correlation = exp(-T_s/tau*) must be from 0 to below 1: sample at an interval above 0.")
        if isinstance(self.bits, bool) or not isinstance(self.bits, int) or not 0 <= self.bits <= MOST_BITS:
            raise InputError(f"bits = {self.bits}: give a whole number from 0 (set by a bias) to {MOST_BITS}.")

    def _columns(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.offset, self.slope, self.correlation

    # ---- where they come from -----------------------------------------------------------------------------------

    @classmethod
    def ideal(cls) -> Self:
        """Independent bits of exactly the probability asked for."""
        return cls(np.zeros(1), np.ones(1), np.zeros(1))

    @classmethod
    def pulsed(cls, response: Pulsed, count: int = 1, seed: int = 0) -> Self:
        """Devices that are reset and pulsed for every bit, driven by the mean curve; ``count`` of them, with spread."""
        centre, width = response.spread(count, seed)
        # driven at V(p) = centre + width logit p of the mean curve
        return cls((response.centre - centre) / width, response.width / width, np.zeros(count))

    @classmethod
    def telegraph(cls, junctions: TwoState, interval: float, at: TwoState | None = None) -> Self:
        """Superparamagnetic junctions biased to a probability and sampled every ``interval`` seconds.

        Parameters
        ----------
        junctions : TwoState
            The devices.
        interval : float
            Sampling interval T_s [s].
        at : TwoState, optional
            The one junction by whose curve the currents are chosen; the medians of ``junctions`` if not given.
        """
        if not interval > 0:
            raise InputError(f"interval = {interval}: sample every so many seconds, above 0.")
        slope = 2.0 * junctions.thermal_stability / junctions.critical_current  # of the logit, per ampere
        if at is None:
            mean_slope, mean_offset = float(np.median(slope)), float(np.median(junctions.offset_current))
        else:
            mean_slope = float((2.0 * at.thermal_stability / at.critical_current)[0])
            mean_offset = float(at.offset_current[0])
        rate = 2.0 * junctions.peak_rate  # sum of both at p = 1/2
        offset = slope * (mean_offset - junctions.offset_current)
        return cls(offset, slope / mean_slope, np.exp(-interval * rate))

    def programmable(self, bits: int) -> Self:
        """The same junctions as coins whose bits are compared with a number of ``bits`` bits."""
        if bits < 1:
            raise InputError(f"bits = {bits}: a programmable source needs at least one coin a sample.")
        return type(self)(*self._columns(), bits=bits)

    # ---- what they give -----------------------------------------------------------------------------------------

    def realised(self, probability: np.ndarray) -> np.ndarray:
        """Probability of a 1 that junction n really gives where p is asked for; shape (..., streams).

        0 and 1 stay: such a stream is switched off or on.
        """
        p = checked(probability)
        streams = np.arange(p.shape[-1]) % self.offset.size
        if self.bits:
            return self._of_coins(p, 1.0 / (1.0 + np.exp(-self.offset[streams])))
        if not self.offset.any() and (self.slope == 1.0).all():
            return p
        with np.errstate(divide="ignore"):
            u = self.slope[streams] * (np.log(p) - np.log1p(-p)) + self.offset[streams]
        with np.errstate(over="ignore"):
            return 1.0 / (1.0 + np.exp(-u))

    def autocorrelation(self, realised: np.ndarray) -> np.ndarray:
        """c between successive samples at these probabilities, shape (..., streams)."""
        streams = np.arange(realised.shape[-1]) % self.offset.size
        c = self.correlation[streams]
        if self.bits:
            realised = 1.0 / (1.0 + np.exp(-self.offset[streams]))
        with np.errstate(divide="ignore", invalid="ignore"):
            power = 0.5 / np.sqrt(realised * (1.0 - realised))
            return np.where(c > 0, np.power(c, np.minimum(power, 1e9)), 0.0)

    def recipe(self, probability: np.ndarray) -> Recipe:
        """The streams of these probabilities (..., streams) for the compiled loops."""
        p = checked(probability)
        streams = np.arange(p.shape[-1]) % self.offset.size
        empty = np.empty(0 if p.ndim == 1 else (0, p.shape[-1]), np.uint64)
        if self.bits:
            coin = 1.0 / (1.0 + np.exp(-self.offset[streams]))
            level = np.rint(p * 2**self.bits).astype(np.uint64)
            keep = np.broadcast_to(levels(self.autocorrelation(coin)), p.shape) if self.correlation.any() else empty
            return Recipe(level, np.ascontiguousarray(keep), levels(coin), self.bits)
        real = self.realised(p)
        keep = levels(self.autocorrelation(real)) if self.correlation.any() else empty
        return Recipe(levels(real), keep, np.zeros(p.shape[-1], np.uint64), 0)

    def _of_coins(self, p: np.ndarray, coin: np.ndarray) -> np.ndarray:
        number = np.rint(p * 2**self.bits).astype(np.int64)
        below = np.zeros(p.shape)  # P(coins so far, as a number, < the lower bits of the level)
        for bit in range(self.bits):
            below = np.where(number >> bit & 1, (1.0 - coin) + coin * below, (1.0 - coin) * below)
        return np.where(number >= 2**self.bits, 1.0, below)


def checked(probability: float | np.ndarray) -> np.ndarray:
    """Probabilities as float64, refused outside 0..1."""
    p = np.atleast_1d(np.asarray(probability, float))
    if not ((p >= 0) & (p <= 1)).all():  # also true of NaN
        wrong = p[~((p >= 0) & (p <= 1))].flat[0]
        raise InputError(
            f"A stream cannot stand for {wrong:g}: unipolar streams hold numbers from 0 to 1. Scale the number, or use "
            "the bipolar form (2 p - 1) for -1 to 1."
        )
    return p


def levels(probability: np.ndarray) -> np.ndarray:
    """Probabilities as whole numbers of 2^-32."""
    return np.rint(np.asarray(probability, float) * CERTAIN).astype(np.uint64)


def seed_key(seed: int) -> tuple[int, int]:
    """A seed as the two words of a generator's key."""
    if seed < 0 or not math.isfinite(seed):
        raise InputError(f"seed = {seed}: give a whole number from 0 upwards.")
    mixed = int(np.random.SeedSequence([seed, 0xB175]).generate_state(1, np.uint64)[0])
    return mixed & 0xFFFFFFFF, mixed >> 32
