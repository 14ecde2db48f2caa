"""Stochastic junctions on one core: telegraph steps, waiting times, whitened bits, ball grasping, memory of samples.

Run: python -m benchmarks.stochastic
"""

from __future__ import annotations

import importlib.util

from benchmarks import Row
from benchmarks.dynamics import fastest
from spinloom.devices import Samples, device
from spinloom.devices.bit_stream import telegraph_bits
from spinloom.experiments.protocols.population_grasping import train_grasping
from spinloom.tasks import nist_suite

COPIES, STEPS = 4096, 20_000
MEGA = 1e6


def telegraph() -> list[Row]:
    """Junction-steps a second of the two kernels, and the waiting-time method's cost per flip."""
    junctions = device("Zhang2022_mtj", thermal_stability_spread=0.02).two_state(COPIES)
    ramp = Samples([0.0, STEPS * 326.5e-6], [-1.0, 1.0])
    rows = []
    for what, must, wave in (
        ("constant current", 200.0, {}),
        ("current that changes at each step", None, {"waveform": ramp}),
    ):

        def run(steps: int = STEPS, wave: dict = wave) -> None:
            junctions.follow(20e-6, 326.5e-6, steps, seed=1, threads=1, **wave)

        run(10)  # compiles
        rate = COPIES * STEPS / fastest(run) / MEGA
        rows.append(
            Row(
                f"telegraph steps, {COPIES} junctions with spread, {what}, one core",
                f">= {must:.0f} M steps/s" if must else "",
                f"{rate:.0f} M steps/s",
                rate >= must if must else None,
            )
        )
    many = device("Zhang2022_mtj").two_state(1_000_000)
    seconds = 1.0
    flips = many.flips(-16.27e-6, seconds, seed=1, threads=1)[0].sum()
    spent = fastest(lambda: many.flips(-16.27e-6, seconds, seed=1, threads=1))
    rows.append(
        Row(
            "waiting-time method, 1e6 junctions for 1 s, one core",
            "cost stated",
            f"{1e9 * spent / flips:.0f} ns a flip ({flips:.2e} flips in {spent:.2f} s)",
            None,
        )
    )
    return rows


def whitened() -> list[Row]:
    """Seconds for 1e8 random bits, each the XOR of eight samples of a junction, and for NIST's tests of 1e6 bits."""
    junction = device("Vodenicarevic2017_mtj").two_state()
    count, must = 100_000_000, 2.0

    def run(bits: int = count) -> None:
        telegraph_bits(junction, bits, "300 us", xor=8, seed=1, threads=1)

    run(1000)  # compiles
    spent = fastest(run)
    found = [
        Row(
            "1e8 random bits, XOR of eight samples in a row of one junction, one core",
            f"<= {must:.0f} s",
            f"{spent:.2f} s ({8 * count / spent / MEGA:.0f} M junction-steps/s)",
            spent <= must,
        )
    ]
    if importlib.util.find_spec("sp80022suite") is not None:
        stream = telegraph_bits(junction, 1_000_000, "300 us", xor=8, seed=1)
        spent = fastest(lambda: nist_suite(stream, workers=0))
        found.append(Row("NIST SP800-22, all tests, a stream of 1e6 bits", "cost stated", f"{spent:.2f} s", None))
    return found


def grasping() -> list[Row]:
    """Seconds for training the map of 128 on 128 junctions until it grasps balls."""
    train_grasping(junctions=8, trials=20, seed=0)  # compiles
    hits: list[float] = []
    spent = fastest(lambda: hits.append(train_grasping(junctions=128, trials=4000, seed=0)), repeats=1)
    what = "ball grasping, 128 + 128 junctions, 4000 trials"
    return [Row(what, "<= 20 s", f"{spent:.1f} s ({hits[0]:.1%} of the balls)", spent <= 20.0)]


def rows() -> list[Row]:
    """All rows of this file."""
    return telegraph() + whitened() + grasping()


if __name__ == "__main__":
    for row in rows():
        print(row)
