"""Raw telegraph signals and dwell times from CSV files: time and signal, or state and dwell time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, final

import numpy as np

from spinloom.errors import DataError
from spinloom.responses.csv_columns import Column, find_columns, missing_columns, read_columns
from spinloom.responses.csv_text import TextTable, read_table
from spinloom.responses.curve_file import CURRENT
from spinloom.responses.telegraph_rates import where_taken
from spinloom.units import pretty

TRACE = "time [s],resistance [ohm]"
DWELLS = "state,dwell [s]"

_WORDS = {
    **dict.fromkeys(("p", "parallel", "on", "true"), 1.0),
    **dict.fromkeys(("ap", "antiparallel", "anti parallel", "off", "false"), 0.0),
}
_STATE = Column({"state", "s", "magnetic state", "configuration"}, words=_WORDS)
_BIAS = {
    "current": Column(CURRENT.names | {"bias current", "dc current"}, "current", "current [uA]"),
    "temperature": Column({"temperature", "t bath", "temp"}, "temperature", "temperature [K]"),
}
_TRACE = {
    "time": Column({"time", "t"}, "time", "time [s]"),
    "state": _STATE,
    "resistance": Column({"resistance", "r", "res"}, "resistance", "resistance [ohm]"),
    "voltage": Column({"voltage", "v", "u", "signal"}, "voltage", "voltage [mV]"),
    "conductance": Column({"conductance", "g"}, "conductance", "conductance [uS]"),
    **_BIAS,
}
_DWELLS = {
    "state": _STATE,
    "dwell": Column({"dwell", "dwell time", "duration", "tau", "time", "waiting time"}, "time", "dwell [s]"),
    **_BIAS,
}
SIGNALS = ("state", "resistance", "voltage", "conductance")


@final
@dataclass(frozen=True)
class Trace:
    """A telegraph signal at one current and temperature (nan where the file does not say).

    ``pieces`` are uninterrupted stretches of the signal, sampled every ``interval`` [s]; ``kind`` is one of SIGNALS.
    """

    kind: str
    pieces: list[np.ndarray] = field(repr=False)
    interval: float
    current: float
    temperature: float
    source: str


@final
@dataclass(frozen=True)
class DwellRecord:
    """Complete dwell times [s] in both states at one current and temperature (nan where the file does not say)."""

    parallel: np.ndarray = field(repr=False)
    antiparallel: np.ndarray = field(repr=False)
    current: float
    temperature: float
    source: str


def kind_of(path: str | Path) -> Literal["trace", "dwells"]:
    """What a file holds, by its header: a column ``dwell`` makes it dwell times."""
    text = read_table(path, f"{TRACE}' or '{DWELLS}")
    found = find_columns(text, _DWELLS)
    signals = find_columns(text, _TRACE)
    dwells = "dwell" in found and "state" in found and text.header[found["dwell"]].strip().lower()[:2] in ("dw", "du")
    return "dwells" if dwells or ("dwell" in found and "time" not in signals) else "trace"


def read_traces(path: str | Path) -> list[Trace]:
    """The signals of a file, one for each current (and temperature) in it.

    The header names ``time [s]`` and one of ``state`` (1/0 or P/AP), ``resistance [ohm]``, ``voltage [mV]`` or
    ``conductance [uS]``, with units that are never guessed, and optionally ``current [uA]``, the bias at which each row
    was taken, and ``temperature [K]``. A step in time longer than one and a half usual ones parts the signal, and so
    does a time that starts anew.

    Raises
    ------
    DataError
        No such file, no header, a missing column, a time that stands still, or rows that are malformed or NaN, each
        named by its line.
    UnitError
        A column without its unit, or with a wrong one.
    """
    text = read_table(path, TRACE)
    found = find_columns(text, _TRACE)
    kind = next((name for name in SIGNALS if name in found), None)
    missing = ([] if "time" in found else ["time"]) + ([] if kind else ["state, resistance or voltage"])
    if missing or kind is None:
        raise missing_columns(text, missing, TRACE)
    places = {name: found[name] for name in ("time", kind, "current", "temperature") if name in found}
    values = read_columns(text, places, _TRACE, _state_fault if kind == "state" else None)
    return [
        _trace(text, values, rows, kind, current, temperature)
        for current, temperature, rows in _groups(values, text)
    ]  # fmt: skip


def read_dwells(path: str | Path) -> list[DwellRecord]:
    """The dwell times of a file, one record for each current (and temperature) in it.

    The header names ``state`` (1/0 or P/AP) and ``dwell [s]``, optionally ``current [uA]`` and ``temperature [K]``; a
    row is one complete stay in a state, in any order.

    Raises
    ------
    DataError, UnitError
        As :func:`read_traces`; a dwell time that is not above 0; a record with one state only.
    """
    text = read_table(path, DWELLS)
    found = find_columns(text, _DWELLS)
    missing = [name for name in ("state", "dwell") if name not in found]
    if missing:
        raise missing_columns(text, missing, DWELLS)
    values = read_columns(text, found, _DWELLS, _dwell_fault)
    records = []
    for current, temperature, rows in _groups(values, text):
        both = [values["dwell"][rows][values["state"][rows] == state] for state in (1, 0)]
        if not (both[0].size and both[1].size):
            raise DataError(
                f"'{text.path}'{where_taken(current, temperature)} has dwell times in the "
                f"{'parallel' if both[0].size else 'antiparallel'} state only; those of both states are needed. Record "
                "for longer, or nearer to the current (or field) at which both states are equally likely."
            )
        records.append(DwellRecord(both[0], both[1], current, temperature, text.path.name))
    return records


def _groups(values: dict[str, np.ndarray], text: TextTable) -> list[tuple[float, float, np.ndarray]]:
    """(current, temperature, rows) in the order in which they first come."""
    size = values["line"].size
    biases = np.stack([values.get(name, np.full(size, math.nan)) for name in ("current", "temperature")], axis=1)
    kinds, first, label = np.unique(np.nan_to_num(biases), axis=0, return_index=True, return_inverse=True)
    if len(kinds) > max(size // 4, 1):
        raise DataError(
            f"'{text.path}': the current changes from row to row ({len(kinds)} values in {size} rows). The column "
            "'current' is the bias that a trace is taken at; a measured signal is called resistance or voltage."
        )
    label = label.reshape(-1)
    return [(*biases[first[i]].tolist(), np.flatnonzero(label == i)) for i in np.argsort(first)]


def _trace(
    text: TextTable, values: dict[str, np.ndarray], rows: np.ndarray, kind: str, current: float, temperature: float
) -> Trace:
    time, signal = values["time"][rows], values[kind][rows]
    steps = np.diff(time)
    still = np.flatnonzero(steps == 0)
    if still.size:
        line = int(values["line"][rows][still[0] + 1])
        raise DataError(
            f"'{text.path}' line {line}: the time {pretty(float(time[still[0] + 1]), 's', 6)} stands still. Write "
            "times with more digits."
        )
    rising = steps[(steps > 0) & (np.diff(rows) == 1)]
    if rising.size < 2:
        raise DataError(
            f"'{text.path}'{where_taken(current, temperature)} is no trace: of {rows.size} rows, {rising.size} follow "
            "another one later in time. Write the samples in the order of their times; a few hundred flips are needed."
        )
    usual = float(np.median(rising))
    gaps = (steps < 0) | (steps > 1.5 * usual) | (np.diff(rows) != 1)
    pieces = [piece for piece in np.split(signal, np.flatnonzero(gaps) + 1) if piece.size > 1]
    return Trace(kind, pieces, float(steps[~gaps].mean()), current, temperature, text.path.name)


def _state_fault(row: dict[str, float]) -> str:
    return "" if row["state"] in (0.0, 1.0) else f"state {row['state']:g} is neither 1 (parallel) nor 0 (antiparallel)"


def _dwell_fault(row: dict[str, float]) -> str:
    return _state_fault(row) or ("" if row["dwell"] > 0 else f"dwell {row['dwell']:g} is not more than 0")
