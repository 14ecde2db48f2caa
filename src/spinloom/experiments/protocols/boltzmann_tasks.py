"""What the machines of the Boltzmann protocol learn, and how they are scored: binary samples, a judge, two scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.errors import InputError
from spinloom.experiments.protocols.network import load_split

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.nn.boltzmann import JunctionNeurons, RestrictedBoltzmannMachine
    from spinloom.tasks import Split


@dataclass(frozen=True)
class Task:
    """Samples of 0 and 1 of all digits.

    Attributes
    ----------
    name : str
    split : spinloom.tasks.Split
        Binarised.
    settings : mapping
        Of the reproduction.
    """

    name: str
    split: Split
    settings: Mapping[str, Any]

    @cached_property
    def judge(self) -> Any:
        """A classifier of all digits, trained on the same binary samples: it knows nothing of the machine."""
        from spinloom import nn

        found = nn.spin_network([self.split.features, int(self.settings["judge_hidden"]), self.split.classes], ())
        how = nn.TrainingSettings(
            optimiser="adam",
            learning_rate=float(self.settings["judge_rate"]),
            iterations=int(self.settings["judge_updates"]),
            batch_size=int(self.settings["batch_size"]),
            evaluate_every=int(self.settings["judge_updates"]),
            failure="record",
        )
        nn.train(found, self.split, how)
        return found

    def judged(self, x: np.ndarray) -> np.ndarray:
        """The digit that the judge sees in each sample."""
        from spinloom import nn

        return nn.outputs_of(self.judge, x.astype(np.float32)).argmax(axis=1)

    def of(self, digits: int, part: str) -> tuple[np.ndarray, np.ndarray]:
        """Samples and labels of the first ``digits`` digits in the "train" or "test" part."""
        x, y = getattr(self.split, f"{part}_x"), getattr(self.split, f"{part}_y")
        return x[y < digits], y[y < digits]


def load(name: str, data: str, settings: Mapping[str, Any], progress: Callable[[int, int], None]) -> Task:
    """A task by its data set; grey values become 0 and 1 at ``threshold[name]``: a number, or "median".

    "median" is that of each feature over the training part: each is 1 in half of the samples.
    """
    from dataclasses import replace

    split = load_split(data, progress).first(int(settings["train_samples"]), int(settings["test_samples"]))
    threshold = settings["threshold"][name]
    if threshold != "median" and not isinstance(threshold, int | float):
        raise InputError(f"threshold.{name} = {threshold!r}: give a number or 'median'.")
    level = np.median(split.train_x, axis=0) if threshold == "median" else np.float32(threshold)
    binary = {
        f"{part}_x": (getattr(split, f"{part}_x") > level).astype(np.float32) for part in ("train", "valid", "test")
    }
    return Task(name, replace(split, **binary), settings)


def trained(
    task: Task,
    digits: int,
    settings: Mapping[str, Any],
    seed: int,
    neurons: JunctionNeurons | None,
    watch: Callable[[RestrictedBoltzmannMachine, int], None] | None = None,
) -> tuple[RestrictedBoltzmannMachine, np.ndarray]:
    """A machine trained on the first digits, and its reconstruction error in each epoch."""
    from spinloom.nn import RestrictedBoltzmannMachine

    x, y = task.of(digits, "train")
    units = int(settings.get("label_units", 1))
    machine = RestrictedBoltzmannMachine(
        x.shape[1], int(settings["hidden"]), digits, label_units=units, neurons=neurons, seed=seed
    )
    return machine, learn(machine, x, y, settings, seed, watch)


def learn(
    machine: RestrictedBoltzmannMachine,
    x: np.ndarray,
    y: np.ndarray | None,
    settings: Mapping[str, Any],
    seed: int,
    watch: Callable[[RestrictedBoltzmannMachine, int], None] | None = None,
) -> np.ndarray:
    """Train by the settings ``updates``, ``batch_size``, ``learning_rate``, ``momentum``, ``decay``, ``cd``."""
    from spinloom.nn import boltzmann

    each = -(-len(x) // int(settings["batch_size"]))
    how = boltzmann.ContrastiveSettings(
        epochs=max(1, round(int(settings["updates"]) / each)),
        batch_size=int(settings["batch_size"]),
        learning_rate=float(settings["learning_rate"]),
        sweeps=int(settings["cd"]),
        persistent=bool(settings.get("persistent", False)),
        momentum=float(settings["momentum"]),
        decay=float(settings["decay"]),
        read="bits",
    )

    def after(epoch: int) -> None:
        if watch is not None:
            watch(machine, epoch * each)

    return boltzmann.train(machine, x, y, how, seed=seed, watch=after)


def recognition(task: Task, machine: RestrictedBoltzmannMachine, seed: int) -> np.ndarray:
    """Share [%] of the test samples of each digit whose label units are drawn most often, the sample held."""
    x, y = task.of(machine.labels, "test")
    sweeps, average = (int(task.settings[f"recognise_{name}"]) for name in ("sweeps", "average"))
    right = machine.recognise(x, sweeps=sweeps, average=average, seed=seed).argmax(axis=1) == y
    return np.array([100.0 * right[y == digit].mean() for digit in range(machine.labels)])


def recall(
    task: Task, machine: RestrictedBoltzmannMachine, seed: int, noise: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Share [%] of the samples drawn with a label held in which the judge sees that digit; the samples.

    Chains start in the reset state, all 0, or with ``noise`` at fair bits. Samples have the shape (digits, chains,
    inputs).
    """
    chains = int(task.settings["recall_chains"])
    labels = np.repeat(np.arange(machine.labels), chains)
    start = np.random.default_rng(seed).integers(0, 2, (len(labels), machine.visible)) if noise else None
    found = machine.sample(
        machine.clamp(label=labels), sweeps=int(task.settings["recall_sweeps"]), seed=seed, start=start
    )
    x = found.visible[:, : machine.inputs]
    right = (task.judged(x) == labels).reshape(machine.labels, chains)
    return 100.0 * right.mean(axis=1), x.reshape(machine.labels, chains, -1)


def keep(machine: RestrictedBoltzmannMachine, **more: Any) -> xr.Dataset:
    """A machine's numbers, and what was measured with it, as a part of the run."""
    import xarray as xr

    weight, a, b = (array.astype(np.float32) for array in machine.arrays())
    return xr.Dataset({"weight": (("unit", "hidden"), weight), "a": ("unit", a), "b": ("hidden", b), **more})


def machine_of(part: xr.Dataset, digits: int, neurons: JunctionNeurons | None = None) -> RestrictedBoltzmannMachine:
    """The machine of a part, with one unit a label, on any neurons."""
    from spinloom.nn import RestrictedBoltzmannMachine

    units, hidden = part["weight"].shape
    made = RestrictedBoltzmannMachine(units - digits, hidden, digits, neurons=neurons)
    return made.set_arrays(*(part[name].to_numpy() for name in ("weight", "a", "b")))
