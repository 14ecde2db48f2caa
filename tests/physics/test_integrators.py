"""Integrators: norm, measured order of convergence, and the numerical damping that the step guard is built on."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spinloom.engines import Job, Sizes, cpu
from spinloom.physics import integrators, llgs, rng

GAMMA, FIELD = 1.76e11, 0.2


def _field_only(alpha: float, tesla: float) -> np.ndarray:
    """A spin without anisotropy in a field along z: precession in closed form."""
    return np.array(llgs.Axial(alpha, GAMMA, 0.0, 0.0, 0.0, tesla, 0.0, 0.0, 0.0, 0.0, 1.0))


def _evolve(scheme, params, dt, steps, angle=0.5, current=0.0):
    step = integrators.build(llgs.axial_rate, scheme, False)
    state = np.array([[math.sin(angle)], [0.0], [math.cos(angle)]])
    drive = np.array([[current], [0.0], [0.0], [0.0]])
    job = Job(state, params, drive, lambda t: np.ones((t.size, 4, 1)), dt, steps)
    return cpu.ensemble(step, rng.draw, Sizes(3, len(params), 4)).run(job)[0][:, 0]


def _exact(alpha, tesla, time, angle=0.5):
    """Landau-Lifshitz in a constant field: tan(theta/2) decays, the azimuth advances at gamma B/(1 + alpha^2)."""
    omega = GAMMA * tesla / (1.0 + alpha**2)
    theta = 2.0 * math.atan(math.tan(angle / 2.0) * math.exp(-alpha * omega * time))
    phi = omega * time  # dm/dt = -gamma m x B turns m counter-clockwise about +B
    return np.array([math.sin(theta) * math.cos(phi), math.sin(theta) * math.sin(phi), math.cos(theta)])


@pytest.mark.parametrize(("scheme", "order"), [("splitting", 4), ("rk4", 4), ("heun", 2)])
def test_order_of_convergence_is_the_nominal_one(scheme, order):
    total, errors = 1e-10, []
    for steps in (20, 40, 80):
        state = _evolve(scheme, _field_only(0.1, FIELD), total / steps, steps)
        errors.append(np.linalg.norm(state - _exact(0.1, FIELD, total)))
    measured = [math.log2(errors[i] / errors[i + 1]) for i in range(2)]
    # asymptotic within a quarter of an order at gamma B dt = 0.18 .. 0.04
    assert measured == pytest.approx([order, order], abs=0.25)


def test_default_scheme_keeps_the_norm():
    state = _evolve("splitting", _field_only(0.01, FIELD), 5e-12, 20_000)
    assert np.linalg.norm(state) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize(("scheme", "dt"), [("heun", 5e-12), ("heun", 1e-11), ("rk4", 2e-11), ("splitting", 2e-11)])
def test_numerical_damping_follows_its_law(scheme, dt):
    # without damping any change of a small angle is numerical; rate/omega against the law's alpha-free form
    steps, angle = 400, 0.01
    state = _evolve(scheme, _field_only(0.0, FIELD), dt, steps, angle)
    radius = math.hypot(state[0], state[1]) / abs(state[2])  # what the projection onto the sphere keeps
    measured = -math.log(radius / math.tan(angle)) / (GAMMA * FIELD * dt * steps)
    law = integrators.damping_error(scheme, GAMMA * FIELD * dt, 1.0)
    # next order of the expansion: relative (omega dt)^2; splitting's projection shares the law within the same order
    assert measured == pytest.approx(law, rel=max((GAMMA * FIELD * dt) ** 2, 0.06))


def test_largest_angle_inverts_the_law():
    for scheme in integrators.SCHEMES:
        angle = integrators.largest_angle(scheme, 0.0122)
        error = abs(integrators.damping_error(scheme, angle, 0.0122))
        assert error == pytest.approx(integrators.ALLOWED_DAMPING_ERROR, rel=1e-9)
    assert integrators.largest_angle("splitting", 0.0) == integrators.ALLOWED_ROTATION


def test_axial_kernel_equals_the_general_one():
    rotation = np.array(llgs.Axial(0.03, GAMMA, 0.0, 0.17, -0.02, 0.01, 1.0, 3e4, 0.3, 0.1, 1.0))
    general = llgs.General(
        0.03, GAMMA, 0.0, 0.0, 0.0, 0.0, 0.17, 0.0, 0.0, 1.0, 0.0, -0.02, 0.0, 0.0, 0.01, 0.0, 0.0, 1.0, 3e4, 0.3, 0.1,
        0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0,
    )  # fmt: skip
    random = np.random.default_rng(5)
    for _ in range(20):
        m = random.normal(size=3)
        m /= np.linalg.norm(m)
        drive = tuple(random.normal(size=4) * np.array([1e-6, 1e-6, 1.0, 0.1]))
        one = llgs.axial_rate(*m, tuple(rotation), drive)
        other = llgs.general_rate(*m, tuple(general), drive)
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e2)  # rates of order 1e10; constants are float32


def test_general_rate_solves_the_implicit_equation():
    # dm/dt = -gamma m x B + alpha m x dm/dt - gamma m x (m x A), with every term switched on
    p = llgs.General(
        0.2, GAMMA, 0.0, 0.1, 0.2, 0.9, 0.3, 0.6, 0.0, 0.8, 0.15, -0.05, 0.01, 0.02, 0.03, 0.0, 1.0, 0.0, 2e4, 0.25,
        0.2, 0.6, 0.0, 0.8, 3e3, 0.3, 0.0, 1.0, 0.0,
    )  # fmt: skip
    current, channel, voltage, field = drive = (4e-6, 2e-5, 0.4, 0.07)
    m = np.array([0.36, -0.48, 0.8])
    u, pol, sigma = np.array([0.6, 0.0, 0.8]), np.array([0.6, 0.0, 0.8]), np.array([0.0, 1.0, 0.0])
    a = 2e4 * current * 1.25 / (1.0 + 0.25 * (m @ pol))
    s = 3e3 * channel
    b = np.array([0.01, 0.02, 0.03]) + np.array([0.0, field, 0.0]) - np.array([0.1, 0.2, 0.9]) * m
    b = b + 0.3 * (m @ u) * u + np.array([0.0, 0.0, (0.15 - 0.05 * voltage) * m[2]]) + 0.2 * a * pol + 0.3 * s * sigma
    torque = a * pol + s * sigma
    rate = np.array(llgs.general_rate(*m, tuple(p), drive))
    implicit = -GAMMA * np.cross(m, b) + 0.2 * np.cross(m, rate) - GAMMA * np.cross(m, np.cross(m, torque))
    np.testing.assert_allclose(rate, implicit, rtol=1e-6)
    assert rate @ m == pytest.approx(0.0, abs=1e-6 * np.linalg.norm(rate))
