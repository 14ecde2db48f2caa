"""Series columns: sums by hand, popcount recovered, spread, read-out mappings."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.crossbar import Converter, SeriesColumn, TimeToDigital, readout, series_sums
from spinloom.errors import InputError, UnknownNameError

COLUMN = SeriesColumn("13 kohm", "26 kohm", spread_low="1.6 kohm", spread_high="2 kohm")


def signs(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).choice([-1.0, 1.0], shape)


def test_a_column_of_two_cells_by_hand() -> None:
    low = np.array([[[1.0, 2.0], [3.0, 4.0]]])  # one output, two inputs, junctions of x = +1 and x = -1
    high = 10 * low
    weights = np.array([[1, -1]])
    inputs = np.array([[1, 1], [-1, 1], [1, -1], [-1, -1]])
    # w = +1: x = +1 meets low[0] = 1, x = -1 meets high[1] = 20; w = -1: x = +1 meets high[0] = 30, x = -1 low[1] = 4
    assert series_sums(weights, inputs, low, high)[:, 0].tolist() == [31.0, 50.0, 5.0, 24.0]


def test_equal_junctions_give_the_popcount_exactly() -> None:
    weights, inputs = signs(10, 200), signs(30, 200, seed=1)
    column = SeriesColumn(13e3, 26e3, transistor=2e3, tile=64)
    sums = column.sums(weights, inputs)
    assert sums.shape == (30, 10, 4)  # 64 + 64 + 64 + 8 cells
    assert column.dots(sums, 200).sum(axis=-1) == pytest.approx(inputs @ weights.T, abs=1e-9)
    assert column.products(weights, inputs) == pytest.approx(inputs @ weights.T, abs=1e-9)


def test_spread_of_the_dot_product() -> None:
    # w.x by the mean junctions deviates by 2 sqrt(n (s_low^2 + s_high^2)/2)/(R_AP - R_P) between columns;
    # 4000 columns hold it to 1.1 % (one sigma), five sigma 5.6 %
    weights, inputs = signs(4000, 64), signs(1, 64, seed=1)
    partial = COLUMN.dots(COLUMN.sums(weights, inputs, COLUMN.draw(weights.shape, 5)), 64)[..., 0]
    error = partial - inputs @ weights.T
    expected = 2 * np.sqrt(64 * (1.6**2 + 2.0**2) / 2) / 13
    assert np.std(error) == pytest.approx(expected, rel=0.056)
    assert abs(error.mean()) < 5 * expected / np.sqrt(4000)


def test_read_noise_is_relative_and_seeded() -> None:
    column = SeriesColumn(13e3, 26e3, read_noise=0.01)
    weights, inputs = signs(5, 64), signs(2000, 64, seed=1)
    mean, noisy = column.sums(weights, inputs), column.sums(weights, inputs, seed=2)
    assert np.std(noisy / mean - 1) == pytest.approx(0.01, rel=5 / np.sqrt(2 * mean.size))  # five sigma
    assert np.array_equal(noisy, column.sums(weights, inputs, seed=2))


def test_mapping_of_the_read_out_matters_most() -> None:
    weights, inputs = signs(100, 64), signs(500, 64, seed=1)
    exact = (inputs @ weights.T)[..., None]
    errors = {
        kind: float(np.mean((readout(kind, 4, 64, exact).convert(exact) - exact) ** 2))  # type: ignore[arg-type]
        for kind in ("uniform", "calibrated", "nonuniform")
    }
    assert errors["nonuniform"] < errors["calibrated"] < errors["uniform"]
    # 15 codes over -64..64 are 9.14 apart; the dot products (even numbers, deviation 8) see about step^2/12
    assert errors["uniform"] == pytest.approx(9.14**2 / 12, rel=0.15)


def test_read_out_by_voltage_and_by_time() -> None:
    column = SeriesColumn(13e3, 26e3, capacitance_time=1e-15, tile=4)  # 1 fs per ohm
    sums = column.sums(np.ones((1, 4)), np.array([[1, 1, 1, 1], [1, 1, -1, -1], [-1, -1, -1, -1]]))
    assert sums.ravel().tolist() == [52e3, 78e3, 104e3]
    assert column.voltages(sums, "1 uA").ravel() == pytest.approx([0.052, 0.078, 0.104])
    assert column.energies(sums, "1 uA", "10 ns").ravel() == pytest.approx([5.2e-16, 7.8e-16, 10.4e-16])
    counter = TimeToDigital(bits=3, period=13e-12, start=45.5e-12)
    assert counter.count(column.times(sums)).ravel().tolist() == [0, 2, 4]


def test_tiles_are_read_out_one_by_one() -> None:
    weights, inputs = np.ones((1, 8)), np.ones((1, 8))
    column = SeriesColumn(13e3, 26e3, tile=4)
    clipped = column.products(weights, inputs, converter=Converter(3, range=3.0))
    assert clipped.tolist() == [[6.0]]  # two tiles of 4, each cut off at 3


def test_bad_input() -> None:
    with pytest.raises(InputError, match="1 of 2 weights are neither"):
        series_sums(np.array([[1, 0]]), np.array([[1, 1]]), 1.0, 2.0)
    with pytest.raises(InputError, match="Weights have 2 inputs, samples 3"):
        series_sums(np.ones((1, 2)), np.ones((1, 3)), 1.0, 2.0)
    with pytest.raises(InputError, match="r_high has the shape"):
        series_sums(np.ones((1, 2)), np.ones((1, 2)), 1.0, np.ones((2, 2)))
    with pytest.raises(InputError, match="above 0 ohm"):
        series_sums(np.ones((1, 2)), np.ones((1, 2)), 0.0, 1.0)
    with pytest.raises(InputError, match="must be below"):
        SeriesColumn(2.0, 1.0)
    with pytest.raises(InputError, match="tile"):
        SeriesColumn(1.0, 2.0, tile=0)
    with pytest.raises(InputError, match="read_noise"):
        SeriesColumn(1.0, 2.0, read_noise=-1.0)
    with pytest.raises(InputError, match="capacitance_time"):
        SeriesColumn(1.0, 2.0).times(np.ones(1))
    with pytest.raises(InputError, match="needs samples"):
        readout("calibrated", 4, 64)
    with pytest.raises(UnknownNameError, match="uniform"):
        readout("best", 4, 64)  # type: ignore[arg-type]
