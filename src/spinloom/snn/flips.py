"""Images into spikes: one superparamagnetic junction for each pixel, and a spike for each flip that sampling sees.

A junction sampled at intervals T is a two-state chain: from a sample in state s the next one differs with the chance
p_s, so runs of equal samples have geometric lengths. Drawing these lengths gives the same law as sampling step by
step, at the cost of the flips alone.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numba import uint32, uint64

from spinloom.devices.two_state import TwoState
from spinloom.engines import launch
from spinloom.errors import InputError
from spinloom.physics import rng
from spinloom.snn.coding import spikes
from spinloom.snn.events import Events
from spinloom.units import si

draw: Any = None  # replaced by launch.bind


def chain_spikes(leave, parallel, observation, steps, seed, number, start, drawn, which, when):
    """Steps in which sampled two-state chains changed, sorted by step; returns how many (buffers hold what fits).

    ``leave`` (2, n): the chance of a sample in state 0 or 1 to be followed by the other; ``parallel`` (n,): that of
    state 1 at the beginning. ``start`` is a buffer of steps + 1 numbers, ``drawn`` one of (2, room).
    """
    low = uint32(uint64(seed) & uint64(0xFFFFFFFF))
    high = uint32(uint64(seed) >> uint64(32))
    samples, total = steps * observation, 0
    start[:] = 0
    for i in range(parallel.size):
        if max(leave[0, i], leave[1, i]) <= 0.0:
            continue
        words = draw(low, high, uint32(i), uint64(number), uint32(0))
        state = 1 if (float(words[0]) + 0.5) * 2.0**-32 < parallel[i] else 0
        up = 1.0 / math.log1p(-leave[0, i]) if 0.0 < leave[0, i] < 1.0 else 0.0
        down = 1.0 / math.log1p(-leave[1, i]) if 0.0 < leave[1, i] < 1.0 else 0.0
        sample, count, last = -1, 1, -1
        while True:
            k = count & 3
            if k == 0:
                words = draw(low, high, uint32(i), uint64(number), uint32(count >> 2))
            word = words[0] if k == 0 else words[1] if k == 1 else words[2] if k == 2 else words[3]
            count += 1
            if leave[state, i] <= 0.0:
                break
            scale = up if state == 0 else down
            sample += 1 + int(min(math.log((float(word) + 0.5) * 2.0**-32) * scale, 1e9))
            if sample >= samples:
                break
            state = 1 - state
            step = sample // observation
            if step != last:
                if total < which.size:
                    drawn[0, total], drawn[1, total] = i, step
                    start[step + 1] += 1
                total += 1
                last = step
    for step in range(steps):
        start[step + 1] += start[step]
    for e in range(min(total, which.size)):
        step = drawn[1, e]
        which[start[step]], when[start[step]] = drawn[0, e], step
        start[step] += 1
    return total


@functools.cache
def _kernel() -> Any:
    return launch.compiled(chain_spikes, {"draw": rng.draw})


@final
@dataclass(frozen=True)
class FlipCode:
    """One junction for each feature: x = 0..1 is a current from ``dark`` to ``bright``, and every flip is a spike.

    Samples are taken every ``interval``; ``observation`` of them make one step of the network, and a change between
    any two successive ones within it makes one spike. Each presentation begins in equilibrium. With ``ideal`` steps are
    independent draws from the same probability: what the junctions' memory adds is the difference.

    Attributes
    ----------
    junctions : TwoState
        One for each feature.
    dark, bright : quantity
        Currents at x = 0 and 1 [A].
    interval : quantity
        Between samples [s].
    observation, steps : int
        Samples a step, steps a presentation.
    step : quantity
        How long a step lasts for the network [s].
    ideal : bool
    seed : int

    Raises
    ------
    InputError
        Counts below 1, times not above 0.

    Examples
    --------
    >>> import spinloom as sl
    >>> junctions = sl.device("Zhang2022_mtj").two_state(784)
    >>> code = sl.snn.FlipCode(junctions, dark="-116.27 uA", bright="-16.27 uA")
    """

    junctions: TwoState
    dark: str | float
    bright: str | float
    interval: str | float = "326.5 us"
    observation: int = 10
    steps: int = 350
    step: str | float = "1 ms"
    ideal: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Read the units once and check."""
        for name, kind in (("dark", "current"), ("bright", "current"), ("interval", "time"), ("step", "time")):
            object.__setattr__(self, name, si(getattr(self, name), kind, name))
        if min(float(self.interval), float(self.step)) <= 0:
            raise InputError("interval and step must be more than 0.")
        if self.observation < 1 or self.steps < 1:
            raise InputError("observation and steps must be at least 1.")

    @property
    def inputs(self) -> int:
        """Number of junctions."""
        return self.junctions.count

    def current(self, x: np.ndarray) -> np.ndarray:
        """The current through each junction [A] for a sample (features,) in 0..1."""
        if np.shape(x) != (self.inputs,):
            raise InputError(f"This code takes {self.inputs} features, not a sample of shape {np.shape(x)}.")
        return float(self.dark) + np.asarray(x, float) * (float(self.bright) - float(self.dark))

    def _chain(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(P(0 to 1), P(1 to 0)) from sample to sample, (2, n), and P(1), (n,)."""
        inputs = self.current(x)
        leave = np.array(self.junctions.transition(inputs, float(self.interval)))
        return leave, self.junctions.probability_parallel(inputs)

    def probability(self, x: np.ndarray) -> np.ndarray:
        """P(spike in a step) of each junction, exactly: 1 - P(all its samples equal that before them)."""
        (leave_0, leave_1), parallel = self._chain(x)
        n = self.observation
        return 1.0 - parallel * (1.0 - leave_1) ** n - (1.0 - parallel) * (1.0 - leave_0) ** n

    def __call__(self, x: np.ndarray, number: int) -> Events:
        """The spikes of presentation ``number``."""
        if self.ideal:
            return spikes(self.probability(x), self.steps, float(self.step), self.seed, number)
        leave, parallel = self._chain(x)
        mean = float(self.probability(x).sum()) * self.steps
        # flips come in pairs: twice the variance of independent ones at most; beyond ten standard deviations
        room = int(mean + 15.0 * math.sqrt(mean) + 100.0)
        which, when = np.empty(room, np.int64), np.empty(room, np.int64)
        start, drawn = np.empty(self.steps + 1, np.int64), np.empty((2, room), np.int64)
        count = _kernel()(
            leave, parallel, self.observation, self.steps, np.uint64(self.seed), number, start, drawn, which, when
        )
        count = min(count, room)
        seconds = float(self.step)
        return Events((when[:count] + 1) * seconds, which[:count], self.inputs, self.steps * seconds)
