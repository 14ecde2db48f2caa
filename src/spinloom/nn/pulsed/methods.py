"""Ways from a gradient to pulses: in place, and the algorithms that make up for few, uneven, asymmetric states."""

from __future__ import annotations

import abc
import math
from dataclasses import dataclass
from typing import Any, final

import torch

from spinloom.errors import InputError, UnknownNameError
from spinloom.nn.pulsed.device import Device
from spinloom.nn.pulsed.matrix import Array, Rounding
from spinloom.nn.training.samples import mixed_seed

GRADIENTS = "gradients"
"""Name of the second array of devices, and of its weights in the state."""


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
    state : dict
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
    state: dict[str, Any]
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

    def read(self, name: str) -> torch.Tensor:
        """The weights of a helper array (w_max = 1) as its devices read, with their read noise."""
        held, array, synapse = self.state[name], self.arrays[name], self.device.synapse
        array.counts.reads += held.numel()
        if not synapse.read_noise:
            return held
        chance = torch.Generator(held.device).manual_seed(mixed_seed(array.seed, self.step, 2) >> 1)
        noise = torch.randn(held.shape, generator=chance, device=held.device)
        conductance = 0.5 * (held + 1.0) + synapse.low / (synapse.high - synapse.low)
        return held + 2.0 * synapse.read_noise * conductance * noise

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


@final
@dataclass(frozen=True)
class MixedPrecision(Method):
    """Updates add up digitally; devices get the whole pulses in the sum, and the rest is kept.

    chi <- chi - lr gradient; n = trunc(chi / mean step); n pulses; chi <- chi - n mean steps. One digital number a
    weight, but no update is lost and each pulse stands for many agreeing updates.

    References
    ----------
    M. Le Gallo et al., Nat. Electron. 1, 246 (2018), doi:10.1038/s41928-018-0054-8; S. R. Nandakumar et al., Front.
    Neurosci. 14, 406 (2020), doi:10.3389/fnins.2020.00406.
    """

    def prepare(self, matrix: Matrix) -> None:
        """One accumulator a weight."""
        matrix.state["accumulator"] = torch.zeros_like(matrix.weights, dtype=torch.float32)

    def update(self, matrix: Matrix, gradient: torch.Tensor, lr: float) -> None:
        """One step."""
        accumulator = matrix.state["accumulator"]
        accumulator.add_(gradient, alpha=-lr)
        array = matrix.arrays["weights"]
        scale = array.scale(1.0, matrix.w_max)
        array.give(matrix.weights, accumulator, scale, matrix.w_max, matrix.step, accumulated=True)

    def wanted_scale(self, matrix: Matrix, lr: float) -> tuple[float, float]:
        """Pulses per unit of gradient."""
        return matrix.arrays["weights"].scale(-lr, matrix.w_max)


@dataclass(frozen=True)
class _Transfer(Method):
    """What Tiki-Taka and AGAD share: gradients go to a second array A, whose readings add up digitally to pulses.

    Attributes
    ----------
    activity : float
        Mean pulses that a gradient that is not zero asks of A; A's own learning rate follows the gradients' size so
        that it stays so.
    every : int, optional
        Updates between two readings of A, all columns at once; by default as many as bring a quarter of the pulses from
        end to end, at least one, so that A stays within its range.

    Notes
    -----
    All but ``activity`` follows from the device. More activity is less rounding noise and more pulses: 784-100-10 on
    MNIST (20 000 images, three epochs, 16 states with v = 2 and -2, lr 0.3, w_max 0.5) came with 0.1, 0.3 and 0.6 to
    94.5, 95.1, 94.9 % of the validation images (Tiki-Taka), and 93.8, 94.4, 94.0 % (AGAD).
    """

    activity: float = 0.3
    every: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        if not 0.0 < self.activity < math.inf:
            raise InputError(f"activity = {self.activity}: give a mean number of pulses above 0, e.g. 0.1.")
        if self.every is not None and (not isinstance(self.every, int) or self.every < 1):
            raise InputError(f"every = {self.every}: give a whole number of updates from 1 upwards.")

    def prepare(self, matrix: Matrix) -> None:
        """A at its symmetry point, and one digital number a weight."""
        matrix.add_array(GRADIENTS)
        rest = 2.0 * matrix.device.symmetry_point - 1.0
        matrix.state["gradients"] = torch.full_like(matrix.weights, rest, dtype=torch.float32)
        matrix.state["sum"] = torch.zeros_like(matrix.weights, dtype=torch.float32)
        matrix.state["size"] = 0.0

    def period(self, matrix: Matrix) -> int:
        """Updates between two readings of A."""
        return self.every or max(1, round(0.25 * matrix.device.up.pulses / self.activity))

    def wanted_scale(self, matrix: Matrix, lr: float) -> tuple[float, float]:
        """Pulses of A per unit of gradient."""
        scale = -self.activity / (matrix.state["size"] or 1.0)
        return scale, scale * matrix.device.down.pulses / matrix.device.up.pulses

    def measure(self, matrix: Matrix, gradient: torch.Tensor) -> None:
        """Follow the mean size of the gradients that are not zero."""
        nonzero, _, _, total = matrix.arrays[GRADIENTS].wish(gradient, (1.0, 1.0))
        if nonzero:
            old = matrix.state["size"]
            matrix.state["size"] = old + 0.25 * (total / nonzero - old) if old else total / nonzero

    def collect(self, matrix: Matrix, gradient: torch.Tensor, sign: float) -> None:
        """Pulses of A from a gradient."""
        up, down = self.wanted_scale(matrix, 0.0)
        held = matrix.state["gradients"]
        matrix.arrays[GRADIENTS].give(held, gradient, (sign * up, sign * down), 1.0, matrix.step)

    def transfer(self, matrix: Matrix, difference: torch.Tensor, gain: float) -> None:
        """Add readings to the sum, in weights, and give a pulse where it holds one or more; it keeps less than one.

        One pulse a reading, however large the sum: A's readings come late, and large steps by old gradients overshoot.
        """
        total = matrix.state["sum"]
        # one pulse of A stands for size/activity of gradient
        total.add_(difference, alpha=gain * 0.5 * matrix.device.up.pulses * matrix.state["size"] / self.activity)
        array = matrix.arrays["weights"]
        scale = array.scale(1.0, matrix.w_max)
        total.clamp_(-1.999 / scale[1], 1.999 / scale[0])
        array.give(matrix.weights, total, scale, matrix.w_max, matrix.step, accumulated=True)


