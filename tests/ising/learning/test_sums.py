"""Partial sums against the enumeration of all states, and against differences of the likelihood."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.errors import InputError
from spinloom.ising import exact
from spinloom.ising.learning import sums
from spinloom.ising.learning.chip import Felt
from spinloom.ising.learning.terms import Terms, energies

# (visible, hidden, coupled among visible, coupled among hidden): every way in which the sums are ordered
FORMS = [(4, 3, False, False), (3, 5, False, False), (4, 3, True, False), (3, 4, False, True), (4, 3, True, True)]
FORMS += [(5, 0, True, False)]


def machine(visible: int, hidden: int, within_visible: bool, within_hidden: bool) -> Terms:
    chance = np.random.default_rng([visible, hidden, within_visible, within_hidden])

    def symmetric(units: int) -> np.ndarray:
        upper = np.triu(chance.normal(0, 0.6, (units, units)), 1)
        return upper + upper.T

    return Terms(
        chance.normal(0, 0.5, visible),
        chance.normal(0, 0.5, hidden),
        chance.normal(0, 0.7, (visible, hidden)),
        symmetric(visible) if within_visible else None,
        symmetric(hidden) if within_hidden else None,
    )


@pytest.mark.parametrize("form", FORMS)
def test_against_all_states(form: tuple[int, int, bool, bool]) -> None:
    terms = machine(*form)
    fields, couplings = terms.joined()
    whole = exact.Enumeration.from_matrix(couplings, fields)
    assert sums.log_partition(terms) == pytest.approx(whole.log_partition(), rel=1e-12)  # rounding
    found = sums.moments(terms)
    wanted = terms.split(whole.magnetisations(), whole.correlations() - np.eye(whole.size))
    for ours, theirs in zip(found, wanted, strict=True):
        if theirs is None:
            assert ours is None
        else:
            assert ours is not None
            assert np.allclose(ours, theirs, atol=1e-12)
    visible = form[0]
    assert np.allclose(sums.distribution(terms), whole.distribution(spins=range(visible)), atol=1e-12)
    states = exact.states(np.arange(1 << whole.size), whole.size).T.astype(float)
    assert np.allclose(energies(terms, states[:visible], states[visible:]), whole.energies, atol=1e-12)


@pytest.mark.parametrize("form", FORMS)
def test_the_gradient_is_the_slope_of_the_likelihood(form: tuple[int, int, bool, bool]) -> None:
    """Central differences of step 1e-5: error of their square, 1e-10, and rounding 1e-16/1e-5."""
    terms, step = machine(*form), 1e-5
    chance = np.random.default_rng(7)
    data = np.where(chance.random((form[0], 6)) < 0.4, 1.0, -1.0)
    weights = chance.dirichlet(np.ones(6))
    slope = sums.gradient(terms, data, weights)
    for array, rise in zip(terms, slope, strict=True):
        if array is None:
            continue
        assert rise is not None
        for place in np.ndindex(array.shape):
            mirror = place[::-1] if array.shape == array.T.shape and array.ndim == 2 and form[0] != form[1] else place
            same = array is terms.between or array.ndim == 1
            if not same and place[0] >= place[1]:
                continue  # a pair is one term, held twice
            places = {place} if same else {place, mirror}
            values = []
            for sign in (1, -1):
                for each in places:
                    array[each] += sign * step
                values.append(weights @ sums.log_likelihood(terms, data))
                for each in places:
                    array[each] -= sign * step
            assert rise[place] == pytest.approx((values[0] - values[1]) / (2 * step), abs=1e-8)


def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    terms = machine(7, 9, False, False)
    whole, moments = sums.log_partition(terms), sums.moments(terms)
    monkeypatch.setattr(sums, "_CHUNK", 13)
    assert sums.log_partition(terms) == pytest.approx(whole, rel=1e-13)
    assert np.allclose(sums.moments(terms).between, moments.between, atol=1e-13)


@pytest.mark.parametrize("form", [(3, 2, False, False), (4, 0, True, False), (3, 2, True, True)])
def test_equal_p_bits_settle_to_boltzmanns_law(form: tuple[int, int, bool, bool]) -> None:
    terms = machine(*form)
    fields, couplings = terms.joined()
    law = exact.Enumeration.from_matrix(couplings, fields).distribution()
    assert np.allclose(sums.stationary(Felt.ideal(terms)), law, atol=1e-12)


def test_too_large_to_enumerate() -> None:
    with pytest.raises(InputError, match=r"21 units have 2\^21 states"):
        sums.log_partition(machine(21, 0, True, False))
    with pytest.raises(InputError, match=r"2\^11 states"):
        sums.stationary(Felt.ideal(machine(11, 0, True, False)))
    assert np.isfinite(sums.log_partition(machine(300, 6, False, False)))  # one small layer is enough
