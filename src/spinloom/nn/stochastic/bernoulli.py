"""Neurons that are written by chance and read afterwards, and inputs as spikes."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Protocol, final

import numpy as np
import torch

from spinloom.errors import InputError
from spinloom.nn.functional import Gradient
from spinloom.nn.stochastic import chance
from spinloom.nn.stochastic.base import StochasticLayer, StochasticNeurons, TrainWith

_NODES = 16
"""Nodes of the quadrature over cycle noise."""


class ChanceResponse(Protocol):
    """A device's logistic response, as ``spinloom.responses.Bernoulli``: P = 1/(1 + exp(-(drive - centre)/width))."""

    @property
    def centre(self) -> float:
        """Drive at P = 1/2."""
        ...

    @property
    def width(self) -> float:
        """Drive over which P rises from 1/2 to 0.73."""
        ...


class SwitchingResponse(Protocol):
    """The same by other names, as ``spinloom.responses.Sigmoid``: centre = -c, width = 1/k."""

    @property
    def k(self) -> float:
        """Logistic coefficient."""
        ...

    @property
    def c(self) -> float:
        """Minus the drive at P = 1/2."""
        ...


@final
class BernoulliNeuron(StochasticNeurons):
    """Neurons that a pulse switches by chance and that hold the bit until they are read and reset (non-telegraphic).

    The input z drives a device at centre + z width of its response, so that the network sees P = 1/(1 + exp(-z)). A
    neuron's own device (:meth:`program`) answers at its own centre and width: P = 1/(1 + exp(-u)) at
    u = slope (z - shift).

    Parameters
    ----------
    features : int or sequence of int
        Neurons, or the shape of a map (channels, height, width).
    response : spinloom.responses.Bernoulli or spinloom.responses.Sigmoid, optional
        Centre and width of the device, and with ``spread(count, seed)`` its spread; none: an ideal logistic device.
    samples : int or None
        Pulses a forward pass in evaluation; the output is the share that switched. None: the mean.
    train_with : {"mean", "samples"}
        What the forward pass gives in training.
    gradient : {"expected", "straight-through"}
        Of a drawn output: that of its mean, p (1 - p), or 1.
    cycle_noise : float
        Standard deviation of the drive from pulse to pulse, in widths. Independent pulses stay Bernoulli bits: it
        widens the curve, P = E[1/(1 + exp(-(u + noise)))], which is computed by quadrature.
    curve : (array, array), optional
        A measured curve in place of the logistic one: u = (drive - centre)/width rising, and P at it; straight lines
        between the points, the end values beyond them.
    chip : int, optional
        Seed of the devices; none: all neurons are nominal until :meth:`program` is called.
    seed : int
        Seed of the bits in evaluation.

    Raises
    ------
    InputError
        No neurons, samples below 1, negative noise or seed, inputs of another shape, a response without a width, a
        curve that does not rise in u or leaves 0..1.
    UnknownNameError
        Another way to train, or gradient, than those above.

    Notes
    -----
    ``samples`` pulses at one drive add up to Binomial(samples, P) exactly, and are drawn so; memory and nearly all time
    do not depend on ``samples``.

    References
    ----------
    A. Sengupta et al., Sci. Rep. 6, 30039 (2016), doi:10.1038/srep30039; Y. Bengio, N. Léonard, A. Courville,
    arXiv:1308.3432 (2013) (straight-through).

    Examples
    --------
    >>> import torch, spinloom.nn as snn
    >>> net = torch.nn.Sequential(
    ...     torch.nn.Linear(784, 128), snn.BernoulliNeuron(128, seed=1),
    ...     torch.nn.Linear(128, 10), snn.BernoulliNeuron(10, seed=2))
    >>> images = torch.rand(4, 784)
    >>> net.train()(images).shape  # the mean, with gradients: train as any network
    torch.Size([4, 10])
    >>> snn.sampled_outputs(net, images, at=(1, 10, 100)).shape  # spikes through the net, counted over 100 steps
    (3, 4, 10)
    """

    places: torch.Tensor | None
    heights: torch.Tensor | None

    def __init__(
        self,
        features: int | Sequence[int],
        response: ChanceResponse | SwitchingResponse | None = None,
        *,
        samples: int | None = 1,
        train_with: TrainWith = "mean",
        gradient: Gradient = "expected",
        cycle_noise: float = 0.0,
        curve: tuple[np.ndarray, np.ndarray] | None = None,
        chip: int | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(samples, train_with, gradient, seed)
        self._settle(features)
        self.response = response
        self.centre, self.width = _scale(response)
        if isinstance(cycle_noise, bool) or not 0.0 <= cycle_noise < math.inf:
            raise InputError(f"cycle_noise = {cycle_noise}: give a standard deviation in widths, from 0 upwards.")
        self.cycle_noise = float(cycle_noise)
        for name, values in (("places", None), ("heights", None)) if curve is None else _points(*curve):
            self.register_buffer(name, values, persistent=False)  # as the response, an argument and no state
        if chip is not None:
            self.program(chip)

    def program(self, chip: int, centre_spread: float | None = None, width_spread: float | None = None) -> None:
        """Draw a device for each neuron from a seed.

        Parameters
        ----------
        chip : int
            The same seed gives the same devices.
        centre_spread, width_spread : float, optional
            Standard deviations: of the centre in nominal widths, of the width relative to the nominal (log-normal).
            None of the two: the response's own spread.
        """
        count = self.slope.numel()
        if centre_spread is None and width_spread is None:
            draw = getattr(self.response, "spread", None)
            if draw is None:
                raise InputError("This response knows no spread. Give program() a centre_spread and a width_spread.")
            centre, width = draw(count, chip)
            self._take(self.width / np.asarray(width), (np.asarray(centre) - self.centre) / self.width)
            return
        spreads = (centre_spread or 0.0, width_spread or 0.0)
        if not all(0.0 <= value < math.inf for value in spreads):
            raise InputError(f"Spreads {spreads} must be finite numbers from 0 upwards.")
        normal = np.random.default_rng((chip, 0xC41B)).standard_normal((2, count))
        self._take(np.exp(-spreads[1] * normal[1]), spreads[0] * normal[0])

    def drive(self, z: torch.Tensor) -> torch.Tensor:
        """The drive of the devices [unit of the response] at z: centre + z width."""
        return self.centre + z * self.width

    def mean(self, u: torch.Tensor) -> torch.Tensor:
        """P at u, averaged over cycle noise."""
        if not self.cycle_noise:
            return self._curve(u)
        places, weights = _normal_nodes()
        terms = (w * self._curve(u + self.cycle_noise * x) for x, w in zip(places, weights, strict=True))
        return functools.reduce(torch.add, terms)

    def _curve(self, u: torch.Tensor) -> torch.Tensor:
        if self.places is None or self.heights is None:
            return torch.sigmoid(u)
        inside = torch.minimum(torch.maximum(u, self.places[0]), self.places[-1])
        right = torch.searchsorted(self.places, inside.detach().contiguous()).clamp(1, len(self.places) - 1)
        low, high = self.places[right - 1], self.places[right]
        share = (inside - low) / (high - low)
        return (1.0 - share) * self.heights[right - 1] + share * self.heights[right]

    def _draw(self, u: torch.Tensor, p: torch.Tensor, samples: int, seed: int) -> torch.Tensor:
        where = (seed, self._stream, self._row, self._next(samples))
        return chance.bits(p, *where) if samples == 1 else chance.counts(p, samples, *where) / samples

    def extra_repr(self) -> str:
        """What ``print(net)`` shows of the layer."""
        noise = f", cycle_noise={self.cycle_noise:g}" if self.cycle_noise else ""
        return f"{self.features}, samples={self.samples}, train_with={self.train_with}{noise}"


@final
class BernoulliInput(StochasticLayer):
    """Inputs between 0 and 1 as spikes: each is 1 with that probability at each step.

    In training the inputs pass as they are.

    Parameters
    ----------
    samples : int or None
        Spikes a forward pass in evaluation; None: the inputs themselves.
    seed : int
        Seed of the spikes.

    Raises
    ------
    InputError
        Inputs outside 0..1, samples below 1.
    """

    def __init__(self, samples: int | None = 1, *, train_with: TrainWith = "mean", seed: int = 0) -> None:
        super().__init__(samples, train_with, "expected", seed)

    def logit(self, z: torch.Tensor) -> torch.Tensor:
        """The input as it is: here the probability itself."""
        chance.check_probabilities(z, "The inputs of a layer of spikes")
        return z

    def mean(self, u: torch.Tensor) -> torch.Tensor:
        """The input."""
        return u

    def _draw(self, u: torch.Tensor, p: torch.Tensor, samples: int, seed: int) -> torch.Tensor:
        where = (seed, self._stream, self._row, self._next(samples))
        return chance.bits(p, *where) if samples == 1 else chance.counts(p, samples, *where) / samples


def _scale(response: ChanceResponse | SwitchingResponse | None) -> tuple[float, float]:
    """(centre, width) of a response."""
    if response is None:
        return 0.0, 1.0
    if hasattr(response, "centre") and hasattr(response, "width"):
        centre, width = float(response.centre), float(response.width)  # pyright: ignore[reportAttributeAccessIssue]
    elif hasattr(response, "k") and hasattr(response, "c"):
        centre, width = -float(response.c), 1.0 / float(response.k)  # pyright: ignore[reportAttributeAccessIssue]
    else:
        raise InputError(
            f"{type(response).__name__} has no centre and width. Give a spinloom.responses.Bernoulli or Sigmoid."
        )
    if not (math.isfinite(centre) and math.isfinite(width) and width != 0.0):
        raise InputError(
            f"The response has centre {centre:g} and width {width:g}; both must be finite, the width not 0."
        )
    return centre, width


def _points(places: np.ndarray, heights: np.ndarray) -> tuple[tuple[str, torch.Tensor], ...]:
    """The buffers of a measured curve."""
    u, p = (torch.as_tensor(np.asarray(values, float)).to(torch.get_default_dtype()) for values in (places, heights))
    if u.ndim != 1 or u.shape != p.shape or len(u) < 2 or not bool((u.diff() > 0).all()):
        raise InputError("A curve needs at least two points, at rising u, with one probability each.")
    chance.check_probabilities(p, "The curve's points")
    return ("places", u), ("heights", p)


@functools.cache
def _normal_nodes() -> tuple[list[float], list[float]]:
    places, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    return places.tolist(), (weights / weights.sum()).tolist()
