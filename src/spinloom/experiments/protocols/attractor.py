"""A continuous attractor network of superparamagnetic junctions: the bump holds, tracks, combines cues."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.protocols import attractor_figures as figures
from spinloom.experiments.protocols import attractor_studies as studies
from spinloom.experiments.protocols.attractor_studies import Bench
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric

if TYPE_CHECKING:
    import xarray as xr


def run(spec: Reproduction, context: Context) -> Outcome:
    """Measure one set of networks; see ``snn.attractor`` for the equations.

    Settings: ``device``; ``junctions`` n, ``coupling`` J, ``inhibition`` q, ``width`` a [rad], ``bias`` [w],
    ``breadth`` [rad] of the sensors; ``flips`` tau r_0, ``window`` [tau]. Holding: ``onset`` strength, ``on``, ``off``
    [tau], ``runs``. Wandering: ``sizes``, ``wander`` [tau]. Tracking: ``strength``, ``speeds`` (shares of the largest),
    ``tracking_runs``, ``track`` [tau] at least and ``turns`` of the cue; depressing synapses: ``coupling_depressed``,
    ``recovery`` [tau], ``use``, ``slow`` speeds [rad/tau]. Combining: ``reciprocal``, ``gain``, ``look`` (flips at the
    peak), ``pairs``, ``conflict`` [rad], ``settle``, ``flipping`` [tau], ``trials``. Faults: ``delta_spreads``,
    ``critical_spreads``, ``dead_shares``, ``chips``, ``fault_time`` [tau].
    """
    from spinloom import devices

    device = devices.device(spec.settings["device"])
    bench = Bench(device, spec.settings, context.seed)
    parts = {}
    for name, label, study in (
        ("holding", "bump without cue", studies.holding),
        ("wandering", "wandering", studies.wandering),
        ("tracking", "moving cue", studies.tracking),
        ("combining", "two cues", studies.combining),
        ("faults", "scatter and dead junctions", studies.faults),
    ):
        stage = context.stage(label)
        parts[name] = context.part(name, lambda study=study, stage=stage: study(bench, stage))
        stage(1, 1)
    metrics = {
        **_held(parts["holding"]),
        **_wandered(parts["wandering"]),
        **_tracked(parts["tracking"]),
        **_combined(parts["combining"], context.seed),
        **_faulty(parts["faults"]),
        **_energy(bench, parts["holding"]),
    }
    import xarray as xr

    data = xr.Dataset(
        {f"{name}.{key}": value.drop_vars(list(value.coords)).rename({d: f"{name}.{d}" for d in value.dims})
         for name, part in parts.items() for key, value in {**part.data_vars, **part.coords}.items()}
    )  # fmt: skip
    keys = tuple(device.parameters.references())
    return Outcome(metrics, data, figures.of(parts, metrics), keys, device.parameters.assumed_inputs())


def _held(part: xr.Dataset) -> dict[str, Metric]:
    heights = part["height"].values
    return {
        "bump.height": Metric(float(heights.mean()), "w"),
        "bump.residual": Metric(float(part["residual"])),
        "bump.invariance": Metric(float(np.ptp(heights) / heights.mean())),
        "bump.drift": Metric(float(np.abs(part["drift"].values).max()), "rad"),
        "coupling.critical": Metric(float(part["critical"])),
        "held.below_critical": Metric(float(part["below"])),
        "held.above_critical": Metric(float(part["above"])),
        "held.share": Metric(100.0 * float(part["held"]), "%"),
    }


def _slope(x: np.ndarray, y: np.ndarray, error: np.ndarray) -> tuple[float, float]:
    """Weighted straight line through (ln x, ln y): its slope and standard error."""
    weight = (y / error) ** 2
    u = np.log(x) - np.average(np.log(x), weights=weight)
    return float((weight * u) @ np.log(y) / (weight @ u**2)), float(1.0 / math.sqrt(weight @ u**2))


def _wandered(part: xr.Dataset) -> dict[str, Metric]:
    times, square = part.coords["time"].values, part["square"].values
    half = len(times) // 2
    # a chi-square of as many degrees of freedom as runs; the displacement at the end holds all of the information
    relative = math.sqrt(2.0 / int(part.attrs["runs"]))
    found = square[:, -1] / (2.0 * times[-1])
    exponent, error = _slope(part.coords["size"].values.astype(float), found, relative * found)
    ratio = found / part["theory"].values
    return {
        "wander.size_exponent": Metric(exponent, "", error),
        "wander.time_exponent": Metric(float(np.mean(np.log2(square[:, 2 * half - 1] / square[:, half - 1])))),
        "wander.against_theory": Metric(float(ratio.mean()), "", relative / math.sqrt(len(ratio))),
    }


def _falls_to_zero(x: np.ndarray, y: np.ndarray) -> float:
    """Where straight lines between the known points first fall through 0; NaN where they do not."""
    known = np.isfinite(y)
    x, y = x[known], y[known]
    at = np.flatnonzero((y[:-1] > 0.0) & (y[1:] <= 0.0))
    if not at.size:
        return math.nan
    n = int(at[0])
    return float(x[n] + y[n] / (y[n] - y[n + 1]) * (x[n + 1] - x[n]))


def _largest(values: np.ndarray) -> float:
    """The largest number; NaN where there is none."""
    known = values[np.isfinite(values)]
    return float(known.max()) if known.size else math.nan


def _tracked(part: xr.Dataset) -> dict[str, Metric]:
    ratios, went = part.coords["ratio"].values, part["went"].values
    followed = studies.follows(went)
    lags = part["lag"].values[followed]
    noisy = part["lag_noisy"].values
    lead, slow, own = -part["lag_depressed"].values, part.coords["slow"].values, float(part["travel"])
    turn = _falls_to_zero(slow, lead)
    return {
        "track.lags": Metric([float(x) for x in lags], "rad"),
        "track.largest": Metric(float(ratios[followed].max()) if followed.any() else 0.0),
        "track.lost": Metric(float(went[-1])),
        "track.theory_speed": Metric(float(part["largest"]), "rad/tau"),
        "track.lag_noisy": Metric([float(x) for x in noisy], "rad"),
        "track.went_noisy": Metric(float(part["went_noisy"].values.min())),
        "track.spread_noisy": Metric(float(part["spread_noisy"].values.max()), "rad"),
        "lead.depressed": Metric(_largest(lead), "rad"),
        "lead.plain": Metric(_largest(-part["lag_plain"].values), "rad"),
        "lead.up_to": Metric(turn, "rad/tau"),
        "lead.own_speed": Metric(own, "rad/tau"),
        "lead.own_over_turn": Metric(own / turn),
    }


def _combined(part: xr.Dataset, seed: int) -> dict[str, Metric]:
    """Weights and variances with both cues, against those that the estimates with one cue at a time foretell."""
    table = cue_table(part, seed)
    both = table["both"]
    quiet, flipping = both["quiet"], both["flipping"]
    worst = int(np.argmax(np.abs(flipping["weight"] - flipping["foretold"])))
    return {
        "cues.weights": Metric([float(x) for x in flipping["weight"]]),
        "cues.weights_foretold": Metric([float(x) for x in flipping["foretold"]]),
        "cues.weights_bayes": Metric([float(x) for x in both["Bayes"]["weight"]]),
        "cues.weight_difference": Metric(
            float(np.abs(flipping["weight"] - flipping["foretold"]).max()),
            "",
            float(flipping["difference_error"][worst]),
        ),
        "cues.variance_ratio": _mean(flipping["ratio"], flipping["ratio_error"]),
        "cues.variance_ratio_quiet": _mean(quiet["ratio"], quiet["ratio_error"]),
        "cues.better_than_one": Metric(float(flipping["gain"].max())),
        "cues.precision_quiet": Metric(100.0 * float((both["Bayes"]["variance"] / quiet["variance"]).mean()), "%"),
        "cues.precision": Metric(100.0 * float((both["Bayes"]["variance"] / flipping["variance"]).mean()), "%"),
        "cues.disagreement": Metric(float(table["apart"]), "rad"),
    }


def _mean(values: np.ndarray, errors: np.ndarray) -> Metric:
    """Mean over the pairs of cues; their single-cue variances are shared, so errors are not taken as independent."""
    return Metric(float(values.mean()), "", float(errors.mean()))


def cue_table(part: xr.Dataset, seed: int) -> dict[str, Any]:
    """For each pair of cues and each way of estimating: weight of cue 1, variance, what single cues foretell.

    Errors are standard errors from 200 bootstrap samples of the trials.
    """
    errors = part["error"].values
    first, second = part.coords["first"].values, part.coords["second"].values
    conflict = float(part.attrs["conflict"])
    ways = {"quiet": errors[:, 0:2].mean(1), "flipping": errors[:, 2:4].mean(1), "Bayes": errors[:, 4]}
    single = {int(k): n for n, (k, other) in enumerate(zip(first, second, strict=True)) if other == 0}
    pairs = [n for n, other in enumerate(second) if other > 0]
    chance = np.random.default_rng((seed, 5))

    def figures_of(values: np.ndarray) -> dict[str, np.ndarray]:
        out: dict[str, list[float]] = {k: [] for k in ("weight", "foretold", "variance", "ratio", "gain")}
        for n in pairs:
            one, two = (values[single[int(k)]].var(ddof=1) for k in (first[n], second[n]))
            best = 1.0 / (1.0 / one + 1.0 / two)
            variance = values[n].var(ddof=1)
            out["weight"].append(values[n].mean() / conflict + 0.5)
            out["foretold"].append(best / one)
            out["variance"].append(variance)
            out["ratio"].append(variance / best)
            out["gain"].append(variance / min(one, two))
        return {k: np.array(v) for k, v in out.items()}

    both = {}
    for name, values in ways.items():
        found = figures_of(values)
        again = [
            figures_of(np.stack([row[chance.integers(row.size, size=row.size)] for row in values])) for _ in range(200)
        ]
        for key in ("weight", "foretold", "ratio"):
            found[f"{key}_error"] = np.std([a[key] for a in again], axis=0, ddof=1)
        found["difference_error"] = np.std([a["weight"] - a["foretold"] for a in again], axis=0, ddof=1)
        both[name] = found
    apart = np.abs(errors[pairs, 0].mean(1) - errors[pairs, 1].mean(1)).max()
    return {"both": both, "apart": apart, "pairs": [(int(first[n]), int(second[n])) for n in pairs]}


def _faulty(part: xr.Dataset) -> dict[str, Metric]:
    out = {}
    for kind in ("delta", "trimmed", "critical", "dead"):
        levels = part.coords[kind].values
        held, error = part[f"held_{kind}"].mean("chip").values, part[f"error_{kind}"].mean("chip").values
        safe = levels[np.cumprod(held > 0.9).astype(bool)]
        out[f"faults.{kind}_safe"] = Metric(100.0 * float(safe.max()) if safe.size else 0.0, "%")
        out[f"faults.{kind}_error"] = Metric([float(x) for x in error], "rad")
        out[f"faults.{kind}_held"] = Metric([100.0 * float(x) for x in held], "%")
    return out


def _energy(bench: Bench, part: xr.Dataset) -> dict[str, Metric]:
    """Heat of the junctions in one window: h sum_i I_i^2 R_i, R_i the mean of both states' by their shares of time."""
    network = bench.network()
    current = network.rest_current + part["bump"].values * network.current_width
    parallel = network.junctions.probability_parallel(current)
    resistance = parallel * bench.device.resistance(1) + (1.0 - parallel) * bench.device.resistance(0)
    window = bench.window * network.time_constant
    power = float((current**2 * resistance).sum())
    rates = network.rate(part["bump"].values[None] * network.current_width)
    return {
        "energy.update": Metric(1e6 * power * window, "uJ"),
        "energy.flip": Metric(1e9 * power / float(rates.sum()), "nJ"),
        "energy.power": Metric(1e6 * power, "uW"),
        "time.update": Metric(window, "s"),
    }
