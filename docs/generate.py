"""Pages made from the package's own data, so that they cannot fall behind it: reproductions and parameter sets."""

from __future__ import annotations

import re
from pathlib import Path

from spinloom import parameters, reproductions
from spinloom.experiments.spec import Expect, Reproduction, load_reproduction
from spinloom.sources import references
from spinloom.units import pretty


def _cell(text: object) -> str:
    return re.sub(r"<(?=[A-Za-z])", "&lt;", " ".join(str(text).split()).replace("|", "\\|"))  # <zz> is no tag


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return [*lines, *("| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows)]


def _published(expect: Expect) -> str:
    if expect.published is None:
        return expect.relation or ""
    values = expect.published if isinstance(expect.published, list) else [expect.published]
    sign = f"{expect.relation} " if expect.relation in ("<", ">") else ""
    return sign + ", ".join(f"{value:g}" for value in values) + f" {expect.unit}"


def _finding(expect: Expect) -> str:
    return expect.finding if expect.comparable else "not comparable"


def _reproduction(spec: Reproduction) -> list[str]:
    lines = [f"## {spec.name}", "", spec.title, "", spec.about.strip(), ""]
    lines += [f"`spinloom reproduce {spec.name}` takes about {spec.minutes:g} minutes on two cores.", ""]
    rows = [
        [
            e.label,
            _published(e),
            f"± {e.tolerance:g}" if e.tolerance is not None else "",
            _finding(e),
            e.why or e.reason,
        ]
        for e in spec.expect
    ]
    lines += _table(["quantity", "published", "tolerance", "our finding", "why"], rows)
    if spec.assumed:
        lines += ["", "Assumed, because the publication is silent:", ""]
        lines += _table(["input", "value", "why"], [[a.what, a.value, a.why] for a in spec.assumed])
    return [*lines, ""]


def _reproductions() -> str:
    specs = [load_reproduction(name) for name in reproductions.names()]
    return "\n".join(line for spec in specs for line in _reproduction(spec))


def _parameter_set(name: str) -> list[str]:
    chosen = parameters.load(name)
    reference = references()[chosen.reference]
    rows = [
        [
            p.description or p.name,
            f"`{p.name}`",
            p.value if isinstance(p.value, str) else pretty(p.value, p.unit),
            p.source.how,
            p.source.where,
        ]
        for p in chosen.parameters.values()
    ]
    head = ["parameter", "name", "value", "how known", "where"]
    return [f"### {name}", "", chosen.title, "", str(reference), "", *_table(head, rows), ""]


def _parameters() -> str:
    return "\n".join(line for name in parameters.names() for line in _parameter_set(name))


def write_all(folder: Path) -> None:
    """Write the generated pages; a file whose text is the same is left alone, so that nothing is built twice."""
    folder.mkdir(exist_ok=True)
    for name, text in {"reproductions.md": _reproductions(), "parameters.md": _parameters()}.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
