"""The travelling salesman on p-bits: a tour made shorter window by window, each small enough for the p-bits at hand.

Written as one energy, N cities take (N - 1)^2 p-bits (:mod:`spinloom.ising.encodings.tsp_one_hot`): 70 cities 4761, and
hardly any anneal of them ends near the shortest tour. A window cuts the tour at a few edges and lets p-bits put the
pieces together again: seven edges near each other make six pieces to order and to turn, 2 x 6^2 = 72 p-bits. A tour
that comes out not longer is kept.

References
----------
J. Si et al., Nat. Commun. 15, 3457 (2024), doi:10.1038/s41467-024-47818-z: windows that slide along the tour.
O. Martin, S. W. Otto, E. W. Felten, Complex Syst. 5, 299 (1991): kicks between descents, accepted by Metropolis' rule.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, final

import numpy as np

from spinloom.engines import cpu
from spinloom.errors import InputError, UnknownNameError
from spinloom.ising import blocks
from spinloom.ising.encodings.tsp_distances import checked_distances, nearest_neighbour, neighbours, tour_length
from spinloom.ising.job import Progress
from spinloom.ising.tsplib import TspInstance

if TYPE_CHECKING:
    from spinloom.devices.probabilistic_bit import ProbabilisticBit

_RECORDS = 4096
_PER_CITY = 500
"""Windows a city, when neither their number nor a time is given: beyond, little is gained (st70: mean 676 of 675)."""
_ENDLESS = 1 << 62
_CERTAIN = 1.01


@final
@dataclass(frozen=True)
class Windows:
    """How windows are cut and annealed.

    Attributes
    ----------
    edges : int
        Edges cut, at least 3: one piece stays, edges - 1 are ordered.
    stride : int
        0: edges near each other, of a random place. Else the windows of Si 2024: edges in a row, each window ``stride``
        cities further, one city a piece.
    sweeps : int
        Updates of each p-bit in an anneal.
    betas : (float, float)
        First and last inverse temperature, linear between, in units of 1/(longest length in the window).
    penalty : float
        A in units of the longest length; above 1 the lowest states are orders for certain, less moves better.
    shortened : bool
        Take a price of each city from all lengths, and count none as longer than the window.
    reads : int
        Anneals of a window; the best order is taken.
    patience : int
        Windows between kicks; 0: none.
    calm : int
        Windows before the first kick, a city.
    temperature : float
        At which a kick that made the tour longer is kept, in units of the mean edge.
    coupling_bits : int
        Couplings rounded to this many bits with sign; 0: not rounded.
    """

    edges: int = 7
    stride: int = 0
    sweeps: int = 50
    betas: tuple[float, float] = (4.0, 12.0)
    penalty: float = 0.5
    shortened: bool = True
    reads: int = 1
    patience: int = 60
    calm: int = 20
    temperature: float = 0.5
    coupling_bits: int = 0

    def __post_init__(self) -> None:
        for name, least in (("edges", 3), ("stride", 0), ("sweeps", 1), ("reads", 1), ("patience", 0), ("calm", 0)):
            if int(getattr(self, name)) != getattr(self, name) or getattr(self, name) < least:
                raise InputError(f"{name} = {getattr(self, name)}: a whole number, {least} or more.")
        numbers = (*self.betas, self.penalty, self.temperature)
        if len(self.betas) != 2 or not all(math.isfinite(x) and x >= 0.0 for x in numbers):
            raise InputError("betas (first and last), penalty and temperature must be finite and not below 0.")
        if self.coupling_bits not in (0, *range(2, 25)):
            raise InputError(f"coupling_bits = {self.coupling_bits}: 2 to 24 with the sign, or 0 for no rounding.")

    @property
    def ways(self) -> int:
        """Ways round of a piece: 2, or 1 where a piece is one city."""
        return 1 if self.stride else 2

    @property
    def p_bits(self) -> int:
        """p-bits of a window, ways (edges - 1)^2."""
        return self.ways * (self.edges - 1) ** 2


SLIDING = Windows(
    edges=9, stride=4, sweeps=200, betas=(1.0, 10.0), penalty=0.6, shortened=False, patience=0
)  # fmt: skip
"""As published by Si 2024: nine cities in a row, eight of which change their places. Stride, sweeps, betas and penalty
are not known; these end with the shortest tours of those tried (penalty 0.4 to 1.2, last beta 3 to 20)."""


@final
@dataclass(frozen=True)
class Tour:
    """A closed tour.

    Attributes
    ----------
    order : ndarray of int64, shape (N,)
        Cities in the order they are visited, counted from 0.
    length : float
    history : ndarray, shape (k, 2)
        Updates of p-bits made, and the shortest length until then, each time it became shorter.
    updates : float
        Updates of p-bits, of all tours.
    info : dict
        windows, shorter, left, infeasible (share of reads), kicks, flips, p_bits, lengths (of all tours), start (the
        order begun with), start_length, seconds, interrupted, late, seed; with a device also time [s] and energy [J].
    """

    order: np.ndarray
    length: float
    history: np.ndarray
    updates: float
    info: dict[str, Any] = field(default_factory=dict)


class WindowModel(NamedTuple):
    """E(x) = offset + linear x + x couplings x/2 over x in {0, 1}: what a window changes about the tour's length."""

    linear: np.ndarray
    couplings: np.ndarray
    offset: float


