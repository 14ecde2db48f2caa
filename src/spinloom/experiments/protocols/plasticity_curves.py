"""Pulse trains through a synapse's response, its electric times magnetic states, and spike timing where reported."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric
from spinloom.responses import Plasticity
from spinloom.responses.plasticity_metrics import summary
from spinloom.responses.spike_timing import Spike, spike_timing
from spinloom.units import si, si_array

_MILLI = 1e3


def run(spec: Reproduction, context: Context) -> Outcome:
    """Give trains of potentiating and depressing pulses, count resistance states, and pair spikes.

    Measured: ``states``, ``change`` (largest over smallest resistance, less 1) [%], ``ratio`` of them, ``rise`` and
    ``fall`` (conductance after equal parts of a train, as a share of the range), ``closure`` (how far the last cycle
    ends from where the first began, as a share of the range), ``linearity`` [%], ``asymmetry`` [%]; with ``tmr``:
    ``tmr.high``, ``tmr.low`` [%] and ``resistances``, the number of different resistances of the ends of the electric
    range with both magnetic states; with ``spikes``: ``stdp.ahead``, ``stdp.behind`` (change of the state at ``at``
    before and behind), ``stdp.outside`` (largest change beyond the window) and ``stdp.window`` [ms].

    Settings: ``synapse`` (a parameter set), ``cycles``, ``tmr`` (``high``, ``low``: magnetoresistance in the state of
    high and of low resistance), ``spikes`` (``amplitude``, ``threshold``, ``pulse``, ``tail``, ``form``, ``delays``,
    ``at``, ``start``, ``pulses``) or neither.
    """
    settings = spec.settings
    synapse = Plasticity.from_parameters(settings["synapse"])
    chance = np.random.default_rng(context.seed)
    mean, one = _train(synapse.ideal(), int(settings["cycles"]), None), _train(synapse, int(settings["cycles"]), chance)
    metrics = _measure(synapse, mean)
    data = xr.Dataset(
        {
            "conductance": ("pulse", synapse.to_conductance(mean), {"units": "S", "long_name": "mean device"}),
            "conductance_one": ("pulse", synapse.to_conductance(one), {"units": "S", "long_name": "one device"}),
        },
        coords={"pulse": ("pulse", np.arange(mean.size), {"units": "1", "long_name": "pulses"})},
    )
    panels = [_train_panel(synapse, mean, one)]
    if settings.get("tmr"):
        metrics.update(_magnetic(synapse, settings["tmr"]))
        panels.append(_magnetic_panel(synapse, settings["tmr"]))
    if settings.get("spikes"):
        delays, change, extra = _timing(synapse, settings["spikes"])
        metrics.update(extra)
        data["timing"] = (
            "delay",
            change,
            {"units": "1", "long_name": "change of the normalised state, mean device"},
        )
        data = data.assign_coords(delay=("delay", delays, {"units": "s", "long_name": "t_post - t_pre"}))
        panels.append(
            Panel(
                "delay $t_{post} - t_{pre}$ (ms)",
                "change of state $\\Delta g$",
                (Series("overlap of two spikes", delays * _MILLI, change),),
            )
        )
    context.stage("pulse trains")(1, 1)
    caption = "Left: conductance over trains of potentiating and depressing pulses." + (
        " Then: what the state of the junction adds." if settings.get("tmr") else ""
    )
    caption += " Right: change of the state by one pair of spikes." if settings.get("spikes") else ""
    figure = FigureSpec("plasticity", spec.title, tuple(panels), caption)
    return Outcome(metrics, data, (figure,), synapse.references, synapse.assumed)


def _train(synapse: Plasticity, cycles: int, chance: np.random.Generator | None) -> np.ndarray:
    """States after every pulse of full trains up and down, from the lowest."""
    found = [np.zeros(())]
    for _ in range(cycles):
        for direction, sign in (("potentiation", 1), ("depression", -1)):
            for _ in range(synapse.curve(direction)[1]):  # pyright: ignore[reportArgumentType]
                found.append(synapse.after_pulses(found[-1], np.asarray(sign), chance))
    return np.array(found)


def _measure(synapse: Plasticity, mean: np.ndarray) -> dict[str, Metric]:
    up, down = synapse.states - 1, synapse.depression_states - 1
    told = summary(synapse)
    rise = mean[[round(up * share) for share in (0.0, 0.5, 1.0)]]
    fall = mean[[up + round(down * share) for share in (0.0, 0.5, 1.0)]]
    ratio = synapse.high / synapse.low if synapse.low else float("inf")
    return {
        "states": Metric(float(synapse.states)),
        "ratio": Metric(ratio),
        "change": Metric(100.0 * (ratio - 1.0), "%"),
        "rise": Metric([float(g) for g in rise]),
        "fall": Metric([float(g) for g in fall]),
        "closure": Metric(float(abs(mean[-1] - mean[0]))),
        "linearity": Metric(100.0 * max(told["linearity_error"], told["depression_linearity_error"]), "%"),
        "asymmetry": Metric(100.0 * told["asymmetry"], "%"),
    }


def _resistances(synapse: Plasticity, tmr: dict[str, float]) -> np.ndarray:
    """High and low end of the electric range (rows) with parallel and antiparallel electrodes (columns) [ohm]."""
    ends = np.array([1.0 / synapse.low, 1.0 / synapse.high])
    return ends[:, None] * np.array([[1.0, 1.0 + float(tmr["high"])], [1.0, 1.0 + float(tmr["low"])]])


def _magnetic(synapse: Plasticity, tmr: dict[str, float]) -> dict[str, Metric]:
    table = _resistances(synapse, tmr)
    relative = 100.0 * (table[:, 1] / table[:, 0] - 1.0)
    return {
        "tmr.high": Metric(float(relative[0]), "%"),
        "tmr.low": Metric(float(relative[1]), "%"),
        "resistances": Metric(float(np.unique(np.round(table / table.min(), 6)).size)),
    }


def _timing(synapse: Plasticity, given: dict[str, Any]) -> tuple[np.ndarray, np.ndarray, dict[str, Metric]]:
    spike = Spike(
        si(given["amplitude"], "voltage"),
        si(given["pulse"], "time"),
        si(given["tail"], "time"),
        given["form"],
        si(given["threshold"], "voltage"),
    )
    delays = si_array(given["delays"], "time", "delays")
    at = si_array(given["at"], "time", "at")
    start, pulses = float(given["start"]), float(given["pulses"])

    def change(delay: np.ndarray) -> np.ndarray:
        return spike_timing(synapse, spike, delay, start, pulses)

    outside = spike.window * np.array([-1.5, -1.01, 1.01, 1.5])
    return (
        delays,
        change(delays),
        {
            "stdp.ahead": Metric([float(g) for g in change(at)]),
            "stdp.behind": Metric([float(g) for g in change(-at)]),
            "stdp.outside": Metric(float(np.abs(change(outside)).max())),
            "stdp.window": Metric(spike.window * _MILLI, "ms"),
        },
    )


def _train_panel(synapse: Plasticity, mean: np.ndarray, one: np.ndarray) -> Panel:
    scale = 1.0 / synapse.high
    pulses = np.arange(mean.size, dtype=float)
    series = [Series("mean device", pulses, synapse.to_conductance(mean) * scale, tone=0)]
    if not np.array_equal(mean, one):
        series.append(Series("one device", pulses, synapse.to_conductance(one) * scale, style="points", tone=1))
    return Panel("pulses", "conductance / largest", tuple(series), title="potentiation and depression")


def _magnetic_panel(synapse: Plasticity, tmr: dict[str, float]) -> Panel:
    table = _resistances(synapse, tmr)
    series = tuple(
        Series(label, np.array([0.0, 1.0]), table[:, column] / table.min(), style="both", tone=column)
        for column, label in enumerate(("parallel", "antiparallel"))
    )
    return Panel(
        "electric state: high, low resistance",
        "resistance / smallest",
        series,
        y_scale="log" if table.max() > 5 * table.min() else "linear",
        title="electric and magnetic states",
    )
