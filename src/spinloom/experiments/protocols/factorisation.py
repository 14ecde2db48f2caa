"""Factorisation by p-bits that jump among products: histograms against exact laws, junctions, and larger numbers."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.protocols import factorisation_figures as figures
from spinloom.experiments.protocols.logic import modes_right
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.ising.encodings.factorisation import Factorisation

WAYS = {"polynomial": "products of four", "pairs": "pairs and auxiliary p-bits", "multiplier": "multiplier of gates"}
"""Encodings whose scaling is compared, with their names for people."""
_MICRO = 1e6


def run(spec: Reproduction, context: Context) -> Outcome:
    """Histograms of (X, Y) for the published numbers, ideal and on junctions; time to solution of larger numbers.

    Settings: ``numbers`` ([F, p-bits of X, p-bits of Y]), ``beta`` (1/temperature in units of 1/(XY - F)²), ``sweeps``
    (half of them cooling) and ``reads`` of a histogram, ``false_alarms``; ``device``, ``chips`` (sets of junctions with
    the device's spread), ``chip_reads``; and for the scaling ``bits`` of each way (of "polynomial", "pairs",
    "multiplier"), ``each`` (numbers of a size), ``lengths`` (sweeps tried), ``tries`` (runs of a length).
    """
    import xarray as xr

    settings = spec.settings
    published: dict[int, xr.Dataset] = {}
    stage = context.stage("histograms")
    for k, (number, x_bits, y_bits) in enumerate(settings["numbers"]):
        task = functools.partial(_published, (number, x_bits, y_bits), settings, context.seed + 10 * k)
        published[number] = context.part(f"number{number}", task)
        stage(k + 1, len(settings["numbers"]))
    scaling = {way: context.part(way, functools.partial(_scaling, way, settings, context)) for way in settings["bits"]}
    metrics = _metrics(settings, published, scaling)
    parts = {**{f"number{number}": part for number, part in published.items()}, **scaling}
    data = xr.merge(
        [part.rename({n: f"{key}_{n}" for n in {*part.variables, *part.dims}}) for key, part in parts.items()]
    )
    return Outcome(metrics, data, figures.of(settings, published, scaling), ("Borders2019",))


# ---- the published numbers ------------------------------------------------------------------------------------------


def _published(number: Sequence[int], settings: Mapping[str, Any], seed: int) -> xr.Dataset:
    """Counts over (state), of p-bits in turn and without a clock, beside the exact law; with spread over (chip)."""
    import xarray as xr

    from spinloom.devices import device
    from spinloom.ising import PBitPolySampler, histograms
    from spinloom.ising.encodings.factorisation import Factorisation
    from spinloom.ising.exact import Enumeration, states

    task, beta = Factorisation.of(*number), float(settings["beta"])
    enumeration = Enumeration.from_terms(task.polynomial(), task.labels)
    betas = ramp(beta, int(settings["sweeps"]))
    samples = PBitPolySampler().sample_poly(
        task.polynomial(), num_reads=int(settings["reads"]), schedule=betas, update="gibbs", keep="last", seed=seed
    )
    place = {name: i for i, name in enumerate(samples.variables)}
    counts = histograms.histogram(samples.record.sample[:, [place[label] for label in task.labels]])
    bit, energies = device(settings["device"]), enumeration.energies
    ideal = (np.ones(task.size), np.zeros(task.size))
    free, first = asynchronous(energies, ideal, betas, int(settings["reads"]), seed + 1)
    right = []
    for chip in range(int(settings["chips"])):
        drawn = bit.spread(task.size, chip)
        found, _ = asynchronous(energies, (drawn.slope, drawn.offset), betas, int(settings["chip_reads"]), seed + 2)
        right.append(modes_right(found, energies == 0))
    x, y = task.decode(states(np.arange(energies.size), task.size))
    return xr.Dataset(
        {
            "counts": (("state",), counts),
            "junctions": (("state",), free),
            "exact": (("state",), enumeration.distribution(beta)),
            "energy": (("state",), energies),
            "x": (("state",), x),
            "y": (("state",), y),
            "chip_right": (("chip",), np.array(right, float)),
            "first": float(np.median(np.where(np.isnan(first), np.inf, first))),
            "order": task.polynomial().degree,
        }
    )


def ramp(beta: float, sweeps: int) -> np.ndarray:
    """beta of each sweep: rising to its value in the first half, there in the second."""
    return beta * np.minimum(2.0 * np.arange(1, sweeps + 1) / sweeps, 1.0)


def asynchronous(
    energies: np.ndarray, chip: tuple[np.ndarray, np.ndarray], betas: np.ndarray, reads: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """p-bits without a clock, each deciding anew at the ticks of its own Poisson clock, with couplings of any order.

    The ticks of n clocks of one rate come in the order of independent uniform draws, one of which is a decision:
    P(+1) = (1 + tanh(slope (x - offset)))/2 with x = beta (E_- - E_+)/2 at that instant. A sweep is n ticks, the mean
    time of one clock.

    Parameters
    ----------
    energies : np.ndarray
        Of all states by number, shape (2^n,).
    chip : tuple of np.ndarray
        Slopes (n,), of 1, and offsets (n,), of 0, for the nominal junction.
    betas : np.ndarray
        Of each sweep.
    reads, seed : int

    Returns
    -------
    tuple of np.ndarray
        Counts of the last states, shape (2^n,); sweeps until each read met a state of energy 0, shape (reads,), nan
        where it did not.
    """
    spins = energies.size.bit_length() - 1
    rng = np.random.default_rng([seed, 3])
    state, (slope, offset) = rng.integers(0, energies.size, reads), chip
    first = np.where(energies[state] == 0, 0.0, np.nan)
    for tick in range(betas.size * spins):
        i = rng.integers(0, spins, reads)
        up, down = state | (1 << i), state & ~(1 << i)
        x = 0.5 * betas[tick // spins] * (energies[down] - energies[up])
        p = 0.5 * (1.0 + np.tanh(slope[i] * (x - offset[i])))
        state = np.where(rng.random(reads) < p, up, down)
        hit = np.isnan(first) & (energies[state] == 0)
        first[hit] = (tick + 1) / spins
    return np.bincount(state, minlength=energies.size), first


# ---- larger numbers -------------------------------------------------------------------------------------------------


def semiprimes(bits: int, count: int, seed: int) -> list[int]:
    """Products of two primes of bits/2 binary digits each, drawn at random."""
    half = bits // 2
    primes = [
        p for p in range((1 << (half - 1)) | 1, 1 << half, 2) if all(p % d for d in range(3, math.isqrt(p) + 1, 2))
    ]
    drawn = np.random.default_rng([seed, bits]).choice(primes, (count, 2))
    return [int(p) * int(q) for p, q in drawn]


def _scaling(way: str, settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """Over (bits, number): updates until the factors are found with 99 %, at the best length; guesses; p-bits."""
    import xarray as xr

    sizes, each = [int(bits) for bits in settings["bits"][way]], int(settings["each"])
    lengths, tries = [int(n) for n in settings["lengths"][way]], int(settings["tries"])
    stage, done = context.stage(f"larger numbers, {WAYS[way]}"), 0
    needed = np.full((len(sizes), each, len(lengths)), np.inf)
    spins, guesses = np.zeros(len(sizes)), np.zeros((len(sizes), each))
    for row, bits in enumerate(sizes):
        for column, number in enumerate(semiprimes(bits, each, context.seed)):
            task = _task(number, bits)
            for k, sweeps in enumerate(lengths):
                found, spins[row] = _success(way, task, sweeps, tries, context.seed + column)
                needed[row, column, k] = repeats(found) * sweeps * spins[row]
                done += 1
                stage(done, len(sizes) * each * len(lengths))
            guesses[row, column] = repeats(len(task.factors()) / 2.0**task.size) * task.size
    best = needed[np.arange(len(sizes)), :, np.median(needed, axis=1).argmin(axis=1)]
    return xr.Dataset(
        {
            "updates": (("bits", "number"), best),
            "guesses": (("bits", "number"), guesses),
            "p_bits": (("bits",), spins),
        },
        coords={"bits": sizes},
    )


def _task(number: int, bits: int) -> Factorisation:
    from spinloom.ising.encodings.factorisation import Factorisation

    return Factorisation.of(number, bits // 2 - 1, bits // 2 - 1)


def repeats(success: float) -> float:
    """Runs until one has succeeded with 99 %: ln 0.01/ln(1 - p), at least 1; infinite for p = 0."""
    if success <= 0.0:
        return math.inf
    return 1.0 if success >= 0.99 else math.log(0.01) / math.log1p(-success)


def _success(way: str, task: Factorisation, sweeps: int, tries: int, seed: int) -> tuple[float, int]:
    """(Share of annealing runs that met the factors, p-bits)."""
    from spinloom.ising import PBitPolySampler, PBitSampler
    from spinloom.ising.encodings.logic import multiplier

    how: dict[str, Any] = {"num_reads": tries, "num_sweeps": sweeps, "seed": seed}
    if way == "polynomial":
        samples = PBitPolySampler().sample_poly(task.polynomial(), **how)
        x, y = task.decode(samples)
    elif way == "pairs":
        samples = PBitSampler().sample(task.model(), **how)
        x, y = task.decode(samples)
    else:
        circuit = multiplier(task.x_bits + 1).clamp({"P": task.number})
        samples = PBitSampler().sample(circuit.model(), **how)
        x, y = circuit.read(samples, "X"), circuit.read(samples, "Y")
    return float((x * y == task.number).mean()), len(samples.variables)


# ---- numbers --------------------------------------------------------------------------------------------------------


def _metrics(
    settings: Mapping[str, Any], published: Mapping[int, xr.Dataset], scaling: Mapping[str, xr.Dataset]
) -> dict[str, Metric]:
    from spinloom.devices import device
    from spinloom.ising.histograms import expected_variation, largest_variation, total_variation

    bit, metrics = device(settings["device"]), {}
    alarms = float(settings["false_alarms"]) / (2 * len(published))
    for number, part in published.items():
        p, good = part["exact"].to_numpy(), part["energy"].to_numpy() == 0
        reads, spins = int(part["counts"].sum()), part.sizes["state"].bit_length() - 1
        metrics[f"{number}.p_bits"] = Metric(float(spins))
        metrics[f"{number}.order"] = Metric(float(part["order"]))
        metrics[f"{number}.share_exact"] = Metric(100.0 * float(p[good].sum()), "%")
        for key, name in (("counts", str(number)), ("junctions", f"{number}.junctions")):
            counts = part[key].to_numpy()
            share = float(counts[good].sum() / reads)
            metrics[f"{name}.modes"] = Metric(float(modes_right(counts, good)))
            metrics[f"{name}.share"] = Metric(100.0 * share, "%", 100.0 * (share * (1.0 - share) / reads) ** 0.5)
            variation = total_variation(counts, p)
            metrics[f"{name}.variation"] = Metric(variation / largest_variation(p, reads, alarms))
            metrics[f"{name}.distance"] = Metric(100.0 * variation, "%")
        metrics[f"{number}.by_chance"] = Metric(100.0 * expected_variation(p, reads), "%")
        metrics[f"{number}.chips_right"] = Metric(100.0 * float(part["chip_right"].mean()), "%")
        sweeps = float(part["first"])
        metrics[f"{number}.first"] = Metric(sweeps)
        metrics[f"{number}.time"] = Metric(sweeps * bit.time_per_update, "s")
        metrics[f"{number}.energy"] = Metric(_MICRO * sweeps * spins * bit.energy_per_update, "uJ")
    for way, part in scaling.items():
        for bits in part["bits"].values:
            row = part.sel(bits=bits)
            metrics[f"{way}.{bits}.updates"] = Metric(float(np.median(row["updates"])))
            metrics[f"{way}.{bits}.against_guesses"] = Metric(float(np.median(row["updates"] / row["guesses"])))
            sweeps = float(np.median(row["updates"]) / row["p_bits"])
            metrics[f"{way}.{bits}.time"] = Metric(sweeps * bit.time_per_update, "s")
            metrics[f"{way}.{bits}.p_bits"] = Metric(float(row["p_bits"]))
    return metrics
