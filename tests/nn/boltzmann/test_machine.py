"""Sampling against the exact distribution; clamps; junctions; what is refused.

Statistical tests have fixed seeds and independent chains; a chi-square test with the limit p > 1e-3 would fail for one
seed in a thousand if everything is right.
"""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from spinloom.errors import InputError
from spinloom.nn.boltzmann import JunctionNeurons, RestrictedBoltzmannMachine, exact, joined
from spinloom.responses import Bernoulli

CHAINS = 20_000
LIMIT = 1e-3


def tiny(inputs: int = 4, hidden: int = 3, labels: int = 0, scale: float = 1.0, **more) -> RestrictedBoltzmannMachine:
    made = RestrictedBoltzmannMachine(inputs, hidden, labels, **more)
    chance = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(scale * torch.randn(parameter.shape, generator=chance))
    return made


def counts(states: np.ndarray) -> np.ndarray:
    return np.bincount(states @ (1 << np.arange(states.shape[1])), minlength=1 << states.shape[1])


def junction(**more) -> Bernoulli:
    return Bernoulli(0.282, 0.0051, **more)


# ---- the distribution -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("neurons", [None, JunctionNeurons(junction())], ids=["ideal", "junctions"])
def test_chains_converge_to_boltzmann(neurons: JunctionNeurons | None) -> None:
    """20 000 chains of 100 sweeps from the reset state: 16 states, chi-square, false alarms 0.1 %."""
    machine = tiny(neurons=neurons)
    found = machine.sample(chains=CHAINS, sweeps=100, seed=1)
    p = exact.distribution(*machine.arrays())
    assert chisquare(counts(found.visible), CHAINS * p).pvalue > LIMIT
    moments = exact.moments(*machine.arrays())
    assert np.abs(found.hidden.mean(axis=0) - _after_visible(machine, p)).max() < 5 * 0.5 / math.sqrt(CHAINS)
    assert np.allclose(_after_visible(machine, p), moments.hidden, atol=1e-6)  # float32 weights


def _after_visible(machine: RestrictedBoltzmannMachine, p: np.ndarray) -> np.ndarray:
    weight, _, b = machine.arrays()
    return p @ (1 / (1 + np.exp(-(b + exact.states(machine.visible) @ weight))))


def test_too_few_sweeps_are_seen_by_the_test() -> None:
    """The same test fails where it must: one sweep from the reset state is not Boltzmann's distribution."""
    machine = tiny()
    found = machine.sample(chains=CHAINS, sweeps=1, seed=1)
    assert chisquare(counts(found.visible), CHAINS * exact.distribution(*machine.arrays())).pvalue < 1e-9


def test_held_units_leave_the_conditional_distribution() -> None:
    """Two of five units held at (1, 0): the others follow P(v | held), chi-square, false alarms 0.1 %."""
    machine = tiny(5)
    clamp = machine.clamp(np.array([1.0, np.nan, np.nan, 0.0, np.nan]))
    found = machine.sample(clamp, chains=CHAINS, sweeps=100, seed=2).visible
    assert (found[:, 0] == 1).all()
    assert (found[:, 3] == 0).all()
    states = exact.states(5)
    p = exact.distribution(*machine.arrays()) * (states[:, 0] == 1) * (states[:, 3] == 0)
    kept = p > 0
    assert chisquare(counts(found)[kept], CHAINS * p[kept] / p.sum()).pvalue > LIMIT


def test_the_mean_over_sweeps_is_the_expectation() -> None:
    """Averages of 200 sweeps in 2000 chains: within 5 standard errors even if all sweeps of a chain were alike."""
    machine = tiny()
    found = machine.sample(chains=2000, sweeps=250, average=200, seed=4).mean.mean(axis=0)
    assert np.abs(found - exact.moments(*machine.arrays()).visible).max() < 5 * 0.5 / math.sqrt(2000)


