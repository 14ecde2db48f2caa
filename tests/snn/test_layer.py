"""The spiking layer: compiled against plain Python, and against what can be computed by hand (ORACLES 22)."""

from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest

from spinloom.devices.heating import Barrier, SelfHeating
from spinloom.errors import InputError
from spinloom.responses import Exponential, Plasticity
from spinloom.responses.heat_stdp import HeatWindow
from spinloom.snn import layer_kernel
from spinloom.snn.events import Events
from spinloom.snn.layer import Layer
from spinloom.snn.neuron import LeakyNeuron
from spinloom.snn.rules import Kind, Rule

DEVICE = Plasticity.from_values(states=16, low="10 uS", high="30 uS")


WARM = HeatWindow(Barrier(35.0, 1.5e-4), SelfHeating(1.5e6, 4e-9), "0.2 V", "2 ms", "3 kohm")  # 6 ms


def rule(kind: str) -> Rule:
    if kind == "heat":
        return Rule("heat", warm=WARM)
    rates = {"binary": (0.2, 0.4), "windowed": (0.1, 0.3), "curve": (1.0, 2.0)}.get(kind, (0.01, 0.05))
    return Rule(kind, *rates, synapse=DEVICE if kind == "curve" else None)  # pyright: ignore[reportArgumentType]


def events(seed: int = 0, inputs: int = 12, step: str | None = "1 ms") -> Events:
    return Events.poisson(np.full(inputs, 60.0), "400 ms", seed, step)


def test_kernel_and_rules_number_alike() -> None:
    names = [name.upper().replace("-", "_") for name in get_args(Kind)]
    assert [getattr(layer_kernel, name) for name in names] == list(range(len(names)))


@pytest.mark.parametrize("one_spike", [True, False])
@pytest.mark.parametrize("kind", get_args(Kind))
def test_compiled_equals_plain(kind: str, one_spike: bool) -> None:
    """Two presentations of 400 ms with some hundred events: the same spikes, and weights to rounding."""
    cell = LeakyNeuron(threshold="-62 mV", reset="-65 mV", inhibition=1.0, one_spike=one_spike, threshold_decay="1 s")
    chance = np.random.default_rng(3)
    mask = (chance.random((12, 5)) < 0.8) * chance.uniform(0.5, 1.5, (12, 5))
    both = [Layer(12, 5, cell, rule(kind), mask=mask, seed=4, engine=engine) for engine in ("compiled", "basic")]
    for number in range(2):
        given = events(number, step="1 ms" if number else None)
        one, two = (layer.present(given) for layer in both)
        assert one.count > 10
        np.testing.assert_array_equal(one.which, two.which)
        np.testing.assert_array_equal(one.times, two.times)
    for name, value in both[0].state().items():
        np.testing.assert_allclose(value, both[1].state()[name], rtol=1e-10, atol=1e-12, err_msg=name)
    low, high = both[0].plasticity.low, both[0].plasticity.high
    assert both[0].w.min() >= low - 1e-12
    assert both[0].w.max() <= high + 1e-12
    assert not both[0].w[mask == 0].any()
    if kind != "fixed":
        assert np.abs(both[0].w - Layer(12, 5, cell, rule(kind), mask=mask, seed=4).w).max() > 0.01


def test_constant_drive_fires_at_the_closed_form() -> None:
    """Regular small inputs at 100 kHz approach a constant drive: the rate within one spacing a period, 1e-4."""
    cell = LeakyNeuron(threshold_step=0, inhibition=0.0)
    spacing, weight = 1e-5, 0.0015
    duration = 4.0
    times = np.arange(1, round(duration / spacing) + 1) * spacing
    layer = Layer(1, 1, cell, Rule("fixed"), weights=np.array([[weight]]))
    fired = layer.present(Events(times, np.zeros(times.size, int), 1, duration * 1.0001))
    steady = weight * 1e-3 / (1.0 - math.exp(-spacing / 0.1))
    period = np.diff(fired.times).mean()
    assert 1.0 / period == pytest.approx(float(cell.rate(steady)), rel=1e-3)


def test_adaptive_threshold_reaches_its_fixed_point() -> None:
    """At a steady rate theta is rate x step x decay time, within the ripple of one step."""
    cell = LeakyNeuron(threshold_step="0.5 mV", threshold_decay="200 ms", inhibition=0.0, refractory="0 s")
    times = np.arange(1, 20_001) * 1e-4
    layer = Layer(1, 1, cell, Rule("fixed", high=10.0), weights=np.array([[0.1]]))
    fired = layer.present(Events(times, np.zeros(times.size, int), 1, 2.0))
    rate = np.count_nonzero(fired.times > 1.0) / 1.0
    assert layer.theta[0] * 1e-3 == pytest.approx(cell.fixed_point(rate), abs=0.6e-3)


