"""The probabilistic bit: a junction and transistors around it that decide ±1 with a probability set by an input."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from spinloom.devices.base import Device
from spinloom.errors import ParameterError
from spinloom.parameters import ParameterSet
from spinloom.units import pretty, si_array

Dynamics = Literal["redraw", "dwell", "clocked"]

_DYNAMICS: dict[str, Dynamics] = {"stt_branch": "redraw", "sot_branch": "dwell", "stt_dwell": "dwell"}
"""Designs that decide by themselves; all others take a pulse for each decision."""
_NAMES = {
    "stt_branch": "junction compared by a transistor",
    "stt_dwell": "transistor's current biases the junction's dwell times",
    "sot_branch": "spin-orbit current biases the junction's dwell times",
    "reset_pulse": "reset and pulse",
    "backhopping": "back-hopping, no reset",
    "vcma": "voltage-controlled anisotropy",
}
_SPREAD = 0x9B17


@final
@dataclass(frozen=True)
class Spread:
    """Slopes and offsets of single p-bits: P = (1 + tanh(slope (x - offset)))/2, x in units of the nominal scale.

    Attributes
    ----------
    slope, offset : np.ndarray
        Shape (count,), dimensionless; 1 and 0 for the nominal device.
    """

    slope: np.ndarray
    offset: np.ndarray


@final
class ProbabilisticBit(Device):
    """A junction as a p-bit.

    P(+1) = (1 + tanh x)/2 = 1/(1 + exp(-2 x)),   x = (V - V_50)/V_0 or (I - I_50)/I_0

    A free-running design decides anew after a time of the order of tau_N and needs no clock; a pulsed one decides once
    in each cycle of reset, pulse and read. How the designs differ in time: ``physics.stochastic_branch``.

    Parameters
    ----------
    parameters : ParameterSet
        A set whose device is ``probabilistic_bit``.

    Raises
    ------
    ParameterError
        Neither or both of a voltage's and a current's scale, or a design without the times that it needs.

    References
    ----------
    Faria et al., doi:10.3389/fncom.2021.584797; Camsari et al., doi:10.1103/PhysRevX.7.031014.
    """

    kind = "probabilistic_bit"

    def __init__(self, parameters: ParameterSet) -> None:
        super().__init__(parameters)
        value = parameters.value
        if bool(value("voltage_scale")) == bool(value("current_scale")):
            raise ParameterError(
                f"{self.name}: give the scale of one input, voltage_scale or current_scale, not "
                f"{'both' if value('voltage_scale') else 'neither'}."
            )
        if self.dynamics != "clocked" and not value("fluctuation_time"):
            raise ParameterError(f"{self.name}: a {self.design} runs freely and needs fluctuation_time above 0.")
        if self.dynamics == "clocked" and not value("pulse_time"):
            raise ParameterError(f"{self.name}: a {self.design} decides by pulses and needs pulse_time above 0.")

    def summary(self) -> str:
        """``junction compared by a transistor: P = 1/2 at 0 V, scale 50 mV, a decision in 150 ps, 2 fJ``."""
        kind, unit = self._input()
        centre = self.parameters.value(f"{kind}_centre")
        scale = self.parameters.value(f"{kind}_scale")
        text = f"{_NAMES[self.design]}: P = 1/2 at {pretty(centre, unit)}, scale {pretty(scale, unit)}, a decision in "
        text += pretty(self.time_per_update, "s")
        return text if math.isnan(self.energy_per_update) else f"{text}, {pretty(self.energy_per_update, 'J')}"

    def _input(self) -> tuple[Literal["voltage", "current"], str]:
        return ("voltage", "V") if self.parameters.value("voltage_scale") else ("current", "A")

    @property
    def design(self) -> str:
        """One of the rules' choices."""
        return self.parameters.choice("design")

    @property
    def dynamics(self) -> Dynamics:
        """How it decides: "redraw" (compared), "dwell" (biased dwell times) or "clocked" (once a pulse)."""
        return _DYNAMICS.get(self.design, "clocked")

    # ---- response -------------------------------------------------------------------------------------------------

    def reduced(self, drive: float | str | np.ndarray) -> np.ndarray:
        """x = (V - V_50)/V_0 of inputs [V] or [A], as the set's scale."""
        kind, _ = self._input()
        value = self.parameters.value
        return (si_array(drive, kind, "drive") - value(f"{kind}_centre")) / value(f"{kind}_scale")

    def probability(self, drive: float | str | np.ndarray) -> np.ndarray:
        """P(+1) under a constant input [V] or [A]; quantities such as "20 mV" or numbers in SI."""
        return 0.5 * (1.0 + np.tanh(self.reduced(drive)))

    def drive_for(self, x: float | np.ndarray) -> np.ndarray:
        """The input [V] or [A] whose reduced value is x: what the synapse must deliver for x = I_0 (h + sum J m)."""
        kind, _ = self._input()
        value = self.parameters.value
        return value(f"{kind}_centre") + value(f"{kind}_scale") * np.asarray(x, float)

    def spread(self, count: int, seed: int = 0) -> Spread:
        """``count`` devices drawn with the set's spreads: normal, slopes cut at a tenth of the nominal one."""
        normal = np.random.default_rng([_SPREAD, seed]).standard_normal((count, 2))
        value = self.parameters.value
        slope = np.maximum(1.0 + value("slope_spread") * normal[:, 0], 0.1)
        return Spread(slope, value("offset_spread") * normal[:, 1])

    # ---- time and energy ------------------------------------------------------------------------------------------

    @property
    def fluctuation_time(self) -> float:
        """tau_N [s]; of a pulsed design the cycle, since each cycle is a new decision."""
        return self.time_per_update

    @property
    def transistor_time(self) -> float:
        """tau_T [s]; it acts in the "redraw" dynamics alone."""
        return self.parameters.value("transistor_time")

    @property
    def synapse_time(self) -> float:
        """tau_S [s]."""
        return self.parameters.value("synapse_time")

    @property
    def pinning(self) -> float:
        """k of tau = tau_N e^(r k); it acts in the "redraw" dynamics alone."""
        return self.parameters.value("pinning")

    @property
    def time_per_update(self) -> float:
        """tau_N, or reset, pulse and read [s], as often as a comparator needs bits."""
        value = self.parameters.value
        if self.dynamics != "clocked":
            return value("fluctuation_time")
        return (value("reset_time") + value("pulse_time") + value("read_time")) * max(value("comparator_bits"), 1.0)

    @property
    def energy_per_update(self) -> float:
        """Power times tau_N, or the energies of reset, pulse and read [J]; nan where the set does not say."""
        value = self.parameters.value
        if self.dynamics != "clocked":
            return value("power") * value("fluctuation_time") if value("power") else math.nan
        if not value("pulse_energy"):
            return math.nan
        once = value("reset_energy") + value("pulse_energy") + value("read_energy")
        return once * max(value("comparator_bits"), 1.0)
