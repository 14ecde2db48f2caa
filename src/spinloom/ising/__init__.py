"""p-bits: networks of probabilistic junctions that sample Boltzmann distributions and minimise Ising energies.

Names are loaded when first used: dimod, scipy and the compiled kernels wait until they are needed.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spinloom.ising.job import Job, Outcome, Progress
    from spinloom.ising.learning import BoltzmannMachine, Chip, Learning
    from spinloom.ising.network import Network
    from spinloom.ising.poly_sampler import PBitPolySampler
    from spinloom.ising.problem import Problem
    from spinloom.ising.sampler import PBitSampler

_MODULES = {
    "BoltzmannMachine": "learning",
    "Chip": "learning",
    "Job": "job",
    "Learning": "learning",
    "Network": "network",
    "Outcome": "job",
    "PBitPolySampler": "poly_sampler",
    "PBitSampler": "sampler",
    "Problem": "problem",
    "Progress": "job",
}

_SUBMODULES = ("encodings", "exact", "exact_quantum", "files", "hardware", "quantum", "statistics")

__all__ = [
    "BoltzmannMachine",
    "Chip",
    "Job",
    "Learning",
    "Network",
    "Outcome",
    "PBitPolySampler",
    "PBitSampler",
    "Problem",
    "Progress",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(importlib.import_module(f"spinloom.ising.{_MODULES[name]}"), name)
    if name in _SUBMODULES:
        return importlib.import_module(f"spinloom.ising.{name}")
    raise AttributeError(f"module 'spinloom.ising' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted((*__all__, *_SUBMODULES))
