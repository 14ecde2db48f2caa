"""A binary network of XNOR cells, each a pair of devices with opposite states, against its number of hidden neurons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.experiments.protocols import binary_training as training
from spinloom.experiments.protocols.network import load_split
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.responses import Plasticity


def run(spec: Reproduction, context: Context) -> Outcome:
    """Train networks of several sizes; put wrong states and spread into the cells of the assumed one.

    Settings: ``device`` (a synapse of two states), ``data``, ``hidden``, ``hiddens``, ``epochs``, ``batch_size``,
    ``learning_rate``, ``seeds``, ``chips``, ``wrong`` (shares of devices in the wrong state), ``spreads`` (relative
    standard deviations of the devices' conductance), ``published`` [%].
    """
    from spinloom import responses

    settings = spec.settings
    split = load_split(settings["data"], context.stage("fetch MNIST"))
    synapse = responses.Plasticity.from_parameters(settings["device"])
    samples = training.samples_of(split, settings)
    seeds = int(settings["seeds"]) if context.seeds is None else context.seeds
    sizes = _sizes(samples, split.classes, settings, context, seeds)
    faults = _faults(samples, split.classes, synapse, settings, context)
    metrics = _metrics(sizes, faults, synapse, settings)
    data = sizes.merge(faults)
    references = ("LeCun1998",) if settings["data"] == "mnist" else ()
    return Outcome(metrics, data, _figures(sizes, faults, settings), references, assumed=tuple(synapse.assumed))


def pair_products(weights: np.ndarray, synapse: Plasticity, conductance: np.ndarray | None = None) -> np.ndarray:
    """What a pair of devices adds to the sum for an input of +1; an input of -1 gives the opposite sign.

    A weight of +1 is (high, low), one of -1 is (low, high): w_eff = (G_a - G_b)/(G_high - G_low), so that x w_eff is
    x XNOR w as ±1 with perfect devices.

    Parameters
    ----------
    weights : array of ±1
    conductance : array, shape of weights + (2,), optional
        Of the pair's devices [S]; without, the nominal ones.
    """
    found = nominal(weights, synapse) if conductance is None else conductance
    return (found[..., 0] - found[..., 1]) / (synapse.high - synapse.low)


def nominal(weights: np.ndarray, synapse: Plasticity) -> np.ndarray:
    """Conductances [S] of the pairs, shape of weights + (2,)."""
    first = np.where(weights > 0, synapse.high, synapse.low)
    return np.stack([first, synapse.high + synapse.low - first], axis=-1)


def _train(samples: Any, hidden: int, classes: int, settings: Mapping[str, Any], seed: int, context: Context) -> Any:
    key = f"hidden-{hidden}-{seed}"
    stage = context.stage(f"train {hidden} hidden neurons")
    x, y, _, _ = samples
    widths = [x.shape[1], hidden, classes]
    found = context.part(key, lambda: training.train_perceptron(x, y, widths, settings, seed, progress=stage))
    return training.layers_of(found)


def _sizes(samples: Any, classes: int, settings: Mapping[str, Any], context: Context, seeds: int) -> xr.Dataset:
    """Accuracy of perfect cells over (hidden, seed)."""
    import xarray as xr

    hiddens = sorted({int(h) for h in (*settings["hiddens"], settings["hidden"])})
    rows = []
    for hidden in hiddens:
        nets = [
            _train(samples, hidden, classes, settings, seed, context)
            for seed in range(context.seed, context.seed + seeds)
        ]
        rows.append([training.accuracy(layers, samples[2], samples[3]) for layers in nets])
    return xr.Dataset(
        {"accuracy": (("hidden", "seed"), rows, {"units": "%", "long_name": "test accuracy"})},
        coords={"hidden": hiddens, "seed": np.arange(context.seed, context.seed + seeds)},
    )


def _faults(
    samples: Any, classes: int, synapse: Plasticity, settings: Mapping[str, Any], context: Context
) -> xr.Dataset:
    """Accuracy of the assumed size against wrong states and spread, over chips."""
    import xarray as xr

    layers = _train(samples, int(settings["hidden"]), classes, settings, context.seed, context)
    _, _, test_x, test_y = samples
    stage = context.stage("faulty cells")

    def chip(wrong: float, spread: float, seed: int) -> float:
        chance = np.random.default_rng([context.seed, seed])
        effective = []
        for layer in layers:
            devices = nominal(layer.weight, synapse)
            lost = chance.random(devices.shape) < wrong
            devices = np.where(lost, synapse.high + synapse.low - devices, devices)
            width = np.sqrt(np.log1p(spread**2))  # log-normal with mean 1 and this relative deviation
            devices = devices * np.exp(width * chance.standard_normal(devices.shape) - 0.5 * width**2)
            effective.append(pair_products(layer.weight, synapse, devices).astype(np.float32))
        return training.accuracy(layers, test_x, test_y, lambda n, x: x @ effective[n].T)

    def compute() -> xr.Dataset:
        chips = range(int(settings["chips"]))
        wrong, spreads = (np.asarray(settings[name], float) for name in ("wrong", "spreads"))
        return xr.Dataset(
            {
                "by_wrong": (("wrong", "chip"), [[chip(p, 0.0, n) for n in chips] for p in wrong], {"units": "%"}),
                "by_spread": (("spread", "chip"), [[chip(0.0, s, n) for n in chips] for s in spreads], {"units": "%"}),
            },
            coords={"wrong": wrong, "spread": spreads},
        )

    found = context.part("faults", compute)
    stage(1, 1)
    return found


def crossing(x: np.ndarray, y: np.ndarray, level: float) -> float:
    """Where straight lines between the points first pass a level; NaN where they do not."""
    for (x0, y0), (x1, y1) in zip(zip(x, y, strict=True), zip(x[1:], y[1:], strict=True), strict=False):
        if (y0 - level) * (y1 - level) <= 0.0 and y0 != y1:
            return float(x0 + (level - y0) / (y1 - y0) * (x1 - x0))
    return float("nan")


def _metrics(
    sizes: xr.Dataset, faults: xr.Dataset, synapse: Plasticity, settings: Mapping[str, Any]
) -> dict[str, Metric]:
    table = sizes["accuracy"]
    seeds = table.sizes["seed"]
    metrics = {}
    for hidden in table.coords["hidden"].values:
        values = table.sel(hidden=hidden).values
        error = float(np.std(values, ddof=1) / np.sqrt(seeds)) if seeds > 1 else None
        metrics[f"accuracy.hidden{hidden}"] = Metric(float(values.mean()), "%", error)
    middle = table.mean("seed").values
    level = float(settings["published"])
    x = np.log(table.coords["hidden"].values.astype(float))
    metrics["accuracy.assumed"] = metrics[f"accuracy.hidden{int(settings['hidden'])}"]
    metrics["accuracy.largest"] = Metric(float(middle.max()), "%")
    metrics["accuracy.smallest"] = Metric(float(middle.min()), "%")
    metrics["hidden.for_published"] = Metric(float(np.exp(crossing(x, middle, level))))
    for name, places in (("wrong", "wrong"), ("spread", "spread")):
        found = faults[f"by_{name}"].mean("chip").values
        metrics[f"{name}.for_published"] = Metric(crossing(faults.coords[places].values, found, level))
    inputs, weights = np.array([[1.0], [1.0], [-1.0], [-1.0]]), np.array([1, -1, 1, -1])
    table_of_truth = inputs[:, 0] * pair_products(weights, synapse)
    metrics["cell.truth_table"] = Metric([float(v) for v in table_of_truth])
    return metrics


def _figures(sizes: xr.Dataset, faults: xr.Dataset, settings: Mapping[str, Any]) -> tuple[FigureSpec, ...]:
    level = float(settings["published"])

    def published(x: np.ndarray) -> Series:
        return Series("published", x, np.full(2, level), style="dashed", group="published")

    table = sizes["accuracy"].transpose("hidden", "seed")
    hidden = table.coords["hidden"].values.astype(float)
    band = (table.values.min(axis=1), table.values.max(axis=1))
    curve = Series("perfect cells", hidden, table.values.mean(axis=1), band=band, style="both")
    panels = [
        Panel("hidden neurons", "test accuracy (%)", (curve, published(hidden[[0, -1]])), x_scale="log"),
    ]
    for name, label in (("wrong", "share of devices in the wrong state"), ("spread", "relative spread of the devices")):
        found = faults[f"by_{name}"].transpose(name, "chip").values
        x = faults.coords[name].values
        series = Series(
            f"{settings['hidden']} hidden neurons",
            x,
            found.mean(axis=1),
            band=(found.min(axis=1), found.max(axis=1)),
            style="both",
        )
        panels.append(Panel(label, "test accuracy (%)", (series, published(x[[0, -1]]))))
    caption = (
        "Left: test accuracy of networks of perfect XNOR cells; the publication's number of hidden neurons is not "
        "known. Middle and right: what faulty devices do. Bands: lowest to highest network or chip."
    )
    return (FigureSpec("accuracy", "Networks of XNOR cells", tuple(panels), caption),)
