"""Small clocked networks without chance: their transition matrix, the law that they settle in, time to a solution."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from spinloom.devices.pulsed_bit import Devices, PulsedBit
from spinloom.errors import InputError
from spinloom.ising.clocked import groups
from spinloom.ising.exact import Enumeration, states

if TYPE_CHECKING:
    from spinloom.ising.problem import Problem

LARGEST = 10
"""Spins at most: the matrix of 2^10 states has 8 MiB."""
Curve = Callable[[np.ndarray], np.ndarray]


def transition_matrix(
    problem: Problem | Enumeration,
    bit: PulsedBit,
    beta: float,
    order: str = "sequential",
    devices: Devices | None = None,
    curve: Curve | None = None,
    limit: float = 8.0,
) -> np.ndarray:
    """T[old, new] of one sweep of :func:`spinloom.ising.clocked.run`, states by number, shape (2^n, 2^n).

    ``curve``: P(1) at what the controller asks for, ln(P/(1 - P)) = u, in place of the logistic curve. ``limit``: the
    controller's largest abs(u), as there; inf for none.

    Raises
    ------
    InputError
        More than 10 spins.
    """
    count = problem.size
    if count > LARGEST:
        raise InputError(f"{count} spins have a matrix of 4^{count} entries; at most {LARGEST} are handled exactly.")
    energies = problem.energies if isinstance(problem, Enumeration) else Enumeration.of(problem).energies
    number = np.arange(1 << count)
    old = (states(number, count) > 0).astype(float)  # (2^n, n)
    each = Devices.ideal(count) if devices is None else devices
    up = np.empty_like(old)  # P(spin = +1 next) from every state
    for i in range(count):
        field = 0.5 * (energies[number | 1 << i] - energies[number & ~(1 << i)])
        x = each.gain[i] * np.clip(-2.0 * beta * field, -limit, limit) + each.offset[i]
        p = 0.5 * (1.0 + np.tanh(0.5 * x)) if curve is None else curve(x)
        if bit.comparator_bits:
            p = np.floor(p * 2.0**bit.comparator_bits + 0.5) / 2.0**bit.comparator_bits
        if bit.rate:
            p = p + (old[:, i] - p) * bit.memory(np.clip(x, -500.0, 500.0))
        up[:, i] = p + old[:, i] * bit.reset_failures * (1.0 - p)
    placed, bounds = groups(problem, order)
    sweep = np.eye(1 << count)
    for group in range(bounds.size - 1):
        members = placed[bounds[group] : bounds[group + 1]]
        if members.size == 1:  # two columns of old states make two of new ones: no matrix product
            i = int(members[0])
            low = number[number >> i & 1 == 0]
            high = low | 1 << i
            ones = sweep[:, low] * up[low, i] + sweep[:, high] * up[high, i]
            sweep[:, low] += sweep[:, high] - ones
            sweep[:, high] = ones
            continue
        step = np.ones((1 << count, 1 << count))
        for i in range(count):
            if i in members:
                step *= np.where(old[None, :, i] > 0, up[:, i, None], 1.0 - up[:, i, None])
            else:
                step *= old[None, :, i] == old[:, None, i]
        sweep = sweep @ step
    return sweep


def stationary(matrix: np.ndarray) -> np.ndarray:
    """The law P with P T = P, shape (2^n,): of a network that reaches every state."""
    count = len(matrix)
    equations = np.vstack([matrix.T - np.eye(count), np.ones(count)])
    solution = np.linalg.lstsq(equations, np.append(np.zeros(count), 1.0), rcond=None)[0]
    return np.maximum(solution, 0.0) / np.maximum(solution, 0.0).sum()


def relaxation(matrix: np.ndarray) -> float:
    """Sweeps in which the slowest deviation from the stationary law falls to 1/e: -1/ln of the second eigenvalue.

    inf for a network that does not reach every state: steep inputs and a coarse comparator freeze it.
    """
    second = float(np.sort(np.abs(np.linalg.eigvals(matrix)))[-2])
    if second >= 1.0 - 1e-13:
        return float("inf")
    return -1.0 / math.log(second) if second > 0 else 0.0


def sweeps_to(matrix: np.ndarray, goal: np.ndarray) -> float:
    """Mean number of sweeps until one ends in a state of ``goal`` (numbers), from a state drawn evenly.

    A start in the goal counts none: (1 - Q) t = 1 on the states outside. inf where some state never gets there.
    """
    outside = np.setdiff1d(np.arange(len(matrix)), goal)
    if not outside.size:
        return 0.0
    try:
        times = np.linalg.solve(np.eye(outside.size) - matrix[np.ix_(outside, outside)], np.ones(outside.size))
    except np.linalg.LinAlgError:
        return float("inf")
    # rounding makes a chain that never leaves some states look as if it did, after 1e15 sweeps or less than none
    return float(times.sum() / len(matrix)) if times.min() >= 0.0 and times.max() < 1e12 else float("inf")
