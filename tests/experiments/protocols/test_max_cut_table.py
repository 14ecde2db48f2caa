"""What the table of maximum cuts computes besides sampling: known answers, times that are filled, comparisons."""

from __future__ import annotations

from types import SimpleNamespace

import dimod
import numpy as np
import pytest

from spinloom.errors import DataError, InputError
from spinloom.experiments.protocols import max_cut_samplers as runners
from spinloom.experiments.protocols import max_cut_table as protocol
from spinloom.ising.encodings.max_cut import MaxCut

SQUARE = MaxCut(4, np.array([0, 1, 2, 3]), np.array([1, 2, 3, 0]), np.ones(4))


def test_made_graphs_have_their_largest_cut() -> None:
    made = protocol._made("G1", seed=3)
    lowest = dimod.ExactSolver().sample(made.cut.bqm()).first.energy
    assert made.best == made.cut.cut(lowest)


@pytest.mark.parametrize("setting", ["reads", "sweeps"])
def test_peers_fill_the_time(setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer with a clock of its own: 0.3 s a call and 0.05 ms a sweep. It gets all of the ten seconds, and no more."""
    now, calls = [0.0], []

    def call(bqm: object, reads: int, sweeps: int | None, seed: int) -> SimpleNamespace:
        calls.append((reads, sweeps))
        now[0] += 0.3 + 5e-5 * reads * (sweeps or 1000)
        return SimpleNamespace(first=SimpleNamespace(energy=-1.0))

    monkeypatch.setattr(runners.time, "perf_counter", lambda: now[0])
    runner = runners._with_reads(call) if setting == "reads" else runners._with_sweeps(call, 8)
    found = runner(SQUARE.bqm(), 10.0, 0)
    assert 9.9 < found.seconds <= 10.0 + 1e-9
    assert calls[-1] in [(193, None), (194, None)] if setting == "reads" else calls[-1][0] == 8
    assert sum(reads for reads, _ in calls[:-1]) == 7  # the pilot is short


def test_who_is_ahead_counts_graphs() -> None:
    """Two squares, whose largest cut is 4: ours cuts 4 and 2, a peer 2 and 2 at its default, 2 and 4 otherwise."""

    def sampler(*energies: float):
        left = list(energies)
        course = np.ones((2, 3))  # one point less in each run: courses need not be of one length
        return lambda bqm, seconds, seed: runners.Attempt(left.pop(0), seconds, course[:, len(left) :])

    samplers = {
        "annealing": sampler(-4.0, 0.0),
        "dwave-samplers": sampler(0.0, 0.0),
        "dwave-samplers, 1 long read": sampler(0.0, -4.0),
    }
    graphs = [protocol.Graph(name, SQUARE, 4.0) for name in ("a", "b")]
    stage = lambda done, total: None  # noqa: E731
    tables = [protocol._table(graph, samplers, {"1s": 1.0}, {"1s": 1}, 0, stage) for graph in graphs]
    metrics = protocol._metrics(protocol.joined(tables), "annealing")
    found = {name: metric.value for name, metric in metrics.items()}
    assert (found["a.1s"], found["b.1s"]) == (4.0, 2.0)
    assert (found["default.dwave.1s.ahead"], found["default.dwave.1s.behind"]) == (1.0, 0.0)
    assert (found["tuned.dwave.1s.ahead"], found["tuned.dwave.1s.behind"]) == (1.0, 1.0)
    assert (found["default.openjij.1s.ahead"], found["default.openjij.1s.behind"]) == (0.0, 0.0)
    assert found["gap.1s.annealing"] == pytest.approx(25.0)
    assert found["peers"] == 1.0
    assert found["used.1s"] == pytest.approx(100.0)


def test_missing_graphs_are_named(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPINLOOM_DATA", str(tmp_path))
    with pytest.raises(DataError, match="gset"):
        protocol._graphs({"data": "gset", "graphs": ["G1"]})
    (tmp_path / "gset").mkdir()
    (tmp_path / "gset" / "G1.txt").write_text("2 1\n1 2 1\n")
    with pytest.raises(DataError, match="best_known"):
        protocol._graphs({"data": "gset", "graphs": ["G1"]})
    (tmp_path / "gset" / "best_known.csv").write_text("instance,best_known_cut\nG1,1\n")
    graph = protocol._graphs({"data": "gset", "graphs": ["G1"]})[0]
    assert graph.best == graph.cut.cut(-1.0) == 1.0


def test_other_data_is_refused() -> None:
    with pytest.raises(InputError, match="'made'"):
        protocol._graphs({"data": "others", "graphs": ["G1"]})
