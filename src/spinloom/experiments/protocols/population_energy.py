"""What an operation of two populations costs, term by term, and what the published figures imply."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spinloom.cost.population import Circuit, operation_energy
from spinloom.experiments.protocols.population_grasping import Plan, arm, build
from spinloom.experiments.verdict import Metric
from spinloom.units import si

_NANO = 1e9


def energy_metrics(plan: Plan, settings: Mapping[str, Any]) -> dict[str, Metric]:
    """Our formula for the junctions as measured, its electronics alone, and the figures behind the published totals."""
    transfer = build(plan, 0)
    ohms = plan.junction.parameters.value("resistance_parallel")
    values = np.linspace(0.0, 1.0, 201)
    inputs = transfer.inputs
    offset = float(plan.junction.parameters.value("offset_current"))
    through = inputs.current(values)[:, None] + (offset - inputs.centres)  # input and bias
    bumps = np.exp(-0.5 * ((transfer.labels - arm(values)[:, None]) / plan.bump) ** 2)
    width = float(np.mean(transfer.outputs.width))
    # a bump of activity: each output up the flank as far as its height asks, the others silent
    driven = np.minimum(width * np.arccosh(1.0 / np.maximum(bumps, 1e-12)), plan.span * width)
    power = (ohms * float((through**2).mean()), ohms * float((driven**2).mean()))
    peak = float(np.median(inputs.peaks))
    counts = inputs.rates(inputs.current(values)) * plan.duration
    flips = (float(counts.sum(axis=1).mean()), float(bumps.sum(axis=1).mean() * peak * plan.duration))
    active = float((1.0 - np.exp(-counts)).mean())
    circuit = Circuit(
        **{name: si(settings["circuit"][name], "energy", name) for name in _ENERGIES},
        looks=float(settings["circuit"]["looks"]),
    )
    run = {
        "junctions": (plan.count, plan.count),
        "power": power,
        "duration": plan.duration,
        "peak_rate": peak,
        "flips": flips,
        "active": active,
        "bits": int(settings["bits"]),
    }
    after, during = (operation_energy(circuit, **run, learning=learning) for learning in (False, True))
    electronics = [float(energy.drop_sel(part=["junctions", "sensing"]).sum()) * _NANO for energy in (after, during)]
    published = {key: si(value, "energy", key) for key, value in settings["published"].items()}
    weights = plan.count**2
    longest = published["after"] / (plan.count * sum(power))
    return {
        "energy.after": Metric(float(after.sum()) * _NANO, "nJ"),
        "energy.learning": Metric(float(during.sum()) * _NANO, "nJ"),
        "energy.junctions": Metric(float(after.sel(part="junctions")) * _NANO, "nJ"),
        "energy.sensing": Metric(float(after.sel(part="sensing")) * _NANO, "nJ"),
        "energy.weights": Metric(float(after.sel(part="weights")) * _NANO, "nJ"),
        "energy.correction": Metric(float(during.sel(part="learning")) * _NANO, "nJ"),
        "energy.electronics_after": Metric(electronics[0], "nJ"),
        "energy.electronics_learning": Metric(electronics[1], "nJ"),
        "energy.ratio": Metric(electronics[1] / electronics[0]),
        "energy.published_ratio": Metric(published["learning"] / published["after"]),
        "energy.longest_time": Metric(longest * 1e6, "us"),
        "energy.fastest_barrier": Metric(_barrier(longest, peak * plan.duration), "kT"),
        "energy.per_weight": Metric((published["learning"] - published["after"]) / weights * 1e12, "pJ"),
        "energy.gain_learning": Metric(published["cmos"] / published["learning"]),
        "energy.gain_after": Metric(published["cmos"] / published["after"]),
    }


_ENERGIES = ("sense", "count", "multiply", "read_bit", "write_bit", "drive")


def _barrier(time: float, flips: float) -> float:
    """The barrier [kT] of junctions that flip as often at their peak within a shorter time, at f0 = 1 GHz."""
    return float(np.log(1e9 * time / flips))
