"""What a figure shows, said without drawing it: the report room alone knows how to draw.

A protocol returns figures as plain values, so that a run needs no drawing library and a figure can be tested by what it
says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np


@dataclass(frozen=True)
class Series:
    """One curve or set of points.

    Attributes
    ----------
    label : str
        Text of the legend; empty for none.
    x, y : np.ndarray
        Values in the units of the axis labels, shape (n,).
    error : np.ndarray or None
        Half length of the error bars, shape (n,).
    band : tuple of two np.ndarray or None
        Lower and upper edge of a shaded band, shape (n,) each.
    style : {"line", "points", "both", "dashed", "bars"}
        How it is drawn; bars lie: x is their length, y their place.
    group : {"ours", "published", "guide"}
        Whose values these are; each group has one fixed colour family.
    tone : int or None
        Shade within the family; the same number lets points and their line share one. None takes the next.
    """

    label: str
    x: np.ndarray
    y: np.ndarray
    error: np.ndarray | None = None
    band: tuple[np.ndarray, np.ndarray] | None = None
    style: Literal["line", "points", "both", "dashed", "bars"] = "line"
    group: Literal["ours", "published", "guide"] = "ours"
    tone: int | None = None


@dataclass(frozen=True)
class Heat:
    """A field over a grid, drawn as a map with contour lines: z[i, j] belongs to y[i], x[j].

    Without ``contours`` it is drawn cell by cell: as an image is, with equal scales and no ticks, or ``stretched`` over
    the panel's axes. Without a ``label`` no scale of colours stands beside it.
    """

    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    label: str
    contours: bool = True
    stretched: bool = False


@dataclass(frozen=True)
class Panel:
    """One pair of axes; labels carry symbol and unit. ``categories`` names places on y for lying bars, on x else."""

    x_label: str
    y_label: str
    series: tuple[Series, ...] = ()
    heat: Heat | None = None
    x_scale: Literal["linear", "log"] = "linear"
    y_scale: Literal["linear", "log"] = "linear"
    x_limits: tuple[float, float] | None = None
    y_limits: tuple[float, float] | None = None
    title: str = ""
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class FigureSpec:
    """A figure: file name (no ending), title, panels side by side, and the caption printed under it."""

    name: str
    title: str
    panels: tuple[Panel, ...]
    caption: str = ""
