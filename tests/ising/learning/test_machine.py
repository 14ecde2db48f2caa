"""The machine as people use it: its bits, its data, chips, estimates, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spinloom import devices
from spinloom.errors import InputError, UnknownNameError
from spinloom.ising import exact
from spinloom.ising.learning import BoltzmannMachine, Chip, Learning, log_partition_estimate, sums

DATA = np.array([[0, 0, 1], [1, 0, 0], [1, 1, 1]])


def drawn(visible: int, hidden: int, size: float = 0.5) -> BoltzmannMachine:
    machine = BoltzmannMachine(visible, hidden)
    chance = np.random.default_rng(3)
    machine.terms = machine.terms._replace(
        visible=chance.normal(0, size, visible),
        hidden=chance.normal(0, size, hidden),
        between=chance.normal(0, size, (visible, hidden)),
    )
    return machine


def test_one_machine_in_two_letters() -> None:
    """0 and 1 are -1 and +1: the same training, the same numbers."""
    settings = Learning(epochs=20)
    binary, spin = BoltzmannMachine(3, 2), BoltzmannMachine(3, 2, vartype="SPIN")
    binary.fit(DATA, settings, seed=1)
    spin.fit(2 * DATA - 1, settings, seed=1)
    assert np.array_equal(binary.terms.between, spin.terms.between)
    assert np.array_equal(2 * binary.sample(5, sweeps=3) - 1, spin.sample(5, sweeps=3))
    assert np.array_equal(binary.log_likelihood(DATA), spin.log_likelihood(2 * DATA - 1))


def test_the_same_machine_in_zeros_and_ones() -> None:
    """Against the sums of the neural-network room: s = 2v - 1 turns W into -4W there, and fields into biases."""
    from spinloom.nn.boltzmann import exact as binary

    machine = drawn(4, 3, 0.8)
    a, b, w, *_ = machine.terms
    theirs = binary.log_likelihood(binary.states(4), -4 * w, -2 * a + 2 * w.sum(axis=1), -2 * b + 2 * w.sum(axis=0))
    assert np.allclose(machine.log_likelihood(binary.states(4)), theirs, atol=1e-12)


def test_its_energy_as_a_model_of_dimod() -> None:
    machine = drawn(3, 2)
    fields, couplings = machine.terms.joined()
    states = exact.states(np.arange(32), 5)
    theirs = machine.bqm().energies((states, range(5)))
    assert np.allclose(exact.Enumeration.from_matrix(couplings, fields).energies, theirs, atol=1e-12)


def test_a_start_near_the_data() -> None:
    """Fields of independent units: their means are the data's; a unit that never changes is half a row away."""
    rows = np.array([[0, 1], [0, 1], [1, 1], [0, 1]])
    machine = BoltzmannMachine(2, 1).set_fields(rows)
    p = 1 / (1 + np.exp(2 * machine.terms.visible))
    assert np.allclose(p, [0.25, 1 - 0.5 / 4])


def test_the_estimate_of_ln_z() -> None:
    """200 chains of 300 steps: within 5 of its own standard errors, and within 0.1 of the sum."""
    for machine in (drawn(5, 4, 0.8), drawn(300, 6, 0.15)):
        wanted = sums.log_partition(machine.terms)
        found = machine.estimate(steps=300, chains=200, seed=1)
        assert abs(found.log_partition - wanted) < min(5 * found.error, 0.1)
        assert 20 < found.effective <= 200
    machine = BoltzmannMachine(4, 3, connections="full")  # coupled within: hidden units are not summed out
    fields, couplings = machine.terms.joined()
    coupled = machine.terms.split(fields + 0.2, 0.3 * (1 - np.eye(len(couplings))))
    found = log_partition_estimate(coupled, steps=300, chains=200)
    assert abs(found.log_partition - sums.log_partition(coupled)) < 5 * found.error
    with pytest.raises(InputError, match="at least 1 step"):
        log_partition_estimate(machine.terms, steps=0)


def test_the_estimate_is_right_at_few_steps() -> None:
    """The mean weight is exact at any number of steps: 50 000 chains of 3, within 5 standard errors."""
    machine = drawn(4, 3, 1.0)
    found = machine.estimate(steps=3, chains=50_000, seed=1)
    assert found.error < 0.02
    assert abs(found.log_partition - sums.log_partition(machine.terms)) < 5 * found.error


