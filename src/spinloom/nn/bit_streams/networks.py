"""Networks of bit streams, ready to train."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import final

import numpy as np
import torch
from torch import nn

from spinloom.errors import InputError
from spinloom.nn.bit_streams.layers import OrConv2d, OrLinear, StochasticLinear, StreamLayer, stream_layers
from spinloom.nn.neurons import SpinNeuron


@final
class Gain(nn.Module):
    """A fixed factor: makes p+ - p-, which lies in [-1, 1], into the logits of a loss. It changes no decision."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = float(factor)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Factor times x."""
        return self.factor * x


def stream_network(sizes: Sequence[int] = (784, 128, 10), limit: float = 1.0, seed: int = 0) -> nn.Sequential:
    """Layers of StochasticLinear and sigmoid neurons, the P(V) of junctions, which the next layer makes into streams.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, hidden neurons, ..., classes.
    limit : float
        Full scale of the weights.
    seed : int
        Fixes the weights.
    """
    if len(sizes) < 2:
        raise InputError(f"sizes = {list(sizes)}: give at least the numbers of inputs and outputs.")
    layers: list[nn.Module] = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for inputs, outputs in itertools.pairwise(sizes):
            layers += [StochasticLinear(inputs, outputs, limit=limit), SpinNeuron(outputs, train=())]
    return nn.Sequential(*layers)


def or_convnet(
    maps: Sequence[int] = (6, 16),
    hidden: Sequence[int] = (120, 84),
    classes: int = 10,
    side: int = 28,
    start: float = 2.5,
    gain: float = 10.0,
    seed: int = 0,
) -> nn.Sequential:
    """A convolutional network of OR neurons after LeNet-5: two 5 x 5 convolutions with pooling, and dense layers.

    The first convolution is padded by 2. Counters average over 2 x 2 places; what is below 0 counts as 0.

    Parameters
    ----------
    maps : (int, int)
        Feature maps of the convolutions.
    hidden : sequence of int
        Neurons of the dense layers before the last.
    classes, side : int
        Outputs; height and width of the images (a multiple of 4, 16 or more).
    start : float
        Weights start uniform in +-min(start/sqrt(fan in), 1).
    gain : float
        Factor between the last p+ - p- and the logits of the loss.
    seed : int
        Fixes the weights.
    """
    rest = (side // 2 - 4) // 2
    if side % 4 or rest < 1 or len(maps) != 2:
        raise InputError(f"maps = {list(maps)}, side = {side}: two convolutions of images of a multiple of 4, from 16.")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers: list[nn.Module] = [OrConv2d(1, maps[0], 5, 2), nn.AvgPool2d(2), nn.ReLU()]
        layers += [OrConv2d(maps[0], maps[1], 5), nn.AvgPool2d(2), nn.ReLU(), nn.Flatten()]
        widths = [maps[1] * rest * rest, *hidden, classes]
        for inputs, outputs in itertools.pairwise(widths):
            layers += [OrLinear(inputs, outputs), nn.ReLU()]
        layers[-1] = Gain(gain)
        for layer in layers:
            if isinstance(layer, OrConv2d | OrLinear):
                end = min(start / math.sqrt(layer.weight[0].numel()), 1.0)
                nn.init.uniform_(layer.weight, -end, end)
    return nn.Sequential(*layers)


def weights_of(net: nn.Module) -> dict[str, np.ndarray]:
    """Everything a network has learned, by name, as arrays."""
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in net.state_dict().items()}


def with_weights(net: nn.Module, weights: Mapping[str, np.ndarray]) -> nn.Module:
    """The network with these weights, in evaluation mode."""
    net.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in weights.items()})
    return net.eval()


@torch.no_grad()
def parts(net: nn.Module, sample: np.ndarray) -> dict[str, int]:
    """What one inference of a network of streams is made of: the entries of :class:`spinloom.cost.bit_streams.Census`.

    A weight is one stream, since only one of its halves is not 0. An OR neuron has an AND and an OR gate a weight and
    place, and a counter for each half; a counted sum has an AND gate and a full adder of five gates a weight, and one
    counter. Places of a convolution beyond the edge count too.

    Parameters
    ----------
    net : nn.Module
    sample : float32 array
        One input, with its sample dimension.
    """
    found = {"inputs": 0, "weights": 0, "gates": 0, "counters": 0}

    def look(layer: nn.Module, given: tuple[torch.Tensor, ...], out: torch.Tensor) -> None:
        assert isinstance(layer, StreamLayer)
        counted = isinstance(layer, StochasticLinear)
        found["inputs"] += given[0].numel()
        found["weights"] += layer.weight.numel()
        found["gates"] += (6 if counted else 2) * layer.weight[0].numel() * out.numel()
        found["counters"] += (1 if counted else 2) * out.numel()

    hooks = [layer.register_forward_hook(look) for layer in stream_layers(net)]
    try:
        net(torch.from_numpy(sample[:1]))
    finally:
        for hook in hooks:
            hook.remove()
    return found