def test_recognition_and_recall_follow_the_joint_distribution() -> None:
    """P(label | x) and P(x | label) of a machine with two labels of two units, from all its states."""
    machine = tiny(3, 3, 2, label_units=2, scale=0.8)
    states, p = exact.states(7), exact.distribution(*machine.arrays())
    x = np.array([1.0, 0.0, 1.0])
    share = machine.recognise(np.tile(x, (4000, 1)), sweeps=60, average=1, seed=5).mean(axis=0)
    given = p * (states[:, :3] == x).all(axis=1)
    wanted = (given @ states[:, 3:] / given.sum()).reshape(2, 2).mean(axis=1)
    assert np.abs(share - wanted).max() < 5 * 0.5 / math.sqrt(4000)  # 5 standard errors of the mean
    recalled = machine.recall(1, chains=CHAINS, sweeps=60, seed=6)
    assert (recalled.visible[:, 3:] == [0, 0, 1, 1]).all()
    given = p * (states[:, 3:] == [0, 0, 1, 1]).all(axis=1)
    wanted = np.bincount((states[:, :3] @ [1, 2, 4]).astype(int), weights=given / given.sum())
    assert chisquare(counts(recalled.visible[:, :3]), CHAINS * wanted).pvalue > LIMIT


def test_a_joined_machine_multiplies_the_two() -> None:
    """P(x, y, label) ~ P_1(x, label) P_2(y, label): free energies add up, up to float32."""
    first, second = tiny(3, 4, 2), tiny(2, 3, 2, scale=0.7)
    both = joined(first, second)
    states = exact.states(7)
    x, y, label = states[:, :3], states[:, 3:5], states[:, 5:]
    apart = first.free_energy(np.hstack([x, label])) + second.free_energy(np.hstack([y, label]))
    assert np.allclose(both.free_energy(states), apart, atol=1e-5)


# ---- junctions ------------------------------------------------------------------------------------------------------


def test_junctions_without_spread_are_ideal_neurons() -> None:
    ideal, real = tiny(), tiny(neurons=JunctionNeurons(junction(), seed=9))
    assert np.array_equal(ideal.sample(chains=50, seed=1).visible, real.sample(chains=50, seed=1).visible)


def test_each_junction_has_its_own_curve() -> None:
    """P of every unit from the junctions' own centres and widths, visible layer first; 5 standard errors."""
    response = junction(centre_spread=0.01, width_spread=0.2)
    machine = tiny(4, 3, neurons=JunctionNeurons(response, seed=7), scale=0.0)  # no weights: every input z is 0
    found = machine.sample(chains=CHAINS, sweeps=2, seed=3)
    wanted = response.spread(7, 7).probability(response.centre)
    share = np.concatenate([found.visible.mean(axis=0), found.hidden.mean(axis=0)])
    assert np.ptp(wanted) > 0.2  # the chip does spread
    assert np.abs(share - wanted).max() < 5 * 0.5 / math.sqrt(CHAINS)
    other = JunctionNeurons(response, seed=8).layer(0, torch.ones(4, dtype=torch.bool))
    mine = JunctionNeurons(response, seed=7).layer(0, torch.ones(4, dtype=torch.bool))
    assert not torch.equal(other.shift, mine.shift)


def test_a_driver_with_few_bits() -> None:
    driver = JunctionNeurons(junction(), drive_bits=2, drive_range=3.0)
    z = torch.tensor([-9.0, -2.1, -1.9, 0.4, 2.9, 50.0])
    assert torch.allclose(driver.driven(z), torch.tensor([-3.0, -3.0, -1.0, 1.0, 3.0, 3.0]))
    fine = JunctionNeurons(junction(), drive_bits=12, drive_range=8.0)
    assert (fine.driven(z[1:5]) - z[1:5]).abs().max() <= 16 / 4095 / 2 + 1e-6  # half a step
    assert torch.equal(JunctionNeurons(junction(), drive_range=3.0).driven(z), z.clamp(-3, 3))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"drive_bits": 8}, "needs its range"),
        ({"drive_bits": 0, "drive_range": 8.0}, "whole number"),
        ({"drive_bits": 2.5, "drive_range": 8.0}, "whole number"),
        ({"drive_range": 0.0}, "above 0"),
        ({"drive_range": math.nan}, "above 0"),
    ],
)
def test_drivers_that_cannot_be_built(more, said: str) -> None:
    with pytest.raises(InputError, match=said):
        JunctionNeurons(junction(), **more)


# ---- chance and host ------------------------------------------------------------------------------------------------


def test_the_same_seed_at_any_number_of_threads() -> None:
    machine = tiny(200, 64, 10, scale=0.1)
    before = torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(machine.recall(3, chains=300, sweeps=20, seed=11))
            assert torch.get_num_threads() == threads  # left as it was
    finally:
        torch.set_num_threads(before)
    assert all(np.array_equal(a, b) for a, b in zip(*found, strict=True))
    assert not np.array_equal(found[0].visible, machine.recall(3, chains=300, sweeps=20, seed=12).visible)


