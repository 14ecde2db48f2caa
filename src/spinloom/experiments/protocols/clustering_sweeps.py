"""What clustering with junctions needs: their number, outputs, weight bits, uniformity, observation time and energy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.experiments.protocols import clustering
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric
from spinloom.units import si

if TYPE_CHECKING:
    import xarray as xr

SWEEPS = {
    "junctions": "junctions per attribute",
    "outputs": "output neurons",
    "bits": "bits of a weight",
    "barrier_spread": "spread of the energy barrier (%)",
    "critical_spread": "spread of the critical current (%)",
    "observation": "observation time (samples)",
}
_OF = {"barrier_spread": "uneven", "critical_spread": "uneven", "observation": "observed"}
"""Panels that the paper made with other sizes: the settings that say which."""


def run(spec: Reproduction, context: Context) -> Outcome:
    """Accuracy after the last round against one quantity at a time, with simulated junctions.

    Settings: those of ``clustering``, and for each of the names in ``SWEEPS`` a list ``<name>_sweep`` (spreads in %);
    ``uneven`` and ``observed``: settings of the panels that the paper made with other sizes.
    """
    from spinloom.devices import device

    settings = spec.settings
    x, y = clustering.flowers()
    seeds = int(settings["seeds"]) if context.seeds is None else context.seeds
    data: dict[str, xr.DataArray] = {}
    for name in SWEEPS:
        data[name] = _sweep(name, x, y, settings, seeds, context)
    import xarray as xr

    junction = device(settings["device"])
    table = xr.Dataset({f"by_{name}": values for name, values in data.items()})
    metrics = _metrics(data, settings, junction)
    return Outcome(
        metrics, table, _figures(data, metrics), tuple(junction.parameters.references()),
        assumed=junction.parameters.assumed_inputs(),
    )  # fmt: skip


def _sweep(
    name: str, x: np.ndarray, y: np.ndarray, settings: Mapping[str, Any], seeds: int, context: Context
) -> xr.DataArray:
    """Accuracy [%] over (value, seed); each value is kept when it is finished."""
    import xarray as xr

    values = settings[f"{name}_sweep"]
    stage = context.stage(f"clustering against {SWEEPS[name]}")
    rows = []
    for place, value in enumerate(values):
        own = {**settings, **settings.get(_OF.get(name, ""), {}), "ideal": False}
        own[name] = value / 100.0 if name.endswith("spread") else value
        if name == "observation":  # the drive per spike falls as spikes become more frequent, as in the main run
            own["lift"] = si(settings["lift"], "voltage", "lift") * settings["observation"] / value

        def compute(own: Mapping[str, Any] = own, before: int = place * seeds) -> xr.Dataset:
            found = []
            for index in range(seeds):
                found.append(clustering.cluster(x, y, own, context.seed + index, lambda _done, _total: None))
                stage(before + index + 1, len(values) * seeds)
            last = [float(item["accuracy"].values[-1]) for item in found]
            return xr.Dataset({"accuracy": ("seed", last)})

        rows.append(context.part(f"{name}-{value}", compute)["accuracy"].values)
    attrs = {"units": "%", "long_name": "clustering accuracy"}
    return xr.DataArray(np.array(rows), {name: list(values)}, (name, "seed"), attrs=attrs)


def _metrics(data: Mapping[str, xr.DataArray], settings: Mapping[str, Any], junction: Any) -> dict[str, Metric]:
    metrics = {}
    for name, table in data.items():
        for value, row in zip(table[name].values, table.values, strict=True):
            metrics[f"{name}.{value:g}"] = Metric.mean(row, "%")
    middle = data["observation"].mean("seed").values
    reached = np.argmax(middle > middle.max() - 2.0)
    metrics["observation.saturated"] = Metric(float(data["observation"]["observation"].values[reached]))
    largest = si(settings["current"], "current", "current")
    ohms, interval = float(junction.resistance(1)), junction.parameters.value("sampling_time")
    sample = largest**2 * ohms * interval
    metrics["energy.sample"] = Metric(1e9 * sample, "nJ")
    metrics["energy.ten"] = Metric(1e9 * sample * 10, "nJ")
    metrics["energy.fast"] = Metric(1e12 * largest**2 * ohms * 8e-9 * 10, "pJ")
    for name in ("junctions", "outputs"):
        table = data[name].mean("seed").values
        metrics[f"{name}.gain"] = Metric(float(table[-1] - table[0]), "%")
    even = data["barrier_spread"].mean("seed").values
    wide = data["critical_spread"].mean("seed").values
    metrics["barrier_spread.loss"] = Metric(float(even[0] - even[-1]), "%")
    metrics["critical_spread.loss"] = Metric(float(wide[0] - wide[-1]), "%")
    metrics["spread.order"] = Metric(float((even[0] - even[-1]) - (wide[0] - wide[-1])), "%")
    return metrics


_POINTS = {
    "junctions": ([12.0], [92.6]),
    "outputs": ([20.0, 30.0], [90.0, 92.6]),
    "bits": ([3.0], [90.0]),
    "barrier_spread": ([6.0], [80.0]),
    "critical_spread": ([80.0], [90.0]),
}
"""Published points (x, accuracy) of sections 3.2 and 4."""


def _figures(data: Mapping[str, xr.DataArray], metrics: Mapping[str, Metric]) -> tuple[FigureSpec, ...]:
    figures = []
    for pair in (("junctions", "outputs", "bits"), ("barrier_spread", "critical_spread", "observation")):
        panels = []
        for name in pair:
            x = data[name][name].values.astype(float)
            table = data[name].values
            error = table.std(axis=1, ddof=1) if table.shape[1] > 1 else None
            series = [Series("simulated junctions", x, table.mean(axis=1), error=error, style="both")]
            if name in _POINTS:
                px, py = map(np.array, _POINTS[name])
                series.append(Series("published", px, py, style="points", group="published"))
            label = SWEEPS[name]
            if name == "observation":
                label += f"; energy {metrics['energy.sample'].number:.3g} nJ times this"
            panels.append(Panel(label, "clustering accuracy (%)", tuple(series)))
        figures.append(
            FigureSpec(
                "sizes" if pair[0] == "junctions" else "uniformity",
                "What clustering with junctions needs",
                tuple(panels),
                "Accuracy after the last round, mean and standard deviation over seeds.",
            )
        )
    return tuple(figures)
