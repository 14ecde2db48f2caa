"""Binary networks for the protocols: trained once, kept as folded layers, evaluated by any product of ±1."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.nn.binary_networks import Folded
    from spinloom.tasks import Split

Product = Callable[[int, np.ndarray], np.ndarray]
"""``product(layer, x)``: the sums (samples, outputs) of a layer for inputs of ±1 (samples, inputs)."""
Progress = Callable[[int, int], None]


def binarised(x: np.ndarray, threshold: float = 0.5) -> np.ndarray:
    """Grey pixels as ±1 (float32): +1 from the threshold upwards."""
    return np.where(x >= threshold, 1.0, -1.0).astype(np.float32)


@dataclass(frozen=True)
class Memory:
    """The memory that a network's weights are written to while it learns.

    Attributes
    ----------
    failure : tuple of arrays, one a layer, shape (outputs, inputs)
        Probability that a write pulse changes nothing.
    retry : bool
        Whether bits are read before each write, so that a failure is pulsed again.
    """

    failure: tuple[np.ndarray, ...]
    retry: bool


def train_perceptron(
    x: np.ndarray,
    y: np.ndarray,
    sizes: Sequence[int],
    settings: Mapping[str, Any],
    seed: int,
    progress: Progress | None = None,
    memory: Memory | None = None,
) -> xr.Dataset:
    """Train a binary perceptron and give its folded layers.

    Parameters
    ----------
    x, y : arrays
        Inputs of ±1 (samples, inputs), labels (samples,).
    sizes : sequence of int
        Inputs, hidden neurons, classes.
    settings : mapping
        ``epochs``, ``batch_size``, ``learning_rate``.
    seed : int
        Fixes all chance.
    memory : Memory or None
        None: the weights are where they should be, no pulses are counted.

    Returns
    -------
    xarray.Dataset
        ``weight0`` (int8), ``gain0``, ``offset0``, ``weight1``, ...; ``loss`` of each epoch; ``pulses`` in all.
    """
    from spinloom.nn.binary_networks import binary_perceptron, fold
    from spinloom.nn.training.binary import train_binary
    from spinloom.nn.written import WrittenLinear

    net = binary_perceptron(
        sizes, seed, None if memory is None else memory.failure, retry=memory is not None and memory.retry
    )
    written = [layer for layer in net if isinstance(layer, WrittenLinear)]

    def write() -> None:
        for layer in written:
            layer.write_()

    write()  # the untrained weights have to be written too
    losses = train_binary(net, x, y, training_settings(settings), seed, write if written else None, progress)
    return kept(fold(net), losses, sum(layer.pulses for layer in written))


def training_settings(settings: Mapping[str, Any]) -> Any:
    """The settings of a spec as ``spinloom.nn.training.binary.BinarySettings``."""
    from spinloom.nn.training.binary import BinarySettings

    return BinarySettings(int(settings["epochs"]), int(settings["batch_size"]), float(settings["learning_rate"]))


def kept(layers: Sequence[Folded], losses: np.ndarray, pulses: int = 0) -> xr.Dataset:
    """Folded layers as a dataset that a run can keep."""
    import xarray as xr

    data: dict[str, Any] = {"loss": ("epoch", losses), "pulses": ((), float(pulses))}
    for n, layer in enumerate(layers):
        data[f"weight{n}"] = ((f"output{n}", f"input{n}"), layer.weight)
        data[f"gain{n}"] = (f"output{n}", layer.gain)
        data[f"offset{n}"] = (f"output{n}", layer.offset)
    return xr.Dataset(data)


def layers_of(found: xr.Dataset) -> tuple[Folded, ...]:
    """The folded layers that :func:`kept` put into a dataset."""
    from spinloom.nn.binary_networks import Folded

    count = sum(str(name).startswith("weight") for name in found.data_vars)
    return tuple(Folded(*(found[f"{what}{n}"].values for what in ("weight", "gain", "offset"))) for n in range(count))


def exact(layers: Sequence[Folded]) -> Product:
    """The product without any error."""
    weights = [layer.weight.astype(np.float32) for layer in layers]
    return lambda n, x: x @ weights[n].T


def signs_behind(layer: Folded, sums: np.ndarray) -> np.ndarray:
    """Signs (float32) behind a layer's thresholds: +1 where gain s + offset >= 0; outputs along the last axis."""
    return np.where(layer.gain * sums + layer.offset >= 0.0, 1.0, -1.0).astype(np.float32)


def scores(layers: Sequence[Folded], x: np.ndarray, product: Product | None = None) -> np.ndarray:
    """Outputs (samples, classes) of a perceptron: y = gain s + offset layer by layer, signs between them."""
    product = product or exact(layers)
    for n, layer in enumerate(layers[:-1]):
        x = signs_behind(layer, product(n, x))
    return layers[-1].gain * product(len(layers) - 1, x) + layers[-1].offset


def accuracy(layers: Sequence[Folded], x: np.ndarray, y: np.ndarray, product: Product | None = None) -> float:
    """Share [%] of the samples whose largest output is that of their label."""
    return 100.0 * float(np.mean(np.argmax(scores(layers, x, product), axis=1) == y))


def samples_of(split: Split, settings: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training and test part as (x, y, test x, test y) with inputs of ±1, cut to ``train_samples`` if that is set."""
    count = int(settings.get("train_samples", 0)) or len(split.train_y)
    return binarised(split.train_x[:count]), split.train_y[:count], binarised(split.test_x), split.test_y
