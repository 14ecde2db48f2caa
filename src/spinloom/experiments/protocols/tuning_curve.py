"""The tuning curve of a superparamagnetic junction as it is measured: sampled, counted, fitted; and a biased row."""

from __future__ import annotations

import math
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

    from spinloom.devices.superparamagnetic_junction import SuperparamagneticJunction
    from spinloom.responses import Tuning
    from spinloom.snn import Population

_MICRO = 1e6


def run(spec: Reproduction, context: Context) -> Outcome:
    """Count flips by sampling as the experiment did, and without missing any; fit; put junctions in a row.

    Settings: ``device``, ``currents`` (range), ``runs`` (repeats a current), ``samples`` (looks a run), ``states_at``
    (currents at which the share of time antiparallel is taken), ``flank`` (currents at which missed flips are measured;
    the first is judged) and ``copies`` (junctions there), ``row`` (junctions), ``row_range`` (current), ``largest``
    (current, for the energy), ``fast_sampling`` (time), ``observed`` (samples an observation).
    """
    from spinloom import device

    settings = spec.settings
    junction = device(settings["device"])
    curve = context.part("curve", lambda: _curve(junction, settings, context))
    flank = context.part("flank", lambda: _flank(junction, settings, context))
    row = context.part("row", lambda: _row_counts(junction, settings, context))
    fits = _fits(curve)
    metrics = _metrics(junction, curve, flank, row, fits, settings)
    data = curve.merge(row).merge(flank)
    assumed = junction.parameters.assumed_inputs()
    figures = (_tuning_figure(junction, curve), _missed_figure(junction, flank), _row_figure(junction, row, settings))
    return Outcome(metrics, data, figures, tuple(junction.parameters.references()), assumed)


def _interval(junction: SuperparamagneticJunction) -> float:
    return junction.parameters.value("sampling_time")


def _changes(junction: SuperparamagneticJunction, current: np.ndarray, samples: int, seed: int) -> np.ndarray:
    """How often successive samples differ, one number for each entry of ``current`` (n,)."""
    states = junction.two_state(current.size).states(current, _interval(junction), samples, seed)
    return np.count_nonzero(states[1:] != states[:-1], axis=0)


