"""Text with units <-> SI floats. The only file that knows unit strings; inside Spinloom every number is SI.

A quantity is a number with a unit ("30 ns", "30ns", "80 kA/m"); a plain number is taken as SI already. A range is
``from:to:points``. Magnetic fields are given in tesla: this community mixes T and A/m, so a field in A/m or Oe is
refused with the factor instead of being guessed.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.errors import UnitError

if TYPE_CHECKING:
    import pint

KINDS: dict[str, str] = {
    "number": "",
    "angle": "rad",
    "current": "A",
    "time": "s",
    "length": "m",
    "area": "m^2",
    "volume": "m^3",
    "temperature": "K",
    "magnetisation": "A/m",
    "field": "T",
    "energy": "J",
    "power": "W",
    "energy_density": "J/m^3",
    "surface_energy": "J/m^2",
    "resistance": "ohm",
    "conductance": "S",
    "capacitance": "F",
    "resistance_area": "ohm m^2",
    "voltage": "V",
    "current_density": "A/m^2",
    "frequency": "Hz",
    "vcma": "J/(V m)",
    "gyromagnetic_ratio": "rad/(s T)",
}
"""Kinds of quantity and the SI unit in which Spinloom holds each."""

_PREFIXES = {-15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T"}
_PREFIXED = {"A", "s", "m", "J", "V", "Hz", "ohm", "S", "T", "W", "K"}


@functools.cache
def _pint() -> pint.UnitRegistry:
    import pint  # a quarter of a second that `spinloom --help` does not pay

    return pint.UnitRegistry(autoconvert_offset_to_baseunit=True)


def _unit(kind: str) -> str:
    if kind not in KINDS:
        raise KeyError(f"unknown kind of quantity '{kind}'")  # a programming error, not a user's
    return KINDS[kind]


def _parse(text: str, label: str, unit: str) -> Any:
    """A pint quantity from text, or a UnitError that shows how to write it."""
    import pint

    example = f"Write it with a unit, e.g. '1 {unit}'." if unit else "It takes a plain number."
    try:
        quantity = _pint().Quantity(text.strip().replace("°C", "degC").replace("Ω", "ohm").replace("Ohm", "ohm"))
    except pint.UndefinedUnitError as error:
        raise UnitError(f"{label}'{text}' has a unit that is not known ({error.args[0]}). {example}") from None
    except Exception:  # pint raises many kinds on text that is no quantity at all
        raise UnitError(f"{label}'{text}' is no quantity. {example}") from None
    if not isinstance(quantity.magnitude, int | float):
        raise UnitError(f"{label}'{text}' is no quantity. {example}")
    return quantity


def si(value: str | float, kind: str, name: str = "") -> float:
    """The SI value of a quantity.

    Parameters
    ----------
    value : str or float
        "30 ns", or a plain number, which is SI already.
    kind : str
        A key of :data:`KINDS`.
    name : str
        What the quantity is, for the message.

    Raises
    ------
    UnitError
        Unknown unit, wrong dimension, text without a unit where one is needed, NaN.

    Examples
    --------
    >>> si("2.5 mV", "voltage")
    0.0025
    """
    label = f"{name}: " if name else ""
    unit = _unit(kind)
    if isinstance(value, str):
        quantity = _parse(value, label, unit)
        if quantity.unitless and unit and kind != "angle":
            raise UnitError(f"{label}'{value}' has no unit. Write it with one, e.g. '{value.strip()} {unit}'.")
        try:
            converted = quantity.to(unit or "dimensionless")
            # 15 digits: "30 ns" is 3e-8 and not 3.0000000000000004e-8; what is in SI already keeps all of its digits
            same = quantity.units == converted.units
            number = float(converted.magnitude if same else f"{converted.magnitude:.15g}")
        except Exception:  # pint.DimensionalityError and offset-unit errors alike
            raise UnitError(f"{label}'{value}' is no {kind.replace('_', ' ')}.{_advice(quantity, kind)}") from None
    else:
        number = float(value)
    if math.isnan(number):
        raise UnitError(f"{label}the value is NaN; give a number" + (f" in {unit}." if unit else "."))
    return number


def _advice(quantity: Any, kind: str) -> str:
    unit = KINDS[kind]
    if kind == "field" and quantity.check("[current]/[length]"):
        tesla = quantity.to("A/m").magnitude * 4e-7 * math.pi
        return f" Spinloom takes fields as B = mu0 H in tesla: write '{tesla:.4g} T'."
    if kind == "magnetisation" and quantity.check("[mass]/[current]/[time]^2"):
        ampere = quantity.to("T").magnitude / (4e-7 * math.pi)
        return f" Spinloom takes magnetisation M in A/m, not mu0 M: write '{ampere:.5g} A/m'."
    return f" It takes a unit that converts to {unit}." if unit else " It takes a plain number."


@dataclass(frozen=True)
class Span:
    """``points`` values from ``start`` to ``stop``, ends included; units are read where the span is used."""

    start: str | float
    stop: str | float
    points: int

    def __post_init__(self) -> None:
        """Refuse a span without points."""
        if self.points < 1:
            raise UnitError(f"A range needs at least one point, not {self.points}.")


def span(start: str | float, stop: str | float, points: int) -> Span:
    """Evenly spaced quantities, ends included: ``span("2 uA", "30 uA", 29)``."""
    return Span(start, stop, points)


def si_array(value: str | float | Span | Sequence[str | float] | np.ndarray, kind: str, name: str = "") -> np.ndarray:
    """SI values, one-dimensional: of one quantity, several, a :class:`Span`, or the text ``"2uA:30uA:29"``.

    Raises
    ------
    UnitError
        As :func:`si`; a range that is not ``from:to:points``.
    """
    label = f"{name}: " if name else ""
    if isinstance(value, str) and ":" in value:
        parts = value.split(":")
        if len(parts) != 3 or not parts[2].strip().isdigit():
            raise UnitError(f"{label}'{value}' is no range. Write from:to:points, e.g. '2uA:30uA:29'.")
        value = Span(parts[0], parts[1], int(parts[2]))
    if isinstance(value, Span):
        points = np.linspace(si(value.start, kind, name), si(value.stop, kind, name), value.points)
        return np.array([float(f"{point:.15g}") for point in points])  # 4 uA is 4e-6 and not 4.000000000000001e-06
    if isinstance(value, str):
        return np.array([si(item, kind, name) for item in value.split(",")])
    if np.ndim(value) == 0:
        return np.array([si(float(value), kind, name)])  # pyright: ignore[reportArgumentType]
    return np.array([si(item, kind, name) for item in value])  # pyright: ignore[reportGeneralTypeIssues]


def pretty(value: float, unit: str, digits: int = 3) -> str:
    """Text for people: ``pretty(3e-8, "s")`` is ``"30 ns"``."""
    if value == 0 or not math.isfinite(value) or unit not in _PREFIXED or unit == "K":
        return f"{value:.{digits}g} {unit}".rstrip()
    exponent = min(max(3 * math.floor(math.log10(abs(value) * (1 + 1e-12)) / 3), -15), 12)
    return f"{value / 10.0**exponent:.{digits}g} {_PREFIXES[exponent]}{unit}"
