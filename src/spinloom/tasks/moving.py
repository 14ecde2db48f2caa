"""A synthetic event camera: blocks that move along lanes, as cars on a motorway, seen by pixels that report changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from spinloom.errors import InputError


@final
@dataclass(frozen=True)
class MovingBlocks:
    """Events of an address-event stream, and what passed when.

    Attributes
    ----------
    times : ndarray (events,)
        [s], rising.
    which : ndarray (events,) of int
        Address: polarity x size^2 + row x size + column; polarity 0 is darker to brighter.
    inputs : int
        Number of addresses, 2 size^2.
    duration : float
        [s]
    start, end : ndarray (passages,)
        When a block enters and leaves [s].
    lane : ndarray (passages,) of int
    """

    times: np.ndarray
    which: np.ndarray
    inputs: int
    duration: float
    start: np.ndarray
    end: np.ndarray
    lane: np.ndarray


def moving_blocks(
    passages: int,
    lanes: int = 4,
    size: int = 16,
    speed: float = 40.0,
    every: float = 0.6,
    noise: float = 0.5,
    seed: int = 0,
) -> MovingBlocks:
    """Blocks of 3 x 3 pixels drive along vertical lanes, neighbours in opposite directions.

    The leading edge makes its pixels brighter, the trailing edge darker again; an event is lost in a tenth of the
    cases and comes up to 2 ms late. Blocks on different lanes may be there together.

    Parameters
    ----------
    passages : int
    lanes, size : int
        Lanes of size/lanes columns each on size x size pixels.
    speed : float
        Pixels a second, each block within 15 % of it.
    every : float
        Mean time between blocks [s].
    noise : float
        Events a second of each address that mean nothing.
    seed : int

    Raises
    ------
    InputError
        Lanes too narrow for a block, or nothing that passes.
    """
    if passages < 1 or lanes < 1 or size // lanes < 3:
        raise InputError(f"Blocks are 3 pixels wide: {lanes} lanes do not fit on {size} pixels, or nothing passes.")
    chance = np.random.default_rng((seed, 0xCA4))
    start = np.cumsum(chance.uniform(0.5, 1.5, passages) * every)
    lane = chance.integers(0, lanes, passages)
    pace = speed * chance.uniform(0.85, 1.15, passages)
    times, which = [], []
    for t0, on, v in zip(start, lane, pace, strict=True):
        columns = on * (size // lanes) + np.arange(3)
        rows = np.arange(size)
        seen = rows if on % 2 == 0 else size - 1 - rows  # neighbours drive the other way
        for polarity, behind in ((0, 0), (1, 3)):
            when = t0 + (rows + behind)[:, None] / v + chance.uniform(0.0, 2e-3, (size, 3))
            address = polarity * size**2 + seen[:, None] * size + columns
            kept = chance.random((size, 3)) < 0.9
            times.append(when[kept])
            which.append(address[kept])
    end = start + (size + 3) / pace
    duration = float(end.max()) + every
    inputs = 2 * size**2
    stray = chance.poisson(noise * duration * inputs)
    times.append(chance.random(stray) * duration)
    which.append(chance.integers(0, inputs, stray))
    t, w = np.concatenate(times), np.concatenate(which)
    order = np.argsort(t, kind="stable")
    return MovingBlocks(t[order], w[order], inputs, duration, start, end, lane)
