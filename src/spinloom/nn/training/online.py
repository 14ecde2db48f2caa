"""A two-layer perceptron that learns on its devices, one image at a time, as the simulator MLP+NeuroSim does.

Black-and-white inputs drive the rows of a crossbar. A column's current is converted to ``bits`` bits, the conversion of
a reference column in the middle of the range is taken off, and a sigmoid follows. The hidden layer hands on one bit a
neuron. Back-propagation of the squared error with continuous activations wants a change of every weight; it becomes the
nearest whole number of pulses (or a stochastically rounded one), and the device makes of them what its curve and its
cycle-to-cycle spread allow. Weights are what the crossbar reads back, from -1 to 1.

References
----------
P.-Y. Chen, X. Peng, S. Yu, IEEE TCAD 37, 3067 (2018), doi:10.1109/TCAD.2018.2789723; Y. Luo, X. Peng, S. Yu, ICONS
(2019), doi:10.1145/3354265.3354266. The equations follow these descriptions and the settings of version 3.0; no code of
it is used.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np

from spinloom.engines import launch
from spinloom.errors import InputError
from spinloom.nn.training import online_kernels as kernels
from spinloom.responses import Exponential, Plasticity

Rounding = Literal["nearest", "stochastic"]
Start = Literal["even", "lowered"]
CHUNK = 2000
"""Images between two reports of progress."""


@functools.cache
def _kernel(name: str) -> Any:
    """A compiled loop, from disk when no source has changed since."""
    return launch.compiled(getattr(kernels, name), {"forward": kernels.forward, "draw": kernels.draw})


@final
@dataclass(frozen=True)
class OnlineSettings:
    """How MLP+NeuroSim 3.0 trains.

    Attributes
    ----------
    hidden, outputs : int
        Neurons.
    rates : (float, float)
        Learning rates of the first and second layer; with the squared error sum (t - a)^2.
    bits : int
        Of the converter of a column's current; its range is that of a whole column. 0: no converter.
    gain : float
        By what the difference to the reference column is multiplied; 2 makes it the sum of x w, 1 half of that.
    series_resistance : float
        Of the access transistor in each cell [ohm].
    rounding : {"nearest", "stochastic"}
        How a wanted change becomes whole pulses.
    start : {"even", "lowered"}
        Initial weights are seven even values from -1 to 1. "lowered" takes the device's smallest conductance off them,
        down to the bottom of the range: version 3.0 as released writes (w + 1)/2 of the range without adding it.
    """

    hidden: int = 100
    outputs: int = 10
    rates: tuple[float, float] = (0.4, 0.2)
    bits: int = 8
    gain: float = 2.0
    series_resistance: float = 0.0
    rounding: Rounding = "nearest"
    start: Start = "even"

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        if self.hidden < 1 or self.outputs < 2 or not 0 <= self.bits <= 24 or self.series_resistance < 0:
            raise InputError(
                f"hidden = {self.hidden}, outputs = {self.outputs}, bits = {self.bits}, series_resistance = "
                f"{self.series_resistance}: give at least 1 hidden and 2 output neurons, 0 to 24 bits, 0 ohm or more."
            )
        if self.rounding not in ("nearest", "stochastic"):
            raise InputError(f"rounding = '{self.rounding}': write 'nearest' or 'stochastic'.")
        if self.start not in ("even", "lowered"):
            raise InputError(f"start = '{self.start}': write 'even' or 'lowered'.")


@final
class OnlinePerceptron:
    """Weights on devices, trained image by image.

    Parameters
    ----------
    synapse : Plasticity or int
        The device, with exponential curves; or a number of bits: digital memory that holds the leading bits of a
        weight kept at full precision, as MLP+NeuroSim treats SRAM and binary STT-MRAM.
    inputs : int
        Pixels.
    settings : OnlineSettings
    seed : int
        Of the initial weights, the order of images and the devices' spread.

    Raises
    ------
    InputError
        The curves are not exponential.
    """

    def __init__(
        self, synapse: Plasticity | int, inputs: int, settings: OnlineSettings | None = None, seed: int = 0
    ) -> None:
        self.settings = settings or OnlineSettings()
        self.synapse = synapse
        self._chance = np.random.default_rng(seed)
        self._key = (seed & 0xFFFFFFFF, 0x5EED0000 + (seed >> 32))
        self._steps = 0
        shapes = ((inputs, self.settings.hidden), (self.settings.hidden, self.settings.outputs))
        lost = 0.0
        if self.settings.start == "lowered" and isinstance(synapse, Plasticity):
            lost = synapse.low / (synapse.high - synapse.low)
        self.states = tuple(np.maximum(self._chance.integers(0, 7, shape) / 6.0 - lost, 0.0) for shape in shapes)
        self._device, self._read = _constants(synapse, self.settings)
        self.counts = np.zeros(kernels.UPDATES, np.int64)

    @property
    def pulses(self) -> tuple[int, int]:
        """Potentiating and depressing pulses given so far."""
        return int(self.counts[0]), int(self.counts[1])

    def train(
        self, images: np.ndarray, labels: np.ndarray, samples: int, progress: Callable[[int, int], None] | None = None
    ) -> None:
        """Learn from ``samples`` images drawn at random with repetition.

        Parameters
        ----------
        images : array of 0 and 1, shape (n, inputs)
        labels : int array, shape (n,)
        samples : int
        progress : callable or None
            ``progress(done, samples)``.
        """
        pixels, targets = np.ascontiguousarray(images, np.uint8), np.ascontiguousarray(labels, np.int64)
        order = self._chance.integers(0, len(pixels), samples)
        s = self.settings
        for first in range(0, samples, CHUNK):
            part = order[first : first + CHUNK]
            _kernel("train")(
                pixels, targets, part, *self.states, self._device, self._read,
                (float(s.rates[0]), float(s.rates[1]), s.rounding == "stochastic"), self._key, self._steps, self.counts,
            )  # fmt: skip
            self._steps += len(part)
            if progress is not None:
                progress(min(first + CHUNK, samples), samples)

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Class of each image, shape (n,): the output with the largest current."""
        return _kernel("predict")(np.ascontiguousarray(images, np.uint8), *self.states, self._read)

    def accuracy(self, images: np.ndarray, labels: np.ndarray) -> float:
        """Share of images in their class."""
        return float(np.mean(self.predict(images) == labels))


def _constants(synapse: Plasticity | int, settings: OnlineSettings) -> tuple[tuple, tuple]:
    """The device and the read-out as tuples of numbers, for the kernels."""
    levels = float(2**settings.bits - 1) if settings.bits else 0.0
    if not isinstance(synapse, Plasticity):
        if not 1 <= synapse <= 24:
            raise InputError(f"{synapse} bits: a digital synapse has 1 to 24.")
        return (0.0, 0.0, 0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0, float(2**synapse - 1), settings.gain)
    curves = [synapse.curve("potentiation"), synapse.curve("depression")]
    if not all(isinstance(shape, Exponential) for shape, _ in curves):
        raise InputError(
            f"{synapse.source or 'This synapse'}: online training takes exponential curves (also straight ones); "
            "use nn.training with a pulsed optimiser for others."
        )
    (up, n_up), (down, n_down) = curves
    device = (float(n_up), up.v, float(n_down), down.v, synapse.cycle_to_cycle, synapse.write_error)  # pyright: ignore[reportAttributeAccessIssue]
    return device, (synapse.low, synapse.high, settings.series_resistance, levels, 0.0, settings.gain)
