"""Hopfield's memory: what is stored exactly, how energy moves, how many patterns it holds, and learning."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from spinloom.crossbar import associative
from spinloom.errors import InputError


def _walsh(order: int) -> np.ndarray:
    """Orthogonal patterns of 2**order neurons (rows of a Hadamard matrix, without the constant one)."""
    rows = np.ones((1, 1))
    for _ in range(order):
        rows = np.block([[rows, rows], [rows, -rows]])
    return rows[1:]


def test_orthogonal_patterns_are_exact() -> None:
    """With p orthogonal patterns of n neurons the field of each is (n - p) times itself: exact integers."""
    patterns = _walsh(4)[:3]
    weights = associative.hebb(patterns)
    np.testing.assert_array_equal(associative.field(weights, patterns), (16 - 3) * patterns)
    assert associative.is_fixed(weights, patterns).all()
    np.testing.assert_array_equal(associative.energy(weights, patterns), -0.5 * 16 * 13)


def test_one_wrong_neuron_of_orthogonal_patterns_is_undone() -> None:
    """The other patterns overlap such a state by 2 at most: n - 2 - p > 2 (p - 1) holds, so one step suffices."""
    patterns = _walsh(4)[:3]
    shown = associative.neighbours(patterns).reshape(-1, 16)
    found = associative.recall(associative.hebb(patterns), shown)
    np.testing.assert_array_equal(found.states, np.repeat(patterns, 16, axis=0))
    assert found.settled.all()
    assert found.steps == 1


def test_energy_never_rises_when_neurons_take_turns() -> None:
    """Lyapunov function, any symmetric weights with empty diagonal; whole-number weights, so no rounding."""
    chance = np.random.default_rng(1)
    weights = associative.from_pairs(chance.integers(-5, 6, 66).astype(float))
    state = np.where(chance.random((200, 12)) < 0.5, 1.0, -1.0)
    before = associative.energy(weights, state)
    for _ in range(8):
        state = associative.recall(weights, state, chance, limit=1).states
        after = associative.energy(weights, state)
        assert (after <= before).all()
        before = after
    settled = associative.recall(weights, state, chance)
    assert settled.settled.all()


def test_the_deepest_state_is_the_one_of_exact_enumeration() -> None:
    """All 2^10 states: the lowest energy is a fixed point, and every start ends in a local minimum."""
    chance = np.random.default_rng(3)
    weights = associative.from_pairs(chance.standard_normal(45))
    states = np.array(list(itertools.product((-1.0, 1.0), repeat=10)))
    energies = associative.energy(weights, states)
    assert associative.is_fixed(weights, states[[energies.argmin()]]).all()
    ends = associative.recall(weights, states, chance)
    turned = associative.energy(weights, associative.neighbours(ends.states))
    assert (turned >= associative.energy(weights, ends.states)[:, None] - 1e-12).all()


def test_synchronous_recall_may_end_in_a_cycle_and_says_so() -> None:
    """Two neurons of opposite state that pull each other exchange them for ever."""
    found = associative.recall(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[1.0, -1.0]]))
    assert not found.settled.any()
    assert found.steps == 50


def test_capacity_follows_the_crosstalk() -> None:
    """Random patterns: a neuron is unstable with probability erfc(sqrt((n - 1)/(2 (p - 1))))/2.

    n = 200; 20 sets of p patterns give 200 n p / 10 neurons. Crosstalk is a sum of n p signs, normal up to 1/sqrt(n),
    so 10 % of the probability is allowed besides five standard errors (false alarm 6e-7 for independent neurons).
    """
    chance = np.random.default_rng(5)
    shares = []
    for count in (20, 40, 80):
        unstable = []
        for _ in range(20):
            patterns = np.where(chance.random((count, 200)) < 0.5, 1.0, -1.0)
            unstable.append((patterns * associative.field(associative.hebb(patterns), patterns) < 0).mean())
        closed = 0.5 * math.erfc(math.sqrt(199 / (2 * (count - 1))))
        error = math.sqrt(closed / (20 * 200 * count))
        assert np.mean(unstable) == pytest.approx(closed, abs=0.1 * closed + 5 * error)
        shares.append(np.mean(unstable))
    assert shares == sorted(shares)


def test_many_chips_at_once_are_the_same_as_one_by_one() -> None:
    chance = np.random.default_rng(7)
    weights = associative.from_pairs(chance.standard_normal((4, 36)))
    shown = np.where(chance.random((5, 9)) < 0.5, 1.0, -1.0)
    together = associative.recall(weights, shown).states
    assert together.shape == (4, 5, 9)
    for chip in range(4):
        np.testing.assert_array_equal(together[chip], associative.recall(weights[chip], shown).states)


def test_the_delta_rule_finds_weights_that_exist() -> None:
    """Perceptron convergence: 30 starts answered by a teacher with margin are learnt without error."""
    chance = np.random.default_rng(9)
    teacher = associative.from_pairs(chance.integers(-3, 4, 36).astype(float))
    states = np.where(chance.random((200, 9)) < 0.5, 1.0, -1.0)
    clear = (np.abs(associative.field(teacher, states)) > 2).all(axis=1)
    shown = states[clear][:30]
    wanted = np.sign(associative.field(teacher, shown))
    weights = np.zeros((9, 9))
    answer = -wanted
    for _ in range(1000):
        weights = weights + associative.delta_gap(wanted, answer, shown)
        answer = associative.recall(weights, shown, limit=1).states
        if (answer == wanted).all():
            break
    np.testing.assert_array_equal(answer, wanted)


def test_gaps_vanish_when_recall_is_right_and_count_wrong_neurons_otherwise() -> None:
    patterns = _walsh(3)[:2]
    assert not associative.correlation_gap(patterns, patterns).any()
    assert not associative.delta_gap(patterns, patterns, patterns).any()
    wrong = patterns.copy()
    wrong[0, 3] *= -1  # one neuron of one state
    for gap in (associative.correlation_gap(patterns, wrong), associative.delta_gap(patterns, wrong, patterns)):
        np.testing.assert_array_equal(gap, gap.T)
        expected = np.zeros((8, 8))
        expected[3] = expected[:, 3] = patterns[0] * patterns[0, 3]
        expected[3, 3] = 0.0
        np.testing.assert_array_equal(gap, expected)


def test_pairs_and_matrix_are_one() -> None:
    weights = associative.hebb(_walsh(3)[:3])
    np.testing.assert_array_equal(associative.from_pairs(associative.to_pairs(weights)), weights)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: associative.hebb(np.array([[0.0, 1.0]])), "-1 and \\+1 only"),
        (lambda: associative.hebb(np.ones(4)), "1 axes"),
        (lambda: associative.recall(np.zeros((3, 3)), np.ones((1, 4))), "do not fit states of 4 neurons"),
        (lambda: associative.recall(np.zeros((4, 4)), np.ones(4)), "one axis"),
        (lambda: associative.from_pairs(np.zeros(5)), "no set of pairs"),
    ],
)
def test_bad_input_is_named(call: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()  # type: ignore[operator]
