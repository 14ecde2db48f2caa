"""Figures of grouping with coupled discs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

from spinloom.experiments.figure import FigureSpec, Heat, Panel, Series

if TYPE_CHECKING:
    import xarray as xr

_NANO = 1e9
_NAMES = {
    "programme": "exact optimum of the programme",
    "realised": "optimum of the realised couplings",
    "network": "discs, lowest of the runs",
    "single": "discs, a single run",
    "shuffled": "discs at permuted places",
}


def figures(
    shown: Mapping[str, xr.Dataset], tables: Mapping[str, xr.Dataset], closest: float
) -> tuple[FigureSpec, ...]:
    """Images with what the discs chose, the discs themselves, couplings wanted and realised, recall and precision."""
    drawn = [_image(name, found, closest) for name, found in shown.items()]
    drawn += [_couplings(name, found) for name, found in shown.items()]
    return (*drawn, _scores(tables))


def _lines(segments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Segments (n, 2, 2) as one broken line."""
    gaps = np.full((len(segments), 1, 2), np.nan)
    x, y = np.concatenate([segments, gaps], axis=1).reshape(-1, 2).T
    return x, y


def _image(name: str, found: xr.Dataset, closest: float) -> FigureSpec:
    segments, figure = found["segments"].to_numpy(), found["figure"].to_numpy() == 1
    chosen, places = found["chosen"].to_numpy() == 1, found["place"].to_numpy()
    kinds: tuple[tuple[str, np.ndarray, Literal["ours", "published", "guide"], int], ...] = (
        ("figure, found", figure & chosen, "ours", 0),
        ("clutter, taken for figure", ~figure & chosen, "published", 0),
        ("figure, missed", figure & ~chosen, "ours", 2),
        ("clutter, left", ~figure & ~chosen, "guide", 3),
    )
    left, right = [], []
    arrow = 0.35 * closest * np.column_stack([np.cos(found["angle"]), np.sin(found["angle"])])
    for label, which, group, tone in kinds:
        if not which.any():
            continue
        left.append(Series(label, *_lines(segments[which]), group=group, tone=tone))
        at = places[which] * _NANO
        right.append(Series("", at[:, 0], at[:, 1], style="points", group=group, tone=tone))
        if label.endswith(("found", "figure")):
            ends = np.stack([places[which] - arrow[which], places[which] + arrow[which]], axis=1) * _NANO
            right.append(Series("", *_lines(ends), group=group, tone=0))
    middle = 0.5 * (places.min(axis=0) + places.max(axis=0)) * _NANO
    half = 0.55 * float(np.ptp(places, axis=0).max()) * _NANO
    x_limits = (float(middle[0] - 1.27 * half), float(middle[0] + 1.27 * half))  # 1.27: the panels' aspect
    y_limits = (float(middle[1] - half), float(middle[1] + half))
    return FigureSpec(
        f"image-{name}",
        f"The {name} among clutter, and the discs that stand for its segments",
        (
            Panel("x", "y", tuple(left), x_limits=(-0.2, 1.2), y_limits=(-0.05, 1.05), title="image"),
            Panel("x (nm)", "y (nm)", tuple(right), x_limits=x_limits, y_limits=y_limits,
                  title="discs; lines: moments of those that are single-domain"),
        ),
        "Vermilion marks mistakes: clutter that the discs took for figure.",
    )  # fmt: skip


def _couplings(name: str, found: xr.Dataset) -> FigureSpec:
    wanted, realised = found["wanted"].to_numpy(), found["realised"].to_numpy()
    index = np.arange(len(wanted))
    above = np.triu_indices(len(wanted), 1)
    line = np.array([0.0, 1.0])
    return FigureSpec(
        f"couplings-{name}",
        f"Couplings of the {name}: wanted and realised",
        (
            Panel("", "", heat=Heat(index, index, wanted, "affinity wanted", contours=False)),
            Panel("", "", heat=Heat(index, index, realised, "coupling realised (E_0)", contours=False)),
            Panel("affinity wanted", "coupling realised (E_0)", (
                Series("", line, line, style="dashed", group="guide"),
                Series("", wanted[above], realised[above], style="points"))),
        ),
        "The first segments are the figure's, in order along the outline; clutter follows.",
    )  # fmt: skip


def _scores(tables: Mapping[str, xr.Dataset]) -> FigureSpec:
    names = tuple(_NAMES.values())
    place = np.arange(len(names), dtype=float)
    panels = []
    for what in ("recall", "precision"):
        values = [np.mean([float(t[f"{what}_{way}"].mean()) for t in tables.values()]) for way in _NAMES]
        panels.append(
            Panel(f"{what} (%)", "", (Series("", 100.0 * np.array(values), place, style="bars"),),
                  x_limits=(0.0, 112.0), categories=names)
        )  # fmt: skip
    return FigureSpec("scores", "Segments of the figure found, and found ones that are the figure's", tuple(panels),
                      "Means over all outlines and images.")  # fmt: skip
