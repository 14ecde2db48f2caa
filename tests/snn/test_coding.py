"""Codes: the spikes they make against the probabilities they claim."""

from __future__ import annotations

import math

import numpy as np
import pytest

import spinloom as sl
from spinloom.errors import InputError
from spinloom.snn.coding import JunctionCode, PoissonCode, PulsedCode, spikes
from spinloom.snn.population import Population


def rows(count: int = 12, features: int = 2, **more) -> list[Population]:
    device = sl.device("Zhang2022_mtj", **more)
    return [Population.covering(device.two_state(count, a), -100e-6, 100e-6) for a in range(features)]


def test_spikes_have_their_probabilities() -> None:
    """Six sources, 40 000 steps: counts within 5 binomial standard deviations (false alarm 3e-6); 0 and 1 are exact."""
    p = np.array([0.0, 0.001, 0.02, 0.5, 0.97, 1.0])
    steps = 40_000
    found = spikes(p, steps, 1e-3, seed=3, number=5)
    deviation = np.abs(found.counts() - p * steps)
    assert (deviation <= 5 * np.sqrt(steps * p * (1 - p))).all()
    table = np.zeros((steps, p.size), int)
    np.add.at(table, (np.round(found.times * 1e3).astype(int) - 1, found.which), 1)
    assert table.max() == 1
    # independent from step to step: the product of neighbours, again 5 standard deviations
    pairs = (table[1:, 3] * table[:-1, 3]).mean()
    assert abs(pairs - 0.25) < 5 * math.sqrt(0.25 * 0.75 / steps) * 1.3  # neighbours overlap: variance 5/16, not 3/16


def test_spikes_depend_on_seed_and_number_alone() -> None:
    p = np.full(50, 0.1)
    one, two = (spikes(p, 100, 1e-3, 3, 5) for _ in range(2))
    np.testing.assert_array_equal(one.which, two.which)
    assert not np.array_equal(one.which, spikes(p, 100, 1e-3, 3, 6).which)
    assert not np.array_equal(one.which, spikes(p, 100, 1e-3, 4, 5).which)
    np.testing.assert_array_equal(spikes(p[:20], 100, 1e-3, 3, 5).counts(), one.counts()[:20])


def test_poisson_code_has_its_rate() -> None:
    """x = 0.5 at 200 Hz for 50 s: 5000 (1 - e^-0.1/0.1 ...) spikes, within 5 standard deviations."""
    code = PoissonCode(1, rate="200 Hz", duration="50 s")
    p = -math.expm1(-0.1)
    assert abs(code(np.array([0.5]), 0).count - 50_000 * p) < 5 * math.sqrt(50_000 * p * (1 - p))


@pytest.mark.parametrize("ideal", [True, False])
def test_junction_code_follows_the_tuning_curve(ideal: bool) -> None:
    """Mean spikes of 24 junctions over 200 presentations of 100 steps, against 1 - (1 - P(change))^observation.

    Ideal spikes are independent: chi-square over 24 junctions below 75 (false alarm 4e-7). Simulated junctions remember
    their state, so flips come in pairs: counts scatter up to sqrt 2 wider and within one step a pair counts once;
    there the mean must agree within 8 %.
    """
    code = JunctionCode(rows(), observation=10, ideal=ideal, seed=1)
    x = np.array([0.3, 0.8])
    expected = code.probability(x) * 100 * 200
    found = np.sum([code(x, n).counts() for n in range(200)], axis=0)
    if ideal:
        likely = expected > 5
        assert (((found - expected) ** 2 / expected)[likely]).sum() < 75
    assert found.sum() == pytest.approx(expected.sum(), rel=0.03 if ideal else 0.08)
    assert np.corrcoef(found, expected)[0, 1] > 0.99


def test_pulsed_junctions_spike_with_the_chance_of_their_drive() -> None:
    """Two devices without spread, 200 presentations of 100 pulses: 5 binomial standard deviations (1e-6 together)."""
    response = sl.responses.Bernoulli.from_values(centre="0.3 V", width="10 mV")
    code = PulsedCode(response, 2, 0.28, 0.32, steps=100, seed=3)
    found = np.sum([code(np.array([0.25, 0.75]), n).counts() for n in range(200)], axis=0)
    p = response(np.array([0.29, 0.31]))
    assert (np.abs(found - 20_000 * p) < 5 * np.sqrt(20_000 * p * (1 - p))).all()
    with pytest.raises(InputError, match="2 features"):
        code(np.zeros(3), 0)


def test_dead_junctions_are_silent() -> None:
    dead = [row.without(np.array([5])) for row in rows()]
    for ideal in (True, False):
        counts = JunctionCode(dead, ideal=ideal)(np.array([0.45, 0.45]), 0).counts()
        assert counts[5] == counts[17] == 0
        assert counts.sum() > 0


def test_bad_input_is_named() -> None:
    with pytest.raises(InputError, match="2 features"):
        JunctionCode(rows())(np.array([0.1]), 0)
    with pytest.raises(InputError, match="observation"):
        JunctionCode(rows(), observation=0)
    with pytest.raises(InputError, match="between 0 and 1"):
        spikes(np.array([1.2]), 10, 1e-3, 0, 0)
    with pytest.raises(InputError, match="rate"):
        PoissonCode(3, rate="0 Hz")
