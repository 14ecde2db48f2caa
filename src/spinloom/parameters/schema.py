"""A parameter set: the numbers of one device, each with its source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from spinloom.errors import InputError, ParameterError, UnknownNameError
from spinloom.parameters.kinds import Rule, rules
from spinloom.sources import Source
from spinloom.units import pretty

DEFAULT = "not in the set: Spinloom's default"


@dataclass(frozen=True)
class Parameter:
    """One number with its source."""

    name: str
    value: float | str
    unit: str
    written: str
    source: Source
    description: str

    def __str__(self) -> str:
        """``damping = 0.0122 (stated, Xin2023, table 3.1)``."""
        shown = self.value if isinstance(self.value, str) else pretty(self.value, self.unit, 5)
        return f"{self.name} = {shown} ({self.source})"


@dataclass(frozen=True)
class ParameterSet:
    """The numbers of one device. Immutable: :meth:`replace` gives a changed copy that marks what is yours."""

    name: str
    device: str
    title: str
    reference: str
    parameters: Mapping[str, Parameter]
    further_references: tuple[str, ...] = ()

    def value(self, name: str) -> float:
        """SI value of a numeric parameter. Raises UnknownNameError with the closest match."""
        found = self._get(name).value
        if isinstance(found, str):
            raise ParameterError(f"{name} is a choice ('{found}'), not a number.")
        return found

    def choice(self, name: str) -> str:
        """Text of a parameter that is a choice."""
        return str(self._get(name).value)

    def _get(self, name: str) -> Parameter:
        if name not in self.parameters:
            raise UnknownNameError("parameter", name, self.parameters, f"The set is {self.name}.")
        return self.parameters[name]

    def replace(self, **overrides: float | str) -> ParameterSet:
        """A copy with some values overridden ("350 K" or SI numbers), each marked ``yours``."""
        table, changed = rules(self.device), dict(self.parameters)
        for name, value in overrides.items():
            if name not in table:
                raise UnknownNameError("parameter", name, table, f"The device is a {self.device.replace('_', ' ')}.")
            number = table[name].read(name, value)
            note = f"{self.name} has {self.parameters[name].written}"
            changed[name] = replace(
                self.parameters[name], value=number, written=str(value), source=Source("yours", note=note)
            )
        return replace(self, parameters=changed)

    def assumed(self) -> list[Parameter]:
        """Parameters that the document does not give and that act; terms left out by default are not listed."""
        return [
            item for item in self.parameters.values() if item.source.how == "assumed" and item.source.note != DEFAULT
        ]

    def assumed_inputs(self) -> tuple[tuple[str, str, str], ...]:
        """The assumed parameters as a reproduction lists them: (what, value as written, why)."""
        return tuple(
            (f"{self.name}: {item.name}", item.written, item.source.note or item.description) for item in self.assumed()
        )

    def yours(self) -> list[Parameter]:
        """Parameters that a user overrode."""
        return [item for item in self.parameters.values() if item.source.how == "yours"]

    def references(self) -> list[str]:
        """Bibliography keys behind the numbers, each once."""
        own = (item.source.reference for item in self.parameters.values())
        keys = [self.reference, *self.further_references, *own]
        return [key for key in dict.fromkeys(keys) if key]

    def to_json(self) -> str:
        """All values in SI with their sources, as one line of JSON: what travels in a result's attributes."""
        rows = {
            name: {"value": item.value, "unit": item.unit, "source": str(item.source)}
            for name, item in self.parameters.items()
        }
        return json.dumps({"name": self.name, "device": self.device, "parameters": rows}, ensure_ascii=False)

    def to_toml(self) -> str:
        """The set as a TOML file that :func:`spinloom.parameters.load` reads back equal."""

        def quoted(text: str) -> str:
            return json.dumps(text, ensure_ascii=False)

        lines = [f"name = {quoted(self.name)}", f"device = {quoted(self.device)}", f"title = {quoted(self.title)}"]
        lines.append(f"reference = {quoted(self.reference)}")
        if self.further_references:
            lines.append(f"further_references = [{', '.join(quoted(key) for key in self.further_references)}]")
        for name, item in self.parameters.items():
            value = _as_written(item, rules(self.device).get(name))
            value = quoted(value) if isinstance(value, str) else repr(value)
            lines += ["", f"[parameters.{name}]", f"value = {value}", f"how = {quoted(item.source.how)}"]
            for field in ("reference", "where", "note"):
                text = getattr(item.source, field)
                if text:
                    lines.append(f"{field} = {quoted(text)}")
        return "\n".join(lines) + "\n"


def _as_written(item: Parameter, rule: Rule | None) -> float | str:
    """The value as a person wrote it, "10 uS", or with its SI unit where that would not read back equal."""
    try:
        plain: float | str = float(item.written)
    except ValueError:
        plain = item.written
    try:
        if rule is not None and rule.read(item.name, plain) == item.value:
            return plain
    except InputError:
        pass
    return item.value if isinstance(item.value, str) or not item.unit else f"{item.value!r} {item.unit}"
