"""Streams of random bits from junctions: sampled telegraph states or pulses with a known probability, XOR-whitened.

    raw:       s_i = state at i T,    correlation of neighbours c = exp(-T/tau*)
    whitened:  b_k = s_kn XOR s_kn+1 ... XOR s_kn+n-1           (over consecutive samples of one junction)
    or:        b_k = s_k(1) XOR s_k(2) ... XOR s_k(n)           (over n junctions sampled together)

Independent bits with P(1) = 1/2 + e give, XORed n at a time, the bias 2^(n-1) e^n in magnitude; correlated ones do not:
:func:`whitened_moments` has the exact bias and correlation of both. Whitening of junctions by XOR: Fukushima et al.,
doi:10.7567/APEX.7.083001; Vodenicarevic et al., doi:10.1103/PhysRevApplied.8.054045.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, final

import numba
import numpy as np

from spinloom.devices import bit_kernels
from spinloom.devices.two_state_kernels import in_pieces
from spinloom.engines import launch
from spinloom.errors import InputError, SpinloomWarning
from spinloom.physics import rng
from spinloom.units import si

if TYPE_CHECKING:
    from spinloom.devices.two_state import TwoState

Over = Literal["samples", "junctions"]
Progress = Callable[[int, int], None]

STREAM_BITS = 3
"""Bits draw from a stream of their own: the telegraph's other methods with the same seed stay independent of them."""
VISIBLE = 1e-3
"""Bias (as a mean of ±1) or correlation of whitened bits that a stream of 1e6 of them shows: one standard error."""
_WASTEFUL = 25.0
"""Intervals longer than so many correlation times gain nothing: the correlation is then below 2e-11."""
_PIECE = 4096
"""Blocks of the kernel at a time: 4 million samples, some milliseconds, so that Ctrl-C and progress are prompt."""


@final
@dataclass(frozen=True)
class RandomBits:
    """Random bits, packed.

    Attributes
    ----------
    packed : ndarray of uint8, shape (streams, ceil(count/8))
        Eight bits a byte, the first in the highest place; places after the last bit are 0.
    count : int
        Bits a stream.
    raw_per_bit : int
        Samples or pulses that one bit took.
    time_per_bit : float
        [s]; nan where the pulse's time is not known here.
    """

    packed: np.ndarray
    count: int
    raw_per_bit: int = 1
    time_per_bit: float = math.nan

    @property
    def streams(self) -> int:
        """Number of independent streams."""
        return self.packed.shape[0]

    def unpacked(self) -> np.ndarray:
        """The bits, (streams, count) of uint8."""
        return np.unpackbits(self.packed, axis=1, count=self.count)

    def mean(self) -> np.ndarray:
        """Share of ones of each stream, (streams,)."""
        return np.bitwise_count(self.packed).sum(axis=1, dtype=np.int64) / self.count


def telegraph_bits(
    junctions: TwoState,
    count: int,
    interval: float | str,
    current: float | np.ndarray = 0.0,
    *,
    xor: int = 1,
    over: Over = "samples",
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
    check: bool = True,
) -> RandomBits:
    """Bits from superparamagnetic junctions read every ``interval``: one stream a junction, or one a group of them.

    The states follow the exact transition probability from equilibrium at constant current, so any interval is exact.
    Probabilities are resolved to 2^-32.

    Parameters
    ----------
    junctions : TwoState
    count : int
        Bits wanted of each stream.
    interval : quantity
        T [s] between samples.
    current : float or array (n,)
        Constant current [A].
    xor : int
        Whitening depth n; 1 leaves the samples as they are.
    over : {"samples", "junctions"}
        XOR over consecutive samples of a junction, or over groups of n junctions sampled together.
    seed, threads, progress
        The bits depend on the seed alone, not on threads.
    check : bool
        Warn where the interval is too short or too long for the rates.

    Returns
    -------
    RandomBits
        n streams, or n/xor of them over junctions.

    Raises
    ------
    InputError
        A count or depth below 1, an interval not above 0, junctions that do not fill groups of ``xor``.

    Warns
    -----
    SpinloomWarning
        Neighbouring whitened bits are correlated, or biased by the samples' correlation, by more than 1e-3, with the
        interval from which on they are not; or the interval is far longer than the junction needs.
    """
    seconds = si(interval, "time", "interval")
    if seconds <= 0:
        raise InputError(f"interval = {seconds:g} s: the time between samples must be more than 0.")
    if np.ndim(current) > 1:
        raise InputError("Bits take one current, or one for each junction.")
    leave_0, leave_1 = junctions.transition(current, seconds)
    if check:
        _check_interval(junctions, current, seconds, xor, over)
    start = junctions.start(current, seed)
    packed = _run(leave_0, 1.0 - leave_1, start, count, xor, over, seed, threads, progress)
    return RandomBits(packed, count, xor, seconds * (xor if over == "samples" else 1))


