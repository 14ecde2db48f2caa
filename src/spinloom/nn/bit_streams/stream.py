"""Numbers as streams of random bits: conversion, the gates that compute with them, and a watch over their independence.

Unipolar form: a stream of ones with probability p stands for p. Bipolar form: it stands for 2 p - 1. Gates (Gaines,
"Stochastic computing systems", doi:10.1007/978-1-4899-5841-9_2) for independent streams x, y of values p, q:

    AND   p q                       OR    1 - (1 - p)(1 - q)        NOT   1 - p
    XNOR  (2p - 1)(2q - 1), bipolar                MUX   s p + (1 - s) q, scaled addition
"""

from __future__ import annotations

import contextlib
import contextvars
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self, final

import numpy as np

from spinloom.errors import InputError
from spinloom.nn.bit_streams import correlation as statistics
from spinloom.nn.bit_streams.correlation import FALSE_ALARM, Correlation
from spinloom.nn.bit_streams.junctions import Junctions, checked, seed_key
from spinloom.nn.bit_streams.kernels import STREAM_INPUTS, kernel

_WATCH: contextvars.ContextVar[float] = contextvars.ContextVar("watch", default=0.0)
Origin = tuple[str, int]
"""A junction's name, and the samples by which its stream was delayed."""


@contextlib.contextmanager
def debug(false_alarm: float = FALSE_ALARM) -> Iterator[None]:
    """Within it, every gate that takes its streams as independent measures whether they are.

    Parameters
    ----------
    false_alarm : float
        Probability that two independent streams are refused.

    Raises
    ------
    InputError
        By a gate: its streams share a junction at the same delay, or are correlated beyond chance.
    """
    if not 0.0 < false_alarm < 1.0:
        raise InputError(f"false_alarm = {false_alarm}: give a probability between 0 and 1, such as 1e-6.")
    token = _WATCH.set(false_alarm)
    try:
        yield
    finally:
        _WATCH.reset(token)


