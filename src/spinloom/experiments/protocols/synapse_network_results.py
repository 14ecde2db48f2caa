"""Numbers and figures of networks written into synapses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from spinloom.experiments.figure import FigureSpec, Heat, Panel, Series
from spinloom.experiments.protocols.network_results import (
    Histories,
    Named,
    curve,
    final_accuracy,
    final_loss,
    learned_range,
    mean,
)
from spinloom.experiments.protocols.network_results import dataset as histories_dataset
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric
from spinloom.units import si

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.tasks import Split

Accuracies = Mapping[str, np.ndarray]
_WEIGHTS = ("weight_", "start_", "slope_")


class Trained(Named, Protocol):
    """What is needed of a training here."""

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Ends of the range of a trained k."""
        ...

    @property
    def k(self) -> float:
        """Slope of the neurons, or where it starts."""
        ...

    @property
    def learning_rate(self) -> float:
        """Step of the gradient descent."""
        ...

    @property
    def samples(self) -> int | None:
        """How many training samples, where not all."""
        ...

    @property
    def centre(self) -> tuple[float, bool] | None:
        """Centre of the neuron's curve [A], and whether it is printed."""
        ...


class Written(Named, Protocol):
    """What is needed of a system here."""

    @property
    def training(self) -> str:
        """Name of its training."""
        ...


def measure(
    systems: Sequence[Written],
    trainings: Sequence[Trained],
    accuracies: Accuracies,
    histories: Histories,
    settings: Mapping[str, Any],
) -> dict[str, Metric]:
    """The numbers of a run.

    - ``accuracy.SYSTEM``, ``seeds.SYSTEM``, ``lost.SYSTEM`` (what writing into synapses takes of the accuracy);
    - ``trained_accuracy.TRAINING``, ``loss.TRAINING``, ``last_progress.TRAINING`` (iteration after which the loss does
      not fall by 1 % any more), ``slope.TRAINING``, ``range.k2.TRAINING``, ``range.k3.TRAINING``;
    - ``accuracy.order``: accuracies of the systems named in ``order``;
    - ``gain.A_over_B`` for each pair of systems to compare, paired by seed.
    """
    metrics: dict[str, Metric] = {}
    for training in trainings:
        history = histories[training.name]
        metrics[f"trained_accuracy.{training.name}"] = mean(final_accuracy(history), "%")
        metrics[f"loss.{training.name}"] = mean(final_loss(history))
        metrics[f"last_progress.{training.name}"] = mean(history["last_progress"].values)
        metrics[f"slope.{training.name}"] = Metric(training.k)
        metrics[f"failed_seeds.{training.name}"] = Metric(float(np.sum(history["learned"].values == 0)))
        for name in ("k2", "k3"):
            if training.bounds is not None:
                metrics[f"range.{name}.{training.name}"] = Metric(learned_range(history, name))
    for system in systems:
        found = accuracies[system.name]
        metrics[f"accuracy.{system.name}"] = mean(found, "%")
        metrics[f"seeds.{system.name}"] = Metric(float(found.size))
        metrics[f"lost.{system.name}"] = mean(final_accuracy(histories[system.training]) - found, "%")
    for first, second in settings["compare"]:
        if first in accuracies and second in accuracies:
            seeds = min(accuracies[first].size, accuracies[second].size)  # both begin with the same seed
            metrics[f"gain.{first}_over_{second}"] = mean(accuracies[first][:seeds] - accuracies[second][:seeds], "%")
    if settings["order"]:
        metrics["accuracy.order"] = Metric([float(accuracies[name].mean()) for name in settings["order"]], "%")
    return metrics


def _maps(history: xr.Dataset, what: str) -> np.ndarray:
    """What each output neuron looks for in the input, W2 W1, shape (outputs, inputs), of the first seed."""
    layers = sorted(str(name) for name in history.data_vars if str(name).startswith(what))
    found = history[layers[0]].isel(seed=0).values.astype(float)
    for layer in layers[1:]:
        found = history[layer].isel(seed=0).values @ found
    return found


def features(history: xr.Dataset, split: Split) -> dict[str, Metric]:
    """How alike the features and the classes' mean images are, before and after training.

    ``features.start`` and ``features.end``: correlation over the pixels of row c of W2 W1 with the mean image of class
    c less the mean image of all, averaged over the classes.
    """
    classes = range(split.classes)
    images = np.stack([split.train_x[split.train_y == label].mean(axis=0) for label in classes])
    images = images - split.train_x.mean(axis=0)
    found = {}
    for name, what in (("start", "start_"), ("end", "weight_")):
        maps = _maps(history, what)
        found[f"features.{name}"] = Metric(
            float(np.mean([np.corrcoef(maps[label], images[label])[0, 1] for label in classes]))
        )
    return found


