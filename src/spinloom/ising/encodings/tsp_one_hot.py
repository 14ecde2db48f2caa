"""The travelling salesman as one energy: a p-bit for every city at every place, (N - 1)^2 of them.

City 0 stays at place 0. Over x = (1 + s)/2 in {0, 1}, x_cp = 1 for city c at place p,

    E = A sum_p (1 - sum_c x_cp)^2 + A sum_c (1 - sum_p x_cp)^2 + sum_p sum_ab d_ab x_ap x_b,p+1 + the edges of city 0

**Penalty.** With lengths d >= 0 and 2 A > d_ac + d_cb for all a, b, c, every lowest state is a tour. Take a state that
is none. Where a place or a city is taken twice, take one of its p-bits away, as long as there is one: that changes the
two sums by at most 0 (by -1 or less where taken twice, by +1 where taken once), and no length grows. What is left takes
none twice. If it is a tour, the last p-bit taken away had both taken twice, which lowered E by 2 A. If not, some city
and some place are free; putting it there lowers the sums by 2 A and adds two edges at most, less than 2 A. So some tour
lies strictly below every state that is none.

Of the lengths a price of either city is taken first, half the way to its nearest, since each city has two edges in
every tour. They stay 0 or more, all tours lose the same, and the penalty that they need is smaller.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from spinloom.errors import InputError
from spinloom.ising.encodings.tsp_distances import checked_distances, tour_length

if TYPE_CHECKING:
    import dimod

    from spinloom.ising.problem import Problem

_MARGIN = 1.01


@final
@dataclass(frozen=True)
class Read:
    """What states say, one entry a state.

    Attributes
    ----------
    orders : ndarray of int64, shape (reads, N)
        Tours from city 0; where a state was none, the cities that have a place of their own in their order, the others
        put in where the tour grows least.
    lengths : ndarray, shape (reads,)
    feasible : ndarray of bool, shape (reads,)
        Whether the state itself was a tour.
    """

    orders: np.ndarray
    lengths: np.ndarray
    feasible: np.ndarray


@final
class OneHotTour:
    """All cities at all places.

    Parameters
    ----------
    instance : TspInstance or array (N, N)
        Cities, or their symmetric distances.
    penalty : float, optional
        A; without it 1.01 times the least that guarantees tours as lowest states.
    priced : bool
        Take a price of each city from the lengths; the energy of a tour is its length all the same.

    Raises
    ------
    InputError
        Distances that are not symmetric, below 0 or not finite; fewer than 4 cities; a penalty that is not above 0.
    """

    def __init__(self, instance: Any, penalty: float | None = None, priced: bool = True) -> None:
        self.distances = checked_distances(instance)
        cities = len(self.distances)
        others = self.distances + np.where(np.eye(cities, dtype=bool), np.inf, 0.0)
        price = 0.5 * others.min(axis=1) if priced else np.zeros(cities)
        self._lengths = self.distances - price[:, None] - price[None, :]
        np.fill_diagonal(self._lengths, 0.0)
        self._taken = 2.0 * float(price.sum())
        self.sufficient = 0.5 * float(np.sort(self._lengths, axis=1)[:, -2:].sum(axis=1).max())
        if penalty is not None and not (np.isfinite(penalty) and penalty > 0.0):
            raise InputError(f"penalty = {penalty}: above 0 and finite.")
        least = self.sufficient or float(self.distances.max()) or 1.0  # all cities equally far: any penalty will do
        self.penalty = _MARGIN * least if penalty is None else float(penalty)

    @property
    def cities(self) -> int:
        """N."""
        return len(self.distances)

    @property
    def size(self) -> int:
        """p-bits, (N - 1)^2."""
        return (self.cities - 1) ** 2

    @property
    def labels(self) -> list[tuple[int, int]]:
        """(city, place) of each p-bit, both from 1: p-bit (c - 1)(N - 1) + p - 1."""
        return [(city, place) for city in range(1, self.cities) for place in range(1, self.cities)]

    @functools.cached_property
    def _quadratic(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, float]:
        """rows, columns, values, linear and offset of E over x in {0, 1}."""
        n, a = self.cities - 1, self.penalty
        number = np.arange(n * n).reshape(n, n)  # [city, place]
        one, two = np.triu_indices(n, 1)
        rows = [number[one].ravel(), number[:, one].ravel()]
        columns = [number[two].ravel(), number[:, two].ravel()]
        values = [np.full(2 * one.size * n, 2.0 * a)]
        here, there = np.nonzero(~np.eye(n, dtype=bool))
        for place in range(n - 1):
            rows.append(number[here, place])
            columns.append(number[there, place + 1])
            values.append(self._lengths[1:, 1:][here, there])
        linear = np.full((n, n), -2.0 * a)
        linear[:, 0] += self._lengths[0, 1:]
        linear[:, -1] += self._lengths[0, 1:]
        offset = 2.0 * n * a + self._taken
        return np.concatenate(rows), np.concatenate(columns), np.concatenate(values), linear.ravel(), offset

    def problem(self) -> Problem:
        """The energy over s = +-1 as arrays, for :mod:`spinloom.ising`'s solvers."""
        from spinloom.ising.problem import Problem

        rows, columns, values, linear, offset = self._quadratic
        ends = np.bincount(rows, values, linear.size) + np.bincount(columns, values, linear.size)
        fields = linear / 2.0 + ends / 4.0
        offset += float(linear.sum() / 2.0 + values.sum() / 4.0)
        return Problem.from_arrays(rows, columns, values / 4.0, fields, offset=offset, labels=self.labels)

    def bqm(self) -> dimod.BinaryQuadraticModel:
        """The energy over x in {0, 1} for any sampler of dimod's kind; variables are (city, place)."""
        import dimod

        rows, columns, values, linear, offset = self._quadratic
        return dimod.BinaryQuadraticModel.from_numpy_vectors(
            linear, (rows, columns, values), offset, dimod.BINARY, variable_order=self.labels
        )

    def state(self, order: Any) -> np.ndarray:
        """The state of a tour, int8 ((N - 1)^2,) of +-1; it may begin at any city."""
        order = np.asarray(order, np.int64)
        if not np.array_equal(np.sort(order), np.arange(self.cities)):
            raise InputError(f"A tour holds each of the cities 0 to {self.cities - 1} once.")
        order = np.roll(order, -int(np.flatnonzero(order == 0)[0]))
        state = np.full((self.cities - 1, self.cities - 1), -1, np.int8)
        state[order[1:] - 1, np.arange(self.cities - 1)] = 1
        return state.ravel()

    def read(self, states: Any) -> Read:
        """Tours of states (reads, (N - 1)^2) of two values, ordered as ``labels``; what is none is mended."""
        n = self.cities - 1
        states = np.atleast_2d(np.asarray(states))
        if states.shape[1] != self.size:
            raise InputError(f"A state has {self.size} p-bits; this one has {states.shape[1]}.")
        on = states.reshape(-1, n, n) > 0
        feasible = (on.sum(axis=1) == 1).all(axis=1) & (on.sum(axis=2) == 1).all(axis=1)
        orders = np.array([_order(table, self.distances) for table in on]).reshape(-1, self.cities)
        return Read(orders, np.array([tour_length(self.distances, order) for order in orders]), feasible)


def _order(on: np.ndarray, distances: np.ndarray) -> np.ndarray:
    tour = [0]
    for place in range(on.shape[1]):
        here = np.flatnonzero(on[:, place]) + 1
        tour += [int(city) for city in here if city not in tour][:1]
    for city in sorted(set(range(len(distances))) - set(tour)):
        after = np.roll(tour, -1)
        grows = distances[tour, city] + distances[city, after] - distances[tour, after]
        tour.insert(int(np.argmin(grows)) + 1, city)
    return np.array(tour, np.int64)
