"""Stochastic sigmoid neurons: their junctions' curves, and networks of them against the number of samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.errors import UnknownNameError
from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.protocols import stochastic_devices as devices
from spinloom.experiments.protocols import stochastic_networks as networks
from spinloom.experiments.protocols import stochastic_results as results
from spinloom.experiments.protocols.network import load_split
from spinloom.experiments.protocols.stochastic_networks import System
from spinloom.experiments.spec import Reproduction

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.tasks import Split

STUDIES = {"barriers": devices.barriers, "fields": devices.fields}


def run(spec: Reproduction, context: Context) -> Outcome:
    """The junctions' switching curves, then every system over its seeds, then the spread of devices.

    Settings: ``data``, ``test_samples``, ``network``, ``hidden``, ``epochs``, ``batch_size``, ``learning_rate``,
    ``seeds``, ``at`` (numbers of samples), ``systems`` (see ``stochastic_networks.System``), ``gap`` [points];
    ``spread_samples``, ``spread_chips``, ``spread_images``, ``centre_spreads`` [widths], ``width_spreads`` (relative),
    ``first`` (the system whose devices are spread); ``study`` ("barriers" or "fields") with its own (see
    ``stochastic_devices``); ``energy`` (see ``stochastic_results.energies``).
    """
    settings = spec.settings
    if settings["study"] not in STUDIES:
        raise UnknownNameError("study of the junctions", str(settings["study"]), STUDIES)
    split = load_split(settings["data"], context.stage("fetch MNIST"))
    study = STUDIES[settings["study"]]
    curves = context.part("junctions", lambda: study(settings, context.stage("switching curves")))
    systems = networks.systems_of(settings)
    count = int(settings["seeds"]) if context.seeds is None else context.seeds
    seeds = range(context.seed, context.seed + count)
    found = {
        s.name: _join([_sampled(s, split, settings, seed, context, curves) for seed in seeds], seeds) for s in systems
    }
    first = next(s for s in systems if s.name == settings["first"])
    spread = _join([_spread(first, split, settings, seed, context) for seed in seeds], seeds)
    neurons = networks.neurons_of(first, split.train_x.shape[1], split.classes)
    metrics, energy = results.measure(settings, systems, found, spread, curves, neurons)
    figures = results.figures(settings, systems, found, spread, curves)
    references = ("LeCun1998", "Xin2023") if settings["data"] == "mnist" else ("Xin2023",)
    return Outcome(metrics, results.dataset(found, spread, curves, energy), figures, references)


def _join(parts: list[xr.Dataset], seeds: range) -> xr.Dataset:
    import xarray as xr

    return xr.concat(parts, dim="seed").assign_coords(seed=list(seeds))  # pyright: ignore[reportReturnType]


def _trained(system: System, split: Split, settings: Mapping[str, Any], seed: int, context: Context) -> xr.Dataset:
    """The weights of a system's training, kept."""
    key = f"weights-{system.weights}-{seed}"
    stage = context.stage(f"train ({system.train}), seed {seed}")
    return context.part(key, lambda: networks.train(system, split, settings, seed, context.checkpoint(key), stage))


def _test(split: Split, count: Any) -> tuple[np.ndarray, np.ndarray]:
    wanted = int(count) or len(split.test_y)
    return split.test_x[:wanted], split.test_y[:wanted]


def _sampled(
    system: System, split: Split, settings: Mapping[str, Any], seed: int, context: Context, curves: xr.Dataset
) -> xr.Dataset:
    """Accuracy [%] of one seed over ``at`` in every mode, and of the network without chance."""
    import xarray as xr

    kept = _trained(system, split, settings, seed, context)
    x, y = _test(split, settings["test_samples"])
    at = [int(n) for n in settings["at"]]

    def compute() -> xr.Dataset:
        curve = devices.last_curve(curves) if system.curve else None
        net = networks.with_weights(system, kept, x.shape[1], split.classes, curve)
        data: dict[str, Any] = {"mean": ((), networks.mean_accuracy(net, x, y))}
        for mode in system.modes:
            stage = context.stage(f"{system.label}, {mode}, seed {seed}")
            data[mode] = ("samples", networks.accuracies(net, mode, at, x, y, seed, stage))
        return xr.Dataset(data, coords={"samples": at})

    return context.part(f"sampled-{system.name}-{seed}", compute)


def _spread(system: System, split: Split, settings: Mapping[str, Any], seed: int, context: Context) -> xr.Dataset:
    """Accuracy [%] of one seed over chips whose devices differ; every layer counts ``spread_samples`` samples."""
    import xarray as xr

    kept = _trained(system, split, settings, seed, context)
    x, y = _test(split, settings["spread_images"])
    chips, samples = range(int(settings["spread_chips"])), int(settings["spread_samples"])
    stage: Callable[[int, int], None] = context.stage(f"spread of devices, seed {seed}")
    sweeps = {"centre": settings["centre_spreads"], "width": settings["width_spreads"]}
    total = len(chips) * sum(len(values) for values in sweeps.values())

    def compute() -> xr.Dataset:
        net = networks.with_weights(system, kept, x.shape[1], split.classes)
        data: dict[str, Any] = {}
        done = 0
        for name, values in sweeps.items():
            rows = []
            for value in values:
                row = []
                for chip in chips:
                    put = (float(value), 0.0) if name == "centre" else (0.0, float(value))
                    networks.put_spread(net, chip, *put)
                    row += networks.accuracies(net, "layer", [samples], x, y, chip, lambda done, total: None)
                    done += 1
                    stage(done, total)
                rows.append(row)
            data[f"by_{name}"] = ((f"{name}_spread", "chip"), rows)
        coords = {f"{name}_spread": [float(v) for v in values] for name, values in sweeps.items()}
        return xr.Dataset(data, coords={**coords, "chip": list(chips)})

    return context.part(f"spread-{seed}", compute)
