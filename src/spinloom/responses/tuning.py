"""The tuning curve of a superparamagnetic junction: a bell of flip rate over current, for population codes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np
import xarray as xr

from spinloom import parameters
from spinloom.errors import InputError
from spinloom.responses.base import Response
from spinloom.responses.tuning_file import Per, read_rates
from spinloom.responses.tuning_fit import HALF, fit_bell
from spinloom.responses.two_state_set import (
    CONVENTION,
    ROOM,
    SHARED,
    fitted_set,
    interval_text,
    junction,
    mean_resistance,
    read_device,
    read_set,
)
from spinloom.units import pretty, si

if TYPE_CHECKING:
    from spinloom.parameters import ParameterSet

Interval = tuple[float, float]


@final
@dataclass(frozen=True)
class Tuning(Response):
    """Rate of a junction's thermal flips over current, r(I) = f0 exp(-Delta)/cosh(Delta (I - I_0)/I_c) flips a second.

    A *flip* is any change of state; a *cycle*, there and back, is two. The mean times in the two states are tau_P and
    tau_AP, so r = 2/(tau_P + tau_AP) flips, or half as many cycles: papers that print f0 exp(-Delta)/(2 cosh(...))
    count cycles. Every rate here counts flips unless ``per="cycle"`` asks otherwise.

    One curve holds three numbers: peak f0 exp(-Delta), centre I_0 and half width (I_c/Delta) arccosh(2). It cannot tell
    f0 from Delta; a fit takes f0 as given (1 GHz is a convention), and its Delta and I_c hold for that f0.

    Valid while a barrier is left, |I - I_0| well below I_c.

    Attributes
    ----------
    attempt_frequency, thermal_stability, critical_current, offset_current : float
        f0 [Hz], Delta, I_c [A], I_0 [A].
    temperature : float
        At which Delta holds [K].
    resistance : float
        Mean of both states [ohm]; nan: not known.
    intervals : mapping
        95 % intervals of a fit: ``peak`` [flips/s], ``centre``, ``half_width`` [A], ``thermal_stability`` and
        ``critical_current`` (these two at the given f0).
    goodness : mapping
        ``rms`` [1/s], ``points`` and, where the noise is known, ``chi_square`` and ``p_value`` of a fit.
    references : tuple of str
    source : str
        Which device, set or file the curve comes from.

    References
    ----------
    Tuning curves of superparamagnetic junctions: A. Mizrahi et al., Nature Communications 9, 1533 (2018),
    doi:10.1038/s41467-018-03963-w. Rates: see :mod:`spinloom.physics.telegraph`.

    Examples
    --------
    >>> import spinloom as sl
    >>> bell = sl.responses.Tuning.from_parameters("Zhang2022_mtj")
    >>> print(bell)
    20.6 flips/s at -16.3 µA, half width 21.8 µA
    """

    attempt_frequency: float
    thermal_stability: float
    critical_current: float
    offset_current: float = 0.0
    temperature: float = ROOM
    resistance: float = math.nan
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    goodness: Mapping[str, float] = field(default_factory=dict)
    references: tuple[str, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no such junction."""
        junction(self)

    # ---- the curve ------------------------------------------------------------------------------------------------

    def __call__(self, drive: float | np.ndarray, per: Per = "flip") -> np.ndarray:
        """Rate at currents [A]: flips a second, or cycles a second with ``per="cycle"``."""
        return _per(per) * junction(self).flip_rate(np.asarray(drive, float)[..., None])[..., 0]

    @property
    def peak(self) -> float:
        """Largest rate, f0 exp(-Delta) [flips/s]."""
        return self.attempt_frequency * math.exp(-self.thermal_stability)

    @property
    def centre(self) -> float:
        """Current of the largest rate, I_0 [A]."""
        return self.offset_current

    @property
    def half_width(self) -> float:
        """From the centre to half of the peak, (I_c/Delta) arccosh(2) [A]."""
        return HALF * self.critical_current / self.thermal_stability

    def sampled(self, drive: float | np.ndarray, interval: str | float, per: Per = "flip") -> np.ndarray:
        """Rate that is seen when the state is looked at every ``interval`` [s]: flips there and back between are lost.

        2 p (1 - p) (1 - exp(-interval/tau*))/interval with the share p of time in one state: below the rate itself, and
        equal to it for short intervals.
        """
        seconds = si(interval, "time", "interval")
        if seconds <= 0:
            raise InputError(f"interval must be more than 0, not {pretty(seconds, 's')}.")
        one, amperes = junction(self), np.asarray(drive, float)[..., None]
        p, lasting = one.probability_parallel(amperes), one.correlation_time(amperes)
        seen = 2.0 * p * (1.0 - p) * -np.expm1(-seconds / lasting) / seconds
        return _per(per) * seen[..., 0]

    def noise(self, drive: float | np.ndarray, duration: str | float, per: Per = "flip") -> np.ndarray:
        """Standard deviation of a rate that is counted for ``duration`` [s], long against the times in each state.

        sqrt(r (1 + tanh^2(Delta x))/duration): a Poisson process' noise at the centre, sqrt 2 times it far out, where
        flips come in pairs.
        """
        seconds = si(duration, "time", "duration")
        if seconds <= 0:
            raise InputError(f"duration must be more than 0, not {pretty(seconds, 's')}.")
        balance = 2.0 * junction(self).probability_parallel(np.asarray(drive, float)[..., None])[..., 0] - 1.0
        return _per(per) * np.sqrt(self(drive) * (1.0 + balance**2) / seconds)

    def energy(self, drive: float | np.ndarray, duration: str | float) -> np.ndarray:
        """Joule heat of a current [A] through the junction for ``duration`` [s], I^2 R t [J]; nan for an unknown R."""
        return np.asarray(drive, float) ** 2 * self.resistance * si(duration, "time", "duration")

    def row(self, count: int, low: str | float, high: str | float) -> TuningRow:
        """``count`` copies of the junction, each with a bias current, whose peaks stand evenly from low to high [A].

        Raises
        ------
        InputError
            Fewer than one junction, or a range that is empty.
        """
        first, last = si(low, "current", "low"), si(high, "current", "high")
        if count < 1:
            raise InputError(f"count = {count}: a row needs at least one junction.")
        if not first < last:
            raise InputError(
                f"A row covers a range from low to high, not from {pretty(first, 'A')} to {pretty(last, 'A')}."
            )
        centres = np.linspace(first, last, count) if count > 1 else np.array([0.5 * (first + last)])
        return TuningRow(self, centres)

    # ---- where it comes from --------------------------------------------------------------------------------------

    @classmethod
    def from_parameters(cls, name: str | Path | ParameterSet, **overrides: str | float) -> Tuning:
        """From a parameter set of kind ``superparamagnetic_junction``; overrides as in ``sl.device``."""
        found = parameters.load(name).replace(**overrides)
        return cls(**read_set(found, {}), resistance=mean_resistance(found))

    @classmethod
    def from_device(
        cls,
        device: Any,
        current: Any = None,
        *,
        duration: str | float | None = None,
        trials: int = 10,
        seed: int = 0,
        **drive: Any,
    ) -> Tuning:
        """From a ``SuperparamagneticJunction``: in closed form, or counted at some currents and fitted.

        Parameters
        ----------
        device : SuperparamagneticJunction
        current, duration : quantities, quantity
            Given both: flips are simulated for ``duration`` at each current, ``trials`` times, and the curve is fitted.
        **drive
            voltage, field or temperature at which the curve is taken.
        """
        closed = cls(**read_device(device, drive), resistance=mean_resistance(device.parameters))
        if current is None and duration is None:
            return closed
        if current is None or duration is None:
            raise InputError("Give current and duration to count flips, or neither for the closed form.")
        counted = device.tuning(current, duration, trials, seed, **drive)
        return cls.fit(counted, attempt_frequency=closed.attempt_frequency)

    @classmethod
    def from_csv(cls, path: str | Path, per: Per | None = None, attempt_frequency: str | float = CONVENTION) -> Tuning:
        """Fitted to a CSV file with ``current [uA]`` and a rate, ``flip rate [Hz]`` or ``cycle rate [Hz]``.

        Optionally ``duration [s]``, the counting time, or ``error [Hz]``; without them the scatter about the curve sets
        the intervals. ``per`` says what a column called ``rate`` counts.
        """
        return cls.fit(read_rates(path, per), attempt_frequency=attempt_frequency)

    @classmethod
    def fit(cls, curve: xr.DataArray, per: Per = "flip", attempt_frequency: str | float = CONVENTION) -> Tuning:
        """Fitted to rates over ``current`` [A], with 95 % intervals.

        Parameters
        ----------
        curve : xarray.DataArray
            Rates [1/s]; ``duration`` [s] (and ``trials``) or ``error`` [1/s] as coordinates or attributes set how
            points weigh, see :func:`spinloom.responses.tuning_fit.fit_bell`.
        per : {"flip", "cycle"}
            What the rates count.
        attempt_frequency : quantity
            f0 [Hz], which a curve cannot give.

        Raises
        ------
        FitError
            The curve is no bell.
        InputError
            Too few points, NaN, negative rates, or a peak above f0.
        """
        f0 = si(attempt_frequency, "frequency", "attempt_frequency")
        factor = 1.0 / _per(per)
        scaled = curve.copy(data=np.asarray(curve, float) * factor)
        if "error" in scaled.coords:
            scaled = scaled.assign_coords(error=(curve.dims, np.asarray(curve.coords["error"], float) * factor))
        found = fit_bell(scaled)
        if not 0 < found.peak < f0:
            raise InputError(
                f"The peak, {found.peak:.3g} flips/s, is not below the attempt frequency, {pretty(f0, 'Hz')}: there "
                "would be no barrier. Give a larger attempt_frequency."
            )
        delta = math.log(f0 / found.peak)
        low, high = (math.log(f0 / value) for value in reversed(found.peak_interval))
        critical = found.half_width * delta / HALF
        # peak and width are nearly uncorrelated in a bell, and Delta is known far better than the width
        spread = math.hypot(
            math.log(found.half_width_interval[1] / found.half_width), 0.5 * (high - low) / delta
        )  # fmt: skip
        return cls(
            f0,
            delta,
            critical,
            found.centre,
            ROOM,
            math.nan,
            {
                "peak": found.peak_interval,
                "centre": found.centre_interval,
                "half_width": found.half_width_interval,
                "thermal_stability": (low, high),
                "critical_current": (critical * math.exp(-spread), critical * math.exp(spread)),
            },
            found.goodness,
            tuple(curve.attrs.get("references", ())),
            str(curve.attrs.get("device", curve.attrs.get("source", ""))),
        )

    def replace(self, **changes: Any) -> Tuning:
        """A copy with some attributes changed."""
        return replace(self, **changes)

    # ---- what it is used for --------------------------------------------------------------------------------------

    def to_parameters(self, name: str, title: str = "") -> ParameterSet:
        """A set of kind ``superparamagnetic_junction`` that ``sl.device`` takes."""
        told = {"thermal_stability": "", "critical_current": "A", "centre": "A"}
        notes = {key: interval_text(self.intervals[key], unit) for key, unit in told.items() if key in self.intervals}
        notes["offset_current"] = notes.pop("centre", "")
        notes["attempt_frequency"] = "a tuning curve does not give it; Δ and I_c hold for this value"
        return fitted_set(
            name,
            {key: getattr(self, key) for key in (*SHARED, "temperature")},
            notes,
            assumed=("attempt_frequency", "temperature"),
            source=self.source,
            title=title or str(self),
            keys=self.references,
        )

    def to_toml(self, name: str, title: str = "") -> str:
        """The same set as the text of a TOML file."""
        return self.to_parameters(name, title).to_toml()

    def to_torch(self) -> Any:
        """Flips a second as a function of a torch tensor of currents [A], differentiable."""
        import torch

        peak, scale, centre = self.peak, self.thermal_stability / self.critical_current, self.offset_current

        def rate(current: torch.Tensor) -> torch.Tensor:
            u = torch.abs((current - centre) * scale)
            return peak * 2.0 * torch.exp(-u) / (1.0 + torch.exp(-2.0 * u))  # 1/cosh without overflow

        return rate

    def __str__(self) -> str:
        """``20.6 flips/s at -16.3 µA, half width 21.8 µA``."""
        return f"{self.peak:.3g} flips/s at {pretty(self.centre, 'A')}, half width {pretty(self.half_width, 'A')}"


@final
@dataclass(frozen=True)
class TuningRow:
    """Copies of one tuning curve whose peaks stand at ``centres`` [A], shape (n,): the basis of a population code."""

    curve: Tuning
    centres: np.ndarray

    @property
    def count(self) -> int:
        """Number of junctions n."""
        return self.centres.size

    @property
    def bias(self) -> np.ndarray:
        """Current added to each junction's input [A], (n,); ``TwoState.shifted`` takes it."""
        return self.curve.centre - self.centres

    @property
    def spacing(self) -> float:
        """Distance of neighbouring peaks [A]; nan for one junction."""
        return float(self.centres[1] - self.centres[0]) if self.count > 1 else math.nan

    def __call__(self, drive: float | np.ndarray, per: Per = "flip") -> np.ndarray:
        """Rates of all junctions at currents [A] of shape (...): shape (..., n)."""
        return self.curve(np.asarray(drive, float)[..., None] + self.bias, per)


def _per(per: str) -> float:
    """Events of this kind to a flip."""
    if per not in ("flip", "cycle"):
        raise InputError(f"per = '{per}': rates count each 'flip' or each 'cycle', which is two flips.")
    return 1.0 if per == "flip" else 0.5