def dataset(systems: Sequence[Written], accuracies: Accuracies, histories: Histories) -> xr.Dataset:
    """All histories and accuracies; the weights themselves are left out, W2 W1 of each training is kept."""
    import xarray as xr

    maps = {name: _maps(history, "weight_") for name, history in histories.items()}
    plain = {
        name: history.drop_vars([v for v in history.variables if str(v).startswith(_WEIGHTS)])
        for name, history in histories.items()
    }
    data = histories_dataset(plain).rename(system="training")
    data["features"] = (
        ("training", "class", "pixel"),
        np.stack([maps[str(name)] for name in data["training"].values]),
        {"units": "1", "long_name": "W2 W1 of the first seed"},
    )
    seeds = max(found.size for found in accuracies.values())
    table = np.full((len(systems), seeds), np.nan)
    for row, system in enumerate(systems):
        table[row, : accuracies[system.name].size] = accuracies[system.name] / 100
    numbers = np.arange(seeds) + int(data["seed"].values.min())
    written = xr.Dataset(
        {
            "accuracy": (
                ("system", "seed"),
                table,
                {"units": "1", "long_name": "share of test samples classified right"},
            )
        },
        coords={"system": ("system", [system.name for system in systems]), "seed": ("seed", numbers)},
    )
    return xr.merge([data, written], join="outer")


def figures(
    spec: Reproduction,
    systems: Sequence[Written],
    trainings: Sequence[Trained],
    accuracies: Accuracies,
    histories: Histories,
    settings: Mapping[str, Any],
) -> tuple[FigureSpec, ...]:
    """Accuracy of every system, course of every training, and what the settings ask for."""
    drawn = [_bars(spec, systems, accuracies), _courses(trainings, histories)]
    if settings["features"]:
        drawn += _features_figure(histories[settings["features"]])
    rated = [training for training in trainings if training.samples is not None and training.bounds is None]
    if len({training.learning_rate for training in rated}) > 2:
        drawn.append(_rates(rated, histories))
    if len({training.k for training in trainings}) > 2:
        drawn.append(_slopes(systems, trainings, accuracies))
    if settings["scan"]:
        drawn.append(_scan(settings["scan"], [t for t in trainings if t.samples is None] or trainings, histories))
    return tuple(drawn)


def _bars(spec: Reproduction, systems: Sequence[Written], accuracies: Accuracies) -> FigureSpec:
    """Lying bars, published figures as points on them."""
    printed = {e.quantity: e.published for e in spec.expect if e.kind == "paper" and isinstance(e.published, float)}
    places = np.arange(len(systems), dtype=float)
    ours = np.array([accuracies[system.name].mean() for system in systems])
    rows = [row for row, system in enumerate(systems) if f"accuracy.{system.name}" in printed]
    theirs = np.array([printed[f"accuracy.{systems[row].name}"] for row in rows], dtype=float)
    series = [Series("here", ours, places, style="bars")]
    if rows:
        series.append(Series("published", theirs, places[rows], style="points", group="published"))
    everything = np.concatenate([ours, theirs])
    low = float(np.floor(max(0.0, everything.min() - 3)))
    limits = (low, float(min(104.0, everything.max() + 0.14 * (everything.max() - low) + 0.5)))
    panel = Panel(
        "test accuracy (%)", "", tuple(series), x_limits=limits, categories=tuple(system.label for system in systems)
    )
    return FigureSpec(
        "accuracy", "Accuracy of the written networks", (panel,), "Mean over seeds. The axis does not begin at zero."
    )


def _courses(trainings: Sequence[Trained], histories: Histories) -> FigureSpec:
    whole = [training for training in trainings if training.samples is None]
    trainings = whole or trainings  # what was trained on few samples for comparison is left out
    losses = [curve(training, histories[training.name], "loss", 1.0) for training in trainings]
    rights = [curve(training, histories[training.name], "test_accuracy", 100.0) for training in trainings]
    most = max(float(series.y.max()) for series in losses)
    return FigureSpec(
        "training",
        "Training",
        (
            Panel("iteration", "loss $J$", tuple(losses), y_limits=(0, min(most, 3.5) * 1.05)),
            Panel("iteration", "test accuracy (%)", tuple(rights), y_limits=(50, 100)),
        ),
        "Training loss (cross entropy summed over the outputs, mean over the samples) and test accuracy of the "
        "networks before their weights are written into synapses; bands: lowest to highest seed.",
    )


