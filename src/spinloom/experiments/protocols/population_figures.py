"""Figures of computing with populations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.units import si

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.devices.superparamagnetic_junction import SuperparamagneticJunction

_MICRO = 1e6


def basis(junction: SuperparamagneticJunction, settings: Mapping[str, Any]) -> FigureSpec:
    """Basis functions of the letters' population, and a weighted sum of them."""
    from spinloom.experiments.protocols.population_letters import letter
    from spinloom.snn import LinearDecoder, Population

    reach, count = si(settings["reach"], "current", "reach"), int(settings["letter_count"])
    row = Population.covering(junction.two_state(count), -reach, reach)
    t = np.linspace(0.0, 1.0, 201)
    current = row.current(t)
    rates = row.rates(current)
    curves = tuple(Series("", current * _MICRO, rates[:, n], tone=n % 4) for n in range(count))
    name = settings["letters"][0]
    wanted = letter(name, t)
    decoder = LinearDecoder.fit(row, current, wanted, si(settings["letter_time"], "time", "letter_time"))
    sums = decoder(rates)
    parts = tuple(
        Series("", current * _MICRO, rates[:, n] * decoder.weights[n, 1], group="guide") for n in range(count)
    )
    whole = (
        Series(f"wanted: height y of '{name}'", current * _MICRO, wanted[:, 1], style="dashed", tone=1),
        Series("weighted sum", current * _MICRO, sums[:, 1], tone=0),
    )
    return FigureSpec(
        "basis",
        f"Basis functions of {count} junctions, and their weighted sum",
        (
            Panel("input current (µA)", "flips a second", curves),
            Panel("input current (µA)", "w r(I)", (*whole, *parts)),
        ),
        "Left: tuning curves shifted by bias currents. Right: each curve times its weight (grey), and the sum.",
    )


def letters(written: xr.Dataset, settings: Mapping[str, Any]) -> FigureSpec:
    """Every letter, wanted and written, for few and many junctions."""
    standard = int(settings["letter_count"])
    time = si(settings["letter_time"], "time", "letter_time")
    here = written.sel(count=standard).sel(time=time, method="nearest")
    panels = []
    for n, name in enumerate(settings["letters"]):
        one = here.isel(letter=n)
        x, y = one["written"].values.T
        panels.append(
            Panel(
                "x (letter height)",
                "y (letter height)",
                (
                    Series("wanted", *one["wanted"].values.T, style="dashed", group="guide"),
                    Series("without noise", *one["mean"].values.T, tone=1),
                    Series("written", x, y, style="points", tone=0),
                ),
                x_limits=(-0.15, 1.15),
                y_limits=(-0.15, 1.15),
                title=name,
            )
        )
    return FigureSpec(
        "letters",
        f"Cursive letters written by {standard} junctions",
        tuple(panels),
        f"Every point is one count of {time:g} s of all junctions.",
    )


def learning(found: xr.Dataset, tolerance: float) -> FigureSpec:
    """Hits during training."""
    errors = found["trial_error"].values
    window = max(min(50, errors.shape[1] // 4), 1)
    blocks = errors.shape[1] // window
    cut = errors[:, : blocks * window].reshape(errors.shape[0], blocks, window)
    trials = (np.arange(blocks) + 0.5) * window
    hits = 100.0 * (cut < tolerance).mean(axis=2)
    mean = Series("mean", trials, hits.mean(axis=0), band=(hits.min(axis=0), hits.max(axis=0)), style="both")
    size = 100.0 * np.sqrt((cut**2).mean(axis=(0, 2)))
    return FigureSpec(
        "learning",
        "Learning to grasp by trial and error",
        (
            Panel("trial", f"hits, error below {tolerance:.0%} of the range (%)", (mean,), y_limits=(0.0, 102.0)),
            Panel("trial", "rms error (% of the range)", (Series("", trials, size, style="both"),), y_scale="log"),
        ),
        f"Means over {window} trials; band: lowest to highest seed.",
    )


def scaling(found: Mapping[str, xr.Dataset], fitted: Mapping[str, Any], settings: Mapping[str, Any]) -> FigureSpec:
    """Error over junctions x time, with the fitted power law."""
    table, product = fitted["table"], fitted["product"]
    series = [
        Series(f"{count} + {count} junctions", product[n], 100.0 * table["total"].values[n], style="points", tone=n)
        for n, count in enumerate(settings["counts"])
    ]
    line = np.geomspace(product.min(), product.max(), 50)
    slope, error, factor = fitted["fit"]
    series.append(Series(f"fit, exponent {slope:.2f} ± {error:.2f}", line, 100.0 * factor * line**slope, tone=0))
    start = 100.0 * factor * line[0] ** slope
    series.append(Series("exponent −1/2", line, start * (line / line[0]) ** -0.5, style="dashed", group="guide"))
    slope, error, factor = fitted["noise"]
    noise = (
        Series("counting noise alone", product.ravel(), 100.0 * table["noise"].values.ravel(), style="points", tone=1),
        Series(f"fit, exponent {slope:.2f} ± {error:.2f}", line, 100.0 * factor * line**slope, tone=1),
    )
    label = "junctions × acquisition time (s)"
    return FigureSpec(
        "scaling",
        "The error falls with junctions and time",
        (
            Panel(label, "rms error (% of the range)", tuple(series), x_scale="log", y_scale="log"),
            Panel(label, "random part (% of the range)", noise, x_scale="log", y_scale="log"),
        ),
        "Left: all of the error. Right: without what is left at the mean rates, which is the weights' own error.",
    )


def faults(found: Mapping[str, xr.Dataset], settings: Mapping[str, Any]) -> FigureSpec:
    """Hits against scatter, dead junctions and bits of the weights."""

    def series(kind: str, key: str, label: str) -> Series:
        values = [value for value in settings[key] if value or kind != "bits"]
        hits = [100.0 * found[f"{kind}-{value}"]["success"].values for value in values]
        middle = np.array([one.mean() for one in hits])
        band = (np.array([one.min() for one in hits]), np.array([one.max() for one in hits]))
        x = np.asarray(values, float) * (1.0 if kind == "bits" else 100.0)
        return Series(label, x, middle, band=band, style="both")

    panels = (
        (
            "spread between junctions (%)",
            (
                series("delta", "delta_spreads", "barrier"),
                series("calibrated", "delta_spreads", "barrier, peaks calibrated"),
                series("critical", "critical_spreads", "critical current"),
            ),
        ),
        ("dead junctions (%)", (series("dead", "dead", "trained with them"),)),
        ("bits of a weight", (series("bits", "bit_counts", ""),)),
    )
    return FigureSpec(
        "faults",
        "What imperfect junctions and weights do",
        tuple(Panel(x, "hits (%)", curves, y_limits=(0.0, 102.0)) for x, curves in panels),
        "Maps trained with the faults. Bands: lowest to highest seed.",
    )
