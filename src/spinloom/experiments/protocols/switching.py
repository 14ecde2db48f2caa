"""Switching probability of a junction against current, at several pulse widths and two barriers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from spinloom import devices, responses
from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.figure import FigureSpec, Heat, Panel, Series
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric
from spinloom.units import si, si_array

_MICRO = 1e6
_NANO = 1e9


@dataclass(frozen=True)
class _Curves:
    """One junction: both methods' curves and the fits, all over (pulse_width, current)."""

    junction: Any
    trajectories: xr.DataArray
    exact: xr.DataArray
    fits: dict[int, Any]

    def k(self, width: int) -> Metric:
        low, high = self.fits[width].k_interval
        return Metric(self.fits[width].k / _MICRO, "1/uA", (high - low) / _MICRO / (2 * 1.96))

    def c(self, width: int) -> Metric:
        low, high = self.fits[width].c_interval
        return Metric(self.fits[width].c * _MICRO, "uA", (high - low) * _MICRO / (2 * 1.96))


def run(spec: Reproduction, context: Context) -> Outcome:
    """Simulate, fit and compare; see ``Xin2023_switching.toml`` for the settings.

    Settings: ``devices`` and ``currents`` (tables with keys low and high), ``pulse_widths``, ``trials``,
    ``worked_current``, ``worked_width``, ``map_widths``, ``map_barriers`` [kT], ``constant_c``.
    """
    settings = spec.settings
    curves = {side: _curves(side, settings, context) for side in ("low", "high")}
    junction = curves["low"].junction
    worked = junction.switching_probability(
        settings["worked_current"], settings["worked_width"], method="fokker-planck"
    )
    grid = _map(junction, settings, context)
    path = responses.constant_c_path(grid, si(settings["constant_c"], "current", "constant_c"))
    metrics = _closed_forms(curves) | _trends(curves) | _path_metrics(path)
    metrics["p_switch.worked"] = Metric(float(worked.values.ravel()[0]))
    metrics["trials"] = Metric(float(settings["trials"]))
    return Outcome(
        metrics=metrics,
        data=_dataset(curves, grid, path),
        figures=(
            _curve_figure(curves["low"], spec),
            _barrier_figure(curves),
            _k_c_figure(curves["low"]),
            _map_figure(grid, path),
        ),
        references=tuple(dict.fromkeys(key for c in curves.values() for key in c.junction.parameters.references())),
    )


def _curves(side: str, settings: dict[str, Any], context: Context) -> _Curves:
    junction = devices.device(settings["devices"][side])
    current = si_array(settings["currents"][side], "current", "currents")
    widths = settings["pulse_widths"]
    seed = context.seed + (0 if side == "low" else 1000)

    def simulate() -> xr.Dataset:
        found = junction.switching_probability(
            current,
            widths,
            trials=int(settings["trials"]),
            seed=seed,
            method="llgs",
            progress=context.stage(f"trajectories, {junction.thermal_stability():.3g} kT"),
        )
        return found.rename("probability").to_dataset()

    trajectories = context.part(f"trajectories-{side}", simulate)["probability"]
    exact = junction.switching_probability(current, widths, method="fokker-planck")
    nanoseconds = [round(float(w) * _NANO) for w in trajectories.pulse_width.values]
    fits = {ns: responses.Sigmoid.fit(trajectories.isel(pulse_width=i)) for i, ns in enumerate(nanoseconds)}
    return _Curves(junction, trajectories, exact, fits)


def _map(junction: Any, settings: dict[str, Any], context: Context) -> xr.Dataset:
    """k and c over pulse width and barrier, by Fokker-Planck; kept, since it takes a few seconds."""
    widths = si_array(settings["map_widths"], "time", "map_widths")
    thermal = junction.energy_barrier() / junction.thermal_stability()
    barriers = np.asarray(settings["map_barriers"], dtype=float) * thermal
    stage = context.stage("map of pulse width and barrier")
    return context.part("map", lambda: responses.sigmoid_map(junction, widths, barriers, progress=stage))


def _closed_forms(curves: dict[str, _Curves]) -> dict[str, Metric]:
    low, high = curves["low"].junction, curves["high"].junction
    return {
        "critical_current": Metric(low.critical_current() * _MICRO, "uA"),
        "anisotropy_field": Metric(low.anisotropy_field(), "T"),
        "barrier.low": Metric(low.thermal_stability(), "kT"),
        "barrier.high": Metric(high.thermal_stability(), "kT"),
    }


def _ratio(above: Metric, below: Metric) -> Metric:
    a, b = above.number, below.number
    return Metric(a / b, "", abs(a / b) * float(np.hypot((above.error or 0) / a, (below.error or 0) / b)))


