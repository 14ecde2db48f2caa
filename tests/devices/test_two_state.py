"""Arrays of two-state junctions: the numbers drawn against what the rates say (ORACLES 13)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spinloom.devices.two_state import TwoState
from spinloom.devices.waveform import Samples
from spinloom.errors import InputError

SLOW = TwoState(np.array([1e3]), np.array([0.0]), np.array([1.0]), np.array([0.0]))


def junctions(n: int = 1, delta: float = 2.0) -> TwoState:
    """n equal junctions with I_c = 1 A: the current is the drive ratio x."""
    return TwoState(np.full(n, 1e3), np.full(n, delta), np.ones(n), np.zeros(n))


def test_closed_forms() -> None:
    """p_P = 1/(1 + exp(-2 Delta x)), tau* = 1/(sum of rates), flip rate = 2 p_P/tau_P: three ways to one number."""
    one = junctions()
    current = np.array([[-0.5], [0.0], [0.3]])
    leave_parallel, leave_antiparallel = one.rates(current)
    share = one.probability_parallel(current)
    np.testing.assert_allclose(share, 1.0 / (1.0 + np.exp(-2.0 * 2.0 * current)), rtol=1e-12)
    np.testing.assert_allclose(share, leave_antiparallel / (leave_parallel + leave_antiparallel), rtol=1e-12)
    np.testing.assert_allclose(one.flip_rate(current), 2.0 * share * leave_parallel, rtol=1e-12)
    np.testing.assert_allclose(one.correlation_time(current), 1.0 / (leave_parallel + leave_antiparallel), rtol=1e-12)


def test_flips_have_the_mean_and_the_variance_of_a_renewal_process() -> None:
    """Symmetric junction: flips are a Poisson process of rate f0 exp(-Delta).

    20 000 runs of mean 20: mean within 5 sqrt(20/20000), variance within 5 sqrt((20 + 2 20^2)/20000) of the mean
    (false alarm 1e-6 together).
    """
    rate = 1e3 * math.exp(-2.0)
    counts, states = junctions(20_000).flips(0.0, 20.0 / rate, seed=3)
    assert abs(counts.mean() - 20.0) < 5 * math.sqrt(20 / 20_000)
    assert abs(counts.var() - 20.0) < 5 * math.sqrt((20 + 2 * 400) / 20_000)
    assert abs(states.mean() - 0.5) < 5 * 0.5 / math.sqrt(20_000)


def test_biased_flips_follow_the_rate() -> None:
    """Mean of an equilibrium renewal process is exactly rate x time; 20 000 runs, 5 standard errors (6e-7)."""
    one = junctions(20_000)
    counts, states = one.flips(0.4, "0.2 s", seed=4)
    expected = float(one.flip_rate(0.4)[0]) * 0.2
    assert abs(counts.mean() - expected) < 5 * counts.std() / math.sqrt(counts.size)
    share = float(one.probability_parallel(0.4)[0])
    assert abs(states.mean() - share) < 5 * math.sqrt(share * (1 - share) / counts.size)


def test_nothing_moves_in_no_time_and_parity_holds() -> None:
    """The final state differs from the first exactly when the number of flips is odd."""
    one = junctions(1000)
    start = np.arange(1000) % 2
    counts, states = one.flips(0.1, 0.03, seed=1, start=start)
    np.testing.assert_array_equal(states, (start + counts) % 2)
    counts, states = one.flips(0.1, 0.0, seed=1, start=start)
    assert not counts.any()
    np.testing.assert_array_equal(states, start)


def test_same_numbers_at_any_thread_count() -> None:
    one = junctions(10_000)
    np.testing.assert_array_equal(one.flips(0.1, 0.05, 7, threads=1)[0], one.flips(0.1, 0.05, 7, threads=3)[0])
    np.testing.assert_array_equal(
        one[:200].states(0.1, 0.01, 50, 7, threads=1), one[:200].states(0.1, 0.01, 50, 7, threads=3)
    )
    assert not np.array_equal(one.flips(0.1, 0.05, 7)[0], one.flips(0.1, 0.05, 8)[0])


def test_samples_have_the_autocorrelation_of_the_rates() -> None:
    """Correlation of neighbours exp(-T/tau*), at x = 0.3; 400 junctions x 1000 samples.

    The standard error of a correlation from n weakly correlated pairs is about (1 + c)/(1 - c)/sqrt n = 0.004; the
    band of 5 of them has a false-alarm rate of 6e-7.
    """
    many = junctions(400)
    tau = float(many.correlation_time(0.3)[0])
    found = many.states(0.3, tau, 1000, seed=2).astype(float)
    centred = found - many.probability_parallel(0.3)
    correlation = (centred[1:] * centred[:-1]).mean() / (centred**2).mean()
    expected = math.exp(-1.0)
    assert abs(correlation - expected) < 5 * (1 + expected) / (1 - expected) / math.sqrt(found.size)


def test_samples_are_the_engines_recording() -> None:
    """Two kernels, one equation and one generator: the same bits."""
    many = junctions(70)
    states = many.states(0.2, 0.004, 40, seed=5)
    _, flips, record = many.follow(0.2, 0.004, 40, seed=5, every=1)
    np.testing.assert_array_equal(states, record)
    first = many.start(0.2, 5)
    changes = (np.diff(np.vstack([first, states]).astype(int), axis=0) != 0).sum(axis=0)
    np.testing.assert_array_equal(flips, changes)


def test_driven_steps_follow_the_master_equation() -> None:
    """A ramped current: the share in the parallel state against dp/dt = -(a + b) p + b integrated on the same steps.

    40 000 junctions, 5 standard errors at 8 times (false alarm 5e-6).
    """
    many = junctions(40_000)
    ramp = Samples([0.0, 0.08], [-1.0, 1.0])
    _, _, record = many.follow(0.4, "100 us", 800, seed=6, waveform=ramp, start=0, every=100)
    share, expected = 0.0, []
    for t in (np.arange(800) + 0.5) * 1e-4:
        leave_parallel, leave_antiparallel = (float(r[0]) for r in junctions().rates(0.4 * ramp(np.array([t]))[0]))
        total = leave_parallel + leave_antiparallel
        target = leave_antiparallel / total
        share = target + (share - target) * math.exp(-total * 1e-4)
        expected.append(share)
    expected = np.array(expected)[99::100]
    error = np.sqrt(expected * (1 - expected) / many.count)
    assert (np.abs(record.mean(axis=1) - expected) < 5 * error).all()


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda: TwoState(np.ones(2), np.ones(3), np.ones(1), np.zeros(1)), "lengths"),
        (lambda: TwoState(np.ones(1), -np.ones(1), np.ones(1), np.zeros(1)), "thermal_stability"),
        (lambda: TwoState(np.ones(1), np.ones(1), np.zeros(1), np.zeros(1)), "critical_current"),
        (lambda: junctions(2).rates(np.array([0.1, np.nan])), "NaN"),
        (lambda: junctions(2).rates(np.zeros(3)), "2 junctions"),
        (lambda: junctions().flips(0.0, -1.0), "duration"),
        (lambda: junctions().flips(0.0, 1.0, start=2), "Initial states"),
        (lambda: junctions().states(0.0, 0.0, 5), "interval"),
        (lambda: junctions().follow(0.0, 0.0, 5), "step"),
    ],
)
def test_bad_input_is_named(ask, says: str) -> None:
    with pytest.raises(InputError, match=says):
        ask()
