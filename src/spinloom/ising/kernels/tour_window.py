"""One window of a tour on p-bits, compiled: build the couplings, anneal, read, join.

A window cuts a closed tour at m + 1 edges. One piece stays; the other m are put together again in any order, each
either way round. p-bit (place p, piece s, way o) has the number (p m + s) ways + o, and

    E(x) = A sum_p (1 - sum_so x)^2 + A sum_s (1 - sum_po x)^2 + sum of the lengths of the m + 1 new edges

over x = (1 + m_i)/2 in {0, 1}. Of every length a price of either end is taken away first (each end is used once, so
all tours lose the same), and what is longer than the whole window is now counts as that much: no shorter tour holds it.
Both shorten the longest length in the window, and with it the penalty A that p-bits have to climb over.
"""

from __future__ import annotations

import functools
from typing import Any

import numba
import numpy as np
from numba import float32

from spinloom.engines import launch
from spinloom.physics import probabilistic_bit, xoshiro

SHORTER, INFEASIBLE, FLIPS, LEFT = 1, 2, 3, 5
"""Places among the counts: windows that shortened the tour, reads that were no order of the pieces, flips of p-bits,
windows left as they were since nothing can be shorter."""
_GROUP = 8
_FAR = 1e300

# stand-ins, replaced by launch.bind
advance: Any = None
anneal: Any = None
couple: Any = None
ends_of: Any = None
join: Any = None
new_length: Any = None
noise: Any = None
order_of: Any = None
reduce: Any = None
roughen: Any = None


def _ends_of(order, cuts, ways, starts, ends):
    """First and last city of each piece in each way round; piece s lies between cuts s and s + 1."""
    for s in range(cuts.size - 1):
        a, b = order[(cuts[s] + 1) % order.size], order[cuts[s + 1]]
        starts[s * ways], ends[s * ways] = a, b
        if ways == 2:
            starts[s * ways + 1], ends[s * ways + 1] = b, a


def _reduce(distances, left, right, starts, ends, ways, shortened, between, first, last):
    """Lengths, between pieces (m ways, m ways), from the left end and to the right one (m ways,).

    Returns the largest of them, what is taken from every order, and the length of the present order.
    """
    size = starts.size
    leaving, entering = np.empty(size), np.empty(size)
    price_left, price_right = _FAR, _FAR
    for a in range(size):
        leaving[a], entering[a] = distances[ends[a], right], distances[left, starts[a]]
        price_left, price_right = min(price_left, entering[a]), min(price_right, leaving[a])
    for a in range(size):
        for b in range(size):
            if a // ways != b // ways:
                leaving[a] = min(leaving[a], distances[ends[a], starts[b]])
                entering[b] = min(entering[b], distances[ends[a], starts[b]])
    if not shortened:
        price_left, price_right = 0.0, 0.0
        for a in range(size):
            leaving[a], entering[a] = 0.0, 0.0
    taken = 0.5 * (price_left + price_right)
    for a in range(size):
        if ways == 2 and a % 2 == 0:  # the end of a piece is the start of the turned piece
            leaving[a] = min(leaving[a], entering[a + 1])
            entering[a] = min(entering[a], leaving[a + 1])
            entering[a + 1], leaving[a + 1] = leaving[a], entering[a]
        if a % ways == 0:
            taken += 0.5 * (leaving[a] + entering[a])
    present = distances[left, starts[0]] + distances[ends[size - ways], right]
    for s in range(0, size - ways, ways):
        present += distances[ends[s], starts[s + ways]]
    most = present - taken if shortened else _FAR
    scale = 0.0
    for a in range(size):
        first[a] = min(distances[left, starts[a]] - 0.5 * (price_left + entering[a]), most)
        last[a] = min(distances[ends[a], right] - 0.5 * (price_right + leaving[a]), most)
        scale = max(scale, first[a], last[a])
        for b in range(size):
            if a // ways != b // ways:
                between[a, b] = min(distances[ends[a], starts[b]] - 0.5 * (leaving[a] + entering[b]), most)
                scale = max(scale, between[a, b])
            else:
                between[a, b] = 0.0
    return scale, taken, present


def _couple(between, first, last, ways, penalty, couplings, linear):
    """E(x) = 2 m A + sum linear x + sum_{i<j} couplings x x over n = m^2 ways p-bits."""
    width = first.size
    pieces = width // ways
    twice = float32(2.0 * penalty)
    after, before = np.empty((width, width), np.float32), np.empty((width, width), np.float32)
    for a in range(width):  # in the couplings' own type and both ways, so that rows are added to rows
        for b in range(width):
            after[a, b] = before[b, a] = float32(between[a, b])
    for p in range(pieces):
        for a in range(width):
            i = p * width + a
            row = couplings[i]
            linear[i] = -twice
            for j in range(row.size):
                row[j] = float32(0.0)
            own = row[p * width : (p + 1) * width]
            for b in range(width):
                own[b] = twice  # one piece a place
            for q in range(a - a % ways, row.size, width):
                row[q] += twice  # one place a piece
                if ways == 2:
                    row[q + 1] += twice
            if p + 1 < pieces:
                there, lengths = row[(p + 1) * width : (p + 2) * width], after[a]
                for b in range(width):
                    there[b] += lengths[b]
            if p > 0:
                there, lengths = row[(p - 1) * width : p * width], before[a]
                for b in range(width):
                    there[b] += lengths[b]
            row[i] = float32(0.0)
        for a in range(width):
            if p == 0:
                linear[p * width + a] += float32(first[a])
            if p == pieces - 1:
                linear[p * width + a] += float32(last[a])


