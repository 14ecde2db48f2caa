"""Generated images of edge segments: the broken outline of a figure among random clutter, with the truth."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np

from spinloom.errors import InputError

Outline = Literal["circle", "square"]
_REACH = 0.3
"""Radius of the circle; the square's half side is 0.9 of it. The image is the unit square."""


class EdgeImage(NamedTuple):
    """Segments (n, 2, 2): two ends of two coordinates in the unit square; figure (n,): which make up the outline."""

    segments: np.ndarray
    figure: np.ndarray


def edge_image(
    seed: int, outline: Outline = "circle", figure: int = 16, clutter: int = 24, jitter: float = 0.08
) -> EdgeImage:
    """An outline of ``figure`` segments at a random place, and ``clutter`` segments anywhere, in any direction.

    Parameters
    ----------
    seed : int
    outline : {"circle", "square"}
        A square is turned by a random angle, and has figure/4 segments a side.
    figure, clutter : int
        Numbers of segments; all have the same length, 0.6 of the outline's share of each on the circle.
    jitter : float
        Standard deviation of the figure's segments from their places [lengths] and directions [rad].

    Raises
    ------
    InputError
        An unknown outline, fewer than 4 segments, or a square of a number that 4 does not divide.
    """
    if outline not in ("circle", "square") or figure < 4 or clutter < 0 or (outline == "square" and figure % 4):
        raise InputError(f"{outline} of {figure} segments: circles and squares of 4, 8, 12 ... segments can be drawn.")
    chance = np.random.default_rng((seed, 0xED6E))
    length = 0.6 * 2.0 * math.pi * _REACH / figure
    turn = chance.uniform(0.0, 2.0 * math.pi)
    if outline == "circle":
        angle = turn + 2.0 * math.pi * np.arange(figure) / figure
        places = _REACH * np.column_stack([np.cos(angle), np.sin(angle)])
        heading = angle + 0.5 * math.pi
    else:
        side = figure // 4
        half = 0.9 * _REACH
        along = half * (2.0 * (np.arange(figure) % side + 0.5) / side - 1.0)
        heading = turn + 0.5 * math.pi * (np.arange(figure) // side)
        c, s = np.cos(heading), np.sin(heading)
        places = np.column_stack([along * c + half * s, along * s - half * c])
    centre = chance.uniform(0.4, 0.6, 2)
    places = centre + places + jitter * length * chance.standard_normal(places.shape)
    heading = heading + jitter * chance.standard_normal(figure)
    found, directions = list(places), list(heading)
    while len(found) < figure + clutter:
        place = chance.uniform(0.0, 1.0, 2)
        if min(np.linalg.norm(np.array(found) - place, axis=1)) > 0.6 * length:
            found.append(place)
            directions.append(chance.uniform(0.0, math.pi))
    reach = 0.5 * length * np.column_stack([np.cos(directions), np.sin(directions)])
    middle = np.array(found)
    return EdgeImage(np.stack([middle - reach, middle + reach], axis=1), np.arange(figure + clutter) < figure)
