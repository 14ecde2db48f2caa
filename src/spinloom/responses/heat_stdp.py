"""Spike-timing-dependent plasticity by heat: the first spike warms a binary device, the second switches it.

Heat goes with V^2 and so does not mind the sign of a spike; which state the second one writes does. A spike of the
input followed by one of the neuron potentiates, the reverse order depresses, both more often the warmer the device
still is: a window whose tail decays with the thermal time constant R_th C.

Inzunza Velarde et al., arXiv:2108.12684; Lv et al., doi:10.1063/5.0126392.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from spinloom.devices.heating import Barrier, SelfHeating
from spinloom.errors import InputError
from spinloom.physics import heating
from spinloom.physics.pulse_switching import activated_rate
from spinloom.units import si

_STEPS = 200
"""Midpoints within the second pulse: the integral of the rate is then good to 1e-5."""


@final
@dataclass(frozen=True)
class HeatWindow:
    """Two square spikes of one height on a binary device that keeps their heat.

    Attributes
    ----------
    barrier : Barrier
        Of the switching in either direction: the device is symmetric.
    heat : SelfHeating
    voltage : quantity
        Height of a spike [V].
    width : quantity
        Its duration [s].
    resistance : quantity
        Of the device [ohm].
    second : quantity or None
        Height of the second spike where it differs: the one that switches, while ``voltage`` only warms [V].

    Raises
    ------
    InputError, UnitError
        A voltage, width or resistance not above 0; a device that has no thermal time constant.
    """

    barrier: Barrier
    heat: SelfHeating
    voltage: str | float
    width: str | float
    resistance: str | float
    second: str | float | None = None

    def __post_init__(self) -> None:
        """Read the units once."""
        for name, kind in (("voltage", "voltage"), ("width", "time"), ("resistance", "resistance")):
            object.__setattr__(self, name, si(getattr(self, name), kind, name))
            if not float(getattr(self, name)) > 0:
                raise InputError(f"{name} must be more than 0.")
        second = self.voltage if self.second is None else si(self.second, "voltage", "second")
        object.__setattr__(self, "second", second)
        if not self.heat.time_constant > 0:
            raise InputError("A window of time needs heat that stays: thermal_resistance and heat_capacity above 0.")

    def temperature_after(self, delay: float | np.ndarray) -> np.ndarray:
        """T [K] at the start of the second spike, ``delay`` [s] after the end of the first."""
        steady = heating.steady_rise(float(self.voltage), float(self.resistance), self.heat.thermal_resistance)
        rise = steady * -np.expm1(-float(self.width) / self.heat.time_constant)
        return float(self.heat.ambient) + rise * np.exp(-np.asarray(delay, float) / self.heat.time_constant)

    def switching(self, temperature: float | np.ndarray) -> np.ndarray:
        """P that the second spike switches a device that is at a temperature [K] when it starts.

        1 - exp(-int f0 exp(-Delta(T) (1 - I/I_c(T))^n) dt), T rising during the spike itself.
        """
        start = np.atleast_1d(np.asarray(temperature, float)) - float(self.heat.ambient)
        volts, ohms, width = float(self.second or 0.0), float(self.resistance), float(self.width)
        steady = heating.steady_rise(volts, ohms, self.heat.thermal_resistance)
        times = (np.arange(_STEPS) + 0.5) * width / _STEPS
        rise = steady + (start[:, None] - steady) * np.exp(-times / self.heat.time_constant)

        def rate(kelvin: float) -> float:
            delta, critical = self.heat.barrier(self.barrier.thermal_stability, self.barrier.critical_current, kelvin)
            ratio = volts / ohms / critical if critical > 0 else 1.0
            return activated_rate(self.barrier.attempt_frequency, delta, ratio, self.barrier.exponent)

        rates = np.vectorize(rate, otypes=[float])(float(self.heat.ambient) + rise)
        found = -np.expm1(-rates.mean(axis=1) * width)
        return found.reshape(np.shape(temperature))

    @property
    def cold(self) -> float:
        """P of a spike that comes alone."""
        return float(self.switching(float(self.heat.ambient)))

    def __call__(self, delay: float | np.ndarray) -> np.ndarray:
        """Change of the switching probability by the other spike, signed: + potentiates, - depresses.

        ``delay`` [s] is from the end of the first spike to the start of the second, positive where the input spiked
        first. At 0 both orders are alike; it counts as positive.
        """
        time = np.asarray(delay, float)
        change = self.switching(self.temperature_after(np.abs(time))) - self.cold
        return np.where(time < 0, -change, change)

    def time_constants(self, points: int = 40) -> tuple[float, float]:
        """(of the tail, of one exponential fitted to all) [s]: the tail's is R_th C, the other is shorter.

        Switching grows faster than linearly with temperature, so the window falls faster at first than the heat.
        """
        from scipy.optimize import curve_fit

        tau = self.heat.time_constant
        late = np.linspace(4.0 * tau, 6.0 * tau, points)
        tail = -1.0 / np.polyfit(late, np.log(self(late)), 1)[0]
        early = np.linspace(0.0, 5.0 * tau, points)
        found, _ = curve_fit(lambda t, a, s: a * np.exp(-t / s), early / tau, self(early), p0=(self(0.0), 1.0))
        return float(tail), float(found[1] * tau)
