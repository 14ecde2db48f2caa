"""Networks of stochastic neurons for the protocols: trained once, kept as arrays, sampled in every way asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    import xarray as xr
    from torch import nn as torch_nn

    from spinloom.tasks import Split

Progress = Callable[[int, int], None]
Curve = tuple[np.ndarray, np.ndarray]
KINDS = ("perceptron", "convolution")
MODES = ("network", "layer")
_SYSTEM_KEYS = ("label", "train", "inputs", "modes", "interval", "curve")


@dataclass(frozen=True)
class System:
    """One network as the settings describe it.

    Attributes
    ----------
    name, label : str
        Name in metrics; name for people.
    kind : {"perceptron", "convolution"}
        Dense layers of the sizes of ``hidden``; or 6 maps of 5 x 5, mean pooling by 2, 12 maps of 5 x 5, mean pooling
        by 2, outputs.
    hidden : tuple of int
        Hidden neurons of a perceptron.
    train : {"mean", "samples"}
        What the hidden neurons give in training.
    inputs : {"grey", "spikes"}
        Inputs as they are, or as one spike a step with the grey value as its probability.
    modes : tuple of {"network", "layer"}
        How it is sampled (``spinloom.nn.sampled_outputs``).
    interval : float or None
        None: written, read and reset (Bernoulli neurons). A number: superparamagnetic junctions that are read every
        ``interval`` correlation times (of an undriven junction); weights are those of the system of the same training.
    curve : bool
        Evaluated with the junction's computed curve (of the last barrier or voltage) in place of the logistic one.
    """

    name: str
    label: str
    kind: str
    hidden: tuple[int, ...]
    train: str
    inputs: str
    modes: tuple[str, ...]
    interval: float | None
    curve: bool

    @property
    def weights(self) -> str:
        """Name of the training that it shares with other systems; spikes at the inputs act where hidden bits do."""
        return f"{self.kind}-{self.train}" + (f"-{self.inputs}" if self.train == "samples" else "")


def systems_of(settings: Mapping[str, Any]) -> list[System]:
    """The systems of the settings, checked."""
    found = []
    for name, table in settings["systems"].items():
        unknown = [key for key in table if key not in _SYSTEM_KEYS]
        if unknown:
            raise InputError(f"System '{name}' has no key '{unknown[0]}'. Keys: {', '.join(_SYSTEM_KEYS)}.")
        if settings["network"] not in KINDS:
            raise UnknownNameError("network", str(settings["network"]), KINDS)
        for mode in table["modes"]:
            if mode not in MODES:
                raise UnknownNameError("way to sample a network", str(mode), MODES)
        interval = table.get("interval")
        system = System(
            name=name,
            label=str(table.get("label", name)),
            kind=settings["network"],
            hidden=tuple(int(n) for n in settings["hidden"]),
            train=table.get("train", "mean"),
            inputs=table.get("inputs", "grey"),
            modes=tuple(table["modes"]),
            interval=None if interval is None else float(interval),
            curve=bool(table.get("curve", False)),
        )
        found.append(system)
    return found


def build(system: System, features: int, classes: int, seed: int, curve: Curve | None = None) -> torch_nn.Sequential:
    """The network with fresh weights from a seed; ``curve`` is the junctions' where it is not the logistic one."""
    from spinloom.devices.two_state import TwoState
    from spinloom.nn import BernoulliInput, BernoulliNeuron, SuperparamagneticNeuron, stochastic

    def neurons(shape: tuple[int, ...], hidden: bool) -> torch_nn.Module:
        how: Any = system.train if hidden else "mean"
        if system.interval is None:
            return BernoulliNeuron(shape, train_with=how, curve=curve)
        # in units of the undriven junction's correlation time: 2 f0 exp(-Delta) = 1; Delta and I_c scale z alone
        junction = TwoState(*(np.array(value) for value in (0.5 * np.e, 1.0, 1.0, 0.0)))
        return SuperparamagneticNeuron(shape, junction, system.interval, train_with=how, start="rest")

    train_with: Any = system.train
    spikes = BernoulliInput(train_with=train_with, seed=99) if system.inputs == "spikes" else None
    if system.kind == "perceptron":
        return stochastic.stochastic_perceptron([features, *system.hidden, classes], neurons, seed, spikes)
    return stochastic.stochastic_convnet(classes, round(features**0.5), neurons, seed, spikes)


def neurons_of(system: System, features: int, classes: int) -> list[int]:
    """Neurons of each layer, spikes of the inputs left out."""
    from spinloom.nn import stochastic

    return stochastic.neuron_counts(build(system, features, classes, 0))


def train(
    system: System, split: Split, settings: Mapping[str, Any], seed: int, checkpoint: Any, progress: Progress
) -> xr.Dataset:
    """Train a network of Bernoulli neurons and give its weights as arrays, in order."""
    import xarray as xr

    from spinloom import nn
    from spinloom.nn import stochastic

    plain = replace(system, interval=None, inputs=system.inputs if system.train == "samples" else "grey")
    net = build(plain, split.train_x.shape[1], split.classes, seed)
    how = nn.TrainingSettings(
        optimiser="adam",
        learning_rate=float(settings["learning_rate"]),
        epochs=int(settings["epochs"]),
        batch_size=int(settings["batch_size"]),
        evaluate_every=10**9,  # accuracy is counted afterwards
        checkpoint=checkpoint,
        failure="record",
    )
    nn.train(net, split, how, seed, progress)
    arrays = {f"weight{n}": array for n, array in enumerate(stochastic.weights_of(net))}
    return xr.Dataset(
        {name: (tuple(f"{name}_{axis}" for axis in range(array.ndim)), array) for name, array in arrays.items()}
    )


def with_weights(
    system: System, kept: xr.Dataset, features: int, classes: int, curve: Curve | None = None
) -> torch_nn.Sequential:
    """The system's network with trained weights."""
    from spinloom.nn import stochastic

    net = build(system, features, classes, 0, curve)
    stochastic.put_weights(net, [kept[f"weight{n}"].values for n in range(len(kept.data_vars))])
    return net


def accuracies(
    net: torch_nn.Module, mode: str, at: Sequence[int], x: np.ndarray, y: np.ndarray, seed: int, progress: Progress
) -> list[float]:
    """Accuracy [%] at each number of samples."""
    from spinloom import nn, tasks

    outputs = nn.sampled_outputs(net, x, at, mode=mode, seed=seed, progress=progress)  # pyright: ignore[reportArgumentType]
    return [100.0 * tasks.accuracy(found.argmax(axis=1), y) for found in outputs]


def mean_accuracy(net: torch_nn.Module, x: np.ndarray, y: np.ndarray) -> float:
    """Accuracy [%] of the network with every neuron at its mean."""
    from spinloom import nn, tasks

    return 100.0 * tasks.accuracy(nn.mean_outputs(net, x).argmax(axis=1), y)


def put_spread(net: torch_nn.Module, chip: int, centre: float, width: float) -> None:
    """Devices with a spread of their centres [widths] and of their widths (relative), drawn from a chip's seed."""
    from spinloom.nn import BernoulliNeuron

    layers = [layer for layer in net.modules() if isinstance(layer, BernoulliNeuron)]
    for number, layer in enumerate(layers):
        layer.program(chip * len(layers) + number, centre, width)
