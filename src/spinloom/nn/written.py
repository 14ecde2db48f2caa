"""A binary layer whose weights live in a memory that may fail to write them: training on approximate storage."""

from __future__ import annotations

from typing import Any, final

import torch

from spinloom.errors import InputError
from spinloom.nn.binary import BinaryLinear, sign_ste


@final
class WrittenLinear(BinaryLinear):
    """A :class:`~spinloom.nn.binary.BinaryLinear` that computes with the bits its memory holds.

    The latent weights W say which sign each weight should have; the memory holds bits b. After an update of W,
    :meth:`write_` sends a pulse to the bits that are to change, and each pulse fails with the probability of its cell:

        b <- sign(W) with probability 1 - p,   b otherwise.

    Forward passes use b, in training as in evaluation; the gradient goes straight through to W.

    Parameters
    ----------
    in_features, out_features, bias, **keywords
        As of BinaryLinear, without ``bit_error``.
    failure : float or tensor, shape (out_features, in_features)
        Probability p that a pulse changes nothing, of all cells or of each.
    retry : bool
        False: a pulse only when the wanted sign changes; nobody notices a failure before the sign changes again.
        True: the memory is read before each write, and a bit that differs gets another pulse.
    seed : int
        Chance of the failures, and of the bits that the memory holds before anything is written.

    Raises
    ------
    InputError
        A probability outside 0..1, or of another shape.

    References
    ----------
    N. Locatelli, A. F. Vincent, D. Querlioz, arXiv:1810.10836 (2018).
    """

    stored: torch.Tensor
    wanted: torch.Tensor
    failure: torch.Tensor

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        failure: float | torch.Tensor = 0.0,
        retry: bool = False,
        seed: int = 0,
        **keywords: Any,
    ) -> None:
        super().__init__(in_features, out_features, bias, seed=seed, **keywords)
        chances = torch.as_tensor(failure, dtype=torch.float32)
        if chances.dim() not in (0, 2) or (chances.dim() == 2 and chances.shape != self.weight.shape):
            raise InputError(
                f"failure has shape {tuple(chances.shape)}; give one probability, or one of each weight: "
                f"{tuple(self.weight.shape)}."
            )
        if not bool(((chances >= 0) & (chances <= 1)).all()):
            raise InputError("failure holds a number that is no probability; give numbers from 0 to 1.")
        self.retry = retry
        self.pulses = 0
        self._chance = torch.Generator().manual_seed(seed)
        start = torch.rand(self.weight.shape, generator=self._chance) < 0.5
        self.register_buffer("failure", chances.expand(self.weight.shape).clone())
        self.register_buffer("stored", torch.where(start, 1.0, -1.0))
        self.register_buffer("wanted", self.stored.clone())  # what was last asked for

    def binary_weight(self) -> torch.Tensor:
        """The bits in the memory as ±1, shape of ``weight``, with the latent weights' straight-through gradient."""
        through = sign_ste(self.weight)
        return self.stored + (through - through.detach())

    @torch.no_grad()
    def write_(self) -> int:
        """Bring the memory up to the latent weights; returns how many pulses that took."""
        target = torch.where(self.weight >= 0, 1.0, -1.0)
        pulsed = target != (self.stored if self.retry else self.wanted)
        lucky = torch.rand(target.shape, generator=self._chance) >= self.failure
        self.stored.copy_(torch.where(pulsed & lucky, target, self.stored))
        self.wanted.copy_(target)
        count = int(pulsed.sum())
        self.pulses += count
        return count
