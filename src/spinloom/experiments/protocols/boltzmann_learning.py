"""Boltzmann machines that learn on p-bits: small sets against the exact gradient, chips with spread, and digits."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.protocols import boltzmann_learning_figures as figures
from spinloom.experiments.protocols.boltzmann_learning_sets import right_states, rows_of
from spinloom.experiments.protocols.network import load_split
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.ising.learning import BoltzmannMachine

_SHOWN = 60  # samples and filters in the pictures


@dataclass(frozen=True)
class Run:
    """What every study of a run needs."""

    settings: Mapping[str, Any]
    context: Context

    @property
    def seeds(self) -> range:
        """Seeds of the small sets."""
        count = int(self.settings["seeds"]) if self.context.seeds is None else self.context.seeds
        return range(self.context.seed, self.context.seed + count)


def run(spec: Reproduction, context: Context) -> Outcome:
    """Learn small sets by each method and exactly; a full adder on chips with spread and few bits; and digits.

    Settings: ``sets`` (name to its ``rows`` and ``hidden`` units), ``methods`` (name to ``method`` and ``sweeps``),
    ``updates``, ``learning_rate``, ``chains``, ``points`` (of the curves), ``seeds``; ``chip`` with ``device``,
    ``spreads``, ``count``, ``bits``, ``largest``, ``updates``, ``learning_rate``, ``sweeps``; ``digits`` with ``data``,
    ``hidden``, ``rounds``, ``epochs`` (of a round), ``batch_size``, ``chains``, ``learning_rate``, ``sweeps``,
    ``steps`` (of the estimate of ln Z after each round) and ``last_steps``, ``images``, ``tests``, ``show_sweeps``.
    """
    import xarray as xr

    self = Run(spec.settings, context)
    small = {name: _over(self, name) for name in self.settings["sets"]}
    spreads, grid = _chips(self), _grid(self)
    digits = _digits(self)
    parts = {**small, "spread": spreads, "bits": grid, "digits": digits}
    metrics = _metrics(self, small, spreads, grid, digits)
    data = xr.merge([_named(part, key) for key, part in parts.items()], combine_attrs="drop")
    drawn = figures.of(self.settings, small, spreads, grid, digits)
    used = ("LeCun1998",) if self.settings["digits"]["data"] == "mnist" else ()
    return Outcome(metrics, data, drawn, used)


def _named(part: xr.Dataset, key: str) -> xr.Dataset:
    return part.rename({name: f"{key}_{name}" for name in {*part.variables, *part.dims}})


# ---- small sets -----------------------------------------------------------------------------------------------------


def _over(self: Run, name: str) -> xr.Dataset:
    """All methods on one set over the seeds."""
    import xarray as xr

    stage, found = self.context.stage(f"learn {name.replace('_', ' ')}"), []
    for done, seed in enumerate(self.seeds):
        found.append(self.context.part(f"{name}-seed{seed}", functools.partial(_compared, self, name, seed)))
        stage(done + 1, len(self.seeds))
    joined = xr.concat(found, "seed", combine_attrs="drop")
    assert isinstance(joined, xr.Dataset)  # xarray's signature also allows trees
    return joined.assign_coords(seed=list(self.seeds))


def _compared(self: Run, name: str, seed: int) -> xr.Dataset:
    """Log-likelihood of one set against updates, by the exact gradient and by each method; distributions at the end."""
    import xarray as xr

    from spinloom.ising.learning import BoltzmannMachine, Learning

    settings, of = self.settings, self.settings["sets"][name]
    rows, updates = rows_of(of["rows"]), int(settings["updates"])
    every = max(1, updates // int(settings["points"]))
    curves, laws, epochs = [], [], np.zeros(0)
    for method in ({"method": "exact", "sweeps": 1}, *settings["methods"].values()):
        self.context.interrupt.check()
        machine = BoltzmannMachine(rows.shape[1], int(of["hidden"]), seed=seed)
        how = Learning(
            method=method["method"],
            sweeps=int(method["sweeps"]),
            epochs=updates,
            learning_rate=float(settings["learning_rate"]),
            final_rate=0.0,
            chains=int(settings["chains"]),
            evaluate_every=every,
        )
        history = machine.fit(rows, how, seed=seed)
        curves.append(history.log_likelihood)
        epochs = history.epoch
        laws.append(machine.distribution())
    return xr.Dataset(
        {"log_likelihood": (("learner", "update"), np.array(curves)), "law": (("learner", "state"), np.array(laws))},
        coords={"learner": ["exact", *settings["methods"]], "update": epochs},
    )


# ---- chips ----------------------------------------------------------------------------------------------------------


def _device(self: Run, spread: float = 0.0) -> Any:
    from spinloom import devices

    return devices.device(self.settings["chip"]["device"], slope_spread=spread, offset_spread=spread)


def _computed(self: Run) -> BoltzmannMachine:
    """The full adder's weights from a computer: the exact gradient, for ideal p-bits."""
    from spinloom.ising.learning import BoltzmannMachine

    machine = BoltzmannMachine(5)
    machine.fit(rows_of("full_adder"), _learning(self, "exact"))
    return machine


