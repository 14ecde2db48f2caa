"""Tables for the terminal, and numbers with units as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from spinloom.experiments.verdict import Expectation, number_text, with_error

COLOURS = {"agrees": "green", "disagrees": "red", "not comparable": "yellow", "not run": "bright_black"}

_WRITTEN = (
    (re.compile(r"\b1/uA\b"), "/µA"),
    (re.compile(r"\buA\b"), "µA"),
    (re.compile(r"\bkohm\b"), "kΩ"),
    (re.compile(r"\bohm\b"), "Ω"),
    (re.compile(r"\bJ/m\^3"), "J/m³"),
)


def readable(text: str) -> str:
    """ASCII units as in files -> units as on paper: ``uA`` -> ``µA``, ``1/uA`` -> ``/µA``, ``kohm`` -> ``kΩ``."""
    for pattern, replacement in _WRITTEN:
        text = pattern.sub(replacement, text)
    return text


def published_text(row: Expectation) -> str:
    """The published side: number, bound or trend, with its tolerance."""
    if row.relation in ("increasing", "decreasing"):
        return row.relation
    if row.published is None:
        return "–"
    bound = f"{row.relation} " if row.relation else ""
    band = f" ± {number_text(row.tolerance)}" if row.tolerance else ""
    return readable(f"{bound}{number_text(row.published)}{band} {row.unit}".strip())


def ours_text(row: Expectation) -> str:
    """Our side: number with its standard uncertainty."""
    return "–" if row.ours is None else readable(f"{with_error(row.ours, row.error)} {row.unit}".strip())


def expectation_table(rows: Iterable[Expectation], brief: bool = False) -> RenderableType:
    """Published, ours, verdict; the reasons for what differs are numbered below.

    Parameters
    ----------
    rows : iterable of Expectation
        In the order shown.
    brief : bool
        Give the first clause of each reason in the table itself, and no list below.
    """
    table = Table(show_edge=False, pad_edge=False, header_style="bold", box=None, padding=(0, 2, 0, 0))
    table.add_column("")
    table.add_column("published", justify="right", style="dark_orange3")
    table.add_column("here", justify="right", style="dodger_blue2")
    table.add_column("verdict")
    notes: list[str] = []
    for row in rows:
        verdict = Text(row.verdict, style=COLOURS[row.verdict])
        if row.why and row.verdict != "not run":
            if not brief and row.why not in notes:
                notes.append(row.why)
            mark = f": {first_clause(row.why)}" if brief else f" ({notes.index(row.why) + 1})"
            verdict.append(readable(mark), style="default")
        table.add_row(readable(row.label), published_text(row), ours_text(row), verdict)
    lines = [Text(readable(f"({number}) {note}")) for number, note in enumerate(notes, start=1)]
    return Group(table, *([Text("")] if lines else []), *lines)


def first_clause(text: str) -> str:
    """Up to the first colon, semicolon or full stop that ends a clause."""
    return re.split(r"[:;.](?:\s|$)", text, maxsplit=1)[0]
