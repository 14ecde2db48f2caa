"""Numbers and figures from the training histories of several systems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric

if TYPE_CHECKING:
    import xarray as xr


class Named(Protocol):
    """What is needed of a system here."""

    @property
    def name(self) -> str:
        """Name in metrics."""
        ...

    @property
    def label(self) -> str:
        """Name for people."""
        ...


Histories = Mapping[str, "xr.Dataset"]


def mean(values: np.ndarray, unit: str = "") -> Metric:
    """Mean over seeds with its standard error; no error from one seed."""
    error = float(np.std(values, ddof=1) / np.sqrt(values.size)) if values.size > 1 else None
    return Metric(float(np.mean(values)), unit, error)


def final_accuracy(history: xr.Dataset) -> np.ndarray:
    """Test accuracy [%] of each seed's network as training left it, shape (seeds,)."""
    accuracy = history["test_accuracy"].transpose("seed", "iteration").values * 100
    steps = history["iteration"].values
    rows = [np.flatnonzero(steps == left)[-1] for left in history["left_at"].values]
    return accuracy[np.arange(len(rows)), rows]


def final_loss(history: xr.Dataset) -> np.ndarray:
    """Training loss of each seed's network as training left it, shape (seeds,)."""
    loss = history["loss"].transpose("seed", "iteration").values
    steps = history["iteration"].values
    rows = [np.flatnonzero(steps == left)[-1] for left in history["left_at"].values]
    return loss[np.arange(len(rows)), rows]


def _accuracy_at(history: xr.Dataset, iteration: int) -> np.ndarray | None:
    steps = history["iteration"].values
    found = np.flatnonzero(steps == iteration)
    if not found.size:
        return None
    return history["test_accuracy"].transpose("seed", "iteration").values[:, found[-1]] * 100


def _reached(history: xr.Dataset, percent: float) -> np.ndarray:
    """First evaluated iteration with at least this accuracy, NaN for a seed that never has it."""
    accuracy = history["test_accuracy"].transpose("seed", "iteration").values * 100
    steps = history["iteration"].values.astype(float)
    return np.array([steps[row >= percent][0] if np.any(row >= percent) else np.nan for row in accuracy])


def learned_range(history: xr.Dataset, name: str) -> list[float]:
    """Lowest and highest value of any neuron during a run, averaged over the seeds."""
    low = history[name].sel(edge="lowest").min("iteration").mean("seed")
    high = history[name].sel(edge="highest").max("iteration").mean("seed")
    return [float(low), float(high)]


def measure(systems: Sequence[Named], histories: Histories, settings: Mapping[str, Any]) -> dict[str, Metric]:
    """Per system: accuracy, spread, loss, iterations to the threshold, learned ranges; and the compared gains.

    Ranges are the extremes over all neurons of a layer and the whole run, each averaged over the seeds.
    """
    metrics: dict[str, Metric] = {}
    threshold = float(settings["threshold"])
    for system in systems:
        history = histories[system.name]
        final = final_accuracy(history)
        metrics[f"accuracy.{system.name}"] = mean(final, "%")
        if final.size > 1:
            metrics[f"spread.{system.name}"] = Metric(float(np.std(final, ddof=1)), "%")
        metrics[f"loss.{system.name}"] = mean(final_loss(history))
        metrics[f"reach{threshold:g}.{system.name}"] = mean(_reached(history, threshold))
        for iteration in settings["at"]:
            early = _accuracy_at(history, int(iteration))
            if early is not None:
                metrics[f"accuracy{iteration}.{system.name}"] = mean(early, "%")
        for name in ("k2", "c2", "k3", "c3"):
            if name in history:
                metrics[f"range.{name}.{system.name}"] = Metric(learned_range(history, name))
        metrics[f"failed_seeds.{system.name}"] = Metric(float(np.sum(history["learned"].values == 0)))
        metrics[f"seeds.{system.name}"] = Metric(float(final.size))
    return metrics | _gains(histories, settings)


