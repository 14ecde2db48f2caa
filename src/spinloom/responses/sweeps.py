"""Measured pulses -> sweeps: which rows are one potentiation or one depression, and from which state each starts.

A file that names cycle and direction is taken at its word. Where it does not:

- the pulse index starting again, or counting down after it has counted up, begins a new sweep;
- within one run of the index, potentiation turns into depression where the conductance turns by more than a quarter of
  the whole range. A saturated device under noise has its extreme a few pulses early or late: where a protocol that
  repeats itself explains the extremes within 5 % of the range, its turning points are taken;
- the state before a sweep's first pulse is the row before it, unless that row's conductance was measured again as the
  sweep's first (it lies nearer than half of the first step), or the index starts at 0.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spinloom.errors import DataError

_TURN = 0.25
"""Share of the range by which the conductance must come back before that is called a turn."""
_EXTREME = 0.05
"""Share of the range by which a regular turning point may miss the extreme."""


@dataclass(frozen=True)
class Rows:
    """The file's rows in their order; conductance [S], cycle and direction (+1 or -1) None where not given."""

    line: np.ndarray
    pulse: np.ndarray
    conductance: np.ndarray
    cycle: np.ndarray | None = None
    direction: np.ndarray | None = None


@dataclass(frozen=True)
class Sweep:
    """Pulses of one direction: conductance [S] after ``pulses`` of them; 0 is the state before the first.

    ``direction`` is "potentiation" or "depression"; both arrays have shape (points,), pulses rise.
    """

    direction: str
    cycle: int
    pulses: np.ndarray
    conductance: np.ndarray


@dataclass
class _Part:
    """Rows first to last of one sweep."""

    first: int
    last: int
    sign: int
    cycle: int
    zero: bool
    """The index starts at 0 here: the first row is the state before the first pulse."""

    @property
    def size(self) -> int:
        return self.last - self.first + 1


def split(rows: Rows, path: Path) -> list[Sweep]:
    """The sweeps in the order of the file.

    Raises
    ------
    DataError
        Rows out of order, a direction whose rows run the other way, no change of conductance, fewer than two states.
    """
    if rows.conductance.size < 2 or np.ptp(rows.conductance) == 0:
        raise DataError(
            f"'{path}' holds fewer than two states: {rows.conductance.size} rows of one conductance. Measure the "
            "conductance after at least two different pulse numbers."
        )
    parts: list[_Part] = []
    for first, last in _groups(rows, path):
        for start, stop in _runs(rows, first, last, path):
            parts += _directions(rows, start, stop)
    _count_cycles(rows, parts)
    _check_signs(rows, parts, path)
    sweeps = _with_start(rows, parts)
    if max(sweep.pulses.size for sweep in sweeps) < 2:
        raise DataError(
            f"'{path}' holds sweeps of one row each: fewer than two states. Sort the file by cycle and pulse."
        )
    return [sweep for sweep in sweeps if sweep.pulses.size > 1]


def _groups(rows: Rows, path: Path) -> list[tuple[int, int]]:
    """Stretches of rows with one cycle and one direction, as far as the file names them."""
    size = rows.line.size
    changed = np.zeros(size, bool)
    for column in (rows.cycle, rows.direction):
        if column is not None:
            changed[1:] |= np.diff(column) != 0
    edges = np.flatnonzero(changed)
    groups = list(zip([0, *edges], [*(edges - 1), size - 1], strict=True))
    if rows.cycle is not None:
        latest: dict[int, int] = {}
        for first, _ in groups:
            sign = 0 if rows.direction is None else int(rows.direction[first])
            cycle = int(rows.cycle[first])
            if cycle <= latest.get(sign, cycle - 1):
                before = "again" if cycle == latest[sign] else f"after cycle {latest[sign]}"
                raise DataError(
                    f"'{path}', line {rows.line[first]}: cycle {cycle} comes {before}. Sort the file by cycle, and by "
                    "pulse within a cycle."
                )
            latest[sign] = cycle
    return [(int(first), int(last)) for first, last in groups]


def _runs(rows: Rows, first: int, last: int, path: Path) -> list[tuple[int, int]]:
    """Stretches in which the pulse index rises, or falls, all the way."""
    pulse = rows.pulse
    named = rows.cycle is not None and rows.direction is not None
    runs, start, sign = [], first, 0
    for i in range(first + 1, last + 1):
        step = int(np.sign(pulse[i] - pulse[i - 1]))
        if step and sign in (0, step):
            sign = step
            continue
        upward = i < last and pulse[i + 1] > pulse[i]
        downward = i < last and pulse[i + 1] < pulse[i]
        again = upward and pulse[i] in (pulse[first], pulse[start])
        turns = sign * (pulse[i] - pulse[i - 1]) >= -abs(pulse[i - 1] - pulse[i - 2]) if i - 2 >= start else False
        back = turns and ((sign > 0 and downward) or (sign < 0 and upward))
        if named or not (again or back):
            raise DataError(
                f"'{path}', line {rows.line[i]}: pulse {pulse[i]} comes after pulse {pulse[i - 1]}. Sort the file by "
                "cycle and pulse; where a sweep was repeated, number the repetitions in a column 'cycle'."
            )
        runs.append((start, i - 1))
        start, sign = i, 0
    return [*runs, (start, last)]


