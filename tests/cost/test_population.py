"""Energy of an operation of two populations: each term by hand."""

from __future__ import annotations

import pytest

from spinloom.cost.population import Circuit, operation_energy
from spinloom.errors import InputError

CIRCUIT = Circuit(sense=1.0, count=10.0, multiply=100.0, read_bit=1e3, write_bit=1e4, drive=1e5, looks=3.0)
RUN = {"junctions": (2, 4), "power": (0.5, 0.25), "duration": 8.0, "peak_rate": 5.0, "flips": (7.0, 9.0), "active": 0.5}


def test_each_term() -> None:
    energy = operation_energy(CIRCUIT, **RUN, bits=2)
    wanted = {"junctions": 16.0, "sensing": 720.0, "counting": 160.0, "weights": 4 * 2100.0, "drive": 4e5}
    for part, joules in wanted.items():
        assert float(energy.sel(part=part)) == joules
    assert float(energy.sel(part="learning")) == 0.0
    assert float(energy.sum()) == sum(wanted.values())


def test_learning_adds_its_own_term_alone() -> None:
    after, during = (operation_energy(CIRCUIT, **RUN, bits=2, learning=learning) for learning in (False, True))
    assert float((during - after).sum()) == 4 * (2 * 11e3 + 100.0)


def test_bad_input_is_answered() -> None:
    with pytest.raises(InputError, match="active share"):
        operation_energy(CIRCUIT, **{**RUN, "active": 2.0})
    with pytest.raises(InputError, match="negative"):
        Circuit(-1.0, 0, 0, 0, 0, 0, 0)
