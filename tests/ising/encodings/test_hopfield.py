"""The associative memory on p-bits: the same energy and, when cold, the same recall as Hopfield's neurons."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.crossbar import associative
from spinloom.errors import InputError
from spinloom.ising.encodings import hopfield

PATTERNS = np.random.default_rng(3).choice([-1, 1], (3, 60))


def test_energy_is_the_memorys():
    weights = associative.hebb(PATTERNS)
    states = np.random.default_rng(4).choice([-1, 1], (20, 60))
    assert hopfield.problem(weights).energies(states) == pytest.approx(associative.energy(weights, states))


def test_damaged_patterns_are_recalled():
    """3 patterns of 60 neurons, 8 turned: load 0.05, far below 0.138 where Hopfield's memory fails.

    At beta = 0.5 a field of about 60 is followed with a chance of error of e^-60 a decision.
    """
    cues = PATTERNS.copy()
    cues[:, :8] *= -1
    weights = associative.hebb(PATTERNS)
    cold = hopfield.recall(weights, cues, beta=0.5, sweeps=20, seed=1)
    assert np.array_equal(cold, PATTERNS)
    assert np.array_equal(cold, associative.recall(weights, cues).states)


def test_hot_p_bits_forget():
    """At beta = 0 states are coins: the mean overlap of 18 000 is within 4.5 standard errors (false alarm 7e-6)."""
    cues = np.repeat(PATTERNS[:1], 300, axis=0)
    hot = hopfield.recall(associative.hebb(PATTERNS), cues, beta=0.0, sweeps=1, seed=1)
    assert abs((hot * cues).mean()) < 4.5 / np.sqrt(18_000)


def test_weights_must_be_square():
    with pytest.raises(InputError, match="square"):
        hopfield.problem(np.ones((2, 3)))
