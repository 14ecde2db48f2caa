"""The whole array: weights in, product out."""

from __future__ import annotations

import numpy as np
import pytest

import spinloom as sl
from spinloom.crossbar import Cell, Converter, Crossbar, Faults, Programming, Wires, effective_matrix
from spinloom.errors import InputError
from spinloom.responses import Exponential, Plasticity

SYNAPSE = Plasticity.from_values(states=5, low="10 uS", high="100 uS")
LEVELS = np.random.default_rng(3).integers(-4, 5, (7, 11)) / 4.0  # on the levels of a differential pair
LEVELS.flat[0] = 1.0
X = np.random.default_rng(4).standard_normal((6, 11))
VERIFY = Programming("write-verify")


@pytest.mark.parametrize("devices", [1, 3])
@pytest.mark.parametrize("tile", [(128, 128), (4, 3), (1, 1)])
def test_weights_on_the_levels_come_back_exactly(tile: tuple[int, int], devices: int) -> None:
    layer = Crossbar(LEVELS, SYNAPSE, tile=tile, devices=devices)
    assert layer.effective_weights() == pytest.approx(LEVELS, abs=1e-14)
    assert layer.product(X) == pytest.approx(X @ LEVELS.T, abs=1e-13)


def test_offset_has_half_the_levels() -> None:
    layer = Crossbar(LEVELS, SYNAPSE, mapping="offset")
    assert np.unique(layer.effective_weights().round(12)).tolist() == [-1.0, -0.5, 0.0, 0.5, 1.0]
    assert np.abs(layer.effective_weights() - LEVELS).max() == pytest.approx(0.25)
    assert len(layer.conductances) == 1
    assert layer.conductances[0].shape == (1, 11, 7)


@pytest.mark.parametrize(("mapping", "levels"), [("differential", 17), ("offset", 9)])
def test_two_devices_add_their_levels(mapping: str, levels: int) -> None:
    # n (i - 1) + 1 = 9 levels of a sum, 2 x 9 - 1 of a pair of sums
    weights = np.linspace(-1, 1, 401)[None]
    layer = Crossbar(weights, SYNAPSE, mapping=mapping, devices=2)  # type: ignore[arg-type]
    found = np.unique(layer.effective_weights().round(12))
    assert found == pytest.approx(np.linspace(-1, 1, levels))


def test_tiles_cover_the_layer() -> None:
    layer = Crossbar(LEVELS, SYNAPSE, tile=(4, 3))
    assert [(t.rows, t.columns) for t in layer.tiles] == [(r, c) for r in (4, 4, 3) for c in (3, 3, 1)]
    assert [c.shape for c in layer.conductances] == [(2, t.rows, t.columns) for t in layer.tiles]


def test_wires_act_on_each_array_of_each_tile() -> None:
    wires = Wires(row="20 ohm", column="30 ohm")
    layer = Crossbar(LEVELS, SYNAPSE, tile=(4, 7), wires=wires)
    arrays = layer.conductances[0]
    expected = (effective_matrix(arrays[0], wires) - effective_matrix(arrays[1], wires)).T / 90e-6
    assert layer.effective_weights()[:, :4] == pytest.approx(expected, rel=1e-12)
    assert layer.effective_weights() is layer.effective_weights()  # once a programming


def test_spread_has_mean_one_and_the_seed_decides() -> None:
    # 20 000 devices of 10 %: mean to 0.0007, deviation to 0.5 % (one sigma); five of each
    synapse = SYNAPSE.replace(device_to_device=0.1)
    layer = Crossbar(np.ones((100, 100)), synapse, w_max=1.0, seed=1)
    assert layer.spread.mean() == pytest.approx(1.0, abs=0.0036)
    assert layer.spread.std() == pytest.approx(0.1, rel=0.03)
    assert np.array_equal(layer.spread, Crossbar(np.ones((100, 100)), synapse, seed=1, tile=(9, 9)).spread)
    assert not np.array_equal(layer.spread, Crossbar(np.ones((100, 100)), synapse, seed=2).spread)


def test_verification_shrinks_what_spread_does() -> None:
    synapse = Plasticity.from_values(states=33, low="10 uS", high="100 uS", device_to_device=0.1)
    weights = np.random.default_rng(0).uniform(-0.7, 0.7, (40, 40))
    blind, checked = (Crossbar(weights, synapse, w_max=1.0, programming=how) for how in (None, VERIFY))
    blind_error, error = (np.std(c.effective_weights() - weights) for c in (blind, checked))
    assert error < 0.5 * blind_error


