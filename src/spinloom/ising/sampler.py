"""p-bits as a dimod sampler: a binary quadratic model in, a sample set out."""

from __future__ import annotations

import importlib
import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, final

import dimod
import numpy as np

from spinloom.engines import cpu
from spinloom.errors import InputError, UnknownNameError
from spinloom.ising import annealing, blocks, memory, schedules
from spinloom.ising.job import Job, Outcome, Progress
from spinloom.ising.problem import Problem

METHODS = {
    "annealing": "annealing",
    "tempering": "tempering",
    "cluster_tempering": "tempering",
    "quantum": "quantum",
    "sampling": "sampling",
    "polynomial": "polynomial",
}
"""Method -> the module whose ``solve(job)`` does it."""

_HEAT_BATH = ("sampling", "quantum")
"""Methods whose updates are always the p-bit's own."""
_SMALLEST, _LARGEST = 1e-25, 1e37
"""Largest field of a problem: beyond, float32 cannot hold it, or beta times it."""
_NUMBERS = (int, float, np.integer, np.floating)
_DEFAULT_SWEEPS = 1000
_PILOT_SHARES, _BUDGET_SHARE = (0.02, 0.15), 0.95
"""Shares of a time limit: sweeps of a pilot that is long enough, all pilots at most, and the run's own sweeps."""
_READS_ON_DEVICE = 8192  # threads enough to hide the waiting for memory on most CUDA devices


