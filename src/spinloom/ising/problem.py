"""An Ising problem as arrays: what every kernel works on."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from spinloom.errors import InputError

INTEGER_LIMIT = 127
"""Largest |h_i| + sum_j |J_ij|, in steps, that the integer replica kernel holds in a byte."""


class Step(NamedTuple):
    """The largest number of which all couplings and fields are integer multiples, and the largest field in it."""

    size: float
    largest_field: int


@dataclass(frozen=True)
class Problem:
    """E(s) = offset + sum_i h_i s_i + sum_{i<j} J_ij s_i s_j over spins s = +-1, to be minimised (dimod's sign).

    Both directions of a coupling are stored; the neighbours of a spin are sorted by coupling, so that kernels meet
    equal ones together.

    Attributes
    ----------
    fields : ndarray (n,) float64
        h.
    pointers : ndarray (n + 1,) int64
        Where the neighbours of each spin begin.
    neighbours : ndarray (2 edges,) int32
    couplings : ndarray (2 edges,) float64
        J.
    offset : float
    labels : tuple
        The variables' names, in the order of the spins.
    """

    fields: np.ndarray
    pointers: np.ndarray
    neighbours: np.ndarray
    couplings: np.ndarray
    offset: float = 0.0
    labels: Sequence[Hashable] = ()

    @classmethod
    def from_arrays(
        cls,
        rows: Any,
        columns: Any,
        values: Any,
        fields: Any = None,
        *,
        size: int | None = None,
        offset: float = 0.0,
        labels: Sequence[Hashable] | None = None,
    ) -> Problem:
        """A problem from couplings J[rows[k], columns[k]] = values[k], each edge once; repeated edges add up.

        Parameters
        ----------
        rows, columns : array (edges,) of int
        values : array (edges,)
        fields : array (n,), optional
            h; zero when left out.
        size : int, optional
            Number of spins, when neither ``fields`` nor the edges tell.
        offset : float
        labels : sequence, optional
            Names; 0 .. n - 1 when left out.

        Raises
        ------
        InputError
            NaN or infinite numbers, an index outside, or arrays of different lengths.
        """
        rows, columns = _indices(rows), _indices(columns)
        values = np.ascontiguousarray(values, float).ravel()
        if not rows.size == columns.size == values.size:
            raise InputError(
                f"Couplings need as many rows ({rows.size}) as columns ({columns.size}) and values ({values.size})."
            )
        largest = int(max(rows.max(initial=-1), columns.max(initial=-1)))
        if fields is None:
            fields = np.zeros(largest + 1 if size is None else size)
        h = np.array(fields, dtype=float).ravel()
        if largest >= h.size:
            raise InputError(f"A coupling joins spin {largest}, but there are spins 0 to {h.size - 1} only.")
        _finite(values, "coupling", lambda k: f"between spins {_name(labels, rows[k])} and {_name(labels, columns[k])}")
        _finite(h, "field", lambda k: f"on spin {_name(labels, k)}")
        if not math.isfinite(offset):
            raise InputError(f"The offset is {offset}; energies need a finite one.")
        loops = rows == columns
        if loops.any():  # s_i s_i = 1
            offset = float(offset + values[loops].sum())
            rows, columns, values = rows[~loops], columns[~loops], values[~loops]
        pointers, neighbours, couplings = _both_directions(h.size, rows, columns, values)
        names = range(h.size) if labels is None else tuple(labels)
        return cls(h, pointers, neighbours, couplings, float(offset), names)

    @classmethod
    def from_matrix(cls, couplings: Any, fields: Any = None, offset: float = 0.0) -> Problem:
        """A problem from a symmetric matrix J (n, n); its diagonal only adds to the offset."""
        matrix = np.asarray(couplings, float)
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.array_equal(matrix, matrix.T):
            raise InputError("Couplings as a matrix must be square and symmetric; directed ones belong to hardware.")
        rows, columns = np.nonzero(np.triu(matrix))
        return cls.from_arrays(rows, columns, matrix[rows, columns], fields, size=len(matrix), offset=offset)

    @classmethod
    def from_bqm(cls, bqm: Any) -> Problem:
        """A problem from a dimod binary quadratic model of either vartype; x = (1 + s)/2."""
        labels = tuple(bqm.variables)
        vectors = bqm.to_numpy_vectors(variable_order=labels)
        h = np.array(vectors.linear_biases, dtype=float)
        rows, columns = vectors.quadratic.row_indices, vectors.quadratic.col_indices
        values = np.asarray(vectors.quadratic.biases, float)
        offset = float(vectors.offset)
        if bqm.vartype.name == "BINARY":
            offset += float(h.sum() / 2.0 + values.sum() / 4.0)
            ends = np.bincount(rows, values, h.size) + np.bincount(columns, values, h.size)
            h, values = h / 2.0 + ends / 4.0, values / 4.0
        return cls.from_arrays(rows, columns, values, h, offset=offset, labels=labels)

    @property
    def size(self) -> int:
        """Number of spins n."""
        return self.fields.size

    @property
    def edges(self) -> int:
        """Number of couplings, each counted once."""
        return self.neighbours.size // 2

    @property
    def pairs(self) -> np.ndarray:
        """Coupled pairs of spins, shape (edges, 2), each once."""
        own = np.repeat(np.arange(self.size), np.diff(self.pointers))
        once = own < self.neighbours
        return np.stack([own[once], self.neighbours[once]], axis=1).astype(np.int64)

    @property
    def density(self) -> float:
        """Share of all pairs that are coupled."""
        return 2.0 * self.edges / max(self.size * (self.size - 1), 1)

    @property
    def degree(self) -> float:
        """Mean number of neighbours."""
        return 2.0 * self.edges / max(self.size, 1)

    def energies(self, states: Any) -> np.ndarray:
        """E of each row of ``states`` (reads, n) or (n,), in double precision."""
        s = np.atleast_2d(np.asarray(states))
        if s.shape[1] != self.size:
            raise InputError(f"A state has {self.size} spins; this one has {s.shape[1]}.")
        matrix = self.matrix()
        total = np.empty(len(s))
        batch = max(2**14 // max(self.size, 1), 1)  # some reads at a time: doubles take eight times the states' bytes
        for first in range(0, len(s), batch):
            some = s[first : first + batch].astype(float)
            total[first : first + batch] = some @ self.fields + 0.5 * np.einsum("ri,ri->r", some, (matrix @ some.T).T)
        return total + self.offset

    def matrix(self) -> Any:
        """J as a scipy sparse matrix (n, n), symmetric."""
        from scipy import sparse

        return sparse.csr_array((self.couplings, self.neighbours, self.pointers), shape=(self.size, self.size))

    @cached_property
    def step(self) -> Step | None:
        """The step of which all couplings and fields are multiples, or None where there is none that is useful."""
        numbers = np.unique(np.abs(np.concatenate([np.unique(self.couplings), np.unique(self.fields)])))
        numbers = numbers[numbers > 0.0]
        if not numbers.size:
            return Step(1.0, 0)
        for unit in (1.0, 0.5, 0.25, float(numbers[0]), float(numbers[0]) / 2.0):
            whole = np.rint(numbers / unit)
            if whole.max() < 2**31 and np.all(np.abs(whole * unit - numbers) <= 1e-12 * numbers):
                size = unit * int(np.gcd.reduce(whole.astype(np.int64)))
                return Step(size, round(self.largest_field / size))
        return None

    @property
    def smallest_step(self) -> float:
        """The smallest change of a field that matters: the common step, or the smallest coupling within reason."""
        if self.step is not None and self.largest_field < 1e4 * self.step.size:
            return self.step.size
        numbers = np.concatenate([np.unique(np.abs(self.couplings)), np.unique(np.abs(self.fields))])
        return max(float(numbers[numbers > 0.0].min(initial=np.inf)), 0.02 * self.typical_field)

    @cached_property
    def largest_field(self) -> float:
        """max_i (|h_i| + sum_j |J_ij|): no field is ever larger."""
        return float((np.abs(self.fields) + self._sums(np.abs(self.couplings))).max(initial=0.0))

    @cached_property
    def typical_field(self) -> float:
        """Root mean square over the spins of the field's size for random states, sqrt(h^2 + sum_j J_ij^2)."""
        return float(np.sqrt(np.mean(self.fields**2 + self._sums(self.couplings**2)))) if self.size else 0.0

    def _sums(self, values: np.ndarray) -> np.ndarray:
        found, full = np.zeros(self.size), np.flatnonzero(np.diff(self.pointers))
        if full.size:
            found[full] = np.add.reduceat(values, self.pointers[full])
        return found


def _name(labels: Sequence[Hashable] | None, index: Any) -> Any:
    return int(index) if labels is None else repr(labels[int(index)])


def _indices(numbers: Any) -> np.ndarray:
    """Indices as int32, which every problem that fits memory has."""
    found = np.asarray(numbers)
    if found.size and (found.min() < 0 or found.max() >= 2**31):
        raise InputError("A coupling joins spins that are numbered from 0 on; one of these numbers is outside.")
    return np.ascontiguousarray(found, np.int32).ravel()


def _finite(values: np.ndarray, what: str, where: Any) -> None:
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise InputError(f"The {what} {where(bad[0])} is {values[bad[0]]}: every {what} must be a finite number.")


def _both_directions(
    size: int, rows: np.ndarray, columns: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    from spinloom.ising.kernels.building import build_kernel

    pointers = np.zeros(size + 1, np.int64)
    neighbours, couplings = np.empty(2 * rows.size, np.int32), np.empty(2 * rows.size)
    count = build_kernel()(rows, columns, values, pointers, neighbours, couplings)
    return pointers, neighbours[:count], couplings[:count]
