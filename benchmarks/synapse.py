"""From a laboratory's CSV to a verdict on MNIST, as a user meets it: one process, `spinloom synapse bench lab.csv`.

Run: python -m benchmarks.synapse
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks import Row
from spinloom.responses import Exponential, Plasticity


def laboratory_file(path: Path) -> None:
    """Three noisy cycles of a 16-state device, as `synapse fit` reads them."""
    device = Plasticity.from_values(16, "10 uS", "100 uS", Exponential(2.0), Exponential(-2.0))
    chance = np.random.default_rng(1)
    rows = ["pulse,conductance [uS],cycle,direction"]
    for cycle in (1, 2, 3):
        for way, word in (("potentiation", "P"), ("depression", "D")):
            levels = 1e6 * device.conductance(np.arange(16), way) + 0.5 * chance.standard_normal(16)
            rows += [f"{pulse},{level:.3f},{cycle},{word}" for pulse, level in enumerate(levels)]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def rows() -> list[Row]:
    """The line of the table of results."""
    with tempfile.TemporaryDirectory() as folder:
        laboratory_file(Path(folder) / "lab.csv")
        start = time.perf_counter()
        words = [sys.executable, "-m", "spinloom.cli", "synapse", "bench", "lab.csv", "--out", "results"]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True)
        seconds = time.perf_counter() - start
    verdict = " ".join(done.stdout.partition("verdict")[2].split("wrote")[0].split())
    name = "CSV to verdict on MNIST (`spinloom synapse bench lab.csv`), two cores"
    return [Row(name, "<= 120 s", f"{seconds:.0f} s: {verdict}", seconds <= 120)]


if __name__ == "__main__":
    for row in rows():
        print(*row, sep="   ")
