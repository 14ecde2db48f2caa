"""Simulated annealing of p-bits: each read follows the schedule once and keeps the best state it saw."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from spinloom.errors import InputError
from spinloom.ising import blocks, memory
from spinloom.ising.job import Job, Outcome
from spinloom.ising.kernels import device, replicas, single
from spinloom.ising.problem import INTEGER_LIMIT, Problem

WIDEST_BLOCK = 256
"""Replicas in one block: more would not be faster a replica, and their states would leave the cache."""

KERNELS = ("auto", "replicas", "sequential", "dense", "cuda")
"""How many replicas move: side by side, one by one, or a thread each on a CUDA device, with the samples of "replicas".

"auto" never chooses "cuda": what a seed gives should not depend on whether the machine has such a device.
"""


def solve(job: Job) -> Outcome:
    """Anneal ``job.reads`` replicas of the problem.

    Raises
    ------
    InputError
        Any option, more replicas than memory holds, a deadline shorter than one sweep, or no CUDA device for kernel
        "cuda".
    """
    if job.options:
        raise InputError(
            f"Annealing has no options, and was given {', '.join(map(repr, job.options))}; leave them out."
        )
    kernel = choose_kernel(job.problem, job.reads) if job.kernel == "auto" else job.kernel
    memory.check(job.problem, job.reads, kernel)
    if kernel == "cuda":
        memory.check_device(job.problem, job.reads, device.free_memory())
    warm(job, kernel)
    pieces, collect, name = _build(job, kernel)
    ran = blocks.run(pieces, job.threads, job.deadline, job.progress)
    found = collect()
    info: dict[str, Any] = {"late": ran.late}
    if ran.late and ran.in_time == 0.0:
        raise blocks.too_short(job.deadline, job.problem.size, job.reads)
    if kernel in ("replicas", "cuda"):
        info |= fallback(job.problem)
    return Outcome(found, job.problem.energies(found), ran.attempts, ran.seconds, ran.interrupted, name, info)


def fallback(problem: Problem) -> dict[str, str]:
    """What ``info`` says where couplings are too large, or too uneven, for the integer kernel."""
    if integer_couplings(problem):
        return {}
    reason = "couplings do not fit a byte (|h| + sum |J| over 127 steps, or no common step): float32 instead of int8"
    return {"fallback": reason}


def choose_kernel(problem: Problem, reads: int) -> str:
    """The kernel with the least time a sweep, by rough costs (ns an attempt, AMD EPYC with AVX-512).

    They are within a factor of two of the rates in benchmarks/RESULTS.md, and fixed: a choice that followed the machine
    would make a seed's samples depend on it.
    """
    lanes = padded(reads)
    degree = problem.degree
    costs = {
        "replicas": lanes * (0.6 + (0.045 if integer_couplings(problem) else 0.06) * degree),
        "sequential": reads * (4.5 + 0.08 * degree),
    }
    if problem.density > 0.1 and problem.size <= 20_000:
        costs["dense"] = reads * (3.0 + 0.012 * problem.size)
    return min(costs, key=lambda name: costs[name])


def integer_couplings(problem: Problem) -> bool:
    """Whether every field is a whole number of steps that fits a byte."""
    return problem.step is not None and problem.step.largest_field <= INTEGER_LIMIT


def padded(reads: int) -> int:
    """Reads rounded up to whole rows of lanes."""
    return -(-reads // replicas.LANES) * replicas.LANES


def warm(job: Job, kernel: str) -> None:
    """Compile what the run needs, or load it from disk, so that no clock counts it."""
    small = warm_problem(job.problem)
    tiny = replace(job, problem=small, reads=1, betas=np.ones(1), initial=None, threads=1, deadline=None, progress=None)
    blocks.run(_build(tiny, kernel)[0], 1)


def warm_problem(problem: Problem) -> Problem:
    """Two spins for which the kernels choose the same number types as for ``problem``."""
    if integer_couplings(problem):
        return Problem.from_arrays([0], [1], [1.0])
    if _dense_type(problem) is np.float32:
        return Problem.from_arrays([0], [1], [1.0], [math.pi, 0.0])
    wide = problem.step is not None and np.abs(problem.couplings).max(initial=0.0) > INTEGER_LIMIT * problem.step.size
    return Problem.from_arrays([0], [1], [200.0 if wide else 1.0], [1.0, 0.0 if wide else 200.0])


def split_seed(seed: int) -> tuple[np.uint32, np.uint32]:
    """The two words of a 64-bit seed."""
    return np.uint32(seed & 0xFFFFFFFF), np.uint32((seed >> 32) & 0xFFFFFFFF)


def replica_arrays(problem: Problem) -> tuple[tuple[np.ndarray, ...], float]:
    """(pointers, neighbours, couplings, fields) in the replica kernel's own type, and the energy of their unit."""
    if integer_couplings(problem) and problem.step is not None:
        unit, kind = problem.step.size, np.int8
    else:
        unit, kind = 1.0, np.float32
    couplings = np.rint(problem.couplings / unit) if kind is np.int8 else problem.couplings
    fields = np.rint(problem.fields / unit) if kind is np.int8 else problem.fields
    return (problem.pointers, problem.neighbours, couplings.astype(kind), fields.astype(kind)), unit


