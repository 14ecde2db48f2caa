"""What each p-bit feels of a machine's terms: ideal ones, or those of a chip with its spreads and its precision."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, final

import numpy as np

from spinloom.errors import InputError
from spinloom.ising.learning.terms import Terms

if TYPE_CHECKING:
    from spinloom.devices.probabilistic_bit import ProbabilisticBit


@final
class Felt(NamedTuple):
    """What each p-bit feels: f_i = field_i + sum_j coupling_ij s_j, row i in the letters of p-bit i itself.

    P(s_i = +1) = 1/(1 + exp(2 f_i)). ``upward`` (h, v) is what hidden units feel of visible ones, ``downward`` (v, h)
    the reverse; on a chip neither is the other's transpose.
    """

    visible: np.ndarray
    hidden: np.ndarray
    downward: np.ndarray
    upward: np.ndarray
    visibles: np.ndarray | None
    hiddens: np.ndarray | None

    @classmethod
    def ideal(cls, terms: Terms, kind: type = np.float64) -> Felt:
        """Of p-bits that are all alike and feel the terms as they are, as numbers of a ``kind``."""
        numbers = terms.map(lambda array: np.ascontiguousarray(array, kind))
        return cls(
            numbers.visible,
            numbers.hidden,
            numbers.between,
            numbers.between.T,
            numbers.visibles,
            numbers.hiddens,
        )

    def joined(self) -> tuple[np.ndarray, np.ndarray]:
        """Fields (n,) and couplings (n, n), row i felt by unit i, the visible ones first."""
        v, n = len(self.visible), len(self.visible) + len(self.hidden)
        couplings = np.zeros((n, n))
        couplings[:v, v:], couplings[v:, :v] = self.downward, self.upward
        if self.visibles is not None:
            couplings[:v, :v] = self.visibles
        if self.hiddens is not None:
            couplings[v:, v:] = self.hiddens
        return np.concatenate([self.visible, self.hidden]), couplings


@final
@dataclass(frozen=True)
class Chip:
    """A chip of p-bits m_i = sgn(tanh(g_i (I_i - o_i)) - r), I = -(h + J m), with a slope g_i and an offset o_i each.

    Attributes
    ----------
    device : ProbabilisticBit or None
        Whose spreads of slope and offset the p-bits have; None: all alike.
    bits : int or None
        Of the stored fields and couplings, sign included: a grid of 2^bits - 1 values around 0; None: exact.
    largest : float
        The largest field or coupling that is stored. A grid needs a finite one.
    seed : int
        Which chip.

    Raises
    ------
    InputError
        A grid of less than 2 bits or without a range, a range that is not positive.

    Notes
    -----
    Learning with the chip in the loop changes the stored numbers until the chip's own moments are the data's: offsets
    are taken up by the fields, slopes in part by the couplings (J. Kaiser et al., Phys. Rev. Applied 17, 014016 (2022),
    doi:10.1103/PhysRevApplied.17.014016). Steps finer than the grid are kept outside of it, as a controller would.
    """

    device: ProbabilisticBit | None = None
    bits: int | None = None
    largest: float = math.inf
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse a chip that could not be built."""
        if not self.largest > 0:
            raise InputError(f"largest = {self.largest}: give the largest coupling that is stored, above 0, or inf.")
        if self.bits is not None:
            if isinstance(self.bits, bool) or not isinstance(self.bits, int) or self.bits < 2:
                raise InputError(f"bits = {self.bits!r}: give a whole number from 2 upwards (sign included), or None.")
            if not math.isfinite(self.largest):
                raise InputError(f"A grid of {self.bits} bits needs its range: give largest, e.g. 4.")

    def p_bits(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Slopes and offsets (count,) of the first p-bits of the chip."""
        if self.device is None:
            return np.ones(count), np.zeros(count)
        drawn = self.device.spread(count, self.seed)
        return drawn.slope, drawn.offset

    def stored(self, terms: Terms) -> Terms:
        """The terms as the chip stores them: held to the range, on the grid."""

        def store(array: np.ndarray) -> np.ndarray:
            held = np.clip(array, -self.largest, self.largest)
            if self.bits is None:
                return held
            step = self.largest / (2 ** (self.bits - 1) - 1)
            return np.round(held / step) * step

        return terms.map(store)

    def felt(self, terms: Terms, kind: type = np.float64) -> Felt:
        """What the chip's p-bits feel of terms that are written to it."""
        v = len(terms.visible)
        slope, offset = self.p_bits(v + len(terms.hidden))
        ideal = Felt.ideal(self.stored(terms))
        up, down = slope[v:, None], slope[:v, None]
        found = (
            slope[:v] * (ideal.visible + offset[:v]),
            slope[v:] * (ideal.hidden + offset[v:]),
            down * ideal.downward,
            up * ideal.upward,
            None if ideal.visibles is None else down * ideal.visibles,
            None if ideal.hiddens is None else up * ideal.hiddens,
        )
        return Felt(*(array if array is None else array.astype(kind) for array in found))  # pyright: ignore[reportArgumentType]
