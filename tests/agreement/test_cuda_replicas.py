"""Replicas of p-bits, CUDA against CPU: PTX without a device, numba's simulator, and for real where there is one."""

from __future__ import annotations

import re

import dimod
import numpy as np
import pytest

from spinloom.engines import cuda
from spinloom.errors import InputError
from spinloom.ising import PBitSampler, Problem, annealing, memory
from spinloom.ising.job import Job

needs_device = pytest.mark.skipif(not cuda.available(), reason="numba finds no CUDA device here")

# twelve spins with fields; +-1 couplings take the int8 kernel, normal ones the float32 kernel
PROBLEMS = """
import numpy as np
from spinloom.ising import Problem
chance = np.random.default_rng(0)
rows, columns = np.nonzero(np.triu(chance.random((12, 12)) < 0.6, 1))
whole = Problem.from_arrays(rows, columns, chance.choice([-1, 1], rows.size), chance.integers(-1, 2, 12), offset=0.5)
real = Problem.from_arrays(rows, columns, chance.normal(size=rows.size), chance.normal(size=12))
"""


@pytest.mark.slow
def test_kernels_compile_to_ptx_without_a_device(python) -> None:
    """No double precision with int8 couplings; with float32 ones only the energy is summed and compared in it."""
    out = python("""
        import re
        from spinloom.ising.kernels import device
        for integers in (True, False):
            for kernel in ("seed", "begin", "anneal"):
                text = device.ptx(kernel, "metropolis", integers)
                used = sorted(set(re.findall(r"\\b(?:add|sub|mul|fma|div|sqrt)[.a-z]*[.]f64", text)))
                print(kernel, ".visible .entry" in text, text.count(".f64"), *used)
    """)
    lines = out.splitlines()
    assert lines[:3] == ["seed True 0", "begin True 0", "anneal True 0"]
    assert re.fullmatch(r"anneal True \d+ add.f64", lines[5])


@pytest.mark.slow
def test_simulated_cuda_gives_the_processors_samples(python) -> None:
    """States, energies and the lowest energy told on the way, for both rules, number types and kinds of result."""
    out = python(
        PROBLEMS
        + """
import itertools
from spinloom.ising import annealing
from spinloom.ising.job import Job
first = chance.choice(np.array([-1, 1], np.int8), (5, 12))
free = Problem.from_arrays([], [], [], np.linspace(-2.0, 2.0, 140))
runs = [*itertools.product((whole, real), ("gibbs", "metropolis"), ("best", "last"), (None,))]
runs += [(whole, "gibbs", "last", first), (real, "metropolis", "best", first), (free, "gibbs", "best", None)]
for problem, rule, keep, initial in runs:
    told = []
    run = dict(seed=2**40 + 7, update=rule, keep=keep, initial=initial)
    betas = np.linspace(0.1, 1.5, 20 if problem.edges else 2)
    one, two = (
        annealing.solve(Job(problem, 5, betas, kernel=kernel, progress=told.append, **run))
        for kernel in ("replicas", "cuda")
    )
    low = [abs(at.energy - two.energies.min()) < 1e-5 for at in told[-1:] if keep == "best"]
    same = np.array_equal(one.states, two.states) and np.array_equal(one.energies, two.energies)
    print(two.kernel.replace(" ", "_"), same and one.attempts == two.attempts and all(low))
""",
        NUMBA_ENABLE_CUDASIM="1",
    )
    assert out.split() == ["cuda_int8", "True"] * 4 + ["cuda_float32", "True"] * 4 + [
        "cuda_int8", "True", "cuda_float32", "True", "cuda_float32", "True"
    ]  # fmt: skip


