"""What a layer on a crossbar is made of: the device, its arrays, their converters and what training knows of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypedDict, final, get_args

import numpy as np
import torch

from spinloom.crossbar import Cell, Converter, Crossbar, Faults, Periphery, Programming, Wires
from spinloom.errors import InputError, UnknownNameError
from spinloom.nn.quantise import MAPPINGS, as_synapse, levels_of
from spinloom.responses.plasticity import Plasticity

Quantise = Literal["none", "ste"]


class HardwareKeywords(TypedDict, total=False):
    """Keywords of a layer on a crossbar; :class:`Hardware` says what each of them is."""

    synapse: Plasticity | str
    wires: Wires | str | float | None
    read: Converter | None
    drive: Converter | None
    tile: tuple[int, int]
    mapping: Literal["differential", "offset"]
    w_max: float | None
    devices: int
    programming: Programming | None
    faults: Faults | None
    cell: Cell | None
    periphery: Periphery | None
    noise: float | Literal["device"]
    quantise: Quantise
    seed: int


@final
@dataclass(frozen=True)
class Hardware:
    """The arrays under a layer.

    Attributes
    ----------
    synapse : Plasticity or str
        The device at each crossing, or the name of its parameter set.
    wires : Wires, str, float or None
        "2 ohm" a segment; None: ideal wires.
    read, drive : Converter or None
        Of each tile's partial sums (ADC) and of the inputs (DAC); None: as exact numbers.
    tile : (int, int)
        Largest rows (inputs) and columns (outputs) of one array.
    mapping : {"differential", "offset"}
        See :class:`spinloom.crossbar.Mapping`.
    w_max : float or None
        Weight at the end of the device's range, beyond which weights are clipped. None: the largest weight of the
        layer at the moment.
    devices : int
        Devices in parallel at one crossing.
    programming : Programming or None
        How the arrays are written; open-loop from the low end unless given.
    faults : Faults or None
    cell : Cell or None
    periphery : Periphery or None
        Of the circuits around, for the cost.
    noise : float or "device"
        Standard deviation of the weights in training as a share of w_max, or that which the device itself has: its
        read noise, its spread between devices and what its pulses scatter.
    quantise : {"none", "ste"}
        Whether training sees the device's levels, with the gradient passed straight through.
    seed : int
        Of spread, faults, programming and noise. Layers of one network need seeds of their own to be independent.

    Raises
    ------
    InputError, UnknownNameError
        A value that is none of those above; the message says which are allowed.
    """

    synapse: Plasticity | str
    wires: Wires | str | float | None = None
    read: Converter | None = None
    drive: Converter | None = None
    tile: tuple[int, int] = (128, 128)
    mapping: Literal["differential", "offset"] = "differential"
    w_max: float | None = None
    devices: int = 1
    programming: Programming | None = None
    faults: Faults | None = None
    cell: Cell | None = None
    periphery: Periphery | None = None
    noise: float | Literal["device"] = 0.0
    quantise: Quantise = "none"
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what can be no array, before anything is programmed."""
        object.__setattr__(self, "synapse", as_synapse(self.synapse))
        object.__setattr__(self, "wires", Wires.of(self.wires))
        if self.mapping not in MAPPINGS:
            raise UnknownNameError("mapping of weights", str(self.mapping), MAPPINGS)
        if self.quantise not in get_args(Quantise):
            raise UnknownNameError("quantisation in training", str(self.quantise), get_args(Quantise))
        for name in ("read", "drive"):
            if not isinstance(getattr(self, name), Converter | None):
                raise InputError(
                    f"{name} = {getattr(self, name)!r}: give a Converter, e.g. Converter(bits=8), or None."
                )
        if not isinstance(self.tile, tuple | list) or len(self.tile) != 2 or not all(map(_whole, self.tile)):
            raise InputError(
                f"tile = {self.tile}: give rows and columns of an array, e.g. (128, 128), each at least 1."
            )
        if not _whole(self.devices):
            raise InputError(f"devices = {self.devices}: a synapse has at least one device, as a whole number.")
        if self.w_max is not None and not 0.0 < self.w_max < math.inf:
            raise InputError(f"w_max = {self.w_max}: the largest weight must be a finite number above 0.")
        if isinstance(self.noise, str):
            if self.noise != "device":
                raise UnknownNameError("noise in training", self.noise, ("device",), "Or give a share of w_max.")
        elif isinstance(self.noise, bool) or not 0.0 <= self.noise < math.inf:
            raise InputError(f"noise = {self.noise}: give a share of w_max of 0 or more, e.g. 0.02, or 'device'.")

    @property
    def device(self) -> Plasticity:
        """The synapse, whatever it was given as."""
        assert isinstance(self.synapse, Plasticity)
        return self.synapse

    def crossbar(self, weights: np.ndarray, w_max: float, seed: int) -> Crossbar:
        """Arrays that hold these weights (outputs, inputs), programmed."""
        return Crossbar(
            np.clip(weights, -w_max, w_max),  # NaN passes, and is refused there
            self.device,
            mapping=self.mapping,
            w_max=w_max,
            tile=self.tile,
            wires=self.wires,
            programming=self.programming,
            faults=self.faults,
            cell=self.cell,
            periphery=self.periphery,
            input_converter=self.drive,
            output_converter=self.read,
            devices=self.devices,
            seed=seed,
        )

    def levels(self) -> np.ndarray:
        """Weights that training may take, as shares of w_max."""
        return levels_of(self.device, self.mapping, self.devices)

    def weight_variance(self, share: np.ndarray) -> np.ndarray:
        """Variance of weights w as a share of w_max^2, from w/w_max in -1..1.

        Each of the devices that store w has the conductance G and scatters by r G, with r^2 = read_noise^2 +
        exp(device_to_device^2) - 1 (the variance of a log-normal factor of mean 1), and by cycle_to_cycle sqrt(p) of
        its range after p pulses from the low end. Variances of independent devices add.
        """
        device, cell = self.device, self.cell or Cell()
        total = np.abs(share) if self.mapping == "differential" else 0.5 * (share + 1.0)
        states = np.clip(self.devices * total - np.arange(self.devices)[:, None], 0.0, 1.0)
        if self.mapping == "differential":
            states = np.concatenate([states, np.zeros_like(states)])  # the other device of the pair
        low, high = cell.conductance(np.array([device.low, device.high]))
        relative = device.read_noise**2 + math.expm1(device.device_to_device**2)
        scattered = relative * (cell.conductance(device.to_conductance(states)) / (high - low)) ** 2
        shape, pulses = device.curve("potentiation")
        scattered += device.cycle_to_cycle**2 * pulses * shape.inverse(states)
        reach = 1.0 if self.mapping == "differential" else 2.0
        return (reach / self.devices) ** 2 * scattered.sum(axis=0)


def convert(converter: Converter, values: torch.Tensor) -> torch.Tensor:
    """The nearest level of each value, as :meth:`spinloom.crossbar.Converter.convert` but in torch."""
    low, high = converter.bounds
    if converter.mode == "nonuniform":
        levels = torch.as_tensor(converter.levels, dtype=values.dtype, device=values.device)
        return levels[torch.bucketize(values, 0.5 * (levels[1:] + levels[:-1]))]
    origin = low if isinstance(converter.range, tuple) else 0.0
    steps = ((values.clamp(low, high) - origin) / converter.step).round()
    return origin + steps * converter.step


def _whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and int(value) >= 1
