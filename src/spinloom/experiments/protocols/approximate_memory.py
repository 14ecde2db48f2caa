"""Weights in a memory written with weak pulses: error rate against pulse, accuracy against error rate, energy saved."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom import devices
from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.protocols import approximate_figures
from spinloom.experiments.protocols import binary_training as training
from spinloom.experiments.protocols.network import load_split
from spinloom.experiments.protocols.write_errors import Sweep, WriteErrors, energy_at
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric
from spinloom.units import si, si_array

if TYPE_CHECKING:
    import xarray as xr

WAYS = ("once", "training", "retry")
"""When weights are written: after training; at each change while training; until right, while training."""
KNOBS = ("duration", "amplitude")


def run(spec: Reproduction, context: Context) -> Outcome:
    """Error rates of a junction's write pulses, accuracy of networks written with them, and the energy that saves.

    Settings: ``device``, ``overdrives`` and ``widths`` (grid of the write errors), ``overdrive`` (of the sweep of the
    duration), ``pulse_width`` (of the sweep of the amplitude), ``spread`` (relative, of the critical current),
    ``reference_error``, ``other_references``, ``allowed_loss`` [%]; ``data``, ``hidden``, ``epochs``, ``batch_size``,
    ``learning_rate``, ``error_rates``, ``seeds``, ``chips``.
    """
    settings = spec.settings
    split = load_split(settings["data"], context.stage("fetch MNIST"))
    junction = devices.device(settings["device"])
    errors = _errors(junction, settings, context)
    samples = training.samples_of(split, settings)
    seeds = int(settings["seeds"]) if context.seeds is None else context.seeds
    learned = _accuracies(errors, samples, split.classes, settings, context, seeds)
    sweeps = _sweeps(errors, settings)
    metrics = _law_metrics(errors, settings) | _metrics(learned, sweeps, settings)
    figures = approximate_figures.draw(errors, learned, sweeps, metrics, settings)
    references = (*junction.parameters.references(), *(("LeCun1998",) if settings["data"] == "mnist" else ()))
    assumed = junction.parameters.assumed_inputs()
    return Outcome(metrics, errors.table.merge(learned), figures, references, assumed)


def _errors(junction: Any, settings: Mapping[str, Any], context: Context) -> WriteErrors:
    overdrives = np.asarray(settings["overdrives"], dtype=float)
    low, high, count = float(overdrives[0]), float(overdrives[1]), int(overdrives[2])
    widths = si_array(settings["widths"], "time", "widths")
    stage = context.stage("write errors")
    table = context.part("write-errors", lambda: WriteErrors.table_of(junction, np.linspace(low, high, count), widths))
    stage(1, 1)
    return WriteErrors(table, float(settings["spread"]), junction)


def _accuracies(
    errors: WriteErrors, samples: Any, classes: int, settings: Mapping[str, Any], context: Context, seeds: int
) -> xr.Dataset:
    """Accuracy and pulses over (way, error rate, seed)."""
    import xarray as xr

    rates = np.asarray(settings["error_rates"], dtype=float)
    found = [
        _of_one_seed(errors, samples, classes, settings, context, seed, rates)
        for seed in range(context.seed, context.seed + seeds)
    ]
    joined = xr.concat(found, dim="seed")
    assert isinstance(joined, xr.Dataset)  # xarray's signature also allows trees
    return joined


def _of_one_seed(
    errors: WriteErrors,
    samples: Any,
    classes: int,
    settings: Mapping[str, Any],
    context: Context,
    seed: int,
    rates: np.ndarray,
) -> xr.Dataset:
    import xarray as xr

    x, y, test_x, test_y = samples
    sizes = [x.shape[1], int(settings["hidden"]), classes]
    shapes = [(outputs, inputs) for inputs, outputs in itertools.pairwise(sizes)]
    overdrive = float(settings["overdrive"])
    total = 1 + 2 * rates.size
    stage = context.stage("networks")

    def cells(rate: float) -> tuple[np.ndarray, ...]:
        chance = np.random.default_rng([seed, 7])  # the same devices at every rate
        if rate == 0.0:
            return tuple(np.zeros(shape, np.float32) for shape in shapes)
        width = errors.width_for(rate, overdrive)
        return tuple(errors.draw(overdrive, width, shape, chance) for shape in shapes)

    def trained(rate: float, way: str, done: int) -> xr.Dataset:
        def report(step: int, steps: int) -> None:
            stage(round(1000 * (done + step / steps)), 1000 * total)

        memory = training.Memory(cells(rate), retry=way == "retry")
        return training.train_perceptron(x, y, sizes, settings, seed, report, memory)

    perfect = context.part(f"perfect-{seed}", lambda: trained(0.0, "training", 0))
    layers = training.layers_of(perfect)

    def once(rate: float) -> float:
        chance = np.random.default_rng([seed, 11])
        hits = []
        for _ in range(int(settings["chips"])):
            wrong = []
            for layer in layers:
                # half of the bits are there already: a pulse that fails leaves the bit as it was, right or wrong
                before = np.where(chance.random(layer.weight.shape) < 0.5, 1, -1)
                failed = chance.random(layer.weight.shape) < rate
                wrong.append(np.where(failed, before, layer.weight).astype(np.float32))
            hits.append(training.accuracy(layers, test_x, test_y, lambda n, x, wrong=wrong: x @ wrong[n].T))
        return float(np.mean(hits))

    def row(rate: float, way: str, done: int) -> tuple[float, float]:
        if way == "once":
            return once(rate), float(sum(np.prod(shape) for shape in shapes))
        name = f"{way}-{rate:g}-{seed}"
        net = context.part(name, lambda: trained(rate, way, done))
        return training.accuracy(training.layers_of(net), test_x, test_y), float(net["pulses"])

    table = [[row(rate, way, 1 + n + rates.size * (way == "retry")) for n, rate in enumerate(rates)] for way in WAYS]
    values = np.array(table)
    return xr.Dataset(
        {
            "accuracy": (("way", "error_rate"), values[..., 0], {"units": "%", "long_name": "test accuracy"}),
            "pulses": (("way", "error_rate"), values[..., 1], {"units": "1", "long_name": "write pulses"}),
            "perfect": ((), training.accuracy(layers, test_x, test_y), {"units": "%"}),
            "perfect_pulses": ((), float(perfect["pulses"]), {"units": "1"}),
        },
        coords={"way": list(WAYS), "error_rate": rates},
    )


def _sweeps(errors: WriteErrors, settings: Mapping[str, Any]) -> dict[str, Sweep]:
    """Per knob: its values (duration [s] or overdrive), mean error rates, and energies of a pulse [J]."""
    overdrive, width = float(settings["overdrive"]), si(settings["pulse_width"], "time", "pulse_width")
    widths, drives = errors.widths, errors.overdrives[errors.overdrives > 0.9]
    by_width = errors.mean(overdrive, widths)
    by_drive = errors.mean(drives, width)
    return {
        "duration": (widths, by_width, np.array([errors.energy(overdrive, t) for t in widths])),
        "amplitude": (drives, by_drive, np.array([errors.energy(i, width) for i in drives])),
    }


def tolerated(rates: np.ndarray, accuracies: np.ndarray, floor: float) -> float:
    """Largest error rate up to which the accuracy stays above a floor, between points on a log scale."""
    below = np.flatnonzero(accuracies < floor)
    if not below.size:
        return float(rates[-1])
    n = int(below[0])
    if n == 0:
        return float("nan")
    share = (accuracies[n - 1] - floor) / (accuracies[n - 1] - accuracies[n])
    return float(np.exp(np.log(rates[n - 1]) + share * np.log(rates[n] / rates[n - 1])))


def _metrics(learned: xr.Dataset, sweeps: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Metric]:
    rates = learned.coords["error_rate"].values
    perfect = float(learned["perfect"].mean())
    floor = perfect - float(settings["allowed_loss"])
    references = [float(settings["reference_error"]), *(float(r) for r in settings["other_references"])]
    metrics = {"accuracy.perfect": Metric(perfect, "%")}
    for way in WAYS:
        accuracies = learned["accuracy"].sel(way=way).mean("seed").values
        rate = tolerated(rates, accuracies, floor)
        metrics[f"error_rate.{way}"] = Metric(rate)
        metrics[f"loss_at_0.1%.{way}"] = Metric(
            perfect - float(np.interp(np.log(1e-3), np.log(rates), accuracies)), "%"
        )
        pulses = learned["pulses"].sel(way=way).mean("seed").values
        base = pulses[0] if way == "once" else float(learned["perfect_pulses"].mean())
        allowed = np.append(rates[rates < rate], rate)  # failures that are pulsed again cost pulses: less may be best
        more = np.interp(np.log(allowed), np.log(rates), pulses) / base
        metrics[f"pulses.{way}"] = Metric(float(more[-1]))
        for reference in references:
            savings = [100.0 * (1.0 - _least_energy(allowed, more, reference, sweeps[knob])) for knob in KNOBS]
            label = f"saving.{way}" if reference == references[0] else f"saving.{way}_{reference:.0e}"
            for knob, saving in zip(KNOBS, savings, strict=True):
                metrics[f"{label}.{knob}"] = Metric(saving, "%")
            metrics[label] = Metric(float(np.nanmax(savings)) if np.isfinite(savings).any() else float("nan"), "%")
    return metrics


def _least_energy(rates: np.ndarray, pulses: np.ndarray, reference: float, sweep: Sweep) -> float:
    """Smallest programming energy at one of the error rates, relative to that at the reference; NaN where unknown."""
    energies = pulses * np.array([energy_at(float(rate), sweep) for rate in rates]) / energy_at(reference, sweep)
    return float(np.nanmin(energies)) if np.isfinite(energies).any() else float("nan")


def _law_metrics(errors: WriteErrors, settings: Mapping[str, Any]) -> dict[str, Metric]:
    overdrive = float(settings["overdrive"])
    own, closed = errors.nominal(overdrive, errors.widths), errors.closed_form(overdrive, errors.widths)
    tail = (own < 1e-2) & (own > 1e-10)
    ratio = np.log10(own[tail] / closed[tail])
    rates = errors.mean(overdrive, errors.widths[:: max(1, errors.widths.size // 8)])
    return {
        "law.against_closed_form": Metric(float(np.abs(ratio).max()) if tail.any() else float("nan")),
        "error.by_duration": Metric([float(rate) for rate in rates]),
        "barrier": Metric(errors.junction.thermal_stability()),
        "critical_current": Metric(errors.junction.critical_current() * 1e6, "uA"),
    }
