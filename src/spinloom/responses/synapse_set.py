"""A synapse's parameter set <-> the attributes of a :class:`~spinloom.responses.plasticity.Plasticity`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spinloom import parameters
from spinloom.errors import InputError, ParameterError
from spinloom.parameters.kinds import SYNAPSES, numbers, rules
from spinloom.parameters.schema import Parameter, ParameterSet
from spinloom.responses.shapes import Exponential, Logistic, Shape, Tabulated, shape
from spinloom.sources import Source, references

if TYPE_CHECKING:
    from spinloom.responses.plasticity import Plasticity

_SAME = (
    "cycle_to_cycle",
    "device_to_device",
    "write_error",
    "drift_exponent",
    "read_noise",
)
"""Names that a set and a Plasticity share, numbers in both."""
_COSTS = ("write_energy", "write_time", "read_voltage", "read_time")
"""Names whose 0 in a set means: not known."""
_FOR_EVER = 1e29
"""Retention times [s] beyond this are none: a set cannot hold infinity."""


def read_set(name: str | Path | ParameterSet, overrides: dict[str, str | float]) -> dict[str, Any]:
    """Keyword arguments for Plasticity from a parameter set.

    Raises
    ------
    ParameterError
        The set describes no synapse, or a table that is missing or does not rise.
    """
    found = parameters.load(name)
    if found.device not in SYNAPSES:
        raise ParameterError(
            f"{found.name} is a {found.device.replace('_', ' ')}; a plasticity needs a set for one of: "
            f"{', '.join(SYNAPSES)}."
        )
    if overrides:
        found = found.replace(**overrides)
    value = found.value
    shapes = {
        way: shape(found.choice(f"{way}_shape"), value(f"{way}_nonlinearity"), numbers(found.choice(f"{way}_table")))
        for way in ("potentiation", "depression")
    }
    retention = value("retention_time")
    return {
        **shapes,
        **{name: value(name) or None for name in _COSTS},
        **{name: value(name) for name in _SAME},
        "states": int(value("levels")),
        "depression_states": int(value("depression_levels")),
        "low": value("conductance_low"),
        "high": value("conductance_high"),
        "retention_time": math.inf if retention > _FOR_EVER else retention,
        "source": found.name,
        "references": tuple(found.references()),
        "assumed": tuple((item.name, item.written, item.source.note) for item in found.assumed()),
    }


def write_set(synapse: Plasticity, name: str, title: str = "") -> str:
    """A parameter set of kind "synapse" as TOML text, from which :func:`read_set` makes an equal Plasticity.

    The reading's ``source`` is ``name``. Values are marked as computed from the synapse's source, what was assumed as
    assumed; assumptions about parameters that are no synapse's (a torque efficiency) are left out.

    Raises
    ------
    InputError
        No name.
    ParameterError
        A value beyond the bounds of its kind.
    """
    if not name.strip():
        raise InputError("A parameter set needs a name, e.g. to_toml('Mine2026_synapse').")
    known = references()
    keys = [key for key in synapse.references if key in known]
    notes = {item: (written, why) for item, written, why in synapse.assumed}
    table, found = rules("synapse"), {}
    for item, number in _values(synapse).items():
        rule = table[item]
        default = number == rule.default and item not in notes
        if default:
            continue
        plain = isinstance(number, str) or not rule.unit
        written, why = notes.get(item, (str(number) if plain else f"{number!r} {rule.unit}", ""))
        if item in notes:
            if rule.kind == "table" and Tabulated(numbers(written)) == Tabulated(numbers(str(number))):
                number = written  # as its author wrote it
            origin = Source("assumed", note=why or "not in the document")
        else:
            origin = Source("computed", keys[0] if keys else "", f"from {synapse.source}" if synapse.source else "")
        found[item] = Parameter(item, rule.read(item, number), rule.unit, written, origin, rule.meaning)
    for item, rule in table.items():  # a set that is read back lists its defaults, too
        if item not in found and rule.default is None:
            raise ParameterError(f"{item}: the synapse does not give the {rule.meaning}.")
    reference, further = (keys[0], tuple(keys[1:])) if keys else ("", ())
    whole = ParameterSet(name, "synapse", title or str(synapse), reference, found, further)
    return whole.to_toml()


def _values(synapse: Plasticity) -> dict[str, float | str]:
    values: dict[str, float | str] = {
        "levels": float(synapse.states),
        "conductance_low": synapse.low,
        "conductance_high": synapse.high,
    }
    if synapse.depression_states != synapse.states:
        values["depression_levels"] = float(synapse.depression_states)
    for way, curve in (("potentiation", synapse.potentiation), ("depression", synapse.depression)):
        values |= {f"{way}_{key}": value for key, value in _described(curve).items()}
    values |= {name: getattr(synapse, name) for name in _SAME}
    values |= {name: getattr(synapse, name) or 0.0 for name in _COSTS}
    if math.isfinite(synapse.retention_time):
        values["retention_time"] = synapse.retention_time
    return values


def _described(curve: Shape) -> dict[str, float | str]:
    """Shape, nonlinearity and table of a curve, as a set names them."""
    if isinstance(curve, Tabulated):
        return {"shape": "tabulated", "table": ", ".join(repr(level) for level in curve.levels)}
    if isinstance(curve, Logistic):
        return {"shape": "logistic", "nonlinearity": curve.v}
    if isinstance(curve, Exponential):
        return {"shape": "exponential", "nonlinearity": curve.v} if curve.v else {"shape": "linear"}
    raise ParameterError(
        f"A {type(curve).__name__} cannot be written into a parameter set; sample it: Tabulated(levels)."
    )
