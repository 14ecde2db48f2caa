"""The superparamagnetic junction: a barrier that heat crosses by itself, a source of chance that a current tunes."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any, final

import numpy as np
import xarray as xr

from spinloom.devices.base import Device
from spinloom.devices.from_macrospin import two_state_parameters
from spinloom.devices.two_state import TwoState
from spinloom.errors import InputError, ParameterError, SpinloomWarning
from spinloom.physics.constants import BOLTZMANN
from spinloom.units import Span, pretty, si, si_array

if TYPE_CHECKING:
    from spinloom.devices.magnetic_tunnel_junction import MagneticTunnelJunction

Quantity = str | float
Quantities = str | float | Span | list | np.ndarray


@final
class SuperparamagneticJunction(Device):
    """A magnetic tunnel junction whose free layer hops between two states by thermal agitation.

    A two-state Markov process with Neel-Brown rates (see ``physics.telegraph``):

        1/tau_P->AP = f0 exp(-Delta (1 + x)),    1/tau_AP->P = f0 exp(-Delta (1 - x))
        x = [(I - I_0)/I_c + V/V_c + 2 h]/(1 + h^2),    Delta = E_B (1 - V/V_b)/(k_B T) (1 + h^2),    h = B/B_k

    The field acts on the barriers through (1 +- h)^2 (Brown, doi:10.1103/PhysRev.130.1677), the current to first order.
    A voltage V on V_b (VCMA) lowers barrier, I_c and B_k alike, by 1 - V/V_b; that f0 changes too is left out.
    Valid while a barrier of about 1 k_B T or more is left and no drive removes it.

    Parameters
    ----------
    parameters : ParameterSet
        A set whose device is ``superparamagnetic_junction``.
    """

    kind = "superparamagnetic_junction"

    @classmethod
    def from_macrospin(cls, junction: MagneticTunnelJunction) -> SuperparamagneticJunction:
        """The two-state model of a perpendicular junction, with the rates of its own LLGS equation.

        f0, I_c and I_0 from its Fokker-Planck eigenvalue and populations: see ``devices.from_macrospin``, which also
        gives both rates at any current (``escape_rates``). The linear law holds for |I| well below I_c0/sqrt(Delta).

        Raises
        ------
        ParameterError, InputError
            A barrier below 2 k_B T, a layer that is not perpendicular or not symmetric about z, a temperature of 0.
        """
        return cls(two_state_parameters(junction))

    def two_state(
        self,
        count: int = 1,
        seed: int = 0,
        *,
        voltage: Quantity = 0.0,
        field: Quantity = 0.0,
        temperature: Quantity | None = None,
    ) -> TwoState:
        """``count`` such junctions at a voltage [V], field along the easy axis [T] and temperature [K], with spread.

        f0, Delta and I_c are drawn from normal distributions with the set's relative spreads, cut at 5 % of the mean so
        that a junction stays a junction. Without spreads all are equal.

        Raises
        ------
        ParameterError
            A voltage or a field without the parameter that says how it acts, or one that removes the barrier.
        InputError, UnitError
            No junctions, a temperature not above 0, an unknown unit.
        """
        v = self.parameters.value
        if count < 1:
            raise InputError(f"The number of junctions must be at least 1, not {count}.")
        volts, tesla = si(voltage, "voltage", "voltage"), si(field, "field", "field")
        warm = v("temperature") if temperature is None else si(temperature, "temperature", "temperature")
        if warm <= 0:
            raise InputError(
                f"temperature must be above 0 K, not {pretty(warm, 'K')}: at 0 K nothing switches by itself."
            )
        tilt = 0.0
        if volts != 0 and not (v("barrier_voltage") and not v("critical_voltage")):
            tilt = volts / self._known("critical_voltage", "a voltage")
        left = 1.0 - (volts / v("barrier_voltage") if v("barrier_voltage") else 0.0)
        h = 0.0 if tesla == 0 or left <= 0 else tesla / self._known("anisotropy_field", "a field") / left
        if left <= 0 or abs(h) >= 1:
            raise ParameterError(
                f"{self.name}: this drive removes the barrier, and rates over a barrier no longer hold. Stay below "
                + (
                    f"{pretty(v('barrier_voltage'), 'V')}."
                    if left <= 0
                    else f"{pretty(v('anisotropy_field') * left, 'T')}."
                )
            )
        chance = np.random.default_rng((seed, 0xD1E5))
        delta = self._drawn("thermal_stability", count, chance) * left * v("temperature") / warm
        critical = self._drawn("critical_current", count, chance) * left  # a lower barrier is removed by less current
        attempt = self._drawn("attempt_frequency", count, chance)
        # (1 +- h)^2 +- x: the even part raises both barriers, the odd part acts like a current
        even = 1.0 + h * h
        offset = v("offset_current") - (2.0 * h + tilt) * critical
        return TwoState(attempt, delta * even, critical * even, offset)

    def _known(self, name: str, drive: str) -> float:
        value = self.parameters.value(name)
        if value == 0:
            raise ParameterError(
                f"{self.name} does not say how {drive} acts: give {name}, e.g. device('{self.name}', {name}=...)."
            )
        return value

    def _drawn(self, name: str, count: int, chance: np.random.Generator) -> np.ndarray:
        mean, spread = self.parameters.value(name), self.parameters.value(f"{name}_spread")
        return mean * np.maximum(1.0 + spread * chance.standard_normal(count), 0.05)

    # ---- closed forms -------------------------------------------------------------------------------------------

    def thermal_stability(self, temperature: Quantity | None = None) -> float:
        """Delta = E_B/(k_B T) without drive."""
        return float(self.two_state(temperature=temperature).thermal_stability[0])

    def energy_barrier(self) -> float:
        """E_B = Delta k_B T [J]."""
        return self.parameters.value("thermal_stability") * BOLTZMANN * self.parameters.value("temperature")

    def critical_current(self) -> float:
        """I_c [A]: the current that would remove the barrier of one state."""
        return self.parameters.value("critical_current")

    def rates(self, current: Quantities = 0.0, **drive: Quantity) -> tuple[np.ndarray, np.ndarray]:
        """(1/tau_P->AP, 1/tau_AP->P) [1/s] at currents [A]; ``drive``: voltage, field, temperature."""
        junction, column = self._at(current, drive)
        leave_parallel, leave_antiparallel = junction.rates(column)
        return leave_parallel[:, 0], leave_antiparallel[:, 0]

    def dwell_times(self, current: Quantities = 0.0, **drive: Quantity) -> tuple[np.ndarray, np.ndarray]:
        """(tau_P, tau_AP) [s]: mean times spent in each state before it is left."""
        leave_parallel, leave_antiparallel = self.rates(current, **drive)
        return 1.0 / leave_parallel, 1.0 / leave_antiparallel

    def probability_parallel(self, current: Quantities = 0.0, **drive: Quantity) -> np.ndarray:
        """p_P = 1/(1 + exp(-2 Delta x)) at currents [A]."""
        junction, column = self._at(current, drive)
        return junction.probability_parallel(column)[:, 0]

    def flip_rate(self, current: Quantities = 0.0, **drive: Quantity) -> np.ndarray:
        """Mean flips a second, f0 exp(-Delta)/cosh(Delta x): twice the rate of full cycles."""
        junction, column = self._at(current, drive)
        return junction.flip_rate(column)[:, 0]

    def correlation_time(self, current: Quantities = 0.0, **drive: Quantity) -> np.ndarray:
        """tau* [s]: one over the sum of both rates; the autocorrelation is exp(-t/tau*)."""
        junction, column = self._at(current, drive)
        return junction.correlation_time(column)[:, 0]

    def half_width(self) -> float:
        """Half width at half maximum of the flip rate over current, (I_c/Delta) arccosh 2 [A]."""
        return self.critical_current() / self.thermal_stability() * math.acosh(2.0)

    def _mean(self, drive: dict[str, Any]) -> TwoState:
        plain = {f"{name}_spread": 0.0 for name in ("attempt_frequency", "thermal_stability", "critical_current")}
        return SuperparamagneticJunction(self.parameters.replace(**plain)).two_state(**drive)

    def _at(self, current: Quantities, drive: dict[str, Any]) -> tuple[TwoState, np.ndarray]:
        """The mean junction and the currents as a column, with a warning where no barrier is left."""
        junction, column = self._mean(drive), si_array(current, "current", "current")[:, None]
        largest = float(np.abs(junction.drive_ratio(column)).max())
        if largest > 1.0:
            warnings.warn(
                f"{self.name}: the drive reaches {largest:.3g} of what removes the barrier (I_c = "
                f"{pretty(self.critical_current(), 'A')}); Neel-Brown rates hold well below 1. Is the unit right?",
                SpinloomWarning,
                stacklevel=3,
            )
        return junction, column

    def resistance(self, state: np.ndarray | int) -> np.ndarray:
        """R_P in state 1, R_P (1 + TMR) in state 0 [ohm]."""
        v = self.parameters.value
        return v("resistance_parallel") * np.where(np.asarray(state) == 1, 1.0, 1.0 + v("tmr"))

    def summary(self) -> str:
        """``Zhang2022_mtj: Δ = 17.7, I_c = 293 µA, 20.6 flips/s``."""
        rate = float(self.flip_rate(self.parameters.value("offset_current"))[0])
        return (
            f"{self.name}: Δ = {self.thermal_stability():.3g}, I_c = {pretty(self.critical_current(), 'A')}, "
            f"{pretty(rate, 'Hz').removesuffix('Hz')}flips/s at the peak"
        )

    # ---- chance -------------------------------------------------------------------------------------------------

    def trace(
        self,
        duration: Quantity,
        interval: Quantity | None = None,
        current: Quantity = 0.0,
        copies: int = 1,
        seed: int = 0,
        **drive: Quantity,
    ) -> xr.Dataset:
        """Telegraph signals sampled at a fixed interval, exact at any interval.

        Parameters
        ----------
        duration, interval : quantity
            [s]; the default interval is the set's ``sampling_time`` or, without one, a tenth of the correlation time.
        current : quantity
            [A]
        copies : int
            Junctions, drawn with the set's spreads.
        **drive
            voltage, field, temperature.

        Returns
        -------
        xarray.Dataset
            ``state`` (time, junction): 1 parallel, 0 antiparallel; ``resistance`` [ohm].
        """
        junctions = self.two_state(copies, seed, **drive)
        amperes = si(current, "current", "current")
        if interval is None:
            default = 0.1 * float(self.correlation_time(amperes, **drive)[0])
            interval = self.parameters.value("sampling_time") or default
        step, time = si(interval, "time", "interval"), si(duration, "time", "duration")
        samples = round(time / step) if step > 0 else 0
        if samples < 1:
            raise InputError(f"duration must be at least one interval ({pretty(step, 's')}), not {pretty(time, 's')}.")
        states = junctions.states(amperes, step, samples, seed)
        return xr.Dataset(
            {
                "state": (("time", "junction"), states, {"units": "1", "long_name": "state, 1 parallel"}),
                "resistance": (
                    ("time", "junction"), self.resistance(states), {"units": "ohm", "long_name": "resistance"},
                ),
            },
            coords={"time": ("time", (np.arange(samples) + 1) * step, {"units": "s", "long_name": "time"})},
            attrs=self.attributes(seed=seed, current=amperes, interval=step, **{k: str(v) for k, v in drive.items()}),
        )  # fmt: skip

    def tuning(
        self,
        current: Quantities,
        duration: Quantity | None = None,
        trials: int = 1,
        seed: int = 0,
        **drive: Quantity,
    ) -> xr.DataArray:
        """Flip rate over current: in closed form, or counted in ``trials`` runs of ``duration`` each.

        Returns
        -------
        xarray.DataArray
            Flips a second over ``current`` [A]; counted rates have a coordinate ``error``, the standard error of the
            mean from the trials' own scatter (of a single trial: of the closed form's counting noise).
        """
        amperes = si_array(current, "current", "current")
        attrs = self.attributes(units="1/s", long_name="flip rate", **{k: str(v) for k, v in drive.items()})
        coords = {"current": ("current", amperes, {"units": "A", "long_name": "current"})}
        if duration is None:
            rate = self.flip_rate(amperes, **drive)
            return xr.DataArray(rate, coords, ("current",), "flip_rate", {**attrs, "method": "closed form"})
        seconds = si(duration, "time", "duration")
        if seconds <= 0 or trials < 1:
            raise InputError("duration must be more than 0, and trials at least 1.")
        junction = self._mean(drive)
        runs = np.broadcast_to(amperes[:, None, None], (amperes.size, trials, 1))
        counts = junction.flips(runs, seconds, seed)[0][..., 0]
        one = np.sqrt(junction.count_variance(amperes[:, None], seconds)[:, 0])
        scatter = counts.std(axis=1, ddof=1) if trials > 1 else one
        coords["error"] = ("current", scatter / math.sqrt(trials) / seconds, {"units": "1/s"})
        attrs |= {"method": "waiting times", "duration": seconds, "trials": trials, "seed": seed}
        return xr.DataArray(counts.mean(axis=1) / seconds, coords, ("current",), "flip_rate", attrs)
