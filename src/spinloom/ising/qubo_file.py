"""Quadratic models as text: D-Wave's .qubo files and plain coordinate lists "i j value".

In both, i = j is the linear coefficient of variable i. A .qubo file begins with "p qubo 0 maxNodes nNodes nCouplers"
and has its diagonal before its couplers. In a coordinate list a comment "# vartype=SPIN" says that the variables are
±1, as dimod writes it; else they are 0 and 1. Entries of the same pair add up, i j and j i alike.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spinloom.errors import InputError
from spinloom.ising.text_file import Lines, integers, read_bytes, table, whole, words

if TYPE_CHECKING:
    import dimod

_VARTYPE = re.compile(r"^\s*#.*vartype\s*=\s*(\w+)", re.IGNORECASE | re.MULTILINE)


def read_qubo(path: str | Path) -> dimod.BinaryQuadraticModel:
    """Read a .qubo file or a coordinate list; the variables are the numbers in the file.

    Raises
    ------
    DataError
        The file cannot be read.
    InputError
        A malformed line by its number, another number of lines than announced, an index that is negative or beyond the
        announced, a value that is not finite, no entry at all.
    """
    path = Path(path)
    text = read_bytes(path).decode("utf-8", errors="replace")
    lines = words(text, ("#", "%", "c"))
    head = lines[0] if lines and lines[0][1][0] == "p" else None
    entries = lines[1:] if head is not None else lines
    if not entries:
        raise InputError(f"{path.name} is empty: it has no line 'i j value'.")
    numbers = table(entries, 3, path.name, "'i j value'")
    pairs = integers(numbers[:, :2], entries, path.name, "variables")
    if pairs.min() < 0:
        number, parts = entries[int(np.flatnonzero((pairs < 0).any(axis=1))[0])]
        raise InputError(f"{path.name}, line {number}: variables are counted from 0, found '{' '.join(parts[:2])}'.")
    if head is not None:
        _check(head, entries, pairs, path.name)
    spin = _VARTYPE.search(text)
    if spin is not None and spin[1].upper() not in ("SPIN", "BINARY"):
        raise InputError(f"{path.name}: vartype={spin[1]} is neither SPIN nor BINARY.")
    return _model(pairs, numbers[:, 2], spin is not None and spin[1].upper() == "SPIN")


def _check(head: tuple[int, list[str]], entries: Lines, pairs: np.ndarray, where: str) -> None:
    """What the line "p qubo topology maxNodes nNodes nCouplers" announces."""
    number, parts = head
    if len(parts) != 6 or parts[1] != "qubo":
        raise InputError(
            f"{where}, line {number}: expected 'p qubo 0 maxNodes nNodes nCouplers', found '{' '.join(parts)[:40]}'."
        )
    most, diagonal, couplers = (whole(word, number, where, "maxNodes, nNodes and nCouplers") for word in parts[3:])
    found = int((pairs[:, 0] == pairs[:, 1]).sum())
    if (found, len(pairs) - found) != (diagonal, couplers):
        raise InputError(
            f"{where}: line {number} announces {diagonal} diagonal entries and {couplers} couplers; the file has "
            f"{found} and {len(pairs) - found}."
        )
    if pairs.max() >= most:
        at = entries[int(np.flatnonzero((pairs >= most).any(axis=1))[0])][0]
        raise InputError(f"{where}, line {at}: line {number} announces the variables 0 to {most - 1}.")


def _model(pairs: np.ndarray, values: np.ndarray, spin: bool) -> dimod.BinaryQuadraticModel:
    import dimod

    labels, positions = np.unique(pairs, return_inverse=True)
    positions = positions.reshape(pairs.shape)
    own = pairs[:, 0] == pairs[:, 1]
    linear = np.bincount(positions[own, 0], weights=values[own], minlength=labels.size)
    both = positions[~own]
    vectors = (both[:, 0], both[:, 1], values[~own])
    vartype = dimod.SPIN if spin else dimod.BINARY
    return dimod.BinaryQuadraticModel.from_numpy_vectors(linear, vectors, 0.0, vartype, variable_order=labels.tolist())
