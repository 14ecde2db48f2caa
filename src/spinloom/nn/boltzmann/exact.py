"""Exact answers of a small restricted Boltzmann machine, by enumeration, in float64.

E(v, h) = -a·v - b·h - v·W·h with v, h of 0 and 1 and P(v, h) = exp(-E)/Z. Of the two layers only the smaller one is
enumerated; the other is summed in closed form. The functions take numpy arrays: W of shape (visible, hidden), a
(visible,), b (hidden,), v (..., visible), h (..., hidden).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from spinloom.errors import InputError

LARGEST = 20
"""Units of the layer that is enumerated: a million states."""
_CHUNK = 1 << 13


class Moments(NamedTuple):
    """Expectations under the machine's distribution: of v h^T (visible, hidden), of v and of h."""

    products: np.ndarray
    visible: np.ndarray
    hidden: np.ndarray


def energy(v: np.ndarray, h: np.ndarray, weight: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """E = -a·v - b·h - v·W·h, shape (...)."""
    v, h = np.asarray(v, float), np.asarray(h, float)
    return -(v @ a) - (h @ b) - ((v @ weight) * h).sum(axis=-1)


def free_energy(v: np.ndarray, weight: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """F(v) = -ln sum_h exp(-E(v, h)) = -a·v - sum_j ln(1 + exp(b_j + (v·W)_j)), shape (...)."""
    v = np.asarray(v, float)
    return -(v @ a) - np.logaddexp(0.0, b + v @ weight).sum(axis=-1)


def states(units: int, first: int = 0, last: int | None = None) -> np.ndarray:
    """The states number first..last-1 of a layer, shape (states, units): unit i is bit i of the state's number.

    Raises
    ------
    InputError
        More than 20 units.
    """
    if units > LARGEST:
        raise InputError(
            f"A layer of {units} units has 2^{units} states: too many to enumerate. Exact answers need a layer of at "
            f"most {LARGEST} units; for larger machines sample, or compare free energies, which need no enumeration."
        )
    numbers = np.arange(first, 1 << units if last is None else last)
    return ((numbers[:, None] >> np.arange(units)) & 1).astype(float)


def log_partition(weight: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """ln Z, Z the sum of exp(-E) over all states.

    Raises
    ------
    InputError
        Both layers have more than 20 units.
    """
    logs = np.concatenate([found for _, found in _sweep(weight, a, b)])
    top = logs.max()
    return float(top + np.log(np.exp(logs - top).sum()))


def log_likelihood(v: np.ndarray, weight: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """ln P(v) = -F(v) - ln Z, shape (...). Errors as :func:`log_partition`."""
    return -free_energy(v, weight, a, b) - log_partition(weight, a, b)


def distribution(weight: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """P of every state of the visible layer, shape (2^visible,), in the order of :func:`states`."""
    logs = -free_energy(states(len(a)), weight, a, b)
    found = np.exp(logs - logs.max())
    return found / found.sum()


def moments(weight: np.ndarray, a: np.ndarray, b: np.ndarray) -> Moments:
    """Exact <v h^T>, <v> and <h>: what contrastive divergence estimates by its chains. Errors as log_partition."""
    total = log_partition(weight, a, b)
    few_hidden = len(b) <= len(a)
    near, far = (a, weight.T) if few_hidden else (b, weight)  # what is summed in closed form
    products, of_near, of_far = np.zeros_like(weight), np.zeros(len(near)), np.zeros(min(len(a), len(b)))
    for layer, logs in _sweep(weight, a, b):
        p = np.exp(logs - total)
        mean = 1.0 / (1.0 + np.exp(-(near + layer @ far)))
        weighted = p[:, None] * layer
        products += mean.T @ weighted if few_hidden else weighted.T @ mean
        of_near += p @ mean
        of_far += weighted.sum(axis=0)
    return Moments(products, of_near, of_far) if few_hidden else Moments(products, of_far, of_near)


def gradient(v: np.ndarray, weight: np.ndarray, a: np.ndarray, b: np.ndarray) -> Moments:
    """Gradient of the mean ln P over samples v (samples, visible): <.>_data - <.>_machine for W, a and b."""
    v = np.asarray(v, float)
    hidden = 1.0 / (1.0 + np.exp(-(b + v @ weight)))
    machine = moments(weight, a, b)
    return Moments(
        v.T @ hidden / len(v) - machine.products,
        v.mean(axis=0) - machine.visible,
        hidden.mean(axis=0) - machine.hidden,
    )


def _sweep(weight: np.ndarray, a: np.ndarray, b: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """States of the smaller layer in chunks, with -(free energy) of each: the other layer is summed out."""
    matrix, own, other = (weight.T, b, a) if len(b) <= len(a) else (weight, a, b)
    units = len(own)
    for first in range(0, 1 << min(units, LARGEST + 1), _CHUNK):
        layer = states(units, first, min(first + _CHUNK, 1 << units))
        yield layer, -free_energy(layer, matrix, own, other)
