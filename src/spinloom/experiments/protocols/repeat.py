"""Trainings that are repeated over seeds, each kept when it is finished."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from spinloom.experiments.context import Context

if TYPE_CHECKING:
    import xarray as xr

TrainOne = Callable[[int, str, Callable[[int, int], None]], "xr.Dataset"]
"""``train_one(seed, key, report)``: one training as a dataset; ``key`` names its checkpoint."""


def over_seeds(name: str, label: str, seeds: int, iterations: int, context: Context, train_one: TrainOne) -> xr.Dataset:
    """All seeds of one system, one after another, joined over "seed"; a finished seed is kept.

    Parameters
    ----------
    name, label : str
        Name in the keys of the kept parts; name for people, of the progress.
    seeds : int
        How many: the context's seed and those that follow it.
    iterations : int
        Updates of one training.
    train_one : callable
        Trains; called only for what is not kept from an earlier run.
    """
    import xarray as xr

    total = iterations * seeds
    stage = context.stage(label)
    found: list[xr.Dataset] = []
    for index in range(seeds):
        seed = context.seed + index
        key = f"{name}-seed{seed}"

        def report(done: int, _: int, before: int = index * iterations) -> None:
            stage(before + done, total)

        def compute(seed: int = seed, key: str = key, report: Callable[[int, int], None] = report) -> xr.Dataset:
            return train_one(seed, key, report)

        found.append(context.part(key, compute).expand_dims(seed=[seed]))
        report(iterations, iterations)
    joined = xr.concat(found, dim="seed", join="outer", combine_attrs="drop")
    assert isinstance(joined, xr.Dataset)  # xarray's signature also allows trees
    return joined
