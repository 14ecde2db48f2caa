"""Markov chains side by side at one temperature, swept by heat bath: what sampling and its estimates are made of."""

from __future__ import annotations

from typing import final

import numpy as np

from spinloom.ising import annealing
from spinloom.ising.job import Job
from spinloom.ising.kernels import replicas


@final
class Chains:
    """Chains of one problem; chain r draws from the generator of (seed, first + r) and from nothing else.

    Parameters
    ----------
    job : Job
        Problem, seed, first states (random, that is exact samples of infinite temperature, when left out) and rule.
    first, count : int
        Which of the job's reads these are.
    """

    def __init__(self, job: Job, first: int, count: int) -> None:
        self.count = count
        self._offset = job.problem.offset
        self._arrays, self._unit = annealing.replica_arrays(job.problem)
        kind = self._arrays[2].dtype
        self._states, self._generator = annealing.start(job, first, count)
        self._energies = annealing.unit_energies(job.problem, self._states, self._unit, kind == np.int8)
        lanes = self._states.shape[1]
        self._work = np.empty(lanes, kind), np.empty(lanes, np.uint32)
        self._turned = False
        self._sweep = replicas.sweep_kernel(job.update)

    def sweep(self, beta: float, times: int = 1) -> None:
        """``times`` sweeps over all spins in order, or after ``turn`` in the reverse order, at ``beta``."""
        scale = np.full(self._states.shape[1], min(2.0 * beta * self._unit, 1e30), np.float32)
        for _ in range(times):
            self._sweep(*self._arrays, self._states, scale, self._generator, self._energies, *self._work)

    def turn(self) -> None:
        """From here on visit the spins in the reverse order: the time-reversed chain of what has been.

        Spins are numbered from the other end, which turns the rows of couplings and what is in them.
        """
        pointers, neighbours, couplings, fields = self._arrays
        last = fields.size - 1
        self._arrays = (
            pointers[-1] - pointers[::-1],
            (last - neighbours[::-1]).astype(neighbours.dtype),
            couplings[::-1].copy(),
            fields[::-1].copy(),
        )
        self._states = np.ascontiguousarray(self._states[::-1])
        self._turned = not self._turned

    def choose(self, chains: np.ndarray) -> None:
        """Go on from the states of these chains, shape (count,); one may be taken several times."""
        self._states[:, : self.count] = self._states[:, chains]
        self._energies[: self.count] = self._energies[chains]

    @property
    def energies(self) -> np.ndarray:
        """E of every chain, shape (count,)."""
        return self._energies[: self.count] * self._unit + self._offset

    @property
    def states(self) -> np.ndarray:
        """A copy of the states, shape (count, n) int8 of +-1."""
        found = self._states[:, : self.count].T
        return (found[:, ::-1] if self._turned else found).copy()
