"""Exact sums over the states of a small Boltzmann machine: likelihood, moments, gradient, and what a chip settles to.

A layer that is not coupled within is summed in closed form, so that only the other one is enumerated: a restricted
machine is exact up to 20 units in its smaller layer, whatever the size of the larger.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from spinloom.errors import InputError
from spinloom.ising.exact import states
from spinloom.ising.learning.terms import Terms, means

if TYPE_CHECKING:
    from spinloom.ising.learning.chip import Felt

LARGEST = 20
"""Units that are enumerated at most: a million states."""
LARGEST_CHAIN = 10
"""Units of a chip whose chain of updates is solved for its stationary distribution: a matrix of 1024 x 1024."""
_CHUNK = 1 << 12


def log_2cosh(x: np.ndarray) -> np.ndarray:
    """ln(exp(x) + exp(-x)), without overflow."""
    x = np.abs(x)
    return x + np.log1p(np.exp(-2.0 * x))


def all_states(units: int, first: int = 0, last: int | None = None) -> np.ndarray:
    """States number first..last-1 of a layer, shape (units, states), of ±1, float64: unit i is bit i.

    Raises
    ------
    InputError
        More than 20 units.
    """
    if units > LARGEST:
        raise InputError(
            f"{units} units have 2^{units} states: too many to enumerate. Exact answers need at most {LARGEST} units "
            "beside a layer that is not coupled within; for larger machines use log_partition_estimate."
        )
    return states(np.arange(first, 1 << units if last is None else last), units).T.astype(float)


class _Order(NamedTuple):
    """Which layer is enumerated (own) and which one is summed in closed form (other)."""

    own: np.ndarray
    couplings: np.ndarray | None
    across: np.ndarray
    other: np.ndarray
    swapped: bool

    def logs(self, layer: np.ndarray) -> np.ndarray:
        """ln of the sum of exp(-E) over the other layer, of states (own, states)."""
        found = log_2cosh(self.other[:, None] + self.across.T @ layer).sum(axis=0) - self.own @ layer
        return found if self.couplings is None else found - 0.5 * ((self.couplings @ layer) * layer).sum(axis=0)

    def parts(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """All states of the own layer in chunks, with their logs."""
        units = len(self.own)
        for first in range(0, 1 << min(units, LARGEST + 1), _CHUNK):
            layer = all_states(units, first, min(first + _CHUNK, 1 << units))
            yield layer, self.logs(layer)


def _order(terms: Terms) -> _Order:
    as_is = _Order(terms.visible, terms.visibles, terms.between, terms.hidden, False)
    turned = _Order(terms.hidden, terms.hiddens, terms.between.T, terms.visible, True)
    if terms.visibles is None and terms.hiddens is None:
        return as_is if len(terms.visible) <= len(terms.hidden) else turned
    if terms.hiddens is None:
        return as_is
    if terms.visibles is None:
        return turned
    fields, couplings = terms.joined()
    return _Order(fields, couplings, np.zeros((len(fields), 0)), np.zeros(0), False)


def log_partition(terms: Terms) -> float:
    """ln Z, Z the sum of exp(-E) over all states.

    Raises
    ------
    InputError
        More than 20 units would have to be enumerated.
    """
    logs = np.concatenate([found for _, found in _order(terms).parts()])
    top = logs.max()
    return float(top + np.log(np.exp(logs - top).sum()))


def log_weights(terms: Terms, visible: np.ndarray) -> np.ndarray:
    """ln sum_t exp(-E(s, t)) of visible states (v, rows), shape (rows,): minus the free energy.

    Raises
    ------
    InputError
        More than 20 hidden units that are coupled within.
    """
    visible = np.asarray(visible, float)
    if terms.hiddens is None:
        return _Order(terms.visible, terms.visibles, terms.between, terms.hidden, False).logs(visible)
    found = -(terms.visible @ visible)
    if terms.visibles is not None:
        found = found - 0.5 * ((terms.visibles @ visible) * visible).sum(axis=0)
    return found + np.array([log_partition(given(terms, column)) for column in visible.T])


def given(terms: Terms, visible: np.ndarray) -> Terms:
    """The hidden layer alone, with the visible one held at a state (v,): as the visible layer of a machine."""
    fields = terms.hidden + terms.between.T @ visible
    return Terms(fields, np.zeros(0), np.zeros((len(fields), 0)), terms.hiddens)


def log_likelihood(terms: Terms, visible: np.ndarray) -> np.ndarray:
    """ln P(s) of visible states (v, rows), shape (rows,). Errors as :func:`log_partition`."""
    return log_weights(terms, visible) - log_partition(terms)


def distribution(terms: Terms) -> np.ndarray:
    """P of every visible state by number, shape (2^v,). Errors as :func:`log_partition`."""
    logs = log_weights(terms, all_states(len(terms.visible)))
    found = np.exp(logs - logs.max())
    return found / found.sum()


def moments(terms: Terms) -> Terms:
    """Exact moments of the machine's distribution. Errors as :func:`log_partition`."""
    order, total = _order(terms), log_partition(terms)
    shape = Terms(order.own, order.other, order.across, order.couplings)
    found = shape.map(np.zeros_like)
    for layer, logs in order.parts():
        p = np.exp(logs - total)
        other = -np.tanh(order.other[:, None] + order.across.T @ layer)
        found = found.map(np.add, means(shape, layer, other, p))
    if order.swapped:
        return Terms(found.hidden, found.visible, found.between.T, None, found.visibles)
    if len(found.visible) > len(terms.visible):
        assert found.visibles is not None
        return terms.split(found.visible, found.visibles)
    return found


