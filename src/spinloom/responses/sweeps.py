"""Measured pulses -> sweeps: which rows are one potentiation or one depression, and from which state each starts.

A file that names cycle and direction is taken at its word. Where it does not:

- the pulse index starting again, or counting down after it has counted up, begins a new sweep;
- within one run of the index, potentiation turns into depression where the conductance turns by more than a quarter of
  the whole range. A saturated device under noise has its extreme a few pulses early or late: where a protocol that
  repeats itself explains the extremes within 5 % of the range, or six times the noise, its turning points are taken;
- the state before a sweep's first pulse is the row before it, unless that row's conductance was measured again as the
  sweep's first (over all sweeps it lies nearer than half of the step that the next steps let expect), or the index
  starts at 0. Where noise hides that, the numbers of rows decide.

A column ``direction`` and an index that starts at 0 in each sweep leave nothing open.
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
    joins: bool | None = None
    """The row before is the state before the first pulse, as far as the number of rows tells."""

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
    sweeps = _with_start(rows, parts)
    if rows.direction is not None:
        _check_signs(sweeps, path)
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
    turns, joins = _turning_points(g, float(np.ptp(rows.conductance)))
    edges = [0, *turns, g.size - 1]
    parts = []
    for k, (left, right) in enumerate(itertools.pairwise(edges)):
        sign = 1 if g[right] >= g[left] else -1
        parts.append(_Part(first + left + (k > 0), first + right, sign, 0, zero and k == 0, joins if k else None))
    return parts


def _turning_points(g: np.ndarray, whole: float) -> tuple[list[int], bool | None]:
    """Where the conductance turns by more than a share of the range: the extremes, or a regular grid near them.

    Also whether sweeps share the state at a turning point, where the number of rows tells.
    """
    turns, sign, best = [], 0, 0
    lowest = highest = 0
    back = min(max(_TURN * whole, 8.0 * noise_of(g)), 0.5 * whole)
    for i in range(g.size):
        if sign == 0:
            lowest = i if g[i] < g[lowest] else lowest
            highest = i if g[i] > g[highest] else highest
            if g[i] - g[lowest] > back:
                sign, best = 1, i
            elif g[highest] - g[i] > back:
                sign, best = -1, i
        elif sign * (g[i] - g[best]) >= 0:
            best = i
        elif sign * (g[best] - g[i]) > back:
            turns.append(best)
            sign, best = -sign, i
    return _regular(g, turns, whole) if turns else (turns, None)


def _regular(g: np.ndarray, turns: list[int], whole: float) -> tuple[list[int], bool | None]:
    """Turning points of a protocol that repeats itself, where there is one near these extremes; else the extremes.

    Sweeps alternate between a and b pulses. Either a turning point is one row, or its state was measured again as the
    next row. Equal sweeps, a = b, are preferred.
    """
    legs = len(turns) + 1
    firsts, seconds = (legs + 1) // 2, legs // 2
    near = max(_EXTREME * whole, 6.0 * noise_of(g))
    best: tuple[bool, float, list[int], bool] | None = None
    for again in (0, 1):
        length = g.size - 1 + again
        for a in range(1, length):
            b = (length - firsts * a) // seconds
            if b < 1 or firsts * a + seconds * b != length:
                continue
            grid = np.cumsum([(a, b)[k % 2] for k in range(legs - 1)]) - again
            away = np.abs(g[grid] - g[turns])
            if (away <= near).all():
                # a state measured again is recognised by being the same
                cost = float(np.abs(g[grid + 1] - g[grid]).sum() if again else away.sum())
                found = (a != b, cost, [int(i) for i in grid], not again)
                best = found if best is None or found[:2] < best[:2] else best
    if best is None:
        return turns, None
    uneven, _, grid, joins = best
    return grid, None if uneven else joins


def _count_cycles(rows: Rows, parts: list[_Part]) -> None:
    seen = {1: 0, -1: 0}
    for part in parts:
        seen[part.sign] += 1
        part.cycle = seen[part.sign] if rows.cycle is None else int(rows.cycle[part.first])


def _check_signs(sweeps: list[Sweep], path: Path) -> None:
    """A direction that the file names must be the one in which the conductance goes."""
    for name, sign, does in (("potentiation", 1, "lower"), ("depression", -1, "raise")):
        change = sum(float(s.conductance[-1] - s.conductance[0]) for s in sweeps if s.direction == name)
        if sign * change < 0:
            raise DataError(
                f"'{path}': the rows marked {name} {does} the conductance. Potentiation raises it and depression "
                "lowers it (the resistance goes the other way): correct the column 'direction'."
            )


def _with_start(rows: Rows, parts: list[_Part]) -> list[Sweep]:
    """Sweeps with the state before their first pulse, where the row before is that state."""
    g = rows.conductance
    counted = _joins_by_count(rows, parts)
    extended = {sign: _joins(rows, [p for p in parts if p.sign == sign], counted) for sign in (1, -1)}
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


def _joins_by_count(rows: Rows, parts: list[_Part]) -> bool | None:
    """What the numbers of rows say.

    Sweeps with as many rows as the first one have as many states as rows. With one row less than the first, whose index
    starts at 0, they lack the state before their first pulse: it is the row before.
    """
    first, others = parts[0].size, {part.size for part in parts[1:]}
    if others == {first}:
        return False
    return True if others == {first - 1} and rows.pulse[0] == 0 else None


def _joins(rows: Rows, parts: list[_Part], counted: bool | None) -> bool:
    """Do the sweeps of one direction begin one pulse after the row before them? Decided over all of them.

    ``counted`` decides where noise hides the difference.
    """
    g = rows.conductance
    asked = [part for part in parts if part.first > 0 and not part.zero]
    told = [part.joins for part in asked if part.joins is not None]
    if told:
        return sum(told) * 2 >= len(told)
    if not any(part.size > 1 for part in asked):
        return bool(asked)  # a single pulse from the state before: a reset
    asked = [part for part in asked if part.size > 1]
    sign = asked[0].sign
    gap = np.mean([sign * (g[p.first] - g[p.first - 1]) for p in asked])
    count = min(3, *(p.size - 1 for p in asked))
    steps = np.mean([sign * np.diff(g[p.first : p.first + count + 1]) for p in asked], axis=0)
    noise = noise_of(g) / np.sqrt(len(asked))
    if (
        count > 1 and abs(steps[0] - steps[1]) > 3.0 * np.sqrt(6.0) * noise
    ):  # a curve that bends: the step before those seen
        expected = np.clip(2.0 * steps[0] - steps[1], 0.25 * steps[0], 4.0 * steps[0])
    else:
        expected = steps.mean()
    hidden = abs(gap - 0.5 * expected) < 3.0 * np.sqrt(2.0) * noise
    return counted if hidden and counted is not None else bool(gap >= 0.5 * expected)


def noise_of(g: np.ndarray) -> float:
    """Standard deviation of white noise on a smooth curve, from its second differences.

    Their lower quartile, because a curve bends in one part of it: of a normal distribution it is 0.3186 standard
    deviations, and second differences of white noise have sqrt(6) times its deviation.
    """
    if g.size < 4:
        return 0.0
    return float(np.quantile(np.abs(np.diff(g, 2)), 0.25)) / (0.3186 * np.sqrt(6.0))
