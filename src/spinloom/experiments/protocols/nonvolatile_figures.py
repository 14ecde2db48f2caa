"""Figures of pulsed p-bits: curve, laws, what a solution costs, spread, memory of short pulses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from spinloom.experiments.figure import FigureSpec, Panel, Series

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.devices.pulsed_bit import PulsedBit

Found = Mapping[str, "xr.Dataset"]
_SMALLEST = 1e-16  # what a logarithmic axis shows of zero


def figures(found: Found, bits: Mapping[str, PulsedBit]) -> tuple[FigureSpec, ...]:
    """All of one run."""
    drawn = []
    if "curve" in found:
        drawn.append(_curve(found["curve"], next(iter(bits.values()))))
    drawn += [_costs(found["factors"]), _cuts(found), _laws(found)]
    if "memory" in found:
        drawn.append(_memory(found["memory"]))
    if "reset" in found:
        drawn.append(_reset(found["reset"]))
    return tuple(drawn)


def _curve(table: xr.Dataset, bit: PulsedBit) -> FigureSpec:
    """P against the drive after a short and a long pulse, from both states, and twenty devices with spread."""
    unit, scale = ("µA", 1e6) if bit.unit == "A" else ("mV", 1e3)
    name = "current" if bit.unit == "A" else "voltage"
    drive, u = scale * table["drive"].values, table["u"].values
    series = [Series("a long pulse", drive, table["long"].values, group="guide")]
    for start in (0, 1):
        label = f"{1e9 * float(table.attrs['pulse']):.3g} ns, starting from {start}"
        series.append(Series(label, drive, table["closed"].values[start], tone=start))
        series.append(
            Series("", drive, table["seen"].values[start], table["error"].values[start], style="points", tone=start)
        )
    wide = bit.replace(offset_spread=0.02 * bit.centre / bit.width, gain_spread=0.05).devices(20, seed=1)
    shown = [
        Series("", drive, 1.0 / (1.0 + np.exp(-(gain * u + offset))), tone=0)
        for gain, offset in zip(wide.gain, wide.offset, strict=True)
    ]
    shown.append(Series("nominal", drive, table["long"].values, group="guide"))
    caption = (
        "Left: probability of state 1 after one pulse; lines are the closed form, points two-state junctions (error "
        "bars: one standard error). Right: twenty devices whose middle scatters by 2 % and whose slope by 5 %."
    )
    panels = (
        Panel(f"{name} ({unit})", "P(1)", tuple(series)),
        Panel(f"{name} ({unit})", "P(1)", tuple(shown)),
    )
    return FigureSpec("curve", "What one pulse decides", panels, caption)


def _costs(table: xr.Dataset) -> FigureSpec:
    """Mean time and energy to the factors."""
    numbers = [str(number) for number in table["number"].values]
    places = np.arange(len(numbers), dtype=float)
    time, energy = [], []
    for name in map(str, table["device"].values):
        rows = table.sel(device=name)
        time.append(Series(name, places, rows["time"].values, style="both"))
        energy.append(Series(name, places, rows["energy"].values, style="both"))
    energy.append(Series("digital", places, table["cmos"].values, style="dashed", group="guide"))
    panels = tuple(
        Panel("number", label, tuple(series), y_scale="log", categories=tuple(numbers))
        for label, series in (("mean time to the factors (s)", time), ("mean energy to the factors (J)", energy))
    )
    caption = (
        "At the inverse temperature at which ideal p-bits are fastest. Pulsed p-bits: exact, one decision after "
        "another. Free-running ones: the sweeps of ideal ones, each within one fluctuation time. Digital: published "
        "energy of a decision alone."
    )
    return FigureSpec("costs", "Time and energy of a factorisation", panels, caption)


def _cuts(found: Found) -> FigureSpec:
    """Cuts by colours and all at once, relative to the best."""
    panels = []
    for key, title in (("cut", "square lattice, ±1"), ("graph", "graph")):
        table = found[key]
        best = float(table["best"])
        names = [*map(str, table["device"].values), "all at once"]
        means = [100 * float(table["value"].sel(device=name).mean()) / best for name in names[:-1]]
        means.append(100 * float(table["parallel"].mean()) / best)
        places = np.arange(len(names), dtype=float)
        panels.append(
            Panel(
                "mean cut (% of the best)", "", (Series("", np.array(means), places, style="bars"),), title=title,
                categories=tuple(names), x_limits=(0.0, 118.0),
            )
        )  # fmt: skip
    return FigureSpec(
        "cuts", "Max-cut on pulsed p-bits", tuple(panels),
        "Annealed; p-bits of one colour, of which no two are coupled, decide together. Last bar: all p-bits of the "
        "first device in one clock step.",
    )  # fmt: skip


def _laws(found: Found) -> FigureSpec:
    """Distance from Boltzmann's law: by order, and by calibration."""
    table, wide = found["gates"], found["spread"]
    names = [str(name).replace("_", " ").lower() for name in table["network"].values]
    places = np.arange(len(names), dtype=float)
    orders = [
        Series(order, places, np.maximum(table[order].values, _SMALLEST), style="points")
        for order in ("sequential", "colours", "parallel")
    ]
    pulses = np.maximum(wide["pulses"].values.astype(float), 1.0)
    series = []
    for name in map(str, wide["device"].values):
        values = wide["distance"].sel(device=name)
        error = values.std("chip", ddof=1).values / np.sqrt(values.sizes["chip"]) if values.sizes["chip"] > 1 else None
        series.append(Series(name, pulses, values.mean("chip").values, error, style="both"))
    panels = (
        Panel(
            "network", "total variation from exp(-βE)", tuple(orders), y_scale="log", categories=tuple(names),
            y_limits=(_SMALLEST / 3, 3.0),
        ),
        Panel("pulses of calibration (1: none)", "total variation", tuple(series), x_scale="log", y_scale="log"),
    )  # fmt: skip
    caption = (
        "Left: exact stationary law for three orders of decisions (1e-16 is rounding). Right: a full adder of devices "
        "that differ, before and after a calibration; mean of chips."
    )
    return FigureSpec("laws", "Which law the network samples", panels, caption)


