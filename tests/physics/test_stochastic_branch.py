from __future__ import annotations

import math

import numpy as np
import pytest

from spinloom.physics import stochastic_branch as branch


def _words(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**32, (count, 2), dtype=np.uint32)


def test_tanh_and_the_response_against_libm() -> None:
    for x in (-30.0, -3.0, -0.1, 0.0, 1e-3, 0.7, 12.0):
        # float32 polynomials: a few units in the last place of 1
        assert branch.tanh_of(np.float32(x)) == pytest.approx(math.tanh(x), abs=3e-7)
        assert branch.probability_up(np.float32(x)) == pytest.approx(0.5 * (1 + math.tanh(x)), abs=3e-7)


def test_low_pass_is_exact_for_a_constant_target() -> None:
    value = 0.0
    for _ in range(7):
        value = branch.low_pass(value, 2.0, math.exp(-0.3))
    assert value == pytest.approx(2.0 * (1.0 - math.exp(-2.1)), rel=1e-14)


def test_without_delay_the_compared_branch_is_the_p_bit_law() -> None:
    """tau_T = 0 and a redraw in every step: m = sgn(tanh x - U(-1, 1))."""
    x, count = 0.4, 20_000
    ups, noise, gate = 0, np.float32(0.0), np.float32(0.0)
    for first, second in _words(count, 1):
        noise, gate = branch.redraw_step(noise, gate, np.float32(x), 0.0, np.float32(80.0), 0.0, first, second)
        ups += branch.compared(noise, gate) > 0
    p = 0.5 * (1.0 + math.tanh(x))
    # 20 000 independent draws: 5 standard errors, a false alarm in 2e6
    assert ups / count == pytest.approx(p, abs=5 * math.sqrt(p * (1 - p) / count))


def test_pinned_noise_stays_longer_where_the_read_current_favours_it() -> None:
    kept, trials, rate, pinning = [], 20_000, 0.1, 1.0
    for noise in (-0.5, 0.5):
        stays = 0
        for first, second in _words(trials, 2):
            after, _ = branch.redraw_step(np.float32(noise), 0.0, 0.0, 0.0, np.float32(rate), pinning, first, second)
            stays += after == np.float32(noise)
        kept.append(stays / trials)
    # 20 000 draws each, standard error below 0.0026: 5 of them
    assert kept == pytest.approx([math.exp(-0.1 * math.exp(0.5)), math.exp(-0.1 * math.exp(-0.5))], abs=0.013)


def test_dwell_times_follow_the_input() -> None:
    x, rate, trials = 0.8, np.float32(0.05), 20_000
    for m in (1.0, -1.0):
        left = sum(branch.dwell_step(np.float32(m), np.float32(x), rate, word) != m for word, _ in _words(trials, 3))
        p = 1.0 - math.exp(-0.05 * math.exp(-x * m))
        assert left / trials == pytest.approx(p, abs=5 * math.sqrt(p * (1 - p) / trials))  # 5 standard errors


def test_dwell_law_has_the_responses_balance() -> None:
    """Rates e^(-x m)/tau_N: P(+1) = e^x/(e^x + e^-x) = (1 + tanh x)/2, whatever tau_N is."""
    for x in (-1.0, 0.3):
        up = math.exp(x) / (math.exp(x) + math.exp(-x))
        assert branch.probability_up(np.float32(x)) == pytest.approx(up, abs=3e-7)
