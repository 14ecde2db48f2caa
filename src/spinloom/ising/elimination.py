"""Exact sums over sparse problems of any size: spins summed out one by one, each with its neighbours.

Summing a spin out of exp(-beta E) leaves a table over its neighbours, 2 to their number of entries. Taken in a good
order (the spin with the fewest neighbours first) circuits, trees, chains and narrow lattices never need a large one.
All tables hold logarithms, so that no temperature is too low: as beta grows, ln Z + beta E_0 becomes the logarithm of
the number of ground states.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spinloom.errors import InputError, UnknownNameError
from spinloom.ising.exact import LARGEST

if TYPE_CHECKING:
    from spinloom.ising.problem import Problem


class _Table(NamedTuple):
    """Logarithms over the states of spins: axis k is spin k of ``spins`` (sorted), index 1 is +1."""

    spins: tuple[int, ...]
    logs: np.ndarray


def log_partition(problem: Problem, beta: float = 1.0) -> float:
    """ln Z, Z the sum of exp(-beta E) over all states.

    Raises
    ------
    InputError
        Couplings so dense that a table of more than 24 spins would be needed.
    """
    return float(_reduced(problem, beta, ()))


def distribution(problem: Problem, beta: float, spins: Iterable[Hashable]) -> np.ndarray:
    """P of every state of some spins (labels), the others summed out; shape (2^k,) by state number, bit 0 the first.

    Raises
    ------
    UnknownNameError
        A label that is no spin's.
    InputError
        More than 24 spins, or couplings so dense that a table of more would be needed.
    """
    place = {label: i for i, label in enumerate(problem.labels)}
    wanted = list(spins)
    for label in wanted:
        if label not in place:
            raise UnknownNameError("spin", str(label), map(str, problem.labels))
    kept = [place[label] for label in wanted]
    logs = _reduced(problem, beta, tuple(sorted(kept)))
    order = sorted(kept)
    logs = logs.transpose([order.index(spin) for spin in reversed(kept)]).reshape(-1)  # the last axis runs fastest
    p = np.exp(logs - logs.max())
    return p / p.sum()


def _reduced(problem: Problem, beta: float, kept: tuple[int, ...]) -> np.ndarray:
    """ln of the sum of exp(-beta E) over all spins but the kept ones, which have an axis of 2 each, in order."""
    tables = _tables(problem, beta)
    around: dict[int, set[int]] = {i: set() for i in range(len(problem.fields))}
    for spins, _ in tables:
        for spin in spins:
            around[spin].update(other for other in spins if other != spin)
    turn = _order(around, set(kept))
    of: dict[int, list[_Table]] = {spin: [] for spin in around}
    done = np.float64(-beta * problem.offset)

    def place(table: _Table) -> None:
        of[min(table.spins, key=lambda spin: turn.get(spin, len(turn)))].append(table)

    for table in tables:
        place(table)
    for spin in turn:
        # a table lies with the first of its spins to go, so all tables with this spin are here
        joined = _joined(of.pop(spin), (spin,))
        axis = joined.spins.index(spin)
        logs = np.logaddexp(joined.logs.take(0, axis), joined.logs.take(1, axis))
        left = joined.spins[:axis] + joined.spins[axis + 1 :]
        if left:
            place(_Table(left, logs))
        else:
            done = done + logs
    rest = [table for spin in kept for table in of[spin]]
    return done + _joined(rest, kept).logs


def _tables(problem: Problem, beta: float) -> list[_Table]:
    spin = np.array([-1.0, 1.0])
    found = [_Table((i,), -beta * float(h) * spin) for i, h in enumerate(problem.fields)]
    rows = np.repeat(np.arange(len(problem.fields)), np.diff(problem.pointers))
    for i, j, value in zip(rows.tolist(), problem.neighbours.tolist(), problem.couplings.tolist(), strict=True):
        if i < j:
            found.append(_Table((i, j), -beta * value * np.outer(spin, spin)))
    return found


def _order(around: dict[int, set[int]], kept: set[int]) -> dict[int, int]:
    """When each spin is summed out: always the one with the fewest neighbours, who then know each other."""
    around = {spin: set(near) for spin, near in around.items()}
    turn: dict[int, int] = {}
    left = set(around) - kept
    while left:
        spin = min(left, key=lambda i: (len(around[i]), i))
        near = around.pop(spin)
        if len(near) >= LARGEST:
            raise InputError(
                f"Summing spins out would need a table of 2^{len(near) + 1} numbers (at most 2^{LARGEST}): the "
                "problem is too dense for exact sums. Hold some spins, or sample it."
            )
        for i in near:
            around[i] |= near - {i}
            around[i].discard(spin)
        turn[spin] = len(turn)
        left.remove(spin)
    if len(kept) > LARGEST:
        raise InputError(f"{len(kept)} spins have 2^{len(kept)} states; ask for at most {LARGEST}.")
    return turn


def _joined(tables: list[_Table], least: tuple[int, ...]) -> _Table:
    """The sum of tables, over all their spins and those of ``least``."""
    spins = tuple(sorted({*least, *(spin for table in tables for spin in table.spins)}))
    logs = np.zeros((2,) * len(spins))
    for table in tables:
        logs += table.logs.reshape([2 if spin in table.spins else 1 for spin in spins])
    return _Table(spins, logs)
