"""Chance of stochastic layers: bits, counts and telegraph signals that do not depend on batches or threads.

Arrays are (rows, columns): images, neurons. A draw depends on (seed, stream, row, step, column) alone, where row is the
number of the image in the data set.
"""

from __future__ import annotations

import math

import numpy as np
import torch

from spinloom.errors import InputError

MASK = 2**64 - 1


def bits(p: torch.Tensor, seed: int, stream: int, row: int, step: int) -> torch.Tensor:
    """One Bernoulli bit an entry of p (rows, columns), as 0 or 1 of p's kind; resolution of p: 2^-24."""
    from spinloom.nn.stochastic import kernels

    return _like(kernels.bits(_array(p), seed & MASK, stream, row, step, torch.get_num_threads()), p)


def counts(p: torch.Tensor, samples: int, seed: int, stream: int, row: int, step: int) -> torch.Tensor:
    """Ones among ``samples`` independent bits an entry: Binomial(samples, p), whatever ``samples`` costs one draw.

    The same in distribution as the sum of :func:`bits` over ``samples`` steps with p held, not the same numbers.
    """
    chances = np.clip(_array(p).astype(np.float64), 0.0, 1.0)
    out = np.empty_like(chances)
    for index, line in enumerate(chances):  # a generator a row: an image's counts do not depend on the others
        counter = [0, step & MASK, row + index, stream]
        chance = np.random.Generator(np.random.Philox(key=[seed & MASK, 0xB1], counter=counter))
        out[index] = chance.binomial(samples, line)
    return _like(out, p)


def telegraph(
    p: torch.Tensor, kept: torch.Tensor, state: torch.Tensor, samples: int, seed: int, stream: int, row: int, step: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """(ones among ``samples`` samples, last state) of two-state junctions.

    P(1 after an interval) = p + kept (state - p), kept = exp(-interval/tau*): exact for any interval.
    """
    from spinloom.nn.stochastic import kernels

    now = _array(state).copy()
    threads = torch.get_num_threads()
    found = kernels.telegraph(_array(p), _array(kept), now, seed & MASK, stream, row, step, samples, threads)
    return _like(found, p), _like(now, p)


def check_probabilities(p: torch.Tensor, what: str) -> None:
    """Refuse what is no probability, NaN included."""
    if p.numel() and not (float(p.min()) >= 0.0 and float(p.max()) <= 1.0):
        low, high = float(p.min()), float(p.max())
        found = "hold NaN" if math.isnan(low) or math.isnan(high) else f"reach from {low:.4g} to {high:.4g}"
        raise InputError(f"{what} {found}: probabilities lie between 0 and 1. Scale them, e.g. grey values by 255.")


def _array(values: torch.Tensor) -> np.ndarray:
    plain = values.detach().cpu()
    return (plain if plain.dtype in (torch.float32, torch.float64) else plain.float()).contiguous().numpy()


def _like(values: np.ndarray, p: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(values).to(p.device, p.dtype)
