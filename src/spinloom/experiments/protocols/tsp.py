"""Travelling salesmen: windows that slide along the tour, windows of close edges, and one energy for all cities."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.protocols.tsp_figures import figures
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.ising.encodings.tsp import Tour, Windows
    from spinloom.ising.tsplib import TspInstance

_POINTS = 120
_MICRO, _MILLI = 1e6, 1e3


def run(spec: Reproduction, context: Context) -> Outcome:
    """Solve every instance with each method, several seeds each.

    Settings: ``instances`` (name and optimum; with ``cities`` drawn in a plane instead of read), ``shown`` (that
    of the figures), ``target`` (its length to reach), ``seeds``; ``close`` and ``sliding`` (changed settings of a
    window; ``per_city`` windows), ``direct`` (penalty in units of the sufficient one, betas times the penalty,
    ``sweeps``, ``reads``, ``seeds``); ``device`` for time and energy; ``imperfect`` (slope_spreads, offset_spreads,
    coupling_bits, seeds, per_city).
    """
    import xarray as xr

    settings = spec.settings
    instances = {entry["name"]: _instance(entry) for entry in settings["instances"]}
    seeds = [context.seed + k for k in range(context.seeds or int(settings["seeds"]))]
    found: dict[tuple[str, str], xr.Dataset] = {}
    for name, instance in instances.items():
        for method in ("close", "sliding"):
            found[method, name] = _windows(method, name, instance, settings, seeds, context)
        few = seeds[: int(settings["direct"]["seeds"])]
        found["direct", name] = _direct(name, instance, settings["direct"], few, context)
    rough = _imperfect(instances[settings["shown"]], settings, context)
    optima = {entry["name"]: float(entry["optimum"]) for entry in settings["instances"]}
    metrics = _metrics(found, rough, instances, optima, settings)
    drawn = figures(found, rough, instances, optima, settings["shown"])
    data = xr.merge(
        [
            table.rename({key: f"{method}_{name}_{key}" for key in (*table.data_vars, *table.dims)})
            for (method, name), table in found.items()
        ]
        + [rough],
        combine_attrs="drop",
    )
    return Outcome(metrics, data, drawn, ("Reinelt1991",))


def _instance(entry: Mapping[str, Any]) -> TspInstance:
    from spinloom.ising import files
    from spinloom.ising.tsplib import TspInstance, distances_between, read_tsplib

    if "cities" not in entry:
        return read_tsplib(files.find(entry["name"]))
    places = np.random.default_rng(int(entry["cities"])).uniform(0.0, 100.0, (int(entry["cities"]), 2))
    return TspInstance(entry["name"], distances_between(places[:, None], places[None], "EUC_2D"), places)


def _window(method: str, settings: Mapping[str, Any]) -> tuple[Windows, int]:
    """Settings of a window, and windows a city."""
    from spinloom.ising.encodings.tsp import SLIDING, Windows

    asked = dict(settings[method])
    per_city = int(asked.pop("per_city"))
    if "betas" in asked:
        asked["betas"] = tuple(asked["betas"])
    return replace(Windows() if method == "close" else SLIDING, **asked), per_city


def _windows(
    method: str, name: str, instance: TspInstance, settings: Mapping[str, Any], seeds: Sequence[int], context: Context
) -> xr.Dataset:
    """Lengths, seconds, updates and course of every seed, and the tours of the first."""
    from spinloom.ising.encodings.tsp import solve

    window, per_city = _window(method, settings)
    stage = context.stage(f"{name}, {'close edges' if method == 'close' else 'sliding windows'}, {len(seeds)} seeds")

    def compute() -> xr.Dataset:
        tours = []
        for k, seed in enumerate(seeds):
            stage(k, len(seeds))
            tours.append(solve(instance, window=window, windows=per_city * instance.size, seed=seed, threads=1))
        stage(len(seeds), len(seeds))
        return _table(tours)

    return context.part(f"{method}-{name}", compute)


def _table(tours: Sequence[Tour]) -> xr.Dataset:
    import xarray as xr

    most = max(tour.updates for tour in tours)
    grid = np.geomspace(min(1e3, most), most, _POINTS)
    course = [tour.history[np.searchsorted(tour.history[:, 0], grid, side="right") - 1, 1] for tour in tours]
    first = tours[0]
    return xr.Dataset(
        {
            "length": ("seed", [tour.length for tour in tours]),
            "start_length": ("seed", [tour.info["start_length"] for tour in tours]),
            "seconds": ("seed", [tour.info["seconds"] for tour in tours]),
            "updates": ("seed", [tour.updates for tour in tours]),
            "infeasible": ("seed", [tour.info["infeasible"] for tour in tours]),
            "p_bits": first.info["p_bits"],
            "grid": ("point", grid),
            "course": (("seed", "point"), course),
            "order": ("place", first.order),
            "start": ("place", first.info["start"]),
        }
    )


def _direct(
    name: str, instance: TspInstance, settings: Mapping[str, Any], seeds: Sequence[int], context: Context
) -> xr.Dataset:
    """The control: one energy for all cities, annealed by as many p-bits; the shortest tour of each seed's reads."""
    import xarray as xr

    from spinloom.ising import annealing, schedules
    from spinloom.ising.encodings.tsp_one_hot import OneHotTour
    from spinloom.ising.job import Job

    stage = context.stage(f"{name}, {(instance.size - 1) ** 2} p-bits at once, {len(seeds)} seeds")

    def compute() -> xr.Dataset:
        stage(0, len(seeds))
        sufficient = OneHotTour(instance).sufficient
        encoding = OneHotTour(instance, penalty=float(settings["penalty"]) * sufficient)
        problem = encoding.problem()
        low, high = (float(beta) / encoding.penalty for beta in settings["betas"])
        betas = schedules.schedule(problem, int(settings["sweeps"]), "beta", (low, high))
        lengths, seconds, feasible, orders = [], [], [], []
        for k, seed in enumerate(seeds):
            begin = time.perf_counter()
            states = annealing.solve(Job(problem, int(settings["reads"]), betas, seed)).states
            read = encoding.read(states)
            seconds.append(time.perf_counter() - begin)
            lengths.append(read.lengths.min())
            feasible.append(read.feasible.mean())
            orders.append(read.orders[int(np.argmin(read.lengths))])
            stage(k + 1, len(seeds))
        return xr.Dataset(
            {
                "length": ("seed", lengths),
                "seconds": ("seed", seconds),
                "feasible": ("seed", feasible),
                "updates": float(problem.size * betas.size * int(settings["reads"])),
                "p_bits": problem.size,
                "order": ("place", orders[0]),
            }
        )

    return context.part(f"direct-{name}", compute)