def _learning(self: Run, method: Any) -> Any:
    from spinloom.ising.learning import Learning

    chip = self.settings["chip"]
    return Learning(
        method=method,
        sweeps=1 if method == "exact" else int(chip["sweeps"]),
        epochs=int(chip["updates"]),
        learning_rate=float(chip["learning_rate"]),
        final_rate=0.0,
        chains=1,
        averaged=True,
    )


def _chips(self: Run) -> xr.Dataset:
    """Divergence of the full adder on chips against their spread: weights moved to the chip, and learned on it."""
    import xarray as xr

    chip = self.settings["chip"]
    spreads, count = [float(value) for value in chip["spreads"]], int(chip["count"])
    stage, found = self.context.stage("learn on chips"), []
    for done, spread in enumerate(spreads):
        found.append(self.context.part(f"chips-{spread:g}", functools.partial(_with_spread, self, spread, count)))
        stage(done + 1, len(spreads))
    joined = xr.concat(found, "spread", combine_attrs="drop")
    assert isinstance(joined, xr.Dataset)
    return joined.assign_coords(spread=spreads)


def _with_spread(self: Run, spread: float, count: int) -> xr.Dataset:
    import xarray as xr

    from spinloom.ising.learning import BoltzmannMachine, Chip

    rows, machine, device = rows_of("full_adder"), _computed(self), _device(self, spread)
    divergence, laws = np.zeros((2, count)), np.zeros((2, count, 32))
    for number in range(count):
        self.context.interrupt.check()
        chip = Chip(device, seed=self.context.seed + number)
        grown = BoltzmannMachine(5, chip=chip)
        grown.fit(rows, _learning(self, "pcd"), seed=self.context.seed + number)
        machine.chip = chip
        for way, each in enumerate((machine, grown)):
            divergence[way, number], laws[way, number] = each.divergence(rows), each.distribution()
    names = ["moved", "grown"]
    return xr.Dataset(
        {"divergence": (("way", "chip"), divergence), "law": (("way", "chip", "state"), laws)}, coords={"way": names}
    )


def _grid(self: Run) -> xr.Dataset:
    """Divergence against the bits of the stored weights: rounded afterwards, and learned with the grid in the loop."""
    import xarray as xr

    from spinloom.ising.learning import BoltzmannMachine, Chip

    chip, rows = self.settings["chip"], rows_of("full_adder")
    counts = [int(value) for value in chip["bits"]]

    def compute() -> xr.Dataset:
        machine, found = _computed(self), np.zeros((2, len(counts)))
        for place, count in enumerate(counts):
            self.context.interrupt.check()
            stored = Chip(bits=count, largest=float(chip["largest"]))
            grown = BoltzmannMachine(5, chip=stored)
            grown.fit(rows, _learning(self, "pcd"), seed=self.context.seed)
            machine.chip = stored
            found[:, place] = machine.divergence(rows), grown.divergence(rows)
        return xr.Dataset({"divergence": (("way", "bits"), found)}, coords={"way": ["moved", "grown"], "bits": counts})

    return self.context.part("chip-bits", compute)


