"""Streams against the closed forms of stochastic computing, and the watch over their independence."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.errors import InputError
from spinloom.nn.bit_streams import (
    BitStream,
    Junctions,
    debug,
    enlargement,
    isolation,
    mean_variance,
    or_all,
    overlap,
    parallel_count,
    product_variance,
    scc,
)

MANY, LENGTH = 20_000, 100
P, Q = 0.3, 0.6


def _many(p: float, seed: int, length: int = LENGTH, junctions: Junctions | None = None) -> BitStream:
    return BitStream.of(np.full(MANY, p), length, seed, junctions)


def _close(values: np.ndarray, mean: float, variance: float) -> None:
    """Mean within 5 standard errors; variance within 5 of its own, sqrt(2/n) for nearly normal means: alarm 1e-6."""
    assert values.mean() == pytest.approx(mean, abs=5 * np.sqrt(variance / values.size))
    assert values.var() == pytest.approx(variance, rel=5 * np.sqrt(2.2 / values.size))


def test_gates_have_their_means_and_variances() -> None:
    x, y, s = _many(P, 1), _many(Q, 2), _many(0.25, 3)
    for found, p in [
        (x, P),
        (x & y, P * Q),  # ORACLES 23: variance pq(1 - pq)/L
        (x | y, 1 - (1 - P) * (1 - Q)),
        (~x, 1 - P),
        (s.mux(x, y), 0.25 * P + 0.75 * Q),
        (or_all([x, y, s]), 1 - (1 - P) * (1 - Q) * 0.75),
    ]:
        _close(found.value, p, p * (1 - p) / LENGTH)
    product = x.xnor(y)
    p = 0.5 * (1 + (2 * P - 1) * (2 * Q - 1))
    _close(product.bipolar, (2 * P - 1) * (2 * Q - 1), 4 * p * (1 - p) / LENGTH)
    assert (parallel_count([x, y]) == x.ones + y.ones).all()
    _close(parallel_count([x, y]) / LENGTH, P + Q, (P * (1 - P) + Q * (1 - Q)) / LENGTH)


def test_numbers_come_back_exactly() -> None:
    bits = np.random.default_rng(1).integers(0, 2, (3, 70))
    stream = BitStream.from_bits(bits, "record")
    assert (stream.bits() == bits).all()
    assert (stream.value == bits.mean(axis=1)).all()
    assert ((~stream).bits() == 1 - bits).all()
    assert ((~stream).ones == 70 - bits.sum(axis=1)).all()  # unused places of the last word stay 0
    assert (stream.delay(5).bits() == np.roll(bits, 5, axis=1)).all()


def test_scc_at_its_limits() -> None:
    p, q = 0.4, 0.7
    assert scc(p, q, min(p, q)) == pytest.approx(1.0)
    assert scc(p, q, p * q) == 0.0
    assert scc(p, q, p + q - 1) == pytest.approx(-1.0)
    for value in (-1.0, -0.3, 0.0, 0.5, 1.0):
        assert scc(p, q, overlap(p, q, value)) == pytest.approx(value, abs=1e-12)
    x = BitStream.of(0.4, 10_000, seed=4)
    assert x.correlation(x).scc == pytest.approx(1.0)
    assert x.correlation(~x).scc == pytest.approx(-1.0)
    assert abs(x.correlation(BitStream.of(0.7, 10_000, seed=5)).phi) < 5 / np.sqrt(10_000)


@pytest.mark.parametrize("c", [0.0, 0.5, 0.9])
def test_autocorrelated_streams_have_a_larger_variance(c: float) -> None:
    source = Junctions(np.zeros(1), np.ones(1), np.array([c]))
    stream = _many(0.5, 7, junctions=source)
    _close(stream.value, 0.5, mean_variance(0.5, c, LENGTH))
    # and for long streams the factor is (1 + c)/(1 - c): the correction is 2c/(L (1-c)^2) of it, 0.1 % here
    long = 2 * c / (1 - c) ** 2 / 1e-3 + 1
    assert mean_variance(0.5, c, int(long)) * int(long) / 0.25 == pytest.approx(enlargement(c), rel=2e-3)


def test_product_of_telegraph_streams_has_the_exact_variance() -> None:
    one, two = (Junctions(np.zeros(1), np.ones(1), np.array([c])) for c in (0.8, 0.6))
    c_p, c_q = (float(source.autocorrelation(np.array([p]))[0]) for source, p in ((one, P), (two, Q)))
    found = (_many(P, 1, junctions=one) & _many(Q, 2, junctions=two)).value
    _close(found, P * Q, product_variance(P, Q, c_p, c_q, LENGTH))
    assert product_variance(P, Q, 0.0, 0.0, 100) == pytest.approx(P * Q * (1 - P * Q) / 100, rel=1e-12)


def test_products_of_telegraph_streams_and_their_isolation() -> None:
    """phi of a stream with its delayed self is c^k; 200 000 samples, whose phi scatters by about 0.006 at c = 0.8."""
    c = 0.8
    x = BitStream.of(0.5, 200_000, 1, Junctions(np.zeros(1), np.ones(1), np.array([c])))
    for k in (1, 4):
        assert x.correlation(x.delay(k)).phi == pytest.approx(c**k, abs=0.03)
    k = isolation(c, 0.01)
    assert c**k <= 0.01 < c ** (k - 1)
    with pytest.raises(InputError, match=r"correlation is 0\.[78]"), debug():
        x & x.delay(1)
    with debug():
        product = x & x.delay(k)
    assert product.value == pytest.approx(0.25, abs=0.01)  # x squared: 5 standard errors of 0.5 sqrt(9/200 000) x 0.5


def test_debug_refuses_a_stream_by_itself_and_what_was_made_of_it() -> None:
    x, y = BitStream.of(0.3, 1000, 1, name="junction 7"), BitStream.of(0.6, 1000, 2)
    with pytest.raises(InputError, match="junction 7") as error:
        x.times(x, debug=True)
    for words in ("correlation is 1", "SCC 1", "another junction", "delay"):
        assert words in str(error.value)
    with debug():
        assert (x & y & x.delay(1)).length == 1000  # pulsed bits are independent of the ones before
        for gate in (lambda: (x & y) & x, lambda: x | x, lambda: x.xnor(x), lambda: x.mux(x, y)):
            with pytest.raises(InputError, match="junction 7"):
                gate()
    assert (x & x).value == x.value  # outside of debug a gate is just a gate


def test_debug_finds_correlation_that_has_no_common_name() -> None:
    x = BitStream.of(0.5, 4000, 1)
    flipped = BitStream.of(0.4, 4000, 2).bits()  # XOR with ones of p = 0.4: phi = 1 - 2 x 0.4 = 0.2
    hidden = BitStream.from_bits(x.bits() ^ flipped, "a record")
    with pytest.raises(InputError, match="more than chance"), debug():
        x & hidden


@pytest.mark.parametrize("c", [0.0, 0.7])
def test_false_alarms_are_as_rare_as_asked_for(c: float) -> None:
    """2000 pairs of independent streams at 2 %: 40 +- 6.3 alarms; 16..66 is 4 standard deviations (6e-5)."""
    source = Junctions(np.zeros(1), np.ones(1), np.array([c]))
    x = BitStream.of(np.full(2000, 0.4), 1000, 1, source)
    y = BitStream.of(np.full(2000, 0.5), 1000, 2, source)
    alarms = sum(x[n].correlation(y[n]).beyond(0.02) for n in range(2000))
    assert 16 <= alarms <= 66


def test_bad_input() -> None:
    for wrong in (1.2, -0.1, float("nan")):
        with pytest.raises(InputError, match="from 0 to 1"):
            BitStream.of(wrong, 10)
    with pytest.raises(InputError, match="length = 0"):
        BitStream.of(0.5, 0)
    with pytest.raises(InputError, match="10 and 20 samples"):
        BitStream.of(0.5, 10) & BitStream.of(0.5, 20)
    with pytest.raises(InputError, match="0 or 1"):
        BitStream.from_bits(np.array([0, 2]), "x")
    with pytest.raises(InputError, match="false_alarm"), debug(0.0):
        pass
    with pytest.raises(InputError, match="delay"):
        BitStream.of(0.5, 10).delay(-1)
    with pytest.raises(InputError, match="at least one"):
        or_all([])
