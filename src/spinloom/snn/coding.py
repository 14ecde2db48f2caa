"""Values into spikes: Poisson sources, pulsed junctions, and rows of junctions whose flips are seen by sampling."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, final

import numpy as np
from numba import uint32, uint64

from spinloom.devices.two_state import TwoState
from spinloom.engines import launch
from spinloom.errors import InputError
from spinloom.physics import rng
from spinloom.snn.events import Events
from spinloom.snn.population import Population
from spinloom.units import si

if TYPE_CHECKING:
    from spinloom.responses import Bernoulli

draw: Any = None  # replaced by launch.bind
_OWN = np.uint64(0xC0DE << 48)
"""Mixed into the seed: a code and the stochastic synapses behind it may be given the same one."""


class Code(Protocol):
    """``code(x, number) -> Events``: a sample (features,) in 0..1, and the number of its presentation for chance."""

    @property
    def inputs(self) -> int:
        """Number of spike sources."""
        ...

    def __call__(self, x: np.ndarray, number: int) -> Events:
        """The spikes of one presentation."""
        ...


def bernoulli_spikes(probability, steps, seed, number, start, which, when):
    """Spikes of independent sources step by step, sorted by step; returns how many (the buffers hold what fits).

    Each source jumps from spike to spike by geometric waiting times, so the cost is that of the spikes. ``start`` is a
    buffer of steps + 1 numbers.
    """
    low = uint32(uint64(seed) & uint64(0xFFFFFFFF))
    high = uint32(uint64(seed) >> uint64(32))
    for sorting in range(2):  # first to count the spikes of each step, then to put them into their places
        if sorting == 0:
            start[:] = 0
        for i in range(probability.size):
            p = probability[i]
            if p <= 0.0:
                continue
            scale = 1.0 / math.log1p(-p) if p < 1.0 else 0.0
            step, count = -1, 0
            words = draw(low, high, uint32(i), uint64(number), uint32(0))
            while True:
                k = count & 3
                if count > 0 and k == 0:
                    words = draw(low, high, uint32(i), uint64(number), uint32(count >> 2))
                word = words[0] if k == 0 else words[1] if k == 1 else words[2] if k == 2 else words[3]
                count += 1
                step += 1 + int(min(math.log((float(word) + 0.5) * 2.0**-32) * scale, 1e9))
                if step >= steps:
                    break
                if sorting == 0:
                    start[step + 1] += 1
                elif start[step] < which.size:
                    which[start[step]], when[start[step]] = i, step
                    start[step] += 1
        if sorting == 0:
            for step in range(steps):
                start[step + 1] += start[step]
    return start[steps - 1]


@functools.cache
def _kernel() -> Any:
    return launch.compiled(bernoulli_spikes, {"draw": rng.draw})


def spikes(probability: np.ndarray, steps: int, step: float, seed: int, number: int) -> Events:
    """Independent sources that spike in each step with a probability (n,); times at the ends of steps [s].

    The same numbers for the same (seed, number), whatever else is computed.
    """
    p = np.ascontiguousarray(probability, float)
    if not (np.isfinite(p).all() and p.min(initial=0.0) >= 0 and p.max(initial=0.0) <= 1):
        raise InputError("Spike probabilities lie between 0 and 1.")
    mean = float(p.sum()) * steps
    room = int(mean + 10.0 * math.sqrt(mean) + 100.0)  # beyond ten standard deviations
    which, when, start = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(steps + 1, np.int64)
    count = _kernel()(p, steps, np.uint64(seed) ^ _OWN, number, start, which, when)
    return Events((when[:count] + 1) * step, which[:count], p.size, steps * step)


@final
@dataclass(frozen=True)
class PoissonCode:
    """Each feature drives a Poisson source of rate x ``rate``, seen in steps: at most one spike a step.

    Attributes
    ----------
    inputs : int
    rate : quantity
        At x = 1 [Hz].
    duration, step : quantity
        Of a presentation and of its steps [s].
    seed : int
    """

    inputs: int
    rate: str | float = "63.75 Hz"
    duration: str | float = "350 ms"
    step: str | float = "1 ms"
    seed: int = 0

    def __post_init__(self) -> None:
        """Read the units once."""
        for name, kind in (("rate", "frequency"), ("duration", "time"), ("step", "time")):
            object.__setattr__(self, name, si(getattr(self, name), kind, name))
            if not float(getattr(self, name)) > 0:
                raise InputError(f"{name} must be more than 0.")

    def __call__(self, x: np.ndarray, number: int) -> Events:
        """The spikes of presentation ``number``."""
        step = float(self.step)
        chance = -np.expm1(-np.asarray(x, float) * float(self.rate) * step)
        return spikes(chance, round(float(self.duration) / step), step, self.seed, number)


@final
@dataclass(frozen=True)
class PulsedCode:
    """Each feature sets the height of a pulse on a junction of its own, once a step; if it switches, there is a spike.

    The junction is set back before the next pulse, so steps are independent: P = response(low + x (high - low)).

    Attributes
    ----------
    response : Bernoulli
        Switching probability over the drive; its spread is drawn once, with ``seed``.
    inputs : int
    low, high : float
        Drives [V or A, as the response has them] for x = 0 and x = 1.
    steps : int
    step : quantity
        How long a step lasts for the network [s].
    seed : int
    """

    response: Bernoulli
    inputs: int
    low: float
    high: float
    steps: int = 350
    step: str | float = "1 ms"
    seed: int = 0

    def __post_init__(self) -> None:
        """Read the unit once and check the counts."""
        object.__setattr__(self, "step", si(self.step, "time", "step"))
        if self.inputs < 1 or self.steps < 1:
            raise InputError("inputs and steps must be at least 1.")

    @functools.cached_property
    def _devices(self) -> Any:
        return self.response.spread(self.inputs, self.seed)

    def __call__(self, x: np.ndarray, number: int) -> Events:
        """The spikes of presentation ``number``."""
        if np.shape(x) != (self.inputs,):
            raise InputError(f"This code takes {self.inputs} features, not a sample of shape {np.shape(x)}.")
        drive = self.low + np.asarray(x, float) * (self.high - self.low)
        return spikes(self._devices.probability(drive), self.steps, float(self.step), self.seed, number)


@final
@dataclass(frozen=True)
class JunctionCode:
    """Each feature is a current through a row of junctions; a junction spikes in a step in which it was seen to flip.

    Junctions are sampled every ``interval``; ``observation`` samples make one step, and a change between any two
    successive ones makes one spike (Zhang et al., doi:10.7498/aps.71.20220252, section 4). With ``ideal`` the
    spikes are independent draws from the tuning curve itself, 1 - (1 - P(change))^observation, else the telegraph
    signals are simulated, with their memory from step to step.

    Attributes
    ----------
    rows : sequence of Population
        One for each feature; values 0 and 1 are the ends of its range.
    interval : quantity
        Between samples [s].
    observation, steps : int
        Samples a step, steps a presentation.
    step : quantity
        How long a step lasts for the network [s]: its time is scaled to that of the neurons.
    ideal : bool
    seed : int
    """

    rows: Sequence[Population]
    interval: str | float = "326.5 us"
    observation: int = 10
    steps: int = 100
    step: str | float = "1 ms"
    ideal: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Read the units once and check the counts."""
        for name in ("interval", "step"):
            object.__setattr__(self, name, si(getattr(self, name), "time", name))
        if self.observation < 1 or self.steps < 1:
            raise InputError("observation and steps must be at least 1.")
        object.__setattr__(self, "rows", tuple(self.rows))

    @functools.cached_property
    def _all(self) -> Population:
        """All rows as one, in order."""
        junctions = TwoState.concatenate([row.junctions for row in self.rows])
        alive = [np.ones(row.count, bool) if row.alive is None else row.alive for row in self.rows]
        return Population(junctions, self.rows[0].low, self.rows[0].high, np.concatenate(alive))

    def _currents(self, x: np.ndarray) -> np.ndarray:
        """The current through each junction (n,) for a sample (features,)."""
        if np.shape(x) != (len(self.rows),):
            raise InputError(f"This code takes {len(self.rows)} features, not a sample of shape {np.shape(x)}.")
        return np.repeat([float(row.current(v)) for row, v in zip(self.rows, x, strict=True)], self._sizes)

    @functools.cached_property
    def _sizes(self) -> list[int]:
        return [row.count for row in self.rows]

    @property
    def inputs(self) -> int:
        """Number of junctions."""
        return sum(self._sizes)

    def probability(self, x: np.ndarray) -> np.ndarray:
        """P(spike in a step) of each junction (n,) for a sample (features,): the tuning curves."""
        everything, inputs = self._all, self._currents(x)
        parallel = everything.junctions.probability_parallel(inputs)
        moved = -np.expm1(-float(self.interval) / everything.junctions.correlation_time(inputs))
        change = 2.0 * parallel * (1.0 - parallel) * moved * np.asarray(everything.alive)
        return -np.expm1(self.observation * np.log1p(-change))

    def __call__(self, x: np.ndarray, number: int) -> Events:
        """The spikes of presentation ``number``."""
        if self.ideal:
            return spikes(self.probability(x), self.steps, float(self.step), self.seed, number)
        mixed = int(np.random.SeedSequence((self.seed, number)).generate_state(1, np.uint64)[0])
        samples = self._all.junctions.states(
            self._currents(x), float(self.interval), self.steps * self.observation + 1, mixed, threads=1
        )
        changed = (samples[1:] != samples[:-1]).reshape(self.steps, self.observation, -1).any(axis=1)
        return Events.from_steps(changed & np.asarray(self._all.alive), float(self.step))