def _roughen(couplings, linear, levels):
    """Round all couplings to whole parts of the largest, ``levels`` on either side of 0."""
    most = float32(0.0)
    for i in range(linear.size):
        most = max(most, abs(linear[i]))
        for j in range(linear.size):
            most = max(most, abs(couplings[i, j]))
    step = most / float32(levels)
    for i in range(linear.size):
        linear[i] = step * np.rint(linear[i] / step)
        for j in range(linear.size):
            couplings[i, j] = step * np.rint(couplings[i, j] / step)


def _anneal(couplings, linear, betas, slope, offset, generator, state, field, thresholds):
    """Sweep p-bits m = sgn(tanh I - r) through ``betas`` from all off; I_i = slope (-beta dE/dx_i - offset)/2."""
    size, flips = linear.size, 0
    g0, g1, g2, g3 = generator[0], generator[1], generator[2], generator[3]
    for i in range(size):
        state[i] = float32(-1.0)
        field[i] = linear[i]
    for k in range(betas.size):
        beta = betas[k]
        for i in range(size):
            word, g0[i], g1[i], g2[i], g3[i] = advance(g0[i], g1[i], g2[i], g3[i])
            thresholds[i] = noise(word) - slope[i] * offset[i]
        for first in range(0, size, _GROUP):
            last = min(first + _GROUP, size)
            least = float32(1.0)
            for i in range(first, last):
                least = min(least, state[i] * (thresholds[i] - slope[i] * beta * field[i]))
            if least < 0.0:
                for i in range(first, last):
                    old = state[i]
                    if old * (thresholds[i] - slope[i] * beta * field[i]) < 0.0:
                        state[i] = -old
                        flips += 1
                        row = couplings[i]
                        for j in range(size):
                            field[j] -= old * row[j]
    return flips


def _order_of(state, ways, choice):
    """Read one piece a place into ``choice`` (m,), as s ways + o; false where places or pieces are not met once."""
    pieces = choice.size
    width = pieces * ways
    for p in range(pieces):
        choice[p] = -1
        for a in range(width):
            if state[p * width + a] > 0.0:
                if choice[p] >= 0:
                    return False
                choice[p] = a
        if choice[p] < 0:
            return False
        for q in range(p):
            if choice[q] // ways == choice[p] // ways:
                return False
    return True


def _new_length(distances, left, right, starts, ends, choice):
    length = distances[left, starts[choice[0]]] + distances[ends[choice[-1]], right]
    for p in range(choice.size - 1):
        length += distances[ends[choice[p]], starts[choice[p + 1]]]
    return length


def _join(order, place, cuts, ways, choice, buffer):
    """Put the pieces into the tour in the chosen order."""
    size, count = order.size, 0
    for p in range(choice.size):
        s, turned = choice[p] // ways, choice[p] % ways
        begin = (cuts[s] + 1) % size
        cities = (cuts[s + 1] - cuts[s] - 1) % size + 1
        for c in range(cities):
            buffer[count] = order[(begin + (cities - 1 - c if turned else c)) % size]
            count += 1
    for c in range(count):
        here = (cuts[0] + 1 + c) % size
        order[here] = buffer[c]
        place[buffer[c]] = here


def _one_window(distances, tour, cuts, ways, plan, device, generator, work, ints, counts):
    """Anneal one window; join the best order read if it is not longer. Returns the change of length, 0 or less."""
    order, place, buffer = tour
    penalty, levels, reads, shortened, betas = plan
    couplings, between, first, last, linear, state, field, thresholds, scaled = work
    starts, ends, choice, chosen = ints
    left, right = order[cuts[0]], order[(cuts[-1] + 1) % order.size]
    ends_of(order, cuts, ways, starts, ends)
    scale, _, present = reduce(distances, left, right, starts, ends, ways, shortened, between, first, last)
    if scale <= 1e-9 * present:
        counts[LEFT] += 1
        return 0.0
    couple(between, first, last, ways, penalty * scale, couplings, linear)
    if levels > 0:
        roughen(couplings, linear, levels)
    for k in range(betas.size):
        scaled[k] = betas[k] / float32(scale)
    shortest, found = present, False
    for _ in range(reads):
        counts[FLIPS] += anneal(couplings, linear, scaled, device[0], device[1], generator, state, field, thresholds)
        if not order_of(state, ways, choice):
            counts[INFEASIBLE] += 1
            continue
        length = new_length(distances, left, right, starts, ends, choice)
        if length < shortest or (length == shortest and not found):
            shortest, found = length, True
            for p in range(chosen.size):
                chosen[p] = choice[p]
    if not found:
        return 0.0
    same = True
    for p in range(chosen.size):
        same = same and chosen[p] == p * ways
    if not same:
        join(order, place, cuts, ways, chosen, buffer)
    if shortest < present:
        counts[SHORTER] += 1
    return shortest - present


def compiled_part(part: Any, **names: Any) -> Any:
    """One function of a kernel, with its stand-ins replaced."""
    return numba.njit(fastmath=True, error_model="numpy", nogil=True)(launch.bind(part, **names))


@functools.cache
def parts() -> dict[str, Any]:
    """The pieces, each compiled: what the search is made of, and what tests call by themselves."""
    plain = (_ends_of, _reduce, _couple, _roughen, _order_of, _new_length, _join)
    made = {part.__name__[1:]: compiled_part(part) for part in plain}
    made["anneal"] = compiled_part(_anneal, advance=xoshiro.advance, noise=probabilistic_bit.heat_bath_noise)
    made["one_window"] = compiled_part(_one_window, **made)
    return made
