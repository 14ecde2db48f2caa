"""Cursive letters as weighted sums of a few basis functions: x(t) and y(t) of a pen, t coded as a current."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import CubicSpline

from spinloom.errors import UnknownNameError
from spinloom.snn import LinearDecoder, Population

if TYPE_CHECKING:
    import xarray as xr

# points that the pen passes, drawn by us; the height of the tall letter is 1
_STROKES: dict[str, tuple[tuple[float, float], ...]] = {
    "a": ((0.72, 0.62), (0.45, 0.8), (0.12, 0.48), (0.2, 0.08), (0.5, 0.16), (0.73, 0.66), (0.7, 0.2), (0.82, 0.0),
          (1.0, 0.14)),
    "c": ((0.72, 0.62), (0.45, 0.8), (0.14, 0.42), (0.36, 0.02), (0.8, 0.16)),
    "e": ((0.0, 0.12), (0.4, 0.3), (0.68, 0.56), (0.46, 0.8), (0.2, 0.5), (0.3, 0.12), (0.6, 0.02), (0.95, 0.2)),
    "l": ((0.0, 0.1), (0.33, 0.42), (0.56, 0.86), (0.45, 1.0), (0.3, 0.75), (0.33, 0.2), (0.55, 0.0), (0.9, 0.15)),
}  # fmt: skip


def letter(name: str, t: np.ndarray) -> np.ndarray:
    """Points (len(t), 2) of a letter's smooth line at t in 0..1, in units of the tall letter's height.

    A cubic spline through the stroke's points; the pen slows down in narrow turns (t grows with the square root of the
    distance between points).
    """
    if name not in _STROKES:
        raise UnknownNameError("letter", name, _STROKES)
    points = np.array(_STROKES[name])
    steps = np.sqrt(np.hypot(*np.diff(points, axis=0).T))
    knots = np.concatenate([[0.0], np.cumsum(steps)])
    return CubicSpline(knots / knots[-1], points)(np.asarray(t, float))


def write(population: Population, name: str, duration: float | None, points: int, seed: int) -> xr.Dataset:
    """A letter written by a population: wanted and decoded points, one count of every junction at each point.

    Returns
    -------
    xarray.Dataset
        ``wanted``, ``written``, ``mean`` (point, axis): as drawn, with the counts of one run, without noise;
        ``systematic`` and ``random`` (scalars): expected root-mean-square distances in closed form.
    """
    import xarray as xr

    t = np.linspace(0.0, 1.0, points)
    current, wanted = population.current(t), letter(name, t)
    decoder = LinearDecoder.fit(population, current, wanted, duration)
    rates = population.rates(current)
    noisy = rates if duration is None else population.measure(current, duration, seed)
    systematic, random = decoder.expected_error(population, current, wanted, duration)
    return xr.Dataset(
        {
            "wanted": (("point", "axis"), wanted),
            "written": (("point", "axis"), decoder(noisy)),
            "mean": (("point", "axis"), decoder(rates)),
            "systematic": float(np.hypot(*systematic)),
            "random": float(np.hypot(*random)),
        },
        coords={"axis": ["x", "y"]},
    )


def distance(found: xr.Dataset) -> float:
    """Root-mean-square distance of written and wanted points, in units of the tall letter's height."""
    return float(np.sqrt(((found["written"] - found["wanted"]) ** 2).sum("axis").mean()))
