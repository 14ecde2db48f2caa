"""Power of a memory in which only the cells in use are powered, against one in which all are.

All cells of a volatile memory leak all the time. A non-volatile one may switch off what is not being accessed, and
pays for waking it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from spinloom.errors import InputError


@final
@dataclass(frozen=True)
class Gating:
    """Duty-cycle accounting of power gating, relative to a memory that stays on.

    Power of the reference: P = P_leak + P_dynamic, with leakage share lambda = P_leak/P. Gated: the accesses cost the
    same, and a cell leaks only while it is on, so that

        P_gated/P = (1 - lambda) + lambda (kappa (a + (1 - a) rho) + w).

    Attributes
    ----------
    active : float
        Duty a: share of time and cells that are on, 0..1.
    leakage : float
        lambda: share of the reference's power that its idle or active cells leak, 0..1.
    cell : float
        kappa: leakage of one powered cell, relative to the reference's cell.
    residual : float
        rho: what a switched-off cell still leaks, relative to one that is on, 0..1.
    wake : float
        w: power of waking cells, relative to the reference's leakage.
    """

    active: float
    leakage: float
    cell: float = 1.0
    residual: float = 0.0
    wake: float = 0.0

    def __post_init__(self) -> None:
        """Refuse shares outside 0..1 and negative powers."""
        for name in ("active", "leakage", "residual"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise InputError(f"{name} = {getattr(self, name)}: give a share from 0 to 1.")
        for name in ("cell", "wake"):
            if not 0.0 <= getattr(self, name) < np.inf:
                raise InputError(f"{name} = {getattr(self, name)}: give 0 or more.")

    @property
    def power_share(self) -> float:
        """P_gated/P."""
        on = self.cell * (self.active + (1.0 - self.active) * self.residual)
        return (1.0 - self.leakage) + self.leakage * (on + self.wake)

    @property
    def saving(self) -> float:
        """1 - P_gated/P; negative where gating costs more than it saves."""
        return 1.0 - self.power_share


def reference_power(power: float, saving: float) -> float:
    """Power of what was compared with, P/(1 - saving) [W]."""
    _check_saving(saving)
    return power / (1.0 - saving)


def least_leakage(saving: float) -> float:
    """The smallest leakage share of the reference that allows a saving: nothing else is saved, so lambda >= saving."""
    _check_saving(saving)
    return saving


def largest_duty(saving: float, leakage: float | np.ndarray = 1.0, cell: float = 1.0) -> np.ndarray:
    """The duty a at which a saving is reached: a = (1 - saving/lambda)/kappa; NaN where no duty reaches it."""
    _check_saving(saving)
    share = np.asarray(leakage, float)
    duty = (1.0 - saving / share) / cell
    return np.where(duty >= 0.0, duty, np.nan)


def search_power_share(
    blocks: int, on_cycles: int, wake_cycles: int, period_cycles: int, leakage: float, wake_energy: float = 0.0
) -> float:
    """P_gated/P counted cycle by cycle: a search passes through the blocks, each on for its access and its wake-up.

    Parameters
    ----------
    blocks : int
        Blocks that are switched as one.
    on_cycles, wake_cycles : int
        Cycles a block is accessed, and on before that.
    period_cycles : int
        Cycles from the beginning of one search to that of the next.
    leakage : float
        lambda.
    wake_energy : float
        Of one wake-up, relative to what one block of the reference leaks in one cycle.

    Returns
    -------
    float
        The same as ``Gating`` with a = (on + wake)/period.
    """
    if min(blocks, on_cycles, period_cycles) < 1 or wake_cycles < 0:
        raise InputError("blocks, on_cycles and period_cycles must be at least 1, wake_cycles at least 0.")
    if blocks * on_cycles > period_cycles or on_cycles + wake_cycles > period_cycles:
        raise InputError(
            f"A search of {blocks} blocks x {on_cycles} cycles, with {wake_cycles} cycles to wake, does not fit a "
            f"period of {period_cycles} cycles."
        )
    on = np.zeros((blocks, period_cycles), dtype=bool)
    for block in range(blocks):
        begin = block * on_cycles - wake_cycles
        on[block, np.arange(begin, begin + on_cycles + wake_cycles) % period_cycles] = True
    woken = (on & ~np.roll(on, 1, axis=1)).sum()
    leaked = (on.sum() + wake_energy * woken) / on.size
    return (1.0 - leakage) + leakage * float(leaked)


def _check_saving(saving: float) -> None:
    if not 0.0 <= saving < 1.0:
        raise InputError(f"saving = {saving}: give a share from 0 to below 1 (0.912 for 91.2 %).")
