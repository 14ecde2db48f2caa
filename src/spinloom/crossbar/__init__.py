"""An array of devices as one matrix: programming, spread, faults, wires, converters, cost."""

from spinloom.crossbar.array import Crossbar
from spinloom.crossbar.cell import Cell
from spinloom.crossbar.circuit import SneakRead, Solution, sneak, solve_circuit
from spinloom.crossbar.converter import Converter, TimeToDigital
from spinloom.crossbar.faults import Faults
from spinloom.crossbar.mapping import Mapping
from spinloom.crossbar.periphery import Periphery
from spinloom.crossbar.programming import Programmed, Programming, program
from spinloom.crossbar.series import SeriesColumn, readout, series_sums
from spinloom.crossbar.tiles import Tile
from spinloom.crossbar.wires import Wires, effective_matrix

__all__ = [
    "Cell",
    "Converter",
    "Crossbar",
    "Faults",
    "Mapping",
    "Periphery",
    "Programmed",
    "Programming",
    "SeriesColumn",
    "SneakRead",
    "Solution",
    "Tile",
    "TimeToDigital",
    "Wires",
    "effective_matrix",
    "program",
    "readout",
    "series_sums",
    "sneak",
    "solve_circuit",
]
