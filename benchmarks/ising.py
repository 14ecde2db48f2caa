"""Ising sampling on one core: attempts a second, overhead of a call, memory; quality is in ising_quality.

Run: python -m benchmarks ising   (all rows, some five minutes), or python -m benchmarks.ising quick   (fewer repeats)

dwave-samplers and openjij are measured in the same run, by their own clocks of sampling alone and at the same schedule
of temperatures; where one is not installed its row says so. A ratio is of the fastest runs of each side, taken in
turns, so that other load on the machine meets both.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable

import dimod
import numpy as np

from benchmarks import Row
from benchmarks.ising_peers import bqm_of, dwave, openjij
from benchmarks.ising_problems import graph, spin_glass, torus
from spinloom.ising import schedules
from spinloom.ising.problem import Problem
from spinloom.ising.sampler import PBitSampler, solve

REPEATS = 5


def rates(
    problem: Problem, sweeps: int, kernel: str, reads: list[int], repeats: int, shape: str = "temperature"
) -> dict[str, float]:
    """Attempts a second: ours by reads, dwave's and openjij's (0 where not installed), all at one schedule."""
    betas = schedules.schedule(problem, sweeps, shape)
    bqm = bqm_of(problem)
    few = max(int(2e6 / (sweeps * problem.size)), 1)  # the peers' reads follow each other: a rate needs no more
    best = {**{f"{r}": 0.0 for r in reads}, "dwave": 0.0, "openjij": 0.0}
    for repeat in range(repeats):
        for r in reads:
            found, _ = solve(problem, num_reads=r, shape=betas, num_sweeps=sweeps, seed=repeat, threads=1,
                             kernel=kernel)  # fmt: skip
            best[f"{r}"] = max(best[f"{r}"], found.attempts / found.seconds)
        for name, other in (("dwave", dwave(bqm, few, repeat, betas)), ("openjij", openjij(bqm, few, betas))):
            if other is not None:
                best[name] = max(best[name], few * sweeps * problem.size / other.seconds)
    return best


def against(rate: float, others: dict[str, float]) -> str:
    """'1.2e+09 attempts/s: 13 x dwave-samplers (7.3e+07), 20 x openjij (5.6e+07)'."""
    parts = []
    for name, title in (("dwave", "dwave-samplers"), ("openjij", "openjij")):
        peer = others[name]
        parts.append(f"{rate / peer:.1f} x {title} ({peer:.2g})" if peer else f"{title} is not installed here")
    return f"{rate:.3g} attempts/s: " + ", ".join(parts)


def speed(quick: bool) -> list[Row]:
    """Attempts a second of the three kernels."""
    repeats = 2 if quick else REPEATS
    lattice = torus(100, 100, 0).problem()
    rows = []
    graphs = {
        "2D +-1 torus 100 x 100 (degree 4)": (lattice, 10.0, 8e8),
        "G22 (degree 20)": (_problem("G22"), 5.0, 0.0),
        "G1 (degree 48)": (_problem("G1"), 4.0, 0.0),
    }
    for name, (problem, must, least) in graphs.items():
        if problem is None:
            rows.append(Row(f"replica kernel, {name}", f">= {must:.0f} x dwave-samplers", "no G-set here", None))
            continue
        for shape, words in (("beta", "schedule linear in beta"), ("temperature", "schedule linear in T, our default")):
            found = rates(problem, 500, "sequential", [4], repeats, shape)
            rows.append(_ratio(f"sequential kernel, {name}, {words}", found, "4", 2.0))
        found = rates(problem, 200, "replicas", [64, 128, 256], repeats)
        for replicas in ("64", "128", "256"):
            rows.append(_ratio(f"replica kernel, {name}, {replicas} replicas", found, replicas, must, least))
    found = rates(spin_glass(1000), 500, "dense", [8], repeats)
    rows.append(_ratio("dense kernel, +-1 spin glass on all pairs of 1000 (SK1000)", found, "8", 8.0))
    return rows + information(lattice)


def _problem(name: str) -> Problem | None:
    found = graph(name)
    return None if found is None else found.problem()


def _ratio(what: str, found: dict[str, float], mine: str, must: float, least: float = 0.0) -> Row:
    rate, peer = found[mine], found["dwave"]
    limit = f">= {must:.0f} x dwave-samplers" + (f", >= {least:.0e} attempts/s" if least else "")
    met = (rate >= must * peer and rate >= least) if peer else None
    return Row(f"{what}, one core", limit, against(rate, found), met)


def information(lattice: Problem) -> list[Row]:
    """Rates of what the peers have no like of: tempering, and terms of three spins."""
    rows = []
    for method in ("tempering", "cluster_tempering"):
        found, _ = solve(lattice, method=method, num_sweeps=200, seed=1, threads=1)
        rows.append(
            Row(f"{method.replace('_', ' ')}, torus 100 x 100, 64 temperatures, one core", "",
                f"{found.attempts / found.seconds:.3g} attempts/s", None)
        )  # fmt: skip
    from spinloom.ising.poly_sampler import PBitPolySampler

    chance = np.random.default_rng(0)
    terms = {tuple(chance.choice(1000, 3, replace=False).tolist()): chance.choice([-1.0, 1.0]) for _ in range(4000)}
    info = PBitPolySampler().sample_poly(
        dimod.BinaryPolynomial(terms, dimod.SPIN), num_reads=4, num_sweeps=200, seed=1, threads=1
    ).info  # fmt: skip
    rate = f"{info['attempts_per_second']:.3g} attempts/s"
    rows.append(Row("many-body kernel, 4000 terms of three among 1000 spins, one core", "", rate, None))
    return rows


def random_bqm(spins: int, edges: int, seed: int = 0) -> dimod.BinaryQuadraticModel:
    """Bonds of +-1 between ``edges`` random pairs."""
    chance = np.random.default_rng(seed)
    pairs = np.unique(chance.integers(0, spins * spins, int(2.2 * edges)))
    first, second = pairs // spins, pairs % spins
    first, second = first[first < second], second[first < second]
    some = chance.permutation(first.size)[:edges]
    vectors = (first[some], second[some], chance.choice([-1.0, 1.0], some.size))
    return dimod.BinaryQuadraticModel.from_numpy_vectors(np.zeros(spins), vectors, 0.0, dimod.SPIN)


def overhead() -> list[Row]:
    """What a call takes beyond its sampling, on 5000 spins with 20 000 edges."""
    bqm = random_bqm(5000, 20_000)
    rows = []
    for reads in (1, 64):
        worst = []
        for repeat in range(5):
            timing = PBitSampler().sample(bqm, num_reads=reads, num_sweeps=100, seed=repeat, threads=1).info["timing"]
            worst.append(timing["total"] - timing["sampling"])
        spent = float(np.median(worst[1:]))
        rows.append(
            Row(f"a call on a BQM of 20 000 edges beyond sampling, {reads} read{'s'[: reads > 1]}", "<= 50 ms",
                f"{1e3 * spent:.1f} ms (median of 4)", spent <= 0.05)
        )  # fmt: skip
    return rows


_CHILD = """
import resource, sys
from benchmarks.ising import random_bqm
from spinloom.ising.sampler import PBitSampler
spins, edges, reads, kernel = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
sample = PBitSampler().sample
sample(random_bqm(100, 300), num_reads=64, num_sweeps=2, threads=1, kernel=kernel)
bqm = random_bqm(spins, edges)
with open("/proc/self/status") as file:
    before = next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
