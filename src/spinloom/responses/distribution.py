"""Numbers of any distribution from Bernoulli bits: a binary tree of probabilities, most significant bit first.

    x = b_1 b_2 ... b_n,    P(x) = prod_k P(b_k | b_1 ... b_(k-1)),    2^n - 1 probabilities

Each bit is one pulse on a device whose drive is set by the bits before it. R. Zhang et al., Advanced Science 11,
2402182 (2024), doi:10.1002/advs.202402182, make such numbers with spin-orbit-torque junctions.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from spinloom.errors import InputError

if TYPE_CHECKING:
    from spinloom.responses.bernoulli import Bernoulli

_TREE = 0x73EE
"""What a seed is used for here."""
MOST_BITS = 20
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(5)


@final
@dataclass(frozen=True)
class Distribution:
    """A distribution over 2^n equal cells of a range, drawn bit by bit.

    Attributes
    ----------
    tree : ndarray, shape (2^n - 1,)
        P(next bit is 1) at each node: the root first, then the nodes of each level from left to right. The children of
        node k are 2k + 1 (bit 0) and 2k + 2 (bit 1). Nodes that are never reached hold 1/2.
    low, high : float
        The range; sample number x stands for the middle of cell x.

    Examples
    --------
    >>> import numpy as np, spinloom as sl
    >>> bell = sl.responses.Distribution.from_density(lambda x: np.exp(-0.5 * x**2), -4, 4, bits=6)
    >>> bell.sample(3, seed=1).shape
    (3,)
    """

    tree: np.ndarray
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        """Check the tree and the range."""
        tree = np.asarray(self.tree, float)
        bits = (tree.size + 1).bit_length() - 1
        if tree.ndim != 1 or tree.size != 2**bits - 1 or not 1 <= bits <= MOST_BITS:
            raise InputError(f"A tree has 2^n - 1 probabilities, n from 1 to {MOST_BITS}; got {np.shape(self.tree)}.")
        if not ((tree >= 0) & (tree <= 1)).all():
            raise InputError("A probability of the tree is outside 0 to 1.")
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise InputError(f"low = {self.low} must be below high = {self.high}.")
        object.__setattr__(self, "tree", tree)

    # ---- where it comes from ----------------------------------------------------------------------------------------

    @classmethod
    def from_masses(cls, masses: np.ndarray, low: float = 0.0, high: float = 1.0) -> Distribution:
        """From the probabilities of 2^n cells, in order; they are scaled to a sum of 1.

        Raises
        ------
        InputError
            Not 2^n of them, a negative one, NaN, or none above 0.
        """
        mass = np.asarray(masses, float)
        bits = max(mass.size, 1).bit_length() - 1
        if mass.ndim != 1 or mass.size != 2**bits or not 1 <= bits <= MOST_BITS:
            raise InputError(
                f"{np.shape(masses)} probabilities: a tree of bits needs 2^n of them, n from 1 to {MOST_BITS}."
            )
        if not (np.isfinite(mass).all() and (mass >= 0).all() and mass.sum() > 0):
            raise InputError("The probabilities must be finite, not negative, and not all 0.")
        levels = [mass]
        while levels[0].size > 1:
            levels.insert(0, levels[0].reshape(-1, 2).sum(axis=1))
        tree = []
        for whole, halves in itertools.pairwise(levels):
            reached = whole > 0
            tree.append(np.where(reached, halves[1::2] / np.where(reached, whole, 1.0), 0.5))
        return cls(np.concatenate(tree), low, high)

    @classmethod
    def from_density(
        cls, density: Callable[[np.ndarray], np.ndarray] | np.ndarray, low: float, high: float, bits: int = 8
    ) -> Distribution:
        """From a density over a range, which need not be normalised; what lies outside the range is cut off.

        Parameters
        ----------
        density : callable or array
            A function of an array of x, integrated over each cell (five points a cell, exact for polynomials of degree
            nine); or values at equal distances from ``low`` to ``high``, with straight lines between them.
        low, high : float
        bits : int
            n; 2^n cells.
        """
        if not 1 <= bits <= MOST_BITS:
            raise InputError(f"bits = {bits}: from 1 to {MOST_BITS} are possible.")
        if not low < high:
            raise InputError(f"low = {low} must be below high = {high}.")
        edges = np.linspace(low, high, 2**bits + 1)
        if not callable(density):
            values = np.asarray(density, float)
            if values.ndim != 1 or values.size < 2:
                raise InputError("A density given as values needs at least two of them.")
            places = np.linspace(low, high, values.size)
            middle = np.concatenate([[0.0], np.cumsum(np.diff(places) * 0.5 * (values[1:] + values[:-1]))])
            # the integral of straight lines is a parabola between the points
            k = np.clip(np.searchsorted(places, edges, side="right") - 1, 0, values.size - 2)
            rest = edges - places[k]
            slope = np.diff(values)[k] / np.diff(places)[k]
            return cls.from_masses(_not_negative(np.diff(middle[k] + rest * (values[k] + 0.5 * slope * rest)), values),
                                   low, high)  # fmt: skip
        half = 0.5 * np.diff(edges)
        x = 0.5 * (edges[1:] + edges[:-1])[:, None] + half[:, None] * _NODES
        found = np.asarray(density(x.ravel()), float)
        if found.shape != (x.size,):
            raise InputError(f"The density gave shape {found.shape} for {x.size} places; it must work on arrays.")
        return cls.from_masses(_not_negative((found.reshape(x.shape) * _WEIGHTS).sum(axis=1) * half, found), low, high)

    # ---- what it is -------------------------------------------------------------------------------------------------

    @property
    def bits(self) -> int:
        """n."""
        return (self.tree.size + 1).bit_length() - 1

    @property
    def values(self) -> np.ndarray:
        """Middles of the 2^n cells."""
        return self.low + (np.arange(2**self.bits) + 0.5) * (self.high - self.low) / 2**self.bits

    def reached(self) -> np.ndarray:
        """Probability that each node is reached, shape of ``tree``."""
        found = np.ones(1)
        rows = []
        for level in range(self.bits):
            rows.append(found)
            p = self.tree[2**level - 1 : 2 ** (level + 1) - 1]
            found = np.stack([found * (1.0 - p), found * p], axis=1).ravel()
        return np.concatenate([*rows, found])[: self.tree.size]

    def masses(self) -> np.ndarray:
        """P of each of the 2^n numbers, by going through the whole tree."""
        last = self.tree[2 ** (self.bits - 1) - 1 :]
        reached = self.reached()[2 ** (self.bits - 1) - 1 :]
        return np.stack([reached * (1.0 - last), reached * last], axis=1).ravel()

    def mean(self) -> float:
        """Of the numbers."""
        return float(self.masses() @ self.values)

    def standard_deviation(self) -> float:
        """Of the numbers; the cells' width w adds w^2/12 to the variance of the density in a cell."""
        return math.sqrt(float(self.masses() @ (self.values - self.mean()) ** 2))

    # ---- chance -----------------------------------------------------------------------------------------------------

    def codes(self, count: int, seed: int = 0) -> np.ndarray:
        """``count`` numbers 0..2^n - 1, bit by bit; the first ones are the same for any count."""
        if count < 1:
            raise InputError(f"count = {count}: at least one number is needed.")
        uniform = np.random.default_rng([_TREE, seed]).random((count, self.bits))
        node = np.zeros(count, np.int64)
        for level in range(self.bits):
            node = 2 * node + 1 + (uniform[:, level] < self.tree[node])
        return node - (2**self.bits - 1)

    def sample(self, count: int, seed: int = 0) -> np.ndarray:
        """``count`` numbers of the range: middles of cells."""
        return self.values[self.codes(count, seed)]

    # ---- on devices -------------------------------------------------------------------------------------------------

    def drives(self, response: Bernoulli) -> np.ndarray:
        """Drive of each node, shape of ``tree``; nan where the bit is certain and no finite drive gives it."""
        inside = (self.tree > 0) & (self.tree < 1)
        return np.where(inside, response.drive_for(np.where(inside, self.tree, 0.5)), np.nan)

    def on_device(self, response: Bernoulli, drive_step: float = 0.0, drive_offset: float = 0.0) -> Distribution:
        """What a device gives whose drives are set in steps (a converter's) and are off by a constant.

        Parameters
        ----------
        response : Bernoulli
        drive_step, drive_offset : float
            [the response's unit]; a step of 0 sets drives exactly.
        """
        drives = self.drives(response)
        if drive_step > 0:
            drives = np.round(drives / drive_step) * drive_step
        tree = np.where(np.isnan(drives), self.tree, response(drives + drive_offset))
        return Distribution(tree, self.low, self.high)

    def energy_per_sample(self, response: Bernoulli) -> float:
        """Mean energy of one number [J]: that of n bits, each at the drive of its node; nan where it is not known.

        A bit that is certain counts as one at P = 1/2.
        """
        inside = (self.tree > 0) & (self.tree < 1)
        energies = [response.energy_per_bit(float(p)) if ok else response.energy_per_bit()
                    for p, ok in zip(self.tree, inside, strict=True)]  # fmt: skip
        return float(self.reached() @ np.array(energies))

    def time_per_sample(self, response: Bernoulli) -> float:
        """Time of one number [s] on one device: n bits, one after another."""
        return self.bits * response.time_per_bit

    def distance(self, other: Distribution) -> float:
        """Total variation distance to another distribution over the same cells, 0 to 1."""
        if other.tree.size != self.tree.size:
            raise InputError(f"{self.bits} and {other.bits} bits: only equal numbers of cells can be compared.")
        return 0.5 * float(np.abs(self.masses() - other.masses()).sum())


def _not_negative(masses: np.ndarray, values: np.ndarray) -> np.ndarray:
    if not np.isfinite(values).all() or (values < 0).any():
        raise InputError("The density is negative or not finite somewhere in the range.")
    return np.maximum(masses, 0.0)  # differences of an integral may round below 0
