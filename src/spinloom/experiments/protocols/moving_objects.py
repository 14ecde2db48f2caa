"""Stochastic binary synapses learn moving objects from an event stream: recall, false alarms, spread, energy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.figure import FigureSpec, Heat, Panel, Series
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.snn import Events, Layer
    from spinloom.tasks.moving import MovingBlocks

_SLACK = 0.05
"""A neuron that fires this long after an object has left still means it [s]."""


def run(spec: Reproduction, context: Context) -> Outcome:
    """Train on one stream, judge on another; again with devices that differ, and with the energy of three regimes.

    Settings: ``device`` (a memory junction), ``passages``, ``tests``, ``lanes``, ``seeds``; ``first`` and ``second``:
    the layers (``neurons``, ``time_constant``, ``threshold`` in spikes, ``refractory``, ``inhibition``,
    ``threshold_step``, ``window``, ``up``, ``down``: chances); ``scatters``: relative spread of the critical current
    [%]; ``ratios``: I/I_c of the three write regimes.
    """
    import xarray as xr

    from spinloom.devices import device

    settings = spec.settings
    junction = device(settings["device"])
    seeds = int(settings["seeds"]) if context.seeds is None else context.seeds
    regimes = _regimes(junction, settings)
    cases = [("even", 0.0, 0.0)]
    for name, slope in zip(regimes["regime"].values, regimes["slope"].values, strict=True):
        cases += [(f"{name}", float(slope), float(scatter)) for scatter in settings["scatters"]]
    stage, found = context.stage("binary synapses watch lanes"), []
    total = len(cases) * seeds
    for index, (name, slope, scatter) in enumerate(cases):
        rows = []
        for seed in range(context.seed, context.seed + seeds):
            key = f"{name}-{scatter:g}-{seed}"
            spread = slope * scatter / 100.0
            rows.append(context.part(key, lambda s=seed, w=spread: _one(settings, s, w)))
            stage(index * seeds + len(rows), total)
        joined = xr.concat(rows, dim="seed", join="outer")
        assert isinstance(joined, xr.Dataset)  # xarray's signature also allows trees
        found.append(joined)
    data = xr.concat(found, dim="case", join="outer", combine_attrs="drop")
    assert isinstance(data, xr.Dataset)
    data = data.assign_coords(
        case=[f"{name} {scatter:g} %" for name, _, scatter in cases], seed=np.arange(context.seed, context.seed + seeds)
    )
    metrics = _metrics(data, regimes, cases)
    return Outcome(
        metrics, data.merge(regimes), _figures(data, regimes, cases, settings),
        tuple(junction.parameters.references()), assumed=junction.parameters.assumed_inputs(),
    )  # fmt: skip


def _regimes(junction: Any, settings: Mapping[str, Any]) -> xr.Dataset:
    """Width, energy and d ln P/d ln I_c of a pulse that switches with the chance ``up``, in each write regime."""
    import xarray as xr
    from scipy.special import gammaincinv

    from spinloom.devices.pulse_switching import gamma_probability, passage
    from spinloom.physics.pulse_switching import regime

    ratios = np.asarray(settings["ratios"], float)
    critical, chance = junction.critical_current(), float(settings["first"]["up"])
    mean, spread = passage(junction, ratios * critical)
    shape = (mean / spread) ** 2
    width = gammaincinv(shape, chance) * mean / shape
    shift = 0.01
    moved = [
        gamma_probability(*passage(junction, ratios * critical * (1 + side * shift)), width) for side in (-1.0, 1.0)
    ]
    energy = (ratios * critical) ** 2 * float(junction.resistance(-1.0)) * width
    return xr.Dataset(
        {
            "pulse": ("regime", width, {"units": "s"}),
            "write_energy": ("regime", energy, {"units": "J"}),
            "slope": ("regime", (moved[1] - moved[0]) / (2 * shift) / chance, {"units": "1"}),
        },
        coords={"regime": [regime(junction.thermal_stability(), float(r)) for r in ratios]},
    )


def _layers(stream: MovingBlocks, settings: Mapping[str, Any], seed: int, spread: float) -> list[Layer]:
    """Two layers of binary synapses; ``spread``: relative spread of their switching chances."""
    from spinloom.snn import Layer, LeakyNeuron, Rule

    layers, inputs = [], stream.inputs
    for place, name in enumerate(("first", "second")):
        own = settings[name]
        chance = np.random.default_rng((seed, place, 0xB15))
        size = int(own["neurons"])
        neuron = LeakyNeuron(
            time_constant=own["time_constant"], rest=0.0, reset=0.0, threshold=float(own["threshold"]) * 1e-3,
            refractory=own["refractory"], threshold_step=own["threshold_step"], threshold_decay="20 s",
            inhibition=float(own["inhibition"]),
        )  # fmt: skip
        rule = Rule("windowed", float(own["down"]), float(own["up"]), window=own["window"])
        # a lognormal factor: chances scatter by decades where a current scatters by some percent
        sigma = np.sqrt(np.log1p(spread**2))
        reacts = np.exp(sigma * chance.standard_normal((inputs, size)) - 0.5 * sigma**2)
        weights = (chance.random((inputs, size)) < 0.5).astype(float)
        layers.append(Layer(inputs, size, neuron, rule, weights=weights, mask=reacts, seed=seed + place))
        inputs = size
    return layers


def _one(settings: Mapping[str, Any], seed: int, spread: float) -> xr.Dataset:
    """One training and one judgement: recall and false alarms of both layers, writes, receptive fields."""
    import xarray as xr

    from spinloom.snn import Events
    from spinloom.tasks.moving import moving_blocks

    learn = moving_blocks(int(settings["passages"]), int(settings["lanes"]), seed=seed)
    judge = moving_blocks(int(settings["tests"]), int(settings["lanes"]), seed=seed + 10_000)
    seen, judged = (Events(s.times, s.which, s.inputs, s.duration) for s in (learn, judge))
    layers = _layers(learn, settings, seed, spread)
    recall, alarms = np.empty(2), np.empty(2)
    for place, layer in enumerate(layers):
        layer.present(seen)
        layer.rest()
        seen = layer.present(seen, learn=False)
        layer.rest()
        judged = layer.present(judged, learn=False)
        recall[place], alarms[place] = _score(judged, judge, _meaning(seen, learn, layer.size))
    size = round((learn.inputs // 2) ** 0.5)
    fields = layers[0].w[: size * size].T.reshape(-1, size, size)[:16]
    return xr.Dataset(
        {
            "recall": ("layer", 100.0 * recall, {"units": "%"}),
            "alarms": ("layer", alarms, {"units": "1", "long_name": "false alarms per passage"}),
            "writes": ((), float(sum(int(n.counts.sum()) * n.inputs for n in layers)), {"units": "1"}),
            "fields": (("neuron", "y", "x"), fields),
        },
        coords={"layer": ["first", "second"]},
    )


def _present(stream: MovingBlocks, time: float) -> np.ndarray:
    """Indices of the passages that a spike at this time may mean."""
    return np.flatnonzero((stream.start <= time) & (time <= stream.end + _SLACK))


def _meaning(spikes: Events, stream: MovingBlocks, neurons: int) -> np.ndarray:
    """The lane that each neuron stands for: most of its spikes came while something passed there; -1: none."""
    votes = np.zeros((neurons, int(stream.lane.max()) + 1))
    for time, who in zip(spikes.times, spikes.which, strict=True):
        there = _present(stream, time)
        for passage in there:
            votes[who, stream.lane[passage]] += 1.0 / there.size
    return np.where(votes.max(axis=1) > 0, votes.argmax(axis=1), -1)


def _score(spikes: Events, stream: MovingBlocks, meaning: np.ndarray) -> tuple[float, float]:
    """Share of passages on which a neuron of their lane fired, and spikes that meant nothing, per passage."""
    hit, wrong = np.zeros(stream.lane.size, bool), 0
    for time, who in zip(spikes.times, spikes.which, strict=True):
        right = [p for p in _present(stream, time) if stream.lane[p] == meaning[who]]
        hit[right] = True
        wrong += not right
    return float(hit.mean()), wrong / hit.size


def _metrics(data: xr.Dataset, regimes: xr.Dataset, cases: list[tuple[str, float, float]]) -> dict[str, Metric]:
    even = data.isel(case=0)
    metrics = {}
    for layer in ("first", "second"):
        for name, unit in (("recall", "%"), ("alarms", "")):
            metrics[f"{name}.{layer}"] = Metric.mean(even[name].sel(layer=layer).values, unit)
    metrics["writes"] = Metric(float(even["writes"].mean()))
    for index, (name, _, scatter) in enumerate(cases[1:], start=1):
        values = data["recall"].isel(case=index).sel(layer="first").values
        metrics[f"recall.{name}.{scatter:g}"] = Metric.mean(values, "%")
    for name in regimes["regime"].values:
        own = regimes.sel(regime=name)
        metrics[f"energy.{name}"] = Metric(1e12 * float(own["write_energy"]), "pJ")
        metrics[f"pulse.{name}"] = Metric(1e9 * float(own["pulse"]), "ns")
        metrics[f"slope.{name}"] = Metric(abs(float(own["slope"])))
        metrics[f"learning.{name}"] = Metric(1e6 * float(own["write_energy"]) * metrics["writes"].number, "uJ")
    energies = regimes["write_energy"].values
    metrics["energy.least"] = Metric(float(min(energies[0], energies[2]) / energies[1]))
    slopes = np.abs(regimes["slope"].values)
    metrics["slope.ratio"] = Metric(float(slopes[0] / slopes[1]))
    return metrics


def _figures(
    data: xr.Dataset, regimes: xr.Dataset, cases: list[tuple[str, float, float]], settings: Mapping[str, Any]
) -> tuple[FigureSpec, ...]:
    series = []
    for name in regimes["regime"].values:
        places = [k for k, (case, _, _) in enumerate(cases) if case == name]
        x = np.array([0.0, *(cases[k][2] for k in places)])
        rows = data["recall"].isel(case=[0, *places]).sel(layer="first").transpose("case", "seed").values
        series.append(Series(str(name), x, rows.mean(axis=1), style="both"))
    scatter = Panel("spread of the critical current (%)", "recall, first layer (%)", tuple(series))
    fields = data["fields"].isel(case=0, seed=0).values
    side = int(np.sqrt(len(fields)))
    tiles = fields[: side * side].reshape(side, side, *fields.shape[1:]).transpose(0, 2, 1, 3)
    picture = tiles.reshape(side * fields.shape[1], -1)
    axis = np.arange(picture.shape[0], dtype=float)
    heat = Heat(axis, axis, picture, "state of the synapse", contours=False)
    learnt = Panel("column", "row", heat=heat, title=f"{side * side} neurons, pixels that grow brighter")
    caption = (
        "Left: passages recognised by the first layer, for write pulses in three regimes, against the spread of the "
        "junctions' critical currents. Right: what neurons of the first layer have learnt; each square is a retina."
    )
    return (FigureSpec("lanes", "Stochastic binary synapses on moving objects", (scatter, learnt), caption),)