def _trends(curves: dict[str, _Curves]) -> dict[str, Metric]:
    low, high = curves["low"], curves["high"]
    metrics: dict[str, Metric] = {}
    for name, side in (("", low), ("high.", high)):
        for width in side.fits:
            metrics[f"{name}k.{width}ns"] = side.k(width)
            metrics[f"{name}c.{width}ns"] = side.c(width)
    widths = sorted(low.fits)
    ks = [low.k(w).number for w in widths]
    cs = [abs(low.c(w).number) for w in widths]
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
            shift * _MICRO, "uA", float(np.hypot(low.c(30).error or 0, high.c(30).error or 0))
        )
    if len(widths) > 2:
        metrics["k_linear.r2"] = Metric(float(np.corrcoef(widths, ks)[0, 1] ** 2))
    gaps = [float(np.abs(side.trajectories.values - side.exact.values).max()) for side in curves.values()]
    metrics["check.llgs_fokker_planck"] = Metric(max(gaps))
    return metrics


def _path_metrics(path: xr.Dataset) -> dict[str, Metric]:
    """First and last point of the constant-c path; nothing where the grid holds no such path."""
    k = path["k"].values / _MICRO
    good = np.flatnonzero(np.isfinite(k))
    if good.size < 2:
        return {}
    first, last = int(good[0]), int(good[-1])
    width = path.pulse_width.values * _NANO
    barrier = path["thermal_stability"].values
    return {
        "constant_c.c": Metric(float(path.attrs["c"]) * _MICRO, "uA"),
        "constant_c.width_first": Metric(float(width[first]), "ns"),
        "constant_c.width_last": Metric(float(width[last]), "ns"),
        "constant_c.barrier_first": Metric(float(barrier[first]), "kT"),
        "constant_c.barrier_last": Metric(float(barrier[last]), "kT"),
        "constant_c.k_first": Metric(float(k[first]), "1/uA"),
        "constant_c.k_last": Metric(float(k[last]), "1/uA"),
    }


def _dataset(curves: dict[str, _Curves], grid: xr.Dataset, path: xr.Dataset) -> xr.Dataset:
    """All curves, fits, map and path in one dataset; dimensions of the two junctions carry their side."""
    data = xr.Dataset()
    for side, found in curves.items():
        names = {"current": f"current_{side}"}
        data[f"probability_{side}"] = found.trajectories.rename(names)
        exact = found.exact if "pulse_width" in found.exact.dims else found.exact.expand_dims("pulse_width")
        data[f"exact_{side}"] = exact.rename(names)
        for what, unit, factor in (("k", "1/A", _MICRO), ("c", "A", 1 / _MICRO)):
            values = [getattr(found, what)(ns).number * factor for ns in found.fits]
            data[f"{what}_{side}"] = ("pulse_width", values, {"units": unit})
    for prefix, table in (("map", grid), ("path", path)):
        names = {str(name): f"{prefix}_{name}" for name in {*table.variables, *table.dims}}
        for name, variable in table.rename(names).data_vars.items():
            data[name] = variable
    return data


def _sigmoid_points(k_per_ua: float, c_ua: float, current_ua: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-k_per_ua * (current_ua + c_ua)))


def _curve_figure(found: _Curves, spec: Reproduction) -> FigureSpec:
    """P_sw(I): trajectories with error bars, exact solution as a line, the printed sigmoids on top."""
    current = found.trajectories.current.values * _MICRO
    trials = int(found.trajectories.attrs.get("trials", spec.settings["trials"]))
    ours: list[Series] = []
    for i, ns in enumerate(found.fits):
        share = found.trajectories.values[i]
        error = np.sqrt(np.maximum(share * (1 - share), 1 / trials) / trials)
        ours.append(Series(f"{ns} ns, {trials} trials", current, share, error=error, style="points"))
    lines = [Series("", current, row, style="line") for row in found.exact.values.reshape(len(found.fits), -1)]
    printed = {e.quantity: float(e.published) for e in spec.expect if isinstance(e.published, float)}
    dense = np.linspace(float(current[0]), float(current[-1]), 400)
    published = [
        Series(
            f"published: {ns} ns, k = {printed[f'k.{ns}ns']:g} /µA, c = {printed[f'c.{ns}ns']:g} µA",
            dense,
            _sigmoid_points(printed[f"k.{ns}ns"], printed[f"c.{ns}ns"], dense),
            style="line",
            group="published",
        )
        for ns in (30, 200)
        if f"k.{ns}ns" in printed
    ]
    shown = Panel("current $I$ (µA)", "switching probability $P_{sw}$", (*ours, *published), y_limits=(-0.03, 1.03))
    exact = Panel(
        "current $I$ (µA)",
        "switching probability $P_{sw}$",
        (*(Series(f"{ns} ns", s.x, s.y) for ns, s in zip(found.fits, lines, strict=True)), *ours_unlabelled(ours)),
        x_limits=(float(current[0]), 8.0),
        y_limits=(-0.03, 1.03),
        title="points: trajectories, lines: Fokker-Planck equation",
    )
    return FigureSpec(
        "switching_probability",
        f"Switching probability, {found.junction.thermal_stability():.3g} kT",
        (shown, exact),
        "Left: simulated switching probability with binomial error bars, and the published sigmoids. "
        "Right: the same points, enlarged, on the exact solution of the Fokker-Planck equation; no number is fitted.",
    )


