"""Power of an associative processor that powers only the cells it accesses, by duty-cycle accounting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from spinloom.cost import gating
from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.figure import FigureSpec, Heat, Panel, Series
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric
from spinloom.units import si

_MICRO = 1e6


def run(spec: Reproduction, context: Context) -> Outcome:
    """What the stated power and savings imply, and what an assumed processor would save.

    Settings: ``power``, ``saving_sram`` and ``saving_others`` (shares, stated), ``leakage`` (share of the volatile
    processor's power, assumed), ``cell`` (leakage of a powered cell relative to the volatile one), ``blocks``,
    ``on_cycles``, ``wake_cycles`` (assumed), ``block_scan``, ``leakage_scan``.
    """
    settings = spec.settings
    power = si(settings["power"], "power", "power")
    sram, others = float(settings["saving_sram"]), float(settings["saving_others"])
    leakage, cell = float(settings["leakage"]), float(settings["cell"])
    model = gating.Gating(_duty(settings, int(settings["blocks"])), leakage, cell)
    stage = context.stage("searches")
    blocks = [int(count) for count in settings["block_scan"]]
    shares = [float(share) for share in settings["leakage_scan"]]
    counted = np.empty((len(shares), len(blocks)))
    for column, count in enumerate(blocks):
        counted[:, column] = [1.0 - _search(settings, count, share) for share in shares]
        stage(column + 1, len(blocks))
    formula = np.array([[gating.Gating(_duty(settings, n), share, 1.0).saving for n in blocks] for share in shares])
    metrics = {
        "saving.sram": Metric(100.0 * model.saving, "%"),
        "saving.others": Metric(100.0 * model.saving, "%"),
        "power": Metric(gating.reference_power(power, sram) * model.power_share * _MICRO, "uW"),
        "reference.sram": Metric(gating.reference_power(power, sram) * _MICRO, "uW"),
        "reference.others": Metric(gating.reference_power(power, others) * _MICRO, "uW"),
        "leakage.least": Metric(100.0 * gating.least_leakage(sram), "%"),
        "duty.largest": Metric(100.0 * float(gating.largest_duty(sram, 1.0, cell)), "%"),
        "duty.here": Metric(100.0 * model.active, "%"),
        "duty.allowed": Metric(100.0 * float(gating.largest_duty(sram, leakage, cell)), "%"),
        "leakage.here": Metric(100.0 * leakage, "%"),
        "check.counted": Metric(float(np.abs(counted - formula).max())),
    }
    data = xr.Dataset(
        {"saving": (("leakage", "blocks"), counted, {"units": "1", "long_name": "share of the power saved"})},
        coords={"leakage": shares, "blocks": blocks},
    )
    return Outcome(metrics, data, (_figure(settings, sram, counted, formula),))


def _duty(settings: Mapping[str, Any], blocks: int) -> float:
    """Share of cells and time that is on when one block after another is searched without a pause."""
    return (int(settings["on_cycles"]) + int(settings["wake_cycles"])) / (blocks * int(settings["on_cycles"]))


def _search(settings: Mapping[str, Any], blocks: int, leakage: float) -> float:
    on, wake = int(settings["on_cycles"]), int(settings["wake_cycles"])
    return gating.search_power_share(blocks, on, wake, blocks * on, leakage)


def _figure(settings: Mapping[str, Any], sram: float, counted: np.ndarray, formula: np.ndarray) -> FigureSpec:
    duty, leakage = np.linspace(0.0, 0.3, 61), np.linspace(0.7, 1.0, 61)
    cell = float(settings["cell"])
    saving = np.array([[100.0 * gating.Gating(float(a), float(share), cell).saving for a in duty] for share in leakage])
    edge = np.linspace(sram, 1.0, 40)
    border = Series(
        f"published saving, {sram:.1%}",
        100.0 * gating.largest_duty(sram, edge, cell),
        100.0 * edge,
        group="published",
    )
    plane = Panel(
        "duty: cells and time that are on (%)",
        "leakage share of the volatile processor (%)",
        (border,),
        heat=Heat(100.0 * duty, 100.0 * leakage, saving, "power saved (%)"),
    )
    blocks = np.array([float(count) for count in settings["block_scan"]])
    curves = [
        Series(f"leakage {share:.0%}, counted", blocks, 100.0 * row, style="points", tone=index)
        for index, (share, row) in enumerate(zip(settings["leakage_scan"], counted, strict=True))
    ]
    guides = [Series("", blocks, 100.0 * row, group="guide") for row in formula]
    published = Series("published", blocks[[0, -1]], np.full(2, 100.0 * sram), style="dashed", group="published")
    scan = Panel(
        "blocks switched one by one",
        "power saved (%)",
        (*curves, *guides, published),
        x_scale="log",
        y_limits=(0.0, 100.0),
    )
    return FigureSpec(
        "saving",
        "Power saved by powering only what is accessed",
        (plane, scan),
        "Left: saving by the formula; on the line it is the published one. Right: a search that passes through the "
        "blocks, counted cycle by cycle, and the formula as lines.",
    )
