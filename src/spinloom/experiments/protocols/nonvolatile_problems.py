"""Problems for pulsed p-bits: factors, a cut of a lattice, a cut of a graph; their success, time and energy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.context import Context
from spinloom.units import si

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.devices.probabilistic_bit import ProbabilisticBit
    from spinloom.devices.pulsed_bit import PulsedBit
    from spinloom.ising.encodings.max_cut import MaxCut
    from spinloom.ising.exact import Enumeration

_GRAPH = 0x6A9


def factorisation(number: int, split: Sequence[int]) -> tuple[Enumeration, np.ndarray, float, float]:
    """All energies (XY - F)^2, the numbers of the solutions, beta at which ideal p-bits are fastest, and their sweeps.

    beta on a grid of tenths of a decade; sweeps are the exact mean from a state drawn evenly.
    """
    from spinloom.devices.pulsed_bit import PulsedBit
    from spinloom.ising import clocked_exact
    from spinloom.ising.encodings.factorisation import Factorisation
    from spinloom.ising.exact import Enumeration

    task = Factorisation.of(number, int(split[0]), int(split[1]))
    problem = Enumeration.from_terms(task.polynomial(), task.labels)
    goal, ideal = np.flatnonzero(np.abs(problem.energies) < 0.5), PulsedBit(1.0, 1.0)
    scale = float(np.median(problem.energies))
    best, fewest = math.nan, math.inf
    for beta in 10.0 ** np.arange(-1.5, 1.51, 0.1) / scale:
        sweeps = clocked_exact.sweeps_to(clocked_exact.transition_matrix(problem, ideal, beta), goal)
        if sweeps < fewest:
            best, fewest = float(beta), sweeps
    return problem, goal, best, fewest


def factors(
    settings: Mapping[str, Any], bits: Mapping[str, PulsedBit], free: Mapping[str, ProbabilisticBit], context: Context
) -> xr.Dataset:
    """Factorisations at one beta: exact mean sweeps, time and energy until a sweep ends in the factors, and simulated.

    Settings ``factors``: ``numbers``, ``splits`` (p-bits of both factors), ``reads``, ``sweeps`` (of a read); ``cmos``:
    energy of a decision. Pulsed p-bits decide one after another: a sweep takes n decisions. Free-running ones are taken
    to need the sweeps of ideal ones, and all decide within a sweep's one fluctuation time.
    """
    import xarray as xr

    from spinloom.ising import clocked, clocked_exact

    own = settings["factors"]
    names, numbers = [*bits, *free], [int(number) for number in own["numbers"]]
    shape = (len(numbers), len(names))
    table = {name: np.full(shape, math.nan) for name in ("sweeps", "time", "energy", "weight", "deviation")}
    modes, share = np.ones(shape), np.ones(shape)
    cmos, betas = [], []
    stage = context.stage("factors")
    for row, (number, split) in enumerate(zip(numbers, own["splits"], strict=True)):
        problem, goal, beta, fewest = factorisation(number, split)
        size = problem.size
        betas.append(beta)
        cmos.append(fewest * size * si(settings["cmos"], "energy", "cmos"))
        for column, bit in enumerate(bits.values()):
            stage(row * len(names) + column, len(numbers) * len(names))
            matrix = clocked_exact.transition_matrix(problem, bit, beta)
            law, sweeps = clocked_exact.stationary(matrix), clocked_exact.sweeps_to(matrix, goal)
            made = clocked.run(
                problem, bit, np.full(int(own["sweeps"]), beta), reads=int(own["reads"]), seed=context.seed, every=1
            )
            times = _first(made.record, goal)
            modes[row, column] = float(np.isin(np.argmax(law), goal))
            share[row, column] = float(np.isfinite(times).mean())
            table["weight"][row, column] = law[goal].sum()
            table["sweeps"][row, column] = sweeps
            table["time"][row, column] = sweeps * size * bit.time_per_update
            table["energy"][row, column] = sweeps * float(made.joules.sum() / made.sweeps.sum())
            table["deviation"][row, column] = _deviation(times, sweeps, matrix, goal)
        for column, item in enumerate(free.values(), start=len(bits)):
            table["sweeps"][row, column] = fewest
            table["time"][row, column] = fewest * item.time_per_update
            table["energy"][row, column] = fewest * size * item.energy_per_update
            table["weight"][row, column] = problem.distribution(beta)[goal].sum()
    stage(1, 1)
    return xr.Dataset(
        {
            **{name: (("number", "device"), value) for name, value in table.items()},
            "mode": (("number", "device"), modes), "found": (("number", "device"), share),
            "cmos": ("number", cmos), "beta": ("number", betas),
        },
        coords={"number": numbers, "device": names},
    )  # fmt: skip


def _first(record: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """Number of the first sweep that ends in the goal, (reads,); inf where none does."""
    hit = np.isin(record.astype(np.int64), goal)
    return np.where(hit.any(axis=1), hit.argmax(axis=1) + 1.0, math.inf)


def _deviation(times: np.ndarray, sweeps: float, matrix: np.ndarray, goal: np.ndarray) -> float:
    """Simulated less exact mean of sweeps to the first end in the goal, in standard errors; nan where a read failed."""
    # the exact mean counts 0 for a start in the goal; the simulated one counts the sweep that it stays or comes back
    if not np.isfinite(times).all():
        return math.nan
    count = len(matrix)
    outside = np.setdiff1d(np.arange(count), goal)
    left = np.linalg.solve(np.eye(outside.size) - matrix[np.ix_(outside, outside)], np.ones(outside.size))
    again = sum(1.0 + matrix[state, outside] @ left for state in goal) / count
    return abs(float(times.mean()) - sweeps - float(again)) / (float(times.std(ddof=1)) / math.sqrt(times.size))


def lattice(settings: Mapping[str, Any], bits: Mapping[str, PulsedBit], context: Context) -> xr.Dataset:
    """Cut of a square lattice on a torus with weights ±1: two colours, so a sweep takes two clock steps.

    Settings: ``side`` (even), ``sweeps``, ``reads``, ``temperatures`` (first and last, linear between), ``seed``.
    The best cut is the best of all reads and of a run of eight times the sweeps.
    """
    from spinloom.ising.encodings.max_cut import MaxCut

    side = int(settings["side"])
    place = np.arange(side * side).reshape(side, side)
    ends = np.concatenate([np.roll(place, -1, axis=0).ravel(), np.roll(place, -1, axis=1).ravel()])
    weights = np.random.default_rng([_GRAPH, int(settings["seed"])]).choice([-1.0, 1.0], ends.size)
    task = MaxCut(side * side, np.concatenate([place.ravel()] * 2), ends, weights)
    return _cuts(task, settings, bits, context, "cut of a lattice", math.nan)


def graph(settings: Mapping[str, Any], bits: Mapping[str, PulsedBit], context: Context) -> xr.Dataset:
    """Cut of a graph of the G-set below ``SPINLOOM_DATA``, or of a random one.

    Settings as :func:`lattice` but ``side``; ``name`` and ``best`` (its best known cut), or ``nodes`` and ``edges``.
    """
    from spinloom.ising.encodings.max_cut import MaxCut

    if "name" in settings:
        from spinloom.ising.files import find
        from spinloom.ising.graph_file import read_graph

        return _cuts(
            read_graph(find(settings["name"])), settings, bits, context, f"cut of {settings['name']}",
            float(settings["best"]),
        )  # fmt: skip
    random = np.random.default_rng([_GRAPH, 1, int(settings["seed"])])
    nodes = int(settings["nodes"])
    rows, columns = np.triu_indices(nodes, 1)
    kept = random.choice(rows.size, int(settings["edges"]), replace=False)
    task = MaxCut(nodes, rows[kept], columns[kept], np.ones(kept.size))
    return _cuts(task, settings, bits, context, "cut of a random graph", math.nan)


def _cuts(
    task: MaxCut, settings: Mapping[str, Any], bits: Mapping[str, PulsedBit], context: Context, what: str, best: float
) -> xr.Dataset:
    """Annealed cuts of each device by colours, and of all p-bits at once; time and energy to 99 % certainty."""
    import xarray as xr

    from spinloom.ising import clocked

    problem, stage = task.problem(), context.stage(what)
    sweeps, reads = int(settings["sweeps"]), int(settings["reads"])
    hot, cold = (float(value) for value in settings["temperatures"])
    betas = 1.0 / np.linspace(hot, cold, sweeps)
    found, joules, seconds, steps = [], [], [], 0
    for done, bit in enumerate(bits.values()):
        stage(done, len(bits) + 2)
        made = clocked.run(problem, bit, betas, reads=reads, seed=context.seed, order="colours")
        found.append(task.cut(made.energies))
        joules.append(float(made.joules.mean()))
        seconds.append(made.seconds)
        steps = made.steps
    first = next(iter(bits.values()))
    stage(len(bits), len(bits) + 2)
    together = task.cut(clocked.run(problem, first, betas, reads=reads, seed=context.seed, order="parallel").energies)
    value = np.array(found)
    if math.isnan(best):
        slow = 1.0 / np.linspace(hot, cold, 8 * sweeps)
        long = clocked.run(problem, first, slow, reads=min(reads, 20), seed=context.seed + 1, order="colours")
        best = max(float(value.max()), float(np.max(task.cut(long.energies))))
    stage(1, 1)
    reached = (value >= best - 1e-9).mean(axis=1)
    # one read is enough where every one succeeds; none is where none does
    with np.errstate(divide="ignore"):
        repeats = np.maximum(1.0, math.log(0.01) / np.log1p(-np.minimum(reached, 0.999999)))
    return xr.Dataset(
        {
            "value": (("device", "read"), value), "reached": ("device", reached), "best": best, "steps": steps,
            "time": ("device", np.array(seconds) * repeats), "energy": ("device", np.array(joules) * repeats),
            "read_time": ("device", seconds), "read_energy": ("device", joules), "parallel": ("read", together),
        },
        coords={"device": list(bits)},
    )  # fmt: skip
