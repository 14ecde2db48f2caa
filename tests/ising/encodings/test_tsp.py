"""Tours by enumeration: every order of a few cities, every way to join the pieces of a window; and known tours."""

from __future__ import annotations

import itertools
import math
import os
from pathlib import Path

import numpy as np
import pytest

from spinloom.errors import InputError
from spinloom.ising.encodings import tsp
from spinloom.ising.encodings.tsp_distances import tour_length
from spinloom.ising.encodings.tsp_one_hot import OneHotTour
from spinloom.ising.kernels import tour_window
from spinloom.ising.tsplib import read_tsplib

_DATA = Path(os.environ.get("SPINLOOM_DATA", "/nowhere")) / "tsplib"


def _plane(cities: int, seed: int, whole: bool = False) -> np.ndarray:
    places = np.random.default_rng(seed).uniform(0.0, 100.0, (cities, 2))
    distances = np.sqrt(((places[:, None] - places[None]) ** 2).sum(axis=-1))
    return np.rint(distances) if whole else 0.5 * (distances + distances.T)


def _any_table(cities: int, seed: int) -> np.ndarray:
    """Distances that keep no triangle inequality, some of them 0."""
    table = np.triu(np.random.default_rng(seed).choice([0.0, 1.0, 3.0, 50.0], (cities, cities)), 1)
    return table + table.T


def _shortest(distances: np.ndarray) -> float:
    orders = ([0, *rest] for rest in itertools.permutations(range(1, len(distances))))
    return min(tour_length(distances, np.array(order)) for order in orders)


# ---- one energy for the whole tour -------------------------------------------------------------------------------


