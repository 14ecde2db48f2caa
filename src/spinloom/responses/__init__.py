"""Responses: what a device hands to a network, measured on it or read from a laboratory's file.

Names are loaded when first used: a network room that needs the plasticity alone does not wait for the fits.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spinloom.responses.bernoulli import Bernoulli
    from spinloom.responses.combination import pair_levels
    from spinloom.responses.control import constant_offset_path, sigmoid_map
    from spinloom.responses.distribution import Distribution
    from spinloom.responses.plasticity import Plasticity
    from spinloom.responses.shapes import Exponential, Logistic, Tabulated
    from spinloom.responses.sigmoid import Sigmoid
    from spinloom.responses.telegraph import Telegraph
    from spinloom.responses.tuning import Tuning

_MODULES = {
    "Bernoulli": "bernoulli",
    "Distribution": "distribution",
    "Exponential": "shapes",
    "Logistic": "shapes",
    "Plasticity": "plasticity",
    "Sigmoid": "sigmoid",
    "Tabulated": "shapes",
    "Telegraph": "telegraph",
    "Tuning": "tuning",
    "constant_offset_path": "control",
    "pair_levels": "combination",
    "sigmoid_map": "control",
}

__all__ = [
    "Bernoulli",
    "Distribution",
    "Exponential",
    "Logistic",
    "Plasticity",
    "Sigmoid",
    "Tabulated",
    "Telegraph",
    "Tuning",
    "constant_offset_path",
    "pair_levels",
    "sigmoid_map",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'spinloom.responses' has no attribute '{name}'")
    return getattr(importlib.import_module(f"spinloom.responses.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
