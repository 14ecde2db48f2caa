"""Invertible logic: gates and circuits whose ground states are their truth tables.

A gate is an energy E = -1/2 m·J·m - h·m of spins m = ±1 (1 is true) that is lowest for the rows of its truth table and
for nothing else; J and h are integers. Gates that share a wire add their energies, and the sum is lowest where every
gate holds. No pin is an input: hold any of them, and the others follow. J and h are written in the papers' sign, which
:func:`Circuit.model` turns into dimod's, E = sum h s + sum J s s. The lowest energy of a circuit that can hold is 0.

Source: Camsari et al., Physical Review X 7, 031014 (2017), 10.1103/PhysRevX.7.031014.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING, Any, final

import numpy as np

from spinloom.errors import InputError, UnknownNameError
from spinloom.ising.encodings.gates import GATES, Gate

if TYPE_CHECKING:
    import dimod

NODES = 4000
"""Branches that the search for an assignment tries at most before it leaves the question open."""


@final
@dataclass(frozen=True)
class Circuit:
    """Gates that share wires; immutable, every method that changes something returns a new circuit.

    Attributes
    ----------
    gates : tuple of (Gate, tuple of str)
        Each gate with the wires at its pins.
    buses : mapping of str to tuple of str
        Wires that make an integer, lowest bit first.
    clamped : mapping of str to int
        Wires held at 0 or 1.

    Examples
    --------
    An AND gate run backwards: its output held at 1 leaves one state.

    >>> gate = Circuit().add("AND", "a", "b", "c").clamp({"c": 1})
    >>> sorted(gate.model().variables), gate.truth({"a": 1, "b": 1})
    (['a', 'b'], True)
    """

    gates: tuple[tuple[Gate, tuple[str, ...]], ...] = ()
    buses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    clamped: Mapping[str, int] = field(default_factory=dict)

    # ---- building ---------------------------------------------------------------------------------------------------

    def add(self, gate: str, *wires: str) -> Circuit:
        """With one more gate, e.g. ``add("FULL_ADDER", "a0", "b0", "c0", "s0", "c1")``; new wires come by being named.

        Raises
        ------
        UnknownNameError
            No such gate.
        InputError
            Too few or too many wires, or one wire at two pins.
        """
        if gate not in GATES:
            raise UnknownNameError("gate", gate, GATES)
        kind = GATES[gate]
        most = len(kind.pins)
        if not most - kind.hidden <= len(wires) <= most:
            raise InputError(
                f"{gate} has the pins {', '.join(kind.pins)}, but {len(wires)} wires were given; name "
                f"{most - kind.hidden}{f' (or {most}, with the auxiliary pin)' if kind.hidden else ''}."
            )
        inner = tuple(f"{gate.lower()}{len(self.gates)}.{pin}" for pin in kind.pins[len(wires) :])
        wires = (*wires, *inner)
        if len({*wires}) < most:
            raise InputError(f"{gate} has one wire at two pins ({', '.join(wires)}); put a COPY gate between them.")
        return replace(self, gates=(*self.gates, (kind, wires)))

    def with_bus(self, name: str, wires: Iterable[str]) -> Circuit:
        """With a name for wires that make an integer, lowest bit first.

        Raises
        ------
        UnknownNameError
            A wire that no gate has.
        InputError
            The name is a wire's.
        """
        wires = tuple(wires)
        for wire in wires:
            self._known(wire)
        if name in self.wires:
            raise InputError(f"'{name}' is a wire already; give the bus another name.")
        return replace(self, buses={**self.buses, name: wires})

    @functools.cached_property
    def wires(self) -> tuple[str, ...]:
        """All wires, in the order in which gates named them."""
        return tuple(dict.fromkeys(wire for _, wires in self.gates for wire in wires))

    def _known(self, wire: str) -> str:
        if wire not in self.wires:
            raise UnknownNameError("wire", wire, (*self.wires, *self.buses))
        return wire

    def clamp(self, values: Mapping[str, int]) -> Circuit:
        """With wires held at 0 or 1, and buses at integers.

        Checked at once: first what follows gate by gate from the values (a gate none of whose rows is left is named in
        the error), then a search for an assignment that every gate allows, over at most 4000 branches. A search that
        finds none where it could look everywhere is an error too; one that had to stop is not, so that a clamp of a
        large circuit may be infeasible unsaid. Only the named wires are held: nothing that the check finds enters the
        model.

        Raises
        ------
        UnknownNameError
            No such wire or bus.
        InputError
            A value that is not 0 or 1, or that the bus has no room for; or no assignment makes all gates hold.
        """
        held = dict(self.clamped)
        for name, value in values.items():
            for wire, bit in self._bits(name, value):
                if held.get(wire, bit) != bit:
                    raise InputError(f"Wire '{wire}' cannot be held at 0 and at 1; '{name}' = {value} contradicts.")
                held[wire] = bit
        found, open_question = _search(self, held)
        if found is None and not open_question:
            raise InputError(
                f"No assignment of the other wires makes every gate hold with {_text(values)}: what is asked for has "
                "no answer. Hold fewer wires, or other values."
            )
        return replace(self, clamped=held)

    def _bits(self, name: str, value: int) -> list[tuple[str, int]]:
        wires = self.buses[name] if name in self.buses else (self._known(name),)
        if isinstance(value, float) and not value.is_integer():
            raise InputError(f"'{name}' is held at {value}; give an integer.")
        if not 0 <= int(value) < 1 << len(wires):
            what = (
                f"a bus of {len(wires)} wires: 0 to {2 ** len(wires) - 1}" if name in self.buses else "a wire: 0 or 1"
            )
            raise InputError(f"'{name}' cannot be held at {value}; it is {what}.")
        return [(wire, int(value) >> bit & 1) for bit, wire in enumerate(wires)]

    # ---- what it is for ---------------------------------------------------------------------------------------------

    def model(self) -> dimod.BinaryQuadraticModel:
        """The energy in dimod's sign, clamped wires fixed (so that the model has the others alone), integer couplings.

        Every gate's energy is counted from that of its truth table: 0 if all gates hold, at least 2 else.
        """
        import dimod

        bqm = dimod.BinaryQuadraticModel("SPIN")
        for wire in self.wires:
            bqm.add_variable(wire)
        for gate, wires in self.gates:  # the one place where the papers' sign becomes dimod's
            bqm.offset -= gate.energy(gate.rows[0])
            for i, wire in enumerate(wires):
                bqm.add_linear(wire, -gate.fields[i])
                for j in range(i):
                    bqm.add_quadratic(wires[j], wire, -gate.couplings[j][i])
        for wire, bit in self.clamped.items():
            bqm.fix_variable(wire, 2 * bit - 1)
        return bqm

    def truth(self, samples: Any) -> Any:
        """Whether all gates hold: a bool for one sample (a mapping), an array (reads,) for a dimod sample set."""
        values = self._values(samples)
        good: Any = True
        for gate, wires in self.gates:
            columns = np.stack([values[wire] for wire in wires], axis=-1)
            good = good & (columns[..., None, :] == np.array(gate.rows)).all(axis=-1).any(axis=-1)
        return bool(good) if np.ndim(good) == 0 else good

    def read(self, samples: Any, bus: str | Sequence[str]) -> Any:
        """The integer on a bus, wire or list of wires (lowest first): an int, or an array (reads,) for a sample set.

        Raises
        ------
        UnknownNameError
            No such wire or bus.
        """
        if isinstance(bus, str):
            bus = self.buses.get(bus, (bus,))
        values = self._values(samples)
        found = sum(values[self._known(wire)].astype(np.int64) << bit for bit, wire in enumerate(bus))
        return int(found) if np.ndim(found) == 0 else found

    def _values(self, samples: Any) -> dict[str, np.ndarray]:
        """0 or 1 of every wire, clamped ones included."""
        if hasattr(samples, "record"):
            columns = {str(name): samples.record.sample[:, i] for i, name in enumerate(samples.variables)}
            shape: tuple[int, ...] = (len(samples.record),)
        else:
            columns, shape = dict(samples), ()
        held = {wire: np.full(shape, bit) for wire, bit in self.clamped.items()}
        missing = [wire for wire in self.wires if wire not in columns and wire not in held]
        if missing:
            raise InputError(f"The sample has no value for the wires {', '.join(missing)}.")
        return {wire: (np.asarray(column) > 0).astype(np.int64) for wire, column in columns.items()} | held

    def evaluate(self, values: Mapping[str, int]) -> dict[str, int]:
        """Every wire, where the values given (wires or buses) and the clamped ones leave one assignment gate by gate.

        Raises
        ------
        UnknownNameError, InputError
            As :meth:`clamp`; or wires are left open.
        """
        known = {**self.clamped, **dict(bit for name, value in values.items() for bit in self._bits(name, value))}
        found = _propagated(self, known)
        if found is None:
            raise InputError(f"No assignment of the other wires makes every gate hold with {_text(values)}.")
        left = [wire for wire in self.wires if wire not in found]
        if left:
            raise InputError(f"{_text(values)} leaves the wires {', '.join(left)} open; give the circuit's inputs.")
        return found


def _text(values: Mapping[str, int]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in values.items())


# ---- is there an assignment? ----------------------------------------------------------------------------------------


def _propagated(circuit: Circuit, known: Mapping[str, int]) -> dict[str, int] | None:
    """What follows gate by gate; None if a gate has no row left."""
    found, changed = dict(known), True
    while changed:
        changed = False
        for gate, wires in circuit.gates:
            bits = [found.get(wire) for wire in wires]
            if None not in bits and tuple(bits) in gate.rows:
                continue
            rows = [row for row in gate.rows if all(b is None or b == r for b, r in zip(bits, row, strict=True))]
            if not rows:
                return None
            for i, wire in enumerate(wires):
                if bits[i] is None and len({row[i] for row in rows}) == 1:
                    found[wire] = rows[0][i]
                    changed = True
    return found


def _search(circuit: Circuit, known: Mapping[str, int]) -> tuple[dict[str, int] | None, bool]:
    """(An assignment or None, whether the search stopped before its end), depth first over wires in their order."""
    stack: list[Mapping[str, int]] = [known]
    for _ in range(NODES):
        if not stack:
            return None, False
        found = _propagated(circuit, stack.pop())
        if found is None:
            continue
        free = next((wire for wire in circuit.wires if wire not in found), None)
        if free is None:
            return found, False
        stack += [{**found, free: 1}, {**found, free: 0}]
    return None, bool(stack)


# ---- arithmetic -----------------------------------------------------------------------------------------------------


def ripple_carry_adder(bits: int, carry_in: bool = False) -> Circuit:
    """A + B (+ C) = S of numbers of ``bits`` bits, by full adders whose carries run from bit to bit.

    Buses A and B (bits,), S (bits + 1,: the carry out is its highest bit) and, with ``carry_in``, C (1,). Without, the
    first stage is a half adder.

    Raises
    ------
    InputError
        Less than one bit.
    """
    _at_least_one(bits)
    circuit = Circuit()
    for i in range(bits):
        pins = (f"a{i}", f"b{i}", f"s{i}", f"c{i + 1}")
        if i == 0 and not carry_in:
            circuit = circuit.add("HALF_ADDER", *pins)
        else:
            circuit = circuit.add("FULL_ADDER", *pins[:2], f"c{i}", *pins[2:])
    for name in "ab":
        circuit = circuit.with_bus(name.upper(), [f"{name}{i}" for i in range(bits)])
    circuit = circuit.with_bus("S", [*(f"s{i}" for i in range(bits)), f"c{bits}"])
    return circuit.with_bus("C", ["c0"]) if carry_in else circuit


def multiplier(bits: int, other: int | None = None) -> Circuit:
    """X Y = P of numbers of ``bits`` and ``other`` bits (the same if None): an array of AND gates and adders.

    Every bit of Y makes a row of products x_i y_j, which half and full adders add to the rows above. Buses X (bits,),
    Y (other,), P (bits + other,; one wire less if either has one bit). 4 x 4 bits: 16 ANDs, 4 half and 8 full adders,
    48 wires. Run backwards (P held) it factorises.

    Raises
    ------
    InputError
        Less than one bit.
    """
    other = bits if other is None else other
    _at_least_one(bits, other)
    circuit = Circuit()
    for i, j in product(range(bits), range(other)):
        circuit = circuit.add("AND", f"x{i}", f"y{j}", f"x{i}y{j}")
    low: list[str] = []
    above = [f"x{i}y0" for i in range(bits)]  # the sum of the rows so far, from the lowest bit not yet finished
    for j in range(1, other):
        low.append(above.pop(0))
        circuit, above = _row(circuit, above, [f"x{i}y{j}" for i in range(bits)], j)
    circuit = circuit.with_bus("X", [f"x{i}" for i in range(bits)])
    return circuit.with_bus("Y", [f"y{j}" for j in range(other)]).with_bus("P", [*low, *above])


def _row(circuit: Circuit, above: Sequence[str], row: Sequence[str], number: int) -> tuple[Circuit, list[str]]:
    """``above`` + ``row`` by one ripple of adders; ``above`` may be one wire shorter. Returns the sum's wires too."""
    found, carry = [], None
    for i, wire in enumerate(row):
        terms = [*above[i : i + 1], wire, *([carry] if carry else [])]
        if len(terms) == 1:
            found.append(wire)
            continue
        out, carry = f"s{number}.{i}", f"c{number}.{i}"
        circuit = circuit.add("HALF_ADDER" if len(terms) == 2 else "FULL_ADDER", *terms, out, carry)
        found.append(out)
    return circuit, [*found, carry] if carry else found


def _at_least_one(*bits: int) -> None:
    if min(bits) < 1:
        raise InputError(f"{min(bits)} bits make no number; give at least 1.")
