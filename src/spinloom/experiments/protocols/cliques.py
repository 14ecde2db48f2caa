"""A clustered associative memory against its closed forms, and what its storage saves or costs."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.crossbar import cliques
from spinloom.errors import InputError
from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Memory:
    """c clusters of l units, of which c_e are unknown in a query; ``networks`` of them, ``queries`` each."""

    clusters: int
    units: int
    erased: int
    networks: int
    queries: int

    def __post_init__(self) -> None:
        """Refuse a query that knows everything or nothing."""
        if not 0 < self.erased < self.clusters:
            raise InputError(f"erased = {self.erased}: of {self.clusters} clusters, erase at least one and not all.")

    @property
    def known(self) -> int:
        """Clusters that a query knows."""
        return self.clusters - self.erased

    def messages(self, density: float) -> int:
        """Messages that fill the links to a density."""
        return max(1, round(np.log1p(-density) / np.log1p(-1.0 / self.units**2)))


def run(spec: Reproduction, context: Context) -> Outcome:
    """Error rate against load by simulation and by closed form; storage and search counted in bits.

    Settings: ``clusters``, ``units`` (list), ``networks`` (list, one for each of ``units``), ``queries``, ``erased``,
    ``densities``, ``steps`` (of iterated recall), ``rate`` (error rate at which a memory counts as full),
    ``flips`` (probabilities that a stored link is read wrongly), ``flip_units``.
    """
    settings = spec.settings
    memories = [
        Memory(int(settings["clusters"]), int(units), int(settings["erased"]), int(count), int(settings["queries"]))
        for units, count in zip(settings["units"], settings["networks"], strict=True)
    ]
    stage = context.stage("memories")
    found: dict[int, xr.Dataset] = {}
    for index, memory in enumerate(memories):
        load = functools.partial(_load, memory, settings, context.seed)
        found[memory.units] = context.part(f"units-{memory.units}", load)
        stage(index + 1, len(memories) + 1)
    chosen = next(memory for memory in memories if memory.units == int(settings["flip_units"]))
    flips = context.part("flips", functools.partial(_flips, chosen, settings, context.seed))
    stage(len(memories) + 1, len(memories) + 1)
    metrics = _metrics(memories, found, flips, settings)
    figures = (_error_figure(memories, found), _storage_figure(memories, flips, settings))
    return Outcome(metrics, _dataset(found, flips), figures, ("Gripon2011",))


def _query(memory: Memory, messages: np.ndarray, chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Stored messages drawn at random, and the same with ``erased`` random symbols unknown."""
    asked = messages[chance.integers(0, len(messages), memory.queries)]
    partial = asked.copy()
    order = np.argsort(chance.random(partial.shape), axis=1)
    np.put_along_axis(partial, order[:, : memory.erased], cliques.ERASED, axis=1)
    return asked, partial


def _load(memory: Memory, settings: Mapping[str, Any], seed: int) -> xr.Dataset:
    """Error rate of one step and of several, and wrong units after one step, for every network and density."""
    import xarray as xr

    shape = (len(settings["densities"]), memory.networks)
    once, often, wrong, used = (np.zeros(shape) for _ in range(4))
    for row, density in enumerate(settings["densities"]):
        for network in range(memory.networks):
            chance = np.random.default_rng([seed, memory.units, row, network])
            stored = chance.integers(0, memory.units, (memory.messages(density), memory.clusters))
            links = cliques.learn(stored, memory.units)
            asked, partial = _query(memory, stored, chance)
            lit = cliques.complete(links, partial)
            once[row, network] = 1.0 - cliques.is_recalled(lit, asked).mean()
            wrong[row, network] = (lit.sum(axis=(1, 2)) - memory.clusters).mean()
            again = cliques.complete(links, partial, int(settings["steps"]))
            often[row, network] = 1.0 - cliques.is_recalled(again, asked).mean()
            used[row, network] = links.sum() / 2.0 / cliques.link_bits(memory.units, memory.clusters)
    over = ("density", "network")
    return xr.Dataset(
        {"once": (over, once), "often": (over, often), "wrong": (over, wrong), "used": (over, used)},
        coords={"density": np.asarray(settings["densities"], float)},
    )


