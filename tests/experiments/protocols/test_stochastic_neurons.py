"""Pieces of the protocol of stochastic neurons, each against a closed form, a quadrature or by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import quad

from spinloom import nn, tasks
from spinloom.errors import InputError, UnknownNameError
from spinloom.experiments import load_reproduction, reproduce
from spinloom.experiments.context import Context
from spinloom.experiments.protocols import stochastic_devices as devices
from spinloom.experiments.protocols import stochastic_networks as networks
from spinloom.experiments.protocols import stochastic_neurons
from spinloom.experiments.protocols import stochastic_results as results

BARRIERS = {"device": "Xin2023_mtj", "barriers": [2, 5, 20], "points": 31, "pulse_width": "10 ns", "read_time": "10 ns"}
SYSTEM = networks.System("a", "A", "perceptron", (16,), "mean", "grey", ("network",), None, False)


def _silent(done: int, total: int) -> None:
    """No progress."""


@pytest.fixture(scope="module")
def curves() -> xr.Dataset:
    return devices.barriers(BARRIERS, _silent)


@pytest.mark.parametrize("delta", [1.0, 20.0])
def test_a_junction_is_given_the_barrier_asked_for(delta: float) -> None:
    assert devices.with_barrier("Xin2023_mtj", delta).thermal_stability() == pytest.approx(delta, rel=1e-6)


def test_steady_curve_is_the_boltzmann_law(curves: xr.Dataset) -> None:
    """p(z) ~ exp(Delta (z^2 + 2 i z)), i = I/I_c0: one width of the fitted curve up, P is 0.731."""
    for delta in (2.0, 5.0):
        width = float(curves["steady_width"].sel(barrier=delta))
        ratio = width / devices.with_barrier("Xin2023_mtj", delta).critical_current()

        def density(z: float, delta: float = delta, ratio: float = ratio) -> float:
            return float(np.exp(delta * (z * z + 2.0 * ratio * z)))

        share = quad(density, 0.0, 1.0)[0] / quad(density, -1.0, 1.0)[0]
        assert share == pytest.approx(1.0 / (1.0 + np.exp(-1.0)), abs=0.01)


def test_high_barriers_hold_a_bit_and_cost_more(curves: xr.Dataset) -> None:
    contrast = curves["contrast"].values
    assert contrast[0] < 0.95
    assert contrast[-1] > 0.999
    for name in ("centre", "width", "correlation_time", "shift"):
        assert (np.diff(curves[name].values) > 0).all()
    u, p = devices.last_curve(curves)
    assert np.interp(0.0, u, p) == pytest.approx(0.5, abs=0.04)  # the fit's largest deviation


def test_a_voltage_moves_the_field_of_switching() -> None:
    settings = {
        "device": "Xin2023_mtj", "barrier": 25, "fields": "150 mT:450 mT:31", "pulse_width": "100 ns",
        "voltages": ["0 V", "1 V"], "junction": {"vcma_coefficient": "60 fJ/(V m)", "barrier_thickness": "1.4 nm"},
    }  # fmt: skip
    found = devices.fields(settings, _silent)
    # the voltage takes xi V/d per area off the barrier, 2.35 of 25 kT; the field falls at most as the barrier does
    moved = float(found["centre"][1] / found["centre"][0])
    assert 1 - 2.35 / 25 - 0.03 < moved < np.sqrt(1 - 2.35 / 25)
    assert (np.diff(found["probability"].values, axis=1) > -1e-9).all()


def test_energy_of_a_written_bit_by_hand(curves: xr.Dataset) -> None:
    settings = {**BARRIERS, "energy": {"resistance": "5 kohm", "read_voltage": "0.1 V", "samples": 16, "interval": 2}}
    metrics, _ = results.energies(settings, curves, [3, 2])
    centre, time = float(curves["centre"][2]), float(curves["correlation_time"][2])
    by_hand = 5.0 * centre**2 * 5e3 * 10e-9 + 0.01 / 5e3 * 10e-9
    assert metrics["energy.written"].value[2] == pytest.approx(by_hand * 1e15)  # pyright: ignore[reportIndexIssue]
    assert metrics["energy.inference"].value[2] == pytest.approx(5 * 16 * by_hand * 1e9)  # pyright: ignore[reportIndexIssue]
    telegraph = (4.0 * float(curves["steady_width"][2]) ** 2 * 5e3 + 0.01 / 5e3) * 2.0 * time
    assert metrics["energy.telegraph"].value[2] == pytest.approx(telegraph * 1e15)  # pyright: ignore[reportIndexIssue]
    assert metrics["time.written"].value == pytest.approx(30.0)


def test_the_convolutional_network_has_4234_neurons() -> None:
    system = networks.System("a", "A", "convolution", (), "mean", "spikes", ("network",), None, False)
    assert networks.neurons_of(system, 784, 10) == [3456, 768, 10]


def test_weights_come_back_and_serve_telegraphic_neurons() -> None:
    """Reads 50 correlation times apart are independent: 600 of them are within 0.15 of the mean, seven deviations."""
    split = tasks.digits()
    kept = networks.train(SYSTEM, split, {"learning_rate": 0.02, "epochs": 20, "batch_size": 100}, 0, None, _silent)
    written = networks.with_weights(SYSTEM, kept, 64, 10)
    assert networks.mean_accuracy(written, split.test_x, split.test_y) > 60.0
    telegraph = networks.System("b", "B", "perceptron", (16,), "mean", "grey", ("network",), 50.0, False)
    other = networks.with_weights(telegraph, kept, 64, 10)
    mean = nn.mean_outputs(written, split.test_x[:5])
    assert np.allclose(nn.mean_outputs(other, split.test_x[:5]), mean)
    assert np.abs(nn.sampled_outputs(other, split.test_x[:5], (600,), mode="layer")[0] - mean).max() < 0.15


def test_spread_of_none_changes_nothing() -> None:
    net = networks.build(SYSTEM, 64, 10, 0)
    x = np.random.default_rng(0).random((4, 64))
    before = nn.mean_outputs(net, x)
    networks.put_spread(net, 1, 0.0, 0.0)
    assert np.array_equal(before, nn.mean_outputs(net, x))
    networks.put_spread(net, 1, 1.0, 0.0)
    assert np.abs(before - nn.mean_outputs(net, x)).max() > 0.01


def test_unknown_settings_are_refused() -> None:
    settings: dict[str, Any] = {"network": "perceptron", "hidden": [4], "systems": {"a": {"modes": ["network"]}}}
    assert networks.systems_of(settings)[0].weights == "perceptron-mean"
    with pytest.raises(InputError, match="no key 'mode'"):
        networks.systems_of({**settings, "systems": {"a": {"mode": "network"}}})
    with pytest.raises(UnknownNameError, match="layer"):
        networks.systems_of({**settings, "systems": {"a": {"modes": ["layers"]}}})
    with pytest.raises(UnknownNameError, match="perceptron"):
        networks.systems_of({**settings, "network": "perceptrons"})
    spec = load_reproduction("Cai2019_stochastic_neuron")
    with pytest.raises(UnknownNameError, match="fields"):
        reproduce(spec.name, out=None, settings={"study": "field"})


def test_a_run_that_is_resumed_equals_one_that_is_not(tmp_path: Path) -> None:
    small = {
        "data": "digits", "hidden": [8], "epochs": 1, "seeds": 1, "test_samples": 50, "at": [1, 3], "points": 25,
        "barriers": [5], "spread_chips": 1, "spread_images": 50, "spread_samples": 2, "centre_spreads": [0, 1],
        "width_spreads": [0, 0.2],
    }  # fmt: skip
    spec = load_reproduction("Liyanagedera2017_sigmoid").with_settings(small)
    first = stochastic_neurons.run(spec, Context(folder=tmp_path))
    (tmp_path / "parts" / "sampled-middle-0.nc").unlink()  # as if stopped there; the weights are still kept
    second = stochastic_neurons.run(spec, Context(folder=tmp_path))
    assert {"junctions", "weights-perceptron-mean-0", "spread-0"} <= set(Context(folder=tmp_path).finished())
    for name, metric in first.metrics.items():
        assert np.array_equal(metric.value, second.metrics[name].value, equal_nan=True), name
