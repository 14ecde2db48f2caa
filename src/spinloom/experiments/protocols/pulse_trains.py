"""Short-term memory in a junction's dynamics: trains of pulses that it forgets if they are slow and keeps if fast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric
from spinloom.units import si, si_array

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.devices.magnetic_tunnel_junction import MagneticTunnelJunction


def run(spec: Reproduction, context: Context) -> Outcome:
    """Switching probability by LLGS after a train, against gap, height, width and number of its pulses.

    Settings: ``device``, ``height`` and ``heights`` (in critical currents), ``width``, ``widths``, ``gap``, ``gaps``,
    ``pulses``, ``numbers``, ``relaxation`` (time at rest before the state is read), ``trials``.
    """
    import xarray as xr

    from spinloom.devices import device

    settings = spec.settings
    junction = device(settings["device"])
    usual = {
        "height": float(settings["height"]),
        "width": si(settings["width"], "time", "width"),
        "gap": si(settings["gap"], "time", "gap"),
        "pulses": int(settings["pulses"]),
    }
    sweeps = {
        "gap": si_array(settings["gaps"], "time", "gaps"),
        "height": np.array(settings["heights"], float),
        "width": si_array(settings["widths"], "time", "widths"),
        "pulses": np.array(settings["numbers"]),
    }
    parts = []
    for name, values in sweeps.items():

        def compute(name: str = name, values: np.ndarray = values) -> xr.Dataset:
            return _sweep(junction, name, values, usual, settings, context)

        parts.append(context.part(f"by-{name}", compute))
    memory = context.part("memory", lambda: _memory(junction, usual, settings, context.seed))
    data = xr.merge([*parts, memory], combine_attrs="drop")
    metrics = _metrics(data, junction)
    references = tuple(junction.parameters.references())
    return Outcome(metrics, data, _figures(data), references, assumed=junction.parameters.assumed_inputs())


def _probability(
    junction: MagneticTunnelJunction, train: Mapping[str, Any], settings: Mapping[str, Any], seed: int
) -> float:
    """Share of trajectories in the other state after the train and the relaxation."""
    from spinloom.devices import Drive, Pulse, Train

    period = train["width"] + train["gap"]
    drive = Drive(
        current=train["height"] * junction.critical_current(),
        waveform=Train(Pulse(train["width"]), period, int(train["pulses"])),
    )
    duration = int(train["pulses"]) * period + si(settings["relaxation"], "time", "relaxation")
    runs = junction.trajectories(drive, duration, int(settings["trials"]), seed, record_every=duration)
    return float((runs["m"].values[-1, :, 2] > 0).mean())


def _sweep(
    junction: MagneticTunnelJunction,
    name: str,
    values: np.ndarray,
    usual: Mapping[str, Any],
    settings: Mapping[str, Any],
    context: Context,
) -> xr.Dataset:
    import xarray as xr

    stage = context.stage(f"trains against their {name}")
    found = []
    for index, value in enumerate(values):
        found.append(_probability(junction, {**usual, name: value}, settings, context.seed))
        stage(index + 1, len(values))
    attrs = {"units": "1", "long_name": "switching probability"}
    return xr.Dataset({f"by_{name}": (name, found, attrs)}, coords={name: values})


def _memory(
    junction: MagneticTunnelJunction, usual: Mapping[str, Any], settings: Mapping[str, Any], seed: int
) -> xr.Dataset:
    """Mean 1 - |m_z| over one pulse and after it, of the trajectories that do not switch.

    "small": a pulse at the critical current, whose tilt stays in the range of the linear law.
    """
    import xarray as xr

    from spinloom.devices import Drive, Pulse

    width = usual["width"]
    tilts, time = {}, np.empty(0)
    for name, height in (("tilt", usual["height"]), ("small", 1.0)):
        drive = Drive(current=height * junction.critical_current(), waveform=Pulse(width))
        runs = junction.trajectories(drive, 12.0 * width, int(settings["trials"]), seed, record_every=width / 10)
        m, time = runs["m"].values[:, :, 2], runs["time"].values
        tilts[name] = ("time", 1.0 - np.abs(m[:, m[-1] < 0]).mean(axis=1), {"units": "1"})
    return xr.Dataset(tilts, coords={"time": time})


def _metrics(data: xr.Dataset, junction: MagneticTunnelJunction) -> dict[str, Metric]:
    metrics = {
        f"by.{name}": Metric([100.0 * float(v) for v in data[f"by_{name}"].values], "%")
        for name in ("gap", "height", "width", "pulses")
    }
    metrics["fast"], metrics["slow"] = (Metric(metrics["by.gap"].value[i], "%") for i in (0, -1))  # pyright: ignore[reportIndexIssue]
    time, tilt = data["time"].values, data["small"].values
    rest = tilt[-20:].mean()
    peak = int(np.argmax(tilt))
    later = slice(peak, peak + 16)
    slope = np.polyfit(time[later], np.log(np.maximum(tilt[later] - rest, 1e-6)), 1)[0]
    relaxation = 2.0 * junction.model.damping * junction.model.gyromagnetic_ratio * junction.anisotropy_field()
    metrics["memory"] = Metric(-1e9 / slope, "ns")
    metrics["memory.ratio"] = Metric(-relaxation / slope)
    return metrics


def _figures(data: xr.Dataset) -> tuple[FigureSpec, ...]:
    panels = []
    labels = {
        "gap": ("gap between pulses (ns)", 1e9),
        "height": ("height (critical currents)", 1.0),
        "width": ("width of a pulse (ns)", 1e9),
        "pulses": ("number of pulses", 1.0),
    }
    for name, (label, scale) in labels.items():
        x = data[name].values.astype(float) * scale
        series = Series("LLGS", x, 100.0 * data[f"by_{name}"].values, style="both")
        panels.append(Panel(label, "switching probability (%)", (series,)))
    time = Series("mean", 1e9 * data["time"].values, data["tilt"].values)
    panels.append(Panel("time from the start of a pulse (ns)", "mean 1 - |m_z|", (time,)))
    caption = (
        "Long-term switching by a train of pulses, and the short-term tilt that one pulse leaves: a next pulse that "
        "finds it switches more often."
    )
    return (FigureSpec("trains", "Fast pulses are kept, slow ones forgotten", tuple(panels), caption),)
