"""Devices: a kernel, its parameters, and what can be measured on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spinloom import registry
from spinloom.devices.base import Device
from spinloom.devices.solver import Solver
from spinloom.devices.waveform import Constant, Drive, Pulse, Samples, Train
from spinloom.errors import UnknownNameError
from spinloom.parameters import ParameterSet, load
from spinloom.parameters.kinds import SWITCHES, SYNAPSES

_RESPONSES = {
    **dict.fromkeys(SYNAPSES, ("Plasticity", "synapse")),
    **dict.fromkeys(SWITCHES, ("Bernoulli", "device")),
}
"""Kinds of device without dynamics: the response made from their sets, and the command that shows them."""

__all__ = ["Constant", "Device", "Drive", "Pulse", "Samples", "Solver", "Train", "device"]


def device(name: str | Path | ParameterSet, **overrides: float | str) -> Any:
    """A device from a parameter set by name or TOML path.

    Parameters
    ----------
    name : str, Path or ParameterSet
        "Xin2023_mtj", "my_device.toml", or a set already loaded.
    **overrides
        Parameters to change, e.g. ``temperature="350 K"``; each is marked as yours in every result.

    Raises
    ------
    UnknownNameError, ParameterError, UnitError
        An unknown name, a value that is not physical, or a wrong unit; the message says what is allowed.

    Examples
    --------
    >>> import spinloom as sl
    >>> mtj = sl.device("Xin2023_mtj", temperature="350 K")
    """
    found = load(name)
    if overrides:
        found = found.replace(**overrides)
    try:
        kind = registry.devices.get(found.device)
    except UnknownNameError:
        if found.device not in _RESPONSES:
            raise
        response, command = _RESPONSES[found.device]
        hint = (
            f"{found.name} has a response and no dynamics: responses.{response}.from_parameters('{found.name}') makes "
            f"it, 'spinloom {command} show {found.name}' shows it."
        )
        raise UnknownNameError("device", found.device, registry.devices.names(), hint) from None
    return kind(found)
