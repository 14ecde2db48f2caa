"""Window after window along a tour, compiled: choose edges to cut, let p-bits order the pieces, keep what is not worse.

When windows bring nothing more, a kick exchanges two pieces of the tour; the windows after it lie around the kick. What
they end with is accepted by Metropolis' rule on the tour's length. The best tour is kept.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numba import int64, uint32, uint64

from spinloom.engines import launch
from spinloom.ising.kernels import tour_window
from spinloom.ising.kernels.tour_window import compiled_part
from spinloom.physics import rng, xoshiro

WINDOWS, KICKS, RECORDS, COUNTS = 0, 4, 6, 7
"""Places among the counts, besides those of ``tour_window``: windows done, kicks, entries of the record; how many."""
NOW, KEPT, BEST = range(3)
"""Places of the lengths: of the tour at work, of the one that a kick came from, of the best."""

# stand-ins, replaced by launch.bind
advance: Any = None
close_edges: Any = None
draw: Any = None
join: Any = None
kick: Any = None
number: Any = None
one_window: Any = None
record: Any = None


def _seed(seed_low, seed_high, tour, generator):
    """Fill the generators (4, n + 1) of one tour: one a p-bit, the last for choices."""
    for lane in range(generator.shape[1]):
        a, b, c, d = draw(seed_low, seed_high, uint32(tour), uint64(lane), uint32(29))
        generator[0, lane], generator[1, lane], generator[2, lane] = a, b, c
        generator[3, lane] = uint32(d | uint32(1))


def _number(generator, below):
    """A whole number in 0 .. below - 1 from the last generator."""
    last = generator.shape[1] - 1
    word, generator[0, last], generator[1, last], generator[2, last], generator[3, last] = advance(
        generator[0, last], generator[1, last], generator[2, last], generator[3, last]
    )
    return int64((uint64(word) * uint64(below)) >> uint64(32))


def _close_edges(order, place, near, city, generator, cuts):
    """Cut edges near a city, nearest first, about one in three left out; the longest piece comes last."""
    size, count, rank = order.size, 0, -1
    while count < cuts.size:
        here = city if rank < 0 else near[city, rank]
        rank = rank + 1 if rank + 1 < near.shape[1] else -1
        choice = number(generator, 6)
        if choice > 3:
            continue
        edge = (place[here] - choice % 2) % size  # the edge after or before the city
        j = count
        while j > 0 and cuts[j - 1] > edge:
            j -= 1
        if j > 0 and cuts[j - 1] == edge:
            continue
        for i in range(count, j, -1):
            cuts[i] = cuts[i - 1]
        cuts[j] = edge
        count += 1
    longest, first = 0, 0
    for j in range(count):
        gap = (cuts[j] - cuts[j - 1] - 1) % size + 1
        if gap > longest:
            longest, first = gap, j
    for _ in range(first):
        edge = cuts[0]
        for i in range(1, count):
            cuts[i - 1] = cuts[i]
        cuts[count - 1] = edge


def _kick(distances, order, place, near, generator, cuts, exchanged, buffer, touched):
    """Exchange two neighbouring pieces between three edges near a random city; returns the change of length."""
    size, count = order.size, 0
    city = number(generator, size)
    while count < 3:
        here = city if count == 0 else near[city, number(generator, near.shape[1])]
        edge = place[here]
        if not (count > 0 and edge == cuts[0]) and not (count > 1 and edge == cuts[1]):
            cuts[count] = edge
            count += 1
    a, b, c = min(cuts[0], cuts[1], cuts[2]), 0, max(cuts[0], cuts[1], cuts[2])
    b = cuts[0] + cuts[1] + cuts[2] - a - c
    cuts[0], cuts[1], cuts[2] = a, b, c
    change = 0.0
    for j in range(3):
        touched[2 * j], touched[2 * j + 1] = order[cuts[j]], order[(cuts[j] + 1) % size]
        change -= distances[touched[2 * j], touched[2 * j + 1]]
    exchanged[0], exchanged[1] = 1, 0
    join(order, place, cuts, 1, exchanged, buffer)
    return change + (
        distances[touched[0], touched[3]] + distances[touched[4], touched[1]] + distances[touched[2], touched[5]]
    )


def _record(lengths, counts, order, best, history):
    if lengths[NOW] < lengths[BEST]:
        lengths[BEST] = lengths[NOW]
        for i in range(order.size):
            best[i] = order[i]
        row = min(counts[RECORDS], len(history) - 1)
        history[row, 0], history[row, 1] = counts[WINDOWS], lengths[NOW]
        counts[RECORDS] = row + 1


def _search(
    distances, near, tour, kept, best, ways, stride, plan, device, outer, lengths, counts, history, generator, work,
    ints, windows, stop, done,
):  # fmt: skip
    """Window after window; ``outer``: windows before the first kick, windows a kick, temperature (a length)."""
    order, place, buffer = tour
    calm, patience, temperature = outer
    size = order.size
    cuts, touched = np.empty(ints[2].size + 1, np.int64), np.zeros(6, np.int64)
    three, two = np.empty(3, np.int64), np.empty(2, np.int64)
    for window in range(windows):
        if stop[0]:
            break
        since = window - calm
        if stride == 0 and patience > 0 and since >= 0 and since % patience == 0:
            accept = lengths[NOW] <= lengths[KEPT]
            if not accept and temperature > 0.0:
                chance = (number(generator, 1 << 30) + 0.5) / float(1 << 30)
                accept = chance < np.exp((lengths[KEPT] - lengths[NOW]) / temperature)
            if accept:
                lengths[KEPT] = lengths[NOW]
                for i in range(size):
                    kept[i] = order[i]
            else:
                lengths[NOW] = lengths[KEPT]
                for i in range(size):
                    order[i] = kept[i]
                    place[kept[i]] = i
            lengths[NOW] += kick(distances, order, place, near, generator, three, two, buffer, touched)
            counts[KICKS] += 1
        if stride > 0:
            for j in range(cuts.size):
                cuts[j] = (window * stride + j) % size
        else:
            city = touched[number(generator, 6)] if counts[KICKS] > 0 else number(generator, size)
            close_edges(order, place, near, city, generator, cuts)
        lengths[NOW] += one_window(distances, tour, cuts, ways, plan, device, generator, work, ints, counts)
        counts[WINDOWS] += 1
        record(lengths, counts, order, best, history)
        done[0] += 1


@functools.cache
def seed_kernel() -> Any:
    """``(seed_low, seed_high, tour, generator (4, n + 1) uint32)``: fills the generators of one tour."""
    return launch.compiled(_seed, {"draw": rng.draw})


@functools.cache
def search_kernel() -> Any:
    """The loop of :func:`_search`, compiled."""
    window = tour_window.parts()
    number = compiled_part(_number, advance=xoshiro.advance)
    functions = {
        "one_window": window["one_window"],
        "number": number,
        "close_edges": compiled_part(_close_edges, number=number),
        "kick": compiled_part(_kick, number=number, join=window["join"]),
        "record": compiled_part(_record),
    }
    return launch.compiled(_search, functions)
