"""Run all benchmarks and write benchmarks/RESULTS.md with the machine's description.

Run: make bench, or python -m benchmarks
"""

from __future__ import annotations

import datetime
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks import crossbar, dynamics, layers, network, pulsed, spiking, stochastic, synapse

RESULTS = Path(__file__).parent / "RESULTS.md"
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


def main() -> None:
    rows = dynamics.measure() + network.rows() + crossbar.rows() + layers.rows() + pulsed.rows() + synapse.rows()
    rows += spiking.rows()
    rows += stochastic.rows()
    lines = [
        f"Measured on {datetime.date.today()}: {processor()}, {len(os.sched_getaffinity(0))} cores, Python "
        f"{platform.python_version()}, "
        + ", ".join(installed(n) for n in ("numba", "numpy", "torch", "cmtj", "badcrossbar"))
        + ".",
        "",
        "| what | must reach | measured | reached |",
        "|---|---|---|---|",
    ]
    for row in rows:
        verdict = "" if row.met is None else "yes" if row.met else "**no**"
        lines.append(f"| {row.what} | {row.must} | {row.measured} | {verdict} |")
        print(lines[-1])
    text = RESULTS.read_text() if RESULTS.exists() else f"# Results of the benchmarks\n\n{START}\n{END}\n"
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    RESULTS.write_text(before + START + "\n" + "\n".join(lines) + "\n" + END + after)


if __name__ == "__main__":
    main()
