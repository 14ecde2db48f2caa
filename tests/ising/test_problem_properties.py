"""Properties of Problem over random models: energies are dimod's, arrays are consistent, bounds hold, refusals."""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable
from typing import Any

import dimod
import numpy as np
import pytest

from spinloom.errors import InputError
from spinloom.ising import Problem

SEEDS = range(12)
LABELS: list[Hashable] = ["a", 3, ("x", 1), -7, "b c", 2.5, ("nested", ("t", 0)), "", 10**12, "é", False, "z"]
"""Names of all kinds that dimod takes; none equals another."""


def random_model(seed: int, vartype: str, dtype: Any = float) -> dimod.BinaryQuadraticModel:
    """0 to 12 variables with odd names, some isolated, some with a coupling of 0, an offset, in shuffled order."""
    chance = np.random.default_rng((seed, 0x9B))
    count = seed if seed < 3 else int(chance.integers(3, len(LABELS) + 1))
    names = [LABELS[k] for k in chance.permutation(len(LABELS))[:count]]
    model = dimod.BinaryQuadraticModel(vartype, dtype=dtype)
    for name in names:
        model.add_variable(name, round(float(chance.normal()), 3) if chance.random() < 0.7 else 0.0)
    for first, second in itertools.combinations(names, 2):
        if chance.random() < 0.4:
            model.add_quadratic(first, second, float(chance.choice([0.0, -1.0, 0.5, chance.normal()])))
    model.offset += round(float(chance.normal()), 3)
    return model


def states_of(model: dimod.BinaryQuadraticModel, reads: int, seed: int) -> np.ndarray:
    """Random states of +-1 in the order of the model's variables."""
    return 2 * np.random.default_rng((seed, 1)).integers(0, 2, (reads, model.num_variables)).astype(np.int8) - 1


def dimods_energies(model: dimod.BinaryQuadraticModel, states: np.ndarray) -> np.ndarray:
    values = states if model.vartype is dimod.SPIN else (states + 1) // 2
    return model.energies((values, list(model.variables)))


@pytest.mark.parametrize("vartype", ["SPIN", "BINARY"])
@pytest.mark.parametrize("seed", SEEDS)
def test_energies_are_dimods(seed: int, vartype: str) -> None:
    """Any labels, offset, isolated variables, zero couplings; 1e-12 of sums of about 50 terms of order 1."""
    model = random_model(seed, vartype)
    problem = Problem.from_bqm(model)
    states = states_of(model, 300, seed)  # more than one block of 256
    assert problem.energies(states) == pytest.approx(dimods_energies(model, states), rel=1e-12, abs=1e-12)
    assert tuple(problem.labels) == tuple(model.variables)
    assert problem.size == model.num_variables
    if problem.size:
        assert problem.energies(states[0])[0] == pytest.approx(float(dimods_energies(model, states[:1])[0]), abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_both_vartypes_are_the_same_problem(seed: int) -> None:
    """x = (1 + s)/2 done by dimod or by us gives the same numbers."""
    binary = random_model(seed, "BINARY")
    ours, theirs = Problem.from_bqm(binary), Problem.from_bqm(binary.change_vartype(dimod.SPIN, inplace=False))
    assert ours.fields == pytest.approx(theirs.fields, abs=1e-12)
    assert ours.matrix().toarray() == pytest.approx(theirs.matrix().toarray(), abs=1e-12)
    assert ours.offset == pytest.approx(theirs.offset, abs=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, object])
def test_every_dtype_of_dimod(dtype: Any) -> None:
    """float32 models lose digits in dimod, not here: compared with dimod's own energies at its precision."""
    model = random_model(7, "BINARY", dtype)
    states = states_of(model, 50, 7)
    tolerance = 1e-5 if dtype is np.float32 else 1e-12
    assert Problem.from_bqm(model).energies(states) == pytest.approx(
        np.asarray(dimods_energies(model, states), float), abs=tolerance
    )


@pytest.mark.parametrize("vartype", ["SPIN", "BINARY"])
def test_empty_and_isolated(vartype: str) -> None:
    empty = Problem.from_bqm(dimod.BinaryQuadraticModel({}, {}, 1.5, vartype))
    assert (empty.size, empty.edges, empty.offset, empty.largest_field, empty.typical_field) == (0, 0, 1.5, 0.0, 0.0)
    assert empty.energies(np.zeros((4, 0), np.int8)).tolist() == [1.5] * 4
    assert empty.density == 0.0
    assert empty.degree == 0.0
    alone = Problem.from_bqm(dimod.BinaryQuadraticModel({"a": 2.0, "b": 0.0}, {}, -1.0, vartype))
    wanted = [1.0, -3.0] if vartype == "SPIN" else [1.0, -1.0]
    assert alone.energies([[1, 1], [-1, 1]]).tolist() == wanted
    assert alone.edges == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_arrays_are_consistent(seed: int) -> None:
    """Both directions, no spin its own neighbour or twice a neighbour, neighbours sorted by coupling."""
    problem = Problem.from_bqm(random_model(seed, "SPIN"))
    matrix = problem.matrix().toarray()
    assert np.array_equal(matrix, matrix.T)
    assert not np.diag(matrix).any()
    assert problem.pointers[0] == 0
    assert problem.pointers[-1] == problem.neighbours.size == problem.couplings.size == 2 * problem.edges
    for spin in range(problem.size):
        part = slice(int(problem.pointers[spin]), int(problem.pointers[spin + 1]))
        assert (np.diff(problem.couplings[part]) >= 0).all()
        assert len(set(problem.neighbours[part].tolist())) == part.stop - part.start
    assert problem.density == pytest.approx(2 * problem.edges / max(problem.size * (problem.size - 1), 1))
    types = [problem.fields.dtype, problem.pointers.dtype, problem.neighbours.dtype, problem.couplings.dtype]
    assert types == [np.float64, np.int64, np.int32, np.float64]


