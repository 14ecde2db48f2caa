"""A layer of spiking neurons with plastic synapses: its state, and events through it."""

from __future__ import annotations

from typing import Any, final

import numpy as np

from spinloom.errors import InputError, UnknownNameError
from spinloom.snn import basic, layer_kernel
from spinloom.snn.events import Events
from spinloom.snn.neuron import LeakyNeuron
from spinloom.snn.rules import Rule

_NEVER = -1e30
ENGINES = ("compiled", "basic")


@final
class Layer:
    """Inputs, a matrix of plastic synapses, and leaky neurons that inhibit each other.

    Exact between events; many events at one time count as simultaneous. ``engine="basic"`` runs the same rules in plain
    Python, slowly: tests hold the two equal.

    Parameters
    ----------
    inputs, neurons : int
    neuron : LeakyNeuron
    rule : Rule
    weights : ndarray (inputs, neurons) or None
        Initial weights; None draws them uniformly from the lower 30 % of the range.
    mask : ndarray (inputs, neurons) or None
        How strongly each synapse reacts to what the rule asks for: 0 where there is none, 1 as the rule says, other
        numbers for devices that differ (rates, chances or pulses are multiplied by it). None: 1 everywhere.
    seed : int
        Of the initial weights and of stochastic synapses.

    Raises
    ------
    InputError
        Sizes that do not fit, weights outside the rule's range.
    """

    def __init__(
        self,
        inputs: int,
        neurons: int,
        neuron: LeakyNeuron | None = None,
        rule: Rule | None = None,
        *,
        weights: np.ndarray | None = None,
        mask: np.ndarray | None = None,
        seed: int = 0,
        engine: str = "compiled",
    ) -> None:
        if inputs < 1 or neurons < 1:
            raise InputError(f"A layer needs at least one input and one neuron, not {inputs} and {neurons}.")
        if engine not in ENGINES:
            raise UnknownNameError("engine of a layer", engine, ENGINES)
        self.cell, self.plasticity, self.seed, self.engine = neuron or LeakyNeuron(), rule or Rule(), seed, engine
        low, high = self.plasticity.low, self.plasticity.high
        if weights is None:
            chance = np.random.default_rng((seed, 0x3E1))
            weights = low + 0.3 * (high - low) * chance.random((inputs, neurons))
        self.w = np.array(weights, float, order="C")
        if self.w.shape != (inputs, neurons):
            raise InputError(f"Weights have the shape {self.w.shape}; this layer needs ({inputs}, {neurons}).")
        if not (np.isfinite(self.w).all() and self.w.min() >= low and self.w.max() <= high):
            raise InputError(
                f"Weights reach from {self.w.min():.3g} to {self.w.max():.3g}; the device's range is {low:g} to "
                f"{high:g}."
            )
        self.allowed = np.ones_like(self.w) if mask is None else np.ascontiguousarray(mask, float)
        if self.allowed.shape != self.w.shape or not (np.isfinite(self.allowed) & (self.allowed >= 0)).all():
            raise InputError(f"The mask is a table of numbers of 0 or more, of the shape ({inputs}, {neurons}).")
        self.w *= self.allowed > 0
        self.kind, self.neuron, self.rule = self.plasticity.code, self.cell.numbers(), self.plasticity.numbers()
        self.tables = self.plasticity.tables()
        self.theta, self.counts = np.zeros(neurons), np.zeros(neurons, np.int64)
        self.clock = np.zeros(2)
        self.rest()

    @property
    def inputs(self) -> int:
        """Number of inputs."""
        return self.w.shape[0]

    @property
    def size(self) -> int:
        """Number of neurons."""
        return self.w.shape[1]

    def rest(self) -> None:
        """Potentials at rest, no traces, time 0; weights and thresholds stay."""
        n = self.theta.size
        self.v = np.full(n, self.neuron[layer_kernel.REST])
        self.quiet, self.post, self.slow = np.full(n, _NEVER), np.zeros(n), np.zeros(n)
        self.pre_time = np.full(self.inputs, _NEVER)
        self.clock[0] = 0.0

    def normalise(self, total: float) -> None:
        """Scale each neuron's weights to a sum, and cut them at the upper end of the range."""
        sums = self.w.sum(axis=0)
        self.w *= total / np.where(sums > 0, sums, 1.0)
        np.clip(self.w, None, self.plasticity.high, out=self.w)

    def present(self, events: Events, learn: bool = True) -> Events:
        """Send events through the layer from its state of now on; its own spikes, in the same time.

        Raises
        ------
        InputError
            Events of another number of inputs.
        """
        if events.inputs != self.inputs:
            raise InputError(f"These events have {events.inputs} sources; the layer has {self.inputs} inputs.")
        begin = self.clock[0]
        times, end = events.times + begin, begin + events.duration
        if self.engine == "basic":
            found = basic.present(times, events.which, end, self, learn)
            when, who = np.array([t for t, _ in found]), np.array([j for _, j in found], np.int64)
        else:
            when, who = self._compiled(times, events.which, end, learn)
        return Events(np.clip(when - begin, 0.0, events.duration), who, self.size, events.duration)

    def _compiled(self, times: np.ndarray, which: np.ndarray, end: float, learn: bool) -> tuple[Any, Any]:
        room = self.size if not self.neuron[layer_kernel.ONE_SPIKE] else 1
        moments = min(times.size, 1 + np.count_nonzero(np.diff(times)))
        when = np.empty(moments * room)
        who = np.empty(when.size, np.int64)
        fired = layer_kernel.kernel()(
            times, which, end, self.neuron, self.kind, self.rule, self.tables, learn, np.uint64(self.seed), self.clock,
            self.w, self.allowed, self.v, self.theta, self.quiet, self.post, self.slow, self.pre_time, self.counts,
            when, who,
        )  # fmt: skip
        return when[:fired].copy(), who[:fired].copy()

    def state(self) -> dict[str, np.ndarray]:
        """Everything that learning and time have changed, for a file."""
        names = ("w", "theta", "counts", "clock", "v", "quiet", "post", "slow", "pre_time")
        return {name: getattr(self, name).copy() for name in names}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Put back what :meth:`state` gave."""
        for name, value in state.items():
            array = getattr(self, name)
            if array.shape != np.shape(value):
                raise InputError(f"This state is of another layer: {name} has the shape {np.shape(value)}.")
            array[...] = value
