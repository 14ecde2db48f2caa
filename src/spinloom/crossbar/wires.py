"""Wire resistance, exactly: one matrix that holds what the wires do to every input.

Row lines are driven at their first column, column lines end at virtual ground below their last row. With the voltages
w_j on the row lines at column j, the network to the right of column j answers with a current Y_j w_j. One column adds

    S_j = G - G (T + G)^-1 G          its cells and its own column line, whose Laplacian is T,
    Y_j = S_j + Y_{j+1} (1 + r Y_{j+1})^-1          and r, the segments of the row lines between the two columns,

so one pass from the far end to the drivers eliminates every node. The currents sensed at the columns are carried along
as linear functions of w_j: R_j = [c_j ; R_{j+1} (1 + r Y_{j+1})^-1]. Resistances enter as they are, never as large
conductances, so that r = 0 is an ordinary value and no digit is lost where wires are good.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import NoReturn, final

import numpy as np

from spinloom.errors import InputError, SpinloomWarning
from spinloom.units import pretty, si

MEMORY = 4 * 2**30
"""Bytes that the exact solution may take unless told otherwise."""

FLOPS, PATIENCE = 2.5e10, 600.0
"""Operations a second of one core, about, and the seconds after which a warning says how long it will take."""


@final
@dataclass(frozen=True)
class Wires:
    """Resistances of an array's lines.

    Attributes
    ----------
    row, column : str or float
        Of one segment, from a cell to the next, and from the terminal to its first cell [ohm].
    driver, sense : str or float
        Of each row's driver and each column's sense input, in series with the line [ohm].

    Raises
    ------
    InputError
        A resistance that is negative or infinite.
    """

    row: str | float = 0.0
    column: str | float = 0.0
    driver: str | float = 0.0
    sense: str | float = 0.0

    def __post_init__(self) -> None:
        """Read units, refuse what is no resistance."""
        for name in ("row", "column", "driver", "sense"):
            value = si(getattr(self, name), "resistance", name)
            if not 0.0 <= value < math.inf:
                raise InputError(f"{name} = {value:g} ohm: a wire's resistance is finite and 0 or more.")
            object.__setattr__(self, name, value)

    @classmethod
    def of(cls, wires: Wires | str | float | None) -> Wires | None:
        """Wires from a resistance per segment, the same in both directions; None where there is none."""
        made = wires if isinstance(wires, Wires | None) else cls(wires, wires)
        return made if made else None

    def __bool__(self) -> bool:
        return any((self.row, self.column, self.driver, self.sense))

    def ohms(self) -> tuple[float, float, float, float]:
        """(row, column, driver, sense) [ohm]."""
        return float(self.row), float(self.column), float(self.driver), float(self.sense)


def effective_matrix(conductance: np.ndarray, wires: Wires | str | float | None, memory: float = MEMORY) -> np.ndarray:
    """The matrix M that an array with resistive lines applies: I[columns] = V[rows] @ M.

    Exact: equal to the nodal solution of the full circuit. It takes a number of operations of order
    rows x columns x min(rows, columns)^2, once; every input after that is a plain product.

    Parameters
    ----------
    conductance : array, shape (rows, columns)
        Of the cells [S]; 0 is an open cell.
    wires : Wires, str, float or None
        "2 ohm" is the same for every segment in both directions.
    memory : float
        Bytes that may be used.

    Returns
    -------
    numpy.ndarray, shape (rows, columns)
        [S]

    Raises
    ------
    InputError
        A conductance that is negative, NaN or infinite; an array too large for the memory, with the size that fits.

    Examples
    --------
    >>> round(float(effective_matrix([[1e-3]], "500 ohm")[0, 0]), 9)  # 1/(1000 + 500 + 500)
    0.0005
    """
    cells = checked(conductance)
    wires = Wires.of(wires)
    if wires is None:
        return cells.copy()
    rows, columns = cells.shape
    if rows <= columns:
        fits(rows, columns, memory)
        return _eliminate(cells, *wires.ohms())
    # The same network read backwards (reciprocity): columns driven, rows sensed, both lines counted from the other end.
    fits(columns, rows, memory)
    row, column, driver, sense = wires.ohms()
    return _eliminate(cells[::-1, ::-1].T, column, row, sense, driver).T[::-1, ::-1]


def _eliminate(cells: np.ndarray, row: float, column: float, driver: float, sense: float) -> np.ndarray:
    from scipy.linalg import cho_factor, cho_solve

    m, n = cells.shape
    beyond = np.zeros((m, m))  # Y_{j+1}: nothing to the right of the last column
    outputs = np.empty((n, m))  # rows j..n-1 hold R_j
    for j in range(n - 1, -1, -1):
        if row and j < n - 1:
            both = np.concatenate([beyond, outputs[j + 1 :].T], axis=1)
            factor = cho_factor(_plus_identity(row * beyond), lower=True, overwrite_a=True, check_finite=False)
            both = cho_solve(factor, both, overwrite_b=True, check_finite=False)
            beyond, outputs[j + 1 :] = both[:, :m], both[:, m:].T
            beyond = 0.5 * (beyond + beyond.T)
        seen, outputs[j] = _column(cells[:, j], column, column + sense)
        beyond = beyond + seen
    first = row + driver
    if first:
        factor = cho_factor(_plus_identity(first * beyond), lower=True, overwrite_a=True, check_finite=False)
        outputs = cho_solve(factor, outputs.T, check_finite=False).T
    return np.ascontiguousarray(outputs.T)


def _plus_identity(matrix: np.ndarray) -> np.ndarray:
    matrix[np.diag_indices_from(matrix)] += 1.0
    return matrix


def _column(cells: np.ndarray, segment: float, last: float) -> tuple[np.ndarray, np.ndarray]:
    """One column line with its cells: the admittance S between the row lines, and the current c sensed at its end.

    The line is a ladder. y_i, the admittance of everything above and at node i, follows from the open end without any
    subtraction; (T + G) = L D L^T with D_i = y_i + 1/r_i and L_{i+1,i} = -1/(1 + r_i y_i) then has every digit.
    """
    from scipy.linalg import get_lapack_funcs

    m = len(cells)
    above = np.empty(m)
    carried = 0.0
    for i, g in enumerate(cells.tolist()):
        above[i] = y = g + carried
        carried = y / (1.0 + segment * y)
    lengths = np.full(m, segment)
    lengths[-1] = last
    passed = 1.0 / (1.0 + lengths * above)  # share of a current at node i that goes on down the line
    sensed = cells * np.cumprod(passed[::-1])[::-1]
    with np.errstate(divide="ignore"):
        pivots = above + 1.0 / lengths  # infinite where a segment has no resistance, and then only divided by
    if not (segment or last):
        return np.diag(cells), sensed
    if m == 1:
        voltages = np.array([[cells[0] / pivots[0]]])
    else:
        # column by column: the line's voltages where one row is at 1 V and all others at 0
        (solve,) = get_lapack_funcs(("pttrs",), dtype=np.float64)
        voltages, _ = solve(pivots, -passed[:-1], np.diag(cells), overwrite_b=True)
    seen = -cells[:, None] * voltages
    seen[np.diag_indices(m)] += cells
    return seen, sensed


def fits(small: int, large: int, memory: float) -> None:
    """Refuse an array whose exact solution takes more than ``memory`` bytes; warn of one that takes long.

    Raises
    ------
    InputError
        With the largest square array that fits, and what to do instead.
    """
    needed = needed_bytes(small, large)
    if needed <= memory:
        seconds = large * small**2 * (2.4 * small + large) / FLOPS
        if seconds > PATIENCE:
            warnings.warn(
                f"Exact wires for {small} x {large} cells take about {seconds / 3600:.1f} hours on one core; arrays as "
                "large are usually cut into tiles, e.g. tile=(256, 256).",
                SpinloomWarning,
                stacklevel=3,
            )
        return
    side = 1
    while needed_bytes(2 * side, 2 * side) <= memory:
        side *= 2
    refuse_size("Exact wires", (small, large), needed, memory, side)


def refuse_size(what: str, shape: tuple[int, int], needed: float, memory: float, side: int) -> NoReturn:
    """Say what would fit.

    Raises
    ------
    InputError
        Always.
    """
    raise InputError(
        f"{what} for an array of {shape[0]} x {shape[1]} cells would take {_size(needed)}, more than the "
        f"{_size(memory)} allowed. Up to {side} x {side} cells fit: split the layer into tiles, tile=({side}, {side}), "
        "as real arrays are, or raise memory=."
    )


def needed_bytes(small: int, large: int) -> float:
    """Bytes that the elimination takes at its peak."""
    # two admittances, the factor, a column's line, the stacked right side twice; the outputs twice
    return 8.0 * (6 * small**2 + 5 * small * large)


def _size(count: float) -> str:
    return pretty(count, "J").replace("J", "B")


def checked(conductance: np.ndarray) -> np.ndarray:
    """Conductances as a float64 matrix.

    Raises
    ------
    InputError
        No matrix, or a value that is negative, NaN or infinite.
    """
    cells = np.asarray(conductance, float)
    if cells.ndim != 2 or not cells.size:
        raise InputError(f"Conductances of an array have the shape (rows, columns), not {cells.shape}.")
    if not np.isfinite(cells).all() or (cells < 0).any():
        raise InputError("A conductance of the array is negative, NaN or infinite; an open cell is 0.")
    return cells
