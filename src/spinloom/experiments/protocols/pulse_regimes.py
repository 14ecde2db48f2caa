"""Three regimes of spin-transfer switching: times, probabilities, and what a chance of switching costs in each."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from scipy.special import gammaincinv

from spinloom import devices
from spinloom.devices.pulse_switching import closed_probability, gamma_probability, passage
from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric
from spinloom.physics import pulse_switching as forms

_NANO, _PICO = 1e9, 1e12
_SHIFT = 0.01
"""Relative change of I_c by which the sensitivity is measured."""


def run(spec: Reproduction, context: Context) -> Outcome:
    """Times from the exact first passage, energies at a given P, and closed forms against both exact methods.

    Settings: ``device``, ``ratios`` (I/I_c of the sweep), ``shown`` (I/I_c of the P(t) curves), ``trials``.
    """
    settings = spec.settings
    junction = devices.device(settings["device"])
    ratios, shown = (np.asarray(settings[name], float) for name in ("ratios", "shown"))
    sweep = _sweep(junction, ratios)
    curves = context.part("curves", lambda: _curves(junction, shown, settings, context))
    delta = junction.thermal_stability()
    regimes = np.array([forms.regime(delta, x) for x in ratios])
    metrics: dict[str, Metric] = {
        "best_ratio.half": Metric(float(ratios[np.argmin(sweep.energy_half.values)])),
        "best_ratio.sure": Metric(float(ratios[np.argmin(sweep.energy_sure.values)])),
        "regime.begins": Metric(float(1.0 - np.sqrt(forms.DEEPEST / delta))),
        "regime.ends": Metric(forms.BALLISTIC),
        "barrier": Metric(delta, "kT"),
        "check.closed": Metric(float(np.abs(curves.closed - curves.exact).max())),
        "check.llgs": Metric(float(np.abs(curves.llgs - curves.exact_at).max())),
        "trials": Metric(float(settings["trials"])),
    }
    for name in ("activated", "intermediate", "precessional"):
        inside = regimes == name
        if inside.any():
            metrics[f"sensitivity.{name}"] = Metric(float(sweep.sensitivity[inside].mean()))
            metrics[f"cost.{name}"] = Metric(float((sweep.energy_half[inside] / sweep.energy_half.min()).min()))
    metrics["sensitivity.ratio"] = Metric(
        metrics["sensitivity.activated"].number / metrics["sensitivity.intermediate"].number
    )
    return Outcome(
        metrics,
        xr.merge([sweep, curves.rename(ratio="shown")]),
        (_figure(junction, sweep, curves),),
        tuple(junction.parameters.references()),
        junction.parameters.assumed_inputs(),
    )


def _sweep(junction: Any, ratios: np.ndarray) -> xr.Dataset:
    """Mean time, pulse widths and energies for P = 1/2 and 0.99, and |dP/d ln I_c| at P = 1/2, over I/I_c."""
    critical = junction.critical_current()
    mean, spread = passage(junction, ratios * critical)
    shape = (mean / spread) ** 2
    widths = {name: gammaincinv(shape, p) * mean / shape for name, p in (("half", 0.5), ("sure", 0.99))}
    moved = [
        gamma_probability(*passage(junction, ratios * critical * (1 + side * _SHIFT)), widths["half"])
        for side in (-1, 1)
    ]
    power = (ratios * critical) ** 2 * float(junction.resistance(-1.0))
    columns = {
        "mean_time": (mean, "s"),
        "width_half": (widths["half"], "s"),
        "energy_half": (power * widths["half"], "J"),
        "energy_sure": (power * widths["sure"], "J"),
        "sensitivity": ((moved[1] - moved[0]) / (2 * _SHIFT), "1"),
    }
    return xr.Dataset(
        {name: ("ratio", values, {"units": unit}) for name, (values, unit) in columns.items()},
        {"ratio": ("ratio", ratios, {"units": "1", "long_name": "I/I_c"})},
    )


def _curves(junction: Any, shown: np.ndarray, settings: dict[str, Any], context: Context) -> xr.Dataset:
    """P over pulse width at a few currents: closed forms, Fokker-Planck, and trajectories at P near 1/2."""
    stage = context.stage("probability against pulse width")
    critical, parts = junction.critical_current(), []
    for index, ratio in enumerate(shown):
        current = float(ratio) * critical
        mean, spread = passage(junction, current)
        shape = float((mean / spread)[0] ** 2)
        quantiles = gammaincinv(shape, np.linspace(0.02, 0.98, 13)) * float(mean[0]) / shape
        exact = junction.switching_probability(current, quantiles, method="fokker-planck", relaxation=0.0)
        middle = quantiles[6]
        run = junction.switching_probability(
            current, float(middle), trials=int(settings["trials"]), seed=index, method="llgs", relaxation=0.0
        )
        closed = closed_probability(junction, current, quantiles)
        parts.append(
            xr.Dataset(
                {
                    "width": ("point", quantiles, {"units": "s"}),
                    "exact": ("point", exact.values.ravel()),
                    "closed": ("point", closed.values.ravel()),
                    "llgs": ((), run.item()),
                    "exact_at": ((), float(exact.values.ravel()[6])),
                    "regime": ((), forms.regime(junction.thermal_stability(), float(ratio))),
                }
            )
        )
        stage(index + 1, shown.size)
    return xr.concat(parts, dim="ratio").assign_coords(ratio=("ratio", shown))


def _figure(junction: Any, sweep: xr.Dataset, curves: xr.Dataset) -> FigureSpec:
    delta, model = junction.thermal_stability(), junction.model
    c = forms.relaxation_rate(model.damping, model.gyromagnetic_ratio, junction.anisotropy_field())
    x = sweep.ratio.values
    low = x[[forms.regime(delta, r) == "activated" for r in x]]
    high = x[x > 1.15]
    heated = np.array([1.0 / forms.perpendicular_escape_rate(c, delta, r) for r in low])
    driven = np.array([forms.precessional_mean_time(delta, forms.growth_rate(c, r)) for r in high])
    times = Panel(
        "current $I/I_c$",
        "mean switching time (ns)",
        (
            Series("exact first passage", x, sweep.mean_time.values * _NANO),
            Series("activated", low, heated * _NANO, style="dashed", group="guide"),
            Series("precessional (Sun)", high, driven * _NANO, style="dashed", group="guide"),
        ),
        y_scale="log",
    )
    series = []
    for index, ratio in enumerate(curves.ratio.values):
        one = curves.isel(ratio=index)
        width = one.width.values * _NANO
        label = f"{ratio:g} $I_c$, {one.regime.item()}"
        series.append(Series(label, width, one.closed.values, tone=index))
        series.append(Series("", width, one.exact.values, style="points", tone=index))
    chance = Panel("pulse width $t$ (ns)", "switching probability $P_{sw}$", tuple(series), x_scale="log")
    cost = Panel(
        "current $I/I_c$",
        "energy of one pulse (pJ)",
        (
            Series("$P_{sw}$ = 0.5", x, sweep.energy_half.values * _PICO),
            Series("$P_{sw}$ = 0.99", x, sweep.energy_sure.values * _PICO),
        ),
        y_scale="log",
    )
    return FigureSpec(
        "regimes",
        "Three regimes of spin-transfer switching",
        (times, chance, cost),
        "Left: mean time to the equator, exact, with the two limits. Middle: closed forms (lines) and the exact "
        "solution (points). Right: Joule heat of a pulse that switches with the given probability.",
    )
