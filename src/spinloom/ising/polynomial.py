"""Energies with terms of any order: the problem as arrays, and its annealing."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spinloom.errors import InputError
from spinloom.ising import blocks, memory
from spinloom.ising.annealing import first_states, split_seed
from spinloom.ising.job import Job, Outcome
from spinloom.ising.kernels import many_body

LONGEST_BINARY = 16
"""Longest product of 0/1 variables that is written in spins: it becomes 2^length terms."""


@dataclass(frozen=True)
class Polynomial:
    """E(s) = offset + sum_t w_t prod_{i in t} s_i over spins s = +-1.

    Attributes
    ----------
    size : int
        Number of spins.
    weights : ndarray (terms,)
    pointers, terms : ndarray
        The terms that hold spin i are ``terms[pointers[i] : pointers[i + 1]]``.
    members : list of tuple of int
        The spins of each term.
    offset : float
    labels : tuple
    """

    size: int
    weights: np.ndarray
    pointers: np.ndarray
    terms: np.ndarray
    members: list[tuple[int, ...]]
    offset: float
    labels: Sequence[Hashable]

    @classmethod
    def from_poly(cls, poly: Any) -> Polynomial:
        """From a dimod BinaryPolynomial of either vartype.

        Raises
        ------
        InputError
            NaN or infinite coefficients; a product of more than 16 variables that are 0 or 1.
        """
        labels = tuple(poly.variables)
        for term, weight in poly.items():
            if not math.isfinite(weight):
                raise InputError(
                    f"The coefficient of {sorted(map(str, term))} is {weight}; it must be a finite number."
                )
        if poly.vartype.name == "BINARY":
            longest = max((len(term) for term in poly), default=0)
            if longest > LONGEST_BINARY:
                raise InputError(
                    f"A product of {longest} variables that are 0 or 1 is 2^{longest} products of spins; split it into "
                    f"products of at most {LONGEST_BINARY}, or write the polynomial in spins (vartype SPIN)."
                )
            poly = poly.to_spin(copy=True)
        index = {label: i for i, label in enumerate(labels)}
        members = [tuple(sorted(index[label] for label in term)) for term in poly if len(term)]
        weights = np.array([float(weight) for term, weight in poly.items() if len(term)])
        offset = float(sum(weight for term, weight in poly.items() if not len(term)))
        spins = np.array([i for term in members for i in term], np.int64)
        which = np.repeat(np.arange(len(members), dtype=np.int32), [len(term) for term in members])
        order = np.argsort(spins, kind="stable")
        pointers = np.concatenate([[0], np.cumsum(np.bincount(spins, minlength=len(labels)))]).astype(np.int64)
        return cls(len(labels), weights, pointers, which[order], members, offset, labels)

    def values(self, states: Any) -> np.ndarray:
        """w_t prod s of each term, (reads, terms)."""
        s = np.atleast_2d(np.asarray(states))
        found = np.empty((len(s), len(self.members)))
        for t, term in enumerate(self.members):
            found[:, t] = s[:, term].prod(axis=1)
        return found * self.weights

    def energies(self, states: Any) -> np.ndarray:
        """E of each row of ``states`` (reads, n)."""
        return self.values(states).sum(axis=1) + self.offset

    @property
    def typical_field(self) -> float:
        """Root mean square over the spins of the field for random states, sqrt(sum of w_t^2 over its terms)."""
        each = np.bincount(self._spin(), self.weights[self.terms] ** 2, self.size)
        return float(np.sqrt(each.mean())) if self.size else 0.0

    @property
    def smallest_step(self) -> float:
        """The smallest weight that is not zero."""
        sizes = np.abs(self.weights[self.weights != 0.0])
        return float(sizes.min(initial=np.inf)) if sizes.size else 0.0

    def _spin(self) -> np.ndarray:
        return np.repeat(np.arange(self.size), np.diff(self.pointers))


def solve(job: Job) -> Outcome:
    """Anneal ``job.problem``, a Polynomial.

    Raises
    ------
    InputError
        More reads than memory holds, a deadline shorter than one sweep.
    """
    problem: Any = job.problem
    memory.check_terms(problem, job.reads, job.threads)
    kernel = many_body.anneal_kernel()
    first = first_states(job, problem.size)
    found = first.copy()
    low, high = split_seed(job.seed)
    betas = np.minimum(job.betas, 1e300)
    pieces = []
    for read in range(job.reads):
        energy = np.full(2, np.inf)

        def run(stop, done, read=read, energy=energy):
            values = problem.values(first[read])[0]
            energy[:] = values.sum()
            kernel(
                problem.pointers, problem.terms, values, betas, job.update == "gibbs", first[read].copy(), found[read],
                job.keep == "last", energy, low, high, read, stop, done,
            )  # fmt: skip

        def lowest(energy=energy):
            return float(energy[1] + problem.offset)

        pieces.append(blocks.Block(run, betas.size, float(problem.size), lowest))
    ran = blocks.run(pieces, job.threads, job.deadline, job.progress)
    if ran.late and ran.in_time == 0.0:
        raise blocks.too_short(job.deadline, problem.size, job.reads)
    return Outcome(
        found, problem.energies(found), ran.attempts, ran.seconds, ran.interrupted, "many-body", {"late": ran.late}
    )
