"""Sampling at one temperature: the law, what is told of it, reproducibility, errors."""

from __future__ import annotations

import dimod
import numpy as np
import pytest

from spinloom.errors import InputError
from spinloom.ising import PBitSampler, Problem, sampling
from spinloom.ising.exact import Enumeration
from spinloom.ising.histograms import histogram, largest_variation, total_variation
from spinloom.ising.job import Job


def glass(spins=10, seed=2):
    chance = np.random.default_rng(seed)
    couplings = np.triu(chance.normal(size=(spins, spins)), 1)
    return Problem.from_matrix(couplings + couplings.T, chance.normal(size=spins), 0.4)


def test_samples_follow_boltzmanns_law():
    """12 800 samples of 6 spins, 10 sweeps apart, counted as independent: 1e-3 false alarms by McDiarmid."""
    problem = glass(6)
    found = sampling.solve(Job(problem, 12_800, np.full(400, 0.4), seed=1, options={"thin": 10}))
    p = Enumeration.of(problem).distribution(0.4)
    assert total_variation(histogram(found.states), p) < largest_variation(p, 12_800)
    np.testing.assert_allclose(found.energies, problem.energies(found.states))


def test_diagnostics_and_ln_z_are_told():
    """ln Z and <E> within 4.5 of their standard errors."""
    problem = glass()
    found = sampling.solve(Job(problem, 640, np.full(1000, 0.3), seed=3))
    told, exact = found.info, Enumeration.of(problem)
    assert (told["beta"], told["chains"], told["burn_in"], told["thin"]) == (0.3, 64, 500, 50)
    assert abs(told["log_partition"].value - exact.log_partition(0.3)) < 4.5 * told["log_partition"].error
    assert abs(told["diagnostics"].mean_energy - exact.mean_energy(0.3)) < 4.5 * told["diagnostics"].energy_error
    assert told["diagnostics"].r_hat < 1.05
    assert told["diagnostics"].mixed
    assert found.attempts == 10 * 64 * (3 * 250 + 500)


def test_cold_chains_are_seen_to_be_stuck():
    """A ferromagnet of 64 spins at four times its critical temperature's beta never turns over in 300 sweeps."""
    grid = np.arange(64).reshape(8, 8)
    rows, columns = np.tile(grid.ravel(), 2), np.concatenate([np.roll(grid, -1, a).ravel() for a in (0, 1)])
    problem = Problem.from_arrays(rows, columns, np.full(128, -1.0))
    found = sampling.solve(Job(problem, 64, np.full(300, 1.8), seed=1))
    assert found.info["diagnostics"].r_hat > 1.1
    assert not found.info["diagnostics"].mixed


def test_samples_depend_on_the_seed_alone():
    problem = glass()
    one = sampling.solve(Job(problem, 300, np.full(20, 0.5), seed=4, options={"chains": 130}))
    two = sampling.solve(Job(problem, 300, np.full(20, 0.5), seed=4, threads=2, options={"chains": 130}))
    np.testing.assert_array_equal(one.states, two.states)
    assert one.info["log_partition"] == two.info["log_partition"]
    assert one.states.shape == (300, 10)


def test_first_states_leave_out_ln_z():
    start = np.ones((64, 10), np.int8)
    found = sampling.solve(Job(glass(), 64, np.full(20, 0.5), initial=start))
    assert found.info["log_partition"] is None
    assert found.info["diagnostics"] is not None


def test_fewer_first_states_than_chains_are_taken_in_turn():
    """At a beta that moves nothing, chain c still has state c mod 2 at its first sample; 64 chains start from two."""
    start = np.array([np.ones(10), -np.ones(10)], np.int8)
    ferromagnet = Problem.from_matrix(np.eye(10) - np.ones((10, 10)))
    found = sampling.solve(Job(ferromagnet, 64, np.full(4, 50.0), initial=start))
    np.testing.assert_array_equal(found.states, np.tile(start, (32, 1)))


def test_through_the_sampler():
    """num_reads samples of exp(-E): the mean energy within 4.5 standard errors of independent samples times 1.5."""
    bqm = dimod.BinaryQuadraticModel({"a": 0.3, "b": -0.2}, {("a", "b"): 0.8}, 0.1, "SPIN")
    found = PBitSampler().sample(bqm, method="sampling", num_reads=4096, num_sweeps=500, seed=1)
    exact = Enumeration.of_bqm(bqm)
    energies = found.record.energy
    assert abs(energies.mean() - exact.mean_energy(1.0)) < 4.5 * 1.5 * energies.std() / 64
    assert found.info["beta"] == 1.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beta": -1.0}, "beta is one finite"),
        ({"thin": 0}, "thin is a whole number of 1"),
        ({"chains": 2.5}, "chains is a whole number"),
        ({"walkers": 3}, "no option walkers"),
    ],
)
def test_wrong_options_say_what_is_right(options, message):
    with pytest.raises(InputError, match=message):
        sampling.solve(Job(glass(), 4, np.ones(4), options=options))


def test_a_deadline_before_the_first_sample_is_refused():
    problem = Problem.from_arrays(np.arange(4000), np.arange(4000) + 1, np.ones(4000))
    with pytest.raises(InputError, match="before the first sample"):
        sampling.solve(Job(problem, 64, np.ones(2000), deadline=0.01))


def test_ctrl_c_before_the_first_sample_keeps_the_chains():
    def stop(_now):
        raise KeyboardInterrupt

    problem = Problem.from_arrays(np.arange(4000), np.arange(4000) + 1, np.ones(4000))
    found = sampling.solve(Job(problem, 100, np.ones(4000), progress=stop))
    assert found.interrupted
    assert found.states.shape == (64, 4001)
    assert "on the way to beta" in found.info["missing"]
    assert found.energies == pytest.approx(problem.energies(found.states))