def _imperfect(instance: TspInstance, settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """Mean lengths with p-bits that differ, and with couplings of few bits."""
    import xarray as xr

    from spinloom.devices import device
    from spinloom.ising.encodings.tsp import solve

    asked = settings["imperfect"]
    seeds = range(context.seed, context.seed + int(asked["seeds"]))
    window, _ = _window("close", settings)
    windows = int(asked["per_city"]) * instance.size
    kinds = {
        "slope_spread": [(x, {"slope_spread": x, "offset_spread": 0.0}, 0) for x in asked["slope_spreads"]],
        "offset_spread": [(x, {"slope_spread": 0.0, "offset_spread": x}, 0) for x in asked["offset_spreads"]],
        "coupling_bits": [
            (x, {"slope_spread": 0.0, "offset_spread": 0.0}, int(x)) for x in asked["coupling_bits"]
        ],
    }  # fmt: skip
    total = sum(len(points) for points in kinds.values())
    stage = context.stage(f"{instance.name}, p-bits that differ, {total} chips x {len(seeds)} seeds")

    def compute() -> xr.Dataset:
        table: dict[str, Any] = {}
        done = 0
        for kind, points in kinds.items():
            rows = []
            for _, spreads, bits in points:
                stage(done, total)
                done += 1
                chip, rough = device(settings["device"], **spreads), replace(window, coupling_bits=bits)
                tours = [solve(instance, window=rough, windows=windows, seed=s, threads=1, device=chip) for s in seeds]
                rows.append([tour.length for tour in tours])
            table[kind] = ((f"{kind}_point", "chip"), rows)
            table[f"{kind}_value"] = (f"{kind}_point", [float(value) for value, _, _ in points])
        stage(total, total)
        return xr.Dataset(table)

    return context.part("imperfect", compute)


def _metrics(
    found: Mapping[tuple[str, str], xr.Dataset], rough: xr.Dataset, instances: Mapping[str, TspInstance],
    optima: Mapping[str, float], settings: Mapping[str, Any],
) -> dict[str, Metric]:  # fmt: skip
    from spinloom.devices import device
    from spinloom.devices.probabilistic_bit import ProbabilisticBit

    metrics: dict[str, Metric] = {}
    for (method, name), table in found.items():
        lengths, key = table["length"].values, f"{method}.{name}"
        metrics[key] = Metric.mean(lengths)
        metrics[f"{key}.best"] = Metric(float(lengths.min()))
        metrics[f"{key}.above"] = Metric.mean(100.0 * (lengths / optima[name] - 1.0), "%")
        metrics[f"{key}.seconds"] = Metric.mean(table["seconds"].values, "s")
        metrics[f"{key}.p_bits"] = Metric(float(table["p_bits"]))
        metrics[f"{key}.updates"] = Metric(float(table["updates"].mean()))
        share = 1.0 - table["feasible"] if method == "direct" else table["infeasible"]
        metrics[f"{key}.infeasible"] = Metric(100.0 * float(share.mean()), "%")
    shown = settings["shown"]
    metrics |= _starts(instances[shown], optima[shown])
    close = found["close", shown]
    reached = close["course"].values <= float(settings["target"])
    first = np.where(reached.any(axis=1), close["grid"].values[reached.argmax(axis=1)], np.inf)
    updates = float(np.median(first))
    chip = device(settings["device"])
    if not isinstance(chip, ProbabilisticBit):  # pragma: no cover - the set says which
        raise TypeError(settings["device"])
    metrics["reach.updates"] = Metric(updates)
    metrics["reach.time"] = Metric(updates * chip.time_per_update, "s")
    metrics["reach.energy"] = Metric(_MILLI * updates * chip.energy_per_update, "mJ")
    for kind in ("slope_spread", "offset_spread", "coupling_bits"):
        for value, lengths in zip(rough[f"{kind}_value"].values, rough[kind].values, strict=True):
            metrics[f"{kind}.{value:g}"] = Metric.mean(lengths)
    return metrics


def _starts(instance: TspInstance, optimum: float) -> dict[str, Metric]:
    """Nearest-neighbour tours from every city, in units of the optimum."""
    from spinloom.ising.encodings.tsp_distances import checked_distances, nearest_neighbour, tour_length

    distances = checked_distances(instance)
    ratios = [tour_length(distances, nearest_neighbour(distances, city)) / optimum for city in range(len(distances))]
    return {
        "start.ratio": Metric(float(np.mean(ratios))),
        "start.smallest": Metric(float(np.min(ratios))),
        "start.largest": Metric(float(np.max(ratios))),
    }
