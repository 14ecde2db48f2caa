"""Gates and circuits: their ground states are their truth tables, by enumeration."""

from __future__ import annotations

from itertools import product

import dimod
import numpy as np
import pytest

from spinloom.errors import InputError, UnknownNameError
from spinloom.ising import exact
from spinloom.ising.encodings import logic
from spinloom.ising.encodings.gates import GATES
from spinloom.ising.encodings.logic import Circuit
from spinloom.ising.exact import Enumeration

# the next level above the truth table, by an independent enumeration (AND, full adder) or by hand
GAPS = {"COPY": 2, "NOT": 2, "AND": 4, "OR": 4, "XOR": 4, "HALF_ADDER": 2, "FULL_ADDER": 2}


def _ground(circuit: Circuit) -> dimod.SampleSet:
    found = Enumeration.of_bqm(circuit.model())
    assert found.lowest == 0.0  # integers: exact
    return dimod.SampleSet.from_samples((found.ground_states(), found.labels), "SPIN", 0.0)


@pytest.mark.parametrize("name", sorted(GATES))
def test_truth_table_is_the_ground_states(name: str) -> None:
    gate = GATES[name]
    found = Enumeration.of_bqm(Circuit().add(name, *gate.pins).model())
    assert found.labels == gate.pins
    assert {tuple(row) for row in (found.ground_states() > 0).astype(int).tolist()} == set(gate.rows)
    assert found.lowest == 0.0
    assert found.gap == GAPS[name]


def test_truth_tables_are_the_functions() -> None:
    """Rows against arithmetic, not against the code that made them."""
    assert set(GATES["AND"].rows) == {(0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 1, 1)}
    assert set(GATES["OR"].rows) == {(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 1)}
    assert {row[:3] for row in GATES["XOR"].rows} == {(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)}
    for a, b, c, s, carry in GATES["FULL_ADDER"].rows:
        assert a + b + c == s + 2 * carry
    assert [len(gate.rows) for gate in GATES.values()] == [2, 2, 4, 4, 4, 4, 8]


@pytest.mark.parametrize(("bits", "carry_in"), [(1, True), (2, False), (2, True), (4, False), (4, True)])
def test_adder_is_lowest_at_the_sums_alone(bits: int, carry_in: bool) -> None:
    adder = logic.ripple_carry_adder(bits, carry_in)
    ground = _ground(adder)
    c = adder.read(ground, "C") if carry_in else 0
    a, b, s = (adder.read(ground, bus) for bus in "ABS")
    np.testing.assert_array_equal(a + b + c, s)
    assert len({*zip(a, b, c * np.ones_like(a), strict=True)}) == len(a) == 2 ** (2 * bits + carry_in)
    assert adder.truth(ground).all()


@pytest.mark.parametrize(("n", "m"), [(2, 2), (2, 3), (3, 2), (1, 3), (3, 1)])
def test_multiplier_is_lowest_at_the_products_alone(n: int, m: int) -> None:
    circuit = logic.multiplier(n, m)
    ground = _ground(circuit)
    x, y, p = (circuit.read(ground, bus) for bus in "XYP")
    np.testing.assert_array_equal(x * y, p)
    assert len({*zip(x, y, strict=True)}) == len(x) == 2 ** (n + m)


def test_multiplier_of_three_bits_backwards() -> None:
    """27 wires; with P held 21 are left. 12 = 2*6 = 3*4 = 4*3 = 6*2, all of them and nothing else."""
    circuit = logic.multiplier(3).clamp({"P": 12})
    ground = _ground(circuit)
    assert len(circuit.wires) == 27
    assert {*zip(circuit.read(ground, "X"), circuit.read(ground, "Y"), strict=True)} == {(2, 6), (3, 4), (4, 3), (6, 2)}
    assert len(ground) == 4


def test_multiplier_of_four_bits_multiplies() -> None:
    circuit = logic.multiplier(4)
    assert len(circuit.wires) == 48
    for x, y in product(range(16), repeat=2):
        found = circuit.evaluate({"X": x, "Y": y})
        assert circuit.read(found, "P") == x * y
        assert circuit.truth(found)


