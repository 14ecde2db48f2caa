"""Replicas of p-bits on a CUDA device against one core of the processor: attempts a second.

Run: python -m benchmarks ising_cuda

Both sides run the same job, whose samples are the same but for ties with rounding. Seconds count seeding and the copies
to and from the device. Without a device there is a single row that says so.
"""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks import Row
from benchmarks.ising_problems import graph, torus
from spinloom.engines import cuda
from spinloom.ising import annealing, schedules
from spinloom.ising.job import Job
from spinloom.ising.problem import Problem

READS = (1024, 8192, 65_536)
SWEEPS = 200
REPEATS = 3


def rate(job: Job) -> float:
    """Attempts a second, the best of some runs."""
    found = [annealing.solve(replace(job, seed=repeat)) for repeat in range(REPEATS)]
    return max(one.attempts / one.seconds for one in found)


def compared(name: str, problem: Problem) -> list[Row]:
    """One row for each number of reads."""
    job = Job(problem, 256, schedules.schedule(problem, SWEEPS), update="metropolis")
    core = rate(replace(job, kernel="replicas"))
    lines = []
    for reads in READS:
        there = rate(replace(job, kernel="cuda", reads=reads))
        text = f"{there:.3g} attempts/s: {there / core:.1f} x one core ({core:.3g})"
        lines.append(Row(f"CUDA replica kernel, {name}, {reads} reads, {SWEEPS} sweeps", "", text, None))
    return lines


def rows() -> list[Row]:
    """The lines of the table of results."""
    if not cuda.available():
        return [Row("CUDA replica kernel", "", "not measured: numba finds no CUDA device here", None)]
    numba: Any = importlib.import_module("numba.cuda")
    chip = getattr(numba.get_current_device(), "name", "numba's simulator")
    chip = chip.decode() if isinstance(chip, bytes) else str(chip)
    lattice = torus(100, 100, 0).problem()
    real = replace(lattice, couplings=lattice.couplings * np.pi, fields=lattice.fields + 1.0)
    problems = {"2D +-1 torus 100 x 100 (degree 4)": lattice, "the same with real fields, float32": real}
    g22 = graph("G22")
    if g22 is not None:
        problems["G22 (degree 20)"] = g22.problem()
    return [row for name, problem in problems.items() for row in compared(f"{chip}, {name}", problem)]


if __name__ == "__main__":
    for row in rows():
        print(*row, sep="   ", flush=True)
