"""Pieces of the protocols for binary networks, each against a closed form or by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spinloom import crossbar, devices, responses, tasks
from spinloom.experiments import load_reproduction
from spinloom.experiments.context import Context
from spinloom.experiments.protocols import series_array, series_images, series_readout, xnor_network
from spinloom.experiments.protocols.approximate_memory import tolerated
from spinloom.experiments.protocols.binary_training import accuracy, binarised, exact, kept, layers_of, scores
from spinloom.experiments.protocols.write_errors import WriteErrors, energy_at
from spinloom.experiments.protocols.xnor_network import pair_products
from spinloom.nn.binary_networks import Folded

COLUMN = crossbar.SeriesColumn("13 kohm", "26 kohm", "1.6 kohm", "2 kohm", tile=16)


def _layers(seed: int = 0) -> tuple[Folded, ...]:
    chance = np.random.default_rng(seed)
    return tuple(
        Folded(
            np.where(chance.random(shape) < 0.5, 1, -1).astype(np.int8),
            chance.standard_normal(shape[0]),
            chance.standard_normal(shape[0]),
        )
        for shape in ((12, 40), (3, 12))
    )


def _samples(count: int = 200) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(9)
    x = np.where(chance.random((count, 40)) < 0.5, 1.0, -1.0).astype(np.float32)
    return x, np.argmax(scores(_layers(), x), axis=1)


def test_folded_layers_are_kept_whole() -> None:
    layers = _layers()
    back = layers_of(kept(layers, np.zeros(2), 5))
    for layer, same in zip(layers, back, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(layer, same, strict=True))
    assert binarised(np.array([[0.5, 0.49]])).tolist() == [[1.0, -1.0]]


def test_equal_junctions_and_ideal_reads_are_exact() -> None:
    x, y = _samples()
    layers = _layers()
    assert accuracy(layers, x, y) == 100.0
    found = series_readout.partial_sums(COLUMN, layers[0].weight, x)
    assert found.shape == (200, 12, 3)  # 40 cells in tiles of 16, 16 and 8
    # closed form: the resistance is linear in the dot product; only rounding remains
    assert np.allclose(found.sum(-1), exact(layers)(0, x), atol=1e-9)
    rates = series_readout.accuracies(COLUMN, layers, [None, None], {"": series_readout.Reading()}, (x, y), 0)
    assert rates == {"": 100.0}


def test_spread_follows_its_closed_form() -> None:
    """A partial sum of n cells is wrong by 2/(R_high - R_low) times a sum of n junction deviations.

    With agreement at half of the cells its variance is 4/(13k)^2 n (1.6k^2 + 2k^2)/2. 4000 columns with 40 samples that
    share half of their junctions: the standard error of the deviation is below 2 %, the band five of them.
    """
    chance = np.random.default_rng(1)
    weight = np.where(chance.random((4000, 16)) < 0.5, 1, -1)
    x = np.where(chance.random((40, 16)) < 0.5, 1.0, -1.0)
    junctions = COLUMN.draw(weight.shape, 3)
    off = series_readout.partial_sums(COLUMN, weight, x, junctions)[..., 0] - x @ weight.T
    expected = 2.0 / 13.0 * np.sqrt(16 * (1.6**2 + 2.0**2) / 2)
    assert off.std() == pytest.approx(expected, rel=0.1)


def test_a_trimmed_chip_is_right_on_average() -> None:
    x, _ = _samples(400)
    layers = _layers()
    junctions = series_readout.chip(COLUMN, layers, 2)
    made = [crossbar.Converter(8, 16.0)] * 2
    trim = series_readout.trims(COLUMN, layers, junctions, made, x)
    reading = series_readout.Reading(made, trims=trim)
    chance = np.random.default_rng(0)
    seen = reading.read(0, series_readout.partial_sums(COLUMN, layers[0].weight, x, junctions[0]), chance)
    true = series_readout.partial_sums(COLUMN, layers[0].weight, x)
    assert np.allclose((seen - true).mean(axis=0), 0.0, atol=1e-9)  # what a trim is


def test_mappings_and_noise() -> None:
    x, y = _samples()
    layers = _layers()
    made = {kind: series_readout.mapping(kind, 4, COLUMN, layers, x, 6.0) for kind in ("window", "full", "calibrated")}
    assert [c.bounds for c in made["window"]] == [(-6.0, 6.0)] * 2
    assert [c.bounds for c in made["full"]] == [(-16.0, 16.0)] * 2
    assert made["calibrated"][0].bounds[1] <= 16.0
    noisy = series_readout.Reading(noise=3.0).read(0, np.zeros((200, 50, 4)), np.random.default_rng(0))
    assert noisy.std() == pytest.approx(3.0, rel=0.03)  # 40 000 draws: standard error 0.35 %
    readings = {"good": series_readout.Reading(), "bad": series_readout.Reading(noise=1e3)}
    found = series_readout.accuracies(COLUMN, layers, [None, None], readings, (x, y), 0)
    assert found["good"] == 100.0
    assert found["bad"] < 80.0  # the largest class holds at most two thirds
    only = series_readout.Reading([crossbar.Converter(8, 16.0), None])
    one = series_readout.accuracies(COLUMN, layers, [None, None], {"": only}, (x, y), 0, on_array=1)
    assert one[""] > 90.0  # eight bits on the first layer, the second exact


def test_the_convolution_network_is_put_on_the_array_after_its_training() -> None:
    settings = {
        "bits": 8,
        "batch_size": 50,
        "learning_rate": 0.01,
        "conv": {"channels": [8, 16], "epochs": 3, "train_samples": 1000, "test_samples": 300},
    }
    found = series_array._convnet(tasks.digits(), COLUMN, settings, Context())
    assert float(found["software"]) > 60.0  # chance is 10 %, an untrained network's too; the seed is fixed
    assert float(found["array"]) > 50.0


def test_detection_moves_blocks_and_changes_no_pixel() -> None:
    x = np.arange(6 * 64, dtype=np.float32).reshape(6, 64)
    found, label = series_images.detection(x, seed=1)
    assert sorted(label.tolist()) == [0, 0, 0, 1, 1, 1]
    assert np.array_equal(found[label == 1], x[label == 1])
    for row in np.flatnonzero(label == 0):
        assert sorted(found[row]) == sorted(x[row])
        assert not np.array_equal(found[row], x[row])  # one order of 16! is the old one
        assert {found[row, 0] + step for step in (1.0, 8.0, 9.0)} <= set(found[row])  # blocks of 2 x 2 stay whole
    again, _ = series_images.detection(x, seed=1)
    assert np.array_equal(found, again)


def test_a_pair_of_opposite_devices_is_xnor() -> None:
    synapse = responses.Plasticity.from_values(states=2, low="1 uS", high="3 uS")
    weights = np.array([[1, -1], [-1, 1]])
    assert np.allclose(pair_products(weights, synapse), weights, atol=1e-15)
    lost = np.array([[[3e-6, 3e-6], [1e-6, 3e-6]], [[1e-6, 3e-6], [3e-6, 1e-6]]])  # one device of the first is wrong
    assert np.allclose(pair_products(weights, synapse, lost), [[0, -1], [-1, 1]], atol=1e-15)


@pytest.fixture(scope="module")
def errors() -> WriteErrors:
    junction = devices.device("Locatelli2018_mtj")
    table = WriteErrors.table_of(junction, np.linspace(0.8, 4.0, 17), np.linspace(1e-9, 20e-9, 20))
    return WriteErrors(table, 0.05, junction)


def test_write_errors_meet_the_closed_form(errors: WriteErrors) -> None:
    """Butler's formula: within a factor of 2 from twice the critical current on, of 5 below (thermal kicks)."""
    for overdrive, decades in ((1.5, 0.7), (2.0, 0.35), (3.0, 0.35)):
        own = errors.nominal(overdrive, errors.widths)
        closed = errors.closed_form(overdrive, errors.widths)
        tail = (own > 1e-9) & (own < 1e-2)
        assert tail.sum() > 2
        assert np.abs(np.log10(own[tail] / closed[tail])).max() < decades
    assert errors.junction.thermal_stability() == pytest.approx(60.0, rel=0.01)  # what its set was chosen for