@final
class PBitSampler(dimod.Sampler, dimod.Initialized):
    """A network of probabilistic bits as a dimod sampler.

    P(s_i = +1) = 1/(1 + exp(2 beta f_i)), f_i = h_i + sum_j J_ij s_j: each p-bit follows its neighbours as sharply as
    beta says, and beta rises along the schedule. Ideal p-bits by default; with ``device``, junctions with their own
    speed, energy and imperfections.

    Parameters
    ----------
    device : str, Path or device, optional
        A parameter set of a probabilistic bit ("Borders2019_smtj"), a TOML file, or a device already made.
    **overrides
        Parameters of the device to change, e.g. ``slope_spread=0.1``.

    Examples
    --------
    >>> import dimod, spinloom as sl
    >>> bqm = dimod.generators.ran_r(1, 10, seed=1)
    >>> sl.ising.PBitSampler().sample(bqm, num_reads=64, seed=1).first.energy
    -11.0

    Notes
    -----
    Reference: Camsari, Faria, Sutton, Datta, doi:10.1103/PhysRevX.7.031014.
    """

    def __init__(self, device: Any = None, **overrides: float | str) -> None:
        if device is None and overrides:
            raise InputError(f"{', '.join(overrides)}: only a device has parameters to change; name one with device=.")
        self._device = _device(device, overrides)

    @property
    def parameters(self) -> dict[str, list[str]]:
        """Names of what ``sample`` takes; the lists name the properties that they depend on."""
        names = (
            "num_reads", "num_sweeps", "time_limit", "seed", "initial_states", "initial_states_generator", "method",
            "schedule", "beta_range", "update", "kernel", "threads", "progress", "options",
        )  # fmt: skip
        return {name: [f"{name}_choices"] if f"{name}_choices" in self.properties else [] for name in names}

    @property
    def properties(self) -> dict[str, Any]:
        """What there is to choose from, and the device's name."""
        return {
            "method_choices": tuple(name for name in METHODS if name != "polynomial"),
            "kernel_choices": annealing.KERNELS,
            "update_choices": ("auto", "gibbs", "metropolis"),
            "schedule_choices": ("auto", *schedules.SHAPES),
            "device": None if self._device is None else self._device.name,
        }

    def sample(
        self,
        bqm: dimod.BinaryQuadraticModel,
        *,
        num_reads: int | None = None,
        num_sweeps: int | None = None,
        time_limit: float | None = None,
        seed: int | None = None,
        initial_states: Any = None,
        initial_states_generator: Literal["none", "tile", "random"] = "random",
        method: str = "annealing",
        schedule: str | Any = "auto",
        beta_range: tuple[float, float] | None = None,
        update: str = "auto",
        kernel: str = "auto",
        threads: int | None = None,
        progress: Callable[[Progress], None] | None = None,
        options: dict[str, Any] | None = None,
        **unknown: Any,
    ) -> dimod.SampleSet:
        """Sample a binary quadratic model.

        Parameters
        ----------
        bqm : dimod.BinaryQuadraticModel
            Any labels, vartype and offset.
        num_reads : int, optional
            Independent runs. As many as initial states, else 1; under a time limit as many as run side by side.
        num_sweeps : int, optional
            Attempts at every spin. 1000, or under a time limit as many as fit.
        time_limit : float, optional
            Seconds. Together with ``num_sweeps``: whichever comes first.
        seed : int, optional
            64-bit. The same seed gives the same samples at any number of threads; drawn at random and told in
            ``info["seed"]`` when left out. Under a time limit ``info["num_sweeps"]`` repeats a run.
        initial_states, initial_states_generator
            As in ``dimod.Initialized``.
        method : {"annealing", "tempering", "cluster_tempering", "quantum", "sampling"}
        schedule : {"auto", "temperature", "beta", "geometric"} or array of beta
        beta_range : (float, float), optional
            First and last inverse temperature; see ``schedules.default_range``. Sampling is at the last one, 1 when
            left out.
        update : {"auto", "gibbs", "metropolis"}
            The rule of a single spin. "gibbs" is the p-bit's; "auto" anneals with Metropolis' rule, which reaches the
            same law and moves more, and samples with the p-bit's; rings and chains too, where spins in a row would
            carry domain walls along.
        kernel : {"auto", "replicas", "sequential", "dense", "cuda"}
            "cuda" anneals on a CUDA device, a thread a read (it takes thousands to fill one), with the samples of
            "replicas" but for ties with rounding; "auto" never chooses it.
        threads : int, optional
            All that the process may use when left out.
        progress : callable, optional
            Called with a ``Progress`` about ten times a second.
        options : dict, optional
            What the method takes besides.

        Returns
        -------
        dimod.SampleSet
            The best state that each read saw, with energies; ``info`` holds seed, schedule, kernel, timing [s],
            attempts and, with a device, what it would take: ``energy_per_sample`` [J], ``hardware`` (time [s] ...).

        Raises
        ------
        InputError, UnknownNameError
            NaN couplings, or such as float32 cannot hold; more reads than memory holds, a time limit below one sweep,
            an unknown name; a kernel or rule that the method has no use for, a device with another method than
            annealing.
        """
        if unknown:
            raise UnknownNameError("argument of sample", next(iter(unknown)), self.parameters)
        begin = time.perf_counter()
        problem = Problem.from_bqm(bqm)
        initial = None
        if initial_states is not None or initial_states_generator != "random":
            parsed = self.parse_initial_states(
                bqm.change_vartype(dimod.SPIN, inplace=False) if bqm.vartype is not dimod.SPIN else bqm,
                initial_states, initial_states_generator, num_reads, None if seed is None else seed % 2**32,
            )  # fmt: skip
            order = [parsed.initial_states.variables.index(label) for label in problem.labels]
            initial = np.ascontiguousarray(parsed.initial_states.record.sample[:, order], dtype=np.int8)
            num_reads = parsed.num_reads
        outcome, info = solve(
            problem, method=method, num_reads=num_reads, num_sweeps=num_sweeps, time_limit=time_limit, seed=seed,
            initial=initial, shape=schedule, beta_range=beta_range, update=update, kernel=kernel, threads=threads,
            progress=progress, options=options, device=self._device,
        )  # fmt: skip
        before = time.perf_counter()
        samples = outcome.states
        if bqm.vartype is dimod.BINARY:  # in place: -1, 1 become 0, 1
            samples += 1
            samples >>= 1
        found = dimod.SampleSet.from_samples(
            (samples, list(problem.labels)), vartype=bqm.vartype, energy=outcome.energies, info=info, sort_labels=False
        )
        end = time.perf_counter()
        info["timing"] = {
            "total": end - begin,
            "sampling": outcome.seconds,
            "overhead": end - begin - info["timing"]["solver"],
            "building": end - before,
        }
        found.info.update(info)
        return found


