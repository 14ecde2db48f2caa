"""Networks of hardware p-bits: a junction under every spin, with its time constants, spread, precision and energy.

Four ways in time. **steps**: all p-bits in parallel in small time steps, each by its own law, with a synapse that
follows in tau_S: what an autonomous circuit does. **events**: each p-bit decides anew at the ticks of its own Poisson
clock of rate 1/tau, with an ideal synapse: no time step, exact for symmetric couplings. **synchronous**: all decide at
once, which gives a wrong law. **sequential**: one after the other, the ideal that software samples.

Laws: ``physics.stochastic_branch``; the device's numbers: ``devices.probabilistic_bit``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, final

import numpy as np

from spinloom.devices.probabilistic_bit import ProbabilisticBit, Spread
from spinloom.errors import InputError, UnknownNameError
from spinloom.ising import blocks, memory
from spinloom.ising.job import Job, Outcome, Progress
from spinloom.ising.kernels import autonomous
from spinloom.ising.network import Network

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr

DYNAMICS = ("auto", "steps", "events", "synchronous", "sequential")
STEPS_PER_UPDATE = 150
"""Steps in tau_N unless something faster asks for more: the paper's 1 ps for 150 ps."""
_START = 0x57A7
_TABLED = 16
_BLOCKS = 16  # pieces of work a thread: Ctrl-C and the live line are prompt in each


@final
@dataclass(frozen=True)
class Hardware:
    """A device and what surrounds it; every imperfection is a value of its own.

    Attributes
    ----------
    device : ProbabilisticBit
    dynamics : {"auto", "steps", "events", "synchronous", "sequential"}
        "auto": steps for a free-running design, sequential for a pulsed one.
    bits : int, optional
        Precision of couplings and fields; None is exact.
    synapse_time : float, optional
        tau_S [s]; the device's where left out. Acts in steps alone.
    time_step : float, optional
        dt [s] of the steps; by default tau_N/150 or, in the "redraw" dynamics, the slower one of tau_T and tau_S where
        that is shorter. Dwell times are right while dt e^|x| stays below tau_N.
    slope_spread, offset_spread : bool
        Draw the p-bits with the device's spreads?
    chip : int
        Which p-bits are drawn.
    """

    device: ProbabilisticBit
    dynamics: Literal["auto", "steps", "events", "synchronous", "sequential"] = "auto"
    bits: int | None = None
    synapse_time: float | None = None
    time_step: float | None = None
    slope_spread: bool = True
    offset_spread: bool = True
    chip: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if self.dynamics not in DYNAMICS:
            raise UnknownNameError("dynamics", self.dynamics, DYNAMICS)
        if self.dynamics == "steps" and self.device.dynamics == "clocked":
            raise InputError(
                f"{self.device.name} decides once a pulse and has no dynamics between: use 'sequential', 'events' or "
                "'synchronous'."
            )
        for name in ("synapse_time", "time_step"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value >= 0 and (value > 0 or name[0] == "s")):
                raise InputError(f"{name} = {value}: a finite time in seconds is needed.")

    @property
    def mode(self) -> str:
        """The dynamics that run."""
        if self.dynamics != "auto":
            return self.dynamics
        return "sequential" if self.device.dynamics == "clocked" else "steps"

    @property
    def tau_synapse(self) -> float:
        """tau_S [s]."""
        return self.device.synapse_time if self.synapse_time is None else self.synapse_time

    @property
    def dt(self) -> float:
        """The time step [s]: tau_N over a whole number."""
        tau, slow = self.device.time_per_update, max(self.device.transistor_time, self.tau_synapse)
        wanted = tau / STEPS_PER_UPDATE
        if self.device.dynamics == "redraw" and slow > 0:
            # a compared junction answers at once: in steps longer than its delay neighbours would turn in lockstep
            wanted = min(wanted, slow)
        return tau / max(1, math.ceil(tau / (self.time_step or wanted) - 1e-9))

    def spread(self, count: int) -> Spread:
        """The p-bits of this chip."""
        drawn = self.device.spread(count, self.chip)
        slope = drawn.slope if self.slope_spread else np.ones(count)
        return Spread(slope, drawn.offset if self.offset_spread else np.zeros(count))

    def time_per_sweep(self, count: int) -> float:
        """Time in which each of ``count`` p-bits decides once on average [s]; n tau where one does after the other."""
        return self.device.time_per_update * (count if self.mode == "sequential" else 1)


