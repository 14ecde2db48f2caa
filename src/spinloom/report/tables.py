"""Tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from spinloom.experiments.verdict import Expectation, number_text

COLOURS = {"agrees": "green", "disagrees": "red", "not comparable": "yellow", "not run": "bright_black"}


def published_text(row: Expectation) -> str:
    """The published side: number, bound or trend, with its tolerance."""
    if row.relation in ("increasing", "decreasing"):
        return row.relation
    bound = f"{row.relation} " if row.relation else ""
    if row.published is None:
        return "–"
    band = f" ± {number_text(row.tolerance)}" if row.tolerance else ""
    return f"{bound}{number_text(row.published)}{band} {row.unit}".strip()


def ours_text(row: Expectation) -> str:
    """Our side: number with its standard uncertainty."""
    if row.ours is None:
        return "–"
    spread = f" ± {number_text(row.error, 2)}" if row.error is not None else ""
    return f"{number_text(row.ours)}{spread} {row.unit}".strip()


def expectation_table(rows: Iterable[Expectation], title: str = "") -> Table:
    """Published, ours, verdict, and why where they differ."""
    table = Table(title=title or None, title_justify="left", show_edge=False, pad_edge=False, header_style="bold")
    table.add_column("quantity", ratio=3)
    table.add_column("published", justify="right", ratio=2)
    table.add_column("here", justify="right", ratio=2)
    table.add_column("verdict", ratio=4)
    for row in rows:
        verdict = Text(row.verdict, style=COLOURS[row.verdict])
        if row.why:
            verdict.append(f": {row.why}", style="default")
        table.add_row(row.label, published_text(row), ours_text(row), verdict)
    return table
