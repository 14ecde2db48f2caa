"""Figures of random bits: what whitening does, how many streams pass, how p-values lie, what moves the probability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.experiments.protocols.random_sources import Over, Source

if TYPE_CHECKING:
    import xarray as xr

Found = Mapping[tuple[Over, int], "xr.Dataset"]
_SMALLEST = 1e-7  # what a logarithmic axis shows of zero


def figures(found: Found, source: Source, settings: Mapping[str, Any]) -> tuple[FigureSpec, ...]:
    """All of one run."""
    drawn = [_whitening(found, source, settings), _proportions(found, settings), _p_values(found, settings)]
    if source.disturbance is not None:
        drawn.append(_disturbance(source, settings))
    return tuple(drawn)


def _whitening(found: Found, source: Source, settings: Mapping[str, Any]) -> FigureSpec:
    """Bias and correlation against depth, with what the closed forms say."""
    bias, correlation = [], []
    for over in ("junctions", "samples"):
        depths = sorted(xor for way, xor in found if way == over)
        if not depths:
            continue
        tables = [found[over, xor] for xor in depths]
        x = np.array(depths, float)
        noise = np.array([float(t["bias_error"]) for t in tables])
        seen = np.array([float(np.sqrt((t["bias"] ** 2).mean())) for t in tables])
        exact = np.array([float(np.sqrt((t["exact_bias"] ** 2).mean())) for t in tables])
        bias.append(Series(f"XOR over {over}", x, 100 * seen, style="points"))
        bias.append(Series("exact", x, 100 * np.sqrt(exact**2 + noise**2), group="guide"))
        same = np.array([abs(float(t["correlation"])) for t in tables])
        limits = np.array([abs(float(t["exact_correlation"])) for t in tables])
        errors = np.array([float(t["correlation_error"]) for t in tables])
        correlation.append(Series(f"XOR over {over}", x, np.maximum(same, _SMALLEST), errors, style="points"))
        correlation.append(
            Series("exact, with chance", x, np.maximum(np.hypot(limits, errors), _SMALLEST), group="guide")
        )
    caption = (
        "Left: bias of a stream (root mean square over streams) against the XOR depth; the line is the closed form "
        "with the counting error of a stream, on which the points end. Right: correlation of neighbouring bits, pooled."
    )
    panels = (
        Panel("XOR depth n", "bias |P(1) - 1/2| (%)", tuple(bias), x_scale="log", y_scale="log"),
        Panel("XOR depth n", "correlation of neighbours", tuple(correlation), x_scale="log", y_scale="log"),
    )
    return FigureSpec("whitening", "What XOR does to bias and correlation", panels, caption)


def _shown(found: Found, settings: Mapping[str, Any]) -> list[tuple[str, xr.Dataset]]:
    """The raw streams and the most whitened ones."""
    over = settings["over"]
    depths = [int(settings["depths"][0]), int(settings["depths"][-1])]
    return [("raw" if n == 1 else f"XOR of {n} {over}", found[over, n]) for n in dict.fromkeys(depths)]


def _proportions(found: Found, settings: Mapping[str, Any]) -> FigureSpec:
    """Share of streams that pass each test."""
    panels = []
    for name, table in _shown(found, settings):
        tests = list(dict.fromkeys(str(test) for test in table["test"].values))
        shares, limits = [], []
        for test in tests:
            rows = table.sel(row=table["test"] == test)
            applies = rows["streams"].values > 0
            shares.append(100 * float(rows["proportion"].values[applies].mean()) if applies.any() else 0.0)
            limits.append(float(rows["proportion_low"].values[applies].max()) if applies.any() else np.nan)
        places = np.arange(len(tests), dtype=float)
        limit = np.full(2, 100 * float(np.nanmax(limits)))
        panels.append(
            Panel(
                "streams with p ≥ 0.01 (%); dashed: NIST's limit",
                "",
                (
                    Series("", np.array(shares), places, style="bars"),
                    Series("", limit, np.array([-0.5, len(tests) - 0.5]), style="dashed", group="guide"),
                ),
                title=f"{name}, {table.sizes['stream']} streams",
                categories=tuple(test.replace("_", " ") for test in tests),
                x_limits=(0.0, 118.0),
            )
        )
    caption = (
        "Mean over a test's p-values of the share of streams that pass; 0 also where a test does not apply to any "
        "stream (the excursion tests need a walk that returns to zero often enough)."
    )
    return FigureSpec("proportions", "Streams that pass the tests of NIST SP800-22", tuple(panels), caption)


def _p_values(found: Found, settings: Mapping[str, Any]) -> FigureSpec:
    """How all p-values are distributed: evenly, for an ideal source."""
    edges = np.linspace(0.0, 1.0, 21)
    series = []
    for name, table in _shown(found, settings):
        values = table["p_value"].values
        counts, _ = np.histogram(values[np.isfinite(values)], bins=edges)
        series.append(Series(name, 0.5 * (edges[1:] + edges[:-1]), counts / max(counts.sum(), 1) * 20, style="both"))
    series.append(Series("ideal", np.array([0.0, 1.0]), np.ones(2), style="dashed", group="guide"))
    return FigureSpec(
        "p_values",
        "P-values of all tests and streams",
        (Panel("p-value", "density", tuple(series), y_limits=(0.0, 3.0)),),
        "Histogram of all p-values in twenty bins. An ideal source gives 1 everywhere, but for the discreteness of "
        "some tests; raw bits have most of theirs in the first bin, beyond the axis.",
    )


def _disturbance(source: Source, settings: Mapping[str, Any]) -> FigureSpec:
    """P against what moves it, and the bias that is left after XOR of bits that are all off by as much."""
    off = source.disturbance
    assert off is not None
    x = off.scale * off.x
    error = np.abs(off.p - 0.5)
    left = [
        Series("raw" if n == 1 else f"XOR of {n}", x, np.maximum(100 * 2.0 ** (n - 1) * error**n, 1e-6))
        for n in map(int, settings["depths"])
    ]
    seen = np.full(2, 100 * 0.5 / np.sqrt(float(settings["bits"])))
    left.append(Series("chance in one stream", x[[0, -1]], seen, style="dashed", group="guide"))
    spread = off.scale * off.spread
    panels = (
        Panel(
            off.label,
            "P(1)",
            (
                Series("P", x, off.p),
                Series("one standard deviation", np.full(2, spread), np.array([off.p.min(), off.p.max()]),
                       style="dashed", group="guide"),
                Series("", np.full(2, -spread), np.array([off.p.min(), off.p.max()]), style="dashed", group="guide"),
            ),
        ),
        Panel(off.label, "bias after XOR (%)", tuple(left), y_scale="log", y_limits=(1e-5, 100.0)),
    )  # fmt: skip
    caption = (
        "Left: probability of a 1 against what moves it, and the assumed scatter. Right: bias 2^(n-1) e^n of XORed "
        "bits that are all off by as much; below the dashed line a stream does not show it."
    )
    return FigureSpec("disturbance", "Why raw bits fail", panels, caption)
