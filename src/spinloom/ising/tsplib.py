"""TSPLIB files: the distances of a travelling salesman's cities exactly as TSPLIB 95 defines them, and known tours.

The published optimal lengths hold for these rounded whole distances alone: nint(x) is (int)(x + 0.5), degrees of
geographical coordinates are cut and not rounded (the library's answer to its frequent questions, against its manual),
and pi is 3.141592. A distance to itself is 0.

References
----------
G. Reinelt, ORSA J. Comput. 3, 376 (1991), doi:10.1287/ijoc.3.4.376.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from spinloom.errors import InputError
from spinloom.ising.text_file import read_bytes, whole

_MOST = 16_384
"""Cities whose table of distances is still made: 2 GiB."""
_PI = 3.141592
_EARTH = 6378.388
_FORMATS = (
    "FULL_MATRIX", "UPPER_ROW", "LOWER_ROW", "UPPER_DIAG_ROW", "LOWER_DIAG_ROW",
    "UPPER_COL", "LOWER_COL", "UPPER_DIAG_COL", "LOWER_DIAG_COL",
)  # fmt: skip
_SECTIONS = ("NODE_COORD_SECTION", "DISPLAY_DATA_SECTION", "EDGE_WEIGHT_SECTION", "TOUR_SECTION", "FIXED_EDGES_SECTION")


@final
@dataclass(frozen=True)
class TspInstance:
    """Cities to visit once each, on the shortest closed tour.

    Attributes
    ----------
    name : str
        As the file calls it.
    distances : ndarray of int64, shape (n, n)
        Symmetric, 0 on the diagonal.
    coordinates : ndarray of float64, shape (n, 2), or None
        Where the cities lie (or are to be drawn, if their distances are a table); None if the file does not say.
    comment : str
        The file's own.
    edge_weight_type : str
        How TSPLIB calls the kind of distance.
    """

    name: str
    distances: np.ndarray
    coordinates: np.ndarray | None = None
    comment: str = ""
    edge_weight_type: str = "EXPLICIT"

    @property
    def size(self) -> int:
        """Cities."""
        return self.distances.shape[0]

    def length(self, tour: Sequence[int] | np.ndarray) -> int:
        """Length of the closed tour that visits the cities in this order, counted from 0.

        Raises
        ------
        InputError
            Not every city once.
        """
        order = np.asarray(tour, dtype=np.int64)
        if order.shape != (self.size,) or not np.array_equal(np.sort(order), np.arange(self.size)):
            raise InputError(f"A tour of {self.name} holds each of the cities 0 to {self.size - 1} once.")
        return int(self.distances[order, np.roll(order, -1)].sum())


def read_tsplib(path: str | Path) -> TspInstance:
    """Read a symmetric travelling salesman problem: EUC_2D, CEIL_2D, MAN_2D, MAX_2D, GEO, ATT or EXPLICIT.

    Raises
    ------
    DataError
        The file cannot be read.
    InputError
        Another type of problem or distance, or a malformed line, by its number.
    """
    head, sections = _parts(Path(path))
    where = Path(path).name
    kind = (head.get("TYPE", "").split() or ["TSP"])[0].upper()
    if kind != "TSP":
        raise InputError(f"{where}: TYPE {kind} is not supported; a symmetric problem, TYPE TSP, is read.")
    n = _dimension(head, where)
    weights = head.get("EDGE_WEIGHT_TYPE", "").upper()
    coordinates = None
    for section in ("NODE_COORD_SECTION", "DISPLAY_DATA_SECTION"):
        if section in sections and coordinates is None:
            coordinates = _coordinates(sections[section], n, where)
    if weights == "EXPLICIT":
        distances = _explicit(head.get("EDGE_WEIGHT_FORMAT", "").upper(), sections, n, where)
    elif weights in DISTANCES:
        if "NODE_COORD_SECTION" not in sections or coordinates is None:
            raise InputError(f"{where}: EDGE_WEIGHT_TYPE {weights} needs a NODE_COORD_SECTION, and there is none.")
        distances = _by_rows(coordinates, weights)
    else:
        known = ", ".join([*DISTANCES, "EXPLICIT"])
        raise InputError(f"{where}: EDGE_WEIGHT_TYPE {weights or '(missing)'} is not supported. Supported: {known}.")
    return TspInstance(head.get("NAME", Path(path).stem), distances, coordinates, head.get("COMMENT", ""), weights)


def read_tour(path: str | Path) -> np.ndarray:
    """Read the (first) tour of a .tour or .opt.tour file: int64, shape (n,), cities counted from 0.

    Raises
    ------
    DataError
        The file cannot be read.
    InputError
        There is no TOUR_SECTION, or it does not hold every city once.
    """
    head, sections = _parts(Path(path))
    where = Path(path).name
    if "TOUR_SECTION" not in sections:
        raise InputError(f"{where}: there is no TOUR_SECTION.")
    order: list[int] = []
    for number, line in sections["TOUR_SECTION"]:
        for word in line.split():
            city = whole(word, number, where, "a city")
            if city == -1:
                break
            order.append(city - 1)
        else:
            continue
        break
    tour = np.array(order, dtype=np.int64)
    n = _dimension(head, where) if "DIMENSION" in head else tour.size
    if tour.size != n or not np.array_equal(np.sort(tour), np.arange(n)):
        raise InputError(f"{where}: TOUR_SECTION holds {tour.size} entries, not each of the cities 1 to {n} once.")
    return tour


def distances_between(first: np.ndarray, second: np.ndarray, kind: str) -> np.ndarray:
    """Whole distances between places, by TSPLIB's rules.

    Parameters
    ----------
    first, second : ndarray of float64, shapes (..., 2)
        Places, which broadcast: x and y, or latitude and longitude as DDD.MM (degrees and minutes) for GEO.
    kind : str
        EUC_2D  nint(r);  CEIL_2D  the next whole number from r;  MAN_2D  nint(|dx| + |dy|);  MAX_2D  the larger of
        nint(|dx|), nint(|dy|);  ATT  pseudo-Euclidean, the next whole number from sqrt(r^2/10);  GEO  kilometres on
        the idealised sphere of radius 6378.388, cut after adding 1.

    Returns
    -------
    ndarray of int64
    """
    if kind not in DISTANCES:
        raise InputError(f"EDGE_WEIGHT_TYPE {kind} is not supported. Supported: {', '.join(DISTANCES)}.")
    if kind == "GEO":
        return _geographical(first, second)
    dx, dy = (np.abs(first[..., axis] - second[..., axis]) for axis in (0, 1))
    if kind == "MAN_2D":
        return _nint(dx + dy)
    if kind == "MAX_2D":
        return np.maximum(_nint(dx), _nint(dy))
    if kind == "ATT":
        real = np.sqrt((dx * dx + dy * dy) / 10.0)
        near = _nint(real)
        return near + (near < real)
    real = np.sqrt(dx * dx + dy * dy)
    return np.ceil(real).astype(np.int64) if kind == "CEIL_2D" else _nint(real)


DISTANCES = ("EUC_2D", "CEIL_2D", "MAN_2D", "MAX_2D", "GEO", "ATT")
"""The kinds of distance that follow from coordinates."""


def _nint(x: np.ndarray) -> np.ndarray:
    return (x + 0.5).astype(np.int64)


def _geographical(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    a, b = _radians(first), _radians(second)
    q1 = np.cos(a[..., 1] - b[..., 1])
    q2 = np.cos(a[..., 0] - b[..., 0])
    q3 = np.cos(a[..., 0] + b[..., 0])
    cosine = np.clip(0.5 * ((1.0 + q1) * q2 - (1.0 - q1) * q3), -1.0, 1.0)
    return (_EARTH * np.arccos(cosine) + 1.0).astype(np.int64)


def _radians(places: np.ndarray) -> np.ndarray:
    degrees = np.trunc(places)
    return _PI * (degrees + 5.0 * (places - degrees) / 3.0) / 180.0


def _by_rows(places: np.ndarray, kind: str) -> np.ndarray:
    """The whole table, a row at a time: no intermediate table of floats."""
    table = np.empty((len(places), len(places)), dtype=np.int64)
    for i, place in enumerate(places):
        table[i] = distances_between(place, places, kind)
    np.fill_diagonal(table, 0)
    return table


_Lines = list[tuple[int, str]]


def _parts(path: Path) -> tuple[dict[str, str], dict[str, _Lines]]:
    """The head, "KEY : value" by key, and the numbered lines of each section."""
    text = read_bytes(path).decode("utf-8", errors="replace")
    head: dict[str, str] = {}
    sections: dict[str, _Lines] = {}
    current: _Lines | None = None
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        key, _, value = (part.strip() for part in line.partition(":"))
        if not line:
            continue
        if line.upper() == "EOF":
            break
        if key.upper() in _SECTIONS:
            current = sections.setdefault(key.upper(), [])
        elif key.replace("_", "").isalpha():
            head[key.upper()], current = value, None
        elif current is not None:
            current.append((number, line))
        else:
            raise InputError(f"{path.name}, line {number}: '{line[:40]}' is neither 'KEY : value' nor in a section.")
    return head, sections


def _dimension(head: dict[str, str], where: str) -> int:
    text = head.get("DIMENSION", "")
    if not text.isdecimal() or int(text) < 1:
        raise InputError(f"{where}: DIMENSION '{text}' must be the number of cities.")
    if int(text) > _MOST:
        raise InputError(f"{where}: {text} cities are too many for a table of their distances; {_MOST} is the most.")
    return int(text)


def _numbers(words: Iterable[str], number: int, where: str) -> list[float]:
    try:
        found = [float(word) for word in words]
    except ValueError as error:
        raise InputError(f"{where}, line {number}: {error}.") from None
    if not np.isfinite(found).all():
        raise InputError(f"{where}, line {number}: every number must be finite.")
    return found


def _coordinates(lines: _Lines, n: int, where: str) -> np.ndarray:
    places = np.full((n, 2), np.nan)
    for number, line in lines:
        words = line.split()
        if len(words) != 3:
            raise InputError(f"{where}, line {number}: expected 'city x y', found '{line[:40]}'.")
        city = whole(words[0], number, where, "a city")
        if not 1 <= city <= n or not np.isnan(places[city - 1, 0]):
            raise InputError(f"{where}, line {number}: each of the cities 1 to {n} once; this is city {city}.")
        places[city - 1] = _numbers(words[1:], number, where)
    missing = int(np.isnan(places[:, 0]).sum())
    if missing:
        raise InputError(f"{where}: DIMENSION says {n} cities, and {missing} of them have no coordinates.")
    return places


def _explicit(form: str, sections: dict[str, _Lines], n: int, where: str) -> np.ndarray:
    """A table of distances in one of TSPLIB's nine forms."""
    if form not in _FORMATS:
        raise InputError(f"{where}: EDGE_WEIGHT_FORMAT {form or '(missing)'} is not one of {', '.join(_FORMATS)}.")
    if "EDGE_WEIGHT_SECTION" not in sections:
        raise InputError(f"{where}: EDGE_WEIGHT_TYPE EXPLICIT needs an EDGE_WEIGHT_SECTION, and there is none.")
    flat = [x for number, line in sections["EDGE_WEIGHT_SECTION"] for x in _numbers(line.split(), number, where)]
    values = np.array(flat)
    if not np.array_equal(values, np.rint(values)):
        raise InputError(f"{where}: the distances in EDGE_WEIGHT_SECTION must be whole numbers.")
    lower = form in ("LOWER_ROW", "LOWER_DIAG_ROW", "UPPER_COL", "UPPER_DIAG_COL")  # the same order of the same pairs
    offset = 0 if "DIAG" in form else 1
    wanted = n * n if form == "FULL_MATRIX" else n * (n + 1 - 2 * offset) // 2
    if values.size != wanted:
        raise InputError(f"{where}: {form} of {n} cities has {wanted} entries; EDGE_WEIGHT_SECTION has {values.size}.")
    table = np.zeros((n, n), dtype=np.int64)
    if form == "FULL_MATRIX":
        table[:] = values.reshape(n, n)
        if not np.array_equal(table, table.T):
            raise InputError(f"{where}: FULL_MATRIX is not symmetric; TYPE TSP needs the same distance both ways.")
    else:
        rows, columns = np.tril_indices(n, -offset) if lower else np.triu_indices(n, offset)
        table[rows, columns] = values
        table[columns, rows] = values
    np.fill_diagonal(table, 0)
    return table
