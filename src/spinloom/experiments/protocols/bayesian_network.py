"""Autonomous networks of two designs of p-bit: a Bayesian network, a Boltzmann machine, and what delays do to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from spinloom.devices import device
from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric

if TYPE_CHECKING:
    from spinloom.ising.hardware import Hardware
    from spinloom.ising.network import Network

_NANO, _FEMTO = 1e9, 1e15


def run(spec: Reproduction, context: Context) -> Outcome:
    """Correlations of a family on each design against exact sums; the same p-bits with symmetric couplings.

    Settings: ``designs`` (short name = parameter set), ``parents`` (child = its parents), ``coupling``, ``pair``,
    ``siblings``, ``sweeps`` (fluctuation times a run), ``seeds``, ``orders`` (ideal decisions in other orders of time),
    ``delays`` (time constants of synapse and transistor in units of tau_N), ``machine`` (symmetric J, h = 0) at
    ``gains``, ``gain`` (the one that is judged) and ``two`` (couplings of two symmetric p-bits).
    """
    from spinloom.ising.network import Network

    settings = spec.settings
    family = Network.from_parents(settings["parents"], float(settings["coupling"]))
    exact = family.correlations(family.distribution())
    seeds = context.seeds or int(settings["seeds"])
    parts = {
        "family": context.part("family", lambda: _family(family, settings, context, seeds)),
        "delays": context.part("delays", lambda: _delays(family, settings, context)),
        "machine": context.part("machine", lambda: _machine(settings, context)),
        "two": context.part("two", lambda: _two(settings, context)),
    }
    metrics = _of_family(parts["family"], exact, family, settings) | _of_delays(parts["delays"], exact)
    metrics |= _of_symmetric(parts["machine"], parts["two"], settings)
    for name, parameter_set in settings["designs"].items():
        bit = device(parameter_set)
        metrics[f"time.{name}"] = Metric(bit.time_per_update * _NANO, "ns")
        metrics[f"energy.{name}"] = Metric(bit.energy_per_update * family.size * _FEMTO, "fJ")
    data = xr.merge([part.rename({n: f"{key}_{n}" for n in part.data_vars}) for key, part in parts.items()])
    data = data.assign(exact=(("member", "other"), exact))
    sets = [device(name).parameters for name in settings["designs"].values()]
    figures = (_family_figure(parts["family"], exact, family, settings), _delay_figure(parts["delays"], exact),
               _symmetric_figure(parts["machine"], parts["two"], settings))  # fmt: skip
    references = tuple(dict.fromkeys(key for found in sets for key in found.references()))
    return Outcome(metrics, data, figures, references, tuple(row for found in sets for row in found.assumed_inputs()))


# ---- runs -----------------------------------------------------------------------------------------------------------


def _spins(network: Network, hardware: Hardware, gain: float, sweeps: int, seed: int) -> np.ndarray:
    """Samples (frames, n) of ±1 in steady state: each third of tau_N, or of each sweep."""
    from spinloom.ising import hardware as machine

    every = max(1, round(hardware.device.time_per_update / hardware.dt / 3)) if hardware.mode == "steps" else 1
    made = machine.run(network, hardware, np.full(sweeps, gain), seed=seed, every=every)
    return made.samples[0, made.samples.shape[1] // 50 :]


def _pairs(spins: np.ndarray) -> np.ndarray:
    one = spins.astype(np.float32)
    return (one.T @ one / len(one)).astype(float)


def _family(family: Network, settings: Mapping[str, Any], context: Context, seeds: int) -> xr.Dataset:
    """Correlations (way, seed, member, other) of each design and each order of ideal decisions."""
    from spinloom.ising.hardware import Hardware

    ways = {name: Hardware(device(found)) for name, found in settings["designs"].items()}
    first = next(iter(ways.values())).device
    ways |= {order: Hardware(first, order, slope_spread=False, offset_spread=False) for order in settings["orders"]}
    stage, done = context.stage("Bayesian network"), 0
    found = np.empty((len(ways), seeds, family.size, family.size))
    for row, hardware in enumerate(ways.values()):
        for number in range(seeds):
            stage(done, len(ways) * seeds)
            found[row, number] = _pairs(_spins(family, hardware, 1.0, int(settings["sweeps"]), context.seed + number))
            done += 1
    stage(done, done)
    names = [str(label) for label in family.labels]
    return xr.Dataset(
        {"correlation": (("way", "seed", "member", "other"), found)},
        {"way": list(ways), "member": names, "other": names},
    )


def _delays(family: Network, settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """Correlations with a synapse, or a transistor, as slow as a share of tau_N."""
    from spinloom.ising.hardware import Hardware

    delays = [float(share) for share in settings["delays"]]
    stage, done = context.stage("delays"), 0
    cases = [(name, part) for name in settings["designs"] for part in ("synapse", "transistor")]
    found = np.empty((len(settings["designs"]), 2, len(delays), family.size, family.size))
    for name, part in cases:
        bit = device(settings["designs"][name])
        for place, share in enumerate(delays):
            stage(done, len(cases) * len(delays))
            changed = bit.with_parameters(**{f"{part}_time": share * bit.time_per_update})
            hardware = Hardware(changed, time_step=bit.time_per_update / 150)
            row, column = list(settings["designs"]).index(name), int(part == "transistor")
            found[row, column, place] = _pairs(_spins(family, hardware, 1.0, int(settings["sweeps"]), context.seed))
            done += 1
    stage(done, done)
    return xr.Dataset(
        {"correlation": (("design", "part", "delay", "member", "other"), found)},
        {"design": list(settings["designs"]), "part": ["synapse", "transistor"], "delay": delays},
    )


def _machine(settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """Distributions (way, gain, state) of symmetric couplings, with the exact one."""
    from spinloom.ising.hardware import Hardware
    from spinloom.ising.histograms import histogram
    from spinloom.ising.network import Network

    network = Network.from_matrix(settings["machine"])
    gains = [float(gain) for gain in settings["gains"]]
    ways = {name: Hardware(device(found)) for name, found in settings["designs"].items()}
    ways |= {order: Hardware(next(iter(ways.values())).device, order) for order in settings["orders"]}
    stage, done = context.stage("Boltzmann machine"), 0
    found = np.empty((len(ways), len(gains), 1 << network.size))
    for row, hardware in enumerate(ways.values()):
        for column, gain in enumerate(gains):
            stage(done, len(ways) * len(gains))
            counts = histogram(_spins(network, hardware, gain, int(settings["sweeps"]), context.seed))
            found[row, column] = counts / counts.sum()
            done += 1
    stage(done, done)
    exact = np.array([network.distribution(gain) for gain in gains])
    return xr.Dataset(
        {"probability": (("way", "gain", "state"), found), "exact": (("gain", "state"), exact)},
        {"way": list(ways), "gain": gains},
    )


def _two(settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """P(aligned) of two p-bits that hear each other with J."""
    from spinloom.ising.hardware import Hardware
    from spinloom.ising.network import Network

    couplings, designs = [float(j) for j in settings["two"]], settings["designs"]
    found = np.empty((len(designs), len(couplings)))
    stage = context.stage("two p-bits")
    for row, name in enumerate(designs.values()):
        for column, coupling in enumerate(couplings):
            stage(row * len(couplings) + column, found.size)
            pair = Network.from_matrix([[0.0, coupling], [coupling, 0.0]])
            m = _spins(pair, Hardware(device(name)), 1.0, int(settings["sweeps"]), context.seed)
            found[row, column] = (m[:, 0] == m[:, 1]).mean()
    stage(found.size, found.size)
    return xr.Dataset({"aligned": (("design", "coupling"), found)}, {"design": list(designs), "coupling": couplings})


def held_together(coupling: float | np.ndarray) -> np.ndarray:
    """P(aligned) of two compared p-bits without delay: 1/2 + T - T^2/2, T = tanh J; Boltzmann's law is (1 + T)/2.

    Each keeps its noise r, uniform in -1..1, while the other answers. Both |r| < T (probability T^2): they hold each
    other, aligned. One outside, one inside (2 T (1 - T)): the inner follows the outer. Both outside: aligned in half.
    """
    t = np.tanh(np.asarray(coupling, float))
    return 0.5 + t - 0.5 * t**2


# ---- numbers --------------------------------------------------------------------------------------------------------


def _of_family(table: xr.Dataset, exact: np.ndarray, family: Network, settings: Mapping[str, Any]) -> dict[str, Metric]:
    place = {str(label): i for i, label in enumerate(family.labels)}
    metrics: dict[str, Metric] = {"size": Metric(float(family.size))}
    for what in ("pair", "siblings"):
        i, j = (place[name] for name in settings[what])
        metrics[f"{what}.exact"] = Metric(float(exact[i, j]))
        for way in table["way"].values:
            metrics[f"{what}.{way}"] = Metric.mean(table["correlation"].sel(way=way).values[:, i, j])
    for way in table["way"].values:
        metrics[f"error.{way}"] = Metric(_largest(table["correlation"].sel(way=way).mean("seed").values, exact))
    return metrics


def _largest(found: np.ndarray, exact: np.ndarray) -> float:
    return float(np.abs(found - exact).max())


def _of_delays(table: xr.Dataset, exact: np.ndarray) -> dict[str, Metric]:
    metrics = {}
    for name in table["design"].values:
        for part in table["part"].values:
            errors = [_largest(table["correlation"].sel(design=name, part=part, delay=d).values, exact)
                      for d in table["delay"].values]  # fmt: skip
            metrics[f"error.{name}.{part}.fast"] = Metric(errors[0])
            metrics[f"error.{name}.{part}.slow"] = Metric(errors[-1])
    return metrics


def _of_symmetric(machine: xr.Dataset, two: xr.Dataset, settings: Mapping[str, Any]) -> dict[str, Metric]:
    far = 0.5 * abs(machine["probability"] - machine["exact"]).sum("state")
    judged = far.sel(gain=float(settings["gain"]), method="nearest")
    metrics = {f"boltzmann.{way}": Metric(float(judged.sel(way=way))) for way in machine["way"].values}
    for name in two["design"].values:
        metrics[f"boltzmann.{name}.weak"] = Metric(float(far.sel(way=name)[0]))
        metrics[f"boltzmann.{name}.strong"] = Metric(float(far.sel(way=name)[-1]))
        aligned = two["aligned"].sel(design=name).values
        law = 0.5 * (1.0 + np.tanh(two["coupling"].values))
        metrics[f"two.{name}.boltzmann"] = Metric(float(np.abs(aligned - law).max()))
        metrics[f"two.{name}.held"] = Metric(float(np.abs(aligned - held_together(two["coupling"].values)).max()))
    return metrics


# ---- figures --------------------------------------------------------------------------------------------------------


def _family_figure(table: xr.Dataset, exact: np.ndarray, family: Network, settings: Mapping[str, Any]) -> FigureSpec:
    place = {str(label): i for i, label in enumerate(family.labels)}
    pairs = [[str(a), str(b)] for a, b in settings["shown"]]
    at = np.arange(len(pairs), dtype=float)
    rows = [Series("exact", at, np.array([exact[place[a], place[b]] for a, b in pairs]), style="line", group="guide")]
    for way in table["way"].values:
        mean = table["correlation"].sel(way=way).mean("seed").values
        values = np.array([mean[place[a], place[b]] for a, b in pairs])
        rows.append(Series(str(way), at, values, style="points"))
    names = tuple(f"{a}–{b}" for a, b in pairs)
    panel = Panel("pair", "correlation ⟨m m'⟩", tuple(rows), categories=names)
    return FigureSpec(
        "family", "A family as a Bayesian network of p-bits", (panel,),
        "Correlations of pairs: parents and children, siblings, grandparents, cousins. The design whose transistor "
        "compares (stt) keeps to the exact sums; the one that biases dwell times (sot) does not.",
    )  # fmt: skip


def _delay_figure(table: xr.Dataset, exact: np.ndarray) -> FigureSpec:
    panels = []
    for part in table["part"].values:
        rows = []
        for name in table["design"].values:
            found = table["correlation"].sel(design=name, part=part).values
            errors = np.array([_largest(one, exact) for one in found])
            rows.append(Series(str(name), table["delay"].values, errors, style="both"))
        panels.append(
            Panel(f"time constant of the {part} / τ_N", "largest error of a correlation", tuple(rows), x_scale="log")
        )
    return FigureSpec(
        "delays", "What delays cost a Bayesian network", tuple(panels),
        "A child must know its parents long before they change: synapse and transistor must be much faster than the "
        "junction. The transistor plays no part in the design that has none before its junction.",
    )  # fmt: skip


def _symmetric_figure(machine: xr.Dataset, two: xr.Dataset, settings: Mapping[str, Any]) -> FigureSpec:
    gain = float(settings["gain"])
    states = np.arange(machine.sizes["state"], dtype=float)
    law = machine["exact"].sel(gain=gain, method="nearest").values
    rows = [Series("Boltzmann", states, law, style="line", group="guide")]
    couplings = two["coupling"].values
    fine = np.linspace(0.0, float(couplings.max()), 101)
    curves = [
        Series("Boltzmann", fine, 0.5 * (1.0 + np.tanh(fine)), group="guide"),
        Series("held together", fine, held_together(fine), style="dashed", group="guide"),
    ]
    for name in two["design"].values:
        found = machine["probability"].sel(way=name).sel(gain=gain, method="nearest").values
        rows.append(Series(str(name), states, found, style="points"))
        curves.append(Series(str(name), couplings, two["aligned"].sel(design=name).values, style="points"))
    return FigureSpec(
        "symmetric", "The same p-bits with symmetric couplings",
        (Panel("state by number", "probability", tuple(rows), title="Boltzmann machine"),
         Panel("coupling J", "P(aligned)", tuple(curves), title="two p-bits")),
        "The design that biases dwell times samples Boltzmann's law. The one that compares keeps its noise while its "
        "neighbours answer, and two of them hold each other together more than they should.",
    )  # fmt: skip
