"""The G-set against the clock: cuts of all graphs at hand after some seconds on one core, ours beside others."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.errors import DataError, InputError
from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.protocols import max_cut_figures
from spinloom.experiments.protocols.max_cut_samplers import PEERS, Sampler, peer_of, samplers
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.ising.encodings.max_cut import MaxCut


@dataclass(frozen=True)
class Graph:
    """A graph and the best cut that is known of it."""

    name: str
    cut: MaxCut
    best: float


def run(spec: Reproduction, context: Context) -> Outcome:
    """Cuts of every graph by every sampler within every time.

    Settings: ``graphs`` (names), ``data`` ("gset", or "made": small graphs cut by enumeration), ``limits`` (name ->
    seconds), ``repeats`` (name -> runs; their median counts), ``methods`` (of ours; the first is the one that rows
    judge), ``peers`` (whether others are run), ``peer_reads`` (numbers of reads, of schedules that fill the time,
    besides their default), ``traced`` (graphs whose course is drawn).
    """
    settings = spec.settings
    graphs = _graphs(settings)
    runners = samplers(tuple(settings["methods"]), tuple(settings["peer_reads"]), bool(settings["peers"]))
    limits = {str(name): float(seconds) for name, seconds in settings["limits"].items()}
    repeats = {name: int(settings["repeats"][name]) for name in limits}
    _warm(runners, graphs, min([0.05, *limits.values()]))
    tables = []
    for graph in graphs:
        stage = context.stage(f"{graph.name}: {graph.cut.nodes} nodes, {graph.cut.first.size} edges")

        def compute(graph: Graph = graph, stage: Any = stage) -> xr.Dataset:
            return _table(graph, runners, limits, repeats, context.seed, stage)

        tables.append(context.part(graph.name, compute))
    data = joined(tables)
    metrics = _metrics(data, str(settings["methods"][0]))
    drawn = max_cut_figures.of(data, tuple(settings["methods"]), tuple(settings["traced"]))
    return Outcome(metrics, data, drawn)


def joined(tables: list[xr.Dataset]) -> xr.Dataset:
    """The graphs' tables as one; courses are as long as the longest."""
    import xarray as xr

    data = xr.concat(tables, dim="graph", join="outer", combine_attrs="drop")
    assert isinstance(data, xr.Dataset)  # xarray's signature also allows trees
    return data


def _graphs(settings: Mapping[str, Any]) -> list[Graph]:
    if settings["data"] == "made":
        return [_made(name, seed) for seed, name in enumerate(settings["graphs"])]
    if settings["data"] != "gset":
        raise InputError(f"data = '{settings['data']}': 'gset' and 'made' are known.")
    from spinloom.ising.encodings.max_cut import MaxCut
    from spinloom.ising.files import find, read

    found = []
    for name in settings["graphs"]:
        path = find(str(name))
        table = path.parent / "best_known.csv"
        if not table.is_file():
            raise DataError(f"The best known cuts are to be in '{table}', with columns instance and best_known_cut.")
        with table.open(encoding="utf-8", newline="") as file:
            known = {row["instance"]: float(row["best_known_cut"]) for row in csv.DictReader(file)}
        if name not in known:
            raise DataError(f"'{table}' has no best known cut of {name}.")
        cut = read(path).source
        if not isinstance(cut, MaxCut):
            raise DataError(f"'{path}' is no graph.")
        found.append(Graph(str(name), cut, known[name]))
    return found


def _made(name: str, seed: int, nodes: int = 12) -> Graph:
    """A random graph with its largest cut by enumeration."""
    from spinloom.ising.encodings.max_cut import MaxCut

    first, second = np.triu_indices(nodes, 1)
    here = np.random.default_rng(seed).random(first.size) < 0.5
    cut = MaxCut(nodes, first[here], second[here], np.ones(int(here.sum())))
    parts = (np.arange(2 ** (nodes - 1))[:, None] >> np.arange(nodes)) & 1
    return Graph(name, cut, float(cut.cut_of(parts).max()))


def _warm(runners: Mapping[str, Sampler], graphs: list[Graph], seconds: float) -> None:
    """Compile for both number types, so that no clock counts it."""
    from spinloom.ising.annealing import integer_couplings

    kinds = {integer_couplings(graph.cut.problem()): graph for graph in graphs}
    for name, runner in runners.items():
        if peer_of(name) is None:
            for graph in kinds.values():
                runner(graph.cut.bqm(), seconds, 0)


