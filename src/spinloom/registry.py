"""Names and what they stand for: lazily imported, open to other packages, with the closest match in the error.

Another package adds a name through an entry point in the group ``spinloom.<kind>``, for example

    [project.entry-points."spinloom.parameters"]
    Mine2026_mtj = "mypackage:parameters/Mine2026_mtj.toml"
"""

from __future__ import annotations

import importlib
from importlib.metadata import entry_points
from typing import Any, final

from spinloom.errors import UnknownNameError


@final
class Registry:
    """A table name -> ``"module:attribute"`` that imports only what is asked for.

    Parameters
    ----------
    what : str
        The singular noun used in messages, e.g. ``"device"``.
    group : str
        Entry-point group through which other packages add names.
    """

    def __init__(self, what: str, group: str) -> None:
        self.what = what
        self.group = group
        self._targets: dict[str, str] = {}

    def add(self, name: str, target: str) -> None:
        """Let ``name`` stand for ``target`` ("package.module:attribute"); the last one added wins."""
        self._targets[name] = target

    def _foreign(self) -> dict[str, str]:
        return {point.name: point.value for point in entry_points(group=self.group)}

    def names(self) -> list[str]:
        """All names, built-in and from entry points, sorted."""
        return sorted({*self._targets, *self._foreign()})

    def target(self, name: str) -> str:
        """The text that ``name`` stands for. Raises UnknownNameError with the closest match."""
        targets = {**self._foreign(), **self._targets}
        if name not in targets:
            raise UnknownNameError(self.what, name, targets)
        return targets[name]

    def get(self, name: str) -> Any:
        """Import and return what ``name`` stands for."""
        module, _, attribute = self.target(name).partition(":")
        return getattr(importlib.import_module(module), attribute)


devices = Registry("device", "spinloom.devices")
devices.add("magnetic_tunnel_junction", "spinloom.devices.magnetic_tunnel_junction:MagneticTunnelJunction")
devices.add("nanomagnet", "spinloom.devices.nanomagnet:Nanomagnet")
devices.add("probabilistic_bit", "spinloom.devices.probabilistic_bit:ProbabilisticBit")
devices.add("superparamagnetic_junction", "spinloom.devices.superparamagnetic_junction:SuperparamagneticJunction")

responses = Registry("response", "spinloom.responses")
responses.add("bernoulli", "spinloom.responses.bernoulli:Bernoulli")
responses.add("plasticity", "spinloom.responses.plasticity:Plasticity")
responses.add("sigmoid", "spinloom.responses.sigmoid:Sigmoid")
responses.add("telegraph", "spinloom.responses.telegraph:Telegraph")
responses.add("tuning", "spinloom.responses.tuning:Tuning")

protocols = Registry("protocol", "spinloom.protocols")
protocols.add("switching", "spinloom.experiments.protocols.switching:run")
protocols.add("network", "spinloom.experiments.protocols.network:run")
protocols.add("energy", "spinloom.experiments.protocols.energy:run")
protocols.add("series_array", "spinloom.experiments.protocols.series_array:run")
protocols.add("xnor_network", "spinloom.experiments.protocols.xnor_network:run")
protocols.add("approximate_memory", "spinloom.experiments.protocols.approximate_memory:run")
protocols.add("synapse_energy", "spinloom.experiments.protocols.synapse_energy:run")
protocols.add("synapse_network", "spinloom.experiments.protocols.synapse_network:run")
protocols.add("synapse_curves", "spinloom.experiments.protocols.synapse_curves:run")
protocols.add("associative", "spinloom.experiments.protocols.associative:run")
protocols.add("cliques", "spinloom.experiments.protocols.cliques:run")
protocols.add("gating", "spinloom.experiments.protocols.gating:run")
protocols.add("unclonable", "spinloom.experiments.protocols.unclonable:run")
protocols.add("plasticity_curves", "spinloom.experiments.protocols.plasticity_curves:run")
protocols.add("boltzmann", "spinloom.experiments.protocols.boltzmann:run")
protocols.add("boltzmann_learning", "spinloom.experiments.protocols.boltzmann_learning:run")
protocols.add("pulsed_table", "spinloom.experiments.protocols.pulsed_table:run")
protocols.add("stochastic_neurons", "spinloom.experiments.protocols.stochastic_neurons:run")
protocols.add("random_bits", "spinloom.experiments.protocols.random_bits:run")
protocols.add("attractor", "spinloom.experiments.protocols.attractor:run")
protocols.add("tuning_curve", "spinloom.experiments.protocols.tuning_curve:run")
protocols.add("population", "spinloom.experiments.protocols.population:run")
protocols.add("phase_locking", "spinloom.experiments.protocols.phase_locking:run")
protocols.add("clustering", "spinloom.experiments.protocols.clustering:run")
protocols.add("clustering_sweeps", "spinloom.experiments.protocols.clustering_sweeps:run")
protocols.add("spiking_digits", "spinloom.experiments.protocols.spiking_digits:run")
protocols.add("spike_coding", "spinloom.experiments.protocols.spike_coding:run")
protocols.add("random_weights", "spinloom.experiments.protocols.random_weights:run")
protocols.add("stochastic_computing", "spinloom.experiments.protocols.stochastic_computing:run")
protocols.add("pulse_regimes", "spinloom.experiments.protocols.pulse_regimes:run")
protocols.add("heat_stdp", "spinloom.experiments.protocols.heat_stdp:run")
protocols.add("pulse_trains", "spinloom.experiments.protocols.pulse_trains:run")
protocols.add("bayesian_network", "spinloom.experiments.protocols.bayesian_network:run")
protocols.add("moving_objects", "spinloom.experiments.protocols.moving_objects:run")
protocols.add("trotter_replicas", "spinloom.experiments.protocols.trotter_replicas:run")
protocols.add("nanomagnets", "spinloom.experiments.protocols.nanomagnets:run")
protocols.add("edge_grouping", "spinloom.experiments.protocols.edge_grouping:run")
protocols.add("nonvolatile_bits", "spinloom.experiments.protocols.nonvolatile_bits:run")
protocols.add("logic", "spinloom.experiments.protocols.logic:run")
protocols.add("tsp", "spinloom.experiments.protocols.tsp:run")
protocols.add("max_cut_table", "spinloom.experiments.protocols.max_cut_table:run")
protocols.add("factorisation", "spinloom.experiments.protocols.factorisation:run")

reports = Registry("report", "spinloom.reports")
reports.add("folder", "spinloom.report:write")

parameter_sets = Registry("parameter set", "spinloom.parameters")
reproductions = Registry("reproduction", "spinloom.reproductions")
