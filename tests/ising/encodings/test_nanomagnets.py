"""Nanomagnets as an Ising problem: the same energies in joules, as a Problem and as a dimod model."""

from __future__ import annotations

import dimod
import numpy as np
import pytest

import spinloom as sl
from spinloom.devices.nanomagnet_array import joint_states
from spinloom.ising import PBitSampler
from spinloom.ising.encodings import nanomagnets


def test_energies_are_the_magnetostatic_ones() -> None:
    array = sl.device("Debashis2016_magnet").layout("square", 9, temperature="450 K")
    states = joint_states(9)[::37]
    j = array.couplings()
    joules = 0.5 * np.einsum("ki,ij,kj->k", states, j, states)
    found = nanomagnets.problem(array)
    assert found.energies(states) == pytest.approx(joules / array.thermal_energy, rel=1e-12)
    model = nanomagnets.bqm(array)
    assert model.vartype is dimod.SPIN
    assert model.energies((states, range(9))) == pytest.approx(joules / array.thermal_energy, rel=1e-12)
    points = nanomagnets.bqm(array, "points")
    assert points.quadratic[0, 1] == pytest.approx(array.couplings("points")[0, 1] / array.thermal_energy, rel=1e-12)


def test_the_networks_ground_state_is_the_samplers() -> None:
    """A column of magnets side by side alternates."""
    array = sl.device("Debashis2016_magnet").layout("column", 7)
    found = dimod.ExactSolver().sample(nanomagnets.bqm(array))
    state = found.record.sample[found.record.energy.argmin()]
    assert (state[1:] == -state[:-1]).all()


def test_p_bits_have_the_magnets_correlations() -> None:
    """Sampling at beta = 1 against the magnets' own exact law: 100 draws of each of 64 chains, two sweeps apart."""
    array = sl.device("Debashis2016_magnet").layout("chain", 6)
    found = PBitSampler().sample(nanomagnets.bqm(array), method="sampling", num_reads=6400, num_sweeps=400, seed=2)
    states = found.record.sample[:, [found.variables.index(i) for i in range(6)]].astype(float)
    every = joint_states(6).astype(float)
    law = np.exp(-nanomagnets.problem(array).energies(every))
    exact = (every.T * law) @ every / law.sum()
    correlation = states.T @ states / len(states)
    assert np.abs(correlation - exact).max() < 0.07  # 0.009 to 0.027 with six other seeds