def _memory(table: xr.Dataset) -> FigureSpec:
    """Short pulses: law, speed, cost."""
    pulse = 1e9 * table["pulse"].values
    panels = (
        Panel(
            "pulse (ns)", "total variation from exp(-βE)",
            (
                Series("one after another", pulse, np.maximum(table["sequential"].values, _SMALLEST), style="both"),
                Series("all at once", pulse, table["parallel"].values, style="both"),
            ),
            x_scale="log", y_scale="log",
        ),
        Panel(
            "pulse (ns)", "sweeps",
            (Series("relaxation of a full adder", pulse, table["relaxation"].values, style="both"),
             Series("to the factors", pulse, table["sweeps"].values, style="both")), x_scale="log", y_scale="log",
        ),
        Panel(
            "pulse (ns)", "to the factors, relative to the longest pulse",
            (Series("time", pulse, table["time"].values / table["time"].values[-1], style="both"),
             Series("energy", pulse, table["energy"].values / table["energy"].values[-1], style="both")),
            x_scale="log",
        ),
    )  # fmt: skip
    caption = (
        "A pulse too short to forget leaves the law exact if p-bits decide one after another, and slows it. All "
        "at once is wrong, the less the more is remembered. The cheapest pulse is shorter than one that forgets."
    )
    return FigureSpec("memory", "Pulses that remember", panels, caption)


def _reset(table: xr.Dataset) -> FigureSpec:
    """Failing resets, and a curve that is not logistic."""
    share = 100 * table["share"].values
    panels = (
        Panel(
            "resets that fail (%)", "total variation from exp(-βE)",
            (Series("as it is", share, table["failing"].values, style="both"),
             Series("input shifted by ln(1 - q)", share, np.maximum(table["shifted"].values, _SMALLEST), style="both")),
            y_scale="log",
        ),
        Panel(
            "u", "P(1)",
            (Series("activated, one way", table["u"].values, table["curve"].values),
             Series("logistic", table["u"].values, table["logistic"].values, group="guide")),
        ),
    )  # fmt: skip
    caption = (
        "Left: a full adder whose resets fail; a constant shift of all inputs undoes it exactly. Right: the curve of a "
        "one-way activated switch beside the logistic one of the same slope."
    )
    return FigureSpec("reset", "Resets that fail, curves that are not logistic", panels, caption)
