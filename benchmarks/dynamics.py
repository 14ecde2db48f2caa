"""Stochastic macrospin: steps per second, a whole switching curve, threads, memory, warm start.

Run: python -m benchmarks.dynamics
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import tracemalloc

import numpy as np

from benchmarks import Row
from benchmarks.peers import cmtj_seconds_per_step
from spinloom.devices import Drive, Solver, device

TRIALS, CURRENTS, PULSE, STEP = 1000, 20, 30e-9, 5e-12


def fastest(call, repeats: int = 3) -> float:
    """Seconds of the fastest call: other load on the machine only adds."""
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best


def steps_per_second(threads: int, precision: str = "float32", **parameters: str | float) -> float:
    """Steps per second of 16 384 trajectories x 6000 steps with thermal field and current."""
    junction = device("Xin2023_mtj", **parameters)
    copies, steps = 16_384, 6000
    drive = Drive(current=junction.critical_current())
    solver = Solver(threads=threads, precision=precision, time_step=STEP)

    def run(duration: float = steps * STEP) -> None:
        junction.trajectories(drive, duration, copies, initial="axis", record_every=duration, solver=solver)

    run(10 * STEP)  # compile
    return copies * steps / fastest(run)


def switching_curve(threads: int, method: str) -> float:
    """Seconds of the P_sw curve, 1000 trajectories x 20 currents x 30 ns (plus 5 ns of relaxation)."""
    junction = device("Xin2023_mtj")
    current = np.linspace(0.4, 2.5, CURRENTS) * junction.critical_current()
    return fastest(
        lambda: junction.switching_probability(
            current, PULSE, TRIALS, method=method, initial="axis", solver=Solver(threads=threads)
        )
    )


def bytes_per_trajectory() -> float:
    """Growth of peak memory, as Python's allocator sees it, per trajectory, from 20 000 to 200 000 of them."""
    junction = device("Xin2023_mtj")
    peaks = []
    for copies in (20_000, 200_000):
        tracemalloc.start()
        junction.switching_probability("6 uA", 50 * STEP, copies, method="llgs", initial="axis", relaxation=0.0)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    return (peaks[1] - peaks[0]) / 180_000


def warm_start() -> float:
    """Seconds that loading the compiled kernel from disk takes in a fresh process: first run less second run."""
    script = (
        "import time, numpy as np\n"
        "from spinloom.devices import Drive, device\n"
        "j = device('Xin2023_mtj'); d = Drive(current='5 uA'); t = []\n"
        "for _ in range(2):\n"
        "    s = time.perf_counter(); j.trajectories(d, '1 ns', 64, initial='axis')\n"
        "    t.append(time.perf_counter() - s)\n"
        "print(t[0] - t[1])\n"
    )
    times = []
    for _ in range(4):  # the first one may have to compile
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=dict(os.environ)
        )
        times.append(float(done.stdout))
    return min(times)


def measure() -> list[Row]:
    """All rows; the peer is measured in the same run, on the same core."""
    rows = []
    one = steps_per_second(1)
    rows.append(
        Row("stochastic macrospin, one core, float32", ">= 45 M steps/s", f"{one / 1e6:.0f} M steps/s", one > 45e6)
    )
    general = steps_per_second(1, applied_field_x="1 mT")
    rows.append(Row("the same, general kernel (any direction)", "", f"{general / 1e6:.0f} M steps/s", None))
    double = steps_per_second(1, "float64")
    rows.append(Row("the same, axial kernel, float64", "", f"{double / 1e6:.0f} M steps/s", None))
    two = steps_per_second(2)
    rows.append(Row("two cores against one", ">= 1.8 x", f"{two / one:.2f} x", two / one >= 1.8))
    curve = switching_curve(1, "llgs")
    rows.append(Row("P_sw curve, 1000 x 20 x 30 ns, one core", "<= 3 s", f"{curve:.2f} s", curve <= 3))
    exact = switching_curve(1, "fokker-planck")
    rows.append(Row("the same curve by Fokker-Planck", "<= 0.3 s", f"{exact:.3f} s", exact <= 0.3))
    peer = cmtj_seconds_per_step(STEP, 400_000, 5.8e-6)
    if peer is not None:
        rows.append(Row("one step against cmtj's thermal Heun", ">= 10 x", f"{peer * one:.0f} x", peer * one >= 10))
        peer_curve = cmtj_seconds_per_step(1e-12, 400_000, 5.8e-6) * TRIALS * CURRENTS * PULSE / 1e-12
        ratio = peer_curve / curve
        text = f"{ratio:.0f} x (cmtj {peer_curve:.0f} s, from 400 000 of its 6e8 steps)"
        rows.append(Row("P_sw curve against cmtj at 1 ps", ">= 40 x", text, ratio >= 40))
    else:
        rows.append(Row("against cmtj", ">= 10 x, 40 x", "cmtj is not installed here", None))
    memory = bytes_per_trajectory()
    rows.append(Row("memory per trajectory", "<= 200 bytes", f"{memory:.0f} bytes", memory <= 200))
    warm = warm_start()
    rows.append(Row("warm start of a compiled kernel", "<= 1 s", f"{warm:.2f} s", warm <= 1))
    return rows


if __name__ == "__main__":
    for row in measure():
        print(*row, sep="   ")