def bernoulli_bits(
    probability: float | np.ndarray,
    count: int,
    *,
    xor: int = 1,
    over: Over = "samples",
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> RandomBits:
    """Independent bits, each 1 with a given probability: a device that is reset, pulsed and read for each bit.

    Parameters
    ----------
    probability : float or array (devices,)
        P(1), in steps of 2^-32; 0 and 1 are exact.
    count, xor, over, seed, threads, progress
        As of :func:`telegraph_bits`.

    Raises
    ------
    InputError
        A probability outside 0..1 or NaN; else as :func:`telegraph_bits`.
    """
    chance = np.atleast_1d(np.asarray(probability, float))
    if chance.ndim != 1 or not ((chance >= 0) & (chance <= 1)).all():
        raise InputError(f"A probability lies between 0 and 1, one a device; got {probability}.")
    certain = chance == 1.0  # 2^32 has no place in 32 bits: their bits are 0, and turned over at the end
    chance = np.where(certain, 0.0, chance)
    packed = _run(chance, chance, np.zeros(chance.size, np.uint8), count, xor, over, seed, threads, progress)
    turned = certain * xor if over == "samples" else certain.reshape(-1, xor).sum(axis=1)
    last = np.packbits(np.arange(packed.shape[1] * 8) < count)
    packed[turned % 2 == 1] ^= last
    return RandomBits(packed, count, xor)


def _thresholds(probability: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(np.asarray(probability, float) * 2.0**32), 0, 2**32 - 1).astype(np.uint32)


@functools.cache
def _kernel() -> Any:
    fill = numba.njit(fastmath=True, error_model="numpy")(launch.bind(bit_kernels.fill, draw=rng.draw))
    return launch.compiled(bit_kernels.whitened, {"draw": rng.draw}, raw_words=fill)


def _run(
    low: np.ndarray,
    high: np.ndarray,
    start: np.ndarray,
    count: int,
    xor: int,
    over: Over,
    seed: int,
    threads: int | None,
    progress: Progress | None,
) -> np.ndarray:
    if count < 1 or xor < 1:
        raise InputError(f"count = {count}, xor = {xor}: both must be at least 1.")
    if over not in ("samples", "junctions"):
        raise InputError(f"over = '{over}': whitening runs over 'samples' or 'junctions'.")
    group, depth = (1, xor) if over == "samples" else (xor, 1)
    if start.size % group:
        raise InputError(f"{start.size} junctions do not make groups of {group}; give a multiple of {group}.")
    thresholds = _thresholds(low).reshape(-1, group), _thresholds(high).reshape(-1, group)
    state = start.astype(np.uint64).reshape(-1, group)
    streams = len(state)
    out = np.zeros((streams, -(-count // 8)), np.uint8)
    run = np.tile(np.array([0, 0, depth - 1, 0], np.int64), (streams, 1))
    blocks = -(-count * depth // bit_kernels.BLOCK)
    kernel = _kernel()
    for first in range(0, blocks, _PIECE):
        piece = (first, min(first + _PIECE, blocks))

        def work(begin: int, end: int, piece: tuple[int, int] = piece) -> None:
            for k in range(begin, end):
                kernel(
                    thresholds[0][k], thresholds[1][k], state[k], np.uint64(seed), k * group, STREAM_BITS, piece,
                    depth, run[k], out[k], count,
                )  # fmt: skip

        in_pieces(work, streams, threads, piece=1)
        if progress is not None:
            progress(piece[1], blocks)
    return out


# ---- closed forms -----------------------------------------------------------------------------------------------


def whitened_moments(probability: float, correlation: float, xor: int, over: Over = "samples") -> tuple[float, float]:
    """Bias P(1) - 1/2 and correlation of neighbours of whitened bits, exact.

    With spins σ = 1 - 2 s, a whitened bit's spin is the product of n spins. Over junctions its mean is m^n; over
    consecutive samples of the two-state chain it is <0|(S M)^n|1> with the chain's matrix M and S = diag(1, -1). For
    c = 0 both are (1 - 2p)^n, the bias 2^(n-1) e^n in magnitude.

    Parameters
    ----------
    probability, correlation : float
        p of the raw samples and c = exp(-T/tau*) of neighbouring ones.
    xor, over
        As of :func:`telegraph_bits`.

    Returns
    -------
    (bias, correlation) : float, float
        Correlation is nan where the bits are constant.
    """
    p, c = float(probability), float(correlation)
    if over == "junctions":
        mean = (1.0 - 2.0 * p) ** xor
        pair = ((1.0 - 2.0 * p) ** 2 + 4.0 * p * (1.0 - p) * c) ** xor
    else:
        equilibrium = np.array([1.0 - p, p])
        chain = np.outer(np.ones(2), equilibrium) * (1.0 - c) + c * np.eye(2)  # row: from, column: to
        signed = chain * np.array([1.0, -1.0])
        powers = np.linalg.matrix_power(signed, xor)
        mean = float((equilibrium @ powers).sum())
        pair = float((equilibrium @ powers @ powers).sum())
    spread = 1.0 - mean**2
    return -0.5 * mean, (pair - mean**2) / spread if spread > 0 else math.nan


def _excess(p: float, c: float, xor: int, over: Over) -> float:
    """What the correlation of the samples does to the whitened bits: to their mean (±1) or to their neighbours."""
    bias, correlation = whitened_moments(p, c, xor, over)
    without, _ = whitened_moments(p, 0.0, xor, over)
    return max(abs(2.0 * (bias - without)), abs(correlation))


def sampling_needed(
    junctions: TwoState, current: float | np.ndarray = 0.0, xor: int = 1, over: Over = "samples"
) -> float:
    """The interval T [s] from which on the samples' correlation changes no whitened bit by more than 1e-3."""
    share = np.broadcast_to(junctions.probability_parallel(current), (junctions.count,))
    times = np.broadcast_to(junctions.correlation_time(current), (junctions.count,))
    return max(_needed(float(p), float(tau), xor, over) for p, tau in zip(share, times, strict=True))


def _needed(p: float, tau: float, xor: int, over: Over) -> float:
    low, high = 0.0, 60.0  # in correlation times: c = e^-60 changes nothing
    for _ in range(60):
        middle = 0.5 * (low + high)
        if _excess(p, math.exp(-middle), xor, over) > VISIBLE:
            low = middle
        else:
            high = middle
    return high * tau


def _check_interval(junctions: TwoState, current: float | np.ndarray, seconds: float, xor: int, over: Over) -> None:
    if xor < 1:
        return  # refused by name later
    tau = np.broadcast_to(junctions.correlation_time(current), (junctions.count,))
    slow = int(np.argmax(tau))
    needed = sampling_needed(junctions[slow : slow + 1], np.broadcast_to(current, (junctions.count,))[slow], xor, over)
    if seconds < needed:
        warnings.warn(
            f"Samples every {seconds:.3g} s are too close for a correlation time of {tau[slow]:.3g} s: neighbouring "
            f"samples are correlated by {math.exp(-seconds / tau[slow]):.3g}, which is seen in the bits after XOR over "
            f"{xor} {over}. It is no longer seen in 1e6 bits from an interval of {needed:.3g} s on.",
            SpinloomWarning,
            stacklevel=3,
        )
    elif seconds > _WASTEFUL * tau[slow]:
        warnings.warn(
            f"Samples every {seconds:.3g} s are far apart for a correlation time of {tau[slow]:.3g} s (correlation "
            f"below 1e-10): an interval of {needed:.3g} s gives bits as good.",
            SpinloomWarning,
            stacklevel=3,
        )
