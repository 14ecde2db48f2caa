"""Layers of spin neurons for ``torch.nn.Sequential``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, final

import numpy as np
import torch
from torch import nn

from spinloom.errors import InputError, UnknownNameError
from spinloom.nn.functional import Gradient, bernoulli_sigmoid, check_gradient, check_trials, spin_logit

TRAINABLE = ("k", "c")


class SigmoidResponse(Protocol):
    """What the bounds need of a device's response."""

    def in_microamperes(self) -> tuple[float, float]:
        """k [1/µA] and c [µA]."""
        ...


@final
@dataclass(frozen=True)
class Bounds:
    """The values of k and c that a device can take, lowest and highest.

    Attributes
    ----------
    k, c : (float, float)
        Ends of the range, in the units of the neuron; infinite where there is no limit.

    Raises
    ------
    InputError
        A range whose low end lies above its high end, or NaN.
    """

    k: tuple[float, float] = (-math.inf, math.inf)
    c: tuple[float, float] = (-math.inf, math.inf)

    def __post_init__(self) -> None:
        """Refuse an empty range."""
        for name in TRAINABLE:
            low, high = getattr(self, name)
            if not low <= high:  # also true of NaN
                raise InputError(f"Bounds of {name}: ({low}, {high}) holds no number. Give (lowest, highest).")

    @classmethod
    def from_responses(cls, responses: Iterable[SigmoidResponse]) -> Bounds:
        """The range that a device's fitted responses span, e.g. at its shortest and its longest pulse.

        Parameters
        ----------
        responses : iterable of spinloom.responses.Sigmoid
            At least one; k is taken in 1/µA and c in µA.
        """
        values = [response.in_microamperes() for response in responses]
        if not values:
            raise InputError("Bounds need at least one response of the device, e.g. Bounds.from_responses([sigmoid]).")
        ks, cs = zip(*values, strict=True)
        return cls(k=(min(ks), max(ks)), c=(min(cs), max(cs)))


