"""Invertible logic on p-bits: gates, adders and multipliers forwards, backwards and in between, against exact sums."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.protocols import logic_figures as figures
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.ising.encodings.logic import Circuit

_COLD = 30.0
"""I_0 at which only ground states are left: the next level, 2 above, weighs e^-60."""
_DYNAMICS: tuple[Literal["events", "steps"], ...] = ("events", "steps")
_NANO, _PICO = 1e9, 1e12


def run(spec: Reproduction, context: Context) -> Outcome:
    """Histograms of circuits with some wires held, sampled at one I_0, beside the exact law of the same wires.

    Settings: ``cases``, each with a ``circuit`` (a gate's name, "adder" or "multiplier" with ``bits``), ``i0``,
    ``burn_in`` (sweeps before the one state that a run gives) and ``runs``: what is ``held`` and what is ``read``;
    ``reads`` (independent runs of a histogram); ``false_alarms``; ``inputs`` (random inputs of an arithmetic circuit
    that are sent forwards), ``input_i0`` and ``input_reads`` of each; ``products`` to be factorised; ``wide`` (bits,
    i0, burn_in, inputs, reads of a long adder); ``device``, ``on_device`` (cases run on simulated junctions, nothing
    held) and ``device_reads``, ``device_sweeps``.
    """
    import xarray as xr

    settings = spec.settings
    found: dict[str, dict[str, xr.Dataset]] = {}
    total, done, stage = sum(len(case["runs"]) for case in settings["cases"].values()), 0, context.stage("histograms")
    for name, case in settings["cases"].items():
        found[name] = {}
        for way, asked in case["runs"].items():
            work = functools.partial(_histogram, case, asked, settings, context.seed + done)
            found[name][way] = context.part(f"{name}-{way}", work)
            done += 1
            stage(done, total)
    many = {
        "forward": context.part("forward", functools.partial(_forward, settings, context)),
        "products": context.part("products", functools.partial(_products, settings, context)),
        "wide": context.part("wide", functools.partial(_wide, settings, context)),
        "device": context.part("device", functools.partial(_on_device, settings, context)),
    }
    metrics = _metrics(settings, found, many)
    named = [_named(part, f"{name}_{way}") for name, ways in found.items() for way, part in ways.items()]
    data = xr.merge([*named, *(_named(part, key) for key, part in many.items())])
    return Outcome(metrics, data, figures.of(settings, found, many), ("Camsari2017", "Pervaiz2017"))


def _named(part: xr.Dataset, key: str) -> xr.Dataset:
    """A part with its name before every name in it, so that parts of different sizes go into one file."""
    return part.rename({name: f"{key}_{name}" for name in {*part.variables, *part.dims}})


# ---- circuits and samples -------------------------------------------------------------------------------------------


def circuit_of(case: Mapping[str, Any]) -> Circuit:
    """The circuit of a case; a gate's wires are named as its pins."""
    from spinloom.ising.encodings.gates import GATES
    from spinloom.ising.encodings.logic import Circuit, multiplier, ripple_carry_adder

    if case["circuit"] == "adder":
        return ripple_carry_adder(int(case["bits"]), carry_in=True)
    if case["circuit"] == "multiplier":
        return multiplier(int(case["bits"]))
    kind = case["circuit"]
    return Circuit().add(kind, *(GATES[kind].pins if kind in GATES else ()))


def wires_of(circuit: Circuit, names: Sequence[str]) -> list[str]:
    """The wires of buses and wires, lowest bits first, less those that are held."""
    wires = [wire for name in names for wire in circuit.buses.get(name, (name,))]
    return [wire for wire in wires if wire not in circuit.clamped]


def _sampled(circuit: Circuit, i0: float, burn_in: int, reads: int, seed: int, log_z: bool = False) -> Any:
    """One state of each of ``reads`` independent runs, after ``burn_in`` sweeps, the first half of them cooling."""
    from spinloom.ising import PBitSampler

    options = {"chains": reads, "beta": i0, "log_partition": log_z}
    return PBitSampler().sample(
        circuit.model(), method="sampling", num_reads=reads, num_sweeps=burn_in, seed=seed, options=options
    )


def _columns(samples: Any, wires: Sequence[str]) -> np.ndarray:
    place = {name: i for i, name in enumerate(samples.variables)}
    return samples.record.sample[:, [place[wire] for wire in wires]]


def _histogram(case: Mapping[str, Any], asked: Mapping[str, Any], settings: Mapping[str, Any], seed: int) -> xr.Dataset:
    """Counts over (state) beside the exact P, P of the answers alone, ln Z, and how many gates hold."""
    import xarray as xr

    from spinloom.ising import Problem, elimination, histograms

    circuit = circuit_of(case).clamp(asked["held"])
    i0, reads = float(case["i0"]), int(settings["reads"])
    problem, wires = Problem.from_bqm(circuit.model()), wires_of(circuit, asked["read"])
    samples = _sampled(circuit, i0, int(case["burn_in"]), reads, seed, log_z=True)
    exact = elimination.distribution(problem, i0, wires)
    log_z, cold = elimination.log_partition(problem, i0), elimination.log_partition(problem, _COLD)
    ours = samples.info["log_partition"]
    return xr.Dataset(
        {
            "counts": (("state",), histograms.histogram(_columns(samples, wires))),
            "exact": (("state",), exact),
            "answers": (("state",), elimination.distribution(problem, _COLD, wires)),
            "truth": float(circuit.truth(samples).mean()),
            "truth_exact": float(np.exp(cold - log_z)),  # weights of the ground states, of energy 0, are 1
            "log_partition": float(ours.value),
            "log_partition_error": float(ours.error),
            "log_partition_exact": log_z,
            "solutions": float(np.exp(cold)),
        },
        attrs={"wires": wires},
    )


def modes_right(counts: np.ndarray, answers: np.ndarray) -> bool:
    """Whether every answer was seen more often than everything that is none."""
    good = np.asarray(answers) > 1e-9
    return bool(counts[good].min() > counts[~good].max(initial=-1))


def _most_frequent(numbers: np.ndarray) -> int:
    values, counts = np.unique(numbers, return_counts=True)
    return int(values[counts.argmax()])


# ---- many inputs ----------------------------------------------------------------------------------------------------


def _forward(settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """Share of random inputs whose most frequent output is the right one, over (case)."""
    import xarray as xr

    names = [name for name, case in settings["cases"].items() if case["circuit"] in ("adder", "multiplier")]
    rng, stage = np.random.default_rng([context.seed, 1]), context.stage("forwards")
    count, right = int(settings["inputs"]), dict.fromkeys(names, 0)
    for done, name in enumerate(names):
        case = settings["cases"][name]
        circuit = circuit_of(case)
        inputs, output = ("ABC", "S") if case["circuit"] == "adder" else ("XY", "P")
        for k in range(count):
            held = {bus: int(rng.integers(1 << len(circuit.buses[bus]))) for bus in inputs}
            clamped = circuit.clamp(held)
            seed = context.seed + 1000 * done + k
            i0, reads = float(settings["input_i0"]), int(settings["input_reads"])
            found = _sampled(clamped, i0, int(case["burn_in"]), reads, seed)
            wanted = sum(held.values()) if case["circuit"] == "adder" else held["X"] * held["Y"]
            right[name] += _most_frequent(clamped.read(found, output)) == wanted
            stage(done * count + k + 1, count * len(names))
    return xr.Dataset({"right": (("case",), [right[name] / count for name in names])}, coords={"case": names})


def _products(settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """Of each product: whether its factors, and nothing else, are the modes; how often the gates held."""
    import xarray as xr

    from spinloom.ising import Problem, elimination, histograms

    name, case = next((n, c) for n, c in settings["cases"].items() if c["circuit"] == "multiplier")
    circuit, reads = circuit_of(case), int(settings["reads"]) // 4
    size, stage = 1 << int(case["bits"]), context.stage(f"{name} backwards")
    right, truth, exact, i0 = [], [], [], float(case["i0"])
    for k, product in enumerate(settings["products"]):
        held = circuit.clamp({"P": product})
        found = _sampled(held, i0, int(case["burn_in"]), reads, context.seed + 5000 + k)
        counts = histograms.histogram(_columns(found, wires_of(held, "XY")))
        x, y = np.arange(counts.size) % size, np.arange(counts.size) // size
        right.append(modes_right(counts, x * y == product))
        truth.append(float(held.truth(found).mean()))
        problem = Problem.from_bqm(held.model())
        logs = [elimination.log_partition(problem, value) for value in (_COLD, i0)]
        exact.append(float(np.exp(logs[0] - logs[1])))
        stage(k + 1, len(settings["products"]))
    return xr.Dataset(
        {
            "right": (("product",), np.array(right, float)),
            "truth": (("product",), truth),
            "truth_exact": (("product",), exact),
        },
        coords={"product": list(settings["products"])},
    )


def _wide(settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """A long adder forwards: over (input), whether the mode is the sum, and how often all gates held."""
    import xarray as xr

    wide = settings["wide"]
    circuit = circuit_of({"circuit": "adder", "bits": wide["bits"]})
    rng, right, truth = np.random.default_rng([context.seed, 2]), [], []
    stage = context.stage(f"adder of {wide['bits']} bits")
    for k in range(int(wide["inputs"])):
        held = {bus: int(rng.integers(1 << len(circuit.buses[bus]))) for bus in "ABC"}
        clamped = circuit.clamp(held)
        found = _sampled(clamped, float(wide["i0"]), int(wide["burn_in"]), int(wide["reads"]), context.seed + 7000 + k)
        right.append(_most_frequent(clamped.read(found, "S")) == sum(held.values()))
        truth.append(float(clamped.truth(found).mean()))
        stage(k + 1, int(wide["inputs"]))
    return xr.Dataset({"right": (("input",), np.array(right, float)), "truth": (("input",), truth)})


def _on_device(settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """Cases on junctions that run freely, nothing held, over (dynamics, case): distance from the law; time, energy.

    "events": a p-bit looks at its inputs when its junction has moved, and then alone. "steps": as the circuit does, it
    follows its inputs at any time with the random number that the junction holds.
    """
    import xarray as xr

    from spinloom.devices import device
    from spinloom.ising import Problem, hardware, histograms
    from spinloom.ising.exact import Enumeration
    from spinloom.ising.network import Network

    bit, names = device(settings["device"]), list(settings["on_device"])
    reads, sweeps = int(settings["device_reads"]), int(settings["device_sweeps"])
    rows: dict[str, list[list[float]]] = {key: [] for key in ("variation", "expected", "bound", "time", "energy")}
    stage, done = context.stage(f"on {bit.name}"), 0
    for mode in _DYNAMICS:
        for row in rows.values():
            row.append([])
        for name in names:
            case = settings["cases"][name]
            problem = Problem.from_bqm(circuit_of(case).model())
            p = Enumeration.of(problem).distribution(float(case["i0"]))
            gains = float(case["i0"]) * np.minimum(2.0 * np.arange(1, sweeps + 1) / sweeps, 1.0)
            made = hardware.run(
                Network.from_problem(problem),
                hardware.Hardware(bit, mode),
                gains,
                reads=reads,
                seed=context.seed + done,
            )
            counts = histograms.histogram(made.states)
            rows["variation"][-1].append(histograms.total_variation(counts, p))
            rows["expected"][-1].append(histograms.expected_variation(p, reads))
            rows["bound"][-1].append(
                histograms.largest_variation(p, reads, float(settings["false_alarms"]) / len(names))
            )
            rows["time"][-1].append(made.time)
            rows["energy"][-1].append(made.energy)
            done += 1
            stage(done, len(_DYNAMICS) * len(names))
    found = {key: (("dynamics", "case"), row) for key, row in rows.items()}
    return xr.Dataset(found, coords={"dynamics": list(_DYNAMICS), "case": names})


# ---- numbers --------------------------------------------------------------------------------------------------------


def _metrics(
    settings: Mapping[str, Any], found: Mapping[str, Mapping[str, xr.Dataset]], many: Mapping[str, xr.Dataset]
) -> dict[str, Metric]:
    from spinloom.ising.histograms import expected_variation, largest_variation, total_variation

    metrics: dict[str, Metric] = {}
    reads, runs, deviations = int(settings["reads"]), sum(map(len, found.values())), []
    for name, ways in found.items():
        worst, modes = [], []
        for way, part in ways.items():
            counts, p = part["counts"].to_numpy(), part["exact"].to_numpy()
            variation, key = total_variation(counts, p), f"{name}.{way}"
            worst.append(variation / largest_variation(p, reads, float(settings["false_alarms"]) / runs))
            modes.append(modes_right(counts, part["answers"].to_numpy()))
            truth = float(part["truth"])
            error = max(truth * (1.0 - truth) / reads, 1e-300) ** 0.5
            metrics[f"{key}.variation"] = Metric(100.0 * variation, "%")
            metrics[f"{key}.by_chance"] = Metric(100.0 * expected_variation(p, reads), "%")
            metrics[f"{key}.truth"] = Metric(100.0 * truth, "%", 100.0 * error)
            metrics[f"{key}.truth_exact"] = Metric(100.0 * float(part["truth_exact"]), "%")
            metrics[f"{key}.solutions"] = Metric(float(part["solutions"]))
            off = float(part["log_partition"]) - float(part["log_partition_exact"])
            deviations.append(abs(off) / max(float(part["log_partition_error"]), 1e-9))
        metrics[f"{name}.variation"] = Metric(float(max(worst)))
        metrics[f"{name}.modes"] = Metric(float(np.mean(modes)))
        metrics[f"{name}.p_bits"] = Metric(float(len(circuit_of(settings["cases"][name]).wires)))
    metrics["log_partition.deviation"] = Metric(float(max(deviations)))
    for name, value in zip(many["forward"]["case"].values, many["forward"]["right"].values, strict=True):
        metrics[f"{name}.forward_right"] = Metric(float(value))
    metrics["products.right"] = Metric(float(many["products"]["right"].mean()))
    metrics["products.count"] = Metric(float(many["products"].sizes["product"]))
    metrics["wide.right"] = Metric(float(many["wide"]["right"].mean()))
    metrics["wide.truth"] = Metric.mean(100.0 * many["wide"]["truth"].to_numpy(), "%")
    device = many["device"]
    events = device.sel(dynamics="events")
    metrics["device.events.variation"] = Metric(float((events["variation"] / events["bound"]).max()))
    steps = device.sel(dynamics="steps")
    metrics["device.steps.excess"] = Metric(100.0 * float((steps["variation"] - steps["expected"]).max()), "%")
    metrics["device.time"] = Metric(_NANO * float(device["time"].max()), "ns")
    metrics["device.energy"] = Metric(_PICO * float(device["energy"].max()), "pJ")
    return metrics