def ours_unlabelled(series: list[Series]) -> list[Series]:
    """The same points without a second legend entry."""
    return [Series("", s.x, s.y, s.error, style="points") for s in series]


def _barrier_figure(curves: dict[str, _Curves]) -> FigureSpec:
    """Fig. 3.14: the curve at two barriers and one width."""
    series: list[Series] = []
    for side in ("low", "high"):
        found = curves[side]
        index = list(found.fits).index(30) if 30 in found.fits else 0
        fit = found.fits[list(found.fits)[index]]
        current = found.trajectories.current.values
        share = found.trajectories.values[index]
        trials = int(found.trajectories.attrs.get("trials", 1000))
        error = np.sqrt(np.maximum(share * (1 - share), 1 / trials) / trials)
        name = f"{found.junction.thermal_stability():.3g} kT"
        series.append(Series(name, current * _MICRO, share, error=error, style="points"))
        label = f"fit: k = {fit.k / _MICRO:.2f} /µA, c = {fit.c * _MICRO:.2f} µA"
        series.append(Series(label, current * _MICRO, np.asarray(fit(current)), style="line"))
    width = 30 if 30 in curves["low"].fits else next(iter(curves["low"].fits))
    panel = Panel(
        "current $I$ (µA)", "switching probability $P_{sw}$", tuple(series), x_limits=(-3, 16), y_limits=(-0.03, 1.03)
    )
    return FigureSpec(
        "barrier",
        f"Two energy barriers, {width} ns",
        (panel,),
        "A lower barrier moves the curve to the left; the slope changes a little too (thesis fig. 3.14: it does not).",
    )


def _k_c_figure(found: _Curves) -> FigureSpec:
    """Fig. 3.12: k and c against pulse width; the printed pairs are drawn from the spec's points."""
    widths = np.array(list(found.fits), dtype=float)
    panels = []
    for name, metric, label, printed in (
        ("k", found.k, "slope $k$ (1/µA)", ((30, 2.2), (200, 3.4))),
        ("c", found.c, "offset $c$ (µA)", ((30, -11.8), (200, -10.5))),
    ):
        values = [metric(int(w)) for w in widths]
        ours = Series(
            f"here, {name}",
            widths,
            np.array([m.number for m in values]),
            error=np.array([1.96 * (m.error or 0) for m in values]),
            style="both",
        )
        x, y = np.array(printed, dtype=float).T
        theirs = Series("published (fig. 3.5)", x, y, style="points", group="published")
        panels.append(Panel("pulse width $t$ (ns)", label, (ours, theirs), x_limits=(0, 210)))
    return FigureSpec(
        "k_and_c",
        "Slope and offset against pulse width",
        tuple(panels),
        "Fitted k and c with 95 % intervals, and the printed pairs.",
    )


def _map_figure(grid: xr.Dataset, path: xr.Dataset) -> FigureSpec:
    """Fig. 3.15/3.16: k over pulse width and barrier with the path of constant c, and the curves' k along it."""
    widths = grid.pulse_width.values * _NANO
    barriers = grid["thermal_stability"].values
    k = grid["k"].transpose("energy_barrier", "pulse_width").values / _MICRO
    c = grid["c"].transpose("energy_barrier", "pulse_width").values * _MICRO
    way = Series(
        f"c = {float(path.attrs['c']) * _MICRO:g} µA",
        path.pulse_width.values * _NANO,
        path["thermal_stability"].values,
        style="both",
        group="guide",
    )
    return FigureSpec(
        "map",
        "Slope and offset over pulse width and barrier",
        (
            Panel(
                "pulse width $t$ (ns)",
                "energy barrier $E_B$ (kT)",
                (way,),
                Heat(widths, barriers, k, "slope $k$ (1/µA)"),
            ),
            Panel(
                "pulse width $t$ (ns)",
                "energy barrier $E_B$ (kT)",
                (way,),
                Heat(widths, barriers, c, "offset $c$ (µA)"),
            ),
        ),
        "Changing pulse width and barrier together along the line moves k at constant c (thesis fig. 3.15, 3.16).",
    )