def test_clamping_reduces_the_problem_exactly() -> None:
    """Energies with a wire fixed are the full model's energies of the states that have it so."""
    adder = logic.ripple_carry_adder(2)
    full, held = adder.model(), adder.clamp({"S": 4, "a0": 1}).model()
    assert set(held.variables) == set(full.variables) - {"s0", "s1", "c2", "a0"}
    wires = list(held.variables)
    spins = exact.states(np.arange(1 << len(wires)), len(wires))
    fixed = np.tile([-1, -1, 1, 1], (len(spins), 1))
    both = full.energies((np.hstack([spins, fixed]), [*wires, "s0", "s1", "c2", "a0"]))
    np.testing.assert_array_equal(held.energies((spins, wires)), both)


def test_couplings_are_integers() -> None:
    model = logic.multiplier(3).model()
    values = [*model.linear.values(), *model.quadratic.values(), model.offset]
    assert all(float(value).is_integer() for value in values)


def test_one_sample_and_many() -> None:
    gate = Circuit().add("AND", "a", "b", "c").with_bus("in", ["a", "b"])
    rows = [[1, -1, -1], [1, 1, -1]]
    many = dimod.SampleSet.from_samples((rows, ["a", "b", "c"]), "SPIN", 0.0)
    assert gate.truth(many).tolist() == [True, False]
    assert gate.read(many, "in").tolist() == [1, 3]
    assert gate.truth({"a": 1, "b": -1, "c": -1}) is True
    assert gate.read({"a": 0, "b": 1, "c": 1}, "in") == 2
    assert gate.read({"a": 0, "b": 1, "c": 1}, ["b", "a", "c"]) == 5
    with pytest.raises(InputError, match="no value for the wires c"):
        gate.truth({"a": 1, "b": 1})


def test_feasible_products_are_exactly_the_products() -> None:
    """Every product of two 4-bit numbers can be held, every other number is refused."""
    circuit, good = logic.multiplier(4), set()
    for value in range(256):
        try:
            circuit.clamp({"P": value})
        except InputError as error:
            assert "No assignment" in str(error)  # noqa: PT017
        else:
            good.add(value)
    assert good == {x * y for x in range(16) for y in range(16)}


def test_infeasible_clamps() -> None:
    gate = Circuit().add("AND", "a", "b", "c")
    with pytest.raises(InputError, match=r"No assignment .* with a = 0, c = 1"):
        gate.clamp({"a": 0, "c": 1})
    with pytest.raises(InputError, match="No assignment"):
        gate.clamp({"a": 0}).clamp({"c": 1})
    with pytest.raises(InputError, match="'a' cannot be held at 0 and at 1"):
        gate.clamp({"a": 0}).clamp({"a": 1})
    with pytest.raises(UnknownNameError, match="no wire 'd'"):
        gate.clamp({"d": 1})
    with pytest.raises(InputError, match="'a' cannot be held at 2; it is a wire: 0 or 1"):
        gate.clamp({"a": 2})
    with pytest.raises(InputError, match="a bus of 3 wires: 0 to 7"):
        logic.ripple_carry_adder(2).clamp({"S": 8})
    with pytest.raises(InputError, match="give an integer"):
        gate.clamp({"a": 0.5})  # pyright: ignore[reportArgumentType]
    ring = Circuit().add("NOT", "a", "b").add("NOT", "b", "c").add("NOT", "c", "a")  # no gate alone is broken
    with pytest.raises(InputError, match="No assignment"):
        ring.clamp({})


def test_a_search_that_stops_leaves_the_question_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logic, "NODES", 1)
    assert logic.multiplier(4).clamp({"P": 143}).clamped["x0y0"] == 1


def test_wrong_circuits() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'XOR'"):
        Circuit().add("XOOR", "a", "b", "c")
    with pytest.raises(InputError, match="AND has the pins A, B, C, but 2 wires were given; name 3"):
        Circuit().add("AND", "a", "b")
    with pytest.raises(InputError, match=r"name 3 \(or 4, with the auxiliary pin\)"):
        Circuit().add("XOR", "a", "b")
    with pytest.raises(InputError, match="one wire at two pins"):
        Circuit().add("AND", "a", "a", "b")
    with pytest.raises(InputError, match="is a wire already"):
        Circuit().add("NOT", "a", "b").with_bus("a", ["b"])
    with pytest.raises(InputError, match="0 bits make no number"):
        logic.multiplier(3, 0)
    with pytest.raises(InputError, match="leaves the wires b, c open"):
        Circuit().add("AND", "a", "b", "c").evaluate({"a": 1})
    with pytest.raises(InputError, match="No assignment"):
        Circuit().add("NOT", "a", "b").evaluate({"a": 1, "b": 1})


def test_an_empty_circuit() -> None:
    assert len(Circuit().model()) == 0
    assert Circuit().truth({}) is True
