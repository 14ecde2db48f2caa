"""Reading a laboratory's CSV as text: lines, cells, a header with units. What the columns mean is for others to say."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spinloom.errors import DataError

_HEADING = (
    re.compile(r"^\s*(?P<name>[^\[\](){}]*?)\s*[\[(]\s*(?P<unit>[^\])]*?)\s*[\])]\s*$"),  # current [uA], current (uA)
    re.compile(r"^\s*(?P<name>[^/]+?)\s*/\s*(?P<unit>[^/\s][^/]*?)\s*$"),  # current / uA
)


@dataclass(frozen=True)
class TextTable:
    """A header and rows of cells, each row with its line number in the file."""

    path: Path
    header: list[str]
    rows: list[tuple[int, list[str]]]


def read_table(path: str | Path, example: str) -> TextTable:
    """The header and the rows of a CSV file; empty lines and lines that begin with # are skipped.

    Where the first line left is one of numbers, the last comment above it is the header.

    Cells are parted by commas, semicolons or tabs, whichever the header has; with semicolons a comma in a number is a
    decimal comma. The text is UTF-8 or, as older spreadsheets write it, Windows-1252.

    Parameters
    ----------
    path : str or Path
        The file.
    example : str
        A header that would be right, for the messages.

    Raises
    ------
    DataError
        No such file, no text, or nothing below the header.
    """
    path = Path(path).expanduser()
    every = [(number, line) for number, line in enumerate(_text(path).splitlines(), start=1) if line.strip()]
    lines = [(number, line) for number, line in every if not line.lstrip().startswith("#")]
    if lines and re.match(r"\s*[-+.\d]", lines[0][1]):  # numbers already: numpy writes its header as a comment
        above = [(number, line.lstrip("# \t")) for number, line in every if number < lines[0][0]]
        lines = above[-1:] + lines
    if len(lines) < 2:
        raise DataError(f"'{path}' holds no data: a header line and rows are needed, e.g. '{example}'.")
    delimiter = next((mark for mark in (";", "\t") if mark in lines[0][1]), ",")
    rows = [(number, _cells(line, delimiter)) for number, line in lines]
    if delimiter == ";":
        rows = [rows[0], *((number, [cell.replace(",", ".") for cell in row]) for number, row in rows[1:])]
    return TextTable(path, rows[0][1], rows[1:])


def _cells(line: str, delimiter: str) -> list[str]:
    # a split is three times as fast as a reader of one line, and traces have millions of them
    return next(csv.reader([line], delimiter=delimiter)) if '"' in line else line.split(delimiter)


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"There is no file '{path}'.") from None
    except OSError as error:
        raise DataError(f"'{path}' cannot be read: {error.strerror or error}.") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if b"\0" not in raw:  # a spreadsheet's "µS" is one byte
            return raw.decode("cp1252", errors="replace")
        raise DataError(f"'{path}' cannot be read as text: {error}. Save it as CSV in UTF-8.") from None


def heading(cell: str) -> tuple[str, str]:
    """Name in lower case and unit (empty where there is none): ``"G (uS)"``, ``"G [uS]"``, ``"G / uS"`` -> g, uS."""
    for pattern in _HEADING:
        found = pattern.match(cell)
        if found:
            return _plain(found["name"]), found["unit"]
    return _plain(cell), ""


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").split()).lower()


def refuse_rows(path: Path, faults: Sequence[str]) -> None:
    """Raise a DataError that names the first faulty lines, if there are any."""
    if faults:
        shown = "; ".join(faults[:5]) + (f"; and {len(faults) - 5} more" if len(faults) > 5 else "")
        raise DataError(f"'{path}' has rows that cannot be used: {shown}. Mend or remove them.")
