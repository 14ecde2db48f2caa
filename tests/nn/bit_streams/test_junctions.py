"""What junctions really give: biases, spreads, coins, and the two-state process they come from."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.devices.bit_stream import telegraph_bits
from spinloom.devices.two_state import TwoState
from spinloom.errors import InputError
from spinloom.nn.bit_streams import BitStream, Junctions
from spinloom.responses import Bernoulli


def test_telegraph_junctions_are_those_of_the_two_state_process() -> None:
    pair = TwoState(np.array([1e9, 1e9]), np.array([6.0, 6.3]), np.array([10e-6, 11e-6]), np.array([0.0, 1e-6]))
    interval = 100e-9
    source = Junctions.telegraph(pair, interval, at=pair[0])
    p = np.array([0.2, 0.2])
    # the first junction's curve chooses the current: I = I_c/(2 Delta) logit p
    current = 10e-6 / 12.0 * np.log(0.2 / 0.8)
    assert source.realised(p) == pytest.approx(pair.probability_parallel(current), rel=1e-12)
    assert source.realised(p)[0] == pytest.approx(0.2, rel=1e-12)
    expected = np.exp(-interval / pair.correlation_time(current))
    assert source.autocorrelation(source.realised(p)) == pytest.approx(expected, rel=1e-9)


def test_streams_agree_with_the_generator_of_long_random_bits() -> None:
    """Two independent ways to the same process: 100 000 samples each, mean and correlation of neighbours.

    The mean of either scatters by sqrt(0.25 x 3.4/1e5) = 0.003 and the correlation by about 0.003; 5 standard errors of
    the differences, false alarm 1e-6.
    """
    pair = TwoState(np.array([1e9]), np.array([6.0]), np.array([10e-6]), np.array([0.0]))
    interval, p = 120e-9, 0.4
    current = 10e-6 / 12.0 * np.log(p / (1 - p))
    record = telegraph_bits(pair, 100_000, interval, current, seed=1, check=False)
    theirs = BitStream.from_bits(record.unpacked()[0], "record")
    mine = BitStream.of(p, 100_000, 2, Junctions.telegraph(pair, interval))
    assert mine.value == pytest.approx(theirs.value, abs=0.02)
    neighbours = [np.corrcoef(s.bits()[1:], s.bits()[:-1])[0, 1] for s in (mine, theirs)]
    assert neighbours[0] == pytest.approx(neighbours[1], abs=0.02)
    assert neighbours[0] == pytest.approx(np.exp(-interval / pair.correlation_time(current)[0]), abs=0.015)


def test_pulsed_devices_follow_their_own_curves() -> None:
    response = Bernoulli(0.5, 0.02, centre_spread=0.02, width_spread=0.1)
    source = Junctions.pulsed(response, 5, seed=3)
    spread = response.spread(5, 3)
    p = np.full(5, 0.7)
    assert source.realised(p) == pytest.approx(spread.probability(response.drive_for(p)), rel=1e-12)
    assert not source.autocorrelation(p).any()
    assert source.realised(np.array([0.0, 1.0, 0.0, 1.0, 0.0])).tolist() == [0, 1, 0, 1, 0]


def test_streams_have_the_realised_probability() -> None:
    """20 000 x 64 bits a junction: 5 standard errors, false alarm 2e-6."""
    source = Junctions(np.array([0.3, -0.5]), np.array([1.0, 1.2]), np.zeros(2))
    p = np.tile([0.4, 0.4], 20_000)
    found = BitStream.of(p, 64, 1, source).value.reshape(-1, 2).mean(axis=0)
    expected = source.realised(np.array([0.4, 0.4]))
    assert np.abs(found - expected).max() < 5 * np.sqrt(0.25 / (20_000 * 64))


def test_programmable_source_rounds_to_its_bits_and_feels_its_coins() -> None:
    fair = Junctions.ideal().programmable(4)
    assert fair.realised(np.array([0.49, 0.0, 1.0])) == pytest.approx([0.5, 0.0, 1.0])
    biased = Junctions(np.array([0.2]), np.ones(1), np.array([0.5])).programmable(8)
    p = np.full(5000, 0.3)
    found = BitStream.of(p, 256, 2, biased).value
    # coins that remember make the mean scatter more than independent ones would: 5 of these enlarged errors
    expected = biased.realised(p[:1])[0]
    assert found.mean() == pytest.approx(expected, abs=5 * np.sqrt(3 * 0.21 / (5000 * 256)))
    assert found.var() > 1.3 * 0.21 / 256


def test_bad_input() -> None:
    with pytest.raises(InputError, match="below 1"):
        Junctions(np.zeros(1), np.ones(1), np.ones(1))
    with pytest.raises(InputError, match="finite"):
        Junctions(np.array([np.nan]), np.ones(1), np.zeros(1))
    with pytest.raises(InputError, match="bits"):
        Junctions.ideal().programmable(0)
    with pytest.raises(InputError, match="bits"):
        Junctions.ideal().programmable(17)
    with pytest.raises(InputError, match="interval"):
        Junctions.telegraph(TwoState(*(np.ones(1) for _ in range(4))), 0.0)
    with pytest.raises(InputError, match="one offset"):
        Junctions(np.zeros(2), np.ones(3), np.zeros(2))
