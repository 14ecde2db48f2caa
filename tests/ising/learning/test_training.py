"""Learning on p-bits: one step by hand, moments against enumeration, and where the methods end."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from spinloom.errors import InputError, UnknownNameError
from spinloom.ising.learning import BoltzmannMachine, Learning, sums
from spinloom.ising.learning.chip import Felt
from spinloom.ising.learning.sampling import Chains
from spinloom.ising.learning.terms import Terms, zeros
from spinloom.ising.learning.training import centred, run_chains

CHANCE = np.random.default_rng(11)
# two bits, their "and" and their "or": four states of four units
STATES = np.array([[a, b, a & b, a | b] for a, b in itertools.product((0, 1), repeat=2)])


def test_one_step_of_contrastive_divergence_by_hand() -> None:
    """One visible and one hidden unit, coupled so strongly (f = -+10) that no draw is left to chance.

    From the state +1 the hidden unit is drawn +1 with P = 1/(1 + exp(-20)), 2e-9 from certain; the visible one likewise
    since its field of 10 (towards +1) adds up with the coupling. Data at +1 and -1: <v h>_data = -tanh(-10) (1 and 1),
    and after one step both chains stand at +1, +1.
    """
    machine = BoltzmannMachine(1, 1, vartype="SPIN")
    machine.terms = Terms(np.array([-20.0]), np.zeros(1), np.array([[-10.0]]))
    rate, t = 0.1, np.tanh(10.0)
    machine.fit([[1], [-1]], Learning("cd", epochs=1, learning_rate=rate, centred=False), seed=3)
    # data: <v> = 0, <h> = 0, <v h> = t; chains: <v> = 1, <h> = t, <v h> = t; E's sign: term -= rate (data - chains)
    assert machine.terms.visible[0] == pytest.approx(-20.0 + rate, abs=1e-6)  # float32
    assert machine.terms.hidden[0] == pytest.approx(rate * t, abs=1e-6)
    assert machine.terms.between[0, 0] == pytest.approx(-10.0, abs=1e-6)


def _coupled(visible: int, hidden: int, kind: Any) -> BoltzmannMachine:
    machine = BoltzmannMachine(visible, hidden, connections=kind, seed=2)

    def fill(array: np.ndarray) -> np.ndarray:
        drawn = CHANCE.normal(0, 0.5, array.shape)
        square = array.ndim == 2 and array.shape[0] == array.shape[1] and array is not machine.terms.between
        return np.triu(drawn, 1) + np.triu(drawn, 1).T if square else drawn

    machine.terms = machine.terms.map(fill)
    return machine


@pytest.mark.parametrize(
    ("visible", "hidden", "kind"),
    [(4, 0, "full"), (4, 3, "restricted"), (4, 3, "semirestricted"), (3, 3, "full"), (250, 8, "restricted")],
)
def test_moments_of_p_bits_agree_with_sums(visible: int, hidden: int, kind: str) -> None:
    """2048 chains after 25 sweeps from coins: a standard error of 1/sqrt(2048) = 0.022 at most a moment.

    Bits are independent over chains, so 5 standard errors are passed by one moment in 1.7e6; there are at most 2258.
    What is left of the start after 25 sweeps at these couplings (0.5) is far below. 250 units go layer by layer.
    """
    machine = _coupled(visible, hidden, kind)
    if visible == 250:
        machine.terms = machine.terms.map(lambda array: 0.2 * array)
    chance = np.random.default_rng(5)
    chains = Chains.random(machine.terms, 2048, chance)
    felt = Felt.ideal(machine.terms, np.float32)
    settings = Learning(sweeps=25, read="bits")
    found = run_chains(felt, machine.terms, chains, settings, np.full(2048, 1 / 2048), chance)
    for ours, wanted in zip(found, sums.moments(machine.terms), strict=True):
        if wanted is not None and wanted.size:
            assert ours is not None
            assert np.abs(ours - wanted).max() < 5 / np.sqrt(2048)


def test_couplings_of_few_values() -> None:
    """Equal couplings are taken together by the kernel, whatever their order: 2048 chains, 5 standard errors."""
    machine = BoltzmannMachine(8)
    signs = np.triu(np.where(np.arange(64).reshape(8, 8) % 3 == 0, 0.4, -0.2), 1)
    machine.terms = machine.terms._replace(visibles=signs + signs.T)
    chance = np.random.default_rng(5)
    chains = Chains.random(machine.terms, 2048, chance)
    felt = Felt.ideal(machine.terms, np.float32)
    found = run_chains(felt, machine.terms, chains, Learning(sweeps=25), np.full(2048, 1 / 2048), chance)
    wanted = sums.moments(machine.terms)
    assert found.visibles is not None
    assert wanted.visibles is not None
    assert np.abs(found.visibles - wanted.visibles).max() < 5 / np.sqrt(2048)


def test_a_held_unit_leaves_the_others_their_conditional_law() -> None:
    """4096 chains, given the first bit: P of the rest within 5 standard errors (0.5/64 at most)."""
    machine = _coupled(3, 2, "semirestricted")
    found = machine.sample(4096, sweeps=40, given=[1, np.nan, np.nan], seed=4)
    assert (found[:, 0] == 1).all()
    p = machine.distribution().reshape(4, 2)[:, 1]
    counts = np.bincount(found[:, 1] + 2 * found[:, 2], minlength=4) / 4096
    assert np.abs(counts - p / p.sum()).max() < 5 * 0.5 / 64


def test_averaged_moments_are_those_of_one_chain() -> None:
    """One chain, 5000 sweeps that correlate over a few: a standard error of about 0.02, of which 5 are allowed."""
    machine = _coupled(4, 0, "full")
    machine.terms = machine.terms.map(lambda array: 0.5 * array)
    chance = np.random.default_rng(5)
    chains = Chains.random(machine.terms, 1, chance)
    settings = Learning(sweeps=5000, averaged=True)
    found = run_chains(Felt.ideal(machine.terms, np.float32), machine.terms, chains, settings, np.ones(1), chance)
    assert np.abs(found.visible - sums.moments(machine.terms).visible).max() < 0.1


@pytest.mark.parametrize("form", [(3, 2, True, True), (4, 3, False, False), (3, 2, True, False)])
def test_centred_steps_climb_and_rest_where_plain_ones_do(form: tuple[int, int, bool, bool]) -> None:
    """A step is up the likelihood (its product with the gradient is positive), and 0 for a gradient of 0."""
    visible, hidden, *_ = form
    gradient = zeros(*form).map(lambda array: CHANCE.normal(size=array.shape))
    gradient = gradient.map(
        lambda a, kind: (a + a.T) * (1 - np.eye(len(a))) if kind.ndim == 2 and a.shape[0] == a.shape[1] else a, gradient
    )
    about = CHANCE.uniform(-0.8, 0.8, visible), CHANCE.uniform(-0.8, 0.8, hidden)
    step = centred(gradient, *about)
    # a pair within a layer is one term that is held twice
    products = [
        (0.5 if one is not gradient.between and one.ndim == 2 else 1.0) * float((one * two).sum())
        for one, two in zip(gradient, step, strict=True)
        if one is not None and two is not None
    ]
    assert sum(products) > 0
    nothing = centred(zeros(*form), *about)
    assert all(part is None or not part.any() for part in nothing)


@pytest.mark.parametrize("method", ["pcd", "cd"])
def test_sampled_learning_ends_where_the_exact_gradient_does(method: Any) -> None:
    """Within 1 % of its log-likelihood, seed fixed; measured: 0.1 % (pcd) and 0.3 % (cd)."""
    how: dict[str, Any] = {"epochs": 1500, "learning_rate": 0.05, "final_rate": 0.0, "evaluate_every": 1500}
    goal = BoltzmannMachine(4, 3, seed=1).fit(STATES, Learning("exact", **how)).log_likelihood
    settings = Learning(method, sweeps=10, chains=256, **how)
    found = BoltzmannMachine(4, 3, seed=1).fit(STATES, settings, seed=1).log_likelihood
    assert found[0] == goal[0] == pytest.approx(-4 * np.log(2), abs=0.01)  # nothing is known at the start
    assert goal[-1] > -1.5  # the best there is: -ln 4 = -1.386
    assert found[-1] == pytest.approx(goal[-1], rel=0.01)


def test_kept_chains_go_on() -> None:
    machine = BoltzmannMachine(4, 2, seed=1)
    settings = Learning(epochs=3, chains=70)
    first = machine.fit(STATES, settings, seed=1)
    assert first.chains.shape == (6, 70)
    assert set(np.unique(first.chains)) == {-1, 1}
    assert machine.fit(STATES, settings, seed=2, chains=first.chains).chains.shape == (6, 70)
    with pytest.raises(InputError, match=r"give \(6, chains\)"):
        machine.fit(STATES, settings, chains=first.chains[:5])


def test_the_seed_decides() -> None:
    def trained(seed: int) -> np.ndarray:
        machine = BoltzmannMachine(4, 2, seed=1)
        machine.fit(STATES, Learning(epochs=5, batch_size=3), seed=seed)
        return machine.terms.between

    assert np.array_equal(trained(1), trained(1))
    assert not np.array_equal(trained(1), trained(2))


def test_weights_and_grey_levels() -> None:
    """A row's weight is how often it occurs; grey values are chances: both by the exact method's fixed point."""
    settings = Learning("exact", epochs=400, learning_rate=0.2)
    machine = BoltzmannMachine(2)
    machine.fit([[0, 0], [1, 1]], settings, weights=[3, 1])
    assert np.allclose(machine.distribution(), [0.75, 0, 0, 0.25], atol=0.02)  # couplings still grow
    machine = BoltzmannMachine(1)
    machine.fit(np.full((200, 1), 0.2), Learning("exact", epochs=300, learning_rate=0.05), grey=True)
    assert machine.distribution()[1] == pytest.approx(0.2, abs=0.03)  # the last tens of epochs of 200 draws each


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"method": "cd-1"}, UnknownNameError),
        ({"read": "both"}, UnknownNameError),
        ({"epochs": 0}, InputError),
        ({"chains": 0}, InputError),
        ({"sweeps": True}, InputError),
        ({"learning_rate": np.nan}, InputError),
        ({"final_rate": 2.0}, InputError),
        ({"momentum": 1.0}, InputError),
        ({"decay": -1.0}, InputError),
    ],
)
def test_settings_that_cannot_be(settings: dict, error: type[Exception]) -> None:
    with pytest.raises(error):
        Learning(**settings)


def test_a_training_that_diverges_says_so() -> None:
    with pytest.raises(InputError, match="diverged in epoch"), np.errstate(all="ignore"):
        BoltzmannMachine(4, 2).fit(STATES, Learning("exact", epochs=50, learning_rate=1e308, momentum=0.9))
