"""Problem files: small ones written by hand with known answers, and the collections' own figures."""

from __future__ import annotations

import csv
import gzip
import itertools
import json
import os
from collections.abc import Callable
from pathlib import Path

import dimod
import numpy as np
import pytest

from spinloom.errors import DataError, InputError, UnknownNameError
from spinloom.ising import files

Write = Callable[[str, str], Path]
DATA = Path(os.environ.get("SPINLOOM_DATA", "") or "/nowhere")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return written


def _lowest(bqm: dimod.BinaryQuadraticModel) -> tuple[dict, float]:
    first = dimod.ExactSolver().sample(bqm).first
    return first.sample, first.energy


# a square with one diagonal: nodes 1-2-3-4 in a ring of weight 1, 1-3 of weight 2. {1} against {3}: at most 2 + 1 + 1
_SQUARE = "4 5\n1 2 1\n2 3 1\n3 4 1\n4 1 1\n1 3 2\n"


def test_rudy_is_a_cut(write: Write) -> None:
    found = files.read(write("square.txt", "# a comment\n" + _SQUARE))
    assert (found.kind, found.name, found.quantity, found.sense, found.size) == ("max-cut", "square", "cut", "max", 4)
    sample, energy = _lowest(found.bqm)
    assert found.value(energy) == 4
    assert found.energy(4) == energy
    assert found.describe(sample)["cut"] == 4
    assert sum(found.describe(sample)["parts"]) == 4
    bare = files.read(write("bare.rud", "3 2\n1 2\n2 3\n"))  # weights left out are 1
    assert bare.value(_lowest(bare.bqm)[1]) == 2


def test_qubo_in_two_forms(write: Write) -> None:
    """x0 - 2 x1 + 3 x0 x1 has its minimum -2 at x1 alone; with spins s0 - 2 s1 + 3 s0 s1 has -6 at (-1, +1)."""
    sparse = write("a.qubo", "c a comment\np qubo 0 4 2 1\n0 0 1\n3 3 -2\n0 3 3\n")
    found = files.read(sparse)
    assert (found.kind, found.quantity, found.sense) == ("quadratic model", "energy", "min")
    assert _lowest(found.bqm) == ({0: 0, 3: 1}, -2.0)
    assert found.describe({0: 0, 3: 1}) == {"energy": -2}
    assert files.read(write("a.coo", "0 0 1\n1 1 -2\n0 1 1\n1 0 2\n")).bqm == dimod.BQM(
        {0: 1.0, 1: -2.0}, {(0, 1): 3.0}, "BINARY"
    )
    spins = files.read(write("b.coo", "# vartype=SPIN\n0 0 1\n1 1 -2\n0 1 3\n"))
    assert spins.bqm.vartype is dimod.SPIN
    assert _lowest(spins.bqm) == ({0: -1, 1: 1}, -6.0)


def test_dimods_own_files(tmp_path: Path) -> None:
    bqm = dimod.BQM({"a": 1.0, ("b", 2): -2.0}, {("a", ("b", 2)): 3.5}, 0.25, "SPIN")
    with bqm.to_file() as stream:
        (tmp_path / "model.bqm").write_bytes(stream.read())
    (tmp_path / "model.json").write_text(json.dumps(bqm.to_serializable()))
    for name in ("model.bqm", "model.json"):
        assert files.read(tmp_path / name).bqm == bqm
    (tmp_path / "short.bqm").write_bytes((tmp_path / "model.bqm").read_bytes()[:60])
    with pytest.raises(InputError, match="damaged"):
        files.read(tmp_path / "short.bqm")
    (tmp_path / "other.json").write_text('{"rows": 3}')
    with pytest.raises(InputError, match="to_serializable"):
        files.read(tmp_path / "other.json")
    with dimod.ConstrainedQuadraticModel().to_file() as stream:
        (tmp_path / "model.cqm").write_bytes(stream.read())
    with pytest.raises(InputError, match="another model"):
        files.read(tmp_path / "model.cqm")