@final
@dataclass(frozen=True, eq=False)
class BitStream:
    """A stream of bits, or many of one length, packed 64 to a word.

    Attributes
    ----------
    words : uint64 ndarray, shape (..., words)
        Sample t is bit t % 64 of word t // 64; unused places are 0.
    length : int
        Samples.
    origins : frozenset of (str, int)
        The junctions whose chance is in it, each with its delay.

    Examples
    --------
    >>> x, y = BitStream.of(0.5, 4096, seed=1), BitStream.of(0.25, 4096, seed=2)
    >>> with debug():
    ...     product = x & y
    >>> bool(abs(product.value - 0.125) < 4 * (0.125 * 0.875 / 4096) ** 0.5)
    True
    """

    words: np.ndarray
    length: int
    origins: frozenset[Origin] = frozenset()

    # ---- from and to numbers ------------------------------------------------------------------------------------

    @classmethod
    def of(
        cls,
        probability: float | np.ndarray,
        length: int,
        seed: int = 0,
        junctions: Junctions | None = None,
        name: str = "",
    ) -> Self:
        """Streams of these numbers from 0 to 1, one junction each.

        Parameters
        ----------
        probability : float or array (...)
        length : int
            Samples.
        seed : int
            Of the chance; streams of the same seed and name are the same junctions.
        junctions : Junctions, optional
            What they really give; ideal ones if not given. Junction n stands for number n.
        name : str
            Of these junctions, in messages; from the seed if not given.

        Raises
        ------
        InputError
            A number outside 0..1, a length below 1.
        """
        if isinstance(length, bool) or not isinstance(length, int | np.integer) or length < 1:
            raise InputError(f"length = {length}: a stream has a whole number of samples, 1 or more.")
        p = checked(probability)
        flat = p.reshape(-1)
        level, keep, fair, bits = (junctions or Junctions.ideal()).recipe(flat)
        count = -(-int(length) // 64)
        words = np.empty((count, flat.size), np.uint64)
        last, key = np.zeros(flat.size, np.uint64), seed_key(seed)
        for t in range(count):
            kernel("words")(level, keep, fair, bits, last, key, t, STREAM_INPUTS, words[t])
        words[-1] &= np.uint64((1 << (int(length) - 64 * (count - 1))) - 1)
        shape = np.shape(probability)
        origin = f"{name or 'junctions of seed ' + str(seed)}"
        return cls(np.ascontiguousarray(words.T).reshape(*shape, count), int(length), frozenset({(origin, 0)}))

    @classmethod
    def from_bits(cls, bits: np.ndarray, name: str) -> Self:
        """Streams from samples of 0 and 1, shape (..., length): a measured record, or ``telegraph_bits().unpacked()``.

        Raises
        ------
        InputError
            Other values than 0 and 1, or no sample.
        """
        given = np.asarray(bits)
        if given.ndim < 1 or not given.shape[-1] or not np.isin(given, (0, 1)).all():
            raise InputError("A stream is made of samples that are 0 or 1, at least one, the last dimension in time.")
        length = given.shape[-1]
        spare = [(0, 0)] * (given.ndim - 1) + [(0, -length % 64)]
        packed = np.packbits(np.pad(given.astype(np.uint8), spare), axis=-1, bitorder="little")
        return cls(packed.view("<u8").astype(np.uint64), length, frozenset({(name, 0)}))

    def bits(self) -> np.ndarray:
        """The samples, uint8 of 0 and 1, shape (..., length)."""
        octets = np.ascontiguousarray(self.words.astype("<u8")).view(np.uint8)
        return np.unpackbits(octets, axis=-1, bitorder="little", count=self.length)

    @property
    def ones(self) -> np.ndarray:
        """How many ones, shape (...)."""
        return np.bitwise_count(self.words).sum(axis=-1, dtype=np.int64)

    @property
    def value(self) -> np.ndarray:
        """Estimate of p: the share of ones; its standard deviation is sqrt(p (1 - p)/length) for independent bits."""
        return self.ones / self.length

    @property
    def bipolar(self) -> np.ndarray:
        """The number 2 p - 1 that the stream stands for in the bipolar form."""
        return 2.0 * self.value - 1.0

    # ---- gates --------------------------------------------------------------------------------------------------

    def times(self, other: BitStream, debug: bool = False) -> BitStream:
        """AND: the product p q of independent streams, variance p q (1 - p q)/length. ``debug`` checks this gate."""
        self._watch(other, "multiplied by AND", debug)
        return self._joined(other, self.words & other.words)

    def __and__(self, other: BitStream) -> BitStream:
        """The product: see :meth:`times`."""
        return self.times(other)

    def __or__(self, other: BitStream) -> BitStream:
        """OR: 1 - (1 - p)(1 - q) of independent streams."""
        self._watch(other, "accumulated by OR")
        return self._joined(other, self.words | other.words)

    def __invert__(self) -> BitStream:
        """NOT: 1 - p, or -x in the bipolar form."""
        return self._masked(~self.words, self.origins)

    def xnor(self, other: BitStream, debug: bool = False) -> BitStream:
        """XNOR: the product (2p - 1)(2q - 1) of independent streams in the bipolar form."""
        self._watch(other, "multiplied by XNOR", debug)
        return self._masked(~(self.words ^ other.words), self._joined(other, self.words).origins)

    def mux(self, one: BitStream, zero: BitStream) -> BitStream:
        """Multiplexer with this stream as select: s p + (1 - s) q. Only the select must be independent of the two."""
        for stream in (one, zero):
            self._watch(stream, "the select of a multiplexer and its input")
        words = (self.words & one.words) | (~self.words & zero.words)
        return self._masked(words, self.origins | one.origins | zero.origins)

    def delay(self, samples: int) -> BitStream:
        """The stream ``samples`` later (an isolator of that many flip-flops): decorrelates a junction from itself.

        A telegraph junction's correlation with its delayed self is c^samples; ``correlation.isolation`` gives the
        samples needed. The first samples are those that come out last, so that the value stays what it is.
        """
        if samples < 0:
            raise InputError(f"samples = {samples}: a delay is 0 or more samples.")
        moved = BitStream.from_bits(np.roll(self.bits(), samples, axis=-1), "")
        origins = frozenset((name, (before + samples) % self.length) for name, before in self.origins)
        return BitStream(moved.words, self.length, origins)

    # ---- independence -------------------------------------------------------------------------------------------

    def correlation(self, other: BitStream) -> Correlation:
        """Measured correlation of two single streams."""
        self._fits(other)
        if self.words.ndim != 1 or other.words.ndim != 1:
            raise InputError("The correlation is that of two single streams; take one of each.")
        return statistics.measure(self.bits(), other.bits())

    def __getitem__(self, index: int | slice | tuple) -> BitStream:
        """Some of many streams."""
        if self.words.ndim == 1:
            raise InputError("This is a single stream; its samples are in .bits().")
        origins = frozenset((f"{name}, number {index}", delay) for name, delay in self.origins)
        return BitStream(self.words[index], self.length, origins)

    def _watch(self, other: BitStream, how: str, wanted: bool = False) -> None:
        self._fits(other)
        false_alarm = _WATCH.get() or (FALSE_ALARM if wanted else 0.0)
        if not false_alarm:
            return
        first, second = np.broadcast_arrays(self.words, other.words)
        one, two = (BitStream(a, self.length).bits().reshape(-1, self.length) for a in (first, second))
        found = [statistics.measure(x, y) for x, y in zip(one, two, strict=True)]
        worst = max(found, key=lambda c: abs(c.phi) / c.expected)
        shared = sorted(name for name, _ in self.origins & other.origins)
        # of many streams the worst of all is looked at, so each alone gets its share of the false alarms
        if not shared and not worst.beyond(false_alarm / len(found)):
            return
        reason = (
            f"both come from {shared[0]}" if shared else f"more than chance would once in {1 / false_alarm:.3g} times"
        )
        raise InputError(
            f"Two streams are {how} as if independent, but their correlation is {worst.phi:.3g} (SCC {worst.scc:.3g}, "
            f"chance {_chance(worst)}, {self.length} samples): {reason}. Take the second stream from another junction, "
            "or decorrelate it by .delay(samples): one sample for pulsed devices, isolation(c, residual) samples for a "
            "telegraph junction."
        )

    def _fits(self, other: BitStream) -> None:
        if self.length != other.length:
            raise InputError(f"Streams of {self.length} and {other.length} samples do not go through one gate.")

    def _joined(self, other: BitStream, words: np.ndarray) -> BitStream:
        return BitStream(words, self.length, self.origins | other.origins)

    def _masked(self, words: np.ndarray, origins: frozenset[Origin]) -> BitStream:
        """The words with 0 in the places beyond the last sample."""
        clean = words.copy()
        clean[..., -1] &= np.uint64((1 << (self.length - 64 * (words.shape[-1] - 1))) - 1)
        return BitStream(clean, self.length, origins)


def or_all(streams: Sequence[BitStream]) -> BitStream:
    """OR of several streams, 1 - prod_i (1 - p_i): sum and saturation in one gate."""
    if not streams:
        raise InputError("An OR gate needs at least one stream.")
    total = streams[0]
    for stream in streams[1:]:
        total = total | stream
    return total


def parallel_count(streams: Iterable[BitStream]) -> np.ndarray:
    """Accumulative parallel counter: ones of all streams together; over the length it estimates sum_i p_i.

    Unlike the gates it is exact in the sum also for correlated streams; only its variance changes.
    """
    return np.sum([stream.ones for stream in streams], axis=0)


def _chance(found: Correlation) -> str:
    return f"±{found.expected:.2g}" if math.isfinite(found.expected) else "undefined for a constant stream"
