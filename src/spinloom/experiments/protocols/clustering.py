"""Unsupervised clustering of iris flowers: rows of junctions code four attributes, a spiking layer learns them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.figure import FigureSpec, Heat, Panel, Series
from spinloom.experiments.protocols.repeat import over_seeds
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric

if TYPE_CHECKING:
    import xarray as xr

CODES = ("ideal", "junctions")
CLASSES = ("setosa", "versicolor", "virginica")


def run(spec: Reproduction, context: Context) -> Outcome:
    """Accuracy and confusion after each round, with ideal tuning curves and with simulated junctions.

    Settings: ``device`` (a superparamagnetic junction), ``current`` (the range is -current to +current), ``junctions``
    per attribute, ``outputs``, ``rounds``, ``per_round``, ``observation`` (samples a step), ``steps`` a presentation,
    ``lift`` (what a spike over a weight of 1 adds to the membrane), ``inhibition``, ``total`` (sum of a neuron's
    weights), ``eta_pre``, ``eta_post``, ``seeds``.
    """
    from spinloom.devices import device

    settings = spec.settings
    x, y = flowers()
    seeds = int(settings["seeds"]) if context.seeds is None else context.seeds
    rounds = int(settings["rounds"])
    found: dict[str, xr.Dataset] = {}
    for code in CODES:

        def train(
            seed: int, _key: str, report: Callable[[int, int], None], ideal: bool = code == "ideal"
        ) -> xr.Dataset:
            return cluster(x, y, {**settings, "ideal": ideal}, seed, report)

        found[code] = over_seeds(code, f"clustering, {code}", seeds, rounds, context, train)
    import xarray as xr

    data = xr.concat([found[code].assign_coords(code=code) for code in CODES], dim="code")
    assert isinstance(data, xr.Dataset)  # xarray's signature also allows trees
    junction = device(settings["device"])
    return Outcome(
        _metrics(data),
        data,
        _figures(data),
        tuple(junction.parameters.references()),
        assumed=junction.parameters.assumed_inputs(),
    )


def flowers() -> tuple[np.ndarray, np.ndarray]:
    """All 150 flowers (samples, 4) in 0..1 and their classes: without labels there is nothing to hold back."""
    from spinloom import tasks

    split = tasks.iris()
    parts = ((split.train_x, split.train_y), (split.valid_x, split.valid_y), (split.test_x, split.test_y))
    return np.concatenate([x for x, _ in parts]).astype(float), np.concatenate([y for _, y in parts])


def network(settings: Mapping[str, Any], seed: int) -> Any:
    """The network of one seed: junctions with their spread, code, plastic layer."""
    from spinloom.devices import device
    from spinloom.snn import JunctionCode, Layer, LeakyNeuron, Network, Population, Rule
    from spinloom.units import si

    junction = device(
        settings["device"],
        thermal_stability_spread=float(settings.get("barrier_spread", 0.0)),
        critical_current_spread=float(settings.get("critical_spread", 0.0)),
    )
    count, edge = int(settings["junctions"]), si(settings["current"], "current", "current")
    rows = [
        Population.covering(junction.two_state(count, seed=1000 * seed + attribute), -edge, edge)
        for attribute in range(4)
    ]
    code = JunctionCode(
        rows, junction.parameters.value("sampling_time"), int(settings["observation"]), int(settings["steps"]),
        ideal=bool(settings["ideal"]), seed=seed,
    )  # fmt: skip
    lift = si(settings["lift"], "voltage", "lift")
    cell = LeakyNeuron(per_weight=lift, inhibition=si(settings["inhibition"], "voltage", "inhibition") / lift)
    rule = Rule("weight-dependent", float(settings["eta_pre"]), float(settings["eta_post"]))
    layer = Layer(4 * count, int(settings["outputs"]), cell, rule, seed=seed)
    # the paper's attributes differ in number of junctions between panels: the sum grows with them, not with the panel
    return Network(layer, code, total=float(settings["total"]) * count / 12.0)


def cluster(
    x: np.ndarray, y: np.ndarray, settings: Mapping[str, Any], seed: int, report: Callable[[int, int], None]
) -> xr.Dataset:
    """One run: accuracy (round) in %, confusion (true, found) after the last round in flowers, spikes while testing.

    With ``bits`` the weights are rounded to 2^bits levels for the tests; training goes on with the exact ones.
    """
    import xarray as xr

    from spinloom.snn import Labels
    from spinloom.tasks import accuracy

    net, chance = network(settings, seed), np.random.default_rng((seed, 0x1415))
    rounds, bits = int(settings["rounds"]), settings.get("bits")
    found = np.empty(rounds)
    counts, predicted = np.zeros((len(x), 1)), np.zeros_like(y)
    for index in range(rounds):
        net.fit(x[chance.choice(len(x), int(settings["per_round"]), replace=False)])
        layer = net.layers[0]
        exact = layer.w.copy()
        if bits is not None:
            steps = 2 ** int(bits) - 1
            # few bits are spread over the range that is used, not over 0..1
            top = exact.max()
            layer.w[...] = np.round(exact / top * steps) / steps * top
        counts = net.counts(x, first=index * len(x))
        layer.w[...] = exact
        predicted = Labels.of(counts, y).predict(counts)
        found[index] = 100.0 * accuracy(predicted, y)
        report(index + 1, rounds)
    confusion = np.zeros((3, 3), int)
    np.add.at(confusion, (y, predicted), 1)
    return xr.Dataset(
        {
            "accuracy": ("round", found, {"units": "%", "long_name": "clustering accuracy"}),
            "confusion": (("true", "found"), confusion, {"units": "1", "long_name": "flowers"}),
            "spikes": ((), counts.sum() / len(x), {"units": "1", "long_name": "output spikes per test sample"}),
        },
        coords={"round": np.arange(1, rounds + 1), "true": list(CLASSES), "found": list(CLASSES)},
    )


def _metrics(data: xr.Dataset) -> dict[str, Metric]:
    metrics = {}
    for code in CODES:
        last = data["accuracy"].sel(code=code).isel(round=-1).values
        metrics[f"accuracy.{code}"] = Metric.mean(last, "%")
        metrics[f"worst.{code}"] = Metric(float(last.min()), "%")
        share = data["confusion"].sel(code=code).mean("seed").values
        metrics[f"setosa.{code}"] = Metric(float(100.0 * share[0, 0] / share[0].sum()), "%")
    difference = (data["accuracy"].sel(code="junctions") - data["accuracy"].sel(code="ideal")).isel(round=-1).values
    metrics["difference"] = Metric.mean(difference, "%")
    metrics["accuracy.least"] = Metric(min(metrics[f"accuracy.{code}"].number for code in CODES), "%")
    curve = data["accuracy"].sel(code="ideal").mean("seed").values
    metrics["rounds.saturated"] = Metric(float(data["round"].values[np.argmax(curve > curve[-1] - 2.0)]))
    return metrics


def _figures(data: xr.Dataset) -> tuple[FigureSpec, ...]:
    rounds = data["round"].values.astype(float)
    series = [Series("published, ideal", rounds[[0, -1]], np.full(2, 92.6), style="dashed", group="published")]
    for code in CODES:
        table = data["accuracy"].sel(code=code).transpose("round", "seed").values
        error = table.std(axis=1, ddof=1) if table.shape[1] > 1 else None
        label = "ideal curves" if code == "ideal" else "simulated junctions"
        series.append(Series(label, rounds, table.mean(axis=1), error=error, style="both"))
    learning = Panel("round", "clustering accuracy (%)", tuple(series))
    share = data["confusion"].sel(code="junctions").mean("seed").values
    places = np.arange(3.0)
    heat = Heat(places, places, share, "flowers (of 50)", contours=False)
    matrix = Panel("found class", "true class", heat=heat, title="setosa, versicolor, virginica: 0, 1, 2")
    caption = (
        "Left: accuracy on all 150 flowers after each round of 100, mean and standard deviation over seeds. Right: "
        "confusion after the last round with simulated junctions, mean over seeds."
    )
    return (FigureSpec("clustering", "Unsupervised clustering of iris flowers", (learning, matrix), caption),)
