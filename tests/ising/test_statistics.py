"""Diagnostics against processes with known answers; ln Z against enumeration and the torus in closed form."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from spinloom.errors import InputError
from spinloom.ising import Problem, statistics
from spinloom.ising.exact import Enumeration


def autoregressive(phi, draws, chains, seed=0):
    """x_t = phi x_(t-1) + sqrt(1 - phi^2) noise: integrated autocorrelation time (1 + phi)/(1 - phi)."""
    chance = np.random.default_rng(seed)
    noise = chance.normal(size=(draws, chains))
    found = np.empty((draws, chains))
    found[0] = noise[0]
    for t in range(1, draws):
        found[t] = phi * found[t - 1] + math.sqrt(1 - phi**2) * noise[t]
    return found


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.8, -0.4])
def test_autocorrelation_time_of_a_known_process(phi):
    """4000 draws of 20 chains: relative error of the estimate sqrt(2 (2 M + 1)/80000), M some 6 tau: 5 % at tau = 9."""
    x = autoregressive(phi, 4000, 20)
    assert x.size / statistics.effective_size(x) == pytest.approx((1 + phi) / (1 - phi), rel=0.08)


def test_agrees_with_the_reference_implementation():
    """What arviz-stats 0.8 gives for these numbers: rhat(x), rhat of them rounded (ties), ess(method="identity")."""
    x = autoregressive(0.8, 4000, 20)
    assert statistics.r_hat(x) == pytest.approx(1.0019645128667551, rel=1e-12)
    assert statistics.r_hat(np.round(x, 1)) == pytest.approx(1.0019548220799754, rel=1e-12)
    assert statistics.effective_size(x) == pytest.approx(8920.231620837301, rel=1e-9)
    assert statistics.r_hat(np.exp(x)) == pytest.approx(statistics.r_hat(x), rel=5e-4)  # ranks: of its order alone


def test_independent_chains_have_r_hat_one():
    """Mean of R-hat - 1 is 1/(2 draws) of a half-chain of 500, 1e-3, with 40 half-chains spread 2e-4."""
    assert 0.999 < statistics.r_hat(np.random.default_rng(1).normal(size=(1000, 20))) < 1.005


def test_chains_that_disagree_are_seen():
    x = np.random.default_rng(1).normal(size=(1000, 8))
    assert statistics.r_hat(x + 2.0 * (np.arange(8) < 4)) > 1.3  # means differ by two standard deviations
    assert statistics.r_hat(x * np.where(np.arange(8) < 4, 3.0, 1.0)) > 1.1  # widths differ
    assert statistics.r_hat(x + np.linspace(0, 3, 1000)[:, None]) > 1.1  # not yet at rest
    assert statistics.r_hat(np.tile([1.0, 2.0], (10, 1))) == math.inf
    assert statistics.r_hat(np.ones((10, 2))) == 1.0
    assert math.isnan(statistics.effective_size(np.ones((10, 2))))


def test_summary_sees_chains_stuck_in_two_valleys():
    """Energies agree, spins do not: the two ground states of a ferromagnet below its temperature of order."""
    stuck = (
        np.where(np.random.default_rng(0).random((200, 8, 10)) < 0.05, -1, 1)
        * np.where(np.arange(8) < 4, 1, -1)[:, None]
    )
    energies = np.random.default_rng(1).normal(size=(200, 8))
    found = statistics.summarise(stuck, energies)
    assert found.r_hat > 2.0
    assert found.r_hat_energy < 1.02
    assert found.r_hat_spins.min() > 2.0
    assert not found.mixed


def test_summary_of_independent_samples():
    """R-hat of 100 half-chain draws is 1 + 1/200 on the mean; the largest of 12 numbers stays below 1.03."""
    chance = np.random.default_rng(0)
    states, energies = chance.choice([-1, 1], (200, 16, 10)), chance.normal(3.0, 2.0, (200, 16))
    found = statistics.summarise(states, energies, interval=5)
    assert found.r_hat < 1.03
    assert found.autocorrelation_time == pytest.approx(5.0, rel=0.1)
    assert found.energy_error == pytest.approx(2.0 / math.sqrt(3200), rel=0.15)
    assert abs(found.mean_energy - 3.0) < 4.5 * found.energy_error
    assert found.mixed


def test_spins_r_hat_is_that_of_the_numbers():
    """Means of half-chains are all that R-hat of ±1 needs: against the ratio from the numbers themselves."""
    states = np.random.default_rng(2).choice([-1, 1], (50, 4, 3), p=[0.3, 0.7])
    found = statistics.summarise(states, np.random.default_rng(3).normal(size=(50, 4))).r_hat_spins
    halves = np.concatenate([states[:25], states[25:]], axis=1).astype(float)
    within, between = halves.var(axis=0, ddof=1).mean(axis=0), 25 * halves.mean(axis=0).var(axis=0, ddof=1)
    np.testing.assert_allclose(found, np.sqrt((between / within + 24) / 25), rtol=1e-12)


# ---- ln Z --------------------------------------------------------------------------------------------------------


def glass(spins=14, seed=1):
    chance = np.random.default_rng(seed)
    couplings = np.triu(chance.choice([-1.0, 1.0], (spins, spins)), 1)
    return Problem.from_matrix(couplings + couplings.T, chance.normal(size=spins), 0.3)


@pytest.mark.parametrize("beta", [0.2, 0.6, 2.0])
def test_partition_function_by_enumeration(beta):
    """4.5 standard errors: 1e-5 of runs, twice that for the forward estimate's heavier tail."""
    problem = glass()
    found = statistics.partition_function(problem, beta, reads=128, sweeps=300, seed=1)
    exact = Enumeration.of(problem).log_partition(beta)
    assert abs(found.value - exact) < 4.5 * found.error
    assert abs(found.forward - exact) < 6 * found.forward_error
    assert found.lower - 4.5 * found.error < exact < found.upper + 4.5 * found.error
    assert found.error < 0.1
    assert found.trusted


