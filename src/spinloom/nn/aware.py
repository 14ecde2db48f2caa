"""Training with the device in mind: weights on its levels, and noise of its size on every sum."""

from __future__ import annotations

from typing import Any, NamedTuple, final

import numpy as np
import torch

from spinloom.nn.eager import eager
from spinloom.nn.grid import Grid
from spinloom.nn.hardware import Hardware

_BINS = 512
"""Of the table of variances between weights -w_max and w_max."""
_ERROR = 0.02
"""Largest relative error of a polynomial that replaces the table: 1 % of the noise's size."""
_DEGREE = 5
"""Largest degree of that polynomial; beyond, the table is faster."""


class Seen(NamedTuple):
    """A layer's weights as training sees them.

    Attributes
    ----------
    weight : tensor
        Within the range, on the levels where that was asked for.
    variance : tensor or None
        Of each weight, in its shape; None where all have the same or none.
    scatter : tensor or float
        Standard deviation of every weight, where all have the same.
    """

    weight: torch.Tensor
    variance: torch.Tensor | None
    scatter: torch.Tensor | float


@final
class Aware:
    """What training knows of the arrays under a layer."""

    def __init__(self, hardware: Hardware) -> None:
        self.w_max, self.noise = hardware.w_max, hardware.noise
        on_levels, by_device = hardware.quantise == "ste", hardware.noise == "device"
        self.grid: Grid | None = None
        self.table: np.ndarray | None = None
        self.polynomial: list[float] | None = None
        if on_levels:
            levels = hardware.levels()
            self.grid = Grid(levels, hardware.weight_variance(levels) if by_device else None)
        elif by_device:
            self.table = hardware.weight_variance((np.arange(_BINS) + 0.5) * (2.0 / _BINS) - 1.0)
            self.polynomial = _polynomial(self.table)
        self._tables: dict[tuple[torch.dtype, torch.device], torch.Tensor] = {}

    def __call__(self, parameter: torch.Tensor) -> Seen:
        """Clip the weights of a layer in place, and give what the device makes of them."""
        reach: float | torch.Tensor
        if self.w_max is not None:
            reach = self.w_max
            # .data: a layer that is used twice before its backward pass must not look changed in between
            parameter.data.clamp_(-reach, reach)
        elif self.grid is None and not self.noise:
            return Seen(parameter, None, 0.0)
        else:
            low, high = torch.aminmax(parameter.detach())
            reach = torch.maximum(-low, high)
        weight, variance = parameter, None
        if self.grid is not None:
            # a parameter that is NaN would have some level, and a training that has diverged would not show
            reach = reach + 0.0 * parameter.detach().sum()
            snapped, variance = self._on_levels(parameter.detach(), reach)
            weight = _straight_through(parameter, snapped)
        elif self.table is not None:
            seen = self._by_polynomial if self.polynomial else self._by_table
            variance = seen(parameter.detach(), reach)
        return Seen(weight, variance, 0.0 if isinstance(self.noise, str) else self.noise * reach)

    @eager
    def _on_levels(self, weight: torch.Tensor, reach: float | torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        assert self.grid is not None
        exact = weight if weight.dtype in (torch.float32, torch.float64) else weight.float()
        if not isinstance(self.noise, str):
            return self.grid.nearest(exact, reach).to(weight.dtype), None
        snapped, variance = self.grid.nearest_and_value(exact, reach, reach**2)
        return snapped.to(weight.dtype), variance.to(weight.dtype)

    def _by_polynomial(self, weight: torch.Tensor, reach: float | torch.Tensor) -> torch.Tensor:
        """Sum of c_k abs(weight/reach)^k times reach^2: a third of the time of the table."""
        assert self.polynomial is not None
        size = weight.abs()
        first, *rest = (value * reach ** (2 - power) for power, value in enumerate(self.polynomial))
        total = size * rest.pop()
        while rest:
            total = total.add_(rest.pop()).mul_(size)
        return total.add_(first)

    @eager
    def _by_table(self, weight: torch.Tensor, reach: float | torch.Tensor) -> torch.Tensor:
        """From a table over even bins of weight/reach from -1 to 1."""
        assert self.table is not None
        key = (weight.dtype, weight.device)
        if key not in self._tables:
            # weights are within the range; the last entry twice, for the end itself
            self._tables[key] = torch.as_tensor(np.append(self.table, self.table[-1])).to(weight)
        half = 0.5 * len(self.table)
        cell = (weight * (half / reach)).add_(half).to(torch.int32)
        cell.clamp_(0, len(self.table))  # NaN has become some whole number
        return (self._tables[key] * reach**2).index_select(0, cell.reshape(-1)).view(weight.shape)


def _polynomial(table: np.ndarray) -> list[float] | None:
    """Coefficients in abs(w)/w_max, lowest first, that give the table to 2 %; None where none of low degree does."""
    size = np.abs((np.arange(len(table)) + 0.5) * (2.0 / len(table)) - 1.0)
    if not table.min() > 0.0:
        return None
    for degree in range(1, _DEGREE + 1):
        powers = np.vander(size, degree + 1, increasing=True)
        found = np.linalg.lstsq(powers / table[:, None], np.ones(len(table)), rcond=None)[0]
        if np.abs(powers @ found / table - 1.0).max() <= _ERROR:
            return [float(value) for value in found]
    return None


class _Straight(torch.autograd.Function):
    """The second argument, with the gradient of the first."""

    @staticmethod
    def forward(latent: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        return seen.view_as(seen)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        """Nothing is needed for the way back."""

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        return gradients[0], None


def _straight_through(latent: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    if torch.compiler.is_compiling():  # the compiler warns about every Function; it merges these two passes itself
        return seen + (latent - latent.detach())
    return _Straight.apply(latent, seen)


def root(variance: torch.Tensor) -> torch.Tensor:
    """Square root whose gradient at zero is zero instead of infinite."""
    return variance.clamp_min(torch.finfo(variance.dtype).tiny).sqrt()
