"""Figures of max-cut against the clock: gaps of every graph, and the course of some runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.experiments.protocols.max_cut_samplers import PEERS, peer_of

if TYPE_CHECKING:
    import xarray as xr

_NAMES = {"annealing": "annealing", "tempering": "tempering", "cluster_tempering": "tempering, clusters"}


def of(data: xr.Dataset, methods: tuple[str, ...], traced: tuple[str, ...]) -> tuple[FigureSpec, ...]:
    """All figures of a run."""
    shown = tuple(name for name in traced if name in data["graph"].to_numpy())
    return (_gaps(data, methods), *((_courses(data, methods, shown),) if shown else ()))


def _gap(data: xr.Dataset) -> xr.DataArray:
    return 100.0 * (1.0 - data["cut"].median("run") / data["best_known"])


def _gaps(data: xr.Dataset, methods: tuple[str, ...]) -> FigureSpec:
    """One panel a time: gap to the best known cut of each graph, by sampler."""
    gap = _gap(data)
    graphs = [str(name) for name in data["graph"].to_numpy()]
    places = np.arange(len(graphs), dtype=float)
    labels = [str(name) for name in data["sampler"].to_numpy()]
    panels = []
    for limit in data["limit"].to_numpy():
        here = gap.sel(limit=limit)
        series = [
            Series(f"ours, {_NAMES[name]}", places, here.sel(sampler=name).to_numpy(), style="points")
            for name in methods
        ]
        for peer in PEERS:
            mine = [name for name in labels if peer_of(name) == peer]
            if mine:
                default = here.sel(sampler=peer).to_numpy()
                series.append(Series(f"{peer}, default", places, default, style="points", group="published"))
            if len(mine) > 1:
                best = here.sel(sampler=mine).min("sampler").to_numpy()
                text = f"{peer}, best number of sweeps"
                series.append(Series(text, places, best, style="points", group="guide"))
        panels.append(
            Panel("graph", "below the best known cut (%)", tuple(series), title=f"{limit}, one core",
                  categories=tuple(graphs))
        )  # fmt: skip
    caption = "Medians of the runs; 0 is the best cut known. All samplers ran in turns on the same core."
    return FigureSpec("gaps", "Cuts against the clock", tuple(panels), caption)


def _courses(data: xr.Dataset, methods: tuple[str, ...], graphs: tuple[str, ...]) -> FigureSpec:
    """One panel a graph: the lowest gap so far against time in the longest run; peers are points at their ends."""
    last = data["limit"].to_numpy()[-1]
    panels = []
    for name in graphs:
        here = data.sel(graph=name)
        best = float(here["best_known"])
        series = []
        for method in methods:
            run = here.sel(sampler=method, limit=last)
            cut, seconds = run["trace_cut"].to_numpy(), run["trace_seconds"].to_numpy()
            seen = np.isfinite(cut)
            series.append(Series(f"ours, {_NAMES[method]}", seconds[seen], 100.0 * (1.0 - cut[seen] / best)))
        for peer in PEERS:
            if peer in here["sampler"].to_numpy():
                ends = here.sel(sampler=peer)
                gaps = 100.0 * (1.0 - ends["cut"].median("run").to_numpy() / best)
                seconds = ends["seconds"].median("run").to_numpy()
                series.append(Series(f"{peer}, default", seconds, gaps, style="points", group="published"))
        panels.append(
            Panel("time (s)", "below the best known cut (%)", tuple(series), title=str(name), x_scale="log",
                  y_limits=(0.0, 3.0))
        )  # fmt: skip
    caption = f"The best cut so far in a run of {last}; annealing finds its best only as its temperature falls."
    return FigureSpec("courses", "The course of a run", tuple(panels), caption)
