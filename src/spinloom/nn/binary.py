"""Binary layers: weights of ±1 with a straight-through gradient, and inputs of ±1 where wanted."""

from __future__ import annotations

from typing import Any, Literal, final, get_args

import torch
import torch.nn.functional as F
from torch import nn

from spinloom.errors import InputError, UnknownNameError

Inputs = Literal["binary", "real"]
Scale = Literal["none", "fan-in", "mean"]


def sign_ste(x: torch.Tensor) -> torch.Tensor:
    """Sign of x, +1 at zero, with the gradient of clamp(x, -1, 1): 1 where |x| <= 1, and 0 outside.

    Parameters
    ----------
    x : tensor
        Any shape; finite.

    Returns
    -------
    tensor, shape of x
        Exactly -1 or +1.

    References
    ----------
    I. Hubara, M. Courbariaux, D. Soudry, R. El-Yaniv, Y. Bengio, "Binarized neural networks", NIPS (2016), eq. 4.
    """
    through = x.clamp(-1.0, 1.0)
    return torch.where(x.detach() >= 0, 1.0, -1.0).to(x.dtype) + (through - through.detach())


@final
class BinaryActivation(nn.Module):
    """The sign of its input, ±1, trained with a straight-through gradient; stands after a batch norm."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Sign of x, shape of x."""
        return sign_ste(x)


