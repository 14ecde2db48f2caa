"""Exact means in a transverse field: known values, closed forms, order of convergence."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spinloom.errors import InputError
from spinloom.ising.exact import Enumeration
from spinloom.ising.exact_quantum import chain, diagonalise, trotter

PAIR = Enumeration.from_matrix([[0, -1], [-1, 0]])


def ring(spins):
    sites = np.arange(spins)
    couplings = np.zeros((spins, spins))
    couplings[sites, (sites + 1) % spins] = couplings[(sites + 1) % spins, sites] = -1.0
    return Enumeration.from_matrix(couplings)


def glass(spins=6):
    chance = np.random.default_rng(3)
    couplings = np.triu(chance.normal(size=(spins, spins)), 1)
    return Enumeration.from_matrix(couplings + couplings.T, chance.normal(size=spins), 0.7)


def test_one_spin_is_the_textbooks():
    """H = h z - Gamma x: levels ±sqrt(h^2 + Gamma^2); to rounding."""
    found = diagonalise(Enumeration.from_matrix([[0.0]], [0.6]), 1.3, 0.8)
    assert found.energy == pytest.approx(-math.tanh(1.3), rel=1e-12)
    assert found.z[0] == pytest.approx(-0.6 * math.tanh(1.3), rel=1e-12)
    assert found.x[0] == pytest.approx(0.8 * math.tanh(1.3), rel=1e-12)
    assert found.log_partition == pytest.approx(math.log(2 * math.cosh(1.3)), rel=1e-12)


def test_two_spins_are_the_independent_oracle():
    """Five printed digits."""
    assert diagonalise(PAIR, 2.0, 1.0).zz[0, 1] == pytest.approx(0.48801, abs=6e-6)
    for slices, expected in ((8, 0.51662), (16, 0.49532), (32, 0.48985), (64, 0.48847)):
        assert trotter(PAIR, 2.0, 1.0, slices).zz[0, 1] == pytest.approx(expected, abs=6e-6)


def test_without_the_half_the_field_is_another_one():
    """J_perp = -ln tanh a is that of the field a' with tanh a' = tanh^2 a, and tends to the classical tanh(beta J)."""
    for slices in (8, 64):
        weaker = slices / 2.0 * math.atanh(math.tanh(2.0 / slices) ** 2)
        wrong = trotter(PAIR, 2.0, 1.0, slices, half=1.0)
        assert wrong.zz[0, 1] == pytest.approx(trotter(PAIR, 2.0, weaker, slices).zz[0, 1], rel=1e-10)
    assert wrong.zz[0, 1] == pytest.approx(0.96, abs=0.005)


def test_trotter_is_the_sum_over_all_states_of_the_replicas():
    """Three replicas of two spins: all 64 states by hand, to rounding."""
    beta, field, slices = 0.9, 0.7, 3
    bits = (np.arange(64)[:, None] >> np.arange(6)) & 1
    s = (2 * bits - 1).reshape(64, slices, 2)
    coupling = -0.5 * math.log(math.tanh(beta * field / slices))
    next_one = np.roll(s, -1, axis=1)
    weight = np.exp(beta / slices * (s[:, :, 0] * s[:, :, 1]).sum(1) + coupling * (s * next_one).sum((1, 2)))
    weight /= weight.sum()
    found = trotter(PAIR, beta, field, slices)
    assert found.zz[0, 1] == pytest.approx(weight @ (s[:, :, 0] * s[:, :, 1]).mean(1), rel=1e-10)
    tangent = math.tanh(beta * field / slices)
    x = np.where(s == next_one, tangent, 1 / tangent).mean(1)
    np.testing.assert_allclose(found.x, weight @ x, rtol=1e-10)


@pytest.mark.parametrize("problem", [PAIR, ring(6), glass()], ids=["pair", "ring", "glass"])
def test_error_falls_with_the_square_of_the_replicas(problem):
    """The next term is (beta/n)^2 smaller: 1 % of the exponent at n = 32."""
    exact = diagonalise(problem, 1.3, 0.7)
    for name in ("zz", "x", "energy", "log_partition"):
        error = [np.abs(getattr(trotter(problem, 1.3, 0.7, n), name) - getattr(exact, name)).max() for n in (32, 64)]
        assert math.log2(error[0] / error[1]) == pytest.approx(2.0, abs=0.03), name


def test_without_a_field_it_is_the_classical_problem():
    problem = glass()
    found = diagonalise(problem, 0.8, 0.0)
    np.testing.assert_allclose(found.zz, problem.correlations(0.8), atol=1e-12)
    np.testing.assert_allclose(found.z, problem.magnetisations(0.8), atol=1e-12)
    assert found.log_partition == pytest.approx(problem.log_partition(0.8), rel=1e-12)


def test_endless_chain_is_the_limit_of_rings():
    """At beta J = 0.3 a ring of 10 adds the way round, 0.28^9 = 1e-5 at distance 1, 0.28^7 = 1.4e-4 at 3."""
    correlations, x = chain(0.3, 1.0, 0.8, [1, 2, 3])
    found = diagonalise(ring(10), 0.3, 0.8)
    np.testing.assert_allclose(correlations, found.zz[0, 1:4], atol=2e-4)
    assert x == pytest.approx(found.x[0], abs=1e-5)


def test_endless_chain_without_a_field_is_classical():
    """Gamma -> 0: <z_0 z_L> = tanh(beta J)^L; a field of 1e-6 changes it by 1e-6."""
    correlations, _ = chain(0.7, 1.0, 1e-6, [1, 4])
    np.testing.assert_allclose(correlations, [math.tanh(0.7), math.tanh(0.7) ** 4], atol=1e-5)


def test_what_cannot_be_says_so():
    with pytest.raises(InputError, match="at most 12"):
        diagonalise(Enumeration.from_matrix(np.zeros((13, 13))), 1.0, 1.0)
    with pytest.raises(InputError, match="field above 0"):
        trotter(PAIR, 1.0, 0.0, 8)
    with pytest.raises(InputError, match="beta must be above 0"):
        diagonalise(PAIR, -1.0, 1.0)
    with pytest.raises(InputError, match="above 0"):
        chain(1.0, -1.0, 1.0, [1])
