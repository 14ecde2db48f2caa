"""Networks of non-volatile p-bits on a clock: which decide together, what they find, in what time and energy."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from spinloom.devices.pulsed_bit import Devices, PulsedBit
from spinloom.engines import cpu
from spinloom.errors import InputError, UnknownNameError
from spinloom.ising import blocks, memory
from spinloom.ising.exact import Enumeration

if TYPE_CHECKING:
    from spinloom.ising.job import Job, Outcome, Progress
    from spinloom.ising.problem import Problem

_START = 0x57A7
_TABLED = 20
ORDERS = ("sequential", "colours", "parallel")
"""How p-bits take turns: one after another; all of one colour, no two of which are coupled; all at once (wrong)."""


@final
@dataclass(frozen=True)
class Found:
    """What a run of a clocked network gives.

    Attributes
    ----------
    states : np.ndarray
        Best state that a read's sweeps ended in, (reads, n) int8 of ±1.
    energies : np.ndarray
        Its energy, (reads,).
    last : np.ndarray
        Last states, (reads, n) int8.
    record : np.ndarray
        After every ``every`` sweeps, (reads, k): of a table's problem the state's number, else the energy.
    seconds : float
        Time of the clock for one read [s], the longest.
    joules : np.ndarray
        Energy of each read's pulses and reads [J], (reads,).
    sweeps : np.ndarray
        Sweeps made, (reads,).
    steps : int
        Clock steps a sweep: groups that decide one after another.
    interrupted, late : bool
        Ctrl-C or the deadline ended it; what was reached is here.
    """

    states: np.ndarray
    energies: np.ndarray
    last: np.ndarray
    record: np.ndarray
    seconds: float
    joules: np.ndarray
    sweeps: np.ndarray
    steps: int
    interrupted: bool = False
    late: bool = False


def pulsed_bit(device: Any) -> PulsedBit:
    """A pulsed p-bit from itself, a device, a parameter set, or the name of one; a ``stochastic_switch`` is reset.

    Raises
    ------
    ParameterError
        A device that no pulses decide.
    """
    from spinloom.parameters import ParameterSet, load
    from spinloom.parameters.kinds import SWITCHES

    if isinstance(device, PulsedBit):
        return device
    found = load(device if isinstance(device, ParameterSet) else getattr(device, "parameters", device))
    if found.device in SWITCHES:
        from spinloom.responses.bernoulli import Bernoulli

        return PulsedBit.of(Bernoulli.from_parameters(found))
    return PulsedBit.from_parameters(found)


def colours(pointers: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
    """A colour for each of n nodes so that no edge joins two of one colour: two where two suffice, else greedily.

    Breadth first, so that a graph without odd cycles gets two; others the smallest colour free in the order of degree.
    """
    count = pointers.size - 1
    found = np.full(count, -1)
    for root in range(count):
        if found[root] >= 0:
            continue
        found[root], front = 0, [root]
        while front:
            ahead = []
            for i in front:
                for j in neighbours[pointers[i] : pointers[i + 1]]:
                    if found[j] < 0:
                        found[j] = 1 - found[i]
                        ahead.append(int(j))
            front = ahead
    rows = np.repeat(np.arange(count), np.diff(pointers))
    if not (found[rows] == found[neighbours]).any():
        return found
    found[:] = -1
    for i in np.argsort(-np.diff(pointers), kind="stable"):
        taken = set(found[neighbours[pointers[i] : pointers[i + 1]]].tolist())
        found[i] = next(colour for colour in range(count) if colour not in taken)
    return found


def groups(problem: Problem | Enumeration, order: str = "sequential") -> tuple[np.ndarray, np.ndarray]:
    """(spins in their order, bounds of the groups that decide together): group g is order[bounds[g]:bounds[g + 1]].

    Raises
    ------
    UnknownNameError, InputError
        An order that is none; colours of a problem that is given by the energies of its states.
    """
    if order not in ORDERS:
        raise UnknownNameError("order of updates", order, ORDERS)
    count = problem.size
    if order == "parallel":
        return np.arange(count), np.array([0, count])
    if order == "sequential":
        return np.arange(count), np.arange(count + 1)
    if isinstance(problem, Enumeration):
        raise InputError("A table of energies has no edges to colour; give the problem by its couplings.")
    given = colours(problem.pointers, problem.neighbours)
    placed = np.argsort(given, kind="stable")
    return placed, np.concatenate([[0], np.cumsum(np.bincount(given))])


def run(
    problem: Problem | Enumeration,
    bit: PulsedBit,
    betas: Sequence[float] | np.ndarray,
    *,
    reads: int = 1,
    seed: int = 0,
    order: str = "sequential",
    devices: Devices | None = None,
    initial: np.ndarray | None = None,
    limit: float = 8.0,
    every: int = 0,
    threads: int | None = None,
    deadline: float | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Found:
    """Run a network of pulsed p-bits: in each clock step the p-bits of a group form their inputs, then all decide.

    Spin i gets u_i = -2 beta f_i, f_i = h_i + sum_j J_ij s_j; a device with gain and offset makes ln(P/(1 - P)) =
    gain u + offset of it, and a bit with memory mixes its old state in. One group after another samples exp(-beta E)
    exactly, if no two of a group are coupled.

    Parameters
    ----------
    problem : Problem or Enumeration
        By couplings, or by the energies of all its states: any order of interaction, at most 20 spins.
    bit : PulsedBit
    betas : sequence of float
        beta of each sweep, (sweeps,).
    reads, seed : int
        Independent runs; the same at any number of threads.
    order : {"sequential", "colours", "parallel"}
    devices : Devices or None
        One a spin; None: all nominal.
    initial : np.ndarray or None
        (reads, n) of ±1; None draws them.
    limit : float
        The controller's largest abs(u): at 8, P ends at 0.03 %.
    every : int
        Sweeps between records; 0 records nothing.
    threads, deadline, progress
        Threads; seconds after which every read stops before its next sweep; a function told how far the run is.

    Raises
    ------
    InputError
        Sizes that do not fit, no sweeps or reads, NaN, too many spins for a table, a deadline before the first sweep.
    """
    from spinloom.ising import clocked_kernel

    beta, count = np.ascontiguousarray(betas, float), problem.size
    if beta.ndim != 1 or beta.size == 0 or not np.isfinite(beta).all() or reads < 1:
        raise InputError("betas must be a list of one or more finite numbers, and reads at least 1.")
    if not limit > 0:
        raise InputError(f"limit = {limit:g} must be more than 0.")
    each = Devices.ideal(count) if devices is None else devices
    if each.gain.shape != (count,) or each.offset.shape != (count,):
        raise InputError(f"{each.gain.size} devices do not fit {count} spins: give one each.")
    if initial is None:
        states = np.random.default_rng([_START, seed]).integers(0, 2, (reads, count), np.int8) * np.int8(2) - np.int8(1)
    else:
        states = np.array(initial, np.int8)
        if states.shape != (reads, count) or not np.isin(states, (-1, 1)).all():
            raise InputError(f"initial must be states of ±1 of shape ({reads}, {count}).")
    placed, bounds = groups(problem, order)
    if isinstance(problem, Enumeration):
        if count > _TABLED:
            raise InputError(f"A table of energies has at most {_TABLED} spins here, not {count}; give couplings.")
        graph = (np.zeros(count), np.zeros(count + 1, np.int64), np.zeros(0, np.int32), np.zeros(0))
        offset, table = 0.0, np.ascontiguousarray(problem.energies, float)
    else:
        graph = (problem.fields, problem.pointers, problem.neighbours, problem.couplings)
        offset, table = float(problem.offset), np.zeros(0)
    model = np.array([
        bit.rate * bit.pulse_time, bit.growth, bit.reset_failures,
        2.0**bit.comparator_bits if bit.comparator_bits else 0.0, min(limit, 500.0),
    ])  # fmt: skip
    best, lowest, drives = states.copy(), np.full(reads, np.inf), np.zeros((reads, 3))
    record = np.zeros((reads, beta.size // every if every else 0))
    kernel = clocked_kernel.network()

    def block(first: int, last: int) -> blocks.Block:
        def work(stop: np.ndarray, done: np.ndarray) -> None:
            kernel(
                *graph, offset, table, placed, bounds, beta, each.gain, each.offset, model, np.uint64(seed), first,
                last, states, best, lowest, drives, record, every, stop, done,
            )  # fmt: skip

        return blocks.Block(work, beta.size * (last - first), float(count), lambda: float(lowest[first:last].min()))

    piece = 1 + reads // 64
    pieces = [block(first, min(first + piece, reads)) for first in range(0, reads, piece)]
    ran = blocks.run(pieces, threads or cpu.threads_available(), deadline, progress)
    if not drives[:, 0].any() and ran.late:
        raise blocks.too_short(deadline, count, reads)
    sweeps, steps = drives[:, 0], bounds.size - 1
    means = drives[:, 1:] / np.maximum(count * sweeps[:, None], 1.0)
    each_joules = [bit.energy_per_update(float(u), float(square)) for u, square in means]
    seconds = steps * float(sweeps.max()) * bit.time_per_update
    return Found(
        best, lowest, states, record, seconds, count * sweeps * np.array(each_joules), sweeps, steps, ran.interrupted,
        ran.late,
    )  # fmt: skip


def solve(job: Job) -> Outcome:
    """A solver on pulsed p-bits: a sweep of the schedule is one decision of each.

    ``job.options``: ``order`` ("colours" by default), ``limit``, ``chip`` (which devices are drawn with the set's
    spreads; None: nominal ones) and ``pulses`` (of the calibration of each). Time and energy are in
    ``info["hardware"]``.

    Raises
    ------
    InputError, ParameterError, UnknownNameError
        As :func:`run` and :func:`pulsed_bit`; an option that is not known, more reads than memory holds.
    """
    from spinloom.ising.job import Outcome

    options = {"order": "colours", "limit": 8.0, "chip": None, "pulses": 0}
    for name in job.options:
        if name not in options:
            raise UnknownNameError("option of a pulsed p-bit", name, options)
    options |= job.options
    memory.check(job.problem, job.reads, "hardware")
    bit, each = pulsed_bit(job.device), None
    if options["chip"] is not None:
        each = bit.devices(job.problem.size, options["chip"]).calibrated(options["pulses"], options["chip"])
    begin = time.perf_counter()
    found = run(
        job.problem, bit, job.betas, reads=job.reads, seed=job.seed, order=options["order"], devices=each,
        initial=job.initial, limit=options["limit"], threads=job.threads, deadline=job.deadline,
        progress=job.progress,
    )  # fmt: skip
    states = found.last if job.keep == "last" else found.states
    updates = float(found.sweeps.mean()) * job.problem.size
    about = {
        "device": bit.name, "dynamics": options["order"], "time": found.seconds, "energy": float(found.joules.mean()),
        "updates": updates, "steps": found.steps,
    }  # fmt: skip
    return Outcome(
        states, job.problem.energies(states), updates * job.reads, time.perf_counter() - begin,
        found.interrupted, kernel=f"clocked, {options['order']}", info={"hardware": about, "late": found.late},
    )  # fmt: skip
