"""Layered networks of spin neurons with the initialisation of the published system."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import torch
from torch import nn

from spinloom.errors import InputError
from spinloom.nn.neurons import TRAINABLE, Bounds, SpinNeuron, Stochastic

Init = Literal["rule"] | float | Sequence[str | float]
"""Start of k or c: ``"rule"``, one number for all, ``("uniform", e)`` for [-e, e] or ``("uniform", low, high)``."""


def spin_network(
    sizes: Sequence[int] = (784, 25, 10),
    train: Sequence[str] = TRAINABLE,
    k_init: Init = 1.0,
    c_init: Init = 0.0,
    generator: torch.Generator | int = 0,
    bounds: Bounds | None = None,
    stochastic: Stochastic | None = None,
) -> nn.Sequential:
    """Layers of weights and spin neurons in turn, without biases: a_l = sigmoid(k_l (W_l a_(l-1) + c_l)).

    The weights start uniform in [-e, e] with e = sqrt(6) / sqrt(n_in + n_out) (eq. 3.23). The published text starts k
    and c "by the same rule"; a neuron has one output, so ``"rule"`` takes n_in = neurons of the layer and n_out = 1.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, then the neurons of each layer.
    train : sequence of {"k", "c"}
        What is trained besides the weights; ``()`` for fixed activation functions.
    k_init, c_init : "rule", float, ("uniform", e) or ("uniform", low, high)
        Where k and c start; clamped to the bounds.
    generator : torch.Generator or int
        Source of chance, or its seed. The weights are drawn before k and c: networks that differ only in these start
        from the same weights.
    bounds, stochastic
        As in :class:`~spinloom.nn.SpinNeuron`; each layer draws from a seed of its own.

    Returns
    -------
    torch.nn.Sequential
        Linear, SpinNeuron, Linear, SpinNeuron, ...

    Raises
    ------
    InputError
        Fewer than two sizes, a size below one, a start that cannot be read.

    References
    ----------
    Y. Xin, master's thesis, ShanghaiTech University (2023), sec. 3.4 and eq. 3.23; the rule for weights is that of
    X. Glorot, Y. Bengio, Proc. AISTATS (2010).
    """
    if len(sizes) < 2 or any(isinstance(n, bool) or not isinstance(n, int) or n < 1 for n in sizes):
        raise InputError(f"sizes = {tuple(sizes)}: give the inputs and at least one layer, e.g. (784, 25, 10).")
    chance = generator if isinstance(generator, torch.Generator) else torch.Generator().manual_seed(generator)
    pairs = itertools.pairwise(sizes)
    weights = [_uniform((n_out, n_in), *_symmetric(math.sqrt(6 / (n_in + n_out))), chance) for n_in, n_out in pairs]
    limits = bounds or Bounds()
    layers: list[nn.Module] = []
    for number, weight in enumerate(weights):
        n_out, n_in = weight.shape
        linear = nn.utils.skip_init(nn.Linear, n_in, n_out, bias=False)
        linear.weight = nn.Parameter(weight)
        k = _start(k_init, n_out, "k_init", chance).clamp(*limits.k)
        c = _start(c_init, n_out, "c_init", chance).clamp(*limits.c)
        noise = replace(stochastic, seed=stochastic.seed + number) if stochastic else None
        layers += [linear, SpinNeuron(n_out, k, c, train, bounds, noise)]
    return nn.Sequential(*layers)


def _symmetric(e: float) -> tuple[float, float]:
    return -e, e


def _uniform(shape: tuple[int, ...], low: float, high: float, chance: torch.Generator) -> torch.Tensor:
    return low + (high - low) * torch.rand(shape, generator=chance, device=chance.device).cpu()


def _start(init: Init, neurons: int, name: str, chance: torch.Generator) -> torch.Tensor:
    if init == "rule":
        return _uniform((neurons,), *_symmetric(math.sqrt(6 / (neurons + 1))), chance)
    if isinstance(init, int | float) and not isinstance(init, bool):
        return torch.full((neurons,), float(init))
    if isinstance(init, Sequence) and not isinstance(init, str) and len(init) in (2, 3) and init[0] == "uniform":
        ends = [end for end in init[1:] if isinstance(end, int | float) and math.isfinite(end)]
        low, high = _symmetric(ends[0]) if len(ends) == 1 else (ends[0], ends[1]) if len(ends) == 2 else (1, 0)
        if len(ends) == len(init) - 1 and low <= high:
            return _uniform((neurons,), low, high, chance)
    raise InputError(
        f"{name} = {init!r} cannot be read. Give 'rule', a number, ('uniform', e) with e >= 0, or "
        "('uniform', low, high) with low <= high."
    )
