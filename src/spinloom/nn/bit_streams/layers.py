"""Layers of bit streams: float modules in training, real streams of a given length in evaluation."""

from __future__ import annotations

from typing import Any, Literal, final, get_args

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from spinloom.devices.two_state_kernels import in_pieces
from spinloom.errors import InputError, UnknownNameError
from spinloom.nn.bit_streams.junctions import Junctions, Recipe, seed_key
from spinloom.nn.bit_streams.kernels import kernel
from spinloom.nn.bit_streams.or_product import or_probability

Form = Literal["exact", "exponential"]
GROUP = 100
"""Images that see the same weight streams, as where one set of weight junctions serves several inputs at once."""


class _Streams:
    """What the layers share: length of the streams, their junctions, and the seed."""

    weight: torch.Tensor
    training: bool
    seed: int
    drawn: int

    def _settle(self, length: int | None, inputs: Junctions | None, weights: Junctions | None, seed: int) -> None:
        self.length = checked_length(length)
        self.inputs = inputs or Junctions.ideal()
        self.weights = weights or Junctions.ideal()
        self.restart(seed)

    def restart(self, seed: int | None = None) -> None:
        """Begin the streams of this seed (or of the layer's own) anew: the next input is number 0."""
        self.seed = self.seed if seed is None else seed
        self.drawn = 0

    def _as_float(self, limit: float) -> bool:
        """Whether the layer computes with numbers now; in training the weights are first brought into +-limit."""
        if self.training:
            # .data: a layer that is used twice before its backward pass must not look changed in between
            self.weight.data.clamp_(-limit, limit)
        return self.training or self.length is None

    def _run(self, name: str, x: np.ndarray, weights: Recipe, how: Any, counts: np.ndarray) -> None:
        """Pass groups of images through the packed kernel; each adds to its rows of ``counts``."""
        key, length, loop, before = seed_key(self.seed), self.length, kernel(name), self.drawn

        def group(first: int, last: int) -> None:
            recipe = self.inputs.recipe(x[first:last])
            loop(tuple(recipe), tuple(weights), how, length, key, before + first, counts[first:last])

        in_pieces(group, len(x), None, GROUP)
        self.drawn += len(x)


class StochasticLinear(_Streams, nn.Linear):
    """A linear layer of unipolar bit streams: AND gates multiply, a parallel counter sums, z = sum_i w_i x_i + b.

    Inputs x in [0, 1] and weight magnitudes |w|/limit become streams; the counter adds the ones of x_i AND |w_i| over
    the stream and takes those of negative weights off. For independent streams z is unbiased, with variance
    limit^2/L sum_i q_i (1 - q_i), q_i = x_i |w_i|/limit. In training, and with ``length=None``, it is the exact sum.

    Parameters
    ----------
    in_features, out_features, bias
        As of ``torch.nn.Linear``; the bias is a digital number added to the count.
    length : int, optional
        Samples L of the streams in evaluation; may be changed at any time. None: numbers instead of streams.
    limit : float
        Full scale of a weight. Training clips to it; the smaller it is, the more ones carry the sum.
    inputs, weights : Junctions, optional
        Sources of the input streams and of the weight streams; ideal ones if not given.
    seed : int
        Of the streams. Inputs are numbered on from call to call, and draw by their number: the same seed gives the same
        counts at any number of threads and in batches of any whole hundreds. :meth:`restart` begins with number 0.

    Raises
    ------
    InputError
        A length below 1, a limit that is not above 0; in evaluation, inputs outside 0..1.

    Notes
    -----
    Each group of 100 inputs sees the same weight streams: every single output has exactly the right
    distribution, but the errors of images of one group are correlated. Inputs are drawn anew for each.

    Examples
    --------
    >>> layer = StochasticLinear(784, 10, length=64).eval()
    >>> layer(torch.rand(3, 784)).shape
    torch.Size([3, 10])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        length: int | None = None,
        limit: float = 1.0,
        inputs: Junctions | None = None,
        weights: Junctions | None = None,
        seed: int = 0,
        **torch_keywords: Any,
    ) -> None:
        super().__init__(in_features, out_features, bias, **torch_keywords)
        if not limit > 0:
            raise InputError(f"limit = {limit}: the full scale of a weight is a number above 0.")
        self.limit = float(limit)
        self._settle(length, inputs, weights, seed)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Sums, shape (..., out_features), of inputs (..., in_features)."""
        if self._as_float(self.limit):
            return F.linear(input, self.weight, self.bias)
        x = input.detach().cpu().double().numpy().reshape(-1, self.in_features)
        w = self.weight.detach().cpu().double().numpy().T
        counts = np.zeros((len(x), self.out_features), np.uint64)
        opposite = np.where(w < 0, ~np.uint64(0), np.uint64(0))
        recipe = self.weights.recipe(np.abs(w).clip(0, self.limit).ravel() / self.limit)
        self._run("and_count", x, recipe, np.ascontiguousarray(opposite), counts)
        assert self.length is not None
        z = torch.from_numpy(counts.view(np.int64) * (self.limit / self.length)).to(input)
        z = z.reshape(*input.shape[:-1], self.out_features)
        return z if self.bias is None else z + self.bias

    def extra_repr(self) -> str:
        """What ``print(net)`` shows of the layer."""
        return f"{super().extra_repr()}, length={self.length}, limit={self.limit:g}"


