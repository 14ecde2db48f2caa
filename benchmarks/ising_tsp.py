"""Travelling salesmen: windows of at most 80 p-bits, ten seeds an instance, one core; one energy for all as control.

Run: SPINLOOM_DATA=... python -m benchmarks.ising_tsp
"""

from __future__ import annotations

import importlib.util
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import Row
from spinloom.errors import DataError, UnknownNameError
from spinloom.ising import files
from spinloom.ising.encodings import tsp
from spinloom.ising.encodings.tsp_one_hot import OneHotTour
from spinloom.ising.tsplib import TspInstance, read_tsplib

OPTIMA = {"burma14": 3323, "ulysses22": 7013, "eil51": 426, "berlin52": 7542, "st70": 675, "kroA100": 21282}
SEEDS = 10
_MOST = {"burma14": 3323.0, "ulysses22": 7013.0, "st70": 690.0}
"""Mean length asked for; 3 % above the optimum elsewhere."""
_SECONDS = {"st70": 3.0}


def _find(name: str) -> Path | None:
    try:
        return files.find(name)
    except (DataError, UnknownNameError):
        return None


def windows(name: str, instance: TspInstance) -> Row:
    """Mean and best of ten seeds, seconds of one on one core."""
    tsp.solve(instance, windows=1)  # compiles
    tours = [tsp.solve(instance, seed=seed, threads=1) for seed in range(SEEDS)]
    lengths = [tour.length for tour in tours]
    mean, seconds = float(np.mean(lengths)), float(np.mean([tour.info["seconds"] for tour in tours]))
    most, limit = _MOST.get(name, 1.03 * OPTIMA[name]), _SECONDS.get(name)
    return Row(
        f"{name} (optimum {OPTIMA[name]}), {tours[0].info['p_bits']} p-bits a window, mean of {SEEDS} seeds, one core",
        f"<= {most:.0f}" + (f" in <= {limit:.0f} s" if limit else ""),
        f"{mean:.1f}, best {min(lengths):.0f}, {seconds:.2f} s, {np.mean([t.updates for t in tours]) / seconds:.1e} "
        "updates/s",
        mean <= most and (limit is None or seconds <= limit),
    )


def one_energy(name: str, instance: TspInstance) -> list[Row]:
    """The control: all cities at once, a thousand sweeps, by p-bits and by dwave-samplers; best of two reads."""
    from spinloom.ising import PBitSampler

    sufficient = OneHotTour(instance).sufficient
    encoding = OneHotTour(instance, penalty=0.4 * sufficient)
    bqm, betas = encoding.bqm(), (0.8 / encoding.penalty, 8.0 / encoding.penalty)
    found = []

    def row(who: str, sample) -> None:
        start = time.perf_counter()
        result = sample()
        spent = time.perf_counter() - start
        column = {label: k for k, label in enumerate(result.variables)}
        states = result.record.sample[:, [column[label] for label in encoding.labels]]
        read = encoding.read(states)
        text = f"{read.lengths.min():.0f} ({read.feasible.sum()} of {len(states)} reads were tours), {spent:.1f} s"
        found.append(Row(f"{name} as one energy of {encoding.size} p-bits, {who}", "control", text, None))

    common: dict[str, Any] = {"num_reads": 2, "num_sweeps": 1000, "seed": 1}
    row("ours", lambda: PBitSampler().sample(bqm, schedule="beta", beta_range=betas, threads=1, **common))
    if importlib.util.find_spec("dwave") is not None:
        from dwave.samplers import SimulatedAnnealingSampler

        sampler = SimulatedAnnealingSampler()
        row("dwave-samplers", lambda: sampler.sample(bqm, beta_range=betas, beta_schedule_type="linear", **common))
        row("dwave-samplers, its own schedule", lambda: sampler.sample(bqm, **common))
    return found


def rows() -> list[Row]:
    """All rows of this file; none where SPINLOOM_DATA holds no TSPLIB."""
    made = []
    for name in OPTIMA:
        path = _find(name)
        if path is not None:
            made.append(windows(name, read_tsplib(path)))
    path = _find("st70")
    return made + (one_energy("st70", read_tsplib(path)) if path is not None else [])


if __name__ == "__main__":
    for row in rows():
        print(row)
