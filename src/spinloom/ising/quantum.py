"""Simulated quantum annealing, and sampling of an Ising problem in a transverse field, on Trotter replicas.

    H = E(z) - Gamma sum_i x_i   ->   n replicas,   P ~ exp(-(beta/n) sum_k E(s_k) + J_perp sum_(k,i) s_(k,i) s_(k+1,i))
    J_perp = -1/2 ln tanh(beta Gamma/n)

in units of kT (Suzuki, doi:10.1143/PTP.56.1454; as a network of p-bits Camsari, Chowdhury, Datta,
doi:10.1103/PhysRevApplied.12.034061). Thermal means are those of H up to an error that falls as 1/n^2. The sampler
draws the world line of a spin, all its replicas at once, by heat bath. Annealing lowers Gamma; the best slice seen is
kept.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from spinloom.errors import InputError
from spinloom.ising import annealing, blocks, memory
from spinloom.ising.job import Job, Outcome
from spinloom.ising.kernels import trotter
from spinloom.ising.problem import Problem

SLICES = 8
"""Replicas when the caller names no number: the best of 4 to 32 on small spin glasses at equal time."""

_HIGH, _LOW = 1.5, 0.01
"""First and last Gamma in typical fields: of 1 to 3 the best on the same glasses; the end is as good as none."""

_WIDEST = 64  # lanes of a block: the messages of 64 lanes and 16 slices stay in the first cache
_PIECE = 64  # sweeps between two sums of the energies anew
_LEAST_LINK = 1e-6
"""Smallest tanh(beta Gamma/n) that is drawn: below, a world line breaks once in a million, and float32 ends."""


def coupling(beta: float, field: float, slices: int) -> float:
    """J_perp = -1/2 ln tanh(beta Gamma/n), in units of kT, above 0; couples equal spins of neighbouring replicas."""
    return -0.5 * math.log(math.tanh(beta * field / slices))


def replicated(problem: Problem, beta: float, field: float, slices: int, half: float = 0.5) -> Problem:
    """The classical network of n * slices p-bits whose states, sampled at beta = 1, are those of the replicas.

    Parameters
    ----------
    problem : Problem
        E(z).
    beta, field : float
        Inverse temperature and Gamma, above 0.
    slices : int
        Replicas; spin i of replica k is number k n + i and is called (label, k).
    half : float
        Factor in J_perp = -half ln tanh(beta Gamma/n): 1/2; 1 is the error of codes that leave it out.

    Raises
    ------
    InputError
        A beta or field that is not above 0, or fewer than one replica.
    """
    _check(beta, field, slices)
    spins = problem.size
    own = np.repeat(np.arange(spins), np.diff(problem.pointers))
    once = own < problem.neighbours
    shift = spins * np.arange(slices)[:, None]
    rows, columns = (own[once] + shift).ravel(), (problem.neighbours[once] + shift).ravel()
    values = np.tile(problem.couplings[once] * (beta / slices), slices)
    sites = np.arange(spins * slices)
    across = -2.0 * half * coupling(beta, field, slices)
    labels = tuple((label, k) for k in range(slices) for label in problem.labels)
    return Problem.from_arrays(
        np.concatenate([rows, sites]), np.concatenate([columns, (sites + spins) % sites.size]),
        np.concatenate([values, np.full(sites.size, across)]), np.tile(problem.fields * (beta / slices), slices),
        offset=beta * problem.offset, labels=labels,
    )  # fmt: skip


@final
@dataclass(frozen=True)
class Samples:
    """Thermal means in a transverse field, with standard errors from independent reads.

    Attributes
    ----------
    z, z_error : np.ndarray
        <z_i>, shape (n,).
    pairs : np.ndarray
        The spins of each pair, shape (p, 2).
    zz, zz_error : np.ndarray
        <z_i z_j> of these pairs, shape (p,).
    x, x_error : np.ndarray
        <x_i>, shape (n,).
    energy, energy_error : float
        <H>, in the problem's units.
    states : np.ndarray
        Last states, shape (reads, slices, n) int8.
    """

    z: np.ndarray
    z_error: np.ndarray
    pairs: np.ndarray
    zz: np.ndarray
    zz_error: np.ndarray
    x: np.ndarray
    x_error: np.ndarray
    energy: float
    energy_error: float
    states: np.ndarray


def sample(
    problem: Problem,
    beta: float,
    field: float,
    slices: int = SLICES,
    *,
    reads: int = 64,
    sweeps: int = 1000,
    burn_in: int | None = None,
    pairs: Any = None,
    seed: int = 0,
) -> Samples:
    """Thermal means by sampling at fixed temperature and field.

    <x_i> is the mean over neighbouring replicas of tanh(beta Gamma/n) where they agree and of its inverse where they
    differ. Every read is a chain of its own, so the spread of the reads' means is the standard error, however slowly a
    chain forgets; it does not tell whether ``burn_in`` was long enough.

    Parameters
    ----------
    problem : Problem
    beta, field : float
        Inverse temperature and Gamma, above 0, in the problem's units.
    slices : int
        Trotter replicas.
    reads : int
        Independent chains, at least 2.
    sweeps, burn_in : int
        Sweeps that are measured, and before; a fifth of ``sweeps`` when left out.
    pairs : array (p, 2) of int, optional
        Pairs of spins for <zz>; the couplings' own when left out.
    seed : int

    Raises
    ------
    InputError
        A beta or field that is not above 0, fewer than one replica or two reads.
    """
    _check(beta, field, slices)
    if reads < 2 or sweeps < 1:
        raise InputError(f"Means with their errors need at least 2 reads and 1 sweep; got {reads} and {sweeps}.")
    job = Job(problem, reads, np.full(1, float(beta)), seed)
    arrays, (scales, links) = _arrays(problem), _drives(job.betas, np.full(1, float(field)), slices)
    states, generator = _start(job, 0, reads, slices)
    lanes = generator.shape[1]
    spins, edges = problem.size, problem.pairs
    wanted = edges if pairs is None else np.asarray(pairs, np.int64).reshape(-1, 2)
    z, x = np.zeros((spins, lanes)), np.zeros((spins, lanes))
    zz, bonds = np.zeros((len(wanted), lanes)), np.zeros((len(edges), lanes))
    cube = states.reshape(spins, slices, lanes)
    stop, done = np.zeros(1, np.uint8), np.zeros(1, np.int64)
    never = np.full(lanes, -np.inf), np.empty((spins, lanes), np.int8)
    run = trotter.anneal_kernel()

    def sweep(count: int) -> None:
        run(*arrays, np.full(count, scales[0]), np.full(count, links[0]), states, never[1], never[0], generator,
            stop, done)  # fmt: skip

    sweep(max(1, sweeps // 5) if burn_in is None else max(1, burn_in))
    for _ in range(sweeps):
        sweep(1)
        z += cube.sum(axis=1, dtype=np.int32)
        x += (cube * np.roll(cube, -1, axis=1)).sum(axis=1, dtype=np.int32)
        bonds += _products(cube, edges)
        if wanted is not edges:
            zz += _products(cube, wanted)
    if wanted is edges:
        zz = bonds
    z, zz, bonds, x = (values[:, :reads] / (slices * sweeps) for values in (z, zz, bonds, x))
    angle = math.tanh(beta * field / slices)
    x = 0.5 * (1.0 + x) * angle + 0.5 * (1.0 - x) / angle
    weights = problem.matrix()[edges[:, 0], edges[:, 1]] if len(edges) else np.zeros(0)
    energy = problem.offset + problem.fields @ z + weights @ bonds - field * x.sum(axis=0)
    found = [(v.mean(axis=1), v.std(axis=1, ddof=1) / math.sqrt(reads)) for v in (z, zz, x)]
    last = np.ascontiguousarray(cube[:, :, :reads].transpose(2, 1, 0))
    return Samples(
        *found[0], wanted, *found[1], *found[2], float(energy.mean()),
        float(energy.std(ddof=1) / math.sqrt(reads)), last,
    )  # fmt: skip


def solve(job: Job) -> Outcome:
    """Anneal the transverse field away; each read keeps the best state that one of its slices had.

    Options: ``slices`` (replicas, 8); ``transverse_field``: Gamma as (first, last), linear between, as an array that is
    stretched over the sweeps, or one number, from 1.5 times the typical field to a hundredth of it when left out;
    ``cooling`` (False): the temperature stays at the last of ``job.betas``, with True it follows them. Updates are
    always heat bath, of whole world lines. With ``job.keep`` "last" a read gives the last state of its first slice.

    Raises
    ------
    InputError
        An option that is not known or has no meaning, more replicas than memory holds, a deadline below one sweep.
    """
    problem, options = job.problem, dict(job.options)
    slices = options.pop("slices", SLICES)
    fields = field_schedule(problem, job.betas.size, options.pop("transverse_field", None))
    cooling = options.pop("cooling", False)
    if options:
        raise InputError(
            f"Quantum annealing has no option {', '.join(map(repr, options))}; it takes slices, transverse_field, "
            "cooling."
        )
    if not isinstance(slices, int | np.integer) or slices < 1:
        raise InputError(f"slices is a number of Trotter replicas, 1 or more; got {slices!r}.")
    _check_memory(problem, job.reads, int(slices))
    if not cooling:
        job = replace(job, betas=np.full(job.betas.size, float(job.betas[-1])))
    found = np.empty((job.reads, problem.size), np.int8)
    _warm()
    width = min(_WIDEST, _padded(-(-job.reads // max(job.threads, 1))))
    pieces = [_block(job, fields, int(slices), first, min(width, job.reads - first), found)
              for first in range(0, job.reads, width)]  # fmt: skip
    ran = blocks.run(pieces, job.threads, job.deadline, job.progress)
    if ran.late and all(piece.done[0] == 0 for piece in pieces):
        raise InputError(
            f"The time limit of {job.deadline:g} s is shorter than one sweep over {problem.size} spins in {slices} "
            f"slices and {job.reads} reads; give more time, fewer reads or fewer slices."
        )
    info = {
        "late": ran.late, "slices": int(slices), "transverse_field": (float(fields[0]), float(fields[-1])),
        "betas": (float(job.betas[0]), float(job.betas[-1])),
    }  # fmt: skip
    return Outcome(found, problem.energies(found), ran.attempts, ran.seconds, ran.interrupted, "trotter float32", info)


def field_schedule(problem: Problem, sweeps: int, field: Any = None) -> np.ndarray:
    """Gamma of each sweep, shape (sweeps,): see :func:`solve`.

    Raises
    ------
    InputError
        Fields that are not finite or not above 0.
    """
    if field is None:
        typical = problem.typical_field or 1.0
        field = (_HIGH * typical, _LOW * typical)
    values = np.asarray(field, float).ravel()
    if not values.size or not np.all(np.isfinite(values)) or values.min() <= 0.0:
        raise InputError(
            "transverse_field is one number, (first, last) or a list of one number a sweep, all finite and above 0; "
            f"got {field!r}. For a classical anneal, method='annealing'."
        )
    if values.size == 2:
        return np.linspace(values[0], values[1], sweeps)
    return values[np.minimum(np.arange(sweeps) * values.size // max(sweeps, 1), values.size - 1)]


def _block(job: Job, fields: np.ndarray, slices: int, first: int, count: int, found: np.ndarray) -> blocks.Block:
    problem, sweeps = job.problem, job.betas.size
    least = np.full(_padded(count), np.inf)
    found[first : first + count] = 1

    def run(stop: np.ndarray, done: np.ndarray) -> None:
        states, generator = _start(job, first, count, slices)
        arrays, (scales, links) = _arrays(problem), _drives(job.betas, fields, slices)
        best = np.ascontiguousarray(states[:, : least.size])
        least[:] = problem.energies(best.T) - problem.offset
        for begin in range(0, sweeps, _PIECE):
            if stop[0]:
                break
            part = slice(begin, begin + _PIECE)
            trotter.anneal_kernel()(
                *arrays, scales[part], links[part], states, best, least, generator, stop, done
            )  # fmt: skip
        found[first : first + count] = (states if job.keep == "last" else best)[:, :count].T

    return blocks.Block(
        run, sweeps, float(problem.size * slices * count), lambda: float(least[:count].min()) + problem.offset
    )


def _arrays(problem: Problem) -> tuple[np.ndarray, ...]:
    return (
        problem.pointers, problem.neighbours, problem.couplings.astype(np.float32), problem.fields.astype(np.float32)
    )  # fmt: skip


def _drives(betas: np.ndarray, fields: np.ndarray, slices: int) -> tuple[np.ndarray, np.ndarray]:
    """(2 beta/n, tanh(beta Gamma/n)) of each sweep, float32."""
    links = np.maximum(np.tanh(np.maximum(betas * fields / slices, 0.0)), _LEAST_LINK)
    return (2.0 * np.minimum(betas, 1e30) / slices).astype(np.float32), links.astype(np.float32)


def _start(job: Job, first: int, count: int, slices: int) -> tuple[np.ndarray, np.ndarray]:
    """States (n, slices * lanes), all slices of a read alike, and generators (4, lanes) of reads from ``first`` on."""
    states, generator = annealing.start(job, first, count)
    lanes = _padded(count)
    return np.tile(states[:, :lanes], slices), np.ascontiguousarray(generator[:, :lanes])


def _products(cube: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Sum over slices of z_i z_j, shape (p, lanes)."""
    found = np.empty((len(pairs), cube.shape[2]), np.int32)
    for first in range(0, len(pairs), 512):  # some pairs at a time: their spins stay in the cache
        i, j = pairs[first : first + 512].T
        np.sum(cube[i] * cube[j], axis=1, dtype=np.int32, out=found[first : first + 512])
    return found


