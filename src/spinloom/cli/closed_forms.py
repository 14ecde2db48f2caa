"""What follows from a device's parameters in closed form, for ``spinloom device show``."""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spinloom.parameters import ParameterSet

Rows = dict[str, tuple[float, str]]
"""Name -> value in SI and unit."""

_METHODS = {
    "thermal_stability": "kT",
    "energy_barrier": "J",
    "anisotropy_field": "T",
    "resonance_frequency": "Hz",
    "critical_current": "A",
}


def of_device(found: Any) -> Rows:
    """Those closed forms, with their units, that the device has and that hold for its parameters."""
    from spinloom.errors import ParameterError

    rows: Rows = {}
    for name, unit in _METHODS.items():
        if hasattr(found, name):
            with contextlib.suppress(ParameterError):
                rows[name] = (float(getattr(found, name)()), unit)
    if found.kind == "superparamagnetic_junction":
        rows |= _of_two_state(found)
    if found.kind == "nanomagnet":
        rows |= _of_nanomagnet(found)
    if found.kind == "probabilistic_bit":
        rows |= _of_p_bit(found)
    return rows


def _of_p_bit(found: Any) -> Rows:
    """Inputs, time and energy of a decision; an energy that is not known is left out."""
    kind, unit = ("voltage", "V") if found.parameters.value("voltage_scale") else ("current", "A")
    rows: Rows = {
        f"{kind}_at_1/4": (float(found.drive_for(-0.5 * math.log(3.0))), unit),
        f"{kind}_at_3/4": (float(found.drive_for(0.5 * math.log(3.0))), unit),
        "time_per_update": (found.time_per_update, "s"),
        "updates_per_second": (1.0 / found.time_per_update, "Hz"),
        "energy_per_update": (found.energy_per_update, "J"),
    }
    return {name: row for name, row in rows.items() if not math.isnan(row[0])}


def _of_nanomagnet(found: Any) -> Rows:
    """Moment, rate, and what two neighbours at the set's gap gain or lose by agreeing."""
    rows: Rows = {"moment": (found.moment, "A m^2"), "flip_rate": (found.flip_rate(), "flips/s")}
    for layout, name in (("chain", "coupling_along_x"), ("column", "coupling_along_y")):
        pair = found.layout(layout, 2)
        rows[name] = (float(pair.couplings()[0, 1]) / pair.thermal_energy, "kT")
    return rows


def _of_two_state(found: Any) -> Rows:
    """Dwell times and the tuning curve of a superparamagnetic junction."""
    from spinloom.responses import Telegraph, Tuning

    bell, signal = Tuning.from_device(found), Telegraph.from_device(found)
    parallel, antiparallel = (float(tau) for tau in signal.dwell_times(0.0))
    return {
        "dwell_time_parallel": (parallel, "s"),
        "dwell_time_antiparallel": (antiparallel, "s"),
        "correlation_time": (float(signal.correlation_time(0.0)), "s"),
        "share_parallel": (float(signal(0.0)), ""),
        "flip_rate": (float(bell(0.0)), "flips/s"),
        "peak_flip_rate": (bell.peak, "flips/s"),
        "peak_cycle_rate": (0.5 * bell.peak, "cycles/s"),
        "peak_current": (bell.centre, "A"),
        "half_width": (bell.half_width, "A"),
    }


def of_switch(found: ParameterSet) -> Rows:
    """The curve, the time and the energy of a bit of a ``stochastic_switch``; what is not known is left out."""
    from spinloom.responses import Bernoulli

    bit = Bernoulli.from_parameters(found)
    kind = "voltage" if bit.unit == "V" else "current"
    rows: Rows = {
        f"{kind}_at_1/2": (bit.centre, bit.unit),
        f"{kind}_at_1/4": (float(bit.drive_for(0.25)), bit.unit),
        f"{kind}_at_3/4": (float(bit.drive_for(0.75)), bit.unit),
        "slope_at_1/2": (0.25 / bit.width, f"/{bit.unit}"),
        "time_per_bit": (bit.time_per_bit, "s"),
        "bits_per_second": (1.0 / bit.time_per_bit if bit.time_per_bit > 0 else math.nan, "Hz"),
        "write_energy": (bit.write_energy, "J"),
        "reset_energy": (bit.reset_energy, "J"),
        "read_energy": (bit.read_energy, "J"),
        "energy_per_bit": (bit.energy_per_bit(), "J"),
    }
    return {name: row for name, row in rows.items() if not math.isnan(row[0])}
