"""What a protocol is handed besides its spec: chance, progress, and a place to keep what is finished."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from spinloom.errors import DataError, OutputError
from spinloom.experiments.figure import FigureSpec
from spinloom.experiments.interrupt import Interrupt
from spinloom.experiments.verdict import Metric

if TYPE_CHECKING:
    import xarray as xr

Progress = Callable[[str, int, int], None]
"""Called as ``progress(stage, done, total)``; the unit of done and total is the stage's own."""


@dataclass(frozen=True)
class Outcome:
    """What a protocol returns: numbers to judge, all data, figures to draw, and text lines for people.

    Attributes
    ----------
    metrics : mapping of str to Metric
        The numbers that expectations name.
    data : xr.Dataset
        Everything measured, as saved in ``result.nc``.
    figures : tuple of FigureSpec
        What to draw of it.
    references : tuple of str
        Bibliography keys that the run used beyond the spec's own (data sets, methods, parameter sets).
    assumed : tuple of (what, value, why)
        Assumed inputs that came along with the parameter sets used.
    """

    metrics: Mapping[str, Metric]
    data: xr.Dataset
    figures: tuple[FigureSpec, ...] = ()
    references: tuple[str, ...] = ()
    assumed: tuple[tuple[str, str, str], ...] = ()


@final
@dataclass(frozen=True)
class Context:
    """Seed, seeds, progress and the folder of a run.

    Attributes
    ----------
    seed : int
        First seed; a protocol with several uses seed, seed + 1, ...
    seeds : int or None
        How many; None leaves it to the settings.
    progress : callable or None
        ``progress(stage, done, total)``.
    folder : Path or None
        Run folder, where finished parts are kept; None keeps nothing.
    interrupt : Interrupt
        Says whether Ctrl-C was pressed.
    """

    seed: int = 0
    seeds: int | None = None
    progress: Progress | None = None
    folder: Path | None = None
    interrupt: Interrupt = field(default_factory=Interrupt)

    def stage(self, name: str) -> Callable[[int, int], None]:
        """A ``callable(done, total)`` for one stage, as devices and training loops take it; stops at Ctrl-C."""

        def report(done: int, total: int) -> None:
            self.interrupt.check()
            if self.progress is not None:
                self.progress(name, done, total)

        return report

    def checkpoint(self, key: str) -> Path | None:
        """Where an unfinished part may save itself; None without a folder."""
        return None if self.folder is None else _parts(self.folder) / f"{key}.checkpoint"

    def part(self, key: str, compute: Callable[[], xr.Dataset]) -> xr.Dataset:
        """A finished part of the run: read back when an earlier, interrupted run kept it, computed and kept otherwise.

        A kept part is what was computed, bit for bit, so a resumed run equals an uninterrupted one.

        Parameters
        ----------
        key : str
            Unique within the run, usable as a file name.
        compute : callable
            Gives the part as a dataset.
        """
        self.interrupt.check()
        if self.folder is None:
            return compute()
        path = _parts(self.folder) / f"{key}.nc"
        if not path.is_file():
            save_dataset(compute(), path)
            checkpoint = self.checkpoint(key)
            if checkpoint is not None:
                checkpoint.unlink(missing_ok=True)
        return load_dataset(path)

    def finished(self) -> list[str]:
        """Keys of the parts on disk, oldest first: what a resumed run need not do again."""
        if self.folder is None:
            return []
        found = sorted(self.folder.glob("parts/*.nc"), key=lambda path: path.stat().st_mtime_ns)
        return [path.stem for path in found]


def _parts(folder: Path) -> Path:
    parts = folder / "parts"
    parts.mkdir(parents=True, exist_ok=True)
    return parts


def save_dataset(data: xr.Dataset, path: Path) -> None:
    """Write netCDF whole or not at all: a killed run leaves no half file under the final name.

    Raises
    ------
    OutputError
        The disk is full, or the folder has become unwritable.
    """
    plain = data.assign_attrs({key: _attribute(value) for key, value in data.attrs.items()})
    for name in plain.variables:
        plain[name].attrs = {key: _attribute(value) for key, value in plain[name].attrs.items()}
    partial = path.with_suffix(".partial")
    try:
        # packed in memory first: HDF5 itself may crash the process when the disk fills up under it
        partial.write_bytes(plain.to_netcdf(engine="h5netcdf"))
        os.replace(partial, path)
    except OSError as error:
        raise OutputError(
            f"'{path}' cannot be written: {getattr(error, 'strerror', None) or error}. What was finished stays in "
            f"'{path.parent}'; make room and run again with --resume."
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def load_dataset(path: Path) -> xr.Dataset:
    """Read a dataset into memory and close its file.

    Raises
    ------
    DataError
        The file is not netCDF, or is damaged.
    """
    import xarray as xr

    try:
        return xr.load_dataset(path, engine="h5netcdf")
    except (OSError, ValueError) as error:
        raise DataError(
            f"'{path}' cannot be read ({error}). Delete it and run again; it will be computed anew."
        ) from None


def _attribute(value: Any) -> Any:
    """Attributes that netCDF can hold: mappings and None become JSON text, booleans integers."""
    if isinstance(value, bool):
        return int(value)
    if value is None or isinstance(value, dict):
        return json.dumps(value)
    if isinstance(value, list | tuple):
        return [str(item) for item in value] if not all(isinstance(v, int | float) for v in value) else list(value)
    return value
