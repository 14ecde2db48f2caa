"""Graphs as rudy writes them and the G-set has them: "nodes edges", then "i j weight" a line, counted from 1.

References
----------
C. Helmberg, F. Rendl, SIAM J. Optim. 10, 673 (2000), doi:10.1137/S1052623497328987 (the G-set).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from spinloom.errors import InputError
from spinloom.ising.encodings.max_cut import MaxCut
from spinloom.ising.text_file import integers, read_bytes, table, words


def read_graph(path: str | Path) -> MaxCut:
    """Read a graph; an edge without a weight weighs 1. Lines that begin with # or % are comments.

    Raises
    ------
    DataError
        The file cannot be read.
    InputError
        A malformed line by its number, more or fewer edges than announced, an end outside 1 to n, an edge from a node
        to itself, a weight that is not finite.
    """
    path = Path(path)
    where = path.name
    lines = words(read_bytes(path).decode("utf-8", errors="replace"))
    if not lines:
        raise InputError(f"{where} is empty.")
    nodes, edges = integers(table(lines[:1], 2, where, "'nodes edges'"), lines, where, "nodes and edges")[0]
    lines = lines[1:]
    if nodes < 1:
        raise InputError(f"{where}: a graph of {nodes} nodes is empty: there is nothing to solve.")
    if len(lines) != edges:
        raise InputError(f"{where}: its first line announces {edges} edges, and {len(lines)} follow.")
    columns = 2 if lines and len(lines[0][1]) == 2 else 3
    numbers = table(lines, columns, where, "'i j weight'" if columns == 3 else "'i j'")
    ends = integers(numbers[:, :2], lines, where, "the ends of an edge")
    wrong = (ends < 1) | (ends > nodes)
    if wrong.any():
        number, parts = lines[np.flatnonzero(wrong.any(axis=1))[0]]
        raise InputError(f"{where}, line {number}: nodes are 1 to {nodes}, found '{' '.join(parts[:2])}'.")
    loops = np.flatnonzero(ends[:, 0] == ends[:, 1])
    if loops.size:
        raise InputError(f"{where}, line {lines[loops[0]][0]}: an edge joins a node to itself, which is never cut.")
    weights = numbers[:, 2] if columns == 3 else np.ones(len(lines))
    return MaxCut(int(nodes), ends[:, 0] - 1, ends[:, 1] - 1, weights)
