"""Trotter replicas of p-bits: exact laws by sampling, ground states by annealing, reproducibility, errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spinloom.errors import InputError
from spinloom.ising import Problem, annealing, memory, quantum
from spinloom.ising.exact import Enumeration
from spinloom.ising.exact_quantum import trotter
from spinloom.ising.job import Job

PAIR = Problem.from_arrays([0], [1], [-1.0])


def glass(spins, seed, share=1.0):
    chance = np.random.default_rng(seed)
    rows, columns = np.triu_indices(spins, 1)
    kept = chance.random(rows.size) < share
    return Problem.from_arrays(
        rows[kept], columns[kept], chance.normal(size=int(kept.sum())), chance.normal(size=spins), offset=0.3
    )


@pytest.mark.parametrize("slices", [1, 2, 3, 16])
def test_samples_follow_the_replicas_law(slices):
    """64 reads x 300 sweeps of six spins against the transfer matrix: up to 28 numbers within 4.5 standard errors.

    Student's t of 63 degrees of freedom passes 4.5 in 3e-5 of cases: 1e-3 a parameter. With one replica <x> is the
    constant tanh(beta Gamma), to float64 rounding.
    """
    problem = glass(6, 1)
    found = quantum.sample(problem, 1.1, 0.7, slices, reads=64, sweeps=300, seed=1)
    exact = trotter(Enumeration.of(problem), 1.1, 0.7, slices)
    i, j = found.pairs.T
    assert np.abs((found.zz - exact.zz[i, j]) / found.zz_error).max() < 4.5
    assert np.abs((found.z - exact.z) / found.z_error).max() < 4.5
    assert np.abs(found.x - exact.x).max() < 4.5 * found.x_error.max() + 1e-12
    assert abs(found.energy - exact.energy) < 4.5 * found.energy_error


def test_world_lines_move_at_any_number_of_replicas():
    """256 replicas, J_perp = 2.4: single flips would take 100 times as long. The bound is five standard errors."""
    found = quantum.sample(PAIR, 2.0, 1.0, 256, reads=64, sweeps=400, burn_in=20, seed=2)
    assert found.zz_error[0] < 0.006
    assert found.zz[0] == pytest.approx(0.48804, abs=5 * found.zz_error[0])


def test_chosen_pairs():
    """<z_0 z_2> on a chain of three; 64 reads, four and a half standard errors."""
    problem = Problem.from_arrays([0, 1], [1, 2], [-1.0, -1.0])
    found = quantum.sample(problem, 1.0, 0.5, 4, pairs=[[0, 2]], sweeps=300, seed=1)
    exact = trotter(Enumeration.of(problem), 1.0, 0.5, 4)
    assert found.pairs.tolist() == [[0, 2]]
    assert found.zz[0] == pytest.approx(exact.zz[0, 2], abs=4.5 * found.zz_error[0])
    assert found.states.shape == (64, 4, 3)


@pytest.mark.parametrize("slices", [1, 2, 5])
def test_network_of_replicas_has_their_law(slices):
    """All states of the classical network, summed: <zz> within a slice, to rounding."""
    network = Enumeration.of(quantum.replicated(glass(3, 5), 0.9, 0.6, slices))
    exact = trotter(Enumeration.of(glass(3, 5)), 0.9, 0.6, slices)
    np.testing.assert_allclose(network.correlations(1.0)[:3, :3], exact.zz, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(network.magnetisations(1.0)[-3:], exact.z, rtol=1e-10, atol=1e-12)


def test_coupling_of_replicas_has_the_half():
    assert quantum.coupling(2.0, 1.0, 8) == pytest.approx(-0.5 * math.log(math.tanh(0.25)))


@pytest.mark.parametrize("seed", range(3))
def test_finds_the_ground_states_of_small_glasses(seed):
    """16 spins by enumeration. One read of 200 sweeps finds it in over half of the cases: none of 64, 2^-64."""
    problem = glass(16, seed)
    found = quantum.solve(Job(problem, 64, np.full(200, 5.0), seed=3))
    assert found.energies.min() == pytest.approx(Enumeration.of(problem).lowest, abs=1e-9)
    np.testing.assert_array_equal(found.energies, problem.energies(found.states))
    assert (found.energies <= Enumeration.of(problem).lowest + 1e-9).mean() > 0.5


def test_reads_depend_on_seed_and_number_alone():
    problem = glass(20, 7, share=0.3)
    job = Job(problem, 100, np.full(20, 2.0), seed=9)
    first = quantum.solve(job)
    np.testing.assert_array_equal(first.states, quantum.solve(Job(problem, 100, job.betas, seed=9, threads=3)).states)
    np.testing.assert_array_equal(first.states[:10], quantum.solve(Job(problem, 10, job.betas, seed=9)).states)
    assert (first.states != quantum.solve(Job(problem, 100, job.betas, seed=10)).states).any()
    assert len(np.unique(first.states, axis=0)) > 10


def test_options_and_what_is_told():
    job = Job(PAIR, 3, np.ones(10), options={"slices": 4, "transverse_field": (2.0, 0.1), "cooling": True})
    found = quantum.solve(job)
    assert found.info["slices"] == 4
    assert found.info["transverse_field"] == (2.0, 0.1)
    assert found.attempts == 2 * 3 * 4 * 10
    np.testing.assert_array_equal(quantum.field_schedule(PAIR, 4, [3.0, 2.0, 1.0]), [3, 3, 2, 1])


def test_first_states_count():
    """At a field of 1e-6 and a low temperature a metastable state stays: ferromagnet of 30, first states all down."""
    rows, columns = np.triu_indices(30, 1)
    problem = Problem.from_arrays(rows, columns, np.full(rows.size, -1.0), np.full(30, -0.1))
    down = np.full((4, 30), -1, np.int8)
    options = {"transverse_field": 1e-6}
    found = quantum.solve(Job(problem, 4, np.full(5, 5.0), initial=down, keep="last", options=options))
    np.testing.assert_array_equal(found.states, down)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"slices": 0}, "1 or more"),
        ({"slices": 2.5}, "1 or more"),
        ({"transverse_field": (1.0, 0.0)}, "above 0"),
        ({"transverse_field": float("nan")}, "finite"),
        ({"replicas": 3}, "no option 'replicas'"),
    ],
)
def test_wrong_options_say_what_is_right(options, message):
    with pytest.raises(InputError, match=message):
        quantum.solve(Job(PAIR, 1, np.ones(2), options=options))


def test_wrong_arguments_say_what_is_right():
    with pytest.raises(InputError, match="above 0"):
        quantum.sample(PAIR, 1.0, 0.0)
    with pytest.raises(InputError, match="at least 2 reads"):
        quantum.sample(PAIR, 1.0, 1.0, reads=1)
    with pytest.raises(InputError, match="above 0"):
        quantum.replicated(PAIR, 1.0, -1.0, 4)


def test_too_many_replicas_are_refused_before_they_are_made(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 1e6)
    with pytest.raises(InputError, match="reads fit at once"):
        quantum.solve(Job(annealing.Problem.from_arrays([0], [1], [1.0], size=1000), 1000, np.ones(1)))


def test_a_deadline_before_the_first_sweep_is_refused():
    problem = Problem.from_arrays(np.arange(4000), np.arange(4000) + 1, np.ones(4000))
    with pytest.raises(InputError, match="shorter than one sweep"):
        quantum.solve(Job(problem, 64, np.ones(100), deadline=1e-9, options={"slices": 64}))
