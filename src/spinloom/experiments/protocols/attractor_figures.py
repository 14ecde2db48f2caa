"""Figures of a continuous attractor network: the bump over time, tracking, cues, faults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from spinloom.experiments.figure import FigureSpec, Heat, Panel, Series
from spinloom.experiments.protocols.attractor_studies import follows
from spinloom.experiments.verdict import Metric

if TYPE_CHECKING:
    import xarray as xr


def of(parts: Mapping[str, xr.Dataset], metrics: Mapping[str, Metric]) -> tuple[FigureSpec, ...]:
    """All figures of a run."""
    return (
        _bump(parts["holding"], parts["wandering"]),
        _tracking(parts["tracking"]),
        _cues(parts["combining"], metrics),
        _faults(parts["faults"]),
    )


def _bump(part: xr.Dataset, wander: xr.Dataset) -> FigureSpec:
    place = part.coords["place"].values
    profile = Panel(
        "preferred value $x$ (rad)",
        r"rate $r/r_0$, current $U/w$",
        (
            Series("flip rate", place, part["rate"].values),
            Series("recurrent current", place, part["bump"].values, style="dashed"),
        ),
    )
    flips = part["flips"]
    raster = Panel(
        r"time $t/\tau$",
        "preferred value $x$ (rad)",
        heat=Heat(
            part.coords["time"].values, place, flips.values.T, "flips in a window", contours=False, stretched=True
        ),
    )
    times = wander.coords["time"].values
    series = []
    for n, size in enumerate(wander.coords["size"].values):
        series.append(Series(f"{size} junctions", times, wander["square"].values[n], tone=n))
        series.append(
            Series(
                "" if n else "theory", times, 2.0 * wander["theory"].values[n] * times, style="dashed", group="guide"
            )
        )
    moved = Panel(
        r"time $t/\tau$", r"$\langle \Delta z^2 \rangle$ (rad$^2$)", tuple(series), x_scale="log", y_scale="log"
    )
    caption = (
        "Left: the settled bump. Middle: flips counted in each window; a cue lights the bump and goes, the bump stays. "
        "Right: how far it wanders by the junctions' own chance, with the closed form (dashed)."
    )
    return FigureSpec("bump", "A bump of flips that holds itself", (profile, raster, moved), caption)


def _tracking(part: xr.Dataset) -> FigureSpec:
    ratio, slow = part.coords["ratio"].values, part.coords["slow"].values
    followed = follows(part["went"].values)
    lag = Panel(
        "speed of the cue / largest speed (theory)",
        "distance behind the cue (rad)",
        (
            Series("mean rates", ratio[followed], part["lag"].values[followed], style="both"),
            Series(
                "counted flips",
                part.coords["noisy"].values,
                part["lag_noisy"].values,
                error=part["spread_noisy"].values,
                style="points",
            ),
            Series("theory, weak cue", ratio, part["lag_theory"].values, style="dashed", group="guide"),
        ),
    )
    went = Panel(
        "speed of the cue / largest speed (theory)",
        "way of the bump / way of the cue",
        (Series("", ratio, part["went"].values, style="both"),),
    )
    lead = Panel(
        r"speed of the cue (rad/$\tau$)",
        "distance behind the cue (rad)",
        (
            Series("depressing synapses", slow, part["lag_depressed"].values, style="both"),
            Series("constant synapses", slow, part["lag_plain"].values, style="both"),
            Series("", slow[[0, -1]], np.zeros(2), style="dashed", group="guide"),
        ),
    )
    caption = (
        "Left: the bump follows at a distance that grows with speed. Middle: above the largest speed the cue is lost. "
        "Right: with depressing synapses the bump runs ahead of a slow cue."
    )
    return FigureSpec("tracking", "Following a moving cue", (lag, went, lead), caption)


def _cues(part: xr.Dataset, metrics: Mapping[str, Metric]) -> FigureSpec:
    pairs = [n for n, other in enumerate(part.coords["second"].values) if other > 0]
    errors = part["error"].values[pairs]
    best, found = errors[:, 4].ravel(), errors[:, 0:2].mean(1).ravel()
    shown = slice(None, None, max(1, best.size // 400))
    ends = np.array([-0.5, 0.5])
    each = Panel(
        "exact Bayes, error (rad)",
        "networks' estimate, error (rad)",
        (
            Series("trials, without own noise", best[shown], found[shown], style="points"),
            Series("equal", ends, ends, style="dashed", group="guide"),
        ),
    )
    foretold = np.asarray(metrics["cues.weights_foretold"].value)
    whole = np.array([0.0, 1.0])
    weights = Panel(
        "weight of cue 1 by inverse variances",
        "weight of cue 1 in the networks",
        (
            Series("networks", foretold, np.asarray(metrics["cues.weights"].value), style="points"),
            Series("exact Bayes", foretold, np.asarray(metrics["cues.weights_bayes"].value), style="points"),
            Series("equal", whole, whole, style="dashed", group="guide"),
        ),
    )
    caption = (
        "Left: single trials with both cues, the networks against exact Bayes on the same counts of the sensors. "
        "Right: how much of a conflict between the cues goes to cue 1, against the weights that the variances of "
        "estimates from one cue alone foretell."
    )
    return FigureSpec("cues", "Two coupled networks combine two cues", (each, weights), caption)


def _faults(part: xr.Dataset) -> FigureSpec:
    labels = {
        "delta": r"scatter of $\Delta$",
        "trimmed": r"scatter of $\Delta$, trimmed",
        "critical": "scatter of $I_c$",
        "dead": "share of dead junctions",
    }
    held, error = [], []
    for n, (kind, label) in enumerate(labels.items()):
        x = part.coords[kind].values
        held.append(Series(label, x, 100.0 * part[f"held_{kind}"].mean("chip").values, style="both", tone=n))
        values = part[f"error_{kind}"].transpose(kind, "chip").values
        band = (values.min(1), values.max(1))
        error.append(Series(label, x, values.mean(1), band=band, style="both", tone=n))
    x_label = "relative scatter, or share"
    caption = (
        "Bands: best to worst chip. Scatter of the barrier changes the rates exponentially; trimmed: the weights of "
        "each junction are divided by its own peak rate. Nothing else is corrected."
    )
    panels = (
        Panel(x_label, "bumps held without cue (%)", tuple(held)),
        Panel(x_label, "distance from a steady cue, rms (rad)", tuple(error)),
    )
    return FigureSpec("faults", "Imperfect junctions", panels, caption)