def test_standard_error_is_right():
    """40 seeds: chi-square of 40 degrees of freedom lies within 18 and 74 in 99.9 % of cases."""
    problem = glass(8)
    exact = Enumeration.of(problem).log_partition(0.5)
    found = [statistics.partition_function(problem, 0.5, reads=64, sweeps=40, seed=seed) for seed in range(40)]
    assert 18 < sum(((one.value - exact) / one.error) ** 2 for one in found) < 74
    assert 18 < sum(((one.forward - exact) / one.forward_error) ** 2 for one in found) < 74


def test_at_infinite_temperature_all_states_count():
    found = statistics.partition_function(glass(), 0.0, reads=4, sweeps=2)
    assert found.value == pytest.approx(14 * math.log(2.0))


def test_too_fast_a_path_is_not_trusted():
    """Quenching 200 spins in two steps: forward and backward works are worlds apart."""
    assert not statistics.partition_function(glass(200), 2.0, reads=64, sweeps=2).trusted


def thermodynamic_integral(problem, beta, steps=24):
    """ln Z = n ln 2 - int_0^beta <E>, Gauss-Legendre, <E> from 64 chains of 200 sweeps; with its standard error."""
    from spinloom.ising.chains import Chains
    from spinloom.ising.job import Job

    nodes, weights = np.polynomial.legendre.leggauss(steps)
    chains = Chains(Job(problem, 64, np.ones(1), 4), 0, 64)
    reads = np.zeros(64)
    for node, weight in zip(nodes, weights, strict=True):
        here = 0.5 * beta * (node + 1)
        chains.sweep(here, 20)
        for _ in range(200):
            chains.sweep(here)
            reads -= 0.5 * beta * weight * chains.energies / 200
    return problem.size * math.log(2) + reads.mean(), reads.std(ddof=1) / 8


def test_thermodynamic_integration_gives_the_same():
    """4.5 standard errors of both."""
    problem = glass()
    value, error = thermodynamic_integral(problem, 0.6)
    found = statistics.partition_function(problem, 0.6, reads=128, sweeps=300, seed=2)
    assert abs(value - found.value) < 4.5 * math.hypot(error, found.error)