# (x or not y) hard, 4 for (y or z), 3 for not y, 2 for not z: x y z = (any) 0 1 violates 2, which is the least
_OLD = "c old\np wcnf 3 4 15\n15 1 -2 0\n4 2 3\n0\n3 -2 0 2 -3 0\n"
_NEW = "c new\nh 1 -2 0\n4 2 3 0\n3 -2 0\n2 -3 0\n"


@pytest.mark.parametrize("text", [_OLD, _NEW], ids=["with top", "with h"])
def test_weighted_clauses_old_and_new(write: Write, text: str) -> None:
    found = files.read(write("a.wcnf", text))
    assert (found.kind, found.quantity, found.sense, found.size) == (
        "maximum satisfiability", "weight violated", "min", 3,
    )  # fmt: skip
    sample, energy = _lowest(found.bqm)
    assert energy == 2
    assert found.describe(sample) == {
        "weight violated": 2,
        "weight satisfied": 7,
        "clauses violated": 1,
        "hard clauses violated": 0,
    }
    assert found.describe({1: 0, 2: 1, 3: 0}) == {
        "weight violated": 3, "weight satisfied": 6, "clauses violated": 2, "hard clauses violated": 1,
    }  # fmt: skip
    assert found.bqm.energy({1: 0, 2: 1, 3: 0}) == 3 + 10  # a hard clause weighs 1 + 4 + 3 + 2


def test_long_clauses_are_a_polynomial(write: Write) -> None:
    """Every assignment of five variables: the polynomial is the weight of the clauses violated, counted one by one."""
    text = "p cnf 5 6\n1 2 -3 0\n-1 -2 -4 5 0\n3 3 0\n1 -1 2 0\n-5 0\n2 4 5 0\n%\n0\n"
    found = files.read(write("a.cnf", text))
    assert found.bqm is None
    assert found.size == 5
    for values in itertools.product((0, 1), repeat=5):
        sample = dict(zip(range(1, 6), values, strict=True))
        told = found.describe(sample)
        assert found.polynomial.energy(sample) == told["weight violated"] == told["clauses violated"]
        assert told["weight satisfied"] + told["weight violated"] == 6
    assert found.describe({1: 1, 2: 1, 3: 1, 4: 0, 5: 0})["weight violated"] == 0
    assert found.describe({1: 1, 2: 1, 3: 1, 4: -1, 5: -1})["weight violated"] == 0  # spins mean the same