def _padded(reads: int) -> int:
    return -(-reads // trotter.LANES) * trotter.LANES


@functools.cache
def _warm() -> None:
    """Compile, or load from disk, before a clock runs."""
    pair = Job(Problem.from_arrays([0], [1], [1.0]), 1, np.ones(1))
    found = np.empty((1, 2), np.int8)
    blocks.run([_block(replace(pair), np.ones(1), 1, 0, 1, found)], 1)


def _check(beta: float, field: float, slices: int) -> None:
    if not (beta > 0 and field > 0 and math.isfinite(beta) and math.isfinite(field) and slices >= 1):
        raise InputError(
            f"Trotter replicas need a beta and a field above 0 and at least one slice; got {beta}, {field}, {slices}."
        )


def _check_memory(problem: Problem, reads: int, slices: int) -> None:
    """Raise InputError, before anything is allocated, when the replicas do not fit; the message says how many do."""
    free = 0.8 * memory.available() - 40.0 * problem.edges - 100.0 * problem.size
    each = slices * (problem.size + 24.0) + 3.0 * problem.size
    if _padded(reads) * each > free:
        fits = max(int(free / each) // trotter.LANES * trotter.LANES, 0)
        raise InputError(
            f"{reads} reads of {problem.size} spins in {slices} slices need {_padded(reads) * each / 2**30:.1f} GiB; "
            f"at most {fits} reads fit at once. Take fewer reads or slices."
        )
