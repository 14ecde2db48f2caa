"""Samplers that cut graphs against the clock, one core: ours, and peers where they are installed."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import dimod

    from spinloom.ising.job import Progress

OURS = ("annealing", "tempering", "cluster_tempering")
PEERS = ("dwave-samplers", "openjij")
_MOST_READS, _DEFAULT_SWEEPS = 100_000, 1000


@dataclass(frozen=True)
class Attempt:
    """What came out of one sampler in one go.

    Attributes
    ----------
    energy : float
        The lowest met.
    seconds : float
        Wall time of the call as a user sees it.
    trace : ndarray, shape (2, points)
        Seconds and lowest energy so far, from the live line; empty for peers.
    """

    energy: float
    seconds: float
    trace: np.ndarray


Sampler = Callable[["dimod.BinaryQuadraticModel", float, int], Attempt]
"""``sampler(bqm, seconds, seed)``."""


def samplers(methods: tuple[str, ...], reads: tuple[int, ...], peers: bool) -> dict[str, Sampler]:
    """By label: our methods, and each peer that is installed, at its defaults and at other numbers of sweeps.

    Parameters
    ----------
    methods : tuple of str
        Of ``PBitSampler``.
    reads : tuple of int
        Peers fill the time with reads of their default 1000 sweeps; besides with so many reads of longer schedules.
    peers : bool
        Whether they are run at all.
    """
    found: dict[str, Sampler] = {method: _ours(method) for method in methods}
    for name, open_peer in (("dwave-samplers", _dwave), ("openjij", _openjij)) if peers else ():
        call = open_peer()
        if call is not None:
            found[name] = _with_reads(call)
            for count in reads:
                found[f"{name}, {count} long read{'s'[: count > 1]}"] = _with_sweeps(call, count)
    return found


def peer_of(label: str) -> str | None:
    """The peer that a label belongs to; None for ours."""
    return next((peer for peer in PEERS if label.startswith(peer)), None)


def _ours(method: str) -> Sampler:
    from spinloom.ising import PBitSampler

    def run(bqm: dimod.BinaryQuadraticModel, seconds: float, seed: int) -> Attempt:
        points: list[tuple[float, float]] = []

        def watch(now: Progress) -> None:
            points.append((now.seconds, now.energy))

        begin = time.perf_counter()
        found = PBitSampler().sample(bqm, method=method, time_limit=seconds, seed=seed, threads=1, progress=watch)
        spent = time.perf_counter() - begin
        energy = float(found.record["energy"].min())
        before = spent - found.info["timing"]["sampling"]  # reading and pilots come first
        trace = np.array([(before + at, low) for at, low in points] + [(spent, energy)]).T
        return Attempt(energy, spent, trace)

    return run


Call = Callable[["dimod.BinaryQuadraticModel", int, int | None, int], Any]
"""``call(bqm, reads, sweeps, seed)`` gives a sample set."""


def _with_reads(call: Call) -> Sampler:
    """Fill the time with as many reads of the default sweeps as fit, by what a few took just before, at no cost."""

    def run(bqm: dimod.BinaryQuadraticModel, seconds: float, seed: int) -> Attempt:
        one, each = _costs(call, bqm, seed)
        return _called(call, bqm, int(np.clip(1 + (seconds - one) / each, 1, _MOST_READS)), None, seed)

    return run


def _with_sweeps(call: Call, reads: int) -> Sampler:
    """Fill the time with ``reads`` reads of as many sweeps as fit, by what the default took just before, at no cost."""

    def run(bqm: dimod.BinaryQuadraticModel, seconds: float, seed: int) -> Attempt:
        one, each = _costs(call, bqm, seed)
        sweeps = max(int(_DEFAULT_SWEEPS * (seconds - (one - each)) / (reads * each)), 10)
        return _called(call, bqm, reads, sweeps, seed)

    return run


def _costs(call: Call, bqm: dimod.BinaryQuadraticModel, seed: int) -> tuple[float, float]:
    """Seconds of a call with one default read, and of each further read."""
    times = []
    for reads in (1, 1, 5):
        begin = time.perf_counter()
        call(bqm, reads, None, seed)
        times.append(time.perf_counter() - begin)
    one = min(times[:2])
    return one, max((times[2] - one) / 4.0, 1e-6)


def _called(call: Call, bqm: dimod.BinaryQuadraticModel, reads: int, sweeps: int | None, seed: int) -> Attempt:
    begin = time.perf_counter()
    found = call(bqm, reads, sweeps, seed)
    return Attempt(float(found.first.energy), time.perf_counter() - begin, np.empty((2, 0)))


def _dwave() -> Call | None:
    try:
        peer = importlib.import_module("dwave.samplers")
    except ImportError:
        return None

    def call(bqm: dimod.BinaryQuadraticModel, reads: int, sweeps: int | None, seed: int) -> Any:
        return peer.SimulatedAnnealingSampler().sample(bqm, num_reads=reads, num_sweeps=sweeps, seed=seed)

    return call


def _openjij() -> Call | None:
    try:
        peer = importlib.import_module("openjij")
    except ImportError:
        return None

    def call(bqm: dimod.BinaryQuadraticModel, reads: int, sweeps: int | None, seed: int) -> Any:
        # without a seed: with one, all reads of a call are the same (openjij 0.12)
        return peer.SASampler().sample(bqm, num_reads=reads, num_sweeps=sweeps)

    return call
