"""Enumeration against sums written out, and the sampling error of histograms against drawn ones."""

from __future__ import annotations

import dimod
import numpy as np
import pytest

from spinloom.errors import InputError, UnknownNameError
from spinloom.ising import exact, histograms
from spinloom.ising.exact import Enumeration


def _random(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    upper = np.triu(rng.normal(size=(n, n)), 1)
    return upper + upper.T, rng.normal(size=n)


def test_all_quantities_equal_sums_written_out() -> None:
    couplings, fields = _random(9)
    found, beta = Enumeration.from_matrix(couplings, fields, 0.3), 0.7
    s = exact.states(np.arange(512), 9).astype(float)
    energies = 0.3 + s @ fields + 0.5 * np.einsum("ki,ij,kj->k", s, couplings, s)
    weights = np.exp(-beta * energies)
    p = weights / weights.sum()
    # all are sums of 512 numbers of order 1 in float64
    np.testing.assert_allclose(found.energies, energies, atol=1e-13)
    np.testing.assert_allclose(found.log_partition(beta), np.log(weights.sum()), rtol=1e-14)
    np.testing.assert_allclose(found.distribution(beta), p, rtol=1e-11)
    np.testing.assert_allclose(found.magnetisations(beta), p @ s, atol=1e-14)
    np.testing.assert_allclose(found.correlations(beta), (s.T * p) @ s, atol=1e-14)
    np.testing.assert_allclose(found.mean_energy(beta), p @ energies, rtol=1e-12)
    np.testing.assert_allclose(found.moments(beta)[0b10011], p @ (s[:, 0] * s[:, 1] * s[:, 4]), atol=1e-14)
    some = [5, 2, 7]
    wanted = np.bincount(exact.numbers(s[:, some]), weights=p, minlength=8)
    np.testing.assert_allclose(found.distribution(beta, some), wanted, atol=1e-15)
    assert exact.numbers(found.ground_states()).tolist() == [energies.argmin()]


def test_numbers_and_states_are_inverse() -> None:
    assert exact.numbers(exact.states(np.arange(64), 6)).tolist() == list(range(64))
    assert exact.states(np.array(0b101), 4).tolist() == [1, -1, 1, -1]
    assert exact.numbers(np.array([1, 0, 1, 0])) == 0b101


@pytest.mark.parametrize("vartype", ["SPIN", "BINARY"])
def test_agrees_with_dimod(vartype: str) -> None:
    bqm = dimod.generators.gnp_random_bqm(8, 0.6, vartype, random_state=3)
    bqm.offset = 1.25
    best = dimod.ExactSolver().sample(bqm).first.energy
    found = Enumeration.of_bqm(bqm)
    assert found.lowest == pytest.approx(best, abs=1e-12)
    rows = (found.ground_states() > 0).astype(int) if vartype == "BINARY" else found.ground_states()
    assert bqm.energies((rows, found.labels)) == pytest.approx([best] * len(rows), abs=1e-12)


def test_products_of_any_order() -> None:
    """Parity of three spins by one term: the four states of product -1; a spin named twice drops out."""
    found = Enumeration.from_terms({("a", "b", "c"): 1.0, ("a", "a"): 5.0})
    assert found.lowest == 4.0
    assert (found.ground_states().prod(axis=1) == -1).all()
    assert len(found.ground_states()) == 4
    assert found.gap == 2.0


def test_no_spins_at_all() -> None:
    found = Enumeration.from_matrix(np.zeros((0, 0)), offset=3.0)
    assert found.energies.tolist() == [3.0]
    assert found.gap == float("inf")
    assert found.log_partition(2.0) == -6.0


def test_refuses_what_cannot_be_enumerated() -> None:
    with pytest.raises(InputError, match=r"25 spins have 2\^25 states"):
        Enumeration.from_matrix(np.zeros((25, 25)))
    with pytest.raises(InputError, match="not a finite number"):
        Enumeration.from_matrix([[0, np.nan], [np.nan, 0]])
    with pytest.raises(UnknownNameError, match="no spin 'b'"):
        Enumeration.from_terms({("a",): 1.0}).distribution(1.0, ["b"])
    with pytest.raises(InputError, match="columns of at most 24"):
        histograms.histogram(np.ones((3, 30)))


def test_sampling_error_of_a_histogram() -> None:
    """The mean total variation of 400 histograms of 1000 samples against the closed form.

    Its standard error is below 0.5/sqrt(1000)/sqrt(400) = 8e-4 (a sample moves it by 1/N); five of them: false alarms
    below 1e-6. None of 400 may pass the bound that one in 1e5 passes: 0.4 % of runs; the seed is fixed.
    """
    rng = np.random.default_rng(1)
    p = rng.dirichlet(np.full(32, 0.3))
    found = [histograms.total_variation(counts, p) for counts in rng.multinomial(1000, p, size=400)]
    assert np.mean(found) == pytest.approx(histograms.expected_variation(p, 1000), abs=4e-3)
    assert max(found) < histograms.largest_variation(p, 1000, 1e-5)


def test_variation_of_one_spin() -> None:
    """One sample of a fair spin is off by 1/2, always."""
    assert histograms.expected_variation(np.array([0.5, 0.5]), 1) == pytest.approx(0.5, abs=1e-15)
    assert histograms.total_variation(np.array([3, 1]), np.array([0.5, 0.5])) == 0.25
