"""The nearest of a few uneven levels, for many numbers at once and without a search."""

from __future__ import annotations

from typing import final

import numpy as np
import torch

_MOST_BINS = 1 << 16


@final
class Grid:
    """Nearest level by a table over even bins so fine that at most one boundary between levels lies in each.

    ``torch.bucketize`` takes 40 ns a number, this takes about 2 ns and gives the same.

    Parameters
    ----------
    levels : array
        At least two, rising.
    values : array, optional
        A further number for each level, to be looked up along with it.
    """

    def __init__(self, levels: np.ndarray, values: np.ndarray | None = None) -> None:
        self.levels, self.values = levels, levels if values is None else values
        self.low, self.span = float(levels[0]), float(levels[-1] - levels[0])
        self.boundaries = 0.5 * (levels[1:] + levels[:-1])
        self.bins, bins = 0, 64
        while bins <= _MOST_BINS:
            slack = max(1e-3, 1e-6 * bins)  # of a bin: what float32 may be wrong by in finding the bin
            place = (self.boundaries - self.low) * (bins / self.span)
            edges = np.arange(bins)
            below = np.searchsorted(place, edges - slack)  # boundaries that lie below the whole bin
            inside = np.searchsorted(place, edges + 1 + slack) - below
            if inside.max() <= 1:
                self.bins, self._below = bins, below
                self._edge = np.where(inside > 0, np.append(place, np.inf)[below], np.inf)
                break
            bins *= 2
        self._tables: dict[tuple[torch.dtype, torch.device], tuple[torch.Tensor, ...]] = {}

    def _on(self, like: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Boundary of each bin, then levels and values below and above each; without bins, all as they are."""
        key = (like.dtype, like.device)
        if key not in self._tables:
            columns = (self.boundaries, self.levels, self.values)
            if self.bins:
                both = np.stack([self._below, np.minimum(self._below + 1, len(self.levels) - 1)], axis=1).ravel()
                columns = (self._edge, self.levels[both], self.values[both])
            self._tables[key] = tuple(torch.as_tensor(column).to(like) for column in columns)
        return self._tables[key]

    def _index(self, share: torch.Tensor, factor: float | torch.Tensor, edge: torch.Tensor) -> torch.Tensor:
        """Flat places in the tables of the levels nearest to share * factor."""
        if not self.bins:
            return torch.bucketize((share * factor).reshape(-1), edge)
        place = (share * (factor * (self.bins / self.span))).sub_(self.low * self.bins / self.span)
        place = place.clamp_(0, self.bins).reshape(-1)
        cell = place.to(torch.int32).clamp_(0, self.bins - 1)  # NaN has become some whole number
        # index_select is four times as fast as indexing
        return cell.mul(2).add_(place > edge.index_select(0, cell))

    def nearest(self, weight: torch.Tensor, reach: float | torch.Tensor = 1.0) -> torch.Tensor:
        """Nearest of levels times reach, in the shape and type of ``weight`` (float32 or float64); NaN gives some."""
        edge, levels, _ = self._on(weight)
        index = self._index(weight, 1.0 / reach, edge)
        return (levels * reach).index_select(0, index).view(weight.shape)

    def nearest_and_value(
        self, weight: torch.Tensor, reach: float | torch.Tensor, factor: float | torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """As :meth:`nearest`, and each level's value times a factor."""
        edge, levels, values = self._on(weight)
        index = self._index(weight, 1.0 / reach, edge)
        found = ((levels * reach).index_select(0, index), (values * factor).index_select(0, index))
        return found[0].view(weight.shape), found[1].view(weight.shape)