@pytest.mark.parametrize("priced", [True, False])
def test_energy_of_every_tour_is_its_length(priced: bool) -> None:
    """All 24 tours of 5 cities, from any city, as arrays and as dimod's model; rounding errors only."""
    distances = _plane(5, 1)
    encoding = OneHotTour(distances, priced=priced)
    problem, bqm = encoding.problem(), encoding.bqm()
    for rest in itertools.permutations(range(1, 5)):
        order = np.roll([0, *rest], rest[0])
        state, length = encoding.state(order), tour_length(distances, order)
        assert problem.energies(state)[0] == pytest.approx(length, abs=1e-9)
        assert bqm.energy(dict(zip(encoding.labels, (state + 1) // 2, strict=True))) == pytest.approx(length, abs=1e-9)
        read = encoding.read(state)
        assert read.feasible[0]
        assert read.lengths[0] == pytest.approx(length)
        assert read.orders[0].tolist() == [0, *rest]


@pytest.mark.parametrize("table", [_plane, _any_table])
@pytest.mark.parametrize("priced", [True, False])
def test_lowest_states_are_tours(table, priced: bool) -> None:
    """All 2^9 and 2^16 states of 4 and 5 cities: with the default penalty every lowest one is a shortest tour."""
    for cities in (4, 5):
        distances = table(cities, cities)
        encoding = OneHotTour(distances, priced=priced)
        problem = encoding.problem()
        bits = np.arange(2**problem.size)[:, None] >> np.arange(problem.size) & 1
        states = (2 * bits - 1).astype(np.int8)
        energies = problem.energies(states)
        lowest = states[energies <= energies.min() + 1e-6]
        assert encoding.read(lowest).feasible.all()
        assert energies.min() == pytest.approx(_shortest(distances), abs=1e-6)


def test_a_small_penalty_has_lowest_states_that_are_no_tours() -> None:
    """The bound means something: at a tenth of it the lowest of 2^16 states leaves cities out, and is mended."""
    distances = _plane(5, 5)
    encoding = OneHotTour(distances, penalty=0.1 * OneHotTour(distances).sufficient)
    problem = encoding.problem()
    states = (2 * (np.arange(2**16)[:, None] >> np.arange(16) & 1) - 1).astype(np.int8)
    read = encoding.read(states[np.argmin(problem.energies(states))])
    assert not read.feasible[0]
    assert sorted(read.orders[0]) == list(range(5))
    assert read.lengths[0] == pytest.approx(tour_length(distances, read.orders[0]))


# ---- a window ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ways", "cuts"), [(2, [8, 1, 2, 5]), (1, [3, 4, 5, 6]), (2, [0, 1, 3, 4])])
@pytest.mark.parametrize("shortened", [True, False])
def test_window_energy_is_the_length_of_the_new_tour(ways: int, cuts: list[int], shortened: bool) -> None:
    """All 3! 2^3 ways to join three pieces of 10 cities, put together city by city; single precision, 1e-5.

    Shortened lengths leave every tour that is not longer than now its own energy, and put none of the longer below it.
    """
    distances = _plane(10, 3)
    order = np.random.default_rng(4).permutation(10)
    edges = np.array(cuts)
    model = tsp.window_model(distances, order, edges, ways, 30.0, shortened)
    before = tour_length(distances, order)
    parts = tour_window.parts()
    for perm in itertools.permutations(range(3)):
        for turns in itertools.product(range(ways), repeat=3):
            choice = np.array([s * ways + o for s, o in zip(perm, turns, strict=True)])
            x = np.zeros(model.linear.size)
            x[np.arange(3) * 3 * ways + choice] = 1.0
            energy = model.offset + model.linear @ x + 0.5 * x @ model.couplings @ x
            new, place = order.copy(), np.argsort(order)
            parts["join"](new, place, edges, ways, choice, np.empty(10, np.int64))
            assert sorted(new) == list(range(10))
            assert np.array_equal(place, np.argsort(new))
            change = tour_length(distances, new) - before
            read = np.empty(3, np.int64)
            assert parts["order_of"]((2 * x - 1).astype(np.float32), ways, read)
            assert np.array_equal(read, choice)
            if not shortened or change <= 0.0:
                assert energy == pytest.approx(change, abs=1e-3)
            else:
                assert energy > -1e-3


def test_lowest_states_of_a_window_are_orders() -> None:
    """All 2^18 states of three pieces that can be turned; penalty 1, the guarantee."""
    distances, order = _plane(9, 7), np.arange(9)
    model = tsp.window_model(distances, order, np.array([0, 2, 4, 7]), 2, None, True)
    states = (np.arange(2**18)[:, None] >> np.arange(18) & 1).astype(np.float32)
    energies = model.offset + states @ model.linear + 0.5 * np.einsum("ri,ri->r", states @ model.couplings, states)
    lowest = states[energies <= energies.min() + 1e-3]
    order_of = tour_window.parts()["order_of"]
    assert all(order_of(2 * state - 1, 2, np.empty(3, np.int64)) for state in lowest)
    assert energies.min() <= 1e-3


def test_a_p_bit_follows_the_sigmoid() -> None:
    """One p-bit alone: share of m = +1 against 1/(1 + exp(beta E)), with slope and offset; 4e5 draws, 4.5 sigma.

    False-alarm rate 3 x 7e-6.
    """
    anneal = tour_window.parts()["anneal"]
    rng = np.random.default_rng(5)
    count = 80
    for field, slope, offset in ((0.7, 1.0, 0.0), (-1.3, 1.0, 0.0), (0.4, 1.5, -0.3)):
        ones, sweeps = 0, 5000
        generator = rng.integers(1, 2**32, (4, count + 1), dtype=np.uint32)
        state, drives, thresholds = (np.empty(count, np.float32) for _ in range(3))
        alone = np.zeros((count, count), np.float32)
        for _ in range(sweeps):
            anneal(
                alone, np.full(count, field, np.float32), np.ones(1, np.float32), np.full(count, slope, np.float32),
                np.full(count, offset, np.float32), generator, state, drives, thresholds,
            )  # fmt: skip
            ones += int((state > 0).sum())
        p = 1.0 / (1.0 + math.exp(slope * (field + offset)))
        draws = count * sweeps
        assert abs(ones / draws - p) < 4.5 * math.sqrt(p * (1.0 - p) / draws)


# ---- the search --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("window", ["close", "sliding", 4, tsp.Windows(coupling_bits=6, reads=2)])
def test_tours_only_get_shorter(window) -> None:
    """The record falls, ends at the tour's length, and the tour is one; distances with a fraction."""
    for cities in (4, 5, 8, 25):
        distances = _plane(cities, cities)
        tour = tsp.solve(distances, window=window, windows=300, seed=2)
        assert sorted(tour.order) == list(range(cities))
        assert tour.length == pytest.approx(tour_length(distances, tour.order))
        assert np.all(np.diff(tour.history[:, 1]) < 0)
        assert np.all(np.diff(tour.history[:, 0]) > 0)
        assert tour.history[-1, 1] == pytest.approx(tour.length)
        assert tour.info["start_length"] >= tour.length - 1e-9
        assert tour.info["p_bits"] <= 80


def test_every_window_leaves_the_tour_no_longer() -> None:
    """Without kicks the tour at work is the best: after any number of windows it is no longer than before."""
    distances = _plane(30, 11)
    lengths = [
        tsp.solve(distances, window=tsp.Windows(patience=0), windows=n, seed=1).length for n in (1, 3, 10, 30, 100, 300)
    ]
    assert lengths == sorted(lengths, reverse=True)


@pytest.mark.parametrize("cities", [4, 6, 7, 8])
def test_small_problems_are_solved(cities: int) -> None:
    """Against enumeration; one window may hold the whole problem."""
    for table in (_plane, _any_table):
        distances = table(cities, 20 + cities)
        tour = tsp.solve(distances, windows=1500, seed=0)
        assert tour.length == pytest.approx(_shortest(distances))


def test_a_circle_is_found() -> None:
    """Forty cities on a circle: the shortest tour goes round it."""
    angles = np.random.default_rng(3).permutation(40) * 2.0 * np.pi / 40
    places = np.exp(1j * angles)
    tour = tsp.solve(np.abs(places[:, None] - places[None]), windows=4000, seed=1)
    assert tour.length == pytest.approx(80.0 * math.sin(math.pi / 40))


def test_same_seed_same_tour_at_any_thread_count() -> None:
    distances = _plane(40, 8)
    one, two, other = (
        tsp.solve(distances, windows=400, tours=3, seed=seed, threads=threads)
        for seed, threads in ((5, 1), (5, 3), (6, 1))
    )
    assert np.array_equal(one.order, two.order)
    assert one.updates == two.updates
    assert one.info["lengths"] == two.info["lengths"]
    assert len(set(one.info["lengths"])) > 1  # tours draw from generators of their own
    assert not np.array_equal(one.order, other.order)


def test_progress_time_limit_and_interrupt() -> None:
    distances = _plane(60, 9)
    seen = []
    tour = tsp.solve(distances, time_limit=0.35, seed=1, progress=seen.append)
    assert tour.info["late"]
    assert not tour.info["interrupted"]
    assert tour.info["seconds"] > 0.3
    assert seen
    assert seen[-1].energy <= tour.info["start_length"]
    assert 0.0 < seen[-1].share <= 1.0

    def stop(_now: object) -> None:
        raise KeyboardInterrupt

    tour = tsp.solve(distances, time_limit=60.0, seed=1, progress=stop)
    assert tour.info["interrupted"]
    assert sorted(tour.order) == list(range(60))


def test_real_p_bits_take_time_and_energy() -> None:
    """With spreads of slope and offset tours still get shorter; time and energy are updates times those of one."""
    distances = _plane(40, 8)
    tour = tsp.solve(distances, windows=500, seed=1, device="Borders2019_smtj")
    assert tour.length < 0.97 * tour.info["start_length"]
    assert tour.info["time"] == pytest.approx(10e-3 * tour.updates)
    assert tour.info["energy"] == pytest.approx(20e-9 * tour.updates)


@pytest.mark.skipif(not _DATA.is_dir(), reason="SPINLOOM_DATA has no tsplib folder")
@pytest.mark.parametrize(("name", "optimum"), [("burma14", 3323), ("ulysses22", 7013)])
def test_known_shortest_tours(name: str, optimum: int) -> None:
    assert tsp.solve(read_tsplib(_DATA / f"{name}.tsp"), seed=0).length == optimum


# ---- bad input ---------------------------------------------------------------------------------------------------


def test_errors_say_what_to_change() -> None:
    square = _plane(6, 1)
    crooked, missing, negative = square.copy(), square.copy(), square.copy()
    crooked[0, 1] += 1.0
    missing[2, 3] = missing[3, 2] = math.nan
    negative[2, 3] = negative[3, 2] = -1.0
    for bad, text in (
        (crooked, "From city 0 to city 1"),
        (missing, "from city 2 to city 3 is nan"),
        (negative, "is -1"),
        (square[:3, :3], "3 cities"),
        (square[:, :5], "square"),
    ):
        with pytest.raises(InputError, match=text):
            tsp.solve(bad)
        with pytest.raises(InputError, match=text):
            OneHotTour(bad)
    with pytest.raises(InputError, match="slidin"):
        tsp.solve(square, window="slidin")  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match="edges = 2"):
        tsp.solve(square, window=2)
    with pytest.raises(InputError, match="coupling_bits"):
        tsp.Windows(coupling_bits=1)
    with pytest.raises(InputError, match="above 0"):
        tsp.solve(square, time_limit=0.0)
    with pytest.raises(InputError, match="too short for one window"):
        tsp.solve(_plane(60, 1), window=tsp.Windows(edges=20, sweeps=5000), time_limit=1e-6)  # a window takes 10 ms
    with pytest.raises(InputError, match="probabilistic_bit"):
        tsp.solve(square, device="Zhang2022_mtj")
    with pytest.raises(InputError, match="penalty"):
        OneHotTour(square, penalty=0.0)
    with pytest.raises(InputError, match="p-bits"):
        OneHotTour(square).read(np.ones((1, 3)))