class _Binary(nn.Module):
    """What the binary layers share: the sign of their weights, errors of writing, and their scale."""

    weight: torch.Tensor
    flipped: torch.Tensor | None

    def _settle(self, inputs: str, scale: str, bit_error: float, seed: int) -> None:
        if inputs not in get_args(Inputs):
            raise UnknownNameError("kind of inputs of a binary layer", str(inputs), get_args(Inputs))
        check_scale(scale)
        self.inputs, self.scale, self.seed = inputs, scale, seed
        self.bit_error = checked_error(bit_error, "bit_error")
        self.register_buffer("flipped", None)
        self.register_load_state_dict_pre_hook(_make_room_for_errors)

    def binary_weight(self) -> torch.Tensor:
        """Weights of exactly ±1, shape of ``weight``, those written wrongly among them in evaluation."""
        signs = sign_ste(self.weight)
        if self.training or not self.bit_error:
            return signs
        if self.flipped is None or self.flipped.shape != signs.shape:
            self.program()
        assert self.flipped is not None
        return torch.where(self.flipped, -signs, signs)

    @torch.inference_mode(False)  # what is drawn in inference mode serves outside of it too
    @torch.no_grad()
    def program(self, seed: int | None = None) -> None:
        """Draw which weights are written wrongly, each with probability ``bit_error``, from a seed.

        The places stay the same until the next call, whatever the weights do: a cell that fails goes on failing.
        """
        chance = torch.Generator().manual_seed(self.seed if seed is None else seed)
        drawn = torch.rand(self.weight.shape, generator=chance) < self.bit_error
        self.flipped = drawn.to(self.weight.device)

    def clip_(self) -> None:
        """Bring the latent weights back into [-1, 1], outside of which they would have no gradient."""
        # .data: a layer that is used twice before its backward pass must not look changed in between
        self.weight.data.clamp_(-1.0, 1.0)

    def _prepared(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.clip_()
        return sign_ste(x) if self.inputs == "binary" else x

    def _scaled(self, z: torch.Tensor) -> torch.Tensor:
        return scaled(z, self.scale, self.weight)


class BinaryLinear(_Binary, nn.Linear):
    """A linear layer whose weights are ±1: z = scale * (s(x) @ sign(W).T) + b, with s(x) = sign(x) for binary inputs.

    ``weight`` holds the latent real weights that the optimiser moves. They start as torch's, get the gradient of
    their sign straight through, and are clipped to [-1, 1] at each forward pass in training. A batch norm behind the
    layer brings the sums, which grow as sqrt(in_features), into the range of the next sign.

    Parameters
    ----------
    in_features, out_features, bias
        As of ``torch.nn.Linear``; the bias is a digital number.
    inputs : {"binary", "real"}
        Whether the sign of the inputs is taken (gradient straight through where abs(x) <= 1) or they enter as they are
        (a first layer of grey pixels).
    scale : {"none", "fan-in", "mean"}
        Factor of the sums: 1, 1/sqrt(in_features), or the mean of abs(W) of each output (XNOR-Net).
    bit_error : float
        Probability that a weight is written as its opposite. It acts in evaluation: drawn once by :meth:`program`, or
        at first use from ``seed``. In training all weights are right.
    seed : int
        Chance of the wrong weights.

    Raises
    ------
    InputError
        A probability outside 0..1.
    UnknownNameError
        ``inputs`` or ``scale`` with another value than those above.

    References
    ----------
    I. Hubara, M. Courbariaux, D. Soudry, R. El-Yaniv, Y. Bengio, NIPS (2016), arXiv:1602.02830; M. Rastegari,
    V. Ordonez, J. Redmon, A. Farhadi, "XNOR-Net", ECCV (2016), arXiv:1603.05279 (scale "mean").

    Examples
    --------
    >>> net = torch.nn.Sequential(
    ...     BinaryLinear(784, 256, bias=False, inputs="real"), torch.nn.BatchNorm1d(256),
    ...     BinaryLinear(256, 10, bias=False), torch.nn.BatchNorm1d(10))
    >>> net(torch.zeros(2, 784)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        inputs: Inputs = "binary",
        scale: Scale = "none",
        bit_error: float = 0.0,
        seed: int = 0,
        **torch_keywords: Any,
    ) -> None:
        super().__init__(in_features, out_features, bias, **torch_keywords)
        self._settle(inputs, scale, bit_error, seed)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Sums, shape (..., out_features), of inputs (..., in_features)."""
        z = self._scaled(F.linear(self._prepared(input), self.binary_weight()))
        return z if self.bias is None else z + self.bias

    def extra_repr(self) -> str:
        """What ``print(net)`` shows of the layer."""
        return f"{super().extra_repr()}, inputs={self.inputs}, scale={self.scale}, bit_error={self.bit_error:g}"


class BinaryConv2d(_Binary, nn.Conv2d):
    """A convolution whose weights are ±1; keywords, training and errors as :class:`BinaryLinear`.

    Padded places add nothing (their cells are not selected), also where the inputs are binary.

    Parameters
    ----------
    in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode
        As of ``torch.nn.Conv2d``.
    inputs, scale, bit_error, seed
        As of :class:`BinaryLinear`; fan-in counts the weights of one output channel.

    Raises
    ------
    InputError, UnknownNameError
        As :class:`BinaryLinear`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        *arguments: Any,
        inputs: Inputs = "binary",
        scale: Scale = "none",
        bit_error: float = 0.0,
        seed: int = 0,
        **torch_keywords: Any,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, *arguments, **torch_keywords)
        self._settle(inputs, scale, bit_error, seed)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Sums, shape (samples, out_channels, height, width)."""
        z = self._scaled(self._conv_forward(self._prepared(input), self.binary_weight(), None))
        return z if self.bias is None else z + self.bias[:, None, None]

    def extra_repr(self) -> str:
        """What ``print(net)`` shows of the layer."""
        return f"{super().extra_repr()}, inputs={self.inputs}, scale={self.scale}, bit_error={self.bit_error:g}"


def scaled(z: torch.Tensor, scale: str, weight: torch.Tensor) -> torch.Tensor:
    """Sums of a binary layer times its factor; ``weight`` are the latent weights, outputs first."""
    if scale == "none":
        return z
    if scale == "fan-in":
        return z * weight[0].numel() ** -0.5
    return z * weight.abs().flatten(1).mean(1).reshape(-1, *[1] * (weight.dim() - 2))  # one factor an output channel


def check_scale(scale: str) -> None:
    """Refuse a factor that is none of the three."""
    if scale not in get_args(Scale):
        raise UnknownNameError("scale of a binary layer", str(scale), get_args(Scale))


def checked_error(probability: float, name: str) -> float:
    """A probability, or an InputError that says what it must be."""
    if isinstance(probability, bool) or not 0.0 <= probability <= 1.0:  # also true of NaN
        raise InputError(f"{name} = {probability}: give a probability from 0 to 1.")
    return float(probability)


def _make_room_for_errors(module: Any, state: dict[str, Any], prefix: str, *_rest: Any) -> None:
    """Before a state is loaded: wrong bits are in it, or there are none."""
    errors = state.get(prefix + "flipped")
    module.flipped = None if errors is None else torch.empty_like(errors, device=module.weight.device)
