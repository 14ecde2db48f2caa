"""A row of junctions whose bell curves, shifted against each other by bias currents, code a value.

    r_i(I) = f0 exp(-Delta) / cosh(Delta (I - c_i)/I_c)        flips a second of junction i, centre c_i

Zhang et al., doi:10.7498/aps.71.20220252, eq. (3) (which gives cycles, half of it); Mizrahi et al.,
doi:10.1038/s41467-018-03963-w. A count of flips within an acquisition time is exact (by waiting times), noise included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from spinloom.devices.two_state import TwoState
from spinloom.errors import InputError
from spinloom.units import si


@final
@dataclass(frozen=True)
class Population:
    """Junctions that together code one value within a range of currents.

    Attributes
    ----------
    junctions : TwoState
        With their biases: ``offset_current`` holds the preferred input of each.
    low, high : float
        Currents [A] that the values 0 and 1 are coded by.
    alive : ndarray of bool (n,) or None
        A dead junction never flips; None: all are alive.

    Raises
    ------
    InputError
        An empty range, or ``alive`` of another length.
    """

    junctions: TwoState
    low: float
    high: float
    alive: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Check the range and who is alive."""
        if not (np.isfinite([self.low, self.high]).all() and self.low < self.high):
            raise InputError(
                f"A population covers a range from a lower to a higher current, not {self.low:g} to {self.high:g} A."
            )
        if self.alive is not None and np.shape(self.alive) != (self.count,):
            raise InputError(f"'alive' needs one entry for each of the {self.count} junctions.")

    @classmethod
    def covering(
        cls, junctions: TwoState, low: str | float, high: str | float, margin: str | float = 0.0
    ) -> Population:
        """Bias the junctions so that their centres are equally spaced from ``low - margin`` to ``high + margin``.

        Parameters
        ----------
        junctions : TwoState
            As made: the biases are set for their mean offset I_0, so that each one's own deviation stays.
        low, high : quantity
            Range of input currents [A].
        margin : quantity
            How far the centres reach beyond the range at both ends [A]: without it, values at the ends are coded by
            half as many junctions.
        """
        lower, upper = si(low, "current", "low"), si(high, "current", "high")
        beyond = si(margin, "current", "margin")
        if beyond < 0:
            raise InputError("margin must not be negative.")
        centres = np.linspace(lower - beyond, upper + beyond, junctions.count)
        if junctions.count == 1:
            centres = np.array([0.5 * (lower + upper)])
        return cls(junctions.shifted(junctions.offset_current.mean() - centres), lower, upper)

    # ---- what it is ---------------------------------------------------------------------------------------------

    @property
    def count(self) -> int:
        """Number of junctions n, dead ones included."""
        return self.junctions.count

    @property
    def centres(self) -> np.ndarray:
        """Preferred input currents c_i [A], (n,)."""
        return self.junctions.offset_current

    @property
    def peaks(self) -> np.ndarray:
        """Flips a second of each junction at its preferred input, f0 exp(-Delta), (n,)."""
        return self.junctions.peak_rate

    @property
    def half_widths(self) -> np.ndarray:
        """Half width at half maximum of each curve, (I_c/Delta) arccosh 2 [A], (n,)."""
        return self.junctions.width * np.arccosh(2.0)

    def without(self, dead: np.ndarray) -> Population:
        """The same population with the junctions at ``dead`` (indices or mask) never flipping any more."""
        alive = np.ones(self.count, bool) if self.alive is None else np.array(self.alive, bool)
        alive[dead] = False
        return Population(self.junctions, self.low, self.high, alive)

    def current(self, value: float | np.ndarray) -> np.ndarray:
        """Input current [A] for values in 0..1 (beyond, the line goes on)."""
        return self.low + np.asarray(value, float) * (self.high - self.low)

    def value(self, current: float | np.ndarray) -> np.ndarray:
        """The value that a current [A] codes: the inverse of :meth:`current`."""
        return (np.asarray(current, float) - self.low) / (self.high - self.low)

    # ---- closed forms -------------------------------------------------------------------------------------------

    def rates(self, current: float | np.ndarray) -> np.ndarray:
        """Basis functions r_i(I): mean flips a second, shape of ``current`` + (n,)."""
        return self._living(self.junctions.flip_rate(self._inputs(current)))

    def count_variance(self, current: float | np.ndarray, duration: str | float) -> np.ndarray:
        """Variance of the number of flips within ``duration`` [s], shape of ``current`` + (n,).

        Poisson at the peak, up to twice that on the flanks: ``TwoState.count_variance``.
        """
        return self._living(self.junctions.count_variance(self._inputs(current), si(duration, "time", "duration")))

    def probability_of_change(self, current: float | np.ndarray, interval: str | float) -> np.ndarray:
        """P(two samples, ``interval`` [s] apart, differ) = 2 p (1 - p) (1 - exp(-interval/tau*)), exact.

        What a circuit that compares successive samples counts as a spike: of several flips within the interval it
        sees one (odd numbers) or none (even ones). Shape of ``current`` + (n,).
        """
        inputs = self._inputs(current)
        time = si(interval, "time", "interval")
        parallel = self.junctions.probability_parallel(inputs)
        changed = -np.expm1(-time / self.junctions.correlation_time(inputs))
        return self._living(2.0 * parallel * (1.0 - parallel) * changed)

    # ---- chance -------------------------------------------------------------------------------------------------

    def counts(self, current: float | np.ndarray, duration: str | float, seed: int = 0) -> np.ndarray:
        """Numbers of flips within ``duration`` [s], int64, shape of ``current`` + (n,): independent runs, exact.

        The same seed gives the same numbers whatever the number of threads.
        """
        return self._living(self.junctions.flips(self._inputs(current), duration, seed)[0])

    def measure(self, current: float | np.ndarray, duration: str | float, seed: int = 0) -> np.ndarray:
        """Noisy rates [1/s]: :meth:`counts` over the duration."""
        time = si(duration, "time", "duration")
        if time <= 0:
            raise InputError("An acquisition time must be more than 0.")
        return self.counts(current, time, seed) / time

    def _living(self, values: np.ndarray) -> np.ndarray:
        return values if self.alive is None else values * np.asarray(self.alive, bool)

    @staticmethod
    def _inputs(current: float | np.ndarray) -> np.ndarray:
        return np.asarray(current, float)[..., None]