@final
@dataclass(frozen=True)
class Stochastic:
    """How a layer draws its output instead of giving the mean.

    Attributes
    ----------
    trials : int
        Write pulses a sample.
    gradient : {"expected", "straight-through"}
        See :func:`spinloom.nn.functional.bernoulli_sigmoid`.
    seed : int
        Seed of the layer's own generator. Give each layer its own seed, or their noise is the same.
    """

    trials: int = 1
    gradient: Gradient = "expected"
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse zero trials and unknown gradients."""
        check_trials(self.trials)
        check_gradient(self.gradient)


@final
class SpinNeuron(nn.Module):
    """A layer of spin neurons, each with its own k and c: a = sigmoid(k (z + c)).

    Parameters
    ----------
    features : int
        Neurons in the layer.
    k, c : float or sequence of float, shape (features,)
        Initial logistic coefficient [1/(unit of z)] and offset [unit of z].
    train : sequence of {"k", "c"}
        Which of the two are trained; the other is a buffer. Both are in the ``state_dict`` either way.
    bounds : Bounds, optional
        What the device can do; :meth:`project_` brings k and c back inside, and training calls it after each step.
    stochastic : Stochastic, optional
        Draw the output, also in ``eval`` mode, since the device does; without it the layer gives the mean.

    Raises
    ------
    InputError
        No neurons, NaN, a wrong number of values, an initial value outside the bounds, input of another width.
    UnknownNameError
        ``train`` names something else than k or c.

    Notes
    -----
    Negative k stands for a neuron that is read inverted: 1 - P_sw.

    References
    ----------
    Y. Xin, master's thesis, ShanghaiTech University (2023), sec. 3.4; arXiv:2211.13391.

    Examples
    --------
    >>> net = torch.nn.Sequential(torch.nn.Linear(784, 25, bias=False), SpinNeuron(25, k=2.2, train=("k",)))
    >>> net(torch.zeros(1, 784)).shape
    torch.Size([1, 25])
    """

    k: torch.Tensor
    c: torch.Tensor

    def __init__(
        self,
        features: int,
        k: float | Sequence[float] | np.ndarray | torch.Tensor = 1.0,
        c: float | Sequence[float] | np.ndarray | torch.Tensor = 0.0,
        train: Sequence[str] = TRAINABLE,
        bounds: Bounds | None = None,
        stochastic: Stochastic | None = None,
    ) -> None:
        super().__init__()
        if isinstance(features, bool) or not isinstance(features, int) or features < 1:
            raise InputError(f"features = {features}: a layer needs at least one neuron, as a whole number.")
        for name in train:
            if name not in TRAINABLE:
                raise UnknownNameError("trainable parameter of a spin neuron", str(name), TRAINABLE)
        self.features = features
        self.trained = tuple(name for name in TRAINABLE if name in train)
        self.bounds = bounds
        self.stochastic = stochastic
        self._generator: torch.Generator | None = None
        for name, value in (("k", k), ("c", c)):
            start = _per_neuron(value, features, name, bounds)
            if name in self.trained:
                self.register_parameter(name, nn.Parameter(start))
            else:
                self.register_buffer(name, start)

    def logit(self, z: torch.Tensor) -> torch.Tensor:
        """u = k (z + c), from which a loss can be had without rounding; shape of z."""
        if z.shape[-1] != self.features:
            raise InputError(
                f"A layer of {self.features} spin neurons was given {z.shape[-1]} inputs a sample. Make the layer "
                f"before it {self.features} wide, or this one {z.shape[-1]}."
            )
        return spin_logit(z, self.k, self.c)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Output between 0 and 1, shape of z: the mean, or drawn where the layer is stochastic."""
        if self.stochastic is None:
            return torch.sigmoid(self.logit(z))
        if self._generator is None or self._generator.device != z.device:
            self._generator = torch.Generator(z.device).manual_seed(self.stochastic.seed)
        how = self.stochastic
        # u enters as z with k = 1, c = 0, so that the check of the width is made in one place
        return bernoulli_sigmoid(self.logit(z), 1.0, 0.0, how.trials, how.gradient, self._generator)

    def reseed(self, seed: int) -> None:
        """Start the layer's noise anew from ``seed``; of no effect on a layer that gives the mean."""
        if self.stochastic is not None:
            self._generator = torch.Generator(self.k.device).manual_seed(seed)

    @torch.no_grad()
    def project_(self) -> None:
        """Bring k and c back into the bounds, in place."""
        if self.bounds is not None:
            self.k.clamp_(*self.bounds.k)
            self.c.clamp_(*self.bounds.c)

    def extra_repr(self) -> str:
        """What ``print(net)`` shows of the layer."""
        parts = [f"{self.features}", f"train={self.trained}"]
        parts += [f"bounds={self.bounds}"] if self.bounds else []
        parts += [f"stochastic={self.stochastic}"] if self.stochastic else []
        return ", ".join(parts)

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_generator": None}  # a generator cannot be copied; the copy starts from its seed


def _per_neuron(
    value: float | Sequence[float] | np.ndarray | torch.Tensor, features: int, name: str, bounds: Bounds | None
) -> torch.Tensor:
    start = torch.as_tensor(value).detach().to(torch.get_default_dtype())
    if start.ndim > 1 or (start.ndim == 1 and len(start) != features):
        raise InputError(
            f"{name} has shape {tuple(start.shape)} for {features} neurons. Give one number, or {features} of them."
        )
    if not bool(torch.isfinite(start).all()):
        raise InputError(f"{name} holds NaN or infinity. Give finite numbers.")
    low, high = getattr(bounds, name) if bounds else (-math.inf, math.inf)
    slack = 1e-6 * max(abs(low), abs(high)) if math.isfinite(low) and math.isfinite(high) else 0.0  # float32 rounding
    if bool((start < low - slack).any()) or bool((start > high + slack).any()):
        raise InputError(
            f"{name} from {float(start.min()):.6g} to {float(start.max()):.6g} is outside the bounds ({low:.6g}, "
            f"{high:.6g}). Start inside them, or widen them."
        )
    return start.expand(features).clone()
