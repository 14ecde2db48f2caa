"""The solvable continuous attractor: Gaussian coupling and divisive inhibition, with its closed forms.

    tau dU/dt = -U + rho int J(x - x') r(x') dx' + I(x, t),   r = [U]_+^2 / (1 + k rho int [U]_+^2 dx)
    J(x) = J_0/(sqrt(2 pi) a) exp(-x^2/(2 a^2))

It is the theory against which the network of junctions is understood, and a check of it. Valid on a ring that is long
against a. Source: C. C. A. Fung, K. Y. M. Wong, S. Wu, Neural Comput. 22, 752 (2010),
doi:10.1162/neco.2009.07-08-824.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from spinloom.errors import InputError
from spinloom.snn.axis import Axis


@final
@dataclass(frozen=True)
class IdealAttractor:
    """The solvable network.

    Attributes
    ----------
    axis : Axis
        Preferred values; rho = 1/spacing.
    coupling : float
        J_0.
    width : float
        a, in the axis' unit.
    inhibition : float
        k as a share of the critical k_c, above 0; a bump is held below 1.
    time_constant : float
        tau [s].

    Raises
    ------
    InputError
        Numbers that are not above 0.
    """

    axis: Axis
    coupling: float = 1.0
    width: float = 0.5
    inhibition: float = 0.5
    time_constant: float = 1.0

    def __post_init__(self) -> None:
        """Check the numbers."""
        for name in ("coupling", "width", "inhibition", "time_constant"):
            if not getattr(self, name) > 0.0:
                raise InputError(f"{name} must be more than 0, not {getattr(self, name)!r}.")

    @property
    def density(self) -> float:
        """Rho: junctions per unit of the axis."""
        return 1.0 / self.axis.spacing

    @property
    def critical_inhibition(self) -> float:
        """k_c = rho J_0^2/(8 sqrt(2 pi) a): above it no bump exists without stimulus."""
        return self.density * self.coupling**2 / (8.0 * math.sqrt(2.0 * math.pi) * self.width)

    @property
    def height(self) -> float:
        """U_0 of the bump U_0 exp(-(x - z)^2/(4 a^2)): J_0 (1 + sqrt(1 - k/k_c))/(4 sqrt(pi) a k); NaN above k_c."""
        if self.inhibition > 1.0:
            return math.nan
        k = self.inhibition * self.critical_inhibition
        return self.coupling * (1.0 + math.sqrt(1.0 - self.inhibition)) / (4.0 * math.sqrt(math.pi) * self.width * k)

    def gaussian(self, at: float, height: float = 1.0) -> np.ndarray:
        """``height`` exp(-(x - at)^2/(4 a^2)) on the axis, the bump's shape and the stimulus'."""
        distance = self.axis.difference(self.axis.positions, self.axis.check(at))
        return height * np.exp(-(distance**2) / (4.0 * self.width**2))

    def driven_height(self, strength: float, lag: float = 0.0) -> float:
        """U_0 under a stimulus of peak ``strength`` that stands ``lag`` away: the amplitude mode alone.

        U_0 = rho J_0 r_0/sqrt(2) + A exp(-s^2/(8 a^2)); r_0 = U_0^2/(1 + sqrt(2 pi) a k rho U_0^2).
        """
        k = self.inhibition * self.critical_inhibition
        pull = strength * math.exp(-(lag**2) / (8.0 * self.width**2))
        area = math.sqrt(2.0 * math.pi) * self.width * k * self.density

        def excess(u: float) -> float:
            return self.density * self.coupling / math.sqrt(2.0) * u * u / (1.0 + area * u * u) + pull - u

        most = self.density * self.coupling / (math.sqrt(2.0) * area) + pull  # u can never be more
        middle = 1.0 / math.sqrt(area)  # the bump and the threshold below it lie on its two sides
        ends = (middle, 1.01 * most) if excess(middle) > 0.0 else (0.0, middle)  # above k_c: what the stimulus raises
        return _root(excess, *ends)

    def lag(self, speed: float, strength: float) -> float:
        """Steady distance of the bump behind a moving stimulus of peak ``strength``: position mode.

        speed tau U_0 = A s exp(-s^2/(8 a^2)); infinite above :meth:`largest_speed`. For A small against U_0.
        """
        if abs(speed) > self.largest_speed(strength):
            return math.inf
        largest = self._turning(strength)
        return math.copysign(_root(lambda s: self._speed(s, strength) - abs(speed), 0.0, largest), speed)

    def largest_speed(self, strength: float) -> float:
        """Speed above which the bump loses the stimulus: near 2 a A exp(-1/2)/(tau U_0)."""
        return self._speed(self._turning(strength), strength)

    def _speed(self, lag: float, strength: float) -> float:
        force = strength * lag * math.exp(-(lag**2) / (8.0 * self.width**2))
        return force / (self.time_constant * self.driven_height(strength, lag))

    def _turning(self, strength: float) -> float:
        bounds = (0.0, 4.0 * self.width)
        found: Any = minimize_scalar(lambda s: -self._speed(s, strength), bounds=bounds, method="bounded")
        return float(found.x)

    def run(self, start: np.ndarray, steps: int, step: float, stimulus: np.ndarray | None = None) -> np.ndarray:
        """U after each step of Heun's method, (steps, n).

        Parameters
        ----------
        start : array (n,)
            U at the beginning.
        steps, step : int, float
            Number and length [s] of the steps.
        stimulus : array (n,) or (steps, n), optional
            Input I, constant or of each step.
        """
        distance = self.axis.difference(self.axis.positions[:, None], self.axis.positions)
        scale = self.coupling / (math.sqrt(2.0 * math.pi) * self.width)
        weights = scale * np.exp(-(distance**2) / (2.0 * self.width**2))  # rho J dx = J: one junction a spacing
        k = self.inhibition * self.critical_inhibition
        drive = np.broadcast_to(0.0 if stimulus is None else stimulus, (steps, self.axis.count))

        def slope(u: np.ndarray, external: np.ndarray) -> np.ndarray:
            squared = np.maximum(u, 0.0) ** 2
            return (weights @ (squared / (1.0 + k * squared.sum())) + external - u) / self.time_constant

        found, u = np.empty((steps, self.axis.count)), np.array(start, float)
        for n in range(steps):
            first = slope(u, drive[n])
            u = u + 0.5 * step * (first + slope(u + step * first, drive[n]))
            found[n] = u
        return found


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    found: Any = brentq(function, low, high)
    return float(found)
