"""The telegraph response of a superparamagnetic junction: its share of time in each state, and how fast it forgets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from spinloom.errors import InputError
from spinloom.responses.base import Response
from spinloom.responses.telegraph_fit import fit_rates
from spinloom.responses.telegraph_measure import Files, Level, measure_dwells, measure_traces, sources
from spinloom.responses.telegraph_rates import StateRates
from spinloom.responses.two_state_set import (
    CONVENTION,
    ROOM,
    SHARED,
    fitted_set,
    interval_text,
    junction,
    read_device,
    read_set,
)
from spinloom.units import pretty, si

if TYPE_CHECKING:
    from spinloom.parameters import ParameterSet

Interval = tuple[float, float]


@final
@dataclass(frozen=True)
class Telegraph(Response):
    """Two states between which heat carries a junction: p_P(I) = 1/(1 + exp(-2 Delta (I - I_0)/I_c)).

        1/tau_P = f0 exp(-Delta (1 + x)),  1/tau_AP = f0 exp(-Delta (1 - x)),  x = (I - I_0)/I_c
        1/tau* = 1/tau_P + 1/tau_AP,  autocorrelation exp(-t/tau*)

    A positive current favours the parallel state. Valid while a barrier is left, |x| well below 1.

    Measured at one temperature, rates give f0 exp(-Delta) and not the two apart: f0 is then taken as given (1 GHz is a
    convention), and Delta and I_c hold for it. Measured at one current, they give no I_c: ``critical_current`` and
    ``offset_current`` are nan, and the response can be read (``measured``) but not asked at another current.

    Attributes
    ----------
    attempt_frequency, thermal_stability, critical_current, offset_current : float
        f0 [Hz], Delta at ``temperature``, I_c [A], I_0 [A].
    temperature : float
        [K]
    intervals : mapping
        95 % intervals of what was fitted.
    goodness : mapping
        ``deviance`` and ``p_value`` of the fit over currents, ``rates``.
    measured : tuple of StateRates
        Rates at each current, with intervals; empty where nothing was measured.
    references : tuple of str
    source : str
        Which device, set or file this comes from.

    References
    ----------
    Rates: see :mod:`spinloom.physics.telegraph`. Exponential dwell times and their use: D. Vodenicarevic et al.,
    Physical Review Applied 8, 054045 (2017), doi:10.1103/PhysRevApplied.8.054045.

    Examples
    --------
    >>> import spinloom as sl
    >>> signal = sl.responses.Telegraph.from_parameters("Zhang2022_mtj")
    >>> print(signal)
    p_P = 1/2 at -16.3 µA, tau* up to 24.3 ms
    """

    attempt_frequency: float
    thermal_stability: float
    critical_current: float
    offset_current: float = 0.0
    temperature: float = ROOM
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    goodness: Mapping[str, float] = field(default_factory=dict)
    measured: tuple[StateRates, ...] = ()
    references: tuple[str, ...] = ()
    source: str = ""

    # ---- the response ---------------------------------------------------------------------------------------------

    def __call__(self, drive: float | np.ndarray) -> np.ndarray:
        """Share of time in the parallel state at currents [A]."""
        return self._junction().probability_parallel(np.asarray(drive, float)[..., None])[..., 0]

    def dwell_times(self, drive: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(tau_P, tau_AP): mean times in the parallel and antiparallel state at currents [A], in s."""
        leave_parallel, leave_antiparallel = self._junction().rates(np.asarray(drive, float)[..., None])
        return 1.0 / leave_parallel[..., 0], 1.0 / leave_antiparallel[..., 0]

    def correlation_time(self, drive: float | np.ndarray) -> np.ndarray:
        """tau* at currents [A], in s: samples further apart than a few tau* are independent."""
        return self._junction().correlation_time(np.asarray(drive, float)[..., None])[..., 0]

    def flip_rate(self, drive: float | np.ndarray) -> np.ndarray:
        """2/(tau_P + tau_AP) at currents [A], in flips a second; the curve of :class:`Tuning`."""
        return self._junction().flip_rate(np.asarray(drive, float)[..., None])[..., 0]

    def _junction(self) -> Any:
        if math.isnan(self.critical_current):
            raise InputError(
                "The junction was measured at one current, which does not tell how another current acts. Measure at "
                "two or more, or give critical_current. Its rates stand in .measured."
            )
        return junction(self)

    # ---- where it comes from --------------------------------------------------------------------------------------

    @classmethod
    def from_parameters(cls, name: str | Path | ParameterSet, **overrides: str | float) -> Telegraph:
        """From a parameter set of kind ``superparamagnetic_junction``; overrides as in ``sl.device``."""
        return cls(**read_set(name, overrides))

    @classmethod
    def from_device(cls, device: Any, **drive: Any) -> Telegraph:
        """From a ``SuperparamagneticJunction`` in closed form; ``drive``: voltage, field, temperature."""
        return cls(**read_device(device, drive))

    @classmethod
    def from_trace(
        cls,
        path: Files,
        *,
        current: Any = None,
        parallel: Level | None = None,
        hysteresis: float = 0.25,
        **given: Any,
    ) -> Telegraph:
        """Measured on raw time traces: time, and resistance, voltage, conductance or state.

        The two levels are found in the signal's histogram, flips by a threshold with hysteresis, rates with the flips
        between samples corrected for; see :mod:`spinloom.responses.telegraph_rates`. Traces at several currents, in one
        file with a column ``current`` or in several files, are fitted together.

        Parameters
        ----------
        path : path or list of paths
            CSV files; the columns are told in :func:`spinloom.responses.telegraph_file.read_traces`.
        current : quantity or list of quantities, optional
            Current [A] of each file, where the file has no such column.
        parallel : {"low", "high"}, optional
            Which level of the signal is the parallel state; by default the low resistance and voltage (of two negative
            voltages the smaller in size), and the high conductance.
        hysteresis : float
            How far beyond the middle the signal must go to change state, as a share of the levels' distance, 0 to 0.45.
        **given
            As :meth:`fit`.

        Raises
        ------
        DataError
            A file that cannot be used; one state only, or sampling too slow for the rates, at every current (a current
            among others is left out with a warning). The message says what to do.
        FitError, InputError
            As :meth:`fit`.
        """
        found = measure_traces(path, current, parallel, hysteresis)
        return cls.fit([rates for _, rates in found], source=sources([trace for trace, _ in found]), **given)

    @classmethod
    def from_dwell_times(cls, path: Files, *, current: Any = None, **given: Any) -> Telegraph:
        """Measured as dwell times: ``state`` (P/AP or 1/0) and ``dwell [s]``, optionally ``current [uA]``.

        Parameters
        ----------
        path, current
            As in :meth:`from_trace`.
        **given
            As :meth:`fit`.
        """
        found = measure_dwells(path, current)
        return cls.fit([rates for _, rates in found], source=sources([record for record, _ in found]), **given)

    @classmethod
    def fit(
        cls,
        measured: Sequence[StateRates],
        *,
        attempt_frequency: str | float = CONVENTION,
        critical_current: str | float | None = None,
        temperature: str | float = ROOM,
        source: str = "",
    ) -> Telegraph:
        """Fitted to rates at one or more currents; rates at several temperatures give f0 too.

        Parameters
        ----------
        measured : sequence of StateRates
        attempt_frequency : quantity
            f0 [Hz] where all rates are of one temperature.
        critical_current : quantity, optional
            I_c [A] where all rates are of one current.
        temperature : quantity
            [K], of rates that do not say theirs; Delta holds there.
        source : str
            Where they come from.

        Raises
        ------
        FitError, InputError
            As :func:`spinloom.responses.telegraph_fit.fit_rates`.
        """
        if not measured:
            raise InputError("There are no rates to fit.")
        f0 = si(attempt_frequency, "frequency", "attempt_frequency")
        kelvin = si(temperature, "temperature", "temperature")
        critical = None if critical_current is None else si(critical_current, "current", "critical_current")
        for name, value in (("attempt_frequency", f0), ("temperature", kelvin), ("critical_current", critical)):
            if value is not None and not 0 < value < math.inf:
                raise InputError(f"{name} must be more than 0 and finite, not {value:g}.")
        found = fit_rates(measured, f0, critical, kelvin)
        return cls(
            found.attempt_frequency,
            found.thermal_stability,
            found.critical_current,
            found.offset_current,
            found.temperature,
            found.intervals,
            found.goodness,
            tuple(measured),
            source=source,
        )

    def replace(self, **changes: Any) -> Telegraph:
        """A copy with some attributes changed."""
        return replace(self, **changes)

    # ---- what it is used for --------------------------------------------------------------------------------------

    def to_parameters(self, name: str, title: str = "") -> ParameterSet:
        """A set of kind ``superparamagnetic_junction`` that ``sl.device`` takes.

        Raises
        ------
        InputError
            The junction was measured at one current, so that there is no I_c.
        """
        self._junction()
        units = {"attempt_frequency": "Hz", "thermal_stability": "", "critical_current": "A", "offset_current": "A"}
        notes = {key: interval_text(self.intervals[key], unit) for key, unit in units.items() if key in self.intervals}
        assumed = [key for key in ("attempt_frequency", "critical_current") if key not in self.intervals]
        if "attempt_frequency" in assumed:
            notes["attempt_frequency"] = "rates at one temperature do not give it; Δ and I_c hold for this value"
        if "critical_current" in assumed:
            notes["critical_current"] = "rates at one current do not give it"
        values = {key: getattr(self, key) for key in (*SHARED, "temperature")}
        said = any(not math.isnan(item.temperature) for item in self.measured)
        resistances = [item.resistances for item in self.measured if item.resistances is not None]
        if resistances:
            low, high = (float(np.mean(level)) for level in zip(*resistances, strict=True))
            values |= {"resistance_parallel": low, "tmr": high / low - 1.0}
        return fitted_set(
            name,
            values,
            notes if said else {**notes, "temperature": "not in the measurement"},
            assumed=assumed if said else [*assumed, "temperature"],
            source=self.source,
            title=title or str(self),
            keys=self.references,
        )

    def to_toml(self, name: str, title: str = "") -> str:
        """The same set as the text of a TOML file."""
        return self.to_parameters(name, title).to_toml()

    def to_torch(self) -> Any:
        """p_P as a function of a torch tensor of currents [A], differentiable."""
        import torch

        self._junction()
        slope, centre = 2.0 * self.thermal_stability / self.critical_current, self.offset_current
        return lambda current: torch.sigmoid(slope * (current - centre))

    def __str__(self) -> str:
        """``p_P = 1/2 at -16.3 µA, tau* up to 24.3 ms``, or what was measured at one current."""
        if math.isnan(self.critical_current):
            one = self.measured[0]
            return f"tau_P = {pretty(one.parallel.mean, 's')}, tau_AP = {pretty(one.antiparallel.mean, 's')}"
        longest = float(self.correlation_time(self.offset_current))
        return f"p_P = 1/2 at {pretty(self.offset_current, 'A')}, tau* up to {pretty(longest, 's')}"