def solve(
    problem: Any,
    *,
    method: str = "annealing",
    num_reads: int | None = None,
    num_sweeps: int | None = None,
    time_limit: float | None = None,
    seed: int | None = None,
    initial: np.ndarray | None = None,
    shape: str | Any = "auto",
    beta_range: tuple[float, float] | None = None,
    update: str = "auto",
    kernel: str = "auto",
    threads: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    options: dict[str, Any] | None = None,
    device: Any = None,
    keep: str = "best",
) -> tuple[Outcome, dict[str, Any]]:
    """What ``PBitSampler.sample`` does, on a ``Problem`` or a ``Polynomial``: the outcome and what is told about it."""
    if method not in METHODS:
        raise UnknownNameError("method", method, METHODS)
    if kernel not in annealing.KERNELS:
        raise UnknownNameError("kernel", kernel, annealing.KERNELS)
    if kernel != "auto" and (method != "annealing" or device is not None):
        raise InputError(f"kernel='{kernel}' anneals ideal p-bits; leave it out with another method or with a device.")
    if device is not None and method != "annealing":
        raise InputError(
            f"method='{method}' takes ideal p-bits; leave it out with a device, which anneals by its own law."
        )
    if update not in ("auto", "gibbs", "metropolis"):
        raise UnknownNameError("update", update, ("auto", "gibbs", "metropolis"))
    if update == "metropolis" and (device is not None or method in _HEAT_BATH):
        raise InputError("update='metropolis' is a rule of annealing and tempering on ideal p-bits; leave it out here.")
    if keep not in ("best", "last"):
        raise UnknownNameError("state to keep", keep, ("best", "last"))
    for name, number in (("num_reads", num_reads), ("num_sweeps", num_sweeps)):
        if number is not None and not (isinstance(number, _NUMBERS) and number >= 1 and number % 1 == 0):
            raise InputError(f"{name} is {number!r}; it must be a whole number of at least 1.")
    if time_limit is not None and not (isinstance(time_limit, _NUMBERS) and 0.0 < time_limit < math.inf):
        raise InputError(f"time_limit is {time_limit!r}; it must be seconds, a finite number above zero.")
    if num_sweeps is not None and 24.0 * num_sweeps > memory.available():
        raise InputError(f"The schedule of {num_sweeps} sweeps does not fit memory; give fewer, or a time_limit.")
    if isinstance(problem, Problem) and problem.largest_field and not _SMALLEST < problem.largest_field < _LARGEST:
        raise InputError(
            f"Fields reach {problem.largest_field:.3g}, and p-bits count in float32: choose a unit of energy in which "
            f"the largest |h| + sum |J| of a spin is between {_SMALLEST:g} and {_LARGEST:g}, e.g. about 1."
        )
    threads = cpu.threads_available() if threads is None else max(int(threads), 1)
    if seed is None:
        seed = int(np.random.default_rng().integers(2**63))
    if update == "auto":
        careful = method in _HEAT_BATH or device is not None or _in_rows(problem)
        update = "gibbs" if careful else "metropolis"
    reads = num_reads or (_reads(method, problem, threads, kernel, device) if time_limit else 1)
    run: Callable[[Job], Outcome] = importlib.import_module(
        f"spinloom.ising.{METHODS[method] if device is None else 'hardware'}"
    ).solve
    fixed = beta_range
    if beta_range is None and method == "sampling":
        fixed = (1.0, 1.0)
    elif beta_range is None and METHODS[method] == "tempering":
        fixed = schedules.default_range(problem, ladder=True)

    def betas(sweeps: int) -> np.ndarray:
        return schedules.schedule(problem, sweeps, shape, fixed)

    job = Job(
        problem, reads, betas(num_sweeps or 1), seed % 2**64, threads, initial, update, kernel, keep,
        progress=progress, device=device,
        options={**(options or {}), **({"clusters": True} if method == "cluster_tempering" else {})},
    )  # fmt: skip
    clock = time.perf_counter()
    if problem.size == 0:
        outcome = Outcome(np.zeros((reads, 0), np.int8), np.full(reads, problem.offset), 0.0, 0.0)
        sweeps = 0
    else:
        sweeps, left, cut = num_sweeps or _DEFAULT_SWEEPS, time_limit, None
        if time_limit is not None and num_sweeps is None:
            sweeps, left, cut = _fitting(run, job, betas, time_limit)
        outcome = run(replace(job, betas=betas(sweeps), deadline=left)) if cut is None else cut
    schedule = betas(max(sweeps, 1))
    info = {
        "method": method, "kernel": outcome.kernel, "update": update, "seed": seed, "num_sweeps": sweeps,
        "beta_range": (float(schedule[0]), float(schedule[-1])), "threads": threads, "attempts": outcome.attempts,
        "attempts_per_second": outcome.attempts / max(outcome.seconds, 1e-9), "interrupted": outcome.interrupted,
        "timing": {"solver": time.perf_counter() - clock},
        "energy_per_sample": outcome.info.get("hardware", {}).get("energy"), **outcome.info,
    }  # fmt: skip
    return outcome, info


