"""What is measured of stochastic neurons, and how it is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.experiments.protocols.stochastic_networks import System
from spinloom.experiments.protocols.xnor_network import crossing
from spinloom.experiments.verdict import Metric
from spinloom.units import si

if TYPE_CHECKING:
    import xarray as xr

MICRO, MILLI, FEMTO, NANO = 1e-6, 1e-3, 1e-15, 1e-9


def measure(
    settings: Mapping[str, Any],
    systems: Sequence[System],
    found: Mapping[str, xr.Dataset],
    spread: xr.Dataset,
    curves: xr.Dataset,
    neurons: Sequence[int],
) -> tuple[dict[str, Metric], xr.Dataset]:
    """All metrics, and the energies as a dataset.

    A system's: ``<name>.float`` and, in each mode, the accuracy with the first, the middle and the last number of
    samples tried (``.least``, ``.middle``, ``.most``), with all of them (``.curve``), ``.gap`` (float minus the most
    samples, points), ``.loss`` (the same against the first system's float), ``.needed`` (the least of those tried
    that comes within ``gap`` points; nan: none). ``spread.centre`` [widths] and ``spread.width``: where the accuracy
    has fallen by one point; ``spread.barrier``: the spread of barriers [%] that spreads the centres so far.
    """
    metrics: dict[str, Metric] = {}
    reference = found[settings["first"]]["mean"].values
    for system in systems:
        data = found[system.name]
        mean = data["mean"].values
        metrics[f"{system.name}.float"] = _metric(mean)
        for mode in system.modes:
            table = data[mode].transpose("seed", "samples").values
            at = [int(n) for n in data["samples"].values]
            order = np.argsort(at)
            for what, column in (("least", order[0]), ("middle", order[len(at) // 2]), ("most", order[-1])):
                metrics[f"{system.name}.{mode}.{what}"] = _metric(table[:, column])
            metrics[f"{system.name}.{mode}.curve"] = Metric([float(v) for v in table.mean(axis=0)], "%")
            gaps = (mean[:, None] - table).mean(axis=0)
            metrics[f"{system.name}.{mode}.gap"] = _metric(mean - table[:, order[-1]], "points")
            metrics[f"{system.name}.{mode}.loss"] = _metric(reference - table[:, order[-1]], "points")
            near = [number for number, gap in zip(at, gaps, strict=True) if gap <= float(settings["gap"])]
            metrics[f"{system.name}.{mode}.needed"] = Metric(float(min(near)) if near else float("nan"))
    for name in ("centre", "width"):
        places = spread[f"{name}_spread"].values.astype(float)
        fallen = spread[f"by_{name}"].mean(("seed", "chip")).values
        metrics[f"spread.{name}"] = Metric(crossing(places, fallen[0] - fallen, 1.0))
        metrics[f"spread.{name}_curve"] = Metric([float(v) for v in fallen], "%")
    if "shift" in curves:
        metrics["spread.barrier"] = Metric(_list(metrics["spread.centre"].number / curves["shift"].values), "%")
    made, energy = energies(settings, curves, neurons)
    return {**metrics, **made}, energy


def energies(
    settings: Mapping[str, Any], curves: xr.Dataset, neurons: Sequence[int]
) -> tuple[dict[str, Metric], xr.Dataset]:
    """Metrics of the junctions, and what a bit and an inference of ``energy.samples`` bits a neuron cost.

    Barriers: a bit that is written costs reset + write + read, (I_reset^2 t_p + I_1/2^2 t_p) R + V_r^2 t_r/R with
    I_reset = 2 I_1/2; one that is read while it fluctuates costs (I_d^2 R + V_r^2/R) T_s, with I_d = 2 widths of the
    steady curve (P = 0.12 or 0.88) and T_s = ``interval`` correlation times. Fields: 2 V^2 t_p/R + V_r^2 t_r/R (reset
    and write, the largest voltage); what makes the field is not counted.

    Settings under ``energy``: ``resistance``, ``read_voltage``, ``samples``, ``interval`` (barriers).
    """
    import xarray as xr

    from spinloom.cost import inference_energy

    table = settings["energy"]
    ohm, volt = (
        si(table["resistance"], "resistance", "resistance"),
        si(table["read_voltage"], "voltage", "read_voltage"),
    )
    pulse, rest = (si(settings[key], "time", key) for key in ("pulse_width", "read_time"))
    samples = int(table["samples"])
    read = volt**2 / ohm * rest

    def whole(write: float, reading: float) -> float:
        return float(inference_energy([int(n) for n in neurons], write, reading, trials=samples).sum())

    metrics = {"neurons": Metric(float(sum(neurons)))}
    if "barrier" not in curves.dims:
        largest = float(np.abs(curves["voltage"].values).max())
        write = 2.0 * largest**2 / ohm * pulse
        metrics |= {
            "curve.centre": Metric(_list(curves["centre"].values / MILLI), "mT"),
            "curve.width": Metric(_list(curves["width"].values / MILLI), "mT"),
            "curve.deviation": Metric(float(curves["deviation"].max())),
            "energy.bit": Metric((write + read) / FEMTO, "fJ"),
            "energy.inference": Metric(whole(write, read) / NANO, "nJ"),
            "time.inference": Metric(samples * (2.0 * pulse + rest) / MICRO, "us"),
        }
        return metrics, xr.Dataset({"energy_bit": ((), write + read)})
    centre, steady = curves["centre"].values, curves["steady_width"].values
    interval = float(table["interval"]) * curves["correlation_time"].values
    written = ((2.0 * centre) ** 2 + centre**2) * ohm * pulse
    driven = (2.0 * steady) ** 2 * ohm * interval
    total, telegraph = written + read, driven + volt**2 / ohm * interval
    metrics |= {
        "curve.centre": Metric(_list(centre / MICRO), "uA"),
        "curve.width": Metric(_list(curves["width"].values / MICRO), "uA"),
        "curve.deviation": Metric(float(curves["deviation"].max())),
        "curve.contrast": Metric(_list(curves["contrast"].values)),
        "curve.shift": Metric(_list(curves["shift"].values)),
        "steady.width": Metric(_list(steady / MICRO), "uA"),
        "steady.deviation": Metric(float(curves["steady_deviation"].max())),
        "steady.time": Metric(_list(curves["correlation_time"].values / NANO), "ns"),
        "energy.written": Metric(_list(total / FEMTO), "fJ"),
        "energy.telegraph": Metric(_list(telegraph / FEMTO), "fJ"),
        "energy.inference": Metric(_list([whole(float(w), read) / NANO for w in written]), "nJ"),
        "time.written": Metric((2.0 * pulse + rest) / NANO, "ns"),
        "time.telegraph": Metric(_list(interval / NANO), "ns"),
    }
    if len(centre) > 1:
        metrics["energy.saving"] = Metric(float(total[-1] / telegraph[0]))
    kept = {"energy_written": total, "energy_telegraph": telegraph}
    return metrics, xr.Dataset({name: ("barrier", value) for name, value in kept.items()}, coords=curves.coords)


def dataset(found: Mapping[str, xr.Dataset], spread: xr.Dataset, curves: xr.Dataset, energy: xr.Dataset) -> xr.Dataset:
    """Everything measured, in SI; accuracies in per cent."""
    import xarray as xr

    renamed = [data.rename({str(v): f"{name}_{v}" for v in data.data_vars}) for name, data in found.items()]
    return xr.merge([*renamed, spread, curves, energy], join="outer")


def figures(
    settings: Mapping[str, Any],
    systems: Sequence[System],
    found: Mapping[str, xr.Dataset],
    spread: xr.Dataset,
    curves: xr.Dataset,
) -> tuple[FigureSpec, ...]:
    """Accuracy over samples, accuracy over spread, curves of the junctions."""
    lines: list[Series] = []
    tone = 0
    at = np.asarray(settings["at"], float)
    order = np.argsort(at)
    for system in systems:
        data = found[system.name]
        for mode in system.modes:
            table = data[mode].transpose("seed", "samples").values[:, order]
            band = (table.min(axis=0), table.max(axis=0))
            text = system.label + ("" if len(system.modes) == 1 else f", {_WAYS[mode]}")
            lines.append(Series(text, at[order], table.mean(axis=0), band=band, style="both", tone=tone))
            tone += 1
    level = float(found[settings["first"]]["mean"].mean())
    ends = np.array([at.min(), at.max()])
    lines.append(Series("without chance", ends, np.full(2, level), style="dashed", group="guide"))
    accuracy = FigureSpec(
        "accuracy",
        "Accuracy against samples",
        (Panel("samples", "test accuracy (%)", tuple(lines), x_scale="log"),),
        "Mean over seeds; bands: lowest to highest. Dashed: the first system with every neuron at its mean.",
    )
    panels = []
    for name, label in (("centre", "spread of the centres (widths)"), ("width", "relative spread of the widths")):
        table = spread[f"by_{name}"].stack(all=("seed", "chip")).transpose(f"{name}_spread", "all").values
        x = spread[f"{name}_spread"].values.astype(float)
        band = (table.min(axis=1), table.max(axis=1))
        panels.append(
            Panel(label, "test accuracy (%)", (Series("chips", x, table.mean(axis=1), band=band, style="both"),))
        )
    caption = f"Every layer counts {settings['spread_samples']} samples. Bands: lowest to highest of seeds and chips."
    return accuracy, FigureSpec("spread", "Devices that differ", tuple(panels), caption), _junctions(curves)


_WAYS = {"network": "spikes through the network", "layer": "counted layer by layer"}


def _junctions(curves: xr.Dataset) -> FigureSpec:
    if "field" in curves.dims:
        field = curves["field"].values / MILLI
        series = tuple(
            Series(f"{float(volts):g} V", field, curves["probability"].sel(voltage=volts).values, tone=number)
            for number, volts in enumerate(curves["voltage"].values)
        )
        panel = Panel("field (mT)", "switching probability", series)
        return FigureSpec("junctions", "Switching against field", (panel,), "By the Fokker-Planck equation.")
    barrier = curves["barrier"].values
    if len(barrier) == 1:
        u, share = curves["reduced"].values[0], curves["probability"].values[0]
        current = (float(curves["centre"][0]) + u * float(curves["width"][0])) / MICRO
        both = (
            Series(f"{barrier[0]:g} kT", current, share, style="both"),
            Series("logistic", current, 1.0 / (1.0 + np.exp(-u)), style="dashed", group="guide"),
        )
        panel = Panel("current (µA)", "switching probability", both)
        return FigureSpec("junctions", "Switching by a pulse", (panel,), "By the Fokker-Planck equation.")

    def line(label: str, name: str, factor: float, tone: int) -> Series:
        return Series(label, barrier, curves[name].values / factor, style="both", tone=tone)

    width = (line("at the end of a pulse", "width", MICRO, 0), line("in the steady state", "steady_width", MICRO, 1))
    panels = (
        Panel("barrier (kT)", "current (µA)", (line("at P = 1/2", "centre", MICRO, 0),)),
        Panel("barrier (kT)", "width of the curve (µA)", width),
        Panel("barrier (kT)", "correlation time (ns)", (line("", "correlation_time", NANO, 0),), y_scale="log"),
    )
    return FigureSpec("junctions", "One junction at other barriers", panels, "By the Fokker-Planck equation.")


def _metric(values: np.ndarray, unit: str = "%") -> Metric:
    error = float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None
    return Metric(float(np.mean(values)), unit, error)


def _list(values: Sequence[float] | np.ndarray) -> list[float]:
    return [float(value) for value in values]
