"""Spiking networks of one or more layers that learn without labels, and what their neurons then stand for."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final
from zipfile import BadZipFile

import numpy as np

from spinloom.errors import DataError, InputError, OutputError, SpinloomWarning
from spinloom.snn.coding import Code
from spinloom.snn.events import Events
from spinloom.snn.layer import Layer
from spinloom.units import pretty

Progress = Callable[[int, int], None]
TEST = 2**40
"""Presentations of tests are numbered from here on: their chance is never that of a training presentation."""
_LOOK = 50
"""Presentations after which a run says that nothing fires, or that one neuron takes everything."""
_ALL = 0.9


@final
@dataclass(frozen=True)
class Labels:
    """The class that each neuron stands for: the one that makes it fire most, on average over that class's samples.

    Attributes
    ----------
    label : ndarray (neurons,) of int
        -1 for a neuron that never fired.
    classes : int
    """

    label: np.ndarray
    classes: int

    @classmethod
    def of(cls, counts: np.ndarray, y: np.ndarray) -> Labels:
        """From spike counts (samples, neurons) and the samples' classes, counted from 0."""
        counts, y = np.asarray(counts, float), np.asarray(y)
        if len(counts) != len(y):
            raise InputError(f"There are counts of {len(counts)} samples and labels of {len(y)}.")
        mean = np.zeros((int(y.max()) + 1, counts.shape[1]))  # a class without samples names no neuron
        for c in np.unique(y):
            mean[c] = counts[y == c].mean(axis=0)
        return cls(np.where(mean.max(axis=0) > 0, mean.argmax(axis=0), -1), len(mean))

    def predict(self, counts: np.ndarray) -> np.ndarray:
        """The class whose neurons fire most on average, for each sample; the lowest of equals."""
        counts = np.asarray(counts, float)
        votes = np.zeros((len(counts), self.classes))
        for c in range(self.classes):
            own = self.label == c
            if own.any():
                votes[:, c] = counts[:, own].mean(axis=1)
        return votes.argmax(axis=1)


