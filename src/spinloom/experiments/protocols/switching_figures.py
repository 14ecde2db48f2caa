"""Figures of the switching reproduction, said without drawing them."""

from __future__ import annotations

import numpy as np
import xarray as xr

from spinloom.experiments.figure import FigureSpec, Heat, Panel, Series
from spinloom.experiments.protocols.switching_curves import MICRO, NANO, Curves
from spinloom.experiments.spec import Reproduction

_CURRENT = "current $I$ (µA)"
_PROBABILITY = "switching probability $P_{sw}$"
_LEFT_OVER = "trajectories less Fokker-Planck"
_SHOWN = (-6.0, 18.0)
"""Currents shown [µA]; beyond, every curve is 0 or 1."""


def figures(
    spec: Reproduction, low: Curves, high: Curves, grid: xr.Dataset, path: xr.Dataset
) -> tuple[FigureSpec, ...]:
    """Curves against the printed ones, two barriers, k and c against width, and the map with the path of constant c."""
    printed = {e.quantity: e.published for e in spec.expect if isinstance(e.published, float)}
    return (
        _curve_figure(low, printed),
        _barrier_figure(low, high),
        _k_c_figure(low, high, printed),
        _map_figure(grid, path),
    )


def _points(found: Curves, row: int, label: str, tone: int) -> Series:
    current = found.trajectories.current.values * MICRO
    share, error = found.trajectories.values[row], found.binomial_error()[row]
    return Series(label, current, share, error=error, style="points", tone=tone)


def _curve_figure(found: Curves, printed: dict[str, float]) -> FigureSpec:
    """P_sw(I) with the printed sigmoids, and what is left between trajectories and the exact solution."""
    dense = found.dense.current.values * MICRO
    shown: list[Series] = []
    left: list[Series] = []
    for row, ns in enumerate(found.fits):
        shown += [_points(found, row, f"{ns} ns", row), Series("", dense, found.dense.values[row], tone=row)]
        gap = found.trajectories.values[row] - found.exact.values[row]
        current = found.trajectories.current.values * MICRO
        left.append(Series("", current, gap, error=found.binomial_error()[row], style="points", tone=row))
    for ns in (30, 200):
        k, c = printed.get(f"k.{ns}ns"), printed.get(f"c.{ns}ns")
        if k is not None and c is not None:
            label = f"published: {ns} ns, k = {k:g} /µA, c = {c:g} µA"
            shown.append(Series(label, dense, 1 / (1 + np.exp(-k * (dense + c))), group="published"))
    ends = np.array([dense[0], dense[-1]])
    left.append(Series("", ends, np.zeros(2), style="dashed", group="guide"))
    return FigureSpec(
        "switching_probability",
        f"Switching probability, Δ = {found.junction.thermal_stability():.3g}",
        (
            Panel(_CURRENT, _PROBABILITY, tuple(shown), x_limits=_SHOWN, y_limits=(-0.03, 1.03)),
            Panel(_CURRENT, r"$\Delta P_{sw}$", tuple(left), x_limits=_SHOWN, y_limits=(-0.08, 0.08), title=_LEFT_OVER),
        ),
        f"Left: points are shares of {found.trials} trajectories with their standard error, lines are the exact "
        "solution of the Fokker-Planck equation (no number is fitted), beside the published sigmoids. "
        "Right: trajectories less exact solution.",
    )


def _barrier_figure(low: Curves, high: Curves) -> FigureSpec:
    """Fig. 3.14: the curve at two barriers and one width."""
    series: list[Series] = []
    width = 30 if 30 in low.fits else next(iter(low.fits))
    for tone, found in enumerate((low, high)):
        row = list(found.fits).index(width)
        fit = found.fits[width]
        dense = found.dense.current.values
        series.append(_points(found, row, f"Δ = {found.junction.thermal_stability():.3g}", tone))
        label = f"fit: k = {fit.k / MICRO:.2f} /µA, c = {fit.c * MICRO:.2f} µA"
        series.append(Series(label, dense * MICRO, np.asarray(fit(dense)), tone=tone))
    panel = Panel(_CURRENT, _PROBABILITY, tuple(series), x_limits=(-3, 16), y_limits=(-0.03, 1.03))
    return FigureSpec(
        "barrier",
        f"Two energy barriers, {width} ns",
        (panel,),
        "A lower barrier moves the curve to the left; the slope changes a little too (thesis fig. 3.14: it does not).",
    )


def _k_c_figure(low: Curves, high: Curves, printed: dict[str, float]) -> FigureSpec:
    """Fig. 3.12: k and c against pulse width at both barriers, with the printed pairs."""
    panels = []
    for name, label in (("k", "slope $k$ (1/µA)"), ("c", "offset $c$ (µA)")):
        series: list[Series] = []
        for found in (low, high):
            widths = np.array(list(found.fits), dtype=float)
            metrics = [getattr(found, name)(int(width)) for width in widths]
            values = np.array([metric.number for metric in metrics])
            error = np.array([1.96 * (metric.error or 0.0) for metric in metrics])
            text = f"here, Δ = {found.junction.thermal_stability():.3g}"
            series.append(Series(text, widths, values, error=error, style="both"))
        pairs = [(ns, printed[f"{name}.{ns}ns"]) for ns in (30, 200) if f"{name}.{ns}ns" in printed]
        if pairs:
            x, y = np.array(pairs, dtype=float).T
            series.append(Series("published, Δ = 7.5 (fig. 3.5)", x, y, style="points", group="published"))
        panels.append(Panel("pulse width $t$ (ns)", label, tuple(series), x_limits=(0, 210)))
    return FigureSpec(
        "k_and_c",
        "Slope and offset against pulse width",
        tuple(panels),
        "Fitted k and c with 95 % intervals, and the printed pairs.",
    )


def _map_figure(grid: xr.Dataset, path: xr.Dataset) -> FigureSpec:
    """Fig. 3.15 and 3.16: k and c over pulse width and barrier, with the path of constant c."""
    widths, barriers = grid.pulse_width.values * NANO, grid["barrier"].values
    way = Series(
        f"c = {float(path.attrs['c']) * MICRO:g} µA",
        path.pulse_width.values * NANO,
        path["barrier"].values,
        style="both",
    )
    panels = []
    for name, factor, label in (("k", 1 / MICRO, "slope $k$ (1/µA)"), ("c", MICRO, "offset $c$ (µA)")):
        values = grid[name].transpose("barrier", "pulse_width").values * factor
        heat = Heat(widths, barriers, values, label)
        panels.append(Panel("pulse width $t$ (ns)", "energy barrier Δ", (way,), heat))
    return FigureSpec(
        "map",
        "Slope and offset over pulse width and barrier",
        tuple(panels),
        "Changing pulse width and barrier together along the line moves k at constant c (thesis fig. 3.15, 3.16).",
    )
