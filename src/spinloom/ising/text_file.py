"""What the readers of problem files share: a file's text, and its numbers with the line to blame for a bad one."""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from spinloom.errors import DataError, InputError

Lines = list[tuple[int, list[str]]]
"""The words of every line that holds any, with its number in the file."""


def read_bytes(path: Path) -> bytes:
    """A file's content, unpacked where gzip has packed it.

    Raises
    ------
    DataError
        It cannot be read, or its packing is damaged.
    InputError
        It is empty.
    """
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"'{path}' cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    if not content.strip():
        raise InputError(f"{path.name} is empty.")
    return content


def words(text: str, comments: Sequence[str] = ("#", "%")) -> Lines:
    """The words of every line that holds any and does not begin with the word or mark of a comment."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        parts = line.split()
        if parts and not any(parts[0] == mark or (mark in "#%" and parts[0][0] == mark) for mark in comments):
            found.append((number, parts))
    return found


def whole(word: str, number: int, where: str, what: str) -> int:
    """A whole number, or an error that names the line."""
    try:
        return int(word)
    except ValueError:
        raise InputError(f"{where}, line {number}: {what} must be a whole number, found '{word[:20]}'.") from None


def table(lines: Lines, columns: int, where: str, expected: str) -> np.ndarray:
    """The numbers of lines that hold ``columns`` words each: float64, shape (lines, columns).

    Raises
    ------
    InputError
        A line of another length, a word that is no number, a number that is not finite: with the line's number.
    """
    for number, parts in lines:
        if len(parts) != columns:
            raise InputError(f"{where}, line {number}: expected {expected}, found '{' '.join(parts)[:40]}'.")
    try:
        flat = np.fromiter(map(float, chain.from_iterable(parts for _, parts in lines)), float, columns * len(lines))
    except ValueError:
        flat = np.array([math.nan])
    if not np.isfinite(flat).all():
        _blame(lines, where, expected)
    return flat.reshape(-1, columns)


def integers(values: np.ndarray, lines: Lines, where: str, what: str) -> np.ndarray:
    """Columns that must be whole numbers, as int64; the error names the first line that breaks the rule."""
    bad = np.flatnonzero((values != np.rint(values)).reshape(len(values), -1).any(axis=1))
    if bad.size:
        number, parts = lines[bad[0]]
        raise InputError(f"{where}, line {number}: {what} must be whole numbers, found '{' '.join(parts)[:40]}'.")
    return values.astype(np.int64)


def _blame(lines: Lines, where: str, expected: str) -> None:
    for number, parts in lines:
        for word in parts:
            try:
                if math.isfinite(float(word)):
                    continue
            except ValueError:
                raise InputError(f"{where}, line {number}: expected {expected}, found '{word[:40]}'.") from None
            raise InputError(f"{where}, line {number}: every number must be finite, found '{word}'.")