def test_write_errors_between_and_over_devices(errors: WriteErrors) -> None:
    grid = errors.table["write_error"].values
    assert errors.nominal(errors.overdrives[7], errors.widths[5]) == pytest.approx(grid[5, 7], rel=1e-9)
    assert (np.diff(errors.nominal(2.0, errors.widths)) < 0).all()
    t = 8e-9
    assert errors.mean(2.0, t) > errors.nominal(2.0, t)  # the weak ones decide
    one = WriteErrors(errors.table, 0.0, errors.junction)
    assert one.mean(2.0, t) == one.nominal(2.0, t)
    width = errors.width_for(1e-3, 2.0)
    assert float(errors.mean(2.0, width)) == pytest.approx(1e-3, rel=0.05)  # straight lines on a log scale
    drawn = errors.draw(2.0, width, (400, 500), np.random.default_rng(0))
    # 200 000 devices; their rates spread over decades: relative standard error of the mean about 1 %
    assert drawn.mean() == pytest.approx(1e-3, rel=0.1)
    assert errors.energy(2.0, 2 * t) == pytest.approx(2 * errors.energy(2.0, t), rel=1e-12)
    assert errors.energy(4.0, t) == pytest.approx(4 * errors.energy(2.0, t), rel=1e-12)


def test_reading_off_energies_and_rates() -> None:
    energies = np.linspace(1.0, 10.0, 10)
    sweep = (energies, np.exp(-energies), energies)
    assert energy_at(np.exp(-4.0), sweep) == pytest.approx(4.0, rel=1e-12)
    assert np.isnan(energy_at(1e-9, sweep))
    rates = np.array([1e-4, 1e-3, 1e-2, 1e-1])
    assert tolerated(rates, np.array([95.0, 95.0, 93.0, 80.0]), 94.0) == pytest.approx(10**-2.5, rel=1e-12)
    assert tolerated(rates, np.array([95.0, 95.0, 95.0, 95.0]), 94.0) == 0.1
    assert np.isnan(tolerated(rates, np.array([90.0, 90.0, 90.0, 90.0]), 94.0))


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    spec = load_reproduction("Lan2023_xnor").with_settings(
        {"data": "digits", "hiddens": [8, 16], "hidden": 16, "epochs": 1, "seeds": 1, "chips": 1}
    )
    whole = xnor_network.run(spec, Context())
    first = xnor_network.run(spec, Context(folder=tmp_path))
    (tmp_path / "parts" / "faults.nc").unlink()  # as if it had been stopped there
    second = xnor_network.run(spec, Context(folder=tmp_path))
    for key, metric in whole.metrics.items():
        assert np.array_equal(metric.value, first.metrics[key].value, equal_nan=True)
        assert np.array_equal(metric.value, second.metrics[key].value, equal_nan=True)
