"""How much memory a run needs, asked before it is taken."""

from __future__ import annotations

import os

from spinloom.errors import InputError
from spinloom.ising.problem import Problem

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


def needed(problem: Problem, reads: int, kernel: str) -> tuple[float, float]:
    """(bytes for the problem, bytes for one read)."""
    fixed = 24.0 * problem.edges + 100.0 * problem.size
    if kernel == "dense":
        fixed += 8.0 * problem.size**2
    return fixed, 3.0 * problem.size + (64.0 if kernel == "replicas" else 4096.0)


def check(problem: Problem, reads: int, kernel: str) -> None:
    """Raise InputError, before anything is allocated, when the reads do not fit; the message says how many do."""
    fixed, each = needed(problem, reads, kernel)
    free = available() * _SHARE
    if fixed + reads * each > free:
        fits = int((free - fixed) / each)
        if fits < 1:
            raise InputError(
                f"The problem itself needs {fixed / 2**30:.1f} GiB with kernel '{kernel}' and {free / 2**30:.1f} GiB "
                "are free; choose kernel='sequential' or a smaller problem."
            )
        raise InputError(
            f"{reads} reads of {problem.size} spins need {(fixed + reads * each) / 2**30:.1f} GiB and "
            f"{free / 2**30:.1f} GiB are free: at most {fits} reads fit at once."
        )