with open("/proc/self/clear_refs", "w") as file:  # the highest so far is forgotten
    file.write("5")
sample(bqm, num_reads=reads, num_sweeps=2, seed=1, threads=1, kernel=kernel)
with open("/proc/self/status") as file:
    print(1024 * (next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) - before))
"""


def peak(spins: int, edges: int, reads: int, kernel: str) -> float:
    """Growth of the resident memory's peak [bytes] in a call, in a process of its own.

    The allocator is told to give all arrays back at once: else what the making of the BQM left would be used again.
    """
    words = [sys.executable, "-c", _CHILD, str(spins), str(edges), str(reads), kernel]
    done = subprocess.run(words, capture_output=True, text=True, check=True,
                          env={**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"})  # fmt: skip
    return float(done.stdout)


def traced(edges: int, kernel: str) -> float:
    """Peak of what Python and numpy allocate [bytes] in a call on 10 000 spins."""
    bqm = random_bqm(10_000, edges)
    PBitSampler().sample(random_bqm(100, 300), num_sweeps=2, threads=1, kernel=kernel)  # compiles
    tracemalloc.start()
    try:
        PBitSampler().sample(bqm, num_reads=1, num_sweeps=2, seed=1, threads=1, kernel=kernel)
        return float(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


def memory() -> list[Row]:
    """Bytes an edge, and bytes a spin and replica: how the peak grows with either."""
    edges = {k: (traced(600_000, k) - traced(100_000, k)) / 5e5 for k in ("sequential", "replicas")}
    found = [
        Row("peak of memory in a call, for each edge of the BQM, as numpy's allocator counts", "<= 64 bytes",
            ", ".join(f"{each:.0f} bytes ({kernel})" for kernel, each in edges.items()), max(edges.values()) <= 64.0)
    ]  # fmt: skip
    what, must = "peak of resident memory in a call, for each spin and replica", "<= 2 bytes"
    try:
        first = peak(50_000, 100_000, 64, "replicas")
        grown = {r: (peak(50_000, 100_000, r, "replicas") - first) / (5e4 * (r - 64)) for r in (256, 1024)}
    except (subprocess.CalledProcessError, ValueError):
        return [*found, Row(what, must, "not measured: needs Linux's /proc", None)]
    text = ", ".join(f"{each:.2f} bytes (64 to {r} replicas)" for r, each in grown.items())
    return [*found, Row(what, must, text, max(grown.values()) < 2.05)]


def rows(quick: bool = False) -> list[Row]:
    """All rows of this file and of ising_quality."""
    from benchmarks import ising_quality

    parts: list[Callable[[], list[Row]]] = [lambda: speed(quick), overhead, memory, lambda: ising_quality.rows(quick)]
    return [row for part in parts for row in part()]


if __name__ == "__main__":
    for row in rows(quick="quick" in sys.argv[1:]):
        print(*row, sep=" | ", flush=True)
