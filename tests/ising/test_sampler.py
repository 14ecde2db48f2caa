"""PBitSampler: what dimod asks of a sampler, exact laws on small problems, reproducibility, errors."""

from __future__ import annotations

import itertools
import unittest
from dataclasses import replace

import dimod
import dimod.testing
import numpy as np
import pytest

from spinloom.errors import InputError, UnknownNameError
from spinloom.ising import PBitSampler, Problem, annealing, memory, sampler
from spinloom.ising.job import Job, Outcome

KERNELS = ("replicas", "sequential", "dense")
REAL = dimod.BinaryQuadraticModel(
    {0: 0.3, 1: -0.2, 2: 0.0, 3: 0.1}, {(0, 1): 0.7, (1, 2): -0.41, (0, 3): 0.25}, 0.5, "SPIN"
)
WHOLE = dimod.BinaryQuadraticModel(
    {0: 1, 1: -1, 2: 0, 3: 0}, {(0, 1): 1, (1, 2): -1, (2, 3): 1, (0, 3): 1}, 0.0, "SPIN"
)


@dimod.testing.load_sampler_bqm_tests(PBitSampler)
class TestDimod(unittest.TestCase):
    """dimod's own tests of a sampler."""


def test_sampler_api():
    dimod.testing.assert_sampler_api(PBitSampler())


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("update", ["gibbs", "metropolis"])
@pytest.mark.parametrize("bqm", [REAL, WHOLE], ids=["float", "integer"])
def test_fixed_temperature_gives_boltzmanns_law(kernel, update, bqm):
    """After 60 sweeps at beta = 0.8 the last state of each read follows exp(-beta E).

    4000 reads or more: chi-square with 15 degrees of freedom exceeds 44.3 in
    1e-4 of runs.
    """
    problem = Problem.from_bqm(bqm)
    reads = 20_000 if kernel == "replicas" else 4_000
    states = last_states(problem, reads, kernel, update, beta=0.8, sweeps=60)
    every = np.array(list(itertools.product([-1, 1], repeat=4)), np.int8)
    weight = np.exp(-0.8 * problem.energies(every))
    expected = reads * weight / weight.sum()
    counts = np.bincount(((states > 0) @ [8, 4, 2, 1]), minlength=16)
    assert ((counts - expected) ** 2 / expected).sum() < 44.3


def last_states(problem, reads, kernel, update, beta, sweeps):
    job = Job(problem, reads, np.full(sweeps, beta), seed=5, threads=1, update=update, kernel=kernel, keep="last")
    return annealing.solve(job).states


@pytest.mark.parametrize("kernel", KERNELS)
def test_same_seed_same_samples_at_any_thread_count(kernel):
    bqm = dimod.generators.ran_r(3, 30, seed=2)
    runs = [
        PBitSampler().sample(bqm, num_reads=200, num_sweeps=20, seed=11, kernel=kernel, threads=threads).record.sample
        for threads in (1, 2, 3)
    ]
    assert np.array_equal(runs[0], runs[1])
    assert np.array_equal(runs[0], runs[2])
    fewer = PBitSampler().sample(bqm, num_reads=70, num_sweeps=20, seed=11, kernel=kernel).record.sample
    assert np.array_equal(runs[0][:70], fewer)


@pytest.mark.parametrize("kernel", KERNELS)
def test_reads_are_independent(kernel):
    """Free spins at beta = 0: no two of 40 reads of 60 spins are equal (chance 40^2/2 2^-60)."""
    bqm = dimod.BinaryQuadraticModel(dict.fromkeys(range(60), 0.0), {(0, 1): 1.0}, 0.0, "SPIN")
    found = PBitSampler().sample(
        bqm, num_reads=40, num_sweeps=1, beta_range=(0.0, 0.0), schedule="beta", seed=3, kernel=kernel
    )
    assert len(np.unique(found.record.sample, axis=0)) == 40


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("scale", [1.0, 0.37, 1000.0])
def test_ground_states_by_enumeration(kernel, scale):
    """Five random problems of ten spins: the best of 32 reads of 250 sweeps is the minimum."""
    for seed in range(5):
        bqm = dimod.generators.ran_r(2, 10, seed=seed)
        bqm.scale(scale)
        best = dimod.ExactSolver().sample(bqm).first.energy
        found = PBitSampler().sample(bqm, num_reads=32, num_sweeps=250, seed=seed, kernel=kernel)
        assert found.first.energy == pytest.approx(best, rel=1e-12)


def test_best_state_seen_is_returned():
    """Heated after a cold start in the ground state, every read still returns the ground state."""
    bqm = dimod.BinaryQuadraticModel({}, {(i, i + 1): -1.0 for i in range(20)}, 0.0, "SPIN")
    for kernel in KERNELS:
        found = PBitSampler().sample(
            bqm, initial_states=dict.fromkeys(range(21), 1), initial_states_generator="tile", num_reads=8,
            num_sweeps=20, beta_range=(5.0, 0.01), seed=1, kernel=kernel,
        )  # fmt: skip
        assert np.all(found.record.energy == -20.0)


