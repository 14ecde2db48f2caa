"""From targets to states: whole pulses, open-loop or with a read after each shot."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, final, get_args

import numpy as np

from spinloom.crossbar.cell import Cell
from spinloom.errors import InputError, UnknownNameError
from spinloom.responses.plasticity import Plasticity

Method = Literal["open-loop", "write-verify"]
Start = Literal["low", "high", "here"]
Parallel = Literal["cell", "row"]
_ALL = slice(None)


@final
@dataclass(frozen=True)
class Programming:
    """How an array is written.

    "open-loop" sends the whole pulses that bring the mean device nearest to its target, and looks no further.
    "write-verify" does the same, reads, and sends what is still missing (one pulse at least) until the read state is
    within ``tolerance`` or the cell has had ``max_pulses``.

    Attributes
    ----------
    method : "open-loop" or "write-verify"
    tolerance : float or None
        Largest accepted |read - target| in normalised state; None: half the gap between the two levels around it.
    max_pulses : int or None
        Pulses, reset and first shot included, after which a cell is corrected no more; None: four times from end to end
        and back.
    from_ : "low", "high" or "here"
        Where cells start. A new array stands at that end ("here": at the low end); one that holds something is first
        driven to it, and those pulses count.
    parallel : "cell" or "row"
        Whether time is counted cell after cell, or with all cells of a row of a tile at once (their ups together, then
        their downs).

    Raises
    ------
    UnknownNameError, InputError
        A method that is not there, a tolerance or number of pulses that is not above 0.
    """

    method: Method = "open-loop"
    tolerance: float | None = None
    max_pulses: int | None = None
    from_: Start = "low"
    parallel: Parallel = "cell"

    def __post_init__(self) -> None:
        """Refuse what writes nothing."""
        for what, value, known in (
            ("method of programming", self.method, Method),
            ("start of programming", self.from_, Start),
            ("order of programming", self.parallel, Parallel),
        ):
            if value not in get_args(known):
                raise UnknownNameError(what, str(value), get_args(known))
        if self.tolerance is not None and not 0.0 < self.tolerance < math.inf:
            raise InputError(f"tolerance = {self.tolerance}: give a share of the range above 0, e.g. 0.02.")
        if self.max_pulses is not None and (
            isinstance(self.max_pulses, bool) or not isinstance(self.max_pulses, int) or self.max_pulses < 1
        ):
            raise InputError(f"max_pulses = {self.max_pulses}: give a whole number from 1 upwards.")


@final
@dataclass(frozen=True)
class Programmed:
    """What programming did.

    Attributes
    ----------
    states : array
        Normalised states g that the devices are in.
    pulses_up, pulses_down, reads : array of int, same shape
        Pulses and reads of each cell.
    converged : array of bool, same shape
        Whether the last read was within tolerance; without verification, all True.
    energy, time : float
        Of all pulses and reads [J], [s], cell after cell.
    unknown : tuple of str
        Costs that count as zero because they are not known.
    """

    states: np.ndarray
    pulses_up: np.ndarray
    pulses_down: np.ndarray
    reads: np.ndarray
    converged: np.ndarray
    energy: float
    time: float
    unknown: tuple[str, ...]

    @property
    def failed(self) -> int:
        """Number of cells that did not converge."""
        return int((~self.converged).sum())


def program(
    states: np.ndarray,
    synapse: Plasticity,
    how: Programming | None = None,
    chance: np.random.Generator | int | None = 0,
    start: np.ndarray | None = None,
    *,
    factor: np.ndarray | float = 1.0,
    stuck: np.ndarray | None = None,
    cell: Cell | None = None,
) -> Programmed:
    """Write target states into devices with whole pulses.

    Parameters
    ----------
    states : array in 0..1
        Targets, any shape.
    synapse : Plasticity
        The device: its curves, cycle-to-cycle spread, write error, read noise and costs.
    how : Programming, optional
        Open-loop from the low end unless told.
    chance : numpy.random.Generator, int or None
        None: the mean device, without errors or noise.
    start : array, optional
        States before; without, a new array at the end that ``how.from_`` names.
    factor : array or float
        Conductance of each device over that of the mean device (device-to-device spread), which verification sees.
    stuck : array, optional
        NaN where a cell works, else the state in which it is stuck. Its pulses are spent all the same.
    cell : Cell, optional
        Where the write path is not the junction (SOT), its energy and time.

    Returns
    -------
    Programmed

    Raises
    ------
    InputError
        Targets or starts outside 0..1 or NaN, shapes that do not fit.
    """
    how = how or Programming()
    chance = np.random.default_rng(chance) if isinstance(chance, int | np.integer) else chance
    target = _in_range(states, "targets")
    writer = _Writer(synapse, chance, target.size, np.broadcast_to(factor, target.shape).ravel(), stuck)
    fresh = 1.0 if how.from_ == "high" else 0.0
    if start is None:
        writer.put(np.full(target.size, fresh))
    else:
        begun = _in_range(start, "starts")
        if begun.shape != target.shape:
            raise InputError(f"starts have the shape {begun.shape}, targets {target.shape}: give one for each.")
        writer.put(begun.ravel())
        if how.from_ != "here":
            reset = -synapse.curve("depression")[1] if how.from_ == "low" else synapse.curve("potentiation")[1]
            writer.send(np.full(target.size, reset))
    # open-loop does not look: after a reset it takes every cell to be at that end
    believed = writer.states if how.from_ == "here" and start is not None else np.full(target.size, fresh)
    wanted = target.ravel()
    writer.send(synapse.pulses_between(believed, wanted))
    converged = np.ones(target.size, dtype=bool)
    if how.method == "write-verify":
        converged = writer.verify(wanted, how)
    return writer.done(converged, target.shape, cell or Cell())


class _Writer:
    """The devices while they are written, and the count of what was done to them."""

    def __init__(
        self,
        synapse: Plasticity,
        chance: np.random.Generator | None,
        count: int,
        factor: np.ndarray,
        stuck: np.ndarray | None,
    ) -> None:
        self.synapse, self.chance, self.factor = synapse, chance, factor
        self.stuck = None if stuck is None else stuck.ravel()
        self.states = np.zeros(count)
        self.up, self.down, self.reads = (np.zeros(count, dtype=np.int64) for _ in range(3))
        self.read_conductance = 0.0  # summed over all reads [S]

    def put(self, states: np.ndarray, at: np.ndarray | slice = _ALL) -> None:
        """Leave the cells ``at`` (flat indices) in states; stuck ones where they are stuck."""
        self.states[at] = states if self.stuck is None else np.where(np.isnan(self.stuck[at]), states, self.stuck[at])

    def send(self, pulses: np.ndarray, at: np.ndarray | slice = _ALL) -> None:
        """Signed pulses to the cells ``at``."""
        self.up[at] += np.maximum(pulses, 0)
        self.down[at] += np.maximum(-pulses, 0)
        self.put(self.synapse.after_pulses(self.states[at], pulses, self.chance), at)

    def read(self, at: np.ndarray) -> np.ndarray:
        """States of the cells ``at`` as a read sees them."""
        conductance = self.synapse.to_conductance(self.states[at]) * self.factor[at]
        self.reads[at] += 1
        self.read_conductance += float(conductance.sum())
        if self.chance is not None and self.synapse.read_noise:
            conductance = conductance * (1.0 + self.synapse.read_noise * self.chance.standard_normal(conductance.shape))
        return self.synapse.to_state(conductance)

    def verify(self, target: np.ndarray, how: Programming) -> np.ndarray:
        """Read and correct until all cells are within tolerance or out of pulses; which ones are within."""
        most = how.max_pulses or 4 * (self.synapse.curve("potentiation")[1] + self.synapse.curve("depression")[1])
        tolerance = half_gap(self.synapse, target) if how.tolerance is None else np.full(target.shape, how.tolerance)
        converged = np.zeros(target.shape, dtype=bool)
        at = np.arange(target.size)
        while at.size:
            seen = self.read(at)
            error = target[at] - seen
            # a read at the very edge must not hang on the last bit
            within = np.abs(error) <= tolerance[at] * (1.0 + 1e-9) + 1e-12
            converged[at[within]] = True
            left = most - self.up[at] - self.down[at]
            again = ~within & (left > 0)
            at, seen, error, left = at[again], seen[again], error[again], left[again]
            wanted = self.synapse.pulses_between(np.clip(seen, 0.0, 1.0), target[at])
            wanted = np.where(wanted * error > 0, wanted, np.sign(error).astype(np.int64))
            self.send(np.clip(wanted, -left, left), at)
        return converged

    def done(self, converged: np.ndarray, shape: tuple[int, ...], cell: Cell) -> Programmed:
        """The account."""
        pulse_energy, pulse_time = cell.write_cost(self.synapse)
        pulses, reads = int(self.up.sum() + self.down.sum()), int(self.reads.sum())
        voltage, duration = self.synapse.read_voltage, self.synapse.read_time
        costs: dict[str, float | None] = {"write energy": pulse_energy, "write time": pulse_time}
        if reads:
            costs["read energy"] = None if voltage is None or duration is None else voltage**2 * duration
            costs["read time"] = duration
        energy = pulses * (pulse_energy or 0.0) + self.read_conductance * (costs.get("read energy") or 0.0)
        time = pulses * (pulse_time or 0.0) + reads * (costs.get("read time") or 0.0)
        unknown = tuple(name for name, value in costs.items() if value is None)
        return Programmed(
            self.states.reshape(shape),
            self.up.reshape(shape),
            self.down.reshape(shape),
            self.reads.reshape(shape),
            converged.reshape(shape),
            energy,
            time,
            unknown,
        )


def half_gap(synapse: Plasticity, target: np.ndarray) -> np.ndarray:
    """Half the gap between the two levels of potentiation around each target."""
    levels = synapse.levels()
    above = np.clip(np.searchsorted(levels, target), 1, len(levels) - 1)
    gap = levels[above] - levels[above - 1]
    return 0.5 * np.where(gap > 0, gap, 1.0 / (len(levels) - 1))  # a plateau has no gap: the mean one


def _in_range(states: np.ndarray, name: str) -> np.ndarray:
    values = np.asarray(states, float)
    wrong = ~((values >= -1e-9) & (values <= 1.0 + 1e-9))
    if wrong.any():
        worst = values[wrong][0]
        raise InputError(
            f"{int(wrong.sum())} of {values.size} {name} lie outside the range 0..1 of the normalised state, e.g. "
            f"{worst:g}. Scale them (Mapping.to_states does it for weights)."
        )
    return np.clip(values, 0.0, 1.0)
