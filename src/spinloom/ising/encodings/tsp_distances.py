"""Distances between cities, checked, and what follows from them alone: lengths, neighbours, a first tour."""

from __future__ import annotations

from typing import Any

import numpy as np

from spinloom.errors import InputError
from spinloom.ising.tsplib import TspInstance


def checked_distances(instance: TspInstance | Any) -> np.ndarray:
    """Distances as float64 (N, N), or InputError: not square, NaN, below 0, not symmetric, fewer than 4 cities."""
    table = np.asarray(instance.distances if isinstance(instance, TspInstance) else instance)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or table.dtype.kind not in "iuf":
        raise InputError(f"Distances are a square table of numbers; this one has shape {table.shape}.")
    if len(table) < 4:
        raise InputError(f"{len(table)} cities have one tour only; give 4 or more.")
    table = np.ascontiguousarray(table, dtype=np.float64)
    if not np.isfinite(table).all() or table.min() < 0.0:
        i, j = np.argwhere(~(np.isfinite(table) & (table >= 0.0)))[0]
        raise InputError(f"The distance from city {i} to city {j} is {table[i, j]}; each must be finite, 0 or more.")
    if not np.array_equal(table, table.T):
        i, j = np.argwhere(table != table.T)[0]
        raise InputError(
            f"From city {i} to city {j} it is {table[i, j]:g}, back {table[j, i]:g}: pieces are turned round here, so "
            "both ways must be as long."
        )
    return table


def tour_length(distances: np.ndarray, order: np.ndarray) -> float:
    """Length of the closed tour."""
    return float(distances[order, np.roll(order, -1)].sum())


def nearest_neighbour(distances: np.ndarray, first: int = 0) -> np.ndarray:
    """The tour that always goes on to the nearest city not yet visited, int64 (N,)."""
    order = np.empty(len(distances), np.int64)
    free = np.ones(len(distances), bool)
    here = first
    for k in range(order.size):
        order[k], free[here] = here, False
        here = int(np.argmin(np.where(free, distances[here], np.inf)))
    return order


def neighbours(distances: np.ndarray, count: int) -> np.ndarray:
    """The ``count`` nearest other cities of each, nearest first, int64 (N, count)."""
    near = np.empty((len(distances), count), np.int64)
    for city, row in enumerate(distances):
        others = np.where(np.arange(row.size) == city, np.inf, row)
        some = np.argpartition(others, count - 1)[:count]
        near[city] = some[np.lexsort((some, others[some]))]
    return near
