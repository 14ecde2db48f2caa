"""Exact wire resistance: the matrix once, then plain products; against the full circuit and against badcrossbar.

Run: python -m benchmarks.crossbar

All on one thread. badcrossbar (MIT) is measured in the same run where it is installed; its plots need cairo, its
solver does not: pip install --no-deps badcrossbar pathvalidate.
"""

from __future__ import annotations

import logging
import warnings

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks import Row
from benchmarks.dynamics import fastest
from spinloom.crossbar import Converter, Crossbar, effective_matrix, solve_circuit
from spinloom.responses import Plasticity

SIDE, SEGMENT = 256, 2.0
R_LOW, R_HIGH = 13e3, 26e3
PEER_SECONDS = 1.23  # badcrossbar's time an input at 256 x 256 on another machine, where it is not installed


def array(side: int) -> np.ndarray:
    """Junctions between 13 and 26 kohm."""
    return np.random.default_rng(0).uniform(1 / R_HIGH, 1 / R_LOW, (side, side))


def badcrossbar_seconds(cells: np.ndarray, volts: np.ndarray) -> tuple[float, np.ndarray] | None:
    """Seconds of badcrossbar for one input, and its output currents; None where it is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            from badcrossbar import compute  # pyright: ignore[reportMissingImports]
        except ImportError:
            return None
        level = logging.root.manager.disable
        logging.disable(logging.INFO)
        found = []
        seconds = fastest(
            lambda: found.append(compute(volts[:, None], 1 / cells, SEGMENT, node_voltages=False, all_currents=False))
        )
        logging.disable(level)
    return seconds, np.asarray(found[-1].currents.output).ravel()


def inference() -> float:
    """Seconds of programming 784-100-10 on 128 x 128 tiles and sending 10 000 inputs through it."""
    chance = np.random.default_rng(0)
    x = chance.random((10_000, 784))
    synapse = Plasticity.from_values(
        states=16, low=1 / R_HIGH, high=1 / R_LOW, device_to_device=0.05, cycle_to_cycle=0.01, read_noise=0.02
    )
    weights = [chance.standard_normal(shape) * 0.1 for shape in ((100, 784), (10, 100))]

    def run() -> None:
        signal = x
        for number, weight in enumerate(weights):
            layer = Crossbar(
                weight, synapse, wires=SEGMENT, input_converter=Converter(8), output_converter=Converter(8), seed=number
            ).calibrated(signal[:500])
            signal = np.maximum(layer.product(signal, seed=number), 0.0)

    return fastest(run, 1)


def rows() -> list[Row]:
    """The lines of the table of results, on one thread."""
    with threadpool_limits(1):
        return _rows()


def _rows() -> list[Row]:
    cells, volts = array(SIDE), np.random.default_rng(1).random(SIDE)
    setup = fastest(lambda: effective_matrix(cells, SEGMENT))
    matrix = effective_matrix(cells, SEGMENT)
    product = fastest(lambda: [volts @ matrix for _ in range(1000)]) / 1000
    exact = solve_circuit(cells, SEGMENT, volts, 0.0).column_currents
    error = float(np.abs(volts @ matrix / exact - 1).max())
    circuit = fastest(lambda: solve_circuit(cells, SEGMENT, volts, 0.0))
    name = f"Exact wires, {SIDE} x {SIDE} cells, 2 ohm a segment, one thread"
    found = [
        Row(f"{name}: set-up", "<= 3 s", f"{setup:.2f} s", setup <= 3.0),
        Row("the same: largest difference from the full circuit", "<= 1e-9", f"{error:.0e}", error <= 1e-9),
    ]
    peer = badcrossbar_seconds(cells, volts)
    seconds, output = peer if peer is not None else (PEER_SECONDS, None)
    text = f"{product * 1e6:.0f} us (our full circuit {circuit:.2f} s, "
    text += f"badcrossbar {seconds:.2f} s" if peer else f"badcrossbar not installed; elsewhere {seconds:.2f} s"
    if output is not None:
        text += f", differing by {float(np.abs(volts @ matrix / output - 1).max()):.0e}"
    ratio = seconds / product
    found.append(Row("the same: each input after that", "a plain product", f"{text}: {ratio:.0f} x)", ratio > 1000))
    large = array(512)
    larger = fastest(lambda: effective_matrix(large, SEGMENT), 1)
    found.append(Row("Exact wires, 512 x 512 cells: set-up", "", f"{larger:.1f} s", None))
    whole = inference()
    what = "784-100-10 on 128 x 128 tiles with wires, spread, read noise and 8-bit converters: 10 000 inputs"
    found.append(Row(what, "<= 60 s", f"{whole:.1f} s with programming", whole <= 60.0))
    return found


if __name__ == "__main__":
    for row in rows():
        print(*row, sep="   ")
