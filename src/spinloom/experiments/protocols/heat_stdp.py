"""Plasticity by heat: the window of two spikes on a device that stays warm, what shapes it, and a net that learns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric
from spinloom.units import si, si_array

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.responses.heat_stdp import HeatWindow


def run(spec: Reproduction, context: Context) -> Outcome:
    """The window against the delay, its height and reach against the spikes, and the time constants in it.

    Settings: ``thermal_stability``, ``critical_current``, ``attempt_frequency``, ``exponent`` (of the barrier's law),
    ``thermal_resistance`` [K/W], ``heat_capacity`` [J/K], ``resistance``, ``voltage``, ``width``; ``delays`` (of one
    side), ``voltages``, ``widths`` (sweeps); ``learning``: empty, or the net of binary synapses (see :func:`_learn`).
    """
    import xarray as xr

    settings = spec.settings
    one = window(settings)
    later = si_array(settings["delays"], "time", "delays")
    delays = np.concatenate([-later[::-1], later])
    volts = si_array(settings["voltages"], "voltage", "voltages")
    widths = si_array(settings["widths"], "time", "widths")
    stage = context.stage("windows")
    by_voltage = np.array([window(settings, voltage=float(v))(delays) for v in volts])
    stage(1, 2)
    by_width = np.array([window(settings, width=float(w))(delays) for w in widths])
    stage(2, 2)
    data = xr.Dataset(
        {
            "change": ("delay", one(delays), {"units": "1", "long_name": "change of the switching probability"}),
            "by_voltage": (("voltage", "delay"), by_voltage),
            "by_width": (("width", "delay"), by_width),
        },
        coords={
            "delay": ("delay", delays, {"units": "s"}), "voltage": ("voltage", volts, {"units": "V"}),
            "width": ("width", widths, {"units": "s"}),
        },
    )  # fmt: skip
    metrics = _metrics(one, data, settings)
    if settings["learning"]:
        learnt = context.part("learning", lambda: _learn(one, settings["learning"], context))
        data = data.merge(learnt)
        metrics["learning.accuracy"] = Metric(float(learnt["accuracy"]), "%")
    return Outcome(metrics, data, _figures(one, data))


def window(settings: Mapping[str, Any], **changes: Any) -> HeatWindow:
    """The device and its spikes."""
    from spinloom.devices.heating import Barrier, SelfHeating
    from spinloom.responses.heat_stdp import HeatWindow

    barrier = Barrier(
        float(settings["thermal_stability"]),
        si(settings["critical_current"], "current", "critical_current"),
        si(settings["attempt_frequency"], "frequency", "attempt_frequency"),
        float(settings["exponent"]),
    )
    heat = SelfHeating(float(settings["thermal_resistance"]), float(settings["heat_capacity"]))
    spike = {"voltage": settings["voltage"], "width": settings["width"], **changes}
    return HeatWindow(barrier, heat, spike["voltage"], spike["width"], settings["resistance"])


def _reach(delays: np.ndarray, change: np.ndarray) -> float:
    """Delay [s] at which the window has fallen to 1/e of its first value, by straight lines in its logarithm."""
    return float(np.interp(1.0, -np.log(change / change[0]), delays))


def _metrics(one: HeatWindow, data: xr.Dataset, settings: Mapping[str, Any]) -> dict[str, Metric]:
    later = data["delay"].values[data["delay"].values > 0]
    half = len(later)
    right, left = data["change"].values[half:], data["change"].values[:half][::-1]
    tail, overall = one.time_constants()
    tau = one.heat.time_constant
    ambient = float(one.heat.ambient)
    shaped = [row for name in ("by_voltage", "by_width") for row in data[name].values]
    reaches = [_reach(later, row[half:]) for row in shaped]
    metrics = {
        "peak": Metric(float(100.0 * right[0]), "%"),
        "cold": Metric(100.0 * one.cold, "%"),
        "window.potentiation": Metric([float(100.0 * v) for v in right[:: max(half // 6, 1)][::-1]], "%"),
        "sign.potentiation": Metric(float(right.min())),
        "sign.depression": Metric(float(left.max())),
        "asymmetry": Metric(float(np.abs(right + left).max())),
        "tail": Metric(1e9 * tail, "ns"),
        "tail.ratio": Metric(tail / tau),
        "overall": Metric(1e9 * overall, "ns"),
        "thermal": Metric(1e9 * tau, "ns"),
        "rise": Metric(float(one.temperature_after(0.0)) - ambient, "K"),
        "peaks.voltage": Metric([float(100.0 * row[half]) for row in data["by_voltage"].values], "%"),
        "peaks.width": Metric([float(100.0 * row[half]) for row in data["by_width"].values], "%"),
        "reach": Metric(1e9 * _reach(later, right), "ns"),
        "reach.span": Metric(100.0 * (max(reaches) / min(reaches) - 1.0), "%"),
        "energy": Metric(1e12 * 2.0 * si(settings["voltage"], "voltage") ** 2 / si(settings["resistance"], "resistance")
                         * si(settings["width"], "time"), "pJ"),
    }  # fmt: skip
    return metrics


def _learn(one: HeatWindow, settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """A layer of binary synapses on the small digits, with the window's chances: accuracy [%] and what was learnt.

    A spike of a neuron finds its inputs recent (within ``window``) or not: the first switch up with the chance of the
    warm device, the others down with ``others`` times it. Settings: ``outputs``, ``rounds``, ``window``, ``share`` (of
    the warm chance that the scaled pulses keep), ``others``, ``lift``, ``threshold_step``, ``rate``.
    """
    import xarray as xr

    from spinloom import tasks
    from spinloom.snn import Labels, Layer, LeakyNeuron, Network, PoissonCode, Rule

    split, outputs = tasks.digits(), int(settings["outputs"])
    warm = float(settings["share"]) * float(one(0.0) + one.cold)
    rule = Rule("windowed", float(settings["others"]) * warm, warm, window=settings["window"])
    chance = np.random.default_rng((context.seed, 0x7EA7))
    start = (chance.random((64, outputs)) < 0.5).astype(float)
    cell = LeakyNeuron(per_weight=settings["lift"], threshold_step=settings["threshold_step"])
    layer = Layer(64, outputs, cell, rule, weights=start, seed=context.seed)
    net = Network(layer, PoissonCode(64, settings["rate"], "200 ms", seed=context.seed))
    stage, rounds = context.stage("binary synapses learn digits"), int(settings["rounds"])
    for index in range(rounds):
        net.fit(split.train_x[chance.permutation(len(split.train_x))])
        stage(index + 1, rounds)
    labels = Labels.of(net.counts(split.train_x), split.train_y)
    counts = net.counts(split.test_x, first=len(split.train_x))
    found = 100.0 * tasks.accuracy(labels.predict(counts), split.test_y)
    return xr.Dataset(
        {
            "accuracy": ((), found, {"units": "%"}),
            "weights": (("neuron", "pixel"), layer.w.T, {"long_name": "states of the synapses"}),
        }
    )


def _figures(one: HeatWindow, data: xr.Dataset) -> tuple[FigureSpec, ...]:
    nano = 1e9 * data["delay"].values
    tau = one.heat.time_constant
    guide = 100.0 * float(one(0.0)) * np.exp(-np.abs(data["delay"].values) / tau) * np.sign(data["delay"].values)
    main = (
        Series("switching", nano, 100.0 * data["change"].values),
        Series(f"exp(-t/τ), τ = {1e9 * tau:.3g} ns", nano, guide, style="dashed", group="guide"),
    )
    label = "change of switching probability (%)"
    volts = tuple(
        Series(f"{float(v):.3g} V", nano, 100.0 * row)
        for v, row in zip(data["voltage"].values, data["by_voltage"].values, strict=True)
    )
    widths = tuple(
        Series(f"{1e9 * float(w):.3g} ns", nano, 100.0 * row)
        for w, row in zip(data["width"].values, data["by_width"].values, strict=True)
    )
    panels = (
        Panel("delay of the neuron's spike (ns)", label, main),
        Panel("delay (ns)", label, volts, title="heights of the spikes"),
        Panel("delay (ns)", label, widths, title="widths of the spikes"),
    )
    caption = (
        "Change of the probability that the second spike switches, by the heat that the first one left. Dashed: the "
        "heat itself."
    )
    return (FigureSpec("window", "Plasticity by heat", panels, caption),)
