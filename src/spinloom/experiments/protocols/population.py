"""Populations of junctions that compute: basis functions, cursive letters, a ball to grasp, and what it costs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.protocols import population_figures as figures
from spinloom.experiments.protocols import population_grasping as grasping
from spinloom.experiments.protocols import population_letters as letters
from spinloom.experiments.protocols.population_energy import energy_metrics
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric
from spinloom.units import si, si_array

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.devices.superparamagnetic_junction import SuperparamagneticJunction
    from spinloom.experiments.protocols.population_grasping import Plan, Result


def run(spec: Reproduction, context: Context) -> Outcome:
    """Letters by weighted sums, a learned map between two rows of junctions, its scaling, faults and energy.

    Settings: ``device``, ``reach`` and ``margin`` (currents); ``letters``, ``letter_counts``, ``letter_times``,
    ``letter_count``, ``letter_time``, ``letter_points``; ``count``, ``duration``, ``trials``, ``tests``, ``rate``,
    ``settle``, ``tolerance``, ``bump``, ``span``, ``bits`` (of the map); ``seeds``; ``counts`` and ``durations`` (to
    scan); ``delta_spreads``, ``critical_spreads``, ``dead``, ``bit_counts`` (0: continuous); ``lost`` (share) and
    ``relearn`` (trials); ``circuit`` (energies), ``published`` (J).
    """
    from spinloom import device

    settings = spec.settings
    junction = device(settings["device"])
    seeds = int(settings["seeds"]) if context.seeds is None else context.seeds
    written = context.part("letters", lambda: _letters(junction, settings, context))
    cases = _cases(junction, settings)
    stage = context.stage("ball grasping")
    found: dict[str, xr.Dataset] = {}
    for number, (name, plan) in enumerate(cases.items()):
        found[name] = context.part(name.replace(" ", ""), lambda plan=plan: _examine(plan, context.seed, seeds))
        stage(number + 1, len(cases) + 2)
    lost = context.part("lost", lambda: _lost(cases["standard"], settings, context.seed, seeds))
    stage(len(cases) + 1, len(cases) + 2)
    links = context.part("chain", lambda: _chain(cases["standard"], context.seed, seeds))
    stage(len(cases) + 2, len(cases) + 2)
    scaling = _scaling(found, settings)
    metrics = {
        **_letter_metrics(written, settings),
        **_grasp_metrics(found, lost, links, scaling, settings),
        **energy_metrics(cases["standard"], settings),
    }
    drawn = (
        figures.basis(junction, settings),
        figures.letters(written, settings),
        figures.learning(found["standard"], float(settings["tolerance"])),
        figures.scaling(found, scaling, settings),
        figures.faults(found, settings),
    )
    assumed = junction.parameters.assumed_inputs()
    table = scaling["table"].merge(lost).merge(links)
    return Outcome(metrics, table, drawn, tuple(junction.parameters.references()), assumed)


# ---- letters ----------------------------------------------------------------------------------------------------


def _letters(junction: SuperparamagneticJunction, settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """Every letter by every number of junctions and time."""
    import xarray as xr

    from spinloom.snn import Population

    reach, points = si(settings["reach"], "current", "reach"), int(settings["letter_points"])
    times = si_array(settings["letter_times"], "time", "letter_times")
    rows = []
    for count in settings["letter_counts"]:
        row = Population.covering(junction.two_state(int(count)), -reach, reach)
        by_time = []
        for k, time in enumerate(times):
            all_letters = [
                letters.write(row, name, float(time), points, 100 * context.seed + 10 * k + n)
                for n, name in enumerate(settings["letters"])
            ]
            by_time.append(xr.concat(all_letters, dim="letter"))
        rows.append(xr.concat(by_time, dim="time"))
    joined = xr.concat(rows, dim="count")
    return joined.assign_coords(count=list(settings["letter_counts"]), time=("time", times, {"units": "s"}))


def _letter_metrics(written: xr.Dataset, settings: Mapping[str, Any]) -> dict[str, Metric]:
    distance = 100.0 * (((written["written"] - written["wanted"]) ** 2).sum("axis").mean(["point", "letter"]) ** 0.5)
    expected = 100.0 * ((written["systematic"] ** 2 + written["random"] ** 2).mean("letter") ** 0.5)
    count, time = int(settings["letter_count"]), si(settings["letter_time"], "time", "letter_time")
    here = written.sel(count=count).sel(time=time, method="nearest")
    worst = max(letters.distance(here.isel(letter=n)) for n in range(here.sizes["letter"]))
    return {
        "letters.error": Metric(float(distance.sel(count=count).sel(time=time, method="nearest")), "%"),
        "letters.worst": Metric(100.0 * worst, "%"),
        "letters.by_count": Metric([float(v) for v in expected.isel(time=-1)], "%"),
        "letters.by_time": Metric([float(v) for v in expected.sel(count=count)], "%"),
        "letters.systematic": Metric(100.0 * float(here["systematic"].mean()), "%"),
        "letters.check": Metric(float((distance / expected).mean())),
    }


# ---- grasping ---------------------------------------------------------------------------------------------------


def _cases(junction: SuperparamagneticJunction, settings: Mapping[str, Any]) -> dict[str, Plan]:
    """Every trained map of the run, by name."""
    from spinloom.snn import Learning

    rule = Learning(float(settings["rate"]), float(settings["settle"]), float(settings["tolerance"]))
    standard = grasping.Plan(
        junction,
        int(settings["count"]),
        si(settings["duration"], "time", "duration"),
        si(settings["reach"], "current", "reach"),
        si(settings["margin"], "current", "margin"),
        rule,
        float(settings["bump"]),
        float(settings["span"]),
        int(settings["bits"]),
        int(settings["trials"]),
        int(settings["tests"]),
    )
    change = standard.with_changes
    plans = {"standard": standard}
    for count in settings["counts"]:
        for text in settings["durations"]:
            plans[f"scaling-{count}-{text}"] = change(count=int(count), duration=si(text, "time", "durations"))
    for value in settings["delta_spreads"]:
        plans[f"delta-{value}"] = change(delta_spread=float(value))
        plans[f"calibrated-{value}"] = change(delta_spread=float(value), calibrated=True)
    for value in settings["critical_spreads"]:
        plans[f"critical-{value}"] = change(critical_spread=float(value))
    for value in settings["dead"]:
        plans[f"dead-{value}"] = change(dead=float(value))
    for value in settings["bit_counts"]:
        plans[f"bits-{value}"] = change(bits=int(value) or None)
    plans["misses"] = change(learning=replace(rule, only_misses=True))
    return plans


def _examine(plan: Plan, first: int, seeds: int) -> xr.Dataset:
    """Train and test one plan with several seeds."""
    results, curves = [], []
    for seed in range(first, first + seeds):
        transfer = grasping.build(plan, seed)
        trained = grasping.teach(transfer, plan, seed)
        results.append(grasping.examine(transfer, trained.weights, plan, seed))
        curves.append(np.abs(trained.errors))
    return _as_dataset(results).assign(trial_error=(("seed", "trial"), curves))


def _as_dataset(results: list[Result]) -> xr.Dataset:
    import xarray as xr

    names = ("error", "systematic", "success")
    return xr.Dataset({name: ("seed", [getattr(result, name) for result in results]) for name in names})


def _lost(plan: Plan, settings: Mapping[str, Any], first: int, seeds: int) -> xr.Dataset:
    import xarray as xr

    share, relearn = float(settings["lost"]), int(settings["relearn"])
    pairs = [grasping.broken_and_healed(plan, share, relearn, seed) for seed in range(first, first + seeds)]
    broken, healed = ([pair[k].success for pair in pairs] for k in (0, 1))
    return xr.Dataset({"broken_success": ("seed", broken), "healed_success": ("seed", healed)})


def _chain(plan: Plan, first: int, seeds: int) -> xr.Dataset:
    import xarray as xr

    errors = np.array([grasping.there_and_back(plan, seed) for seed in range(first, first + seeds)])
    return xr.Dataset({"single_error": ("seed", errors[:, 0]), "chain_error": ("seed", errors[:, 1])})


def _scaling(found: Mapping[str, xr.Dataset], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Power laws of the error in junctions x time, by least squares of logarithms, with 95 % intervals."""
    import xarray as xr

    counts, times = list(settings["counts"]), list(settings["durations"])
    shape = (len(counts), len(times))
    seconds = si_array(times, "time", "durations")
    product = np.outer(np.asarray(counts, float), seconds)
    total, quiet = (
        np.array(
            [float(np.sqrt((found[f"scaling-{n}-{t}"][name] ** 2).mean())) for n in counts for t in times]
        ).reshape(shape)
        for name in ("error", "systematic")
    )
    noise = np.sqrt(np.maximum(total**2 - quiet**2, 1e-12))
    table = xr.Dataset(
        {
            "total": (("count", "duration"), total),
            "systematic": (("count", "duration"), quiet),
            "noise": (("count", "duration"), noise),
        },
        coords={"count": counts, "duration": ("duration", seconds, {"units": "s"})},
    )
    return {"table": table, "product": product, "fit": _power_law(product, total), "noise": _power_law(product, noise)}


