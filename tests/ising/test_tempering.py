"""Tempering: the joint law of a ladder by enumeration, exchanges that keep it, exact ground states."""

from __future__ import annotations

import itertools

import dimod
import numpy as np
import pytest

from spinloom.errors import InputError, UnknownNameError
from spinloom.ising import PBitSampler, Problem
from spinloom.ising.annealing import replica_arrays, unit_energies
from spinloom.ising.kernels import replicas, tempering


def ladder_states(problem, betas, clusters, ladders, sweeps, seed=1):
    """Final states at each temperature of many ladders, (ladders, t, n), and the energies that the kernel kept."""
    arrays, unit = replica_arrays(problem)
    kernel = tempering.temper_kernel("gibbs")
    found = np.empty((ladders, betas.size, problem.size), np.int8)
    for k in range(ladders):
        states, generator = np.empty((problem.size, betas.size), np.int8), np.empty((4, betas.size), np.uint32)
        replicas.seed_kernel()(np.uint32(seed), np.uint32(0), k * betas.size, generator, states)
        energies = unit_energies(problem, states, unit, arrays[2].dtype == np.int8)
        control = np.random.default_rng(k).integers(1, 2**32, 4, dtype=np.uint32)
        lane, best, least = np.arange(betas.size), states[:, 0].copy(), energies[:1].copy()
        kernel(
            *arrays, betas * unit, lane, states, energies, generator, control, best, least, clusters,
            np.zeros(3, np.int64), sweeps, np.zeros(1, np.uint8), np.zeros(1, np.int64),
        )  # fmt: skip
        assert energies * unit == pytest.approx(problem.energies(states.T) - problem.offset, abs=1e-9)
        found[k] = states[:, lane].T
    return found


@pytest.mark.parametrize("clusters", [False, True])
@pytest.mark.parametrize("field", [0.0, 0.5])
def test_every_temperature_keeps_boltzmanns_law(clusters, field):
    """A frustrated ring of six spins on 64 temperatures between beta = 2 and 0.1, 700 ladders of 35 sweeps.

    Chi-square over the distinct energies, at the coldest, a middle and the hottest temperature; one of the three
    exceeds its bound, chance 1e-5 each, in 3e-5 of runs. An exchange that broke detailed balance would move the cold
    states first.
    """
    from scipy import stats

    rows, values = np.arange(6), [1.0, 1.0, -1.0, 1.0, -1.0, 0.5]
    problem = Problem.from_arrays(rows, (rows + 1) % 6, values, [field, 0.0, 0.0, -field, 0.0, 0.0])
    betas = np.geomspace(2.0, 0.1, 64)
    found = ladder_states(problem, betas, clusters, ladders=700, sweeps=35)
    every = np.array(list(itertools.product([-1, 1], repeat=6)), np.int8)
    levels, which = np.unique(problem.energies(every).round(9), return_inverse=True)
    for t in (0, 30, 63):
        weight = np.bincount(which, np.exp(-betas[t] * problem.energies(every)))
        expected = 700 * weight / weight.sum()
        seen = np.searchsorted(levels, problem.energies(found[:, t]).round(9))
        counts = np.bincount(seen, minlength=levels.size)
        rare = expected < 5.0
        pairs = [(counts[~rare], expected[~rare]), (counts[rare].sum(keepdims=True), expected[rare].sum(keepdims=True))]
        chi = sum(float(((o - e) ** 2 / np.maximum(e, 1e-12)).sum()) for o, e in pairs if e.sum() > 1.0)
        assert chi < stats.chi2.ppf(1.0 - 1e-5, max(int((~rare).sum()), 1))


@pytest.mark.parametrize("method", ["tempering", "cluster_tempering"])
def test_ground_states_of_frustrated_problems(method):
    for seed in range(3):
        bqm = dimod.generators.ran_r(3, 14, seed=seed)
        best = dimod.ExactSolver().sample(bqm).first.energy
        found = PBitSampler().sample(bqm, method=method, num_reads=2, num_sweeps=60, seed=seed)
        assert found.first.energy == best


def test_domains_reach_the_ground_state_of_a_large_torus():
    """A +-1 torus of 40 x 40 spins: the bound by matching (pymatching; exact for this seed) is -2252."""
    g = np.random.default_rng(9)
    k = np.arange(1600).reshape(40, 40)
    rows = np.concatenate([k.ravel(), k.ravel()])
    columns = np.concatenate([np.roll(k, -1, 1).ravel(), np.roll(k, -1, 0).ravel()])
    bqm = dimod.BinaryQuadraticModel(
        {},
        {(int(i), int(j)): v for i, j, v in zip(rows, columns, g.choice([-1.0, 1.0], 3200), strict=True)},
        0.0,
        "SPIN",
    )
    found = PBitSampler().sample(bqm, method="cluster_tempering", num_reads=1, num_sweeps=1500, seed=1)
    assert found.first.energy == -2252.0


def test_same_seed_same_result_at_any_thread_count():
    bqm = dimod.generators.ran_r(1, 40, seed=1)
    runs = [
        PBitSampler()
        .sample(bqm, method="cluster_tempering", num_reads=3, num_sweeps=20, seed=5, threads=threads)
        .record.sample
        for threads in (1, 3)
    ]
    assert np.array_equal(runs[0], runs[1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"replicas": 20}, "multiple of 64"),
        ({"betas": [1.0, 2.0]}, "64 finite inverse temperatures"),
        ({"cluster": True}, "clusters"),
    ],
)
def test_errors(options, message):
    bqm = dimod.generators.ran_r(1, 8, seed=1)
    with pytest.raises((InputError, UnknownNameError), match=message):
        PBitSampler().sample(bqm, method="tempering", num_sweeps=2, options=options)
