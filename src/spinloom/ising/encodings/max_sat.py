"""Maximum satisfiability: weighted clauses as an energy that is the weight of the clauses left unsatisfied.

A clause is violated when all its literals are false, so with x_i = 1 or 0 its energy is w prod_{x in clause} (1 - x)
prod_{not x in clause} x: linear, quadratic, or of the clause's length. A hard clause weighs more than all soft ones
together, 1 + sum w, so that no sum of soft weights is worth its violation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, final

import numpy as np

from spinloom.errors import InputError

if TYPE_CHECKING:
    import dimod
    from dimod.higherorder.polynomial import BinaryPolynomial

LONGEST = 12
"""Literals of a clause that is still written out: it may become 2^12 terms."""


@final
@dataclass(frozen=True)
class Clauses:
    """Clauses over the variables 1 to ``variables``.

    Attributes
    ----------
    variables : int
        How many there are, whether a clause uses them or not.
    literals : sequence of sequence of int
        One clause each: +v asks that v is true, -v that it is false.
    weights : ndarray of float64, shape (clauses,)
        Above 0; infinite for a hard clause.

    Raises
    ------
    InputError
        A literal of no variable, a weight that is not above 0, an empty clause that is hard, no variable.
    """

    variables: int
    literals: Sequence[Sequence[int]]
    weights: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", np.asarray(self.weights, dtype=np.float64))
        if self.variables < 1:
            raise InputError(f"variables = {self.variables}: one is needed at least.")
        if self.weights.shape != (len(self.literals),):
            raise InputError(f"{len(self.literals)} clauses need as many weights, not {self.weights.size}.")
        if not (self.weights > 0).all():
            raise InputError("Every clause's weight must be above 0; a hard clause's is infinite.")
        for clause, weight in zip(self.literals, self.weights, strict=True):
            if any(literal == 0 or abs(literal) > self.variables for literal in clause):
                raise InputError(f"Clause {list(clause)}: literals are ±1 to ±{self.variables}.")
            if not clause and np.isinf(weight):
                raise InputError("A hard clause is empty: nothing can satisfy it.")

    @property
    def hard(self) -> np.ndarray:
        """Which clauses must hold: bool, shape (clauses,)."""
        return np.isinf(self.weights)

    @property
    def soft_weight(self) -> float:
        """The weight of all soft clauses."""
        return float(self.weights[~self.hard].sum())

    @property
    def hard_weight(self) -> float:
        """What violating a hard clause costs in the energy: 1 + the weight of all soft clauses."""
        return 1.0 + self.soft_weight

    @property
    def length(self) -> int:
        """Literals of the longest clause: 2 or less is a quadratic model, more a polynomial."""
        return max((len(set(clause)) for clause in self.literals), default=0)

    def violated(self, sample: Mapping[int, int]) -> np.ndarray:
        """Which clauses an assignment leaves unsatisfied: bool, shape (clauses,).

        Parameters
        ----------
        sample : mapping of variable to value
            Above 0 is true: 1 and 0, or +1 and -1.
        """
        true = [False] + [sample[variable] > 0 for variable in range(1, self.variables + 1)]
        return np.array([not any(true[abs(x)] == (x > 0) for x in clause) for clause in self.literals], dtype=bool)

    def bqm(self) -> dimod.BinaryQuadraticModel:
        """The energy of clauses of two literals at most, of vartype BINARY over the variables 1 to ``variables``.

        Raises
        ------
        InputError
            A clause is longer: take :meth:`polynomial`.
        """
        import dimod

        terms = self._terms()
        if any(len(term) > 2 for term in terms):
            raise InputError(f"A clause has {self.length} literals: polynomial() writes it, bqm() needs two at most.")
        linear = dict.fromkeys(range(1, self.variables + 1), 0.0)
        linear.update({term[0]: value for term, value in terms.items() if len(term) == 1})
        quadratic = {(term[0], term[1]): value for term, value in terms.items() if len(term) == 2}
        return dimod.BinaryQuadraticModel(linear, quadratic, terms.get((), 0.0), dimod.BINARY)

    def polynomial(self) -> BinaryPolynomial:
        """The energy of clauses of any length, of vartype BINARY over the variables 1 to ``variables``."""
        from dimod import BINARY
        from dimod.higherorder.polynomial import BinaryPolynomial

        terms = dict.fromkeys(((variable,) for variable in range(1, self.variables + 1)), 0.0) | self._terms()
        return BinaryPolynomial(terms, BINARY)

    def _terms(self) -> dict[tuple[int, ...], float]:
        """Coefficients of the products of variables, each product by its variables in order."""
        terms: dict[tuple[int, ...], float] = {}
        heavy = self.hard_weight
        for literals, weight in zip(self.literals, self.weights, strict=True):
            clause = set(literals)
            if any(-literal in clause for literal in clause):
                continue  # true whatever the variable is
            if len(clause) > LONGEST:
                raise InputError(f"A clause has {len(clause)} literals; {LONGEST} are the most that are written out.")
            cost = heavy if np.isinf(weight) else float(weight)
            asked, negated = [x for x in clause if x > 0], [-x for x in clause if x < 0]
            for count in range(len(asked) + 1):
                for chosen in combinations(asked, count):
                    key = tuple(sorted([*negated, *chosen]))
                    terms[key] = terms.get(key, 0.0) + (-cost if count % 2 else cost)
        return terms
