"""Figure and ground: which edge segments of an image belong together, as a quadratic programme.

    E(x) = lambda sum_i x_i - sum_{i<j} A_ij x_i x_j,   x_i = 1 for the figure, 0 for the ground

A_ij in 0..1 is the affinity of two segments by proximity, good continuation and parallelism; lambda is what a segment
costs. With A >= 0 a minimum is a minimum cut and found exactly at any size (:meth:`Grouping.optimum`); with affinities
of both signs the programme is as hard as any Ising problem.

References
----------
Sarkar and Soundararajan, IEEE Trans. PAMI 22, 504 (doi:10.1109/34.857006): grouping as a cut of such affinities.
Greig, Porteous, Seheult, J. R. Statist. Soc. B 51, 271: binary programmes without repulsion are minimum cuts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from spinloom.errors import InputError

if TYPE_CHECKING:
    import dimod

_FINE = 2**20
"""Steps of a capacity: the cut is exact for affinities rounded to 1e-6."""


@final
@dataclass(frozen=True)
class Kinship:
    """How affinity falls: with the gap between two segments' nearest ends, and with the angles between them.

    Attributes
    ----------
    reach : float
        Gap at which proximity has fallen to exp(-1/2), in lengths of a segment.
    bend : float
        Angle [rad] between a segment and the line that joins the centres, of the same weight.
    circle : float
        Departure [rad] from the two angles being equal and opposite, as on a circle.
    parallel : float
        Affinity of parallel neighbours that do not continue each other, 0..1.
    """

    reach: float = 1.0
    bend: float = 0.6
    circle: float = 0.35
    parallel: float = 0.15

    def __post_init__(self) -> None:
        """Refuse widths of nothing."""
        if min(self.reach, self.bend, self.circle) <= 0 or not 0 <= self.parallel <= 1:
            raise InputError("reach, bend and circle must be above 0, parallel between 0 and 1.")

    def affinity(self, segments: np.ndarray) -> np.ndarray:
        """A (n, n) of segments (n, 2, 2): two ends of two coordinates; symmetric, 0 on the diagonal.

        A = exp(-gap^2/(2 reach^2)) max(continuation, parallel), continuation = exp(-(a^2 + b^2)/(2 bend^2)
        - (a + b)^2/(2 circle^2)) with the angles a and b of both segments to the line between their centres.
        """
        ends = np.asarray(segments, float)
        if ends.ndim != 3 or ends.shape[1:] != (2, 2) or not np.isfinite(ends).all():
            raise InputError(f"segments have two ends of two finite coordinates, (n, 2, 2), not {ends.shape}.")
        centre, along = ends.mean(axis=1), ends[:, 1] - ends[:, 0]
        size = np.linalg.norm(along, axis=1)
        if (size == 0).any():
            raise InputError("A segment has no length.")
        joining = centre[None] - centre[:, None]
        line = np.arctan2(joining[..., 1], joining[..., 0])
        heading = np.arctan2(along[:, 1], along[:, 0])
        a, b = _acute(heading[:, None] - line), _acute(heading[None, :] - line)
        gap = np.linalg.norm(ends[:, None, :, None] - ends[None, :, None, :], axis=-1).min(axis=(2, 3))
        reach = self.reach * 0.5 * (size[:, None] + size[None, :])
        near = np.exp(-0.5 * (gap / reach) ** 2)
        smooth = np.exp(-0.5 * (a**2 + b**2) / self.bend**2 - 0.5 * _acute(a + b) ** 2 / self.circle**2)
        beside = self.parallel * np.exp(-0.5 * (_acute(heading[:, None] - heading) / self.circle) ** 2)
        found = near * np.maximum(smooth, beside)
        np.fill_diagonal(found, 0.0)
        return 0.5 * (found + found.T)


def _acute(angle: np.ndarray) -> np.ndarray:
    """Angles between undirected lines, in -pi/2..pi/2."""
    return (angle + 0.5 * np.pi) % np.pi - 0.5 * np.pi


@final
@dataclass(frozen=True)
class Grouping:
    """The programme of affinities A (n, n) and cost lambda.

    Raises
    ------
    InputError
        A matrix that is not square, symmetric and finite, or a cost that is not finite.
    """

    affinity: np.ndarray
    cost: float

    def __post_init__(self) -> None:
        """Check the matrix."""
        a = np.asarray(self.affinity, float)
        if a.ndim != 2 or a.shape[0] != a.shape[1] or not np.allclose(a, a.T, atol=1e-12) or not np.isfinite(a).all():
            raise InputError("Affinities must be a square symmetric matrix of finite numbers.")
        if not np.isfinite(self.cost):
            raise InputError(f"cost = {self.cost} must be finite.")
        a = a.copy()
        np.fill_diagonal(a, 0.0)
        object.__setattr__(self, "affinity", a)

    def energy(self, chosen: np.ndarray) -> np.ndarray:
        """E of choices (..., n) of 0 and 1."""
        x = np.asarray(chosen, float)
        return self.cost * x.sum(axis=-1) - 0.5 * np.einsum("...i,ij,...j->...", x, self.affinity, x)

    def bqm(self) -> dimod.BinaryQuadraticModel:
        """As a dimod model of binary variables 0 .. n - 1."""
        import dimod

        rows, columns = np.nonzero(np.triu(self.affinity, 1))
        pairs = {(int(i), int(j)): -float(self.affinity[i, j]) for i, j in zip(rows, columns, strict=True)}
        linear = dict.fromkeys(range(len(self.affinity)), float(self.cost))
        return dimod.BinaryQuadraticModel(linear, pairs, 0.0, "BINARY")

    def optimum(self) -> np.ndarray:
        """A minimum (n,) of 0 and 1 by minimum cut; the smallest of several, up to affinities rounded to 1e-6.

        Raises
        ------
        InputError
            A negative affinity: then it is no cut.
        """
        from scipy.sparse import csgraph, csr_array

        n = len(self.affinity)
        if (self.affinity < 0).any():
            raise InputError("A negative affinity makes the programme a hard one; sample its bqm() instead.")
        # -A x_i x_j = A/2 (|x_i - x_j| - x_i - x_j): what is cut, and what each segment costs alone
        alone = self.cost - 0.5 * self.affinity.sum(axis=1)
        scale = _FINE / max(float(self.affinity.max(initial=0.0)), abs(self.cost), 1e-300)
        capacity = np.zeros((n + 2, n + 2), np.int32)  # n is the source (figure), n + 1 the sink
        capacity[:n, :n] = np.rint(0.5 * scale * self.affinity)
        capacity[n, :n] = np.rint(scale * np.maximum(-alone, 0.0))
        capacity[:n, n + 1] = np.rint(scale * np.maximum(alone, 0.0))
        flow = csgraph.maximum_flow(csr_array(capacity), n, n + 1).flow
        left = capacity - flow.toarray()
        reached = csgraph.breadth_first_order(csr_array(np.maximum(left, 0)), n, return_predecessors=False)
        chosen = np.zeros(n, np.int8)
        chosen[reached[reached < n]] = 1
        return chosen
