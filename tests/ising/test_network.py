from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import sparse

from spinloom.errors import InputError
from spinloom.ising.exact import Enumeration
from spinloom.ising.network import Network
from spinloom.ising.problem import Problem


def test_family_has_the_textbook_relatedness() -> None:
    """Strong coupling: child and parent 1/2, siblings 1/2, grandparents 1/4, cousins 1/8."""
    tree = {
        "grandmother": [], "grandfather": [], "mother": ["grandmother", "grandfather"],
        "aunt": ["grandmother", "grandfather"], "father": [], "uncle": [], "child": ["mother", "father"],
        "sibling": ["mother", "father"], "cousin": ["aunt", "uncle"],
    }  # fmt: skip
    net = Network.from_parents(tree, coupling=20.0)
    found = net.correlations(net.distribution())
    place = {name: i for i, name in enumerate(tree)}

    def pair(a: str, b: str) -> float:
        return found[place[a], place[b]]

    # tanh 40 is 1 in double precision
    assert [pair("child", "mother"), pair("child", "sibling")] == pytest.approx([0.5, 0.5], rel=1e-12)
    assert [pair("child", "grandmother"), pair("child", "aunt")] == pytest.approx([0.25, 0.25], rel=1e-12)
    assert pair("child", "cousin") == pytest.approx(0.125, rel=1e-12)
    assert net.magnetisations(net.distribution()) == pytest.approx(np.zeros(9), abs=1e-12)


def test_directed_law_is_the_product_of_conditionals() -> None:
    rng = np.random.default_rng(3)
    matrix, h = np.tril(rng.normal(size=(4, 4)), -1), rng.normal(size=4)
    shuffled = [2, 0, 3, 1]  # the order of the labels is not the order of the parents
    p = Network.from_matrix(matrix[np.ix_(shuffled, shuffled)], h[shuffled]).distribution(gain=0.7)
    for m in itertools.product((-1, 1), repeat=4):
        spins = np.array(m, float)
        product = np.prod([0.5 * (1 + m[i] * math.tanh(0.7 * (h[i] + matrix[i] @ spins))) for i in range(4)])
        number = sum(1 << bit for bit, i in enumerate(shuffled) if m[i] > 0)
        assert p[number] == pytest.approx(product, rel=1e-12)


def test_symmetric_law_is_boltzmanns_in_dimods_sign() -> None:
    rng = np.random.default_rng(4)
    upper = np.triu(rng.normal(size=(5, 5)), 1)
    problem = Problem.from_matrix(upper + upper.T, rng.normal(size=5))
    exact = Enumeration.of(problem)
    net = Network.from_problem(problem)
    assert net.symmetric
    assert net.distribution(0.8) == pytest.approx(exact.distribution(0.8), rel=1e-10)
    assert net.correlations(net.distribution(0.8)) == pytest.approx(exact.correlations(0.8), abs=1e-12)


def test_order_and_symmetrised() -> None:
    net = Network.from_parents({"c": ["a", "b"], "a": [], "b": ["a"]}, 2.0)
    assert [net.labels[i] for i in net.order()] == ["a", "b", "c"]
    both = net.symmetrised()
    assert both.symmetric
    assert both.order() is None
    assert np.array_equal(both.matrix(), net.matrix() + net.matrix().T)
    dense = Network.from_matrix(net.matrix())
    thin = Network.from_matrix(sparse.csr_array(net.matrix()))
    assert np.array_equal(dense.couplings, thin.couplings)
    assert np.array_equal(dense.sources, thin.sources)


def test_quantiser_rounds_to_levels() -> None:
    net = Network.from_matrix([[0.0, 1.0, 0.4], [0.1, 0.0, -0.9], [0.26, -1.0, 0.0]], [0.5, 0.0, -0.74])
    coarse = net.quantised(3)  # levels -1, -2/3, -1/3, 0 ... 1
    expected = np.array([[0, 3, 1], [0, 0, -3], [1, -3, 0]]) / 3.0
    assert coarse.matrix() == pytest.approx(expected, abs=1e-15)
    # 1.5 levels round to even
    assert coarse.fields == pytest.approx(np.array([2, 0, -2]) / 3.0, abs=1e-15)
    whole = Network.from_matrix([[0, 3], [-2, 0]]).quantised(3)
    assert np.array_equal(whole.matrix(), [[0, 3], [-2, 0]])  # integers up to 3 need three bits


@pytest.mark.parametrize(
    ("matrix", "fields", "says"),
    [
        (np.ones((2, 3)), None, "n x n"),
        (np.zeros((2, 2)), [1.0], "n fields"),
        ([[0, np.nan], [0, 0]], None, "finite"),
        ([[1.0, 0], [0, 0]], None, "diagonal"),
    ],
)
def test_what_is_no_network_is_refused(matrix: object, fields: object, says: str) -> None:
    with pytest.raises(InputError, match=says):
        Network.from_matrix(matrix, fields)


def test_laws_without_closed_form_are_refused() -> None:
    with pytest.raises(InputError, match="neither symmetric nor free of cycles"):
        Network.from_matrix([[0, 1], [2, 0]]).distribution()
    with pytest.raises(InputError, match="at most 24"):
        Network.from_matrix(np.zeros((25, 25))).distribution()
    with pytest.raises(InputError, match="not in the family"):
        Network.from_parents({"a": ["b"]}, 1.0)
    with pytest.raises(InputError, match="at least 2"):
        Network.from_matrix([[0, 1], [1, 0]]).quantised(1)
    with pytest.raises(InputError, match="whole number"):
        Network.from_matrix([[0, 1], [1, 0]]).quantised(2.5)  # pyright: ignore[reportArgumentType]