def _fitting(
    run: Callable[[Job], Outcome], job: Job, betas: Callable[[int], np.ndarray], time_limit: float
) -> tuple[int, float, Outcome | None]:
    """Sweeps that fit what is left of the time limit, from ever longer runs of the same schedule, and what is left.

    Once the sweeps of a run take the pilot's share it is made again, and the faster one counts: other load on the
    machine only slows. The third value is the outcome of a short run that Ctrl-C ended.
    """
    job = replace(job, progress=None)
    compiling = run(replace(job, betas=betas(1)))  # compilation is not the user's time
    first = time.perf_counter()
    sweeps, around, outcomes = 1, [], [run(replace(job, betas=betas(1)))]
    if min(compiling.seconds, outcomes[0].seconds) > time_limit:
        raise blocks.too_short(time_limit, job.problem.size, job.reads)

    def spent() -> float:
        return (time.perf_counter() - first) / time_limit

    while not outcomes[-1].interrupted and len(outcomes) < 2 and spent() < _PILOT_SHARES[1]:
        enough = sweeps > 10 and outcomes[-1].seconds > _PILOT_SHARES[0] * time_limit
        if not enough:
            sweeps, outcomes = 4 * sweeps, []
        begin = time.perf_counter()
        outcomes.append(run(replace(job, betas=betas(sweeps), deadline=time_limit)))
        around.append(time.perf_counter() - begin - outcomes[-1].seconds)
    left = max(time_limit * (1.0 - spent()) - min(around, default=0.0), 0.02 * time_limit)
    each = min(outcome.seconds for outcome in outcomes) / sweeps
    stopped = outcomes[-1] if outcomes[-1].interrupted else None
    return max(int(_BUDGET_SHARE * left / max(each, 1e-9)), 1), left, stopped


def _in_rows(problem: Any) -> bool:
    """Whether most spins stand in a row: no field, at most two neighbours.

    Metropolis' rule makes every move that costs nothing. Taken in order, such spins carry a domain wall along and never
    rid themselves of it; the p-bit's rule makes half of these moves, and walls meet.
    """
    if not isinstance(problem, Problem) or not problem.size:
        return False
    return float(np.mean((np.diff(problem.pointers) <= 2) & (problem.fields == 0.0))) > 0.5


def _reads(method: str, problem: Any, threads: int, kernel: str, device: Any) -> int:
    """Reads under a time limit: as many as run side by side at no or little cost in sweeps."""
    if device is not None or problem.size > 200_000:
        return 1
    if kernel == "cuda":
        return _READS_ON_DEVICE
    return threads * {"tempering": 1, "cluster_tempering": 1, "polynomial": 8}.get(method, 64)


def _device(device: Any, overrides: dict[str, float | str]) -> Any:
    if device is None:
        return None
    if isinstance(device, (str, Path)):
        from spinloom import devices, parameters
        from spinloom.ising import clocked

        found = parameters.load(device)
        found = found.replace(**overrides) if overrides else found
        return clocked.pulsed_bit(found) if found.device == "stochastic_switch" else devices.device(found)
    if overrides:
        raise InputError("Give a device by name to change its parameters, or change them where it is made.")
    return device
