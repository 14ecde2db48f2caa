"""Replicas at a ladder of temperatures, which trade whole states and domains of states.

Two replicas a and b at beta_a, beta_b differ on some spins; these fall into connected domains. Exchanging one domain D
between them changes E_a by d and E_b by -d, so that

    exchange D with probability 1/(1 + exp((beta_a - beta_b) d))

keeps the joint law exp(-beta_a E_a - beta_b E_b). At equal temperatures that is the isoenergetic cluster move
(Houdayer, doi:10.1007/PL00011151; Zhu, Ochoa, Katzgraber, doi:10.1103/PhysRevLett.115.077201), here made for every
domain; between temperatures it is a replica exchange whose acceptance does not fall with the number of spins, since
each domain decides for itself. It pays where domains are many, below the graph's percolation.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numba
import numpy as np

from spinloom.engines import launch
from spinloom.ising.kernels.replicas import RULES, _sweep
from spinloom.physics import xoshiro

SEPARATE, LONG = 5, 50
"""Sweeps between exchanges where a pair of replicas has many domains, and where it has few."""
MANY = 16

# stand-ins, replaced by launch.bind
advance: Any = None
decide: Any = None
sweep_once: Any = None
exchange_domains: Any = None
chance: Any = None


def _chance(control):
    """A number in (0, 1) from the ladder's own generator (4,)."""
    word, control[0], control[1], control[2], control[3] = advance(control[0], control[1], control[2], control[3])
    return (float(word) + 0.5) * 2.0**-32


def _exchange_domains(
    pointers, neighbours, couplings, fields, states, energies, a, b, gap, free, one, two, mark, stack, control
):
    """Exchange domains of columns a and b, ``gap`` = beta_a - beta_b; returns the number of domains."""
    spins = states.shape[0]
    differing = 0
    for i in range(spins):
        one[i], two[i] = states[i, a], states[i, b]
        mark[i] = one[i] != two[i]
        differing += mark[i]
    if free and 2 * differing > spins:  # without fields -s has the energy of s: take the one that is nearer
        for i in range(spins):
            two[i] = -two[i]
            states[i, b] = two[i]
            mark[i] = 1 - mark[i]
    domains = 0
    for start in range(spins):
        if mark[start] != 1:
            continue
        domains += 1
        stack[0], mark[start] = start, 2
        size, head, change = 1, 0, 0.0
        while head < size:
            i = stack[head]
            head += 1
            change -= 2.0 * fields[i] * one[i]
            for q in range(pointers[i], pointers[i + 1]):
                j = neighbours[q]
                if mark[j] == 1:
                    mark[j] = 2
                    stack[size] = j
                    size += 1
                elif mark[j] == 0:  # outside every domain the two agree
                    change -= 2.0 * couplings[q] * one[i] * one[j]
        if chance(control) * (1.0 + math.exp(min(gap * change, 700.0))) < 1.0:
            for k in range(size):
                i = stack[k]
                states[i, a], states[i, b] = two[i], one[i]
            energies[a] += change
            energies[b] -= change
    return domains


def _temper(
    pointers, neighbours, couplings, fields, betas, lane, states, energies, generator, control, best, least, clusters,
    swaps, sweeps, stop, done,
):  # fmt: skip
    """Sweep ``sweeps`` times, exchanging in between; ``betas`` (t,) cold first, ``best`` (n,), ``least`` (1,).

    ``lane`` (t,) tells which column of ``states`` is at each temperature. ``swaps`` (3,) counts exchanges of whole
    states tried and made, and domains met.
    """
    spins, replicas = states.shape
    free = True
    for i in range(spins):
        free = free and fields[i] == 0
    field, word = np.empty(replicas, couplings.dtype), np.empty(replicas, np.uint32)
    scale = np.empty(replicas, np.float32)
    one, two, mark = np.empty(spins, np.int8), np.empty(spins, np.int8), np.empty(spins, np.int8)
    stack = np.empty(spins, np.int32)
    wait, since = SEPARATE if clusters else 1, 0
    for rounds in range(sweeps):
        if stop[0]:
            return
        for t in range(replicas):
            scale[lane[t]] = 2.0 * betas[t]
        sweep_once(pointers, neighbours, couplings, fields, states, scale, generator, energies, field, word)
        since += 1
        if clusters and since >= wait:
            since, domains, pairs = 0, 0, 0
            for t in range(rounds % 2, replicas // 2, 2):  # the hot half forgets by itself
                a, b, gap = lane[t], lane[t + 1], betas[t] - betas[t + 1]
                domains += exchange_domains(
                    pointers, neighbours, couplings, fields, states, energies, a, b, gap, free, one, two, mark, stack,
                    control,
                )  # fmt: skip
                pairs += 1
            swaps[2] += domains
            wait = SEPARATE if domains >= MANY * pairs else LONG
        for t in range((rounds + 1) % 2, replicas - 1, 2):
            swaps[0] += 1
            x = (betas[t] - betas[t + 1]) * (energies[lane[t]] - energies[lane[t + 1]])
            if x >= 0.0 or chance(control) < math.exp(x):
                swaps[1] += 1
                lane[t], lane[t + 1] = lane[t + 1], lane[t]
        lowest = 0
        for r in range(replicas):
            if energies[r] < energies[lowest]:
                lowest = r
        if energies[lowest] < least[0]:
            least[0] = energies[lowest]
            for i in range(spins):
                best[i] = states[i, lowest]
        done[0] += 1


@functools.cache
def temper_kernel(rule: str) -> Any:
    """The tempering loop around the replica kernel's sweep."""
    compile = numba.njit(fastmath=True, error_model="numpy")
    functions = {"decide": RULES[rule], "advance": xoshiro.advance}
    chance = compile(launch.bind(_chance, **functions))
    return launch.compiled(
        _temper,
        functions,
        sweep_once=compile(launch.bind(_sweep, **functions)),
        chance=chance,
        exchange_domains=compile(launch.bind(_exchange_domains, chance=chance)),
    )
