"""An associative memory of analogue devices: ideal weights on real devices, and learning that repairs them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.crossbar import associative
from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.experiments.protocols.associative_chips import Chip, Task, make_task, read_patterns, teach
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric
from spinloom.responses.shapes import Exponential

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.responses.plasticity import Plasticity

_CASES = {"ideal": "ideal", "curve": "curved", "spread": "spread", "real": "curved, spread"}
_KINDS = {"remember": "patterns are stable", "recover": "one-neuron errors undone too"}


def run(spec: Reproduction, context: Context) -> Outcome:
    """Teach many chips, with each imperfection alone and together, by two rules, at several spreads and step sizes.

    Settings: ``device`` (parameter set), ``patterns`` (texts of 0 and 1), ``chips``, ``block`` (chips kept at a time),
    ``iterations``, ``within``, ``step`` [pulses], ``offset_spread``, ``threshold_spread`` (shares), ``spreads``,
    ``steps`` and ``levels`` (to scan).
    """
    from spinloom.responses.plasticity import Plasticity

    settings = spec.settings
    patterns = read_patterns(settings["patterns"])
    tasks = {"remember": make_task(patterns, errors=False), "recover": make_task(patterns, errors=True)}
    synapse = Plasticity.from_parameters(settings["device"])
    plans = _plans(synapse, settings)
    stage, found = context.stage("chips"), {}
    for number, (name, (task, chip)) in enumerate(plans.items()):
        found[name] = _teach_all(name, tasks[task], chip, settings, context)
        stage(number + 1, len(plans))
    metrics = _metrics(found, settings, tasks["recover"])
    figures = (_learning(found, settings), _weights(found, tasks["recover"]), _spreads(found, settings))
    return Outcome(metrics, _dataset(found), figures, synapse.references, synapse.assumed)


def _plans(synapse: Plasticity, settings: Mapping[str, Any]) -> dict[str, tuple[str, Chip]]:
    """Every Monte Carlo of the run by name: which task, and what kind of chip."""
    real = Chip(
        synapse,
        float(settings["offset_spread"]),
        float(settings["threshold_spread"]),
        "delta",
        int(settings["step"]),
        int(settings["iterations"]),
    )
    straight = Exponential(0.0)
    spread = synapse.replace(potentiation=straight, depression=straight)
    once = replace(real, iterations=0)
    cases = {
        "ideal": replace(once, synapse=spread.ideal(), offset=0.0, threshold=0.0),
        "curve": replace(once, synapse=synapse.ideal(), offset=0.0, threshold=0.0),
        "spread": replace(once, synapse=spread),
        "real": once,
    }
    correlation = replace(real, rule="correlation")
    plans = {f"{task}-{case}": (task, chip) for case, chip in cases.items() for task in ("remember", "recover")}
    plans |= {"delta": ("recover", real), "correlation": ("remember", correlation)}
    plans |= {"correlation-recover": ("recover", correlation)}
    plans |= {f"spread-{value:g}": ("recover", real.scaled(float(value))) for value in settings["spreads"]}
    plans |= {f"step-{step}": ("recover", replace(real, step=int(step))) for step in settings["steps"]}
    for count in settings["levels"]:
        finer = synapse.replace(states=int(count), depression_states=int(count))
        plans[f"levels-{count}"] = ("recover", replace(real, synapse=finer))
    return plans


def _teach_all(name: str, task: Task, chip: Chip, settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """All chips of one plan, in blocks that are kept as they finish."""
    import xarray as xr

    chips, block = int(settings["chips"]), int(settings["block"])
    blocks = []
    for first in range(0, chips, block):
        # by block and not by plan: all plans then see the same devices, which makes them comparable
        chance = np.random.default_rng([context.seed, first])
        count = min(block, chips - first)
        blocks.append(context.part(f"{name}-{first}", functools.partial(teach, task, chip, count, chance)))
    joined = xr.concat(blocks, "chip")
    assert isinstance(joined, xr.Dataset)  # xarray's signature also allows trees
    return joined


def _share(found: xr.Dataset, within: float) -> tuple[float, float]:
    """Share of chips that succeed within a number of iterations, and its standard error."""
    count = found.sizes["chip"]
    share = float((found["iterations"].to_numpy() <= within).mean())
    # Agresti and Coull's p: a share of 0 or 1 of few chips is not certain either
    guess = (share * count + 2.0) / (count + 4.0)
    return share, float(np.sqrt(guess * (1.0 - guess) / count))


def _quantile(found: xr.Dataset, share: float) -> float:
    """A quantile of the iterations without interpolation, as chips that never succeed count as infinite."""
    return float(np.quantile(found["iterations"].to_numpy(), share, method="inverted_cdf"))


def _metrics(found: Mapping[str, xr.Dataset], settings: Mapping[str, Any], task: Task) -> dict[str, Metric]:
    within = float(settings["within"])
    metrics = {"devices": Metric(float(associative.to_pairs(task.weights).size))}
    metrics["errors.undone"] = Metric(float(len(task.shown) - len(task.patterns)))
    for case in _CASES:
        for kind in ("remember", "recover"):
            share, error = _share(found[f"{kind}-{case}"], 0)
            metrics[f"{kind}.{case}"] = Metric(share, "", error if case in ("spread", "real") else None)
    for name in ("delta", "correlation"):
        metrics[f"{name}.median"] = Metric(_quantile(found[name], 0.5))
        metrics[f"{name}.slowest"] = Metric(_quantile(found[name], 1.0))
        metrics[f"{name}.within"] = Metric(*_with_unit(_share(found[name], within)))
    metrics["delta.pulses"] = Metric(float(found["delta"]["pulses"].median()) / metrics["devices"].number)
    metrics["correlation_recover.within"] = Metric(*_with_unit(_share(found["correlation-recover"], within)))
    metrics["spreads"] = Metric([float(value) for value in settings["spreads"]])
    metrics["median.spreads"] = Metric([_quantile(found[f"spread-{v:g}"], 0.5) for v in settings["spreads"]])
    metrics["within.spreads"] = Metric([_share(found[f"spread-{v:g}"], within)[0] for v in settings["spreads"]])
    metrics["steps"] = Metric([float(step) for step in settings["steps"]])
    metrics["median.steps"] = Metric([_quantile(found[f"step-{step}"], 0.5) for step in settings["steps"]])
    metrics["levels"] = Metric([float(count) for count in settings["levels"]])
    metrics["median.levels"] = Metric([_quantile(found[f"levels-{count}"], 0.5) for count in settings["levels"]])
    return metrics


def _with_unit(share: tuple[float, float]) -> tuple[float, str, float]:
    return share[0], "", share[1]


def _dataset(found: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """The learning of real chips whole, and the iterations of every other plan."""
    data = found["delta"].copy()
    data["right"].attrs = {"units": "1", "long_name": "share of the shown states that are recalled"}
    data["pulses"].attrs = {"units": "1", "long_name": "pulses of all devices while learning"}
    for name, others in found.items():
        if name != "delta":
            data[f"iterations_{name.replace('-', '_')}"] = others["iterations"]
    return data


def _learning(found: Mapping[str, xr.Dataset], settings: Mapping[str, Any]) -> FigureSpec:
    taught = found["delta"]
    right = 100.0 * taught["right"].to_numpy()
    shown = min(int(settings["iterations"]), 2 * int(settings["within"]))
    axis = np.arange(shown + 1, dtype=float)
    low, middle, high = np.quantile(right[:, : shown + 1], (0.25, 0.5, 0.75), axis=0)
    finished = taught["iterations"].to_numpy()
    done = 100.0 * (finished[:, None] <= axis).mean(axis=0)
    limit = Series(
        "published: at most", np.full(2, float(settings["within"])), np.array([0.0, 100.0]), style="dashed",
        group="published",
    )  # fmt: skip
    curves = Panel(
        "learning iteration",
        "recalled right (%)",
        (
            Series("states of a chip, median and quartiles", axis, middle, band=(low, high)),
            Series("chips that recall all", axis, done),
            limit,
        ),
        y_limits=(0.0, 104.0),
    )
    used = axis[: round(min(_quantile(taught, 1.0), shown)) + 1]
    counts = np.array([(finished == iteration).sum() for iteration in used], dtype=float)
    bars = Panel("chips", "iterations to success", (Series("", counts, used, style="bars"),))
    return FigureSpec(
        "learning",
        "Learning on chips with curved, spread devices",
        (curves, bars),
        "Left: recall against the number of passes of learning; iteration 0 is the ideal weights written open-loop. "
        "Right: how many passes the chips need.",
    )


def _weights(found: Mapping[str, xr.Dataset], task: Task) -> FigureSpec:
    ideal = associative.to_pairs(task.weights)
    chip = found["delta"].isel(chip=0)
    ends = np.array([ideal.min(), ideal.max()])
    points = Panel(
        "ideal weight $w_{ij}$",
        "weight on the chip $w_{ij}$",
        (
            Series("written open-loop", ideal - 0.12, chip["first"].to_numpy(), style="points"),
            Series("after learning", ideal + 0.12, chip["last"].to_numpy(), style="points"),
            Series("ideal", ends, ends, group="guide"),
        ),
    )
    places = np.arange(len(_CASES), dtype=float)
    series = (
        Series(
            label,
            places,
            np.array([100.0 * _share(found[f"{kind}-{case}"], 0)[0] for case in _CASES]),
            np.array([100.0 * _share(found[f"{kind}-{case}"], 0)[1] for case in _CASES]),
            style="points",
        )
        for kind, label in _KINDS.items()
    )
    shares = Panel(
        "",
        "chips that work without learning (%)",
        tuple(series),
        y_limits=(-4.0, 104.0),
        categories=tuple(_CASES.values()),
    )
    return FigureSpec(
        "weights",
        "Ideal weights on real devices",
        (points, shares),
        "Left: the weights of one chip. Right: share of chips that recall with the weights as written, with each "
        "imperfection alone and together.",
    )


def _spreads(found: Mapping[str, xr.Dataset], settings: Mapping[str, Any]) -> FigureSpec:
    def panel(label: str, values: list[Any], names: list[str], scale: float) -> Panel:
        x = scale * np.asarray(values, float)
        low, middle, high = (
            np.minimum([_quantile(found[name], share) for name in names], float(settings["iterations"]))
            for share in (0.25, 0.5, 0.75)
        )
        limit = Series(
            "published: at most", x[[0, -1]], np.full(2, float(settings["within"])), style="dashed", group="published"
        )
        return Panel(
            label,
            "iterations to success",
            (Series("median and quartiles", x, middle, band=(low, high), style="both"), limit),
        )

    spreads, steps, levels = settings["spreads"], settings["steps"], settings["levels"]
    return FigureSpec(
        "spread",
        "What the number of iterations depends on",
        (
            panel("spread between devices (%)", spreads, [f"spread-{value:g}" for value in spreads], 100.0),
            panel("pulses for one wrong neuron", steps, [f"step-{step}" for step in steps], 1.0),
            panel("levels of a device", levels, [f"levels-{count}" for count in levels], 1.0),
        ),
        f"All three are assumed inputs. Chips that never succeed count as {settings['iterations']}.",
    )
