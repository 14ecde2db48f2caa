"""What a training run is asked to do."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, Protocol, final, get_args, runtime_checkable

import torch

from spinloom.errors import InputError, UnknownNameError

Optimiser = Literal["gradient-descent", "adam"]
Failure = Literal["warn", "record"]
_NOT_IDENTITY = ("iterations", "epochs", "checkpoint", "checkpoint_every", "device", "failure")


@runtime_checkable
class OnDevices(Protocol):
    """An optimiser with chance of its own that can say what keeps it from learning (see ``nn.pulsed``)."""

    seed: int
    quiet: bool

    def reseed(self, seed: int) -> None:
        """Take the seed of a run, before the first step."""
        ...

    def diagnosis(self) -> str:
        """What is wrong and what to change; empty where nothing is."""
        ...


@final
@dataclass(frozen=True)
class TrainingSettings:
    """How to train; the defaults are those of the published network.

    Attributes
    ----------
    optimiser : {"gradient-descent", "adam"} or callable(parameters, lr=...)
        Plain gradient descent, parameter <- parameter - learning_rate * gradient (eq. 3.9), or Adam; or what makes a
        torch optimiser, such as :class:`~spinloom.nn.pulsed.Pulsed` or ``torch.optim.RMSprop``. Parameters come as
        (name, parameter).
    learning_rate : float
        Above 0.
    iterations, epochs : int, optional
        Length of the run in updates, or in passes over the training data; not both; 1000 iterations if neither.
    batch_size : int, optional
        Samples an update, drawn without repetition in each pass; all of them if not given.
    patience : int, optional
        Stop when the validation loss has not fallen for this many evaluations, and go back to the best of them.
    evaluate_every : int
        Updates between two evaluations; the first is before any update, the last at the end.
    checkpoint : path, optional
        File that holds the state of the run. If it exists the run goes on from there.
    checkpoint_every : int
        Updates between two checkpoints.
    device : str
        "cpu", or "cuda" where there is one.
    couple : callable, optional
        Maps the k of a layer to its c, applied after every update (see :func:`couple_linear`).
    failure : {"warn", "record"}
        Whether a run that diverged or collapsed warns, or only says so in its history.

    Raises
    ------
    InputError
        A value outside its range. The message names it and what is allowed.
    """

    optimiser: Optimiser | Callable[..., torch.optim.Optimizer] = "gradient-descent"
    learning_rate: float = 0.1
    iterations: int | None = None
    epochs: int | None = None
    batch_size: int | None = None
    patience: int | None = None
    evaluate_every: int = 10
    checkpoint: str | Path | None = None
    checkpoint_every: int = 100
    device: str = "cpu"
    couple: Callable[[torch.Tensor], torch.Tensor] | None = None
    failure: Failure = "warn"

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        for name, allowed in (("optimiser", get_args(Optimiser)), ("failure", get_args(Failure))):
            if not (name == "optimiser" and callable(self.optimiser)) and getattr(self, name) not in allowed:
                raise UnknownNameError(name, str(getattr(self, name)), allowed)
        if not (isinstance(self.learning_rate, int | float) and 0 < self.learning_rate < math.inf):
            raise InputError(f"learning_rate = {self.learning_rate}: give a finite number above 0, e.g. 0.1.")
        for name in ("iterations", "epochs", "batch_size", "patience", "evaluate_every", "checkpoint_every"):
            value = getattr(self, name)
            if value is None and name not in ("evaluate_every", "checkpoint_every"):
                continue
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InputError(f"{name} = {value}: give a whole number from 1 upwards.")
        if self.iterations is not None and self.epochs is not None:
            raise InputError(f"iterations = {self.iterations} and epochs = {self.epochs}: give one of the two.")

    def make_optimiser(self, parameters: list[tuple[str, torch.nn.Parameter]]) -> torch.optim.Optimizer:
        """The optimiser of these parameters."""
        known = {"gradient-descent": torch.optim.SGD, "adam": torch.optim.Adam}
        made = known[self.optimiser] if isinstance(self.optimiser, str) else self.optimiser
        return made(parameters, lr=self.learning_rate)

    def batches(self, samples: int) -> int:
        """Updates in one pass over ``samples`` training samples."""
        return 1 if self.batch_size is None else math.ceil(samples / self.batch_size)

    def updates(self, samples: int) -> int:
        """Length of the run in updates."""
        if self.epochs is not None:
            return self.epochs * self.batches(samples)
        return 1000 if self.iterations is None else self.iterations

    def torch_device(self) -> torch.device:
        """The device to run on. Raises InputError where there is none of that name."""
        try:
            device = torch.device(self.device)
            torch.zeros(1, device=device)
        except (RuntimeError, AssertionError) as error:  # torch built without CUDA raises AssertionError
            raise InputError(f"device = '{self.device}' is not to be had here. Use 'cpu'.") from error
        return device

    def identity(self) -> dict[str, str]:
        """What must be the same for a checkpoint to be continued: everything that changes the numbers of the run."""
        return {f.name: _text(getattr(self, f.name)) for f in fields(self) if f.name not in _NOT_IDENTITY}


def _text(value: Any) -> str:
    """The same text in every process: functions by name, since their repr holds an address."""
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    return repr(value)
