"""aihwkit's LinearStep device and our exponential curves: the same device in two parameterisations.

A pulse on an exponential curve moves g by an amount that is linear in g. In weights w = w_max (2 g - 1),

    up:    w += a+ (1 - gamma+ w/w_max),  gamma+ = tanh(v/2),  a+ = w_max (1 - exp(-v/n)) / gamma+
    down:  w -= a- (1 + gamma- w/w_max),  gamma- = tanh(u/2),  a- = w_max (1 - exp(-u/m)) / gamma-

with v of potentiation over n pulses and u = -v of depression over m pulses (u > 0 falls fast from the top). aihwkit
writes a+ = dw_min (1 + up_down) and a- = dw_min (1 - up_down). gamma = 1 is its SoftBounds device, which never reaches
its bound; :meth:`~spinloom.responses.shapes.Exponential.soft_bounds` takes a number of pulses for it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from spinloom.errors import InputError
from spinloom.responses.plasticity import Plasticity
from spinloom.responses.shapes import Exponential, Shape, Tabulated

_WHOLE = 1e-6
"""A number of pulses this near to a whole one is that whole one."""


@final
@dataclass(frozen=True)
class LinearStep:
    """Parameters of aihwkit's ``LinearStepDevice`` without spread between devices.

    Attributes
    ----------
    dw_min : float
        Mean step of both directions at w = 0, in weight units.
    up_down : float
        Steps at w = 0 are dw_min (1 + up_down) up and dw_min (1 - up_down) down.
    gamma_up, gamma_down : float
        How much smaller a step is at the bound it goes to than at w = 0. Steps with negative values grow towards the
        bound and need ``allow_increasing`` there.
    w_max : float
        Bounds are -w_max and w_max.
    dw_min_std : float
        Spread of a step in units of dw_min, additive (``mult_noise=False``).

    References
    ----------
    M. J. Rasch et al., AICAS 2021, doi:10.1109/AICAS51828.2021.9458494, and aihwkit's own documentation of
    ``PulsedDevice`` and ``LinearStepDevice``.
    """

    dw_min: float
    up_down: float = 0.0
    gamma_up: float = 0.0
    gamma_down: float = 0.0
    w_max: float = 1.0
    dw_min_std: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot go from bound to bound."""
        if not (self.dw_min > 0 and self.w_max > 0 and abs(self.up_down) < 1):
            raise InputError(
                f"dw_min = {self.dw_min}, w_max = {self.w_max}, up_down = {self.up_down}: steps and bounds must be "
                "above 0, and up_down between -1 and 1."
            )
        if not (abs(self.gamma_up) < 1 and abs(self.gamma_down) < 1):
            raise InputError(
                f"gamma_up = {self.gamma_up}, gamma_down = {self.gamma_down}: slopes must lie between -1 and 1. A "
                "slope of 1 is the SoftBounds device, which never reaches its bound: take "
                "Exponential.soft_bounds(step, pulses) for the pulses you use."
            )

    @classmethod
    def of(cls, synapse: Plasticity, w_max: float = 1.0) -> LinearStep:
        """The LinearStep device with a synapse's levels.

        Raises
        ------
        InputError
            A shape that is not exponential: its steps are not linear in the state.
        """
        rise, n = synapse.curve("potentiation")
        fall, m = synapse.curve("depression")
        if not (isinstance(rise, Exponential) and isinstance(fall, Exponential)):
            raise InputError(
                "aihwkit's LinearStep takes exponential shapes alone; fit one first: Plasticity.from_csv(path, "
                "shape='exponential')."
            )
        up, gamma_up = _step(rise.v, n, w_max)
        down, gamma_down = _step(-fall.v, m, w_max)
        mean = 0.5 * (up + down)
        spread = 2.0 * w_max * synapse.cycle_to_cycle / mean
        return cls(mean, (up - down) / (up + down), gamma_up, gamma_down, w_max, spread)

    def plasticity(self, low: str | float = 0.0, high: str | float = 1.0, **more: Any) -> Plasticity:
        """A synapse with the same levels; exponential, or a table where the last step is cut by the bound."""
        rise, n = self._curve(self.dw_min * (1 + self.up_down), self.gamma_up, 1.0)
        fall, m = self._curve(self.dw_min * (1 - self.up_down), self.gamma_down, -1.0)
        spread = 0.5 * self.dw_min_std * self.dw_min / self.w_max
        return Plasticity.from_values(
            n + 1, low, high, rise, fall, depression_states=m + 1, cycle_to_cycle=spread, **more
        )

    def _curve(self, step: float, gamma: float, sign: float) -> tuple[Shape, int]:
        v = 2.0 * math.atanh(gamma)
        pulses = 2.0 * self.w_max / step if gamma == 0 else -v / math.log1p(-step * gamma / self.w_max)
        if abs(pulses - round(pulses)) < _WHOLE * pulses and round(pulses) >= 1:
            return Exponential(sign * v), round(pulses)
        levels = [-self.w_max]
        while levels[-1] < self.w_max:
            levels.append(min(levels[-1] + step * (1 - gamma * levels[-1] / self.w_max), self.w_max))
        table = np.array(levels)
        return Tabulated(tuple(table if sign > 0 else -table[::-1])), table.size - 1

    def settings(self) -> dict[str, Any]:
        """Keyword arguments for ``aihwkit.simulator.configs.devices.LinearStepDevice`` of one such device."""
        without = ("dw_min_dtod", "up_down_dtod", "w_max_dtod", "w_min_dtod", "gamma_up_dtod", "gamma_down_dtod")
        return {
            "dw_min": self.dw_min,
            "up_down": self.up_down,
            "gamma_up": self.gamma_up,
            "gamma_down": self.gamma_down,
            "w_max": self.w_max,
            "w_min": -self.w_max,
            "dw_min_std": self.dw_min_std,
            "mult_noise": False,
            "allow_increasing": min(self.gamma_up, self.gamma_down) < 0,
            **dict.fromkeys(without, 0.0),
        }


def _step(v: float, pulses: int, w_max: float) -> tuple[float, float]:
    """Step at w = 0 and slope gamma of a curve with nonlinearity v towards its bound."""
    gamma = math.tanh(0.5 * v)
    return (2.0 * w_max / pulses if gamma == 0 else -math.expm1(-v / pulses) * w_max / gamma), gamma
