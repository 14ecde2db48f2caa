"""One weight matrix on devices: who draws its pulses, and what they came to."""

from __future__ import annotations

import functools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal, final

import numpy as np
import torch

from spinloom.nn.pulsed import torch_update
from spinloom.nn.pulsed.device import Device, kernel
from spinloom.nn.pulsed.kernels import BAD, BLOCK, COUNTERS, DOWN, MOST, MOVED, UP
from spinloom.nn.training.samples import mixed_seed

Rounding = Literal["stochastic", "nearest"]
_PARALLEL = 1 << 18
"""Weights from which more than one thread pays."""
_ROUNDING = {"stochastic": -1.0, "nearest": 0.5}
_NOTHING, _NO_PULSES = np.empty(0, np.float32), np.empty(0, np.int32)


@dataclass
class Counts:
    """What has happened to one array of devices since the beginning; plain numbers, so that a state dict takes them.

    Attributes
    ----------
    up, down : int
        Pulses given, failed ones too.
    moves : int
        Weights that got a pulse, summed over steps.
    longest : int
        Most pulses of one device in a step, summed over steps: the duration of a write of all devices at once.
    reads : int
        Devices read by the training algorithm.
    """

    up: int = 0
    down: int = 0
    moves: int = 0
    longest: int = 0
    reads: int = 0


@final
@dataclass(eq=False)
class Array:
    """An array of devices that holds the weights of one matrix, or a helper of it.

    Parameters
    ----------
    device : Device
        What each device does.
    rounding : {"stochastic", "nearest"}
        How a wanted change becomes whole pulses.
    seed : int
        Of this array alone.
    spread : torch.Tensor or None
        Factor on the step of each device.
    """

    device: Device
    rounding: Rounding
    seed: int
    spread: torch.Tensor | None = None
    counts: Counts = field(default_factory=Counts)
    bad: int = 0

    def __post_init__(self) -> None:
        """Split the seed into the words of a key."""
        self._key = (self.seed & 0xFFFFFFFF, (self.seed >> 32) & 0xFFFFFFFF)
        self._factor = _NOTHING if self.spread is None else np.ascontiguousarray(self.spread.cpu().numpy().ravel())
        self._counters = np.zeros(COUNTERS, np.int64)

    def scale(self, change: float, w_max: float) -> tuple[float, float]:
        """Pulses (up, down) a unit of a tensor that, times ``change``, is the wanted change of the weight."""
        share = change / (2.0 * w_max)
        return share * self.device.up.pulses, share * self.device.down.pulses

    def give(
        self,
        weights: torch.Tensor,
        wanted: torch.Tensor,
        scale: tuple[float, float],
        w_max: float,
        step: int,
        accumulated: bool = False,
        done: torch.Tensor | None = None,
    ) -> None:
        """Give each device the whole pulses in ``wanted`` times ``scale``; weights change in place.

        Parameters
        ----------
        weights, wanted : torch.Tensor, same shape
        scale : (float, float)
            From :meth:`scale`.
        w_max : float
            w = w_max (2 g - 1).
        step : int
            The step whose random numbers are drawn.
        accumulated : bool
            ``wanted`` is a float32 accumulator: its whole pulses are given and taken from it, the rest stays.
        done : int32 tensor, same shape, optional
            Takes the pulses given, signed.
        """
        how = 0.0 if accumulated else _ROUNDING[self.rounding]
        if weights.is_cuda or weights.dtype != torch.float32:
            self._give_torch(weights, wanted, scale, w_max, step, accumulated, done, how)
            return
        flat = weights.detach()
        whole = flat if flat.is_contiguous() else flat.contiguous()
        target = whole.view(-1).numpy()
        change = wanted.detach()
        if change.dtype != torch.float32 or not change.is_contiguous():
            change = change.to(torch.float32).contiguous()
        pulses = _NO_PULSES if done is None else done.view(-1).numpy()
        arguments = (target, change.view(-1).numpy(), scale, w_max, how, accumulated)
        arguments += (self.device.up, self.device.down, self.device.noise, self._factor, self._key, step)
        workers = torch.get_num_threads() if target.size >= _PARALLEL else 1
        counters = self._counters
        counters[:] = 0
        loop = kernel("pulse")
        if workers == 1:
            loop(*arguments, 0, target.size, counters, pulses)
        else:
            width = -(-target.size // (workers * BLOCK)) * BLOCK
            starts = range(0, target.size, width)
            several = np.zeros((len(starts), COUNTERS), np.int64)
            jobs = [
                _pool(workers).submit(loop, *arguments, start, min(start + width, target.size), several[i], pulses)
                for i, start in enumerate(starts)
            ]
            for job in jobs:
                job.result()
            counters += several.sum(axis=0)
            counters[MOST] = several[:, MOST].max()
        if whole is not flat:
            flat.copy_(whole)
        up, down, moved, most, bad = counters.tolist()
        self._count(up, down, moved, most, bad)

    def _count(self, up: int, down: int, moved: int, most: int, bad: int) -> None:
        self.counts.up += up
        self.counts.down += down
        self.counts.moves += moved
        self.counts.longest += most
        self.bad += bad

    def _give_torch(self, weights, wanted, scale, w_max, step, accumulated, done, how) -> None:
        place = weights.device
        chance = torch.Generator(place).manual_seed(mixed_seed(self.seed, step) >> 1)
        u = torch.rand(wanted.shape, generator=chance, device=place) if how < 0 else how
        limits = (self.device.up.pulses, self.device.down.pulses)
        bad = int(not torch.isfinite(wanted).all())
        change = wanted.detach().float()
        count = torch_update.pulses_of(torch.nan_to_num(change, 0.0, 0.0, 0.0) if bad else change, scale, limits, u)
        normal = torch.randn(wanted.shape, generator=chance, device=place) if self.device.noise[0] else None

        def works(given: torch.Tensor) -> torch.Tensor:
            return torch.binomial(given, torch.full_like(given, 1.0 - self.device.noise[1]), generator=chance)

        with torch.no_grad():
            ways, noise = (self.device.up, self.device.down), self.device.noise
            new = torch_update.pulse(weights.detach(), count, w_max, *ways, noise, self.spread, normal, works)
            weights.detach().copy_(new)
        if done is not None:
            done.copy_(count)
        if accumulated:
            wanted.sub_(torch.where(count > 0, count / scale[0], count / scale[1]))
        rise, fall = count.clamp(min=0), -count.clamp(max=0)
        figures = torch.stack([rise.sum(), fall.sum(), (count != 0).sum(), count.abs().max()]).tolist()
        up, down, moved, most = (int(x) for x in figures)
        self._count(up, down, moved, most, bad)

    @staticmethod
    def wish(wanted: torch.Tensor, scale: tuple[float, float]) -> tuple[float, float, float, float]:
        """(wanted changes that are not zero, those under half a pulse, the largest and the sum in pulses)."""
        change = wanted.detach().to("cpu", torch.float32).contiguous().view(-1).numpy()
        nonzero, small, largest, total = kernel("survey")(change, scale)
        return float(nonzero), float(small), float(largest), float(total)


assert (UP, DOWN, MOVED, MOST, BAD) == (0, 1, 2, 3, 4), "the order of Array._count"


@functools.cache
def _pool(workers: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(workers, thread_name_prefix="pulses")