def test_it_is_a_torch_module() -> None:
    machine = tiny(4, 3)
    v = torch.tensor([[1.0, 0.0, 1.0, 1.0]])
    net = torch.nn.Sequential(copy.deepcopy(machine), torch.nn.Linear(3, 2))
    net(v).sum().backward()
    assert net[0].weight.grad is not None
    other = RestrictedBoltzmannMachine(4, 3, seed=5)
    other.load_state_dict(machine.state_dict())
    assert np.array_equal(other.sample(chains=9, seed=1).visible, machine.sample(chains=9, seed=1).visible)
    assert "inputs=4, hidden=3" in repr(machine)
    third = RestrictedBoltzmannMachine(4, 3, seed=6).set_arrays(*machine.arrays())
    assert torch.equal(third.weight, machine.weight)
    with pytest.raises(InputError, match="does not fit"):
        third.set_arrays(*tiny(4, 2).arrays())


def test_bits_drawn() -> None:
    machine = tiny(6, 5, 2)
    assert machine.bits() == 6 + 2 + 5
    assert machine.bits(machine.clamp(np.zeros(6)), sweeps=10) == 10 * (2 + 5)


# ---- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clamp", "said"),
    [
        ({"label": 0, "units": [(4, 0)]}, "unit 4 would be both 0 and 1"),
        ({"units": [(1, 0), (1, 1)]}, "unit 1 would be both"),
        ({"x": [1, 0, 1, 1], "units": [(2, 0)]}, "unit 2 would be both"),
        ({"label": 2}, "from 0 to 1"),
        ({"label": -1}, "from 0 to 1"),
        ({"label": 0.5}, "whole numbers"),
        ({"units": [(6, 1)]}, "no unit 6"),
        ({"units": [(-1, 1)]}, "no unit -1"),
        ({"units": [(0, 0.5)]}, "cannot be held at 0.5"),
        ({"x": [1, 0, 0.5, 1]}, "hold 0.5: a unit is 0 or 1"),
        ({"x": [1, 0, np.inf, 1]}, "0 or 1"),
        ({"x": [1, 0, 1]}, "do not fit"),
        ({"x": [[1, np.nan, 1, 0], [np.nan, 1, 1, 0]]}, "other places"),
        ({"x": np.zeros((3, 4)), "label": [0, 1]}, "2 and 3 chains"),
    ],
)
def test_clamps_that_contradict_themselves_or_do_not_fit(clamp, said: str) -> None:
    with pytest.raises(InputError, match=said):
        tiny(4, 3, 2).clamp(**clamp)


def test_clamps_that_agree_may_overlap() -> None:
    clamp = tiny(4, 3, 2).clamp(x=[1, np.nan, 0, np.nan], label=1, units=[(0, 1), (5, 1), (1, 0)])
    assert clamp.free == 1
    assert list(clamp.values[0]) == [1, 0, 0, 0, 0, 1]


def test_runs_that_make_no_sense() -> None:
    machine = tiny(4, 3, 2)
    with pytest.raises(InputError, match="nothing is left to draw"):
        machine.sample(machine.clamp(np.zeros(4), label=0))
    for more in ({"sweeps": 0}, {"sweeps": 5, "average": 6}, {"average": 0}):
        with pytest.raises(InputError, match="at least one sweep"):
            machine.sample(**more)
    with pytest.raises(InputError, match="2 and 3 chains"):
        machine.sample(machine.clamp(np.zeros((2, 4))), chains=3)
    with pytest.raises(InputError, match="hold NaN"):
        machine.sample(start=np.full(6, np.nan))
    with pytest.raises(InputError, match="for 4 units"):
        machine.sample(tiny(4, 3).clamp())
    with pytest.raises(InputError, match="no label units"):
        tiny(4, 3).recognise(np.zeros(4))
    with pytest.raises(InputError, match="no label units"):
        tiny(4, 3).recall(0)
    with pytest.raises(InputError, match="share none"):
        joined(tiny(4, 3, 2), tiny(4, 3, 3))
    for sizes in ((0, 3), (4, 0), (4, 3, -1), (4.5, 3)):
        with pytest.raises(InputError, match="whole number from"):
            RestrictedBoltzmannMachine(*sizes)
    with pytest.raises(InputError, match="too many to enumerate"):
        RestrictedBoltzmannMachine(64, 100).log_likelihood(np.zeros(64))
