"""Spiking populations: rows of junctions whose bell curves code a value, and what is computed with them.

Names are loaded when first used, so that a room that needs one of them does not wait for the others.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spinloom.snn.attractor import AttractorNetwork, Depression
    from spinloom.snn.axis import Axis
    from spinloom.snn.coding import JunctionCode, PoissonCode, PulsedCode
    from spinloom.snn.cues import Sensors
    from spinloom.snn.decoding import LinearDecoder, population_vector, population_vector_error
    from spinloom.snn.events import Events
    from spinloom.snn.flips import FlipCode
    from spinloom.snn.ideal_attractor import IdealAttractor
    from spinloom.snn.layer import Layer
    from spinloom.snn.modules import Fire, LeakyCell, Unrolled
    from spinloom.snn.network import Labels, Network
    from spinloom.snn.neuron import LeakyNeuron
    from spinloom.snn.nir_file import read_nir, verify_nir, write_nir
    from spinloom.snn.population import Population
    from spinloom.snn.rules import Rule
    from spinloom.snn.transfer import Learning, Transfer, chain

_MODULES = {
    "verify_nir": "nir_file",
    "write_nir": "nir_file",
    "read_nir": "nir_file",
    "Fire": "modules",
    "Unrolled": "modules",
    "LeakyCell": "modules",
    "AttractorNetwork": "attractor",
    "Axis": "axis",
    "Depression": "attractor",
    "Events": "events",
    "FlipCode": "flips",
    "IdealAttractor": "ideal_attractor",
    "JunctionCode": "coding",
    "Labels": "network",
    "Layer": "layer",
    "LeakyNeuron": "neuron",
    "Learning": "transfer",
    "LinearDecoder": "decoding",
    "Network": "network",
    "PoissonCode": "coding",
    "PulsedCode": "coding",
    "Population": "population",
    "Rule": "rules",
    "Sensors": "cues",
    "Transfer": "transfer",
    "chain": "transfer",
    "population_vector": "decoding",
    "population_vector_error": "decoding",
}

__all__ = [
    "AttractorNetwork",
    "Axis",
    "Depression",
    "Events",
    "Fire",
    "FlipCode",
    "IdealAttractor",
    "JunctionCode",
    "Labels",
    "Layer",
    "LeakyCell",
    "LeakyNeuron",
    "Learning",
    "LinearDecoder",
    "Network",
    "PoissonCode",
    "Population",
    "PulsedCode",
    "Rule",
    "Sensors",
    "Transfer",
    "Unrolled",
    "chain",
    "population_vector",
    "population_vector_error",
    "read_nir",
    "verify_nir",
    "write_nir",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'spinloom.snn' has no attribute '{name}'")
    return getattr(importlib.import_module(f"spinloom.snn.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
