"""Figures of a search for low energies: the best value against time, how the reads spread, and a tour on its map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spinloom.experiments.figure import FigureSpec, Panel, Series

_BINS = 40


def search_figure(
    title: str,
    quantity: str,
    times: Sequence[float] | np.ndarray,
    best: Sequence[float] | np.ndarray,
    values: Sequence[float] | np.ndarray,
    target: float | None = None,
    caption: str = "",
) -> FigureSpec:
    """The best value found so far against time, and the histogram of the reads' values.

    Parameters
    ----------
    title, quantity : str
        Of the problem, and what its values are called.
    times, best : sequence of float
        Seconds, and the best value at each; it holds until the next.
    values : sequence of float
        The value that each read ended with; drawn where there is more than one.
    target : float, optional
        Drawn as a line across.
    caption : str
        Printed under the figure.
    """
    times, best = np.asarray(times, dtype=float), np.asarray(best, dtype=float)
    values = np.asarray(values, dtype=float)
    series = [Series("best so far", np.repeat(times, 2)[1:], np.repeat(best, 2)[:-1])]
    if target is not None:
        series.append(Series("target", times[[0, -1]], np.full(2, target), style="dashed", group="guide"))
    panels = [Panel("time $t$ (s)", quantity, tuple(series))]
    if values.size > 1:
        edges, counts = histogram(values)
        steps = Series(
            f"{values.size} reads", np.repeat(edges, 2), np.concatenate([[0.0], np.repeat(counts, 2), [0.0]])
        )
        panels.append(Panel(f"{quantity}, the best of each read", "reads", (steps,)))
    return FigureSpec("search", title, tuple(panels), caption)


def histogram(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Edges (bins + 1,) and counts (bins,): one bin a value where whole steps allow it, 40 equal ones else."""
    distinct = np.unique(values)
    step = float(np.diff(distinct).min()) if distinct.size > 1 else 1.0
    places = (distinct - distinct[0]) / step
    if places[-1] < _BINS and np.allclose(places, np.rint(places), atol=1e-6):
        edges = distinct[0] + step * (np.arange(round(places[-1]) + 2) - 0.5)
    else:
        edges = np.linspace(distinct[0], distinct[-1], _BINS + 1)
    counts, _ = np.histogram(values, edges)
    return edges, counts.astype(float)


def tour_figure(title: str, coordinates: np.ndarray, tour: Sequence[int], length: float) -> FigureSpec:
    """A closed tour on the map of its cities.

    Parameters
    ----------
    title : str
        Of the problem.
    coordinates : ndarray, shape (n, 2)
        Where the cities lie.
    tour : sequence of int
        The cities in order, from 0.
    length : float
        Printed with it.
    """
    places = coordinates[[*tour, tour[0]]]
    series = Series(f"length {length:g}", places[:, 0], places[:, 1], style="both")
    return FigureSpec("tour", title, (Panel("$x$", "$y$", (series,)),))
