"""Restricted Boltzmann machines whose units are junctions: digits recognised, recalled and completed across senses."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.protocols import boltzmann_figures as figures
from spinloom.experiments.protocols import boltzmann_tasks as tasks
from spinloom.experiments.protocols.boltzmann_tasks import Task
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.nn.boltzmann import JunctionNeurons
    from spinloom.responses import Bernoulli

IMAGES = ("image8", "image28")
SPEECH = "speech"
DIGITS = 2
"""Digits of the published machines: "0" and "1"."""
_SHOWN = 8  # samples of each digit in the pictures
_POINTS = 7  # of the learning curve


@dataclass(frozen=True)
class Run:
    """What every study of a run needs."""

    settings: Mapping[str, Any]
    context: Context
    response: Bernoulli
    tasks: Mapping[str, Task]

    @property
    def seed(self) -> int:
        """The first seed."""
        return self.context.seed

    def neurons(self, **spread: float) -> JunctionNeurons:
        """Nominal junctions, or with a ``centre_spread`` those of a chip."""
        from spinloom.nn import JunctionNeurons

        return JunctionNeurons(self.response.replace(**spread), seed=self.seed)


def run(spec: Reproduction, context: Context) -> Outcome:
    """Train machines on "0" and "1" (and on all digits), recognise, recall and complete; put spread into the junctions.

    Settings: ``device``; ``panels`` (data sets of image8, image28, speech, and others) with a ``threshold`` each;
    ``train_samples``, ``test_samples``; the machine's ``hidden``; ``updates``, ``batch_size``, ``learning_rate``,
    ``momentum``, ``decay``, ``cd``; ``recognise_sweeps``, ``recognise_average``, ``recall_sweeps``, ``recall_chains``;
    ``judge_hidden``, ``judge_updates``, ``judge_rate``; ``seeds``; ``more`` (changes of these for the recall of all
    digits); ``spreads`` (relative, of the centre), ``chips``; ``drive_bits``, ``drive_range``; ``pairs`` (samples of
    the joint machine); ``published`` [%] of each panel, for the figure.
    """
    import xarray as xr

    from spinloom import responses

    settings = spec.settings
    fetch = context.stage("fetch data")
    loaded = {name: tasks.load(name, data, settings, fetch) for name, data in settings["panels"].items()}
    response = responses.Bernoulli.from_parameters(settings["device"])
    self = Run(settings, context, response, loaded)
    seeds = range(context.seed, context.seed + (int(settings["seeds"]) if context.seeds is None else context.seeds))
    two = {name: _over(self, name, seeds) for name in loaded}
    parts = {
        "judges": context.part("judges", functools.partial(_judges, self)),
        "cross": _cross(self, two, seeds),
        "ten": _ten(self),
        "spread": _spread(self, two),
        "bits": _bits(self, two),
    }
    metrics = _metrics(self, two, parts)
    scores = {name: found[["recognition", "recall", "recall_ideal", "recall_noise"]] for name, found in two.items()}
    data = xr.merge([_named(part, key) for key, part in {**scores, **parts}.items()])
    drawn = figures.of(self.tasks, two, parts, metrics, settings)
    sources = {"mnist": "LeCun1998", "fsdd": "Jackson2016_fsdd"}
    used = tuple(sources[data] for data in settings["panels"].values() if data in sources)
    return Outcome(metrics, data, drawn, used, assumed=tuple(response.assumed))


def _named(part: xr.Dataset, key: str) -> xr.Dataset:
    """A part with its name before every name in it, so that parts of different sizes go into one file."""
    return part.rename({name: f"{key}_{name}" for name in {*part.variables, *part.dims}})


def _joined(parts: Sequence[xr.Dataset], dim: str) -> xr.Dataset:
    import xarray as xr

    found: Any = xr.concat(parts, dim)  # its signature also allows trees
    return found


# ---- the published machines -----------------------------------------------------------------------------------------


def _over(self: Run, name: str, seeds: range) -> xr.Dataset:
    """Machines of "0" and "1" of one panel over the seeds."""
    stage, found = self.context.stage(f"machines of {name}"), []
    for done, seed in enumerate(seeds):
        found.append(self.context.part(f"{name}-seed{seed}", functools.partial(_one, self, name, seed)))
        stage(done + 1, len(seeds))
    return _joined(found, "seed").assign_coords(seed=list(seeds))


def _one(self: Run, name: str, seed: int) -> xr.Dataset:
    """One machine: trained, followed while it learns, scored, with samples of what it recalls."""
    task, points = self.tasks[name], []
    # to 95 %, since a whole number of epochs may end a little before the last update asked for
    wanted = np.unique(np.geomspace(1, 0.95 * int(self.settings["updates"]), _POINTS).round()).tolist()

    def watch(machine: Any, updates: int) -> None:
        if wanted and updates >= wanted[0]:
            while wanted and updates >= wanted[0]:
                wanted.pop(0)
            points.append(
                (updates, tasks.recognition(task, machine, seed).mean(), tasks.recall(task, machine, seed)[0].mean())
            )

    followed = watch if seed == self.seed else None  # recalls take longer than the training; one curve is shown
    machine, history = tasks.trained(task, DIGITS, self.settings, seed, self.neurons(), followed)
    recalled, samples = tasks.recall(task, machine, seed)
    ideal = machine.neurons
    machine.neurons = None
    without, _ = tasks.recall(task, machine, seed)
    machine.neurons = ideal
    curve = np.full((_POINTS, 3), np.nan)
    curve[: len(points)] = np.array(points).reshape(-1, 3)
    return tasks.keep(
        machine,
        recognition=("digit", tasks.recognition(task, machine, seed)),
        recall=("digit", recalled),
        recall_ideal=("digit", without),
        recall_noise=("digit", tasks.recall(task, machine, seed, noise=True)[0]),
        samples=(("digit", "sample", "input"), samples[:, :_SHOWN].astype(np.int8)),
        updates=("point", curve[:, 0]),
        recognition_then=("point", curve[:, 1]),
        recall_then=("point", curve[:, 2]),
        reconstruction=("epoch", 100.0 * history),
    )


def _judges(self: Run) -> xr.Dataset:
    """How well each judge classifies test samples: those of all digits, and those of "0" and "1"."""
    import xarray as xr

    def score(task: Task, digits: int) -> float:
        x, y = task.of(digits, "test")
        return 100.0 * float(np.mean(task.judged(x) == y))

    found = [[score(task, task.split.classes), score(task, DIGITS)] for task in self.tasks.values()]
    return xr.Dataset({"score": (("panel", "digits"), found)}, coords={"panel": list(self.tasks)})


# ---- from speech to image -------------------------------------------------------------------------------------------


def _cross(self: Run, two: Mapping[str, xr.Dataset], seeds: range) -> xr.Dataset:
    """Speech held, image drawn and judged: by the two trained machines joined, and by one machine trained on pairs."""
    stage, found = self.context.stage("speech to image"), []
    jobs = [(image, seed) for image in IMAGES for seed in seeds]
    for done, (image, seed) in enumerate(jobs):
        make = functools.partial(_across, self, two, image, seed)
        found.append(self.context.part(f"cross-{image}-seed{seed}", make))
        stage(done + 1, len(jobs))
    rows = [found[i * len(seeds) : (i + 1) * len(seeds)] for i in range(len(IMAGES))]
    shared = ["joined", "joint"]
    joined = _joined([_joined([part[shared] for part in row], "seed") for row in rows], "image")
    pictures = {
        f"{image}_samples": row[0]["samples"].rename(input=f"{image}_input")
        for image, row in zip(IMAGES, rows, strict=True)
    }
    return joined.assign_coords(image=list(IMAGES), seed=list(seeds)).assign(pictures)


def _across(self: Run, two: Mapping[str, xr.Dataset], image: str, seed: int) -> xr.Dataset:
    import xarray as xr

    from spinloom.nn import RestrictedBoltzmannMachine, boltzmann

    seen, heard = self.tasks[image], self.tasks[SPEECH]
    spoken, digit = heard.of(DIGITS, "test")
    size = seen.split.features
    held = np.hstack([np.full((len(spoken), size), np.nan, np.float32), spoken])

    def drawn(machine: RestrictedBoltzmannMachine) -> tuple[np.ndarray, np.ndarray]:
        chains = machine.sample(machine.clamp(held), sweeps=int(self.settings["recall_sweeps"]), seed=seed)
        pictures = chains.visible[:, :size]
        right = seen.judged(pictures) == digit
        return np.array([100.0 * right[digit == d].mean() for d in range(DIGITS)]), pictures

    first, second = (tasks.machine_of(two[name].sel(seed=seed), DIGITS) for name in (image, SPEECH))
    joined, pictures = drawn(boltzmann.joined(first, second, self.neurons()))
    chance = np.random.default_rng([seed, 1])
    label = chance.integers(0, DIGITS, int(self.settings["pairs"]))
    pairs = np.hstack([_some(task, label, chance) for task in (seen, heard)])
    machine = RestrictedBoltzmannMachine(
        pairs.shape[1], 2 * int(self.settings["hidden"]), neurons=self.neurons(), seed=seed
    )
    tasks.learn(machine, pairs, None, self.settings, seed)
    examples = np.stack([pictures[np.flatnonzero(digit == d)[:_SHOWN]] for d in range(DIGITS)])
    return xr.Dataset(
        {
            "joined": ("digit", joined),
            "joint": ("digit", drawn(machine)[0]),
            "samples": (("digit", "sample", "input"), examples.astype(np.int8)),
        }
    )


def _some(task: Task, label: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """A random training sample of each label."""
    x, y = task.of(DIGITS, "train")
    found = np.zeros((len(label), x.shape[1]), np.float32)
    for digit in range(DIGITS):
        found[label == digit] = x[chance.choice(np.flatnonzero(y == digit), int((label == digit).sum()))]
    return found


# ---- all ten digits -------------------------------------------------------------------------------------------------


def _ten(self: Run) -> xr.Dataset:
    """Machines of all digits by the same settings; and what it takes to recall them all."""
    stage, found = self.context.stage("all ten digits"), []
    more = {**self.settings, **self.settings["more"]}
    jobs = [(name, self.settings) for name in self.tasks] + [("image28", more)]
    for done, (name, settings) in enumerate(jobs):
        key = f"ten-{name}" if settings is self.settings else f"ten-{name}-more"
        found.append(self.context.part(key, functools.partial(_all_digits, self, self.tasks[name], settings)))
        stage(done + 1, len(jobs))
    scores = _joined([part[["recognition", "recall"]] for part in found], "machine")
    return scores.assign_coords(machine=[*self.tasks, "more"]).assign(samples=found[-1]["samples"])


def _all_digits(self: Run, task: Task, settings: Mapping[str, Any]) -> xr.Dataset:
    import xarray as xr

    machine, _ = tasks.trained(task, task.split.classes, settings, self.seed, self.neurons())
    recalled, samples = tasks.recall(task, machine, self.seed)
    return xr.Dataset(
        {
            "recognition": ("digit", tasks.recognition(task, machine, self.seed)),
            "recall": ("digit", recalled),
            "samples": (("digit", "sample", "input"), samples[:, :_SHOWN].astype(np.int8)),
        }
    )


# ---- what real junctions do -----------------------------------------------------------------------------------------


def _spread(self: Run, two: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """Scores against the spread of the centres: weights from nominal junctions, and trained on the chip itself."""
    names, spreads, chips = (
        ["image28", SPEECH],
        [float(s) for s in self.settings["spreads"]],
        int(self.settings["chips"]),
    )
    stage, found = self.context.stage("spread of the junctions"), []
    jobs = [(name, spread) for name in names for spread in spreads]
    for done, (name, spread) in enumerate(jobs):
        make = functools.partial(_chips, self, two[name].isel(seed=0), name, spread, chips)
        found.append(self.context.part(f"spread-{name}-{spread:g}", make))
        stage(done + 1, len(jobs))
    rows = [_joined(found[i * len(spreads) : (i + 1) * len(spreads)], "spread") for i in range(len(names))]
    joined = _joined(rows, "panel")
    return joined.assign_coords(panel=names, spread=spreads)


def _chips(self: Run, nominal: xr.Dataset, name: str, spread: float, chips: int) -> xr.Dataset:
    import xarray as xr

    task, scores = self.tasks[name], []
    for chip in range(chips):
        neurons = replace(self.neurons(centre_spread=spread), seed=self.seed + chip)
        moved = tasks.machine_of(nominal, DIGITS, neurons)
        grown, _ = tasks.trained(task, DIGITS, self.settings, self.seed, neurons)
        scores.append(
            [
                score(task, machine, self.seed)
                for machine in (moved, grown)
                for score in (lambda *a: tasks.recognition(*a).mean(), lambda *a: tasks.recall(*a)[0].mean())
            ]
        )
    names = ("moved_recognition", "moved_recall", "grown_recognition", "grown_recall")
    return xr.Dataset({what: ("chip", column) for what, column in zip(names, np.array(scores).T, strict=True)})


def _bits(self: Run, two: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """Scores against the bits of the converter that drives the junctions, of weights trained with an exact drive."""
    import xarray as xr

    names, bits = ["image28", SPEECH], [int(b) for b in self.settings["drive_bits"]]

    def compute() -> xr.Dataset:
        table = np.zeros((2, len(names), len(bits)))
        for (i, name), (j, count) in ((a, b) for a in enumerate(names) for b in enumerate(bits)):
            neurons = replace(self.neurons(), drive_bits=count, drive_range=float(self.settings["drive_range"]))
            machine = tasks.machine_of(two[name].isel(seed=0), DIGITS, neurons)
            table[0, i, j] = tasks.recognition(self.tasks[name], machine, self.seed).mean()
            table[1, i, j] = tasks.recall(self.tasks[name], machine, self.seed)[0].mean()
        return xr.Dataset(
            {"recognition": (("panel", "bits"), table[0]), "recall": (("panel", "bits"), table[1])},
            coords={"panel": names, "bits": bits},
        )

    return self.context.part("bits", compute)


# ---- numbers --------------------------------------------------------------------------------------------------------


def _metrics(self: Run, two: Mapping[str, xr.Dataset], parts: Mapping[str, xr.Dataset]) -> dict[str, Metric]:
    metrics: dict[str, Metric] = {}
    for name, found in two.items():
        for what in ("recognition", "recall"):
            for digit in range(DIGITS):
                metrics[f"{what}.{name}.{digit}"] = Metric.mean(found[what].isel(digit=digit).to_numpy(), "%")
            metrics[f"{what}.ten.{name}"] = Metric(float(parts["ten"][what].sel(machine=name).mean()), "%")
        metrics[f"noise.{name}.1"] = Metric.mean(found["recall_noise"].isel(digit=1).to_numpy(), "%")
        metrics[f"judge.{name}"] = Metric(float(parts["judges"]["score"].sel(panel=name)[0]), "%")
        metrics[f"judge.{name}.two"] = Metric(float(parts["judges"]["score"].sel(panel=name)[1]), "%")
    gap = max(float(np.abs(found["recall"] - found["recall_ideal"]).max()) for found in two.values())
    metrics["ideal.gap"] = Metric(gap, "%")
    metrics["recognition.ten.more"] = Metric(float(parts["ten"]["recognition"].sel(machine="more").mean()), "%")
    metrics["recall.ten.more"] = Metric(float(parts["ten"]["recall"].sel(machine="more").mean()), "%")
    for image in IMAGES:
        for how in ("joined", "joint"):
            found = parts["cross"][how].sel(image=image).mean("digit")
            metrics[f"cross.{how}.{image}"] = Metric.mean(found.to_numpy(), "%")
    spread = parts["spread"].mean("chip")
    spreads = np.array(spread.coords["spread"].values, dtype=float)
    metrics["spread.values"] = Metric([float(value) for value in 100.0 * spreads], "%")
    widths = spreads * abs(self.response.centre / self.response.width)
    metrics["spread.widths"] = Metric([float(value) for value in widths])
    metrics["bits.values"] = Metric([float(value) for value in parts["bits"].coords["bits"].values])
    for name in spread.coords["panel"].values:
        for what in ("moved_recognition", "moved_recall", "grown_recognition", "grown_recall"):
            curve = spread[what].sel(panel=name).to_numpy()
            metrics[f"spread.{what}.{name}"] = Metric([float(value) for value in curve], "%")
        for what in ("recognition", "recall"):
            gain = spread[f"grown_{what}"].sel(panel=name) - spread[f"moved_{what}"].sel(panel=name)
            metrics[f"spread.gain.{what}.{name}"] = Metric(float(gain[-1]), "%")
        for what in ("recognition", "recall"):
            curve = parts["bits"][what].sel(panel=name).to_numpy()
            metrics[f"bits.{what}.{name}"] = Metric([float(value) for value in curve], "%")
    return metrics | _cost(self, two)


def _cost(self: Run, two: Mapping[str, xr.Dataset]) -> dict[str, Metric]:
    """Energy and time of one answer: bits drawn x energy of a bit; two layers a sweep, each drawn at once."""
    found = {"bit.energy": Metric(self.response.energy_per_bit() * 1e12, "pJ")}
    found["bit.time"] = Metric(self.response.time_per_bit * 1e9, "ns")
    for name, part in two.items():
        machine = tasks.machine_of(part.isel(seed=0), DIGITS)
        for what, clamp in (("recognise", machine.clamp(np.zeros(machine.inputs))), ("recall", machine.clamp(label=0))):
            sweeps = int(self.settings[f"{what}_sweeps"])
            bits = machine.bits(clamp, sweeps)
            found[f"{what}.bits.{name}"] = Metric(float(bits))
            found[f"{what}.energy.{name}"] = Metric(bits * self.response.energy_per_bit() * 1e9, "nJ")
            found[f"{what}.time.{name}"] = Metric(2 * sweeps * self.response.time_per_bit * 1e6, "us")
            found[f"{what}.time_one.{name}"] = Metric(bits * self.response.time_per_bit * 1e3, "ms")
    return found