# ---- digits ---------------------------------------------------------------------------------------------------------


def _digits(self: Run) -> xr.Dataset:
    """A restricted machine of images, learned in rounds that are kept one by one."""
    import xarray as xr

    how = self.settings["digits"]
    split = load_split(how["data"], self.context.stage("fetch data"))
    split = split.first(int(how["images"]), int(how["tests"]))
    rounds, before, found = int(how["rounds"]), None, []
    stage = self.context.stage(f"learn {how['data']}")
    for number in range(rounds):
        compute = functools.partial(_round, self, split, before, number, stage)
        before = self.context.part(f"digits-{number}", compute)
        found.append(before)
        stage((number + 1) * int(how["epochs"]), rounds * int(how["epochs"]))
    scores = xr.concat([each[["epoch", "log_likelihood", "error", "effective"]] for each in found], "round")
    assert isinstance(scores, xr.Dataset)
    shown = self.context.part("digits-shown", functools.partial(_shown, self, split, found[-1]))
    return xr.merge([scores, shown], combine_attrs="drop")


def _binary(self: Run, images: np.ndarray, stream: int) -> np.ndarray:
    """Images drawn once with their grey values as chances of a 1."""
    chance = np.random.default_rng([self.context.seed, stream])
    return (chance.random(images.shape, dtype=np.float32) < images).astype(np.int8)


def _round(self: Run, split: Any, before: xr.Dataset | None, number: int, stage: Any) -> xr.Dataset:
    """Some epochs, the rate falling linearly over all rounds; then ln P of test images by the estimate of ln Z."""
    import xarray as xr

    from spinloom.ising.learning import Learning

    how, rounds = self.settings["digits"], int(self.settings["digits"]["rounds"])
    machine, epochs = _machine(self, split, before), int(how["epochs"])
    learning = Learning(
        epochs=epochs,
        batch_size=int(how["batch_size"]),
        chains=int(how["chains"]),
        sweeps=int(how["sweeps"]),
        learning_rate=float(how["learning_rate"]) * (1.0 - number / rounds),
        final_rate=(rounds - number - 1) / (rounds - number),
    )
    history = machine.fit(
        split.train_x,
        learning,
        grey=True,
        chains=None if before is None else before["chains"].to_numpy(),
        seed=self.context.seed + number,
        progress=lambda done, _: stage(number * epochs + done, rounds * epochs),
    )
    last = number == rounds - 1
    tests = _binary(self, split.test_x, 1)
    steps = int(how["last_steps"] if last else how["steps"])
    estimate = machine.estimate(tests, steps=steps, seed=self.context.seed)
    found = machine.log_likelihood(tests, estimate.log_partition)
    return xr.Dataset(
        {
            "visible": ("v", machine.terms.visible),
            "hidden": ("h", machine.terms.hidden),
            "between": (("v", "h"), machine.terms.between),
            "chains": (("unit", "chain"), history.chains),
            "epoch": (number + 1) * epochs,
            "log_likelihood": float(found.mean()),
            "scatter": float(found.std(ddof=1) / math.sqrt(len(found))),
            "error": estimate.error,
            "effective": estimate.effective,
        }
    )


def _machine(self: Run, split: Any, before: xr.Dataset | None) -> BoltzmannMachine:
    from spinloom.ising.learning import BoltzmannMachine, Terms

    machine = BoltzmannMachine(split.features, int(self.settings["digits"]["hidden"]), seed=self.context.seed)
    if before is None:
        return machine.set_fields(_binary(self, split.train_x, 0))
    machine.terms = Terms(*(before[name].to_numpy() for name in ("visible", "hidden", "between")))
    return machine


