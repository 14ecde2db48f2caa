"""Fingerprints of junction pairs: closed forms, keys, entropy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spinloom.crossbar import unclonable
from spinloom.errors import InputError


def test_flip_rate_limits() -> None:
    assert unclonable.flip_rate(1.0, 0.0) == 0.0
    assert unclonable.flip_rate(1.0, 1.0) == pytest.approx(0.25, abs=1e-15)  # arctan(1)/pi
    assert unclonable.flip_rate(1e-9, 1.0) == pytest.approx(0.5, abs=1e-9)  # nothing but noise
    rho = 1.0 / (1.0 + 0.3**2)  # two reads of equal noise
    assert unclonable.flip_rate(1.0, 0.3, 0.3) == pytest.approx(math.acos(rho) / math.pi, rel=1e-12)


@pytest.mark.parametrize(("noise", "enrolment"), [(0.1, 0.0), (0.5, 0.2), (1.0, 1.0)])
def test_flip_rate_by_simulation(noise: float, enrolment: float) -> None:
    """300 000 pairs: five standard errors (false alarm 6e-7)."""
    chance = np.random.default_rng(1)
    pairs, first, second = chance.standard_normal((3, 300_000))
    flips = ((pairs + noise * second > 0) != (pairs + enrolment * first > 0)).mean()
    closed = unclonable.flip_rate(1.0, noise, enrolment)
    assert flips == pytest.approx(closed, abs=5 * math.sqrt(closed * (1 - closed) / 300_000))


def test_masking_by_simulation_and_without_a_mask() -> None:
    """300 000 pairs: five standard errors (false alarm 6e-7 each); no mask is the plain rate to the quadrature."""
    chance = np.random.default_rng(2)
    pairs, first, second = chance.standard_normal((3, 300_000))
    enrolled = pairs + 0.2 * first
    kept = np.abs(enrolled) > 0.5
    flips = ((pairs + 0.4 * second > 0) != (enrolled > 0))[kept].mean()
    share = unclonable.kept_share(1.0, 0.2, 0.5)
    rate = unclonable.masked_flip_rate(1.0, 0.4, 0.2, 0.5)
    assert kept.mean() == pytest.approx(share, abs=5 * math.sqrt(share * (1 - share) / 300_000))
    assert flips == pytest.approx(rate, abs=5 * math.sqrt(rate / kept.sum()))
    assert unclonable.masked_flip_rate(1.0, 0.4, 0.2, 0.0) == pytest.approx(
        unclonable.flip_rate(1.0, 0.4, 0.2), rel=1e-8
    )
    assert unclonable.masked_flip_rate(1.0, 0.0, 0.0, 0.1) == 0.0


def test_majority_is_the_binomial_sum() -> None:
    assert unclonable.majority_flip_rate(0.1, 1) == pytest.approx(0.1)
    assert unclonable.majority_flip_rate(0.1, 3) == pytest.approx(3 * 0.01 * 0.9 + 0.001, rel=1e-12)
    assert unclonable.majority_flip_rate(0.5, 7) == pytest.approx(0.5, rel=1e-12)


def test_distances_of_known_chips() -> None:
    bits = np.array([[True, True, False, False], [True, True, True, True], [False, False, True, True]])
    np.testing.assert_allclose(unclonable.hamming_shares(bits), [0.5, 1.0, 0.5])


def test_uniqueness_of_biased_bits() -> None:
    """Mean of 2 p (1 - p): 200 chips of 2000 bits; each bit's mean over pairs has a deviation below 0.05, five
    standard errors of 2000 of them are 0.0056 (false alarm 6e-7)."""
    chance = np.random.default_rng(3)
    bias = np.linspace(0.1, 0.9, 2000)
    shares = unclonable.hamming_shares(chance.random((200, 2000)) < bias)
    assert shares.mean() == pytest.approx(unclonable.expected_uniqueness(bias), abs=0.0056)


def test_entropy() -> None:
    assert unclonable.min_entropy(np.ones((4, 100), bool)) == 0.0
    balanced = np.tile([True, False], 50_000)
    bound = 0.5 + 2.5758293035489004 * math.sqrt(0.25 / 99_999)
    assert unclonable.min_entropy(balanced) == pytest.approx(-math.log2(bound), rel=1e-12)


def test_a_key_survives_what_the_copies_allow_and_no_more() -> None:
    chance = np.random.default_rng(4)
    bits, key = chance.random(50) < 0.5, chance.random(10) < 0.5
    helper = unclonable.enrol(bits, key, 5)
    wrong = bits.copy()
    wrong[[0, 1, 5, 9]] ^= True  # two of the first five, two of the next
    np.testing.assert_array_equal(unclonable.recover(np.stack([bits, wrong]), helper, 5), [key, key])
    wrong[2] ^= True
    assert (unclonable.recover(wrong, helper, 5) != key).tolist() == [True] + [False] * 9


def test_the_helper_tells_nothing_about_the_key() -> None:
    """Fair bits: every helper is as likely with either key, by enumeration of all fingerprints of three bits."""
    prints = [np.array([(i >> b) & 1 for b in range(3)], dtype=bool) for i in range(8)]
    seen = [sorted(unclonable.enrol(p, np.array([key]), 3).tolist() for p in prints) for key in (False, True)]
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: unclonable.flip_rate(0.0, 1.0), "spread must be above 0"),
        (lambda: unclonable.flip_rate(1.0, -1.0), "noise 0 or more"),
        (lambda: unclonable.majority_flip_rate(0.1, 4), "odd number"),
        (lambda: unclonable.hamming_shares(np.ones((1, 4), bool)), "at least two"),
        (lambda: unclonable.hamming_shares(np.ones((2, 4))), "True and False"),
        (lambda: unclonable.min_entropy(np.ones((1, 1), bool)), "at least two bits"),
        (lambda: unclonable.enrol(np.ones(9, bool), np.ones(2, bool), 5), "needs 10 stable bits; there are 9"),
    ],
)
def test_bad_input_is_named(call: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()  # type: ignore[operator]
