"""Ready binary networks, and that their folded form computes the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from spinloom.errors import InputError
from spinloom.nn.binary import BinaryLinear
from spinloom.nn.binary_networks import binary_convnet, binary_perceptron, fold
from spinloom.nn.written import WrittenLinear


def _stirred(net: nn.Sequential, x: torch.Tensor) -> nn.Sequential:
    """The network with norms that are no identity, in evaluation."""
    generator = torch.Generator().manual_seed(1)
    for module in net:
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            with torch.no_grad():
                module.weight.copy_(torch.randn(module.weight.shape, generator=generator))  # of either sign
                module.bias.copy_(torch.randn(module.bias.shape, generator=generator))
    net.train()
    for _ in range(3):
        net(x)
    return net.eval()


def test_a_folded_perceptron_computes_the_same() -> None:
    x = torch.where(torch.randn(200, 30) >= 0, 1.0, -1.0)
    net = _stirred(binary_perceptron([30, 20, 4], seed=3), x)
    hidden, last = fold(net)
    assert hidden.weight.dtype == np.int8
    assert set(np.unique(hidden.weight)) == {-1, 1}
    y = hidden.gain * (x.numpy() @ hidden.weight.T) + hidden.offset
    signs = np.where(y >= 0, 1.0, -1.0)
    scores = last.gain * (signs @ last.weight.T) + last.offset
    with torch.no_grad():
        assert np.allclose(scores, net(x).numpy(), atol=1e-4)  # single precision of the norms


def test_a_folded_convolution_network_computes_the_same() -> None:
    from spinloom.crossbar import SeriesColumn
    from spinloom.experiments.protocols.series_images import convnet_partials, convnet_scores, first_maps
    from spinloom.experiments.protocols.series_readout import Reading

    x = torch.rand(20, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    net = _stirred(binary_convnet((4, 6), 3, side=16, seed=2), x)
    layers = fold(net)
    assert [layer.weight.shape for layer in layers] == [(4, 25), (6, 36), (3, 24)]
    column = SeriesColumn("13 kohm", "26 kohm", tile=16)
    maps = first_maps(layers, x.numpy())
    scores = convnet_scores(column, layers, [None, None], Reading(), maps, np.random.default_rng(0))
    with torch.no_grad():
        assert np.allclose(scores, net(x).numpy(), atol=1e-4)
    second, dense = convnet_partials(column, layers, maps)
    assert second.shape[1:] == (6, 2)  # two full tiles of 36 cells
    assert dense.shape == (20, 3, 1)


def test_the_seed_fixes_the_weights_and_leaves_the_global_chance_alone() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, again, other = (binary_perceptron([8, 4, 2], seed=seed) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first[0].weight, again[0].weight)
    assert not torch.equal(first[0].weight, other[0].weight)


def test_a_memory_takes_the_place_of_the_weights() -> None:
    net = binary_perceptron([8, 4, 2], 0, [np.full((4, 8), 0.25), np.full((2, 4), 0.5)], retry=True)
    layers = [module for module in net if isinstance(module, WrittenLinear)]
    assert [float(layer.failure[0, 0]) for layer in layers] == [0.25, 0.5]
    assert all(layer.retry for layer in layers)


def test_what_cannot_be_built_or_folded() -> None:
    with pytest.raises(InputError, match="at least the numbers of inputs and outputs"):
        binary_perceptron([784])
    with pytest.raises(InputError, match="14 x 14"):
        binary_convnet(side=8)
    with pytest.raises(InputError, match="one behind each layer"):
        fold(nn.Sequential(BinaryLinear(3, 2, bias=False)))
    with pytest.raises(InputError, match="bias=False"):
        fold(nn.Sequential(BinaryLinear(3, 2), nn.BatchNorm1d(2)))
    with pytest.raises(InputError, match="running statistics"):
        fold(nn.Sequential(BinaryLinear(3, 2, bias=False), nn.BatchNorm1d(2, track_running_stats=False)))