def _shown(self: Run, split: Any, last: xr.Dataset) -> xr.Dataset:
    """Samples from where the chains stood, some sweeps on; weights of the hidden units that have the largest."""
    import xarray as xr

    machine = _machine(self, split, last)
    start = (last["chains"].to_numpy()[: machine.visible].T[:_SHOWN] + 1) // 2
    samples = machine.sample(
        len(start), sweeps=int(self.settings["digits"]["show_sweeps"]), start=start, seed=self.context.seed
    )
    weights = -machine.terms.between  # a positive one lights a pixel
    largest = np.argsort(-np.abs(weights).sum(axis=0), kind="stable")[:_SHOWN]
    return xr.Dataset(
        {
            "samples": (("sample", "pixel"), samples),
            "examples": (("example", "pixel"), _binary(self, split.train_x[:_SHOWN], 2)),
            "filters": (("filter", "pixel"), weights[:, largest].T.astype(np.float32)),
            "scatter": last["scatter"],
        }
    )


# ---- numbers --------------------------------------------------------------------------------------------------------


def _metrics(
    self: Run, small: Mapping[str, xr.Dataset], spreads: xr.Dataset, grid: xr.Dataset, digits: xr.Dataset
) -> dict[str, Metric]:
    metrics: dict[str, Metric] = {}
    for name, found in small.items():
        last = found["log_likelihood"].isel(update=-1)
        exact = last.sel(learner="exact").to_numpy()
        metrics[f"likelihood.{name}.exact"] = Metric.mean(exact, "nat")
        metrics[f"likelihood.{name}.best"] = Metric(-math.log(len(rows_of(self.settings["sets"][name]["rows"]))), "nat")
        for method in self.settings["methods"]:
            ours = last.sel(learner=method).to_numpy()
            metrics[f"likelihood.{name}.{method}"] = Metric.mean(ours, "nat")
            metrics[f"gap.{name}.{method}"] = Metric.mean(100.0 * (exact - ours) / np.abs(exact), "%")
            metrics[f"worst.{name}.{method}"] = Metric(float((100.0 * (exact - ours) / np.abs(exact)).max()), "%")
    metrics["spread.values"] = Metric([100.0 * float(value) for value in spreads.coords["spread"].values], "%")
    for way in ("moved", "grown"):
        each = spreads["divergence"].sel(way=way)
        metrics[f"spread.{way}"] = Metric([float(value) for value in each.mean("chip")], "nat")
        metrics[f"bits.{way}"] = Metric([float(value) for value in grid["divergence"].sel(way=way)], "nat")
        law = spreads["law"].sel(way=way).isel(spread=-1).to_numpy()
        right = right_states()
        metrics[f"chip.{way}"] = Metric.mean(each.isel(spread=-1).to_numpy(), "nat")
        metrics[f"chip.right.{way}"] = Metric.mean(100.0 * law[:, right].sum(axis=1), "%")
        metrics[f"chip.margin.{way}"] = Metric(float((law[:, right].min(axis=1) / law[:, ~right].max(axis=1)).min()))
    metrics["chip.ratio"] = Metric(metrics["chip.moved"].number / metrics["chip.grown"].number)
    metrics["bits.values"] = Metric([float(value) for value in grid.coords["bits"].values])
    metrics["digits.likelihood"] = Metric(
        float(digits["log_likelihood"][-1]), "nat", float(np.hypot(digits["scatter"], digits["error"][-1]))
    )
    metrics["digits.gain"] = Metric(float(digits["log_likelihood"][-1] - digits["log_likelihood"][0]), "nat")
    metrics["digits.effective"] = Metric(float(digits["effective"][-1]))
    return metrics