def window_model(
    distances: np.ndarray, order: np.ndarray, cuts: np.ndarray, ways: int = 2, penalty: float | None = None,
    shortened: bool = True,
) -> WindowModel:  # fmt: skip
    """The energy of one window, as the search makes it.

    Parameters
    ----------
    distances : array (N, N)
    order : array (N,)
        The tour.
    cuts : array (m + 1,)
        Edges cut, by the place of their first city, in the order of the tour; the piece after the last one stays.
    ways : int
        2: pieces can be turned; 1: they are single cities.
    penalty : float, optional
        A; 1.01 times the longest length in the window, which makes orders the lowest states, when left out.
    shortened : bool
        As in :class:`Windows`.
    """
    from spinloom.ising.kernels import tour_window

    distances, order, cuts = checked_distances(distances), np.asarray(order, np.int64), np.asarray(cuts, np.int64)
    pieces = cuts.size - 1
    width, parts = pieces * ways, tour_window.parts()
    starts, ends = np.empty(width, np.int64), np.empty(width, np.int64)
    between, first, last = np.empty((width, width)), np.empty(width), np.empty(width)
    parts["ends_of"](order, cuts, ways, starts, ends)
    left, right = order[cuts[0]], order[(cuts[-1] + 1) % order.size]
    scale, taken, present = parts["reduce"](distances, left, right, starts, ends, ways, shortened, between, first, last)
    strength = float(_CERTAIN * scale if penalty is None else penalty)
    couplings = np.empty((pieces * width, pieces * width), np.float32)
    linear = np.empty(pieces * width, np.float32)
    parts["couple"](between, first, last, ways, strength, couplings, linear)
    return WindowModel(linear, couplings, 2.0 * pieces * strength + taken - present)


def settings_of(window: Windows | int | Literal["close", "sliding"], cities: int) -> Windows:
    """Settings by name, by the number of edges to cut, or as they are; no more edges than cities."""
    from dataclasses import replace

    named = {"close": Windows(), "sliding": SLIDING}
    if isinstance(window, str) and window not in named:
        raise UnknownNameError("kind of window", window, named)
    found = named[window] if isinstance(window, str) else Windows(edges=window) if isinstance(window, int) else window
    return replace(found, edges=min(found.edges, cities))


