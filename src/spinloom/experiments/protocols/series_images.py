"""A small binary convolution network and a detection task on series columns: stand-ins for published ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from spinloom import crossbar
from spinloom.experiments.protocols.binary_training import signs_behind
from spinloom.experiments.protocols.series_readout import Reading, partial_sums

if TYPE_CHECKING:
    from spinloom.nn.binary_networks import Folded


def images(x: np.ndarray) -> np.ndarray:
    """Flat samples (samples, side^2) as images (samples, 1, side, side), each pixel doubled below 14 x 14."""
    side = round(x.shape[1] ** 0.5)
    square = x.reshape(-1, 1, side, side)
    return square if side >= 14 else square.repeat(2, axis=2).repeat(2, axis=3)


def _patches(x: np.ndarray, size: int) -> np.ndarray:
    """Windows of images (samples, channels, h, w) as rows (samples, h', w', channels size^2)."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3))
    return windows.transpose(0, 2, 3, 1, 4, 5).reshape(*windows.shape[0:1], *windows.shape[2:4], -1)


def _pooled(x: np.ndarray) -> np.ndarray:
    """Largest of each 2 x 2 places of (samples, h, w, channels); an odd last row or column is left out."""
    n, h, w, c = x.shape
    return x[:, : h // 2 * 2, : w // 2 * 2].reshape(n, h // 2, 2, w // 2, 2, c).max(axis=(2, 4))


def first_maps(layers: Sequence[Folded], x: np.ndarray) -> np.ndarray:
    """Signs behind the first convolution of grey images, which is digital: (samples, channels, h, w)."""
    sums = _patches(x, 5) @ layers[0].weight.T.astype(np.float32)
    return signs_behind(layers[0], _pooled(sums)).transpose(0, 3, 1, 2)


def convnet_scores(
    column: crossbar.SeriesColumn,
    layers: Sequence[Folded],
    junctions: Sequence[tuple[np.ndarray, np.ndarray] | None],
    reading: Reading,
    maps: np.ndarray,
    chance: np.random.Generator,
) -> np.ndarray:
    """Outputs (samples, classes) of ``binary_convnet`` from its first maps, second convolution and dense on the array.

    Layer 0 of ``junctions`` and ``reading`` is the second convolution, layer 1 the dense layer.
    """
    second, dense = layers[1], layers[2]
    rows = _patches(maps, 3)
    partial = partial_sums(column, second.weight, rows.reshape(-1, rows.shape[-1]), junctions[0])
    sums = reading.read(0, partial, chance).sum(axis=-1).reshape(*rows.shape[:3], -1)
    flat = signs_behind(second, _pooled(sums)).transpose(0, 3, 1, 2).reshape(len(maps), -1)
    outputs = reading.read(1, partial_sums(column, dense.weight, flat, junctions[1]), chance).sum(axis=-1)
    return dense.gain * outputs + dense.offset


def convnet_partials(
    column: crossbar.SeriesColumn, layers: Sequence[Folded], maps: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Partial sums of full tiles that mean junctions give in the second convolution and in the dense layer."""
    found = []
    x = _patches(maps, 3)
    rows, shape = x.reshape(-1, x.shape[-1]), x.shape[:3]
    for layer in layers[1:]:
        partial = partial_sums(column, layer.weight, rows)
        full = np.array([part.stop - part.start == column.tile for part in column.slices(rows.shape[1])])
        found.append(partial[..., full] if full.any() else partial)
        sums = partial.sum(axis=-1).reshape(*shape, -1)
        if len(found) == 1:
            rows = signs_behind(layer, _pooled(sums)).transpose(0, 3, 1, 2).reshape(len(maps), -1)
            shape = rows.shape[:1]
    return found[0], found[1]


def detection(x: np.ndarray, seed: int, blocks: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """A task of two classes from any images: whole (1), or the same with its blocks put elsewhere (0), half and half.

    Both classes have the same pixels, so that only their arrangement tells them apart.

    Parameters
    ----------
    x : array, shape (samples, side^2)
    seed : int
        Which images are cut, and the order of their blocks x blocks pieces.
    """
    chance = np.random.default_rng(seed)
    side = round(x.shape[1] ** 0.5)
    edge = side // blocks
    whole = x.reshape(-1, side, side)[:, : edge * blocks, : edge * blocks]
    pieces = whole.reshape(len(x), blocks, edge, blocks, edge).transpose(0, 1, 3, 2, 4).reshape(len(x), -1, edge, edge)
    label = (np.arange(len(x)) + chance.integers(2)) % 2
    for row in np.flatnonzero(label == 0):
        pieces[row] = pieces[row, chance.permutation(blocks * blocks)]
    back = pieces.reshape(len(x), blocks, blocks, edge, edge).transpose(0, 1, 3, 2, 4).reshape(len(x), -1)
    return np.ascontiguousarray(back), label.astype(np.int64)
