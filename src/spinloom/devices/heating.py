"""A junction that its own pulse heats: its temperature in time, and how much more often it then switches."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np
import xarray as xr

from spinloom.devices.waveform import Constant, Waveform
from spinloom.errors import InputError
from spinloom.physics import heating
from spinloom.physics.macrospin import escape_rate
from spinloom.physics.pulse_switching import activated_rate
from spinloom.units import Span, pretty, si, si_array

if TYPE_CHECKING:
    from spinloom.devices.magnetic_tunnel_junction import MagneticTunnelJunction

Quantity = str | float
Quantities = str | float | Span | list | np.ndarray
_STEADY = Constant()


@final
@dataclass(frozen=True)
class SelfHeating:
    """C dT/dt = V^2/R - (T - T_0)/R_th, and what the temperature does to barrier and critical current.

    Parameters
    ----------
    thermal_resistance : float
        R_th from the junction to its surroundings [K/W]; 0 leaves it cold.
    heat_capacity : float
        C [J/K]; the time constant is R_th C, some ns for a pillar of 50 nm.
    ambient : quantity
        T_0 [K], at which barrier and critical current are given.
    curie_temperature : quantity
        T_C of the free layer; the default of 1100 K is assumed for CoFeB.
    magnetisation_exponent : float
        a of M = M(0) (1 - (T/T_C)^a); Bloch's 3/2 by default.
    anisotropy_exponent : float
        n of E_B ~ I_c ~ M^n; the default of 2 is assumed (2 to 3, see ``physics.heating``).
    """

    thermal_resistance: float
    heat_capacity: float
    ambient: Quantity = 300.0
    curie_temperature: Quantity = 1100.0
    magnetisation_exponent: float = 1.5
    anisotropy_exponent: float = 2.0

    def __post_init__(self) -> None:
        """Read the units once, and refuse what cannot be."""
        for name in ("ambient", "curie_temperature"):
            object.__setattr__(self, name, si(getattr(self, name), "temperature", name))
        if not (self.thermal_resistance >= 0 and self.heat_capacity >= 0):
            raise InputError("thermal_resistance and heat_capacity must be 0 or more.")
        if not 0 < float(self.ambient) < float(self.curie_temperature):
            raise InputError("ambient must lie above 0 K and below the Curie temperature.")
        if not (self.magnetisation_exponent > 0 and self.anisotropy_exponent >= 0):
            raise InputError("magnetisation_exponent must be more than 0, and anisotropy_exponent not negative.")

    @property
    def time_constant(self) -> float:
        """R_th C [s]."""
        return heating.time_constant(self.thermal_resistance, self.heat_capacity)

    def steady_temperature(self, voltage: Quantity, resistance: Quantity) -> float:
        """T_0 + R_th V^2/R [K] under a lasting voltage."""
        volts, ohms = si(voltage, "voltage", "voltage"), si(resistance, "resistance", "resistance")
        return float(self.ambient) + heating.steady_rise(volts, ohms, self.thermal_resistance)

    def temperature(
        self, voltage: np.ndarray, resistance: float, step: float, start: np.ndarray | float | None = None
    ) -> np.ndarray:
        """T [K] at the start of the run and after each step: (steps + 1, ...), exact for voltages held within a step.

        ``voltage``: (steps, ...) [V]; ``start``: T at the beginning, the surroundings' by default.
        """
        rise = np.empty((len(voltage) + 1, *np.shape(voltage)[1:]))
        rise[0] = 0.0 if start is None else np.asarray(start) - float(self.ambient)
        steady = self.thermal_resistance * np.asarray(voltage, float) ** 2 / resistance
        for index, target in enumerate(steady):
            rise[index + 1] = heating.after(rise[index], target, self.time_constant, step)
        return float(self.ambient) + rise

    def barrier(self, delta: float, current: float, temperature: float) -> tuple[float, float]:
        """(Delta(T), I_c(T)) from their values at the surroundings' temperature."""
        t0 = float(self.ambient)
        ratio = heating.magnetisation_ratio(temperature, t0, float(self.curie_temperature), self.magnetisation_exponent)
        warm = heating.thermal_stability(delta, ratio, self.anisotropy_exponent, temperature, t0)
        return warm, heating.critical_current(current, ratio, self.anisotropy_exponent)


@final
@dataclass(frozen=True)
class Barrier:
    """One way over a barrier that a current lowers: rate f0 exp(-Delta (1 - I/I_c)^n).

    Parameters
    ----------
    thermal_stability : float
        Delta at the surroundings' temperature.
    critical_current : float
        I_c [A], positive towards the other state.
    attempt_frequency : float
        f0 [1/s]; 1 GHz is a convention.
    exponent : float
        n: 1 (Vincent 2015, the two-state model) or 2 (a perpendicular macrospin).
    """

    thermal_stability: float
    critical_current: float
    attempt_frequency: float = 1e9
    exponent: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what is no barrier."""
        values = (self.thermal_stability, self.critical_current, self.attempt_frequency, self.exponent)
        if not (all(map(math.isfinite, values)) and self.thermal_stability >= 0 and min(values[1:]) > 0):
            raise InputError("A barrier needs Delta of 0 or more, and I_c, f0 and the exponent above 0.")

    @classmethod
    def of(cls, junction: MagneticTunnelJunction) -> Barrier:
        """Of a perpendicular junction without field: n = 2, and the f0 with which the rate at rest is Brown's."""
        delta, model = junction.thermal_stability(), junction.model
        rate = escape_rate(model.damping, model.gyromagnetic_ratio, junction.anisotropy_field(), delta)
        return cls(delta, junction.critical_current(), rate * math.exp(delta), 2.0)


