"""The search behind ``spinloom ising solve``: one call of a sampler with a live line, a target and a record of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

from spinloom.cli.show import Line

if TYPE_CHECKING:
    import dimod

    from spinloom.ising.files import ProblemFile
    from spinloom.ising.job import Progress
    from spinloom.ising.tsplib import TspInstance


@final
@dataclass(frozen=True)
class Request:
    """What was asked for on the command line; None is the sampler's own choice."""

    method: str = "annealing"
    time_limit: float | None = None
    reads: int | None = None
    sweeps: int | None = None
    seed: int | None = None
    threads: int | None = None
    kernel: str = "auto"
    device: str | None = None
    overrides: Mapping[str, str] = field(default_factory=dict)
    target: float | None = None


@final
@dataclass(frozen=True)
class Found:
    """What came out, in the problem's own words.

    Attributes
    ----------
    value : float
        Of the best answer.
    answer : dict
        ``ProblemFile.describe`` of it.
    solution : dict
        Values by variable; of a tour the cities by their place, both counted from 1.
    values : list of float
        The best value of every read.
    record : list of (float, float)
        Seconds and best value, whenever it became better.
    info : dict
        What the sampler tells.
    samples : dimod.SampleSet or None
    seconds : float
        That the sampler ran.
    interrupted : bool
        Ctrl-C ended it.
    """

    value: float
    answer: dict[str, Any]
    solution: dict[Any, int]
    values: list[float]
    record: list[tuple[float, float]]
    info: dict[str, Any]
    samples: dimod.SampleSet | None
    seconds: float
    interrupted: bool


class TargetReached(KeyboardInterrupt):
    """Ends a search as Ctrl-C does: the sampler keeps what it has."""


@final
class Watch:
    """The sampler's ``progress``: shows the live line, records what became better, stops at the target."""

    def __init__(self, problem: ProblemFile, request: Request, line: Line) -> None:
        self.problem, self.request, self.line = problem, request, line
        self.record: list[tuple[float, float]] = []
        self.reached = False

    def __call__(self, now: Progress) -> None:
        """Take note of where the search stands."""
        if math.isfinite(now.energy):
            value = self.problem.value(now.energy)
            if not self.record or self.better(value, self.record[-1][1]):
                self.record.append((now.seconds, value))
        self.line(self.text(now))
        if self.record and self.meets(self.record[-1][1]) and not self.reached:
            self.reached = True
            raise TargetReached

    def end(self, seconds: float, value: float) -> None:
        """Close the record with what the search ended with."""
        best = value if not self.record or self.better(value, self.record[-1][1]) else self.record[-1][1]
        if not self.record or (seconds, best) != self.record[-1]:
            self.record.append((seconds, best))

    def better(self, one: float, other: float) -> bool:
        """Say whether one value is better than another."""
        return one > other if self.problem.sense == "max" else one < other

    def meets(self, value: float) -> bool:
        """Say whether a value is as good as the target; sums of rounded numbers may miss it by their last digits."""
        target = self.request.target
        return target is not None and not self.better(target, value + _slack(self.problem.sense, target))

    def text(self, now: Progress) -> str:
        """The live line: ``cut 13,345   3.2 s of 10 s   1.2e+09 flip attempts/s``."""
        best = f"{self.problem.quantity} [bold]{shown(self.record[-1][1])}[/bold]   " if self.record else ""
        limit = self.request.time_limit
        clock = f"{now.seconds:.1f} s" + (f" of {limit:g} s" if limit is not None else f", {now.share:.0%}")
        rate = f"   {now.attempts / now.seconds:.2g} flip attempts/s" if now.seconds > 0 and now.attempts else ""
        return f"{best}{clock}{rate}"


def _slack(sense: str, target: float) -> float:
    slack = 1e-9 * max(1.0, abs(target))
    return slack if sense == "max" else -slack


def shown(value: float) -> str:
    """A value for people: whole numbers in groups of three digits, others with six places that count."""
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:.6g}"