def _directions(rows: Rows, first: int, last: int) -> list[_Part]:
    zero = bool(rows.pulse[first] == 0)
    if rows.direction is not None:
        return [_Part(first, last, int(rows.direction[first]), 0, zero)]
    g = rows.conductance[first : last + 1]
    turns = _turning_points(g, float(np.ptp(rows.conductance)))
    edges = [0, *turns, g.size - 1]
    parts = []
    for k, (left, right) in enumerate(itertools.pairwise(edges)):
        sign = 1 if g[right] >= g[left] else -1
        parts.append(_Part(first + left + (k > 0), first + right, sign, 0, zero and k == 0))
    return parts


def _turning_points(g: np.ndarray, whole: float) -> list[int]:
    """Where the conductance turns by more than a share of the range: the extremes, or a regular grid near them."""
    turns, sign, best = [], 0, 0
    lowest = highest = 0
    for i in range(g.size):
        if sign == 0:
            lowest = i if g[i] < g[lowest] else lowest
            highest = i if g[i] > g[highest] else highest
            if g[i] - g[lowest] > _TURN * whole:
                sign, best = 1, i
            elif g[highest] - g[i] > _TURN * whole:
                sign, best = -1, i
        elif sign * (g[i] - g[best]) >= 0:
            best = i
        elif sign * (g[best] - g[i]) > _TURN * whole:
            turns.append(best)
            sign, best = -sign, i
    return _regular(g, turns, whole) if turns else turns


def _regular(g: np.ndarray, turns: list[int], whole: float) -> list[int]:
    """Turning points of a protocol that repeats itself, where there is one near these extremes; else the extremes.

    Sweeps alternate between a and b pulses. Either a turning point is one row, or its state was measured again as the
    next row. Equal sweeps, a = b, are preferred.
    """
    legs = len(turns) + 1
    firsts, seconds = (legs + 1) // 2, legs // 2
    best: tuple[bool, float, list[int]] | None = None
    for again in (0, 1):
        length = g.size - 1 + again
        for a in range(1, length):
            b = (length - firsts * a) // seconds
            if b < 1 or firsts * a + seconds * b != length:
                continue
            grid = np.cumsum([(a, b)[k % 2] for k in range(legs - 1)]) - again
            away = np.abs(g[grid] - g[turns])
            if (away <= _EXTREME * whole).all():
                # a state measured again is recognised by being the same
                cost = float(np.abs(g[grid + 1] - g[grid]).sum() if again else away.sum())
                found = (a != b, cost, [int(i) for i in grid])
                best = found if best is None or found[:2] < best[:2] else best
    return turns if best is None else best[2]


def _count_cycles(rows: Rows, parts: list[_Part]) -> None:
    seen = {1: 0, -1: 0}
    for part in parts:
        seen[part.sign] += 1
        part.cycle = seen[part.sign] if rows.cycle is None else int(rows.cycle[part.first])


def _check_signs(rows: Rows, parts: list[_Part], path: Path) -> None:
    """A direction that the file names must be the one in which the conductance goes."""
    if rows.direction is None:
        return
    change = {1: 0.0, -1: 0.0}
    for part in parts:
        change[part.sign] += float(rows.conductance[part.last] - rows.conductance[part.first])
    wrong = [name for sign, name in ((1, "potentiation"), (-1, "depression")) if sign * change[sign] < 0]
    if wrong:
        does = "lower" if wrong[0] == "potentiation" else "raise"
        raise DataError(
            f"'{path}': the rows marked {wrong[0]} {does} the conductance. Potentiation raises it and depression "
            "lowers it (the resistance goes the other way): correct the column 'direction'."
        )


def _with_start(rows: Rows, parts: list[_Part]) -> list[Sweep]:
    """Sweeps with the state before their first pulse, where the row before is that state."""
    g = rows.conductance
    extended = {sign: _joins(rows, [p for p in parts if p.sign == sign]) for sign in (1, -1)}
    longest = {sign: max((p.size for p in parts if p.sign == sign), default=0) for sign in (1, -1)}
    sweeps = []
    for part in parts:
        own = slice(part.first, part.last + 1)
        pulses = np.abs(rows.pulse[own] - rows.pulse[part.first])
        values = g[own]
        if extended[part.sign] and not part.zero:
            step = _spacing(rows, part)
            if part.first > 0:
                pulses, values = np.append(0, pulses + step), np.append(g[part.first - 1], values)
            elif part.size == longest[part.sign]:
                pulses = pulses + step  # the file's first sweep: nobody measured the state before it
        name = "potentiation" if part.sign > 0 else "depression"
        sweeps.append(Sweep(name, part.cycle, pulses, values))
    return sweeps


def _spacing(rows: Rows, part: _Part) -> int:
    """Pulses between two rows of a sweep: 1, or what the index counts on by."""
    index = rows.pulse[part.first : part.last + 1]
    return int(np.median(np.abs(np.diff(index)))) if index.size > 1 else 1


def _joins(rows: Rows, parts: list[_Part]) -> bool:
    """Do the sweeps of one direction begin one pulse after the row before them? Decided over all of them."""
    g = rows.conductance
    asked = [part for part in parts if part.first > 0 and not part.zero and part.size > 1]
    if not asked:
        return False
    gap = np.mean([abs(g[p.first] - g[p.first - 1]) for p in asked])
    step = np.mean([abs(g[p.first + 1] - g[p.first]) for p in asked])
    return bool(gap >= 0.5 * step)
