"""The figure of a tuning curve: flip rate over current, in closed form and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.responses.tuning import Tuning
from spinloom.responses.tuning_file import Per
from spinloom.units import pretty

if TYPE_CHECKING:
    import xarray as xr


def tuning_figure(
    curve: Tuning, current: np.ndarray, counted: xr.DataArray | None = None, per: Per = "flip", name: str = "tuning"
) -> FigureSpec:
    """The bell over the currents [A], with the rates counted in simulation or measurement and their standard errors.

    Parameters
    ----------
    curve : Tuning
    current : ndarray (n,)
        [A]; the line covers their range.
    counted : xarray.DataArray or None
        Flips a second over ``current`` [A], with a coordinate ``error`` where it is known.
    per : {"flip", "cycle"}
        What is drawn.
    name : str
        File name of the figure, without ending.
    """
    factor = 1.0 if per == "flip" else 0.5
    dense = np.linspace(float(current.min()), float(current.max()), 401)
    series = [Series("closed form", dense * 1e6, curve(dense, per), tone=0)]
    if counted is not None:
        error = factor * counted["error"].values if "error" in counted.coords else None
        amperes, rate = counted["current"].values * 1e6, factor * counted.values
        series.insert(0, Series(_label(counted), amperes, rate, error=error, style="points", tone=0))
    half = np.array([curve.centre - curve.half_width, curve.centre + curve.half_width])
    width = f"half width {pretty(curve.half_width, 'A')}"
    series.append(Series(width, half * 1e6, np.full(2, 0.5 * factor * curve.peak), style="dashed", group="guide"))
    top = 1.08 * max(float(np.max(one.y + (0.0 if one.error is None else one.error))) for one in series)
    panel = Panel(
        "current $I$ (µA)",
        f"{per} rate $r$ ({per}s/s)",
        tuple(series),
        x_limits=(float(dense[0]) * 1e6, float(dense[-1]) * 1e6) if dense[-1] > dense[0] else None,
        y_limits=(0.0, top),
    )
    return FigureSpec(name, curve.source or "Tuning curve", (panel,), f"{curve}. A cycle is two flips.")


def _label(counted: xr.DataArray) -> str:
    duration, trials = counted.attrs.get("duration"), counted.attrs.get("trials", 1)
    if duration is None:
        return "counted"
    return f"counted for {pretty(float(duration), 's')}" + (f", {trials} times" if trials > 1 else "")
