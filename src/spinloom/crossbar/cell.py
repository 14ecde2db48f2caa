"""What stands at a crossing besides the junction, and what stands around the array."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, final, get_args

import numpy as np

from spinloom.errors import InputError, UnknownNameError
from spinloom.responses.plasticity import Plasticity
from spinloom.units import si

CellKind = Literal["passive", "1T1MTJ", "SOT"]


@final
@dataclass(frozen=True)
class Cell:
    """A memory cell.

    "passive": the junction alone. "1T1MTJ": a transistor in series, so that the cell conducts 1/(1/G + R_on). "SOT":
    the junction is read through a transistor as well, but written by a current along a channel below it, so that a
    pulse costs I^2 R t of the channel and not of the junction.

    Attributes
    ----------
    kind : "passive", "1T1MTJ" or "SOT"
    on_resistance : str or float
        Of the read path's transistor [ohm]; 0 where there is none.
    write_current, channel_resistance, pulse : str or float, optional
        Of the write path of a SOT cell [A], [ohm], [s].
    area : str or float, optional
        Of one cell [m^2]; None: not known.

    Raises
    ------
    UnknownNameError, InputError
        A kind that is not there, a transistor in a passive cell, a write path without its three figures.
    """

    kind: CellKind = "passive"
    on_resistance: str | float = 0.0
    write_current: str | float | None = None
    channel_resistance: str | float | None = None
    pulse: str | float | None = None
    area: str | float | None = None

    def __post_init__(self) -> None:
        """Read units, refuse what fits no cell."""
        if self.kind not in get_args(CellKind):
            raise UnknownNameError("kind of cell", str(self.kind), get_args(CellKind))
        for name, kind in (
            ("on_resistance", "resistance"),
            ("write_current", "current"),
            ("channel_resistance", "resistance"),
            ("pulse", "time"),
            ("area", "area"),
        ):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, positive(value, kind, name, zero=name == "on_resistance"))
        if self.kind == "passive" and self.on_resistance:
            raise InputError("A passive cell has no transistor: leave on_resistance out, or say kind='1T1MTJ'.")
        path = (self.write_current, self.channel_resistance, self.pulse)
        if self.kind != "SOT" and any(value is not None for value in path):
            raise InputError("write_current, channel_resistance and pulse belong to a cell of kind='SOT'.")
        if self.kind == "SOT" and any(value is None for value in path) and any(value is not None for value in path):
            raise InputError("The write path of a SOT cell needs write_current, channel_resistance and pulse together.")

    def conductance(self, junction: np.ndarray | float) -> np.ndarray:
        """Conductance [S] of the cell as the array sees it, of the junction's own."""
        value = np.asarray(junction, float)
        return value / (1.0 + value * float(self.on_resistance))

    def write_cost(self, synapse: Plasticity) -> tuple[float | None, float | None]:
        """Energy [J] and time [s] of one pulse; None where not known."""
        if self.write_current is not None and self.channel_resistance is not None and self.pulse is not None:
            pulse = float(self.pulse)
            return float(self.write_current) ** 2 * float(self.channel_resistance) * pulse, pulse
        return synapse.write_energy, synapse.write_time


def positive(value: str | float, kind: str, name: str, zero: bool = False) -> float:
    """An SI value that is finite and above zero (or zero, where that is allowed)."""
    number = si(value, kind, name)
    if number < 0.0 or (number == 0.0 and not zero) or math.isinf(number):
        raise InputError(f"{name} = {value}: give a finite value {'of 0 or more' if zero else 'above 0'}.")
    return number
