"""Max-cut against counting the edges between the parts."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest

from spinloom.errors import InputError
from spinloom.ising.encodings.max_cut import MaxCut


def test_every_cut_agrees_with_its_energy() -> None:
    """All 2^6 splits of a graph with weights of both signs and a double edge: energy, count, and the fast reading."""
    graph = MaxCut(6, *np.array([[0, 0, 1, 2, 3, 3], [1, 1, 2, 3, 4, 0]]), np.array([1.0, 2.0, -1.5, 1.0, 0.25, -2.0]))
    states = np.array(list(itertools.product((-1, 1), repeat=6)))
    bqm = graph.bqm()
    energies = bqm.energies((states, range(6)))
    np.testing.assert_allclose(graph.cut(energies), graph.cut_of(states), atol=1e-12)
    np.testing.assert_allclose(graph.cut_of(states), graph.cut_of((states + 1) // 2), atol=0)
    by_hand = [
        sum(w for i, j, w in zip(graph.first, graph.second, graph.weights, strict=True) if s[i] != s[j]) for s in states
    ]
    np.testing.assert_allclose(graph.cut_of(states), by_hand, atol=1e-12)
    np.testing.assert_allclose(graph.energy(graph.cut(energies)), energies, atol=1e-12)


def test_problem_and_quadratic_model_have_one_energy() -> None:
    """And twenty thousand edges are there in 20 ms, the best of five tries."""
    rng = np.random.default_rng(1)
    first = rng.integers(0, 1999, 20_000)
    graph = MaxCut(2000, first, first + 1, rng.choice([-1.0, 1.0], 20_000))
    times = []
    for _ in range(5):
        start = time.process_time()
        problem = graph.problem()
        times.append(time.process_time() - start)
    assert min(times) < 0.02
    states = rng.choice(np.array([-1, 1], dtype=np.int8), (3, 2000))
    energies = graph.bqm().energies((states, range(2000)))
    np.testing.assert_allclose(problem.energies(states), energies, atol=1e-9)
    np.testing.assert_allclose(graph.cut(energies), graph.cut_of(states), atol=1e-9)


@pytest.mark.parametrize(
    ("first", "second", "weights", "said"),
    [
        ([0], [1, 2], [1.0], "one entry an edge"),
        ([0], [3], [1.0], "nodes 0 to 2"),
        ([-1], [1], [1.0], "counted from 0"),
        ([1], [1], [1.0], "joined to itself"),
        ([0], [1], [np.nan], "finite"),
    ],
)
def test_what_is_no_graph_is_said(first: list, second: list, weights: list, said: str) -> None:
    with pytest.raises(InputError, match=said):
        MaxCut(3, np.array(first), np.array(second), np.array(weights))
