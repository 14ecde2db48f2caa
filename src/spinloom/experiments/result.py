"""What a reproduction returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from spinloom import registry
from spinloom.experiments.figure import FigureSpec
from spinloom.experiments.spec import Assumed, Reproduction
from spinloom.experiments.verdict import Expectation, Metric, Verdict, overall
from spinloom.sources import references as bibliography

if TYPE_CHECKING:
    import xarray as xr


@final
@dataclass(frozen=True)
class ReproductionResult:
    """A published system, run again and judged.

    Attributes
    ----------
    spec : Reproduction
        What was run, settings as used.
    expectations : tuple of Expectation
        Published against ours.
    metrics : mapping of str to Metric
        All that was measured, with units.
    data : xr.Dataset
        As in ``result.nc``.
    figures : tuple of FigureSpec
        What the report draws.
    assumed : tuple of Assumed
        Inputs that the publication does not give, and what was taken.
    references : tuple of str
        Bibliography keys.
    seconds : float
        Wall time of this run.
    command : str
        Repeats it.
    folder : Path or None
        What the run left behind.
    quick : bool
        Whether the spec's quick settings were used.
    machine : mapping
        Versions and machine that the numbers were made on.
    """

    spec: Reproduction
    expectations: tuple[Expectation, ...]
    metrics: Mapping[str, Metric]
    data: xr.Dataset
    figures: tuple[FigureSpec, ...]
    assumed: tuple[Assumed, ...]
    references: tuple[str, ...]
    seconds: float
    command: str
    folder: Path | None
    quick: bool
    machine: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Name of the reproduction."""
        return self.spec.name

    @property
    def verdict(self) -> Verdict:
        """Of the whole: disagrees if any comparable expectation does."""
        return overall(self.expectations)

    @property
    def surprises(self) -> tuple[Expectation, ...]:
        """Rows whose verdict is not the recorded finding: what ``--check`` fails on.

        A row that a quick run leaves out is no surprise.
        """
        return tuple(e for e in self.expectations if e.surprising and not (self.quick and e.verdict == "not run"))

    def cite(self) -> list[str]:
        """What to cite, one readable line each."""
        table = bibliography()
        return [str(table[key]) if key in table else key for key in self.references]

    def report(self, folder: str | Path | None = None) -> Path:
        """Write figures, ``report.html`` and ``citations.bib``; returns the page.

        Parameters
        ----------
        folder : path or None
            Where to; None takes the run's own folder.
        """
        return registry.reports.get("folder")(self, folder)

    def to_json(self) -> dict[str, Any]:
        """The object that ``spinloom reproduce NAME --json`` prints."""
        return {
            "name": self.name,
            "verdict": self.verdict,
            "expectations": [expectation.to_json() for expectation in self.expectations],
            "assumed": [entry.model_dump() for entry in self.assumed],
            "sources": self.cite(),
            "seconds": round(self.seconds, 3),
            "command": self.command,
            "surprises": [expectation.quantity for expectation in self.surprises],
            "folder": None if self.folder is None else str(self.folder),
        }
