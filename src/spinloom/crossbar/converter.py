"""Converters between numbers and currents: a few bits over a range."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, final, get_args

import numpy as np

from spinloom.errors import InputError, UnknownNameError
from spinloom.units import si

Mode = Literal["uniform", "nonuniform"]
MOST_BITS = 24
LLOYD_STEPS = 50


@final
@dataclass(frozen=True)
class Converter:
    """A converter of b bits (DAC or ADC).

    "uniform": evenly spaced levels. A single number R as range means -R..R with zero as a level (mid-tread), so that
    2^b - 1 levels are used; a pair (a, b) means 2^b levels from a to b, both ends included. "nonuniform": given levels,
    at most 2^b, or those that :meth:`calibrate` finds for the smallest mean squared error (Lloyd-Max).

    Attributes
    ----------
    bits : int
        From 1 to 24.
    range : float, (float, float) or None
        In the units of what is converted; None until calibrated.
    mode : "uniform" or "nonuniform"
    levels : tuple of float
        Of mode "nonuniform", rising.

    Raises
    ------
    InputError
        bits below 1, a range that is none, one bit over a symmetric range (its only mid-tread level is zero).

    References
    ----------
    S. P. Lloyd, IEEE Trans. Inf. Theory 28, 129 (1982), doi:10.1109/TIT.1982.1056489.

    Examples
    --------
    >>> Converter(bits=3, range=3.0).convert([0.4, -1.6, 7.0]).tolist()
    [0.0, -2.0, 3.0]
    """

    bits: int = 8
    range: float | tuple[float, float] | None = None
    mode: Mode = "uniform"
    levels: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what converts nothing."""
        if self.mode not in get_args(Mode):
            raise UnknownNameError("mode of conversion", str(self.mode), get_args(Mode))
        whole = isinstance(self.bits, int | np.integer) and not isinstance(self.bits, bool)
        if not whole or not 1 <= self.bits <= MOST_BITS:
            raise InputError(f"bits = {self.bits}: give a whole number from 1 to {MOST_BITS}.")
        if isinstance(self.range, tuple):
            if len(self.range) != 2 or not -math.inf < self.range[0] < self.range[1] < math.inf:
                raise InputError(f"range = {self.range}: give a number above 0, or two finite numbers that rise.")
        elif self.range is not None:
            if not 0.0 < self.range < math.inf:
                raise InputError(f"range = {self.range}: give a number above 0, or two finite numbers that rise.")
            if self.bits == 1 and self.mode == "uniform":
                raise InputError(
                    "One bit over a symmetric range has zero as its only level; give the range as a pair, e.g. "
                    f"(-{self.range:g}, {self.range:g}), for two levels."
                )
        table = np.asarray(self.levels, float)
        if table.size and (
            self.mode == "uniform"
            or table.size > 2**self.bits
            or not np.isfinite(table).all()
            or (np.diff(table) <= 0).any()
        ):
            raise InputError(
                f"{table.size} levels: mode 'nonuniform' takes at most 2^bits = {2**self.bits} finite, rising levels."
            )

    @property
    def calibrated(self) -> bool:
        """Whether it can convert."""
        return bool(self.levels) if self.mode == "nonuniform" else self.range is not None

    @property
    def bounds(self) -> tuple[float, float]:
        """The lowest and the highest level.

        Raises
        ------
        InputError
            The range is missing.
        """
        if not self.calibrated:
            raise InputError(
                "The converter has no range yet: give range=, or calibrate it on samples of what it will see: "
                "converter = converter.calibrate(samples)."
            )
        if self.mode == "nonuniform":
            return self.levels[0], self.levels[-1]
        return self.range if isinstance(self.range, tuple) else (-float(self.range or 0), float(self.range or 0))

    @property
    def step(self) -> float:
        """Distance of two neighbouring levels of a uniform converter."""
        low, high = self.bounds
        return (high - low) / (2**self.bits - (1 if isinstance(self.range, tuple) else 2))

    def calibrate(self, samples: np.ndarray, share: float = 0.999, signed: bool | None = None) -> Converter:
        """The same converter with the range that holds a share of the samples.

        Parameters
        ----------
        samples : array
            Values as the converter will see them.
        share : float
            Of the samples whose magnitude lies inside the range: 1 takes the largest, 0.999 cuts off outliers.
        signed : bool, optional
            Whether the range is -R..R or 0..R; without, by whether a sample is negative.

        Raises
        ------
        InputError
            No samples, NaN, all zero, or a share that is not in 0..1.
        """
        values = np.asarray(samples, float).ravel()
        if not values.size or not np.isfinite(values).all():
            raise InputError("Calibration needs samples, all of them finite numbers.")
        if not 0.0 < share <= 1.0:
            raise InputError(f"share = {share}: give a share of the samples above 0 and up to 1.")
        if self.mode == "nonuniform":
            return replace(self, levels=_lloyd_max(values, 2**self.bits))
        reach = float(np.quantile(np.abs(values), share))
        reach = reach or float(np.abs(values).max())  # mostly zeros, as after a ReLU
        if reach == 0.0:
            raise InputError("All samples are zero: a range cannot be read off them; give range=.")
        signed = bool((values < 0).any()) if signed is None else signed
        return replace(self, range=(reach if self.bits > 1 else (-reach, reach)) if signed else (0.0, reach))

    def convert(self, values: np.ndarray) -> np.ndarray:
        """The nearest level of each value; beyond the range its end.

        Raises
        ------
        InputError
            The range is missing, or a value is NaN.
        """
        given = np.asarray(values, float)
        low, high = self.bounds
        if np.isnan(given).any():
            raise InputError(f"{int(np.isnan(given).sum())} of {given.size} values to convert are NaN.")
        if self.mode == "nonuniform":
            table = np.asarray(self.levels)
            return table[np.searchsorted(0.5 * (table[1:] + table[:-1]), given)]
        origin = low if isinstance(self.range, tuple) else 0.0  # zero stays exactly zero
        return origin + np.rint((np.clip(given, low, high) - origin) / self.step) * self.step

    def saturated(self, values: np.ndarray) -> int:
        """Number of values more than half a step beyond the ends, which conversion cuts off."""
        low, high = self.bounds
        given = np.asarray(values, float)
        margin = 0.5 * self.step if self.mode == "uniform" else 0.0
        return int(((given < low - margin) | (given > high + margin)).sum())