def solve(
    instance: TspInstance | Any,
    *,
    window: Windows | int | Literal["close", "sliding"] = "close",
    windows: int | None = None,
    time_limit: float | None = None,
    seed: int = 0,
    tours: int = 1,
    threads: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    device: str | ProbabilisticBit | None = None,
) -> Tour:
    """A short closed tour, by p-bits that re-order small windows of it.

    Each window is annealed by p-bits alone, P(m = +1) = 1/(1 + exp(-2 I)), one after another. Where to cut, and what a
    kick exchanges, is chance. The same seed gives the same tour at any thread count, unless a time ends it.

    Parameters
    ----------
    instance : TspInstance or array (N, N)
        Cities, or their symmetric distances.
    window : Windows, int, "close" or "sliding"
        Settings, or the number of edges cut: 7 take 72 p-bits. "sliding" is Si 2024's method.
    windows : int, optional
        How many; without it and a time limit 500 a city.
    time_limit : float, optional
        Seconds.
    seed : int
    tours : int
        Tours made independently; the shortest is returned.
    threads : int, optional
        For several tours.
    progress : callable, optional
        Called with a ``Progress`` (energy: the shortest length) some ten times a second; Ctrl-C keeps the best.
    device : str or ProbabilisticBit, optional
        p-bits with spreads of slope and offset; their time and energy are told in ``info``.

    Raises
    ------
    InputError
        Distances that are not symmetric or not finite, fewer than 4 cities, a time limit too short for one window.
    """
    distances = checked_distances(instance)
    settings = settings_of(window, len(distances))
    if tours < 1 or (windows is not None and windows < 1) or (time_limit is not None and not time_limit > 0.0):
        raise InputError("tours and windows are 1 or more, and the time limit is above 0 s.")
    if windows is None:
        windows = _ENDLESS if time_limit is not None else _PER_CITY * len(distances)
    p_bits = _device(device)
    searches = [_Search(distances, settings, seed, tour, p_bits) for tour in range(tours)]
    for search in searches:
        search.run(0)  # compiles, so that no clock counts it
    made = [blocks.Block(s.runner(windows), windows, float(s.updates_a_window), s.shortest) for s in searches]
    ran = blocks.run(made, threads or cpu.threads_available(), time_limit, _by_time(progress, time_limit))
    if ran.late and ran.in_time == 0.0:
        raise InputError(f"The time limit of {time_limit:g} s is too short for one window of {settings.p_bits} p-bits.")
    best = min(searches, key=lambda search: search.shortest())
    info = _told(searches, best, settings, ran, seed)
    if p_bits is not None:
        info["time"] = info["updates"] * p_bits.time_per_update
        info["energy"] = info["updates"] * p_bits.energy_per_update
    updates = info.pop("updates")
    return Tour(best.best.copy(), tour_length(distances, best.best), best.history(), updates, info)


def _device(device: str | ProbabilisticBit | None) -> ProbabilisticBit | None:
    from spinloom.devices import device as load
    from spinloom.devices.probabilistic_bit import ProbabilisticBit

    found = load(device) if isinstance(device, str) else device
    if found is not None and not isinstance(found, ProbabilisticBit):
        raise InputError(f"{found.name} is a {found.kind}; windows run on a probabilistic_bit.")
    return found


def _by_time(progress: Callable[[Progress], None] | None, limit: float | None) -> Callable[[Progress], None] | None:
    if progress is None or limit is None:
        return progress
    return lambda now: progress(now._replace(share=max(now.share, min(now.seconds / limit, 1.0))))


def _told(searches: list[_Search], best: _Search, settings: Windows, ran: blocks.Ran, seed: int) -> dict[str, Any]:
    from spinloom.ising.kernels import tour_window, tours

    counts = np.sum([search.counts for search in searches], axis=0)
    annealed = int(counts[tours.WINDOWS] - counts[tour_window.LEFT])
    return {
        "updates": float(annealed) * best.updates_a_window,
        "windows": int(counts[tours.WINDOWS]),
        "shorter": int(counts[tour_window.SHORTER]),
        "left": int(counts[tour_window.LEFT]),
        "infeasible": float(counts[tour_window.INFEASIBLE]) / max(annealed * settings.reads, 1),
        "kicks": int(counts[tours.KICKS]),
        "flips": int(counts[tour_window.FLIPS]),
        "p_bits": settings.p_bits,
        "lengths": [search.shortest() for search in searches],
        "start": best.start,
        "start_length": best.start_length,
        "seconds": ran.seconds,
        "interrupted": ran.interrupted,
        "late": ran.late,
        "seed": seed,
    }


