"""Potentiation and depression curves of several synapses: how straight, how symmetric, how they compare."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric
from spinloom.responses import Plasticity

WAYS = ("potentiation", "depression")


def run(spec: Reproduction, context: Context) -> Outcome:
    """Evaluate the curves of every synapse and their distance from the straight line and from each other.

    With P the normalised number of pulses, g the normalised weight and depression read backwards, from its full end:

    - ``deviation.NAME.WAY``: largest |g(P) - P| of a direction;
    - ``linearity.NAME``: the larger of both in percent of the range;
    - ``symmetry.NAME``: largest |g_up(P) - g_down(P)| in percent;
    - ``ends.NAME``: largest distance of g(0) from 0 and of g(1) from 1;
    - ``middle.NAME``: g_up(1/2); ``states.NAME``: number of states;
    - ``margin.NAME``: how much the next straightest curve deviates more, in percent.

    Settings: ``synapses`` (tables ``name``, ``label``, and ``set`` or nothing for the straight line), ``points``.
    """
    settings = spec.settings
    synapses = {entry["name"]: _synapse(entry) for entry in settings["synapses"]}
    labels = {entry["name"]: str(entry["label"]) for entry in settings["synapses"]}
    pulses = np.linspace(0.0, 1.0, int(settings["points"]))
    curves = {
        (name, way): synapse.curve(way)[0](pulses) for name, synapse in synapses.items() for way in WAYS
    }  # depression by the place on its curve, so that both rise
    metrics = _measure(synapses, curves, pulses)
    context.stage("curves")(len(curves), len(curves))
    data = xr.Dataset(
        {
            "weight": (
                ("synapse", "direction", "pulses"),
                [[curves[name, way] for way in WAYS] for name in synapses],
                {"units": "1", "long_name": "normalised weight g; depression against P, which falls from 1 to 0"},
            ),
            "states": ("synapse", [synapse.states for synapse in synapses.values()], {"units": "1"}),
        },
        coords={
            "synapse": ("synapse", list(synapses)),
            "direction": ("direction", list(WAYS)),
            "pulses": ("pulses", pulses, {"units": "1", "long_name": "normalised number of pulses P"}),
        },
    )
    keys = dict.fromkeys(key for synapse in synapses.values() for key in synapse.references)
    assumed = tuple(
        (f"{labels[name]}: {what}", value, why)
        for name, synapse in synapses.items()
        for what, value, why in synapse.assumed
        if what == "levels"  # the range of a normalised weight is what the figure shows
    )
    return Outcome(metrics, data, _figures(synapses, labels, curves, pulses), tuple(keys), assumed)


def _synapse(entry: dict[str, Any]) -> Plasticity:
    if entry.get("set"):
        return Plasticity.from_parameters(entry["set"])
    return Plasticity.from_values(states=int(entry["states"]))


def _measure(
    synapses: dict[str, Plasticity], curves: dict[tuple[str, str], np.ndarray], pulses: np.ndarray
) -> dict[str, Metric]:
    metrics: dict[str, Metric] = {}
    linearity: dict[str, float] = {}
    for name, synapse in synapses.items():
        both = [curves[name, way] for way in WAYS]
        away = [float(np.abs(curve - pulses).max()) for curve in both]
        for way, value in zip(WAYS, away, strict=True):
            metrics[f"deviation.{name}.{way}"] = Metric(value)
        linearity[name] = 100 * max(away)
        metrics[f"linearity.{name}"] = Metric(linearity[name], "%")
        metrics[f"symmetry.{name}"] = Metric(100 * float(np.abs(both[0] - both[1]).max()), "%")
        metrics[f"ends.{name}"] = Metric(max(max(abs(float(c[0])), abs(float(c[-1]) - 1.0)) for c in both))
        metrics[f"middle.{name}"] = Metric(float(synapse.potentiation(0.5)))
        metrics[f"states.{name}"] = Metric(float(synapse.states))
    for name, value in linearity.items():
        others = [other for what, other in linearity.items() if what != name and other > 0]
        if others:
            metrics[f"margin.{name}"] = Metric(min(others) - value, "%")
    return metrics


def _figures(
    synapses: dict[str, Plasticity],
    labels: dict[str, str],
    curves: dict[tuple[str, str], np.ndarray],
    pulses: np.ndarray,
) -> tuple[FigureSpec, ...]:
    """Fig. 4.5: up and down again over the number of pulses, and what is left beside the straight line."""
    round_trip: list[Series] = []
    left: list[Series] = []
    for tone, name in enumerate(synapses):
        up, down = curves[name, "potentiation"], curves[name, "depression"]
        straight = not np.any(up - pulses) and not np.any(down - pulses)
        group = "guide" if straight else "ours"
        way = np.concatenate([pulses, 1.0 + pulses[1:]])
        weight = np.concatenate([up, down[::-1][1:]])
        round_trip.append(
            Series(labels[name], way, weight, style="dashed" if straight else "line", group=group, tone=tone)
        )
        if not straight:
            left.append(Series(f"{labels[name]}, up", pulses, up - pulses, tone=tone))
            left.append(Series(f"{labels[name]}, down", pulses, down - pulses, style="dashed", tone=tone))
        if tone == 0:  # the states of the first, which is what the others are compared with
            levels = synapses[name].levels()
            places = np.linspace(0.0, 1.0, len(levels))
            round_trip.append(Series("its states", places, levels, style="points", tone=tone))
    caption = (
        "Left: normalised weight over a full potentiation (0 to 1) and depression (1 to 2). "
        "Right: what each curve has beside the straight line; depression is read backwards, from its full end."
    )
    panels = (
        Panel("pulses / pulses from end to end", "normalised weight $g$", tuple(round_trip), y_limits=(-0.03, 1.03)),
        Panel("normalised pulses $P$", "$g(P) - P$", tuple(left)),
    )
    return (FigureSpec("curves", "Potentiation and depression", panels, caption),)
