"""Several synaptic devices under one network that learns on them image by image: accuracy, pulses, energy, area."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from spinloom.errors import InputError
from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric
from spinloom.responses import Plasticity
from spinloom.units import si

if TYPE_CHECKING:
    from spinloom.tasks import Split

_MILLION = 1_000_000
_SQUARE_MICRO = 1e12


def run(spec: Reproduction, context: Context) -> Outcome:
    """Train one network for every device and read its accuracy after every epoch.

    Measured for each device: ``accuracy.NAME`` (mean over the last ``last`` epochs, with their standard deviation as
    its error) and ``best.NAME`` [%]; ``pulses.NAME``, given to all devices for one image; ``energy.NAME`` [mJ] of these
    pulses in the devices alone, for a million images; ``area.NAME`` [um2] of the cells alone.

    Settings: ``data`` ("mnist" or "digits"), ``epochs``, ``images`` (an epoch), ``hidden``, ``rates``, ``bits``,
    ``gain``, ``rounding``, ``start``, ``last``, ``feature`` (size F), and ``devices``: tables with ``name``, ``label``,
    ``set`` (a parameter set) or ``digital`` (bits), ``series`` (resistance of the access transistor), ``cell`` (area
    in F^2), ``gain`` (instead of the table's).
    """
    settings = spec.settings
    split = _black_and_white(settings["data"], context)
    names = [str(entry["name"]) for entry in settings["devices"]]
    if len(set(names)) < len(names):
        raise InputError("'devices' uses a name twice; metrics are told apart by it.")
    metrics: dict[str, Metric] = {}
    parts: list[xr.Dataset] = []
    references: list[str] = ["LeCun1998"]
    assumed: list[tuple[str, str, str]] = []
    for entry in settings["devices"]:
        synapse = _synapse(entry)
        part = context.part(entry["name"], lambda s=synapse, e=entry: _train(s, e, split, settings, context))
        parts.append(part)
        metrics.update(_measure(entry, synapse, part, split, settings))
        if isinstance(synapse, Plasticity):
            references += synapse.references
            assumed += [(f"{entry['label']}: {what}", value, why) for what, value, why in synapse.assumed]
    data: xr.Dataset = xr.concat(parts, xr.DataArray(names, dims="device", name="device"))
    figures = _figures(spec, settings, metrics, data)
    return Outcome(metrics, data, figures, tuple(dict.fromkeys(references)), tuple(assumed))


def _black_and_white(name: str, context: Context) -> Split:
    """Images of 0 and 1; MNIST without its margin of four pixels, and with its validation part to train on."""
    from spinloom import tasks

    if name == "digits":
        found = tasks.digits()
        cut = {part: getattr(found, f"{part}_x") for part in ("train", "valid", "test")}
    elif name == "mnist":
        found = tasks.mnist(progress=context.stage("fetch MNIST"))
        cut = {
            part: getattr(found, f"{part}_x").reshape(-1, 28, 28)[:, 4:24, 4:24].reshape(-1, 400)
            for part in ("train", "valid", "test")
        }
    else:
        raise InputError(f"data = '{name}': this protocol knows 'mnist' and 'digits'.")
    bits = {part: (x >= 0.5).astype(np.float32) for part, x in cut.items()}
    return tasks.Split(
        np.concatenate([bits["train"], bits["valid"]]),
        np.concatenate([found.train_y, found.valid_y]),
        bits["valid"][:0],
        found.valid_y[:0],
        bits["test"],
        found.test_y,
        name=found.name,
        licence=found.licence,
    )


def _synapse(entry: dict[str, Any]) -> Plasticity | int:
    return Plasticity.from_parameters(entry["set"]) if entry.get("set") else int(entry["digital"])


def _train(
    synapse: Plasticity | int, entry: dict[str, Any], split: Split, settings: dict[str, Any], context: Context
) -> xr.Dataset:
    from spinloom.nn.training.online import OnlinePerceptron, OnlineSettings

    how = OnlineSettings(
        hidden=int(settings["hidden"]),
        outputs=int(split.train_y.max()) + 1,
        rates=(float(settings["rates"][0]), float(settings["rates"][1])),
        bits=int(settings["bits"]),
        gain=float(entry.get("gain", settings["gain"])),
        series_resistance=si(entry.get("series", 0.0), "resistance", "series"),
        rounding=settings["rounding"],
        start=settings["start"],
    )
    network = OnlinePerceptron(synapse, split.train_x.shape[1], how, seed=context.seed)
    epochs, images = int(settings["epochs"]), int(settings["images"])
    stage = context.stage(f"{entry['label']}: images")
    accuracy = np.empty(epochs)
    for epoch in range(epochs):
        network.train(
            split.train_x,
            split.train_y,
            images,
            lambda done, _, epoch=epoch: stage(epoch * images + done, epochs * images),
        )
        accuracy[epoch] = network.accuracy(split.test_x, split.test_y)
    up, down = network.pulses
    return xr.Dataset(
        {
            "accuracy": ("epoch", accuracy, {"units": "1", "long_name": "accuracy on the test images"}),
            "pulses_up": ((), up, {"units": "1"}),
            "pulses_down": ((), down, {"units": "1"}),
        },
        coords={"epoch": ("epoch", np.arange(1, epochs + 1), {"units": "1"})},
    )


def _measure(
    entry: dict[str, Any], synapse: Plasticity | int, part: xr.Dataset, split: Split, settings: dict[str, Any]
) -> dict[str, Metric]:
    name, percent = entry["name"], 100.0 * part["accuracy"].values
    last = percent[-int(settings["last"]) :]
    found = {
        f"accuracy.{name}": Metric(float(last.mean()), "%", float(last.std(ddof=1)) if last.size > 1 else None),
        f"best.{name}": Metric(float(percent.max()), "%"),
    }
    if isinstance(synapse, Plasticity):
        samples = int(settings["epochs"]) * int(settings["images"])
        pulses = float(part["pulses_up"] + part["pulses_down"]) / samples
        found[f"pulses.{name}"] = Metric(pulses)
        if synapse.write_energy:
            found[f"energy.{name}"] = Metric(pulses * _MILLION * synapse.write_energy * 1e3, "mJ")
    if entry.get("cell"):
        hidden = int(settings["hidden"])
        cells = split.train_x.shape[1] * hidden + hidden * (int(split.train_y.max()) + 1)
        feature = si(settings["feature"], "length", "feature")
        found[f"area.{name}"] = Metric(cells * float(entry["cell"]) * feature**2 * _SQUARE_MICRO, "um2")
    return found


def _figures(
    spec: Reproduction, settings: dict[str, Any], metrics: dict[str, Metric], data: xr.Dataset
) -> tuple[FigureSpec, ...]:
    """Accuracy over epochs, and last accuracies beside the published ones."""
    labels = [str(entry["label"]) for entry in settings["devices"]]
    names = [str(entry["name"]) for entry in settings["devices"]]
    epochs = data["epoch"].values.astype(float)
    learning = Panel(
        "epoch",
        "accuracy (%)",
        tuple(Series(label, epochs, 100.0 * data["accuracy"].values[i]) for i, label in enumerate(labels)),
        y_limits=(0, 100),
    )
    places = np.arange(len(names), dtype=float)
    ours = np.array([metrics[f"accuracy.{name}"].number for name in names])
    spread = np.array([metrics[f"accuracy.{name}"].error or 0.0 for name in names])
    printed = {row.quantity: row.published for row in spec.expect if isinstance(row.published, float)}
    known = [i for i, name in enumerate(names) if f"accuracy.{name}" in printed]
    table = Panel(
        "accuracy (%)",
        "",
        (
            Series("here, last epochs", ours, places, error=spread, style="bars"),
            Series(
                "published",
                np.array([printed[f"accuracy.{names[i]}"] for i in known], float),
                places[known],
                style="points",
                group="published",
            ),
        ),
        x_limits=(0, 100),
        categories=tuple(labels),
    )
    caption = (
        f"Left: accuracy on the test images after each epoch of {settings['images']} images. Right: mean and standard "
        f"deviation of the last {settings['last']} epochs beside the published figures."
    )
    return (FigureSpec("table", "One network on several devices", (learning, table), caption),)
