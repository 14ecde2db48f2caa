"""Hopfield's associative memory: weights from patterns, recall, energy, and the Hebbian repair of imperfect weights.

A pattern is a vector of n neurons of value -1 or +1. All functions are pure and take leading axes, so that many chips
and many starting states go through at once: weights have shape (..., n, n), states (..., k, n).

References
----------
J. J. Hopfield, PNAS 79, 2554 (1982), doi:10.1073/pnas.79.8.2554.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spinloom.errors import InputError


class Recall(NamedTuple):
    """What a recall ended in.

    Attributes
    ----------
    states : np.ndarray
        Final states of -1 and +1, shape (..., k, n).
    settled : np.ndarray
        Whether a further step would change nothing, shape (..., k).
    steps : int
        Steps until the last of them settled, or the limit.
    """

    states: np.ndarray
    settled: np.ndarray
    steps: int


def hebb(patterns: np.ndarray) -> np.ndarray:
    """Hopfield's weights W = sum over patterns of s s^T, with w_ii = 0.

    Parameters
    ----------
    patterns : array of -1 and +1, shape (patterns, n)

    Returns
    -------
    numpy.ndarray
        Symmetric weights, whole numbers from -patterns to +patterns, shape (n, n).

    Raises
    ------
    InputError
        Something other than -1 and +1, or not a table of patterns.
    """
    found = _signs("patterns", patterns)
    if found.ndim != 2:
        raise InputError(f"patterns has {found.ndim} axes: give a table of shape (patterns, neurons).")
    weights = found.T @ found
    np.fill_diagonal(weights, 0.0)
    return weights


def field(weights: np.ndarray, states: np.ndarray) -> np.ndarray:
    """h_i = sum_j w_ij s_j: shape (..., k, n) from weights (..., n, n) and states (..., k, n)."""
    return np.matmul(states, np.swapaxes(weights, -1, -2))


def energy(weights: np.ndarray, states: np.ndarray) -> np.ndarray:
    """E = -1/2 sum_ij w_ij s_i s_j, shape (..., k); with symmetric weights no asynchronous step raises it."""
    return -0.5 * (states * field(weights, states)).sum(axis=-1)


def is_fixed(weights: np.ndarray, states: np.ndarray) -> np.ndarray:
    """Whether every neuron agrees with its field, shape (..., k); a field of zero leaves a neuron as it is."""
    return np.asarray((states * field(weights, states) >= 0).all(axis=-1))


def recall(
    weights: np.ndarray, start: np.ndarray, chance: np.random.Generator | None = None, limit: int = 50
) -> Recall:
    """Let states fall into the memory's attractors: s_i <- sign(h_i), where h_i = 0 keeps s_i.

    Parameters
    ----------
    weights : array, shape (..., n, n)
        Symmetric, zero on the diagonal.
    start : array of -1 and +1, shape (..., k, n)
        Where to begin; the leading axes are those of the weights, or broadcast with them.
    chance : numpy.random.Generator or None
        None: all neurons at once (synchronous; may end in a cycle of two). Otherwise one neuron after another, in a
        new random order each sweep (asynchronous; always settles where weights are symmetric).
    limit : int
        Largest number of steps or sweeps.

    Returns
    -------
    Recall

    Raises
    ------
    InputError
        Weights and states of different size, or states other than -1 and +1.
    """
    states = _signs("start", start)
    weights = np.asarray(weights, float)
    neurons = states.shape[-1]
    if weights.ndim < 2 or weights.shape[-2:] != (neurons, neurons):
        raise InputError(
            f"weights of shape {weights.shape} do not fit states of {neurons} neurons; they must end in "
            f"({neurons}, {neurons})."
        )
    if states.ndim < 2:
        raise InputError("start has one axis: give a table of states, shape (states, neurons).")
    states = np.array(
        np.broadcast_to(states, np.broadcast_shapes(states.shape[:-2], weights.shape[:-2]) + states.shape[-2:])
    )
    steps = 0
    while steps < limit:
        before = states.copy()
        if chance is None:
            states = _aligned(field(weights, states), states)
        else:
            for neuron in chance.permutation(neurons):
                own = np.matmul(states, weights[..., neuron, :, None])[..., 0]
                states[..., neuron] = _aligned(own, states[..., neuron])
        if (states == before).all():
            break
        steps += 1
    return Recall(states, is_fixed(weights, states), steps)


def correlation_gap(stored: np.ndarray, recalled: np.ndarray) -> np.ndarray:
    """Hebb minus anti-Hebb: sum over k of (s s^T - x x^T)/2, with zero diagonal, shape (..., n, n).

    Added to the weights it strengthens what should have been recalled (s) and weakens what was recalled instead (x);
    it is zero when both are equal. Entries are whole numbers: one for each state in which one of the two is wrong.

    Parameters
    ----------
    stored, recalled : array of -1 and +1, shape (..., k, n)
    """
    wanted, got = np.broadcast_arrays(np.asarray(stored, float), np.asarray(recalled, float))
    gap = 0.5 * (np.swapaxes(wanted, -1, -2) @ wanted - np.swapaxes(got, -1, -2) @ got)
    return _hollow(gap)


def delta_gap(stored: np.ndarray, recalled: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Hebb's rule for what is wrong: sum over k of ((s - x) y^T + y (s - x)^T)/2, zero diagonal, shape (..., n, n).

    y is what was shown, x what the neurons answered to it in one step, s what they should have answered: the delta
    rule, made symmetric because one device serves both directions of a pair. Repeated, it finds weights that answer
    right where such weights exist (it is the perceptron's rule with shared weights).

    Parameters
    ----------
    stored, recalled, shown : array of -1 and +1, shape (..., k, n)
    """
    wanted, got, given = np.broadcast_arrays(*(np.asarray(item, float) for item in (stored, recalled, shown)))
    half = 0.5 * np.swapaxes(wanted - got, -1, -2) @ given
    return _hollow(half + np.swapaxes(half, -1, -2))


