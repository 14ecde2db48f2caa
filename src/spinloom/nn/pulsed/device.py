"""A plasticity as the update loops need it: the curves as arrays, the symmetry point, the compiled kernels."""

from __future__ import annotations

import functools
from typing import Any, final

import numpy as np

from spinloom.engines import launch
from spinloom.nn.pulsed import kernels
from spinloom.nn.pulsed.kernels import Way
from spinloom.responses.plasticity import Direction, Plasticity
from spinloom.responses.shapes import Exponential, Shape, Tabulated

_FINE = 4096
"""Least number of straight lines that stand for a smooth curve: their error is below 1e-8 of its curvature."""
_STRAIGHT = 1e-8
_EMPTY, _NO_BUCKETS = np.empty(0), np.empty(0, np.int64)


@functools.cache
def kernel(name: str) -> Any:
    """A compiled loop of :mod:`spinloom.nn.pulsed.kernels`, from disk when no source has changed since."""
    return launch.compiled(getattr(kernels, name), {"draw": kernels.draw, "state_after": kernels.state_after})


def way_of(shape: Shape, pulses: int, sign: int) -> Way:
    """The arrays of one direction."""
    if isinstance(shape, Exponential):
        v = shape.v if abs(shape.v) > _STRAIGHT else 0.0
        moved = sign * np.arange(pulses + 1) / pulses
        factor = np.exp(-v * moved)
        offset = np.expm1(-v * moved) / np.expm1(-v) if v else moved
        return Way(float(pulses), v, factor, offset, _EMPTY, _EMPTY, _EMPTY, _NO_BUCKETS)
    lines = len(shape.levels) - 1 if isinstance(shape, Tabulated) else pulses * -(-_FINE // pulses)
    places = np.linspace(0.0, 1.0, lines + 1)
    curve = np.asarray(shape(places), float)
    knots = np.unique(curve)
    buckets = np.searchsorted(knots, np.linspace(0.0, 1.0, knots.size + 1), side="right") - 1
    buckets = np.append(buckets, buckets[-1])
    return Way(float(pulses), 0.0, _EMPTY, _EMPTY, knots, shape.inverse(knots), curve, buckets.astype(np.int64))


@final
class Device:
    """A synapse's mean curves and noise, ready for the update of a whole matrix.

    Parameters
    ----------
    synapse : Plasticity
        The device. Its read noise, drift and retention are no part of an update.
    """

    def __init__(self, synapse: Plasticity) -> None:
        self.synapse = synapse
        self.up = way_of(*synapse.curve("potentiation"), 1)
        self.down = way_of(*synapse.curve("depression"), -1)
        self.noise = (float(synapse.cycle_to_cycle), float(synapse.write_error))

    def step(self, state: float | np.ndarray, direction: Direction) -> np.ndarray:
        """What one pulse changes g by, from ``state``; negative for depression; mean device."""
        g = np.asarray(state, float)
        return self.synapse.after_pulses(g, np.full(g.shape, 1 if direction == "potentiation" else -1)) - g

    def drift(self, state: float | np.ndarray) -> np.ndarray:
        """Mean change of g by a pair of one potentiating and one depressing pulse, each from ``state``."""
        return self.step(state, "potentiation") + self.step(state, "depression")

    @functools.cached_property
    def symmetry_point(self) -> float:
        """The state g at which a pulse up and a pulse down are equally large.

        Pulses in random order carry a device there. It always exists, since nothing rises above 1 or falls below 0;
        where a whole range of states is symmetric it is the middle of that range, where several points attract the one
        nearest to 1/2. For exponential curves of n pulses, v up and u down,
        g = (a/(1 - e^-v) + b/(1 - e^-u)) / (a + b) with a = 1 - e^(-v/n), b = 1 - e^(u/n).
        """
        grid = np.linspace(0.0, 1.0, 2001)
        drift = np.where(np.abs(self.drift(grid)) < 1e-9, 0.0, self.drift(grid))  # 1e-9: rounding of the curves
        found = []
        above = np.flatnonzero(drift > 0)
        for i in above:
            later = drift[i + 1 :]
            if later.size == 0 or later[0] > 0:
                continue
            zeros = int(np.argmax(later != 0.0)) if (later != 0.0).any() else later.size
            if zeros:
                found.append(0.5 * (grid[i + 1] + grid[i + zeros]))
            else:
                low, high = grid[i], grid[i + 1]
                for _ in range(50):  # bisection to the last digit
                    middle = 0.5 * (low + high)
                    low, high = (middle, high) if self.drift(middle) > 0 else (low, middle)
                found.append(low)
        return float(min(found, key=lambda g: abs(g - 0.5), default=0.5))

    @functools.cached_property
    def pull(self) -> float:
        """Share of its distance from the symmetry point that a device loses by a pulse, up or down; 0: symmetric."""
        near = np.clip(self.symmetry_point + np.array([-0.01, 0.01]), 0.0, 1.0)
        low, high = self.drift(near)
        share = float(0.5 * (low - high) / (near[1] - near[0]))
        return share if share > 1e-9 else 0.0  # below: rounding

    @functools.cached_property
    def asymmetry(self) -> float:
        """Largest change of g by a pair of opposite pulses within the middle 80 % of the range, in mean steps."""
        inner = np.linspace(0.1, 0.9, 81)
        return float(np.abs(self.drift(inner)).max() * self.up.pulses)