def search(problem: ProblemFile, request: Request, line: Line) -> Found:
    """Sample the problem's model, or shorten a tour, and tell the best answer in the problem's words."""
    from spinloom.ising.tsplib import TspInstance

    watch = Watch(problem, request, line)
    if isinstance(problem.source, TspInstance):
        return _tour(problem, problem.source, request, watch)
    common = {
        "num_reads": request.reads,
        "num_sweeps": request.sweeps,
        "time_limit": request.time_limit,
        "seed": request.seed,
        "threads": request.threads,
        "progress": watch,
    }
    found = _sampled(problem, request, common)
    first: Any = found.first
    solution = {variable: int(value) for variable, value in first.sample.items()}
    info = dict(found.info)
    value = problem.value(float(first.energy))
    timing = info.get("timing", {})
    seconds = float(timing.get("sampling", timing.get("solver", 0.0)))
    watch.end(seconds, value)
    values = [problem.value(float(energy)) for energy in found.data_vectors["energy"]]
    interrupted = bool(info.get("interrupted")) and not watch.reached
    return Found(value, problem.describe(solution), solution, values, watch.record, info, found, seconds, interrupted)


def _sampled(problem: ProblemFile, request: Request, common: dict[str, Any]) -> dimod.SampleSet:
    from spinloom.errors import InputError

    if problem.bqm is not None:
        from spinloom.ising import PBitSampler

        sampler = PBitSampler(request.device, **request.overrides)
        return sampler.sample(problem.bqm, method=request.method, kernel=request.kernel, **common)
    if problem.polynomial is None:
        raise InputError(f"{problem.name} has no energy: there is nothing to solve.")
    if (request.device, request.method, request.kernel) != (None, "annealing", "auto"):
        raise InputError(
            f"{problem.name} has clauses of more than two literals: ideal p-bits anneal them directly, in a kernel of "
            "their own. Leave --device, --method and --kernel out."
        )
    from spinloom.ising import PBitPolySampler

    return PBitPolySampler().sample_poly(problem.polynomial, **common)


def _tour(problem: ProblemFile, cities: TspInstance, request: Request, watch: Watch) -> Found:
    """A tour, made shorter window by window; a read is a tour, a sweep as many windows as there are cities."""
    import numpy as np

    from spinloom import devices
    from spinloom.engines import cpu
    from spinloom.errors import InputError
    from spinloom.ising.encodings import tsp

    if (request.method, request.kernel) != ("annealing", "auto"):
        raise InputError(
            "A tour is annealed window by window, in a kernel of its own. Leave --method and --kernel out."
        )
    for option, number in (("--reads", request.reads), ("--sweeps", request.sweeps)):
        if number is not None and number < 1:
            raise InputError(f"{option} {number}: it must be at least 1.")
    threads = request.threads or cpu.threads_available()
    found = tsp.solve(
        cities,
        windows=None if request.sweeps is None else request.sweeps * cities.size,
        time_limit=request.time_limit,
        seed=int(np.random.default_rng().integers(2**63)) if request.seed is None else request.seed,
        tours=request.reads or threads,
        threads=threads,
        progress=watch,
        device=None if request.device is None else devices.device(request.device, **request.overrides),
    )
    order = [int(city) for city in found.order]
    info = dict(found.info)
    tours, seconds = len(info["lengths"]), float(info["seconds"])
    watch.end(seconds, float(found.length))
    info |= {
        "num_sweeps": math.ceil(info["windows"] / (tours * cities.size)),
        "kernel": f"windows of {info['p_bits']} p-bits",
        "attempts": found.updates,
        "attempts_per_second": found.updates / max(seconds, 1e-9),
    }
    return Found(
        float(found.length),
        problem.describe(order),
        {place: city + 1 for place, city in enumerate(order, 1)},
        [float(length) for length in info["lengths"]],
        watch.record,
        info,
        None,
        seconds,
        bool(info["interrupted"]) and not watch.reached,
    )
