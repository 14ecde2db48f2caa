"""What a parameter set of each kind of device may hold: kind of quantity, bounds, meaning."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from spinloom.errors import ParameterError, UnknownNameError
from spinloom.units import KINDS, pretty, si

_SHAPES = ("linear", "exponential", "logistic", "tabulated")


def numbers(text: str) -> tuple[float, ...]:
    """The numbers of a table written as text, "0, 0.2, 0.7, 1"; raises ParameterError where one is no number."""
    try:
        return tuple(float(word) for word in text.replace(",", " ").split())
    except ValueError:
        raise ParameterError(f"'{text}' is no table: write numbers with commas, e.g. '0, 0.2, 0.7, 1'.") from None


@dataclass(frozen=True)
class Rule:
    """What a named parameter must be.

    Attributes
    ----------
    kind : str
        Kind of quantity (a key of ``units.KINDS``), "choice" for one of ``choices``, or "table" for several numbers
        in one text.
    meaning : str
        One line, with the symbol.
    low, high : float
        Physical bounds in SI; ``open_low`` excludes ``low`` itself.
    default : float or str or None
        Used when a set leaves the parameter out; None: the set must give it.
    """

    kind: str
    meaning: str
    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    default: float | str | None = None
    choices: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """SI unit."""
        return KINDS.get(self.kind, "")

    def read(self, name: str, value: Any) -> float | str:
        """The SI value (or the choice), checked; raises ParameterError or UnitError naming the parameter."""
        if self.kind == "choice":
            if value not in self.choices:
                raise UnknownNameError(f"value of {name}", str(value), self.choices)
            return value
        if self.kind == "table":
            numbers(str(value))
            return str(value)
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ParameterError(f"{name}: '{value}' is no quantity; give a number or text with a unit.")
        number = si(value, self.kind, name)
        too_low = number <= self.low if self.open_low else number < self.low
        if too_low or number > self.high or math.isinf(number):
            allowed = f"more than {self.low:g}" if self.open_low else f"at least {self.low:g}"
            allowed += "" if math.isinf(self.high) else f" and at most {self.high:g}"
            shown = pretty(number, self.unit, 4)
            raise ParameterError(
                f"{name} = {shown} is not physical: the {self.meaning} must be {allowed} {self.unit}".rstrip() + "."
            )
        return number


def _positive(kind: str, meaning: str, high: float = math.inf, default: float | None = None) -> Rule:
    return Rule(kind, meaning, 0.0, high, open_low=True, default=default)


_JUNCTION: dict[str, Rule] = {
    "damping": Rule("number", "Gilbert damping α", 0.0, 1.0),
    "gyromagnetic_ratio": _positive("gyromagnetic_ratio", "gyromagnetic ratio γ", default=1.76085963023e11),
    "saturation_magnetisation": _positive("magnetisation", "saturation magnetisation M_s", 3e6),
    "length": _positive("length", "free-layer length along x", 1e-3),
    "width": _positive("length", "free-layer width along y", 1e-3),
    "thickness": _positive("length", "free-layer thickness along z", 1e-5),
    "shape": Rule(
        "choice", "shape of the pillar's cross-section", default="rectangle", choices=("rectangle", "ellipse")
    ),
    "demagnetisation": Rule(
        "choice", "demagnetisation model", default="prism", choices=("thin film", "prism", "ellipsoid")
    ),
    "uniaxial_anisotropy": Rule("energy_density", "uniaxial anisotropy K_u along z", 0.0, 1e8, default=0.0),
    "interfacial_anisotropy": Rule("surface_energy", "interfacial anisotropy K_i along z", 0.0, 1e-1, default=0.0),
    "vcma_coefficient": Rule("vcma", "VCMA coefficient ξ", 0.0, 1e-11, default=0.0),
    "barrier_thickness": _positive("length", "tunnel-barrier thickness d", 1e-7, default=1e-9),
    "polarisation": Rule("number", "spin polarisation P", 0.0, 1.0, open_low=True),
    "torque_asymmetry": Rule("number", "angular asymmetry λ of the torque efficiency", 0.0, 0.999, default=0.0),
    "field_like_ratio": Rule("number", "field-like to damping-like spin-transfer torque", -10.0, 10.0, default=0.0),
    "polariser_angle": Rule("angle", "angle of the reference layer from +z, toward +x", -7.0, 7.0, default=0.0),
    "spin_hall_angle": Rule("number", "spin Hall angle θ_SH of the channel", -10.0, 10.0, default=0.0),
    "channel_width": _positive("length", "width of the spin-orbit channel", 1e-2, default=1e-7),
    "channel_thickness": _positive("length", "thickness of the spin-orbit channel", 1e-5, default=5e-9),
    "spin_orbit_field_like_ratio": Rule(
        "number", "field-like to damping-like spin-orbit torque", -10.0, 10.0, default=0.0
    ),
    "applied_field_x": Rule("field", "static field along x", -10.0, 10.0, default=0.0),
    "applied_field_y": Rule("field", "static field along y", -10.0, 10.0, default=0.0),
    "applied_field_z": Rule("field", "static field along z", -10.0, 10.0, default=0.0),
    "temperature": Rule("temperature", "temperature T", 0.0, 2000.0, default=300.0),
    "resistance_parallel": _positive("resistance", "resistance R_P in the parallel state", default=5e3),
    "resistance_area": Rule(
        "resistance_area", "RA product in the parallel state; 0: resistance_parallel holds", 0.0, 1e-6, default=0.0
    ),
    "tmr": Rule("number", "tunnel magnetoresistance (R_AP - R_P)/R_P at zero bias", 0.0, 20.0, default=0.0),
    "tmr_half_voltage": _positive("voltage", "bias at which TMR is halved", default=0.5),
}

_SYNAPSE: dict[str, Rule] = {
    "levels": Rule("number", "number of conductance levels", 2.0, 1e6),
    "depression_levels": Rule("number", "levels of depression; 0: as levels", 0.0, 1e6, default=0.0),
    "conductance_low": Rule("conductance", "smallest conductance G_min", 0.0, 10.0),
    "conductance_high": _positive("conductance", "largest conductance G_max", 10.0),
    "potentiation_shape": Rule("choice", "shape of potentiation", choices=_SHAPES, default="linear"),
    "potentiation_nonlinearity": Rule("number", "nonlinearity v of potentiation", -500.0, 500.0, default=0.0),
    "potentiation_table": Rule("table", "measured levels of potentiation, rising", default=""),
    "depression_shape": Rule("choice", "shape of depression", choices=_SHAPES, default="linear"),
    "depression_nonlinearity": Rule("number", "nonlinearity v of depression", -500.0, 500.0, default=0.0),
    "depression_table": Rule("table", "measured levels of depression, rising", default=""),
    "cycle_to_cycle": Rule("number", "spread of one pulse's change, share of the range", 0.0, 1.0, default=0.0),
    "device_to_device": Rule("number", "relative spread of conductance between devices", 0.0, 2.0, default=0.0),
    "write_error": Rule("number", "probability that a pulse does nothing", 0.0, 0.999, default=0.0),
    "retention_time": _positive("time", "retention time", default=1e30),
    "drift_exponent": Rule("number", "drift exponent, G ~ t^-exponent", 0.0, 1.0, default=0.0),
    "read_noise": Rule("number", "relative noise of one read", 0.0, 1.0, default=0.0),
    "write_time": Rule("time", "width of one write pulse; 0: not known", 0.0, default=0.0),
    "write_energy": Rule("energy", "energy of one write pulse; 0: not known", 0.0, default=0.0),
    "read_voltage": Rule("voltage", "voltage of a read; 0: not known", 0.0, 10.0, default=0.0),
    "read_time": Rule("time", "duration of a read; 0: not known", 0.0, default=0.0),
    "temperature": Rule("temperature", "temperature T", 0.0, 2000.0, default=300.0),
}

_SOT_SYNAPSE: dict[str, Rule] = {
    **_SYNAPSE,
    "spin_torque_efficiency": Rule("number", "damping-like torque efficiency ξ_SOT", 0.0, 100.0, open_low=True),
    "switching_current_density": _positive("current_density", "switching current density J_sw"),
    "write_current_low": _positive("current", "smallest write current"),
    "write_current_high": _positive("current", "largest write current"),
    "neuron_slope": _positive("number", "logistic slope k of the neuron per mA"),
    "neuron_centre": _positive("current", "centre x_c of the neuron's curve"),
    "coercivity": _positive("field", "coercive field"),
}

_TWO_STATE: dict[str, Rule] = {
    "attempt_frequency": _positive("frequency", "attempt frequency f0", 1e18, default=1e9),
    "thermal_stability": Rule("number", "energy barrier Δ in units of kT", 0.0, 200.0),
    "critical_current": _positive("current", "critical current I_c"),
    "offset_current": Rule("current", "current I_0 at which both states are equally likely", default=0.0),
    "critical_voltage": Rule("voltage", "critical voltage V_c; 0: not known", 0.0, default=0.0),
    "anisotropy_field": Rule("field", "anisotropy field B_k; 0: not known", 0.0, 10.0, default=0.0),
    "barrier_voltage": Rule("voltage", "voltage V_b that would remove the barrier (VCMA); 0: not known", default=0.0),
    "temperature": _positive("temperature", "temperature T at which Δ holds", 2000.0, default=300.0),
    "attempt_frequency_spread": Rule("number", "relative spread of f0 between devices", 0.0, 2.0, default=0.0),
    "thermal_stability_spread": Rule("number", "relative spread of Δ between devices", 0.0, 1.0, default=0.0),
    "critical_current_spread": Rule("number", "relative spread of I_c between devices", 0.0, 2.0, default=0.0),
    "resistance_parallel": _positive("resistance", "resistance R_P in the parallel state", default=5e3),
    "tmr": Rule("number", "tunnel magnetoresistance (R_AP - R_P)/R_P", 0.0, 20.0, default=0.0),
    "read_voltage": Rule("voltage", "voltage of a read; 0: not known", 0.0, 10.0, default=0.0),
    "read_time": Rule("time", "duration of a read; 0: not known", 0.0, default=0.0),
    "sampling_time": Rule("time", "interval between samples; 0: not known", 0.0, default=0.0),
}

_SWITCH: dict[str, Rule] = {
    "switching_voltage": Rule("voltage", "write voltage V_50 at a switching probability of 1/2", default=0.0),
    "switching_voltage_width": Rule("voltage", "width dV of P = 1/(1 + exp(-(V - V_50)/dV)); 0: none", default=0.0),
    "switching_current": Rule("current", "write current I_50 at a switching probability of 1/2", default=0.0),
    "switching_current_width": Rule("current", "width dI of P = 1/(1 + exp(-(I - I_50)/dI)); 0: none", default=0.0),
    "centre_spread": Rule("number", "spread of the centre between devices, relative to it", 0.0, 2.0, default=0.0),
    "width_spread": Rule("number", "spread of the width between devices, relative to it", 0.0, 2.0, default=0.0),
    "pulse_width": Rule("time", "width of the write pulse; 0: not known", 0.0, default=0.0),
    "write_resistance": Rule("resistance", "resistance of the write path; 0: not known", 0.0, default=0.0),
    "reset_voltage": Rule("voltage", "voltage of the reset pulse; 0: not known", default=0.0),
    "reset_current": Rule("current", "current of the reset pulse; 0: not known", default=0.0),
    "reset_width": Rule("time", "width of the reset pulse; 0: no reset", 0.0, default=0.0),
    "resistance_parallel": Rule("resistance", "resistance R_P of the parallel state; 0: not known", 0.0, default=0.0),
    "tmr": Rule("number", "tunnel magnetoresistance (R_AP - R_P)/R_P", 0.0, 20.0, default=0.0),
    "read_voltage": Rule("voltage", "voltage of a read; 0: not known", 0.0, 10.0, default=0.0),
    "read_time": Rule("time", "duration of a read; 0: not known", 0.0, default=0.0),
    "thermal_stability": Rule("number", "thermal stability Δ without drive; 0: not known", 0.0, 1e4, default=0.0),
}

_DESIGNS = ("stt_branch", "stt_dwell", "sot_branch", "reset_pulse", "backhopping", "vcma")

_P_BIT: dict[str, Rule] = {
    "design": Rule("choice", "how the junction decides", choices=_DESIGNS),
    "voltage_scale": Rule("voltage", "input V_0 of P = (1 + tanh((V - V_50)/V_0))/2; 0: none", 0.0, default=0.0),
    "voltage_centre": Rule("voltage", "input V_50 at P = 1/2", default=0.0),
    "current_scale": Rule("current", "input I_0 of P = (1 + tanh((I - I_50)/I_0))/2; 0: none", 0.0, default=0.0),
    "current_centre": Rule("current", "input I_50 at P = 1/2", default=0.0),
    "slope_spread": Rule("number", "relative spread of the slope 1/V_0 between devices", 0.0, 2.0, default=0.0),
    "offset_spread": Rule("number", "spread of V_50 between devices, in units of V_0", 0.0, 10.0, default=0.0),
    "fluctuation_time": Rule(
        "time", "mean time τ_N between decisions of a free junction; 0: clocked", 0.0, default=0.0
    ),
    "transistor_time": Rule("time", "time constant τ_T of the transistor that reads the input", 0.0, default=0.0),
    "synapse_time": Rule("time", "time constant τ_S of the synapse that forms the input", 0.0, default=0.0),
    "pinning": Rule("number", "ln of τ_N's ratio by the read current's torque, state ±1", -20.0, 20.0, default=0.0),
    "thermal_stability": Rule("number", "barrier Δ in units of kT; 0: not known", 0.0, 1e4, default=0.0),
    "supply_voltage": Rule("voltage", "supply voltage V_DD; 0: not known", 0.0, 100.0, default=0.0),
    "power": Rule("power", "power of one free-running p-bit; 0: not known", 0.0, default=0.0),
    "reset_time": Rule("time", "reset pulse; 0: no reset", 0.0, default=0.0),
    "pulse_time": Rule("time", "pulse whose height sets P", 0.0, default=0.0),
    "read_time": Rule("time", "read after the pulse", 0.0, default=0.0),
    "reset_energy": Rule("energy", "energy of the reset pulse", 0.0, default=0.0),
    "pulse_energy": Rule("energy", "energy of the pulse at P = 1/2; 0: not known", 0.0, default=0.0),
    "read_energy": Rule("energy", "energy of the read", 0.0, default=0.0),
    "hop_rate": Rule("frequency", "rate R of either hop in the pulse at P = 1/2; 0: no memory left", 0.0, default=0.0),
    "hop_growth": Rule("number", "growth g of ln of both hop rates per width of P", -20.0, 20.0, default=0.0),
    "reset_failures": Rule("number", "share q of resets that fail", 0.0, 0.5, default=0.0),
    "comparator_bits": Rule(
        "number", "even-odds bits that a comparator makes one decision of; 0: the drive sets P", 0.0, 32.0, default=0.0
    ),
}

_NANOMAGNET: dict[str, Rule] = {
    "saturation_magnetisation": _positive("magnetisation", "saturation magnetisation M_s", 3e6),
    "length": _positive("length", "length along the easy axis, or along x where that is perpendicular", 1e-5),
    "width": _positive("length", "width across it in the plane", 1e-5),
    "thickness": _positive("length", "thickness", 1e-6),
    "shape": Rule("choice", "shape in the plane", default="ellipse", choices=("ellipse", "rectangle")),
    "easy_axis": Rule("choice", "direction of easy axis", default="in plane", choices=("in plane", "perpendicular")),
    "thermal_stability": Rule("number", "energy barrier Δ in units of kT; 0: from the shape", 0.0, 200.0, default=0.0),
    "attempt_frequency": _positive("frequency", "attempt frequency f0", 1e18, default=1e9),
    "spacing": _positive("length", "gap between neighbours, edge to edge", 1e-5, default=30e-9),
    "temperature": _positive("temperature", "temperature T at which Δ holds", 2000.0, default=300.0),
}

_RULES: dict[str, dict[str, Rule]] = {
    "magnetic_tunnel_junction": _JUNCTION,
    "superparamagnetic_junction": _TWO_STATE,
    "synapse": _SYNAPSE,
    "spin_orbit_synapse": _SOT_SYNAPSE,
    "stochastic_switch": _SWITCH,
    "nanomagnet": _NANOMAGNET,
    "probabilistic_bit": _P_BIT,
}
SYNAPSES = ("synapse", "spin_orbit_synapse")
"""Kinds of device whose sets a plasticity response is made from."""
SWITCHES = ("stochastic_switch",)
"""Kinds of device whose sets a Bernoulli response is made from."""


def rules(device: str) -> dict[str, Rule]:
    """The parameters that a kind of device knows. Raises UnknownNameError with the closest match."""
    if device not in _RULES:
        raise UnknownNameError("kind of device with parameters", device, _RULES)
    return _RULES[device]