def kaufman(size, coupling):
    """ln Z of the ferromagnet on a size x size torus (Kaufman, doi:10.1103/PhysRev.76.1232), K = beta J.

    Z = (2 sinh 2K)^(n^2/2)/2 [prod 2 cosh(n g_odd/2) + prod 2 sinh(n g_odd/2) + the same two of g_even], with
    cosh g_l = cosh 2K coth 2K - cos(pi l/n), g_0 = 2K + ln tanh K.
    """
    k = np.arange(2 * size)
    gamma = np.arccosh(np.maximum(np.cosh(2 * coupling) / np.tanh(2 * coupling) - np.cos(np.pi * k / size), 1.0))
    gamma[0] = 2 * coupling + math.log(math.tanh(coupling))
    half = 0.5 * size * gamma
    cosh, sinh = np.logaddexp(half, -half), np.log(np.abs(2 * np.sinh(half)))
    terms = [cosh[1::2].sum(), sinh[1::2].sum(), cosh[::2].sum(), sinh[::2].sum()]
    signs = [1.0, 1.0, 1.0, math.copysign(1.0, half[0])]
    top = max(terms)
    total = sum(sign * math.exp(term - top) for sign, term in zip(signs, terms, strict=True))
    return 0.5 * size**2 * math.log(2 * math.sinh(2 * coupling)) - math.log(2.0) + top + math.log(total)


def torus(size):
    grid = np.arange(size * size).reshape(size, size)
    rows, columns = np.tile(grid.ravel(), 2), np.concatenate([np.roll(grid, -1, a).ravel() for a in (0, 1)])
    return Problem.from_arrays(rows, columns, np.full(rows.size, -1.0))


def test_the_closed_form_is_right():
    """4 x 4 by enumeration, to rounding, on both sides of the critical point."""
    exact = Enumeration.of(torus(4))
    for coupling in (0.2, 0.44, 0.7):
        assert kaufman(4, coupling) == pytest.approx(exact.log_partition(coupling), rel=1e-12)


@pytest.mark.parametrize("beta", [0.3, 0.4406868])
def test_partition_function_of_a_torus_beyond_enumeration(beta):
    """16 x 16, up to the critical point: 4.5 standard errors, themselves below 0.1 of ln Z = 240."""
    found = statistics.partition_function(torus(16), beta, reads=128, sweeps=1500, seed=3)
    assert found.error < 0.1
    assert abs(found.value - kaufman(16, beta)) < 4.5 * found.error


def test_what_cannot_be_says_so():
    with pytest.raises(InputError, match="at least 4 draws"):
        statistics.r_hat(np.ones((3, 2)))
    with pytest.raises(InputError, match="at least 4 draws"):
        statistics.effective_size(np.ones(10))
    with pytest.raises(InputError, match="do not fit"):
        statistics.summarise(np.ones((5, 2, 3)), np.ones((5, 3)))
    for wrong in ({"beta": -1.0}, {"beta": math.nan}, {"beta": 1.0, "reads": 1}, {"beta": 1.0, "sweeps": 0}):
        with pytest.raises(InputError, match="ln Z needs"):
            statistics.partition_function(glass(), **wrong)


def test_bennetts_value_is_free_of_bias_far_from_equilibrium():
    """Two sweeps each way to beta = 1.5 on three spins, a bracket of about 2: 60 000 reads against enumeration.

    A way back in the same order of spins was off by 0.02, some five of these errors. 4.5 errors: false alarm 7e-6.
    """
    problem = Problem.from_arrays([0, 1, 0], [1, 2, 2], [1.0, -0.7, 0.4], [0.5, -0.2, 0.3])
    every = np.array(list(itertools.product([-1, 1], repeat=3)), np.int8)
    exact = float(np.log(np.exp(-1.5 * problem.energies(every)).sum()))
    found = statistics.partition_function(problem, 1.5, reads=60_000, sweeps=2, seed=3)
    assert found.upper - found.lower > 0.5
    assert found.error < 0.01
    assert abs(found.value - exact) < 4.5 * found.error
