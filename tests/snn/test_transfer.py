"""A learned map between two noisy populations."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.devices.two_state import TwoState
from spinloom.errors import InputError
from spinloom.snn import Learning, Population, Transfer, chain

TIME = 0.02


def _junctions(count: int) -> TwoState:
    return TwoState(np.full(count, 1e9), np.full(count, 13.8), np.full(count, 320e-6), np.zeros(count))


def _transfer(count: int = 48, **more) -> Transfer:
    inputs = Population.covering(_junctions(count), "-100 uA", "100 uA", "60 uA")
    return Transfer.between(inputs, _junctions(count), TIME, **more)


def _curve(value: np.ndarray) -> np.ndarray:
    return value**2


@pytest.fixture(scope="module")
def trained() -> tuple[Transfer, np.ndarray, np.ndarray]:
    transfer = _transfer()
    values = np.random.default_rng(0).random(600)
    weights, errors = transfer.train(values, _curve(values), seed=1)
    return transfer, weights, errors


def test_it_learns(trained) -> None:
    """A map that knows nothing errs by 0.3; counting noise of 48 + 48 junctions leaves about 0.03."""
    transfer, weights, errors = trained
    values = np.linspace(0.05, 0.95, 400)
    found = transfer(weights, values, seed=2)
    assert np.sqrt(((found - _curve(values)) ** 2).mean()) < 0.06
    assert np.abs(errors[-100:]).mean() < 0.3 * np.abs(errors[:10]).mean()


def test_weights_are_whole_steps_within_limits(trained) -> None:
    transfer, weights, _ = trained
    steps = weights / transfer.step
    assert steps == pytest.approx(np.rint(steps), abs=1e-9)
    assert np.abs(steps).max() <= 127
    assert np.unique(np.rint(steps)).size > 20


def test_the_same_seed_gives_the_same_weights() -> None:
    values = np.random.default_rng(0).random(30)
    first, again = (_transfer(16).train(values, values, seed=7).weights for _ in range(2))
    assert (first == again).all()
    assert (first != _transfer(16).train(values, values, seed=8).weights).any()


def test_the_first_update_is_the_delta_rule() -> None:
    """From silent outputs, with continuous weights: W = eta t a^T/|a|^2 exactly, as 1/cosh(8) of a peak never flips."""
    transfer = _transfer(16, bits=None, span=30.0)
    activity = transfer.sense(np.array([0.4]), seed=3)
    weights = transfer.train(np.array([0.4]), np.array([0.7]), Learning(rate=0.5), seed=3).weights
    assert weights == pytest.approx(0.5 * np.outer(transfer.target(0.7), activity[0]) / (activity[0] @ activity[0]))


def test_hits_can_leave_the_weights_alone(trained) -> None:
    transfer, weights, _ = trained
    values = np.full(20, 0.5)
    rule = Learning(tolerance=10.0, only_misses=True)
    assert (transfer.train(values, values, rule, weights=weights).weights == weights).all()


def test_small_changes_are_right_in_the_mean() -> None:
    """A change of 0.3 steps is made in 30 % of 20000 weights: standard error 0.0033, bound 5 of them."""
    transfer = _transfer(16)
    chance = np.random.default_rng(0)
    size = 20000
    new = transfer._changed(np.zeros((size, 1)), np.full(size, 0.3 * transfer.step), np.ones(1), chance)
    assert new.mean() / transfer.step == pytest.approx(0.3, abs=5 * np.sqrt(0.3 * 0.7 / size))


def test_drive_goes_from_silence_to_the_peak() -> None:
    transfer = _transfer(16)
    drive = transfer.drive(np.ones((16, 16)), np.array([np.zeros(16), np.full(16, 0.03), np.ones(16)]))
    rates = transfer.outputs.flip_rate(drive)[:, 0] / transfer.outputs.flip_rate(0.0)[0]
    assert rates == pytest.approx([1 / np.cosh(8.0), 1 / np.cosh(8.0 * 0.52), 1.0])


def test_dead_outputs_are_learned_around(trained) -> None:
    _, weights, _ = trained
    alive = np.ones(48, bool)
    alive[::4] = False
    broken = _transfer(alive=alive)
    values = np.random.default_rng(5).random(400)
    assert (broken.respond(weights, broken.sense(values, 1), 1)[:, ::4] == 0).all()
    relearned = broken.train(values, _curve(values), weights=weights, seed=4).weights
    test = np.linspace(0.1, 0.9, 300)
    assert np.sqrt(((broken(relearned, test, 6) - _curve(test)) ** 2).mean()) < 0.07


def test_a_chain_of_maps_computes_the_composition(trained) -> None:
    """Square after square is the fourth power; each link adds its own counting noise."""
    first, weights, _ = trained
    second = _transfer()
    values = np.random.default_rng(8).random(600)
    middle = first.respond(weights, first.sense(values, 11), 11)
    later = second.train(values, values**4, activity=middle, seed=12).weights
    test = np.linspace(0.1, 0.95, 300)
    _, found = chain([(first, weights), (second, later)], test, seed=13)
    assert np.sqrt(((found - test**4) ** 2).mean()) < 0.09


def test_a_calibrated_map_knows_each_peak() -> None:
    """Junctions of two kinds, one flipping e times as often: activity at the peak is 1 for both."""
    mixed = TwoState(*np.array([[1e9] * 16, [13.8, 12.8] * 8, [320e-6] * 16, [0.0] * 16]))
    inputs = Population.covering(mixed, -1e-4, 1e-4)
    transfer = Transfer.between(inputs, mixed, 10.0, calibrated=True)
    at_peak = transfer.sense(np.tile(inputs.value(inputs.centres), (1, 1))).squeeze().diagonal()
    assert at_peak == pytest.approx(1.0, abs=5 / np.sqrt(10.0 * 1e9 * np.exp(-13.8)))  # 5 standard errors
    weights = np.random.default_rng(0).random((16, 16)) / 16.0
    quiet = transfer.without_noise(weights, np.array([0.3]))
    assert transfer(weights, np.array([0.3]), seed=1) == pytest.approx(quiet, abs=0.02)  # 10 s of counting


def test_silence_rests_in_the_middle() -> None:
    transfer = _transfer(16, span=30.0)
    assert (transfer(transfer.start(), np.linspace(0, 1, 20)) == 0.5).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Transfer(_transfer(16).inputs, _junctions(16), np.zeros(4), TIME), "labels"),
        (lambda: _transfer(16, bits=1), "bits"),
        (lambda: _transfer(16, span=0.0), "span"),
        (lambda: _transfer(16, alive=np.ones(3, bool)), "'alive'"),
        (lambda: _transfer(16).train(np.zeros(1), np.zeros(2)), "as many of both"),
        (lambda: Learning(rate=0.0), "Learning"),
        (lambda: chain([(_transfer(16), np.zeros((16, 9)))], 0.5), "takes 9 inputs"),
    ],
)
def test_bad_input_is_answered(call, words: str) -> None:
    with pytest.raises(InputError, match=words):
        call()
