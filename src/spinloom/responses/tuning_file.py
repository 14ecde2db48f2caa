"""A measured tuning curve from a CSV file: current, rate, and how long or how precisely it was counted."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import xarray as xr

from spinloom.errors import InputError
from spinloom.responses.csv_columns import Column, find_columns, missing_columns, read_columns
from spinloom.responses.csv_text import read_table
from spinloom.responses.curve_file import CURRENT

Per = Literal["flip", "cycle"]
EXAMPLE = "current [uA],flip rate [Hz]"
_FLIPS = {"flip rate", "flips", "flip frequency", "flips per second", "switching rate", "switching frequency"}
_CYCLES = {"cycle rate", "cycles", "cycle frequency", "cycles per second"}
_COLUMNS = {
    "current": CURRENT,
    "rate": Column({"rate", "frequency", "r", "f", "mean rate", *_FLIPS, *_CYCLES}, "frequency", "flip rate [Hz]"),
    "error": Column({"error", "std", "sem", "uncertainty", "rate error"}, "frequency", "error [Hz]"),
    "duration": Column({"duration", "time", "counting time", "observation time"}, "time", "duration [s]"),
}


def read_rates(path: str | Path, per: Per | None = None) -> xr.DataArray:
    """Flips a second over current from a CSV file with a header.

    The header names ``current [uA]`` and a rate with its unit; optionally ``duration [s]``, for how long flips were
    counted at each current, or ``error [Hz]``, the rate's standard error. A column called ``flip rate`` or ``cycle
    rate`` says what it counts; one called ``rate`` does not, and ``per`` must.

    Parameters
    ----------
    path : str or Path
        The file.
    per : {"flip", "cycle"} or None
        What the file's rates count: every change of state, or there and back again. A cycle is two flips.

    Returns
    -------
    xarray.DataArray
        Flips a second over ``current`` [A], with ``error`` [1/s] and ``duration`` [s] where the file gives them.

    Raises
    ------
    DataError
        No such file, no header, a missing column, or malformed rows, each named by its line.
    UnitError
        A column without its unit, or with a wrong one.
    InputError
        Nothing says what the rates count, or the header says otherwise than ``per``.
    """
    text = read_table(path, EXAMPLE)
    found = find_columns(text, _COLUMNS)
    missing = [name for name in ("current", "rate") if name not in found]
    if missing:
        raise missing_columns(text, missing, EXAMPLE)
    factor = 1.0 if _counted(text.header[found["rate"]], per, str(text.path)) == "flip" else 2.0
    values = read_columns(text, found, _COLUMNS, _fault)
    order = np.argsort(values["current"], kind="stable")
    coords = {"current": ("current", values["current"][order], {"units": "A", "long_name": "current"})}
    if "error" in values:
        coords["error"] = ("current", factor * values["error"][order], {"units": "1/s"})
    if "duration" in values:
        coords["duration"] = ("current", values["duration"][order], {"units": "s"})
    attrs = {"units": "1/s", "long_name": "flip rate", "source": text.path.name, "references": []}
    return xr.DataArray(factor * values["rate"][order], coords, ("current",), "flip_rate", attrs)


def _counted(cell: str, per: Per | None, path: str) -> Per:
    words = cell.lower()
    said: Per | None = "cycle" if "cycle" in words else "flip" if "flip" in words or "switching" in words else None
    if per not in (None, "flip", "cycle"):
        raise InputError(f"per = '{per}': rates count each 'flip' or each 'cycle', which is two flips.")
    if said is None and per is None:
        raise InputError(
            f"'{path}': the column '{cell.strip()}' does not say whether it counts flips (every change of state) or "
            "cycles (there and back, two flips); the two differ by a factor of 2. Name it 'flip rate [Hz]' or "
            "'cycle rate [Hz]', or give per='flip' or per='cycle'."
        )
    if said is not None and per is not None and said != per:
        raise InputError(f"'{path}': the column '{cell.strip()}' counts {said}s, but per='{per}' was asked for.")
    return said or per or "flip"


def _fault(row: dict[str, float]) -> str:
    if row["rate"] < 0:
        return f"rate {row['rate']:g} is negative"
    if row.get("error", 0.0) < 0:
        return f"error {row['error']:g} is negative"
    return f"duration {row['duration']:g} is not more than 0" if row.get("duration", 1.0) <= 0 else ""
