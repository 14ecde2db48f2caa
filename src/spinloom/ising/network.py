"""A network of p-bits whose couplings may point one way: x_i = I_0 (h_i + sum_j J_ij m_j), J_ij for what i hears of j.

Symmetric couplings have a Boltzmann law, P proportional to exp(I_0 (m h + m J m/2)). Couplings without a cycle are a
Bayesian network: P(m) = prod_i (1 + m_i tanh x_i)/2, whose parents decide first. The letters J, h are those of the
papers; a dimod model, E = s h + s J s/2 to be minimised, has the opposite signs.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, final

import numpy as np

from spinloom.errors import InputError
from spinloom.ising.exact import LARGEST, walsh

if TYPE_CHECKING:
    from spinloom.ising.problem import Problem


@final
@dataclass(frozen=True)
class Network:
    """Couplings and fields of p-bits, row i for what p-bit i hears.

    Attributes
    ----------
    fields : np.ndarray
        h, shape (n,).
    pointers, sources, couplings : np.ndarray
        J by rows: p-bit i hears ``sources[pointers[i]:pointers[i + 1]]`` with ``couplings`` at the same places.
    labels : tuple
        Names of the p-bits.

    Examples
    --------
    >>> net = Network.from_parents({"parent": [], "child": ["parent"]}, coupling=1.0)
    >>> float(net.correlations(net.distribution())[0, 1].round(4))  # tanh 1
    0.7616
    """

    fields: np.ndarray
    pointers: np.ndarray
    sources: np.ndarray
    couplings: np.ndarray
    labels: tuple[Hashable, ...]

    @classmethod
    def from_matrix(cls, couplings: Any, fields: Any = None, labels: Sequence[Hashable] | None = None) -> Network:
        """From J (n, n), an array or a scipy sparse matrix, and h (n,).

        Raises
        ------
        InputError
            No square matrix, another number of fields, a p-bit that hears itself, or a value that is not finite.
        """
        if hasattr(couplings, "tocoo"):
            sparse = couplings.tocoo()
            shape, rows, columns, values = sparse.shape, sparse.row, sparse.col, np.asarray(sparse.data, float)
        else:
            matrix = np.asarray(couplings, float)
            shape = matrix.shape
            rows, columns = np.nonzero(matrix) if matrix.ndim == 2 else ([], [])
            values = matrix[rows, columns] if matrix.ndim == 2 else matrix
        size = shape[0] if shape else 0
        h = np.zeros(size) if fields is None else np.asarray(fields, float)
        if len(shape) != 2 or shape[0] != shape[1] or h.shape != (size,):
            raise InputError(f"Couplings {shape} and fields {h.shape}: an n x n matrix and n fields are needed.")
        if not (np.isfinite(values).all() and np.isfinite(h).all()):
            raise InputError("A coupling or field is not a finite number.")
        if (np.asarray(rows) == np.asarray(columns)).any():
            raise InputError("A coupling is on the diagonal: a p-bit does not hear itself. Use fields for a bias.")
        order = np.lexsort((columns, rows))
        pointers = np.zeros(size + 1, np.int64)
        np.cumsum(np.bincount(np.asarray(rows, np.int64), minlength=size), out=pointers[1:])
        names = tuple(range(size)) if labels is None else tuple(labels)
        if len(names) != size:
            raise InputError(f"{len(names)} labels for {size} p-bits.")
        return cls(h, pointers, np.asarray(columns, np.int32)[order], values[order], names)

    @classmethod
    def from_problem(cls, problem: Problem) -> Network:
        """Of an Ising problem to be minimised: J and h with the opposite sign."""
        return cls(-problem.fields, problem.pointers, problem.neighbours, -problem.couplings, tuple(problem.labels))

    @classmethod
    def from_parents(cls, parents: Mapping[str, Sequence[str]], coupling: float) -> Network:
        """A family: each p-bit hears its parents with the same coupling; those without parents are fair coins.

        A child of two parents that agree follows them with P = (1 + tanh 2J)/2 and is a coin where they differ: for
        strong coupling it carries the gene of one of them, and the correlation of two members is their relatedness
        (Faria, Camsari and Datta, doi:10.1063/1.5021332).

        Raises
        ------
        InputError
            A parent that is nobody's name.
        """
        place = {name: i for i, name in enumerate(parents)}
        matrix = np.zeros((len(place), len(place)))
        for child, known in parents.items():
            for name in known:
                if name not in place:
                    raise InputError(f"{child} has the parent '{name}', who is not in the family.")
                matrix[place[child], place[name]] = coupling
        return cls.from_matrix(matrix, labels=tuple(place))

    @property
    def size(self) -> int:
        """Number of p-bits n."""
        return len(self.fields)

    @property
    def rows(self) -> np.ndarray:
        """Who hears, for each coupling."""
        return np.repeat(np.arange(self.size, dtype=np.int32), np.diff(self.pointers))

    def matrix(self) -> np.ndarray:
        """J, shape (n, n)."""
        found = np.zeros((self.size, self.size))
        found[self.rows, self.sources] = self.couplings
        return found

    def listeners(self) -> tuple[np.ndarray, np.ndarray]:
        """(pointers, places): the couplings by who is heard; ``rows[places]`` are its listeners."""
        pointers = np.zeros(self.size + 1, np.int64)
        np.cumsum(np.bincount(self.sources, minlength=self.size), out=pointers[1:])
        return pointers, np.argsort(self.sources, kind="stable")

    @property
    def symmetric(self) -> bool:
        """Both of each pair hear each other alike."""
        from scipy import sparse

        found = sparse.csr_array((self.couplings, self.sources, self.pointers), shape=(self.size, self.size))
        return (found != found.T).nnz == 0

    def order(self) -> np.ndarray | None:
        """P-bits, parents before children; None where couplings close a cycle."""
        missing = np.diff(self.pointers)
        pointers, places = self.listeners()
        hears = self.rows[places]
        ready = list(np.flatnonzero(missing == 0))
        found: list[int] = []
        while ready:
            now = ready.pop(0)
            found.append(int(now))
            for listener in hears[pointers[now] : pointers[now + 1]]:
                missing[listener] -= 1
                if missing[listener] == 0:
                    ready.append(listener)
        return np.array(found, np.int64) if len(found) == self.size else None

    def symmetrised(self) -> Network:
        """Each coupling heard both ways: the Boltzmann machine on the same graph."""
        matrix = self.matrix()
        return Network.from_matrix(matrix + matrix.T * (matrix == 0), self.fields, self.labels)

    def quantised(self, bits: int) -> Network:
        """Couplings and fields rounded to 2^bits - 1 equal levels from -largest to +largest, 0 among them.

        Raises
        ------
        InputError
            No whole number, or fewer than 2 bits: no level would be left beside 0.
        """
        if bits < 2 or bits % 1:
            raise InputError(f"bits = {bits}: a whole number, at least 2, is needed, for the levels -1, 0 and 1.")
        largest = max(np.abs(self.couplings).max(initial=0.0), np.abs(self.fields).max(initial=0.0))
        if largest == 0:
            return self
        step = largest / (2 ** (bits - 1) - 1)
        return replace(self, fields=step * np.rint(self.fields / step), couplings=step * np.rint(self.couplings / step))

    # ---- exact laws -----------------------------------------------------------------------------------------------

    def distribution(self, gain: float = 1.0) -> np.ndarray:
        """P of all 2^n states at I_0 = ``gain``, by number (bit i is 1 where m_i = +1).

        Raises
        ------
        InputError
            More than 24 p-bits, or couplings that are neither symmetric nor free of cycles: no closed law is known.
        """
        if self.size > LARGEST:
            raise InputError(f"{self.size} p-bits have 2^{self.size} states; at most {LARGEST} are enumerated.")
        if self.order() is not None:
            p = np.ones(1 << self.size)
            for i in range(self.size):
                x = gain * self._inputs(i)
                p *= 0.5 * (1.0 + self._spin(i) * np.tanh(x))
            return p
        if not self.symmetric:
            raise InputError("Couplings that are neither symmetric nor free of cycles have no law in closed form.")
        exponent = np.zeros(1 << self.size)
        for i in range(self.size):
            exponent += 0.5 * gain * self._spin(i) * (self._inputs(i) + self.fields[i])
        p = np.exp(exponent - exponent.max())
        return p / p.sum()

    def _spin(self, i: int) -> np.ndarray:
        """m_i of every state by number, shape (2^n,)."""
        return np.tile(np.repeat(np.array([-1.0, 1.0]), 1 << i), 1 << (self.size - 1 - i))

    def _inputs(self, i: int) -> np.ndarray:
        """h_i + sum_j J_ij m_j of every state by number."""
        total = np.full(1 << self.size, self.fields[i])
        for place in range(self.pointers[i], self.pointers[i + 1]):
            total += self.couplings[place] * self._spin(int(self.sources[place]))
        return total

    def correlations(self, p: np.ndarray) -> np.ndarray:
        """<m_i m_j> of a distribution over states by number, shape (n, n), 1 on the diagonal."""
        bits = np.int64(1) << np.arange(self.size, dtype=np.int64)
        return walsh(np.asarray(p, float)[::-1])[bits[:, None] ^ bits[None, :]]

    def magnetisations(self, p: np.ndarray) -> np.ndarray:
        """<m_i> of a distribution over states by number, shape (n,)."""
        return walsh(np.asarray(p, float)[::-1])[np.int64(1) << np.arange(self.size, dtype=np.int64)]
