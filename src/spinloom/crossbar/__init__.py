"""An array of devices as one matrix: programming, spread, faults, wires, converters, cost."""

from spinloom.crossbar.array import Crossbar, Tile
from spinloom.crossbar.cell import Cell
from spinloom.crossbar.converter import Converter, TimeToDigital
from spinloom.crossbar.faults import Faults
from spinloom.crossbar.mapping import Mapping
from spinloom.crossbar.programming import Programmed, Programming, program
from spinloom.crossbar.wires import Wires, effective_matrix

__all__ = [
    "Cell",
    "Converter",
    "Crossbar",
    "Faults",
    "Mapping",
    "Programmed",
    "Programming",
    "Tile",
    "TimeToDigital",
    "Wires",
    "effective_matrix",
    "program",
]
