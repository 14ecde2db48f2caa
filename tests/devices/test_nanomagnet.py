"""Nanomagnets in each other's fields: couplings against closed forms, flips against Boltzmann's law."""

from __future__ import annotations

import math

import numpy as np
import pytest

import spinloom as sl
from spinloom.devices import nanomagnet_bodies as bodies
from spinloom.devices.nanomagnet_array import joint_states
from spinloom.devices.testing import assert_device_api
from spinloom.errors import InputError, ParameterError
from spinloom.physics import demagnetisation, dipole
from spinloom.physics.constants import BOLTZMANN, VACUUM_PERMEABILITY

NAME = "Debashis2016_magnet"
KT = BOLTZMANN * 300.0


@pytest.mark.parametrize("name", [NAME, "Bhanja2016_disc"])
def test_is_a_device(name: str) -> None:
    assert_device_api(name)


def test_barrier_is_that_of_the_shape() -> None:
    magnet = sl.device(NAME)
    along, across, _ = demagnetisation.ellipsoid(100.0, 80.0, 1.2)
    volume = math.pi / 4 * 100e-9 * 80e-9 * 1.2e-9
    barrier = 0.5 * VACUUM_PERMEABILITY * 8e5**2 * (across - along) * volume
    assert magnet.thermal_stability() == pytest.approx(barrier / KT, rel=1e-12)
    assert magnet.energy_barrier() == pytest.approx(barrier, rel=1e-12)
    # the field at which the energy of the moment is twice the barrier: Stoner and Wohlfarth
    assert magnet.anisotropy_field() == pytest.approx(2 * barrier / (8e5 * volume), rel=1e-12)
    assert sl.device(NAME, thermal_stability=7.0).thermal_stability() == 7.0
    with pytest.raises(ParameterError, match="longer than wide"):
        _ = sl.device(NAME, width="100 nm").thermal_stability()


@pytest.mark.parametrize(("gap", "tolerance"), [(20e-9, 1e-3), (50e-9, 1e-6)])
def test_quadrature_is_newells_closed_form(gap: float, tolerance: float) -> None:
    """8 x 8 x 2 Gauss points a body; the error falls geometrically with the gap (8e-5 and 1e-8 measured)."""
    magnet = sl.device(NAME, shape="rectangle")
    pair = magnet.layout("chain", 2, spacing=gap)
    exact = dipole.prism_energy(8e5, (100e-9, 80e-9, 1.2e-9), (1, 0, 0), (1, 0, 0), (100e-9 + gap, 0, 0))
    assert pair.couplings()[0, 1] == pytest.approx(exact, rel=tolerance)


def test_far_bodies_are_points_and_layouts_have_their_signs() -> None:
    magnet = sl.device(NAME)
    far = magnet.layout("ring", 4, spacing=5e-6)
    assert far.couplings() == pytest.approx(far.couplings("points"), rel=1e-3)
    assert magnet.layout("chain", 2).couplings()[0, 1] < 0 < magnet.layout("column", 2).couplings()[0, 1]
    triangle = magnet.layout("ring", 3).couplings("points")
    k = 1e-7 * magnet.moment**2 / 130e-9**3
    # cos 120 - 3 cos 150 cos 30 = 7/4 for axes that point outward
    assert triangle[np.triu_indices(3, 1)] == pytest.approx(1.75 * k, rel=1e-8)
    perpendicular = sl.device(NAME, easy_axis="perpendicular", thermal_stability=3.0).layout("ring", 3)
    assert perpendicular.couplings("points")[0, 1] == pytest.approx(k, rel=1e-8)


def test_discs_turn_freely() -> None:
    """A pair's energy depends on the discs' moments and not on how their nodes are turned."""
    points, weights = bodies.nodes("ellipse", 100e-9, 100e-9, 10e-9)
    apart, moments = np.array([125e-9, 0.0, 0.0]), (np.array([1e-17, 0.0, 0.0]), np.array([0.0, 1e-17, 0.0]))
    turned = bodies.turned(points, np.array([1.0, 0.37, 0.0]))
    plain = bodies.pair_energy(moments[0], moments[0], apart, (points, points), weights)
    assert bodies.pair_energy(moments[0], moments[0], apart, (turned, points), weights) == pytest.approx(
        plain, rel=2e-4
    )
    assert bodies.pair_energy(*moments, apart, (points, points), weights) == pytest.approx(0.0, abs=1e-6 * abs(plain))