@final
@dataclass(frozen=True)
class TikiTaka(_Transfer):
    """Tiki-Taka, second version: A holds a fading mean of the gradients about its symmetry point.

    Pulses carry A to its symmetry point when gradients cancel, so that A less this point is a mean over the last
    1/(activity pull) updates, ``pull`` being the share of its distance that a pulse takes off. Its readings add up
    in H; H gives the weights a pulse at each crossing of a mean step.

    References
    ----------
    T. Gokmen, Front. Artif. Intell. 4, 699148 (2021), doi:10.3389/frai.2021.699148.
    """

    def update(self, matrix: Matrix, gradient: torch.Tensor, lr: float) -> None:
        """One step."""
        if not matrix.state["size"]:
            self.measure(matrix, gradient)
        self.collect(matrix, gradient, 1.0)
        period = self.period(matrix)
        if (matrix.step + 1) % period == 0:
            device = matrix.device
            memory = 1.0 / (self.activity * max(device.pull, 0.25 / device.up.pulses))
            rest = 2.0 * device.symmetry_point - 1.0
            self.transfer(matrix, matrix.read(GRADIENTS) - rest, lr * min(1.0, period / memory))
            self.measure(matrix, gradient)


@final
@dataclass(frozen=True)
class Agad(_Transfer):
    """Analog gradient accumulation with dynamic reference: needs no symmetry point, and hardly symmetry.

    The sign with which gradients go to A is turned over again and again (the chopper). A is read against what it held
    when its sign was last turned, so that what the device adds by itself, drift towards its symmetry point and offset
    alike, comes with either sign in turn and cancels.

    Attributes
    ----------
    phase : int
        Readings between two turns of the sign.

    References
    ----------
    M. J. Rasch, F. Carta, O. Fagbohungbe, T. Gokmen, Nat. Commun. 15, 7133 (2024), doi:10.1038/s41467-024-51221-z.
    """

    phase: int = 1

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        super().__post_init__()
        if not isinstance(self.phase, int) or self.phase < 1:
            raise InputError(f"phase = {self.phase}: give a whole number of readings from 1 upwards.")

    def prepare(self, matrix: Matrix) -> None:
        """A reference more."""
        super().prepare(matrix)
        matrix.state["reference"] = matrix.state["gradients"].clone()
        matrix.state["sign"] = 1.0
        matrix.state["readings"] = 0

    def update(self, matrix: Matrix, gradient: torch.Tensor, lr: float) -> None:
        """One step."""
        state = matrix.state
        if not state["size"]:
            self.measure(matrix, gradient)
        self.collect(matrix, gradient, state["sign"])
        if (matrix.step + 1) % self.period(matrix) == 0:
            reading = matrix.read(GRADIENTS)
            # a gradient of the k-th of m periods is seen by m - k + 1 readings: on average (m + 1)/2
            self.transfer(matrix, reading - state["reference"], lr * state["sign"] * 2.0 / (self.phase + 1))
            state["readings"] += 1
            if state["readings"] >= self.phase:
                state["reference"].copy_(reading)
                state["sign"], state["readings"] = -state["sign"], 0
                self.measure(matrix, gradient)


METHODS: dict[str, type[Method]] = {
    "in-place": InPlace,
    "mixed-precision": MixedPrecision,
    "tiki-taka": TikiTaka,
    "agad": Agad,
}


def method_of(wanted: str | Method) -> Method:
    """A method by name, with its defaults, or as given."""
    if isinstance(wanted, Method):
        return wanted
    if not isinstance(wanted, str):
        raise InputError(f"method = {wanted!r}: give a name ({', '.join(METHODS)}) or a method such as InPlace().")
    if wanted not in METHODS:
        raise UnknownNameError("method of pulsed training", wanted, METHODS)
    return METHODS[wanted]()
