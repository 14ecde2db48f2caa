"""How the temperature falls: one inverse temperature beta a sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from spinloom.ising.polynomial import Polynomial
    from spinloom.ising.problem import Problem

SHAPES = ("temperature", "beta", "geometric")

_HOT, _COLD = 0.8, 0.3
_COLDEST = 0.2
"""Coldest temperature of a ladder over the smallest step: its cold end need not be reached by every replica."""
_WIDE = 200.0
"""Beyond this ratio of temperatures a line in T would spend nearly all its sweeps far above the last ones."""


def default_range(problem: Problem | Polynomial, ladder: bool = False) -> tuple[float, float]:
    """beta from 1/(0.8 x typical field) to 1/(0.3 x smallest step of the field), or 1/(0.2 x it) for a ladder.

    At the hot end a spin follows chance as much as its neighbours; at the cold end the smallest change of energy,
    2 x the smallest coupling, is made against the slope once in exp(2/0.3) = 800 attempts. Without a common step of all
    couplings, the smallest of them stands for it, but no less than a fiftieth of the typical field. Both factors were
    measured on spin glasses; a problem with very different scales may want its own range.
    """
    typical = problem.typical_field
    if typical == 0.0:
        return 1.0, 1.0
    smallest = problem.smallest_step
    hot, cold = _HOT * typical, min((_COLDEST if ladder else _COLD) * smallest, 0.5 * typical)
    return 1.0 / hot, 1.0 / cold


def schedule(
    problem: Problem | Polynomial, sweeps: int, shape: str | Any = "auto", beta_range: tuple[float, float] | None = None
) -> np.ndarray:
    """Beta of each sweep, shape (sweeps,).

    Parameters
    ----------
    problem : Problem
    sweeps : int
    shape : {"auto", "temperature", "beta", "geometric"} or array
        Linear in T, linear in beta, geometric in beta; "auto" is linear in T, and geometric where the range of
        temperatures is wider than 200. An array of betas is a schedule of its own, stretched over the sweeps.
    beta_range : (float, float), optional
        First and last beta; ``default_range`` when left out.

    Raises
    ------
    InputError, UnknownNameError
        A shape that is not known; betas that are negative or not finite, or a range from 0 in a shape that has none.
    """
    if not isinstance(shape, str):
        betas = np.asarray(shape, float).ravel()
        if not betas.size or not np.all(np.isfinite(betas)) or betas.min() < 0.0:
            raise InputError("A schedule of your own is a list of finite inverse temperatures, none below zero.")
        steps = np.minimum(np.arange(sweeps) * betas.size // max(sweeps, 1), betas.size - 1)
        return betas[steps]
    if shape != "auto" and shape not in SHAPES:
        raise UnknownNameError("schedule", shape, ("auto", *SHAPES))
    first, last = default_range(problem) if beta_range is None else checked_range(beta_range)
    if shape == "auto":
        shape = "temperature" if max(first, last) <= _WIDE * min(first, last) else "geometric"
    if shape != "beta" and min(first, last) == 0.0:
        raise InputError(f"A schedule '{shape}' cannot start at beta = 0, an infinite temperature; use 'beta'.")
    if sweeps == 1:
        return np.array([last])
    if shape == "temperature":
        return 1.0 / np.linspace(1.0 / first, 1.0 / last, sweeps)
    return np.linspace(first, last, sweeps) if shape == "beta" else np.geomspace(first, last, sweeps)


def temperature_ladder(betas: np.ndarray, replicas: int) -> np.ndarray:
    """Inverse temperatures of a ladder, linear in T between the first and the last of a schedule, coldest first."""
    hot, cold = float(np.min(betas)), float(np.max(betas))
    return 1.0 / np.linspace(1.0 / cold, 1.0 / max(hot, 1e-6 * cold), replicas) if cold > 0.0 else np.zeros(replicas)


def checked_range(beta_range: Any) -> tuple[float, float]:
    """Two finite inverse temperatures, or InputError."""
    numbers = np.asarray(beta_range, float).ravel()
    if numbers.size != 2 or not np.all(np.isfinite(numbers)) or numbers.min() < 0.0:
        raise InputError(f"beta_range is two finite inverse temperatures, first and last; this is {beta_range!r}.")
    return float(numbers[0]), float(numbers[1])
