"""Switching probability of a junction against current, at several pulse widths and two barriers."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from spinloom import responses
from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.protocols import switching_figures
from spinloom.experiments.protocols.switching_curves import MICRO, NANO, Curves, measure
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric
from spinloom.units import si, si_array


def run(spec: Reproduction, context: Context) -> Outcome:
    """Simulate, fit and compare; see ``Xin2023_switching.toml`` for the settings.

    Settings: ``devices`` and ``currents`` (tables with keys low and high), ``pulse_widths``, ``trials``,
    ``initial``, ``worked_current``, ``worked_width``, ``map_widths``, ``map_barriers`` [kT], ``constant_c``.
    """
    settings = spec.settings
    curves = {side: measure(side, settings, context) for side in ("low", "high")}
    junction = curves["low"].junction
    worked = junction.switching_probability(
        settings["worked_current"], settings["worked_width"], method="fokker-planck", initial=settings["initial"]
    )
    grid = _map(junction, settings, context)
    path = responses.constant_offset_path(grid, si(settings["constant_c"], "current", "constant_c"))
    metrics = _closed_forms(curves) | _trends(curves) | _path_metrics(path)
    metrics["p_switch.worked"] = Metric(float(worked.values.ravel()[0]))
    metrics["trials"] = Metric(float(settings["trials"]))
    return Outcome(
        metrics=metrics,
        data=_dataset(curves, grid, path),
        figures=switching_figures.figures(spec, curves["low"], curves["high"], grid, path),
        references=tuple(dict.fromkeys(key for c in curves.values() for key in c.junction.parameters.references())),
        assumed=curves["low"].junction.parameters.assumed_inputs(),
    )


def _map(junction: Any, settings: dict[str, Any], context: Context) -> xr.Dataset:
    """k and c over pulse width and barrier, by Fokker-Planck; kept, since it takes some seconds."""
    stage = context.stage("map of pulse width and barrier")

    def compute() -> xr.Dataset:
        return responses.sigmoid_map(
            junction,
            si_array(settings["map_widths"], "time", "map_widths"),
            np.asarray(settings["map_barriers"], dtype=float),
            progress=stage,
            initial=settings["initial"],
        )

    return context.part("map", compute)


def _closed_forms(curves: dict[str, Curves]) -> dict[str, Metric]:
    low, high = curves["low"].junction, curves["high"].junction
    return {
        "critical_current": Metric(low.critical_current() * MICRO, "uA"),
        "anisotropy_field": Metric(low.anisotropy_field(), "T"),
        "barrier.low": Metric(low.thermal_stability(), "kT"),
        "barrier.high": Metric(high.thermal_stability(), "kT"),
    }


def _ratio(above: Metric, below: Metric) -> Metric:
    a, b = above.number, below.number
    return Metric(a / b, "", abs(a / b) * float(np.hypot((above.error or 0) / a, (below.error or 0) / b)))


def _trends(curves: dict[str, Curves]) -> dict[str, Metric]:
    low, high = curves["low"], curves["high"]
    metrics: dict[str, Metric] = {}
    for name, side in (("", low), ("high.", high)):
        for width in side.fits:
            metrics[f"{name}k.{width}ns"] = side.k(width)
            metrics[f"{name}c.{width}ns"] = side.c(width)
    widths = sorted(low.fits)
    ks = [low.exact_fits[w].k / MICRO for w in widths]
    cs = [abs(low.exact_fits[w].c) * MICRO for w in widths]
    metrics["k.widths"] = Metric(ks, "")
    metrics["c_size.widths"] = Metric(cs, "")
    for width in (30, 200):
        if width in low.fits:
            k, c = low.k(width), low.c(width)
            product = abs(k.number * c.number)
            metrics[f"k_times_c.{width}ns"] = Metric(product, "", product * (k.error or 0) / k.number)
    if 30 in low.fits and 200 in low.fits:
        metrics["ratio.k200_k30"] = _ratio(low.k(200), low.k(30))
    if 30 in low.fits and 30 in high.fits:
        metrics["ratio.k_high_k_low"] = _ratio(high.k(30), low.k(30))
        shift = low.fits[30].c - high.fits[30].c
        metrics["shift.c_low_minus_high"] = Metric(
            shift * MICRO, "uA", float(np.hypot(low.c(30).error or 0, high.c(30).error or 0))
        )
    if len(widths) > 2:
        metrics["k_linear.r2"] = Metric(float(np.corrcoef(widths, ks)[0, 1] ** 2))
    gaps = [float(np.abs(side.trajectories.values - side.exact.values).max()) for side in curves.values()]
    metrics["check.llgs_fokker_planck"] = Metric(max(gaps))
    return metrics


def _path_metrics(path: xr.Dataset) -> dict[str, Metric]:
    """First and last point of the constant-c path; nothing where the grid holds no such path."""
    k = path["k"].values / MICRO
    good = np.flatnonzero(np.isfinite(k))
    if good.size < 2:
        return {}
    first, last = int(good[0]), int(good[-1])
    width = path.pulse_width.values * NANO
    barrier = path["barrier"].values
    return {
        "constant_c.c": Metric(float(path.attrs["c"]) * MICRO, "uA"),
        "constant_c.width_first": Metric(float(width[first]), "ns"),
        "constant_c.width_last": Metric(float(width[last]), "ns"),
        "constant_c.barrier_first": Metric(float(barrier[first]), "kT"),
        "constant_c.barrier_last": Metric(float(barrier[last]), "kT"),
        "constant_c.k_first": Metric(float(k[first]), "1/uA"),
        "constant_c.k_last": Metric(float(k[last]), "1/uA"),
    }


def _dataset(curves: dict[str, Curves], grid: xr.Dataset, path: xr.Dataset) -> xr.Dataset:
    """All curves, fits, map and path in one dataset; dimensions of the two junctions carry their side."""
    data = xr.Dataset()
    for side, found in curves.items():
        names = {"current": f"current_{side}"}
        data[f"probability_{side}"] = found.trajectories.rename(names)
        data[f"exact_{side}"] = found.exact.rename(names)
        for what, unit, factor in (("k", "1/A", MICRO), ("c", "A", 1 / MICRO)):
            values = [getattr(found, what)(ns).number * factor for ns in found.fits]
            data[f"{what}_{side}"] = ("pulse_width", values, {"units": unit})
        for what, unit in (("k", "1/A"), ("c", "A")):
            values = [getattr(fit, what) for fit in found.exact_fits.values()]
            data[f"exact_{what}_{side}"] = ("pulse_width", values, {"units": unit})
    for prefix, table in (("map", grid), ("path", path)):
        names = {str(name): f"{prefix}_{name}" for name in {*table.variables, *table.dims}}
        for name, variable in table.rename(names).data_vars.items():
            data[name] = variable
    return data
