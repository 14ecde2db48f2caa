"""Events: which input spiked when. From rates, from junctions that flip, from arrays, from files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import final
from zipfile import BadZipFile

import numpy as np

from spinloom.errors import DataError, InputError
from spinloom.units import pretty, si


@final
@dataclass(frozen=True)
class Events:
    """Spikes of ``inputs`` sources within ``duration``: times [s], rising, and the source of each.

    Raises
    ------
    InputError
        Times out of order (the first such is named), beyond the duration, NaN; a source that does not exist.
    """

    times: np.ndarray
    which: np.ndarray
    inputs: int
    duration: float

    def __post_init__(self) -> None:
        """Check what the kernel relies on."""
        times = np.ascontiguousarray(self.times, float)
        which = np.ascontiguousarray(self.which, np.int64)
        object.__setattr__(self, "times", times)
        object.__setattr__(self, "which", which)
        object.__setattr__(self, "duration", si(self.duration, "time", "duration"))
        if times.shape != which.shape or times.ndim != 1:
            raise InputError(f"Events need as many sources as times, not {which.size} for {times.size}.")
        if not np.isfinite(times).all():
            raise InputError("Spike times must be finite numbers; one of them is NaN or infinite.")
        falls = np.flatnonzero(np.diff(times) < 0)
        if falls.size:
            k = int(falls[0])
            raise InputError(
                f"Spike times are out of order: event {k + 1} at {pretty(times[k + 1], 's')} comes after event {k} at "
                f"{pretty(times[k], 's')}. Sort them, e.g. Events.sorted(times, which, ...)."
            )
        if times.size and (times[0] < 0 or times[-1] > self.duration):
            raise InputError(f"Spike times must lie between 0 and the duration, {pretty(self.duration, 's')}.")
        if times.size and not (which.min() >= 0 and which.max() < self.inputs):
            raise InputError(
                f"Sources are numbered from 0 to {self.inputs - 1}; {int(which.max())} is not one of them."
            )

    @property
    def count(self) -> int:
        """Number of events."""
        return self.times.size

    def counts(self) -> np.ndarray:
        """Spikes of each source (inputs,)."""
        return np.bincount(self.which, minlength=self.inputs)

    @classmethod
    def sorted(cls, times: np.ndarray, which: np.ndarray, inputs: int, duration: float | str) -> Events:
        """Events given in any order."""
        order = np.lexsort((np.asarray(which), np.asarray(times)))
        return cls(np.asarray(times)[order], np.asarray(which)[order], inputs, si(duration, "time", "duration"))

    @classmethod
    def from_steps(cls, spikes: np.ndarray, step: float | str) -> Events:
        """From a table (steps, inputs) of 0 and 1: a spike at the end of its step. How sampled junctions are read."""
        table = np.asarray(spikes)
        if table.ndim != 2:
            raise InputError(f"A table of spikes has the dimensions (steps, inputs), not {table.shape}.")
        seconds = si(step, "time", "step")
        when, which = np.nonzero(table)
        return cls((when + 1) * seconds, which, table.shape[1], table.shape[0] * seconds)

    @classmethod
    def poisson(
        cls, rates: np.ndarray, duration: float | str, seed: int = 0, step: float | str | None = None
    ) -> Events:
        """Independent Poisson sources of given rates [1/s]; with ``step``, times are rounded up to whole steps.

        In a step at most one spike of a source is kept, with the probability 1 - exp(-rate step).
        """
        rates, seconds = np.asarray(rates, float), si(duration, "time", "duration")
        if not (np.isfinite(rates).all() and (rates >= 0).all()):
            raise InputError("Rates must be finite numbers of 0 or more.")
        chance = np.random.default_rng((seed, 0xE7E))
        if step is not None:
            width = si(step, "time", "step")
            steps = round(seconds / width)
            return cls.from_steps(chance.random((steps, rates.size)) < -np.expm1(-rates * width), width)
        number = chance.poisson(rates * seconds)
        which = np.repeat(np.arange(rates.size), number)
        return cls.sorted(chance.random(which.size) * seconds, which, rates.size, seconds)

    @classmethod
    def from_file(cls, path: str | Path, inputs: int | None = None, duration: float | str | None = None) -> Events:
        """From a CSV with the columns ``time [s]`` (any unit of time) and ``source``, or an .npz with times and which.

        Raises
        ------
        DataError
            No such file, missing columns, rows cut short or malformed, each named by its line.
        """
        path = Path(path).expanduser()
        times, which = _npz(path) if path.suffix == ".npz" else _csv(path)
        size = int(which.max()) + 1 if inputs is None and which.size else int(inputs or 0)
        last = float(times.max()) if times.size else 0.0
        return cls(times, which, size, last if duration is None else si(duration, "time", "duration"))


def _npz(path: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        with path.open("rb") as raw, np.load(raw) as file:  # numpy itself leaves a damaged file open
            return file["times"], file["which"]
    except FileNotFoundError:
        raise DataError(f"There is no file '{path}'.") from None
    except KeyError as error:
        raise DataError(f"'{path}' has no array {error}; events need 'times' [s] and 'which'.") from None
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise DataError(f"'{path}' is cut short or no .npz file: {error}.") from None


def _csv(path: Path) -> tuple[np.ndarray, np.ndarray]:
    from spinloom.responses.csv_text import heading, read_table, refuse_rows

    text = read_table(path, "time [us],source")
    columns = {name: (index, unit) for index, (name, unit) in enumerate(map(heading, text.header))}
    missing = [name for name in ("time", "source") if name not in columns]
    if missing or not columns["time"][1]:
        raise DataError(
            f"'{path}' needs the columns 'time [us]' (with its unit) and 'source'; its header is "
            f"'{','.join(text.header)}'."
        )
    scale = si(f"1 {columns['time'][1]}", "time", f"header of '{path}'")
    values, faults = [], []
    for number, row in text.rows:
        try:
            values.append((float(row[columns["time"][0]]) * scale, int(row[columns["source"][0]])))
        except (ValueError, IndexError):
            faults.append(f"line {number}: '{','.join(row)}' is no time and source (is the file cut short?)")
    refuse_rows(path, faults)
    table = np.array(values, float).reshape(-1, 2)
    return table[:, 0], table[:, 1].astype(np.int64)
