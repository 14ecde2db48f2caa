"""A reproduction as data: what was published, how it is run, what is assumed, and within what it must agree.

The TOML is checked on loading. Every key is listed here; an unknown one is answered with the closest match, and all
faults of a file come in one message.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from spinloom import reproductions
from spinloom.errors import InputError

Finding = Literal["agrees", "disagrees"]
Relation = Literal["increasing", "decreasing", "<", ">"]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Assumed(_Data):
    """An input that the publication does not give: what, the value taken, and why that value."""

    what: str
    value: str
    why: str


class Note(_Data):
    """Text for the report; ``{quantity}`` is replaced by what the run measured."""

    title: str
    text: str


class Point(_Data):
    """A published point that is drawn over a figure."""

    figure: str
    label: str
    x: float
    y: float
    where: str


class Expect(_Data):
    """One published figure and the band within which ours counts as agreeing.

    Attributes
    ----------
    quantity : str
        Name of the metric that the protocol measures.
    label : str
        The quantity for people.
    published : float, list of float or None
        As printed; the bound itself for the relations ``<`` and ``>``; None for ``increasing`` and ``decreasing``.
    unit : str
        Unit of published and tolerance, the same as the metric's.
    tolerance : float or None
        Largest absolute difference that agrees; ``reason`` says why it is that.
    relation : {"increasing", "decreasing", "<", ">"} or None
        Instead of a tolerance.
    finding : {"agrees", "disagrees"}
        What we found when this file was written. A verdict that differs from it is news, and fails ``--check``.
    why : str
        Printed with a disagreement, and where the figure is not comparable.
    kind : {"paper", "check"}
        ``check`` compares with our own second method or a closed form instead of a publication.
    """

    quantity: str
    label: str
    published: float | list[float] | None = None
    unit: str = ""
    tolerance: float | None = Field(default=None, ge=0)
    relation: Relation | None = None
    reason: str = ""
    where: str = ""
    why: str = ""
    comparable: bool = True
    finding: Finding = "agrees"
    kind: Literal["paper", "check"] = "paper"

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.comparable:
            if not self.why:
                raise ValueError("'comparable = false' needs 'why': say which input the publication lacks")
            return self
        if (self.tolerance is None) == (self.relation is None):
            raise ValueError("give either 'tolerance' or 'relation', and not both")
        if self.tolerance is not None and self.published is None:
            raise ValueError("'tolerance' needs 'published'")
        if self.relation in ("<", ">") and not isinstance(self.published, float):
            raise ValueError(f"relation '{self.relation}' needs 'published' as one number, the bound")
        if not self.reason:
            raise ValueError("'reason' is missing: say why this tolerance or relation is the right one")
        if self.finding == "disagrees" and not self.why:
            raise ValueError("finding 'disagrees' needs 'why'")
        return self


class Reproduction(_Data):
    """A published system: protocol and settings, expectations, assumed inputs, notes.

    ``settings`` are the protocol's arguments, quantities as text with units; ``quick`` replaces some of them for a
    short look (the demo), and says so in the report. Settings changed by a caller are listed in ``yours``.
    """

    name: str
    title: str
    about: str
    protocol: str
    reference: str
    references: tuple[str, ...] = ()
    minutes: float = Field(gt=0)
    settings: dict[str, Any] = {}
    quick: dict[str, Any] = {}
    assumed: tuple[Assumed, ...] = ()
    expect: tuple[Expect, ...] = Field(min_length=1)
    note: tuple[Note, ...] = ()
    point: tuple[Point, ...] = ()
    yours: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        twice = {e.quantity for e in self.expect if sum(o.quantity == e.quantity for o in self.expect) > 1}
        if twice:
            raise ValueError(f"'expect' names a quantity twice: {', '.join(sorted(twice))}")
        return self

    def with_settings(self, changes: Mapping[str, Any], mark: bool = True) -> Reproduction:
        """A copy with settings replaced; unless ``mark`` is false they are listed as the caller's own.

        Raises
        ------
        InputError
            A name that is no setting of this reproduction, with the closest match.
        """
        for key in changes:
            if key not in self.settings:
                raise InputError(
                    f"{self.name} has no setting '{key}'.{_guess(key, self.settings)} "
                    f"Settings: {', '.join(self.settings)}."
                )
        yours = (*self.yours, *(f"{key} = {value}" for key, value in changes.items())) if mark else self.yours
        return self.model_copy(update={"settings": {**self.settings, **changes}, "yours": yours})


def _guess(word: str, known: Any) -> str:
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f" Did you mean '{close[0]}'?" if close else ""


_TABLES: dict[str, type[_Data]] = {"assumed": Assumed, "note": Note, "point": Point, "expect": Expect}


def _fault(error: Mapping[str, Any], table: Mapping[str, Any]) -> str:
    """One pydantic error as a sentence a person can act on."""
    place = [str(part) for part in error["loc"]]
    model: type[_Data] = Reproduction
    at = ""
    if place and place[0] in _TABLES and len(place) > 1:
        model = _TABLES[place[0]]
        entry = table[place[0]][int(place[1])]
        about = next((f" ({entry[key]})" for key in ("quantity", "what", "title", "figure") if key in entry), "")
        at = f"in [[{place[0]}]] number {int(place[1]) + 1}{about}: "
        place = place[2:]
    key = ".".join(place)
    if error["type"] == "extra_forbidden":
        return f"{at}there is no key '{key}'.{_guess(key, model.model_fields)} Keys: {', '.join(model.model_fields)}"
    if error["type"] == "missing":
        return f"{at}key '{key}' is missing"
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{at}{key + ': ' if key else ''}{message}"


def load_reproduction(name: str) -> Reproduction:
    """Read and check a reproduction by name or path.

    Raises
    ------
    UnknownNameError
        The name is not known.
    DataError
        The file is not there.
    InputError
        The file is not valid; all faults in one message.
    """
    path = reproductions.path(name)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} is no TOML: {error}.") from None
    try:
        return Reproduction.model_validate(table)
    except ValidationError as error:
        faults = "; ".join(_fault(fault, table) for fault in error.errors())  # pyright: ignore[reportArgumentType]
        raise InputError(f"{path.name} is not a valid reproduction: {faults}.") from None


def file_of(name: str) -> Path:
    """The file that :func:`load_reproduction` reads."""
    return reproductions.path(name)