def test_initial_states_are_used_in_the_order_of_labels():
    bqm = dimod.BinaryQuadraticModel({"b": 0.0, "a": 0.0}, {("a", "b"): -1.0}, 0.0, "BINARY")
    found = PBitSampler().sample(bqm, initial_states={"a": 1, "b": 1}, num_sweeps=1, beta_range=(50.0, 50.0), seed=1)
    assert found.first.sample == {"a": 1, "b": 1}


def test_binary_energies_are_dimods():
    bqm = dimod.BinaryQuadraticModel({"x": 1.5, "y": -2.0, "z": 0.0}, {"xy": 3.0, "yz": -0.5}, 7.0, "BINARY")
    found = PBitSampler().sample(bqm, num_reads=10, num_sweeps=2, seed=1)
    assert found.record.energy == pytest.approx(bqm.energies(found), abs=1e-12)
    assert found.vartype is dimod.BINARY


@pytest.mark.parametrize("method", ["annealing", "tempering"])
def test_domain_walls_of_a_ring_meet(method):
    """Equal couplings around a ring of 300: moves that cost nothing must not carry walls along for ever.

    Metropolis' rule in order leaves about a hundred walls; the best of 64 reads leaves at most one pair here.
    """
    bqm = dimod.BinaryQuadraticModel({}, {(i, (i + 1) % 300): -1.0 for i in range(300)}, 0.0, "SPIN")
    found = PBitSampler().sample(
        bqm, num_reads=64 if method == "annealing" else 1, num_sweeps=2000, seed=1, method=method
    )
    assert found.info["update"] == "gibbs"
    assert found.first.energy <= -296.0


def test_time_limit_is_kept_and_said():
    bqm = dimod.generators.ran_r(1, 40, seed=1)
    PBitSampler().sample(bqm, num_sweeps=1, num_reads=64, seed=1)
    found = PBitSampler().sample(bqm, time_limit=0.3, seed=1, threads=1)
    assert found.info["num_sweeps"] > 100
    again = PBitSampler().sample(bqm, num_sweeps=found.info["num_sweeps"], num_reads=len(found), seed=1)
    assert np.array_equal(found.record.sample, again.record.sample) or found.info["late"]


@pytest.mark.parametrize("limit", [0.1, 1.0, 10.0])
def test_a_time_limit_is_used(limit, monkeypatch):
    """A clock of its own: 1 ms a call, 0.15 ms a sweep, and a first call that other load holds up for 8 ms.

    All the time but the pilots' (at most 15 % and one run that began before) and 5 % in hand goes to the run.
    """
    now, hiccup = [0.0], [0.0, 8e-3]

    def run(job):
        seconds = 0.15e-3 * job.betas.size + (hiccup.pop(0) if hiccup else 0.0)
        now[0] += seconds + 1e-3
        return Outcome(np.ones((1, 2), np.int8), np.zeros(1), 1.0, seconds)

    monkeypatch.setattr(sampler.time, "perf_counter", lambda: now[0])
    job = Job(Problem.from_arrays([0], [1], [1.0]), 64, np.ones(1))
    sweeps, left, stopped = sampler._fitting(run, job, np.ones, limit)
    before = now[0]
    run(replace(job, betas=np.ones(sweeps)))
    assert stopped is None
    assert 0.85 * limit < now[0] - 1.15e-3 < limit  # less the call that only compiles
    assert now[0] - before > 0.65 * limit
    assert left < limit


def test_a_time_limit_shorter_than_a_sweep_is_refused():
    problem = Problem.from_arrays(np.arange(199_999), np.arange(1, 200_000), np.ones(199_999))
    job = Job(problem, 64, np.ones(10), deadline=1e-6, kernel="replicas")
    with pytest.raises(InputError, match="shorter than one sweep"):
        annealing.solve(job)


def test_the_sampler_refuses_a_time_limit_shorter_than_a_sweep():
    bqm = dimod.generators.ran_r(1, 1000, seed=1)
    with pytest.raises(InputError, match="shorter than one sweep"):
        PBitSampler().sample(bqm, time_limit=1e-5, seed=1)


def test_interrupt_keeps_what_there_is():
    """Ctrl-C in the middle of a run that would take minutes returns the states reached so far."""
    bqm = dimod.generators.ran_r(1, 100, seed=1)

    def interrupt(progress):
        raise KeyboardInterrupt

    found = PBitSampler().sample(bqm, num_reads=100, num_sweeps=5_000_000, seed=1, progress=interrupt)
    assert found.info["interrupted"]
    assert len(found) == 100
    assert found.record.energy == pytest.approx(bqm.energies(found))


def test_progress_tells_share_and_energy():
    seen = []
    bqm = dimod.generators.ran_r(1, 100, seed=1)
    found = PBitSampler().sample(bqm, num_reads=64, num_sweeps=2000, seed=1, progress=seen.append)
    assert seen[-1].share == 1.0
    assert seen[-1].energy == pytest.approx(found.first.energy)
    assert seen[-1].attempts == 64 * 100 * 2000


