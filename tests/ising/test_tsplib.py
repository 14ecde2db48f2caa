"""TSPLIB: distances worked out by hand, every form of a table, and the published lengths of optimal tours."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import numpy as np
import pytest

from spinloom.errors import InputError
from spinloom.ising import files
from spinloom.ising.tsplib import distances_between, read_tour, read_tsplib

DATA = Path(os.environ.get("SPINLOOM_DATA", "") or "/nowhere") / "tsplib"
_HEAD = "NAME : a\nCOMMENT : by hand\nTYPE : TSP\nDIMENSION : {n}\n"


@pytest.mark.parametrize(
    ("kind", "second", "distance"),
    [
        ("EUC_2D", (1.0, 2.0), 2),  # 2.236
        ("EUC_2D", (1.5, 2.0), 3),  # 2.5: nint(x) is (int)(x + 0.5)
        ("CEIL_2D", (1.0, 2.0), 3),
        ("CEIL_2D", (3.0, 4.0), 5),
        ("MAN_2D", (1.2, 2.2), 3),
        ("MAX_2D", (1.2, 2.6), 3),
        ("ATT", (10.0, 10.0), 5),  # sqrt(20) = 4.472 -> 4 < 4.472 -> 5
        ("ATT", (10.0, 30.0), 10),  # exactly 10
        ("GEO", (0.30, 0.0), 56),  # half a degree: 0.5 x 3.141592/180 x 6378.388 = 55.66 -> int(56.66)
        ("GEO", (0.0, 0.0), 1),  # TSPLIB's: coincident cities are 1 km apart
    ],
)
def test_distances_by_hand(kind: str, second: tuple[float, float], distance: int) -> None:
    assert distances_between(np.zeros(2), np.array(second), kind) == distance
    assert distances_between(np.array(second), np.zeros(2), kind) == distance


def test_coordinates_in_any_order(tmp_path: Path) -> None:
    path = tmp_path / "a.tsp"
    path.write_text(_HEAD.format(n=3) + "EDGE_WEIGHT_TYPE : EUC_2D\nNODE_COORD_SECTION\n3 3 4\n1 0 0\n2 3e0 0\nEOF\n")
    found = read_tsplib(path)
    assert (found.name, found.comment, found.size) == ("a", "by hand", 3)
    np.testing.assert_array_equal(found.distances, [[0, 3, 5], [3, 0, 4], [5, 4, 0]])
    np.testing.assert_array_equal(found.coordinates, [[0, 0], [3, 0], [3, 4]])
    assert found.length([2, 0, 1]) == 12
    with pytest.raises(InputError, match="once"):
        found.length([0, 1, 1])
    told = files.read(path)
    assert (told.kind, told.quantity, told.size, told.value(12.0)) == ("travelling salesman", "tour length", 3, 12.0)
    assert told.describe([2, 0, 1]) == {"tour length": 12, "tour": [3, 1, 2]}


_UPPER = [(i, j) for i in range(4) for j in range(i + 1, 4)]
_FORMS = (
    "FULL_MATRIX", "UPPER_ROW", "LOWER_ROW", "UPPER_DIAG_ROW", "LOWER_DIAG_ROW",
    "UPPER_COL", "LOWER_COL", "UPPER_DIAG_COL", "LOWER_DIAG_COL",
)  # fmt: skip
_TABLE = {pair: 10 * pair[0] + pair[1] for pair in _UPPER}


def _entries(form: str) -> list[int]:
    """What a file of this form lists, element by element from its definition."""
    if form == "FULL_MATRIX":
        pairs = list(itertools.product(range(4), repeat=2))
    else:
        least = 0 if "DIAG" in form else 1
        upper = [(i, j) for i, j in itertools.product(range(4), repeat=2) if j - i >= least]
        pairs = upper if form.startswith("UPPER") else [(j, i) for i, j in upper]
        pairs.sort(key=lambda pair: pair if form.endswith("ROW") else pair[::-1])
    return [_TABLE.get((min(pair), max(pair)), 0) for pair in pairs]


@pytest.mark.parametrize("form", _FORMS)
def test_every_form_of_a_table(tmp_path: Path, form: str) -> None:
    entries = _entries(form)
    numbers = " ".join(map(str, entries[:5])) + "\n" + " ".join(map(str, entries[5:]))
    head = _HEAD.format(n=4) + f"EDGE_WEIGHT_TYPE: EXPLICIT\nEDGE_WEIGHT_FORMAT: {form}\n"
    (tmp_path / "a.tsp").write_text(f"{head}EDGE_WEIGHT_SECTION\n{numbers}\nEOF\n")
    found = read_tsplib(tmp_path / "a.tsp").distances
    expected = np.zeros((4, 4), dtype=int)
    for (i, j), value in _TABLE.items():
        expected[i, j] = expected[j, i] = value
    np.testing.assert_array_equal(found, expected)
    (tmp_path / "b.tsp").write_text(f"{head}EDGE_WEIGHT_SECTION\n{numbers} 7\nEOF\n")
    with pytest.raises(InputError, match=f"has {len(entries)} entries; EDGE_WEIGHT_SECTION has {len(entries) + 1}"):
        read_tsplib(tmp_path / "b.tsp")


_TWO = "TYPE : TSP\nDIMENSION : 2\nEDGE_WEIGHT_TYPE : "


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("TYPE : ATSP\nDIMENSION : 3\n", "TYPE ATSP is not supported"),
        ("TYPE : TSP\n", "DIMENSION '' must be"),
        ("TYPE : TSP\nDIMENSION : 1000000\n", "too many"),
        (_TWO + "XRAY1\n", "EDGE_WEIGHT_TYPE XRAY1 is not supported. Supported: EUC"),
        (_TWO + "EUC_2D\n", "needs a NODE_COORD_SECTION"),
        (_TWO + "EUC_2D\nNODE_COORD_SECTION\n1 0 0\n2 0\n", "line 6: expected 'city x y', found '2 0'"),
        (_TWO + "EUC_2D\nNODE_COORD_SECTION\n1 0 0\n2 0 nan\n", "line 6: every number must be finite"),
        (_TWO + "EUC_2D\nNODE_COORD_SECTION\n1 0 0\n1 0 0\n", "this is city 1"),
        (_TWO + "EUC_2D\nNODE_COORD_SECTION\n1 0 0\n", "1 of them have no"),
        (_TWO + "EXPLICIT\nEDGE_WEIGHT_FORMAT : FUNCTION\n", "FUNCTION is not one of"),
        (_TWO + "EXPLICIT\nEDGE_WEIGHT_FORMAT : FULL_MATRIX\nEDGE_WEIGHT_SECTION\n0 1 2 0\n", "not symmetric"),
        ("12 13 14 15\nTYPE : TSP\n", "line 1: '12 13 14 15' is neither"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.tsp").write_text(text)
    with pytest.raises(InputError) as caught:
        read_tsplib(tmp_path / "a.tsp")
    assert said in str(caught.value)


def test_a_tour_is_checked(tmp_path: Path) -> None:
    (tmp_path / "a.tour").write_text("TYPE : TOUR\nDIMENSION : 4\nTOUR_SECTION\n1 3\n2 4\n-1\nEOF\n")
    np.testing.assert_array_equal(read_tour(tmp_path / "a.tour"), [0, 2, 1, 3])
    (tmp_path / "b.tour").write_text("TYPE : TOUR\nDIMENSION : 4\nTOUR_SECTION\n1 3 3 4 -1\n")
    with pytest.raises(InputError, match="each of the cities 1 to 4 once"):
        read_tour(tmp_path / "b.tour")


@pytest.mark.parametrize(
    ("name", "length"),
    [("berlin52", 7542), ("eil51", 426), ("st70", 675), ("kroA100", 21282), ("ulysses16", 6859), ("ulysses22", 7013)],
)
def test_published_lengths_of_optimal_tours(name: str, length: int) -> None:
    if not (DATA / f"{name}.opt.tour").is_file():
        pytest.skip(f"set SPINLOOM_DATA to a folder with tsplib/{name}.tsp and {name}.opt.tour")
    assert read_tsplib(DATA / f"{name}.tsp").length(read_tour(DATA / f"{name}.opt.tour")) == length


@pytest.mark.parametrize(("name", "length"), [("burma14", 3323), ("gr17", 2085)])
def test_published_optima_without_a_tour(name: str, length: int) -> None:
    """Without a published tour: dynamic programming over the sets of cities (M. Held, R. M. Karp) finds the optimum."""
    if not (DATA / f"{name}.tsp").is_file():
        pytest.skip(f"set SPINLOOM_DATA to a folder with tsplib/{name}.tsp")
    assert _held_karp(read_tsplib(DATA / f"{name}.tsp").distances) == length


def _held_karp(d: np.ndarray) -> int:
    """best[S, j]: shortest way from the last city through all of S, ending in j of S."""
    n = len(d) - 1
    best = np.full((1 << n, n), 1 << 40, dtype=np.int64)
    best[1 << np.arange(n), np.arange(n)] = d[n, :n]
    sets = np.arange(1 << n)
    sizes = np.array([bin(s).count("1") for s in sets])
    for size in range(1, n):
        now = sets[sizes == size]
        for j in range(n):
            free = now[(now >> j) & 1 == 0]
            best[free | (1 << j), j] = (best[free] + d[:n, j]).min(axis=1)
    return int((best[-1] + d[n, :n]).min())
