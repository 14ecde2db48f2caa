"""Networks of stochastic neurons ready to train, and their weights as arrays."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn

from spinloom.errors import InputError
from spinloom.nn.stochastic.base import StochasticNeurons
from spinloom.nn.stochastic.bernoulli import BernoulliInput, BernoulliNeuron

Neurons = Callable[[tuple[int, ...], bool], nn.Module]
"""``neurons(shape, hidden)``: a layer of that shape; ``hidden`` is false for the outputs."""
SMALLEST, _SIDE = 16, 28
"""Height and width below which images are enlarged to 28 x 28 before two convolutions."""


def _written(shape: tuple[int, ...], hidden: bool) -> nn.Module:
    return BernoulliNeuron(shape)


def stochastic_perceptron(
    sizes: Sequence[int], neurons: Neurons = _written, seed: int = 0, spikes: BernoulliInput | None = None
) -> nn.Sequential:
    """Dense layers with biases, each followed by stochastic neurons.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, hidden neurons, ..., outputs.
    neurons : callable(shape, hidden)
        Makes a layer of neurons; Bernoulli neurons if not given.
    seed : int
        Fixes the weights.
    spikes : BernoulliInput, optional
        Turns the inputs into spikes.

    Raises
    ------
    InputError
        Fewer than two sizes.
    """
    if len(sizes) < 2:
        raise InputError(f"sizes = {list(sizes)}: give at least the numbers of inputs and outputs.")
    layers: list[nn.Module] = [] if spikes is None else [spikes]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for number, (inputs, outputs) in enumerate(itertools.pairwise(sizes)):
            layers += [nn.Linear(inputs, outputs), neurons((outputs,), number < len(sizes) - 2)]
    return nn.Sequential(*layers)


def stochastic_convnet(
    classes: int = 10, side: int = 28, neurons: Neurons = _written, seed: int = 0, spikes: BernoulliInput | None = None
) -> nn.Sequential:
    """6 maps of 5 x 5, mean pooling by 2, 12 maps of 5 x 5, mean pooling by 2, outputs: 28x28-6c5-2s-12c5-2s-10o.

    Every map and the outputs are followed by stochastic neurons; inputs are flat. Images below 16 x 16 are enlarged to
    28 x 28. Parameters as :func:`stochastic_perceptron`.
    """
    full = _SIDE if side < SMALLEST else side
    first = full - 4
    second = first // 2 - 4
    before: list[nn.Module] = [nn.Unflatten(1, (1, side, side))]
    before += [nn.Upsample((full, full))] if full != side else []
    before += [spikes] if spikes is not None else []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(
            *before,
            nn.Conv2d(1, 6, 5),
            neurons((6, first, first), True),
            nn.AvgPool2d(2),
            nn.Conv2d(6, 12, 5),
            neurons((12, second, second), True),
            nn.AvgPool2d(2),
            nn.Flatten(),
            nn.Linear(12 * (second // 2) ** 2, classes),
            neurons((classes,), False),
        )


def neuron_counts(net: nn.Module) -> list[int]:
    """Neurons of each stochastic layer, spikes of inputs left out."""
    return [layer.slope.numel() for layer in net.modules() if isinstance(layer, StochasticNeurons)]


def weights_of(net: nn.Module) -> list[np.ndarray]:
    """All trained parameters in order."""
    return [value.detach().cpu().numpy().copy() for value in net.parameters()]


@torch.no_grad()
def put_weights(net: nn.Module, weights: Sequence[np.ndarray]) -> None:
    """Put back :func:`weights_of`, also of a network with other neurons. Raises InputError where they do not fit."""
    places = list(net.parameters())
    if [tuple(value.shape) for value in places] != [np.shape(array) for array in weights]:
        raise InputError("These weights are not of this network: number and shapes of its parameters differ.")
    for value, array in zip(places, weights, strict=True):
        value.copy_(torch.from_numpy(np.asarray(array)))
