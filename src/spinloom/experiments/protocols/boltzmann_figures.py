"""Figures of the Boltzmann machines: what they draw, how often it is right, how they learn, what junctions spoil."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.figure import FigureSpec, Heat, Panel, Series
from spinloom.experiments.verdict import Metric

if TYPE_CHECKING:
    import xarray as xr

_LABELS = {
    "image8": "8 x 8 pixels",
    "image28": "28 x 28 pixels",
    "speech": "speech",
    "speech_half": "speech cut at half",
}


def of(
    tasks: Mapping[str, Any],
    two: Mapping[str, xr.Dataset],
    parts: Mapping[str, xr.Dataset],
    metrics: Mapping[str, Metric],
    settings: Mapping[str, Any],
) -> tuple[FigureSpec, ...]:
    """All figures of a run."""
    return (_drawn(two, parts), _accuracy(two, metrics, settings), _learning(two, settings), _junctions(parts))


def mosaic(samples: np.ndarray) -> np.ndarray:
    """Square pictures (rows, columns, side^2) as one field (height, width), with a line of nan between them."""
    rows, columns, pixels = samples.shape
    side = round(pixels**0.5)
    field = np.full((rows, side + 1, columns, side + 1), np.nan)
    field[:, :side, :, :side] = samples.reshape(rows, columns, side, side).transpose(0, 2, 1, 3)
    return field.reshape(rows * (side + 1), columns * (side + 1))[:-1, :-1]


def _pictures(title: str, label: str, samples: np.ndarray, columns: int) -> Panel:
    """Samples (digits, samples, pixels), ``columns`` in a row, digit 0 at the top; the label runs upwards."""
    field = mosaic(samples.astype(float).reshape(-1, columns, samples.shape[-1]))
    height, width = field.shape
    # the first row of a picture is at the top
    return Panel("", label, heat=Heat(np.arange(width), -np.arange(height), field, "", contours=False), title=title)


def _drawn(two: Mapping[str, xr.Dataset], parts: Mapping[str, xr.Dataset]) -> FigureSpec:
    panels = [
        _pictures(
            f"recalled, {_LABELS[name]}", "1 held             0 held", two[name]["samples"].isel(seed=0).to_numpy(), 4
        )
        for name in ("image8", "image28")
    ]
    crossed = parts["cross"]["image28_samples"].to_numpy()
    panels.append(_pictures("speech held", "1 said             0 said", crossed, 4))
    ten = parts["ten"]["samples"].to_numpy()
    panels.append(_pictures("recalled, all digits", "9 … 0 held", ten, ten.shape[1]))
    caption = (
        "States of the image units after the last sweep, eight chains each, not selected. First and second: a label "
        "held. Third: a spoken digit held in the two trained machines joined at their labels. Fourth: the machine of "
        "all digits with more label units and kept chains."
    )
    return FigureSpec("drawn", "What the machines draw", tuple(panels), caption)


def _accuracy(two: Mapping[str, xr.Dataset], metrics: Mapping[str, Metric], settings: Mapping[str, Any]) -> FigureSpec:
    places = [(name, digit) for name in two for digit in (0, 1)]
    series = []
    for tone, (what, label) in enumerate((("recognition", "recognised"), ("recall", "recalled, as judged"))):
        found = [metrics[f"{what}.{name}.{digit}"] for name, digit in places]
        series.append(
            Series(
                label,
                np.arange(len(places)) + 0.12 * (2 * tone - 1),
                np.array([metric.number for metric in found]),
                error=np.array([metric.error or 0.0 for metric in found]),
                style="points",
                tone=tone,
            )
        )
    known = [
        (x, settings["published"][name][digit])
        for x, (name, digit) in enumerate(places)
        if name in settings["published"]
    ]
    x, y = (np.array(column, dtype=float) for column in zip(*known, strict=True))
    series.append(Series("published", x, y, style="points", group="published"))
    short = {name: label.removesuffix(" pixels").replace(" cut at", "\nat") for name, label in _LABELS.items()}
    categories = tuple(f"“{digit}”\n{short[name]}" for name, digit in places)
    caption = (
        "Recognised: a test sample is held, the label drawn most often counts. Recalled: a label is held, the drawn "
        "sample is judged by an independent network of all digits. Means and standard errors over seeds."
    )
    panel = Panel("", "accuracy (%)", tuple(series), categories=categories)
    return FigureSpec("accuracy", "Machines of “0” and “1”", (panel,), caption)


def _learning(two: Mapping[str, xr.Dataset], settings: Mapping[str, Any]) -> FigureSpec:
    curves, scores = [], []
    for tone, (name, found) in enumerate(two.items()):
        first = found.isel(seed=0)
        changed = first["reconstruction"].to_numpy()
        x = int(settings["updates"]) * (np.arange(len(changed)) + 1) / len(changed)
        curves.append(Series(_LABELS[name], x, changed, tone=tone))
        updates = first["updates"].to_numpy()
        scores.append(Series(_LABELS[name], updates, first["recall_then"].to_numpy(), style="both", tone=tone))
    panels = (
        Panel("updates", "units changed by one sweep (%)", tuple(curves), x_scale="log"),
        Panel("updates", "recalled (%)", tuple(scores), x_scale="log"),
    )
    caption = "One machine of each panel. Left: reconstruction error on the training samples. Right: recall as judged."
    return FigureSpec("learning", "Contrastive divergence on junctions", panels, caption)


def _junctions(parts: Mapping[str, xr.Dataset]) -> FigureSpec:
    spread, bits = parts["spread"], parts["bits"]
    panels = []
    for what, label in (("recognition", "recognised (%)"), ("recall", "recalled (%)")):
        series = []
        for tone, name in enumerate(spread.coords["panel"].values):
            for shade, (how, made) in enumerate(
                (("moved", "weights moved to the chip"), ("grown", "trained on the chip"))
            ):
                values = spread[f"{how}_{what}"].sel(panel=name).transpose("spread", "chip").to_numpy()
                series.append(
                    Series(
                        f"{_LABELS[str(name)]}, {made}",
                        100.0 * spread.coords["spread"].values,
                        values.mean(axis=1),
                        band=(values.min(axis=1), values.max(axis=1)),
                        style="both",
                        tone=2 * tone + shade,
                    )
                )
        panels.append(Panel("spread of the centre (%)", label, tuple(series)))
    coarse = tuple(
        Series(
            f"{_LABELS[str(name)]}, {label}",
            bits.coords["bits"].values.astype(float),
            bits[what].sel(panel=name).to_numpy(),
            style="both",
            tone=2 * tone + shade,
        )
        for tone, name in enumerate(bits.coords["panel"].values)
        for shade, (what, label) in enumerate((("recognition", "recognised"), ("recall", "recalled")))
    )
    panels.append(Panel("bits of the drive", "accuracy (%)", coarse))
    caption = (
        "Left and middle: junctions whose centres scatter, with weights trained on nominal junctions or on the chip "
        "itself; bands from the worst to the best chip. Right: nominal junctions behind a converter."
    )
    return FigureSpec("junctions", "What real junctions do to the machines", tuple(panels), caption)
