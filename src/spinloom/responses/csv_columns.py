"""Named columns of a laboratory's CSV as SI arrays, every fault named by its line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import final

import numpy as np

from spinloom.errors import DataError, UnitError
from spinloom.responses.csv_text import TextTable, heading, refuse_rows
from spinloom.units import KINDS, si


@final
@dataclass(frozen=True)
class Column:
    """What a column may be called and what it holds.

    Attributes
    ----------
    names : set of str
        Names in a header, in lower case.
    kind : str
        Kind of quantity, a key of ``units.KINDS``; where that has a unit, so must the header, which is never guessed.
    example : str
        A heading that would be right, for the messages.
    words : mapping
        Words that stand for a number, in lower case: {"ap": 0.0, "p": 1.0}.
    """

    names: frozenset[str] | set[str]
    kind: str = "number"
    example: str = ""
    words: Mapping[str, float] = field(default_factory=dict)


def find_columns(text: TextTable, known: Mapping[str, Column]) -> dict[str, int]:
    """Place of each known column that the header has; the first one counts where a name comes twice."""
    found: dict[str, int] = {}
    for index, cell in enumerate(text.header):
        name, _ = heading(cell)
        kind = next((key for key, column in known.items() if name in column.names), None)
        if kind is not None and kind not in found:
            found[kind] = index
    return found


def missing_columns(text: TextTable, missing: list[str], example: str) -> DataError:
    """The error for columns that a header lacks."""
    return DataError(
        f"'{text.path}' has no column for {' and '.join(missing)}; its header is '{','.join(text.header)}'. "
        f"Write e.g. '{example}'."
    )


def read_columns(
    text: TextTable,
    places: Mapping[str, int],
    known: Mapping[str, Column],
    fault: Callable[[dict[str, float]], str] | None = None,
) -> dict[str, np.ndarray]:
    """The columns at ``places`` in SI, shape (rows,) each, with ``line``, the line numbers in the file.

    Parameters
    ----------
    text : TextTable
        The file.
    places : mapping
        Which columns to read, as :func:`find_columns` gives them.
    known : mapping
        What each of them holds.
    fault : callable, optional
        Takes a row's values, as they are written, and says what is wrong with them; empty for nothing.

    Raises
    ------
    UnitError
        A column has no unit, or a wrong one.
    DataError
        Rows that are malformed, NaN, or at fault, each named by its line.
    """
    scale = {name: _scale(text, name, index, known[name]) for name, index in places.items()}
    table = _plain(text, places)
    if table is None or (fault is not None and any(fault(row) for row in _rows(table, places))):
        table = _each(text, places, known, fault)
    values = {name: table[:, i] * scale[name] for i, name in enumerate(places)}
    return {**values, "line": np.array([number for number, _ in text.rows])}


def _plain(text: TextTable, places: Mapping[str, int]) -> np.ndarray | None:
    """All rows at once where every cell is a finite number, (rows, columns); else None."""
    try:
        table = np.array([[cells[index] for index in places.values()] for _, cells in text.rows]).astype(float)
    except (IndexError, ValueError):
        return None
    return table if np.isfinite(table).all() else None


def _rows(table: np.ndarray, places: Mapping[str, int]) -> Iterator[dict[str, float]]:
    return (dict(zip(places, row, strict=True)) for row in table.tolist())


def _each(
    text: TextTable,
    places: Mapping[str, int],
    known: Mapping[str, Column],
    fault: Callable[[dict[str, float]], str] | None,
) -> np.ndarray:
    """Row by row, with words; raises a DataError that names each fault by its line."""
    need = max(places.values()) + 1
    rows: list[tuple[float, ...]] = []
    faults: list[str] = []
    for number, cells in text.rows:
        try:
            if len(cells) < need:
                raise ValueError(f"{len(cells)} cells, but the header has {need}")
            found = {name: _number(cells[index], name, known[name]) for name, index in places.items()}
            wrong = fault(found) if fault is not None else ""
            if wrong:
                raise ValueError(wrong)
        except ValueError as error:
            faults.append(f"line {number}: {error}")
            continue
        rows.append(tuple(found.values()))
    refuse_rows(text.path, faults)
    return np.array(rows)


def _scale(text: TextTable, name: str, index: int, column: Column) -> float:
    """What one of the column's unit is in SI."""
    if not KINDS.get(column.kind, ""):
        return 1.0
    _, unit = heading(text.header[index])
    if not unit:
        raise UnitError(
            f"'{text.path}': the {name} has no unit. Write it into the header, e.g. "
            f"'{column.example or f'{name} [{KINDS[column.kind]}]'}'."
        )
    return si(f"1 {unit}", column.kind, f"header of '{text.path}'")


def _number(cell: str, name: str, column: Column) -> float:
    try:
        value = float(cell)
    except ValueError:
        word = " ".join(cell.replace("-", "").split()).lower()
        if word in column.words:
            return column.words[word]
        allowed = f"; it may be a number or one of: {', '.join(column.words)}" if column.words else ""
        raise ValueError(f"'{cell.strip()}' is no number for {name}{allowed}") from None
    if not np.isfinite(value):
        raise ValueError(f"{name} is {cell.strip()}")
    return value