def test_packed_files_are_unpacked(tmp_path: Path) -> None:
    (tmp_path / "square.txt.gz").write_bytes(gzip.compress(_SQUARE.encode()))
    found = files.read(tmp_path / "square.txt.gz")
    assert (found.name, found.source.total) == ("square", 6.0)
    (tmp_path / "bad.gz").write_bytes(gzip.compress(_SQUARE.encode())[:20])
    with pytest.raises(DataError, match="cannot be read"):
        files.read(tmp_path / "bad.gz")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.txt", "", "is empty"),
        ("a.txt", "# nothing\n", "no form that is known"),
        ("a.txt", "hello world\n", "no form that is known"),
        ("a.txt", "0 0\n", "empty: there is nothing to solve"),
        ("a.txt", "3 2\n1 2 1\n", "announces 2 edges, and 1 follow"),
        ("a.txt", "3 2\n1 2 1\n2 3\n", "line 3: expected 'i j weight', found '2 3'"),
        ("a.txt", "3 2\n1 2 1\n2 3 x\n", "line 3: expected 'i j weight', found 'x'"),
        ("a.txt", "3 2\n1 2 1\n\n2 4 1\n", "line 4: nodes are 1 to 3, found '2 4'"),
        ("a.txt", "3 2\n1 2 1\n2 2 1\n", "line 3: an edge joins a node to itself"),
        ("a.txt", "3 2\n1 2 1\n2 3 nan\n", "line 3: every number must be finite, found 'nan'"),
        ("a.txt", "3 2\n1 2 inf\n2 3 1\n", "line 2: every number must be finite, found 'inf'"),
        ("a.txt", "3 1\n1 2.5 1\n", "line 2: the ends of an edge must be whole numbers"),
        ("a.qubo", "p qubo 0 4 2 1\n", "is empty"),
        ("a.qubo", "p qubo 0 4 2\n0 0 1\n", "expected 'p qubo 0 maxNodes nNodes nCouplers'"),
        ("a.qubo", "p qubo 0 4 2 1\n0 0 1\n0 1 1\n", "announces 2 diagonal entries and 1 couplers"),
        ("a.qubo", "p qubo 0 2 1 0\n2 2 1\n", "line 2: line 1 announces the variables 0 to 1"),
        ("a.coo", "0 0 1\n-1 0 1\n", "line 2: variables are counted from 0"),
        ("a.coo", "0 0 inf\n", "line 1: every number must be finite"),
        ("a.coo", "# vartype=WORD\n0 0 1\n", "neither SPIN nor BINARY"),
        ("a.cnf", "p cnf 2\n", "expected 'p cnf variables clauses'"),
        ("a.cnf", "p cnf 2 2\n1 2 0\n", "announces 2 clauses, and 1 follow"),
        ("a.cnf", "p cnf 2 1\n1 2\n", "does not end with 0"),
        ("a.cnf", "p cnf 2 1\n1 3 0\n", "line 2: literal 3, and line 1 announces 2"),
        ("a.cnf", "p cnf 2 1\n1 x 0\n", "line 2: a literal must be a whole number, found 'x'"),
        ("a.cnf", "p cnf 2 0\n", "it has no clause"),
        ("a.wcnf", "p wcnf 2 1 5\n-1 1 0\n", "line 2: a weight must be a finite number above 0"),
        ("a.wcnf", "h 1 2 0\n3 1 2\n", "line 2: expected 'h literals 0'"),
        ("a.wcnf", "h 0\n", "it has no clause"),
        ("a.wcnf", "h 0\n1 1 0\n", "nothing can satisfy"),
        ("a.json", "{", "damaged"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(write: Write, name: str, text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        files.read(write(name, text))
    assert said in str(caught.value)


def test_names_of_known_problems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gset").mkdir()
    (tmp_path / "gset" / "G1").write_text(_SQUARE)
    (tmp_path / "gset" / "best_known.csv").write_text("instance\n")
    monkeypatch.setenv("SPINLOOM_DATA", str(tmp_path))
    assert files.find("G1") == tmp_path / "gset" / "G1"
    with pytest.raises(UnknownNameError, match="Did you mean 'G1'"):
        files.find("G11")
    with pytest.raises(DataError, match=r"There is no file 'G11\.txt'"):
        files.find("G11.txt")
    with pytest.raises(DataError, match="folder"):
        files.find(tmp_path)
    monkeypatch.delenv("SPINLOOM_DATA")
    with pytest.raises(DataError, match=r"set SPINLOOM_DATA to a folder that has gset/ \(from https://"):
        files.find("G1")


@pytest.mark.skipif(not (DATA / "gset").is_dir(), reason="set SPINLOOM_DATA to a folder with gset/")
def test_the_g_set_is_as_its_table_says() -> None:
    with (DATA / "gset" / "best_known.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert rows
    for row in rows:
        graph = files.read(row["instance"]).source
        assert (graph.nodes, graph.weights.size) == (int(row["nodes"]), int(row["edges"]))
        assert set(np.unique(graph.weights)) <= {-1.0, 1.0}
        # no cut is above the sum of the positive weights
        assert int(row["best_known_cut"]) <= graph.weights[graph.weights > 0].sum()