def neighbours(patterns: np.ndarray) -> np.ndarray:
    """Every pattern with one neuron turned over: shape (patterns, n, n) from (patterns, n)."""
    found = _signs("patterns", patterns)
    return found[..., None, :] * (1.0 - 2.0 * np.eye(found.shape[-1]))


def to_pairs(weights: np.ndarray) -> np.ndarray:
    """The n(n-1)/2 values above the diagonal, one device each, shape (..., pairs)."""
    upper = np.triu_indices(weights.shape[-1], 1)
    return weights[..., upper[0], upper[1]]


def from_pairs(values: np.ndarray) -> np.ndarray:
    """The symmetric matrix with zero diagonal of one value a pair, shape (..., n, n)."""
    pairs = values.shape[-1]
    neurons = round((1 + np.sqrt(1 + 8 * pairs)) / 2)
    if neurons * (neurons - 1) // 2 != pairs:
        raise InputError(f"{pairs} values are no set of pairs: n neurons have n(n-1)/2 of them (3, 6, 10, ... 36 ...).")
    weights = np.zeros((*values.shape[:-1], neurons, neurons))
    rows, columns = np.triu_indices(neurons, 1)
    weights[..., rows, columns] = values
    weights[..., columns, rows] = values
    return weights


def _aligned(fields: np.ndarray, states: np.ndarray) -> np.ndarray:
    return np.where(fields == 0, states, np.sign(fields))


def _hollow(weights: np.ndarray) -> np.ndarray:
    places = np.arange(weights.shape[-1])
    weights[..., places, places] = 0.0
    return weights


def _signs(name: str, values: np.ndarray) -> np.ndarray:
    found = np.asarray(values, float)
    if not (np.abs(found) == 1).all():
        raise InputError(f"{name} must hold -1 and +1 only; write a 0/1 pattern x as 2 x - 1.")
    return found
