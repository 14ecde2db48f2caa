"""A row of bell curves: coverage, closed forms against exact counts, decoding with known errors."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.devices.two_state import TwoState
from spinloom.errors import InputError
from spinloom.snn import LinearDecoder, Population, population_vector, population_vector_error

DELTA, CRITICAL = 13.8, 320e-6


def _junctions(count: int, delta: float = DELTA) -> TwoState:
    return TwoState(np.full(count, 1e9), np.full(count, delta), np.full(count, CRITICAL), np.full(count, -16e-6))


def _row(count: int = 9, **more) -> Population:
    return Population.covering(_junctions(count), "-100 uA", "100 uA", **more)


def test_centres_are_equally_spaced_whatever_the_offset() -> None:
    assert _row(12).centres == pytest.approx(np.linspace(-100e-6, 100e-6, 12), abs=1e-18)
    assert _row(3, margin="50 uA").centres == pytest.approx([-150e-6, 0.0, 150e-6], abs=1e-18)


def test_a_deviation_of_one_junction_stays() -> None:
    junctions = TwoState(*np.array([[1e9] * 3, [DELTA] * 3, [CRITICAL] * 3, [-1e-6, 0.0, 1e-6]]))
    assert Population.covering(junctions, -1e-4, 1e-4).centres == pytest.approx([-1.01e-4, 0.0, 1.01e-4])


def test_peak_and_half_width() -> None:
    row = _row()
    middle = row.centres[4]
    at = row.rates(np.array([middle, middle + row.half_widths[4]]))[:, 4]
    assert at == pytest.approx([1e9 * np.exp(-DELTA), 0.5e9 * np.exp(-DELTA)])


def test_values_and_currents() -> None:
    row = _row()
    values = np.array([[0.0, 0.5], [1.0, 0.25]])
    assert row.rates(row.current(values)).shape == (2, 2, 9)
    assert row.value(row.current(values)) == pytest.approx(values)


def test_counts_have_the_mean_and_variance_of_the_closed_forms() -> None:
    """4000 runs of each of 9 junctions at 3 currents and 2 times: 54 means and variances.

    The standard error of a mean is sqrt(var/4000), that of a variance about var sqrt((2 + excess)/4000) with an excess
    kurtosis of order 1/mean; the bounds are 4.5 and 7 times the Gaussian ones: a false alarm in 54 is below 1e-3. The
    seed is fixed. Poisson counts (variance = mean) would fail on the flanks by up to a factor 2.
    """
    row, runs = _row(), 4000
    current = np.array([-40e-6, 0.0, 70e-6])
    for duration in (3e-3, 30e-3):
        counts = row.counts(np.tile(current, (runs, 1)), duration, seed=5)
        mean, variance = row.rates(current) * duration, row.count_variance(current, duration)
        assert (np.abs(counts.mean(axis=0) - mean) < 4.5 * np.sqrt(variance / runs)).all()
        kurtosis = np.sqrt((2.0 + 2.0 / mean) / runs)
        assert (np.abs(counts.var(axis=0) / variance - 1.0) < 7.0 * kurtosis).all()


def test_variance_is_poisson_at_the_peak_and_twice_on_the_far_flank() -> None:
    row = Population(_junctions(1).shifted(-16e-6), -1e-3, 1e-3)
    time = 1e4
    fano = row.count_variance(np.array([0.0, 3e-4]), time)[:, 0] / (row.rates(np.array([0.0, 3e-4]))[:, 0] * time)
    assert fano == pytest.approx([1.0, 2.0], abs=1e-6)


def test_probability_of_change_against_samples() -> None:
    """20000 samples of 64 junctions; 5 standard errors of correlated samples: a false alarm below 1e-5."""
    row = Population.covering(_junctions(64), -20e-6, 20e-6)
    interval = 2e-3
    states = row.junctions.states(0.0, interval, 20000, seed=2)
    changed = (states[1:] != states[:-1]).mean(axis=0)
    exact = row.probability_of_change(0.0, interval)
    assert (np.abs(changed - exact) < 5 * np.sqrt(3.0 * exact / 20000)).all()
    # of many flips within the interval one at most is seen
    assert (exact < row.rates(0.0) * interval).all()


def test_the_same_seed_gives_the_same_counts() -> None:
    row, current = _row(), np.array([0.0, 1e-5])
    first, again = (row.counts(current, "10 ms", seed=3) for _ in range(2))
    assert (first == again).all()
    assert (first != row.counts(current, "10 ms", seed=4)).any()


def test_dead_junctions_are_silent() -> None:
    row = _row().without(np.array([2, 5]))
    assert (row.counts(np.zeros(50), "20 ms", seed=1)[:, [2, 5]] == 0).all()
    assert (row.rates(0.0)[[2, 5]] == 0).all()
    assert row.rates(0.0).sum() > 0


def test_a_sum_of_basis_functions_is_found_again() -> None:
    row = _row()
    current = np.linspace(-100e-6, 100e-6, 60)
    weights = np.random.default_rng(0).normal(size=(9, 2)) / row.peaks[0]
    decoder = LinearDecoder.fit(row, current, row.rates(current) @ weights)
    assert decoder.weights == pytest.approx(weights, rel=1e-7, abs=1e-9 * np.abs(weights).max())


def test_expected_error_of_a_decoder_against_counts() -> None:
    """2000 repeats at 40 inputs: the rms error is known to 1 %, asserted to 4 %."""
    row, time = _row(), 0.1
    current = np.linspace(-90e-6, 90e-6, 40)
    target = np.sin(current / 40e-6)
    decoder = LinearDecoder.fit(row, current, target, time)
    systematic, noise = decoder.expected_error(row, current, target, time)
    found = decoder(row.measure(np.tile(current, (2000, 1)), time, seed=1))[..., 0]
    assert np.sqrt(((found - target) ** 2).mean()) == pytest.approx(float(np.hypot(systematic, noise)[0]), rel=0.04)


def test_weights_that_know_the_noise_are_the_better_ones() -> None:
    row, current = _row(), np.linspace(-100e-6, 100e-6, 50)
    target = np.cos(current / 30e-6)
    total = {}
    for knows in (None, 0.05):
        decoder = LinearDecoder.fit(row, current, target, knows)
        total[knows] = float(np.hypot(*decoder.expected_error(row, current, target, 0.05))[0])
    assert total[0.05] < total[None]


def test_population_vector_and_its_error() -> None:
    """5000 operations at 5 inputs; with 60 flips in all the first-order formula holds to 5 %."""
    row, time = _row(41, margin="120 uA"), 0.02
    labels = row.value(row.centres)
    current = np.linspace(-100e-6, 100e-6, 5)
    found = population_vector(row.counts(np.tile(current, (5000, 1)), time, seed=4), labels)
    bias, spread = population_vector_error(row, current, labels, time)
    assert np.abs(bias).max() < 0.01  # curves cut off at the ends
    assert found.std(axis=0) == pytest.approx(spread, rel=0.05)
    assert found.mean(axis=0) == pytest.approx(row.value(current) + bias, abs=5 * spread.max() / 5000**0.5 + 2e-3)


def test_the_error_falls_as_one_over_the_square_root_of_junctions_and_time() -> None:
    spread = {}
    for count, time in ((32, 0.01), (128, 0.01), (32, 0.04)):
        row = _row(count, margin="150 uA")
        labels = row.value(row.centres)
        spread[count, time] = float(population_vector_error(row, 3e-6, labels, time)[1])
    assert spread[128, 0.01] / spread[32, 0.01] == pytest.approx(np.sqrt(31 / 127), rel=0.02)  # n - 1 spaces
    assert spread[32, 0.04] / spread[32, 0.01] == pytest.approx(0.5, rel=0.05)  # pairs of flips end in time


def test_silence_has_the_answer_that_is_given_for_it() -> None:
    assert population_vector(np.zeros(4), np.arange(4), silent=0.5) == 0.5
    assert np.isnan(population_vector(np.zeros(4), np.arange(4)))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Population.covering(_junctions(3), "1 uA", "-1 uA"), "from a lower to a higher"),
        (lambda: _row(3, margin=-1e-6), "margin"),
        (lambda: Population(_junctions(3), -1.0, 1.0, np.ones(2, bool)), "'alive'"),
        (lambda: _row().measure(0.0, 0.0), "acquisition time"),
        (lambda: LinearDecoder.fit(_row(), np.zeros(3), np.zeros(4)), "do not fit"),
        (lambda: LinearDecoder.fit(_row(), np.zeros(3), np.full(3, np.nan)), "NaN"),
        (lambda: population_vector(np.ones(3), np.arange(4)), "not fit"),
    ],
)
def test_bad_input_is_answered(call, words: str) -> None:
    with pytest.raises(InputError, match=words):
        call()
