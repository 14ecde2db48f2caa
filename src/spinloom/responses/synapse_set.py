"""A synapse's parameter set -> the attributes of a :class:`~spinloom.responses.plasticity.Plasticity`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spinloom import parameters
from spinloom.errors import ParameterError
from spinloom.parameters.schema import SYNAPSES, ParameterSet, numbers
from spinloom.responses.shapes import shape


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
    known = {
        name: value(name) or None for name in ("write_energy", "write_time", "read_voltage", "read_time")
    }  # 0 in a set: not known
    return {
        **shapes,
        **known,
        "states": int(value("levels")),
        "depression_states": int(value("depression_levels")),
        "low": value("conductance_low"),
        "high": value("conductance_high"),
        **{
            name: value(name)
            for name in (
                "cycle_to_cycle",
                "device_to_device",
                "write_error",
                "retention_time",
                "drift_exponent",
                "read_noise",
            )
        },
        "source": found.name,
        "references": tuple(found.references()),
        "assumed": tuple((item.name, item.written, item.source.note) for item in found.assumed()),
    }
