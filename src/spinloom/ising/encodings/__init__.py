"""Encodings: questions as Ising energies, one kind a module, each with the way back from spins to answers."""

from __future__ import annotations

import importlib
from types import ModuleType

_SUBMODULES = (
    "factorisation",
    "gates",
    "grouping",
    "hopfield",
    "logic",
    "max_cut",
    "max_sat",
    "nanomagnets",
    "tsp",
    "tsp_one_hot",
)


def __getattr__(name: str) -> ModuleType:
    if name in _SUBMODULES:
        return importlib.import_module(f"spinloom.ising.encodings.{name}")
    raise AttributeError(f"module 'spinloom.ising.encodings' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(_SUBMODULES)
