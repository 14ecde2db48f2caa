"""Sources of random numbers for a spiking layer: laws that can be written down."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.errors import UnknownNameError
from spinloom.experiments import load_reproduction
from spinloom.experiments.protocols.random_weights import Bits, ComparedCode, number_below, register

SETTINGS = load_reproduction("Chen2023_snn").settings


def test_register_has_the_longest_period() -> None:
    """All 255 states but 0, each once, then again."""
    states = register(510, 7)
    assert sorted(states[:255]) == list(range(1, 256))
    np.testing.assert_array_equal(states[:255], states[255:])


def test_numbers_of_fair_bits_are_uniform() -> None:
    np.testing.assert_allclose(number_below(6, 0.5, 0.0), np.arange(65) / 64)


def test_numbers_of_unfair_bits_by_hand() -> None:
    """Two bits, P(1) = 0.6, correlation 0.5: P(00) = 0.4 (1 - 0.6 + 0.3), P(01) = 0.4 0.3, P(10) = 0.6 (1 - 0.8)."""
    np.testing.assert_allclose(number_below(2, 0.6, 0.5), np.cumsum([0.0, 0.28, 0.12, 0.12, 0.48]))


@pytest.mark.parametrize("name", ["raw", "correlated", "whitened", "ideal"])
def test_numbers_drawn_have_their_law(name: str) -> None:
    """40 000 numbers of 4 bits: the distribution function within 0.02, a false alarm below 1e-9 for independent ones.

    Numbers with memory scatter more, by sqrt((1 + c^4)/(1 - c^4)) = 1.15 here: still below 1e-9.
    """
    source = Bits.of(SETTINGS)
    numbers = source.numbers(name, 40_000, 4, SETTINGS, seed=3)
    law = {"raw": (source.p, 0.0), "correlated": (source.share, source.correlation)}.get(name, (0.5, 0.0))
    found = np.searchsorted(np.sort(numbers), np.arange(17)) / numbers.size
    np.testing.assert_allclose(found, number_below(4, *law), atol=0.02)


def test_compared_pixels_spike_as_their_table_says() -> None:
    """White and half-white pixels, 200 presentations of 100 steps: within 5 binomial standard deviations."""
    code = ComparedCode(2, np.array([0.0, 0.02, 0.1]), 100, seed=1)
    found = np.sum([code(np.array([0.5, 1.0]), n).counts() for n in range(200)], axis=0)
    p = np.array([0.02, 0.1])
    assert (np.abs(found - 20_000 * p) < 5 * np.sqrt(20_000 * p * (1 - p))).all()


def test_unknown_source_names_the_closest() -> None:
    with pytest.raises(UnknownNameError, match="whitened"):
        Bits.of(SETTINGS).numbers("whitend", 10, 4, SETTINGS, 0)