def _flips(memory: Memory, settings: Mapping[str, Any], seed: int) -> xr.Dataset:
    """Error rate of one step with links that are read wrongly, at the load that just meets ``rate`` without."""
    import xarray as xr

    errors = np.asarray(settings["flips"], float)
    count = cliques.messages_at(float(settings["rate"]), memory.units, memory.clusters, memory.erased)
    rate = np.zeros((errors.size, memory.networks))
    for row, error in enumerate(errors):
        for network in range(memory.networks):
            chance = np.random.default_rng([seed, memory.units, 1000 + row, network])
            stored = chance.integers(0, memory.units, (count, memory.clusters))
            links = cliques.flip_links(cliques.learn(stored, memory.units), float(error), chance)
            asked, partial = _query(memory, stored, chance)
            rate[row, network] = 1.0 - cliques.is_recalled(cliques.complete(links, partial), asked).mean()
    density = float(cliques.density(count, memory.units))
    closed = [
        cliques.flipped_error_rate(density, float(e), memory.units, memory.clusters, memory.erased) for e in errors
    ]
    return xr.Dataset({"rate": (("error", "network"), rate), "closed": ("error", closed)}, coords={"error": errors})


def _exact(memory: Memory, densities: np.ndarray) -> np.ndarray:
    """Mean wrong units of one step, exact, at each density."""
    chances = [cliques.wrong_unit(memory.messages(d), memory.units, memory.known) for d in densities]
    return (memory.units - 1) * memory.erased * np.array(chances)


def _formula(memory: Memory, densities: np.ndarray) -> np.ndarray:
    """Gripon and Berrou's error rate at the density that the whole number of messages really gives."""
    real = cliques.density(np.array([memory.messages(d) for d in densities]), memory.units)
    return cliques.error_rate(real, memory.units, memory.clusters, memory.erased)


def _metrics(
    memories: list[Memory], found: Mapping[int, xr.Dataset], flips: xr.Dataset, settings: Mapping[str, Any]
) -> dict[str, Metric]:
    metrics: dict[str, Metric] = {}
    for memory in memories:
        data, units = found[memory.units], memory.units
        densities = data["density"].to_numpy()
        exact = _exact(memory, densities)
        # one ratio a network over all its loads: networks are independent, so their spread gives the error
        ratios = data["wrong"].to_numpy().sum(axis=0) / exact.sum()
        metrics[f"exact.{units}"] = Metric(float(ratios.mean()), "", _standard_error(ratios))
        filled = cliques.density(np.array([memory.messages(d) for d in densities]), units)
        use = (data["used"].to_numpy() / filled[:, None]).mean(axis=0)
        metrics[f"density.{units}"] = Metric(float(use.mean()), "", _standard_error(use))
        gap = data["once"].mean("network").to_numpy() - _formula(memory, densities)
        metrics[f"formula.{units}"] = Metric(float(np.abs(gap).max()))
        better = (data["once"].mean("network") >= data["often"].mean("network")).all()
        metrics[f"iterated.{units}"] = Metric(float(better))
    gap = np.abs(flips["rate"].mean("network") - flips["closed"])
    metrics["flips"] = Metric([float(value) for value in flips["error"]])
    metrics["flips.rate"] = Metric([float(value) for value in flips["rate"].mean("network")])
    metrics["flips.gap"] = Metric(float(gap.max()))
    return metrics | _storage(memories[-1], settings)


def _standard_error(values: np.ndarray) -> float:
    return float(values.std(ddof=1) / np.sqrt(values.size)) if values.size > 1 else float("inf")


def _storage(memory: Memory, settings: Mapping[str, Any]) -> dict[str, Metric]:
    """Bits and cycles of the largest memory at its full load, against a content-addressable memory of the messages."""
    units, clusters, rate = memory.units, memory.clusters, float(settings["rate"])
    count = cliques.messages_at(rate, units, clusters, memory.erased)
    symbols = cliques.message_bits(units, clusters)
    looked_at = memory.erased * memory.known * units  # the links of the known units into the unknown clusters
    compared = count * symbols * memory.known / clusters
    return {
        "full.messages": Metric(float(count)),
        "full.link_bits": Metric(float(cliques.link_bits(units, clusters))),
        "memory": Metric(count * symbols / cliques.link_bits(units, clusters)),
        "energy": Metric(100.0 * (1.0 - looked_at / compared), "%"),
        "cycles.cam": Metric(1.0),
        "cycles.processor": Metric(float(count * memory.known)),
    }


