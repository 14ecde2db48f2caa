"""The training loop."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import nn

from spinloom.errors import InputError, SpinloomWarning
from spinloom.nn.training.history import History
from spinloom.nn.training.run import Run
from spinloom.nn.training.samples import Samples
from spinloom.nn.training.settings import TrainingSettings
from spinloom.nn.training.threads import one_thread

_SMALL = 2**24
"""Samples of a batch times weights of the largest layer, below which a second thread only waits."""


def train(
    net: nn.Module,
    split: Samples,
    settings: TrainingSettings | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> History:
    """Train a classifier in place, by the cross entropy of every output on its own (eq. 3.8).

    J = -mean over samples of sum over outputs [y ln h + (1 - y) ln(1 - h)], y = 1 for the sample's class and 0 else.

    Parameters
    ----------
    net : torch.nn.Module
        Maps inputs (samples, features) to outputs (samples, at least one a class) between 0 and 1. Where a Sequential
        ends in a :class:`~spinloom.nn.SpinNeuron` the loss takes that layer's mean response, which is exact where
        an output rounds to 0 or 1; a stochastic last layer draws only where accuracy is counted.
    split : spinloom.tasks.Split
        The data. The validation part serves early stopping only, the test part is only reported on.
    settings : TrainingSettings, optional
        How to train; the published network's way if not given.
    seed : int
        Chance of the run: order of the samples in each pass, noise of stochastic layers, torch's global generator
        while the run lasts. Draws depend on (seed, iteration) alone.
    progress : callable(done, total), optional
        Told after every update.

    Returns
    -------
    History
        Loss, accuracy and the ranges of k and c over the run, and how it ended. A run whose loss becomes NaN is put
        back to its best evaluation; one that no longer learns is called collapsed.

    Raises
    ------
    InputError
        Data that do not fit the network, nothing to train, a checkpoint of another run.
    DataError
        A damaged checkpoint.
    OutputError
        A checkpoint that cannot be written.

    Warns
    -----
    SpinloomWarning
        The run diverged or collapsed (unless ``settings.failure`` is "record"); the message says what to change.

    Notes
    -----
    With a checkpoint, a run that was killed and is called again in the same way gives the same numbers to the last bit
    as one that was not, on the same machine with the same number of threads. Asking for more iterations continues it.

    References
    ----------
    Y. Xin, master's thesis, ShanghaiTech University (2023), sec. 3.4.2; arXiv:2211.13391.
    """
    settings = settings or TrainingSettings()
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InputError(f"seed = {seed}: give a whole number from 0 upwards.")
    with torch.random.fork_rng(devices=_cuda_devices(settings)), one_thread(_is_small(net, settings)):
        run = Run(net, split, settings, seed)
        run.resume()
        run.go(progress or (lambda done, total: None))
    history = run.history()
    if not history.learned and settings.failure == "warn":
        warnings.warn(history.message, SpinloomWarning, stacklevel=2)
    return history


def _cuda_devices(settings: TrainingSettings) -> list[torch.device]:
    device = settings.torch_device()
    return [device] if device.type == "cuda" else []


def _is_small(net: nn.Module, settings: TrainingSettings) -> bool:
    largest = max((parameter.numel() for parameter in net.parameters()), default=0)
    return settings.batch_size is not None and settings.batch_size * largest < _SMALL
