"""Spike-timing-dependent plasticity: how a synapse changes at the spikes before and behind it.

x_pre and x_post are traces: 1 at a spike, decaying exponentially. A spike of the input depresses by x_post, a spike of
the neuron potentiates by x_pre.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, final, get_args

import numpy as np

from spinloom.errors import InputError, UnknownNameError
from spinloom.units import si

if TYPE_CHECKING:  # a rule that names no device needs neither of them
    from spinloom.responses.heat_stdp import HeatWindow
    from spinloom.responses.plasticity import Plasticity

Kind = Literal["fixed", "pair", "weight-dependent", "triplet", "curve", "binary", "windowed", "heat"]
_POINTS = 1025
"""Points of a device's curve in the kernel: interpolation errors below 1e-6 of the range for smooth curves."""


@final
@dataclass(frozen=True)
class Rule:
    """One of the plasticity rules.

    ================== ======================================= ==============================================
    kind               at a spike of the input                 at a spike of the neuron
    ================== ======================================= ==============================================
    fixed              nothing                                 nothing
    pair               w - eta_pre x_post                      w + eta_post x_pre
    weight-dependent   w - eta_pre x_post (w - w_min)          w + eta_post x_pre (w_max - w)
    triplet            as pair                                 w + eta_post x_pre x_slow
    curve              eta_pre x_post pulses of depression     eta_post x_pre pulses of potentiation
    binary             w = w_min with chance eta_pre x_post    w = w_max with chance eta_post x_pre
    windowed           nothing                                 inputs within ``window``: w_max with chance
                                                               eta_post; others w_min with chance eta_pre
    heat               w = w_min with the chance of a device   w = w_max with the chance of a device that the
                       that the neuron's spike left warm       input's spike left warm
    ================== ======================================= ==============================================

    ``pair`` and ``triplet`` (Pfister and Gerstner, doi:10.1523/JNEUROSCI.1425-06.2006: x_slow is the neuron's own trace
    before the spike) are cut at w_min and w_max; ``curve`` follows a device's measured potentiation and depression;
    ``binary`` and ``windowed`` are stochastic synapses (Vincent et al., doi:10.1109/TBCAS.2015.2414423).

    Attributes
    ----------
    kind : str
    eta_pre, eta_post : float
        Rates, chances, or pulses.
    tau_pre, tau_post, tau_slow : quantity
        Decay of the traces [s].
    low, high : float
        w_min and w_max.
    window : quantity
        [s].
    synapse : Plasticity or None
        The device of ``curve``.
    warm : HeatWindow or None
        The device of ``heat``: its time constant replaces those of the traces, its chances eta_pre and eta_post.
    """

    kind: Kind = "weight-dependent"
    eta_pre: float = 0.001
    eta_post: float = 0.01
    tau_pre: str | float = "20 ms"
    tau_post: str | float = "20 ms"
    tau_slow: str | float = "40 ms"
    low: float = 0.0
    high: float = 1.0
    window: str | float = "25 ms"
    synapse: Plasticity | None = field(default=None, repr=False)
    warm: HeatWindow | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Read the units once and check the numbers."""
        if self.kind not in get_args(Kind):
            raise UnknownNameError("plasticity rule", str(self.kind), get_args(Kind))
        for name in ("tau_pre", "tau_post", "tau_slow", "window"):
            object.__setattr__(self, name, si(getattr(self, name), "time", name))
            if not float(getattr(self, name)) > 0:
                raise InputError(f"{name} must be more than 0.")
        if not self.low < self.high:
            raise InputError(f"Weights need a range: low = {self.low:g} must be below high = {self.high:g}.")
        if self.eta_pre < 0 or self.eta_post < 0:
            raise InputError("eta_pre and eta_post must not be negative.")
        if self.kind in ("binary", "windowed") and max(self.eta_pre, self.eta_post) > 1:
            raise InputError(f"With the rule '{self.kind}' eta_pre and eta_post are probabilities, at most 1.")
        if self.kind == "weight-dependent" and max(self.eta_pre, self.eta_post) > 1:
            raise InputError("With the rule 'weight-dependent' rates above 1 would leave the range of the weights.")
        if (self.kind == "curve") != (self.synapse is not None):
            raise InputError("The rule 'curve', and no other, needs a synapse: Rule('curve', synapse=Plasticity...).")
        if (self.kind == "heat") != (self.warm is not None):
            raise InputError("The rule 'heat', and no other, needs a warm device: Rule('heat', warm=HeatWindow(...)).")
        if self.warm is not None:
            for name in ("tau_pre", "tau_post"):
                object.__setattr__(self, name, self.warm.heat.time_constant)

    @property
    def code(self) -> int:
        """The kernel's number of the rule."""
        return get_args(Kind).index(self.kind)

    def numbers(self) -> np.ndarray:
        """The row that the kernel takes; pulses of ``curve`` become shares of the device's curve."""
        down, up = self.eta_pre, self.eta_post
        if self.synapse is not None:
            down, up = down / self.synapse.curve("depression")[1], up / self.synapse.curve("potentiation")[1]
        row = (down, up, self.tau_pre, self.tau_post, self.tau_slow, self.low, self.high, self.window)
        return np.array(row, float)

    def tables(self) -> np.ndarray:
        """(4, points): of ``curve`` potentiation forward and backward, depression forward and backward.

        Forward maps the share of the pulses from end to end to the normalised state, backward the state to that share.
        Of ``heat``: the chance of switching over the share of heat that is left.
        """
        if self.warm is not None:  # the trace is the heat left: the chance follows from the temperature
            ambient = float(self.warm.heat.ambient)
            rise = float(self.warm.temperature_after(0.0)) - ambient
            chances = self.warm.switching(ambient + rise * np.linspace(0.0, 1.0, _POINTS))
            return np.repeat(chances[None], 4, axis=0)
        if self.synapse is None:
            return np.zeros((4, 2))
        grid, rows = np.linspace(0.0, 1.0, _POINTS), []
        for direction in ("potentiation", "depression"):
            shape, _pulses = self.synapse.curve(direction)
            forward = np.asarray(shape(grid), float)
            rows += [forward, np.interp(grid, forward, grid)]
        return np.array(rows)