def heated_switching(
    barrier: Barrier,
    heat: SelfHeating,
    voltage: Quantities,
    resistance: Quantity,
    duration: Quantity,
    *,
    waveform: Waveform = _STEADY,
    step: Quantity | None = None,
) -> xr.Dataset:
    """Temperature and switching probability of a junction under a voltage that heats it.

    P(t) = 1 - exp(-int rate(T, I) dt),   rate = f0 exp(-Delta(T) (1 - I/I_c(T))^n),   I = V/R

    Thermally activated and one way: valid below I_c(T), and while a return is unlikely. The temperature is exact for
    the voltage held at each step's middle, the integral is by the midpoint rule.

    Parameters
    ----------
    barrier : Barrier
    heat : SelfHeating
    voltage : quantities
        Amplitudes [V], times ``waveform``; positive towards the other state.
    resistance : quantity
        R of the junction during the pulse [ohm].
    duration : quantity
        [s]
    waveform : waveform
        Of the voltage: ``Pulse``, ``Train``, ``Samples``; constant by default.
    step : quantity
        [s]; a 2000th of the duration by default, at most a twentieth of the time constant.

    Returns
    -------
    xarray.Dataset
        ``temperature`` [K], ``probability`` and ``energy`` [J] over ``time`` [s] and ``voltage`` [V], from time 0 on.

    Raises
    ------
    InputError, UnitError
        A resistance, duration or step not above 0, NaN, more than a million steps.

    Examples
    --------
    >>> from spinloom.devices.heating import Barrier, SelfHeating, heated_switching
    >>> warm = SelfHeating(thermal_resistance=2e6, heat_capacity=2e-15)
    >>> found = heated_switching(Barrier(40.0, 1e-4), warm, "0.35 V", "4 kohm", "20 ns")
    >>> round(float(found.temperature[-1, 0]))
    361
    """
    volts = si_array(voltage, "voltage", "voltage")
    ohms, time = si(resistance, "resistance", "resistance"), si(duration, "time", "duration")
    if not np.isfinite(volts).all() or not (ohms > 0 and time > 0):
        raise InputError("voltage must be finite, and resistance and duration more than 0.")
    tau = heat.time_constant
    fine = min(time / 2000, tau / 20) if tau > 0 else time / 2000
    wanted = fine if step is None else si(step, "time", "step")
    if wanted <= 0 or time / wanted > 1e6:
        raise InputError(
            f"A step of {pretty(wanted, 's')} does not fit a duration of {pretty(time, 's')}: give one above 0 that "
            "makes a million steps at most."
        )
    steps = math.ceil(time / wanted * (1 - 1e-12))
    h = time / steps
    held = waveform((np.arange(steps) + 0.5) * h)[:, None] * volts
    ends = heat.temperature(held, ohms, h)
    steady = float(heat.ambient) + heat.thermal_resistance * held**2 / ohms
    middle = heating.after(ends[:-1], steady, tau, 0.5 * h)  # pyright: ignore[reportArgumentType] (arrays work too)

    def rate(kelvin: float, amperes: float) -> float:
        delta, critical = heat.barrier(barrier.thermal_stability, barrier.critical_current, kelvin)
        ratio = amperes / critical if critical > 0 else 1.0
        return activated_rate(barrier.attempt_frequency, delta, ratio, barrier.exponent)

    exponent = np.cumsum(np.vectorize(rate, otypes=[float])(middle, held / ohms) * h, axis=0)
    energy = np.cumsum(held**2 / ohms * h, axis=0)
    start = np.zeros((1, volts.size))
    dims = ("time", "voltage")
    return xr.Dataset(
        {
            "temperature": (dims, ends, {"units": "K", "long_name": "temperature"}),
            "probability": (
                dims, np.concatenate([start, -np.expm1(-exponent)]),
                {"units": "1", "long_name": "switching probability"},
            ),
            "energy": (dims, np.concatenate([start, energy]), {"units": "J", "long_name": "Joule heat"}),
        },
        coords={
            "time": ("time", np.arange(steps + 1) * h, {"units": "s", "long_name": "time"}),
            "voltage": ("voltage", volts, {"units": "V", "long_name": "voltage"}),
        },
        attrs={"method": "Arrhenius, integrated", "time_constant": tau},
    )  # fmt: skip
