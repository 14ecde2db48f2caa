"""From files to the rates of both states: each trace's levels, states and rates, each record's dwell times."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from spinloom.errors import DataError, InputError, SpinloomWarning
from spinloom.responses.telegraph_file import DwellRecord, Trace, read_dwells, read_traces
from spinloom.responses.telegraph_levels import find_levels
from spinloom.responses.telegraph_rates import StateRates, rates_of_dwells, rates_of_states, warn_of_noise, where_taken
from spinloom.units import pretty, si

Files = str | Path | Sequence[str | Path]
Level = Literal["low", "high"]
_UNITS = {"resistance": "ohm", "voltage": "V", "conductance": "S"}


def measure_traces(
    path: Files, current: Any = None, parallel: Level | None = None, hysteresis: float = 0.25
) -> list[tuple[Trace, StateRates]]:
    """Rates of all traces in one or more files; see :meth:`spinloom.responses.Telegraph.from_trace`."""
    if not 0.0 <= hysteresis <= 0.45:
        raise InputError(f"hysteresis = {hysteresis:g}: give a share of the levels' distance from 0 to 0.45.")
    if parallel not in (None, "low", "high"):
        raise InputError(f"parallel = '{parallel}': the parallel state is the 'low' or the 'high' level.")
    measured: list[tuple[Trace, StateRates]] = []
    refused: list[DataError] = []
    for file, amperes in _files(path, current):
        for trace in _at(read_traces(file), amperes):
            try:
                measured.append((trace, _rates(trace, parallel, hysteresis)))
            except DataError as error:  # far from balance a junction keeps one state: the other currents still count
                refused.append(error)
    if not measured:
        raise refused[0]
    for error in refused:
        warnings.warn(f"Left out: {error}", SpinloomWarning, stacklevel=3)
    return measured


def measure_dwells(path: Files, current: Any = None) -> list[tuple[DwellRecord, StateRates]]:
    """Rates of all records of dwell times in one or more files."""
    return [
        (record, rates_of_dwells(record.parallel, record.antiparallel, record.current, record.temperature))
        for file, amperes in _files(path, current)
        for record in _at(read_dwells(file), amperes)
    ]


def _files(path: Files, current: Any) -> list[tuple[str | Path, float | None]]:
    """Files with the current [A] that was given for each."""
    files = [path] if isinstance(path, str | Path) else list(path)
    if current is None:
        return [(file, None) for file in files]
    given = [current] if isinstance(current, str | float | int) else list(current)
    if len(given) != len(files):
        raise InputError(f"{len(files)} files and {len(given)} currents: give one current for each file.")
    return [(file, si(value, "current", "current")) for file, value in zip(files, given, strict=True)]


def _at(records: Sequence[Any], amperes: float | None) -> Sequence[Any]:
    """The records of a file with the current that was given for it."""
    if amperes is None:
        return records
    for record in records:
        if not math.isnan(record.current):
            raise InputError(f"'{record.source}' has a column for the current; do not give another one.")
    return [replace(record, current=amperes) for record in records]


def sources(records: Sequence[Any]) -> str:
    """Names of the files, each once."""
    return ", ".join(dict.fromkeys(record.source for record in records))


def _rates(trace: Trace, parallel: str | None, hysteresis: float) -> StateRates:
    """Levels, states and rates of one trace."""
    if trace.kind == "state":
        pieces = [piece.astype(np.uint8) for piece in trace.pieces]
        return rates_of_states(pieces, trace.interval, trace.current, trace.temperature)
    where = where_taken(trace.current, trace.temperature)
    signal = np.concatenate(trace.pieces)
    levels = find_levels(signal)
    if levels is None:
        raise DataError(
            f"'{trace.source}'{where} shows one level only, about "
            f"{pretty(float(np.median(signal)), _UNITS[trace.kind])}: the junction stays in one state, or the noise "
            "hides the two. Record for longer, nearer to the current (or field) at which both states are equally "
            "likely, or with less noise (levels at least 4 standard deviations apart)."
        )
    if parallel is None:
        mirrored = trace.kind == "conductance" or (trace.kind == "voltage" and levels.high < 0)
        parallel = "high" if mirrored else "low"
    high = 1 if parallel == "high" else 0
    pieces = [
        np.where(levels.states(piece, hysteresis) == 1, high, 1 - high).astype(np.uint8) for piece in trace.pieces
    ]
    flips = sum(int(np.count_nonzero(np.diff(piece.astype(np.int8)))) for piece in pieces)
    warn_of_noise(levels, signal.size, flips, hysteresis, where)
    found = rates_of_states(pieces, trace.interval, trace.current, trace.temperature, levels)
    return replace(found, resistances=(levels.low, levels.high)) if trace.kind == "resistance" and not high else found
