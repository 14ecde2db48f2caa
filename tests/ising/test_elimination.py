"""Sums by elimination against enumeration, and against closed forms where enumeration ends."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.errors import InputError, UnknownNameError
from spinloom.ising import elimination
from spinloom.ising.encodings import logic
from spinloom.ising.exact import Enumeration
from spinloom.ising.problem import Problem


def _random(n: int, density: float, seed: int) -> Problem:
    rng = np.random.default_rng(seed)
    matrix = np.triu(rng.normal(size=(n, n)) * (rng.random((n, n)) < density), 1)
    return Problem.from_matrix(matrix + matrix.T, rng.normal(size=n), 0.4)


@pytest.mark.parametrize("density", [0.0, 0.2, 1.0])
def test_equals_enumeration(density: float) -> None:
    problem = _random(12, density, 1)
    found = Enumeration.of(problem)
    assert elimination.log_partition(problem, 0.8) == pytest.approx(found.log_partition(0.8), rel=1e-13)
    for spins in ([7], [3, 11, 0], list(range(12))):
        np.testing.assert_allclose(
            elimination.distribution(problem, 0.8, spins), found.distribution(0.8, spins), atol=1e-14
        )


def test_a_chain_of_a_thousand_spins() -> None:
    """Z = 2 (2 cosh beta J)^(n-1) of an open chain."""
    n, beta = 1000, 0.7
    chain = Problem.from_arrays(np.arange(n - 1), np.arange(1, n), np.full(n - 1, -1.0))
    wanted = np.log(2.0) + (n - 1) * np.log(2.0 * np.cosh(beta))
    assert elimination.log_partition(chain, beta) == pytest.approx(wanted, rel=1e-13)
    # ends: <s_1 s_n> = tanh(beta)^(n-1), of a shorter piece
    p = elimination.distribution(Problem.from_arrays([0, 1, 2], [1, 2, 3], [-1.0] * 3), beta, [0, 3])
    assert p @ [1, -1, -1, 1] == pytest.approx(np.tanh(beta) ** 3, rel=1e-13)


def test_counts_ground_states_of_circuits_beyond_enumeration() -> None:
    """The 4 x 4 multiplier, 48 spins, has 256 states of energy 0 and the next at 2: at beta = 30 others weigh e^-60."""
    circuit = logic.multiplier(4)
    assert np.exp(elimination.log_partition(Problem.from_bqm(circuit.model()), 30.0)) == pytest.approx(256, rel=1e-9)
    held = circuit.clamp({"P": 60})
    p = elimination.distribution(Problem.from_bqm(held.model()), 30.0, [*circuit.buses["X"], *circuit.buses["Y"]])
    states = {(n & 15, n >> 4) for n in np.flatnonzero(p > 1e-9).tolist()}
    assert states == {(x, 60 // x) for x in range(4, 16) if 60 % x == 0}
    np.testing.assert_allclose(p[p > 1e-9], 1 / len(states), rtol=1e-9)


def test_every_sum_of_an_adder_of_eight_bits() -> None:
    """32 wires; with A and B held the law of S is one state, at any A and B."""
    circuit = logic.ripple_carry_adder(8)
    for a, b in [(0, 0), (255, 1), (200, 100), (255, 255)]:
        problem = Problem.from_bqm(circuit.clamp({"A": a, "B": b}).model())
        assert elimination.distribution(problem, 30.0, circuit.buses["S"]).argmax() == a + b
        assert elimination.log_partition(problem, 30.0) == pytest.approx(0.0, abs=1e-9)


def test_refusals() -> None:
    with pytest.raises(InputError, match="too dense for exact sums"):
        elimination.log_partition(_random(30, 1.0, 0))
    with pytest.raises(InputError, match="ask for at most 24"):
        elimination.distribution(_random(30, 0.0, 0), 1.0, range(25))
    with pytest.raises(UnknownNameError, match="no spin 'x'"):
        elimination.distribution(_random(3, 1.0, 0), 1.0, ["x"])
    assert elimination.log_partition(Problem.from_matrix(np.zeros((0, 0)), offset=2.0), 1.5) == -3.0