@pytest.mark.parametrize("seed", SEEDS)
def test_order_direction_and_repetition_of_edges_do_not_matter(seed: int) -> None:
    """Each edge in two halves, shuffled, some backwards, and loops, which are constants since s s = 1."""
    chance = np.random.default_rng((seed, 2))
    n = 9
    rows, columns = np.triu_indices(n, 1)
    keep = chance.random(rows.size) < 0.5
    rows, columns = rows[keep], columns[keep]
    values, fields = chance.integers(-4, 5, rows.size).astype(float), chance.normal(size=n)
    plain = Problem.from_arrays(rows, columns, values, fields, offset=0.25)
    loops = chance.integers(0, n, 3)
    twice = np.concatenate([rows, rows, loops]), np.concatenate([columns, columns, loops])
    order = chance.permutation(twice[0].size)
    turned = chance.random(order.size) < 0.5
    first = np.where(turned, twice[1][order], twice[0][order])
    second = np.where(turned, twice[0][order], twice[1][order])
    halves = np.concatenate([0.5 * values, 0.5 * values, [1.0, 2.0, -0.5]])[order]
    other = Problem.from_arrays(first, second, halves, fields, offset=0.25)
    assert np.array_equal(other.matrix().toarray(), plain.matrix().toarray())
    assert other.offset == pytest.approx(plain.offset + 2.5, abs=1e-12)
    states = 2 * chance.integers(0, 2, (20, n)) - 1
    assert other.energies(states) == pytest.approx(plain.energies(states) + 2.5, abs=1e-12)


def test_from_matrix() -> None:
    chance = np.random.default_rng(4)
    half = np.triu(chance.normal(size=(7, 7)))
    matrix = half + half.T
    problem = Problem.from_matrix(matrix, np.arange(7.0), offset=3.0)
    without = matrix - np.diag(np.diag(matrix))
    assert np.array_equal(problem.matrix().toarray(), without)
    assert problem.offset == pytest.approx(3.0 + np.trace(matrix))
    s = 2 * chance.integers(0, 2, 7) - 1
    assert problem.energies(s)[0] == pytest.approx(3.0 + np.trace(matrix) + np.arange(7) @ s + 0.5 * s @ without @ s)
    with pytest.raises(InputError, match="symmetric"):
        Problem.from_matrix(half)
    with pytest.raises(InputError, match="square"):
        Problem.from_matrix(np.zeros((2, 3)))


@pytest.mark.parametrize("seed", SEEDS[3:])
def test_bounds_of_the_fields(seed: int) -> None:
    """Over all states: no field passes largest_field, one reaches it, and typical_field is the exact mean square."""
    problem = Problem.from_bqm(random_model(seed, "SPIN"))
    every = np.array(list(itertools.product([-1, 1], repeat=problem.size)))
    fields = problem.fields + (problem.matrix() @ every.T).T
    assert np.abs(fields).max(initial=0.0) == pytest.approx(problem.largest_field, rel=1e-12)
    assert math.sqrt(float(np.mean(fields**2))) == pytest.approx(problem.typical_field, rel=1e-12)


@pytest.mark.parametrize("unit", [1.0, 0.25, 3.0, 0.1, 1e-9, 7e6])
def test_step_finds_the_common_unit(unit: float) -> None:
    """Whole multiples 2, 3 and 5 of any unit have the unit as step, and the largest field is a whole number of it."""
    problem = Problem.from_arrays([0, 1], [1, 2], [2 * unit, -3 * unit], [0.0, 5 * unit, 0.0])
    found = problem.step
    assert found is not None
    ratio = unit / found.size
    assert ratio == pytest.approx(round(ratio), abs=1e-9)  # a finer common step is right too
    assert found.largest_field * found.size == pytest.approx(10 * unit, rel=1e-9)


def test_numbers_without_a_common_unit_have_no_step() -> None:
    assert Problem.from_arrays([0, 1], [1, 2], [1.0, math.sqrt(2.0)]).step is None
    assert Problem.from_arrays([], [], [], np.zeros(3)).step == (1.0, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0], [1], [math.nan]), "coupling between spins 0 and 1 is nan"),
        (([0], [1], [math.inf]), "coupling between spins 0 and 1 is inf"),
        (([0], [1], [1.0], [0.0, math.nan]), "field on spin 1 is nan"),
        (([0], [2], [1.0], [0.0, 0.0]), "spins 0 to 1 only"),
        (([-1], [1], [1.0]), "spin"),
        (([0, 1], [1], [1.0]), "as many rows"),
    ],
)
def test_refusals(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Problem.from_arrays(*arguments)


def test_refusals_name_the_variable() -> None:
    model = dimod.BinaryQuadraticModel({"left": 0.0, "right": 0.0}, {("left", "right"): math.nan}, 0.0, "SPIN")
    with pytest.raises(InputError, match=r"'left' and 'right'|'right' and 'left'"):
        Problem.from_bqm(model)
    with pytest.raises(InputError, match="offset is nan"):
        Problem.from_arrays([], [], [], [1.0], offset=math.nan)
    with pytest.raises(InputError, match="has 2 spins; this one has 3"):
        Problem.from_arrays([0], [1], [1.0]).energies(np.ones((1, 3)))
