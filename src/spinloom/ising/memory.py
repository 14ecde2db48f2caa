"""How much memory a run needs, asked before it is taken."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from spinloom.errors import InputError
from spinloom.ising.problem import Problem

if TYPE_CHECKING:
    from spinloom.ising.polynomial import Polynomial

_SHARE = 0.8
"""Share of the free memory that a run may take: the rest of the program lives too."""


def available() -> float:
    """Bytes that can be had without swapping, infinite where the system does not tell."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return float(line.split()[1]) * 1024.0
        return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (OSError, ValueError, AttributeError):
        return float("inf")


def needed(problem: Problem, kernel: str) -> tuple[float, float]:
    """(bytes for the problem, bytes for one read)."""
    fixed = 24.0 * problem.edges + 100.0 * problem.size
    if kernel == "dense":
        fixed += 8.0 * problem.size**2
    return fixed, 3.0 * problem.size + (64.0 if kernel in ("replicas", "cuda") else 4096.0)


def check(problem: Problem, reads: int, kernel: str) -> None:
    """Raise InputError, before anything is allocated, when the reads do not fit; the message says how many do."""
    fixed, each = needed(problem, kernel)
    dense = kernel == "dense"
    where = "on these p-bits" if kernel == "hardware" else f"with kernel '{kernel}'"
    smaller = where, "choose kernel='sequential' or a smaller problem" if dense else "choose a smaller problem"
    _check(problem, reads, fixed, each, available() * _SHARE, smaller)


def check_device(problem: Problem, reads: int, free: float) -> None:
    """The same for a CUDA device with ``free`` bytes: couplings in both directions, two states and the generators."""
    each = 2.0 * problem.size + 32.0
    fixed = 16.0 * problem.edges + 16.0 * problem.size + 32.0 * each  # rows of states are padded to 32 reads
    smaller = "on the CUDA device", "leave kernel='cuda' out or choose a smaller problem"
    _check(problem, reads, fixed, each, free * _SHARE, smaller)


def check_terms(problem: Polynomial, reads: int, threads: int) -> None:
    """The same for terms of any order: those in both directions, and of every read at work their values."""
    terms = float(problem.weights.size)
    fixed = 16.0 * problem.terms.size + 100.0 * problem.size + min(reads, threads) * (8.0 * terms + 2.0 * problem.size)
    smaller = "as terms of any order", "choose a smaller problem"
    _check(problem, reads, fixed, 3.0 * problem.size + 4096.0, available() * _SHARE, smaller)


def _check(
    problem: Problem | Polynomial, reads: int, fixed: float, each: float, free: float, smaller: tuple[str, str]
) -> None:
    if fixed + reads * each > free:
        where, remedy = smaller
        fits = int((free - fixed) / each)
        if fits < 1:
            raise InputError(
                f"The problem itself needs {fixed / 2**30:.1f} GiB {where} and {free / 2**30:.1f} GiB are free; "
                f"{remedy}."
            )
        raise InputError(
            f"{reads} reads of {problem.size} spins need {(fixed + reads * each) / 2**30:.1f} GiB {where} and "
            f"{free / 2**30:.1f} GiB are free: at most {fits} reads fit at once."
        )
