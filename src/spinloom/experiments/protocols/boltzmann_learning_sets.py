"""Small sets that Boltzmann machines learn whole."""

from __future__ import annotations

import itertools

import numpy as np

from spinloom.errors import UnknownNameError


def rows_of(name: str) -> np.ndarray:
    """A small set, every row once, of 0 and 1.

    "full_adder": A, B, carry in, sum, carry out. "bars_and_stripes": 3 x 3 pixels, whole columns or whole rows lit.
    "shifter": 4 bits, the same bits moved round by -1, 0 or 1, and which of the three it was, one-hot.

    Raises
    ------
    UnknownNameError
        Another name.
    """
    if name == "full_adder":
        table = [(*bits, sum(bits) % 2, sum(bits) // 2) for bits in itertools.product((0, 1), repeat=3)]
    elif name == "bars_and_stripes":
        lines = [np.repeat([bits], 3, axis=0) for bits in itertools.product((0, 1), repeat=3)]
        table = sorted({tuple(int(i) for i in each.ravel()) for line in lines for each in (line, line.T)})
    elif name == "shifter":
        table = [
            (*bits, *np.roll(bits, by), *(int(by == way) for way in (-1, 0, 1)))
            for bits in itertools.product((0, 1), repeat=4)
            for by in (-1, 0, 1)
        ]
    else:
        raise UnknownNameError("small set", name, ("full_adder", "bars_and_stripes", "shifter"))
    return np.array(table, dtype=np.int8)


def right_states() -> np.ndarray:
    """Which of the 32 states of the full adder are in its truth table, by number."""
    from spinloom.ising.exact import numbers

    found = np.zeros(32, dtype=bool)
    found[numbers(rows_of("full_adder"))] = True
    return found
