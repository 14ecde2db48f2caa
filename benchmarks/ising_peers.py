"""Other samplers of Ising problems, asked the same: dwave-samplers and openjij, each with its own clock."""

from __future__ import annotations

from typing import NamedTuple

import dimod
import numpy as np

from spinloom.ising.problem import Problem


class Reads(NamedTuple):
    """What a sampler found: energies (reads,) and the seconds it says it sampled."""

    energies: np.ndarray
    seconds: float


def bqm_of(problem: Problem) -> dimod.BinaryQuadraticModel:
    """The problem as the peers take it."""
    spin = np.repeat(np.arange(problem.size), np.diff(problem.pointers))
    once = spin < problem.neighbours
    edges = (spin[once], problem.neighbours[once], problem.couplings[once])
    return dimod.BinaryQuadraticModel.from_numpy_vectors(problem.fields, edges, problem.offset, dimod.SPIN)


def dwave(bqm: dimod.BinaryQuadraticModel, reads: int, seed: int, betas: np.ndarray | None = None,
          sweeps: int | None = None) -> Reads | None:  # fmt: skip
    """dwave-samplers' simulated annealing; at its own defaults unless betas or sweeps are given."""
    try:
        from dwave.samplers import SimulatedAnnealingSampler
    except ImportError:
        return None
    own = {} if betas is None else {"beta_schedule_type": "custom", "beta_schedule": betas}
    found = SimulatedAnnealingSampler().sample(bqm, num_reads=reads, num_sweeps=sweeps, seed=seed, **own)
    return Reads(found.record.energy, found.info["timing"]["sampling_ns"] * 1e-9)


def openjij(bqm: dimod.BinaryQuadraticModel, reads: int, betas: np.ndarray | None = None,
            sweeps: int | None = None) -> Reads | None:  # fmt: skip
    """openjij's simulated annealing. Without a seed: with one all its reads are the same (openjij 0.12)."""
    try:
        import openjij as oj
    except ImportError:
        return None
    own = {} if betas is None else {"schedule": [[float(beta), 1] for beta in betas]}
    dense = bqm.num_interactions > 0.05 * bqm.num_variables**2
    found = oj.SASampler().sample(bqm, num_reads=reads, num_sweeps=sweeps, sparse=not dense, **own)
    return Reads(np.asarray(found.record.energy), float(np.sum(found.info["list_exec_times"])) * 1e-6)
