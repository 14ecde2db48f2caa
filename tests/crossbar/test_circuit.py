"""The full circuit: conservation laws, floating lines, sneak paths in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.crossbar import Wires, sneak, solve_circuit
from spinloom.errors import InputError, UnknownNameError

WIRES = Wires(row=3.0, column=2.0, driver=40.0, sense=30.0)
NAN = float("nan")
CELLS = np.random.default_rng(0).uniform(4e-5, 8e-5, (6, 9))


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    return chance.uniform(-1, 1, 6), chance.uniform(-1, 1, 9)


def test_superposition() -> None:
    one, two = drawn(1), drawn(2)
    both = solve_circuit(CELLS, WIRES, one[0] + two[0], one[1] + two[1]).cells
    apart = [solve_circuit(CELLS, WIRES, *drive).cells for drive in (one, two)]
    assert both == pytest.approx(apart[0] + apart[1], rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("wires", [WIRES, Wires(), Wires(row=3.0), Wires(sense=5.0)], ids=str)
def test_power_delivered_is_heat(wires: Wires) -> None:
    rows, columns = drawn(3)
    rows[2], columns[4] = NAN, NAN
    solution = solve_circuit(CELLS, wires, rows, columns)
    assert solution.delivered > 0
    assert solution.dissipated == pytest.approx(solution.delivered, rel=1e-10)


def test_floating_lines_take_no_current() -> None:
    rows, columns = drawn(4)
    rows[1], columns[5] = NAN, NAN
    solution = solve_circuit(CELLS, WIRES, rows, columns)
    scale = np.abs(solution.cells).max()
    assert abs(solution.row_currents[1]) < 1e-10 * scale
    assert abs(solution.column_currents[5]) < 1e-10 * scale


def test_what_nothing_drives_carries_nothing() -> None:
    cells = np.array([[1e-3, 0.0], [0.0, 1e-3]])  # the second row and column touch nothing that is driven
    solution = solve_circuit(cells, "1 ohm", np.array([1.0, NAN]), np.array([0.0, NAN]))
    assert solution.cells[0, 0] == pytest.approx(1 / (1e3 + 3))  # one segment of row, two of column
    assert solution.cells[1, 1] == 0.0
    assert np.isnan(solution.rows[1, 1])


def test_a_divider_of_two_cells() -> None:
    # row 0 at 1 V, row 1 at 0 V, the column floating: it settles between 1 kohm and 3 kohm
    solution = solve_circuit(np.array([[1e-3], [1 / 3e3]]), None, np.array([1.0, 0.0]), np.array([NAN]))
    assert solution.columns[0, 0] == pytest.approx(0.75)


@pytest.mark.parametrize("n", [2, 3, 8])
def test_sneak_paths_of_equal_cells(n: int) -> None:
    g = 1e-4
    read = sneak(np.full((n, n), g), 1, n - 1, voltage=0.5)
    around = 1 / (2 / ((n - 1) * g) + 1 / ((n - 1) ** 2 * g))
    assert read.current == pytest.approx(0.5 * (g + around), rel=1e-12)
    assert read.cell_current == pytest.approx(0.5 * g, rel=1e-12)
    assert read.sneak_current == pytest.approx(0.5 * around, rel=1e-11)


@pytest.mark.parametrize(("scheme", "largest"), [("V/2", 0.5), ("V/3", 1 / 3), ("grounded", 1.0)])
def test_disturb_of_half_selected_cells(scheme: str, largest: float) -> None:
    read = sneak(np.full((5, 5), 1e-4), 2, 2, scheme, voltage=1.0)  # type: ignore[arg-type]
    assert read.disturb(2, 2) == pytest.approx(largest, rel=1e-12)
    assert read.solution.cell_voltages[2, 2] == pytest.approx(1.0)


def test_schemes_differ_in_what_the_sense_input_takes() -> None:
    # column at 0 V: rows at V/2 add (n-1) G V/2, rows at V/3 add (n-1) G V/3, rows at 0 V nothing
    g, n = 1e-4, 5
    for scheme, share in (("V/2", 1 / 2), ("V/3", 1 / 3), ("grounded", 0.0)):
        read = sneak(np.full((n, n), g), 0, 0, scheme)  # type: ignore[arg-type]
        assert read.sneak_current == pytest.approx((n - 1) * g * share, abs=1e-18)


def test_wires_weaken_the_far_cell_most() -> None:
    cells = np.full((8, 8), 1e-3)
    near = sneak(cells, 7, 0, "grounded", wires="10 ohm")
    far = sneak(cells, 0, 7, "grounded", wires="10 ohm")
    assert far.cell_current < near.cell_current < 1e-3


def test_one_cell_has_nobody_to_disturb() -> None:
    assert sneak(np.array([[1e-3]]), 0, 0).disturb(0, 0) == 0.0


def test_requests_that_make_no_circuit() -> None:
    with pytest.raises(InputError, match="Every line floats"):
        solve_circuit(CELLS, None, np.full(6, NAN), NAN)
    with pytest.raises(InputError, match="rows: the array has 6"):
        solve_circuit(CELLS, None, np.ones(9))
    with pytest.raises(InputError, match="columns: a voltage is infinite"):
        solve_circuit(CELLS, None, np.ones(6), np.inf)
    with pytest.raises(UnknownNameError, match="V/2"):
        sneak(CELLS, 0, 0, "V/4")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"no cell \(6, 0\)"):
        sneak(CELLS, 6, 0)
