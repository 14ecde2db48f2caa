"""Ranges of all converters in a network, from typical inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from spinloom.errors import InputError
from spinloom.nn.on_array import OnArray
from spinloom.nn.xnor import XnorLinear


def calibrate(net: nn.Module, x: torch.Tensor | np.ndarray, share: float = 0.999) -> None:
    """Set the converters' ranges of all layers on arrays in a network, each from what reaches it of typical inputs.

    Parameters
    ----------
    net : torch.nn.Module
        With CrossbarLinear, CrossbarConv2d or XnorLinear in it. Left in the mode it is in; its layers are run in
        evaluation mode, in the order of the network, each with those before it already calibrated.
    x : tensor or array
        Inputs of the network, some hundred samples.
    share : float
        See :meth:`spinloom.nn.on_array.OnArray.calibrate`.

    Raises
    ------
    InputError
        The network has no layer on an array.
    """
    layers = [layer for layer in net.modules() if isinstance(layer, OnArray | XnorLinear)]
    if not layers:
        raise InputError("The network has no layer on an array to calibrate.")
    modes = [(module, module.training) for module in net.modules()]
    hooks = [layer.register_forward_pre_hook(_calibrated(share)) for layer in layers]
    try:
        net.eval()
        with torch.no_grad():
            net(x if isinstance(x, torch.Tensor) else torch.tensor(x))
    finally:
        for hook in hooks:
            hook.remove()
        for module, training in modes:
            module.training = training


def _calibrated(share: float) -> Any:
    return lambda layer, inputs: layer.calibrate(inputs[0], share)
