"""The update of :mod:`spinloom.nn.pulsed.kernels` in torch operations, for tensors on a GPU.

All chance is an argument; one test feeds both the same numbers and compares.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from spinloom.nn.pulsed.kernels import Way

Works = Callable[[torch.Tensor], torch.Tensor]
"""Number of pulses given -> number of those that are no write errors."""


def pulses_of(wanted: torch.Tensor, scale: tuple[float, float], limits: tuple[float, float], u: torch.Tensor | float):
    """Whole pulses, signed: floor(|x| + u) of x = wanted scale, at most ``limits`` (up, down)."""
    rise = (torch.clamp(wanted * scale[0], min=0.0) + u).clamp(max=limits[0]).trunc()
    fall = (torch.clamp(-wanted * scale[1], min=0.0) + u).clamp(max=limits[1]).trunc()
    return rise - fall


def state_after(g: torch.Tensor, shift: torch.Tensor, way: Way) -> torch.Tensor:
    """State after moving by ``shift`` of the way along a curve, from where the curve holds ``g``."""
    if way.knots.size == 0:
        if way.v == 0.0:
            return g + shift
        last = torch.expm1(torch.tensor(-way.v, dtype=g.dtype, device=g.device))
        return g * torch.exp(-way.v * shift) + torch.expm1(-way.v * shift) / last
    knots, places, curve = (torch.as_tensor(x).to(g) for x in (way.knots, way.places, way.curve))
    inside = g.clamp(0.0, 1.0)
    low = (torch.searchsorted(knots, inside, right=True) - 1).clamp(0, len(knots) - 2)
    share = (inside - knots[low]) / (knots[low + 1] - knots[low])
    place = (places[low] + share * (places[low + 1] - places[low]) + shift).clamp(0.0, 1.0) * (len(curve) - 1)
    left = place.floor().clamp(max=len(curve) - 2).long()
    return curve[left] + (place - left) * (curve[left + 1] - curve[left])


def pulse(
    weights: torch.Tensor,
    count: torch.Tensor,
    w_max: float,
    up: Way,
    down: Way,
    noise: tuple[float, float],
    device: torch.Tensor | None,
    normal: torch.Tensor | None,
    works: Works | None,
) -> torch.Tensor:
    """Weights after ``count`` signed pulses; float64 inside. Arguments as in the numba loop."""
    given = count.abs().double()
    if works is not None and noise[1] > 0.0:
        given = works(given)
    shift = given if device is None else given * device.double()
    g = 0.5 * (weights.double() / w_max + 1.0)
    risen, fallen = state_after(g, shift / up.pulses, up), state_after(g, -shift / down.pulses, down)
    new = torch.where(count > 0, risen, fallen)
    if normal is not None and noise[0] > 0.0:
        new = new + noise[0] * given.sqrt() * normal.double()
    new = (w_max * (2.0 * new.clamp(0.0, 1.0) - 1.0)).to(weights.dtype)
    return torch.where(given > 0, new, weights)
