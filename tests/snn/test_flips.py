"""Pixels into flips: the law of sampled junctions, drawn at the cost of the flips alone."""

from __future__ import annotations

import math

import numpy as np
import pytest

import spinloom as sl
from spinloom.errors import InputError
from spinloom.snn import FlipCode

DARK, BRIGHT = "-116.27 uA", "-16.27 uA"


def code(count: int = 6, **more) -> FlipCode:
    junctions = sl.device("Zhang2022_mtj").two_state(count)
    return FlipCode(junctions, **{"dark": DARK, "bright": BRIGHT, **more})


@pytest.mark.parametrize("ideal", [False, True])
def test_spikes_have_their_probability(ideal: bool) -> None:
    """400 presentations of 350 steps: counts over their expectation, with the variance of paired flips.

    A two-state chain's count scatters by at most sqrt 2 over independent draws: within 5 sqrt(2) deviations, so a false
    alarm has a chance below 1e-5.
    """
    made = code(ideal=ideal)
    x = np.array([0.0, 0.3, 0.5, 0.7, 0.9, 1.0])
    found = np.sum([made(x, n).counts() for n in range(400)], axis=0)
    expected = made.probability(x) * 400 * 350
    assert (np.abs(found - expected) <= 5 * math.sqrt(2.0) * np.sqrt(expected)).all()


def test_same_law_as_sampling_step_by_step() -> None:
    """Pairs of successive spikes, which independent draws would not have, as often as in simulated samples.

    A junction on its flank: 800 presentations of 100 steps both ways; numbers of spikes followed by another within two
    steps, Poisson within 5 standard deviations of the difference.
    """
    made = code(1, steps=100, observation=3, interval="5 ms")
    x = np.array([0.75])
    junction = made.junctions
    states = junction.states(made.current(x), 5e-3, 301 * 800, seed=3)[:, 0].reshape(800, 301)
    changed = (states[:, 1:] != states[:, :-1]).reshape(800, 100, 3).any(axis=2)
    drawn = np.zeros_like(changed)
    for n in range(800):
        drawn[n, np.round(made(x, n).times * 1e3).astype(int) - 1] = True
    near = [np.sum(t[:, :-2] & (t[:, 1:-1] | t[:, 2:])) for t in (changed, drawn)]
    assert abs(float(near[0]) - near[1]) < 5 * math.sqrt(float(near[0] + near[1]))
    assert abs(float(changed.sum()) - drawn.sum()) < 5 * math.sqrt(2.0 * float(changed.sum() + drawn.sum()))
    alone = 800 * 98 * float(made.probability(x)[0]) ** 2 * 2
    assert near[1] > 1.3 * alone  # flips come in pairs here, or the test would show nothing


def test_spikes_are_sorted_and_one_a_step() -> None:
    events = code(observation=40)(np.full(6, 1.0), 0)
    places = np.round(events.times * 1e3).astype(int) * 6 + events.which
    assert np.unique(places).size == places.size
    again = code(observation=40)(np.full(6, 1.0), 0)
    np.testing.assert_array_equal(again.times, events.times)
    assert code(observation=40)(np.full(6, 1.0), 1).count != 0


@pytest.mark.parametrize(
    ("more", "says"), [({"observation": 0}, "observation"), ({"interval": 0}, "interval"), ({"step": 0}, "interval")]
)
def test_bad_input_is_named(more: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        code(**more)
    with pytest.raises(InputError, match="6 features"):
        code()(np.zeros(3), 0)
