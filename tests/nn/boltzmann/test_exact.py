"""Enumeration against sums over all states of both layers, written out here."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from spinloom.errors import InputError
from spinloom.nn.boltzmann import exact

CHANCE = np.random.default_rng(5)


def machine(visible: int, hidden: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return CHANCE.normal(0, 1.0, (visible, hidden)), CHANCE.normal(0, 0.7, visible), CHANCE.normal(0, 0.7, hidden)


def all_of_both(weight: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(v, h, weight of the state) over every state of both layers, by a double loop."""
    rows = [
        (v, h, np.exp(np.dot(a, v) + np.dot(b, h) + np.array(v) @ weight @ np.array(h)))
        for v in itertools.product((0, 1), repeat=len(a))
        for h in itertools.product((0, 1), repeat=len(b))
    ]
    return tuple(np.array(column, dtype=float) for column in zip(*rows, strict=True))


@pytest.mark.parametrize(("visible", "hidden"), [(4, 3), (3, 5), (1, 1), (4, 4)])
def test_partition_moments_and_distribution(visible: int, hidden: int) -> None:
    parameters = machine(visible, hidden)
    v, h, p = all_of_both(*parameters)
    assert exact.log_partition(*parameters) == pytest.approx(np.log(p.sum()), rel=1e-12)  # rounding
    p /= p.sum()
    found = exact.moments(*parameters)
    assert np.allclose(found.products, np.einsum("s,si,sj", p, v, h), atol=1e-12)
    assert np.allclose(found.visible, p @ v, atol=1e-12)
    assert np.allclose(found.hidden, p @ h, atol=1e-12)
    by_state = np.bincount((v @ (1 << np.arange(visible))).astype(int), weights=p)
    assert np.allclose(exact.distribution(*parameters), by_state, atol=1e-12)
    assert np.exp(exact.log_likelihood(exact.states(visible), *parameters)).sum() == pytest.approx(1.0, rel=1e-12)


def test_free_energy_sums_the_hidden_layer_out() -> None:
    parameters = machine(4, 3)
    v, h = exact.states(4), exact.states(3)
    energies = exact.energy(v[:, None, :], h[None, :, :], *parameters)
    assert np.allclose(exact.free_energy(v, *parameters), -np.log(np.exp(-energies).sum(axis=1)), atol=1e-12)


def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    parameters = machine(9, 7)
    whole, moments = exact.log_partition(*parameters), exact.moments(*parameters)
    monkeypatch.setattr(exact, "_CHUNK", 13)
    assert exact.log_partition(*parameters) == pytest.approx(whole, rel=1e-13)
    assert np.allclose(exact.moments(*parameters).products, moments.products, atol=1e-13)


def test_the_gradient_is_the_slope_of_the_likelihood() -> None:
    """Central differences of step 1e-5: error of their square, 1e-10, and rounding 1e-16/1e-5."""
    weight, a, b = machine(4, 3)
    data = CHANCE.integers(0, 2, (20, 4))
    found = exact.gradient(data, weight, a, b)
    step = 1e-5
    for array, slope in ((weight, found.products), (a, found.visible), (b, found.hidden)):
        for place in np.ndindex(array.shape):
            before = array[place]
            values = []
            for sign in (1, -1):
                array[place] = before + sign * step
                values.append(exact.log_likelihood(data, weight, a, b).mean())
            array[place] = before
            assert slope[place] == pytest.approx((values[0] - values[1]) / (2 * step), abs=1e-8)


def test_too_large_to_enumerate() -> None:
    parameters = machine(21, 21)
    for ask in (exact.log_partition, exact.moments, exact.distribution):
        with pytest.raises(InputError, match="21 units has 2\\^21 states"):
            ask(*parameters)
    assert np.isfinite(exact.log_partition(*machine(300, 8)))  # one small layer is enough
