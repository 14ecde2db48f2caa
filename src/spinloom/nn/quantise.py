"""Quantisation onto the levels that a device really has, which are few and uneven."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
import torch
from torch import nn

from spinloom.errors import InputError, UnknownNameError
from spinloom.nn.eager import eager
from spinloom.nn.grid import Grid
from spinloom.responses.plasticity import Plasticity

Pair = Literal["one", "both"]
Range = Literal["max", "percentile"]
MAPPINGS = ("differential", "offset")


def as_synapse(synapse: Plasticity | str) -> Plasticity:
    """A Plasticity as it is, or that of a parameter set's name.

    Raises
    ------
    UnknownNameError
        There is no parameter set of that name; the message holds the closest match.
    """
    if isinstance(synapse, Plasticity):
        return synapse
    if isinstance(synapse, str):
        return Plasticity.from_parameters(synapse)
    raise InputError(
        f"synapse is a {type(synapse).__name__}: give a Plasticity, e.g. Plasticity.from_csv('lab.csv'), or the name "
        "of a parameter set."
    )


def levels_of(
    synapse: Plasticity | str, mapping: str = "differential", devices: int = 1, pair: Pair = "one"
) -> np.ndarray:
    """Weights that can be stored, as shares of w_max: rising, from -1 to 1.

    A synapse of n devices with i states each has n (i - 1) + 1 states: the devices are filled one after the other, so
    that the curve repeats n times, g = (k + level)/n. "offset" stores w = 2 g - 1, "differential" w = g_plus - g_minus.

    Parameters
    ----------
    synapse : Plasticity or str
        The device, or the name of its parameter set; the levels are those of potentiation.
    mapping : {"differential", "offset"}
        See :class:`spinloom.crossbar.Mapping`.
    devices : int
        Devices in parallel in one synapse.
    pair : {"one", "both"}
        Of a differential pair: one device stays at its low end, as a crossbar writes it (2 states - 1 levels), or both
        are used, so that w is the nearest of all differences (up to states (states - 1) + 1 levels, if uneven).

    Returns
    -------
    numpy.ndarray
        Distinct levels, float64.

    Raises
    ------
    UnknownNameError
        An unknown parameter set, mapping or pair.
    InputError
        Fewer than one device.
    """
    if mapping not in MAPPINGS:
        raise UnknownNameError("mapping of weights", str(mapping), MAPPINGS)
    if pair not in get_args(Pair):
        raise UnknownNameError("use of a differential pair", str(pair), get_args(Pair))
    if isinstance(devices, bool) or not isinstance(devices, int) or devices < 1:
        raise InputError(f"devices = {devices}: a synapse has at least one device, as a whole number.")
    single = as_synapse(synapse).levels("potentiation")
    states = np.unique((np.arange(devices)[:, None] + single).ravel() / devices)
    if mapping == "offset":
        found = 2.0 * states - 1.0
    elif pair == "one":
        found = np.concatenate([-states[::-1], states])
    else:
        found = (states[:, None] - states).ravel()
    found = np.unique(np.clip(found, -1.0, 1.0))
    return found[np.concatenate([[True], np.diff(found) > 1e-12])]  # differences that rounding alone tells apart


@lru_cache(maxsize=256)
def _grid(levels: bytes) -> Grid:
    return Grid(np.frombuffer(levels).copy())


def _checked_levels(levels: np.ndarray | Sequence[float]) -> np.ndarray:
    found = np.ascontiguousarray(levels, float)
    if found.ndim != 1 or len(found) < 2 or not np.isfinite(found).all() or (np.diff(found) <= 0).any():
        raise InputError("levels must be at least two finite numbers that rise, e.g. levels_of(synapse).")
    return found


def _checked_range(w_max: float | torch.Tensor) -> None:
    if not isinstance(w_max, torch.Tensor) and not 0.0 < w_max < math.inf:
        raise InputError(f"w_max = {w_max}: the largest weight must be a finite number above 0.")


@eager  # the cache of tables is Python
def _nearest(weight: torch.Tensor, levels: np.ndarray | Sequence[float], w_max: float | torch.Tensor) -> torch.Tensor:
    grid = _grid(_checked_levels(levels).tobytes())
    exact = weight if weight.dtype in (torch.float32, torch.float64) else weight.float()
    return grid.nearest(exact, w_max).to(weight.dtype)


@torch.no_grad()
def snap(weight: torch.Tensor, levels: np.ndarray | Sequence[float], w_max: float | torch.Tensor) -> torch.Tensor:
    """Each weight at its nearest level: argmin over l of abs(weight - l w_max); beyond the ends, the end.

    Parameters
    ----------
    weight : tensor
        Any shape; finite.
    levels : array
        Rising, as shares of w_max; of :func:`levels_of`.
    w_max : float or tensor
        Weight at level 1.

    Returns
    -------
    tensor
        Same shape and type. In the middle between two levels the lower is taken (or, where float32 rounds, either).

    Raises
    ------
    InputError
        NaN among the weights, levels that do not rise, w_max not above 0.
    """
    _checked_range(w_max)
    if torch.isnan(weight).any():
        raise InputError(f"{int(torch.isnan(weight).sum())} of {weight.numel()} weights are NaN: no level is nearest.")
    return _nearest(weight, levels, w_max)


def snap_ste(weight: torch.Tensor, levels: np.ndarray | Sequence[float], w_max: float | torch.Tensor) -> torch.Tensor:
    """The nearest levels of :func:`snap`, with the gradient of clamp(weight, -w_max, w_max).

    The gradient passes straight through where the device can follow, and is 0 beyond ±w_max. NaN stays NaN, so that a
    training that has diverged shows.

    References
    ----------
    B. Jacob et al., CVPR (2018), arXiv:1712.05877 (training with simulated quantisation).
    """
    _checked_range(w_max)
    with torch.no_grad():
        snapped = _nearest(weight, levels, w_max)
    through = weight.clamp(-w_max, w_max)  # type: ignore[arg-type]
    return snapped + (through - through.detach())


def post_training_quantise(
    net: nn.Module,
    synapse: Plasticity | str,
    w_max: Range | float | Mapping[str, float] = "max",
    *,
    mapping: str = "differential",
    devices: int = 1,
    pair: Pair = "one",
    share: float = 0.999,
) -> nn.Module:
    """A copy of a trained network whose weights lie on the device's levels; biases and all else stay as they are.

    Parameters
    ----------
    net : torch.nn.Module
        Every ``torch.nn.Linear`` and ``torch.nn.Conv2d`` in it (subclasses too) is quantised.
    synapse : Plasticity or str
        The device, or the name of its parameter set.
    w_max : "max", "percentile", float or mapping of layer name to float
        Weight at the device's highest level: each layer's largest, that below which ``share`` of its weights lie, one
        number for all layers, or one for each layer by its name in ``net.named_modules()``.
    mapping, devices, pair
        See :func:`levels_of`.
    share : float
        For "percentile": between 0 and 1. What lies above is clipped.

    Returns
    -------
    torch.nn.Module
        A new network of the same kind.

    Raises
    ------
    InputError
        No layer to quantise, a layer without a range (all weights zero) or missing in the mapping, NaN, w_max not
        above 0, a share outside 0..1.
    UnknownNameError
        An unknown parameter set, mapping, pair or kind of range.
    """
    levels = levels_of(synapse, mapping, devices, pair)
    if isinstance(w_max, str) and w_max not in get_args(Range):
        raise UnknownNameError("range of weights", w_max, get_args(Range), "Or give a number.")
    if not 0.0 < share <= 1.0:
        raise InputError(f"share = {share}: give the share of weights within the range, above 0 and up to 1.")
    copied = copy.deepcopy(net)
    layers = [(name, m) for name, m in copied.named_modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    if not layers:
        raise InputError("The network has no torch.nn.Linear and no torch.nn.Conv2d to quantise.")
    for name, layer in layers:
        with torch.no_grad():
            layer.weight.copy_(snap(layer.weight, levels, _range(name, layer.weight, w_max, share)))
    return copied


def _range(name: str, weight: torch.Tensor, w_max: Range | float | Mapping[str, float], share: float) -> float:
    if isinstance(w_max, Mapping):
        if name not in w_max:
            raise InputError(f"w_max has no range for layer '{name}'; it has: {', '.join(sorted(w_max)) or 'none'}.")
        return float(w_max[name])
    if not isinstance(w_max, str):
        return float(w_max)
    size = weight.detach().abs().double().flatten()
    # numpy's: torch's quantile refuses more than 16 million numbers
    found = float(size.max() if w_max == "max" else np.quantile(size.cpu().numpy(), share))
    if found == 0.0:
        raise InputError(f"All weights of layer '{name}' are zero, so their range cannot be read off; give w_max.")
    return found