def test_read_noise_has_the_deviation_it_says() -> None:
    # 20 000 reads hold a deviation to 0.5 % (one sigma): 2.5 %
    synapse = SYNAPSE.replace(read_noise=0.05)
    layer = Crossbar(LEVELS, synapse, tile=(5, 4))
    x = np.tile(X[:1], (20_000, 1))
    noise = layer.product(x, seed=1) - layer.product(x)
    expected = np.sqrt(X[:1] ** 2 @ (layer.noise_weights() ** 2).T)[0]
    assert noise.std(axis=0) == pytest.approx(expected, rel=0.025)
    pair = layer.conductances[0][:, 0, 0]
    assert layer.noise_weights()[0, 0] == pytest.approx(0.05 * np.hypot(*pair) / 90e-6)
    assert np.array_equal(layer.product(X, seed=3), layer.product(X, seed=3))


def test_wires_weaken_the_noise_too() -> None:
    # one input at a time, so that the estimate has no excuse: 300 chips hold a deviation to 4 % (one sigma)
    synapse = Plasticity.from_values(states=2, low=1e-12, high=1e-4, read_noise=0.02)
    wires, side = Wires(10.0, 10.0), 12
    layer = Crossbar(np.ones((side, side)), synapse, mapping="offset", wires=wires)
    cells, chance = layer.conductances[0][0], np.random.default_rng(0)
    drawn = [effective_matrix(cells * (1 + 0.02 * chance.standard_normal(cells.shape)), wires)[0] for _ in range(300)]
    measured = np.std(drawn, axis=0) * 2 / 1e-4  # weights are 2 (G - middle)/(high - low)
    assert np.median(measured / layer.noise_weights()[:, 0]) == pytest.approx(1.0, abs=0.05)


def test_retention_and_drift() -> None:
    weights = np.array([[1.0, -0.5]])
    fading = Crossbar(weights, SYNAPSE.replace(retention_time=100.0))
    assert fading.effective_weights(50.0) == pytest.approx(weights * np.exp(-0.5))
    stuck = Crossbar(weights, SYNAPSE.replace(retention_time=100.0), faults=Faults(stuck_high=1.0))
    assert stuck.conductances_after(1e3)[0] == pytest.approx(100e-6)
    drifting = Crossbar(weights, SYNAPSE.replace(drift_exponent=0.05))
    assert drifting.effective_weights(1e4) == pytest.approx(weights * 1e4**-0.05)
    assert drifting.effective_weights(0.5) == pytest.approx(weights)
    assert np.array_equal(fading.effective_weights("1 min"), fading.effective_weights(60.0))
    with pytest.raises(InputError, match="time"):
        fading.effective_weights(-1.0)


def test_stuck_cells_and_dead_lines() -> None:
    faults = Faults(stuck_low=0.2, stuck_high=10)
    layer = Crossbar(LEVELS, SYNAPSE, faults=faults, programming=VERIFY)
    assert ((layer.stuck == 0).sum(), (layer.stuck == 1).sum()) == (round(0.2 * 154), 10)
    assert layer.programmed.states[layer.stuck == 1] == pytest.approx(1.0)
    layer.reprogram(-LEVELS)
    assert layer.programmed.states[layer.stuck == 0] == pytest.approx(0.0)
    dead = Crossbar(LEVELS, SYNAPSE, tile=(4, 7), faults=Faults(dead_rows=22))  # both arrays of 11 inputs
    assert not dead.effective_weights().any()
    silent = Crossbar(np.ones((4, 6)), SYNAPSE, mapping="offset", faults=Faults(dead_rows=2))
    assert (silent.effective_weights() == 0).all(axis=0).sum() == 2
    half = Crossbar(np.ones((4, 6)), SYNAPSE, mapping="offset", faults=Faults(dead_columns=1))
    assert (half.conductances[0] == 0).all(axis=(0, 1)).sum() == 1
    with pytest.raises(InputError, match="dead_rows = 23: there are only 22 rows"):
        Crossbar(LEVELS, SYNAPSE, faults=Faults(dead_rows=23))


