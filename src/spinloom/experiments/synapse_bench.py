"""What a synapse would do in a network: accuracy with one imperfection after another, cost, and a verdict."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

import numpy as np

from spinloom.errors import InputError
from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.responses.plasticity import Plasticity

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.tasks import Split

Progress = Callable[[str, int, int], None]
LOSS = 0.01
"""A step of the ladder that costs more accuracy than this is named in the verdict."""
_RATE, _BATCH, _CALIBRATION = 0.3, 10, 500
_RANGE = 0.5
"""Weight at the end of a device's range in training on the devices; at the start none is beyond 0.25."""


@final
@dataclass(frozen=True)
class BenchSettings:
    """The network that a synapse is tried in.

    Attributes
    ----------
    data : str
        "mnist" or "digits".
    images, test_images : int
        Samples to train on and to test with; all there are if fewer.
    epochs : int
        Passes over them.
    hidden : int
        Neurons of the hidden layer.
    wires : str or None
        Resistance of a wire segment.
    bits : int
        Of the converters of inputs and partial sums.
    tile : (int, int)
        Largest array.
    methods : tuple of str
        Ways to train on the devices themselves (see ``spinloom.nn.PulsedSGD``).
    """

    data: str = "mnist"
    images: int = 20_000
    test_images: int = 10_000
    epochs: int = 3
    hidden: int = 100
    wires: str | None = "2 ohm"
    bits: int = 8
    tile: tuple[int, int] = (128, 128)
    methods: tuple[str, ...] = ("in-place", "mixed-precision", "agad")

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        for name in ("images", "test_images", "epochs", "hidden", "bits"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} = {getattr(self, name)}: give a whole number from 1 upwards.")


@final
@dataclass(frozen=True)
class BenchStep:
    """One row: what is switched on, the test accuracy with it, and anything to say about it."""

    name: str
    accuracy: float
    note: str = ""


@final
@dataclass(frozen=True)
class SynapseBench:
    """Result of :func:`bench_synapse`.

    Attributes
    ----------
    inference : tuple of BenchStep
        A network trained in float and written into arrays: the imperfections are switched on one after another.
    training : tuple of BenchStep
        The same network trained on the devices.
    cost : xarray.Dataset
        Energy, latency and area of writing the network once and of reading it for one image, layers added up;
        ``attrs["unknown"]`` names what stands at zero because no figure is known.
    verdict : str
        What limits the device, in a few sentences.
    settings, seed
        What was run.
    """

    inference: tuple[BenchStep, ...]
    training: tuple[BenchStep, ...]
    cost: xr.Dataset
    verdict: str
    settings: BenchSettings
    seed: int
    source: str = ""
    references: tuple[str, ...] = ()
    figure: FigureSpec = field(repr=False, kw_only=True)

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON and for scripts."""
        energy = self.cost["energy"].sum("part")
        return {
            "source": self.source,
            "inference": [step.__dict__ for step in self.inference],
            "training": [step.__dict__ for step in self.training],
            "write_energy_J": float(energy.sel(operation="write")),
            "read_energy_J": float(energy.sel(operation="read")),
            "unknown": self.cost.attrs["unknown"],
            "verdict": self.verdict,
            "seed": self.seed,
            "settings": {**self.settings.__dict__},
        }


def bench_synapse(
    synapse: Plasticity,
    settings: BenchSettings | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> SynapseBench:
    """Try a synapse in a 784-100-10 network (unless told otherwise): written after training, and trained on itself.

    Parameters
    ----------
    synapse : Plasticity
        From a CSV, a parameter set or values.
    settings : BenchSettings, optional
    seed : int
        Fixes chance.
    progress : callable(stage, done, total), optional

    Returns
    -------
    SynapseBench

    Raises
    ------
    DataError
        The data set is not here and cannot be fetched.

    Examples
    --------
    >>> from spinloom.responses import Plasticity
    >>> small = BenchSettings(data="digits", epochs=1, methods=())
    >>> len(bench_synapse(Plasticity.from_values(states=16, low="1 uS", high="9 uS"), small).inference)
    5
    """
    settings, report = settings or BenchSettings(), progress or (lambda stage, done, total: None)
    from spinloom.nn.pulsed.methods import method_of

    for method in settings.methods:  # a misspelt one is said before anything is trained
        method_of(method)
    split = _split(settings)
    net, accuracy = _trained(split, settings, seed, "gradient-descent", lambda d, t: report("float network", d, t))
    inference, cost = _written(net, accuracy, split, synapse, settings, seed, report)
    training = [_on_devices(split, synapse, settings, seed, method, report) for method in settings.methods]
    return SynapseBench(
        tuple(inference),
        tuple(training),
        cost,
        _verdict(inference, training, synapse),
        settings,
        seed,
        synapse.source,
        synapse.references,
        figure=_figure(inference, training),
    )


def _split(settings: BenchSettings) -> Split:
    from spinloom.experiments.protocols.network import load_split

    split = load_split(settings.data)
    return split.first(min(settings.images, len(split.train_y)), min(settings.test_images, len(split.test_y)))


def _trained(
    split: Split, settings: BenchSettings, seed: int, optimiser: Any, report: Callable[[int, int], None]
) -> tuple[Any, float]:
    """The network, trained, and its accuracy."""
    from spinloom import nn

    net = nn.spin_network((split.features, settings.hidden, split.classes), train=(), generator=seed)
    how = nn.TrainingSettings(
        optimiser=optimiser,
        learning_rate=_RATE,
        epochs=settings.epochs,
        batch_size=min(_BATCH, len(split.train_y)),
        evaluate_every=10**9,
        failure="record",
    )
    step = max(1, how.updates(len(split.train_y)) // 100)  # a bar need not be told of every update

    def seldom(done: int, total: int) -> None:
        if done % step == 0 or done == total:
            report(done, total)

    history = nn.train(net, split, how, seed, progress=seldom)
    return net, history.final_accuracy


def _written(
    net: Any, accuracy: float, split: Split, synapse: Plasticity, settings: BenchSettings, seed: int, report: Progress
) -> tuple[list[BenchStep], xr.Dataset]:
    """Accuracy as one imperfection after another is switched on, and what the last of these networks costs."""
    from spinloom import nn, tasks
    from spinloom.crossbar import Converter

    quiet = synapse.replace(read_noise=0.0)
    stages: list[tuple[str, Plasticity, dict[str, Any]]] = [
        (f"on the device's {synapse.states} levels", synapse.ideal(), {}),
        ("with write errors and spread", quiet, {}),
        (f"with wires of {settings.wires or '0 ohm'} a segment", quiet, {"wires": settings.wires}),
        (
            f"with read noise and {settings.bits}-bit converters",
            synapse,
            {
                "wires": settings.wires,
                "read": Converter(bits=settings.bits),
                "drive": Converter(bits=settings.bits),
            },
        ),
    ]
    steps = [BenchStep("float network", accuracy)]
    made = net
    for number, (name, device, keywords) in enumerate(stages, start=1):
        made = nn.on_crossbars(net, synapse=device, tile=settings.tile, seed=seed, **keywords)
        if "read" in keywords:
            nn.calibrate(made, split.train_x[:_CALIBRATION])
        steps.append(BenchStep(name, tasks.accuracy(nn.outputs_of(made, split.test_x), split.test_y)))
        report("written into arrays", number, len(stages))
    return steps, _cost(made)


def _cost(net: Any) -> xr.Dataset:
    """The layers' costs added up: layers are read one after another, so their latencies add too."""
    from spinloom import nn

    parts = [layer.cost() for layer in net if isinstance(layer, nn.CrossbarLinear)]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    names = [name for part in parts for name in str(part.attrs["unknown"]).split(", ") if name]
    unknown = ", ".join(dict.fromkeys(names))
    total.attrs["unknown"] = unknown
    for name in total:
        total[name].attrs = {**parts[0][name].attrs, "unknown": unknown}
    return total


