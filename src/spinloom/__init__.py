"""Spinloom: from a magnetic device's equation of motion to a network that does a task, and what that costs.

The public names are loaded when first used, so that ``import spinloom`` is quick.
"""

from __future__ import annotations

import importlib
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spinloom import crossbar, ising, nn, parameters, responses, snn, tasks
    from spinloom.devices import device
    from spinloom.experiments import reproduce
    from spinloom.sources import cite
    from spinloom.units import span

try:
    __version__ = version("spinloom")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0+unknown"

_NAMES = {
    "cite": "spinloom.sources:cite",
    "crossbar": "spinloom.crossbar",
    "device": "spinloom.devices:device",
    "ising": "spinloom.ising",
    "nn": "spinloom.nn",
    "parameters": "spinloom.parameters",
    "reproduce": "spinloom.experiments:reproduce",
    "responses": "spinloom.responses",
    "snn": "spinloom.snn",
    "span": "spinloom.units:span",
    "tasks": "spinloom.tasks",
}

__all__ = [
    "__version__",
    "cite",
    "crossbar",
    "device",
    "ising",
    "nn",
    "parameters",
    "reproduce",
    "responses",
    "snn",
    "span",
    "tasks",
]


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module 'spinloom' has no attribute '{name}'")
    module, _, attribute = _NAMES[name].partition(":")
    loaded = importlib.import_module(module)
    return getattr(loaded, attribute) if attribute else loaded


def __dir__() -> list[str]:
    return sorted(__all__)