def _table(
    graph: Graph, runners: Mapping[str, Sampler], limits: Mapping[str, float], repeats: Mapping[str, int], seed: int,
    stage: Any,
) -> xr.Dataset:  # fmt: skip
    """All samplers on one graph: cuts (sampler, limit, run), wall times, and courses of ours."""
    import xarray as xr

    bqm, most = graph.cut.bqm(), max(repeats.values())
    shape = (len(runners), len(limits), most)
    cuts, spent = np.full(shape, np.nan), np.full(shape, np.nan)
    course: dict[tuple[int, int], np.ndarray] = {}
    done, total = 0, len(runners) * sum(repeats.values())
    for column, (limit, seconds) in enumerate(limits.items()):
        for again in range(repeats[limit]):
            for row, runner in enumerate(runners.values()):
                stage(done, total)
                found = runner(bqm, seconds, seed + again)
                cuts[row, column, again] = graph.cut.cut(found.energy)
                spent[row, column, again] = found.seconds
                if again == 0:
                    course[row, column] = found.trace
                done += 1
    stage(total, total)
    points = max(trace.shape[1] for trace in course.values())
    traces = np.full((2, *shape[:2], points), np.nan)
    for (row, column), trace in course.items():
        traces[0, row, column, : trace.shape[1]] = trace[0]
        traces[1, row, column, : trace.shape[1]] = graph.cut.cut(trace[1])
    return xr.Dataset(
        {
            "cut": (("graph", "sampler", "limit", "run"), cuts[None]),
            "seconds": (("graph", "sampler", "limit", "run"), spent[None]),
            "trace_seconds": (("graph", "sampler", "limit", "point"), traces[:1]),
            "trace_cut": (("graph", "sampler", "limit", "point"), traces[1:]),
            "best_known": ("graph", [graph.best]),
            "nodes": ("graph", [graph.cut.nodes]),
            "edges": ("graph", [graph.cut.first.size]),
        },
        {
            "graph": [graph.name],
            "sampler": list(runners),
            "limit": list(limits),
            "point": np.arange(points),  # an index: courses of different length join
            "allowed": ("limit", list(limits.values())),
        },
    )


def _metrics(data: xr.Dataset, judged: str) -> dict[str, Metric]:
    """Cuts of ours by graph and time, mean gaps of all samplers, and who is ahead at equal time."""
    middle = data["cut"].median("run")
    gap = 100.0 * (1.0 - middle / data["best_known"])
    metrics: dict[str, Metric] = {}
    for limit in data["limit"].to_numpy():
        for graph in data["graph"].to_numpy():
            here = {"graph": graph, "limit": limit}
            metrics[f"{graph}.{limit}"] = Metric(float(middle.sel(**here, sampler=judged)))
            for name in data["sampler"].to_numpy():
                if peer_of(name) is None and name != judged:
                    metrics[f"{graph}.{limit}.{name}"] = Metric(float(middle.sel(**here, sampler=name)))
        for name in data["sampler"].to_numpy():
            if peer_of(name) is None:
                metrics[f"gap.{limit}.{name}"] = Metric(float(gap.sel(limit=limit, sampler=name).mean()), "%")
        ours = middle.sel(limit=limit, sampler=judged)
        for peer in PEERS:
            metrics |= _compared(peer, str(limit), ours, middle.sel(limit=limit), gap.sel(limit=limit))
        used = data["seconds"].sel(limit=limit, sampler=judged) / data["allowed"].sel(limit=limit)
        metrics[f"used.{limit}"] = Metric(100.0 * float(used.max()), "%")
    metrics["peers"] = Metric(float(len({peer_of(name) for name in data["sampler"].to_numpy()} - {None})))
    return metrics


def _compared(peer: str, limit: str, ours: xr.DataArray, middle: xr.DataArray, gap: xr.DataArray) -> dict[str, Metric]:
    """Graphs on which ours is ahead of a peer and behind it: at its default, and at its best number of sweeps a graph.

    Zeros where the peer is not installed.
    """
    labels = [name for name in middle["sampler"].to_numpy() if peer_of(name) == peer]
    metrics = {}
    for how, names in (("default", [name for name in labels if name == peer]), ("tuned", labels)):
        key = f"{how}.{peer.partition('-')[0]}.{limit}"
        if not names:
            metrics |= {f"{key}.{what}": Metric(0.0) for what in ("ahead", "behind")}
            continue
        theirs = middle.sel(sampler=names).max("sampler")
        metrics[f"{key}.ahead"] = Metric(float((ours > theirs).sum()))
        metrics[f"{key}.behind"] = Metric(float((ours < theirs).sum()))
        metrics[f"{key}.gap"] = Metric(float(gap.sel(sampler=names).min("sampler").mean()), "%")
    return metrics
