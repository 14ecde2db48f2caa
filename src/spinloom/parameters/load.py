"""Parameter sets from TOML: built in, a user's own file, or another package's through an entry point."""

from __future__ import annotations

import difflib
import tomllib
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spinloom import registry
from spinloom.errors import InputError, ParameterError, UnknownNameError
from spinloom.parameters.kinds import rules
from spinloom.parameters.schema import DEFAULT, Parameter, ParameterSet
from spinloom.sources import HOWS, How, Source, references


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    value: float | str
    how: How
    reference: str | None = None
    where: str = ""
    note: str = ""


class _Reference(BaseModel):
    """A document that the built-in bibliography lacks, described in the set itself."""

    model_config = ConfigDict(extra="forbid")
    title: str
    doi: str = ""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    device: str
    title: str = ""
    reference: str = ""
    further_references: list[str] = Field(default_factory=list)
    references: dict[str, _Reference] = Field(default_factory=dict)
    parameters: dict[str, _Entry]


def _built_in() -> dict[str, Path]:
    with as_file(files("spinloom.parameters").joinpath("sets")) as folder:
        return {file.stem: file for file in sorted(folder.glob("*.toml"))}


def _foreign(name: str) -> Path:
    package, _, inner = registry.parameter_sets.target(name).partition(":")
    return Path(str(files(package).joinpath(inner)))


def names() -> list[str]:
    """Names of all parameter sets: built in, and from other packages."""
    return sorted({*_built_in(), *registry.parameter_sets.names()})


def _path(name: str | Path) -> Path:
    text = str(name)
    built_in = _built_in()
    if text in built_in:
        return built_in[text]
    if text in registry.parameter_sets.names():
        return _foreign(text)
    if text.endswith(".toml") or "/" in text:
        path = Path(text).expanduser()
        if path.is_file():
            return path
        raise InputError(
            f"There is no parameter file '{path}'. Give a path to a TOML file, or one of: {', '.join(names())}."
        )
    raise UnknownNameError("parameter set", text, names(), "A path to your own TOML file works too.")


def _faults(error: ValidationError) -> list[str]:
    """pydantic's findings in the words of the file: where, what, and the closest match for a misspelt key."""
    lines = []
    for item in error.errors():
        place = ".".join(str(part) for part in item["loc"] if part not in ("float", "str"))
        key = str(item["loc"][-1])
        if item["type"] == "extra_forbidden":
            fields = _File.model_fields if len(item["loc"]) == 1 else _Entry.model_fields
            close = difflib.get_close_matches(key, list(fields), n=1)
            guess = f"did you mean '{close[0]}'?" if close else f"known: {', '.join(fields)}"
            lines.append(f"{place}: this key is not known; {guess}")
        elif item["type"] == "missing":
            lines.append(f"{place}: this key is missing")
        elif key == "how":
            lines.append(f"{place}: '{item['input']}' is no way of knowing a value; use one of {', '.join(HOWS)}")
        else:
            lines.append(f"{place}: {item['msg']}")
    return list(dict.fromkeys(lines))


def _read(path: Path) -> tuple[ParameterSet | None, list[str]]:
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return None, [f"this is no TOML: {error}"]
    try:
        raw = _File.model_validate(table)
    except ValidationError as error:
        return None, _faults(error)
    try:
        table_of_rules = rules(raw.device)
    except UnknownNameError as error:
        return None, [f"device: {error}"]
    faults, found = [], {}
    for key in raw.further_references:
        if key not in references() and key not in raw.references:
            faults.append(str(UnknownNameError("reference", key, {**references(), **raw.references})))
    for name, entry in raw.parameters.items():
        try:
            if name not in table_of_rules:
                raise UnknownNameError("parameter", name, table_of_rules)
            rule = table_of_rules[name]
            key = raw.reference if entry.reference is None else entry.reference
            if key and key not in references() and key not in raw.references:
                raise UnknownNameError("reference", key, {**references(), **raw.references})
            source = Source(
                entry.how, "" if entry.how == "assumed" and entry.reference is None else key, entry.where, entry.note
            )
            value = rule.read(name, entry.value)
            found[name] = Parameter(name, value, rule.unit, str(entry.value), source, rule.meaning)
        except InputError as error:
            faults.append(str(error))
    for name, rule in table_of_rules.items():
        if name in found or name in raw.parameters:
            continue
        if rule.default is None:
            faults.append(f"{name}: the set must give the {rule.meaning}.")
        else:
            source = Source("assumed", note=DEFAULT)
            found[name] = Parameter(name, rule.default, rule.unit, str(rule.default), source, rule.meaning)
    if faults:
        return None, list(dict.fromkeys(faults))  # an unknown reference is at fault once, not once a parameter
    ordered = {name: found[name] for name in table_of_rules}
    further = tuple(raw.further_references)
    return ParameterSet(raw.name, raw.device, raw.title, raw.reference, ordered, further), []


def load(name: str | Path | ParameterSet) -> ParameterSet:
    """A parameter set by name or by the path of a TOML file.

    Raises
    ------
    UnknownNameError
        No set of that name; the message holds the closest match.
    ParameterError
        The file has faults; the message lists all of them.
    """
    if isinstance(name, ParameterSet):
        return name
    path = _path(name)
    found, faults = _read(path)
    if found is None:
        raise ParameterError(
            f"The parameter set '{path}' cannot be used: " + "; ".join(fault.rstrip(".") for fault in faults) + "."
        )
    return found


def check(path: str | Path) -> list[str]:
    """All faults of a parameter file, in words; empty when it is fine."""
    return _read(_path(path))[1]
