"""Chips of an associative memory whose weights are analogue devices: written once, then repaired by learning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from spinloom.crossbar import associative
from spinloom.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.responses.plasticity import Plasticity

Rule = Literal["delta", "correlation"]


@dataclass(frozen=True)
class Task:
    """What a memory must recall.

    Attributes
    ----------
    patterns : np.ndarray
        Stored patterns of -1 and +1, shape (p, n).
    shown, wanted : np.ndarray
        States shown, and the pattern that each must lead to, shape (k, n). The patterns themselves come first.
    """

    patterns: np.ndarray
    shown: np.ndarray
    wanted: np.ndarray

    @property
    def weights(self) -> np.ndarray:
        """Hebb's ideal weights."""
        return associative.hebb(self.patterns)


@dataclass(frozen=True)
class Chip:
    """What the devices of a chip are like, and how they are taught.

    Attributes
    ----------
    synapse : Plasticity
        Curve, spread of the amplitude (device_to_device), cycle-to-cycle spread and read noise.
    offset : float
        Standard deviation of the middle of a device's range, as a share of the range.
    threshold : float
        Standard deviation of where a device's curve begins, as a share of all pulses.
    rule : {"delta", "correlation"}
        ``associative.delta_gap`` on the answer of one step, or ``associative.correlation_gap`` on the settled state.
    step : int
        Pulses for each unit of the gap.
    iterations : int
        Largest number of learning passes.
    """

    synapse: Plasticity
    offset: float
    threshold: float
    rule: Rule
    step: int
    iterations: int

    def __post_init__(self) -> None:
        """Refuse an unknown rule, and steps that move nothing."""
        if self.rule not in get_args(Rule):
            raise UnknownNameError("learning rule", str(self.rule), get_args(Rule))
        if self.step < 1 or self.iterations < 0:
            raise InputError(
                f"step = {self.step}, iterations = {self.iterations}: give at least one pulse and 0 passes."
            )

    def scaled(self, spread: float) -> Chip:
        """The same with this amplitude spread, and offset and threshold in proportion."""
        if not self.synapse.device_to_device:
            raise InputError(f"{self.synapse.source or 'This synapse'} has no device_to_device spread to scale.")
        factor = spread / self.synapse.device_to_device
        synapse = self.synapse.replace(device_to_device=spread)
        return replace(self, synapse=synapse, offset=factor * self.offset, threshold=factor * self.threshold)


def read_patterns(rows: list[str]) -> np.ndarray:
    """Patterns of -1 and +1 from texts of 0 and 1, blanks ignored; shape (patterns, neurons)."""
    cleaned = [row.replace(" ", "") for row in rows]
    if not cleaned or len({len(row) for row in cleaned}) != 1 or set("".join(cleaned)) - {"0", "1"}:
        raise InputError(f"patterns = {rows}: give texts of 0 and 1 of equal length, e.g. '010 010 010'.")
    return 2.0 * np.array([[int(letter) for letter in row] for row in cleaned]) - 1.0


def make_task(patterns: np.ndarray, errors: bool) -> Task:
    """The patterns as fixed points; with ``errors`` also every one-neuron error that the ideal weights undo.

    An error counts as undone by the ideal weights only if no neuron meets a field of zero on the way: such a neuron
    keeps its state by convention alone, which no real device would repeat.
    """
    if not errors:
        return Task(patterns, patterns, patterns)
    shown = associative.neighbours(patterns).reshape(-1, patterns.shape[1])
    wanted = np.repeat(patterns, patterns.shape[1], axis=0)
    weights = associative.hebb(patterns)
    state, clear = shown, np.ones(len(shown), dtype=bool)
    for _ in range(2 * patterns.shape[1]):
        clear &= (associative.field(weights, state) != 0).all(axis=1)
        state = associative.recall(weights, state, limit=1).states
    undone = clear & (state == wanted).all(axis=1)
    return Task(patterns, np.concatenate([patterns, shown[undone]]), np.concatenate([patterns, wanted[undone]]))


def teach(task: Task, chip: Chip, chips: int, chance: np.random.Generator) -> xr.Dataset:
    """Write the ideal weights to ``chips`` chips open-loop, then learn until everything shown is recalled.

    A weight is w = w_max A (2 g - 1) + offset: w_max is the largest ideal weight, A and the offset are the device's
    own. The number of writing pulses follows the ideal weight in a straight line, as if the curve were straight.

    Returns
    -------
    xarray.Dataset
        ``iterations`` until success (infinite: never), ``right`` share of the shown states that are recalled against
        iteration, ``pulses`` applied while learning, ``first`` and ``last`` weights; over chips.
    """
    import xarray as xr

    ideal = associative.to_pairs(task.weights)
    largest = float(np.abs(ideal).max())
    synapse, devices = chip.synapse, (chips, ideal.size)
    total = synapse.states - 1
    log_spread = np.sqrt(np.log1p(synapse.device_to_device**2))
    amplitude = np.exp(log_spread * chance.standard_normal(devices) - 0.5 * log_spread**2)
    offset = 2.0 * largest * chip.offset * chance.standard_normal(devices)
    late = chip.threshold * total * chance.standard_normal(devices)
    written = np.clip(np.rint((ideal / largest + 1.0) / 2.0 * total - late), 0, total).astype(int)
    state = synapse.after_pulses(np.zeros(devices), written, chance)

    def weights() -> np.ndarray:
        return largest * amplitude * (2.0 * state - 1.0) + offset

    first = weights()
    finished = np.full(chips, np.inf)
    right = np.ones((chips, chip.iterations + 1))
    pulses = np.zeros(chips)
    for iteration in range(chip.iterations + 1):
        open_ = np.isinf(finished)
        if not open_.any():
            break
        noisy = weights() * (1.0 + synapse.read_noise * chance.standard_normal(devices))
        matrix = associative.from_pairs(noisy)
        good = (associative.recall(matrix, task.shown).states == task.wanted).all(axis=-1)
        right[open_, iteration] = good[open_].mean(axis=1)
        finished[open_ & good.all(axis=1)] = iteration
        learning = np.isinf(finished)[:, None] & (iteration < chip.iterations)
        count = np.where(learning, chip.step * associative.to_pairs(_gap(chip.rule)(task, matrix)), 0.0).astype(int)
        pulses += np.abs(count).sum(axis=1)
        moved = synapse.after_pulses(state, count, chance)
        state = np.where(count != 0, moved, state)
    return xr.Dataset(
        {
            "iterations": ("chip", finished),
            "right": (("chip", "iteration"), right),
            "pulses": ("chip", pulses),
            "first": (("chip", "pair"), first),
            "last": (("chip", "pair"), weights()),
        }
    )


def _gap(rule: Rule) -> Callable[[Task, np.ndarray], np.ndarray]:
    if rule == "correlation":
        return lambda task, weights: associative.correlation_gap(
            task.wanted, associative.recall(weights, task.shown).states
        )
    return lambda task, weights: associative.delta_gap(
        task.wanted, associative.recall(weights, task.shown, limit=1).states, task.shown
    )
