"""A binary perceptron on an array that sums resistances: what the spread of its junctions and its read-out cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom import crossbar
from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.protocols import binary_training as training
from spinloom.experiments.protocols import series_figures, series_images
from spinloom.experiments.protocols import series_readout as readout
from spinloom.experiments.protocols.network import load_split
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric
from spinloom.units import si

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.responses import Plasticity

_CALIBRATION = 1000  # training samples that a read-out is calibrated with
MAPPINGS = ("calibrated", "nonuniform", "full")


def run(spec: Reproduction, context: Context) -> Outcome:
    """Train, put the weights on columns of a device's junctions, and read them out in several ways.

    Settings: ``device`` (a synapse of two states), ``spread_low``, ``spread_high`` [ohm], ``tile``, ``bits``; ``data``,
    ``hidden``, ``epochs``, ``batch_size``, ``learning_rate``, ``seeds``, ``chips``; for the study of the read-out
    ``windows``, ``bit_counts``, ``noises``, ``study_samples``; ``hiddens``; ``conv`` and ``detection`` (tables, see
    their stages); ``clock``, ``cell_capacitance``, ``supply``, ``read_times``.
    """
    from spinloom import responses

    settings = spec.settings
    split = load_split(settings["data"], context.stage("fetch MNIST"))
    synapse = responses.Plasticity.from_parameters(settings["device"])
    column = column_of(synapse, settings)
    seeds = int(settings["seeds"]) if context.seeds is None else context.seeds
    samples = training.samples_of(split, settings)
    sizes = [samples[0].shape[1], int(settings["hidden"]), split.classes]
    networks = {
        seed: _network(f"perceptron-{seed}", samples, sizes, settings, seed, context)
        for seed in range(context.seed, context.seed + seeds)
    }
    parts = {
        "main": _main(networks, samples, column, settings, context),
        "study": _study(networks[context.seed], samples, column, settings, context),
        "hidden": _hidden_sizes(split, column, settings, context),
        "conv": _convnet(split, column, settings, context),
        "detection": _detection(split, column, settings, context),
    }
    metrics = _metrics(parts, column, settings)
    references = ("LeCun1998",) if settings["data"] == "mnist" else ()
    return Outcome(
        metrics, _dataset(parts), series_figures.draw(parts, settings), references, assumed=tuple(synapse.assumed)
    )


def column_of(synapse: Plasticity, settings: Mapping[str, Any]) -> crossbar.SeriesColumn:
    """Series columns of a synapse's two states: 1/G_high is the parallel junction, 1/G_low the antiparallel one."""
    return crossbar.SeriesColumn(
        1.0 / synapse.high,
        1.0 / synapse.low,
        settings["spread_low"],
        settings["spread_high"],
        tile=int(settings["tile"]),
    )


def _network(key: str, samples: Any, sizes: list[int], settings: Mapping[str, Any], seed: int, context: Context) -> Any:
    """Folded layers, trained or read back."""
    stage = context.stage(f"train {key}")
    found = context.part(
        key, lambda: training.train_perceptron(samples[0], samples[1], sizes, settings, seed, progress=stage)
    )
    return training.layers_of(found)


