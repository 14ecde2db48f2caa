"""Binary networks ready to train, and their folded form: what an array and a few digital thresholds compute."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from spinloom.errors import InputError
from spinloom.nn.binary import BinaryConv2d, BinaryLinear
from spinloom.nn.written import WrittenLinear


def binary_perceptron(
    sizes: Sequence[int],
    seed: int = 0,
    failure: Sequence[np.ndarray] | None = None,
    retry: bool = False,
) -> nn.Sequential:
    """Layers of ±1, each followed by a batch norm; the signs of hidden neurons are taken by the layer behind.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, hidden neurons, ..., classes.
    seed : int
        Fixes the latent weights, and the chance of failing writes.
    failure : sequence of arrays, one a layer, optional
        The weights live in a memory whose write pulses fail with these probabilities (see WrittenLinear).
    retry : bool
        As of WrittenLinear.

    Raises
    ------
    InputError
        Fewer than two sizes.
    """
    if len(sizes) < 2:
        raise InputError(f"sizes = {list(sizes)}: give at least the numbers of inputs and outputs.")
    layers: list[nn.Module] = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for index, (inputs, outputs) in enumerate(itertools.pairwise(sizes)):
            if failure is None:
                layers.append(BinaryLinear(inputs, outputs, bias=False))
            else:
                chances, own = torch.as_tensor(failure[index]), seed * len(sizes) + index
                layers.append(WrittenLinear(inputs, outputs, bias=False, failure=chances, retry=retry, seed=own))
            layers.append(nn.BatchNorm1d(outputs))
    return nn.Sequential(*layers)


def binary_convnet(
    channels: Sequence[int] = (16, 32), classes: int = 10, side: int = 28, seed: int = 0
) -> nn.Sequential:
    """Two convolutions and a dense layer, all of ±1; the first sees grey pixels, the others signs.

    5 x 5 convolution, pooling by 2, batch norm; 3 x 3 convolution on signs, pooling by 2, batch norm; dense layer on
    signs, batch norm. No padding, so that each sum has the same number of terms.

    Parameters
    ----------
    channels : (int, int)
        Feature maps of the two convolutions.
    classes, side : int
        Outputs; height and width of the images (at least 14).
    seed : int
        Fixes the latent weights.
    """
    last = ((side - 4) // 2 - 2) // 2
    if last < 1:
        raise InputError(f"side = {side}: two convolutions with pooling need images of at least 14 x 14 pixels.")
    first, second = channels
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(
            BinaryConv2d(1, first, 5, bias=False, inputs="real"),
            nn.MaxPool2d(2),
            nn.BatchNorm2d(first),
            BinaryConv2d(first, second, 3, bias=False),
            nn.MaxPool2d(2),
            nn.BatchNorm2d(second),
            nn.Flatten(),
            BinaryLinear(second * last * last, classes, bias=False),
            nn.BatchNorm1d(classes),
        )


class Folded(NamedTuple):
    """A binary layer with its batch norm as an array computes it: y = gain s + offset of the sums s = W x.

    Attributes
    ----------
    weight : int8 array, shape (outputs, inputs)
        ±1; the patches of a convolution are flattened as (channels, height, width).
    gain, offset : float arrays, shape (outputs,)
        A hidden neuron is +1 where y >= 0: a threshold at s = -offset/gain.
    """

    weight: np.ndarray
    gain: np.ndarray
    offset: np.ndarray


@torch.no_grad()
def fold(net: nn.Sequential) -> tuple[Folded, ...]:
    """The binary layers of a network with the batch norms behind them, as they are in evaluation.

    Raises
    ------
    InputError
        A layer with a bias or a scale, without a batch norm behind it, or a norm without running statistics.
    """
    layers = [module for module in net if isinstance(module, BinaryLinear | BinaryConv2d)]
    norms = [module for module in net if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)]
    if len(layers) != len(norms):
        raise InputError(
            f"{len(layers)} binary layers and {len(norms)} batch norms: fold() needs one behind each layer."
        )
    return tuple(_folded(layer, norm) for layer, norm in zip(layers, norms, strict=True))


def _folded(layer: BinaryLinear | BinaryConv2d, norm: nn.BatchNorm1d | nn.BatchNorm2d) -> Folded:
    if layer.bias is not None or layer.scale != "none":
        raise InputError("fold() takes layers with bias=False and scale='none'; the batch norm does the scaling.")
    if norm.running_mean is None or norm.running_var is None:
        raise InputError("A batch norm without running statistics is no fixed threshold.")
    mean, variance = norm.running_mean.double(), norm.running_var.double()
    size = torch.ones_like(mean) if norm.weight is None else norm.weight.double()
    shift = torch.zeros_like(mean) if norm.bias is None else norm.bias.double()
    gain = size / torch.sqrt(variance + norm.eps)
    weight = layer.binary_weight().flatten(1).to(torch.int8)
    return Folded(weight.numpy(), gain.numpy(), (shift - gain * mean).numpy())
