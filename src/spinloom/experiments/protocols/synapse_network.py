"""Train a network of spin neurons, write its weights into synapses with few states, and count what is left."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from spinloom import parameters
from spinloom.errors import InputError, UnknownNameError
from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.protocols import synapse_network_results as results
from spinloom.experiments.protocols.network import load_split
from spinloom.experiments.protocols.repeat import over_seeds
from spinloom.experiments.spec import Reproduction
from spinloom.parameters.schema import ParameterSet
from spinloom.responses import Plasticity

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.tasks import Split

Method = Literal["float", "qat_ste", "inplace"]
Rounding = Literal["stochastic", "nearest"]
Write = Literal["nearest", "pulses"]
_TRAINING_KEYS = (
    "label",
    "neuron",
    "trainable",
    "method",
    "synapse",
    "devices",
    "rounding",
    "range",
    "learning_rate",
    "samples",
    "seeds",
)
_SYSTEM_KEYS = ("label", "training", "synapse", "direction", "write", "outputs")


@dataclass(frozen=True)
class Training:
    """One training as the settings describe it.

    Attributes
    ----------
    name, label : str
        Name in metrics; name for people.
    k : float
        Slope of all neurons, or where it starts.
    centre : (float, bool) or None
        Centre x_c of the neuron's curve [A], and whether it is printed; it acts in a figure alone.
    bounds : (float, float) or None
        k is trained within them; None: k is fixed.
    method : {"float", "qat_ste", "inplace"}
        Weights as numbers; weights on levels with a straight-through gradient; weights that whole pulses move.
    synapse : Plasticity or None
        The device, with the states of all devices of a synapse together, for the methods that need one.
    rounding : {"nearest", "stochastic"}
        Of the pulses in place.
    reach : str
        In place, the weight at the top of the range: "start", the largest initial weight of a layer, or the name of
        another training whose largest final weight it is.
    learning_rate : float
        Step of the gradient descent, of weights and k alike.
    samples : int or None
        How many of the training samples, the first ones; None: all.
    seeds : int
        Repetitions.
    """

    name: str
    label: str
    k: float
    centre: tuple[float, bool] | None
    bounds: tuple[float, float] | None
    method: Method
    synapse: Plasticity | None
    rounding: Rounding
    reach: str
    learning_rate: float
    samples: int | None
    seeds: int


@dataclass(frozen=True)
class System:
    """A trained network as it is written into synapses.

    Attributes
    ----------
    name, label : str
        Name in metrics; name for people.
    training : str
        Which network.
    synapse : Plasticity or None
        Whose levels of potentiation the weights take; None: as trained.
    write : {"nearest", "pulses"}
        Each weight goes to its nearest level (the curve is known when writing), or gets the number of pulses that a
        straight device would need, and goes where these take it.
    outputs : int or None
        Output values of a neuron; None: exact.
    """

    name: str
    label: str
    training: str
    synapse: Plasticity | None
    write: Write
    outputs: int | None


def run(spec: Reproduction, context: Context) -> Outcome:
    """Train every network that the systems in ``run`` need, once a seed, and write it into each system's synapses.

    Settings: ``data``, ``sizes``, ``learning_rate``, ``iterations``, ``evaluate_every``, ``seeds``, ``share`` (of the
    weights within the range of a synapse; 1 is the largest weight), ``run`` and ``compare`` (names of systems),
    ``features`` (a training, or nothing), ``scan`` (two tables ``current``, ``k``: the ends of a neuron's range, or
    nothing), ``trainings`` and ``systems``. A training: ``label``, ``neuron`` (parameter set whose slope the neurons
    have; k = 1 without), ``trainable`` (lowest and highest k), ``method``, ``synapse``, ``devices`` (in one synapse,
    counted as the thesis does: n i states), ``rounding``, ``range``, ``learning_rate``, ``samples`` (the first so many;
    all without), ``seeds``. A system:
    ``label``, ``training``, ``synapse``, ``direction`` (whose levels), ``write``, ``outputs`` (true: the neurons have
    as many output values as the synapse has states). ``order`` names systems for the list ``accuracy.order``.
    """
    settings = spec.settings
    split = load_split(settings["data"], context.stage("fetch MNIST"))
    systems = [_system(name, settings) for name in settings["run"]]
    trainings = _trainings(systems, settings, context)
    histories: dict[str, xr.Dataset] = {}
    for training in trainings:
        histories[training.name] = _train(training, split, settings, context, histories)
    accuracies = {
        system.name: _accuracies(system, histories[system.training], split, settings, context) for system in systems
    }
    metrics = results.measure(systems, trainings, accuracies, histories, settings)
    if settings["features"]:
        metrics |= results.features(histories[settings["features"]], split)
    figures = results.figures(spec, systems, trainings, accuracies, histories, settings)
    used = [one.synapse for one in (*systems, *trainings) if one.synapse is not None]
    references = dict.fromkeys(key for synapse in used for key in synapse.references)
    mnist = ("LeCun1998",) if settings["data"] == "mnist" else ()
    data = results.dataset(systems, accuracies, histories)
    return Outcome(metrics, data, figures, (*mnist, *references), _assumed(systems))


def _checked(table: Mapping[str, Any], keys: tuple[str, ...], what: str) -> None:
    unknown = [key for key in table if key not in keys]
    if unknown:
        raise InputError(f"{what} has no key '{unknown[0]}'. Keys: {', '.join(keys)}.")


def _system(name: str, settings: Mapping[str, Any]) -> System:
    if name not in settings["systems"]:
        raise UnknownNameError("system", name, settings["systems"])
    table: dict[str, Any] = settings["systems"][name]
    _checked(table, _SYSTEM_KEYS, f"System '{name}'")
    synapse = Plasticity.from_parameters(table["synapse"]) if table.get("synapse") else None
    if synapse is not None:
        shape, pulses = synapse.curve(table.get("direction", "potentiation"))
        synapse = synapse.replace(potentiation=shape, states=pulses + 1)
    outputs = synapse.states if synapse is not None and table.get("outputs") else None
    write = table.get("write", "nearest")
    if write not in get_args(Write):
        raise UnknownNameError("way of writing", str(write), get_args(Write))
    return System(name, str(table.get("label", name)), table["training"], synapse, write, outputs)


def _trainings(systems: list[System], settings: Mapping[str, Any], context: Context) -> list[Training]:
    """Those that the systems need, and those whose range they take, in an order in which they can be run."""
    order: list[str] = []

    def need(name: str) -> None:
        if name not in settings["trainings"]:
            raise UnknownNameError("training", name, settings["trainings"])
        reach = settings["trainings"][name].get("range", "start")
        if reach not in ("start", name):
            need(reach)
        if name not in order:
            order.append(name)

    for system in systems:
        need(system.training)
    found = [_training(name, settings, context) for name in order]
    by_name = {training.name: training for training in found}
    for training in found:
        if training.reach in by_name and by_name[training.reach].seeds < training.seeds:
            raise InputError(
                f"Training '{training.name}' takes its range from '{training.reach}', which has less seeds."
            )
    return found


def _training(name: str, settings: Mapping[str, Any], context: Context) -> Training:
    table: dict[str, Any] = settings["trainings"][name]
    _checked(table, _TRAINING_KEYS, f"Training '{name}'")
    method = table.get("method", "float")
    if method not in get_args(Method):
        raise UnknownNameError("method of training", str(method), get_args(Method))
    synapse = None
    if method != "float":
        single = Plasticity.from_parameters(table["synapse"])
        # n i states, as the thesis counts them, spread over one device's curve
        states = single.states * int(table.get("devices", 1))
        synapse = single.replace(states=states, depression_states=states)
    bounds = table.get("trainable")
    neuron = parameters.load(table["neuron"]) if table.get("neuron") else None
    own = int(table.get("seeds", settings["seeds"]))
    return Training(
        name=name,
        label=str(table.get("label", name)),
        k=1.0 if neuron is None else neuron.value("neuron_slope"),
        centre=None if neuron is None else _centre(neuron),
        bounds=None if bounds is None else (float(bounds[0]), float(bounds[1])),
        method=method,
        synapse=synapse,
        rounding=table.get("rounding", "nearest"),
        reach=str(table.get("range", "start")),
        learning_rate=float(table.get("learning_rate", settings["learning_rate"])),
        samples=int(table["samples"]) if table.get("samples") else None,
        seeds=min(own, int(settings["seeds"])) if context.seeds is None else context.seeds,
    )


def _centre(neuron: ParameterSet) -> tuple[float, bool]:
    centre = neuron.parameters["neuron_centre"]
    return neuron.value("neuron_centre"), centre.source.how != "assumed"


def _train(
    training: Training,
    split: Split,
    settings: Mapping[str, Any],
    context: Context,
    before: Mapping[str, xr.Dataset],
) -> xr.Dataset:
    """All seeds of one training."""

    def train_one(seed: int, key: str, report: Callable[[int, int], None]) -> xr.Dataset:
        taken = before[training.reach].sel(seed=seed) if training.reach in before else None
        ranges = None if taken is None else [float(np.abs(weight).max()) for weight in _weights(taken)]
        return _train_one(training, split, settings, seed, context, key, report, ranges)

    name = f"training-{training.name}"
    return over_seeds(name, training.label, training.seeds, int(settings["iterations"]), context, train_one)


def _train_one(
    training: Training,
    split: Split,
    settings: Mapping[str, Any],
    seed: int,
    context: Context,
    key: str,
    report: Callable[[int, int], None],
    ranges: list[float] | None,
) -> xr.Dataset:
    from spinloom import nn
    from spinloom.nn import levels, quantise

    net = nn.spin_network(
        tuple(settings["sizes"]),
        train=() if training.bounds is None else ("k",),
        k_init=training.k,
        generator=seed,
        bounds=None if training.bounds is None else nn.Bounds(k=training.bounds),
    )
    start = levels.weights_and_slopes(net)[0]
    optimiser: Any = "gradient-descent"
    if training.synapse is not None and training.method == "qat_ste":
        levels.train_on_levels(net, quantise.levels_of(training.synapse, "offset"))
    elif training.synapse is not None:
        reach = ranges or [float(np.abs(weight).max()) for weight in start]
        optimiser = nn.Pulsed(training.synapse, w_max=tuple(reach), rounding=training.rounding, seed=seed)
    how = nn.TrainingSettings(
        optimiser=optimiser,
        learning_rate=training.learning_rate,
        iterations=int(settings["iterations"]),
        evaluate_every=int(settings["evaluate_every"]),
        checkpoint=context.checkpoint(key),
        failure="record",
    )
    part = split if training.samples is None else split.first(min(training.samples, len(split.train_y)))
    history = nn.train(net, part, how, seed, progress=report)
    table = history.to_xarray()
    table.attrs = {}
    weights, slopes = levels.weights_and_slopes(net)
    for layer, (weight, k) in enumerate(zip(weights, slopes, strict=True), start=1):
        table[f"weight_{layer}"] = ((f"neuron_{layer}", f"neuron_{layer - 1}"), weight)
        table[f"start_{layer}"] = ((f"neuron_{layer}", f"neuron_{layer - 1}"), start[layer - 1])
        table[f"slope_{layer}"] = (f"neuron_{layer}", k)
    return table.assign(
        learned=float(history.learned), left_at=float(history.iteration), last_progress=float(history.last_progress)
    )


def _weights(history: xr.Dataset, what: str = "weight") -> list[np.ndarray]:
    """Weights (or ``slope``, ``start``) of each layer of one seed's network."""
    layers = sorted(str(name) for name in history.data_vars if str(name).startswith(f"{what}_"))
    return [history[name].values for name in layers]