@final
class _Search:
    """One tour with the arrays that its kernel works on."""

    def __init__(
        self, distances: np.ndarray, settings: Windows, seed: int, tour: int, device: ProbabilisticBit | None
    ) -> None:
        from spinloom.ising.kernels import tours

        self.distances, self.settings = distances, settings
        cities, n, m = len(distances), settings.p_bits, settings.edges - 1
        width = m * settings.ways
        first = int(np.random.default_rng([0x75B, seed, tour]).integers(cities))
        self.start = nearest_neighbour(distances, first)
        self.start_length = tour_length(distances, self.start)
        self.near = neighbours(distances, min(cities - 1, max(24, 2 * settings.edges)))
        order = self.start.copy()
        place = np.empty(cities, np.int64)
        place[order] = np.arange(cities)
        self.tour = (order, place, np.empty(cities, np.int64))
        self.kept, self.best = order.copy(), order.copy()
        self.lengths = np.full(3, self.start_length)
        self.counts = np.zeros(tours.COUNTS, np.int64)
        self.record = np.empty((_RECORDS, 2))
        self.generator = np.empty((4, n + 1), np.uint32)
        tours.seed_kernel()(np.uint32(seed & 0xFFFFFFFF), np.uint32((seed >> 32) & 0xFFFFFFFF), tour, self.generator)
        single = np.float32
        self.plan = (
            settings.penalty,
            2 ** (settings.coupling_bits - 1) - 1 if settings.coupling_bits else 0,
            settings.reads,
            settings.shortened,
            np.linspace(*settings.betas, settings.sweeps).astype(single),
        )
        self.device = (np.ones(n, single), np.zeros(n, single))
        if device is not None:
            spread = device.spread(n, seed)
            self.device = (spread.slope.astype(single), (2.0 * spread.offset).astype(single))
        self.outer = (settings.calm * cities, settings.patience, settings.temperature * self.start_length / cities)
        self.work = (
            np.empty((n, n), single), np.empty((width, width)), np.empty(width), np.empty(width), np.empty(n, single),
            np.empty(n, single), np.empty(n, single), np.empty(n, single), np.empty(settings.sweeps, single),
        )  # fmt: skip
        self.ints = tuple(np.empty(size, np.int64) for size in (width, width, m, m))
        self.stop, self.progress = np.zeros(1, np.uint8), np.zeros(1, np.int64)

    @property
    def updates_a_window(self) -> int:
        return self.settings.p_bits * self.settings.sweeps * self.settings.reads

    def shortest(self) -> float:
        return float(self.lengths[2])

    def run(self, windows: int, stop: np.ndarray | None = None, done: np.ndarray | None = None) -> None:
        from spinloom.ising.kernels import tours

        tours.search_kernel()(
            self.distances, self.near, self.tour, self.kept, self.best, self.settings.ways, self.settings.stride,
            self.plan, self.device, self.outer, self.lengths, self.counts, self.record, self.generator, self.work,
            self.ints, windows, self.stop if stop is None else stop, self.progress if done is None else done,
        )  # fmt: skip

    def runner(self, windows: int) -> Callable[[np.ndarray, np.ndarray], None]:
        return lambda stop, done: self.run(windows, stop, done)

    def history(self) -> np.ndarray:
        from spinloom.ising.kernels import tours

        found = self.record[: self.counts[tours.RECORDS]].copy()
        found[:, 0] *= self.updates_a_window
        return np.vstack([[0.0, self.start_length], found])
