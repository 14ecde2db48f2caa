"""The Landau-Lifshitz-Gilbert-Slonczewski equation of a macrospin, solved for dm/dt.

    dm/dt = -gamma m x B + alpha m x dm/dt - gamma m x (m x A),     gamma > 0, |m| = 1,

with the effective field B [T] (field-like torques included) and the damping-like torque vector A [T]. Solved for dm/dt,

    dm/dt = W x m,   W = gamma/(1 + alpha^2) [ B - alpha A + m x (A + alpha B) ],

a rotation about W. The thermal field is not in B: integrators add it as rotational diffusion (see ``thermal``).

Drive channels, in this order: current through the junction [A], current in the spin-orbit channel [A], voltage on the
barrier [V], amplitude of the driven field [T].

Two kernels share these formulas: :func:`general_rate` has every term and any direction; :func:`axial_rate` is what is
left when everything points along z, and is several times faster. They are tested equal.
"""

from __future__ import annotations

from typing import NamedTuple

from spinloom.physics.anisotropy import interfacial_field
from spinloom.physics.scalar import ONE, cross, dot, scalar
from spinloom.physics.torques import slonczewski_efficiency


class General(NamedTuple):
    """Parameters of :func:`general_rate`: fields in tesla, torques in tesla per ampere, unit vectors."""

    damping: float
    gyromagnetic_ratio: float
    diffusion: float  # rad^2/s
    demag_x: float  # mu0 M_s N_x
    demag_y: float
    demag_z: float
    uniaxial: float  # 2 K/M_s along axis
    axis_x: float
    axis_y: float
    axis_z: float
    interface: float  # 2 K_i/(t M_s) along z
    interface_per_volt: float
    applied_x: float
    applied_y: float
    applied_z: float
    drive_x: float  # direction of the driven field
    drive_y: float
    drive_z: float
    polarised: float  # hbar P/(2 e M_s V)
    asymmetry: float
    field_like: float  # ratio to the damping-like torque
    polariser_x: float
    polariser_y: float
    polariser_z: float
    spin_orbit: float  # hbar theta_SH/(2 e M_s t A)
    spin_orbit_field_like: float
    spin_x: float
    spin_y: float
    spin_z: float


class Axial(NamedTuple):
    """Parameters of :func:`axial_rate`: everything along z."""

    damping: float
    gyromagnetic_ratio: float
    diffusion: float  # rad^2/s
    uniaxial: float  # all anisotropy that no voltage moves, demagnetisation included: 2 K/M_s - mu0 M_s (N_z - N_x)
    interface_per_volt: float
    applied: float
    driven: float  # +1, -1 or 0: direction of the driven field
    polarised: float
    asymmetry: float
    field_like: float
    polariser: float  # +1 or -1


@scalar
def angular_velocity(mx, my, mz, bx, by, bz, ax, ay, az, damping, gyromagnetic_ratio):
    """W [rad/s] with dm/dt = W x m, from the effective field B and the damping-like torque vector A."""
    tx, ty, tz = ax + damping * bx, ay + damping * by, az + damping * bz
    cx, cy, cz = cross(mx, my, mz, tx, ty, tz)
    g = gyromagnetic_ratio / (ONE + damping * damping)
    return g * (bx - damping * ax + cx), g * (by - damping * ay + cy), g * (bz - damping * az + cz)


@scalar
def general_rate(mx, my, mz, params, drive):
    """dm/dt [1/s] with all terms: see the module's equation and :class:`General`."""
    (alpha, gamma, _d, nx, ny, nz, bk, ux, uy, uz, bi, bv, hx, hy, hz, fx, fy, fz) = params[:18]
    (stt, lam, beta, px, py, pz, sot, eta, sx, sy, sz) = params[18:]
    current, channel, voltage, field = drive
    along = bk * dot(mx, my, mz, ux, uy, uz)
    a = current * stt * slonczewski_efficiency(ONE, lam, dot(mx, my, mz, px, py, pz))
    s = channel * sot
    ax, ay, az = a * px + s * sx, a * py + s * sy, a * pz + s * sz
    b, c = beta * a, eta * s
    bx = hx + field * fx - nx * mx + along * ux + b * px + c * sx
    by = hy + field * fy - ny * my + along * uy + b * py + c * sy
    bz = hz + field * fz - nz * mz + along * uz + interfacial_field(bi, bv, voltage, mz) + b * pz + c * sz
    wx, wy, wz = angular_velocity(mx, my, mz, bx, by, bz, ax, ay, az, alpha, gamma)
    return cross(wx, wy, wz, mx, my, mz)


@scalar
def axial_rate(mx, my, mz, params, drive):
    """dm/dt [1/s] with everything along z: see the module's equation and :class:`Axial`."""
    alpha, gamma, _d, bk, bv, hz, fz, stt, lam, beta, pz = params
    current, _channel, voltage, field = drive
    a = current * stt * slonczewski_efficiency(ONE, lam, mz * pz)
    az = a * pz
    bz = hz + field * fz + interfacial_field(bk, bv, voltage, mz) + beta * az
    # cross products with vectors along z, written out so that no multiplication by zero is left
    g = gamma / (ONE + alpha * alpha)
    t = az + alpha * bz
    wx, wy, wz = g * my * t, -g * mx * t, g * (bz - alpha * az)
    return cross(wx, wy, wz, mx, my, mz)