def test_too_many_reads_are_refused_before_they_are_allocated(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 1e6)
    bqm = dimod.generators.ran_r(1, 100, seed=1)
    with pytest.raises(InputError, match=r"at most (\d+) reads fit") as error:
        PBitSampler().sample(bqm, num_reads=10_000_000, num_sweeps=1)
    fits = int(str(error.value).split("at most ")[1].split()[0])
    assert len(PBitSampler().sample(bqm, num_reads=fits, num_sweeps=1)) == fits


def test_couplings_too_large_for_a_byte_fall_back_and_say_so():
    bqm = dimod.BinaryQuadraticModel({}, {(0, 1): 200.0, (1, 2): 1.0}, 0.0, "SPIN")
    found = PBitSampler().sample(bqm, num_reads=64, num_sweeps=100, seed=1, kernel="replicas")
    assert "float32" in found.info["fallback"]
    assert found.first.energy == -201.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "anealing"}, "annealing"),
        ({"kernel": "replica"}, "replicas"),
        ({"update": "glauber"}, "update"),
        ({"num_sweep": 3}, "num_sweeps"),
        ({"num_reads": 0}, "at least 1"),
        ({"num_sweeps": 1.5}, "whole number"),
        ({"num_reads": float("nan")}, "whole number"),
        ({"num_sweeps": 10**15}, "give fewer"),
        ({"time_limit": "10 s"}, "seconds"),
        ({"time_limit": -1.0}, "above zero"),
        ({"beta_range": (1.0, float("nan"))}, "beta_range"),
        ({"schedule": [1.0, -1.0]}, "below zero"),
        ({"schedule": "linear"}, "temperature"),
        ({"options": {"slices": 4}}, "no options"),
        ({"method": "tempering", "kernel": "dense"}, "leave it out"),
        ({"method": "sampling", "update": "metropolis"}, "leave it out"),
    ],
)
def test_errors_say_what_is_allowed(arguments, message):
    with pytest.raises((InputError, UnknownNameError), match=message):
        PBitSampler().sample(WHOLE, **arguments)


@pytest.mark.parametrize(("name", "choice"), [("method", "tempering"), ("kernel", "dense"), ("update", "metropolis")])
def test_what_a_device_has_no_use_for_is_refused(name, choice):
    with pytest.raises(InputError, match=f"{name}='{choice}'.*leave it out"):
        PBitSampler(device="Borders2019_smtj").sample(WHOLE, **{name: choice})


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_bad_couplings_are_named(bad):
    bqm = dimod.BinaryQuadraticModel({"a": 0.0, "b": 0.0}, {"ab": bad}, 0.0, "SPIN")
    with pytest.raises(InputError, match=r"'a' and 'b'|'b' and 'a'"):
        PBitSampler().sample(bqm)
    bqm = dimod.BinaryQuadraticModel({"a": bad}, {}, 0.0, "SPIN")
    with pytest.raises(InputError, match="on spin 'a'"):
        PBitSampler().sample(bqm)


@pytest.mark.parametrize("size", [1e39, 1e300, 1e-30])
def test_couplings_that_float32_cannot_hold_are_refused(size):
    with pytest.raises(InputError, match="unit of energy"):
        PBitSampler().sample(dimod.BinaryQuadraticModel({0: 0.37 * size}, {(0, 1): size}, 0.0, "SPIN"))


@pytest.mark.parametrize("size", [3e36, 1e-24])
@pytest.mark.parametrize("kernel", KERNELS)
def test_couplings_that_float32_just_holds_are_solved(kernel, size):
    bqm = dimod.BinaryQuadraticModel({0: 0.37 * size}, {(0, 1): size, (1, 2): -1.1 * size}, 0.0, "SPIN")
    found = PBitSampler().sample(bqm, num_reads=16, num_sweeps=50, seed=1, kernel=kernel)
    assert found.first.energy == pytest.approx(-2.47 * size)


def test_an_empty_problem_gives_empty_samples():
    found = PBitSampler().sample(dimod.BinaryQuadraticModel({}, {}, 2.5, "SPIN"), num_reads=3)
    assert found.record.sample.shape == (3, 0)
    assert np.all(found.record.energy == 2.5)


@pytest.mark.parametrize("device", ["Zhang2024_sot", "Ren2024_backhopping", "Borders2019_smtj"])
def test_devices_by_name_report_time_and_energy(device):
    """A switch driven by reset and pulse, a back-hopping junction and a free-running one, from their sets."""
    found = PBitSampler(device=device).sample(WHOLE, num_reads=16, num_sweeps=200, seed=1)
    assert found.first.energy == dimod.ExactSolver().sample(WHOLE).first.energy
    assert found.info["energy_per_sample"] == found.info["hardware"]["energy"] > 0.0
    assert found.info["hardware"]["time"] > 0.0
