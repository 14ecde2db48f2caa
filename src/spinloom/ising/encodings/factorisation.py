"""Integers as products of two odd numbers: E = (X Y - F)², whose states of energy 0 are the factors.

X = 1 + sum_k 2^k x_k and Y = 1 + sum_k 2^k y_k, k from 1, are odd by construction: their lowest bits are 1 and need no
p-bit. With bits x = (1 + m)/2 of p-bits m = ±1 the energy is a polynomial with products of up to four of them. Written
with one p-bit more for each product x_k y_l, held to it by a penalty, it has pairs alone.

Source: Borders et al., Nature 573, 390 (2019), 10.1038/s41586-019-1557-9.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from spinloom.errors import InputError

if TYPE_CHECKING:
    import dimod
    from dimod.higherorder.polynomial import BinaryPolynomial

LARGEST = 24
"""Bits of the largest number: its energies, near its square, are exact in float64."""
Terms = dict[frozenset[str], int]


@final
@dataclass(frozen=True)
class Factorisation:
    """A number and how many p-bits its factors have; :meth:`of` chooses them.

    Attributes
    ----------
    number : int
        F, odd.
    x_bits, y_bits : int
        p-bits of X and of Y: their binary digits less the lowest.

    Examples
    --------
    >>> task = Factorisation.of(35, 2, 2)
    >>> task.factors(), task.decode({"x1": -1, "x2": 1, "y1": 1, "y2": 1})
    ([(5, 7), (7, 5)], (5, 7))
    """

    number: int
    x_bits: int
    y_bits: int

    @classmethod
    def of(cls, number: int, x_bits: int | None = None, y_bits: int | None = None) -> Factorisation:
        """For a number; without bits, enough for Y up to the root of F and X up to F/3, so that any factors fit.

        Raises
        ------
        InputError
            A number that is even, below 9 or above 24 bits, or without room for a bit.
        """
        if number % 2 == 0 and number > 0:
            odd = number // (number & -number)
            raise InputError(f"{number} is even and X, Y are odd; divide by 2 first, and factorise {odd}.")
        if number < 9:
            raise InputError(f"{number} is no product of two odd numbers above 1; the smallest is 9.")
        if number.bit_length() > LARGEST:
            raise InputError(f"{number} has {number.bit_length()} bits; numbers of at most {LARGEST} bits are taken.")
        y_bits = math.isqrt(number).bit_length() - 1 if y_bits is None else y_bits
        x_bits = (number // 3).bit_length() - 1 if x_bits is None else x_bits
        if min(x_bits, y_bits) < 1 or max(x_bits, y_bits) >= LARGEST:
            raise InputError(f"X and Y have 1 to {LARGEST - 1} p-bits each, not {x_bits} and {y_bits}.")
        return cls(number, x_bits, y_bits)

    @property
    def size(self) -> int:
        """Number of p-bits."""
        return self.x_bits + self.y_bits

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the p-bits: x1, x2, ... and y1, y2, ..., lowest digits first."""
        return (*(f"x{k + 1}" for k in range(self.x_bits)), *(f"y{k + 1}" for k in range(self.y_bits)))

    def factors(self) -> list[tuple[int, int]]:
        """All (X, Y) with X Y = F that the p-bits can hold, by trial division: the answers to judge by."""
        found = [(x, self.number // x) for x in range(1, 2 << self.x_bits, 2) if self.number % x == 0]
        return [(x, y) for x, y in found if y < 2 << self.y_bits]

    # ---- energies ---------------------------------------------------------------------------------------------------

    def polynomial(self) -> BinaryPolynomial:
        """E = (X Y - F)² of spins, with products of up to four; integers."""
        from dimod.higherorder.polynomial import BinaryPolynomial

        x, y = _number("x", self.x_bits), _number("y", self.y_bits)
        rest = _product(x, y)
        rest[frozenset()] = rest.get(frozenset(), 0) - self.number
        terms = {tuple(sorted(term)): value for term, value in _product(rest, rest).items() if value}
        for label in self.labels:  # a p-bit whose terms cancel still is one
            terms.setdefault((label,), 0)
        return BinaryPolynomial(terms, "SPIN")

    def model(self, strength: float | None = None) -> dimod.BinaryQuadraticModel:
        """E with pairs alone: p-bits ``x_k*y_l`` for the products, held by strength (x y - 2 (x + y) p + 3 p).

        The penalty is 0 where p = x y and at least ``strength`` elsewhere, so that E = 0 at the factors and nowhere
        else whatever the strength; without factors the lowest states are those of (X Y - F)² only if it is large. The
        default, F times the largest digit of X Y, makes a wrong p of the highest digit cost about what it can gain.

        Raises
        ------
        InputError
            A strength that is not positive.
        """
        import dimod

        digits = {f"x{k + 1}": 2 << k for k in range(self.x_bits)} | {f"y{k + 1}": 2 << k for k in range(self.y_bits)}
        for k in range(self.x_bits):
            for j in range(self.y_bits):
                digits[f"x{k + 1}*y{j + 1}"] = 4 << (k + j)
        strength = float(self.number * max(digits.values())) if strength is None else float(strength)
        if not (strength > 0 and math.isfinite(strength)):
            raise InputError(f"A penalty of {strength} holds nothing; give a positive number.")
        bqm = dimod.BinaryQuadraticModel("BINARY")
        names, rest = list(digits), 1 - self.number
        bqm.offset += rest * rest
        for i, name in enumerate(names):
            bqm.add_linear(name, digits[name] * (digits[name] + 2 * rest))
            for other in names[:i]:
                bqm.add_quadratic(other, name, 2 * digits[name] * digits[other])
        for pair in names[self.size :]:
            first, second = pair.split("*")
            bqm.add_linear(pair, 3 * strength)
            bqm.add_quadratic(first, second, strength)
            bqm.add_quadratic(first, pair, -2 * strength)
            bqm.add_quadratic(second, pair, -2 * strength)
        return bqm.change_vartype(dimod.SPIN, inplace=False)

    # ---- and back ---------------------------------------------------------------------------------------------------

    def decode(self, samples: Any) -> Any:
        """(X, Y) of a sample (a mapping), or arrays (reads,) of a dimod sample set or of states (reads, p-bits).

        States stand in the order of :attr:`labels`; spins ±1 or bits.
        """
        if isinstance(samples, Mapping):
            states = np.array([samples[label] for label in self.labels])
        elif hasattr(samples, "record"):
            place = {name: i for i, name in enumerate(samples.variables)}
            states = samples.record.sample[:, [place[label] for label in self.labels]]
        else:
            states = np.asarray(samples)
        bits = (states > 0).astype(np.int64)
        x = 1 + bits[..., : self.x_bits] @ (2 << np.arange(self.x_bits))
        y = 1 + bits[..., self.x_bits :] @ (2 << np.arange(self.y_bits))
        return (int(x), int(y)) if bits.ndim == 1 else (x, y)

    def energies(self, x: Any, y: Any) -> Any:
        """(X Y - F)² of numbers."""
        return (np.asarray(x) * np.asarray(y) - self.number) ** 2


def _number(letter: str, bits: int) -> Terms:
    """1 + sum 2^k (1 + m_k)/2: 2^bits + sum 2^(k-1) m_k."""
    return {frozenset(): 1 << bits, **{frozenset({f"{letter}{k + 1}"}): 1 << k for k in range(bits)}}


def _product(a: Terms, b: Terms) -> Terms:
    """Of two polynomials of spins: m² = 1."""
    found: Terms = {}
    for first, value in a.items():
        for second, other in b.items():
            term = first ^ second
            found[term] = found.get(term, 0) + value * other
    return found
