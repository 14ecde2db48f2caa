"""Junctions under a square wave and noise: the closed forms against limits and against simulated junctions."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.devices.square_drive import HeldNoise, held_noise_response, square_response, with_fast_noise
from spinloom.devices.two_state import TwoState
from spinloom.errors import InputError

PERIOD, AMPLITUDE = 0.02, 63e-6


def _junctions(count: int = 1, delta: float = 22.5) -> TwoState:
    return TwoState(*np.repeat([[1e9], [delta], [235e-6], [0.0]], count, axis=1))


def test_without_a_wave_it_is_the_free_junction() -> None:
    one = _junctions(delta=15.0)
    found = square_response(one, 0.0, PERIOD)
    assert found.flip_rate == pytest.approx(one.flip_rate(0.0))
    assert found.in_step == pytest.approx(0.0, abs=1e-12)


def test_a_slow_wave_is_followed_and_a_fast_one_averaged() -> None:
    one = _junctions(delta=15.0)
    slow = square_response(one, AMPLITUDE, 1e4)
    assert slow.flip_rate == pytest.approx(one.flip_rate(AMPLITUDE), rel=1e-3)
    assert slow.in_step == pytest.approx(2.0 * one.probability_parallel(AMPLITUDE) - 1.0, rel=1e-3)
    fast = square_response(one, AMPLITUDE, 1e-9)
    a, b = one.rates(AMPLITUDE)
    assert fast.flip_rate == pytest.approx(0.5 * (a + b))  # half of the time in each state, at both rates in turn
    assert fast.in_step == pytest.approx(0.0, abs=1e-4)


def test_a_locked_junction_flips_twice_a_period() -> None:
    found = square_response(with_fast_noise(_junctions(), 33e-6), AMPLITUDE, PERIOD)
    assert found.flip_rate == pytest.approx(2.0 / PERIOD, rel=0.02)
    assert found.in_step > 0.97


def test_fast_noise_is_the_gaussian_average_of_the_rates() -> None:
    one, sigma = _junctions(), 20e-6
    value = np.linspace(-12.0, 12.0, 4001)
    weight = np.exp(-0.5 * value**2) / np.exp(-0.5 * value**2).sum()
    averaged = [(rate[:, 0] * weight).sum() for rate in one.rates((AMPLITUDE + sigma * value)[:, None])]
    noisy = [float(rate[0]) for rate in with_fast_noise(one, sigma).rates(AMPLITUDE)]
    assert noisy == pytest.approx(averaged, rel=1e-9)


def test_simulated_junctions_follow_the_closed_form() -> None:
    """400 junctions over 40 periods; flips vary like twice a Poisson process at most: bound 5 standard errors."""
    many = with_fast_noise(_junctions(400), 24e-6)
    state, flips, agreed = many.start(0.0, 0), np.zeros(400), []
    chance = np.random.default_rng(0)
    for half in range(84):
        sign, cut = (-1) ** half, PERIOD / 2 * chance.random(400)  # seen at a random time of each half period
        first, seen = many.flips(sign * AMPLITUDE, cut, seed=2 * half, start=state)
        then, state = many.flips(sign * AMPLITUDE, PERIOD / 2 - cut, seed=2 * half + 1, start=seen)
        if half >= 4:  # the first periods forget the start
            flips += first + then
            agreed.append(sign * (2.0 * seen - 1.0))
    exact = square_response(many, AMPLITUDE, PERIOD)
    expected = float(exact.flip_rate[0]) * 40 * PERIOD
    assert flips.mean() == pytest.approx(expected, abs=5 * np.sqrt(2 * expected / 400))
    assert np.mean(agreed) == pytest.approx(float(exact.in_step[0]), abs=5 / np.sqrt(80 * 400))


def test_held_noise_against_junctions_that_follow_it() -> None:
    """256 junctions share one noise of 10000 values over 10 periods; 3 such noises scatter the mean by 2 %."""
    many, hold, sigma, time = _junctions(256), 20e-6, 35e-6, 10 * PERIOD
    exact = float(held_noise_response(many, AMPLITUDE, sigma, PERIOD, hold).flip_rate[0])
    rates = []
    for seed in range(3):
        noise = HeldNoise(AMPLITUDE, sigma, PERIOD, hold, time, seed)
        _, flips, _ = many.follow(1.0, hold, round(time / hold), seed, waveform=noise)
        rates.append(flips.mean() / time)
    assert np.mean(rates) == pytest.approx(exact, rel=0.06)


def test_noise_of_a_wide_band_is_fast_noise() -> None:
    one, sigma = _junctions(), 25e-6
    fast = square_response(with_fast_noise(one, sigma), AMPLITUDE, PERIOD)
    held = held_noise_response(one, AMPLITUDE, sigma, PERIOD, 1e-8)
    assert held.flip_rate == pytest.approx(fast.flip_rate, rel=1e-3)
    assert held.in_step == pytest.approx(fast.in_step, rel=1e-3)


def test_the_wave_and_its_noise() -> None:
    noise = HeldNoise(2.0, 0.5, 1.0, 0.01, 100.0, seed=3)
    times = (np.arange(10000) + 0.5) * 0.01
    values = noise(times)
    assert (noise(times[::-1])[::-1] == values).all()
    rest = values - np.where(np.mod(times, 1.0) < 0.5, 2.0, -2.0)
    assert rest.std() == pytest.approx(0.5, abs=5 * 0.5 / np.sqrt(2e4))  # 5 standard errors


@pytest.mark.parametrize(
    "call",
    [
        lambda: HeldNoise(1.0, 1.0, 0.0, 1.0, 1.0),
        lambda: square_response(_junctions(), 1e-6, 0.0),
        lambda: held_noise_response(_junctions(), 1e-6, 1e-6, 1.0, 0.3),
    ],
)
def test_bad_input_is_answered(call) -> None:
    with pytest.raises(InputError):
        call()
