"""Networks of streams: what they are made of, and that they learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spinloom.errors import InputError
from spinloom.nn.bit_streams import OrConv2d, OrLinear, or_convnet, set_streams, stream_layers, stream_network
from spinloom.nn.bit_streams.networks import parts
from spinloom.nn.training.binary import BinarySettings, train_binary


def test_parts_of_lenet_5() -> None:
    """By hand: 61 470 weights; inputs 784 + 6 x 14 x 14 + 400 + 120 + 84; products 117 600 + 240 000 + 58 920."""
    net = or_convnet()
    found = parts(net, np.zeros((1, 1, 28, 28), np.float32))
    assert found["weights"] == 150 + 2400 + 48_000 + 10_080 + 840 == 61_470
    assert found["inputs"] == 784 + 1176 + 400 + 120 + 84
    assert found["gates"] == 2 * (117_600 + 240_000 + 58_920)
    assert found["counters"] == 2 * (6 * 784 + 16 * 100 + 120 + 84 + 10)
    assert parts(stream_network((5, 4, 3)), np.zeros((1, 5), np.float32)) == {
        "inputs": 9,
        "weights": 32,
        "gates": 192,
        "counters": 7,
    }


def test_an_or_network_learns_and_keeps_it_as_streams() -> None:
    """Two classes, a bright upper or a bright lower half: 40 images right with streams of 256 samples too."""
    chance = np.random.default_rng(0)
    y = np.arange(80) % 2
    x = 0.3 * chance.random((80, 1, 16, 16)).astype(np.float32)
    x[y == 0, :, :8] += 0.7
    x[y == 1, :, 8:] += 0.7
    net = or_convnet((2, 4), (), 2, side=16)
    for layer in stream_layers(net):
        assert isinstance(layer, OrConv2d | OrLinear)
        layer.form = "exponential"
    train_binary(net, x, y, BinarySettings(15, 10, 0.02), seed=0)
    for length in (None, 256):
        set_streams(net, length)
        with torch.no_grad():
            assert (net(torch.from_numpy(x)).argmax(1).numpy() == y).mean() > 0.95


def test_bad_input() -> None:
    with pytest.raises(InputError, match="multiple of 4"):
        or_convnet(side=18)
    with pytest.raises(InputError, match="inputs and outputs"):
        stream_network((5,))
