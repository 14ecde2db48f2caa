"""A telegraph junction as a neural code: what its spikes say of a stimulus, and how soon.

With k = f0 exp(-Delta) and u = Delta x the junction leaves its states at k exp(-u) and k exp(u), so it flips
r = k/cosh u times a second on average. All that T seconds of its signal say of u is the Fisher information T r: an
estimate is off by 1/sqrt(T r) at best. Three codes are read: the share of time in one state (which reaches that
bound), the number of flips, and the lengths of dwells.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric
from spinloom.units import si

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.devices.superparamagnetic_junction import SuperparamagneticJunction

_SECH = 5.244115
"""Integral of sqrt(sech u) over all u, Gamma(1/4)^2/sqrt(2 pi) (checked by a test)."""


def run(spec: Reproduction, context: Context) -> Outcome:
    """Spiking probability over voltage and field, and decoding errors over observation time.

    Settings: ``device``, ``low`` and ``high`` (spiking probabilities between which inputs are swept), ``points``,
    ``field`` (held while the voltage is swept), ``stimulus`` (u at which codes are compared), ``times`` (of
    observation, in correlation times), ``per_time`` (samples a correlation time), ``runs``, ``sizes`` (junctions of a
    population).
    """
    import xarray as xr

    from spinloom.devices import device

    settings = spec.settings
    junction = device(settings["device"])
    tuned = context.part("tuning", lambda: _tuning(junction, settings, context))
    decoded = context.part("decoding", lambda: _decoding(junction, settings, context))
    data = xr.merge([tuned, decoded], combine_attrs="drop")
    assert isinstance(data, xr.Dataset)  # xarray's signature also allows trees
    return Outcome(
        _metrics(junction, tuned, decoded, settings), data, _figures(tuned, decoded),
        tuple(junction.parameters.references()), assumed=junction.parameters.assumed_inputs(),
    )  # fmt: skip


# ---- spiking probability ----------------------------------------------------------------------------------------


def _shares(junction: SuperparamagneticJunction, volts: float, tesla: float) -> tuple[float, float]:
    """(P(antiparallel), flips a second) in closed form; a voltage favours parallel, a field here antiparallel."""
    state = junction.two_state(voltage=volts, field=-tesla)
    return 1.0 - float(state.probability_parallel()[0]), float(state.flip_rate()[0])


def _input_for(junction: SuperparamagneticJunction, wanted: float, hold: float, by: str) -> float:
    """The voltage [V] at a field ``hold``, or the field [T] at a voltage ``hold``, that gives P(antiparallel)."""
    from scipy.optimize import root_scalar

    if by == "voltage":
        edge = 0.9 * junction.parameters.value("critical_voltage")
        return root_scalar(lambda v: _shares(junction, float(v), hold)[0] - wanted, bracket=(-edge, edge)).root
    edge = 0.5 * junction.parameters.value("anisotropy_field")
    return root_scalar(lambda b: _shares(junction, hold, float(b))[0] - wanted, bracket=(-edge, edge)).root


def _tuning(junction: SuperparamagneticJunction, settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """P and flips over the voltage at a held field, and over the field at a held voltage: measured and closed form."""
    import xarray as xr

    field = si(settings["field"], "field", "field")
    voltage = _input_for(junction, 0.5, field, "voltage")
    points, found = int(settings["points"]), {}
    stage = context.stage("spiking probability")
    for index, by in enumerate(("voltage", "field")):
        hold = field if by == "voltage" else voltage
        ends = [_input_for(junction, float(settings[name]), hold, by) for name in ("low", "high")]
        inputs = np.linspace(ends[0], ends[1], points)
        exact, measured = np.empty((2, points)), np.empty((2, points))
        for n, value in enumerate(inputs):
            volts, tesla = (value, hold) if by == "voltage" else (hold, value)
            exact[:, n] = _shares(junction, float(volts), float(tesla))
            measured[:, n] = _measured(junction, float(volts), float(tesla), settings, 100 * index + n + context.seed)
            stage(index * points + n + 1, 2 * points)
        found |= {f"{by}_inputs": ("point", inputs), f"{by}_held": hold}
        for row, what in enumerate(("probability", "flips")):
            found |= {f"{by}_{what}": ("point", measured[row]), f"{by}_{what}_exact": ("point", exact[row])}
    # the line of equal probability: the voltage that undoes each field
    fields = np.linspace(0.5 * field, 1.5 * field, 5)
    undo = [_input_for(junction, 0.5, float(b), "voltage") for b in fields]
    return xr.Dataset({**found, "line_voltage": ("line", undo)}, coords={"line_field": ("line", fields)})


def _measured(
    junction: SuperparamagneticJunction, volts: float, tesla: float, settings: Mapping[str, Any], seed: int
) -> tuple[float, float]:
    """P(antiparallel) by sampling, flips a second by waiting times."""
    state = junction.two_state(int(settings["runs"]), voltage=volts, field=-tesla)
    tau = float(state.correlation_time()[0])
    samples = 50
    seen = state.states(0.0, 2.0 * tau, samples, seed=seed)
    window = 40.0 * tau / (4.0 * float((p := state.probability_parallel()[0]) * (1.0 - p)))
    return 1.0 - float(seen.mean()), float(state.flips(0.0, window, seed=seed)[0].mean() / window)


# ---- decoding ---------------------------------------------------------------------------------------------------


def share_variance(p: float, ratio: float, samples: int) -> float:
    """Variance of the mean of ``samples`` states of a telegraph signal, ``ratio`` correlation times apart."""
    c = math.exp(-ratio)
    inflate = (1.0 + c) / (1.0 - c) - 2.0 * c * (1.0 - c**samples) / (samples * (1.0 - c) ** 2)
    return p * (1.0 - p) / samples * inflate


def _decoding(junction: SuperparamagneticJunction, settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """Errors of u by time share, flips and dwells over the time of observation; information on a uniform stimulus."""
    import xarray as xr

    u = float(settings["stimulus"])
    mean = junction.two_state(1)
    current = u * float(mean.critical_current[0] / mean.thermal_stability[0])
    tau, rate = float(mean.correlation_time(current)[0]), float(mean.flip_rate(current)[0])
    p = float(mean.probability_parallel(current)[0])
    times, per = np.asarray(settings["times"], float), int(settings["per_time"])
    runs = int(settings["runs"])
    many = junction.two_state(runs)
    stage = context.stage("decoding")
    error = {name: np.empty(times.size) for name in ("share", "flips", "dwells")}
    variance = np.empty(times.size)
    k = float(mean.attempt_frequency[0] * math.exp(-mean.thermal_stability[0]))
    for n, time in enumerate(times):
        samples = round(time * per)
        states = many.states(current, tau / per, samples, seed=context.seed + n)
        part = states.mean(axis=0)
        variance[n] = part.var()
        edge = 0.5 / samples  # runs that never leave a state: half a sample is given to the other
        share = np.clip(part, edge, 1.0 - edge)
        error["share"][n] = _off(0.5 * np.log(share / (1.0 - share)), u)
        counts = many.flips(current, time * tau, seed=context.seed + n)[0]
        seen = np.clip(counts / (time * tau), 0.5 / (time * tau), k)  # the side of the bell is taken as known
        error["flips"][n] = _off(np.sign(u) * np.arccosh(k / seen), u)
        # the same number of dwells in the parallel state as fit into the time on average
        dwells = max(1, round(0.5 * rate * time * tau))
        lengths = np.random.default_rng((context.seed, n, 0x5E1)).gamma(dwells, math.exp(u) / k / dwells, runs)
        error["dwells"][n] = _off(np.log(k * lengths), u)
        stage(n + 1, times.size)
    sizes = np.asarray(settings["sizes"], int)
    samples = round(times[-1] * per)
    pooled = np.empty(sizes.size)
    for n, size in enumerate(sizes):
        states = junction.two_state(int(size) * runs).states(current, tau / per, samples, seed=context.seed + 100 + n)
        part = np.clip(states.mean(axis=0).reshape(runs, size).mean(axis=1), 1e-4, 1 - 1e-4)
        pooled[n] = _off(0.5 * np.log(part / (1.0 - part)), u)
    exact = [share_variance(p, 1.0 / per, round(t * per)) for t in times]
    return xr.Dataset(
        {
            **{f"error_{name}": ("time", value) for name, value in error.items()},
            "bound": ("time", 1.0 / np.sqrt(rate * times * tau)),
            "share_variance": ("time", variance),
            "share_variance_exact": ("time", exact),
            "error_population": ("size", pooled),
            "bits": ("time", bits(k * times * tau)),
            "information": ("time", _information(junction, settings, tau, context)),
        },
        coords={"time": times, "size": sizes},
    )  # fmt: skip


def _off(estimate: np.ndarray, truth: float) -> float:
    """Root mean square error."""
    return float(np.sqrt(np.mean((np.asarray(estimate) - truth) ** 2)))


def bits(flips: np.ndarray) -> np.ndarray:
    """Information [bit] of a long observation of T seconds about a stimulus, ``flips`` = k T, in closed form.

    log2 of the integral of sqrt(T r(u)) du/sqrt(2 pi e) over all u: what the best spread of stimuli allows (Clarke and
    Barron's asymptote). Valid for many flips.
    """
    return np.log2(_SECH * np.sqrt(np.asarray(flips) / (2.0 * math.pi * math.e)))


def _information(
    junction: SuperparamagneticJunction, settings: Mapping[str, Any], tau: float, context: Context
) -> np.ndarray:
    """Information [bit] between the stimulus, spread as sqrt(sech u), and the time share as it is measured."""
    levels, runs, per = 48, max(int(settings["runs"]) // 4, 10), int(settings["per_time"])
    grid = np.linspace(-12.0, 12.0, 4001)
    spread = np.cumsum(1.0 / np.sqrt(np.cosh(grid)))
    stimuli = np.interp((np.arange(levels) + 0.5) / levels, spread / spread[-1], grid)
    one = junction.two_state(1)
    currents = np.repeat(stimuli, runs) * float(one.critical_current[0] / one.thermal_stability[0])
    many = junction.two_state(levels * runs)
    found = []
    for n, time in enumerate(settings["times"]):
        samples = round(float(time) * per)
        seen = many.states(currents, tau / per, samples, seed=context.seed + 200 + n).sum(axis=0).reshape(levels, runs)
        # few boxes, equally filled, so that the bias of counting, (levels - 1)(boxes - 1)/(2 N ln 2), stays small
        cuts = np.unique(np.quantile(seen, np.linspace(0, 1, 33)[1:-1]))
        box = np.searchsorted(cuts, seen, side="right")
        table = np.stack([np.bincount(row, minlength=cuts.size + 1) for row in box]) / seen.size
        full = table > 0
        product = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True)
        raw = float((table[full] * np.log2(table[full] / product[full])).sum())
        bias = (full.sum() - (table.sum(axis=0) > 0).sum() - levels + 1) / (2.0 * seen.size * math.log(2.0))
        found.append(raw - float(bias))
    return np.array(found)


# ---- results ----------------------------------------------------------------------------------------------------


def _metrics(
    junction: SuperparamagneticJunction, tuned: xr.Dataset, decoded: xr.Dataset, settings: Mapping[str, Any]
) -> dict[str, Metric]:
    metrics = {}
    for by, unit, scale in (("voltage", "V", 1.0), ("field", "mT", 1e3)):
        p, exact = tuned[f"{by}_probability"].values, tuned[f"{by}_probability_exact"].values
        metrics[f"lowest.{by}"] = Metric(100.0 * float(p.min()), "%")
        metrics[f"highest.{by}"] = Metric(100.0 * float(p.max()), "%")
        metrics[f"apart.{by}"] = Metric(100.0 * float(np.abs(p - exact).max()), "%")
        inputs = tuned[f"{by}_inputs"].values
        metrics[f"span.{by}"] = Metric(scale * float(abs(inputs[-1] - inputs[0])), unit)
        flips = tuned[f"{by}_flips"].values / tuned[f"{by}_flips_exact"].values
        metrics[f"flips.{by}"] = Metric(float(np.abs(flips - 1.0).max()) * 100.0, "%")
    low, high = float(settings["low"]), float(settings["high"])
    logits = math.log(high / (1 - high)) - math.log(low / (1 - low))
    held = float(tuned["voltage_held"]) / junction.parameters.value("anisotropy_field")
    delta = junction.thermal_stability() * (1.0 + held**2)
    predicted = logits * junction.parameters.value("critical_voltage") * (1.0 + held**2) / (2.0 * delta)
    metrics["span.ratio"] = Metric(metrics["span.voltage"].number / predicted)
    # opposite inputs: the voltage that undoes a field grows with it
    slope = np.gradient(tuned["line_voltage"].values, tuned["line_field"].values)
    metrics["conflict"] = Metric(float(slope.min()), "V/T")
    order = np.argsort(tuned["voltage_inputs"].values)
    metrics["reverse"] = Metric(float(np.diff(tuned["voltage_probability_exact"].values[order]).max()))
    bound = decoded["bound"].values
    for code in ("share", "flips", "dwells"):
        metrics[f"error.{code}"] = Metric(float(decoded[f"error_{code}"][-1]))
        metrics[f"loss.{code}"] = Metric(float(decoded[f"error_{code}"][-1] / bound[-1]))
    metrics["variance.ratio"] = Metric(
        float(np.abs(decoded["share_variance"].values / decoded["share_variance_exact"].values - 1.0).max())
    )
    sizes, pooled = decoded["size"].values, decoded["error_population"].values
    metrics["population.slope"] = Metric(float(np.polyfit(np.log(sizes), np.log(pooled), 1)[0]))
    times = decoded["time"].values
    late = times >= times[-1] / 5.0  # earlier, many runs have not left one state often enough
    shares = np.log(decoded["error_share"].values[late])
    metrics["time.slope"] = Metric(float(np.polyfit(np.log(times[late]), shares, 1)[0]))
    metrics["information"] = Metric(float(decoded["information"][-1]), "bit")
    metrics["information.gap"] = Metric(float(decoded["information"][-1] - decoded["bits"][-1]), "bit")
    return metrics


def _figures(tuned: xr.Dataset, decoded: xr.Dataset) -> tuple[FigureSpec, ...]:
    panels = []
    for by, label, scale in (("voltage", "voltage (mV)", 1e3), ("field", "field towards antiparallel (mT)", 1e3)):
        x = scale * tuned[f"{by}_inputs"].values
        series = [Series("closed form", x, 100 * tuned[f"{by}_probability_exact"].values, style="line", group="guide")]
        series.append(Series("sampled", x, 100 * tuned[f"{by}_probability"].values, style="points"))
        series += [
            Series(f"published, {edge} %", x[[0, -1]], np.full(2, edge), style="dashed", group="published")
            for edge in (27.6, 99.8)
        ]
        panels.append(Panel(label, "spiking probability (%)", tuple(series)))
    times = decoded["time"].values
    codes = {"share": "share of time", "flips": "number of flips", "dwells": "lengths of dwells"}
    series = [Series("Cramér-Rao bound", times, decoded["bound"].values, style="line", group="guide")]
    series += [Series(text, times, decoded[f"error_{code}"].values, style="both") for code, text in codes.items()]
    errors = Panel("observation (correlation times)", "error of Δx", tuple(series), x_scale="log", y_scale="log")
    info = Panel(
        "observation (correlation times)", "information (bit)",
        (Series("asymptote", times, decoded["bits"].values, style="line", group="guide"),
         Series("measured", times, decoded["information"].values, style="both")), x_scale="log",
    )  # fmt: skip
    return (
        FigureSpec("coding", "Spiking probability under two inputs", tuple(panels),
                   "Share of time in the antiparallel state over each input, the other held."),
        FigureSpec("decoding", "What an observation says of the stimulus", (errors, info),
                   "Left: root mean square error of three ways to read the stimulus; short observations are read "
                   "within the range that they can tell at all, where the bound, for unbiased readers, does not hold. "
                   "Right: information of the share "
                   "of time about a stimulus spread as its resolution."),
    )  # fmt: skip
