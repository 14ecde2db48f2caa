"""Digits learnt without labels by a spiking layer: each pixel drives a junction whose flips are the spikes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.figure import FigureSpec, Heat, Panel, Series
from spinloom.experiments.protocols.network import load_split
from spinloom.experiments.protocols.repeat import over_seeds
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric

if TYPE_CHECKING:
    import xarray as xr

_LABELS = {"junctions": "flips of junctions", "ideal": "independent draws at their rates", "poisson": "Poisson sources"}
_CLASSES = 10


@dataclass(frozen=True)
class Digits:
    """What is shown: training images in 0..1 with their classes, and images for the tests."""

    x: np.ndarray
    y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray

    @classmethod
    def load(cls, name: str, context: Context) -> Digits:
        """All training images: nothing is tuned during a run, so none are held back."""
        split = load_split(name, context.stage("fetch MNIST"))
        x = np.concatenate([split.train_x, split.valid_x]).reshape(-1, split.test_x[0].size)
        y = np.concatenate([split.train_y, split.valid_y])
        return cls(x.astype(float), y, split.test_x.reshape(len(split.test_x), -1).astype(float), split.test_y)

    def order(self, presentations: int, seed: int) -> np.ndarray:
        """Which image is shown when: all of them in an order of chance, and again in another."""
        rounds = -(-presentations // len(self.x))
        orders = [np.random.default_rng((seed, 0xD161, n)).permutation(len(self.x)) for n in range(rounds)]
        return np.concatenate(orders)[:presentations]


def run(spec: Reproduction, context: Context) -> Outcome:
    """Accuracy for several numbers of outputs and codes, learnt fields, and how the learning went.

    Settings: ``data``, ``systems`` (pairs of outputs and code: "junctions", "ideal", "poisson"), ``presentations``,
    ``pieces`` (of the training, with a look after each), ``look`` (test images of a look), ``label_images``,
    ``test_images``, ``device``, ``dark`` and ``bright`` (currents of a pixel), ``observation``, ``steps``, ``rate`` (of
    Poisson sources), ``inhibition``, ``mean_weight``, ``eta_pre``, ``eta_post``, ``seeds``, ``large_seeds`` (of systems
    above 100 outputs).
    """
    from spinloom.devices import device

    settings = spec.settings
    digits = Digits.load(settings["data"], context)
    seeds = int(settings["seeds"]) if context.seeds is None else context.seeds
    presentations = int(settings["presentations"])
    found: dict[tuple[int, str], xr.Dataset] = {}
    for outputs, code in ((int(n), str(c)) for n, c in settings["systems"]):

        def train(
            seed: int, key: str, report: Callable[[int, int], None], outputs: int = outputs, code: str = code
        ) -> xr.Dataset:
            from spinloom.snn import Network

            layer = plastic_layer(settings, digits.x.shape[1], outputs, seed)
            net = Network(layer, code_of(settings, code, digits.x.shape[1], seed), _total(settings, digits))
            return learn(net, digits, settings, seed, key, context, report)

        count = seeds if outputs <= 100 else min(seeds, int(settings["large_seeds"]))
        label = f"{outputs} outputs, {_LABELS[code]}"
        found[outputs, code] = over_seeds(f"{code}-{outputs}", label, count, presentations, context, train)
    junction = device(settings["device"])
    metrics = _metrics(found) | _rates(settings, digits)
    references = (*junction.parameters.references(), *(("LeCun1998",) if settings["data"] == "mnist" else ()))
    return Outcome(metrics, _joined(found), _figures(found), references, assumed=junction.parameters.assumed_inputs())


def code_of(settings: Mapping[str, Any], name: str, pixels: int, seed: int) -> Any:
    """The code of that name."""
    from spinloom.devices import device
    from spinloom.snn import FlipCode, PoissonCode

    steps = int(settings["steps"])
    if name == "poisson":
        return PoissonCode(pixels, settings["rate"], f"{steps} ms", seed=seed)
    junction = device(settings["device"])
    return FlipCode(
        junction.two_state(pixels, seed=seed), settings["dark"], settings["bright"],
        junction.parameters.value("sampling_time"), int(settings["observation"]), steps, ideal=name == "ideal",
        seed=seed,
    )  # fmt: skip


def _total(settings: Mapping[str, Any], digits: Digits) -> float:
    return float(settings["mean_weight"]) * digits.x.shape[1]


def plastic_layer(
    settings: Mapping[str, Any], pixels: int, outputs: int, seed: int, weights: np.ndarray | None = None
) -> Any:
    """The layer that learns."""
    from spinloom.snn import Layer, LeakyNeuron, Rule

    cell = LeakyNeuron(inhibition=float(settings["inhibition"]))
    rule = Rule("weight-dependent", float(settings["eta_pre"]), float(settings["eta_post"]))
    return Layer(pixels, outputs, cell, rule, weights=weights, seed=seed)


def learn(
    net: Any,
    digits: Digits,
    settings: Mapping[str, Any],
    seed: int,
    key: str,
    context: Context,
    report: Callable[[int, int], None],
) -> xr.Dataset:
    """One training in pieces that are kept: accuracy on the way and at the end, confusion, weights.

    Neurons are named by the last ``label_images`` training images shown again without learning (at a look: by the
    responses while learning), as Diehl and Cook do; tests are on images never shown.
    """
    import xarray as xr

    from spinloom.snn import Labels
    from spinloom.tasks import accuracy

    total, pieces = int(settings["presentations"]), int(settings["pieces"])
    order = digits.order(total, seed)
    ends = np.linspace(0, total, pieces + 1).round().astype(int)
    layer, look = net.layers[0], int(settings["look"])
    curve = np.empty(pieces)
    for piece, (begin, end) in enumerate(itertools.pairwise(ends)):

        def compute(begin: int = begin, end: int = end, piece: int = piece) -> xr.Dataset:
            shown = order[begin:end]
            counts = net.fit(
                digits.x[shown], progress=lambda done, _: report(begin + done, total),
                checkpoint=context.checkpoint(f"{key}-piece{piece}"), every=5000,
            )  # fmt: skip
            labels = Labels.of(counts, digits.y[shown])
            score = accuracy(labels.predict(net.counts(digits.test_x[:look])), digits.test_y[:look])
            state = {name: ([f"{name}_{d}" for d in range(v.ndim)], v) for name, v in layer.state().items()}
            return xr.Dataset({**state, "look": 100.0 * score, "spikes": counts.sum() / len(counts)})

        kept = context.part(f"{key}-piece{piece}", compute)
        layer.restore({name: kept[name].values for name in layer.state()})
        net.presented = int(end)
        curve[piece] = float(kept["look"])
    named = order[-int(settings["label_images"]) :]
    labels = Labels.of(net.counts(digits.x[named], first=len(digits.test_x)), digits.y[named])
    tested = int(settings["test_images"])
    counts, truth = net.counts(digits.test_x[:tested]), digits.test_y[:tested]
    predicted = labels.predict(counts)
    confusion = np.zeros((_CLASSES, _CLASSES))
    np.add.at(confusion, (truth, predicted), 1)
    return xr.Dataset(
        {
            "look": ("presentations", curve, {"units": "%", "long_name": "accuracy on the way"}),
            "accuracy": ((), 100.0 * accuracy(predicted, truth), {"units": "%", "long_name": "accuracy"}),
            "confusion": (("true", "found"), confusion, {"units": "1", "long_name": "images"}),
            "weights": (("pixel", "neuron"), layer.w.astype(np.float32), {"units": "1", "long_name": "weight"}),
            "label": ("neuron", labels.label, {"units": "1", "long_name": "class a neuron stands for"}),
            "spikes": ((), counts.sum() / len(counts), {"units": "1", "long_name": "output spikes an image"}),
        },
        coords={"presentations": ends[1:]},
    )


def _rates(settings: Mapping[str, Any], digits: Digits) -> dict[str, Metric]:
    """Spikes of the junctions over those of the closed form, on a hundred images."""
    code = code_of(settings, "junctions", digits.x.shape[1], 0)
    shown = digits.x[:100]
    found = sum(code(x, n).count for n, x in enumerate(shown))
    expected = sum(float(code.probability(x).sum()) for x in shown) * int(settings["steps"])
    # flips come in pairs: up to twice the variance of independent spikes
    ratio, error = found / expected, float(np.sqrt(2.0 * found) / expected)
    black = float(code.probability(np.zeros(digits.x.shape[1]))[0]) / (code.step * 1.0)
    white = float(code.probability(np.ones(digits.x.shape[1]))[0]) / (code.step * 1.0)
    return {
        "input.ratio": Metric(ratio, "", error),
        "input.spikes": Metric(found / len(shown)),
        "input.dark": Metric(black, "Hz"),
        "input.bright": Metric(white, "Hz"),
    }


def _metrics(found: Mapping[tuple[int, str], xr.Dataset]) -> dict[str, Metric]:
    metrics = {}
    for (outputs, code), data in found.items():
        name = f"{outputs}.{code}"
        metrics[f"accuracy.{name}"] = Metric.mean(data["accuracy"].values, "%")
        metrics[f"worst.{name}"] = Metric(float(data["accuracy"].min()), "%")
        metrics[f"spikes.{name}"] = Metric(float(data["spikes"].mean()))
        metrics[f"silent.{name}"] = Metric(100.0 * float((data["label"] < 0).mean()), "%")
    sizes = {outputs for outputs, code in found if code == "junctions" and (outputs, "poisson") in found}
    for outputs in sizes:
        one, other = (found[outputs, code]["accuracy"].values for code in ("junctions", "poisson"))
        metrics[f"difference.{outputs}"] = Metric.mean(one - other, "%")
    return metrics


def _joined(found: Mapping[tuple[int, str], xr.Dataset]) -> xr.Dataset:
    """All systems side by side; each has names of its own, for sizes and seeds differ."""
    import xarray as xr

    parts = []
    for (outputs, code), data in found.items():
        prefix = f"{code}{outputs}"
        own = {name: f"{prefix}_{name}" for name in (*data.data_vars, "neuron", "seed") if name in data.variables
               or name in data.dims}  # fmt: skip
        parts.append(data.rename(own))
    joined = xr.merge(parts, combine_attrs="drop")
    assert isinstance(joined, xr.Dataset)  # xarray's signature also allows trees
    return joined


def fields_image(weights: np.ndarray) -> np.ndarray:
    """Weights (pixels, neurons) as one image: each neuron's square beside the next, the first at the top left."""
    side, neurons = round(np.sqrt(weights.shape[0])), weights.shape[1]
    columns = int(np.ceil(np.sqrt(neurons)))
    rows = -(-neurons // columns)
    canvas = np.zeros((rows * (side + 1) - 1, columns * (side + 1) - 1))
    for n in range(neurons):
        top, left = (n // columns) * (side + 1), (n % columns) * (side + 1)
        canvas[top : top + side, left : left + side] = weights[: side * side, n].reshape(side, side)
    return canvas[::-1]  # the axis of a map points up


def _figures(found: Mapping[tuple[int, str], xr.Dataset]) -> tuple[FigureSpec, ...]:
    series = []
    for (outputs, code), data in found.items():
        table = data["look"].transpose("presentations", "seed").values
        error = table.std(axis=1, ddof=1) if table.shape[1] > 1 else None
        x = data["presentations"].values / 1000.0
        series.append(Series(f"{outputs} outputs, {_LABELS[code]}", x, table.mean(axis=1), error=error, style="both"))
    curve = Panel("presentations (thousands)", "accuracy (%)", tuple(series))
    (outputs, code), first = next(iter(found.items()))
    share = first["confusion"].mean("seed").values
    share = 100.0 * share / np.maximum(share.sum(axis=1, keepdims=True), 1.0)
    places = np.arange(float(_CLASSES))
    confusion = Panel(
        "found digit", "true digit", heat=Heat(places, places, share, "% of the true digit", contours=False)
    )
    image = fields_image(first["weights"].isel(seed=0).values)
    heat = Heat(np.arange(image.shape[1]), np.arange(image.shape[0]), image, "weight", contours=False)
    return (
        FigureSpec(
            "learning", "Digits learnt without labels", (curve, confusion),
            "Left: accuracy on the test images of a look after each piece of the training (the first of the test set; "
            "outputs are named by what they answered while learning), mean and standard deviation "
            f"over seeds. Right: confusion of {outputs} outputs, {_LABELS[code]}, mean over seeds; digit 0 at the "
            "lower left.",
        ),
        FigureSpec(
            "fields", "What the outputs have learnt", (Panel("", "", heat=heat),),
            f"Weights of the {outputs} outputs of the first seed, each as an image of its pixels.",
        ),
    )  # fmt: skip
