"""Associative memory on p-bits: the weights of ``crossbar.associative``, recalled by chance.

E = -1/2 s W s, with W Hopfield's (doi:10.1073/pnas.79.8.2554): stored patterns and their mirror images are the valleys.
At beta = infinity the p-bits decide as Hopfield's neurons one after another do; at a finite one they leave shallow
valleys that no pattern made.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spinloom.errors import InputError
from spinloom.ising import annealing
from spinloom.ising.job import Job
from spinloom.ising.problem import Problem


def problem(weights: Any) -> Problem:
    """The memory's energy, -1/2 s W s, as a problem in dimod's sign.

    Parameters
    ----------
    weights : array (n, n)
        Symmetric; ``associative.hebb(patterns)``, or read from a chip and made symmetric.
    """
    matrix = np.array(weights, float)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise InputError(f"Weights are a square matrix; these have the shape {matrix.shape}.")
    np.fill_diagonal(matrix, 0.0)
    return Problem.from_matrix(-matrix)


def recall(weights: Any, cues: Any, beta: float, sweeps: int = 50, seed: int = 0, threads: int = 1) -> np.ndarray:
    """What p-bits make of each cue after ``sweeps`` sweeps at ``beta``, shape (cues, n), -1 or +1.

    The p-bits' tanh takes beta x field; fields are of the order of the number of neurons times the patterns' overlap.
    """
    first = np.atleast_2d(np.asarray(cues)).astype(np.int8)
    job = Job(
        problem(weights),
        len(first),
        np.full(sweeps, float(beta)),
        seed=seed,
        threads=threads,
        initial=first,
        keep="last",
    )
    return annealing.solve(job).states
