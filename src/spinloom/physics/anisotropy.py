"""Anisotropy as fields: uniaxial (bulk and interfacial) and voltage-controlled.

Energy density of a uniaxial anisotropy: e = -K (m.u)^2, so B = -(1/M_s) de/dm = (2K/M_s) (m.u) u.
"""

from __future__ import annotations

from spinloom.physics.scalar import scalar


def uniaxial_field(anisotropy: float, magnetisation: float) -> float:
    """B_K = 2 K/M_s [T] of a volume anisotropy K [J/m^3]; an interface counts as K_i/t."""
    return 2.0 * anisotropy / magnetisation


def voltage_field(coefficient: float, thickness: float, barrier: float, magnetisation: float) -> float:
    """dB_K/dV = -2 xi/(t d M_s) [T/V]: a positive voltage lowers the interfacial anisotropy K_i -> K_i - xi V/d.

    xi: VCMA coefficient [J/(V m)]; t: free-layer thickness [m]; d: tunnel-barrier thickness [m]; M_s [A/m].
    """
    return -2.0 * coefficient / (thickness * barrier * magnetisation)


@scalar
def interfacial_field(b_interface, b_per_volt, voltage, m_z):
    """B_z = (B_i + (dB_K/dV) V) m_z [T] of an interfacial, voltage-controlled anisotropy along the film normal."""
    return (b_interface + b_per_volt * voltage) * m_z
