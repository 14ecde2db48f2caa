"""A measured potentiation and depression from a CSV file: pulse index, conductance or resistance, cycle, direction."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spinloom.errors import DataError, UnitError
from spinloom.responses.csv_text import TextTable, heading, read_table, refuse_rows
from spinloom.responses.sweeps import Rows, Sweep, split
from spinloom.units import si

EXAMPLE = "pulse,conductance [uS],cycle,direction"

_NAMES = {
    "pulse": {
        "pulse",
        "pulses",
        "pulse index",
        "pulse number",
        "pulse no",
        "pulse no.",
        "pulse #",
        "pulse count",
        "number of pulses",
        "index",
        "n",
        "no",
    },
    "conductance": {"conductance", "g", "cond"},
    "resistance": {"resistance", "r", "res"},
    "cycle": {"cycle", "cycles", "cycle index", "cycle number", "repetition", "run"},
    "direction": {"direction", "polarity", "operation", "sweep", "type", "ltp/ltd", "p/d"},
}
_UP = {"ltp", "p", "up", "set", "+", "+1", "1", "increase"}
_DOWN = {"ltd", "d", "down", "reset", "-", "-1", "decrease"}


@dataclass(frozen=True)
class _Columns:
    place: dict[str, int]
    scale: float
    resistance: bool


def read_sweeps(path: str | Path) -> list[Sweep]:
    """The sweeps of a file, in the order in which they were measured.

    The header names the pulse index and a ``conductance`` or a ``resistance`` with its unit, which is never guessed:
    ``pulse,conductance [uS]`` or ``pulse,resistance [kohm]``; optionally ``cycle`` (a number) and ``direction``
    (potentiation/depression, LTP/LTD, P/D, up/down). Columns stand in any order, others are passed over, and lines that
    begin with # are skipped. How cycles and directions are found where the file does not say them is told in
    :mod:`spinloom.responses.sweeps`.

    Raises
    ------
    DataError
        No such file, no header, a missing column, rows that are malformed, not in order, NaN or not positive, each
        named by its line; fewer than two states.
    UnitError
        The conductance or resistance has no unit or a wrong one.
    """
    text = read_table(path, EXAMPLE)
    columns = _columns(text)
    rows, faults = _rows(text, columns)
    refuse_rows(text.path, faults)
    return split(rows, text.path)


def _columns(text: TextTable) -> _Columns:
    found: dict[str, int] = {}
    units: dict[str, str] = {}
    for index, cell in enumerate(text.header):
        name, unit = heading(cell)
        whole = " ".join(cell.lower().split())  # "P/D" is a name, not a P in units of D
        kind = next((kind for kind, names in _NAMES.items() if whole in names or name in names), None)
        if kind and kind not in found:
            found[kind], units[kind] = index, unit
    shown = ",".join(text.header)
    if len(text.header) == 1:
        raise DataError(
            f"'{text.path}' has one column, '{shown}'; two are needed: the pulse index, and the conductance or "
            f"resistance after it. Write e.g. '{EXAMPLE}'; columns are parted by commas, semicolons or tabs."
        )
    if "conductance" in found and "resistance" in found:
        del found["resistance"]  # the same measurement twice: no need to invert one
    measured = next((kind for kind in ("conductance", "resistance") if kind in found), None)
    missing = [] if "pulse" in found else ["the pulse index"]
    missing += [] if measured else ["the conductance or resistance"]
    if missing or measured is None:
        raise DataError(
            f"'{text.path}' has no column for {' and '.join(missing)}; its header is '{shown}'. Write e.g. "
            f"'{EXAMPLE}', or 'pulse,resistance [kohm]'."
        )
    if not units[measured]:
        unit = "uS" if measured == "conductance" else "kohm"
        raise UnitError(
            f"'{text.path}': the {measured} has no unit. Write it into the header, e.g. '{measured} [{unit}]'."
        )
    scale = si(f"1 {units[measured]}", measured, f"header of '{text.path}'")
    return _Columns(found, scale, measured == "resistance")


def _rows(text: TextTable, columns: _Columns) -> tuple[Rows, list[str]]:
    values: dict[str, list[float]] = {name: [] for name in ("line", "pulse", "conductance", "cycle", "direction")}
    faults: list[str] = []
    for number, row in text.rows:
        try:
            found = _row(row, columns)
        except ValueError as fault:
            faults.append(f"line {number}: {fault}")
            continue
        values["line"].append(number)
        for name in ("pulse", "conductance", "cycle", "direction"):
            values[name].append(found.get(name, 0.0))
    has = columns.place
    return Rows(
        line=np.array(values["line"], int),
        pulse=np.array(values["pulse"], int),
        conductance=np.array(values["conductance"]),
        cycle=np.array(values["cycle"], int) if "cycle" in has else None,
        direction=np.array(values["direction"], int) if "direction" in has else None,
    ), faults


def _row(row: list[str], columns: _Columns) -> dict[str, float]:
    """The values of one row in SI; raises ValueError with what is wrong in words."""
    place = columns.place
    if len(row) <= max(place.values()):
        raise ValueError(f"{len(row)} cells, but the header has {max(place.values()) + 1}")
    measured = "resistance" if columns.resistance else "conductance"
    number = {name: _number(row[place[name]], name) for name in ("pulse", "cycle", measured) if name in place}
    for name in ("pulse", "cycle"):
        if name in number and number[name] != int(number[name]):
            raise ValueError(f"{name} {number[name]:g} is no whole number")
    value = number[measured]
    if value < 0 or (columns.resistance and value == 0):
        raise ValueError(f"{measured} {value:g} is {'negative' if value < 0 else 'zero'}")
    si_value = value * columns.scale
    number["conductance"] = 1.0 / si_value if columns.resistance else si_value
    if "direction" in place:
        word = row[place["direction"]].strip().lower()
        word = {"pot": "p", "dep": "d"}.get(word[:3], word)  # potentiation, potentiating, depressing
        if word not in _UP | _DOWN:
            raise ValueError(f"direction '{word}' is neither potentiation (LTP, P, up) nor depression (LTD, D, down)")
        number["direction"] = 1 if word in _UP else -1
    return number


def _number(cell: str, name: str) -> float:
    if not cell.strip():
        raise ValueError(f"{name} is empty")
    try:
        value = float(cell)
    except ValueError:
        raise ValueError(f"'{cell.strip()}' is no number for {name}") from None
    if not np.isfinite(value):
        raise ValueError(f"{name} is {cell.strip()}")
    return value
