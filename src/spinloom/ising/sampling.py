"""Plain sampling at a fixed temperature, P(s) ~ exp(-beta E), with diagnostics and ln Z.

Chains start from random states, exact samples of infinite temperature, and are brought to beta while the work done on
them is counted, which gives ln Z and each chain's weight (:mod:`spinloom.ising.statistics`). Chains drawn by these
weights stay there as long, are then sampled, and last go back.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from spinloom.errors import InputError
from spinloom.ising import annealing, blocks, memory, statistics
from spinloom.ising.chains import Chains
from spinloom.ising.job import Job, Outcome

CHAINS = 64
"""Chains when the caller names no number: one row of the replica kernel, which fewer would not make faster."""

_OPTIONS = ("beta", "burn_in", "chains", "log_partition", "thin")
_RECORDS = 2000  # draws of a chain that diagnostics look at, at most


@final
@dataclass(frozen=True)
class _Plan:
    """Sweeps of every chain: ``half`` to beta, ``half`` there, ``draws`` times ``thin``, and ``half`` back for ln Z."""

    beta: float
    half: int
    draws: int
    thin: int
    estimated: bool

    @property
    def interval(self) -> int:
        """Sweeps between two looks for the diagnostics."""
        return max(1, self.draws * self.thin // _RECORDS)

    @property
    def looks(self) -> int:
        """How many; even, so that halves are alike."""
        return self.draws * self.thin // self.interval // 2 * 2

    @property
    def sweeps(self) -> int:
        return self.half * (3 if self.estimated else 2) + self.draws * self.thin


@final
class _Part:
    """One block of chains: what it has sampled so far."""

    def __init__(self, job: Job, plan: _Plan, first: int, count: int) -> None:
        self.job, self.plan, self.first, self.count = job, plan, first, count
        self.states = np.empty((plan.draws, count, job.problem.size), np.int8)
        self.forward, self.backward = np.zeros(count), np.zeros(count)
        self.energies, self.sums = np.empty((plan.looks, count)), np.empty((plan.looks, count))
        self.halves = np.zeros((2, count, job.problem.size), np.int32)
        self.taken = self.looked = 0
        self.back = False
        self.last = np.empty((0, 0), np.int8)
        self.lowest = math.inf

    def block(self) -> blocks.Block:
        attempts = float(self.job.problem.size * self.count)
        return blocks.Block(self.run, self.plan.sweeps, attempts, lambda: self.lowest)

    def run(self, stop: np.ndarray, done: np.ndarray) -> None:
        chains = Chains(self.job, self.first, self.count)
        self._sample(chains, stop, done)
        self.last = chains.states

    def _sample(self, chains: Chains, stop: np.ndarray, done: np.ndarray) -> None:
        plan = self.plan
        rest, up = np.full(plan.half + 1, plan.beta), statistics.path(plan.beta, plan.half)
        if not self._along(chains, up if self.job.initial is None else rest, self.forward, stop, done):
            return
        chosen = [g + statistics.drawn(self.forward[g : g + CHAINS]) for g in range(0, self.count, CHAINS)]
        chains.choose(np.concatenate(chosen))  # in groups that do not depend on the number of threads
        if not self._along(chains, rest, self.forward, stop, done):
            return
        for sweep in range(1, plan.draws * plan.thin + 1):
            if stop[0]:
                return
            chains.sweep(plan.beta)
            done[0] += 1
            if sweep % plan.thin == 0:
                self.states[self.taken] = chains.states
                self.taken += 1
            if sweep % plan.interval == 0 and self.looked < plan.looks:
                self._look(chains)
        if plan.estimated:
            chains.turn()
        self.back = plan.estimated and self._along(chains, up[::-1], self.backward, stop, done)

    def _along(self, chains: Chains, betas: np.ndarray, work: np.ndarray, stop: np.ndarray, done: np.ndarray) -> bool:
        for now, then in itertools.pairwise(betas):
            if stop[0]:
                return False
            if now != then:
                work -= (then - now) * chains.energies
            chains.sweep(float(then))
            done[0] += 1
        return True

    def _look(self, chains: Chains) -> None:
        states, at = chains.states, self.looked
        self.energies[at], self.sums[at] = chains.energies, states.sum(axis=1, dtype=np.int32)
        self.halves[0 if at < self.plan.looks // 2 else 1] += states
        self.lowest = min(self.lowest, float(self.energies[at].min()))
        self.looked += 1


def solve(job: Job) -> Outcome:
    """``job.reads`` samples at one temperature, from chains side by side.

    Of the sweeps, as many as ``job.betas`` has, one half goes before the first sample and the samples are spread over
    the other. Options: ``beta`` (the last of ``job.betas`` when left out), ``chains`` (64), ``burn_in`` (sweeps
    before the first sample: half of them bring the chains to beta, half leave them there), ``thin`` (sweeps between
    samples), ``log_partition`` (True: estimate ln Z, by half as many sweeps back; needs random first states).

    The samples are in the order of time, all chains at each. ``info`` holds ``beta``, ``chains``, ``thin``,
    ``burn_in``, ``diagnostics`` (:class:`statistics.Summary`, of all chains at up to 2000 times) and ``log_partition``
    (:class:`statistics.LogPartition`); None where the run was ended early or the chains are too few or too short.
    Updates are heat bath. First states are given to the chains in turn, over again where they are fewer.

    Raises
    ------
    InputError
        An option that is not known or has no meaning, more samples than memory holds, a deadline before the first.
    """
    chains, plan = _planned(job)
    memory.check(job.problem, job.reads + 5 * chains, "replicas")
    initial = None if job.initial is None else job.initial[np.arange(chains) % len(job.initial)]
    begin = replace(job, update="gibbs", reads=chains, initial=initial)
    annealing.warm(begin, "replicas")
    Chains(replace(begin, reads=1), 0, 1).sweep(plan.beta)  # compile the kernel of one sweep before the clock runs
    width = min(annealing.WIDEST_BLOCK, annealing.padded(-(-chains // max(job.threads, 1))))
    parts = [_Part(begin, plan, first, min(width, chains - first)) for first in range(0, chains, width)]
    ran = blocks.run([part.block() for part in parts], job.threads, job.deadline, job.progress)
    taken = min(part.taken for part in parts)
    if not taken and not ran.interrupted:
        raise InputError(
            f"The run ended before the first sample: {2 * plan.half} sweeps come first. "
            "Give more time, fewer chains or a shorter burn_in."
        )
    # Ctrl-C before the first sample leaves the chains where they are, on their way to beta
    states = _joined(parts, "last", 0)[None] if not taken else np.concatenate([p.states[:taken] for p in parts], axis=1)
    kept = min(job.reads, max(taken, 1) * chains)
    found = states.reshape(-1, job.problem.size)[:kept]
    info: dict[str, Any] = {
        "late": ran.late, "beta": plan.beta, "chains": chains, "thin": plan.thin, "burn_in": 2 * plan.half,
        "diagnostics": _diagnostics(parts, plan), "log_partition": _log_partition(parts, plan),
    }  # fmt: skip
    if kept < job.reads:
        info["missing"] = f"{job.reads - kept} of {job.reads} samples: the run was ended before them"
    if not taken:
        info["missing"] = "all samples: the run was ended on the way to beta, and these are the states it had reached"
    name = "replicas int8" if annealing.integer_couplings(job.problem) else "replicas float32"
    return Outcome(found, job.problem.energies(found), ran.attempts, ran.seconds, ran.interrupted, name, info)


def _planned(job: Job) -> tuple[int, _Plan]:
    options = {"beta": job.betas[-1], "chains": CHAINS, "log_partition": True, **job.options}
    unknown = options.keys() - set(_OPTIONS)
    if unknown:
        raise InputError(f"Sampling has no option {', '.join(sorted(unknown))}; it takes {', '.join(_OPTIONS)}.")
    beta = options["beta"]
    if not (isinstance(beta, int | float | np.number) and math.isfinite(beta) and beta >= 0):
        raise InputError(f"beta is one finite inverse temperature of 0 or more; got {beta!r}.")
    for name, least in (("burn_in", 0), ("chains", 1), ("thin", 1)):
        value = options.get(name, least)
        if not isinstance(value, int | np.integer) or value < least:
            raise InputError(f"{name} is a whole number of {least} or more; got {value!r}.")
    chains = int(options["chains"])
    half, draws = max(1, int(options.get("burn_in", job.betas.size // 2)) // 2), -(-job.reads // chains)
    thin = int(options.get("thin", max(1, (job.betas.size - 2 * half) // draws)))
    return chains, _Plan(float(beta), half, draws, thin, bool(options["log_partition"]) and job.initial is None)


def _joined(parts: list[_Part], name: str, axis: int) -> np.ndarray:
    return np.concatenate([getattr(part, name) for part in parts], axis=axis)


def _diagnostics(parts: list[_Part], plan: _Plan) -> statistics.Summary | None:
    if plan.looks < 4 or sum(part.count for part in parts) < 2 or any(part.looked < plan.looks for part in parts):
        return None
    means = np.concatenate(list(_joined(parts, "halves", 1))) / (plan.looks // 2)
    return statistics.diagnose(_joined(parts, "energies", 1), _joined(parts, "sums", 1), means, plan.interval)


def _log_partition(parts: list[_Part], plan: _Plan) -> statistics.LogPartition | None:
    if not all(part.back for part in parts) or sum(part.count for part in parts) < 2:
        return None
    forward, backward = _joined(parts, "forward", 0), _joined(parts, "backward", 0)
    return statistics.estimate(forward, -backward, parts[0].job.problem.size, plan.half)
