"""Shapes of potentiation and depression: normalised conductance g against normalised pulse number P.

Every shape rises from exactly g(0) = 0 to exactly g(1) = 1. Depression is the same kind of curve run backwards, from
P = 1 to P = 0. Three shapes hold all published curves: an exponential whose sign tells fast start from slow start, a
logistic one, and a table of measured levels.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from spinloom.errors import InputError

_STRAIGHT = 1e-8
"""Below this |v| the curve is the straight line P to the last digit."""


class Shape(abc.ABC):
    """A rising curve from (0, 0) to (1, 1)."""

    @abc.abstractmethod
    def __call__(self, pulses: float | np.ndarray) -> np.ndarray:
        """g at normalised pulse numbers P in 0..1."""

    @abc.abstractmethod
    def inverse(self, conductance: float | np.ndarray) -> np.ndarray:
        """P at normalised conductances g in 0..1."""


@final
@dataclass(frozen=True)
class Exponential(Shape):
    """g = (1 - exp(-v P)) / (1 - exp(-v)).

    v > 0 starts fast and saturates (the usual device; NeuroSim's parameter A is 1/v), v < 0 starts slowly: the mirrored
    form 1 - (1 - exp(-u (1 - P)))/(1 - exp(-u)) is this curve with v = -u. v -> 0 is the straight line. One pulse
    moves g by an amount that is linear in g, which is aihwkit's LinearStep and SoftBounds device.

    References
    ----------
    Xin 2023, eqs. 4.1 to 4.3; P.-Y. Chen, X. Peng, S. Yu, IEEE TCAD 37, 3067 (2018), doi:10.1109/TCAD.2018.2789723.
    """

    v: float

    def __post_init__(self) -> None:
        """Refuse what overflows."""
        if not (math.isfinite(self.v) and abs(self.v) <= 500):
            raise InputError(f"nonlinearity v = {self.v}: give a finite number between -500 and 500.")

    def __call__(self, pulses: float | np.ndarray) -> np.ndarray:
        """g(P)."""
        p = np.asarray(pulses, float)
        return p + 0.0 if abs(self.v) < _STRAIGHT else np.expm1(-self.v * p) / math.expm1(-self.v)

    def inverse(self, conductance: float | np.ndarray) -> np.ndarray:
        """P(g)."""
        g = np.asarray(conductance, float)
        return g + 0.0 if abs(self.v) < _STRAIGHT else -np.log1p(g * math.expm1(-self.v)) / self.v


@final
@dataclass(frozen=True)
class Logistic(Shape):
    """g = (e^v + 1)/(e^v - 1) / (1 + exp(-2 v (P - 1/2))) - 1/(e^v - 1): point-symmetric about (1/2, 1/2).

    References
    ----------
    Xin 2023, eq. 4.4 (Bi2Te3/CrTe2 spin-orbit-torque synapse, v = 1).
    """

    v: float

    def __post_init__(self) -> None:
        """Refuse what overflows."""
        if not (math.isfinite(self.v) and abs(self.v) <= 500):
            raise InputError(f"nonlinearity v = {self.v}: give a finite number between -500 and 500.")

    def __call__(self, pulses: float | np.ndarray) -> np.ndarray:
        """g(P), from the equal form 1/2 + tanh(v (P - 1/2)) / (2 tanh(v/2)), which is exact at both ends."""
        p = np.asarray(pulses, float)
        if abs(self.v) < _STRAIGHT:
            return p + 0.0
        return 0.5 + 0.5 * np.tanh(self.v * (p - 0.5)) / math.tanh(0.5 * self.v)

    def inverse(self, conductance: float | np.ndarray) -> np.ndarray:
        """P(g)."""
        g = np.asarray(conductance, float)
        if abs(self.v) < _STRAIGHT:
            return g + 0.0
        # the ends themselves, where rounding may put the argument beyond what artanh takes
        inner = np.clip((2.0 * g - 1.0) * math.tanh(0.5 * self.v), -1.0 + 1e-16, 1.0 - 1e-16)
        return np.clip(0.5 + np.arctanh(inner) / self.v, 0.0, 1.0)


@final
@dataclass(frozen=True)
class Tabulated(Shape):
    """Straight lines between given levels, evenly spaced in pulse number; the first is 0, the last 1.

    Levels may repeat (a plateau) but not fall.
    """

    levels: tuple[float, ...]

    def __post_init__(self) -> None:
        """Bring the levels to 0..1 and refuse a table that does not rise."""
        table = np.asarray(self.levels, float)
        if table.ndim != 1 or table.size < 2:
            raise InputError(f"A table of levels needs at least two of them, not {table.size}.")
        if not np.isfinite(table).all():
            raise InputError("The table of levels holds NaN or infinity; remove those levels.")
        if (np.diff(table) < 0).any() or table[0] == table[-1]:
            raise InputError("A table of levels must rise from its first to its last level; sort or smooth it.")
        scaled = (table - table[0]) / (table[-1] - table[0])
        object.__setattr__(self, "levels", tuple(float(level) for level in scaled))

    def __call__(self, pulses: float | np.ndarray) -> np.ndarray:
        """g(P)."""
        return np.interp(np.asarray(pulses, float), np.linspace(0, 1, len(self.levels)), self.levels)

    def inverse(self, conductance: float | np.ndarray) -> np.ndarray:
        """P(g); on a plateau its middle."""
        table = np.asarray(self.levels)
        places = np.linspace(0, 1, table.size)
        distinct, first = np.unique(table, return_index=True)
        last = table.size - 1 - np.unique(table[::-1], return_index=True)[1]
        middle = 0.5 * (places[first] + places[last])
        middle[0], middle[-1] = 0.0, 1.0
        return np.interp(np.asarray(conductance, float), distinct, middle)


SHAPES = ("linear", "exponential", "logistic", "tabulated")


def shape(name: str, v: float = 0.0, levels: Sequence[float] = ()) -> Shape:
    """A shape by name: "linear", "exponential" and "logistic" with ``v``, "tabulated" with ``levels``.

    Raises
    ------
    UnknownNameError
        There is no such shape; the message holds the closest match.
    """
    from spinloom.errors import UnknownNameError

    if name == "tabulated":
        return Tabulated(tuple(levels))
    made = {"linear": lambda: Exponential(0.0), "exponential": lambda: Exponential(v), "logistic": lambda: Logistic(v)}
    if name not in made:
        raise UnknownNameError("shape of potentiation", name, SHAPES)
    return made[name]()
