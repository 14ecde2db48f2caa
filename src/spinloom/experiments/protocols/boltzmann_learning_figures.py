"""Figures of learning on p-bits: likelihood against updates, learned laws, chips, what a machine of images draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.figure import FigureSpec, Heat, Panel, Series
from spinloom.experiments.protocols.boltzmann_figures import mosaic
from spinloom.experiments.protocols.boltzmann_learning_sets import right_states, rows_of

if TYPE_CHECKING:
    import xarray as xr

_ACROSS = 10  # pictures in a row


def of(
    settings: Mapping[str, Any],
    small: Mapping[str, xr.Dataset],
    spreads: xr.Dataset,
    grid: xr.Dataset,
    digits: xr.Dataset,
) -> tuple[FigureSpec, ...]:
    """All figures of a run."""
    drawn = [_likelihood(settings, small), _gaps(settings, small), _chips(spreads, grid)]
    drawn += [_laws(settings, small["adder"], spreads)] if "adder" in small else []
    return (*drawn, _pictures(digits), _digits(digits))


def _likelihood(settings: Mapping[str, Any], small: Mapping[str, xr.Dataset]) -> FigureSpec:
    panels = []
    for name, found in small.items():
        x = found.coords["update"].to_numpy().astype(float)
        shown = x > 0  # a logarithmic axis
        best = -np.log(len(rows_of(settings["sets"][name]["rows"])))
        left = best - found["log_likelihood"].mean("seed")
        series = [Series("exact", x[shown], left.sel(learner="exact").to_numpy()[shown], group="guide", style="dashed")]
        for tone, (method, how) in enumerate(settings["methods"].items()):
            series.append(Series(how["label"], x[shown], left.sel(learner=method).to_numpy()[shown], tone=tone))
        title = settings["sets"][name]["label"]
        panels.append(Panel("updates", "what is left (nat)", tuple(series), x_scale="log", y_scale="log", title=title))
    caption = (
        "-ln N less the mean log-likelihood of the N rows, exact, mean of the seeds: 0 is the set itself. CD-k and "
        "PCD-k sample with p-bits."
    )
    return FigureSpec("likelihood", "Learning on p-bits", tuple(panels), caption)


def _gaps(settings: Mapping[str, Any], small: Mapping[str, xr.Dataset]) -> FigureSpec:
    series = []
    for tone, (method, how) in enumerate(settings["methods"].items()):
        middle, error = [], []
        for found in small.values():
            last = found["log_likelihood"].isel(update=-1)
            exact = last.sel(learner="exact").to_numpy()
            gap = 100.0 * (exact - last.sel(learner=method).to_numpy()) / np.abs(exact)
            middle.append(float(gap.mean()))
            error.append(float(gap.std(ddof=1) / np.sqrt(gap.size)) if gap.size > 1 else 0.0)
        x = np.arange(len(small)) + 0.1 * (tone - 1.5)
        series.append(Series(how["label"], x, np.array(middle), error=np.array(error), style="points", tone=tone))
    places = np.array([-0.5, len(small) - 0.5])
    series.append(Series("1 %", places, np.ones(2), style="dashed", group="guide"))
    categories = tuple(settings["sets"][name]["short"] for name in small)
    panel = Panel("", "below the exact gradient (%)", tuple(series), categories=categories)
    caption = (
        "Shortfall of the log-likelihood after the last update, of its size; means and standard errors of the seeds."
    )
    return FigureSpec("gaps", "How near sampling comes to the exact gradient", (panel,), caption)


def _chips(spreads: xr.Dataset, grid: xr.Dataset) -> FigureSpec:
    labels = {"moved": "weights from a computer", "grown": "learned on the chip"}
    x = 100.0 * spreads.coords["spread"].to_numpy().astype(float)
    first, second = [], []
    for tone, (way, label) in enumerate(labels.items()):
        each = spreads["divergence"].sel(way=way)
        count = each.sizes["chip"]
        error = each.std("chip", ddof=1).to_numpy() / np.sqrt(count) if count > 1 else None
        first.append(Series(label, x, each.mean("chip").to_numpy(), error=error, style="both", tone=tone))
        bits = grid.coords["bits"].to_numpy().astype(float)
        second.append(Series(label, bits, grid["divergence"].sel(way=way).to_numpy(), style="both", tone=tone))
    divergence = "divergence from the data (nat)"
    panels = (
        Panel("spread of slopes and offsets (%)", divergence, tuple(first), y_scale="log"),
        Panel("bits of a weight", divergence, tuple(second), y_scale="log"),
    )
    caption = (
        "Full adder of five p-bits: Kullback-Leibler divergence of what the chip settles to, exact. Learned on "
        "the chip: one chain, as hardware has it."
    )
    return FigureSpec("chips", "Learning takes the chip's faults up", panels, caption)


def _laws(settings: Mapping[str, Any], adder: xr.Dataset, spreads: xr.Dataset) -> FigureSpec:
    x = np.arange(32.0)
    data = Series("truth table", x, right_states() / 8.0, style="dashed", group="guide")
    laws = adder["law"].isel(seed=0)
    ideal = [
        Series(settings["methods"][str(name)]["label"], x, laws.sel(learner=name).to_numpy(), style="points", tone=tone)
        for tone, name in enumerate(settings["methods"])
        if name in ("cd1", "pcd10")
    ]
    one = spreads["law"].isel(spread=-1, chip=0)
    labels = {"moved": "weights from a computer", "grown": "learned on the chip"}
    chip = [
        Series(label, x, one.sel(way=way).to_numpy(), style="points", tone=tone)
        for tone, (way, label) in enumerate(labels.items())
    ]
    label = "state, A + 2B + 4C + 8S + 16C′"
    panels = (
        Panel(label, "probability", (data, *ideal), title="ideal p-bits"),
        Panel(label, "probability", (data, *chip), title="one chip, largest spread"),
    )
    caption = "Exact distributions of the five visible p-bits after learning the full adder."
    return FigureSpec("laws", "What a full adder learned", panels, caption)


def _field(samples: np.ndarray) -> Heat:
    count = len(samples) // _ACROSS * _ACROSS or len(samples)
    across = min(_ACROSS, count)
    field = mosaic(samples[:count].astype(float).reshape(-1, across, samples.shape[-1]))
    height, width = field.shape
    # the first row of a picture is at the top
    return Heat(np.arange(width), -np.arange(height), field, "", contours=False)


def _pictures(digits: xr.Dataset) -> FigureSpec:
    filters = digits["filters"].to_numpy()
    filters = filters / np.abs(filters).max(axis=1, keepdims=True)
    panels = (
        Panel("", "", heat=_field(digits["examples"].to_numpy()), title="training images"),
        Panel("", "", heat=_field(digits["samples"].to_numpy()), title="drawn by the machine"),
        Panel("", "", heat=_field(filters), title="weights of hidden units"),
    )
    caption = (
        "Left: training images, their grey values drawn as bits. Middle: visible p-bits many sweeps on from a kept "
        "chain of the training each, not selected. Right: the largest hidden units, each on its own scale."
    )
    return FigureSpec("pictures", "A restricted machine of images", panels, caption)


def _digits(digits: xr.Dataset) -> FigureSpec:
    x = digits["epoch"].to_numpy().astype(float)
    series = Series(
        "test images", x, digits["log_likelihood"].to_numpy(), error=digits["error"].to_numpy(), style="both"
    )
    panel = Panel("epochs", "ln P of an image (nat)", (series,))
    caption = "Mean of the test images, with ln Z by annealed importance sampling and its standard error."
    return FigureSpec("digits", "How images are learned", (panel,), caption)