class _Or(_Streams):
    """What the OR layers share: both halves of the weights, and the two ways to compute their product."""

    def _settle_or(self, form: str, noise: int | None) -> None:
        if form not in get_args(Form):
            raise UnknownNameError("form of an OR layer", str(form), get_args(Form))
        self.form, self.noise = form, checked_length(noise)
        self._chance: torch.Generator | None = None

    def reseed(self, seed: int) -> None:
        """Start the noise of training anew."""
        self._chance = torch.Generator().manual_seed(seed)

    def _halves(self, both: torch.Tensor) -> torch.Tensor:
        """p+ - p- of both halves (samples, 2 outputs, ...), in training with the noise that streams will have."""
        if self.training and self.noise is not None:
            if self._chance is None:
                self.reseed(self.seed)
            sigma = (both.detach() * (1.0 - both.detach()) / self.noise).clamp(min=0.0).sqrt()
            normal = torch.randn(both.shape, generator=self._chance, dtype=both.dtype).to(both.device)
            both = both + sigma * normal
        positive, negative = both.chunk(2, dim=1)
        return positive - negative

    def _difference(self, rows: torch.Tensor) -> torch.Tensor:
        """p+ - p- of inputs (samples, n), shape (samples, outputs)."""
        w = self.weight.flatten(1)
        both = torch.cat([w.clamp(min=0), (-w).clamp(min=0)])
        return self._halves(or_probability(rows, both) if self.form == "exact" else -torch.expm1(-F.linear(rows, both)))

    def _count(self, x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """(p+ - p-) from streams, shape (samples, places, outputs)."""
        w = self.weight.detach().cpu().double().numpy().reshape(len(self.weight), -1).T.clip(-1, 1)
        recipe = self.weights.recipe(np.concatenate([w.clip(0, 1), (-w).clip(0, 1)], axis=1).ravel())
        _, height, width, rows, columns, padding, outputs = shape
        places = (height + 2 * padding - rows + 1) * (width + 2 * padding - columns + 1)
        counts = np.zeros((len(x), places, outputs), np.int32)
        self._run("or_count", x, recipe, shape, counts)
        assert self.length is not None
        return counts / np.float32(self.length)


@final
class OrLinear(_Or, nn.Linear):
    """A layer of OR neurons: d = p+ - p-, p± = 1 - prod_i (1 - x_i w±_i), w+ = max(w, 0), w- = max(-w, 0).

    One AND gate a weight and one OR gate a neuron and half do product, sum and saturation; p is about
    1 - exp(-sum_i x_i w_i) where every term is small. A counter takes the negative half from the positive one; the
    activation behind (ReLU) and the next layer's streams are made of that number. The two halves see different inputs,
    so both are exact as long as the input streams are independent of each other.

    Parameters
    ----------
    in_features, out_features
        As of ``torch.nn.Linear``; there is no bias.
    length : int, optional
        Samples of the streams in evaluation; may be changed. None: numbers instead of streams.
    form : {"exact", "exponential"}
        The product, or 1 - exp(-sum), which is a matrix product and trains faster. Streams always give the product.
    noise : int, optional
        Samples L of the streams for whose noise the layer is trained: in training p± get normal noise of variance
        p±(1 - p±)/L, which is what a count of L samples has.
    inputs, weights : Junctions, optional
        Sources of the streams; ideal ones if not given.
    seed : int
        Of the streams and of the noise.

    Raises
    ------
    InputError
        A length below 1; in evaluation, inputs outside 0..1.
    UnknownNameError
        Another form than those two.

    References
    ----------
    M. W. Daniels, A. Madhavan, P. Talatchian, A. Mizrahi, M. D. Stiles, Phys. Rev. Applied 13, 034016 (2020),
    doi:10.1103/PhysRevApplied.13.034016.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        length: int | None = None,
        form: Form = "exact",
        noise: int | None = None,
        inputs: Junctions | None = None,
        weights: Junctions | None = None,
        seed: int = 0,
        **torch_keywords: Any,
    ) -> None:
        super().__init__(in_features, out_features, bias=False, **torch_keywords)
        self._settle(length, inputs, weights, seed)
        self._settle_or(form, noise)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """p+ - p-, between -1 and 1, shape (..., out_features), of inputs (..., in_features)."""
        rows = input.reshape(-1, self.in_features)
        if self._as_float(1.0):
            return self._difference(rows).reshape(*input.shape[:-1], self.out_features)
        shape = (self.in_features, 1, 1, 1, 1, 0, self.out_features)
        found = self._count(rows.detach().cpu().double().numpy(), shape)
        return torch.from_numpy(found).to(input).reshape(*input.shape[:-1], self.out_features)

    def extra_repr(self) -> str:
        """What ``print(net)`` shows of the layer."""
        return f"{super().extra_repr()}, length={self.length}, form={self.form}"


@final
class OrConv2d(_Or, nn.Conv2d):
    """A convolution of OR neurons; equation, training and streams as :class:`OrLinear`.

    A pixel has one stream, which all places and outputs share, as wires would. Average pooling behind the layer is what
    one counter over several places gives.

    Parameters
    ----------
    in_channels, out_channels, kernel_size : int
        As of ``torch.nn.Conv2d``, square kernels, stride 1.
    padding : int
        Places beyond the edge, which are 0.
    length, form, noise, inputs, weights, seed
        As of :class:`OrLinear`.

    Raises
    ------
    InputError, UnknownNameError
        As :class:`OrLinear`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        padding: int = 0,
        *,
        length: int | None = None,
        form: Form = "exact",
        noise: int | None = None,
        inputs: Junctions | None = None,
        weights: Junctions | None = None,
        seed: int = 0,
        **torch_keywords: Any,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, padding=padding, bias=False, **torch_keywords)
        self._settle(length, inputs, weights, seed)
        self._settle_or(form, noise)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """p+ - p-, shape (samples, out_channels, height, width)."""
        (size, _), (padding, _) = self.kernel_size, self.padding
        assert isinstance(padding, int)
        samples, channels, height, width = input.shape
        high, wide = height + 2 * padding - size + 1, width + 2 * padding - size + 1
        if self._as_float(1.0):
            if self.form == "exponential":
                w = torch.cat([self.weight.clamp(min=0), (-self.weight).clamp(min=0)])
                return self._halves(-torch.expm1(-F.conv2d(input, w, padding=padding)))
            rows = F.unfold(input, size, padding=padding).transpose(1, 2).flatten(0, 1)
            found = self._difference(rows).reshape(samples, high * wide, -1)
        else:
            shape = (channels, height, width, size, size, padding, self.out_channels)
            counted = self._count(input.detach().cpu().double().numpy().reshape(samples, -1), shape)
            found = torch.from_numpy(counted).to(input)
        return found.transpose(1, 2).reshape(samples, self.out_channels, high, wide)

    def extra_repr(self) -> str:
        """What ``print(net)`` shows of the layer."""
        return f"{super().extra_repr()}, length={self.length}, form={self.form}"


