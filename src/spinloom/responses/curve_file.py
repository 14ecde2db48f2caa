"""A measured curve from a CSV file: current, probability and, if known, the number of trials."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from spinloom.errors import DataError, UnitError
from spinloom.responses.csv_text import TextTable, heading, read_table, refuse_rows
from spinloom.units import si

_PROBABILITY = {"probability", "p", "psw", "p sw", "switching probability"}
_TRIALS = {"trials", "n", "attempts", "count"}


def read_curve(path: str | Path) -> xr.DataArray:
    """A switching curve from a CSV file with a header.

    The header names a column ``current [uA]`` (any unit of current, which is never guessed), a column ``probability``
    and optionally ``trials``; columns may stand in any order and lines that begin with # are skipped.

    Returns
    -------
    xarray.DataArray
        Probability over ``current`` [A], sorted by current, with a coordinate ``trials`` where the file gives it.

    Raises
    ------
    DataError
        No such file, no header, a missing column, or malformed rows, each named by its line.
    UnitError
        The current's column has no unit or an unknown one.
    """
    text = read_table(path, "current [uA],probability")
    columns, scale = _columns(text)
    values, faults = [], []
    for number, row in text.rows:
        fault, found = _row(row, columns)
        if fault:
            faults.append(f"line {number}: {fault}")
        else:
            values.append(found)
    refuse_rows(text.path, faults)
    table = np.array(sorted(values))
    coords = {"current": ("current", table[:, 0] * scale, {"units": "A", "long_name": "current"})}
    if "trials" in columns:
        coords["trials"] = ("current", table[:, 2], {"long_name": "trials"})
    attrs = {"units": "1", "long_name": "switching probability", "source": text.path.name, "references": []}
    return xr.DataArray(table[:, 1], dims="current", coords=coords, name="switching_probability", attrs=attrs)


def _columns(text: TextTable) -> tuple[dict[str, int], float]:
    columns: dict[str, int] = {}
    scale = 0.0
    for index, cell in enumerate(text.header):
        name, unit = heading(cell)
        if name in ("current", "i"):
            if not unit:
                raise UnitError(
                    f"'{text.path}': the current has no unit. Write it into the header, e.g. 'current [uA]'."
                )
            scale = si(f"1 {unit}", "current", f"header of '{text.path}'")
            columns["current"] = index
        elif name in _PROBABILITY:
            columns["probability"] = index
        elif name in _TRIALS:
            columns["trials"] = index
    missing = [name for name in ("current", "probability") if name not in columns]
    if missing:
        raise DataError(
            f"'{text.path}' has no column for {' and '.join(missing)}; its header is '{','.join(text.header)}'. "
            "Write e.g. 'current [uA],probability,trials'."
        )
    return columns, scale


def _row(row: list[str], columns: dict[str, int]) -> tuple[str, tuple[float, float, float]]:
    if len(row) <= max(columns.values()):
        return f"{len(row)} cells, but the header has {max(columns.values()) + 1}", (0.0, 0.0, 0.0)
    numbers = {}
    for name, index in columns.items():
        try:
            numbers[name] = float(row[index])
        except ValueError:
            return f"'{row[index].strip()}' is no number for {name}", (0.0, 0.0, 0.0)
        if not np.isfinite(numbers[name]):
            return f"{name} is {row[index].strip()}", (0.0, 0.0, 0.0)
    if not 0.0 <= numbers["probability"] <= 1.0:
        return f"probability {numbers['probability']:g} is outside 0 to 1", (0.0, 0.0, 0.0)
    trials = numbers.get("trials", 1.0)
    if trials < 1 or trials != int(trials):
        return f"trials {trials:g} is no whole number of 1 or more", (0.0, 0.0, 0.0)
    return "", (numbers["current"], numbers["probability"], trials)
