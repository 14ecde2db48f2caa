"""One time step of the stochastic LLGS equation, and how wrong each scheme is at a given step.

A step is ``step(state, params, drive, dt, random) -> state`` with state (m_x, m_y, m_z), params whose first three
entries are damping, gyromagnetic ratio and rotational diffusion D, and random the four words of one draw.

``splitting`` (default)
    Half of the thermal rotation, one Runge-Kutta 4 step of the deterministic flow projected back onto the sphere, the
    other half of the thermal rotation (Strang's symmetric splitting). The rotations are Cayley transforms: |m| = 1 to
    rounding after each step. Deterministic order 4; weak order 2 in the noise, with no bias of the equilibrium at
    first order: thermal agitation is Brownian rotation on the sphere, which a rotation by a Gaussian vector reproduces.
``rk4``
    Runge-Kutta 4 with the thermal field held over the step, as published codes do it; |m| is not kept.
``heun``
    Heun's predictor-corrector with the thermal field held over the step; |m| is not kept. Its numerical anti-damping
    makes it unusable for low-damping perpendicular layers at steps that look harmless: see :func:`damping_error`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

from spinloom.physics.rng import six_normals
from spinloom.physics.scalar import HALF, SIX, THREE_HALVES, TWO, cayley_rotation, cross, dot, scalar

SCHEMES = ("splitting", "rk4", "heun")
ALLOWED_DAMPING_ERROR = 0.05
"""Numerical damping that a run may add to, or take from, the physical one, as a fraction of it."""
ALLOWED_ROTATION = 0.75
"""Largest precession angle per step [rad] at any damping: beyond it the error laws below are no longer asymptotic."""


def damping_error(scheme: str, angle: float, damping: float) -> float:
    """Numerical damping of a scheme relative to the physical one, for a precession by ``angle`` = omega dt per step.

    For dm/dt = i omega m one step multiplies the amplitude by |G|; ln|G|/(alpha angle) is
    -(angle)^3/(8 alpha) for Heun (anti-damping) and +(angle)^5/(144 alpha) for Runge-Kutta 4, splitting included.
    Negative means anti-damping. Asymptotic in ``angle``; valid below about 1 rad.
    """
    if damping == 0.0:
        return 0.0  # nothing to compare with; ALLOWED_ROTATION limits the step
    return -(angle**3) / (8.0 * damping) if scheme == "heun" else angle**5 / (144.0 * damping)


def largest_angle(scheme: str, damping: float) -> float:
    """The largest precession angle per step [rad] that the error law of the scheme allows."""
    if damping == 0.0:
        return ALLOWED_ROTATION
    allowed = ALLOWED_DAMPING_ERROR * damping
    angle = (8.0 * allowed) ** (1.0 / 3.0) if scheme == "heun" else (144.0 * allowed) ** 0.2
    return min(angle, ALLOWED_ROTATION)


def _slope(rate: Callable) -> Callable:
    """dm/dt = rate(m) + T x m with a constant angular velocity T (zero, or the thermal field's)."""

    @scalar
    def slope(mx, my, mz, tx, ty, tz, params, drive):
        rx, ry, rz = rate(mx, my, mz, params, drive)
        cx, cy, cz = cross(tx, ty, tz, mx, my, mz)
        return rx + cx, ry + cy, rz + cz

    return slope


def _runge_kutta_4(rate: Callable) -> Callable:
    slope = _slope(rate)

    @scalar
    def advance(mx, my, mz, tx, ty, tz, params, drive, dt):
        h = HALF * dt
        ax, ay, az = slope(mx, my, mz, tx, ty, tz, params, drive)
        bx, by, bz = slope(mx + h * ax, my + h * ay, mz + h * az, tx, ty, tz, params, drive)
        cx, cy, cz = slope(mx + h * bx, my + h * by, mz + h * bz, tx, ty, tz, params, drive)
        dx, dy, dz = slope(mx + dt * cx, my + dt * cy, mz + dt * cz, tx, ty, tz, params, drive)
        s = dt / SIX
        return (
            mx + s * (ax + TWO * (bx + cx) + dx),
            my + s * (ay + TWO * (by + cy) + dy),
            mz + s * (az + TWO * (bz + cz) + dz),
        )

    return advance


def _heun(rate: Callable) -> Callable:
    slope = _slope(rate)

    @scalar
    def advance(mx, my, mz, tx, ty, tz, params, drive, dt):
        ax, ay, az = slope(mx, my, mz, tx, ty, tz, params, drive)
        bx, by, bz = slope(mx + dt * ax, my + dt * ay, mz + dt * az, tx, ty, tz, params, drive)
        h = HALF * dt
        return mx + h * (ax + bx), my + h * (ay + by), mz + h * (az + bz)

    return advance


@scalar
def _project(mx, my, mz):
    """m/|m| to second order in |m|^2 - 1, which the step keeps below 1e-4: no square root needed."""
    scale = THREE_HALVES - HALF * dot(mx, my, mz, mx, my, mz)
    return scale * mx, scale * my, scale * mz


def _splitting(rate: Callable, thermal: bool) -> Callable:
    flow = _runge_kutta_4(rate)

    @scalar
    def cold(state, params, drive, dt, random):
        mx, my, mz = flow(state[0], state[1], state[2], dt - dt, dt - dt, dt - dt, params, drive, dt)
        return _project(mx, my, mz)

    @scalar
    def warm(state, params, drive, dt, random):
        n0, n1, n2, n3, n4, n5 = six_normals(random[0], random[1], random[2], random[3])
        # half the variance of the step, 2 D dt, in each of the two rotations; Cayley takes half the angle
        t = HALF * math.sqrt(params[2] * dt)
        mx, my, mz = cayley_rotation(state[0], state[1], state[2], t * n0, t * n1, t * n2)
        mx, my, mz = flow(mx, my, mz, dt - dt, dt - dt, dt - dt, params, drive, dt)
        mx, my, mz = _project(mx, my, mz)
        return cayley_rotation(mx, my, mz, t * n3, t * n4, t * n5)

    return warm if thermal else cold


def _field_noise(flow: Callable, thermal: bool) -> Callable:
    @scalar
    def cold(state, params, drive, dt, random):
        return flow(state[0], state[1], state[2], dt - dt, dt - dt, dt - dt, params, drive, dt)

    @scalar
    def warm(state, params, drive, dt, random):
        n0, n1, n2, _n3, _n4, _n5 = six_normals(random[0], random[1], random[2], random[3])
        t = math.sqrt(TWO * params[2] / dt)  # angular velocity whose rotation over dt has variance 2 D dt
        return flow(state[0], state[1], state[2], t * n0, t * n1, t * n2, params, drive, dt)

    return warm if thermal else cold


@functools.cache
def build(rate: Callable, scheme: str, thermal: bool) -> Callable:
    """The step function of a rate (``general_rate`` or ``axial_rate``), a scheme, with or without thermal noise."""
    if scheme == "splitting":
        return _splitting(rate, thermal)
    if scheme == "rk4":
        return _field_noise(_runge_kutta_4(rate), thermal)
    if scheme == "heun":
        return _field_noise(_heun(rate), thermal)
    raise KeyError(scheme)
