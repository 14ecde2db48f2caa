"""Clocked networks of pulsed p-bits: their law against enumeration, orders of decisions, bookkeeping, bad input."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.devices.pulsed_bit import Devices, PulsedBit
from spinloom.errors import InputError, ParameterError, UnknownNameError
from spinloom.ising import clocked, clocked_exact, memory
from spinloom.ising.exact import Enumeration, states
from spinloom.ising.histograms import largest_variation, total_variation
from spinloom.ising.job import Job
from spinloom.ising.problem import Problem

AND = Problem.from_matrix(-np.array([[0.0, -1, 2], [-1, 0, 2], [2, 2, 0]]), -np.array([1.0, 1, -2]))
RING = Problem.from_arrays(np.arange(6), (np.arange(6) + 1) % 6, -np.ones(6), np.full(6, 0.2))
RESET = PulsedBit(0.282, 0.0051, unit="V", pulse_time=50e-9, pulse_energy=4e-12, reset_time=50e-9, reset_energy=8e-12)
HOPPING = PulsedBit(300e-6, 24e-6, rate=2e8, growth=0.75, pulse_time=3e-9, pulse_energy=1e-12)


@pytest.mark.parametrize("bit", [RESET, HOPPING], ids=["reset", "memory"])
@pytest.mark.parametrize(("problem", "order"), [(AND, "sequential"), (AND, "colours"), (RING, "colours")])
def test_the_law_is_boltzmanns(problem: Problem, bit: PulsedBit, order: str) -> None:
    """Stationary law of the exact transition matrix: equal but for rounding, with or without memory."""
    law = Enumeration.of(problem).distribution(0.7)
    matrix = clocked_exact.transition_matrix(problem, bit, 0.7, order, limit=np.inf)
    assert matrix.sum(axis=1) == pytest.approx(np.ones(len(matrix)))
    assert total_variation(clocked_exact.stationary(matrix), law) < 1e-10


@pytest.mark.parametrize("problem", [AND, RING], ids=["triangle", "ring"])
def test_all_at_once_is_wrong(problem: Problem) -> None:
    """Far from Boltzmann's law for coupled p-bits; the less the more they remember: then one at a time moves."""
    law = Enumeration.of(problem).distribution(0.7)
    away = []
    for pulse in (0.05e-9, 1e-9, 50e-9):
        matrix = clocked_exact.transition_matrix(problem, HOPPING.replace(pulse_time=pulse), 0.7, "parallel")
        away.append(total_variation(clocked_exact.stationary(matrix), law))
    assert away[2] > 0.1
    assert away[0] < away[1] < away[2]


def test_memory_slows() -> None:
    """The relaxation, in sweeps, grows as pulses get shorter."""
    times = [
        clocked_exact.relaxation(clocked_exact.transition_matrix(AND, HOPPING.replace(pulse_time=pulse), 0.7))
        for pulse in (50e-9, 3e-9, 1e-9)
    ]
    assert times[0] < times[1] < times[2]


@pytest.mark.parametrize("bit", [RESET, HOPPING], ids=["reset", "memory"])
def test_sampled_histogram(bit: PulsedBit) -> None:
    """20 reads of 200 samples, six relaxation times apart; McDiarmid's bound, false alarms 1e-3 each."""
    exact = Enumeration.of(AND)
    law = exact.distribution(0.7)
    apart = 1 + int(6 * clocked_exact.relaxation(clocked_exact.transition_matrix(AND, bit, 0.7)))
    table, graph = (
        clocked.run(problem, bit, np.full(apart * 201, 0.7), reads=20, seed=4, every=apart, limit=50.0).record
        for problem in (exact, AND)
    )
    counts = np.bincount(table[:, 1:].astype(int).ravel(), minlength=8)
    assert total_variation(counts, law) < largest_variation(law, 4000)
    assert graph == pytest.approx(exact.energies[table.astype(int)])  # couplings: the same decisions as a table


def test_matrix_against_simulation_of_faulty_devices() -> None:
    """One sweep from each state, 4000 reads, with gains, offsets, failing resets, a comparator, all at once or not.

    48 entries of 8 x 8 rows with a normal error; z of 5: false alarms 4e-5 for all cases.
    """
    devices = Devices(np.array([1.0, 0.8, 1.3]), np.array([0.3, -0.5, 0.0]))
    cases = [(RESET.replace(reset_failures=0.2), "sequential"), (HOPPING, "parallel"),
             (RESET.replace(comparator_bits=3), "sequential")]  # fmt: skip
    exact = Enumeration.of(AND)
    for bit, order in cases:
        matrix = clocked_exact.transition_matrix(AND, bit, 0.3, order, devices=devices)
        start = np.repeat(states(np.arange(8), 3), 4000, axis=0)
        found = clocked.run(
            exact, bit, [0.3], reads=32_000, seed=9, order=order, devices=devices, initial=start, every=1
        )
        ends = found.record.astype(int).reshape(8, 4000)
        share = np.stack([np.bincount(row, minlength=8) for row in ends]) / 4000
        error = np.sqrt(np.maximum(matrix * (1 - matrix), 1 / 4000) / 4000)
        assert (np.abs(share - matrix) < 5 * error).all()