@final
class Network:
    """Layers in a row: the spikes of one are the inputs of the next.

    Parameters
    ----------
    layers : Layer or sequence of Layer
    code : Code
        Makes spikes of samples: ``PoissonCode``, ``JunctionCode``, or any ``code(x, number) -> Events``.
    total : float or None
        Before each learning presentation each neuron's weights of the first layer are scaled to this sum.

    Raises
    ------
    InputError
        Layers that do not fit each other or the code.

    Examples
    --------
    >>> import spinloom as sl
    >>> code = sl.snn.PoissonCode(784)
    >>> net = sl.snn.Network(sl.snn.Layer(784, 100), code, total=78.4)
    """

    def __init__(self, layers: Layer | Sequence[Layer], code: Code, total: float | None = None) -> None:
        self.layers = [layers] if isinstance(layers, Layer) else list(layers)
        sizes = [code.inputs, *(layer.size for layer in self.layers)]
        for place, (layer, size) in enumerate(zip(self.layers, sizes, strict=False)):
            if layer.inputs != size:
                raise InputError(f"Layer {place} has {layer.inputs} inputs; what drives it has {size} spike sources.")
        if total is not None and not total > 0:
            raise InputError("total, the sum of a neuron's weights, must be more than 0.")
        self.code, self.total, self.presented = code, total, 0

    def present(self, events: Events, learn: bool) -> Events:
        """One presentation from rest through all layers; the spikes of the last."""
        if learn and self.total is not None:
            self.layers[0].normalise(self.total)
        for layer in self.layers:
            layer.rest()
            events = layer.present(events, learn)
        return events

    def fit(
        self,
        x: np.ndarray,
        *,
        progress: Progress | None = None,
        checkpoint: str | Path | None = None,
        every: int = 1000,
    ) -> np.ndarray:
        """Learn from samples (n, features) in their order; returns the spike counts (n, neurons) while learning.

        Parameters
        ----------
        progress : callable
            ``progress(done, total)``.
        checkpoint : path
            Where the state is kept every ``every`` presentations and at Ctrl-C. A run that finds its checkpoint goes
            on from there, with the same numbers as an uninterrupted one.

        Warns
        -----
        SpinloomWarning
            Nothing fires, or one neuron takes everything, after the first 50 presentations; with what to look at.
        """
        x = np.asarray(x, float)
        counts = np.zeros((len(x), self.layers[-1].size), np.int64)
        path = None if checkpoint is None else Path(checkpoint)
        begin = self.presented
        done = 0 if path is None else self._resume(path, counts, begin)
        try:
            while done < len(x):
                spikes = self.present(self.code(x[done], begin + done), learn=True)
                counts[done] = spikes.counts()
                done += 1
                self.presented = begin + done
                if done == _LOOK:
                    self._look(counts[:done])
                if path is not None and done % every == 0:
                    self._keep(path, counts, begin, done)
                if progress is not None:
                    progress(done, len(x))
        except BaseException:
            if path is not None:
                self._keep(path, counts, begin, done)
            raise
        if path is not None:
            path.unlink(missing_ok=True)
        return counts

    def counts(self, x: np.ndarray, first: int = 0, progress: Progress | None = None) -> np.ndarray:
        """Spike counts (n, neurons) of samples shown without learning; ``first`` numbers them for chance.

        Thresholds and weights are as they are, and stay so.
        """
        x = np.asarray(x, float)
        counts = np.zeros((len(x), self.layers[-1].size), np.int64)
        kept = [layer.state() for layer in self.layers]
        for index, sample in enumerate(x):
            for layer, state in zip(self.layers, kept, strict=True):
                layer.theta[:] = state["theta"]
            counts[index] = self.present(self.code(sample, TEST + first + index), learn=False).counts()
            if progress is not None:
                progress(index + 1, len(x))
        for layer, state in zip(self.layers, kept, strict=True):
            layer.restore(state)
        return counts

    def to_nir(self, path: str | Path, drop: Sequence[str] = ()) -> Any:
        """Write the layers as a NIR file: see :func:`spinloom.snn.write_nir`."""
        from spinloom.snn.nir_file import write_nir  # torch, which the network itself does not need

        return write_nir(self.layers, path, drop)

    def _look(self, counts: np.ndarray) -> None:
        """Say during the run what would make it worthless."""
        fired = counts.sum(axis=0)
        cell = self.layers[-1].cell
        if fired.sum() == 0:
            warnings.warn(
                f"Nothing has fired in the first {len(counts)} presentations: inputs are too weak. Raise the code's "
                f"rate or observation, 'total', or per_weight ({pretty(float(cell.per_weight), 'V')}), or lower the "
                f"threshold, which is {pretty(float(cell.threshold) - float(cell.rest), 'V')} above rest.",
                SpinloomWarning,
                stacklevel=3,
            )
        elif fired.size > 2 and fired.max() > _ALL * fired.sum():
            warnings.warn(
                f"Neuron {int(fired.argmax())} has fired {fired.max() / fired.sum():.0%} of all spikes in the first "
                f"{len(counts)} presentations: one neuron takes everything. Raise threshold_step, give 'total', or "
                "start from weights that differ more.",
                SpinloomWarning,
                stacklevel=3,
            )

    # ---- files --------------------------------------------------------------------------------------------------

    def _keep(self, path: Path, counts: np.ndarray, begin: int, done: int) -> None:
        state = {f"{i}.{name}": value for i, layer in enumerate(self.layers) for name, value in layer.state().items()}
        state |= {"begin": np.array(begin), "done": np.array(done), "samples": np.array(len(counts))}
        state["seen"] = counts[:done]
        partial = path.with_name(path.name + ".partial")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                np.savez(file, allow_pickle=False, **state)
            os.replace(partial, path)
        except OSError as error:
            raise OutputError(
                f"'{path}' cannot be written: {error.strerror or error}. Choose another place for the checkpoint."
            ) from None
        finally:
            partial.unlink(missing_ok=True)

    def _resume(self, path: Path, counts: np.ndarray, begin: int) -> int:
        if not path.is_file():
            return 0
        try:
            with path.open("rb") as raw, np.load(raw) as file:
                kept = {name: file[name] for name in file.files}
        except (OSError, ValueError, EOFError, BadZipFile) as error:
            raise DataError(f"'{path}' is no checkpoint, or damaged ({error}). Delete it to start anew.") from None
        if int(kept["begin"]) != begin or int(kept["samples"]) != len(counts):
            raise InputError(
                f"'{path}' belongs to another run (of {int(kept['samples'])} samples, begun at presentation "
                f"{int(kept['begin'])}). Delete it, or give another checkpoint."
            )
        for i, layer in enumerate(self.layers):
            prefix = f"{i}."
            layer.restore({k.removeprefix(prefix): v for k, v in kept.items() if k.startswith(prefix)})
        done = int(kept["done"])
        counts[:done] = kept["seen"]
        self.presented = begin + done
        return done
