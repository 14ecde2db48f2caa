"""Clauses as DIMACS files: CNF, WCNF with "p wcnf variables clauses top", and WCNF of the evaluations since 2022.

    p cnf 3 2          p wcnf 3 2 15        h 1 -2 0         hard
    1 -2 0             15 1 -2 0            4 2 3 0          weight 4
    2 3 0              4 2 3 0

With a head a clause ends with 0 and may run over lines, and one that weighs ``top`` or more is hard. Without a head
there is one clause a line. Lines that begin with c are comments. A CNF file's clauses all weigh 1 and are soft: the
energy counts the clauses violated.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from spinloom.errors import InputError
from spinloom.ising.encodings.max_sat import Clauses
from spinloom.ising.text_file import Lines, read_bytes, whole, words


def read_clauses(path: str | Path) -> Clauses:
    """Read a DIMACS file; which of the three forms it has shows in its first line.

    Raises
    ------
    DataError
        The file cannot be read.
    InputError
        A malformed line by its number, more or fewer clauses than announced, a literal beyond the variables announced,
        a weight that is not above 0, no clause.
    """
    path = Path(path)
    lines = words(read_bytes(path).decode("utf-8", errors="replace"), ("c",))
    if not lines:
        raise InputError(f"{path.name} is empty: it has no clause.")
    if lines[0][1][0] == "p":
        return _with_head(lines, path.name)
    return _without_head(lines, path.name)


def _with_head(lines: Lines, where: str) -> Clauses:
    number, head = lines[0]
    kind = head[1] if len(head) > 1 else ""
    if (kind, len(head)) not in (("cnf", 4), ("wcnf", 4), ("wcnf", 5)):
        raise InputError(
            f"{where}, line {number}: expected 'p cnf variables clauses' or 'p wcnf variables clauses top', "
            f"found '{' '.join(head)[:40]}'."
        )
    variables, count = (whole(word, number, where, "variables and clauses") for word in head[2:4])
    top = _weight(head[4], number, where) if len(head) == 5 else math.inf
    found: list[list[int]] = []
    weights: list[float] = []
    clause: list[int] | None = None
    for at, parts in lines[1:]:
        if parts[0] == "%":  # a library of old ends its files with '%' and a lone 0
            break
        for word in parts:
            if clause is None:
                clause = []
                weights.append(_weight(word, at, where) if kind == "wcnf" else 1.0)
                if kind == "wcnf":
                    continue
            literal = whole(word, at, where, "a literal")
            if abs(literal) > variables:
                raise InputError(f"{where}, line {at}: literal {literal}, and line {number} announces {variables}.")
            if literal:
                clause.append(literal)
            else:
                found.append(clause)
                clause = None
    if clause is not None:
        raise InputError(f"{where}: the last clause does not end with 0; the file seems to be cut off.")
    if len(found) != count:
        raise InputError(f"{where}: line {number} announces {count} clauses, and {len(found)} follow.")
    return _clauses(variables, found, [math.inf if weight >= top else weight for weight in weights], where)


def _without_head(lines: Lines, where: str) -> Clauses:
    found: list[list[int]] = []
    weights: list[float] = []
    for number, parts in lines:
        if len(parts) < 2 or parts[-1] != "0":
            raise InputError(
                f"{where}, line {number}: expected 'h literals 0' or 'weight literals 0', "
                f"found '{' '.join(parts)[:40]}'."
            )
        weights.append(math.inf if parts[0] == "h" else _weight(parts[0], number, where))
        found.append([whole(word, number, where, "a literal") for word in parts[1:-1]])
        if 0 in found[-1]:
            raise InputError(f"{where}, line {number}: 0 ends a clause, and stands in the middle of this one.")
    return _clauses(max((abs(x) for clause in found for x in clause), default=0), found, weights, where)


def _weight(word: str, number: int, where: str) -> float:
    try:
        weight = float(word)
    except ValueError:
        weight = math.nan
    if not 0.0 < weight < math.inf:
        raise InputError(f"{where}, line {number}: a weight must be a finite number above 0, found '{word[:20]}'.")
    return weight


def _clauses(variables: int, found: list[list[int]], weights: list[float], where: str) -> Clauses:
    if not found or variables < 1:
        raise InputError(f"{where} is empty: it has no clause.")
    try:
        return Clauses(variables, found, np.array(weights))
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