def _on_devices(
    split: Split, synapse: Plasticity, settings: BenchSettings, seed: int, method: str, report: Progress
) -> BenchStep:
    from spinloom import nn

    name = f"trained on the devices, {method}"
    _, accuracy = _trained(
        split, settings, seed, nn.Pulsed(synapse, method, w_max=_RANGE, seed=seed), lambda d, t: report(name, d, t)
    )
    return BenchStep(name, accuracy)


def _verdict(inference: list[BenchStep], training: list[BenchStep], synapse: Plasticity) -> str:
    """What costs most, in words."""
    start, end = inference[0].accuracy, inference[-1].accuracy
    losses = [(a.accuracy - b.accuracy, b.name) for a, b in itertools.pairwise(inference)]
    named = [f"{name} ({loss:.1%})" for loss, name in sorted(losses, reverse=True) if loss > LOSS]
    words = [f"Trained in float and written into arrays, the network goes from {start:.1%} to {end:.1%}."]
    words.append(
        f"What costs most: {'; '.join(named)}." if named else f"No single imperfection costs more than {LOSS:.0%}."
    )
    if training:
        best = max(training, key=lambda step: step.accuracy)
        words.append(
            f"Trained on the devices it reaches at best {best.accuracy:.1%} ({best.name.rpartition(', ')[2]})."
        )
        plain = next((step for step in training if step.name.endswith("in-place")), None)
        if plain is not None and start - plain.accuracy > 5 * LOSS:
            words.append(
                f"Plain in-place pulses reach {plain.accuracy:.1%}: {synapse.states} states and an asymmetry of "
                f"{synapse.summary()['asymmetry']:.0%} of the range are too coarse for small gradients."
            )
    return " ".join(words)


def _figure(inference: list[BenchStep], training: list[BenchStep]) -> FigureSpec:
    steps = [*inference, *training][::-1]
    places = np.arange(len(steps), dtype=float)
    values = np.array([100 * step.accuracy for step in steps])
    float_net = np.array([100 * inference[0].accuracy] * 2)
    panel = Panel(
        "test accuracy (%)",
        "",
        (
            Series("with this synapse", values, places, style="bars"),
            Series("float network", float_net, np.array([-0.5, len(steps) - 0.5]), style="dashed", group="guide"),
        ),
        categories=tuple(step.name for step in steps),
    )
    return FigureSpec(
        "accuracy",
        "What the synapse costs in accuracy",
        (panel,),
        "Imperfections are switched on one after another, from top to bottom; below, training on the devices.",
    )