def _power_law(x: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:
    """(exponent, its standard error, prefactor) of y = prefactor x^exponent."""
    lx, ly = np.log(x).ravel(), np.log(y).ravel()
    centred = lx - lx.mean()
    slope = float(centred @ ly / (centred @ centred))
    rest = ly - ly.mean() - slope * centred
    error = math.sqrt(float(rest @ rest) / max(lx.size - 2, 1) / float(centred @ centred))
    return slope, error, math.exp(float(ly.mean() - slope * lx.mean()))


def _grasp_metrics(
    found: Mapping[str, xr.Dataset],
    lost: xr.Dataset,
    links: xr.Dataset,
    scaling: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> dict[str, Metric]:
    def percent(values: xr.DataArray) -> Metric:
        return Metric.mean(100.0 * values.values, "%")

    def hits(name: str) -> Metric:
        return percent(found[name]["success"])

    standard = found["standard"]
    tolerance = float(settings["tolerance"])
    curve = (standard["trial_error"] < tolerance).mean("seed").values
    window = min(100, curve.size)
    moving = np.convolve(curve, np.full(window, 1.0 / window), "valid")
    reached = np.flatnonzero(moving >= 0.9)
    metrics = {
        "success.standard": hits("standard"),
        "error.standard": percent(standard["error"]),
        "systematic.standard": percent(standard["systematic"]),
        "trials.to_90": Metric(float(reached[0] + window) if reached.size else float("nan")),
        "success.misses": hits("misses"),
        "exponent": Metric(scaling["fit"][0], "", scaling["fit"][1]),
        "exponent.noise": Metric(scaling["noise"][0], "", scaling["noise"][1]),
        "exponent.interval": Metric([scaling["fit"][0] + k * _quantile(scaling) * scaling["fit"][1] for k in (-1, 1)]),
        "success.lost": percent(lost["broken_success"]),
        "success.healed": percent(lost["healed_success"]),
        "error.single": percent(links["single_error"]),
        "error.chain": percent(links["chain_error"]),
    }
    for key, kinds in (("delta_spreads", ("delta", "calibrated")), ("critical_spreads", ("critical",)),
                       ("dead", ("dead",)), ("bit_counts", ("bits",))):  # fmt: skip
        for kind in kinds:
            metrics |= {f"success.{kind}-{value}": hits(f"{kind}-{value}") for value in settings[key]}
    return metrics


def _quantile(scaling: Mapping[str, Any]) -> float:
    from scipy.stats import t

    return float(t.ppf(0.975, scaling["product"].size - 2))
