"""Gates of invertible logic: energies of integers whose lowest states are a truth table.

E = -1/2 m·J·m - h·m of spins m = ±1 (1 is true), in the papers' sign; :mod:`spinloom.ising.encodings.logic` joins gates
and turns them to dimod's sign. Source: Camsari et al., Physical Review X 7, 031014 (2017), 10.1103/PhysRevX.7.031014.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import final


@final
@dataclass(frozen=True)
class Gate:
    """A gate: its pins, J and h in the papers' sign, and its truth table.

    Attributes
    ----------
    name : str
        As :meth:`Circuit.add` takes it.
    pins : tuple of str
        Names of the pins.
    hidden : int
        How many pins at the end are auxiliary, and may be left without a wire of their own.
    couplings, fields : tuple
        J (pins, pins), symmetric, and h (pins,), integers.
    rows : tuple
        Rows of 0 and 1 that hold, over all pins.
    """

    name: str
    pins: tuple[str, ...]
    hidden: int
    couplings: tuple[tuple[int, ...], ...]
    fields: tuple[int, ...]
    rows: tuple[tuple[int, ...], ...]

    def energy(self, row: Sequence[int]) -> int:
        """E = -1/2 m·J·m - h·m of a row of 0 and 1."""
        m = [2 * bit - 1 for bit in row]
        pairs = sum(self.couplings[i][j] * m[i] * m[j] for j in range(len(m)) for i in range(j))
        return -pairs - sum(h * value for h, value in zip(self.fields, m, strict=True))


def _gate(
    name: str, pins: str, inputs: int, hidden: int, outputs: Callable[..., tuple[int, ...]],
    couplings: Sequence[Sequence[int]], fields: Sequence[int],
) -> Gate:  # fmt: skip
    rows = tuple((*bits, *outputs(*bits)) for bits in product((0, 1), repeat=inputs))
    return Gate(name, tuple(pins.split()), hidden, tuple(map(tuple, couplings)), tuple(fields), rows)


_AND = [[0, -1, 2], [-1, 0, 2], [2, 2, 0]]
_XOR = [[0, -3, 2, 6], [-3, 0, 2, 6], [2, 2, 0, -4], [6, 6, -4, 0]]
_HALF = [[0, -1, 1, 2], [-1, 0, 1, 2], [1, 1, 0, -2], [2, 2, -2, 0]]  # the full adder with its carry held at 0
_FULL = [[0, -1, -1, 1, 2], [-1, 0, -1, 1, 2], [-1, -1, 0, 1, 2], [1, 1, 1, 0, -2], [2, 2, 2, -2, 0]]

GATES: dict[str, Gate] = {
    gate.name: gate
    for gate in (
        _gate("COPY", "A B", 1, 0, lambda a: (a,), [[0, 1], [1, 0]], [0, 0]),
        _gate("NOT", "A B", 1, 0, lambda a: (1 - a,), [[0, -1], [-1, 0]], [0, 0]),
        _gate("AND", "A B C", 2, 0, lambda a, b: (a & b,), _AND, [1, 1, -2]),
        _gate("OR", "A B C", 2, 0, lambda a, b: (a | b,), _AND, [-1, -1, 2]),
        _gate("XOR", "A B C AND", 2, 1, lambda a, b: (a ^ b, a & b), _XOR, [3, 3, -2, -6]),
        _gate("HALF_ADDER", "A B S C", 2, 0, lambda a, b: (a ^ b, a & b), _HALF, [1, 1, -1, -2]),
        _gate(
            "FULL_ADDER", "A B Cin S Cout", 3, 0, lambda a, b, c: ((a + b + c) & 1, (a + b + c) >> 1), _FULL, [0] * 5
        ),
    )
}
"""The gates by name. Energy of the next level above the truth table: COPY, NOT, HALF_ADDER and FULL_ADDER 2, AND and OR
4, XOR 4."""