@final
@dataclass(frozen=True)
class TimeToDigital:
    """A counter of b bits that counts clock periods until a column has charged: n = floor((t - start)/period).

    A series column of total resistance R that charges a capacitance C to a share s of its supply takes
    t = R C ln(1/(1 - s)), so that the count is linear in R.

    Attributes
    ----------
    bits : int
    period, start : str or float
        Of the clock, and when counting starts [s].

    Raises
    ------
    InputError
        bits below 1, a period that is not above 0.
    """

    bits: int
    period: str | float
    start: str | float = 0.0

    def __post_init__(self) -> None:
        """Read units, refuse what counts nothing."""
        Converter(self.bits, (0.0, 1.0))
        for name in ("period", "start"):
            object.__setattr__(self, name, si(getattr(self, name), "time", name))
        if not 0.0 < float(self.period) < math.inf or not 0.0 <= float(self.start) < math.inf:
            raise InputError(
                f"period = {self.period}, start = {self.start}: give a period above 0 and a start from 0 on."
            )

    def count(self, times: np.ndarray) -> np.ndarray:
        """Whole counts 0 to 2^b - 1 of charging times [s]; later times saturate.

        Raises
        ------
        InputError
            A time is NaN.
        """
        given = np.asarray(times, float)
        if np.isnan(given).any():
            raise InputError(f"{int(np.isnan(given).sum())} of {given.size} times are NaN.")
        counts = np.floor((given - float(self.start)) / float(self.period) * (1 + 1e-12))
        return np.clip(counts, 0, 2**self.bits - 1).astype(np.int64)

    def time(self, counts: np.ndarray) -> np.ndarray:
        """The middle of each count's period [s]."""
        return float(self.start) + (np.asarray(counts, float) + 0.5) * float(self.period)

    def saturated(self, times: np.ndarray) -> int:
        """Number of times that the counter cannot hold: before its start, or past its last period."""
        place = (np.asarray(times, float) - float(self.start)) / float(self.period)
        return int(((place < 0) | (place >= 2**self.bits)).sum())


def _lloyd_max(values: np.ndarray, count: int) -> tuple[float, ...]:
    """At most ``count`` levels with the smallest mean squared error, started at the quantiles."""
    ordered = np.sort(values)
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    levels = np.unique(np.quantile(ordered, (np.arange(count) + 0.5) / count))
    for _ in range(LLOYD_STEPS):
        edges = np.searchsorted(ordered, 0.5 * (levels[1:] + levels[:-1]))
        edges = np.concatenate([[0], edges, [ordered.size]])
        held = np.diff(edges)
        kept = held > 0
        new = np.unique(np.diff(sums[edges])[kept] / held[kept])
        if new.size == levels.size and np.allclose(new, levels, rtol=1e-12, atol=0.0):
            break
        levels = new
    return tuple(float(level) for level in levels)
