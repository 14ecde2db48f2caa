"""Figures of replicated p-bits: Trotter's error, means over the field, correlations along a chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.figure import FigureSpec, Panel, Series

if TYPE_CHECKING:
    import xarray as xr


def figures(parts: Mapping[str, xr.Dataset], settings: Mapping[str, Any]) -> tuple[FigureSpec, ...]:
    """All of them."""
    return (_error(parts, settings), _field(parts, settings), _chain(parts["long"], settings))


def _error(parts: Mapping[str, xr.Dataset], settings: Mapping[str, Any]) -> FigureSpec:
    exact, sampled = parts["trotter"], parts["sampled"]
    n, true = exact["slices"].values.astype(float), float(exact["exact"])
    names = exact["problem"].values
    lines = [Series(str(name), n, exact["error"].values[row], tone=row) for row, name in enumerate(names)]
    guide = exact["error"].values[0, -1] * (n[-1] / n) ** 2
    points = Series(
        "pair, sampled", sampled["slices"].values.astype(float), np.abs(sampled["zz"].values - true),
        sampled["zz_error"].values, style="points", tone=0,
    )  # fmt: skip
    left = Panel(
        "replicas n", "error of <zz>", (*lines, points, Series("1/n²", n, guide, style="dashed", group="guide")),
        x_scale="log", y_scale="log", title="with J = -1/2 ln tanh(βΓ/n)",
    )  # fmt: skip
    right = Panel(
        "replicas n", "<zz> of the pair",
        (
            Series("with the half", n, exact["pair"].values[0], style="both"),
            Series("without it", n, exact["pair"].values[1], style="both"),
            Series("exact", n, np.full(n.size, true), style="dashed", group="guide"),
        ),
        x_scale="log", title="the half left out",
    )  # fmt: skip
    return FigureSpec(
        "trotter", "Error of n replicas", (left, right),
        f"Exact means of n Trotter replicas by their transfer matrix against diagonalisation, β = {settings['beta']}, "
        f"Γ = {settings['field']}; bars are standard errors of samples.",
    )  # fmt: skip


def _field(parts: Mapping[str, xr.Dataset], settings: Mapping[str, Any]) -> FigureSpec:
    network, circuit = parts["network"], parts["circuit"]
    panels = []
    for quantity, label in (("zz", "<z z> of neighbours"), ("x", "<x>")):
        here, field = network.sel(quantity=quantity), network["field"].values
        series = [
            Series("exact", field, here["exact"].values, group="guide"),
            Series("n replicas, exact", field, here["replicas"].values, style="dashed"),
            Series("p-bits one by one", field, here["mean"].values, here["error"].values, style="points"),
        ]
        for way in circuit["way"].values:
            one = circuit.sel(way=way, quantity=quantity)
            series.append(Series(f"free-running, {way}", circuit["field"].values, one["mean"].values,
                                 one["error"].values, style="points"))  # fmt: skip
        panels.append(Panel("Γ/J", label, tuple(series)))
    wanted = settings["network"]
    caption = f"Ring of {wanted['spins']} qubits as {wanted['slices']} replicas of p-bits, β = {settings['beta']}/J."
    return FigureSpec("field", "Means over the transverse field", tuple(panels), caption)


def _chain(long: xr.Dataset, settings: Mapping[str, Any]) -> FigureSpec:
    distance, wanted = long["distance"].values.astype(float), settings["long"]
    panel = Panel(
        "distance L", "<z z>",
        (
            Series("endless chain", distance, long["exact"].values, group="guide"),
            Series("replicas of p-bits", distance, long["mean"].values, long["error"].values, style="points"),
        ),
        y_scale="log",
    )  # fmt: skip
    caption = (
        f"{wanted['spins']} qubits in {wanted['slices']} replicas, β = {wanted['beta']}/J, Γ = {wanted['field']} J, "
        f"{wanted['reads'] * wanted['sweeps']} samples; the line is the closed form of free fermions."
    )
    return FigureSpec("chain", "Correlations along a chain", (panel,), caption)
