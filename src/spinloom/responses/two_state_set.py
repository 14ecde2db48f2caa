"""A superparamagnetic junction's parameter set <-> the four numbers that tuning curve and telegraph signal share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spinloom import parameters
from spinloom.devices.two_state import TwoState
from spinloom.errors import InputError, ParameterError
from spinloom.parameters.kinds import rules
from spinloom.parameters.schema import Parameter, ParameterSet
from spinloom.sources import Source, references
from spinloom.units import pretty, si

KIND = "superparamagnetic_junction"
CONVENTION = 1e9
"""Attempt frequency [Hz] taken where a measurement cannot give one."""
ROOM = 300.0
"""Temperature [K] of measurements that do not say theirs."""
SHARED = ("attempt_frequency", "thermal_stability", "critical_current", "offset_current")


def junction(curve: Any) -> TwoState:
    """The :class:`~spinloom.devices.two_state.TwoState` of one junction that a response with the four numbers means."""
    return TwoState(*(getattr(curve, name) for name in SHARED))


def read_set(name: str | Path | ParameterSet, overrides: Mapping[str, str | float]) -> dict[str, Any]:
    """The four numbers of a set of kind ``superparamagnetic_junction``, with its name and sources.

    Raises
    ------
    ParameterError
        The set describes another kind of device.
    """
    found = parameters.load(name)
    if found.device != KIND:
        raise ParameterError(
            f"{found.name} is a {found.device.replace('_', ' ')}; this response needs a set for a {KIND}."
        )
    found = found.replace(**overrides)
    shared = {key: found.value(key) for key in (*SHARED, "temperature")}
    return {**shared, "source": found.name, "references": tuple(found.references())}


def mean_resistance(found: ParameterSet) -> float:
    """(R_P + R_AP)/2 [ohm], the mean over time where both states are equally likely."""
    return found.value("resistance_parallel") * (1.0 + 0.5 * found.value("tmr"))


def read_device(device: Any, drive: Mapping[str, Any]) -> dict[str, Any]:
    """The four numbers of a device with ``two_state``, at a voltage, field or temperature; its mean, without spread."""
    plain = {f"{name}_spread": 0.0 for name in ("attempt_frequency", "thermal_stability", "critical_current")}
    one = type(device)(device.parameters.replace(**plain)).two_state(**drive)
    shared = {key: float(getattr(one, key)[0]) for key in SHARED}
    warm = drive.get("temperature", device.parameters.value("temperature"))
    shared["temperature"] = si(warm, "temperature", "temperature")
    return {**shared, "source": device.name, "references": tuple(device.parameters.references())}


def fitted_set(
    name: str,
    values: Mapping[str, float],
    notes: Mapping[str, str],
    *,
    assumed: Sequence[str] = (),
    source: str = "",
    title: str = "",
    keys: Sequence[str] = (),
) -> ParameterSet:
    """A parameter set that ``sl.device`` takes, from fitted values.

    Parameters
    ----------
    name, title : str
    values : mapping
        Parameters in SI.
    notes : mapping
        What to say about each of them, e.g. its interval.
    assumed : sequence of str
        Which of them were not fitted but assumed.
    source : str
        File or device that was fitted.
    keys : sequence of str
        Bibliography keys of the source.

    Raises
    ------
    InputError
        No name.
    ParameterError
        A value beyond the bounds of its kind, or not known.
    """
    if not name.strip():
        raise InputError("A parameter set needs a name, e.g. to_toml('Mine2026_mtj').")
    known = [key for key in keys if key in references()]
    table, found = rules(KIND), {}
    for item, value in values.items():
        if math.isnan(value):
            raise ParameterError(f"{item}: the measurement does not give the {table[item].meaning}.")
        rule = table[item]
        written = pretty(value, rule.unit, 6)  # six digits: far below any interval, and a person can read them
        note = notes.get(item, "")
        how = Source("assumed", note=note) if item in assumed else Source(
            "fitted", known[0] if known else "", f"from {source}" if source else "", note
        )  # fmt: skip
        found[item] = Parameter(item, rule.read(item, written), rule.unit, written, how, rule.meaning)
    return ParameterSet(name, KIND, title, known[0] if known else "", found, tuple(known[1:]))


def interval_text(interval: tuple[float, float], unit: str) -> str:
    """``95 % interval 290 µA to 297 µA``."""
    low, high = (pretty(value, unit, 4) for value in interval)
    return f"95 % interval {low} to {high}"