def test_a_transistor_in_series_keeps_the_ends_and_bends_between() -> None:
    weights = np.array([[1.0, 0.5, 0.0]])
    cell = Cell("1T1MTJ", on_resistance="5 kohm")
    found = Crossbar(weights, SYNAPSE, cell=cell).effective_weights()[0]
    low, middle, high = (g / (1 + g * 5e3) for g in (10e-6, 55e-6, 100e-6))
    assert found == pytest.approx([1.0, (middle - low) / (high - low), 0.0], abs=1e-14)


def test_reprogramming_starts_where_the_devices_stand() -> None:
    layer = Crossbar(LEVELS, SYNAPSE, programming=Programming(from_="here"))
    first = layer.programmed.pulses_up.sum()
    assert layer.effective_weights() == pytest.approx(LEVELS, abs=1e-14)  # and what is remembered of it is forgotten
    layer.reprogram(LEVELS)
    assert layer.programmed.pulses_up.sum() + layer.programmed.pulses_down.sum() == 0
    assert first == np.abs(LEVELS).sum() * 4
    layer.reprogram(-LEVELS)
    assert layer.effective_weights() == pytest.approx(-LEVELS, abs=1e-14)
    with pytest.raises(InputError, match="holds weights of shape"):
        layer.reprogram(LEVELS.T)


def test_converters_act_on_inputs_and_on_each_tiles_sums() -> None:
    layer = Crossbar(
        np.ones((1, 4)), SYNAPSE, tile=(2, 1), input_converter=Converter(2, 3.0), output_converter=Converter(3, 3.0)
    )
    # inputs on -3, 0, 3; partial sums on whole numbers -3..3
    assert layer.product(np.array([[3.0, 2.0, -1.0, -3.0]])).tolist() == [[3.0 - 3.0]]
    assert layer.product(np.array([[1.0, 3.0, 0.0, 0.0]])).tolist() == [[3.0]]
    assert layer.saturated(np.array([[3.0, 3.0, 0.0, 0.0]])) == 0.5


def test_calibration_makes_eight_bits_enough() -> None:
    x = np.random.default_rng(0).random((200, 11))
    layer = Crossbar(LEVELS, SYNAPSE, tile=(4, 4), output_converter=Converter(8), input_converter=Converter(8))
    with pytest.raises(InputError, match="no range yet"):
        layer.product(x)
    ready = layer.calibrated(x, share=1.0)
    # three tiles of +-2.5 in 127 steps: 0.02 each
    assert np.abs(ready.product(x) - x @ LEVELS.T).max() < 3 * 0.5 * ready.output_converter.step + 0.05  # type: ignore[union-attr]
    assert ready.saturated(x) == 0.0
    assert layer.output_converter is not None
    assert not layer.output_converter.calibrated  # the first one is as it was


def test_nonlinear_device_lands_on_its_own_levels() -> None:
    synapse = SYNAPSE.replace(potentiation=Exponential(2.0))
    weights = np.random.default_rng(0).random((3, 50))
    found = Crossbar(weights, synapse, w_max=1.0).effective_weights()
    assert np.abs(found[..., None] - synapse.levels()).min(axis=-1).max() < 1e-14


def test_it_is_there_by_its_public_name() -> None:
    assert sl.crossbar.Crossbar is Crossbar


def test_bad_input() -> None:
    with pytest.raises(InputError, match=r"shape \(outputs, inputs\)"):
        Crossbar(np.ones(3), SYNAPSE)
    with pytest.raises(InputError, match="beyond"):
        Crossbar(LEVELS, SYNAPSE, w_max=0.5)
    with pytest.raises(InputError, match="All weights are zero"):
        Crossbar(np.zeros((2, 2)), SYNAPSE)
    for name, bad in (("devices", 0), ("seed", -1), ("seed", 1.5)):
        with pytest.raises(InputError, match=name):
            Crossbar(LEVELS, SYNAPSE, **{name: bad})
    with pytest.raises(InputError, match="tile rows"):
        Crossbar(LEVELS, SYNAPSE, tile=(0, 4))
    layer = Crossbar(LEVELS, SYNAPSE)
    with pytest.raises(InputError, match=r"shape \(samples, 11\)"):
        layer.product(np.ones((2, 7)))
    with pytest.raises(InputError, match="1 of 11 inputs are NaN"):
        layer.product(np.where(np.arange(11) == 2, np.nan, 1.0)[None])
