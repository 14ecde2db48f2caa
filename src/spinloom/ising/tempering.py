"""Parallel tempering of p-bits: a ladder of temperatures whose replicas trade states, and domains of states."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spinloom.errors import InputError, UnknownNameError
from spinloom.ising import blocks, memory
from spinloom.ising.annealing import fallback, replica_arrays, start, unit_energies, warm_problem
from spinloom.ising.job import Job, Outcome
from spinloom.ising.kernels import replicas, tempering
from spinloom.ising.schedules import temperature_ladder

REPLICAS = 64

_OPTIONS = ("clusters", "betas", "replicas")


def solve(job: Job) -> Outcome:
    """Temper ``job.problem``; each read is a ladder of its own.

    ``job.options``: ``clusters`` (exchange domains too), ``replicas`` (multiples of 64), ``betas`` (a ladder of your
    own, one inverse temperature a replica). Otherwise the ladder is linear in T between the first and the last of
    ``job.betas``.

    Outcome.info: ``ladder`` (betas), ``exchanges`` (share of tried exchanges of whole states that were made),
    ``domains`` (mean number of domains met in an exchange of clusters).

    Raises
    ------
    InputError
        A ladder that does not fit the replicas, replicas that are no multiple of 64, more than memory holds.
    """
    for name in job.options:
        if name not in _OPTIONS:
            raise UnknownNameError("option of tempering", name, _OPTIONS)
    clusters = bool(job.options.get("clusters", False))
    count = int(job.options.get("replicas", REPLICAS))
    if count < replicas.LANES or count % replicas.LANES:
        raise InputError(f"A ladder has a multiple of {replicas.LANES} replicas; {count} is none.")
    ladder = np.sort(np.asarray(job.options.get("betas", temperature_ladder(job.betas, count)), float))[::-1]
    if ladder.shape != (count,) or not np.all(np.isfinite(ladder)) or ladder.min() < 0.0:
        raise InputError(f"A ladder for {count} replicas is {count} finite inverse temperatures, none below zero.")
    memory.check(job.problem, job.reads * count, "replicas")
    warm = replace(
        job, problem=warm_problem(job.problem), reads=1, betas=np.ones(1), initial=None, deadline=None, progress=None
    )
    _run(warm, np.ones(replicas.LANES), clusters)
    return _run(job, ladder, clusters)


def _run(job: Job, ladder: np.ndarray, clusters: bool) -> Outcome:
    problem, count = job.problem, ladder.size
    arrays, unit = replica_arrays(problem)
    kernel = tempering.temper_kernel(job.update)
    scaled = np.minimum(ladder * unit, 1e30)
    found = np.empty((job.reads, problem.size), np.int8)
    pieces, tallies = [], []
    for read in range(job.reads):
        states, generator = start(replace(job, initial=None), read * count, count)
        if job.initial is not None:
            states[:] = job.initial[read][:, None]
        energies = unit_energies(problem, states, unit, arrays[2].dtype == np.int8)
        control = start(replace(job, seed=job.seed ^ 0x5DEECE66D), read, 1)[1][:, 0].copy()
        first = int(np.argmin(energies))
        found[read] = states[:, first]
        least, tally = energies[first : first + 1].copy(), np.zeros(3, np.int64)

        def run(
            stop, done, read=read, states=states, generator=generator, energies=energies, control=control, least=least,
            tally=tally,
        ):  # fmt: skip
            kernel(
                *arrays, scaled, np.arange(count), states, energies, generator, control, found[read], least, clusters,
                tally, job.betas.size, stop, done,
            )  # fmt: skip

        def lowest(least=least):
            return float(least[0] * unit + problem.offset)

        pieces.append(blocks.Block(run, job.betas.size, float(problem.size * count), lowest))
        tallies.append(tally)
    ran = blocks.run(pieces, job.threads, job.deadline, job.progress)
    if ran.late and ran.in_time == 0.0:
        raise blocks.too_short(job.deadline, problem.size, job.reads * count)
    tried, made, domains = np.sum(tallies, axis=0)
    info = {
        "late": ran.late, "ladder": ladder.tolist(), "exchanges": float(made / max(tried, 1)), "domains": int(domains),
        **fallback(problem),
    }  # fmt: skip
    return Outcome(
        found, problem.energies(found), ran.attempts, ran.seconds, ran.interrupted, f"tempering {arrays[2].dtype}", info
    )
