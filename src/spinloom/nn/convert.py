"""A trained network onto arrays of devices, layer by layer."""

from __future__ import annotations

from typing import Unpack

import numpy as np
import torch
from torch import nn

from spinloom.errors import InputError
from spinloom.nn.hardware import HardwareKeywords
from spinloom.nn.on_array import OnArray
from spinloom.nn.synapses import CrossbarConv2d, CrossbarLinear


def on_crossbars(net: nn.Sequential, **hardware: Unpack[HardwareKeywords]) -> nn.Sequential:
    """A copy of a network, in evaluation mode, whose linear and convolution layers are programmed into arrays.

    Parameters
    ----------
    net : torch.nn.Sequential
        Its ``torch.nn.Linear`` and ``torch.nn.Conv2d`` are replaced; all other layers are shared with the copy.
    **hardware
        As of :class:`~spinloom.nn.CrossbarLinear`. Layer n of the network takes the seed ``seed + 1000 n``, so that no
        two layers share their chance.

    Raises
    ------
    InputError
        There is no layer to replace, or a keyword's value is refused.
    """
    seed = hardware.pop("seed", 0)
    layers: list[nn.Module] = []
    for number, layer in enumerate(net):
        own: HardwareKeywords = {**hardware, "seed": seed + 1000 * number}
        if isinstance(layer, nn.Linear):
            layers.append(CrossbarLinear.like(layer, **own))
        elif isinstance(layer, nn.Conv2d):
            layers.append(CrossbarConv2d.like(layer, **own))
        else:
            layers.append(layer)
    if not any(isinstance(layer, OnArray) for layer in layers):
        raise InputError("The network has no torch.nn.Linear and no torch.nn.Conv2d to put on a crossbar.")
    return nn.Sequential(*layers).eval()


def outputs_of(net: nn.Module, x: np.ndarray, batch: int = 10_000) -> np.ndarray:
    """Outputs of a network in evaluation mode; it is left in the mode it was in.

    Parameters
    ----------
    net : torch.nn.Module
    x : array, shape (samples, features)
    batch : int
        Samples that go through the network at once.

    Returns
    -------
    numpy.ndarray, shape (samples, classes)
        What :func:`spinloom.tasks.accuracy` takes.
    """
    like, was, found = next(net.parameters()), net.training, []
    net.eval()
    try:
        with torch.no_grad():
            for start in range(0, len(x), batch):
                part = torch.from_numpy(np.ascontiguousarray(x[start : start + batch])).to(like)
                found.append(net(part).cpu().numpy())
    finally:
        net.train(was)
    return np.concatenate(found)
