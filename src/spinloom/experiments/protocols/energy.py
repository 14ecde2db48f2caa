"""Energy of one neuron operation, I^2 R t, against other neurons and at the simulated junction's working point."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from spinloom import devices, responses
from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric
from spinloom.units import si, si_array

_FEMTO = 1e15
_NANO = 1e9


def run(spec: Reproduction, context: Context) -> Outcome:
    """Evaluate E = I^2 R t at the published numbers, and at the half-switching current of each pulse width.

    Settings: ``device``, ``current``, ``pulse_width``, ``resistance``, ``widths``, ``currents``, ``others`` (a list of
    tables ``label``, ``energy``).
    """
    settings = spec.settings
    junction = devices.device(settings["device"], resistance_parallel=settings["resistance"])
    energy = float(junction.write_energy(settings["current"], settings["pulse_width"])) * _FEMTO
    others = [(str(entry["label"]), si(entry["energy"], "energy", "energy") * _FEMTO) for entry in settings["others"]]
    widths = si_array(settings["widths"], "time", "widths")
    half = _half_currents(junction, widths, settings, context)
    own = np.array([float(junction.write_energy(i, t)) * _FEMTO for i, t in zip(half, widths, strict=True)])
    cmos = max(value for _, value in others)
    metrics = {
        "energy": Metric(energy, "fJ"),
        "saving.cmos": Metric(cmos / energy),
        "others.below_60fJ": Metric(energy, "fJ"),
    }
    for width, current, value in zip(widths, half, own, strict=True):
        metrics[f"half_current.{round(width * _NANO)}ns"] = Metric(float(current) * 1e6, "uA")
        metrics[f"half_energy.{round(width * _NANO)}ns"] = Metric(float(value), "fJ")
    data = xr.Dataset(
        {
            "half_current": ("pulse_width", half, {"units": "A", "long_name": "current at which P_sw = 0.5"}),
            "half_energy": ("pulse_width", own / _FEMTO, {"units": "J", "long_name": "energy at that current"}),
            "energy": ((), energy / _FEMTO, {"units": "J", "long_name": "energy at the published numbers"}),
        },
        coords={"pulse_width": ("pulse_width", widths, {"units": "s"})},
    )
    figure = _figure(energy, others, widths, own)
    return Outcome(metrics, data, (figure,), tuple(junction.parameters.references()))


def _half_currents(junction: Any, widths: np.ndarray, settings: dict[str, Any], context: Context) -> np.ndarray:
    """-c of the fitted curve at each width [A]."""
    current = si_array(settings["currents"], "current", "currents")
    stage = context.stage("half-switching currents")
    found = []
    for index, width in enumerate(widths):
        curve = junction.switching_probability(current, float(width), method="fokker-planck", initial="axis")
        found.append(-responses.Sigmoid.fit(curve).c)
        stage(index + 1, widths.size)
    return np.array(found)


def _figure(energy: float, others: list[tuple[str, float]], widths: np.ndarray, own: np.ndarray) -> FigureSpec:
    places = np.arange(1 + len(others), dtype=float)
    quoted = np.array([value for _, value in others])
    bars = Panel(
        "energy of one neuron operation $E$ (fJ)",
        "",
        (
            Series("here, $I^2Rt$", np.array([energy]), places[:1], style="bars"),
            Series("as quoted in the thesis", quoted, places[1:], style="bars", group="published"),
        ),
        x_scale="log",
        x_limits=(0.1, 3000),
        categories=("this neuron", *(label for label, _ in others)),
    )
    published = Series(
        "published, 15 µA and 15 ns", np.array([15.0]), np.array([energy]), style="points", group="published"
    )
    curve = Panel(
        "pulse width $t$ (ns)",
        "energy $E$ (fJ)",
        (Series("simulated junction at $P_{sw}$ = 0.5", widths * _NANO, own, style="both"), published),
        x_scale="log",
        y_scale="log",
        y_limits=(0.5, 50),
    )
    return FigureSpec(
        "energy",
        "Energy of one neuron operation",
        (bars, curve),
        "Left: the published estimate beside the neurons that the thesis compares with (CMOS is printed as "
        "'more than'). Right: the same formula at the half-switching current of the simulated junction.",
    )