def data_moments(terms: Terms, visible: np.ndarray, weights: np.ndarray | None = None) -> Terms:
    """Moments with the visible layer held at the data (v, rows), exact in the hidden layer.

    ``weights`` (rows,) of the rows sum to 1. Errors as :func:`log_weights`.
    """
    visible = np.asarray(visible, float)
    if terms.hiddens is None:
        return means(terms, visible, -np.tanh(terms.hidden[:, None] + terms.between.T @ visible), weights)
    weights = np.full(visible.shape[1], 1.0 / visible.shape[1]) if weights is None else weights
    inner = [moments(given(terms, column)) for column in visible.T]
    found = means(terms, visible, np.stack([one.visible for one in inner], axis=1), weights)
    products = np.zeros_like(terms.hiddens)
    for weight, one in zip(weights, inner, strict=True):
        assert one.visibles is not None
        products += weight * one.visibles
    return found._replace(hiddens=products)


def gradient(terms: Terms, visible: np.ndarray, weights: np.ndarray | None = None) -> Terms:
    """Gradient of the mean ln P of the data (v, rows) for every term: <.>_machine - <.>_data, in the energy's sign."""
    return moments(terms).map(np.subtract, data_moments(terms, visible, weights))


def stationary(felt: Felt) -> np.ndarray:
    """What p-bits that feel these terms settle to, updated one after another: P of all states, (2^n,), by number.

    The chain of one sweep, unit 0 first, solved for p = p T. For p-bits with slopes of their own the couplings that
    they feel are not symmetric, and no energy has this distribution; for equal ones it is Boltzmann's.

    Raises
    ------
    InputError
        More than 10 units, visible and hidden together.
    """
    from spinloom.ising import clocked_exact

    fields, couplings = felt.joined()
    n = len(fields)
    if n > LARGEST_CHAIN:
        raise InputError(
            f"The chain of {n} p-bits has 2^{n} states: too many to solve. At most {LARGEST_CHAIN} p-bits are; sample "
            "a larger chip."
        )
    numbers = np.arange(1 << n)
    spins = all_states(n)
    chain = np.eye(1 << n)
    for i in range(n):
        up = 1.0 / (1.0 + np.exp(2.0 * (fields[i] + couplings[i] @ spins)))
        pair = chain + chain[:, numbers ^ (1 << i)]  # an update forgets the unit's own state
        chain = pair * np.where(spins[i] > 0, up, 1.0 - up)
    return clocked_exact.stationary(chain)
