"""Which units of the visible layer are held, and at what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np

from spinloom.errors import InputError


@final
@dataclass(frozen=True, eq=False)
class Clamp:
    """Held units of a visible layer.

    Attributes
    ----------
    held : np.ndarray of bool, shape (visible,)
    values : np.ndarray of float32, shape (chains, visible)
        0 or 1 where held, 0 elsewhere; one row serves any number of chains.
    """

    held: np.ndarray
    values: np.ndarray

    @property
    def free(self) -> int:
        """Units that are drawn."""
        return int((~self.held).sum())


def binary(x: Any, width: int, what: str, free: bool = False) -> np.ndarray:
    """Rows of 0 and 1, shape (rows, width), float32; with ``free`` also NaN.

    Raises
    ------
    InputError
        Another width, no rows, NaN or infinity, or values between.
    """
    rows = np.atleast_2d(np.asarray(x, dtype=np.float32))
    if rows.ndim != 2 or rows.shape[1] != width or not len(rows):
        raise InputError(f"{what} of shape {np.shape(x)} do not fit: give ({width},) or (rows, {width}).")
    open_ = np.isnan(rows)
    if open_.any() and not free:
        raise InputError(
            f"{what} hold NaN, first in row {int(np.flatnonzero(open_.any(axis=1))[0])}: every unit is 0 or 1."
        )
    wrong = ~open_ & (rows != 0) & (rows != 1)
    if wrong.any():
        raise InputError(
            f"{what} hold {rows[wrong][0]:g}: a unit is 0 or 1. Binarise first, e.g. (x > 0.5); draw grey values as "
            "probabilities yourself if that is meant."
        )
    return rows


class Shape(NamedTuple):
    """Of a visible layer: inputs first, then ``label_units`` units for each of ``labels`` labels."""

    inputs: int
    labels: int
    label_units: int = 1

    @property
    def visible(self) -> int:
        """All units of the layer."""
        return self.inputs + self.labels * self.label_units


def held_units(
    shape: Shape, x: Any = None, label: Any = None, units: Iterable[tuple[int, float]] | None = None
) -> Clamp:
    """A clamp from held inputs, a held label and single held units; they may overlap where they agree.

    Parameters
    ----------
    shape : Shape
        Of the layer.
    x : array, shape (inputs,) or (chains, inputs), optional
        0 or 1; NaN is free, at the same places in every row.
    label : int or array of int, shape (chains,), optional
        Its units are held at 1 and those of the other labels at 0.
    units : pairs (unit, 0 or 1), optional
        Counted over inputs and label units.

    Raises
    ------
    InputError
        What contradicts itself, is out of range, is no 0 or 1, or differs in its free places from row to row.
    """
    parts: list[np.ndarray] = []
    if x is not None:
        rows = binary(x, shape.inputs, "The held inputs", free=True)
        if (np.isnan(rows) != np.isnan(rows[0])).any():
            raise InputError(
                "The held inputs are free (NaN) at other places in some rows. Clamp such rows on their own."
            )
        open_ = np.full((len(rows), shape.visible - shape.inputs), np.nan, np.float32)
        parts.append(np.hstack([rows, open_]))
    if label is not None:
        parts.append(_one_hot(shape, label))
    if units is not None:
        parts.append(_single(shape.visible, units))
    chains = {len(part) for part in parts if len(part) > 1}
    if len(chains) > 1:
        raise InputError(
            f"The clamps are for {' and '.join(map(str, sorted(chains)))} chains: give one number of them."
        )
    values = np.full((max(chains, default=1), shape.visible), np.nan, dtype=np.float32)
    for part in parts:
        clash = ~np.isnan(values) & ~np.isnan(part) & (values != part)
        if clash.any():
            row, unit = (int(i) for i in np.argwhere(clash)[0])
            raise InputError(
                f"The clamps contradict each other: unit {unit} would be both 0 and 1 (chain {row}). Hold it once."
            )
        values = np.where(np.isnan(part), values, part)
    held = ~np.isnan(values[0])
    return Clamp(held, np.where(held, values, np.float32(0.0)))


def _one_hot(shape: Shape, label: Any) -> np.ndarray:
    wanted = np.atleast_1d(np.asarray(label))
    if not shape.labels:
        raise InputError("This machine has no label units: make it with labels = the number of classes.")
    whole = wanted.ndim == 1 and wanted.size and wanted.dtype.kind in "iu"
    if not whole or wanted.min() < 0 or wanted.max() >= shape.labels:
        raise InputError(f"label = {label}: give whole numbers from 0 to {shape.labels - 1}, one or one a chain.")
    rows = np.full((len(wanted), shape.visible), np.nan, dtype=np.float32)
    rows[:, shape.inputs :] = np.repeat(wanted[:, None] == np.arange(shape.labels), shape.label_units, axis=1)
    return rows


def _single(visible: int, units: Iterable[tuple[int, float]]) -> np.ndarray:
    row = np.full((1, visible), np.nan, dtype=np.float32)
    for unit, value in units:
        if isinstance(unit, bool) or not isinstance(unit, int | np.integer) or not 0 <= unit < visible:
            raise InputError(f"There is no unit {unit!r}: they count from 0 to {visible - 1}.")
        if value not in (0, 1):
            raise InputError(f"Unit {unit} cannot be held at {value!r}: 0 or 1.")
        if not np.isnan(row[0, unit]) and row[0, unit] != value:
            raise InputError(f"The clamps contradict each other: unit {unit} would be both 0 and 1. Hold it once.")
        row[0, unit] = value
    return row
