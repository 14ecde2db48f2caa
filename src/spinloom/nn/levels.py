"""Networks of spin neurons whose weights and outputs lie on a device's levels: training on them, and what is left."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn.utils import parametrize

from spinloom.errors import InputError
from spinloom.nn.neurons import SpinNeuron
from spinloom.nn.quantise import snap_ste


class _OnLevels(nn.Module):
    """Weights seen through the levels; the range follows the largest of them where none is given."""

    def __init__(self, levels: np.ndarray, w_max: float | None) -> None:
        super().__init__()
        self._levels = levels
        self._w_max = w_max

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """The nearest level, with the gradient straight through."""
        reach = weight.detach().abs().max() if self._w_max is None else self._w_max
        return snap_ste(weight, self._levels, reach)

    def extra_repr(self) -> str:
        """Levels and range, so that a checkpoint is not continued by a network with others."""
        return f"levels={len(self._levels)} from {self._levels[1]:.9g}, w_max={self._w_max}"


def train_on_levels(net: nn.Module, levels: np.ndarray, w_max: float | None = None) -> nn.Module:
    """Let a network compute with weights on levels, and train the numbers behind them: quantisation-aware training.

    Every forward pass sees the nearest level of each weight; the gradient goes to the latent weight as if it had been
    used (straight-through estimator), so that changes below one level add up.

    Parameters
    ----------
    net : torch.nn.Module
        Changed in place: each ``torch.nn.Linear`` in it gets a parametrisation of its weight.
    levels : array
        Rising, as shares of the range; of :func:`spinloom.nn.quantise.levels_of`.
    w_max : float, optional
        Weight at level 1, of all layers; each layer's largest latent weight at that moment if not given.

    Returns
    -------
    torch.nn.Module
        The same network.

    Raises
    ------
    InputError
        No ``torch.nn.Linear`` in the network.

    References
    ----------
    B. Jacob et al., CVPR (2018), arXiv:1712.05877.
    """
    for layer in linear_layers(net):
        parametrize.register_parametrization(layer, "weight", _OnLevels(levels, w_max))
    return net


def linear_layers(net: nn.Module) -> list[nn.Linear]:
    """The ``torch.nn.Linear`` layers from input to output; raises InputError where there is none."""
    found = [layer for layer in net.modules() if isinstance(layer, nn.Linear)]
    if not found:
        raise InputError("The network has no torch.nn.Linear whose weights could lie on levels.")
    return found


def weights_and_slopes(net: nn.Module) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Weights (outputs, inputs) and slopes k (outputs,) of each layer as arrays; weights as the network sees them."""
    weights = [layer.weight.detach().cpu().numpy().copy() for layer in linear_layers(net)]
    neurons = [layer for layer in net.modules() if isinstance(layer, SpinNeuron)]
    return weights, [layer.k.detach().cpu().numpy().copy() for layer in neurons]


def network_of(weights: Sequence[np.ndarray], slopes: Sequence[np.ndarray]) -> nn.Sequential:
    """The network that :func:`weights_and_slopes` took apart: a_l = sigmoid(k_l W_l a_(l-1)), nothing to be trained."""
    layers: list[nn.Module] = []
    for weight, k in zip(weights, slopes, strict=True):
        outputs, inputs = weight.shape
        linear = nn.utils.skip_init(nn.Linear, inputs, outputs, bias=False)
        linear.weight = nn.Parameter(torch.as_tensor(weight), requires_grad=False)
        layers += [linear, SpinNeuron(outputs, torch.as_tensor(k), 0.0, train=())]
    return nn.Sequential(*layers)


@torch.no_grad()
def outputs_on_levels(net: nn.Module, x: np.ndarray, outputs: int | None = None) -> np.ndarray:
    """Outputs of a network whose neurons have few output values.

    Parameters
    ----------
    net : torch.nn.Module
        Layers one after another; its :class:`~spinloom.nn.SpinNeuron` layers are read with ``outputs`` values.
    x : array, shape (samples, features)
    outputs : int, optional
        Evenly spaced values 0, 1/(outputs - 1), ..., 1 of every neuron, those of the last layer too. The neurons are
        exact if not given.

    Returns
    -------
    numpy.ndarray, shape (samples, classes)
        What :func:`spinloom.tasks.accuracy` takes; of equal outputs the first counts there.

    Raises
    ------
    InputError
        Fewer than two values.
    """
    if outputs is not None and (isinstance(outputs, bool) or outputs < 2):
        raise InputError(f"outputs = {outputs}: a neuron needs at least two output values.")
    a = torch.as_tensor(x)
    for layer in net.children():
        a = layer(a)
        if outputs is not None and isinstance(layer, SpinNeuron):
            a = torch.round(a * (outputs - 1)) / (outputs - 1)
    return a.numpy()
