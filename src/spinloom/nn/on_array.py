"""What linear and convolution layers on crossbars share: training with the device in mind, and programmed arrays."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import nn

from spinloom.crossbar import Converter, Crossbar
from spinloom.errors import InputError
from spinloom.nn.aware import Aware, root
from spinloom.nn.eager import eager
from spinloom.nn.hardware import Hardware, convert
from spinloom.units import si

_STATE = ("array_weight", "array_noise", "written")


class OnArray(nn.Module):
    """The part of a layer that knows its arrays; it stands before a torch layer in the list of bases.

    Attributes
    ----------
    array_weight, array_noise : tensor or None, shape (outputs, inputs)
        Weights as the programmed arrays apply them, with spread, faults and wires inside, and the standard deviation
        of each between two reads. None until programmed.
    written : tensor or None, shape of weight
        The digital weights that the arrays were programmed with.
    """

    weight: torch.Tensor
    array_weight: torch.Tensor | None
    array_noise: torch.Tensor | None
    written: torch.Tensor | None

    def _build(self, hardware: Hardware) -> None:
        self.hardware = hardware
        self.read, self.drive = hardware.read, hardware.drive
        self._seed, self._time, self._reach = hardware.seed, 0.0, 0.0
        self._crossbar: Crossbar | None = None
        self._generator: torch.Generator | None = None
        self._aware = Aware(hardware)
        for name in _STATE:
            self.register_buffer(name, None)
        self.register_load_state_dict_pre_hook(_make_room)

    # ---- what a kind of layer adds ------------------------------------------------------------------------------

    @abstractmethod
    def _sums(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """Sums of inputs times weights (shape of ``weight``), in the layout of the layer's output."""

    @abstractmethod
    def _sizes(self, x: torch.Tensor) -> torch.Tensor:
        """Square root of the sum of the squares of the inputs that enter each sum; broadcasts with the sums."""

    @abstractmethod
    def _rows(self, x: torch.Tensor) -> torch.Tensor:
        """Inputs as an array sees them, the last axis its rows."""

    @abstractmethod
    def _output(self, sums: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """From one column of the array on the last axis to the layout of the layer's output."""

    # ---- both modes ---------------------------------------------------------------------------------------------

    def _forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            return self._training_sums(x)
        self.settle()
        assert self.array_weight is not None
        assert self.array_noise is not None
        if self.drive is not None:
            x = convert(self.drive, x)
        noise = self.array_noise if self.hardware.device.read_noise else None
        if self.read is None:
            sums = self._sums(x, self.array_weight.view(self.weight.shape))
            if noise is None:
                return sums
            # noise of the tiles adds up to one normal number of their summed variance
            return sums + root(self._sums(x * x, (noise * noise).view(self.weight.shape))) * self._normal(sums)
        return self._output(sum(convert(self.read, part) for part in self._partial_sums(self._rows(x), noise)), x)  # type: ignore[arg-type]

    def _partial_sums(self, rows: torch.Tensor, noise: torch.Tensor | None) -> list[torch.Tensor]:
        """Of each tile along the inputs, shape (..., outputs)."""
        assert self.array_weight is not None
        sums = []
        for start in range(0, rows.shape[-1], self.hardware.tile[0]):
            tile = slice(start, start + self.hardware.tile[0])
            part = rows[..., tile]
            value = nn.functional.linear(part, self.array_weight[:, tile])
            if noise is not None:
                spread = root(nn.functional.linear(part * part, noise[:, tile] ** 2))
                value = value + spread * self._normal(value)
            sums.append(value)
        return sums

    def _training_sums(self, x: torch.Tensor) -> torch.Tensor:
        """Sums of the weights that the device could hold, with its noise.

        A weight that scatters by s adds to each sum the normal number e = sum_j n_j x_j of variance sum_j x_j^2 s_j^2.
        It is drawn in one piece, for each sample anew. Its gradient de/dx_j = e x_j s_j^2/var(e) is the mean of n_j
        among all scattered weights that give this e: weight noise and its gradients, less the part that averages out.
        """
        weight, variance, scatter = self._aware(self.weight)
        sums = self._sums(x, weight)
        if variance is not None:
            return torch.addcmul(sums, root(self._sums(x * x, variance)), self._normal(sums))
        if isinstance(scatter, float) and not scatter:
            return sums
        return torch.addcmul(sums, self._sizes(x) * scatter, self._normal(sums))

    @eager
    def _normal(self, like: torch.Tensor) -> torch.Tensor:
        if self._generator is None or self._generator.device != like.device:
            self._generator = torch.Generator(like.device).manual_seed(self._seed)
        return torch.randn(like.shape, generator=self._generator, dtype=like.dtype, device=like.device)

    def reseed(self, seed: int) -> None:
        """Start the layer's noise (of training, and of reads) anew from ``seed``."""
        self._generator = torch.Generator(self.weight.device).manual_seed(seed)

    # ---- the arrays ---------------------------------------------------------------------------------------------

    @property
    def is_programmed(self) -> bool:
        """Whether the arrays hold the layer's present weights."""
        return self.written is not None and torch.equal(self.written, self.weight)

    @eager
    def settle(self) -> None:
        """Program the arrays if they do not hold the present weights; evaluation calls it."""
        if not self.is_programmed:
            self.program(self._seed)

    @torch.inference_mode(False)  # what is programmed in inference mode serves outside of it too
    @torch.no_grad()
    def program(self, seed: int | None = None) -> Crossbar:
        """Erase the arrays and write the present weights into them.

        Parameters
        ----------
        seed : int, optional
            Chip and programming errors: the same seed gives the same devices. Without, the layer's own.

        Returns
        -------
        spinloom.crossbar.Crossbar
            Also kept as ``self.crossbar``.

        Raises
        ------
        InputError
            Weights that are NaN or all zero, a converter's range or faults that do not fit.
        """
        weight = self.weight.detach()
        self._seed, self._time = self.hardware.seed if seed is None else seed, 0.0
        self._reach = float(weight.abs().max()) if self.hardware.w_max is None else self.hardware.w_max
        self._crossbar = self._made(weight)
        self.written = weight.clone()
        self._take_over()
        return self._crossbar

    @property
    def crossbar(self) -> Crossbar:
        """The programmed arrays, with conductances, pulses, tiles and converters; programmed now if they are not."""
        self.settle()
        if self._crossbar is None:  # after a state was loaded, or a copy made: the same seed, the same arrays
            assert self.written is not None
            self._crossbar = self._made(self.written)
        self._crossbar.input_converter, self._crossbar.output_converter = self.drive, self.read  # as calibrated
        return self._crossbar

    @torch.inference_mode(False)
    def age(self, time: str | float) -> None:
        """Let a time pass since programming ("1 day", or [s]): conductances drift and decay."""
        crossbar = self.crossbar
        seconds = si(time, "time", "time")
        self._take_over(crossbar, seconds)
        self._time = seconds

    def cost(self, x: torch.Tensor | None = None) -> Any:
        """What writing and reading the arrays takes: :meth:`spinloom.crossbar.Crossbar.cost`, an xarray.Dataset.

        Parameters
        ----------
        x : tensor, optional
            Typical inputs of the layer; without, every row at full scale. A read is that of one row of inputs: one
            sample of a linear layer, one patch of a convolution.
        """
        rows = None if x is None else self._rows(x.to(self.weight)).flatten(0, -2).numpy(force=True)
        return self.crossbar.cost(rows)

    def _made(self, weight: torch.Tensor) -> Crossbar:
        matrix = weight.detach().cpu().double().numpy().reshape(weight.shape[0], -1)
        if not np.isfinite(self._reach):
            raise InputError(f"{int((~np.isfinite(matrix)).sum())} of {matrix.size} weights are NaN or infinite.")
        if self._reach == 0.0:
            raise InputError("All weights are zero, so their range cannot be read off them; give w_max.")
        return self.hardware.crossbar(matrix, self._reach, self._seed)

    def _take_over(self, crossbar: Crossbar | None = None, time: float = 0.0) -> None:
        crossbar = crossbar or self.crossbar
        self.array_weight = torch.tensor(crossbar.effective_weights(time)).to(self.weight)
        self.array_noise = torch.tensor(crossbar.noise_weights()).to(self.weight)

    @torch.no_grad()
    def calibrate(self, x: torch.Tensor, share: float = 0.999) -> None:
        """Set the ranges of the converters so that they hold a share of what these inputs give.

        Parameters
        ----------
        x : tensor
            Typical inputs of the layer. :func:`spinloom.nn.calibrate` does all layers of a network.
        share : float
            Of the inputs, and of all tiles' partial sums, within the range; the rest is cut off.

        Raises
        ------
        InputError
            Inputs that are NaN or give no range.
        """
        self.settle()
        if self.drive is not None:
            self.drive = self.drive.calibrate(_numbers(x), share)
            x = convert(self.drive, x)
        if self.read is not None:
            sums = [_numbers(part) for part in self._partial_sums(self._rows(x), None)]
            self.read = self.read.calibrate(np.concatenate(sums), share, signed=True)

    @torch.no_grad()
    def from_digital(self, layer: nn.Module) -> Any:
        """Take over the weights and the bias of a torch layer of the same shape; returns the layer itself.

        Raises
        ------
        InputError
            Another shape, or a bias where this layer has none (or the other way round).
        """
        theirs, ours = (dict(found.named_parameters(recurse=False)) for found in (layer, self))
        for name in ("weight", "bias"):
            a, b = theirs.get(name), ours.get(name)
            if (a is None) != (b is None) or (a is not None and b is not None and a.shape != b.shape):
                shapes = ["none" if value is None else str(tuple(value.shape)) for value in (a, b)]
                raise InputError(
                    f"The digital layer's {name} is {shapes[0]}, this layer's {shapes[1]}: give a layer of the same "
                    f"shape, or make one that fits with {type(self).__name__}.like(layer, synapse=...)."
                )
            if a is not None and b is not None:
                b.copy_(a)
        return self

    # ---- state --------------------------------------------------------------------------------------------------

    def get_extra_state(self) -> dict[str, Any]:
        """What the ``state_dict`` holds besides tensors: which chip, how old, and the converters' ranges."""
        ranges = {
            name: None if made is None else {"range": made.range, "levels": made.levels}
            for name, made in (("read", self.read), ("drive", self.drive))
        }
        return {"seed": self._seed, "time": self._time, "reach": self._reach, **ranges}

    def set_extra_state(self, state: dict[str, Any] | None) -> None:
        """Take over :meth:`get_extra_state`; None (a digital layer's state) changes nothing."""
        self._crossbar = None
        if state is None:
            return
        self._seed, self._time, self._reach = state["seed"], state["time"], state["reach"]
        for name in ("read", "drive"):
            made: Converter | None = getattr(self, name)
            if made is not None and state[name] is not None:
                setattr(self, name, replace(made, **state[name]))

    def __getstate__(self) -> dict[str, Any]:
        # a generator cannot be copied: the copy's noise starts from its seed. Arrays are built again when asked for.
        return {**self.__dict__, "_generator": None, "_crossbar": None}

    def extra_repr(self) -> str:
        """What ``print(net)`` shows of the layer."""
        hardware = self.hardware
        synapse = hardware.device.source or f"{hardware.device.states} states"
        parts = [super().extra_repr(), f"synapse={synapse}", f"mapping={hardware.mapping}", f"tile={hardware.tile}"]
        parts += [f"noise={hardware.noise}"] if hardware.noise else []
        parts += [f"quantise={hardware.quantise}"] if hardware.quantise != "none" else []
        return ", ".join(parts)


def _numbers(x: torch.Tensor) -> np.ndarray:
    return x.detach().cpu().double().numpy().ravel()


def _make_room(module: Any, state: dict[str, Any], prefix: str, *_rest: Any) -> None:
    """Before a state is loaded: that of programmed arrays has buffers, that of a digital layer has none."""
    for name in _STATE:
        found = state.get(prefix + name)
        setattr(module, name, None if found is None else torch.empty_like(found, device=module.weight.device))
    state.setdefault(prefix + "_extra_state", None)
