"""Several devices in one synapse, and pairs of devices for signed weights."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from spinloom.errors import InputError, UnknownNameError
from spinloom.responses.shapes import Direction, Shape, Tabulated

if TYPE_CHECKING:
    from spinloom.responses.plasticity import Plasticity

Coding = Literal["sum", "paper"]
Order = Literal["in turn", "one after another"]


def combine(one: Plasticity, devices: int, coding: Coding = "sum", order: Order = "in turn") -> Plasticity:
    """n equal devices in parallel, written one device a pulse, as one synapse.

    With i levels a device has i - 1 steps, and the sum of n of them n (i - 1) + 1 levels. ``paper`` counts n i levels
    on one device's curve, as Xin 2023, section 4.2, does (16 devices of 18 states: 288 instead of the sum's 273).

    Parameters
    ----------
    one : Plasticity
        The device.
    devices : int
        n, at least 1.
    coding : {"sum", "paper"}
    order : {"in turn", "one after another"}
        Pulse k goes to device k modulo n, so that all stand within one pulse of each other, or the first device is
        filled before the second is begun. "paper" knows no order.

    Returns
    -------
    Plasticity
        Conductances are n times one device's. A pulse still goes to one device: its energy, time and error are one
        device's, and its spread relative to the larger range is 1/n of it, so that a way from end to end, of n times as
        many pulses, scatters 1/sqrt(n) as much. Read noise and spread between devices are relative to the conductance
        and fall as 1/sqrt(n): exact where the devices stand at equal conductance (always in turn, to one pulse; at both
        ends otherwise).

    Raises
    ------
    InputError
        Fewer than one device, or an order with "paper".
    """
    if isinstance(devices, bool) or not isinstance(devices, int | np.integer) or devices < 1:
        raise InputError(f"{devices} devices cannot be one synapse: give a whole number of at least 1.")
    if coding not in get_args(Coding):
        raise UnknownNameError("coding of several devices", str(coding), get_args(Coding))
    if order not in get_args(Order):
        raise UnknownNameError("order of writing several devices", str(order), get_args(Order))
    if coding == "paper" and order != "in turn":
        raise InputError(f"coding 'paper' counts levels and knows no order: leave order='{order}' away.")
    n = int(devices)
    if n == 1:
        return one
    steps = {way: one.curve(way)[1] for way in get_args(Direction)}
    if coding == "paper":
        shapes = {way: one.curve(way)[0] for way in get_args(Direction)}
        counts = {way: n * (steps[way] + 1) for way in get_args(Direction)}
    else:
        shapes = {way: _summed(one.levels(way), n, order) for way in get_args(Direction)}
        counts = {way: n * steps[way] + 1 for way in get_args(Direction)}
    root = math.sqrt(n)
    return one.replace(
        potentiation=shapes["potentiation"],
        depression=shapes["depression"],
        states=counts["potentiation"],
        depression_states=counts["depression"],
        low=n * one.low,
        high=n * one.high,
        cycle_to_cycle=one.cycle_to_cycle / n,
        device_to_device=one.device_to_device / root,
        read_noise=one.read_noise / root,
        source=f"{n} x {one.source}" if one.source else f"{n} devices",
    )


def _summed(levels: np.ndarray, n: int, order: Order) -> Shape:
    """The sum's curve, from one device's levels g of shape (i,)."""
    if order == "in turn":  # between two levels of all devices the sum moves by single devices: a straight line
        return Tabulated(tuple(levels))
    filled = [(k + levels[:-1]) / n for k in range(n)]
    return Tabulated(tuple(np.append(np.concatenate(filled), 1.0)))


def pair_levels(one: Plasticity, direction: Direction = "potentiation", *, one_sided: bool = True) -> np.ndarray:
    """Levels of g+ - g-, from -1 to 1, that a differential pair of two such devices can hold.

    Parameters
    ----------
    one : Plasticity
        Each of the two devices.
    direction : {"potentiation", "depression"}
        Whose levels.
    one_sided : bool
        One device of the pair rests at the bottom, which gives 2 i - 1 levels; otherwise all differences count (up to
        i (i - 1) + 1 of them; equal ones, to 1e-12, are one).

    Returns
    -------
    numpy.ndarray
        Rising, symmetric about 0.
    """
    g = one.levels(direction)
    if one_sided:
        return np.concatenate([-g[:0:-1], g])
    half = np.sort((g[:, None] - g[None, :]).ravel())
    half = half[half > 1e-12]
    half = half[np.append(True, np.diff(half) > 1e-12)]
    return np.concatenate([-half[::-1], [0.0], half])
