"""Figures of a binary network on series columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.figure import FigureSpec, Panel, Series

if TYPE_CHECKING:
    import xarray as xr

READINGS = (
    ("software", "software"),
    ("spread", "spread, ideal read-out"),
    ("trimmed", "calibrated, columns trimmed"),
    ("calibrated", "calibrated range"),
    ("nonuniform", "levels where the sums are"),
    ("full", "whole range of a tile"),
    ("window", "window"),
)


def draw(parts: Mapping[str, xr.Dataset], settings: Mapping[str, Any]) -> tuple[FigureSpec, ...]:
    """Accuracy by read-out; the study of the read-out's mapping; accuracy against hidden neurons."""
    return _readouts(parts["main"], settings), _study(parts["study"], settings), _hidden(parts["hidden"])


def _readouts(main: xr.Dataset, settings: Mapping[str, Any]) -> FigureSpec:
    values = [np.ravel(main[name].values) for name, _ in READINGS]
    places = np.arange(len(values), dtype=float)
    labels = tuple(f"{label} ±{settings['window']:g}" if name == "window" else label for name, label in READINGS)
    bars = Series(
        "here",
        np.array([v.mean() for v in values]),
        places,
        error=np.array([v.std() for v in values]),
        style="bars",
    )
    low = max(0.0, np.floor(min(v.mean() for v in values)) - 3.0)
    panel = Panel("test accuracy (%)", "", (bars,), x_limits=(low, 100.0), categories=labels)
    return FigureSpec(
        "readouts",
        "Accuracy by read-out of the columns",
        (panel,),
        f"Binary perceptron on tiles of {settings['tile']} cells in series, {settings['bits']} bits a column but for "
        "the first two. Bars: mean over networks and chips; error bars: standard deviation.",
    )


def _both(label: str, x: np.ndarray, chips: np.ndarray, ideal: np.ndarray, tone: int) -> tuple[Series, Series]:
    band = (chips.min(axis=1), chips.max(axis=1))
    return (
        Series(f"{label}, with spread", x, chips.mean(axis=1), band=band, style="both", tone=tone),
        Series(f"{label}, equal junctions", x, ideal, style="dashed", tone=tone),
    )


def _study(study: xr.Dataset, settings: Mapping[str, Any]) -> FigureSpec:
    def level(at: np.ndarray) -> Series:
        return Series("software", at, np.full(2, float(study["software"])), style="line", group="guide")

    panels = []
    for names, coordinate, x_label, title in (
        (("window",), "window", "half range of the read-out (units of $w·x$)", f"{settings['bits']} bits"),
        (("calibrated", "full"), "bits", "bits of the read-out", "by mapping"),
        (("noise",), "noise", "read noise (units of $w·x$)", f"calibrated, {settings['bits']} bits"),
    ):
        x = study.coords[coordinate].values.astype(float)
        series: list[Series] = []
        for tone, name in enumerate(names):
            label = {"full": "whole range", "calibrated": "calibrated"}.get(name, "4-bit read-out")
            label = f"{settings['bits']}-bit read-out" if len(names) == 1 else label
            series += _both(
                label,
                x,
                study[f"by_{name}"].transpose(coordinate, "chip").values,
                study[f"by_{name}_ideal"].values,
                tone,
            )
        panels.append(Panel(x_label, "test accuracy (%)", (*series, level(x[[0, -1]])), title=title))
    return FigureSpec(
        "mapping",
        "What the mapping of the read-out costs",
        tuple(panels),
        "One network. Left: even codes over a window of the partial sums; middle: number of bits, with the range "
        "calibrated on training samples or the whole range of a tile; right: noise added to each read. "
        "Bands: lowest to highest chip.",
    )


def _hidden(hidden: xr.Dataset) -> FigureSpec:
    x = hidden.coords["hidden"].values.astype(float)
    series = (
        Series("software", x, hidden["software"].values, style="both", tone=0),
        Series("array, calibrated read-out", x, hidden["array"].values, style="both", tone=1),
    )
    panel = Panel("hidden neurons", "test accuracy (%)", series, x_scale="log")
    return FigureSpec(
        "hidden", "Accuracy against the number of hidden neurons", (panel,), "One network and one chip a point."
    )
