"""One HTML file that needs no network: table, findings, figures, assumed inputs, sources, and how to repeat it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from spinloom.errors import InputError, OutputError
from spinloom.experiments.result import ReproductionResult
from spinloom.experiments.verdict import Metric
from spinloom.report import figures
from spinloom.report.tables import ours_text, published_text, readable
from spinloom.sources import bibtex, references


@dataclass(frozen=True)
class _Drawn:
    title: str
    caption: str
    source: str


def write(result: ReproductionResult, folder: str | Path | None = None) -> Path:
    """Write figures (PNG, SVG), ``citations.bib`` and ``report.html`` of one result; returns the page.

    Parameters
    ----------
    result : ReproductionResult
        What ``reproduce`` returned.
    folder : path or None
        Where to; None takes the folder of the run.

    Raises
    ------
    InputError
        No folder given, and the run kept none.
    OutputError
        The folder cannot be written.
    """
    place = folder if folder is not None else result.folder
    if place is None:
        raise InputError("This run kept no folder; say where the report goes: result.report('out').")
    return write_together([result], Path(place), result.spec.title)


def write_together(results: Sequence[ReproductionResult], folder: Path, title: str, lead: str = "") -> Path:
    """Write several results as one page.

    Parameters
    ----------
    results : sequence of ReproductionResult
        In the order shown.
    folder : Path
        Receives ``report.html``, ``citations.bib`` and ``figures/``.
    title, lead : str
        Heading, and a sentence under it.
    """
    try:
        sections = [_section(result, folder) for result in results]
        keys = list(dict.fromkeys(key for result in results for key in result.references))
        known = [key for key in keys if key in references()]
        (folder / "citations.bib").write_text(bibtex(known), encoding="utf-8")
        page = _template().render(title=title, lead=lead, sections=sections, cited=_cited(keys), bibtex=bibtex(known))
        path = folder / "report.html"
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"The report cannot be written to '{folder}': {error.strerror or error}. Choose another folder."
        ) from None
    return path


def _template() -> Any:
    import jinja2

    text = files("spinloom.report").joinpath("page.html").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string(text)


def _cited(keys: Sequence[str]) -> list[str]:
    table = references()
    return [str(table[key]) if key in table else key for key in keys]


def _section(result: ReproductionResult, folder: Path) -> dict[str, Any]:
    """All that the template shows of one result."""
    spec = result.spec
    drawn = [_draw(figure, result, folder) for figure in result.figures]
    rows = [
        {
            "label": readable(row.label),
            "published": published_text(row),
            "ours": ours_text(row),
            "verdict": row.verdict,
            "style": row.verdict.replace(" ", "-"),
            "why": readable(row.why),
            "where": row.where,
            "reason": readable(row.reason),
            "kind": row.kind,
            "new": row.surprising and row.verdict != "not run",
        }
        for row in result.expectations
    ]
    named = {row.quantity for row in result.expectations}
    others = [(key, readable(metric.text())) for key, metric in result.metrics.items() if key not in named]
    return {
        "name": spec.name,
        "title": spec.title,
        "about": readable(spec.about),
        "verdict": result.verdict,
        "style": result.verdict.replace(" ", "-"),
        "tally": _tally(result),
        "quick": result.quick,
        "yours": spec.yours,
        "papers": [row for row in rows if row["kind"] == "paper"],
        "checks": [row for row in rows if row["kind"] == "check"],
        "notes": [(note.title, readable(_fill(note.text, result.metrics))) for note in spec.note],
        "figures": drawn,
        "others": others,
        "assumed": [tuple(map(readable, (a.what, a.value, a.why))) for a in result.assumed],
        "settings": [
            (key, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
            for key, value in spec.settings.items()
        ],
        "command": result.command,
        "seconds": f"{result.seconds:.1f}" if result.seconds < 100 else f"{result.seconds:.0f}",
        "machine": result.machine,
        "versions": ", ".join(f"{name} {version}" for name, version in result.machine["versions"].items()),
    }


def _draw(figure: Any, result: ReproductionResult, folder: Path) -> _Drawn:
    svg = figures.save(figure, folder / "figures", result.spec.point)
    source = "data:image/svg+xml;base64," + base64.b64encode(svg).decode("ascii")
    return _Drawn(figure.title, figure.caption, source)


def _tally(result: ReproductionResult) -> str:
    counts: dict[str, int] = {}
    for row in result.expectations:
        counts[row.verdict] = counts.get(row.verdict, 0) + 1
    order = ("agrees", "disagrees", "not comparable", "not run")
    words = {"agrees": "agree", "disagrees": "disagree", "not comparable": "not comparable", "not run": "not run"}
    return ", ".join(f"{counts[verdict]} {words[verdict]}" for verdict in order if verdict in counts)


def _fill(text: str, metrics: Mapping[str, Metric]) -> str:
    """Put measured numbers into a note: ``{accuracy.fixed}``."""

    def value(found: re.Match[str]) -> str:
        metric = metrics.get(found.group(1))
        return "(not run)" if metric is None else metric.text()

    return re.sub(r"\{([\w.\-]+)\}", value, text)
