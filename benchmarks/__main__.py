"""Run all benchmarks, or those named, and write benchmarks/RESULTS.md with the machine's description.

Run: make bench, or python -m benchmarks, or python -m benchmarks ising tours

Rows that are measured anew take the place of the old ones; those of benchmarks not named stay as they are.
"""

from __future__ import annotations

import datetime
import os
import platform
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks import (
    Row,
    crossbar,
    dynamics,
    ising,
    ising_cuda,
    ising_tsp,
    layers,
    network,
    pulsed,
    spiking,
    stochastic,
    synapse,
)

RESULTS = Path(__file__).parent / "RESULTS.md"
PARTS: dict[str, Callable[[], list[Row]]] = {
    "dynamics": dynamics.measure,
    "network": network.rows,
    "crossbar": crossbar.rows,
    "layers": layers.rows,
    "pulsed": pulsed.rows,
    "synapse": synapse.rows,
    "spiking": spiking.rows,
    "stochastic": stochastic.rows,
    "ising": ising.rows,
    "ising_cuda": ising_cuda.rows,
    "tours": ising_tsp.rows,
}
START, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def processor() -> str:
    """The processor's name as Linux reports it, else as Python does."""
    info = Path("/proc/cpuinfo")
    names = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    flags = info.read_text() if info.exists() else ""
    vector = "AVX-512" if "avx512f" in flags else "AVX2" if "avx2" in flags else "SSE"
    return f"{names[0] if names else platform.processor()}, {vector}"


def installed(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"{name} not installed"


def table(text: str) -> dict[str, str]:
    """The lines of the table in ``text``, by their first cell."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return {line.split(" | ")[0]: line for line in lines[1:]}  # the first one is the head


def main(names: list[str]) -> None:
    for name in names:
        if name not in PARTS:
            raise SystemExit(f"There is no benchmark '{name}'; there are: {', '.join(PARTS)}.")
    text = RESULTS.read_text() if RESULTS.exists() else f"# Results of the benchmarks\n\n{START}\n{END}\n"
    before, _, rest = text.partition(START)
    old, _, after = rest.partition(END)
    found = table(old) if names else {}
    for name in names or PARTS:
        for row in PARTS[name]():
            verdict = "" if row.met is None else "yes" if row.met else "**no**"
            line = f"| {row.what} | {row.must} | {row.measured} | {verdict} |"
            found[line.split(" | ")[0]] = line
            print(line, flush=True)
    peers = ("numba", "numpy", "torch", "cmtj", "badcrossbar", "dimod", "dwave-samplers", "openjij")
    lines = [
        f"Measured on {datetime.date.today()}: {processor()}, {len(os.sched_getaffinity(0))} cores, Python "
        f"{platform.python_version()}, " + ", ".join(installed(peer) for peer in peers) + ".",
        "",
        "| what | must reach | measured | reached |",
        "|---|---|---|---|",
        *found.values(),
    ]
    RESULTS.write_text(before + START + "\n" + "\n".join(lines) + "\n" + END + after)


if __name__ == "__main__":
    main(sys.argv[1:])
