"""What stochastic layers share: when they draw, where their chance comes from, and a device for each neuron."""

from __future__ import annotations

import abc
import math
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import torch
from torch import nn

from spinloom.errors import InputError, UnknownNameError
from spinloom.nn.functional import Gradient, check_gradient

TrainWith = Literal["mean", "samples"]


class StochasticLayer(nn.Module, abc.ABC):
    """What stochastic layers share: when they give the mean and when they draw, and where their chance comes from.

    In evaluation a draw depends on (seed, image, call, neuron) alone, so that :func:`~spinloom.nn.sampled_outputs`
    gives the same bits at any batch size and any number of threads, as long as the drives are the same; sums of torch
    may differ in their last digit with either, which changes about one float32 bit in 10^7. In training it comes from
    torch's global generator.
    """

    def __init__(self, samples: int | None, train_with: TrainWith, gradient: Gradient, seed: int) -> None:
        super().__init__()
        if samples is not None:
            check_samples(samples)
        if train_with not in get_args(TrainWith):
            raise UnknownNameError("way to train a stochastic layer", str(train_with), get_args(TrainWith))
        check_gradient(gradient)
        self.samples, self.train_with, self.gradient = samples, train_with, gradient
        self.reseed(seed)
        self.place(0)
        self.asked: int | Literal["mean", "running"] | None = None

    def reseed(self, seed: int) -> None:
        """Start the chance of evaluation anew from ``seed``."""
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            raise InputError(f"seed = {seed}: give a whole number from 0 upwards.")
        self.seed = seed
        self.place(0)

    def place(self, row: int, stream: int = 0) -> None:
        """Say that the next input's first sample is image number ``row``, at step 0, drawn from ``stream``."""
        self._row, self._step, self._stream = row, 0, stream

    @abc.abstractmethod
    def logit(self, z: torch.Tensor) -> torch.Tensor:
        """u of P = 1/(1 + exp(-u)), shape of z."""

    @abc.abstractmethod
    def mean(self, u: torch.Tensor) -> torch.Tensor:
        """The expected output at u."""

    @abc.abstractmethod
    def _draw(self, u: torch.Tensor, p: torch.Tensor, samples: int, seed: int) -> torch.Tensor:
        """Share of ``samples`` that are 1; u and p as (rows, neurons)."""

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Output between 0 and 1, shape of z: the mean, or the share of ones among the samples."""
        u = self.logit(z)
        p = self.mean(u)
        samples = self._now()
        if samples is None:
            return p
        with torch.no_grad():
            rows = (-1, math.prod(z.shape[z.ndim - self._own_dimensions(z) :]))
            # a training step takes its seed from torch, so that a resumed run draws the same
            seed = int(torch.randint(2**62, ())) if self.training else self.seed
            drawn = self._draw(u.detach().reshape(rows), p.detach().reshape(rows), samples, seed).reshape(z.shape)
        if not (torch.is_grad_enabled() and p.requires_grad):
            return drawn
        through = p if self.gradient == "expected" else u
        return drawn + (through - through.detach())  # zero, but with the gradient of `through`

    def _own_dimensions(self, z: torch.Tensor) -> int:
        return z.ndim - 1

    def _now(self) -> int | None:
        if self.training:
            return None if self.train_with == "mean" else self.samples or 1
        if self.asked is None:
            return self.samples
        if self.asked == "mean":
            return None
        return 1 if self.asked == "running" else self.asked

    def _next(self, steps: int) -> int:
        """The step at which the next draw begins."""
        step = 0 if self.training else self._step
        self._step = step + steps
        return step


class StochasticNeurons(StochasticLayer):
    """Stochastic layers of a fixed number of neurons, each with devices of its own: u = slope (z - shift)."""

    slope: torch.Tensor
    shift: torch.Tensor

    def _settle(self, features: int | Sequence[int]) -> None:
        shape = (features,) if isinstance(features, int) else tuple(features)
        if not shape or any(isinstance(n, bool) or not isinstance(n, int) or n < 1 for n in shape):
            raise InputError(f"features = {features}: give neurons from 1 upwards, or the shape of a map, (6, 24, 24).")
        self.features = shape
        self.register_buffer("slope", torch.ones(shape))
        self.register_buffer("shift", torch.zeros(shape))

    def _own_dimensions(self, z: torch.Tensor) -> int:
        return len(self.features)

    def logit(self, z: torch.Tensor) -> torch.Tensor:
        """u = slope (z - shift)."""
        if z.ndim < len(self.features) or tuple(z.shape[z.ndim - len(self.features) :]) != self.features:
            raise InputError(
                f"A layer of {' x '.join(map(str, self.features))} stochastic neurons was given inputs of shape "
                f"{tuple(z.shape)}. The last dimensions must be {self.features}."
            )
        return self.slope * (z - self.shift)

    def mean(self, u: torch.Tensor) -> torch.Tensor:
        """1/(1 + exp(-u))."""
        return torch.sigmoid(u)

    @torch.no_grad()
    def _take(self, slope: np.ndarray, shift: np.ndarray) -> None:
        for buffer, values in ((self.slope, slope), (self.shift, shift)):
            buffer.copy_(torch.as_tensor(np.broadcast_to(values, (buffer.numel(),)).copy()).reshape(self.features))


def check_samples(samples: object) -> None:
    """Refuse a number of samples that is no whole number from 1 upwards."""
    if isinstance(samples, bool) or not isinstance(samples, int) or samples < 1:
        raise InputError(f"samples = {samples}: give a whole number from 1 upwards, or None for the mean.")
