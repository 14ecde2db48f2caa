"""The figure of measured telegraph signals: a stretch of one, its dwell times, and the rates over current."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.responses.telegraph import Telegraph
from spinloom.responses.telegraph_file import Trace
from spinloom.responses.telegraph_rates import Dwells, StateRates

_TIMES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_SIGNALS = {
    "state": "state, 1 parallel",
    "resistance": "resistance $R$ (ohm)",
    "voltage": "voltage $V$ (V)",
    "conductance": "conductance $G$ (S)",
}
_FLIPS = 30
"""Flips in the stretch that is drawn."""
_POINTS = 4000


def telegraph_figure(found: Telegraph, traces: Sequence[Trace] = (), name: str = "telegraph") -> FigureSpec:
    """What was measured, and what was fitted to it.

    Parameters
    ----------
    found : Telegraph
        With ``measured``; where there are several currents the rates are drawn over them.
    traces : sequence of Trace
        The signals behind ``measured``, in its order; the one nearest to balance is drawn.
    name : str
        File name of the figure, without ending.
    """
    chosen = min(range(len(found.measured)), key=lambda i: abs(found.measured[i].probability_parallel - 0.5))
    one = found.measured[chosen]
    panels = [_signal(traces[chosen], one)] if traces else []
    panels.append(_dwells(one))
    if np.unique([item.current for item in found.measured]).size > 1 and not math.isnan(found.critical_current):
        panels.append(_over_current(found))
    caption = f"{found}. Dwell times: share of stays longer than t, and the exponential of the rate found."
    if len(found.measured) > 1:
        caption += " Error bars: 95 % intervals."
    return FigureSpec(name, found.source or "Telegraph signal", tuple(panels), caption)


def _unit(longest: float) -> tuple[float, str]:
    return next(((scale, unit) for scale, unit in _TIMES if longest >= scale), _TIMES[-1])


def _signal(trace: Trace, one: StateRates) -> Panel:
    """The first flips of a trace, with its levels."""
    piece = max(trace.pieces, key=len)
    shown = min(piece.size, max(int(_FLIPS / (one.flip_rate * trace.interval)), 50), _POINTS)
    time = np.arange(shown) * trace.interval
    scale, unit = _unit(float(time[-1]))
    series = [Series("signal", time / scale, piece[:shown])]
    if one.levels is not None:
        ends = np.array([0.0, float(time[-1])]) / scale
        for level, label in ((one.levels.low, "levels"), (one.levels.high, "")):
            series.append(Series(label, ends, np.full(2, level), style="dashed", group="guide", tone=0))
    return Panel(f"time $t$ ({unit})", _SIGNALS[trace.kind], tuple(series), title=_title(one))


def _dwells(one: StateRates) -> Panel:
    """Share of stays that last longer than t, on a logarithmic axis where an exponential is straight."""
    longest = max((float(d.times.max()) for d in (one.parallel, one.antiparallel) if d.times.size), default=1.0)
    scale, unit = _unit(longest)
    series, least = [], 1.0
    for tone, (name, dwells) in enumerate((("parallel", one.parallel), ("antiparallel", one.antiparallel))):
        least = min(least, 1.0 / max(dwells.times.size, 1))
        series += _survival(name, dwells, scale, unit, tone)
    return Panel(
        f"time $t$ ({unit})",
        "share of stays longer than $t$",
        tuple(series),
        y_scale="log",
        y_limits=(0.5 * least, 1.3),
        title=_title(one),
    )


def _survival(name: str, dwells: Dwells, scale: float, unit: str, tone: int) -> list[Series]:
    times = np.sort(dwells.times)
    share = 1.0 - np.arange(times.size) / max(times.size, 1)
    thin = np.unique(np.geomspace(1, max(times.size, 1), 200).astype(int)) - 1  # the last points tell most of the tail
    pick = times.size - 1 - thin[thin < times.size]
    line = np.linspace(0.0, float(times[-1]) if times.size else dwells.mean, 100)
    label = rf"{name}, $\tau$ = {dwells.mean / scale:.3g} {unit}"
    return [
        Series(label, times[pick] / scale, share[pick], style="points", tone=tone),
        Series("", line / scale, np.exp(-line * dwells.rate), tone=tone),
    ]


def _over_current(found: Telegraph) -> Panel:
    """1/tau of both states over current, with the fitted lines."""
    current = np.array([item.current for item in found.measured])
    dense = np.linspace(current.min(), current.max(), 200)
    lines = [1.0 / tau for tau in found.dwell_times(dense)]
    series = []
    for tone, name in enumerate(("parallel", "antiparallel")):
        dwells = [getattr(item, name) for item in found.measured]
        rate = np.array([d.rate for d in dwells])
        # a rate of one or two flips: a bar down to 0 has no place on a logarithmic axis
        half = np.array([min(0.5 * (d.interval[1] - d.interval[0]), 0.98 * d.rate) for d in dwells])
        series.append(Series(f"leaves {name}", current * 1e6, rate, error=half, style="points", tone=tone))
        series.append(Series("", dense * 1e6, lines[tone], tone=tone))
    return Panel(r"current $I$ (µA)", r"rate $1/\tau$ (1/s)", tuple(series), y_scale="log")


def _title(one: StateRates) -> str:
    return "" if math.isnan(one.current) else f"at {one.current * 1e6:.4g} µA"
