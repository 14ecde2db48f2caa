"""Neurons of superparamagnetic junctions, which fluctuate while they are driven and read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, Protocol, final, get_args

import numpy as np
import torch

from spinloom.errors import InputError, UnknownNameError
from spinloom.nn.functional import Gradient
from spinloom.nn.stochastic import chance
from spinloom.nn.stochastic.base import StochasticNeurons, TrainWith

Start = Literal["drive", "rest"]


class Junctions(Protocol):
    """Superparamagnetic junctions, as ``spinloom.devices.two_state.TwoState``: arrays of one entry a junction."""

    @property
    def attempt_frequency(self) -> np.ndarray:
        """f0 [Hz]."""
        ...

    @property
    def thermal_stability(self) -> np.ndarray:
        """Delta."""
        ...

    @property
    def critical_current(self) -> np.ndarray:
        """I_c [A]."""
        ...

    @property
    def offset_current(self) -> np.ndarray:
        """I_0 [A]."""
        ...


@final
class SuperparamagneticNeuron(StochasticNeurons):
    """Neurons that fluctuate between two states while they are driven, read every ``interval`` (telegraphic).

    z drives all junctions at I = I_0 + z I_c/(2 Delta) of their means, so that the network sees the time average
    P = 1/(1 + exp(-z)). Successive reads are correlated by exp(-interval/tau*),
    1/tau* = 2 f0 exp(-Delta) cosh(u/2): S reads are worth fewer than S independent bits.

    Parameters
    ----------
    features : int or sequence of int
        Neurons, or the shape of a map.
    junctions : spinloom.devices.two_state.TwoState
        One for all neurons, or one a neuron (with spread).
    interval : float
        Time between two reads [s].
    samples : int or None
        Reads a forward pass in evaluation; the output is the share of parallel states. None: the mean.
    train_with, gradient, seed
        As of :class:`BernoulliNeuron`.
    start : {"drive", "rest"}
        Before the first interval a junction is in equilibrium at its drive (the image has been there for long), or
        without drive, at z = 0 (the image has just come).

    Raises
    ------
    InputError
        Another number of junctions than 1 or one a neuron, an interval not above 0, samples below 1.
    UnknownNameError
        Another start.

    Notes
    -----
    Rates over a barrier hold for |z| well below 2 Delta; beyond, the state is still the right one, the time is not.

    References
    ----------
    C. M. Liyanagedera et al., Phys. Rev. Appl. 8, 064017 (2017), doi:10.1103/PhysRevApplied.8.064017.

    Examples
    --------
    >>> import torch
    >>> from spinloom.devices.two_state import TwoState
    >>> layer = SuperparamagneticNeuron(10, TwoState(1e9, 5.0, 10e-6, 0.0), interval=1e-6, samples=100).eval()
    >>> layer(torch.zeros(3, 10)).shape
    torch.Size([3, 10])
    """

    decay: torch.Tensor

    def __init__(
        self,
        features: int | Sequence[int],
        junctions: Junctions,
        interval: float,
        *,
        samples: int | None = 1,
        train_with: TrainWith = "mean",
        gradient: Gradient = "expected",
        start: Start = "drive",
        seed: int = 0,
    ) -> None:
        super().__init__(samples, train_with, gradient, seed)
        self._settle(features)
        if start not in get_args(Start):
            raise UnknownNameError("start of a superparamagnetic neuron", str(start), get_args(Start))
        if isinstance(interval, bool) or not 0.0 < interval < math.inf:
            raise InputError(f"interval = {interval}: give a time above 0, in seconds.")
        self.interval, self.start = float(interval), start
        self.register_buffer("decay", torch.ones(self.features))
        self._state: torch.Tensor | None = None
        self.install(junctions)

    @torch.no_grad()
    def install(self, junctions: Junctions) -> None:
        """Put other junctions in: one for all neurons, or one a neuron."""
        delta, critical = junctions.thermal_stability, junctions.critical_current
        if delta.size not in (1, self.slope.numel()):
            raise InputError(f"{delta.size} junctions for {self.slope.numel()} neurons. Give one for all, or one each.")
        steep = 2.0 * delta / critical  # du/dI of each junction
        middle, usual = float(np.mean(junctions.offset_current)), float(np.mean(delta) * 2.0 / np.mean(critical))
        self._take(steep / usual, (junctions.offset_current - middle) * usual)
        decay = 2.0 * junctions.attempt_frequency * np.exp(-delta) * self.interval
        self.decay.copy_(torch.as_tensor(np.broadcast_to(decay, (self.decay.numel(),)).copy()).reshape(self.features))

    def place(self, row: int, stream: int = 0) -> None:
        """As of every stochastic layer; the junctions forget their states."""
        super().place(row, stream)
        self._state = None

    def kept(self, u: torch.Tensor) -> torch.Tensor:
        """Correlation of two successive reads, exp(-interval/tau*), at u."""
        return torch.exp(-self.decay * torch.cosh(0.5 * u.clamp(-160.0, 160.0)))

    def _draw(self, u: torch.Tensor, p: torch.Tensor, samples: int, seed: int) -> torch.Tensor:
        running = self.asked == "running" and not self.training
        state = self._state if running else None
        step = self._next(samples + (state is None))
        kept = self.kept(u.reshape(-1, *self.features)).reshape(u.shape)
        where = (seed, self._stream, self._row)
        if state is None or state.shape != p.shape:
            before = p if self.start == "drive" else torch.sigmoid(-self.slope * self.shift).reshape(1, -1).expand_as(p)
            state = chance.bits(before, *where, step)
            step += 1
        ones, state = chance.telegraph(p, kept, state, samples, *where, step)
        self._state = state if running else None
        return ones / samples

    def extra_repr(self) -> str:
        """What ``print(net)`` shows of the layer."""
        return f"{self.features}, interval={self.interval:g} s, samples={self.samples}, start={self.start}"