def _dataset(found: Mapping[int, xr.Dataset], flips: xr.Dataset) -> xr.Dataset:
    import xarray as xr

    long_names = {
        "once": "error rate of one step",
        "often": "error rate of several steps",
        "wrong": "mean wrong units after one step",
        "used": "share of links in use",
    }
    tables = {}
    for units, data in found.items():
        for name, long_name in long_names.items():
            renamed = data[name].rename({"network": f"network_{units}"})
            tables[f"{name}_{units}"] = renamed.assign_attrs(units="1", long_name=f"{long_name}, {units} units")
    tables["flip_rate"] = flips["rate"].assign_attrs(units="1", long_name="error rate with links read wrongly")
    return xr.Dataset(tables)


def _error_figure(memories: list[Memory], found: Mapping[int, xr.Dataset]) -> FigureSpec:
    rates, counts = [], []
    for index, memory in enumerate(memories):
        data = found[memory.units]
        densities = data["density"].to_numpy()
        fine = np.linspace(densities.min(), densities.max(), 60)
        once = data["once"].to_numpy()
        error = once.std(axis=1, ddof=1) / np.sqrt(memory.networks) if memory.networks > 1 else None
        closed = cliques.error_rate(fine, memory.units, memory.clusters, memory.erased)
        rates += [
            Series(f"simulated, $l$ = {memory.units}", densities, once.mean(axis=1), error, style="points", tone=index),
            Series("", fine, closed, group="guide"),
        ]
        counts += [
            Series(
                f"simulated, $l$ = {memory.units}",
                densities,
                data["wrong"].to_numpy().mean(axis=1),
                style="points",
                tone=index,
            ),
            Series("", densities, _exact(memory, densities), group="guide"),
        ]
    label = "density of links $d$"
    return FigureSpec(
        "error",
        "Recall of messages with erased symbols",
        (
            Panel(label, "error rate $P_e$", tuple(rates), y_limits=(-0.03, 1.03)),
            Panel(label, "mean wrong units after one step", tuple(counts), y_scale="log"),
        ),
        f"c = {memories[0].clusters} clusters of l units, {memories[0].erased} symbols erased. Left: error rate of one "
        "step, with the closed form of Gripon and Berrou as lines; it takes links as independent, which holds for "
        "large l. Right: wrong units, with the exact mean as lines.",
    )


def _storage_figure(memories: list[Memory], flips: xr.Dataset, settings: Mapping[str, Any]) -> FigureSpec:
    rates = np.geomspace(1e-4, 0.5, 40)
    curves = []
    for memory in memories:
        shape = (memory.units, memory.clusters)
        full = [cliques.messages_at(float(rate), *shape, memory.erased) for rate in rates]
        share = np.array(full) * cliques.message_bits(*shape) / cliques.link_bits(*shape)
        curves.append(Series(f"$l$ = {memory.units}", rates, share))
    error = flips["error"].to_numpy()
    shown = error > 0
    simulated = flips["rate"].mean("network").to_numpy()
    return FigureSpec(
        "storage",
        "What is stored, and how well it must be",
        (
            Panel(
                "error rate allowed",
                "bits of messages / bits of links",
                (*curves, Series("equal", rates[[0, -1]], np.ones(2), group="guide")),
                x_scale="log",
                y_scale="log",
            ),
            Panel(
                "probability that a link is read wrongly",
                "error rate $P_e$",
                (
                    Series("simulated", error[shown], simulated[shown], style="points"),
                    Series("closed form", error[shown], flips["closed"].to_numpy()[shown], group="guide"),
                ),
                x_scale="log",
            ),
        ),
        "Left: a content-addressable memory of the same messages would need the bits of the messages, once. Right: "
        f"links in junctions that are wrong now and then, at the load of {float(settings['rate']):.0%} errors.",
    )
