"""Energy of one write of several synapses, E = I^2 R t, and the resistance and the currents that it implies."""

from __future__ import annotations

import itertools

import numpy as np
import xarray as xr

from spinloom import parameters
from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric
from spinloom.parameters.schema import ParameterSet
from spinloom.units import si_array

_MILLI = 1e3


def run(spec: Reproduction, context: Context) -> Outcome:
    """Take the printed energies apart: neither the current nor the resistance behind them is printed.

    - ``energy.NAME`` [mJ] and ``saving`` [%] from the first to the last synapse;
    - ``resistance.NAME.CURRENT`` [ohm]: R = E / (I^2 t) at each current of the settings;
    - ``current_ratio``: I of the last over I of the first, if R is the same;
    - ``energy.order``: energies in the order of the settings [mJ];
    - ``sweep.NAME`` [mJ]: one potentiation through all states, with amplitudes evenly spaced over the write range and
      the printed energy at the highest;
    - ``network.NAME`` [J]: one write of every weight of the network in ``sizes``;
    - ``cross_section`` [um^2]: of the film at which the largest write current is the printed current density.

    Settings: ``synapses`` (tables ``name``, ``label``, ``set``), ``currents``, ``sizes``.
    """
    settings = spec.settings
    entries = settings["synapses"]
    sets = {entry["name"]: parameters.load(entry["set"]) for entry in entries}
    labels = tuple(str(entry["label"]) for entry in entries)
    current = si_array(settings["currents"], "current", "currents")
    energy = np.array([one.value("write_energy") for one in sets.values()])
    width = np.array([one.value("write_time") for one in sets.values()])
    resistance = energy[:, None] / (current[None, :] ** 2 * width[:, None])
    first, last = next(iter(sets.values())), energy[-1] / energy[0]
    sizes = [int(size) for size in settings["sizes"]]
    weights = sum(a * b for a, b in itertools.pairwise(sizes))
    metrics = {
        "saving": Metric(100 * float(1 - last), "%"),
        "current_ratio": Metric(float(np.sqrt(last))),
        "energy.order": Metric([float(value) * _MILLI for value in energy], "mJ"),
        "cross_section": Metric(
            first.value("write_current_high") / first.value("switching_current_density") * 1e12, "um^2"
        ),
    }
    for row, (name, one) in enumerate(sets.items()):
        metrics[f"energy.{name}"] = Metric(float(energy[row]) * _MILLI, "mJ")
        metrics[f"sweep.{name}"] = Metric(_sweep(one) * _MILLI, "mJ")
        metrics[f"network.{name}"] = Metric(float(energy[row]) * weights, "J")
        for column, amperes in enumerate(current):
            metrics[f"resistance.{name}.{amperes * _MILLI:g}mA"] = Metric(float(resistance[row, column]), "ohm")
    context.stage("energies")(len(sets), len(sets))
    data = xr.Dataset(
        {
            "write_energy": ("synapse", energy, {"units": "J", "long_name": "energy of one write"}),
            "resistance": (("synapse", "current"), resistance, {"units": "ohm", "long_name": "E / (I^2 t)"}),
        },
        coords={"synapse": ("synapse", list(sets)), "current": ("current", current, {"units": "A"})},
    )
    keys = dict.fromkeys(key for one in sets.values() for key in one.references())
    assumed = tuple(
        (f"{label}: {item.description}", item.written, item.source.note)
        for label, one in zip(labels, sets.values(), strict=True)
        for item in one.assumed()
        if item.name in ("write_energy", "write_current_low", "write_current_high", "switching_current_density")
    )
    return Outcome(metrics, data, (_figure(labels, sets, energy),), tuple(keys), assumed)


def _sweep(one: ParameterSet) -> float:
    """Energy [J] of one pulse at each amplitude from the lowest to the highest, at constant resistance."""
    pulses = int(one.value("levels"))
    amplitude = np.linspace(one.value("write_current_low"), one.value("write_current_high"), pulses)
    return float(np.sum((amplitude / amplitude[-1]) ** 2)) * one.value("write_energy")


def _figure(labels: tuple[str, ...], sets: dict[str, ParameterSet], energy: np.ndarray) -> FigureSpec:
    places = np.arange(len(labels), dtype=float)
    printed = np.array([one.parameters["write_energy"].source.how != "assumed" for one in sets.values()])
    bars = [Series("printed", energy[printed] * _MILLI, places[printed], style="bars", group="published")]
    if not printed.all():
        bars.append(Series("assumed between them", energy[~printed] * _MILLI, places[~printed], style="bars"))
    current = np.linspace(5e-3, 32e-3, 109)
    ends = [(labels[i], one, energy[i]) for i, one in enumerate(sets.values()) if printed[i]]
    implied = tuple(
        Series(label, current * _MILLI, joules / (current**2 * one.value("write_time")), tone=tone)
        for tone, (label, one, joules) in enumerate(ends)
    )
    return FigureSpec(
        "energy",
        "Energy of one write",
        (
            Panel("energy of one write $E$ (mJ)", "", tuple(bars), x_limits=(0, 0.25), categories=labels),
            Panel(
                "write current $I$ (mA)",
                "resistance $R = E/(I^2 t)$ (ohm)",
                implied,
                y_scale="log",
                y_limits=(100, 20000),
            ),
        ),
        "Left: the printed energies and what is assumed between them. Right: the resistance that a printed energy "
        "implies at each current; neither is printed.",
    )