def test_learning_with_the_chip_in_the_loop_takes_its_spread_up() -> None:
    """Divergence of the chip's exact law from the data: weights from a computer against those learned on the chip."""
    device = devices.device("Borders2019_smtj", slope_spread=0.2, offset_spread=0.3)
    chip = Chip(device, seed=1)
    rows = np.array([[a, b, a & b] for a in (0, 1) for b in (0, 1)])
    how: dict[str, Any] = {"epochs": 600, "learning_rate": 0.05, "final_rate": 0.0}
    ideal = BoltzmannMachine(3)
    ideal.fit(rows, Learning("exact", **how))
    computed = ideal.divergence(rows)
    ideal.chip = chip
    moved = ideal.divergence(rows)
    grown = BoltzmannMachine(3, chip=chip)
    grown.fit(rows, Learning("pcd", sweeps=5, chains=256, **how), seed=1)
    assert moved > 2 * computed
    assert grown.divergence(rows) < 1.3 * computed


def test_a_chip_settles_to_what_its_p_bits_draw() -> None:
    """20 000 chains after 60 sweeps: within 5 standard errors of the exact law, at most 0.5/sqrt(20000) each."""
    device = devices.device("Borders2019_smtj", slope_spread=0.3, offset_spread=0.4)
    machine = drawn(3, 2, 0.8)
    machine.chip = Chip(device, bits=4, largest=2.0, seed=2)
    found = np.bincount(exact.numbers(machine.sample(20_000, sweeps=60)), minlength=8) / 20_000
    assert np.abs(found - machine.distribution()).max() < 5 * 0.5 / np.sqrt(20_000)


def test_a_grid_of_stored_numbers() -> None:
    machine = drawn(4, 3, 1.0)
    stored = Chip(bits=3, largest=1.5).stored(machine.terms).between
    assert set(np.round(np.unique(np.abs(stored)), 12)) <= {0.0, 0.5, 1.0, 1.5}  # 7 values
    assert np.abs(Chip(largest=0.3).stored(machine.terms).between).max() == 0.3
    faults: tuple[dict[str, Any], ...] = ({"bits": 1, "largest": 1.0}, {"bits": 4}, {"largest": 0.0})
    for wrong in faults:
        with pytest.raises(InputError):
            Chip(**wrong)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([[0, 1, 2]], "0 or 1"),
        ([[0, 1, -1]], "0 or 1"),
        ([[0, 1, 0.5]], "grey=True"),
        ([[0, 1, np.nan]], "NaN or infinity, first in row 0"),
        ([[0, 1]], r"give \(rows, 3\)"),
        (np.zeros((0, 3)), r"give \(rows, 3\)"),
        ([["a", "b", "c"]], "numbers"),
    ],
)
def test_data_that_do_not_fit(data: object, words: str) -> None:
    machine = BoltzmannMachine(3)
    for ask in (machine.fit, machine.log_likelihood):
        with pytest.raises(InputError, match=words):
            ask(data)


def test_what_else_is_refused() -> None:
    machine = BoltzmannMachine(3)
    with pytest.raises(InputError, match="one a row"):
        machine.fit(DATA, weights=[1, 2])
    with pytest.raises(InputError, match="0 or more"):
        machine.fit(DATA, weights=[1, -1, 1])
    with pytest.raises(InputError, match="chances from 0 to 1"):
        machine.fit(3 * DATA, grey=True)
    with pytest.raises(InputError, match="at least one chain"):
        machine.sample(0)
    with pytest.raises(InputError, match="NaN for free"):
        machine.sample(1, given=[1])
    with pytest.raises(InputError, match="give one a chain"):
        machine.sample(2, start=DATA)
    with pytest.raises(InputError, match="log_partition"):
        BoltzmannMachine(30).log_likelihood(np.zeros((1, 30)))
    sizes: tuple[dict[str, Any], ...] = (
        {"visible": 0},
        {"visible": 2, "hidden": -1},
        {"visible": 2, "connections": "restricted"},
    )
    for arguments in sizes:
        with pytest.raises(InputError):
            BoltzmannMachine(**arguments)
    names: tuple[dict[str, Any], ...] = ({"vartype": "BIT"}, {"connections": "all"})
    for arguments in names:
        with pytest.raises(UnknownNameError):
            BoltzmannMachine(2, 2, **arguments)
