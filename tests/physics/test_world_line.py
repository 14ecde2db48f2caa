"""The messages along a world line against the sum over all its states."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from spinloom.physics import world_line

ODDS = np.float32([0.3, 2.5, 1.0, 40.0, 0.02])


def law(odds, link):
    """P of every line of +-1 (as tuples) on a ring."""
    weight = {}
    for line in itertools.product([1, -1], repeat=len(odds)):
        breaks = sum(line[k] != line[(k + 1) % len(line)] for k in range(len(line)))
        weight[line] = math.prod(g for g, s in zip(odds, line, strict=True) if s > 0) * link**breaks
    total = sum(weight.values())
    return {line: w / total for line, w in weight.items()}


@pytest.mark.parametrize("slices", [2, 3, 5])
@pytest.mark.parametrize("link", [1e-6, 0.1, 0.9])
def test_first_spin_is_drawn_from_its_marginal(slices, link):
    """float32 messages: 1e-6 of the odds."""
    odds, link = ODDS[:slices], np.float32(link)
    up, down, ratio = world_line.first_messages(odds[1], link)
    for g in odds[2:]:
        up, down, ratio = world_line.next_messages(up, down, ratio, g, link)
    found = world_line.closing_odds(up, down, ratio, odds[0], link)
    exact = sum(p for line, p in law(odds.tolist(), float(link)).items() if line[0] > 0)
    assert found / (1 + found) == pytest.approx(exact, rel=2e-6)


def test_last_spin_follows_both_its_neighbours():
    """Replica 2 of three between s_0 on both sides: P from the message and the next spin, here s_0 itself."""
    link = np.float32(0.2)
    exact = law(ODDS[:3].tolist(), 0.2)
    up, down, ratio = world_line.first_messages(ODDS[1], link)
    up, down, _ = world_line.next_messages(up, down, ratio, ODDS[2], link)
    for first, message in ((1, up), (-1, down)):
        given = {line: p for line, p in exact.items() if line[0] == first}
        share = sum(p for line, p in given.items() if line[2] > 0) / sum(given.values())
        below, above = np.float32(share * 0.9999), np.float32(share + (1 - share) * 1e-4)
        assert world_line.spin_before(message, first, link, below) == 1
        assert world_line.spin_before(message, first, link, above) == -1


def test_spin_is_up_with_its_odds():
    assert world_line.spin(np.float32(3.0), np.float32(0.7499)) == 1
    assert world_line.spin(np.float32(3.0), np.float32(0.7501)) == -1
