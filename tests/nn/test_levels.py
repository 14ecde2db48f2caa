"""Training on a device's levels, and networks taken apart and read with few output values."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spinloom import nn
from spinloom.errors import InputError
from spinloom.nn import levels
from spinloom.responses import Plasticity

SYNAPSE = Plasticity.from_parameters("Huang2022_sot")
STORED = nn.levels_of(SYNAPSE, "offset")


def _net(sizes: tuple[int, ...] = (6, 5, 3)) -> torch.nn.Sequential:
    return nn.spin_network(sizes, train=(), k_init=0.89, generator=1)


def test_forward_sees_levels_and_only_levels() -> None:
    net = levels.train_on_levels(_net(), STORED)
    for layer in levels.linear_layers(net):
        latent = layer.parametrizations.weight.original
        shares = (layer.weight / latent.abs().max()).detach().numpy().ravel()
        nearest = np.abs(shares[:, None] - STORED).min(axis=1)
        assert nearest.max() < 1e-6  # float32
        expected = nn.snap(latent, STORED, float(latent.detach().abs().max()))
        torch.testing.assert_close(layer.weight, expected)


def test_gradient_passes_straight_through_to_the_latent_weight() -> None:
    """The latent weight's gradient is that of a plain network whose weights are the levels."""
    net = levels.train_on_levels(_net(), STORED)
    weights, slopes = levels.weights_and_slopes(net)
    plain = levels.network_of(weights, slopes)
    for parameter in plain.parameters():
        parameter.requires_grad_(True)
    x = torch.linspace(0, 1, 24).reshape(4, 6)
    for one in (net, plain):
        one(x).square().sum().backward()
    for trained, fixed in zip(levels.linear_layers(net), levels.linear_layers(plain), strict=True):
        torch.testing.assert_close(trained.parametrizations.weight.original.grad, fixed.weight.grad)


def test_small_changes_add_up_in_the_latent_weight() -> None:
    net = levels.train_on_levels(torch.nn.Linear(1, 1, bias=False), np.array([-1.0, 0.0, 1.0]), w_max=1.0)
    assert isinstance(net, torch.nn.Linear)
    with torch.no_grad():
        net.parametrizations.weight.original.fill_(0.0)
    optimiser = torch.optim.SGD(net.parameters(), lr=0.1)
    seen = []
    for _ in range(6):  # each step is a tenth of a level; the weight moves when half a level has come together
        optimiser.zero_grad()
        (-net(torch.ones(1, 1))).sum().backward()
        optimiser.step()
        seen.append(float(net.weight.detach()))
    assert seen[0] == 0.0
    assert seen[-1] == 1.0


def test_a_network_put_together_again_is_the_same() -> None:
    net = _net()
    again = levels.network_of(*levels.weights_and_slopes(net))
    x = torch.rand(7, 6, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(again(x), net(x))
    assert not [parameter for parameter in again.parameters() if parameter.requires_grad]


def test_many_output_values_are_exact_and_two_are_a_threshold() -> None:
    net = levels.network_of([np.eye(2, dtype=np.float32)], [np.ones(2, np.float32)])
    x = np.array([[0.3, 0.2], [0.1, 0.4], [-0.2, -0.1]], np.float32)
    exact = 1 / (1 + np.exp(-x))
    np.testing.assert_allclose(levels.outputs_on_levels(net, x), exact, rtol=1e-6)
    np.testing.assert_allclose(levels.outputs_on_levels(net, x, outputs=10_001), exact, atol=0.51e-4)  # half a step
    np.testing.assert_array_equal(levels.outputs_on_levels(net, x, outputs=2), [[1, 1], [1, 1], [0, 0]])


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="at least two output values"):
        levels.outputs_on_levels(_net(), np.zeros((1, 6), np.float32), outputs=1)
    with pytest.raises(InputError, match=r"no torch\.nn\.Linear"):
        levels.train_on_levels(torch.nn.Sigmoid(), STORED)
