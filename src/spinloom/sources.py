"""Where a number comes from: how it is known, in which document, at which place; and how to cite it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal, get_args

from spinloom.errors import InputError, UnknownNameError

How = Literal["stated", "figure", "fitted", "assumed", "computed", "yours"]
HOWS: tuple[str, ...] = get_args(How)


@dataclass(frozen=True)
class Source:
    """How a value is known.

    Attributes
    ----------
    how : {"stated", "figure", "fitted", "assumed", "computed", "yours"}
        ``stated`` in the document's text or tables, read off a ``figure``, ``fitted`` there, ``computed`` from stated
        values, ``assumed`` by us because the document is silent, ``yours`` when a user overrode it.
    reference : str
        Key in ``references.bib`` (or in the user's own file).
    where : str
        Place in the document: section, table, equation, figure.
    note : str
        Anything a reader must know before quoting it.
    """

    how: How
    reference: str = ""
    where: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse an unknown ``how``."""
        if self.how not in HOWS:
            raise UnknownNameError("way of knowing a value", str(self.how), HOWS)

    def __str__(self) -> str:
        """One line: ``stated, Xin2023, table 3.1``."""
        return ", ".join(part for part in (self.how, self.reference, self.where) if part)


@dataclass(frozen=True)
class Reference:
    """One bibliography entry: fields as printed, and the BibTeX text to cite it with."""

    key: str
    authors: str
    title: str
    journal: str
    year: str
    doi: str
    bibtex: str

    def __str__(self) -> str:
        """One readable line."""
        tail = f" doi:{self.doi}" if self.doi else ""
        return f"{self.authors} ({self.year}). {self.title}. {self.journal}.{tail}"


def _field(entry: str, name: str) -> str:
    found = re.search(rf"^\s*{name}\s*=\s*\{{(.*)\}},?\s*$", entry, re.MULTILINE)
    return re.sub(r"[{}]", "", found.group(1)).strip() if found else ""


@functools.cache
def references() -> dict[str, Reference]:
    """All entries of the built-in ``references.bib``, by key (one field a line, as that file is kept)."""
    text = files("spinloom").joinpath("references.bib").read_text(encoding="utf-8")
    table: dict[str, Reference] = {}
    for entry in re.findall(r"^@\w+\{.*?^\}", text, re.MULTILINE | re.DOTALL):
        key = entry[entry.index("{") + 1 : entry.index(",")].strip()
        journal = next((v for v in (_field(entry, n) for n in ("journal", "school", "publisher", "note")) if v), "")
        author, title, year, doi = (_field(entry, name) for name in ("author", "title", "year", "doi"))
        table[key] = Reference(key, author, title, journal, year, doi, entry)
    return table


def bibtex(keys: Iterable[str]) -> str:
    """BibTeX text of the given keys, each once, in the order given; unknown keys raise UnknownNameError."""
    table = references()
    wanted = list(dict.fromkeys(keys))
    for key in wanted:
        if key not in table:
            raise UnknownNameError("reference", key, table)
    return "\n\n".join(table[key].bibtex for key in wanted) + ("\n" if wanted else "")


def cite(result: Any) -> list[str]:
    """What to cite for a result: readable lines from ``result.attrs["references"]`` or ``result.references``."""
    keys = getattr(result, "attrs", {}).get("references", None)
    if keys is None:
        keys = getattr(result, "references", None)
    if keys is None:
        raise InputError("This object carries no sources; cite() takes what a Spinloom run returned.")
    found: Any = keys() if callable(keys) else keys
    keys = [found] if isinstance(found, str) else list(found)
    table = references()
    return [str(table[key]) if key in table else key for key in keys]
