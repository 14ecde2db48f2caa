"""What a solver is asked to do and what it returns: the same for all methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from spinloom.ising.problem import Problem


class Progress(NamedTuple):
    """Where a run stands: seconds, share done (0..1), spin-flip attempts, lowest energy so far."""

    seconds: float
    share: float
    attempts: float
    energy: float


@dataclass(frozen=True)
class Job:
    """One call of a solver.

    Attributes
    ----------
    problem : Problem
    reads : int
        Independent runs; read r draws from the generators of (seed, r) and from nothing else.
    betas : ndarray (sweeps,)
        Inverse temperature of each sweep.
    seed : int
        64-bit.
    threads : int
    initial : ndarray (reads, n) int8, optional
        First states; random when left out.
    update : {"gibbs", "metropolis"}
    kernel : {"auto", "replicas", "sequential", "dense", "cuda"}
    keep : {"best", "last"}
        Which state of a read is returned: the best it saw, or its last (a sample of the Boltzmann law).
    deadline : float, optional
        Seconds after which the run stops with what it has.
    progress : callable, optional
        Called with a Progress some ten times a second.
    device : object, optional
        The p-bit device under every spin.
    options : dict
        What the method takes besides.
    """

    problem: Problem
    reads: int
    betas: np.ndarray
    seed: int = 0
    threads: int = 1
    initial: np.ndarray | None = None
    update: str = "gibbs"
    kernel: str = "auto"
    keep: str = "best"
    deadline: float | None = None
    progress: Callable[[Progress], None] | None = None
    device: Any = None
    options: dict[str, Any] = field(default_factory=dict)


@dataclass
class Outcome:
    """What came out.

    Attributes
    ----------
    states : ndarray (reads, n) int8
        The state that each read keeps, +-1.
    energies : ndarray (reads,)
        Their energies in double precision.
    attempts : float
        Spin-flip attempts made.
    seconds : float
        Time in the sampler, without compilation.
    interrupted : bool
        Ctrl-C ended the run; what was reached is here.
    kernel : str
    info : dict
        What the method has to say besides.
    """

    states: np.ndarray
    energies: np.ndarray
    attempts: float
    seconds: float
    interrupted: bool = False
    kernel: str = ""
    info: dict[str, Any] = field(default_factory=dict)