@final
@dataclass(frozen=True)
class Run:
    """What ``run`` gives.

    Attributes
    ----------
    states, best : np.ndarray
        Last and best states (reads, n) int8; best by the energy of the couplings asked for, dimod's sign.
    samples : np.ndarray
        (reads, frames, n) int8 at a fixed interval; no frames where none were asked for.
    flips : np.ndarray
        (reads,).
    updates : float
        Decisions of one read, a mean where time was up early.
    time, energy : float
        Of one read [s], and of all p-bits in it [J]; nan where the device's power is not known.
    ran : Ran
        How the computation went: seconds, interrupted, late.
    """

    states: np.ndarray
    best: np.ndarray
    samples: np.ndarray
    flips: np.ndarray
    updates: float
    time: float
    energy: float
    ran: blocks.Ran


def run(
    network: Network,
    hardware: Hardware,
    gains: Any,
    *,
    reads: int = 1,
    seed: int = 0,
    every: int = 0,
    initial: np.ndarray | None = None,
    threads: int = 1,
    deadline: float | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Run:
    """Let a network of p-bits run.

    Parameters
    ----------
    network : Network
    hardware : Hardware
    gains : array (sweeps,)
        I_0 of each sweep; a sweep is the time tau_N, or one decision of each p-bit.
    reads : int
        Independent runs.
    seed : int
        The same seed gives the same states at any number of threads.
    every : int
        Keep a sample of the states each so many steps (steps) or sweeps (all else); 0: none.
    initial : np.ndarray, optional
        First states (reads, n) of ±1; random where left out.
    threads, deadline, progress
        As a :class:`spinloom.ising.job.Job` has them.

    Raises
    ------
    InputError
        No reads, gains that are no finite numbers of 0 or more, first states of another shape, a deadline shorter than
        one sweep.
    """
    n, gains = network.size, np.asarray(gains, float).ravel()
    if reads < 1 or not (gains.size and np.isfinite(gains).all() and (gains >= 0).all()):
        raise InputError(f"reads = {reads}, gains: at least one read, and finite gains of 0 or more, are needed.")
    if initial is None:
        start = np.random.default_rng([_START, seed]).integers(0, 2, (reads, n), np.int8) * np.int8(2) - np.int8(1)
    else:
        start = np.array(initial, np.int8)
    if start.shape != (reads, n):
        raise InputError(f"First states of shape {start.shape}; {(reads, n)} is needed.")
    loop, steps = _loop(network, hardware, gains, every, seed)
    frames = gains.size * steps // every if every else 0
    if float(reads) * frames * n > 0.8 * memory.available():
        raise InputError(f"The samples need {float(reads) * frames * n:.2g} bytes, more than is free; keep fewer.")
    kept = autonomous.Kept(
        start, start.copy(), np.zeros(reads), np.zeros(reads, np.int64), np.zeros((reads, frames, n), np.int8)
    )

    def block(first: int, last: int) -> blocks.Block:
        return blocks.Block(
            lambda stop, done: loop(first, last, stop, done, kept),
            gains.size * (last - first), float(n), lambda: float(kept.energy[first:last].min()),
        )  # fmt: skip

    loop(0, 0, np.zeros(1, np.uint8), np.zeros(1, np.int64), kept)  # compiled before the clock starts
    size = -(-reads // (_BLOCKS * threads))
    work = [block(first, min(first + size, reads)) for first in range(0, reads, size)]
    ran = blocks.run(work, threads, deadline, progress)
    if ran.late and ran.in_time == 0.0:
        raise InputError(f"The time limit of {deadline:g} s is shorter than one sweep over {n} p-bits; give more time.")
    updates = ran.attempts / reads
    time, device = updates / n * hardware.time_per_sweep(n), hardware.device
    # a pulse is paid for when it is given; junctions that run freely draw power while another decides
    paid = updates if device.dynamics == "clocked" else n * time / device.time_per_update
    return Run(
        kept.states, kept.best, kept.samples, kept.flips, updates, time, paid * device.energy_per_update, ran
    )  # fmt: skip


def _loop(network: Network, hardware: Hardware, gains: np.ndarray, every: int, seed: int) -> tuple[Callable, int]:
    """The compiled loop as a function of (first, last, stop, done, kept), and its steps a sweep."""
    device, n = hardware.device, network.size
    held = network if hardware.bits is None else network.quantised(hardware.bits)
    pointers, places = network.listeners()
    symmetric = network.symmetric
    wires = autonomous.Wires(
        pointers, network.rows[places], held.couplings[places], held.fields,
        -network.couplings[places] * symmetric, -network.fields * symmetric,
    )  # fmt: skip
    drawn, dt = hardware.spread(n), hardware.dt
    bits = autonomous.Bits(
        drawn.slope.astype(np.float32), drawn.offset.astype(np.float32), _kept(dt, hardware.tau_synapse),
        _kept(dt, device.transistor_time), dt / device.time_per_update, device.pinning, device.dynamics == "dwell",
    )  # fmt: skip
    word = np.uint64(seed)
    if hardware.mode == "steps":
        kernel, steps = autonomous.steps(), round(device.time_per_update / dt)
        return lambda first, last, stop, done, kept: kernel(
            wires, bits, gains, steps, every, word, first, last, stop, done, kept
        ), steps
    kernel = autonomous.decisions()
    mode = {"events": autonomous.EVENTS, "synchronous": autonomous.SYNCHRONOUS}.get(
        hardware.mode, autonomous.SEQUENTIAL
    )
    order = network.order()
    order = np.arange(n) if order is None else order
    return lambda first, last, stop, done, kept: kernel(
        wires, bits, gains, mode, order, every, word, first, last, stop, done, kept
    ), 1


def _kept(dt: float, tau: float) -> float:
    return math.exp(-dt / tau) if tau > 0 else 0.0


def solve(job: Job) -> Outcome:
    """States of low energy that p-bits of ``job.device`` see while I_0 = beta rises: a sweep takes tau_N.

    ``job.options``: the fields of :class:`Hardware` but its device. Time, energy, updates and flips of one read in the
    hardware are in ``info["hardware"]``. A pulsed design goes to ``clocked.solve``, with the options named there.

    Raises
    ------
    InputError, ParameterError, UnknownNameError
        An option that is not known, values that :class:`Hardware` and :func:`run` refuse, a device that is no p-bit.
    """
    from spinloom.devices import device

    found = device(job.device) if isinstance(job.device, str) else job.device
    if not (isinstance(found, ProbabilisticBit) and found.dynamics != "clocked"):
        from spinloom.ising import clocked

        return clocked.solve(job)
    allowed = [name for name in Hardware.__dataclass_fields__ if name != "device"]
    for name in job.options:
        if name not in allowed:
            raise UnknownNameError("option of a hardware p-bit", name, allowed)
    memory.check(job.problem, job.reads, "hardware")
    hardware = Hardware(found, **job.options)
    made = run(
        Network.from_problem(job.problem), hardware, job.betas, reads=job.reads, seed=job.seed, initial=job.initial,
        threads=job.threads, deadline=job.deadline, progress=job.progress,
    )  # fmt: skip
    states = made.states if job.keep == "last" else made.best
    about = {
        "device": found.name, "dynamics": hardware.mode, "time": made.time, "energy": made.energy,
        "updates": made.updates, "flips": float(made.flips.mean()), "bits": hardware.bits,
        "synapse_time": hardware.tau_synapse, "time_step": hardware.dt if hardware.mode == "steps" else None,
    }  # fmt: skip
    return Outcome(
        states, job.problem.energies(states), made.ran.attempts, made.ran.seconds, made.ran.interrupted,
        f"hardware, {hardware.mode}", {"hardware": about, "late": made.ran.late},
    )  # fmt: skip


def compare(
    what: Any,
    device: ProbabilisticBit | str,
    *,
    gain: float = 1.0,
    sweeps: int = 20_000,
    reads: int = 2,
    bits: int = 6,
    chip: int = 0,
    seed: int = 0,
    threads: int = 1,
) -> xr.Dataset:
    """The ideal against a device whose imperfections are switched on one after another, at constant I_0.

    Cases: ideal p-bits one after the other; the device with all equal and an ideal synapse; then also its spread of
    slopes, its spread of offsets, couplings of ``bits`` bits, and the synapse's tau_S (free-running designs). A pulsed
    design decides in sequence and without memory here; ``clocked.run`` has its own law.

    Parameters
    ----------
    what : Network, Problem or dimod.BinaryQuadraticModel
    device : ProbabilisticBit or str
    gain : float
        I_0, or beta.
    sweeps, reads : int
        Length and number of runs; a sample of the states is taken each sweep, the first 5 % are left out.
    bits, chip, seed, threads
        As :class:`Hardware` and :func:`run`.

    Returns
    -------
    xarray.Dataset
        Over ``case``: ``total_variation`` from the exact law (up to 16 p-bits whose law is known, else nan),
        ``correlation_error`` (the largest of all pairs, against the exact law or else the ideal case), ``mean_energy``
        and ``lowest_energy`` (symmetric couplings, dimod's sign without offset), and of a read ``time`` [s], ``energy``
        [J] and ``flips``.
    """
    import xarray as xr

    from spinloom.devices import device as named
    from spinloom.ising.histograms import histogram, total_variation
    from spinloom.ising.problem import Problem

    if not isinstance(what, Network):
        what = Network.from_problem(what if isinstance(what, Problem) else Problem.from_bqm(what))
    bit = named(device) if isinstance(device, str) else device
    known = what.symmetric or what.order() is not None
    law = what.distribution(gain) if known and what.size <= _TABLED else None
    nominal = Hardware(bit, slope_spread=False, offset_spread=False, synapse_time=0.0, chip=chip)
    cases = {"ideal": replace(nominal, dynamics="sequential"), "device": nominal}
    cases["slope spread"] = replace(nominal, slope_spread=True)
    cases["offset spread"] = replace(cases["slope spread"], offset_spread=True)
    cases[f"{bits}-bit couplings"] = replace(cases["offset spread"], bits=bits)
    if nominal.mode == "steps":
        cases["synapse"] = replace(cases[f"{bits}-bit couplings"], synapse_time=None)
    matrix, reference = what.matrix(), None if law is None else what.correlations(law)
    rows = []
    for case in cases.values():
        every = round(bit.time_per_update / case.dt) if case.mode == "steps" else 1
        made = run(what, case, np.full(sweeps, gain), reads=reads, seed=seed, every=every, threads=threads)
        spins = made.samples[:, sweeps // 20 :].reshape(-1, what.size).astype(np.float32)
        pairs = (spins.T @ spins / len(spins)).astype(float)
        reference = pairs if reference is None else reference
        mean = -0.5 * float((matrix * pairs).sum()) - float(what.fields @ spins.mean(axis=0, dtype=float))
        best = made.best.astype(float)
        lowest = -0.5 * np.einsum("ri,ij,rj->r", best, matrix, best) - best @ what.fields
        rows.append({
            "total_variation": math.nan if law is None else total_variation(histogram(spins), law),
            "correlation_error": float(np.abs(pairs - reference).max()),
            "mean_energy": mean if what.symmetric else math.nan,
            "lowest_energy": float(lowest.min()) if what.symmetric else math.nan,
            "time": made.time, "energy": made.energy, "flips": float(made.flips.mean()),
        })  # fmt: skip
    table = xr.Dataset({name: ("case", [row[name] for row in rows]) for name in rows[0]}, {"case": list(cases)})
    table["time"].attrs["units"], table["energy"].attrs["units"] = "s", "J"
    return table.assign_attrs(bit.attributes(gain=gain, sweeps=sweeps, reads=reads, seed=seed))