def _mosaic(maps: np.ndarray) -> tuple[np.ndarray, int] | None:
    """Features as images beside one another in two rows; None where the inputs are no square image."""
    side = round(float(np.sqrt(maps.shape[1])))
    if side * side != maps.shape[1] or len(maps) % 2:
        return None
    tiles = maps.reshape(2, len(maps) // 2, side, side)
    return np.concatenate([np.concatenate(list(row), axis=1) for row in tiles], axis=0), side


def _features_figure(history: xr.Dataset) -> list[FigureSpec]:
    """The bottom of fig. 4.4."""
    panels = []
    for title, what in (("before training", "start_"), ("after training", "weight_")):
        made = _mosaic(_maps(history, what))
        if made is None:
            return []
        image, side = made
        across, down = np.arange(image.shape[1]) / side, np.arange(image.shape[0]) / side
        # rows of an image count downwards
        panels.append(
            Panel("", "", heat=Heat(across, -down, image, "$\\sum_i W_1 W_{2,i}$", contours=False), title=title)
        )
    caption = "Features that the ten outputs look for, digits 0 to 4 above and 5 to 9 below; first seed."
    return [FigureSpec("features", "Features W1 x W2", tuple(panels), caption)]


def _rates(trainings: Sequence[Trained], histories: Histories) -> FigureSpec:
    """Accuracy and loss against the learning rate, one curve a slope."""
    panels = []
    for label, read in (("test accuracy (%)", final_accuracy), ("final loss $J$", final_loss)):
        series = []
        for k in sorted({training.k for training in trainings}):
            rows = sorted((t.learning_rate, float(read(histories[t.name]).mean())) for t in trainings if t.k == k)
            x, y = np.array(rows).T
            series.append(Series(f"$k$ = {k:.3g}", x, y, style="both"))
        panels.append(Panel("learning rate", label, tuple(series), x_scale="log"))
    samples = sorted({training.samples or 0 for training in trainings})
    caption = f"Networks trained on the first {', '.join(f'{n:,}' for n in samples)} samples, weights as trained."
    return FigureSpec("learning_rate", "What the learning rate decides", tuple(panels), caption)


def _slopes(systems: Sequence[Written], trainings: Sequence[Trained], accuracies: Accuracies) -> FigureSpec:
    """Fig. 4.9: accuracy against the slope of fixed neurons, and where slope and centre lie."""
    # those of other samples or learning rates would lie on the same slopes
    fixed = {training.name: training.k for training in trainings if training.bounds is None and not training.samples}
    pairs = sorted((fixed[s.training], float(accuracies[s.name].mean())) for s in systems if s.training in fixed)
    x, y = np.array(pairs).T
    found = sorted({(*training.centre, training.k) for training in trainings if training.centre is not None})
    both = [Series(label, *_points(found, there), style="points", group=group) for label, there, group in _KNOWN]
    return FigureSpec(
        "slopes",
        "Slope and centre of the neurons",
        (
            Panel("slope $k$ (1/unit of $z$)", "test accuracy (%)", (Series("here", x, y, style="points"),)),
            Panel("centre $x_c$ (mA)", "slope $k$ (1/unit of $z$)", tuple(series for series in both if series.x.size)),
        ),
        "Left: every system with fixed slopes. Right: the neurons behind them; the centre is a current that the "
        "network's input is added to, and does not act on the accuracy.",
    )


_KNOWN: tuple[tuple[str, bool, Literal["published", "ours"]], ...] = (
    ("centre printed", True, "published"),
    ("centre assumed", False, "ours"),
)


def _points(found: Sequence[tuple[float, bool, float]], printed: bool) -> tuple[np.ndarray, np.ndarray]:
    """Centres [mA] and slopes of the neurons whose centre is, or is not, printed."""
    chosen = [(centre * 1e3, k) for centre, known, k in found if known == printed]
    return np.array([x for x, _ in chosen]), np.array([k for _, k in chosen])


def _scan(scan: Sequence[Mapping[str, Any]], trainings: Sequence[Trained], histories: Histories) -> FigureSpec:
    """Fig. 4.11: slope against the end of the current scan, and what the training asks for."""
    currents = np.array([si(entry["current"], "current", "current") for entry in scan]) * 1e3
    slopes = np.array([float(entry["k"]) for entry in scan])
    series = [
        Series("printed ends", currents, slopes, style="points", group="published"),
        Series("assumed between them", currents, slopes, style="dashed", group="guide"),
    ]
    for training in trainings:
        if training.bounds is not None:
            ends = learned_range(histories[training.name], "k2")
            place = np.interp(ends, np.sort(slopes), currents[np.argsort(slopes)])
            series.append(Series(f"hidden layer, {training.label}", place, np.array(ends), style="both"))
    panel = Panel("end of the current scan $I$ (mA)", "slope $k$ (1/unit of $z$)", tuple(series))
    return FigureSpec(
        "scan",
        "Slope against the current scan",
        (panel,),
        "Only the ends of both ranges are printed, and not which belongs to which; a straight line is assumed.",
    )
