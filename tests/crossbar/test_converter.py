"""Converters: levels, ranges, saturation, known optima."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spinloom.crossbar import Converter, TimeToDigital
from spinloom.errors import InputError, UnknownNameError


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_a_symmetric_range_is_mid_tread(bits: int) -> None:
    converter = Converter(bits, range=2.0)
    codes = np.unique(converter.convert(np.linspace(-3, 3, 20001)))
    assert len(codes) == 2**bits - 1
    assert 0.0 in codes
    assert codes == pytest.approx(-codes[::-1], abs=0.0)
    assert (codes[0], codes[-1]) == (-2.0, 2.0)


@pytest.mark.parametrize("bits", [1, 3])
def test_a_pair_uses_every_code(bits: int) -> None:
    converter = Converter(bits, range=(0.0, 1.0))
    assert np.unique(converter.convert(np.linspace(-1, 2, 1001))) == pytest.approx(np.linspace(0, 1, 2**bits))


def test_quantisation_noise_is_step_squared_over_twelve() -> None:
    # uniform over whole steps; 200 000 samples hold the variance to 0.4 % (one sigma: sqrt(4/5/n)), five sigma 1 %
    converter = Converter(6, range=(0.0, 63.0))
    values = np.random.default_rng(0).uniform(-0.5, 63.5, 200_000)
    values = values[(values > 0) & (values < 63)]
    assert np.var(converter.convert(values) - values) == pytest.approx(1 / 12, rel=0.011)


def test_saturation_is_counted() -> None:
    converter = Converter(8, range=1.0)
    assert converter.saturated(np.array([-1.2, -1.0, 0.0, 1.0 + 0.4 * converter.step, 1.1, np.inf])) == 3
    assert converter.convert(np.array([-5.0, 5.0])).tolist() == [-1.0, 1.0]


def test_calibration_by_maximum_and_by_share() -> None:
    values = np.arange(-1000, 1001) / 1000
    assert Converter(8).calibrate(values, share=1.0).range == 1.0
    assert Converter(8).calibrate(values, share=0.5).range == pytest.approx(0.5, abs=1e-3)
    assert Converter(8).calibrate(np.abs(values), 1.0).range == (0.0, 1.0)
    assert Converter(8).calibrate(np.abs(values), 1.0, signed=True).range == 1.0
    assert Converter(1).calibrate(values, 1.0).range == (-1.0, 1.0)
    assert Converter(8).calibrate(np.array([0.0] * 5000 + [2.0]), share=0.999).range == (0.0, 2.0)


def test_lloyd_max_levels_of_a_normal_law() -> None:
    # Max (1960): one bit +-sqrt(2/pi) = +-0.7979; two bits +-0.4528, +-1.5104. 2e5 samples: a few 1e-3
    values = np.random.default_rng(0).standard_normal(200_000)
    one = Converter(1, mode="nonuniform").calibrate(values).levels
    assert one == pytest.approx([-math.sqrt(2 / math.pi), math.sqrt(2 / math.pi)], abs=0.01)
    two = Converter(2, mode="nonuniform").calibrate(values).levels
    assert two == pytest.approx([-1.5104, -0.4528, 0.4528, 1.5104], abs=0.015)


def test_nonuniform_levels_are_kept_where_there_are_few_values() -> None:
    converter = Converter(3, mode="nonuniform").calibrate(np.array([-2.0, 0.0, 0.0, 7.0]))
    assert converter.convert(np.array([-9.0, 0.1, 6.0])) == pytest.approx([-2.0, 0.0, 7.0])
    assert Converter(2, mode="nonuniform", levels=(0.0, 1.0, 4.0)).convert(np.array([2.4, 2.6])).tolist() == [1.0, 4.0]


@pytest.mark.parametrize("bits", [0, -1, 2.5, True, 25])
def test_bits_that_are_none(bits: int) -> None:
    with pytest.raises(InputError, match="bits"):
        Converter(bits, range=1.0)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.inf, np.nan, (1.0, 0.0), (0.0, np.nan)])
def test_ranges_that_are_none(bad: float) -> None:
    with pytest.raises(InputError, match="range"):
        Converter(8, range=bad)


def test_other_bad_input() -> None:
    with pytest.raises(InputError, match="no range yet"):
        Converter(8).convert(np.ones(2))
    with pytest.raises(InputError, match="1 of 2 values to convert are NaN"):
        Converter(8, 1.0).convert(np.array([0.0, np.nan]))
    with pytest.raises(InputError, match="zero as its only level"):
        Converter(1, range=1.0)
    with pytest.raises(UnknownNameError, match="uniform"):
        Converter(8, mode="log")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="at most"):
        Converter(1, mode="nonuniform", levels=(0.0, 1.0, 2.0))
    with pytest.raises(InputError, match="All samples are zero"):
        Converter(8).calibrate(np.zeros(4))
    for samples in (np.array([]), np.array([np.nan])):
        with pytest.raises(InputError, match="needs samples"):
            Converter(8).calibrate(samples)
    with pytest.raises(InputError, match="share"):
        Converter(8).calibrate(np.ones(3), share=0.0)


def test_a_counter_counts_whole_periods() -> None:
    counter = TimeToDigital(bits=4, period="2 ns", start="10 ns")
    times = np.array([0.0, 10e-9, 11.9e-9, 12e-9, 41e-9, 100e-9])
    assert counter.count(times).tolist() == [0, 0, 0, 1, 15, 15]
    assert counter.saturated(times) == 2
    assert counter.time(np.array([0, 15])) == pytest.approx([11e-9, 41e-9])
    with pytest.raises(InputError, match="NaN"):
        counter.count(np.array([np.nan]))
    with pytest.raises(InputError, match="period"):
        TimeToDigital(4, 0.0)
    with pytest.raises(InputError, match="bits"):
        TimeToDigital(0, 1e-9)
