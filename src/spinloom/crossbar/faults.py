"""Cells that are stuck and lines that are dead."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np

from spinloom.errors import InputError


@final
@dataclass(frozen=True)
class Faults:
    """What is broken, as counts (whole numbers) or as shares (0.0 to 1.0) of all cells or lines.

    Which ones is drawn at random; a count or share names how many exactly, so that two draws differ only in place.

    Attributes
    ----------
    stuck_low, stuck_high : int or float
        Cells that stay at their lowest or highest conductance whatever is written.
    dead_rows, dead_columns : int or float
        Lines of an array, all of whose cells conduct nothing.

    Raises
    ------
    InputError
        A negative number, a share above 1, or (where they are drawn) more faults than there are cells or lines.
    """

    stuck_low: int | float = 0
    stuck_high: int | float = 0
    dead_rows: int | float = 0
    dead_columns: int | float = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be counted."""
        for name in ("stuck_low", "stuck_high", "dead_rows", "dead_columns"):
            value = getattr(self, name)
            whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
            if not whole and not (isinstance(value, float | np.floating) and math.isfinite(value)):
                raise InputError(f"{name} = {value!r}: give a count (3) or a share (0.01).")
            if value < 0 or (not whole and value > 1):
                raise InputError(f"{name} = {value}: give a whole number of 0 or more, or a share from 0.0 to 1.0.")

    def __bool__(self) -> bool:
        return any((self.stuck_low, self.stuck_high, self.dead_rows, self.dead_columns))

    def draw_cells(self, cells: int, chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Indices of the cells stuck low and of those stuck high, without overlap.

        Raises
        ------
        InputError
            More faults than cells.
        """
        low = _count(self.stuck_low, cells, "stuck_low", "cells")
        high = _count(self.stuck_high, cells, "stuck_high", "cells")
        if low + high > cells:
            raise InputError(f"stuck_low and stuck_high name {low + high} cells together, but there are {cells}.")
        drawn = chance.choice(cells, low + high, replace=False)
        return drawn[:low], drawn[low:]

    def draw_lines(self, rows: int, columns: int, chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Indices of the dead rows and of the dead columns.

        Raises
        ------
        InputError
            More dead lines than lines.
        """
        dead_rows = _count(self.dead_rows, rows, "dead_rows", "rows")
        dead_columns = _count(self.dead_columns, columns, "dead_columns", "columns")
        return chance.choice(rows, dead_rows, replace=False), chance.choice(columns, dead_columns, replace=False)


def _count(value: int | float, total: int, name: str, what: str) -> int:
    count = int(value) if isinstance(value, int | np.integer) else round(float(value) * total)
    if count > total:
        raise InputError(f"{name} = {value}: there are only {total} {what}.")
    return count
