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
from typing import Any, Literal, final

import numpy as np

from spinloom.errors import InputError

_STRAIGHT = 1e-8
"""Below this |v| the curve is the straight line P to the last digit."""
LABEL_PER_DEVIATION = 10.0 / (0.7 * math.sqrt(2.0))
"""NeuroSim's nonlinearity label for each unit of the largest deviation from the straight line: 10.1015."""


Direction = Literal["potentiation", "depression"]


class Shape(abc.ABC):
    """A rising curve from (0, 0) to (1, 1)."""

    @abc.abstractmethod
    def __call__(self, pulses: float | np.ndarray) -> np.ndarray:
        """g at normalised pulse numbers P in 0..1."""

    @abc.abstractmethod
    def inverse(self, conductance: float | np.ndarray) -> np.ndarray:
        """P at normalised conductances g in 0..1."""


def _checked(v: float) -> None:
    if not (math.isfinite(v) and abs(v) <= 500):
        raise InputError(f"nonlinearity v = {v}: give a finite number between -500 and 500.")


def _with_ends(g: np.ndarray, place: np.ndarray) -> np.ndarray:
    """P within 0..1, and at the ends of g exactly those of P."""
    return np.where(g <= 0.0, 0.0, np.where(g >= 1.0, 1.0, np.clip(place, 0.0, 1.0)))


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
        _checked(self.v)

    def __call__(self, pulses: float | np.ndarray) -> np.ndarray:
        """g(P)."""
        p = np.asarray(pulses, float)
        return p + 0.0 if abs(self.v) < _STRAIGHT else np.expm1(-self.v * p) / np.expm1(-self.v)

    def inverse(self, conductance: float | np.ndarray) -> np.ndarray:
        """P(g)."""
        g = np.asarray(conductance, float)
        if abs(self.v) < _STRAIGHT:
            return g + 0.0
        # a steep curve has no digits left in g near its end: log1p may be asked for log(0) there
        return _with_ends(g, -np.log1p(np.maximum(g * np.expm1(-self.v), -1.0 + 1e-16)) / self.v)

    # ---- the same curve under other names -----------------------------------------------------------------------

    @property
    def deviation(self) -> float:
        """Largest distance g - P from the straight line, signed: (x - 1 - ln x)/v with x = v/(1 - exp(-v))."""
        if abs(self.v) < 0.02:  # the difference would lose its digits; the next term is below 1e-11 of the value
            return self.v / 8.0 - self.v**3 / 576.0
        x = -self.v / math.expm1(-self.v)
        return (x - 1.0 - math.log(x)) / self.v

    @property
    def label(self) -> float:
        """NeuroSim's nonlinearity label, positive where the curve starts fast; see :meth:`from_label`."""
        return LABEL_PER_DEVIATION * self.deviation

    @classmethod
    def from_label(cls, label: float) -> Exponential:
        """The curve with a NeuroSim nonlinearity label between -9.95 and 9.95.

        The label is the curve's largest perpendicular distance from the diagonal in units of 0.07, that is
        10/(0.7 sqrt 2) times the largest deviation g - P. This gives the table that MLP_NeuroSim V3.0 carries (0.01 to
        9) to its printed digits. A label printed for depression is negative there and belongs here as it is: the same
        curve, run backwards, with a fast start from the top.

        Raises
        ------
        InputError
            Beyond 9.95.
        """
        from scipy.optimize import brentq

        if not abs(label) <= 9.95:
            raise InputError(f"nonlinearity label {label}: NeuroSim's labels lie between -9 and 9; give at most 9.95.")
        if label == 0:
            return cls(0.0)
        v: Any = brentq(lambda v: cls(v).label - abs(label), 0.0, 500.0, xtol=1e-15)
        return cls(math.copysign(float(v), label))

    @property
    def normalised_a(self) -> float:
        """NeuroSim's parameter A divided by the number of pulses, 1/v; infinite for the straight line."""
        return math.inf if self.v == 0 else 1.0 / self.v

    @classmethod
    def from_normalised_a(cls, a: float) -> Exponential:
        """The curve with NeuroSim's A (divided by the number of pulses from end to end); negative for depression."""
        if a == 0 or math.isnan(a):
            raise InputError(f"A = {a}: NeuroSim's A is not 0; a straight line has an infinite A.")
        return cls(1.0 / a)

    def step(self, pulses: int) -> float:
        """Share of the way to its bound that one of ``pulses`` pulses goes: 1 - exp(-v/pulses)."""
        return -math.expm1(-self.v / pulses)

    @classmethod
    def soft_bounds(cls, step: float, pulses: int) -> Exponential:
        """The levels of a soft-bounds device, g' = g + step (1 - g), over ``pulses`` pulses, scaled to 0..1.

        ``step`` is aihwkit's dw_min over the distance between its bounds. A negative step moves away from a bound below
        the range: a slow start.

        Raises
        ------
        InputError
            A step of 1 or more, which is at the bound after one pulse, or no pulses.
        """
        if not step < 1 or pulses < 1:
            raise InputError(f"step = {step}, pulses = {pulses}: give a step below 1 and at least one pulse.")
        return cls(-pulses * math.log1p(-step))


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
        _checked(self.v)

    def __call__(self, pulses: float | np.ndarray) -> np.ndarray:
        """g(P), from the equal form 1/2 + tanh(v (P - 1/2)) / (2 tanh(v/2)), which is exact at both ends."""
        p = np.asarray(pulses, float)
        if abs(self.v) < _STRAIGHT:
            return p + 0.0
        return 0.5 + 0.5 * np.tanh(self.v * (p - 0.5)) / np.tanh(0.5 * self.v)

    def inverse(self, conductance: float | np.ndarray) -> np.ndarray:
        """P(g)."""
        g = np.asarray(conductance, float)
        if abs(self.v) < _STRAIGHT:
            return g + 0.0
        # near the ends rounding may put the argument beyond what artanh takes
        inner = np.clip((2.0 * g - 1.0) * np.tanh(0.5 * self.v), -1.0 + 1e-16, 1.0 - 1e-16)
        return _with_ends(g, 0.5 + np.arctanh(inner) / self.v)


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
        raise UnknownNameError("shape of potentiation", name, [*made, "tabulated"])
    return made[name]()