def start(job: Job, first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """States (n, lanes) int8 and generators (4, lanes) of reads ``first`` to ``first + count`` - 1, padded to lanes."""
    lanes = padded(count)
    states, generator = np.empty((job.problem.size, lanes), np.int8), np.empty((4, lanes), np.uint32)
    replicas.seed_kernel()(*split_seed(job.seed), first, generator, states)
    if job.initial is not None:
        states[:, :count] = job.initial[first : first + count].T
    return states, generator


Built = tuple[list[blocks.Block], Callable[[], np.ndarray], str]
"""The blocks, what gives the states (reads, n) when they have run, and the kernel's name."""


def _build(job: Job, kernel: str) -> Built:
    if kernel == "replicas":
        return _replica_blocks(job)
    return _device_block(job) if kernel == "cuda" else _single_blocks(job, kernel)


def _replica_blocks(job: Job) -> Built:
    problem = job.problem
    arrays, unit = replica_arrays(problem)
    integers = arrays[2].dtype == np.int8
    anneal = replicas.anneal_kernel(job.update)
    scales = _scales(job, unit)
    width = min(WIDEST_BLOCK, padded(-(-job.reads // job.threads)))
    pieces, kept = [], []
    for first in range(0, job.reads, width):
        count = min(width, job.reads - first)
        states, generator = start(job, first, count)
        energies = unit_energies(problem, states, unit, integers)
        best, least = states.copy(), energies.copy()
        work = [states, best]  # emptied when the block has run: two bytes a spin and replica, never three

        def run(stop, done, work=work, generator=generator, energies=energies, least=least):
            states, best = work
            anneal(*arrays, scales, states, best, least, energies, generator, stop, done)
            work[:] = [best if job.keep == "best" else states]

        def lowest(least=least, count=count):
            return float(least[:count].min() * unit + problem.offset)

        pieces.append(blocks.Block(run, job.betas.size, float(problem.size * count), lowest))
        kept.append((first, count, work))

    def collect() -> np.ndarray:
        found = np.empty((job.reads, problem.size), np.int8)
        for first, count, work in kept:
            found[first : first + count] = work.pop()[:, :count].T
        return found

    return pieces, collect, f"replicas {arrays[2].dtype.name}"


def _scales(job: Job, unit: float) -> np.ndarray:
    """2 beta of each sweep for fields in the kernel's unit."""
    return np.minimum(2.0 * job.betas * unit, 1e30).astype(np.float32)


def _device_block(job: Job) -> Built:
    problem = job.problem
    arrays, unit = replica_arrays(problem)
    found = np.empty((job.reads, problem.size), np.int8)
    least = np.full(job.reads, np.inf)

    def run(stop, done):
        there = device.Replicas(arrays, job.update, split_seed(job.seed), job.reads, job.initial)
        there.anneal(_scales(job, unit), stop, done, least)
        there.states(found, job.keep)

    def lowest():
        return float(least.min() * unit + problem.offset)

    pieces = [blocks.Block(run, job.betas.size, float(problem.size * job.reads), lowest)]
    return pieces, lambda: found, f"cuda {arrays[2].dtype.name}"


def unit_energies(problem: Problem, states: np.ndarray, unit: float, integers: bool) -> np.ndarray:
    """Energies of columns of ``states`` in units of the step, as the kernel counts them."""
    energies = (problem.energies(states.T) - problem.offset) / unit
    return np.rint(energies).astype(np.int32) if integers else energies


def _dense_type(problem: Problem) -> Any:
    step = problem.step
    return np.int16 if step is not None and step.largest_field < 2**15 else np.float32


def _single_blocks(job: Job, kernel: str) -> Built:
    problem, dense = job.problem, kernel == "dense"
    kind = _dense_type(problem) if dense else np.float32
    unit = problem.step.size if kind is np.int16 and problem.step is not None else 1.0
    if dense:
        couplings = problem.matrix().toarray() / unit
        largest = np.abs(couplings).max(initial=0.0)
        couplings = np.rint(couplings) if kind is np.int16 else couplings
        couplings = couplings.astype(np.int8 if kind is np.int16 and largest <= 127 else kind)
    else:
        couplings = problem.couplings.astype(np.float32)
    anneal = single.anneal_kernel(job.update, dense)
    neighbours = problem.neighbours.view(np.uint32)
    betas = np.clip(job.betas * unit, 1e-30, 1e30).astype(np.float32)
    seeds = split_seed(job.seed)
    found = first_states(job, problem.size)
    pieces = []
    for read in range(job.reads):
        energy = np.full(2, np.inf)

        def run(stop, done, read=read, energy=energy):
            first = found[read].copy()
            field = (problem.matrix() @ first.astype(float) + problem.fields) / unit
            field = (np.rint(field) if kind is np.int16 else field).astype(kind)
            energy[:] = (problem.energies(first)[0] - problem.offset) / unit
            generator = np.empty((4, 64), np.uint32)
            single.seed_kernel()(*seeds, read, generator)
            state = first.astype(kind)
            anneal(
                problem.pointers, neighbours, couplings, betas, state, field, found[read], energy, generator,
                stop, done,
            )  # fmt: skip
            if job.keep == "last":
                found[read] = state

        def lowest(energy=energy):
            return float(energy[1] * unit + problem.offset)

        pieces.append(blocks.Block(run, job.betas.size, float(problem.size), lowest))
    return pieces, lambda: found, f"{kernel} {np.dtype(kind).name}"


def first_states(job: Job, spins: int) -> np.ndarray:
    """First states (reads, spins): the job's own, or random ones of (seed, read)."""
    if job.initial is not None:
        return job.initial.astype(np.int8)
    states, generator = np.empty((spins, job.reads), np.int8), np.empty((4, job.reads), np.uint32)
    replicas.seed_kernel()(*split_seed(job.seed), 0, generator, states)
    return np.ascontiguousarray(states.T)
