"""Max-cut: split the nodes of a weighted graph in two, so that the edges between the parts weigh as much as they can.

With s_i = +1 or -1 for the two parts, cut = sum_{i<j} w_ij (1 - s_i s_j)/2 = (W - E)/2, where W is the weight of all
edges and E = sum_{i<j} w_ij s_i s_j: the couplings are the weights, so that whole weights stay whole numbers. To
minimise E is to maximise the cut.

References
----------
F. Barahona et al., Oper. Res. 36, 493 (1988), doi:10.1287/opre.36.3.493.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from spinloom.errors import InputError

if TYPE_CHECKING:
    import dimod

    from spinloom.ising.problem import Problem


@final
@dataclass(frozen=True)
class MaxCut:
    """A graph to cut; several edges between the same two nodes count together.

    Attributes
    ----------
    nodes : int
        How many; they are counted from 0.
    first, second : ndarray of int64, shape (edges,)
        The ends of each edge.
    weights : ndarray of float64, shape (edges,)
        Of either sign.

    Raises
    ------
    InputError
        Arrays of different lengths, an end that is no node, an edge from a node to itself, a weight that is not finite.
    """

    nodes: int
    first: np.ndarray
    second: np.ndarray
    weights: np.ndarray

    def __post_init__(self) -> None:
        for name, kind in (("first", np.int64), ("second", np.int64), ("weights", np.float64)):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=kind))
        if self.nodes < 1:
            raise InputError(f"nodes = {self.nodes}: a graph needs one node at least.")
        if self.first.ndim != 1 or not self.first.shape == self.second.shape == self.weights.shape:
            raise InputError("first, second and weights must hold one entry an edge.")
        if self.first.size and min(self.first.min(), self.second.min()) < 0:
            raise InputError("Nodes are counted from 0; an edge ends at a negative number.")
        if self.first.size and max(self.first.max(), self.second.max()) >= self.nodes:
            raise InputError(f"An edge ends outside of the nodes 0 to {self.nodes - 1}.")
        if np.any(self.first == self.second):
            raise InputError(
                f"Node {self.first[self.first == self.second][0]} is joined to itself: leave such edges out."
            )
        if not np.isfinite(self.weights).all():
            raise InputError("Every weight must be finite.")

    @property
    def total(self) -> float:
        """The weight W of all edges."""
        return float(self.weights.sum())

    def problem(self) -> Problem:
        """The energy E = sum w s s as arrays, for :mod:`spinloom.ising`'s solvers; labels are the nodes."""
        from spinloom.ising.problem import Problem

        return Problem.from_arrays(self.first, self.second, self.weights, np.zeros(self.nodes))

    def bqm(self, start: int = 0) -> dimod.BinaryQuadraticModel:
        """The same energy for any sampler of dimod's kind; variables are the nodes, of vartype SPIN.

        Parameters
        ----------
        start : int
            What the first node is called; 1 counts as rudy's files do.
        """
        import dimod

        vectors = (self.first, self.second, self.weights)
        names: Any = {"variable_order": range(start, start + self.nodes)} if start else {}
        return dimod.BinaryQuadraticModel.from_numpy_vectors(np.zeros(self.nodes), vectors, 0.0, dimod.SPIN, **names)

    def cut(self, energies: np.ndarray | float) -> np.ndarray | float:
        """The cut of an energy: (W - E)/2."""
        return (self.total - energies) / 2.0

    def energy(self, cut: np.ndarray | float) -> np.ndarray | float:
        """The energy of a cut: W - 2 cut."""
        return self.total - 2.0 * cut

    def cut_of(self, states: np.ndarray) -> np.ndarray:
        """The weight between the parts, counted edge by edge.

        Parameters
        ----------
        states : ndarray, shape (..., nodes)
            Two values, one a part: +1 and -1, or 1 and 0.

        Returns
        -------
        ndarray of float64, shape (...)
        """
        states = np.asarray(states)
        if states.shape[-1:] != (self.nodes,):
            raise InputError(f"states end in an axis of {self.nodes} nodes; these have shape {states.shape}.")
        return (states[..., self.first] != states[..., self.second]) @ self.weights
