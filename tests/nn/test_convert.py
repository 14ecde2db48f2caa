"""A whole network onto arrays."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spinloom import nn
from spinloom.errors import InputError
from spinloom.responses import Plasticity

FINE = Plasticity.from_values(states=4097, low="1 uS", high="9 uS")
X = np.random.default_rng(1).random((64, 12), dtype=np.float32)


def _net() -> torch.nn.Sequential:
    torch.manual_seed(1)
    return torch.nn.Sequential(
        torch.nn.Unflatten(1, (1, 3, 4)),
        torch.nn.Conv2d(1, 2, 2),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(12, 5),
    )


def test_every_layer_with_weights_is_replaced_and_computes_the_same() -> None:
    """A weight is off by at most half a level, w_max/8192: far below 1e-2 for sums of a dozen inputs below 1."""
    net = _net()
    made = nn.on_crossbars(net, synapse=FINE)
    assert [type(layer).__name__ for layer in made] == [
        "Unflatten",
        "CrossbarConv2d",
        "ReLU",
        "Flatten",
        "CrossbarLinear",
    ]
    with torch.no_grad():
        torch.testing.assert_close(made(torch.from_numpy(X)), net(torch.from_numpy(X)), atol=1e-2, rtol=0)


def test_layers_have_chance_of_their_own() -> None:
    device = FINE.replace(device_to_device=0.1)
    net = torch.nn.Sequential(torch.nn.Linear(6, 6, bias=False), torch.nn.Linear(6, 6, bias=False))
    net[1].load_state_dict(net[0].state_dict())
    first, second = nn.on_crossbars(net, synapse=device, seed=3)
    first.settle()
    second.settle()
    assert not torch.equal(first.array_weight, second.array_weight)
    again = nn.on_crossbars(net, synapse=device, seed=3)[0]
    again.settle()
    assert torch.equal(first.array_weight, again.array_weight)


def test_nothing_to_put_on_a_crossbar() -> None:
    with pytest.raises(InputError, match=r"no torch\.nn\.Linear"):
        nn.on_crossbars(torch.nn.Sequential(torch.nn.ReLU()), synapse=FINE)


def test_outputs_come_in_parts_and_the_mode_is_left_alone() -> None:
    net = torch.nn.Sequential(torch.nn.Linear(2, 2, bias=False), torch.nn.Dropout(0.9))
    with torch.no_grad():
        net[0].weight.copy_(torch.eye(2))
    x = np.array([[1, 0], [0, 1], [1, 2]], dtype=np.float32)
    np.testing.assert_array_equal(nn.outputs_of(net.train(), x, batch=2), x)
    assert net.training
