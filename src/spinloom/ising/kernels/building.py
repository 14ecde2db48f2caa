"""From a list of edges to both directions of every coupling, in place: 24 bytes an edge and nothing besides."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from spinloom.engines import launch


def _build(rows, columns, values, pointers, neighbours, couplings):
    """Fill the rows of a symmetric sparse matrix; equal edges add up, each row ends sorted by coupling.

    ``pointers`` (n + 1,) zero, ``neighbours`` and ``couplings`` (2 edges,). Returns how many entries are left.
    """
    spins = pointers.size - 1
    for e in range(rows.size):
        pointers[rows[e] + 1] += 1
        pointers[columns[e] + 1] += 1
    for i in range(spins):
        pointers[i + 1] += pointers[i]
    place = pointers[:spins].copy()
    for e in range(rows.size):
        i, j, value = rows[e], columns[e], values[e]
        neighbours[place[i]], couplings[place[i]] = j, value
        place[i] += 1
        neighbours[place[j]], couplings[place[j]] = i, value
        place[j] += 1
    kept, begin = 0, 0
    for i in range(spins):
        end = pointers[i + 1]
        order = np.argsort(neighbours[begin:end], kind="mergesort")
        some, strengths = neighbours[begin:end][order], couplings[begin:end][order]
        count = 0
        for k in range(end - begin):
            if count > 0 and some[count - 1] == some[k]:
                strengths[count - 1] += strengths[k]
            else:
                some[count], strengths[count] = some[k], strengths[k]
                count += 1
        order = np.argsort(strengths[:count], kind="mergesort")
        for k in range(count):
            neighbours[kept + k], couplings[kept + k] = some[order[k]], strengths[order[k]]
        begin, kept = end, kept + count
        pointers[i + 1] = kept
    return kept


@functools.cache
def build_kernel() -> Any:
    """The compiled builder."""
    return launch.compiled(_build, {})