def _main(
    networks: Mapping[int, Any],
    samples: Any,
    column: crossbar.SeriesColumn,
    settings: Mapping[str, Any],
    context: Context,
) -> xr.Dataset:
    """Accuracy of software and of every read-out, over networks (seed) and chips."""
    import xarray as xr

    x, _, test_x, test_y = samples
    chips, bits, known = int(settings["chips"]), int(settings["bits"]), x[:_CALIBRATION]
    stage = context.stage("read-outs")
    found = []
    for seed, layers in networks.items():

        def compute(layers: Any = layers, seed: int = seed) -> xr.Dataset:
            converters = {name: readout.mapping(name, bits, column, layers, known) for name in MAPPINGS}
            readings = {name: readout.Reading(made) for name, made in converters.items()}
            window = readout.mapping("window", bits, column, layers, known, float(settings["window"]))
            readings |= {"spread": readout.Reading(), "window": readout.Reading(window)}
            rows = []
            for index in range(chips):
                junctions = readout.chip(column, layers, 1000 * seed + index)
                fixed = readout.trims(column, layers, junctions, converters["calibrated"], known)
                own = readings | {"trimmed": readout.Reading(converters["calibrated"], trims=fixed)}
                rows.append(readout.accuracies(column, layers, junctions, own, (test_x, test_y), index))
            software = training.accuracy(layers, test_x, test_y)
            sums = readout.partial_sums(column, layers[0].weight, test_x[:100]).sum(-1)
            off = float(np.abs(sums - training.exact(layers)(0, test_x[:100])).max())
            data: dict[str, Any] = {name: ("chip", [row[name] for row in rows]) for name in rows[0]}
            return xr.Dataset(data | {"software": ((), software), "difference": ((), off)})

        found.append(context.part(f"readouts-{seed}", compute))
        stage(len(found), len(networks))
    joined = xr.concat(found, dim="seed")
    assert isinstance(joined, xr.Dataset)  # xarray's signature also allows trees
    return joined


