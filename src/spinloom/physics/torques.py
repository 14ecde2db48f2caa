"""Spin-transfer and spin-orbit torques as amplitudes in tesla.

A damping-like torque adds -gamma a m x (m x p) to dm/dt and a field-like one -gamma b m x p, where p is the unit vector
toward which a positive current drives the magnetisation (the polariser of a junction, the spin direction of a heavy
metal). Both amplitudes are fields in tesla, so they compare directly with the anisotropy field.
"""

from __future__ import annotations

from spinloom.physics.constants import ELEMENTARY_CHARGE, HBAR
from spinloom.physics.scalar import ONE, scalar


def spin_transfer_per_ampere(magnetisation: float, volume: float) -> float:
    """hbar/(2 e M_s V) [T/A]: torque field of one ampere at efficiency 1.

    Slonczewski, J. Magn. Magn. Mater. 159, L1 (doi:10.1016/0304-8853(96)00062-5).
    """
    return HBAR / (2.0 * ELEMENTARY_CHARGE * magnetisation * volume)


def spin_orbit_per_ampere(spin_hall_angle: float, magnetisation: float, thickness: float, channel_area: float) -> float:
    """hbar theta_SH/(2 e M_s t A) [T/A] for a charge current through a channel of cross-section A [m^2]."""
    return HBAR * spin_hall_angle / (2.0 * ELEMENTARY_CHARGE * magnetisation * thickness * channel_area)


@scalar
def slonczewski_efficiency(polarisation, asymmetry, cosine):
    """P (1 + l)/(1 + l cos theta) with l = (L^2 - 1)/(L^2 + 1): Slonczewski's angular dependence.

    Equal to 2 L^2 P/((L^2 + 1) + (L^2 - 1) cos theta); l = 0 (L = 1) is the constant efficiency P of a junction
    under current control. Valid for |l| < 1.
    """
    return polarisation * (ONE + asymmetry) / (ONE + asymmetry * cosine)
