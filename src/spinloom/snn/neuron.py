"""The leaky integrate-and-fire neuron with an adaptive threshold: its numbers, in SI."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np

from spinloom.errors import InputError
from spinloom.units import pretty, si


@final
@dataclass(frozen=True)
class LeakyNeuron:
    """Leaky integrate-and-fire: tau_m dv/dt = -(v - v_rest) between events; a weight w lifts v by w ``per_weight``.

    The neuron fires when v reaches ``threshold`` + theta; then v = ``reset``, inputs are ignored for ``refractory``
    (the leak goes on), theta grows by ``threshold_step`` and decays with ``threshold_decay``, and all other neurons of
    its layer are pushed down by ``inhibition``. Defaults: Diehl and Cook, doi:10.3389/fncom.2015.00099, in BindsNET's
    reduced version.

    Attributes
    ----------
    time_constant : quantity
        tau_m [s].
    rest, reset, threshold : quantity
        [V].
    refractory : quantity
        [s].
    threshold_step, threshold_decay : quantity
        [V], [s]; a step of 0 makes the threshold fixed.
    inhibition : float
        Lateral inhibition, in units of a weight of 1.
    per_weight : quantity
        What an input over a weight of 1 adds [V].
    one_spike : bool
        Of several neurons at their threshold at one time only the one farthest beyond it fires.

    Raises
    ------
    InputError, UnitError
        A time that is not above 0, a threshold not above rest and reset, an unknown unit.
    """

    time_constant: str | float = "100 ms"
    rest: str | float = "-65 mV"
    reset: str | float = "-60 mV"
    threshold: str | float = "-52 mV"
    refractory: str | float = "5 ms"
    threshold_step: str | float = "0.05 mV"
    threshold_decay: str | float = "1e4 s"
    inhibition: float = 17.5
    per_weight: str | float = "1 mV"
    one_spike: bool = True

    def __post_init__(self) -> None:
        """Read the units once and check them."""
        for name, kind in (
            ("time_constant", "time"), ("rest", "voltage"), ("reset", "voltage"), ("threshold", "voltage"),
            ("refractory", "time"), ("threshold_step", "voltage"), ("threshold_decay", "time"),
            ("per_weight", "voltage"),
        ):  # fmt: skip
            object.__setattr__(self, name, si(getattr(self, name), kind, name))
        for name in ("time_constant", "threshold_decay", "per_weight"):
            if not float(getattr(self, name)) > 0:
                raise InputError(f"{name} must be more than 0.")
        if float(self.refractory) < 0 or self.inhibition < 0:
            raise InputError("refractory and inhibition must not be negative.")
        if not max(float(self.rest), float(self.reset)) < float(self.threshold):
            raise InputError(
                f"threshold = {pretty(float(self.threshold), 'V')} must lie above rest and reset, or the neuron fires "
                "for ever."
            )

    def numbers(self) -> np.ndarray:
        """The row that the kernel takes: voltages in units of ``per_weight``, times in seconds.

        The refractory time is a billionth shorter, so that on a grid of time rounding does not cost a whole step.
        """
        unit = float(self.per_weight)
        return np.array(
            [
                self.time_constant, float(self.rest) / unit, float(self.reset) / unit, float(self.threshold) / unit,
                float(self.refractory) * (1.0 - 1e-9), float(self.threshold_step) / unit, self.threshold_decay,
                self.inhibition, self.one_spike,
            ],
            float,
        )  # fmt: skip

    def rate(self, drive: float | np.ndarray) -> np.ndarray:
        """Firing rate [1/s] under a constant drive ``drive`` = steady v - rest [V], threshold fixed.

        1/(t_ref + tau ln[(drive - u)/(drive - (threshold - rest))]) with u = (reset - rest) exp(-t_ref/tau), to which v
        leaks while inputs are ignored; 0 where the drive does not reach the threshold.
        """
        up = np.asarray(drive, float)
        leak = math.exp(-float(self.refractory) / float(self.time_constant))
        low, high = (float(self.reset) - float(self.rest)) * leak, float(self.threshold) - float(self.rest)
        safe = np.where(up > high, up, high + 1.0)
        time = float(self.time_constant) * np.log((safe - low) / (safe - high))
        return np.where(up > high, 1.0 / (float(self.refractory) + time), 0.0)

    def fixed_point(self, rate: float) -> float:
        """Mean theta [V] at a steady rate [1/s]: steps in, decay out, ``rate`` x step x decay time.

        Exact on average; theta oscillates about it by half a step.
        """
        if rate < 0 or not math.isfinite(rate):
            raise InputError("rate must be a finite number of 0 or more.")
        return rate * float(self.threshold_step) * float(self.threshold_decay)