StreamLayer = StochasticLinear | OrLinear | OrConv2d


def stream_layers(net: nn.Module) -> list[StreamLayer]:
    """The layers of a network that compute with streams, in order."""
    return [module for module in net.modules() if isinstance(module, StreamLayer)]


def set_streams(
    net: nn.Module,
    length: int | None,
    seed: int = 0,
    inputs: Junctions | None = None,
    weights: Junctions | None = None,
) -> None:
    """Give every layer streams of this length, seeds of its own, and, where given, these junctions.

    Parameters
    ----------
    net : nn.Module
    length : int or None
        Samples; None: numbers instead of streams.
    seed : int
        Layer n gets seed * 1000 + n.
    inputs, weights : Junctions, optional
        Sources for all layers; ideal ones if not given.
    """
    for number, layer in enumerate(stream_layers(net)):
        layer.length = checked_length(length)
        layer.restart(seed * 1000 + number)
        layer.inputs, layer.weights = inputs or Junctions.ideal(), weights or Junctions.ideal()


def checked_length(length: int | None) -> int | None:
    """A number of samples, or None."""
    if length is None:
        return None
    if isinstance(length, bool) or not isinstance(length, int | np.integer) or length < 1:
        raise InputError(f"length = {length}: a stream has a whole number of samples, 1 or more; None for no streams.")
    return int(length)
