"""Train networks of spin neurons, several systems beside one another, each over several seeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.errors import InputError, UnknownNameError
from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.protocols import network_results
from spinloom.experiments.protocols.junction import slopes_and_offsets
from spinloom.experiments.protocols.repeat import over_seeds
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.tasks import Split

_SYSTEM_KEYS = ("label", "train", "k_init", "c_init", "k_limit", "couple", "learning_rate", "seeds")


@dataclass(frozen=True)
class System:
    """One network as the settings describe it.

    Attributes
    ----------
    name, label : str
        Name in metrics; name for people.
    train : tuple of str
        What is trained besides the weights.
    k_init, c_init
        As ``spinloom.nn.spin_network`` takes them.
    k_limit : float or None
        Bound on |k|.
    relation : tuple of (k, c) or None
        Pairs through which c is tied to k.
    learning_rate : float
        Step of the gradient descent.
    seeds : int
        Repetitions.
    """

    name: str
    label: str
    train: tuple[str, ...]
    k_init: Any
    c_init: Any
    k_limit: float | None
    relation: tuple[tuple[float, float], ...] | None
    learning_rate: float
    seeds: int


def run(spec: Reproduction, context: Context) -> Outcome:
    """Train every system named in ``run`` and compare those named in ``compare``.

    Settings: ``data``, ``sizes``, ``optimiser``, ``learning_rate``, ``iterations``, ``evaluate_every``, ``seeds``,
    ``threshold`` [%], ``at`` (iterations at which accuracy is read), ``run``, ``compare``, and under ``systems`` one
    table a system: ``label``, ``train``, ``k_init``, ``c_init``, ``k_limit``, ``couple``, ``learning_rate``, ``seeds``.
    ``k_limit`` and ``couple`` may be "junction": then the junction named by ``device`` is simulated for them.
    """
    settings = spec.settings
    split = load_split(
        settings["data"], context.stage("fetch MNIST")
    )  # first: a data set that must be fetched is said before any work
    pairs = _junction_pairs(settings)
    systems = [_system(name, settings, context, pairs) for name in settings["run"]]
    histories = {system.name: _train(system, split, settings, context) for system in systems}
    metrics = network_results.measure(systems, histories, settings)
    if pairs:
        metrics["k_limit.junction"] = Metric(max(k for k, _ in pairs), "1/uA")
    figures = network_results.figures(spec, systems, histories)
    references = ("LeCun1998",) if settings["data"] == "mnist" else ()
    return Outcome(metrics, network_results.dataset(histories), figures, references)


def load_split(name: str, progress: Callable[[int, int], None] | None = None) -> Split:
    """A data set by the name that the settings use; MNIST is fetched where it is not here yet.

    Raises
    ------
    UnknownNameError
        There is no such data set.
    DataError
        It cannot be had; the message says which file to put where.
    """
    from spinloom import tasks

    known: dict[str, Callable[[], Split]] = {
        "mnist": lambda: tasks.mnist(progress=progress),
        "digits": tasks.digits,
        "fsdd": lambda: tasks.spoken_digits(progress=progress),
        "iris": tasks.iris,
    }
    if name not in known:
        raise UnknownNameError("data set", str(name), known)
    return known[name]()


def _junction_pairs(settings: Mapping[str, Any]) -> list[tuple[float, float]]:
    """The junction is simulated only where a system asks for it."""
    chosen = [settings["systems"].get(name, {}) for name in settings["run"]]
    asked = any("junction" in (table.get("k_limit"), table.get("couple")) for table in chosen)
    return slopes_and_offsets(settings) if asked else []


def _system(name: str, settings: Mapping[str, Any], context: Context, pairs: list[tuple[float, float]]) -> System:
    if name not in settings["systems"]:
        raise UnknownNameError("system", name, settings["systems"])
    table: dict[str, Any] = settings["systems"][name]
    unknown = [key for key in table if key not in _SYSTEM_KEYS]
    if unknown:
        raise InputError(f"System '{name}' has no key '{unknown[0]}'. Keys: {', '.join(_SYSTEM_KEYS)}.")
    couple = pairs if table.get("couple") == "junction" else table.get("couple")
    relation = tuple((float(k), float(c)) for k, c in couple) if couple else None
    limit = max(k for k, _ in pairs) if table.get("k_limit") == "junction" else table.get("k_limit")
    ends = None if relation is None else (min(k for k, _ in relation), max(k for k, _ in relation))
    own = int(table.get("seeds", settings["seeds"]))
    return System(
        name=name,
        label=str(table.get("label", name)),
        train=tuple(table.get("train", ())),
        k_init=table.get("k_init", 1.0 if ends is None else ["uniform", *ends]),
        c_init=table.get("c_init", 0.0 if relation is None else float(np.mean([c for _, c in relation]))),
        k_limit=None if limit is None else float(limit),
        relation=relation,
        learning_rate=float(table.get("learning_rate", settings["learning_rate"])),
        seeds=min(own, int(settings["seeds"])) if context.seeds is None else context.seeds,
    )


def _train(system: System, split: Split, settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """All seeds of one system."""

    def train_one(seed: int, key: str, report: Callable[[int, int], None]) -> xr.Dataset:
        return _train_one(system, split, settings, seed, context, key, report)

    return over_seeds(system.name, system.label, system.seeds, int(settings["iterations"]), context, train_one)


def _train_one(
    system: System,
    split: Split,
    settings: Mapping[str, Any],
    seed: int,
    context: Context,
    key: str,
    report: Callable[[int, int], None],
) -> xr.Dataset:
    from spinloom import nn

    bounds = None if system.k_limit is None else nn.Bounds(k=(-system.k_limit, system.k_limit))
    net = nn.spin_network(
        tuple(settings["sizes"]),
        train=system.train,
        k_init=system.k_init,
        c_init=system.c_init,
        generator=seed,
        bounds=bounds,
    )
    how = nn.TrainingSettings(
        optimiser=settings["optimiser"],
        learning_rate=system.learning_rate,
        iterations=int(settings["iterations"]),
        evaluate_every=int(settings["evaluate_every"]),
        checkpoint=context.checkpoint(key),
        couple=None if system.relation is None else nn.couple_linear(system.relation),
        failure="record",
    )
    history = nn.train(net, split, how, seed, progress=report)
    table = history.to_xarray()
    table.attrs = {}
    return table.assign(learned=float(history.learned), left_at=float(history.iteration))
