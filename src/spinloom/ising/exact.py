"""Exact answers of small Ising problems by enumeration: energies, ln Z, moments, ground states, marginals.

State number x of n spins has spin i = +1 where bit i of x is 1 and -1 where it is 0. With the monomials of the energy
numbered the same way, E(x) = sum_T c_T prod_(i in T) s_i is a Walsh-Hadamard transform of the coefficients c, and the
moments <prod_(i in T) s_i> are the transform of the probabilities: one O(n 2^n) routine gives all, for any order of
interaction. P(x) = exp(-beta E(x))/Z.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from spinloom.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from spinloom.ising.problem import Problem

LARGEST = 24
"""Spins that are enumerated at most: 16 million states, 128 MiB a table of them."""
_FACTOR = 6  # spins that one matrix product transforms: 64 x 64 keeps the processor's units busy


def states(numbers: np.ndarray, spins: int) -> np.ndarray:
    """Spins (..., spins) int8 of ±1 of states given by number: spin i is bit i."""
    bits = (np.asarray(numbers, np.int64)[..., None] >> np.arange(spins)) & 1
    return (2 * bits - 1).astype(np.int8)


def numbers(spins: np.ndarray) -> np.ndarray:
    """Numbers (...) int64 of states (..., n) of ±1, of 0 and 1, or of booleans: bit i is spin i."""
    up = np.asarray(spins) > 0
    return up.astype(np.int64) @ (np.int64(1) << np.arange(up.shape[-1], dtype=np.int64))


def walsh(values: np.ndarray) -> np.ndarray:
    """sum_y values[y] (-1)^(bits that x and y share), the Walsh-Hadamard transform, for every x; shape (2^n,)."""
    found, left = np.array(values, float), int(values.size).bit_length() - 1
    step = 1
    while left:
        now = min(left, _FACTOR)
        matrix = np.ones((1, 1))
        for _ in range(now):
            matrix = np.block([[matrix, matrix], [matrix, -matrix]])
        found = (matrix @ found.reshape(-1, 1 << now, step)).reshape(-1)
        step, left = step << now, left - now
    return found


@final
@dataclass(frozen=True)
class Enumeration:
    """All states of a problem of at most 24 spins.

    Attributes
    ----------
    energies : np.ndarray
        E of every state by number, shape (2^n,), in the problem's units.
    labels : tuple
        Names of the spins, of bit 0 first.

    Examples
    --------
    >>> found = Enumeration.from_matrix([[0, -1], [-1, 0]])
    >>> found.ground_states().tolist(), found.gap
    ([[-1, -1], [1, 1]], 2.0)
    """

    energies: np.ndarray
    labels: tuple[Hashable, ...]

    @classmethod
    def from_terms(
        cls, terms: Mapping[tuple[Hashable, ...], float] | Any, labels: Sequence[Hashable] | None = None
    ) -> Enumeration:
        """Of E = sum of value times the product of the spins named, e.g. ``{(): 1, ("a",): 2, ("a", "b"): -1}``.

        A spin that a term names twice drops out of it, since s² = 1. A ``dimod.BinaryPolynomial`` of spins is such a
        mapping. ``labels`` orders the bits; without, the spins stand in the order in which the terms name them.

        Raises
        ------
        InputError
            More than 24 spins, or a coefficient that is not finite.
        """
        if labels is None:
            labels = tuple(dict.fromkeys(label for term in terms for label in term))
        place = {label: bit for bit, label in enumerate(labels)}
        coefficients = np.zeros(1 << _allowed(len(place)))
        for term, value in terms.items():
            mask = 0
            for label in term:
                mask ^= 1 << place[label]
            # the transform counts shared ones as minus signs, where a 1 shall be +1: odd products change their sign
            coefficients[mask] += -value if mask.bit_count() % 2 else value
        if not np.isfinite(coefficients).all():
            raise InputError("A coefficient of the energy is not a finite number; give finite fields and couplings.")
        return cls(walsh(coefficients), tuple(labels))

    @classmethod
    def from_matrix(cls, couplings: Any, fields: Any = None, offset: float = 0.0) -> Enumeration:
        """Of E = offset + sum_i h_i s_i + sum_(i<j) J_ij s_i s_j; J (n, n) symmetric, h (n,); labels 0..n-1.

        Errors as :meth:`from_terms`.
        """
        matrix = np.asarray(couplings, float)
        h = np.zeros(len(matrix)) if fields is None else np.asarray(fields, float)
        rows, columns = np.nonzero(np.triu(matrix, 1))
        terms: dict[tuple[Hashable, ...], float] = {(): offset, **{(i,): float(h[i]) for i in range(len(h))}}
        terms |= {(int(i), int(j)): float(matrix[i, j]) for i, j in zip(rows, columns, strict=True)}
        return cls.from_terms(terms, tuple(range(len(h))))

    @classmethod
    def of(cls, problem: Problem) -> Enumeration:
        """Of a problem, with its labels. Errors as :meth:`from_terms`."""
        _allowed(len(problem.fields))
        rows = np.repeat(np.arange(len(problem.fields)), np.diff(problem.pointers))
        terms: dict[tuple[Hashable, ...], float] = {(): float(problem.offset)}
        terms |= {(i,): float(value) for i, value in enumerate(problem.fields)}
        for i, j, value in zip(rows, problem.neighbours, problem.couplings, strict=True):
            if i < j:
                terms[int(i), int(j)] = terms.get((int(i), int(j)), 0.0) + float(value)
        found = cls.from_terms(terms, tuple(range(len(problem.fields))))
        return cls(found.energies, tuple(problem.labels))

    @classmethod
    def of_bqm(cls, bqm: Any) -> Enumeration:
        """Of a dimod quadratic model of spins or of binary variables (1 is +1). Errors as :meth:`from_terms`."""
        ising = bqm.change_vartype("SPIN", inplace=False)
        terms: dict[tuple[Hashable, ...], float] = {(): float(ising.offset)}
        terms |= {(name,): float(value) for name, value in ising.linear.items()}
        terms |= {(u, v): float(value) for (u, v), value in ising.quadratic.items()}
        return cls.from_terms(terms, tuple(ising.variables))

    @property
    def size(self) -> int:
        """Number of spins n."""
        return len(self.labels)

    @property
    def lowest(self) -> float:
        """The ground state's energy."""
        return float(self.energies.min())

    @property
    def gap(self) -> float:
        """Energy from the ground states to the next level; inf where there is no other level."""
        above = self.energies[~self._lowest()]
        return float(above.min() - self.lowest) if above.size else float("inf")

    def _lowest(self) -> np.ndarray:
        # sums of real couplings differ in their last digits, which shall not split a level
        return self.energies <= self.lowest + 1e-11 * (np.abs(self.energies).max() + 1e-300)

    def ground_states(self) -> np.ndarray:
        """All states of lowest energy, by number, shape (count, n) int8 of ±1."""
        return states(np.flatnonzero(self._lowest()), self.size)

    def log_partition(self, beta: float = 1.0) -> float:
        """ln Z, Z the sum of exp(-beta E)."""
        logs = -beta * self.energies
        top = float(logs.max())
        return top + float(np.log(np.exp(logs - top).sum()))

    def distribution(self, beta: float = 1.0, spins: Iterable[Hashable] | None = None) -> np.ndarray:
        """P of every state by number, shape (2^n,); with ``spins`` of theirs alone, shape (2^k,), bit 0 the first.

        Raises
        ------
        UnknownNameError
            A name that is no spin's.
        """
        p = np.exp(-beta * (self.energies - self.lowest))
        p /= p.sum()
        return p if spins is None else self._marginal(p, self._places(spins))

    def _places(self, spins: Iterable[Hashable]) -> list[int]:
        place = {label: bit for bit, label in enumerate(self.labels)}
        wanted = list(spins)
        for label in wanted:
            if label not in place:
                raise UnknownNameError("spin", str(label), map(str, self.labels))
        return [place[label] for label in wanted]

    def _marginal(self, p: np.ndarray, places: Sequence[int]) -> np.ndarray:
        axes = {bit: self.size - 1 - bit for bit in range(self.size)}  # the last axis runs fastest: bit 0
        kept = p.reshape((2,) * self.size).sum(axis=tuple(axes[bit] for bit in axes if bit not in places))
        order = sorted(places, reverse=True)  # of the axes that are left
        return kept.transpose([order.index(bit) for bit in reversed(places)]).reshape(-1)

    def moments(self, beta: float = 1.0) -> np.ndarray:
        """<prod_(i in T) s_i> for every set T of spins by number, shape (2^n,): entry 0 is 1, entry 2^i is <s_i>."""
        # complemented states: a 1 of the state number then is a minus sign less
        return walsh(self.distribution(beta)[::-1])

    def magnetisations(self, beta: float = 1.0) -> np.ndarray:
        """<s_i>, shape (n,)."""
        return self.moments(beta)[1 << np.arange(self.size)]

    def correlations(self, beta: float = 1.0) -> np.ndarray:
        """<s_i s_j>, shape (n, n), 1 on the diagonal."""
        bits = 1 << np.arange(self.size)
        return self.moments(beta)[bits[:, None] ^ bits[None, :]]

    def mean_energy(self, beta: float = 1.0) -> float:
        """<E>."""
        return float(self.distribution(beta) @ self.energies)


def _allowed(spins: int) -> int:
    if spins > LARGEST:
        raise InputError(
            f"{spins} spins have 2^{spins} states: too many to enumerate. At most {LARGEST} are; hold some, or use "
            "spinloom.ising.elimination, which sums sparse problems exactly at any size."
        )
    return spins
