"""Exact wires: closed forms, the full circuit, limits."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from spinloom.crossbar import Wires, effective_matrix, solve_circuit
from spinloom.crossbar.wires import fits, needed_bytes
from spinloom.errors import InputError, SpinloomWarning

R_LOW, R_HIGH = 13e3, 26e3  # junctions of a published array; open cells are drawn in as well


def random_array(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    chance = np.random.default_rng(seed)
    cells = chance.uniform(1 / R_HIGH, 1 / R_LOW, (rows, columns))
    cells[chance.random(cells.shape) < 0.1] = 0.0
    return cells


def kirchhoff(cells: np.ndarray, wires: Wires, volts: np.ndarray) -> np.ndarray:
    """Sensed currents, from the current law written down node by node for a dense solver; all resistances above 0."""
    m, n = cells.shape
    row, column, driver, sense = wires.ohms()
    law, right = np.zeros((2 * m * n, 2 * m * n)), np.zeros(2 * m * n)

    def join(a: int, b: int, siemens: float) -> None:
        law[a, a] += siemens
        law[b, b] += siemens
        law[a, b] -= siemens
        law[b, a] -= siemens

    for i in range(m):
        for j in range(n):
            word, bit = i * n + j, m * n + i * n + j
            join(word, bit, cells[i, j])
            if j + 1 < n:
                join(word, word + 1, 1 / row)
            if i + 1 < m:
                join(bit, bit + n, 1 / column)
        law[i * n, i * n] += 1 / (row + driver)
        right[i * n] += volts[i] / (row + driver)
    for j in range(n):
        last = m * n + (m - 1) * n + j
        law[last, last] += 1 / (column + sense)
    return np.linalg.solve(law, right)[-n:] / (column + sense)


def test_one_cell_is_five_resistors_in_series() -> None:
    wires = Wires(row="1 kohm", column="2 kohm", driver="3 kohm", sense="4 kohm")
    assert effective_matrix(np.array([[1e-4]]), wires)[0, 0] == pytest.approx(1 / 20e3, rel=1e-14)


def test_two_cells_on_one_row_are_a_ladder() -> None:
    g, r = np.array([[2e-3, 1e-3]]), 100.0
    far = g[0, 1] / (1 + r * g[0, 1])
    near = 1 / (1 + r * (g[0, 0] + far))  # voltage on the line at the first cell
    expected = [[g[0, 0] * near, far * near]]
    assert effective_matrix(g, Wires(row=r)) == pytest.approx(np.array(expected), rel=1e-14)


def test_two_cells_on_one_column_are_a_ladder() -> None:
    # a current injected at the upper node meets the lower cell; Norton: it divides between the line and that cell
    g, r = np.array([[2e-3], [1e-3]]), 100.0
    upper = 1 / (1 / g[0, 0] + r)  # seen from the lower node
    total = upper + g[1, 0]
    share = 1 / (1 + r * total)  # of the two currents, what the last segment takes to ground
    assert effective_matrix(g, Wires(column=r)) == pytest.approx(np.array([[upper], [g[1, 0]]]) * share, rel=1e-14)


def test_two_by_two_against_the_current_law_by_hand() -> None:
    cells = np.array([[2e-3, 1e-3], [5e-4, 3e-3]])
    wires = Wires(row=10.0, column=20.0, driver=5.0, sense=7.0)
    for volts in np.eye(2):
        assert volts @ effective_matrix(cells, wires) == pytest.approx(kirchhoff(cells, wires, volts), rel=1e-12)


def test_without_resistance_it_is_the_conductance_itself() -> None:
    cells = random_array(6, 9)
    for none in (None, 0.0, "0 ohm", Wires()):
        assert np.array_equal(effective_matrix(cells, none), cells)


WIRES = [
    Wires(row=2.0, column=2.0),
    Wires(row=3.0),
    Wires(column=3.0),
    Wires(driver=50.0),
    Wires(sense=50.0),
    Wires(row=1.0, column=4.0, driver=20.0, sense=10.0),
    Wires(row=1e3, column=1e4),  # far worse than any metal
]


@pytest.mark.parametrize("wires", WIRES, ids=str)
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (12, 20), (20, 12), (33, 33)], ids=str)
def test_equal_to_the_full_circuit(shape: tuple[int, int], wires: Wires) -> None:
    # 1e-9 is what is promised; both lose a few digits of sixteen
    cells = random_array(*shape)
    cells[0, 0] = 1 / R_LOW
    volts = np.random.default_rng(1).uniform(-1, 1, shape[0])
    expected = solve_circuit(cells, wires, volts, 0.0).column_currents
    assert volts @ effective_matrix(cells, wires) == pytest.approx(
        expected, rel=1e-9, abs=1e-9 * np.abs(expected).max()
    )


def test_reading_it_backwards_gives_the_transpose() -> None:
    cells = random_array(5, 8)
    wires, turned = Wires(1.0, 4.0, 20.0, 10.0), Wires(4.0, 1.0, 10.0, 20.0)
    backwards = effective_matrix(cells[::-1, ::-1].T, turned).T[::-1, ::-1]
    assert backwards == pytest.approx(effective_matrix(cells, wires), rel=1e-12)


def test_good_wires_cost_no_digits() -> None:
    # to first order the loss is of order n^2 r G = 1e-11: a solver that inverts r would be left with noise of 1e-4
    cells = random_array(20, 30)
    assert effective_matrix(cells, Wires(1e-10, 1e-10)) == pytest.approx(cells, rel=1e-9)


def test_loss_grows_with_resistance_and_with_distance() -> None:
    cells = np.full((16, 16), 1 / R_LOW)
    sums = [effective_matrix(cells, Wires(r, r)).sum() for r in (0.0, 1.0, 2.0, 5.0, 20.0)]
    assert all(np.diff(sums) < 0)
    matrix = effective_matrix(cells, "5 ohm")
    assert (np.diff(matrix, axis=1) < 0).all()  # further from the driver
    assert (np.diff(matrix, axis=0) > 0).all()  # nearer to the sense input


def test_an_array_too_large_says_what_fits() -> None:
    with pytest.raises(InputError, match=r"200 x 300 cells would take .*MB.* 100 kB allowed. Up to 32 x 32 .*tile="):
        effective_matrix(np.ones((300, 200)), "1 ohm", memory=100e3)
    effective_matrix(np.ones((32, 32)), "1 ohm", memory=100e3)
    with pytest.raises(InputError, match=r"full circuit for an array of 99 x 99 .* Up to 16 x 16"):
        solve_circuit(np.ones((99, 99)), "1 ohm", np.ones(99), memory=400e3)


def test_memory_is_what_it_says() -> None:
    cells = random_array(96, 128)
    effective_matrix(cells, "1 ohm")
    tracemalloc.start()
    effective_matrix(cells, "1 ohm")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 0.6 * needed_bytes(96, 128) < peak < 1.1 * needed_bytes(96, 128)


def test_an_array_that_takes_hours_says_so() -> None:
    with pytest.warns(SpinloomWarning, match="about .* hours"):
        fits(4096, 4096, 8e9)


@pytest.mark.parametrize("bad", [-1e-6, np.nan, np.inf])
def test_conductances_that_are_none(bad: float) -> None:
    with pytest.raises(InputError, match="negative, NaN or infinite"):
        effective_matrix(np.array([[1e-4, bad]]), "1 ohm")


@pytest.mark.parametrize("shape", [(3,), (0, 3), (2, 2, 2)])
def test_an_array_that_is_no_matrix(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="shape"):
        effective_matrix(np.ones(shape), "1 ohm")


def test_wires_that_are_none() -> None:
    with pytest.raises(InputError, match="row = -1 ohm"):
        Wires(row=-1.0)
    with pytest.raises(InputError, match="finite"):
        Wires(sense=np.inf)
    with pytest.raises(InputError, match="no unit"):
        Wires(column="2")
    assert Wires.of("2 ohm") == Wires(2.0, 2.0)
    assert Wires.of(None) is None
    assert Wires.of("0 ohm") is None
