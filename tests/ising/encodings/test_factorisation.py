"""Energies of factorisation against (X Y - F)² written out, for every state."""

from __future__ import annotations

import dimod
import numpy as np
import pytest

from spinloom.errors import InputError
from spinloom.ising import exact
from spinloom.ising.encodings.factorisation import Factorisation
from spinloom.ising.exact import Enumeration

PUBLISHED = [(35, 2, 2, {(5, 7), (7, 5)}), (161, 4, 2, {(23, 7)}), (945, 5, 3, {(63, 15)})]


@pytest.mark.parametrize(("number", "x_bits", "y_bits", "factors"), [*PUBLISHED, (143, 3, 3, {(11, 13), (13, 11)})])
def test_polynomial_is_the_square(number: int, x_bits: int, y_bits: int, factors: set) -> None:
    task = Factorisation.of(number, x_bits, y_bits)
    found = Enumeration.from_terms(task.polynomial(), task.labels)
    x, y = task.decode(exact.states(np.arange(1 << task.size), task.size))
    np.testing.assert_array_equal(found.energies, (x * y - number) ** 2)  # integers: exact
    assert sorted({*zip(x.tolist(), y.tolist(), strict=True)}) == [
        (a, b) for a in range(1, 2 << x_bits, 2) for b in range(1, 2 << y_bits, 2)
    ]
    best = task.decode(found.ground_states())
    assert {*zip(*(part.tolist() for part in best), strict=True)} == factors == {*task.factors()}
    assert task.polynomial().degree == 4


@pytest.mark.parametrize(("number", "x_bits", "y_bits", "factors"), PUBLISHED[:2])
def test_pairs_alone_have_the_same_ground_states(number: int, x_bits: int, y_bits: int, factors: set) -> None:
    """Energy 0 at the factors with the products right, and everywhere E of the polynomial where they are right."""
    task = Factorisation.of(number, x_bits, y_bits)
    for strength in (None, 0.5):
        model = task.model(strength)
        found = Enumeration.of_bqm(model)
        best = dimod.SampleSet.from_samples((found.ground_states(), found.labels), "SPIN", 0.0)
        assert found.lowest == pytest.approx(0.0, abs=1e-9)
        assert {*zip(*(part.tolist() for part in task.decode(best)), strict=True)} == factors
        assert len(best) == len(factors)
    states = exact.states(np.arange(1 << task.size), task.size)
    pairs = [
        (task.labels.index(a), task.labels.index(b))
        for a, b in (str(n).split("*") for n in model.variables if "*" in str(n))
    ]
    whole = np.hstack([states, *(np.where((states[:, [a, b]] > 0).all(axis=1), 1, -1)[:, None] for a, b in pairs)])
    x, y = task.decode(states)
    np.testing.assert_allclose(model.energies((whole, list(model.variables))), (x * y - number) ** 2, atol=1e-9)


def test_default_bits_hold_every_factor_but_not_the_trivial_one() -> None:
    for number in (9, 15, 21, 105, 945, 3599, 60491):
        pairs = Factorisation.of(number).factors()
        wanted = {(number // y, y) for y in range(3, int(number**0.5) + 1, 2) if number % y == 0}
        assert wanted <= {*pairs}
        assert (number, 1) not in pairs
    assert Factorisation.of(101).factors() == []


def test_sixteen_bits() -> None:
    """251 x 241, both of 8 digits: energies up to 2^32 exact, one ground state and its mirror."""
    task = Factorisation.of(251 * 241, 7, 7)
    found = Enumeration.from_terms(task.polynomial(), task.labels)
    assert {*zip(*(part.tolist() for part in task.decode(found.ground_states())), strict=True)} == {
        (251, 241),
        (241, 251),
    }
    assert found.lowest == 0.0
    assert len(task.model().variables) == 14 + 49


def test_decode_of_a_sample_and_of_many() -> None:
    task = Factorisation.of(35, 2, 2)
    assert task.decode({"x1": 1, "x2": 0, "y1": 1, "y2": 1, "x1*y1": 1}) == (3, 7)
    many = dimod.SampleSet.from_samples(([[1, 1, -1, 1]], ["y2", "y1", "x1", "x2"]), "SPIN", 0.0)
    x, y = task.decode(many)
    assert (x.tolist(), y.tolist()) == ([5], [7])
    assert task.energies(x, y).tolist() == [0]


def test_numbers_that_cannot_be() -> None:
    with pytest.raises(InputError, match="56 is even and X, Y are odd; divide by 2 first, and factorise 7"):
        Factorisation.of(56)
    for number in (7, 0, -35):
        with pytest.raises(InputError, match="no product of two odd numbers"):
            Factorisation.of(number)
    with pytest.raises(InputError, match="at most 24 bits"):
        Factorisation.of((1 << 24) + 1)
    with pytest.raises(InputError, match="1 to 23 p-bits each, not 0 and 2"):
        Factorisation.of(35, 0, 2)
    with pytest.raises(InputError, match="holds nothing"):
        Factorisation.of(35).model(0.0)
