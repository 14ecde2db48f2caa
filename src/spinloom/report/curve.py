"""The figure of a switching curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.units import pretty

if TYPE_CHECKING:
    import xarray as xr


def curve_figure(measured: xr.DataArray, fits: Sequence[tuple[float | None, float | None]]) -> FigureSpec:
    """P_sw(I) with binomial error bars where there are trials, and the fitted sigmoids.

    Parameters
    ----------
    measured : xr.DataArray
        Dimensions pulse_width and current [A]; attribute ``trials`` (0 where the curve is exact).
    fits : sequence of (k [1/A], c [A])
        One a pulse width; None where there is no fit.
    """
    current = measured.current.values
    trials = int(measured.attrs.get("trials", 0) or 0)
    series: list[Series] = []
    for i, (k, c) in enumerate(fits):
        share = measured.values[i]
        error = np.sqrt(np.maximum(share * (1 - share), 1 / trials) / trials) if trials else None
        name = pretty(float(measured.pulse_width.values[i]), "s")
        series.append(Series(name, current * 1e6, share, error=error, style="points"))
        if k is not None and c is not None:
            dense = np.linspace(float(current.min()), float(current.max()), 300)
            label = f"fit: k = {k / 1e6:.3g} /µA, c = {c * 1e6:.3g} µA"
            series.append(Series(label, dense * 1e6, 1 / (1 + np.exp(-k * (dense + c))), style="line"))
    panel = Panel("current $I$ (µA)", "switching probability $P_{sw}$", tuple(series), y_limits=(-0.03, 1.03))
    method = str(measured.attrs.get("method", ""))
    return FigureSpec("curve", "Switching probability", (panel,), f"Method: {method}.")
