"""What programming an array and reading it once cost, from the device's, the cell's and the periphery's figures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

import numpy as np

from spinloom.crossbar.cell import Cell
from spinloom.crossbar.mapping import Mapping
from spinloom.crossbar.periphery import Periphery
from spinloom.crossbar.programming import Programmed, Programming
from spinloom.crossbar.tiles import Tile
from spinloom.responses.plasticity import Plasticity

if TYPE_CHECKING:
    import xarray as xr

OPERATIONS = ("write", "read")
PARTS = ("cells", "driver", "DAC", "ADC", "adder")


class Layer(Protocol):
    """What a cost needs to know of a crossbar."""

    synapse: Plasticity
    mapping: Mapping
    cell: Cell
    periphery: Periphery
    programming: Programming
    programmed: Programmed
    tiles: list[Tile]
    devices: int

    @property
    def conductances(self) -> list[np.ndarray]:
        """Of each tile [S], shape (arrays, rows, columns)."""
        ...


class _Bill:
    """Sums, and the names of what stands at zero because it is not known."""

    def __init__(self) -> None:
        self.energy = np.zeros((len(OPERATIONS), len(PARTS)))
        self.latency = np.zeros_like(self.energy)
        self.area = np.zeros(len(PARTS))
        self.unknown: list[str] = []

    def known(self, value: str | float | None, name: str) -> float:
        if value is None and name not in self.unknown:
            self.unknown.append(name)
        return float(value or 0.0)

    def add(self, operation: str, part: str, energy: float = 0.0, latency: float = 0.0) -> None:
        place = OPERATIONS.index(operation), PARTS.index(part)
        self.energy[place] += energy
        self.latency[place] += latency


def layer_cost(layer: Layer, drive: np.ndarray) -> xr.Dataset:
    """Energy, latency and area; ``drive`` is the mean squared input of each row, relative to full scale."""
    import xarray as xr

    bill = _Bill()
    _write(bill, layer)
    _read(bill, layer, drive)
    _area(bill, layer)
    unknown = ", ".join(bill.unknown)  # with each table too: it is often looked at by itself
    return xr.Dataset(
        {
            "energy": (("operation", "part"), bill.energy, {"units": "J", "unknown": unknown}),
            "latency": (("operation", "part"), bill.latency, {"units": "s", "unknown": unknown}),
            "area": (("part",), bill.area, {"units": "m^2", "unknown": unknown}),
        },
        coords={"operation": list(OPERATIONS), "part": list(PARTS)},
        attrs={
            "unknown": unknown,
            "pulses": int(layer.programmed.pulses_up.sum() + layer.programmed.pulses_down.sum()),
            "reads": int(layer.programmed.reads.sum()),
            "not_converged": layer.programmed.failed,
            "tiles": len(layer.tiles),
            "references": [*layer.synapse.references, *filter(None, [layer.periphery.source])],
            "device": layer.synapse.source,
            "periphery": layer.periphery.source,
        },
    )


def _write(bill: _Bill, layer: Layer) -> None:
    done = layer.programmed
    pulses = int(done.pulses_up.sum() + done.pulses_down.sum())
    for name in done.unknown:
        bill.known(None, name)
    bill.add("write", "cells", done.energy, write_latency(layer))
    driver = bill.known(layer.periphery.write_driver_energy, "write driver energy") if pulses else 0.0
    bill.add("write", "driver", pulses * driver)


def write_latency(layer: Layer) -> float:
    """Seconds that programming takes: cell after cell, or row after row with all arrays side by side."""
    done = layer.programmed
    if layer.programming.parallel == "cell":
        return done.time
    pulse, read = layer.cell.write_cost(layer.synapse)[1] or 0.0, layer.synapse.read_time or 0.0
    longest = 0.0
    for tile in layer.tiles:
        for array in range(layer.mapping.arrays):
            up, down, reads = (
                counts[array, :, tile.outputs, tile.inputs].max(axis=1).sum()
                for counts in (done.pulses_up, done.pulses_down, done.reads)
            )
            longest = max(longest, float((up + down) * pulse + reads * read))
    return longest


def _read(bill: _Bill, layer: Layer, drive: np.ndarray) -> None:
    around, synapse = layer.periphery, layer.synapse
    rows = [tile.rows for tile in layer.tiles]
    columns = [tile.columns for tile in layer.tiles]
    cycles = around.cycles
    voltage, duration = bill.known(synapse.read_voltage, "read voltage"), bill.known(synapse.read_time, "read time")
    power = sum(
        float(drive[tile.inputs] @ array.sum(axis=(0, 2)))
        for tile, array in zip(layer.tiles, layer.conductances, strict=True)
    )
    bill.add("read", "cells", cycles * power * voltage**2 * duration, cycles * duration)
    lines = layer.mapping.arrays * sum(rows)
    bill.add(
        "read",
        "driver",
        cycles * lines * bill.known(around.driver_energy, "driver energy"),
        cycles * bill.known(around.driver_time, "driver time"),
    )
    bill.add(
        "read",
        "DAC",
        cycles * sum(rows) * bill.known(around.dac_energy, "DAC energy"),
        cycles * bill.known(around.dac_time, "DAC time"),
    )
    bill.add(
        "read",
        "ADC",
        cycles * sum(columns) * bill.known(around.adc_energy, "ADC energy"),
        cycles * min(max(columns), around.columns_per_adc) * bill.known(around.adc_time, "ADC time"),
    )
    deep = len({tile.inputs.start for tile in layer.tiles})
    if deep > 1 or cycles > 1:
        sums = cycles * sum(columns) - _outputs(layer)
        bill.add(
            "read",
            "adder",
            sums * bill.known(around.adder_energy, "adder energy"),
            (cycles * deep - 1) * bill.known(around.adder_time, "adder time"),
        )


def _area(bill: _Bill, layer: Layer) -> None:
    around = layer.periphery
    rows = sum(tile.rows for tile in layer.tiles)
    columns = [tile.columns for tile in layer.tiles]
    cells = sum(array.size for array in layer.conductances) * layer.devices
    adders = sum(columns) - _outputs(layer)
    bill.area[:] = (
        cells * bill.known(layer.cell.area, "cell area"),
        rows * layer.mapping.arrays * bill.known(around.driver_area, "driver area"),
        rows * bill.known(around.dac_area, "DAC area"),
        sum(math.ceil(count / around.columns_per_adc) for count in columns) * bill.known(around.adc_area, "ADC area"),
        adders * bill.known(around.adder_area, "adder area") if adders else 0.0,
    )


def _outputs(layer: Layer) -> int:
    return max(tile.outputs.stop for tile in layer.tiles)
