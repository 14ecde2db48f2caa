"""Where the junctions of a population stand: preferred values that tile a ring or a line."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np

from spinloom.errors import InputError
from spinloom.snn.decoding import population_vector

FEWEST = 4
"""Fewer junctions cannot carry a bump with two flanks."""


@final
@dataclass(frozen=True)
class Axis:
    """Equally spaced preferred values x_0 .. x_{n-1} of a stimulus.

    Attributes
    ----------
    count : int
        Number of preferred values n, at least 4.
    low, high : float
        Ends of the range, in the stimulus' own unit; on a ring ``high`` is the same place as ``low``.
    periodic : bool
        A ring (True) or a line, whose first and last value stand on the ends.

    Raises
    ------
    InputError
        Fewer than 4 values, or ends in the wrong order.
    """

    count: int
    low: float = 0.0
    high: float = 2.0 * math.pi
    periodic: bool = True

    def __post_init__(self) -> None:
        """Check the numbers."""
        if self.count < FEWEST:
            raise InputError(f"A bump needs at least {FEWEST} junctions; {self.count} were given.")
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise InputError(f"The range must run from a lower to a higher value, not from {self.low} to {self.high}.")

    @property
    def length(self) -> float:
        """High - low."""
        return self.high - self.low

    @property
    def spacing(self) -> float:
        """Distance of neighbours."""
        return self.length / (self.count if self.periodic else self.count - 1)

    @property
    def positions(self) -> np.ndarray:
        """Preferred values (n,)."""
        return self.low + self.spacing * np.arange(self.count)

    def difference(self, a: float | np.ndarray, b: float | np.ndarray) -> np.ndarray:
        """A - b, on a ring the short way round: from -length/2 up to, not including, length/2."""
        direct = np.asarray(a, float) - np.asarray(b, float)
        if not self.periodic:
            return direct
        return (direct + 0.5 * self.length) % self.length - 0.5 * self.length

    def wrap(self, value: float | np.ndarray) -> np.ndarray:
        """The same place within the range, on a ring; a line has no such place and gives ``value`` back."""
        values = np.asarray(value, float)
        return self.low + (values - self.low) % self.length if self.periodic else values

    def check(self, stimulus: float | np.ndarray) -> np.ndarray:
        """The stimulus as an array.

        Raises
        ------
        InputError
            A value outside the range (on a ring: wrap it first), or NaN.
        """
        values = np.asarray(stimulus, float)
        outside = ~((values >= self.low) & (values <= self.high))
        if outside.any():
            hint = " Axis.wrap gives the same place within the range." if self.periodic else ""
            raise InputError(
                f"A stimulus of {values[outside].flat[0]:g} is outside the range of the junctions, {self.low:g} to "
                f"{self.high:g}.{hint}"
            )
        return values

    def centre(self, activity: np.ndarray) -> np.ndarray:
        """Where a bump of activity (..., n) stands, (...): population vector on a ring, centre of mass on a line.

        NaN where there is no activity.
        """
        weights = np.asarray(activity, float)
        if not self.periodic:
            return population_vector(weights, self.positions)
        angles = 2.0 * math.pi * np.arange(self.count) / self.count
        vector = weights @ np.exp(1j * angles)
        found = self.low + (np.angle(vector) % (2.0 * math.pi)) * self.length / (2.0 * math.pi)
        return np.where(np.abs(vector) > 0.0, found, np.nan)