def _study(
    layers: Any, samples: Any, column: crossbar.SeriesColumn, settings: Mapping[str, Any], context: Context
) -> xr.Dataset:
    """One network: accuracy against the window of the read-out, its bits, and noise; with and without spread."""
    import xarray as xr

    count, bits, known = int(settings["study_samples"]), int(settings["bits"]), samples[0][:_CALIBRATION]
    windows, bit_counts, noises = (
        np.asarray(settings[name], dtype=float) for name in ("windows", "bit_counts", "noises")
    )

    def compute() -> xr.Dataset:
        readings = {
            f"window {w:g}": readout.Reading(readout.mapping("window", bits, column, layers, known, w)) for w in windows
        }
        for kind in ("calibrated", "full"):
            readings |= {
                f"{kind} {b:g}": readout.Reading(readout.mapping(kind, int(b), column, layers, known))
                for b in bit_counts
            }
        made = readout.mapping("calibrated", bits, column, layers, known)
        readings |= {f"noise {s:g}": readout.Reading(made, noise=s) for s in noises}
        every = max(1, len(samples[3]) // count)  # spread over the test part, whose second half is easier in MNIST
        test = samples[2][::every], samples[3][::every]
        ideal = readout.accuracies(column, layers, [None] * len(layers), readings, test, 0)
        chips = [
            readout.accuracies(column, layers, readout.chip(column, layers, n), readings, test, n)
            for n in range(int(settings["chips"]))
        ]

        def rows(what: str, places: np.ndarray) -> dict[str, Any]:
            keys = [f"{what} {place:g}" for place in places]
            dims = {"calibrated": "bits", "full": "bits"}.get(what, what)
            return {
                f"by_{what}": ((dims, "chip"), [[row[key] for row in chips] for key in keys]),
                f"by_{what}_ideal": (dims, [ideal[key] for key in keys]),
            }

        data = rows("window", windows) | rows("calibrated", bit_counts) | rows("full", bit_counts)
        spread = {"": readout.Reading()}
        bare = [
            readout.accuracies(column, layers, readout.chip(column, layers, n), spread, test, n)[""]
            for n in range(int(settings["chips"]))
        ]
        here = training.accuracy(layers, *test)
        return xr.Dataset(
            data | rows("noise", noises) | {"software": ((), here), "spread": ((), float(np.mean(bare)))},
            coords={"window": windows, "bits": bit_counts, "noise": noises},
        )

    stage = context.stage("study of the read-out")
    found = context.part("study", compute)
    stage(1, 1)
    return found


def _hidden_sizes(
    split: Any, column: crossbar.SeriesColumn, settings: Mapping[str, Any], context: Context
) -> xr.Dataset:
    """Software and array against the number of hidden neurons, which the publication's abstract does not give."""
    import xarray as xr

    samples = training.samples_of(split, settings)
    stage = context.stage("hidden sizes")
    rows = []
    for done, hidden in enumerate(settings["hiddens"]):
        sizes = [samples[0].shape[1], int(hidden), split.classes]
        layers = _network(f"hidden-{hidden}", samples, sizes, settings, context.seed, context)

        def compute(layers: Any = layers) -> xr.Dataset:
            made = readout.mapping("calibrated", int(settings["bits"]), column, layers, samples[0][:_CALIBRATION])
            junctions = readout.chip(column, layers, 0)
            test = samples[2], samples[3]
            array = readout.accuracies(column, layers, junctions, {"array": readout.Reading(made)}, test, 0)
            return xr.Dataset({"software": training.accuracy(layers, *test), "array": array["array"]})

        rows.append(context.part(f"hidden-{hidden}-array", compute).expand_dims(hidden=[float(hidden)]))
        stage(done + 1, len(settings["hiddens"]))
    joined = xr.concat(rows, dim="hidden")
    assert isinstance(joined, xr.Dataset)
    return joined


def _convnet(split: Any, column: crossbar.SeriesColumn, settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """A small convolution network; table ``conv``: ``channels``, ``epochs``, ``train_samples``, ``test_samples``."""
    import xarray as xr

    from spinloom.nn.binary_networks import binary_convnet, fold
    from spinloom.nn.training.binary import train_binary

    table = settings["conv"]
    x = series_images.images(split.train_x[: int(table["train_samples"])])
    y = split.train_y[: len(x)]
    stage = context.stage("train convolution network")

    def train() -> xr.Dataset:
        net = binary_convnet(tuple(table["channels"]), split.classes, x.shape[2], context.seed)
        how = training.training_settings({**settings, "epochs": table["epochs"]})
        losses = train_binary(net, x, y, how, context.seed, progress=stage)
        return training.kept(fold(net), losses)

    layers = training.layers_of(context.part("convnet", train))

    def compute() -> xr.Dataset:
        known = series_images.convnet_partials(column, layers, series_images.first_maps(layers, x[:100]))
        bits = int(settings["bits"])
        made = [crossbar.readout("calibrated", bits, column.tile, seen) for seen in known]
        junctions = readout.chip(column, layers[1:], context.seed)
        count = int(table["test_samples"])
        right = {"software": 0, "array": 0}
        chance = np.random.default_rng(context.seed)
        for start in range(0, count, 200):
            part = slice(start, min(start + 200, count))
            maps = series_images.first_maps(layers, series_images.images(split.test_x[part]))
            for name, cells, reading in (
                ("software", [None, None], readout.Reading()),
                ("array", junctions, readout.Reading(made)),
            ):
                found = series_images.convnet_scores(column, layers, cells, reading, maps, chance)
                right[name] += int((np.argmax(found, axis=1) == split.test_y[part]).sum())
        used = min(count, len(split.test_y))
        return xr.Dataset({name: 100.0 * hits / used for name, hits in right.items()})

    return context.part("convnet-array", compute)


def _detection(split: Any, column: crossbar.SeriesColumn, settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """Two classes of images, the hidden layer on the array; table ``detection``: ``hidden``, ``epochs``."""
    import xarray as xr

    table = settings["detection"]
    x, y = series_images.detection(split.train_x, seed=1)
    test_x, test_y = series_images.detection(split.test_x, seed=2)
    x, test_x = training.binarised(x), training.binarised(test_x)
    how = {**settings, "epochs": table["epochs"]}
    sizes = [x.shape[1], int(table["hidden"]), 2]
    layers = _network("detection", (x, y), sizes, how, context.seed, context)

    def compute() -> xr.Dataset:
        made = readout.mapping("calibrated", int(settings["bits"]), column, layers, x[:_CALIBRATION])
        junctions = readout.chip(column, layers, 0)
        reading = {"array": readout.Reading(made)}
        array = readout.accuracies(column, layers, junctions, reading, (test_x, test_y), 0, on_array=1)
        return xr.Dataset({"software": training.accuracy(layers, test_x, test_y), "array": array["array"]})

    return context.part("detection-array", compute)


def _metrics(
    parts: Mapping[str, xr.Dataset], column: crossbar.SeriesColumn, settings: Mapping[str, Any]
) -> dict[str, Metric]:
    main, study = parts["main"], parts["study"]
    software = main["software"].values
    metrics = {"accuracy.software": _mean(software), "difference.exact": Metric(float(main["difference"].max()))}
    for name in ("spread", "calibrated", "trimmed", "nonuniform", "window", "full"):
        metrics[f"accuracy.{name}"] = _mean(main[name].values.ravel())
        metrics[f"loss.{name}"] = _mean((software[:, None] - main[name].values).ravel())
    metrics["excess.window_over_spread"] = _mean((main["spread"] - main["window"]).values.ravel())
    metrics["window.best"] = Metric(float(study.coords["window"].values[int(study["by_window_ideal"].values.argmax())]))
    metrics["noise.published"] = Metric(_noise_for(study, float(settings["published_loss"])))
    for name in ("conv", "detection"):
        for what in ("software", "array"):
            metrics[f"accuracy.{name}_{what}"] = Metric(float(parts[name][what]), "%")
    for hidden in parts["hidden"].coords["hidden"].values:
        for what in ("software", "array"):
            metrics[f"hidden{hidden:g}.{what}"] = Metric(float(parts["hidden"][what].sel(hidden=hidden)), "%")
    metrics["gain.conv"] = Metric(float(parts["conv"]["array"]) - metrics["accuracy.calibrated"].number, "%")
    return metrics | _efficiency(column, settings)


def _mean(values: np.ndarray) -> Metric:
    """Mean over networks and chips with its standard error, in percent."""
    error = float(np.std(values, ddof=1) / np.sqrt(values.size)) if values.size > 1 else None
    return Metric(float(np.mean(values)), "%", error)


def _noise_for(study: xr.Dataset, loss: float) -> float:
    """Read noise [units of the dot product] at which the calibrated read-out loses so much; NaN outside the study."""
    lost = float(study["software"]) - study["by_noise"].mean("chip").values
    if not lost.min() <= loss <= lost.max():
        return float("nan")
    return float(np.interp(loss, np.maximum.accumulate(lost), study.coords["noise"].values))


def _efficiency(column: crossbar.SeriesColumn, settings: Mapping[str, Any]) -> dict[str, Metric]:
    """Operations a second from stated figures; energy of charging the columns alone, which bounds TOPS/W from above."""
    tile = column.tile
    operations = 2.0 * tile * tile * si(settings["clock"], "frequency", "clock")
    charge = tile * si(settings["cell_capacitance"], "capacitance", "cell_capacitance")
    column_energy = charge * si(settings["supply"], "voltage", "supply") ** 2
    fast, slow = (si(time, "time", "read_times") for time in settings["read_times"])
    return {
        "throughput": Metric(operations * 1e-9, "GOPS"),
        "tops_per_watt.columns_alone": Metric(2.0 * tile / column_energy * 1e-12, "TOPS/W"),
        "power.implied": Metric(operations / (float(settings["published_tops_per_watt"]) * 1e12) * 1e6, "uW"),
        "ratio.read_times": Metric(float(column.r_high) / float(column.r_low)),
        "ratio.read_times_stated": Metric(slow / fast),
    }


def _dataset(parts: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """All parts in one dataset, each variable named after its part."""
    import xarray as xr

    renamed = []
    for name, part in parts.items():
        plain = part.rename({key: f"{name}_{key}" for key in (*part.data_vars, *part.dims, *part.coords)})
        renamed.append(plain)
    joined = xr.merge(renamed)
    assert isinstance(joined, xr.Dataset)  # xarray's signature also allows trees
    return joined
