"""A large layer cut into arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True)
class Tile:
    """The part of a layer that one array (or one pair of arrays) holds: its rows are inputs, its columns outputs."""

    inputs: slice
    outputs: slice

    @property
    def rows(self) -> int:
        """Number of inputs."""
        return self.inputs.stop - self.inputs.start

    @property
    def columns(self) -> int:
        """Number of outputs."""
        return self.outputs.stop - self.outputs.start


def cut(shape: tuple[int, int], tile: tuple[int, int]) -> list[Tile]:
    """Tiles of a layer (outputs, inputs), each of at most ``tile`` = (rows, columns)."""
    outputs, inputs = shape
    return [
        Tile(slice(i, min(i + tile[0], inputs)), slice(o, min(o + tile[1], outputs)))
        for i in range(0, inputs, tile[0])
        for o in range(0, outputs, tile[1])
    ]


def lines(tiles: list[Tile], arrays: int) -> tuple[list[tuple[int, slice, slice]], list[tuple[int, slice, slice]]]:
    """Every row and every column of every array, as (array, outputs, inputs)."""
    rows, columns = [], []
    for array in range(arrays):
        for tile in tiles:
            rows += [(array, tile.outputs, slice(i, i + 1)) for i in range(tile.inputs.start, tile.inputs.stop)]
            columns += [(array, slice(o, o + 1), tile.inputs) for o in range(tile.outputs.start, tile.outputs.stop)]
    return rows, columns
