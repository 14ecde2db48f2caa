"""The full circuit of an array, node by node: what the fast solution is checked against, and sneak paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final, get_args

import numpy as np

from spinloom.crossbar.wires import MEMORY, Wires, checked, refuse_size
from spinloom.errors import InputError, UnknownNameError
from spinloom.units import si

Scheme = Literal["floating", "grounded", "V/2", "V/3"]


@final
@dataclass(frozen=True)
class Solution:
    """Voltages and currents of an array.

    Attributes
    ----------
    rows, columns : array, shape (rows, columns)
        Voltage on the row line and on the column line at every cell [V]; NaN where nothing fixes it (a line that is
        connected to no driven one).
    cells : array, shape (rows, columns)
        Current through every cell, from its row to its column [A].
    row_terminals, column_terminals : array
        Voltages that the lines were driven with; NaN where a line floats.
    wires : Wires
    """

    rows: np.ndarray
    columns: np.ndarray
    cells: np.ndarray
    row_terminals: np.ndarray
    column_terminals: np.ndarray
    wires: Wires

    @property
    def row_currents(self) -> np.ndarray:
        """From each row's terminal into the array [A]."""
        return self.cells.sum(axis=1)

    @property
    def column_currents(self) -> np.ndarray:
        """Out of the array into each column's terminal [A]."""
        return self.cells.sum(axis=0)

    @property
    def cell_voltages(self) -> np.ndarray:
        """Row less column at every cell [V]: what a write pulse or a read disturbs it with."""
        return self.rows - self.columns

    @property
    def delivered(self) -> float:
        """Power that the terminals deliver [W]."""
        given = np.nansum(self.row_terminals * self.row_currents)
        return float(given - np.nansum(self.column_terminals * self.column_currents))

    @property
    def dissipated(self) -> float:
        """Sum of I^2 R over all cells and all wires [W]."""
        row, column, driver, sense = self.wires.ohms()
        along_rows = np.cumsum(self.cells[:, ::-1], axis=1)[:, ::-1]  # current in the segment before each cell
        along_columns = np.cumsum(self.cells, axis=0)  # and after each cell
        heat = np.nansum(self.cells * self.cell_voltages)
        heat += row * (along_rows**2).sum() + driver * (along_rows[:, 0] ** 2).sum()
        heat += column * (along_columns**2).sum() + sense * (along_columns[-1] ** 2).sum()
        return float(heat)


def solve_circuit(
    conductance: np.ndarray,
    wires: Wires | str | float | None,
    rows: np.ndarray,
    columns: np.ndarray | float = 0.0,
    memory: float = MEMORY,
) -> Solution:
    """All node voltages of an array for one input, by one sparse factorisation of Kirchhoff's current law.

    Rows are driven at their first column, columns at their last row, each through one segment and the driver's or sense
    input's resistance.

    Parameters
    ----------
    conductance : array, shape (rows, columns)
        Of the cells [S]; 0 is an open cell.
    wires : Wires, str, float or None
    rows, columns : array
        Voltage at the terminal of each line [V]; NaN leaves the line floating.
    memory : float
        Bytes that the factorisation may use.

    Raises
    ------
    InputError
        Terminals that do not fit the array, none driven at all, an infinite voltage, too large an array.
    """
    cells = checked(conductance)
    wires = Wires.of(wires) or Wires()
    m, n = cells.shape
    if _factor_bytes(m * n) > memory:
        side = 1
        while _factor_bytes(4 * side**2) <= memory:
            side *= 2
        refuse_size("The full circuit", (m, n), _factor_bytes(m * n), memory, side)
    terminals = [_terminals(rows, m, "rows"), _terminals(columns, n, "columns")]
    voltage = np.concatenate(terminals)
    if np.isnan(voltage).all():
        raise InputError("Every line floats: drive one row or column at least.")
    nodes = _solve(cells, wires, voltage)
    row_nodes, column_nodes = nodes[: m * n].reshape(m, n), nodes[m * n : 2 * m * n].reshape(m, n)
    current = np.nan_to_num(cells * (row_nodes - column_nodes), nan=0.0)  # what nothing drives carries nothing
    return Solution(row_nodes, column_nodes, current, terminals[0], terminals[1], wires)


