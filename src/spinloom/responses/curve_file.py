"""A measured curve from a CSV file: current or voltage, probability and, if known, the number of trials."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from spinloom.responses.csv_columns import Column, find_columns, missing_columns, read_columns
from spinloom.responses.csv_text import read_table

CURRENT = Column({"current", "i"}, "current", "current [uA]")
VOLTAGE = Column({"voltage", "v", "u", "write voltage", "writing voltage", "bias"}, "voltage", "voltage [V]")
_CURVE = {
    "current": CURRENT,
    "voltage": VOLTAGE,
    "probability": Column({"probability", "p", "psw", "p sw", "switching probability"}),
    "trials": Column({"trials", "n", "attempts", "count"}),
}


def read_curve(path: str | Path, drives: tuple[str, ...] = ("current",)) -> xr.DataArray:
    """A switching curve from a CSV file with a header.

    The header names a column ``current [uA]`` (any unit of current, which is never guessed), a column ``probability``
    and optionally ``trials``; columns may stand in any order and lines that begin with # are skipped.

    Parameters
    ----------
    path : str or Path
        The file.
    drives : tuple of {"current", "voltage"}
        What the curve may run over; where the file has both columns, the first one counts.

    Returns
    -------
    xarray.DataArray
        Probability over ``current`` [A] or ``voltage`` [V], sorted, with a coordinate ``trials`` where the file gives
        it.

    Raises
    ------
    DataError
        No such file, no header, a missing column, or malformed rows, each named by its line.
    UnitError
        The drive's column has no unit or an unknown one.
    """
    example = f"{_CURVE[drives[0]].example},probability"
    text = read_table(path, example)
    found = find_columns(text, _CURVE)
    drive = next((name for name in drives if name in found), None)
    missing = ([] if drive else [" or ".join(drives)]) + ([] if "probability" in found else ["probability"])
    if missing or drive is None:
        raise missing_columns(text, missing, f"{example},trials")
    places = {name: found[name] for name in (drive, "probability", "trials") if name in found}
    values = read_columns(text, places, _CURVE, _fault)
    order = np.lexsort([values[name] for name in reversed(places)])
    attrs = {"units": "A" if drive == "current" else "V", "long_name": drive}
    coords = {drive: (drive, values[drive][order], attrs)}
    if "trials" in places:
        coords["trials"] = (drive, values["trials"][order], {"long_name": "trials"})
    attrs = {"units": "1", "long_name": "switching probability", "source": text.path.name, "references": []}
    return xr.DataArray(
        values["probability"][order], dims=drive, coords=coords, name="switching_probability", attrs=attrs
    )


def _fault(row: dict[str, float]) -> str:
    if not 0.0 <= row["probability"] <= 1.0:
        return f"probability {row['probability']:g} is outside 0 to 1"
    trials = row.get("trials", 1.0)
    if trials < 1 or trials != int(trials):
        return f"trials {trials:g} is no whole number of 1 or more"
    return ""
