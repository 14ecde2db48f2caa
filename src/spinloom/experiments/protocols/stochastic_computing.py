"""Networks that compute with bit streams of junctions: accuracy, product error and energy against stream length."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.protocols import stream_results as results
from spinloom.experiments.protocols.network import load_split
from spinloom.experiments.protocols.repeat import over_seeds
from spinloom.experiments.protocols.stream_source import Source, source_of
from spinloom.experiments.spec import Reproduction

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.nn.bit_streams import Junctions
    from spinloom.tasks import Split

JUNCTIONS = 20_011
"""Junctions that are drawn for a study of spread; streams beyond them begin with the first again."""
VALUES = np.array([2, 5, 8, 11, 14]) / 16
"""Numbers whose products are measured; a programmable source of four bits has them exactly."""
BATCH = 1000
"""Images evaluated at once."""
PRODUCT_LENGTHS = (16, 32, 64, 128, 256, 512, 1024)
"""Samples of the streams whose products are measured."""
STUDIES = {"bias": "biases", "spread": "spreads", "correlation": "correlations"}
"""What is wrong with the junctions in a study, and the setting with its values."""


def run(spec: Reproduction, context: Context) -> Outcome:
    """Train a network with numbers and evaluate it with real bit streams of several lengths.

    Settings: ``network`` ("and": StochasticLinear and sigmoid neurons; "or": a LeNet-5 of OR neurons), ``device``,
    ``data``, ``sizes`` ("and": neurons of each layer; "or": two numbers of maps, then hidden neurons), ``limit``
    ("and"), ``noise`` and ``exact_epochs`` ("or"), ``epochs``, ``batch_size``, ``learning_rate``, ``seeds``,
    ``lengths``, ``images`` (of the test part), ``study_length``, ``study_images``, ``biases`` and ``spreads`` (of the
    logit of a junction's probability), ``correlations`` (between successive samples at p = 1/2), ``repeats`` of each
    product, ``bits`` and ``coin_energy`` (of a programmable source of superparamagnetic junctions), ``gate_energy``,
    ``count_energy``, ``published`` (accuracy [%]).
    """
    settings = spec.settings
    split = load_split(settings["data"], context.stage("fetch MNIST"))
    source = source_of(settings)
    seeds = int(settings["seeds"]) if context.seeds is None else context.seeds

    def train_one(seed: int, _key: str, report: Callable[[int, int], None]) -> xr.Dataset:
        return _trained(split, settings, seed, report)

    total = _updates(split, settings)
    nets = over_seeds("net", "train", seeds, total, context, train_one)
    curve = _curve(nets, split, source.junctions, settings, context)
    study = context.part("study", lambda: _study(nets, split, source, settings, context))
    products = context.part("products", lambda: _products(source.junctions, settings, context.seed))
    energy = _energy(_network(settings, split.features, split.classes), split, source, settings)
    data = curve.merge(study).merge(products).merge(energy)
    metrics = results.metrics(data, settings)
    references = (*(("LeCun1998",) if settings["data"] == "mnist" else ()), *source.references)
    return Outcome(metrics, data, results.figures(spec, data), references, source.assumed)


# ---- the network ----------------------------------------------------------------------------------------------------


def _network(settings: Mapping[str, Any], features: int, classes: int, seed: int = 0) -> Any:
    from spinloom.nn.bit_streams import or_convnet, stream_network

    sizes = [int(size) for size in settings["sizes"]]
    if settings["network"] == "and":
        return stream_network([features, *sizes, classes], float(settings["limit"]), seed)
    return or_convnet(sizes[:2], sizes[2:], classes, _side(features), seed=seed)


def _side(features: int) -> int:
    side = round(features**0.5)
    return side if side >= 16 else 16  # smaller images are enlarged


def _inputs(x: np.ndarray, settings: Mapping[str, Any]) -> np.ndarray:
    """Samples as the network takes them: flat, or as images of at least 16 x 16 pixels."""
    if settings["network"] == "and":
        return x
    side = round(x.shape[1] ** 0.5)
    images = x.reshape(-1, 1, side, side)
    factor = _side(x.shape[1]) // side
    return np.repeat(np.repeat(images, factor, axis=2), factor, axis=3)


def _updates(split: Split, settings: Mapping[str, Any]) -> int:
    epochs = int(settings["epochs"]) + (int(settings["exact_epochs"]) if settings["network"] == "or" else 0)
    return -(-len(split.train_x) // int(settings["batch_size"])) * epochs


def _trained(split: Split, settings: Mapping[str, Any], seed: int, report: Callable[[int, int], None]) -> xr.Dataset:
    """The weights of a trained network, as variables."""
    import xarray as xr

    from spinloom.nn.bit_streams.networks import weights_of

    net = _network(settings, split.features, split.classes, seed)
    (_train_and if settings["network"] == "and" else _train_or)(net, split, settings, seed, report)
    state = weights_of(net)
    return xr.Dataset({name: ([f"{name}_{n}" for n in range(a.ndim)], a) for name, a in state.items()})


def _train_and(net: Any, split: Split, settings: Mapping[str, Any], seed: int, report: Callable) -> None:
    from spinloom import nn

    batch, epochs = int(settings["batch_size"]), int(settings["epochs"])
    updates = epochs * -(-len(split.train_x) // batch)
    how = nn.TrainingSettings(
        optimiser="adam",
        learning_rate=float(settings["learning_rate"]),
        epochs=epochs,
        batch_size=batch,
        evaluate_every=updates,
        failure="record",
    )
    nn.train(net, split, how, seed, progress=report)


def _train_or(net: Any, split: Split, settings: Mapping[str, Any], seed: int, report: Callable) -> None:
    """First with 1 - exp(-sum), a matrix product, then with the exact product; with the noise of streams throughout."""
    from spinloom.nn.bit_streams import OrConv2d, OrLinear
    from spinloom.nn.training.binary import BinarySettings, train_binary

    layers = [layer for layer in net if isinstance(layer, OrConv2d | OrLinear)]
    batch, rate = int(settings["batch_size"]), float(settings["learning_rate"])
    first, last = int(settings["epochs"]), int(settings["exact_epochs"])
    updates = -(-len(split.train_x) // batch)
    x = _inputs(split.train_x, settings)
    for number, layer in enumerate(layers):
        layer.noise = int(settings["noise"])
        layer.reseed(seed * len(layers) + number)
    # the second stage goes on where the first one's falling step has come to
    stages = (("exponential", first, rate, 0), ("exact", last, rate / 3, first * updates))
    for form, epochs, step, before in stages:
        for layer in layers:
            layer.form = form
        if epochs:

            def told(done: int, _: int, before: int = before) -> None:
                report(before + done, (first + last) * updates)

            train_binary(net, x, split.train_y, BinarySettings(epochs, batch, step), seed, progress=told)


def _loaded(nets: xr.Dataset, seed: int, split: Split, settings: Mapping[str, Any]) -> Any:
    from spinloom.nn.bit_streams.networks import weights_of, with_weights

    net = _network(settings, split.features, split.classes)
    state = nets.sel(seed=seed)
    return with_weights(net, {name: state[name].values for name in weights_of(net)})


# ---- what is measured -----------------------------------------------------------------------------------------------


def _accuracy(net: Any, x: np.ndarray, y: np.ndarray) -> float:
    """Test accuracy [%] of a network as its streams are set."""
    from spinloom import nn
    from spinloom.tasks import accuracy

    return 100.0 * accuracy(nn.outputs_of(net, x, BATCH), y)


def _curve(
    nets: xr.Dataset, split: Split, junctions: Junctions, settings: Mapping[str, Any], context: Context
) -> xr.Dataset:
    """Accuracy over (seed, length), and with numbers instead of streams over (seed,)."""
    import xarray as xr

    from spinloom.nn.bit_streams import set_streams

    lengths, images = [int(n) for n in settings["lengths"]], int(settings["images"])
    x, y = _inputs(split.test_x[:images], settings), split.test_y[:images]
    seeds = [int(seed) for seed in nets.coords["seed"].values]
    stage = context.stage("streams")
    done, total = 0, len(seeds) * sum(lengths)
    found = []
    for seed in seeds:
        net = _loaded(nets, seed, split, settings)
        set_streams(net, None)
        row = {"float": _accuracy(net, x, y)}
        for length in lengths:

            def compute(length: int = length, seed: int = seed, net: Any = net) -> xr.Dataset:
                set_streams(net, length, seed + 1, junctions, junctions)
                return xr.Dataset({"accuracy": _accuracy(net, x, y)})

            row[str(length)] = float(context.part(f"streams-seed{seed}-length{length}", compute)["accuracy"])
            done += length
            stage(done, total)
        found.append(row)
    unit = {"units": "%", "long_name": "test accuracy"}
    return xr.Dataset(
        {
            "accuracy": (("seed", "length"), [[row[str(n)] for n in lengths] for row in found], unit),
            "float_accuracy": (("seed",), [row["float"] for row in found], unit),
        },
        coords={"seed": seeds, "length": lengths},
    )


def _study(nets: xr.Dataset, split: Split, source: Source, settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """Accuracy of the first network against bias, spread and autocorrelation of its junctions, at one length."""
    import xarray as xr

    from spinloom.nn.bit_streams import Junctions, set_streams

    images, length = int(settings["study_images"]), int(settings["study_length"])
    x, y = _inputs(split.test_x[:images], settings), split.test_y[:images]
    seed = int(nets.coords["seed"].values[0])
    net = _loaded(nets, seed, split, settings)
    chance = np.random.default_rng([context.seed, 1])
    normal, one = chance.standard_normal(JUNCTIONS), np.ones(1)
    own = float(source.junctions.correlation[0])
    kinds: dict[str, Callable[[float], Junctions]] = {
        "bias": lambda value: Junctions(value * one, one, own * one),
        "spread": lambda value: Junctions(value * normal, one, own * one),
        "correlation": lambda value: Junctions(0.0 * one, one, value * one),
    }
    stage = context.stage("faulty junctions")
    total, done, found = sum(len(settings[plural]) for plural in STUDIES.values()), 0, {}
    for name, make in kinds.items():
        values = [float(v) for v in settings[STUDIES[name]]]
        row = []
        for value in values:
            bits = source.junctions.bits
            junctions = make(value).programmable(bits) if bits else make(value)
            set_streams(net, length, seed + 1, junctions, junctions)
            row.append(_accuracy(net, x, y))
            done += 1
            stage(done, total)
        found[f"by_{name}"] = ((name,), row, {"units": "%", "long_name": "test accuracy"})
        found[name] = ((name,), values)
    return xr.Dataset({k: v for k, v in found.items() if k.startswith("by_")}, coords={n: found[n] for n in kinds})


def _products(junctions: Junctions, settings: Mapping[str, Any], seed: int) -> xr.Dataset:
    """Root mean square error of AND products over (product_length,), with what independent bits must have.

    The errors of all pairs of VALUES are taken relative to sqrt(p q (1 - p q)/L); the same for telegraph streams of
    c = 0.8 at p = 1/2 with p = q = 1/2, whose variance is known exactly.
    """
    import xarray as xr

    from spinloom.nn.bit_streams import BitStream, Junctions, product_variance

    lengths, repeats = PRODUCT_LENGTHS, int(settings["repeats"])
    p, q = (np.tile(grid.ravel(), repeats) for grid in np.meshgrid(VALUES, VALUES))
    slow = Junctions(np.zeros(1), np.ones(1), np.array([0.8]))
    half = np.full(p.size, 0.5)
    rows: dict[str, list[float]] = {name: [] for name in ("ratio", "error", "exact", "slow_error", "slow_exact")}
    for number, length in enumerate(lengths):
        seeds = [2 * number + 2 * len(lengths) * seed + k for k in range(2)]
        wanted = junctions.realised(p) * junctions.realised(q)
        found = (BitStream.of(p, length, seeds[0], junctions) & BitStream.of(q, length, seeds[1], junctions)).value
        scaled = (found - wanted) / np.sqrt(wanted * (1 - wanted) / length)
        rows["ratio"].append(float(np.sqrt((scaled**2).mean())))
        pair = [BitStream.of(half, length, s + 1_000_000, junctions) for s in seeds]
        rows["error"].append(float(np.sqrt((((pair[0] & pair[1]).value - 0.25) ** 2).mean())))
        rows["exact"].append(float(np.sqrt(0.25 * 0.75 / length)))
        pair = [BitStream.of(half, length, s + 2_000_000, slow) for s in seeds]
        rows["slow_error"].append(float(np.sqrt((((pair[0] & pair[1]).value - 0.25) ** 2).mean())))
        rows["slow_exact"].append(product_variance(0.5, 0.5, 0.8, 0.8, length) ** 0.5)
    found = {f"product_{name}": (("product_length",), values, {"units": "1"}) for name, values in rows.items()}
    return xr.Dataset(found, coords={"product_length": list(lengths)})


def _energy(net: Any, split: Split, source: Source, settings: Mapping[str, Any]) -> xr.Dataset:
    """Energy of an inference over (length, term) [nJ]."""
    import xarray as xr

    from spinloom.cost.bit_streams import Census, StreamCosts, inference_energy
    from spinloom.nn.bit_streams.networks import parts
    from spinloom.units import si

    census = Census(**parts(net.eval(), _inputs(split.test_x[:1], settings)))
    gate, count = (si(settings[name], "energy", name) for name in ("gate_energy", "count_energy"))
    costs = StreamCosts(source.bit_energy, gate, count)
    rows = [inference_energy(costs, census, int(n)) * 1e9 for n in settings["lengths"]]
    energy = xr.concat(rows, dim="length").assign_coords(length=[int(n) for n in settings["lengths"]])
    energy.attrs = {"units": "nJ", "long_name": "energy of an inference", "formula": rows[0].attrs.get("formula", "")}
    streams = census.inputs + census.weights
    return xr.Dataset({"energy": energy, "streams": streams, "bit_energy": source.bit_energy})