def _solve(cells: np.ndarray, wires: Wires, voltage: np.ndarray) -> np.ndarray:
    """Voltages of all nodes: row nodes, column nodes, row terminals, column terminals."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.sparse.linalg import splu

    ends, ohms = _wire_edges(cells.shape, wires)
    total = 2 * cells.size + len(voltage)
    short = ohms == 0.0
    joined = coo_matrix((np.ones(short.sum()), ends[:, short]), shape=(total, total))
    groups, group = connected_components(joined, directed=False)  # nodes without resistance between them are one
    conducting = cells.ravel() > 0
    across = np.flatnonzero(conducting)
    ends = group[np.concatenate([ends[:, ~short], np.stack([across, across + cells.size])], axis=1)]
    siemens = np.concatenate([1.0 / ohms[~short], cells.ravel()[conducting]])
    values = np.full(groups, np.nan)
    driven = ~np.isnan(voltage)
    values[group[2 * cells.size :][driven]] = voltage[driven]
    fixed = ~np.isnan(values)
    island = connected_components(coo_matrix((siemens, ends), shape=(groups, groups)), directed=False)[1]
    free = ~fixed & np.isin(island, island[fixed])
    if free.any():
        a, b = ends
        both = np.concatenate
        laplacian = coo_matrix(
            (both([siemens, siemens, -siemens, -siemens]), (both([a, b, a, b]), both([a, b, b, a]))),
            shape=(groups, groups),
        ).tocsr()
        right = -(laplacian[free][:, fixed] @ values[fixed])
        inner = laplacian[free][:, free].tocsc()
        factor = splu(inner, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
        values[free] = factor.solve(right)
    return values[group]


def _wire_edges(shape: tuple[int, int], wires: Wires) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of nodes, shape (2, edges), and the resistance between them [ohm]."""
    m, n = shape
    row, column, driver, sense = wires.ohms()
    on_rows = np.arange(m * n).reshape(m, n)
    on_columns = on_rows + m * n
    pairs = [
        (on_rows[:, :-1], on_rows[:, 1:], row),
        (2 * m * n + np.arange(m), on_rows[:, 0], row + driver),
        (on_columns[:-1], on_columns[1:], column),
        (on_columns[-1], 2 * m * n + m + np.arange(n), column + sense),
    ]
    ends = np.concatenate([np.stack([a.ravel(), b.ravel()]) for a, b, _ in pairs], axis=1)
    return ends, np.concatenate([np.full(a.size, resistance) for a, _, resistance in pairs])


def _terminals(values: np.ndarray | float, count: int, name: str) -> np.ndarray:
    given = np.asarray(values, float)
    given = np.full(count, float(given)) if given.ndim == 0 else given
    if given.shape != (count,):
        raise InputError(f"{name}: the array has {count} of them, but {given.shape} voltages are given.")
    if np.isinf(given).any():
        raise InputError(f"{name}: a voltage is infinite; NaN leaves a line floating.")
    return given


def _factor_bytes(cells: int) -> float:
    # fill of the factors of two coupled grids, measured from 64 x 64 to 256 x 256 cells, and a third for the matrix
    nodes = 2 * cells
    return 1.3 * nodes * max(112.0 * np.log2(nodes) - 980.0, 200.0)


# ---- sneak paths ------------------------------------------------------------------------------------------------


@final
@dataclass(frozen=True)
class SneakRead:
    """One cell of a passive array read through all others.

    Attributes
    ----------
    current : float
        That the selected column's sense input takes [A].
    cell_current : float
        Of it, what went through the selected cell [A].
    solution : Solution
        ``solution.cell_voltages`` is what every cell is disturbed with.
    """

    current: float
    cell_current: float
    solution: Solution

    @property
    def sneak_current(self) -> float:
        """What reached the selected column through other cells [A]."""
        return self.current - self.cell_current

    def disturb(self, row: int, column: int) -> float:
        """Largest voltage over a cell that is not selected [V]."""
        others = np.abs(self.solution.cell_voltages)
        others[row, column] = 0.0
        return float(np.nanmax(others)) if others.size > 1 else 0.0


def sneak(
    conductance: np.ndarray,
    row: int,
    column: int,
    scheme: Scheme = "floating",
    voltage: str | float = 1.0,
    wires: Wires | str | float | None = None,
) -> SneakRead:
    """Select one cell of a passive array: its row at V, its column at 0.

    Parameters
    ----------
    conductance : array, shape (rows, columns)
        [S]
    row, column : int
        The selected cell.
    scheme : "floating", "grounded", "V/2" or "V/3"
        The lines that are not selected: floating; at 0 V; at V/2; rows at V/3 and columns at 2 V/3.
    voltage : str or float
        V [V].
    wires : Wires, str, float or None

    Raises
    ------
    UnknownNameError, InputError
        A scheme that is not there, a cell outside the array.

    Notes
    -----
    n x n equal cells G with floating lines conduct G + 1/(2/((n-1) G) + 1/((n-1)^2 G)) between the selected lines.
    """
    cells = checked(conductance)
    if scheme not in get_args(Scheme):
        raise UnknownNameError("scheme of selection", str(scheme), get_args(Scheme))
    if not (0 <= row < cells.shape[0] and 0 <= column < cells.shape[1]):
        raise InputError(f"There is no cell ({row}, {column}) in an array of {cells.shape[0]} x {cells.shape[1]}.")
    shares = {"floating": (np.nan, np.nan), "grounded": (0.0, 0.0), "V/2": (1 / 2, 1 / 2), "V/3": (1 / 3, 2 / 3)}
    volts = si(voltage, "voltage", "voltage")
    rows, columns = (np.full(count, volts * share) for count, share in zip(cells.shape, shares[scheme], strict=True))
    rows[row], columns[column] = volts, 0.0
    solution = solve_circuit(cells, wires, rows, columns)
    return SneakRead(float(solution.column_currents[column]), float(solution.cells[row, column]), solution)
