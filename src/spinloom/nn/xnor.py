"""A binary layer on cells of two junctions each, read by counting or by summing resistances."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, Self, final, get_args

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from spinloom.crossbar import Converter
from spinloom.crossbar.series import SeriesColumn
from spinloom.errors import InputError, UnknownNameError
from spinloom.nn.binary import Scale, check_scale, checked_error, scaled, sign_ste
from spinloom.nn.eager import eager
from spinloom.nn.hardware import convert

Read = Literal["popcount", "resistance"]
_STATE = ("array_weight", "array_offset", "written")


@final
class XnorLinear(nn.Linear):
    """A linear layer of ±1 weights and inputs on XNOR cells of two junctions: z = scale * sum_i xnor(w_i, s(x_i)) + b.

    A cell holds w = ±1 as two opposite bits; x = +1 reads the first and x = -1 the second, which tells whether w and x
    agree. "popcount" reads every cell as a bit and counts, so that only bits written wrongly matter. "resistance" puts
    up to ``column.tile`` selected junctions in series, and reads their summed resistance through ``converter``: each
    tile's sum stands for its dot product, and spread between junctions and read noise enter.

    In training the layer is that of exact signs, with straight-through gradients, like
    :class:`~spinloom.nn.binary.BinaryLinear`; junctions act in evaluation. Changed signs are noticed and written at the
    next evaluation into the same junctions (the same ``seed``).

    Parameters
    ----------
    in_features, out_features, bias
        As of ``torch.nn.Linear``; the bias is a digital number.
    read : {"popcount", "resistance"}
    column : SeriesColumn, optional
        Junctions and length of a column, for "resistance".
    converter : Converter, optional
        Of each tile's dot product, -tile..tile; none: read exactly. See :func:`spinloom.crossbar.series.readout`.
    write_error : float
        Probability that a junction holds the opposite of what was written. One of a pair wrong spoils the cell for
        inputs of one sign only.
    scale : {"none", "fan-in", "mean"}
        As of BinaryLinear.
    seed : int
        Of junctions, wrong bits and read noise.

    Raises
    ------
    InputError
        "resistance" without a column, a column or converter with "popcount", a probability outside 0..1; in
        evaluation, a converter that was neither given a range nor calibrated.
    UnknownNameError
        Another way to read or to scale than those above.

    References
    ----------
    S. Jung et al., Nature 601, 211 (2022), doi:10.1038/s41586-021-04196-6 (resistance summation).

    Examples
    --------
    >>> column = SeriesColumn("13 kohm", "26 kohm", spread_low="1.6 kohm", spread_high="2 kohm")
    >>> layer = XnorLinear(784, 10, read="resistance", column=column, converter=Converter(4))
    >>> layer.calibrate(torch.randn(50, 784))
    >>> layer.eval()(torch.randn(3, 784)).shape
    torch.Size([3, 10])
    """

    array_weight: torch.Tensor | None
    array_offset: torch.Tensor | None
    written: torch.Tensor | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        read: Read = "popcount",
        column: SeriesColumn | None = None,
        converter: Converter | None = None,
        write_error: float = 0.0,
        scale: Scale = "none",
        seed: int = 0,
        **torch_keywords: Any,
    ) -> None:
        super().__init__(in_features, out_features, bias, **torch_keywords)
        if read not in get_args(Read):
            raise UnknownNameError("read-out of XNOR cells", str(read), get_args(Read))
        check_scale(scale)
        if read == "popcount" and (column is not None or converter is not None):
            raise InputError("A popcount needs no column and no converter: leave them out, or say read='resistance'.")
        if read == "resistance" and column is None:
            raise InputError("read='resistance' needs its junctions, e.g. column=SeriesColumn('13 kohm', '26 kohm').")
        self.column, self.converter, self.scale, self.seed = column, converter, scale, seed
        self.write_error = checked_error(write_error, "write_error")
        self._generator: torch.Generator | None = None
        for name in _STATE:
            self.register_buffer(name, None, persistent=False)  # they follow from weights and seed
        self.register_load_state_dict_pre_hook(_forget_arrays)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Sums, shape (..., out_features), of inputs (..., in_features), of which the signs are taken."""
        if self.training:
            # .data: a layer that is used twice before its backward pass must not look changed in between
            self.weight.data.clamp_(-1.0, 1.0)
            z = F.linear(sign_ste(input), sign_ste(self.weight))
        else:
            z = self._read_out(self._dots(sign_ste(input), noisy=True))
        z = scaled(z, self.scale, self.weight)
        return z if self.bias is None else z + self.bias

    # ---- the junctions ------------------------------------------------------------------------------------------

    @torch.inference_mode(False)  # what is programmed in inference mode serves outside of it too
    def program(self, seed: int | None = None) -> Self:
        """Write the present signs into junctions drawn from a seed (of a chip), or the layer's own; gives the layer."""
        self.seed = self.seed if seed is None else seed
        signs = self.weight.detach() >= 0
        spread, errors = (np.random.default_rng([self.seed, stream]) for stream in range(2))
        shape = (self.out_features, self.in_features)
        wanted = np.stack([signs.cpu().numpy(), ~signs.cpu().numpy()], axis=-1)  # True: parallel
        held = wanted ^ (errors.random(wanted.shape) < self.write_error)
        if self.column is None:
            value = np.where(held, 1.0, -1.0)  # what x selects: agreement counts 1, else -1
            slices = [slice(0, self.in_features)]
        else:
            low, high = self.column.draw(shape, spread)
            extra = float(self.column.transistor)
            middle = 0.5 * (float(self.column.r_low) + float(self.column.r_high)) + extra
            half = 0.5 * (float(self.column.r_high) - float(self.column.r_low))
            value = (middle - np.where(held, low, high) - extra) / half
            slices = self.column.slices(self.in_features)
        # x = +1 reads value[..., 0], x = -1 value[..., 1]: linear in x, with an offset where the two do not mirror
        weight, offset = 0.5 * (value[..., 0] - value[..., 1]), 0.5 * (value[..., 0] + value[..., 1])
        self.array_weight = torch.as_tensor(weight).to(self.weight)
        self.array_offset = torch.as_tensor(np.stack([offset[:, s].sum(1) for s in slices])).to(self.weight)
        self.written = signs
        return self

    @property
    def is_programmed(self) -> bool:
        """Whether the junctions hold the present signs."""
        return self.written is not None and torch.equal(self.written, self.weight >= 0)

    @eager
    def settle(self) -> None:
        """Write the junctions if they do not hold the present signs; evaluation calls it."""
        if not self.is_programmed:
            self.program()

    def _dots(self, signs: torch.Tensor, noisy: bool) -> list[torch.Tensor]:
        """Each tile's dot product as its cells show it, shape (..., outputs)."""
        self.settle()
        assert self.array_weight is not None
        assert self.array_offset is not None
        column = self.column
        slices = [slice(0, self.in_features)] if column is None else column.slices(self.in_features)
        found = []
        for part, offset in zip(slices, self.array_offset, strict=True):
            dot = F.linear(signs[..., part], self.array_weight[:, part], offset)
            if noisy and column is not None and column.read_noise:
                low, high = (
                    float(column.r_low) + float(column.transistor),
                    float(column.r_high) + float(column.transistor),
                )
                # resistance of the column over half the step of one cell: the noise is relative to it
                total = (part.stop - part.start) * (high + low) / (high - low) - dot
                dot = dot + column.read_noise * total * self._normal(dot)
            found.append(dot)
        return found

    def _read_out(self, dots: list[torch.Tensor]) -> torch.Tensor:
        read = dots if self.converter is None else [convert(self.converter, dot) for dot in dots]
        return torch.stack(read).sum(0)

    @eager
    def _normal(self, like: torch.Tensor) -> torch.Tensor:
        if self._generator is None or self._generator.device != like.device:
            self._generator = torch.Generator(like.device).manual_seed(self.seed)
        return torch.randn(like.shape, generator=self._generator, dtype=like.dtype, device=like.device)

    def reseed(self, seed: int) -> None:
        """Start the read noise anew from ``seed``."""
        self._generator = torch.Generator(self.weight.device).manual_seed(seed)

    @torch.no_grad()
    def calibrate(self, x: torch.Tensor, share: float = 0.999) -> None:
        """Set the converter's range (or levels) to what the tiles give for typical inputs; a ``share`` is held."""
        if self.converter is not None:
            dots = self._dots(sign_ste(x), noisy=False)
            samples = np.concatenate([dot.cpu().double().numpy().ravel() for dot in dots])
            self.converter = self.converter.calibrate(samples, share, signed=True)

    # ---- state --------------------------------------------------------------------------------------------------

    def get_extra_state(self) -> dict[str, Any]:
        """Which chip, and the converter's range."""
        made = self.converter
        return {"seed": self.seed, "converter": None if made is None else {"range": made.range, "levels": made.levels}}

    def set_extra_state(self, state: dict[str, Any] | None) -> None:
        """Take over :meth:`get_extra_state`; None (another layer's state) changes nothing."""
        if state is not None:
            self.seed = state["seed"]
            if self.converter is not None and state["converter"] is not None:
                self.converter = replace(self.converter, **state["converter"])

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_generator": None}  # a generator cannot be copied; the copy starts from its seed

    def extra_repr(self) -> str:
        """What ``print(net)`` shows of the layer."""
        read = "popcount" if self.column is None else f"resistance, tile={self.column.tile}"
        return f"{super().extra_repr()}, read={read}, write_error={self.write_error:g}, scale={self.scale}"


def _forget_arrays(module: Any, state: dict[str, Any], prefix: str, *_rest: Any) -> None:
    """Before a state is loaded: junctions follow from it, a layer without them has no extra state."""
    module.written = None
    state.setdefault(prefix + "_extra_state", None)
