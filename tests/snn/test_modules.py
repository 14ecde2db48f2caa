"""Spiking torch modules: the event-driven layer's spikes, gradients, training, hosts."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from spinloom.errors import InputError
from spinloom.snn import Events, Layer, LeakyCell, LeakyNeuron, Rule, Unrolled


def linear(weights: np.ndarray) -> nn.Linear:
    layer = nn.Linear(*weights.shape, bias=False, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weights.T))
    return layer


def test_the_spikes_of_the_event_driven_layer() -> None:
    """Same weights, same spikes on a grid of 1 ms: the same output spikes, in double precision (ties are exact)."""
    adaptive = {"threshold_step": "0.3 mV", "threshold_decay": "200 ms"}
    neuron = LeakyNeuron(threshold="-62 mV", reset="-64 mV", inhibition=0.7, one_spike=False, **adaptive)
    chance = np.random.default_rng(2)
    weights = chance.random((20, 7))
    table = chance.random((300, 20)) < 0.05
    layer = Layer(20, 7, neuron, Rule("fixed"), weights=weights)
    expected = np.zeros((300, 7))
    found = layer.present(Events.from_steps(table, "1 ms"))
    np.add.at(expected, (np.round(found.times * 1e3).astype(int) - 1, found.which), 1)
    net = Unrolled(linear(weights), LeakyCell(7, neuron, dtype=torch.float64))
    with torch.no_grad():
        spikes = net(torch.from_numpy(table.astype(float))[None])[0].numpy()
    assert expected.sum() > 50
    np.testing.assert_array_equal(spikes, expected)


def test_a_constant_drive_fires_at_the_closed_form() -> None:
    """Input every 10 us for 2 s against LeakyNeuron.rate: within one step a period."""
    neuron = LeakyNeuron(threshold_step=0, inhibition=0.0)
    cell = LeakyCell(1, neuron, "10 us", dtype=torch.float64)
    drive = 0.0015 / (1 - float(cell.decay[0]))
    state, times = None, []
    for step in range(100_000):
        spikes, state = cell(torch.full((1, 1), 0.0015, dtype=torch.float64), state)
        if spikes.item():
            times.append(step * 1e-5)
    assert 1.0 / np.diff(times).mean() == pytest.approx(float(neuron.rate(drive * 1e-3)), rel=1e-3)


def test_surrogate_gradient() -> None:
    """d spike/dx = 1/(1 + s |u|)^2 at u = v - threshold, one step."""
    neuron = LeakyNeuron(inhibition=0.0)
    cell = LeakyCell(3, neuron, slope=0.5).double()
    x = torch.tensor([[10.0, 13.0, 15.0]], dtype=torch.float64, requires_grad=True)
    spikes, _ = cell(x)
    spikes.sum().backward()
    u = x.detach() - 13.0
    torch.testing.assert_close(x.grad, 1.0 / (1.0 + 0.5 * u.abs()) ** 2)
    assert spikes.tolist() == [[0.0, 1.0, 1.0]]


def test_learns_to_tell_two_patterns_apart() -> None:
    """Rates of two output neurons after 40 steps of Adam: all of 32 noisy samples right."""
    torch.manual_seed(1)
    y = torch.arange(32) % 2
    patterns = torch.tensor([[0.4] * 5 + [0.05] * 5, [0.05] * 5 + [0.4] * 5])
    x = (torch.rand(32, 30, 10) < patterns[y][:, None]).float()
    neuron = LeakyNeuron(inhibition=0.0, threshold="-64 mV", reset="-65 mV", time_constant="10 ms")
    net = Unrolled(nn.Linear(10, 2), LeakyCell(2, neuron))
    optimiser = torch.optim.Adam(net.parameters(), 0.05)
    for _ in range(40):
        loss = nn.functional.cross_entropy(net(x).sum(dim=1), y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert (net(x).sum(dim=1).argmax(dim=1) == y).all()


def test_state_dict_round_trip() -> None:
    one, two = (Unrolled(nn.Linear(4, 3), LeakyCell(3, time_constant=taus)) for taus in (["20 ms"] * 3, ["50 ms"] * 3))
    two.load_state_dict(one.state_dict())
    x = torch.rand(2, 20, 4) * 20
    torch.testing.assert_close(one(x), two(x))


def test_bad_input_is_named() -> None:
    with pytest.raises(InputError, match="time constant, 100 ms"):
        LeakyCell(3, step="0.2 s")
    with pytest.raises(InputError, match="3 neurons"):
        LeakyCell(3, time_constant=["1 s"])
    with pytest.raises(InputError, match="the input has 4"):
        LeakyCell(3)(torch.zeros(1, 4))
    with pytest.raises(InputError, match="batch, time, inputs"):
        Unrolled(LeakyCell(3))(torch.zeros(1, 3))