@pytest.mark.parametrize("gap", [-30e-3, -5e-3, 5e-3, 30e-3])
def test_window_of_a_pair(gap: float) -> None:
    """One spike on each side: + eta_post exp(-gap/tau_pre), - eta_pre exp(gap/tau_post)."""
    cell = LeakyNeuron(threshold_step=0, inhibition=0.0, refractory="0 s")
    learnt = Rule("pair", 0.02, 0.03, "15 ms", "40 ms", high=100.0)
    layer = Layer(2, 1, cell, learnt, weights=np.array([[0.5], [50.0]]))  # input 1 makes the neuron fire
    pre, post = 0.1, 0.1 + gap
    layer.present(Events.sorted(np.array([pre, post]), np.array([0, 1]), 2, 0.3))
    expected = 0.03 * math.exp(-gap / 15e-3) if gap > 0 else -0.02 * math.exp(gap / 40e-3)
    assert layer.w[0, 0] - 0.5 == pytest.approx(expected, rel=1e-12)


def test_a_device_curve_moves_by_its_own_pulses() -> None:
    """Simultaneous spikes potentiate by eta_post whole pulses, from level to level of the device."""
    cell = LeakyNeuron(threshold="-64 mV", reset="-65 mV", inhibition=0.0, refractory="0 s")
    device = Plasticity.from_values(states=9, low="1 uS", high="2 uS", potentiation=Exponential(2.0))
    start = device.levels()[2]
    layer = Layer(2, 1, cell, Rule("curve", 0.0, 3.0, synapse=device, high=1.0), weights=np.array([[start], [1.0]]))
    layer.present(Events(np.array([0.1, 0.1]), np.array([0, 1]), 2, 0.2))
    assert layer.w[0, 0] == pytest.approx(device.levels()[5], abs=1e-5)  # the curve's table has 1025 points


def test_stopped_and_resumed_is_the_same() -> None:
    """State put into another layer: the same spikes as if nothing had happened."""
    cell = LeakyNeuron(threshold="-62 mV", reset="-65 mV", inhibition=1.0)
    whole, part = (Layer(12, 5, cell, rule("binary"), seed=4) for _ in range(2))
    whole.present(events(1))
    part.present(events(1))
    fresh = Layer(12, 5, cell, rule("binary"), seed=4)
    fresh.restore(part.state())
    np.testing.assert_array_equal(whole.present(events(2)).times, fresh.present(events(2)).times)
    np.testing.assert_array_equal(whole.w, fresh.w)


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda: Events(np.array([0.2, 0.1]), np.array([0, 0]), 1, 1.0), "out of order: event 1"),
        (lambda: Events(np.array([0.2]), np.array([3]), 2, 1.0), "3 is not one"),
        (lambda: Events(np.array([2.0]), np.array([0]), 2, 1.0), "duration"),
        (lambda: Layer(2, 2, weights=np.full((2, 2), 1.5)), "device's range"),
        (lambda: Layer(2, 2, weights=np.full((2, 3), 0.5)), "shape"),
        (lambda: Layer(2, 2, mask=np.full((2, 2), -0.5)), "mask"),
        (lambda: Layer(2, 2).present(events()), "12 sources"),
        (lambda: LeakyNeuron(threshold="-70 mV"), "threshold"),
        (lambda: Rule("binary", 2.0, 0.1), "probabilities"),
        (lambda: Rule("curve"), "synapse"),
        (lambda: Rule("heat"), "warm device"),
        (lambda: Rule("pair", tau_pre=0), "tau_pre"),
    ],
)
def test_bad_input_is_named(ask, says: str) -> None:
    with pytest.raises(InputError, match=says):
        ask()


def test_unknown_rule_names_the_closest() -> None:
    with pytest.raises(InputError, match="weight-dependent"):
        Rule("weight_dependant")  # pyright: ignore[reportArgumentType]


def test_heat_switches_with_the_devices_own_chance() -> None:
    """One pair of spikes 4 ms apart on 20 000 synapses: the share that switched is the window's, 5 standard errors.

    The inputs are silent for the neurons but one, which makes them fire; false alarm 6e-7.
    """
    cell = LeakyNeuron(threshold="-64 mV", reset="-65 mV", inhibition=0.0, refractory="0 s", threshold_step=0)
    n = 20_000
    weights = np.zeros((n + 1, 1))
    weights[n] = 1.0
    layer = Layer(n + 1, 1, cell, Rule("heat", warm=WARM), weights=weights, seed=9)
    times = np.concatenate([np.full(n, 0.1), [0.104]])
    layer.present(Events(times, np.arange(n + 1), n + 1, 0.2))
    expected = float(WARM.switching(WARM.temperature_after(4e-3)))
    assert abs(layer.w[:n].mean() - expected) < 5 * math.sqrt(expected * (1 - expected) / n)
    assert expected > 1.05 * WARM.cold
