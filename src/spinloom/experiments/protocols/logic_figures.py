"""Figures of invertible logic: bars of gates, maps of circuits run backwards, and distances against chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.figure import FigureSpec, Heat, Panel, Series

if TYPE_CHECKING:
    import xarray as xr

Found = Mapping[str, Mapping[str, "xr.Dataset"]]
_MOST_BARS = 10


def of(settings: Mapping[str, Any], found: Found, many: Mapping[str, xr.Dataset]) -> tuple[FigureSpec, ...]:
    """All figures of a run."""
    maps = [_map(settings, name, ways) for name, ways in found.items() if _square(settings, name, ways)]
    return (_bars(settings, found), *maps, _distances(settings, found, many), _products(settings, many))


def _bars(settings: Mapping[str, Any], found: Found) -> FigureSpec:
    """The free gates, state by state."""
    panels = []
    for name, ways in found.items():
        part = ways.get("free")
        if part is None or settings["cases"][name]["circuit"] in ("adder", "multiplier"):
            continue
        counts, exact = part["counts"].to_numpy(), part["exact"].to_numpy()
        shown = np.argsort(-exact, kind="stable")[:_MOST_BARS]
        places, share = np.arange(len(shown), dtype=float), counts / counts.sum()
        series = (
            Series("exact", 100.0 * exact[shown], places, style="bars", group="guide"),
            Series("p-bits", 100.0 * share[shown], places, style="points"),
        )
        wires = list(np.atleast_1d(part.attrs["wires"]))
        rows = tuple(" ".join(str(state >> bit & 1) for bit in range(len(wires))) for state in shown.tolist())
        panels.append(Panel("share (%)", " ".join(wires), series, title=_name(name), categories=rows))
    reads = int(settings["reads"])
    caption = f"Nothing held: the rows of the truth tables stand out. {reads} independent runs; the likeliest states."
    return FigureSpec("gates", "Gates run free", tuple(panels), caption)


def _name(case: str) -> str:
    return case.replace("_", " ")


def _square(settings: Mapping[str, Any], name: str, ways: Mapping[str, xr.Dataset]) -> bool:
    case = settings["cases"][name]
    return "inverse" in ways and ways["inverse"].sizes["state"] == 1 << 2 * int(case.get("bits", 0))


def _map(settings: Mapping[str, Any], name: str, ways: Mapping[str, xr.Dataset]) -> FigureSpec:
    """Two numbers of a circuit whose result is held."""
    part, case = ways["inverse"], settings["cases"][name]
    size, reads = 1 << int(case["bits"]), int(part["counts"].sum())
    first, second = case["runs"]["inverse"]["read"]
    held = ", ".join(f"{bus} = {value}" for bus, value in case["runs"]["inverse"]["held"].items())
    axis, panels = np.arange(size), []
    for title, values in (("p-bits", part["counts"] / reads), ("exact", part["exact"])):
        field = 100.0 * values.to_numpy().reshape(size, size)  # the first number's bits run fastest
        heat = Heat(axis, axis, field, "share (%)", contours=False, stretched=True)
        panels.append(Panel(first, second, heat=heat, title=title))
    caption = f"{held} held, {reads} independent runs; I₀ = {case['i0']}."
    return FigureSpec(f"{name}_backwards", f"{_name(name).capitalize()} run backwards", tuple(panels), caption)


def _distances(settings: Mapping[str, Any], found: Found, many: Mapping[str, xr.Dataset]) -> FigureSpec:
    """Every histogram's distance from the exact law over that of chance."""
    from spinloom.ising.histograms import expected_variation, total_variation

    points: dict[str, list[tuple[float, float]]] = {"gates": [], "adder and multiplier": []}
    for name, ways in found.items():
        gate = settings["cases"][name]["circuit"] not in ("adder", "multiplier")
        for part in ways.values():
            counts, p = part["counts"].to_numpy(), part["exact"].to_numpy()
            pair = expected_variation(p, int(counts.sum())), total_variation(counts, p)
            points["gates" if gate else "adder and multiplier"].append(pair)
    device = many["device"]
    for mode, label in (("events", "junctions that decide when they move"), ("steps", "junctions that always decide")):
        part = device.sel(dynamics=mode)
        points[label] = [*zip(part["expected"].values, part["variation"].values, strict=True)]
    series = []
    for tone, (label, pairs) in enumerate(points.items()):
        x, y = 100.0 * np.array(pairs).reshape(-1, 2).T
        series.append(Series(label, x, y, style="points", tone=tone))
    ends = np.array([0.1, 10.0])
    series.append(Series("the same", ends, ends, style="dashed", group="guide"))
    panel = Panel(
        "by chance alone (%)", "measured (%)", tuple(series), x_scale="log", y_scale="log", y_limits=(0.05, 30.0)
    )
    caption = (
        "Total variation, half the sum of |share - P| over the states read, against its mean for as many independent "
        "samples of the exact law itself."
    )
    return FigureSpec("distances", "Histograms against exact sums", (panel,), caption)


def _products(settings: Mapping[str, Any], many: Mapping[str, xr.Dataset]) -> FigureSpec:
    part = many["products"]
    places = np.arange(part.sizes["product"], dtype=float)
    series = (
        Series("exact", 100.0 * part["truth_exact"].to_numpy(), places, style="bars", group="guide"),
        Series("p-bits", 100.0 * part["truth"].to_numpy(), places, style="points"),
    )
    names = tuple(str(product) for product in part["product"].values)
    panel = Panel("runs in which all gates hold (%)", "product held", series, categories=names)
    right = int(part["right"].sum())
    caption = (
        f"One temperature for all. The factors and nothing else are the modes of {right} of {places.size} histograms."
    )
    return FigureSpec("products", "A multiplier as a factoriser", (panel,), caption)
