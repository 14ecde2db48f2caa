"""Figures of the travelling salesmen: tours on their map, length against updates, all instances, p-bits that differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from spinloom.experiments.figure import FigureSpec, Panel, Series

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.ising.tsplib import TspInstance

_LABELS = {"close": "close edges", "sliding": "sliding windows", "direct": "one energy"}


def figures(
    found: Mapping[tuple[str, str], xr.Dataset],
    rough: xr.Dataset,
    instances: Mapping[str, TspInstance],
    optima: Mapping[str, float],
    shown: str,
) -> tuple[FigureSpec, ...]:
    """All figures of a run; ``shown`` is the instance of the maps."""
    drawn = [_course(found, optima[shown], shown), _all(found, optima), _differ(rough, optima[shown], shown)]
    if instances[shown].coordinates is not None:
        drawn.insert(0, _maps(found, instances[shown], shown))
    return tuple(drawn)


def _maps(found: Mapping[tuple[str, str], xr.Dataset], instance: TspInstance, shown: str) -> FigureSpec:
    close = found["close", shown]
    tours = {
        "nearest neighbour": close["start"].values,
        "sliding windows": found["sliding", shown]["order"].values,
        "close edges": close["order"].values,
    }
    assert instance.coordinates is not None
    panels = []
    for label, order in tours.items():
        places = instance.coordinates[[*order, order[0]]]
        tour = Series("", places[:, 0], places[:, 1], style="both")
        panels.append(Panel("$x$", "$y$", (tour,), title=f"{label}: {instance.length(order)}"))
    return FigureSpec(
        "tours",
        f"{shown}: before, after windows along the tour, after windows of close edges",
        tuple(panels),
        "Windows that slide along the tour cannot take out the long ways back that the nearest-neighbour rule leaves.",
    )


def _course(found: Mapping[tuple[str, str], xr.Dataset], optimum: float, shown: str) -> FigureSpec:
    series = []
    for tone, method in enumerate(("close", "sliding")):
        table = found[method, shown]
        ratio = table["course"].values / optimum
        band = (ratio.min(axis=0), ratio.max(axis=0))
        series.append(
            Series(_LABELS[method], table["grid"].values, ratio.mean(axis=0), band=band, tone=tone)
        )  # fmt: skip
    direct = found["direct", shown]
    ratio = direct["length"].values / optimum
    updates = np.full(ratio.size, float(direct["updates"]))
    series.append(Series(f"one energy, {int(direct['p_bits'])} p-bits", updates, ratio, style="points", tone=2))
    ends = np.array([series[0].x[0], max(float(updates[0]), float(series[0].x[-1]))])
    series.append(Series("optimum", ends, np.ones(2), style="dashed", group="guide"))
    panel = Panel("updates of p-bits", "length / optimum", tuple(series), x_scale="log")
    return FigureSpec("updates", f"{shown}: length against updates", (panel,), "Mean of the seeds; band: all seeds.")


def _all(found: Mapping[tuple[str, str], xr.Dataset], optima: Mapping[str, float]) -> FigureSpec:
    names = tuple(optima)
    places = np.arange(len(names), dtype=float)
    series = []
    for tone, method in enumerate(_LABELS):
        ratio = [found[method, name]["length"].values / optima[name] for name in names]
        mean = np.array([values.mean() for values in ratio])
        spread = np.array([values.std() for values in ratio])
        series.append(Series(_LABELS[method], places, mean, error=spread, style="points", tone=tone))
    panel = Panel("instance", "length / optimum", tuple(series), categories=names)
    return FigureSpec("instances", "All instances, three methods", (panel,), "Bars: standard deviation of the seeds.")


def _differ(rough: xr.Dataset, optimum: float, shown: str) -> FigureSpec:
    labels = {
        "slope_spread": "relative spread of slopes",
        "offset_spread": "spread of offsets (units of input)",
        "coupling_bits": "bits of a coupling",
    }
    panels = []
    for kind, label in labels.items():
        ratio = rough[kind].values / optimum
        value = rough[f"{kind}_value"].values
        mean, error = ratio.mean(axis=1), ratio.std(axis=1) / np.sqrt(max(ratio.shape[1], 1))
        panels.append(Panel(label, "length / optimum", (Series("", value, mean, error=error, style="both"),)))
    return FigureSpec("differ", f"{shown}: p-bits that differ, couplings of few bits", tuple(panels))
