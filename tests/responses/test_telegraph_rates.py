"""Rates of a two-state process: intervals that cover, flips between samples, levels in noise."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

from spinloom.devices.two_state import TwoState
from spinloom.errors import DataError, SpinloomWarning
from spinloom.responses import Telegraph
from spinloom.responses.telegraph_levels import Levels, find_levels
from spinloom.responses.telegraph_rates import exponential_p_value, rates_of_dwells, rates_of_states

TRUE = Telegraph(1e9, 10.0, 100e-6, 5e-6)
"""At 5 uA both states last 22 us."""
ONE = TwoState(1e9, 10.0, 100e-6, 5e-6)  # pyright: ignore[reportArgumentType]


# ---- rates and their intervals -------------------------------------------------------------------------------------


def test_exponential_p_value_is_uniform_for_exponential_times() -> None:
    # 2000 samples each; shares within four binomial standard deviations plus the approximation's 0.03
    random = np.random.default_rng(0)
    for n in (8, 30, 300):
        found = np.array([exponential_p_value(random.exponential(1e-3, n)) for _ in range(2000)])
        for level in (0.01, 0.05, 0.25, 0.5, 0.9):
            spread = 4 * math.sqrt(level * (1 - level) / 2000)
            assert (found < level).mean() == pytest.approx(level, abs=spread + 0.04 * level)
    assert math.isnan(exponential_p_value(np.ones(7)))
    assert exponential_p_value(random.normal(10, 1, 50)) < 1e-6


def test_intervals_of_dwell_records_cover_exactly() -> None:
    # 2000 records of 5 and 20 dwell times: exact chi-square intervals, 95 +- 2 % (four standard deviations)
    random = np.random.default_rng(1)
    hits = np.zeros(2)
    for _ in range(2000):
        with warnings.catch_warnings():  # one dwell law in a thousand looks strange by chance
            warnings.simplefilter("ignore", SpinloomWarning)
            found = rates_of_dwells(random.exponential(2e-3, 5), random.exponential(1e-3, 20))
        for i, (dwells, tau) in enumerate(((found.parallel, 2e-3), (found.antiparallel, 1e-3))):
            low, high = dwells.mean_interval
            hits[i] += low < tau < high
    assert hits / 2000 == pytest.approx([0.95, 0.95], abs=0.02)


@pytest.mark.parametrize(
    ("interval", "samples", "low"),
    [
        (0.02, 4000, 0.93),  # of tau*, fast: about 40 flips
        (0.02, 400, 0.93),  # some four flips
        (0.7, 400, 0.93),  # slow: a third of the flips is lost
        (2.0, 2000, 0.93),  # very slow
    ],
)
def test_intervals_of_traces_cover_at_least_as_often_as_they_say(interval: float, samples: int, low: float) -> None:
    # 1500 traces; the intervals are at 95 % or a little more (time is fixed, not n), four standard deviations are 2.2 %
    amperes = 10e-6
    step = interval * float(TRUE.correlation_time(amperes))
    junctions = TwoState(*(np.full(1500, value) for value in (1e9, 10.0, 100e-6, 5e-6)))
    states = junctions.states(amperes, step, samples, seed=3)
    exact = 1 / np.array(TRUE.dwell_times(amperes))
    hits, used = np.zeros(2), 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpinloomWarning)
        for trace in states.T:
            try:
                found = rates_of_states([trace], step)
            except DataError:  # a state that is never left, or too few samples to see that neighbours are alike
                continue
            used += 1
            for i, dwells in enumerate((found.parallel, found.antiparallel)):
                hits[i] += dwells.interval[0] < exact[i] < dwells.interval[1]
    assert used > 700
    assert (hits / used > low).all(), hits / used


def test_rates_are_corrected_for_flips_between_samples() -> None:
    # one trace of 200 000 samples every tau*: a third of the flips is lost, the rates are right to 1 %
    step = float(TRUE.correlation_time(5e-6))
    states = ONE.states(5e-6, step, 200_000, seed=2)[:, 0]
    seen = np.count_nonzero(np.diff(states.astype(int))) / (200_000 * step)
    with pytest.warns(SpinloomWarning, match=r"37 % of the flips pass unseen.*sample every 1.1 µs or faster"):
        found = rates_of_states([states], step)
    assert seen == pytest.approx(float(TRUE.flip_rate(5e-6)) * (1 - math.exp(-1)), rel=0.01)
    assert found.flip_rate == pytest.approx(float(TRUE.flip_rate(5e-6)), rel=0.015)
    assert found.missed == pytest.approx(math.exp(-1), abs=0.01)
    # sampled dwell times are geometric, and still pass as exponential: no warning of their law (p > 0.001)
    assert found.parallel.exponential > 1e-3
    with pytest.raises(DataError, match=r"sampled too slowly.*Sample at least every 11 µs"):
        rates_of_states([ONE.states(5e-6, 30 * step, 4000, seed=2)[:, 0]], 30 * step)


def test_one_state_only_is_refused() -> None:
    with pytest.raises(DataError, match=r"parallel state .* one state only tells no rate\. Record for longer"):
        rates_of_states([np.ones(100, np.uint8)], 1e-6)
    with pytest.raises(DataError, match="antiparallel state"):
        rates_of_states([np.array([1, 1, 0, 0, 0], np.uint8)], 1e-6)


def test_dwell_times_that_are_not_exponential_are_told() -> None:
    random = np.random.default_rng(0)
    with pytest.warns(SpinloomWarning, match="in the antiparallel state are not exponential"):
        rates_of_dwells(random.exponential(1.0, 200), random.normal(1.0, 0.1, 200))


# ---- levels --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("share", "separation"), [(0.5, 5.0), (0.1, 5.0), (0.01, 6.0), (0.5, 20.0)])
def test_levels_are_found_in_noise(share: float, separation: float) -> None:
    # means known to noise/sqrt(n of the rarer state); five standard errors
    random = np.random.default_rng(1)
    high = random.random(20_000) < share
    found = find_levels(3.0 + separation * high + random.standard_normal(20_000))
    assert found is not None
    assert found.low == pytest.approx(3.0, abs=0.05)
    assert found.high == pytest.approx(3.0 + separation, abs=5 / math.sqrt(20_000 * share))
    assert found.noise == pytest.approx(1.0, abs=0.03)


def test_one_level_is_one_level() -> None:
    random = np.random.default_rng(1)
    for signal in (random.standard_normal(5000), random.random(5000), np.sin(np.arange(5000.0)), np.full(10, 2.0)):
        assert find_levels(signal) is None
    assert find_levels(np.array([1.0, 2.0, 2.0])) == Levels(1.0, 2.0, 0.0)


def test_hysteresis_makes_no_flips_of_noise() -> None:
    levels = Levels(0.0, 1.0, 0.1)
    signal = np.array([0.5, 0.1, 0.6, 0.4, 0.74, 0.9, 0.45, 0.3, 0.2, 0.6])
    assert levels.states(signal).tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 0, 0]
    assert levels.states(signal, 0.0).tolist() == [0, 0, 1, 0, 1, 1, 0, 0, 0, 1]
    assert levels.states(np.array([0.45, 0.55])).tolist() == [0, 1]
    assert levels.false_flips(1000) == pytest.approx(1000 * 0.5 * math.erfc(7.5 / math.sqrt(2)), rel=1e-9)
