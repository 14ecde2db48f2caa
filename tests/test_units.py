"""Text with units to SI and back."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.errors import UnitError
from spinloom.units import KINDS, pretty, si, si_array, span


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("30 ns", "time", 3e-8),
        ("30ns", "time", 3e-8),
        ("2 uA", "current", 2e-6),
        ("2 µA", "current", 2e-6),
        ("80 kA/m", "magnetisation", 8e4),
        ("1.1e6 J/m^3", "energy_density", 1.1e6),
        ("10 mT", "field", 1e-2),
        ("77 degC", "temperature", 350.15),
        ("5 kΩ", "resistance", 5e3),
        ("1.76e11 rad/(s T)", "gyromagnetic_ratio", 1.76e11),
        ("30 fJ/(V m)", "vcma", 3e-14),
        ("1 ohm um^2", "resistance_area", 1e-12),
        ("2.9e6 A/cm^2", "current_density", 2.9e10),
        ("180 deg", "angle", np.pi),
        ("0.4", "number", 0.4),
        (0.4, "number", 0.4),
    ],
)
def test_quantities_become_si(text, kind, value):
    assert si(text, kind) == pytest.approx(value, rel=1e-14)


def test_decimal_prefixes_are_exact():
    assert si("30 ns", "time") == 3e-8
    assert si("11.3 uA", "current") == 1.13e-5


def test_every_kind_has_a_unit_that_reads_back():
    for kind, unit in KINDS.items():
        assert si(f"2.5 {unit}", kind) == pytest.approx(2.5)


def test_ranges():
    assert si_array("2uA:10uA:5", "current").tolist() == [2e-6, 4e-6, 6e-6, 8e-6, 1e-5]
    np.testing.assert_allclose(si_array("2uA:30uA:29", "current"), np.linspace(2e-6, 30e-6, 29))
    np.testing.assert_allclose(si_array(span("2 uA", "30 uA", 29), "current"), np.linspace(2e-6, 30e-6, 29))
    np.testing.assert_allclose(si_array("10 ns,30 ns", "time"), [1e-8, 3e-8])
    np.testing.assert_allclose(si_array(["1 uA", 2e-6], "current"), [1e-6, 2e-6])
    np.testing.assert_allclose(si_array(np.array([1.0, 2.0]), "current"), [1.0, 2.0])


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        ("30", "time", "x: '30' has no unit. Write it with one, e.g. '30 s'."),
        ("30 blarg", "time", "unit that is not known"),
        ("12 nm", "time", "'12 nm' is no time. It takes a unit that converts to s"),
        ("1 kA/m", "field", "in tesla: write '0.001257 T'"),
        ("1.58 T", "magnetisation", "in A/m, not mu0 M: write '1.2573e\\+06 A/m'"),
        ("", "time", "is no quantity"),
        ("ns", "field", "is no field"),
        ("1 uA", "number", "takes a plain number"),
        (float("nan"), "time", "x: the value is NaN"),
        ("nan s", "time", "NaN"),
    ],
)
def test_messages_say_what_to_write(value, kind, message):
    with pytest.raises(UnitError, match=message):
        si(value, kind, "x")


@pytest.mark.parametrize("text", ["1uA:2uA", "1uA:2uA:x", "1uA:2uA:0", "1uA:2s:3"])
def test_impossible_ranges(text):
    with pytest.raises(UnitError):
        si_array(text, "current")


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(3e-8, "s", "30 ns"), (5.786e-6, "A", "5.79 µA"), (1.1e6, "J/m^3", "1.1e+06 J/m^3"), (0.0, "A", "0 A"),
     (300.0, "K", "300 K"), (1e-3, "A", "1 mA"), (16.875e-15, "J", "16.9 fJ"), (0.0122, "", "0.0122")],
)  # fmt: skip
def test_pretty(value, unit, text):
    assert pretty(value, unit) == text
