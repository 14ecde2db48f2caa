"""Ways from a gradient to pulses: in place, and the algorithms that make up for few, uneven, asymmetric states."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import final

import torch

from spinloom.errors import InputError, UnknownNameError
from spinloom.nn.pulsed.device import Device
from spinloom.nn.pulsed.matrix import Array, Rounding
from spinloom.nn.training.samples import mixed_seed


@dataclass(eq=False)
class Matrix:
    """One weight matrix on devices, as a method sees it.

    Attributes
    ----------
    name : str
        Of the parameter.
    weights : torch.nn.Parameter
        w = w_max (2 g - 1) of the devices' states g.
    w_max : float
    device : Device
    rounding : {"stochastic", "nearest"}
    seed : int
        Of this matrix.
    spread : float
        Relative standard deviation of the step size between devices.
    state : dict of str to torch.Tensor
        What the method keeps; part of the optimiser's state dict.
    step : int
        Updates made.
    arrays : dict of str to Array
        "weights", and the method's helpers.
    """

    name: str
    weights: torch.nn.Parameter
    w_max: float
    device: Device
    rounding: Rounding
    seed: int
    spread: float
    state: dict[str, torch.Tensor]
    step: int
    arrays: dict[str, Array]

    def add_array(self, name: str) -> Array:
        """One more array of devices of the weights' shape."""
        number = len(self.arrays)
        seed = mixed_seed(self.seed, number)
        factor = None
        if self.spread:
            chance = torch.Generator().manual_seed(mixed_seed(self.seed, number, 1) >> 1)
            z = torch.randn(self.weights.shape, generator=chance)
            factor = torch.exp(self.spread * z - 0.5 * self.spread**2).to(self.weights.device)
        self.arrays[name] = Array(self.device, self.rounding, seed, factor)
        return self.arrays[name]

    @property
    def level(self) -> float:
        """The mean step of a weight by one pulse up."""
        return 2.0 * self.w_max / self.device.up.pulses


class Method(abc.ABC):
    """How a gradient becomes pulses."""

    @abc.abstractmethod
    def prepare(self, matrix: Matrix) -> None:
        """Make what the method keeps of a matrix."""

    @abc.abstractmethod
    def update(self, matrix: Matrix, gradient: torch.Tensor, lr: float) -> None:
        """One step of gradient descent."""

    @abc.abstractmethod
    def wanted_scale(self, matrix: Matrix, lr: float) -> tuple[float, float]:
        """Pulses (up, down) that one unit of gradient asks of the array that the gradient goes to."""


@final
@dataclass(frozen=True)
class InPlace(Method):
    """Every update goes to the devices at once: -lr gradient in mean steps, rounded to whole pulses.

    What is lost by rounding is lost (nearest) or right on average only (stochastic); the devices' asymmetry pulls every
    weight to its symmetry point, the more the smaller the updates are against a step.
    """

    def prepare(self, matrix: Matrix) -> None:
        """Nothing is kept."""

    def update(self, matrix: Matrix, gradient: torch.Tensor, lr: float) -> None:
        """One step."""
        array = matrix.arrays["weights"]
        array.give(matrix.weights, gradient, array.scale(-lr, matrix.w_max), matrix.w_max, matrix.step)

    def wanted_scale(self, matrix: Matrix, lr: float) -> tuple[float, float]:
        """Pulses per unit of gradient."""
        return matrix.arrays["weights"].scale(-lr, matrix.w_max)


METHODS: dict[str, type[Method]] = {"in-place": InPlace}


def method_of(wanted: str | Method) -> Method:
    """A method by name, with its defaults, or as given."""
    if isinstance(wanted, Method):
        return wanted
    if not isinstance(wanted, str):
        raise InputError(f"method = {wanted!r}: give a name ({', '.join(METHODS)}) or a method such as InPlace().")
    if wanted not in METHODS:
        raise UnknownNameError("method of pulsed training", wanted, METHODS)
    return METHODS[wanted]()