def _gains(histories: Histories, settings: Mapping[str, Any]) -> dict[str, Metric]:
    """Difference in accuracy of two systems, paired by seed where both have it."""
    gains: dict[str, Metric] = {}
    for first, second in settings["compare"]:
        if first not in histories or second not in histories:
            continue
        a, b = histories[first], histories[second]
        common = np.intersect1d(a["seed"].values, b["seed"].values)
        a, b = a.sel(seed=common), b.sel(seed=common)
        gains[f"gain.{first}_over_{second}"] = mean(final_accuracy(a) - final_accuracy(b), "%")
        for iteration in settings["at"]:
            early, late = _accuracy_at(a, int(iteration)), _accuracy_at(b, int(iteration))
            if early is not None and late is not None:
                gains[f"gain{iteration}.{first}_over_{second}"] = mean(early - late, "%")
    return gains


def dataset(histories: Histories) -> xr.Dataset:
    """All histories over (system, seed, iteration); NaN where a system has fewer seeds or stopped."""
    import xarray as xr

    named = [history.expand_dims(system=[name]) for name, history in histories.items()]
    joined = xr.concat(named, dim="system", join="outer", combine_attrs="drop", data_vars="all")
    joined["test_accuracy"].attrs = {"units": "1", "long_name": "share of test samples classified correctly"}
    joined["loss"].attrs = {"units": "1", "long_name": "training loss, summed over outputs, mean over samples"}
    return joined


def figures(spec: Reproduction, systems: Sequence[Named], histories: Histories) -> tuple[FigureSpec, ...]:
    """Accuracy and loss against iterations, and the learned ranges where the spec has published ones."""
    curves = [curve(system, histories[system.name], "test_accuracy", 100.0) for system in systems]
    losses = [curve(system, histories[system.name], "loss", 1.0) for system in systems]
    most = max(float(series.y.max()) for series in losses)
    drawn = [
        FigureSpec(
            "accuracy",
            "Test accuracy while training",
            (
                Panel("iteration", "test accuracy (%)", tuple(curves), y_limits=(0, 100)),
                Panel("iteration", "test accuracy (%)", tuple(curves), y_limits=(80, 95), title="enlarged"),
            ),
            "Lines: mean over seeds; bands: lowest to highest seed. Published points on top.",
        ),
        FigureSpec(
            "loss",
            "Training loss",
            (Panel("iteration", "loss $J$", tuple(losses), y_limits=(0, min(most, 8.0) * 1.05)),),
            "Cross entropy summed over the outputs, mean over the training samples.",
        ),
    ]
    ranges = _ranges_figure(spec, histories)
    return (*drawn, ranges) if ranges is not None else tuple(drawn)


def curve(system: Named, history: xr.Dataset, name: str, factor: float) -> Series:
    """A variable of a history against iterations: mean over seeds, band from lowest to highest."""
    values = history[name].transpose("seed", "iteration").values * factor
    seeds = values.shape[0]
    with np.errstate(invalid="ignore"):
        middle = np.mean(values, axis=0)
    good = np.isfinite(middle)
    band = None if seeds < 2 else (values.min(axis=0)[good], values.max(axis=0)[good])
    label = f"{system.label} ({seeds} seed{'' if seeds == 1 else 's'})"
    return Series(label, history["iteration"].values[good].astype(float), middle[good], band=band)


def _ranges_figure(spec: Reproduction, histories: Histories) -> FigureSpec | None:
    """Published and learned ranges of k2, k3, c2, c3 side by side, drawn as bars from lowest to highest."""
    rows = [e for e in spec.expect if e.quantity.startswith("range.") and isinstance(e.published, list)]
    rows = [e for e in rows if e.quantity.split(".")[2] in histories]
    if not rows:
        return None
    names = [e.quantity.split(".")[1] for e in rows]
    history = histories[rows[0].quantity.split(".")[2]]
    theirs = np.array([e.published for e in rows], dtype=float)
    ours = np.array([learned_range(history, name) for name in names])
    places = np.arange(len(names), dtype=float)
    series = (
        Series("here", places - 0.12, ours.mean(axis=1), error=np.ptp(ours, axis=1) / 2, style="points"),
        Series(
            "published (fig. 3.11)",
            places + 0.12,
            theirs.mean(axis=1),
            error=np.ptp(theirs, axis=1) / 2,
            style="points",
            group="published",
        ),
    )
    labels = tuple(f"${name[0]}_{name[1]}$" for name in names)
    panel = Panel("", "range of $k$ (1/unit of $z$) and $c$ (unit of $z$)", series, categories=labels)
    return FigureSpec(
        "ranges",
        "Learned k and c",
        (panel,),
        "From the lowest to the highest value of any neuron during a run; mean over seeds.",
    )
