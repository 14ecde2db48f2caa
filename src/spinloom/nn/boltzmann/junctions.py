"""Binary neurons that are junctions: each draws its bit by one reset, one pulse and one read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import torch

from spinloom.errors import InputError

if TYPE_CHECKING:
    from spinloom.responses import Bernoulli


@final
@dataclass(frozen=True)
class JunctionNeurons:
    """A chip of junctions as neurons, each a bit of the probability sigma((x - centre_i)/width_i).

    The input z sets the drive x = centre + width z. There, centre and width are the nominal ones of the response, by
    which the driver is built; centre_i and width_i are the junction's own, drawn with the response's spreads. Without
    spread and limits this is the ideal neuron, sigma(z).

    Attributes
    ----------
    response : spinloom.responses.Bernoulli
        Curve and spreads, time and energy of a bit.
    seed : int
        Which chip.
    drive_bits : int or None
        Bits of the converter that sets the drive, 2^bits values from one end of the range to the other; None: exact.
    drive_range : float
        Largest |z| the driver gives [widths of the curve]; inf: no limit. A converter needs a finite one.

    Raises
    ------
    InputError
        A converter without a range, or of no bits; a range that is not positive.

    References
    ----------
    X. Li et al., Nano Letters 24, 5420 (2024): junctions as samplers and nodes of the machine. Spread, range and
    converter are this software's.
    """

    response: Bernoulli
    seed: int = 0
    drive_bits: int | None = None
    drive_range: float = math.inf

    def __post_init__(self) -> None:
        """Refuse a driver that could not be built."""
        bits, reach = self.drive_bits, self.drive_range
        if not reach > 0:
            raise InputError(f"drive_range = {reach}: give the largest |z| in widths of the curve, above 0, or inf.")
        if bits is not None and (isinstance(bits, bool) or not isinstance(bits, int) or bits < 1):
            raise InputError(f"drive_bits = {bits!r}: give a whole number from 1 upwards, or None for an exact drive.")
        if bits is not None and not math.isfinite(reach):
            raise InputError(f"A converter of {bits} bits needs its range: give drive_range, e.g. 8 (widths).")

    def layer(self, first: int, places: torch.Tensor) -> Layer:
        """The neurons of one layer: of the chip's junctions from number ``first``, those at ``places`` (bool)."""
        drawn = self.response.spread(first + len(places), self.seed)
        centre, width = drawn.centre[first:], drawn.width[first:]
        gain = torch.as_tensor(self.response.width / width, dtype=torch.float32)
        shift = torch.as_tensor((self.response.centre - centre) / width, dtype=torch.float32)
        return Layer(self, gain[places], shift[places])

    def driven(self, z: torch.Tensor) -> torch.Tensor:
        """The z that the driver gives for a wanted z: limited, and on the converter's grid."""
        if not math.isfinite(self.drive_range):
            return z
        z = z.clamp(-self.drive_range, self.drive_range)
        if self.drive_bits is None:
            return z
        step = 2.0 * self.drive_range / (2**self.drive_bits - 1)
        return ((z + self.drive_range) / step).round() * step - self.drive_range


@final
@dataclass(frozen=True)
class Layer:
    """Neurons that are drawn together: their logit is gain driven(z) + shift, shape (neurons,) each; None for ideal."""

    neurons: JunctionNeurons | None = None
    gain: torch.Tensor | None = None
    shift: torch.Tensor | None = None

    def answer(self, z: torch.Tensor, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """Probabilities of 1 for inputs z (chains, neurons), and bits drawn from them, float32."""
        if self.neurons is not None:
            assert self.gain is not None
            assert self.shift is not None
            z = torch.addcmul(self.shift, self.gain, self.neurons.driven(z))
        p = torch.sigmoid(z)
        return p, (torch.rand(p.shape, generator=generator) < p).float()