def test_mean_time_to_a_goal_by_hand() -> None:
    """One free p-bit: each sweep ends at +1 with probability 1/2, so from -1 two sweeps are needed, from +1 none."""
    one = Enumeration(np.array([0.0, 0.0]), (0,))
    matrix = clocked_exact.transition_matrix(one, RESET, 1.0)
    assert matrix == pytest.approx(np.full((2, 2), 0.5))
    assert clocked_exact.sweeps_to(matrix, np.array([1])) == pytest.approx(1.0)
    frozen = clocked_exact.transition_matrix(Enumeration(np.array([0.0, 99.0]), (0,)), RESET, 9.0, limit=np.inf)
    assert clocked_exact.sweeps_to(frozen, np.array([1])) == np.inf


def test_time_and_energy_by_hand() -> None:
    """Free spins ask for u = 0: 6 spins, 5 sweeps, 30 decisions of 12 pJ; 100 ns each, or for two colours 2 a sweep."""
    idle = Problem.from_arrays([], [], [], np.zeros(6))
    found = clocked.run(idle, RESET, np.ones(5), reads=2)
    assert found.joules == pytest.approx([30 * 12e-12] * 2)
    assert found.seconds == pytest.approx(30 * 100e-9)
    ring = clocked.run(RING, RESET, np.ones(5), order="colours")
    assert (ring.steps, ring.seconds) == (2, pytest.approx(10 * 100e-9))
    # one spin in a field h = 0.25 at beta = 2 asks for u = -1: the pulse takes 4 pJ (1 - dI/I50)^2
    field = clocked.run(Problem.from_arrays([], [], [], [0.25]), RESET, [2.0])
    assert field.joules == pytest.approx([8e-12 + 4e-12 * (1 - 0.0051 / 0.282) ** 2])


def test_colours() -> None:
    """Two for an even ring, three for an odd one, as many as nodes for a complete graph; no edge within one."""
    for count, wanted in ((6, 2), (7, 3)):
        ring = Problem.from_arrays(np.arange(count), (np.arange(count) + 1) % count, np.ones(count), np.zeros(count))
        given = clocked.colours(ring.pointers, ring.neighbours)
        assert given.max() + 1 == wanted
        assert (given != np.roll(given, 1)).all()
    rows, columns = np.triu_indices(5, 1)
    full = Problem.from_arrays(rows, columns, np.ones(10), np.zeros(5))
    assert clocked.groups(full, "colours")[1].tolist() == [0, 1, 2, 3, 4, 5]


def test_same_numbers_at_any_thread_count() -> None:
    runs = [clocked.run(RING, HOPPING, np.ones(30), reads=6, seed=2, threads=threads) for threads in (1, 3)]
    assert (runs[0].last == runs[1].last).all()
    assert (runs[0].last[:3] == clocked.run(RING, HOPPING, np.ones(30), reads=6, seed=2).last[:3]).all()


def test_solver_finds_ground_states() -> None:
    """The ring's two-colour schedule; every read ends in all up, whose energy is -6 - 1.2, within 200 sweeps."""
    for device in ("Ren2024_backhopping", "Zhang2024_sot", "Shao2023_vcma", HOPPING):
        found = clocked.solve(Job(RING, 8, np.linspace(0.1, 3.0, 200), device=device))
        assert found.energies == pytest.approx([-7.2] * 8)
        assert found.info["hardware"]["steps"] == 2
    drawn = Job(RING, 2, np.ones(10), device=HOPPING, options={"chip": 1, "pulses": 100, "order": "sequential"})
    assert clocked.solve(drawn).info["hardware"]["dynamics"] == "sequential"


def test_deadline_stops() -> None:
    found = clocked.run(RING, RESET, np.ones(2_000_000), reads=1, deadline=0.05)
    assert found.late
    assert found.sweeps[0] < 2_000_000
    assert found.seconds == pytest.approx(found.sweeps[0] * 6 * 100e-9)


def test_refuses_reads_that_do_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: 1e6)
    with pytest.raises(InputError, match=r"at most \d+ reads fit"):
        clocked.solve(Job(RING, 1_000_000, np.ones(1), device=RESET))


def test_refuses() -> None:
    with pytest.raises(UnknownNameError, match="sequential"):
        clocked.run(RING, RESET, [1.0], order="random")
    with pytest.raises(InputError, match="colour"):
        clocked.run(Enumeration.of(AND), RESET, [1.0], order="colours")
    with pytest.raises(InputError, match="betas"):
        clocked.run(RING, RESET, [np.nan])
    with pytest.raises(InputError, match="devices"):
        clocked.run(RING, RESET, [1.0], devices=Devices.ideal(2))
    with pytest.raises(InputError, match="initial"):
        clocked.run(RING, RESET, [1.0], initial=np.zeros((1, 6)))
    with pytest.raises(InputError, match="at most 10"):
        clocked_exact.transition_matrix(Problem.from_arrays([], [], [], np.zeros(11)), RESET, 1.0)
    with pytest.raises(ParameterError, match="pulses decide"):
        clocked.pulsed_bit("Borders2019_smtj")
    with pytest.raises(UnknownNameError, match="chips"):
        clocked.solve(Job(RING, 1, np.ones(1), device=RESET, options={"chips": 1}))


def test_progress() -> None:
    seen = []
    clocked.run(RING, RESET, np.ones(200_000), reads=2, progress=seen.append)
    assert seen[-1].share == pytest.approx(1.0)
    assert seen[-1].attempts == 2 * 200_000 * 6
    assert seen[-1].energy == pytest.approx(-7.2)
