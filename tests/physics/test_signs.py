"""Sign conventions, as the documentation's page states them."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.physics import anisotropy, llgs, resistance, torques

M = np.array([0.6, 0.0, -0.8])


def _general(**terms: float) -> tuple:
    zero = dict.fromkeys(llgs.General._fields, 0.0)
    return tuple(
        llgs.General(**{**zero, "gyromagnetic_ratio": 1.0, "axis_z": 1.0, "polariser_z": 1.0, "spin_y": 1.0, **terms})
    )


def _rate(drive=(0.0, 0.0, 0.0, 0.0), m=M, **terms):
    return np.array(llgs.general_rate(*m, _general(**terms), drive))


def test_precession_is_minus_gamma_m_cross_b():
    np.testing.assert_allclose(_rate(applied_z=1.0), -np.cross(M, [0.0, 0.0, 1.0]), atol=1e-7)


def test_damping_turns_toward_the_field():
    assert _rate(damping=0.1, applied_z=1.0)[2] > 0
    assert _rate(damping=0.1, applied_z=-1.0)[2] < 0


def test_positive_current_drives_toward_the_polariser():
    np.testing.assert_allclose(
        _rate((1.0, 0.0, 0.0, 0.0), polarised=1.0), -np.cross(M, np.cross(M, [0.0, 0.0, 1.0])), atol=1e-7
    )
    assert _rate((1.0, 0.0, 0.0, 0.0), polarised=1.0)[2] > 0
    assert _rate((-1.0, 0.0, 0.0, 0.0), polarised=1.0)[2] < 0


def test_field_like_torque_acts_as_a_field_along_the_polariser():
    both = _rate((1.0, 0.0, 0.0, 0.0), polarised=1.0, field_like=0.3)
    np.testing.assert_allclose(
        both - _rate((1.0, 0.0, 0.0, 0.0), polarised=1.0), -0.3 * np.cross(M, [0.0, 0.0, 1.0]), atol=1e-7
    )


def test_spin_orbit_current_along_x_drives_toward_plus_y():
    rate = _rate((0.0, 1.0, 0.0, 0.0), spin_orbit=1.0)
    np.testing.assert_allclose(rate, -np.cross(M, np.cross(M, [0.0, 1.0, 0.0])), atol=1e-7)
    assert rate[1] > 0


def test_positive_voltage_lowers_the_anisotropy():
    assert anisotropy.voltage_field(30e-15, 1e-9, 1e-9, 1e6) == pytest.approx(-0.06)  # 2 xi/(t d M_s), by hand
    assert anisotropy.uniaxial_field(1e6, 1e6) == 2.0


def test_demagnetisation_favours_the_plane():
    # overdamped descent from above the plane: B_d = -N m_z z pulls m_z down
    assert _rate(m=np.array([0.8, 0.0, 0.6]), damping=1.0, demag_z=1.0)[2] < 0


def test_efficiency_is_larger_from_antiparallel_and_constant_without_asymmetry():
    strong, weak = (torques.slonczewski_efficiency(0.4, 0.3, c) for c in (-1.0, 1.0))
    assert strong == pytest.approx(0.4 * 1.3 / 0.7, rel=1e-6)
    assert weak == pytest.approx(0.4, rel=1e-6)
    assert torques.slonczewski_efficiency(0.4, 0.0, -1.0) == pytest.approx(0.4)
    # Slonczewski's own form with Lambda = 1.5: 2 L^2 P/((L^2+1) + (L^2-1) cos)
    big = 1.5**2
    lam = (big - 1) / (big + 1)
    exact = 2 * big * 0.4 / ((big + 1) + (big - 1) * 0.3)
    assert torques.slonczewski_efficiency(0.4, lam, 0.3) == pytest.approx(exact, rel=1e-6)


def test_conductance_is_linear_in_the_cosine_and_tmr_falls_with_bias():
    assert 1 / resistance.conductance(1 / 5e3, 1.5, 1.0) == pytest.approx(5e3)
    assert 1 / resistance.conductance(1 / 5e3, 1.5, -1.0) == pytest.approx(5e3 * 2.5)
    middle = resistance.conductance(1 / 5e3, 1.5, 0.0)
    assert middle == pytest.approx(0.5 * (1 / 5e3 + 1 / 12.5e3))
    assert resistance.tunnel_magnetoresistance(1.5, 0.5, 0.5) == pytest.approx(0.75)
