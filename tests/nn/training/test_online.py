"""Online learning on devices: against a slow second implementation, and what must hold for any device."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spinloom import tasks
from spinloom.errors import InputError
from spinloom.nn.training.online import OnlinePerceptron, OnlineSettings
from spinloom.responses import Exponential, Logistic, Plasticity

SMALL = OnlineSettings(hidden=6, outputs=3, rates=(1.5, 1.0))
DEVICE = Plasticity.from_values(
    states=33,
    low="1 uS",
    high="10 uS",
    potentiation=Exponential(1.7),
    depression=Exponential(-2.2),
    depression_states=41,
)
RNG = np.random.default_rng(5)
IMAGES = (RNG.random((20, 12)) < 0.5).astype(np.uint8)
LABELS = RNG.integers(0, 3, 20)


def slow(network: OnlinePerceptron, synapse: Plasticity, order: np.ndarray, series: float) -> list[np.ndarray]:
    """The same equations in numpy, from the docstring: no counters, no kernels."""
    s = network.settings
    states = [part.copy() for part in network.states]
    pulses = {+1: synapse.states - 1, -1: synapse.depression_states - 1}

    def current(g: np.ndarray) -> np.ndarray:
        return 1.0 / (1.0 / synapse.to_conductance(g) + series)

    bottom, top = (float(current(np.array(x))) for x in (0.0, 1.0))

    def column(x: np.ndarray, g: np.ndarray) -> np.ndarray:
        step = (2**s.bits - 1) / (len(x) * (top - bottom))
        middle = x.sum() * 0.5 * (top + bottom)
        digits = np.floor(x @ current(g) * step + 1e-9) - np.floor(middle * step + 1e-9)
        return s.gain * digits * len(x) / (2**s.bits - 1)

    for image in order:
        x = IMAGES[image].astype(float)
        inner = 1 / (1 + np.exp(-column(x, states[0])))
        outer = 1 / (1 + np.exp(-column((inner >= 0.5).astype(float), states[1])))
        wanted = np.eye(3)[LABELS[image]]
        e2 = 2 * outer * (1 - outer) * (wanted - outer)
        weights = 2 * (current(states[1]) - bottom) / (top - bottom) - 1
        e1 = inner * (1 - inner) * (weights @ e2)
        for layer, change in ((0, s.rates[0] * np.outer(x, e1)), (1, s.rates[1] * np.outer(inner, e2))):
            count = np.where(change > 0, pulses[+1], pulses[-1]) * change / 2
            whole = np.sign(count) * np.floor(np.abs(count) + 0.5)
            states[layer] = synapse.after_pulses(states[layer], whole.astype(np.int64))
    return states


@pytest.mark.parametrize("series", [0.0, 40e3])
def test_equals_the_slow_one(series: float) -> None:
    """Both in float64; 60 images, so rounding stays far below the smallest step (1e-2)."""
    settings = OnlineSettings(hidden=6, outputs=3, rates=(1.5, 1.0), series_resistance=series)
    network = OnlinePerceptron(DEVICE, 12, settings, seed=3)
    twin = np.random.default_rng(3)
    for shape in ((12, 6), (6, 3)):
        twin.integers(0, 7, shape)  # the initial weights come first from the same generator
    expected = slow(network, DEVICE, twin.integers(0, 20, 60), series)
    network.train(IMAGES, LABELS, 60)
    assert sum(network.pulses) > 100
    for mine, theirs in zip(network.states, expected, strict=True):
        assert mine == pytest.approx(theirs, abs=1e-9)


def test_same_seed_same_numbers_and_parts_do_not_matter() -> None:
    noisy = DEVICE.replace(cycle_to_cycle=0.02, write_error=0.1)
    once, twice, other = (OnlinePerceptron(noisy, 12, SMALL, seed=seed) for seed in (1, 1, 2))
    for network in (once, twice, other):
        network.train(IMAGES, LABELS, 100)
    for first, second, third in zip(once.states, twice.states, other.states, strict=True):
        assert np.array_equal(first, second)
        assert not np.array_equal(first, third)
        assert first.min() >= 0.0
        assert first.max() <= 1.0


def test_write_errors_and_spread_have_their_sizes() -> None:
    """Weights that got one pulse from the same state on a straight device: mean and spread of the new state.

    One image, one step; 40 inputs x 500 columns give more than 4000 moved weights, so the mean of the relative step is
    known to 0.5 % and the spread to 1.2 %: bounds of 5 standard errors, false alarms below 1e-6.
    """
    straight = Plasticity.from_values(states=11, cycle_to_cycle=0.02, write_error=0.25)
    network = OnlinePerceptron(straight, 40, OnlineSettings(hidden=500, outputs=2, rates=(0.0, 8.0), gain=1e-3), seed=0)
    network.states[1][:] = 0.5
    before = network.states[1].copy()
    network.train(np.ones((1, 40)), np.zeros(1, int), 1)
    moved = network.states[1] - before
    pulses = np.round(np.abs(8.0 * 0.25 * 0.5 / 2 * 10))  # the same wanted change for all: a = 1/2, error 1/4
    assert pulses == 5
    rising = moved[:, 0]
    # 5 pulses of 0.1, each failing with probability 0.25; at the end of the range they would clip, so none is near
    inside = rising < 0.45
    assert 0.6 < inside.mean() < 0.9
    assert (rising <= 0.5).all()
    assert np.isclose(np.mean(rising[inside]), 0.1 * _mean_below(5, 0.75, 5), atol=0.02)


def _mean_below(n: int, p: float, limit: int) -> float:
    weights = np.array([math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(limit)])
    return float((weights * np.arange(limit)).sum() / weights.sum())


def test_stochastic_rounding_moves_what_nearest_leaves() -> None:
    """Wanted changes far below half a level: nearest gives no pulse at all, stochastic rounding gives their mean."""
    tiny = {"hidden": 200, "outputs": 2, "rates": (0.0, 0.2), "gain": 1e-3}
    straight = Plasticity.from_values(states=11)
    counts = {}
    for rounding in ("nearest", "stochastic"):
        network = OnlinePerceptron(straight, 4, OnlineSettings(**tiny, rounding=rounding), seed=0)
        network.train(np.ones((1, 4)), np.zeros(1, int), 50)
        counts[rounding] = sum(network.pulses)
    assert counts["nearest"] == 0
    # 50 steps x 400 weights x 0.2 * 0.25 * 0.5 / 2 * 10 = 0.125 pulses: 2500, less what saturates; 5 standard errors
    assert counts["stochastic"] == pytest.approx(2500, rel=0.15)


def test_a_lowered_start_loses_the_smallest_conductance() -> None:
    """1 uS of a range of 9 uS is 1/9 of it; what would lie below the range lies at its bottom."""
    even = OnlinePerceptron(DEVICE, 12, SMALL, seed=4)
    low = OnlinePerceptron(DEVICE, 12, OnlineSettings(hidden=6, outputs=3, start="lowered"), seed=4)
    assert low.states[0] == pytest.approx(np.maximum(even.states[0] - 1 / 9, 0.0), abs=1e-12)


def test_learns_the_digits() -> None:
    """8 x 8 digits at 6 bits: over 80 %, where chance gives 10 %; the seed is fixed."""
    split = tasks.digits()
    x, tx = (part >= 0.5 for part in (split.train_x, split.test_x))
    network = OnlinePerceptron(6, 64, OnlineSettings(hidden=50), seed=0)
    network.train(x, split.train_y, 8000)
    assert network.accuracy(tx, split.test_y) > 0.8


def test_bad_input() -> None:
    with pytest.raises(InputError, match="exponential"):
        OnlinePerceptron(Plasticity.from_values(states=9, potentiation=Logistic(2.0)), 4)
    with pytest.raises(InputError, match="1 to 24"):
        OnlinePerceptron(0, 4)
    with pytest.raises(InputError, match="hidden"):
        OnlineSettings(hidden=0)
    with pytest.raises(InputError, match="lowered"):
        OnlineSettings(start="low")  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match="nearest"):
        OnlineSettings(rounding="up")  # pyright: ignore[reportArgumentType]
