"""Training of binary networks: Adam on latent weights with a falling step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from spinloom.errors import InputError
from spinloom.nn.training.threads import one_thread


@final
@dataclass(frozen=True)
class BinarySettings:
    """How a binary network is trained.

    Attributes
    ----------
    epochs, batch_size : int
        Passes through the samples, and samples an update.
    learning_rate : float
        Adam's first step; it falls to 0 along a cosine. Latent weights live in [-1, 1], so 0.01 is a usual choice.

    Raises
    ------
    InputError
        A number that is not above 0.
    """

    epochs: int = 10
    batch_size: int = 100
    learning_rate: float = 0.01

    def __post_init__(self) -> None:
        """Refuse what could not run."""
        for name in ("epochs", "batch_size", "learning_rate"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} = {getattr(self, name)}: give a number above 0.")


def train_binary(
    net: nn.Module,
    x: np.ndarray,
    y: np.ndarray,
    settings: BinarySettings,
    seed: int,
    after_update: Callable[[], object] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Train a network in place with cross entropy over its outputs, and leave it in evaluation mode.

    Parameters
    ----------
    net : nn.Module
        Ends in one output a class, usually a batch norm.
    x, y : arrays, shapes (samples, ...) and (samples,)
        Inputs and labels.
    settings : BinarySettings
    seed : int
        Order of the samples. The same seed gives the same network at any thread count: training keeps to one thread,
        since a batch norm's sums depend on how they are shared out.
    after_update : callable, optional
        Called after each update, e.g. to write the weights to a memory.
    progress : callable(done, total), optional
        Told of each finished update.

    Returns
    -------
    numpy.ndarray, shape (epochs,)
        Mean loss of each epoch.

    Raises
    ------
    InputError
        The loss is no number.
    """
    with one_thread():
        return _trained(net, x, y, settings, seed, after_update, progress)


def _trained(
    net: nn.Module,
    x: np.ndarray,
    y: np.ndarray,
    settings: BinarySettings,
    seed: int,
    after_update: Callable[[], object] | None,
    progress: Callable[[int, int], None] | None,
) -> np.ndarray:
    """What :func:`train_binary` does, with the threads that torch has."""
    inputs, labels = torch.as_tensor(x, dtype=torch.float32), torch.as_tensor(y, dtype=torch.int64)
    optimiser = torch.optim.Adam(net.parameters(), lr=settings.learning_rate)
    updates = -(-len(inputs) // settings.batch_size)
    total = updates * settings.epochs
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, total)
    order = torch.Generator().manual_seed(seed)
    losses = np.empty(settings.epochs)
    net.train()
    for epoch in range(settings.epochs):
        sums = 0.0
        for index, batch in enumerate(torch.randperm(len(inputs), generator=order).split(settings.batch_size)):
            if len(batch) < 2:
                continue  # a batch norm cannot be taken over one sample
            optimiser.zero_grad(set_to_none=True)
            loss = F.cross_entropy(net(inputs[batch]), labels[batch])
            loss.backward()
            optimiser.step()
            falling.step()
            if after_update is not None:
                after_update()
            sums += float(loss.detach()) * len(batch)
            if progress is not None:
                progress(epoch * updates + index + 1, total)
        losses[epoch] = sums / len(inputs)
        if not np.isfinite(losses[epoch]):
            raise InputError(f"The loss is {losses[epoch]} after {epoch + 1} epochs. Use a smaller learning_rate.")
    net.eval()
    return losses
