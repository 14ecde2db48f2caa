"""Linear and convolution layers whose weights are devices on crossbars."""

from __future__ import annotations

from typing import Any, Self, Unpack, final

import torch
import torch.nn.functional as F
from torch import nn

from spinloom.errors import InputError
from spinloom.nn.aware import root
from spinloom.nn.hardware import Hardware, HardwareKeywords
from spinloom.nn.on_array import OnArray


@final
class CrossbarLinear(OnArray, nn.Linear):
    """A ``torch.nn.Linear`` on crossbars: y = ADC(DAC(x) @ (M + read noise).T) + b.

    In training, ``weight`` is an ordinary parameter for any optimiser, seen through what the device can do: clipped to
    w_max, on the device's levels (``quantise="ste"``) and with its scatter (``noise``). In evaluation the weights are
    written into arrays at first use, and M are the weights that those arrays apply: nearest levels, spread, faults and
    wire resistance are inside. Each read adds its own noise, and each tile's partial sums pass the converter before
    they are added as numbers. The bias is a digital number in both modes.

    Weights that have changed since they were written are noticed at the next evaluation, and written again into the
    same devices (the same ``seed``) after an erase. In evaluation ``weight`` gets no gradient; the inputs do.

    Parameters
    ----------
    in_features, out_features, bias, device, dtype
        As of ``torch.nn.Linear``.
    **hardware
        ``synapse`` (required), ``wires``, ``read``, ``drive``, ``tile``, ``mapping``, ``w_max``, ``devices``,
        ``programming``, ``faults``, ``cell``, ``periphery``, ``noise``, ``quantise`` and ``seed``: see
        :class:`~spinloom.nn.hardware.Hardware`.

    Raises
    ------
    InputError
        No synapse, or a value that no array can have; in evaluation, weights that are NaN, or a converter that was
        neither given a range nor calibrated.
    UnknownNameError
        A mapping, a kind of quantisation or a parameter set that does not exist; the closest match is named.

    Notes
    -----
    ``state_dict`` holds ``weight`` and ``bias`` as torch's does, and once programmed the arrays' weights too; that of a
    plain ``torch.nn.Linear`` can be loaded. Hardware settings are not in it.

    Examples
    --------
    >>> import spinloom as sl
    >>> synapse = sl.responses.Plasticity.from_values(states=16, low="10 uS", high="100 uS", read_noise=0.01)
    >>> layer = sl.nn.CrossbarLinear(784, 100, synapse=synapse, wires="2 ohm", read=sl.crossbar.Converter(bits=8))
    >>> _ = layer.from_digital(torch.nn.Linear(784, 100)).eval()
    >>> layer.calibrate(torch.rand(100, 784))
    >>> layer(torch.rand(5, 784)).shape
    torch.Size([5, 100])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        **hardware: Unpack[HardwareKeywords],
    ) -> None:
        super().__init__(in_features, out_features, bias, device=device, dtype=dtype)
        self._build(made_hardware(hardware))

    @classmethod
    def like(cls, layer: nn.Linear, **hardware: Unpack[HardwareKeywords]) -> Self:
        """A layer of the shape, type, place, weights and bias of a digital one."""
        where = {"device": layer.weight.device, "dtype": layer.weight.dtype}
        made = cls(layer.in_features, layer.out_features, layer.bias is not None, **where, **hardware)
        return made.from_digital(layer).train(layer.training)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Outputs (..., out_features) of inputs (..., in_features)."""
        if input.shape[-1:] != (self.in_features,):
            raise InputError(f"The layer takes {self.in_features} inputs a sample, and was given {tuple(input.shape)}.")
        sums = self._forward(input)
        return sums if self.bias is None else sums + self.bias

    def _sums(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return F.linear(x, weight)

    def _sizes(self, x: torch.Tensor) -> torch.Tensor:
        return torch.linalg.vector_norm(x, dim=-1, keepdim=True)

    def _rows(self, x: torch.Tensor) -> torch.Tensor:
        return x

    def _output(self, sums: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return sums


@final
class CrossbarConv2d(OnArray, nn.Conv2d):
    """A ``torch.nn.Conv2d`` on crossbars: every patch of the image is one input of the array (im2col).

    The array has in_channels * kernel height * kernel width rows and out_channels columns. Modes, programming, state
    and ``**hardware`` are those of :class:`CrossbarLinear`.

    Parameters
    ----------
    in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode, device, dtype
        As of ``torch.nn.Conv2d``; one group only.
    **hardware
        See :class:`~spinloom.nn.hardware.Hardware`.

    Raises
    ------
    InputError, UnknownNameError
        As :class:`CrossbarLinear`; also for more than one group.

    Examples
    --------
    >>> import spinloom as sl
    >>> synapse = sl.responses.Plasticity.from_values(states=16)
    >>> sl.nn.CrossbarConv2d(1, 6, 5, padding=2, synapse=synapse).eval()(torch.zeros(3, 1, 28, 28)).shape
    torch.Size([3, 6, 28, 28])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] | str = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: Any = "zeros",
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        **hardware: Unpack[HardwareKeywords],
    ) -> None:
        if groups != 1:
            raise InputError(f"groups = {groups}: an array holds one group. Use one CrossbarConv2d for each group.")
        shape = (in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode)
        super().__init__(*shape, device=device, dtype=dtype)
        self._build(made_hardware(hardware))

    @classmethod
    def like(cls, layer: nn.Conv2d, **hardware: Unpack[HardwareKeywords]) -> Self:
        """A layer of the shape, type, place, weights and bias of a digital one."""
        names = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups")
        shape: dict[str, Any] = {name: getattr(layer, name) for name in (*names, "padding_mode")}
        shape |= {"bias": layer.bias is not None, "device": layer.weight.device, "dtype": layer.weight.dtype}
        return cls(**shape, **hardware).from_digital(layer).train(layer.training)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Outputs (samples, out_channels, height, width) of images (samples, in_channels, height, width)."""
        if input.dim() != 4 or input.shape[1] != self.in_channels:
            raise InputError(
                f"The layer takes images of shape (samples, {self.in_channels}, height, width), and was given "
                f"{tuple(input.shape)}."
            )
        sums = self._forward(input)
        return sums if self.bias is None else sums + self.bias[:, None, None]

    def _sums(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return self._conv_forward(x, weight, None)

    def _sizes(self, x: torch.Tensor) -> torch.Tensor:
        return root(self._conv_forward(x * x, torch.ones_like(self.weight[:1]), None))

    def _padded(self, x: torch.Tensor) -> torch.Tensor:
        mode = "constant" if self.padding_mode == "zeros" else self.padding_mode
        return F.pad(x, self._reversed_padding_repeated_twice, mode)

    def _rows(self, x: torch.Tensor) -> torch.Tensor:
        patches = F.unfold(self._padded(x), self.kernel_size, self.dilation, 0, self.stride)
        return patches.transpose(1, 2)  # (samples, places, rows)

    def _output(self, sums: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        height, width = (
            (size - step * (kernel - 1) - 1) // stride + 1
            for size, step, kernel, stride in zip(
                self._padded(x[:1]).shape[2:], self.dilation, self.kernel_size, self.stride, strict=True
            )
        )
        return sums.transpose(1, 2).reshape(-1, self.out_channels, height, width)


def made_hardware(keywords: HardwareKeywords) -> Hardware:
    """The settings of a layer, of which the synapse has no default."""
    if "synapse" not in keywords:
        raise InputError(
            "A layer on a crossbar needs its device: synapse=Plasticity.from_csv('lab.csv'), or the name of a "
            "parameter set."
        )
    return Hardware(**keywords)