def _accuracies(
    system: System, history: xr.Dataset, split: Split, settings: Mapping[str, Any], context: Context
) -> np.ndarray:
    """Test accuracy [%] of each seed's network in the system's synapses, shape (seeds,)."""
    from spinloom import tasks
    from spinloom.nn import levels, quantise

    stage = context.stage("write the weights into synapses")
    share = float(settings["share"])
    found = []
    for done, seed in enumerate(history["seed"].values):
        one = history.sel(seed=seed)
        weights = _weights(one)
        if system.synapse is not None and system.write == "pulses":
            weights = [_after_pulses(weight, system.synapse, share) for weight in weights]
        net = levels.network_of(weights, _weights(one, "slope"))
        if system.synapse is not None and system.write == "nearest":
            net = quantise.post_training_quantise(net, system.synapse, "percentile", mapping="offset", share=share)
        found.append(100 * tasks.accuracy(levels.outputs_on_levels(net, split.test_x, system.outputs), split.test_y))
        stage(done + 1, history.sizes["seed"])
    return np.array(found)


def _after_pulses(weight: np.ndarray, synapse: Plasticity, share: float) -> np.ndarray:
    """Weights where the pulses lead that a straight device would need: g_m with m = round((states - 1) target)."""
    reach = float(np.quantile(np.abs(weight), share))
    stored = synapse.levels()
    pulses = np.rint(np.clip(0.5 * (weight / reach + 1.0), 0.0, 1.0) * (stored.size - 1)).astype(int)
    return (reach * (2.0 * stored[pulses] - 1.0)).astype(weight.dtype)


def _assumed(systems: list[System]) -> tuple[tuple[str, str, str], ...]:
    """What the parameter sets assume of the number of states, once each: that is what a network sees of them."""
    found: dict[str, tuple[str, str, str]] = {}
    for system in systems:
        if system.synapse is not None:
            for what, value, why in system.synapse.assumed:
                if what == "levels":
                    found[system.synapse.source] = (f"states of {system.synapse.source}", value, why)
    return tuple(found.values())
