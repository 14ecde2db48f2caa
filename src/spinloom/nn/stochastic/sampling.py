"""Evaluate networks of stochastic layers over many samples, in memory that does not grow with their number."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, get_args

import numpy as np
import torch
from torch import nn

from spinloom.errors import InputError, UnknownNameError
from spinloom.nn.stochastic.base import StochasticLayer, check_samples

Mode = Literal["network", "layer"]


def sampled_outputs(
    net: nn.Module,
    x: np.ndarray | torch.Tensor,
    at: Sequence[int] = (1, 10, 100),
    *,
    mode: Mode = "network",
    seed: int = 0,
    batch: int = 500,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Mean outputs over increasing numbers of samples.

    "network": each time step draws one bit a neuron, and the bits travel through the whole network; the outputs add up
    over the steps, and ``at`` are points of one run. Layers behind the first see bits, not probabilities: their mean
    response to bits is not that to the mean, and that difference stays however many steps are counted.

    "layer": each layer is sampled ``at`` times at a constant drive, and its share of ones drives the next layer (rate
    coding with a counter behind each neuron). Each number of samples is a run of its own. Bernoulli neurons cost the
    same for every number: their count is one draw of the binomial distribution, which is exact since the drive is held.

    Parameters
    ----------
    net : torch.nn.Module
        Holds at least one stochastic layer. Of a ``Sequential``, what stands before the first of them is computed once.
    x : array or tensor (images, ...)
        Inputs.
    at : sequence of int
        Numbers of samples.
    mode : {"network", "layer"}
    seed : int
        Of all bits, together with each layer's own seed: image n has the same bits in any batch.
    batch : int
        Images at a time. Memory is that of a batch, whatever the number of samples.
    progress : callable(done, total), optional
        In images.

    Returns
    -------
    ndarray (len(at), images, outputs)
        In the order of ``at``.

    Raises
    ------
    InputError
        No stochastic layer, samples or batch below 1.
    UnknownNameError
        Another mode.

    References
    ----------
    A. Sengupta, M. Parsa, B. Han, K. Roy, IEEE Trans. Electron Devices 63, 2963 (2016),
    doi:10.1109/TED.2016.2568762.
    """
    if mode not in get_args(Mode):
        raise UnknownNameError("way to sample a network", str(mode), get_args(Mode))
    numbers = list(at)
    for number in numbers:
        check_samples(number)
    if not numbers or isinstance(batch, bool) or batch < 1:
        raise InputError(
            f"batch = {batch}, at = {numbers}: give a batch from 1 upwards and at least one number of samples."
        )
    layers = stochastic_layers(net)
    inputs = _tensor(net, x)
    results: list[np.ndarray] = []
    with _evaluating(net, layers), torch.no_grad():
        seeds = [layer.seed for layer in layers]
        try:
            for layer, own in zip(layers, seeds, strict=True):
                layer.seed = seed * 0x9E3779B97F4A7C15 + own
            for row in range(0, len(inputs), batch):
                part = inputs[row : row + batch]
                found = _steps(net, layers, part, row, numbers) if mode == "network" else None
                results.append(_rates(net, layers, part, row, numbers) if found is None else found)
                if progress is not None:
                    progress(min(row + batch, len(inputs)), len(inputs))
        finally:
            for layer, own in zip(layers, seeds, strict=True):
                layer.seed = own
    return np.concatenate(results, axis=1)


def mean_outputs(net: nn.Module, x: np.ndarray | torch.Tensor, *, batch: int = 500) -> np.ndarray:
    """Outputs (images, outputs) with every stochastic layer at its mean: the network without chance."""
    layers = stochastic_layers(net)
    inputs = _tensor(net, x)
    with _evaluating(net, layers), torch.no_grad():
        for layer in layers:
            layer.asked = "mean"
        found = [net(inputs[row : row + batch]).cpu().numpy() for row in range(0, len(inputs), batch)]
    return np.concatenate(found)


def stochastic_layers(net: nn.Module) -> list[StochasticLayer]:
    """The stochastic layers of a network, in order. Raises InputError where there is none."""
    found = [layer for layer in net.modules() if isinstance(layer, StochasticLayer)]
    if not found:
        raise InputError(
            "The network has no stochastic layer: there is nothing to sample. Put a BernoulliNeuron in it."
        )
    return found


def _steps(net: nn.Module, layers: list[StochasticLayer], x: torch.Tensor, row: int, at: Sequence[int]) -> np.ndarray:
    """Bits through the network, step by step; the sum of the outputs is all that is kept."""
    for number, layer in enumerate(layers):
        layer.place(row, number)
        layer.asked = "running"
    before, after = _parts(net)
    held = before(x)
    total = torch.zeros(())
    found: dict[int, np.ndarray] = {}
    for step in range(1, max(at) + 1):
        out = after(held).double()  # the sum of bits stays exact
        total = out if step == 1 else total.add_(out)
        if step in at:
            found[step] = (total / step).cpu().numpy()
    return np.stack([found[number] for number in at])


def _rates(net: nn.Module, layers: list[StochasticLayer], x: torch.Tensor, row: int, at: Sequence[int]) -> np.ndarray:
    """Each layer sampled at a constant drive; one forward pass a number of samples."""
    found = []
    for run, samples in enumerate(at):
        for number, layer in enumerate(layers):
            layer.place(row, number + len(layers) * (run + 1))  # streams of their own: the runs are independent
            layer.asked = samples
        found.append(net(x).double().cpu().numpy())
    return np.stack(found)


def _parts(net: nn.Module) -> tuple[nn.Module, nn.Module]:
    """What comes before the first stochastic layer, and the rest."""
    if not isinstance(net, nn.Sequential):
        return nn.Identity(), net
    first = next(n for n, part in enumerate(net) if any(isinstance(m, StochasticLayer) for m in part.modules()))
    return net[:first], net[first:]


@contextlib.contextmanager
def _evaluating(net: nn.Module, layers: list[StochasticLayer]) -> Iterator[None]:
    """The network in evaluation, and afterwards as it was."""
    training = [(part, part.training) for part in net.modules()]
    net.eval()
    try:
        yield
    finally:
        for part, was in training:
            part.training = was
        for layer in layers:
            layer.asked = None
            layer.place(0)


def _tensor(net: nn.Module, x: np.ndarray | torch.Tensor) -> torch.Tensor:
    like = next((value for value in (*net.parameters(), *net.buffers()) if value.is_floating_point()), torch.zeros(()))
    return torch.as_tensor(x).to(like.device, like.dtype)
