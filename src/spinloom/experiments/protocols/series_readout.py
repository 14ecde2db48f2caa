"""Binary layers on tiles of series columns, read out in many ways at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from spinloom import crossbar
from spinloom.experiments.protocols.binary_training import exact, signs_behind

if TYPE_CHECKING:
    from spinloom.nn.binary_networks import Folded

CHUNK = 1000
"""Samples at a time: the partial sums of a layer are samples x outputs x tiles numbers."""


@dataclass(frozen=True)
class Reading:
    """How the partial sums of every layer are read.

    Attributes
    ----------
    converters : sequence of Converter or None, one a layer
        None: the partial sum as it is.
    noise : float
        Standard deviation that each read adds [units of the dot product].
    trims : sequence of arrays, one a layer, shape (outputs, tiles)
        Added to each converted partial sum (what a digital calibration of each column corrects).
    layers : int or None
        How many layers are read this way; the others are exact. None: all.
    """

    converters: Sequence[crossbar.Converter | None] = ()
    noise: float = 0.0
    trims: Sequence[np.ndarray] = field(default=())

    def read(self, layer: int, partial: np.ndarray, chance: np.random.Generator) -> np.ndarray:
        """Partial sums as they come out of the converter, same shape."""
        if self.noise:
            partial = partial + self.noise * chance.standard_normal(partial.shape, dtype=np.float32)
        converter = self.converters[layer] if self.converters else None
        found = partial if converter is None else converter.convert(partial)
        return found + self.trims[layer] if self.trims else found


def partial_sums(
    column: crossbar.SeriesColumn,
    weight: np.ndarray,
    x: np.ndarray,
    junctions: tuple[np.ndarray, np.ndarray] | None = None,
) -> np.ndarray:
    """w.x of each tile by the columns' resistances (samples, outputs, tiles), not converted yet."""
    return column.dots(column.sums(weight, x, junctions), weight.shape[1])


def mapping(
    kind: str, bits: int, column: crossbar.SeriesColumn, layers: Sequence[Folded], x: np.ndarray, window: float = 0.0
) -> list[crossbar.Converter]:
    """Converters of every layer: "window" (-window..window), "full" (all a tile can give), or learned from samples x.

    "calibrated" takes the range that 99.9 % of the mean array's partial sums lie in, "nonuniform" the levels of
    smallest squared error; both see training samples alone.
    """
    found = []
    product = exact(layers)
    for n, layer in enumerate(layers):
        if kind == "window":
            found.append(crossbar.Converter(bits, window))
        elif kind == "full":
            found.append(crossbar.readout("uniform", bits, column.tile))
        else:
            partial = partial_sums(column, layer.weight, x)
            full = np.array([part.stop - part.start == column.tile for part in column.slices(layer.weight.shape[1])])
            seen = partial[..., full] if full.any() else partial
            found.append(crossbar.readout(kind, bits, column.tile, seen))  # pyright: ignore[reportArgumentType]
        x = signs_behind(layer, product(n, x))
    return found


def trims(
    column: crossbar.SeriesColumn,
    layers: Sequence[Folded],
    junctions: Sequence[tuple[np.ndarray, np.ndarray]],
    converters: Sequence[crossbar.Converter],
    x: np.ndarray,
) -> list[np.ndarray]:
    """Mean error of each column of a chip over known samples x, with its sign reversed; one array a layer."""
    found = []
    product = exact(layers)
    for n, layer in enumerate(layers):
        true = partial_sums(column, layer.weight, x)
        seen = converters[n].convert(partial_sums(column, layer.weight, x, junctions[n]))
        found.append((true - seen).mean(axis=0))
        x = signs_behind(layer, product(n, x))
    return found


def chip(column: crossbar.SeriesColumn, layers: Sequence[Folded], seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Junctions of every layer of one chip."""
    chance = np.random.default_rng(seed)
    return [column.draw((layer.weight.shape[0], layer.weight.shape[1]), chance) for layer in layers]


def accuracies(
    column: crossbar.SeriesColumn,
    layers: Sequence[Folded],
    junctions: Sequence[tuple[np.ndarray, np.ndarray] | None],
    readings: Mapping[str, Reading],
    samples: tuple[np.ndarray, np.ndarray],
    seed: int,
    on_array: int | None = None,
) -> dict[str, float]:
    """Accuracy [%] of one chip under each reading; the first layer's partial sums are formed once for all of them.

    Parameters
    ----------
    junctions : sequence, one a layer
        Of :func:`chip`; None stands for mean junctions.
    samples : (x, y)
        Inputs of ±1 and labels.
    seed : int
        Of the read noise.
    on_array : int or None
        How many layers are on the array; the others are exact. None: all.
    """
    x, y = samples
    count = len(layers) if on_array is None else on_array
    chances = {name: np.random.default_rng([seed, index]) for index, name in enumerate(readings)}
    right = dict.fromkeys(readings, 0)
    product = exact(layers)
    for start in range(0, len(y), CHUNK):
        part = slice(start, start + CHUNK)
        first = partial_sums(column, layers[0].weight, x[part], junctions[0])
        for name, reading in readings.items():
            sums = reading.read(0, first, chances[name]).sum(axis=-1)
            for n, layer in enumerate(layers[1:], start=1):
                signs = signs_behind(layers[n - 1], sums)
                if n < count:
                    partial = partial_sums(column, layer.weight, signs, junctions[n])
                    sums = reading.read(n, partial, chances[name]).sum(axis=-1)
                else:
                    sums = product(n, signs)
            outputs = layers[-1].gain * sums + layers[-1].offset
            right[name] += int((np.argmax(outputs, axis=1) == y[part]).sum())
    return {name: 100.0 * hits / len(y) for name, hits in right.items()}