@pytest.mark.slow
def test_simulated_cuda_stops_between_launches(python) -> None:
    """At a time limit and at Ctrl-C a run ends with what it has: the processor's states after as many sweeps."""
    out = python(
        PROBLEMS
        + """
from spinloom.ising import annealing
from spinloom.ising.job import Job
def interrupt(progress):
    if progress.attempts > 0:
        raise KeyboardInterrupt
betas = np.linspace(0.1, 1.5, 100_000)
for problem, more in ((whole, {"deadline": 1.0}), (real, {"progress": interrupt})):
    found = annealing.solve(Job(problem, 3, betas, seed=1, keep="last", kernel="cuda", **more))
    sweeps = round(found.attempts / (3 * 12))
    same = annealing.solve(Job(problem, 3, betas[:sweeps], seed=1, keep="last", kernel="replicas"))
    print(0 < sweeps < 100_000, found.info["late"], found.interrupted, np.array_equal(found.states, same.states))
""",
        NUMBA_ENABLE_CUDASIM="1",
    )
    assert out.split() == ["True", "True", "False", "True", "True", "False", "True", "True"]


@pytest.mark.skipif(cuda.available(), reason="there is a CUDA device")
def test_without_a_device_the_kernel_is_refused_and_never_chosen() -> None:
    problem = Problem.from_arrays([0], [1], [1.0])
    with pytest.raises(InputError, match="no CUDA device"):
        annealing.solve(Job(problem, 4, np.ones(2), kernel="cuda"))
    assert all(annealing.choose_kernel(problem, reads) != "cuda" for reads in (1, 100, 10**5))


def test_other_methods_refuse_the_kernel() -> None:
    with pytest.raises(InputError, match="anneals ideal p-bits"):
        PBitSampler().sample(dimod.generators.ran_r(1, 4, seed=1), method="tempering", kernel="cuda")


def test_reads_that_do_not_fit_the_device_are_refused_with_the_number_that_does() -> None:
    problem = Problem.from_arrays(np.arange(999), np.arange(1, 1000), np.ones(999))
    with pytest.raises(InputError, match=r"on the CUDA device .* at most \d+ reads fit") as told:
        memory.check_device(problem, 10**6, 2.0**28)
    fits = int(str(told.value).split("at most ")[1].split()[0])
    memory.check_device(problem, fits, 2.0**28)
    with pytest.raises(InputError):
        memory.check_device(problem, fits + 1, 2.0**28)
    assert fits * 2 * 1000 < 2.0**28  # two states of a byte a spin
    with pytest.raises(InputError, match="leave kernel='cuda' out"):
        memory.check_device(problem, 1, 1e3)


@pytest.mark.gpu
@needs_device
@pytest.mark.parametrize("update", ["gibbs", "metropolis"])
@pytest.mark.parametrize("strength", [1.0, 0.5**0.5], ids=["int8", "float32"])
def test_device_gives_the_processors_samples(update: str, strength: float) -> None:
    """4096 reads of 200 spins, 50 sweeps: 10^4 draws a read, of which some 1e-7 tie with rounding."""
    chance = np.random.default_rng(0)
    pairs = np.argwhere(np.triu(chance.random((200, 200)) < 0.03, 1))
    values = chance.choice([-1.0, 1.0], len(pairs)) * (1.0 if strength == 1.0 else chance.random(len(pairs)))
    problem = Problem.from_arrays(*pairs.T, values, size=200)
    betas = np.linspace(0.1, 2.0, 50)
    one, two = (
        annealing.solve(Job(problem, 4096, betas, seed=3, update=update, kernel=kernel))
        for kernel in ("replicas", "cuda")
    )
    assert one.kernel.split()[1] == two.kernel.split()[1]
    # expected 1e-3 of the reads
    assert (one.states != two.states).any(axis=1).mean() < 1e-2
    assert abs(one.energies.mean() - two.energies.mean()) < 1e-2 * abs(one.energies.mean())


@pytest.mark.gpu
@needs_device
def test_device_keeps_a_time_limit() -> None:
    bqm = dimod.generators.ran_r(1, 100, seed=1)
    PBitSampler().sample(bqm, num_reads=64, num_sweeps=1, kernel="cuda")  # compile
    found = PBitSampler().sample(bqm, time_limit=2.0, kernel="cuda")
    # a launch takes 0.05 s; copying the states back and dimod's records come on top
    assert 1.0 < found.info["timing"]["solver"] < 2.5
    assert found.info["num_sweeps"] > 10
