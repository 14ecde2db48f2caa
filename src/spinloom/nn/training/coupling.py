"""An offset that the device ties to the slope: what a network gets when k is set by the pulse width alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch

from spinloom.errors import InputError


@final
@dataclass(frozen=True)
class Coupling:
    """A straight line c(k) = slope k + intercept, applied to every neuron after each update.

    Attributes
    ----------
    slope : float
        [unit of c per unit of k; µA^2 where k is in 1/µA and c in µA]
    intercept : float
        [unit of c]
    """

    slope: float
    intercept: float

    def __call__(self, k: torch.Tensor) -> torch.Tensor:
        """The offset that the device gives with this k; shape of k."""
        return self.slope * k + self.intercept


def couple_linear(points: Sequence[tuple[float, float]]) -> Coupling:
    """The line through a device's (k, c) at several pulse widths, by least squares.

    Parameters
    ----------
    points : sequence of (k, c)
        At least two with different k. The published pairs are (3.27, -10.85) and (1.38, -13.29), in 1/µA and µA.

    Raises
    ------
    InputError
        Fewer than two points, NaN, or all at the same k.

    Notes
    -----
    Outside the k of its points the line is an extrapolation; bounds on k keep a network inside.

    References
    ----------
    Y. Xin, master's thesis, ShanghaiTech University (2023), sec. 3.5.1 and fig. 3.13.
    """
    table = np.asarray(points, dtype=float)
    if table.ndim != 2 or table.shape[1] != 2 or not np.isfinite(table).all() or len(np.unique(table[:, 0])) < 2:
        raise InputError(
            f"{points} does not fix a line c(k). Give at least two finite pairs (k, c) with different k, "
            "e.g. [(3.27, -10.85), (1.38, -13.29)]."
        )
    k, c = table.T
    slope = float(np.sum((k - k.mean()) * (c - c.mean())) / np.sum((k - k.mean()) ** 2))
    return Coupling(slope, float(c.mean() - slope * k.mean()))