def _curve(junction: SuperparamagneticJunction, settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """Flips of every current and run: all of them, and those that sampling sees, as rates."""
    import xarray as xr

    current = si_array(settings["currents"], "current", "currents")
    runs, samples = int(settings["runs"]), int(settings["samples"])
    time = samples * _interval(junction)
    stage = context.stage("telegraph signals")
    seen = np.empty((current.size, runs))
    for index, amperes in enumerate(current):
        seen[index] = _changes(junction, np.full(runs, amperes), samples, 1000 * context.seed + index)
        stage(index + 1, current.size)
    every = junction.two_state().flips(np.tile(current, (runs, 1))[..., None], time, context.seed)[0][..., 0].T
    coords = {"current": ("current", current, {"units": "A"}), "run": np.arange(runs)}
    rate = {"units": "1/s"}
    return xr.Dataset(
        {
            "seen": (("current", "run"), seen / ((samples - 1) * _interval(junction)), rate),
            "flips": (("current", "run"), every / time, rate),
        },
        coords=coords,
        attrs={"duration": time, "trials": runs},
    )


def _flank(junction: SuperparamagneticJunction, settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """Far from the peak flips come in close pairs: how many sampling misses there, over many copies."""
    import xarray as xr

    copies, samples = int(settings["copies"]), int(settings["samples"])
    currents = si_array(settings["flank"], "current", "flank")
    stage = context.stage("missed flips")
    duration = (samples - 1) * _interval(junction)
    seen, every = np.empty((2, currents.size, copies), np.int64)
    for index, amperes in enumerate(currents):
        one = np.full(copies, amperes)
        seen[index] = _changes(junction, one, samples, 1000 * context.seed + 900 + index)
        every[index] = junction.two_state(copies).flips(one, duration, 1000 * context.seed + 950 + index)[0]
        stage(index + 1, currents.size)
    return xr.Dataset(
        {"flank_seen": (("flank", "copy"), seen), "flank_flips": (("flank", "copy"), every)},
        coords={"flank": ("flank", currents, {"units": "A"})},
    )


def _counted_misses(flank: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Share of the flips that sampling misses at each current, and its standard error."""
    every, seen = (np.maximum(flank[name].sum("copy").values, 1.0) for name in ("flank_flips", "flank_seen"))
    # sampled and counted runs are independent, so their errors add; pairs of flips double the variance
    return 1.0 - seen / every, seen / every * np.sqrt(2.0 / every + 2.0 / seen)


def _population(junction: SuperparamagneticJunction, settings: Mapping[str, Any]) -> Population:
    from spinloom.snn import Population

    reach = si(settings["row_range"], "current", "row_range")
    return Population.covering(junction.two_state(int(settings["row"])), -reach, reach)


def _row_counts(junction: SuperparamagneticJunction, settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """Rates of a biased row of junctions over the input range, each point counted once."""
    import xarray as xr

    row = _population(junction, settings)
    inputs = np.linspace(row.low, row.high, 41)
    time = int(settings["samples"]) * _interval(junction)
    return xr.Dataset(
        {"row": (("input", "junction"), row.measure(inputs, time, context.seed + 5), {"units": "1/s"})},
        coords={"input": ("input", inputs, {"units": "A"})},
        attrs={"duration": time},
    )


def _fits(curve: xr.Dataset) -> dict[str, Tuning]:
    """The bell through the sampled rates, read as flips, and read as the cycles that eq. (3) counts."""
    from spinloom.responses import Tuning

    mean = curve["seen"].mean("run").assign_attrs(curve.attrs)
    return {"seen": Tuning.fit(mean), "as_cycles": Tuning.fit(mean, per="cycle")}


def _missed(junction: SuperparamagneticJunction, current: np.ndarray | float) -> np.ndarray:
    """Share of the flips that sampling misses, in closed form: 1 - (1 - exp(-u))/u with u = interval/tau*."""
    u = _interval(junction) / junction.correlation_time(np.atleast_1d(np.asarray(current, float)))
    return 1.0 + np.expm1(-u) / u


def _metrics(
    junction: SuperparamagneticJunction,
    curve: xr.Dataset,
    flank: xr.Dataset,
    row: xr.Dataset,
    fits: Mapping[str, Tuning],
    settings: Mapping[str, Any],
) -> dict[str, Metric]:
    fit, samples, dt = fits["seen"], int(settings["samples"]), _interval(junction)
    v = junction.parameters.value

    def error(name: str) -> float:
        low, high = fit.intervals[name]
        return (high - low) / (2.0 * 1.96)

    peak_error = error("peak")
    counted, uncertain = (float(values[0]) for values in _counted_misses(flank))
    exact = float(_missed(junction, flank["flank"].values)[0])
    eq3 = v("attempt_frequency") * math.exp(-v("thermal_stability")) / 2.0
    states = si_array(settings["states_at"], "current", "states_at")
    largest = si(settings["largest"], "current", "largest")
    power = largest**2 * v("resistance_parallel")
    observed = int(settings["observed"])
    metrics = {
        "duration": Metric(samples * dt, "s"),
        "peak.current": Metric(fit.centre * _MICRO, "uA", error("centre") * _MICRO),
        "half_width": Metric(fit.half_width * _MICRO, "uA", error("half_width") * _MICRO),
        "fit.delta": Metric(fit.thermal_stability, "", error("thermal_stability")),
        "fit.critical": Metric(fit.critical_current * _MICRO, "uA", error("critical_current") * _MICRO),
        "fit.delta_as_cycles": Metric(fits["as_cycles"].thermal_stability),
        "fit.critical_as_cycles": Metric(fits["as_cycles"].critical_current * _MICRO, "uA"),
        "delta.if_flips": Metric(v("thermal_stability") + math.log(2.0)),
        "peak.flips": Metric(fit.peak, "1/s", peak_error),
        "peak.cycles": Metric(fit.peak / 2.0, "1/s", peak_error / 2.0),
        "flips_over_eq3": Metric(fit.peak / eq3, "", peak_error / eq3),
        "peak.probability": Metric(
            fit.peak * dt * (1.0 - float(_missed(junction, fit.centre)[0])), "", peak_error * dt
        ),
        "missed.peak": Metric(100.0 * float(_missed(junction, fit.centre)[0]), "%"),
        "missed.flank": Metric(100.0 * counted, "%", 100.0 * uncertain),
        "missed.flank_exact": Metric(100.0 * exact, "%"),
        "missed.difference": Metric(100.0 * (counted - exact), "%", 100.0 * uncertain),
        "antiparallel": Metric([float(100.0 * (1.0 - p)) for p in junction.probability_parallel(states)], "%"),
        "energy.sample": Metric(power * dt * 1e9, "nJ"),
        "energy.observation": Metric(power * dt * observed * 1e9, "nJ"),
        "energy.fast": Metric(power * si(settings["fast_sampling"], "time", "fast_sampling") * observed * 1e12, "pJ"),
    }
    return metrics | _row_metrics(junction, row, settings)


def _row_metrics(
    junction: SuperparamagneticJunction, row: xr.Dataset, settings: Mapping[str, Any]
) -> dict[str, Metric]:
    population = _population(junction, settings)
    fine = np.linspace(population.low, population.high, 2001)
    relative = population.rates(fine) / population.peaks
    total = relative.sum(axis=1)[200:-200]  # the ends of the row have neighbours on one side alone
    inputs, time = row["input"].values, row.attrs["duration"]
    expected, variance = population.rates(inputs), population.count_variance(inputs, time)
    enough = expected * time > 5.0
    normalised = (row["row"].values - expected) * time / np.sqrt(variance)
    return {
        "row.spacing": Metric(float(np.diff(population.centres)[0]) * _MICRO, "uA"),
        "row.coverage": Metric(float(relative.max(axis=1).min())),
        "row.ripple": Metric(100.0 * float(np.ptp(total) / total.mean()), "%"),
        "row.scatter": Metric(float(np.sqrt((normalised[enough] ** 2).mean()))),
    }


def _tuning_figure(junction: SuperparamagneticJunction, curve: xr.Dataset) -> FigureSpec:
    x = curve["current"].values * _MICRO
    fine = np.linspace(curve["current"].values.min(), curve["current"].values.max(), 301)
    exact = junction.flip_rate(fine)
    seen = curve["seen"]
    counted = Series(
        "flips seen by sampling",
        x,
        seen.mean("run").values,
        error=seen.std("run", ddof=1).values,
        style="points",
        tone=0,
    )
    cycles = Series("full cycles, half of them", x, seen.mean("run").values / 2.0, style="points", tone=1)
    rates = Panel(
        "current I (µA)",
        "rate (1/s)",
        (
            counted,
            Series("2/(τ_P + τ_AP)", fine * _MICRO, exact, tone=0),
            cycles,
            Series("eq. (3) with the published fit", fine * _MICRO, exact / 2.0, style="dashed", group="published"),
        ),
    )
    return FigureSpec(
        "tuning",
        "How often the junction flips",
        (rates,),
        "Rates counted at the publication's sampling; bars: standard deviation of the runs. A spike at every change of "
        "state happens twice as often as eq. (3), which counts full cycles, says.",
    )


def _missed_figure(junction: SuperparamagneticJunction, flank: xr.Dataset) -> FigureSpec:
    currents = flank["flank"].values
    fine = np.linspace(currents.min(), currents.max(), 301)
    counted, uncertain = _counted_misses(flank)
    series = (
        Series("1 − (1 − exp(−u))/u, u = Δt/τ*", fine * _MICRO, 100.0 * _missed(junction, fine), tone=0),
        Series("counted", currents * _MICRO, 100.0 * counted, error=100.0 * uncertain, style="points", tone=0),
    )
    return FigureSpec(
        "missed",
        "Flips that sampling misses",
        (Panel("current I (µA)", "flips missed (%)", series),),
        "Flips there and back within one sampling interval are not seen. Bars: standard error.",
    )


def _row_figure(junction: SuperparamagneticJunction, row: xr.Dataset, settings: Mapping[str, Any]) -> FigureSpec:
    population = _population(junction, settings)
    fine = np.linspace(population.low, population.high, 301)
    rates, inputs = population.rates(fine), row["input"].values * _MICRO
    series: list[Series] = []
    for index in range(population.count):
        series.append(Series("", fine * _MICRO, rates[:, index], tone=index % 4))
        series.append(Series("", inputs, row["row"].values[:, index], style="points", tone=index % 4))
    return FigureSpec(
        "row",
        "A row of biased junctions",
        (Panel("input current (µA)", "flips a second", tuple(series)),),
        "Lines: tuning curves; points: one run each of the publication's length. The deviations are counting noise.",
    )
