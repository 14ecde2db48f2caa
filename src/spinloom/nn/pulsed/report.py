"""What a pulsed run came to: why it does not learn, and what its pulses cost."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.nn.pulsed.methods import InPlace, Matrix, Method
from spinloom.responses.plasticity import Plasticity

if TYPE_CHECKING:
    import xarray as xr

SURVEY, WINDOW = 16, 128
"""Every so many steps the wanted changes are surveyed; after so many a run is judged."""
_LONG = 8
"""Windows without any move after which an algorithm that adds updates up is said not to learn."""
_RAILS = 0.9
"""Share of weights at the ends of their range from which a matrix is said to be at the rails."""
_SEVERAL = 4
"""Pulses from end to end below which most states are ends."""
_FROZEN = 1e-6
"""Moves a weight and step below which nothing moves: less than one weight of a 1000 x 1000 matrix."""


@dataclass
class Watch:
    """The wanted changes of one matrix since some step, from every 16th step.

    Attributes
    ----------
    since, moves : int
        The step where this watch began, and the moves made by then.
    wanted, small : float
        Wanted changes that were not zero, and those of them under half a level.
    looked : int
        Steps looked at.
    largest : float
        The largest wanted change [levels].
    all_wanted, all_small : float
        Like ``wanted`` and ``small``, since the beginning.
    """

    since: int = 0
    moves: int = 0
    wanted: float = 0.0
    small: float = 0.0
    looked: int = 0
    largest: float = 0.0
    all_wanted: float = 0.0
    all_small: float = 0.0

    def look(self, wanted: float, small: float, largest: float) -> None:
        """Take in the survey of one step."""
        self.wanted += wanted
        self.small += small
        self.largest = max(self.largest, largest)
        self.looked += 1
        self.all_wanted += wanted
        self.all_small += small

    def complete(self, matrix: Matrix) -> bool:
        """Whether enough steps have been made to judge."""
        return matrix.step - self.since >= WINDOW

    def begin(self, matrix: Matrix) -> None:
        """Begin anew."""
        self.since, self.moves = matrix.step, matrix.arrays["weights"].counts.moves
        self.wanted = self.small = self.largest = 0.0
        self.looked = 0


def at_the_rails(matrix: Matrix) -> float:
    """Share of the weights within half a mean step of an end of their range."""
    edge = matrix.w_max - 0.5 * min(matrix.level, matrix.w_max)
    return float((matrix.weights.detach().abs() >= edge).float().mean())


def diagnosis(matrix: Matrix, watch: Watch, groups: list[dict[str, Any]], method: Method) -> str:
    """Why one matrix does not learn, and the parameter to look at; empty where it does."""
    steps = matrix.step - watch.since
    if steps < SURVEY or not watch.looked:
        return ""
    array = matrix.arrays["weights"]
    lr = next(float(g["lr"]) for g in groups if any(p is matrix.weights for p in g["params"]))
    moved = array.counts.moves - watch.moves
    if watch.wanted == 0:
        return (
            f"{matrix.name}: every gradient of the last {steps} updates was zero. Look at the layer's inputs and at "
            "neurons in saturation."
        )
    still = moved <= _FROZEN * steps * matrix.weights.numel()
    never = array.counts.moves <= _FROZEN * matrix.step * matrix.weights.numel()
    if still and isinstance(method, InPlace) and (never or matrix.rounding == "nearest"):
        text = (
            f"{matrix.name}: no weight moved in the last {steps} updates, since the largest wanted change was "
            f"{watch.largest:.2g} of a level (a level is {matrix.level:.3g}, lr {lr:g}, w_max {matrix.w_max:g}). "
        )
        enough = 0.5 * lr / watch.largest if watch.largest else math.inf
        if matrix.rounding == "nearest":
            return text + (
                'Changes under half a level are lost with rounding="nearest": use rounding="stochastic" or '
                f'method="mixed-precision", lr of at least {enough:.2g}, or a smaller w_max.'
            )
        return text + f"Use a smaller w_max or a larger lr: at {2 * enough:.2g} the largest change is one level."
    if never and matrix.step >= _LONG * WINDOW:
        return (
            f"{matrix.name}: no weight has moved in {matrix.step} updates: their sum has not reached a level "
            f"({matrix.level:.3g}; lr {lr:g}, w_max {matrix.w_max:g}). Use a larger lr or a smaller w_max."
        )
    rails = at_the_rails(matrix)
    if rails > _RAILS and matrix.device.up.pulses >= _SEVERAL:
        return (
            f"{matrix.name}: {rails:.0%} of the weights are at the ends of their range, ±{matrix.w_max:g}. Use a "
            f"smaller lr than {lr:g} (the largest wanted change is {watch.largest:.2g} levels), or another w_max."
        )
    return ""


def cost_table(matrices: Iterable[Matrix], watches: Iterable[Watch], synapse: Plasticity) -> xr.Dataset:
    """Pulses, energy and time of all writes, one row an array of devices."""
    import xarray as xr

    matrices = list(matrices)
    rows = [(m.name, role, a.counts, m) for m in matrices for role, a in m.arrays.items()]
    names = [name if role == "weights" else f"{name}, {role}" for name, role, _, _ in rows]
    up, down, moves, longest, reads = (
        np.array([getattr(c, what) for _, _, c, _ in rows], float)
        for what in ("up", "down", "moves", "longest", "reads")
    )
    # gradients go to the last array of a matrix: its wanted changes are those that were looked at
    shares = []
    for m, watch in zip(matrices, watches, strict=True):
        share = watch.all_small / watch.all_wanted if watch.all_wanted else math.nan
        shares += [math.nan] * (len(m.arrays) - 1) + [share]
    energy = math.nan if synapse.write_energy is None else synapse.write_energy
    time = math.nan if synapse.write_time is None else synapse.write_time
    table = {
        "pulses_up": (up, "1", "potentiating pulses"),
        "pulses_down": (down, "1", "depressing pulses"),
        "moves": (moves, "1", "devices that got pulses, summed over updates"),
        "under_half": (np.array(shares), "1", "share of wanted changes under half a level, of every 16th update"),
        "reads": (reads, "1", "devices read by the algorithm"),
        "steps": (np.array([m.step for *_, m in rows], float), "1", "updates"),
        "write_energy": ((up + down) * energy, "J", "energy of all pulses"),
        "write_time_serial": ((up + down) * time, "s", "one pulse after the other"),
        "write_time_parallel": (longest * time, "s", "all devices of an array at once"),
    }
    data = {n: ("array", values, {"units": unit, "long_name": text}) for n, (values, unit, text) in table.items()}
    unknown = [name for name in ("write_energy", "write_time") if getattr(synapse, name) is None]
    return xr.Dataset(data, {"array": names}, {"synapse": synapse.source, "unknown": ", ".join(unknown)})
