"""``spinloom ising solve``: answers that are known, in the problem's words, and what is refused."""

from __future__ import annotations

import csv
import json
import math
import re
import shlex
import signal
import tomllib
from collections.abc import Callable
from pathlib import Path

import dimod
import pytest

from spinloom.cli import ising_search

Say = Callable[..., tuple[int, str, str]]

# a ring of five and a chord of weight 2: the best cut takes the chord and four edges of the ring
_GRAPH = "5 6\n1 2 1\n2 3 1\n3 4 1\n4 5 1\n5 1 1\n1 3 2\n"
_QUICK = ("--sweeps", "50", "--reads", "64", "--seed", "1", "--threads", "1")


def test_a_cut_with_everything_written(say: Say) -> None:
    Path("ring.txt").write_text(_GRAPH)
    code, out, err = say("ising", "solve", "ring.txt", *_QUICK, "--out", "answer")
    assert (code, err) == (0, "")
    assert "ring  max-cut: 5 nodes, 6 edges" in out
    assert "cut 6" in out
    assert "64 reads" in out
    assert "flip attempts/s" in out
    written = {path.name for path in Path("answer").rglob("*.*")}
    assert written == {"solution.json", "solution.csv", "samples.json", "run.toml", "search.png", "search.svg"}
    with Path("answer/solution.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    side = {int(row["variable"]): int(row["value"]) for row in rows}
    edges = [[int(x) for x in line.split()] for line in _GRAPH.splitlines()[1:]]
    assert sum(w for i, j, w in edges if side[i] != side[j]) == 6
    samples = dimod.SampleSet.from_serializable(json.loads(Path("answer/samples.json").read_text()))
    assert len(samples) == 64
    run = tomllib.loads(Path("answer/run.toml").read_text())
    assert run["made"]["value"] == 6
    assert not run["cut_short"]
    words = shlex.split(run["repeat"])[1:]
    again = say(*words, "--threads", "2", "--no-plot", "--out", "again")
    assert again[0] == 0
    assert not Path("again/figures").exists()
    assert Path("again/solution.csv").read_text() == Path("answer/solution.csv").read_text()
    repeated = dimod.SampleSet.from_serializable(json.loads(Path("again/samples.json").read_text()))
    assert (repeated.record.sample == samples.record.sample).all()


def test_json_of_every_kind(say: Say) -> None:
    Path("a.qubo").write_text("p qubo 0 4 2 1\n0 0 1\n3 3 -2\n0 3 3\n")
    code, out, err = say("ising", "solve", "a.qubo", *_QUICK, "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert (found["value"], found["answer"], found["solution"]) == (-2.0, {"energy": -2}, {"0": 0, "3": 1})
    assert (found["reads"]["count"], found["num_sweeps"], found["seed"], found["interrupted"]) == (64, 50, 1, False)
    Path("a.wcnf").write_text("h 1 -2 0\n4 2 3 0\n3 -2 0\n2 -3 0\n")
    found = json.loads(say("ising", "solve", "a.wcnf", *_QUICK, "--json")[1])
    assert found["value"] == 2
    assert found["answer"]["weight satisfied"] == 7
    assert found["answer"]["hard clauses violated"] == 0


def test_a_device_tells_its_time_and_energy(say: Say) -> None:
    Path("ring.txt").write_text(_GRAPH)
    code, out, _ = say("ising", "solve", "ring.txt", *_QUICK, "--device", "Ren2024_backhopping")
    assert code == 0
    assert re.search(r"on Ren2024_backhopping: .* .s and .* .J a read", out)


def test_long_clauses(say: Say) -> None:
    pytest.importorskip("spinloom.ising.poly_sampler")
    Path("a.cnf").write_text("p cnf 5 5\n1 2 -3 0\n-1 -2 -4 5 0\n3 3 0\n-5 0\n2 4 5 0\n")
    code, out, err = say("ising", "solve", "a.cnf", *_QUICK)
    assert (code, err) == (0, "")
    assert "weight violated 0" in out
    assert say("ising", "solve", "a.cnf", "--device", "Borders2019_smtj")[0] == 2


def test_a_tour(say: Say) -> None:
    """Eight cities on a circle of radius 100: the polygon, 8 x nint(200 sin(pi/8)) = 8 x 77."""
    places = [(100 * math.cos(k * math.pi / 4), 100 * math.sin(k * math.pi / 4)) for k in (0, 3, 6, 1, 4, 7, 2, 5)]
    lines = "\n".join(f"{i} {x:.9f} {y:.9f}" for i, (x, y) in enumerate(places, 1))
    head = "NAME : circle\nTYPE : TSP\nDIMENSION : 8\nEDGE_WEIGHT_TYPE : EUC_2D\nNODE_COORD_SECTION\n"
    Path("circle.tsp").write_text(head + lines + "\nEOF\n")
    words = ("ising", "solve", "circle.tsp", "--sweeps", "20", "--reads", "2", "--seed", "1", "--target", "616")
    code, out, err = say(*words, "--out", "tour")
    assert (code, err) == (0, "")
    assert "tour length 616" in out
    assert "target 616 reached" in out
    assert Path("tour/figures/tour.png").is_file()
    found = json.loads(Path("tour/solution.json").read_text())
    tour = found["answer"]["tour"]
    assert list(found["solution"].values()) == tour
    steps = {(3 * (a - b)) % 8 for a, b in zip(tour, tour[1:] + tour[:1], strict=True)}
    assert steps in ({1}, {7})  # city i lies at 3 i eighths of the circle: always one eighth on, or back
    code, _, err = say("ising", "solve", "circle.tsp", "--kernel", "dense")
    assert code == 2
    assert "Leave --method and --kernel out" in " ".join(err.split())


def test_clauses_that_contradict_each_other_are_no_solution(say: Say) -> None:
    Path("a.wcnf").write_text("h 1 0\nh -1 0\n4 2 0\n")
    code, out, err = say("ising", "solve", "a.wcnf", *_QUICK)
    assert code == 0
    assert "weight violated 0" in out
    assert "1 hard clauses are violated: this is no solution" in " ".join(err.split())


def test_a_target_ends_the_search_or_the_exit_code_says_so(say: Say) -> None:
    Path("ring.txt").write_text(_GRAPH)
    many = ("--sweeps", "3000000", "--reads", "64", "--seed", "1", "--threads", "1")
    code, out, _ = say("ising", "solve", "ring.txt", *many, "--target", "6")
    assert code == 0
    assert "target 6 reached" in out
    code, out, _ = say("ising", "solve", "ring.txt", *_QUICK, "--target", "7", "--json")
    assert code == 1
    assert json.loads(out)["target_reached"] is False


def test_ctrl_c_keeps_the_best(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    """The signal comes at the sampler's first report; the answer is printed and written, and the exit code is 130."""
    Path("ring.txt").write_text(_GRAPH)
    report = ising_search.Watch.__call__

    def interrupted(watch: ising_search.Watch, now: object) -> None:
        report(watch, now)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(ising_search.Watch, "__call__", interrupted)
    words = ("--sweeps", "3000000", "--reads", "64", "--seed", "1", "--threads", "1", "--out", "kept")
    code, out, err = say("ising", "solve", "ring.txt", *words)
    assert code == 130
    assert "cut 6" in out
    assert "the best found until then is the answer, in kept" in " ".join(err.split())
    assert json.loads(Path("kept/solution.json").read_text())["interrupted"] is True
    assert tomllib.loads(Path("kept/run.toml").read_text())["cut_short"] is True


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("absent.txt",), "There is no file 'absent.txt'"),
        (("G1",), "set SPINLOOM_DATA"),
        (("bad.txt",), "line 3: nodes are 1 to 3, found '2 4'"),
        (("empty.txt",), "empty.txt is empty"),
        (("bays.tsp",), "EDGE_WEIGHT_TYPE XRAY1 is not supported"),
        (("nan.txt",), "line 2: every number must be finite"),
        (("ring.txt", "--method", "anealing"), "Did you mean 'annealing'?"),
        (("ring.txt", "--kernel", "gpu"), "There is no kernel 'gpu'"),
        (("ring.txt", "--time", "10"), "unit"),
        (("ring.txt", "--time", "0s"), "above zero"),
        (("ring.txt", "--reads", "0"), "at least 1"),
        (("ring.txt", "--set", "slope_spread=0.1"), "name one with --device"),
        (("ring.txt", "--device", "Borders2019_smtg"), "Borders2019"),
    ],
)
def test_what_cannot_be_is_said(say: Say, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str) -> None:
    monkeypatch.delenv("SPINLOOM_DATA", raising=False)
    Path("ring.txt").write_text(_GRAPH)
    Path("bad.txt").write_text("3 2\n1 2 1\n2 4 1\n")
    Path("empty.txt").write_text("")
    Path("nan.txt").write_text("3 2\n1 2 nan\n2 3 1\n")
    Path("bays.tsp").write_text("TYPE : TSP\nDIMENSION : 2\nEDGE_WEIGHT_TYPE : XRAY1\n")
    code, _, err = say("ising", "solve", *words)
    assert code == 2
    assert said in " ".join(err.split())
