"""Clustered associative memory against its closed forms."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from spinloom.crossbar import cliques
from spinloom.errors import InputError


def _erase(messages: np.ndarray, count: int, chance: np.random.Generator) -> np.ndarray:
    partial = messages.copy()
    order = np.argsort(chance.random(partial.shape), axis=1)
    np.put_along_axis(partial, order[:, :count], cliques.ERASED, axis=1)
    return partial


def test_one_message_is_recalled_from_a_single_symbol() -> None:
    message = np.array([[3, 1, 4, 1, 5]])
    links = cliques.learn(message, 8)
    assert links.sum() == 5 * 4  # every pair, both ways
    lit = cliques.complete(links, np.array([[-1, -1, 4, -1, -1]]))
    assert cliques.is_recalled(lit, message).all()


def test_links_are_symmetric_and_never_inside_a_cluster() -> None:
    links = cliques.learn(np.random.default_rng(0).integers(0, 6, (40, 4)), 6)
    np.testing.assert_array_equal(links, links.transpose(2, 3, 0, 1))
    assert not any(links[cluster, :, cluster].any() for cluster in range(4))


def test_recall_is_the_set_of_all_units_linked_to_what_is_known() -> None:
    """Against exhaustive search over all units; and further steps lose no unit of the message."""
    chance = np.random.default_rng(1)
    messages = chance.integers(0, 5, (12, 4))
    links = cliques.learn(messages, 5)
    partial = _erase(messages, 2, chance)
    lit = cliques.complete(links, partial)
    for query, found in zip(partial, lit, strict=True):
        known = [(c, s) for c, s in enumerate(query) if s >= 0]
        for cluster, unit in itertools.product(range(4), range(5)):
            expected = (
                query[cluster] == unit if query[cluster] >= 0 else all(links[cluster, unit, c, s] for c, s in known)
            )
            assert found[cluster, unit] == expected
    again = cliques.complete(links, partial, steps=5)
    assert (again <= lit).all()
    assert np.take_along_axis(again, messages[:, :, None], axis=2).all()


def test_density_closed_form() -> None:
    """Exact in the mean: 30 networks of 300 messages, 6 clusters of 20 units; five standard errors, false alarm 1e-5
    with 29 degrees of freedom (the seed is fixed)."""
    chance = np.random.default_rng(2)
    used = np.array(
        [cliques.learn(chance.integers(0, 20, (300, 6)), 20).sum() / 2 / cliques.link_bits(20, 6) for _ in range(30)]
    )
    error = used.std(ddof=1) / np.sqrt(used.size)
    assert used.mean() == pytest.approx(float(cliques.density(300, 20)), abs=5 * error)


def test_wrong_units_are_the_exact_mean() -> None:
    """(l - 1) c_e P by inclusion and exclusion is exact: 60 networks of 150 queries; five standard errors between
    networks (false alarm about 1e-5). The closed form with independent links is 25 % lower here."""
    chance = np.random.default_rng(3)
    wrong = []
    for _ in range(60):
        messages = chance.integers(0, 16, (60, 6))
        asked = messages[chance.integers(0, 60, 150)]
        lit = cliques.complete(cliques.learn(messages, 16), _erase(asked, 2, chance))
        wrong.append(lit.sum(axis=(1, 2)).mean() - 6)
    error = np.std(wrong, ddof=1) / np.sqrt(60)
    exact = 15 * 2 * cliques.wrong_unit(60, 16, 4)
    assert np.mean(wrong) == pytest.approx(exact, abs=5 * error)
    independent = 15 * 2 * float(cliques.density(59, 16)) ** 4
    assert independent < 0.8 * exact


def test_wrong_unit_by_counting_all_messages() -> None:
    """Two known symbols, l = 3, one other message: all 27 messages of (wrong unit's symbol, first, second)."""
    hits = [all((a, b) == (1, 0) for b in rest) for a, *rest in itertools.product(range(3), repeat=3)]
    assert cliques.wrong_unit(2, 3, 2) == pytest.approx(np.mean(hits), abs=1e-15)
    assert cliques.wrong_unit(1, 3, 2) == 0.0  # the sought message alone never lights a wrong unit


def test_error_rate_closed_form_where_links_are_nearly_independent() -> None:
    """l = 128, c = 4, c_e = 1 at M = 2000: 4000 queries in 8 networks, five standard errors of 0.5/sqrt(4000) = 0.008
    (0.04, false alarm 6e-7), which holds the 2 % that dependence of the links adds."""
    chance = np.random.default_rng(4)
    failed = []
    for _ in range(8):
        messages = chance.integers(0, 128, (2000, 4))
        asked = messages[chance.integers(0, 2000, 500)]
        lit = cliques.complete(cliques.learn(messages, 128), _erase(asked, 1, chance))
        failed.append(1 - cliques.is_recalled(lit, asked).mean())
    closed = float(cliques.error_rate(cliques.density(2000, 128), 128, 4, 1))
    assert np.mean(failed) == pytest.approx(closed, abs=0.04)
    assert 0.1 < closed < 0.5


def test_messages_at_is_the_inverse() -> None:
    count = cliques.messages_at(0.01, 64, 8, 4)
    assert float(cliques.error_rate(cliques.density(count, 64), 64, 8, 4)) <= 0.01
    assert float(cliques.error_rate(cliques.density(count + 1, 64), 64, 8, 4)) > 0.01


def test_wrong_links_are_drawn_at_the_rate_asked_and_keep_the_shape() -> None:
    """400 x 400 - blocks: 75 000 pairs at 10 %, five standard errors are 0.0055 (false alarm 6e-7)."""
    links = np.zeros((4, 100, 4, 100), dtype=bool)
    flipped = cliques.flip_links(links, 0.1, np.random.default_rng(5))
    np.testing.assert_array_equal(flipped, flipped.transpose(2, 3, 0, 1))
    assert not any(flipped[cluster, :, cluster].any() for cluster in range(4))
    assert flipped.sum() / 2 / cliques.link_bits(100, 4) == pytest.approx(0.1, abs=0.0055)


def test_wrong_links_limits() -> None:
    whole = float(cliques.error_rate(0.1, 64, 8, 4))
    assert cliques.flipped_error_rate(0.1, 0.0, 64, 8, 4) == pytest.approx(whole, rel=1e-12)
    # an empty memory apart from the message: only its own links can go wrong
    assert cliques.flipped_error_rate(0.0, 1e-6, 64, 8, 4) == pytest.approx(16e-6, rel=1e-4)


def test_bits() -> None:
    assert cliques.link_bits(16, 8) == 28 * 256
    assert cliques.message_bits(16, 8) == 32.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cliques.learn(np.array([[0, 9]]), 4), "from 0 to 3"),
        (lambda: cliques.learn(np.array([[0.5, 1.0]]), 4), "whole numbers"),
        (lambda: cliques.learn(np.array([[1], [2]]), 4), "two clusters"),
        (lambda: cliques.complete(np.zeros((3, 4, 3, 4), bool), np.array([[0, 1]])), "2 symbols"),
        (lambda: cliques.complete(np.zeros((2, 4, 2, 4), bool), np.array([[0, 1]]), 0), "at least one step"),
    ],
)
def test_bad_input_is_named(call: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()  # type: ignore[operator]
