"""Spiking neurons as torch modules: ``forward(x_t, state) -> (spikes, state)``, trained by surrogate gradients."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, final

import torch
from torch import nn

from spinloom.errors import InputError
from spinloom.snn.neuron import LeakyNeuron
from spinloom.units import pretty, si


class State(NamedTuple):
    """Potential above rest and adaptive threshold (both in weights), refractory time left [s]; (batch, features)."""

    v: torch.Tensor
    theta: torch.Tensor
    quiet: torch.Tensor


class _Fire(torch.autograd.Function):
    """1 where u >= 0; backwards the slope of a fast sigmoid, 1/(1 + s |u|)^2.

    F. Zenke and S. Ganguli, Neural Computation 30, 1514 (2018), doi:10.1162/neco_a_01086.
    """

    @staticmethod
    def forward(ctx: Any, u: torch.Tensor, slope: float) -> torch.Tensor:
        ctx.save_for_backward(u)
        ctx.slope = slope
        return (u >= 0).to(u.dtype)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: torch.Tensor) -> tuple[torch.Tensor, None]:
        (u,) = ctx.saved_tensors
        return grad_outputs[0] / (1.0 + ctx.slope * u.abs()) ** 2, None


@final
class Fire(nn.Module):
    """Spikes, 1 where u >= 0, with a surrogate gradient; a module so that tools that watch activations find it.

    Parameters
    ----------
    slope : float
        s of the gradient 1/(1 + s |u|)^2.
    """

    def __init__(self, slope: float = 1.0) -> None:
        super().__init__()
        self.slope = slope

    def forward(self, u: torch.Tensor, awake: torch.Tensor) -> torch.Tensor:
        """Spikes where ``u`` >= 0 and ``awake``."""
        fire: Any = _Fire.apply
        return fire(u, self.slope) * awake


@final
class LeakyCell(nn.Module):
    """One step of leaky integrate-and-fire neurons, as ``Layer`` has them, on a grid of time.

        v <- v e^(-dt/tau) + x,   spike where v >= threshold + theta,   then v <- reset, theta <- theta + step,
        all others v <- v - inhibition

    With inputs on the grid it gives the spikes of :class:`Layer` (without ``one_spike``): a test holds them equal.

    Parameters
    ----------
    features : int
    neuron : LeakyNeuron
        ``one_spike`` is not used: the largest of several has no gradient.
    step : quantity
        dt [s].
    time_constant, threshold : sequence of quantities or None
        One per neuron instead of the neuron's own: tau [s], threshold [V].
    slope : float
        s of the surrogate gradient, per weight.
    dtype : torch.dtype or None

    Raises
    ------
    InputError
        A step that is not below the time constant, lists of another length.

    Examples
    --------
    >>> import torch, spinloom as sl
    >>> cell = sl.snn.LeakyCell(10, sl.snn.LeakyNeuron(inhibition=0))
    >>> spikes, state = cell(torch.rand(4, 10))
    """

    def __init__(
        self,
        features: int,
        neuron: LeakyNeuron | None = None,
        step: str | float = "1 ms",
        *,
        time_constant: Sequence[str | float] | None = None,
        threshold: Sequence[str | float] | None = None,
        slope: float = 1.0,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.features, self.neuron, self.fire = features, neuron or LeakyNeuron(), Fire(slope)
        self.step = si(step, "time", "step")
        unit, rest = float(self.neuron.per_weight), float(self.neuron.rest)
        taus = [self.neuron.time_constant] * features if time_constant is None else list(time_constant)
        levels = [self.neuron.threshold] * features if threshold is None else list(threshold)
        if len(taus) != features or len(levels) != features:
            raise InputError(f"time_constant and threshold need one value for each of the {features} neurons.")
        seconds = [si(tau, "time", "time_constant") for tau in taus]
        if not 0 < self.step < min(seconds):
            raise InputError(
                f"A step of {pretty(self.step, 's')} must be above 0 and shorter than the shortest time constant, "
                f"{pretty(min(seconds), 's')}."
            )
        decay = torch.tensor([math.exp(-self.step / tau) for tau in seconds], dtype=dtype)
        self.decay: torch.Tensor
        self.register_buffer("decay", decay)
        volts = [si(level, "voltage", "threshold") for level in levels]
        self.threshold: torch.Tensor
        self.register_buffer("threshold", torch.tensor([(level - rest) / unit for level in volts], dtype=dtype))
        self.reset = (float(self.neuron.reset) - rest) / unit
        self.threshold_step = float(self.neuron.threshold_step) / unit
        self.fade = math.exp(-self.step / float(self.neuron.threshold_decay))

    def start(self, like: torch.Tensor) -> State:
        """Rest, for inputs like these."""
        zero = torch.zeros_like(like)
        return State(zero, zero, zero)

    def forward(self, x_t: torch.Tensor, state: State | None = None) -> tuple[torch.Tensor, State]:
        """Weighted inputs (batch, features) of one step -> spikes 0 or 1 of the same shape, and the state after."""
        if x_t.shape[-1] != self.features:
            raise InputError(f"This cell has {self.features} neurons; the input has {x_t.shape[-1]}.")
        v, theta, quiet = self.start(x_t) if state is None else state
        quiet = quiet - self.step
        awake = quiet < 0.5 * self.step  # the grid's rounding must not cost a step
        v = v * self.decay + torch.where(awake, x_t, torch.zeros_like(x_t))
        theta = theta * self.fade
        spikes = self.fire(v - self.threshold - theta, awake)
        fired = spikes.detach()
        v = torch.where(fired > 0, torch.full_like(v, self.reset), v)
        theta = theta + self.threshold_step * fired
        if self.neuron.inhibition:
            others = fired.sum(dim=-1, keepdim=True) - fired
            v = v - self.neuron.inhibition * others * ((awake | (fired > 0)).to(v.dtype))
        quiet = torch.where(fired > 0, torch.full_like(quiet, float(self.neuron.refractory)), quiet)
        return spikes, State(v, theta, quiet)

    def extra_repr(self) -> str:
        """For print(net)."""
        return f"features={self.features}, step={pretty(self.step, 's')}"


@final
class Unrolled(nn.Module):
    """Layers and spiking cells in a row, run over time: (batch, time, inputs) -> spikes (batch, time, outputs).

    Parameters
    ----------
    *modules : nn.Module
        Plain modules see one step at a time; those with ``forward(x_t, state)`` (``LeakyCell``) keep their state.
    """

    def __init__(self, *modules: nn.Module) -> None:
        super().__init__()
        self.stages = nn.ModuleList(modules)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Spikes of the last module at every step."""
        if x.dim() != 3:
            raise InputError(f"Spikes come as (batch, time, inputs), not with {x.dim()} dimensions.")
        states: list[Any] = [None] * len(self.stages)
        steps = []
        for x_t in x.unbind(dim=1):
            for index, stage in enumerate(self.stages):
                if isinstance(stage, LeakyCell):
                    x_t, states[index] = stage(x_t, states[index])
                else:
                    x_t = stage(x_t)
            steps.append(x_t)
        return torch.stack(steps, dim=1)
