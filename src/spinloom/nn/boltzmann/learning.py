"""Learning of a restricted Boltzmann machine: contrastive divergence, with chains from the data or kept ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, final, get_args

import numpy as np
import torch

from spinloom.errors import InputError, UnknownNameError
from spinloom.nn.boltzmann.machine import RestrictedBoltzmannMachine
from spinloom.nn.training.threads import one_thread

Read = Literal["bits", "mean"]


@final
@dataclass(frozen=True)
class ContrastiveSettings:
    """How to learn.

    Attributes
    ----------
    epochs, batch_size : int
    learning_rate : float
    sweeps : int
        k of CD-k.
    persistent : bool
        Keep the chains from update to update (persistent contrastive divergence) instead of starting them at the data.
    momentum, decay : float
        Of the updates, 0 to below 1; of the weights, per unit of the learning rate.
    read : {"bits", "mean"}
        What of the hidden units enters the products of the update: the bits as drawn, which is what a junction gives,
        or their probabilities: the same on average, less noise, but many reads in hardware.

    Raises
    ------
    InputError, UnknownNameError
        A setting outside its range; another ``read``.

    References
    ----------
    G. E. Hinton, Neural Computation 14, 1771 (2002), doi:10.1162/089976602760128018; T. Tieleman, ICML (2008), for the
    kept chains.
    """

    epochs: int = 10
    batch_size: int = 100
    learning_rate: float = 0.05
    sweeps: int = 1
    persistent: bool = False
    momentum: float = 0.5
    decay: float = 1e-4
    read: Read = "mean"

    def __post_init__(self) -> None:
        """Refuse what could not be run."""
        for name in ("epochs", "batch_size", "sweeps"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InputError(f"{name} = {value!r}: give a whole number from 1 upwards.")
        if not 0 < self.learning_rate < np.inf:
            raise InputError(f"learning_rate = {self.learning_rate}: give a positive number.")
        if not 0 <= self.momentum < 1 or not self.decay >= 0:
            raise InputError(f"momentum = {self.momentum}, decay = {self.decay}: 0 to below 1, and 0 or more.")
        if self.read not in get_args(Read):
            raise UnknownNameError("read of hidden units", str(self.read), get_args(Read))


class Gradient(NamedTuple):
    """Estimated gradient of the mean ln P for W, a and b; where the chains ended; their distance from the data."""

    weight: torch.Tensor
    visible_bias: torch.Tensor
    hidden_bias: torch.Tensor
    chains: torch.Tensor
    reconstruction: float


def contrastive_gradient(
    machine: RestrictedBoltzmannMachine,
    v: torch.Tensor,
    sweeps: int,
    generator: torch.Generator,
    chains: torch.Tensor | None = None,
    read: Read = "mean",
) -> Gradient:
    """CD-k: <v h>_data - <v h>_chains, k sweeps away from the data (or from ``chains``), by the machine's own neurons.

    For many sweeps it tends, on average, to the exact gradient (:func:`spinloom.nn.boltzmann.exact.gradient`) where the
    neurons are ideal. ``reconstruction`` is the share of units that one sweep from the data changes (nan for kept
    chains).

    Parameters
    ----------
    v : tensor, shape (samples, visible)
        0 and 1, float32.
    chains : tensor, shape (chains, visible), optional
        Where the sweeps start; at v if not given.
    """
    visible, hidden = machine.layers()

    def upward(state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return hidden.answer(torch.addmm(machine.hidden_bias, state, machine.weight), generator)

    p, bits = upward(v)
    data = bits if read == "bits" else p
    state, reconstruction = (v if chains is None else chains), float("nan")
    if chains is not None:
        _, bits = upward(state)
    for sweep in range(sweeps):
        _, state = visible.answer(torch.addmm(machine.visible_bias, bits, machine.weight.T), generator)
        if sweep == 0 and chains is None:
            reconstruction = float((state != v).float().mean())
        p, bits = upward(state)
    model = bits if read == "bits" else p
    return Gradient(
        v.T @ data / len(v) - state.T @ model / len(state),
        v.mean(0) - state.mean(0),
        data.mean(0) - model.mean(0),
        state,
        reconstruction,
    )


def train(
    machine: RestrictedBoltzmannMachine,
    x: Any,
    labels: Any = None,
    settings: ContrastiveSettings | None = None,
    seed: int = 0,
    watch: Callable[[int], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Train a machine in place on samples of 0 and 1, with the junctions it has in the loop.

    Parameters
    ----------
    machine : RestrictedBoltzmannMachine
        Its visible biases first take the data's log odds where they are all 0.
    x : array, shape (samples, inputs)
    labels : array, shape (samples,), optional
        Needed where the machine has label units.
    settings : ContrastiveSettings, optional
    seed : int
        Order of the samples and all bits. The same at any number of threads.
    watch : callable(epoch), optional
        Called after every epoch, counted from 1.
    progress : callable(done, total), optional
        Told after every epoch.

    Returns
    -------
    np.ndarray, shape (epochs,)
        Share of visible units that one sweep from the data changes, in each epoch; nan with kept chains.

    Raises
    ------
    InputError
        Samples that are not of 0 and 1, labels that do not fit; a training that diverged.
    """
    settings = ContrastiveSettings() if settings is None else settings
    states = machine.rows(x, labels)
    if not torch.any(machine.visible_bias != 0):
        machine.set_biases(states)
    v = torch.as_tensor(states)
    generator = torch.Generator().manual_seed(seed)
    parameters = (machine.weight, machine.visible_bias, machine.hidden_bias)
    velocity = [torch.zeros_like(parameter) for parameter in parameters]
    chains: torch.Tensor | None = None
    history = np.zeros(settings.epochs)
    for epoch in range(settings.epochs):
        found = []
        with torch.no_grad(), one_thread():
            for part in torch.randperm(len(v), generator=generator).split(settings.batch_size):
                batch = v[part]
                if settings.persistent and chains is None:
                    chains = batch
                gradient = contrastive_gradient(machine, batch, settings.sweeps, generator, chains, settings.read)
                chains = gradient.chains if settings.persistent else None
                found.append(gradient.reconstruction)
                slopes = (gradient.weight - settings.decay * machine.weight, *gradient[1:3])
                for parameter, speed, slope in zip(parameters, velocity, slopes, strict=True):
                    speed.mul_(settings.momentum).add_(slope, alpha=settings.learning_rate)
                    parameter.add_(speed)
        history[epoch] = np.mean(found)
        if not bool(torch.isfinite(machine.weight).all()):
            raise InputError(f"The training diverged in epoch {epoch + 1}: lower learning_rate or momentum.")
        if watch is not None:
            watch(epoch + 1)
        if progress is not None:
            progress(epoch + 1, settings.epochs)
    return history
