"""Published systems run again: spec, protocols, verdict, and the folder that a run leaves behind."""

from __future__ import annotations

from spinloom.experiments.run import reproduce
from spinloom.experiments.spec import Reproduction, load_reproduction
from spinloom.experiments.synapse_bench import BenchSettings, SynapseBench, bench_synapse
from spinloom.experiments.verdict import Expectation

__all__ = [
    "BenchSettings",
    "Expectation",
    "Reproduction",
    "SynapseBench",
    "bench_synapse",
    "load_reproduction",
    "reproduce",
]
