"""The figure of a synapse: conductance against pulse number, and what one pulse changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.responses.plasticity import Plasticity
from spinloom.responses.sweeps import Sweep

_PREFIXES = ((1.0, "S"), (1e-3, "mS"), (1e-6, "µS"), (1e-9, "nS"), (1e-12, "pS"))


def plasticity_figure(synapse: Plasticity, measured: Sequence[Sweep] = (), name: str = "plasticity") -> FigureSpec:
    """Potentiation, then depression, with the measured points; and the step of a pulse against the conductance.

    Parameters
    ----------
    synapse : Plasticity
        Its levels are drawn as a line, with a mark a level where nothing was measured.
    measured : sequence of Sweep
        What :func:`spinloom.responses.plasticity_file.read_sweeps` found; one mark a point.
    name : str
        File name of the figure, without ending.
    """
    scale, unit = next(((s, u) for s, u in _PREFIXES if synapse.high >= s), _PREFIXES[-1])
    up, down = synapse.states - 1, synapse.depression_states - 1
    rise = synapse.conductance(np.arange(up + 1)) / scale
    fall = synapse.conductance(np.arange(down + 1), "depression") / scale
    points = _points(measured, up, scale)
    style: Any = "both" if up + down <= 80 else "line"
    drawn: Any = "line" if points else style
    curve = Panel(
        "pulse number",
        f"conductance $G$ ({unit})",
        (
            *points,
            Series(f"potentiation, {up + 1} states", np.arange(up + 1.0), rise, style=drawn, tone=0),
            Series(f"depression, {down + 1} states", up + np.arange(down + 1.0), fall, style=drawn, tone=1),
        ),
        y_limits=_limits([rise, fall, *(series.y for series in points)]),
    )
    span = 100.0 * scale / (synapse.high - synapse.low)
    steps = Panel(
        f"conductance before the pulse ({unit})",
        "change by one pulse (% of the range)",
        (
            Series("potentiation", rise[:-1], np.diff(rise) * span, style=style, tone=0),
            Series("depression", fall[:-1], -np.diff(fall) * span, style=style, tone=1),
            Series("equal steps", np.array([rise[0], rise[-1]]), np.full(2, 100.0 / up), style="dashed", group="guide"),
        ),
        y_limits=(0.0, 1.08 * span * max(np.diff(rise).max(), -np.diff(fall).min())),
    )
    cycles = len({sweep.cycle for sweep in measured})
    caption = f"{synapse}."
    caption += f" Points: {cycles} measured {'cycle' if cycles == 1 else 'cycles'}." if cycles else ""
    return FigureSpec(name, synapse.source or "Synapse", (curve, steps), caption)


def _points(measured: Sequence[Sweep], up: int, scale: float) -> tuple[Series, ...]:
    """All cycles' points of each direction as one series, in the shade of its curve."""
    found = []
    for way, start in (("potentiation", 0), ("depression", up)):
        mine = [sweep for sweep in measured if sweep.direction == way]
        if mine:
            x = start + np.concatenate([sweep.pulses for sweep in mine])
            y = np.concatenate([sweep.conductance for sweep in mine]) / scale
            label = f"measured, {len(mine)} {'cycle' if len(mine) == 1 else 'cycles'}" if not found else ""
            found.append(Series(label, x.astype(float), y, style="points", tone=0 if start == 0 else 1))
    return tuple(found)


def _limits(values: Sequence[np.ndarray]) -> tuple[float, float]:
    low, high = (float(pick([pick(value) for value in values])) for pick in (np.min, np.max))
    return low - 0.06 * (high - low), high + 0.06 * (high - low)
