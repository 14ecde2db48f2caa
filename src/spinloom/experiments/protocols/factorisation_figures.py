"""Figures of factorisation: the most likely products, and how the work grows with the number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.figure import FigureSpec, Panel, Series

if TYPE_CHECKING:
    import xarray as xr

_SHOWN = 8
_LEAST = 1e-4  # of the exact law: rarer states have bars that cannot be seen
_LABELS = {"polynomial": "products of four", "pairs": "pairs alone", "multiplier": "multiplier of gates"}


def of(
    settings: Mapping[str, Any], published: Mapping[int, xr.Dataset], scaling: Mapping[str, xr.Dataset]
) -> tuple[FigureSpec, ...]:
    """All figures of a run."""
    return (_histograms(settings, published), _scaling(scaling))


def _histograms(settings: Mapping[str, Any], published: Mapping[int, xr.Dataset]) -> FigureSpec:
    """The most likely pairs of each number."""
    panels = []
    for number, part in published.items():
        exact = part["exact"].to_numpy()
        order = np.argsort(-exact, kind="stable")[: min(_SHOWN, max(2, int((exact > _LEAST).sum())))]
        top = part.isel(state=order)
        places, reads = np.arange(len(order), dtype=float), float(part["counts"].sum())
        share = top["counts"].to_numpy() / reads
        error = np.sqrt(share * (1.0 - share) / reads)
        names = [f"{x} × {y} = {x * y}" for x, y in zip(top["x"].values, top["y"].values, strict=True)]
        series = (
            Series("exact", 100.0 * top["exact"].to_numpy(), places, style="bars", group="guide"),
            Series("p-bits in turn", 100.0 * share, places, style="points"),
            Series("junctions without a clock", 100.0 * top["junctions"].to_numpy() / reads, places, style="points"),
        )
        title = f"{number}: {part.sizes['state'].bit_length() - 1} p-bits, ± {100.0 * error.max():.1f} %"
        panels.append(Panel("share (%)", "", series, title=title, categories=tuple(names)))
    caption = (
        f"The likeliest states; one state of each of {settings['reads']} independent runs at beta = "
        f"{settings['beta']}, the same for all numbers."
    )
    return FigureSpec("histograms", "Factors are the modes", tuple(panels), caption)


def _scaling(scaling: Mapping[str, xr.Dataset]) -> FigureSpec:
    """Updates to the factors against the number's binary digits."""
    series = []
    for tone, (way, part) in enumerate(scaling.items()):
        bits, updates = part["bits"].to_numpy().astype(float), part["updates"].to_numpy()
        middle = np.median(updates, axis=1)
        shown = np.isfinite(middle)
        low, high = (np.quantile(updates, q, axis=1, method="nearest") for q in (0.25, 0.75))
        band = (low[shown], np.where(np.isfinite(high), high, middle)[shown])
        series.append(Series(_LABELS[way], bits[shown], middle[shown], band=band, style="both", tone=tone))
    longest = max(scaling.values(), key=lambda part: part.sizes["bits"])
    guesses = np.median(longest["guesses"].to_numpy(), axis=1)
    series.append(Series("guessing", longest["bits"].to_numpy().astype(float), guesses, style="dashed", group="guide"))
    panel = Panel("binary digits of F", "updates of p-bits to 99 %", tuple(series), y_scale="log")
    caption = (
        "Products of two random primes of equal length. Runs of annealing, repeated until one of them finds the "
        "factors with 99 %, at the best of several lengths; medians and quartiles over numbers."
    )
    return FigureSpec("scaling", "Work to factorise", (panel,), caption)