@pytest.mark.parametrize("law", ["neel", "heat bath"])
def test_pair_has_the_correlation_tanh(law) -> None:
    """<s1 s2> = tanh(-J/kT); 200 runs, a difference of 4.5 standard errors has a chance of 1e-5."""
    pair = sl.device(NAME, thickness="1 nm").layout("chain", 2)
    flips = pair.run(20e-6, runs=200, seed=3, law=law)
    correlation, error = flips.correlations()
    assert abs(correlation[0, 1] - math.tanh(-pair.couplings()[0, 1] / KT)) < 4.5 * error[0, 1]
    assert error[0, 1] < 0.01  # so that the test says something


def test_frustrated_triangle_occupies_its_states_by_boltzmann() -> None:
    """All eight probabilities, with a bias on one magnet: differences below 5 standard errors (8 x 6e-7 by chance)."""
    free = sl.device(NAME, thickness="1 nm").layout("ring", 3)
    array = type(free)(
        free.positions, free.axes, free.moment, free.body, free.barriers, biases=np.array([0.4, 0, 0]) * KT
    )
    occupation = array.run(20e-6, runs=200, seed=4).occupation
    assert occupation is not None
    s = joint_states(3).astype(float)
    j = array.couplings() / KT
    energy = 0.4 * s[:, 0] + 0.5 * np.einsum("ki,ij,kj->k", s, j, s)
    law = np.exp(-energy) / np.exp(-energy).sum()
    error = occupation.std(axis=0, ddof=1) / math.sqrt(200)
    assert (np.abs(occupation.mean(axis=0) - law) < 5 * error).all()
    assert occupation.sum(axis=1) == pytest.approx(1.0, abs=1e-9)


def test_lone_magnet_flips_at_its_rate() -> None:
    """f0 exp(-Delta) a magnet; Poisson: 4.5 standard deviations of the total count, 7e-6 by chance."""
    far = sl.device(NAME).layout("column", 2, spacing="50 um")
    flips = far.run(2e-6, runs=100, seed=5).flips.sum()
    wanted = 100 * 2 * 2e-6 * sl.device(NAME).flip_rate()
    assert abs(flips - wanted) < 4.5 * math.sqrt(wanted)


def test_cooling_finds_the_ground_state_and_seeds_repeat() -> None:
    column = sl.device(NAME).layout("column", 6)
    heat = np.linspace(4.0, 0.15, 60)
    flips = column.run(3e-6, runs=20, seed=1, heat=heat, law="heat bath")
    again = column.run(3e-6, runs=20, seed=1, heat=heat, law="heat bath")
    assert np.array_equal(flips.states, again.states)
    assert not np.array_equal(flips.states, column.run(3e-6, runs=20, seed=2, heat=heat, law="heat bath").states)
    last = flips.states[:, -1]
    # alternating; 20 slow coolings of six magnets all arrived with this seed, 15 leaves room for another platform
    assert (last[:, 1:] == -last[:, :-1]).all(axis=1).sum() >= 15


def test_moments_that_turn_become_two_states_behind_a_high_barrier() -> None:
    """exp(-Delta) of turning is left at Delta = 60, and the wells' width lowers J by about J/Delta."""
    tensor = np.array([[-0.8, 0.0], [0.0, 0.4]])
    axes = np.array([[1.0, 0.0], [1.0, 0.0]])
    assert bodies.soft_pair(tensor, 60.0, axes) == pytest.approx(math.tanh(0.8), abs=0.02)
    assert bodies.soft_pair(0.0 * tensor, 2.0, axes) == pytest.approx(0.0, abs=1e-12)
    assert bodies.soft_pair(tensor, 1.0, axes) < math.tanh(0.8)


def test_refusals() -> None:
    magnet = sl.device(NAME)
    with pytest.raises(InputError, match="overlap"):
        magnet.array([[0, 0], [50e-9, 0]])
    with pytest.raises(InputError, match="in the plane or along z"):
        magnet.array([[0, 0], [500e-9, 0]], axes=[1, 0, 1])
    with pytest.raises(InputError, match="no layout 'spiral'"):
        magnet.layout("spiral", 3)
    with pytest.raises(InputError, match="4, 9, 16"):
        magnet.layout("square", 5)
    with pytest.raises(InputError, match="above 0"):
        magnet.layout("chain", 2).run(0.0)
    with pytest.raises(InputError, match="flips would have to be followed"):
        magnet.layout("chain", 2).run(1e6)
    with pytest.raises(InputError, match="finite"):
        magnet.array([[0, 0], [math.nan, 0]])
