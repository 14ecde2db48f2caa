"""Closed forms of the macrospin: barrier, critical currents, precession, escape rate. SI floats in and out."""

from __future__ import annotations

import math

from spinloom.physics.constants import BOLTZMANN, ELEMENTARY_CHARGE, HBAR


def energy_barrier(anisotropy_field: float, moment: float) -> float:
    """E_B = B_k M_s V/2 = K_eff V [J] of a uniaxial particle; B_k [T] effective anisotropy field, moment = M_s V."""
    return 0.5 * anisotropy_field * moment


def thermal_stability(barrier: float, temperature: float) -> float:
    """Delta = E_B/(k_B T)."""
    return barrier / (BOLTZMANN * temperature)


def critical_current(damping: float, efficiency: float, moment: float, anisotropy_field: float) -> float:
    """I_c0 = (2 e/hbar)(alpha/eta) M_s V B_k [A] of a perpendicular layer: the linear instability threshold at T = 0.

    Sun, Phys. Rev. B 62, 570 (doi:10.1103/PhysRevB.62.570); eta is the torque efficiency at the initial angle.
    """
    return 2.0 * ELEMENTARY_CHARGE / HBAR * damping / efficiency * moment * anisotropy_field


def spin_orbit_critical_current_density(
    spin_hall_angle: float, magnetisation: float, thickness: float, anisotropy_field: float, in_plane_field: float
) -> float:
    """J_sw = (2 e/hbar)(M_s t/theta_SH)(B_k/2 - B_x/sqrt 2) [A/m^2]: perpendicular layer, field along the current.

    Valid for B_x well below B_k and a damping-like torque alone (ORACLES: macrospin threshold).
    """
    drive = 0.5 * anisotropy_field - in_plane_field / math.sqrt(2.0)
    return 2.0 * ELEMENTARY_CHARGE / HBAR * magnetisation * thickness / spin_hall_angle * drive


def kittel_perpendicular(gyromagnetic_ratio: float, field: float, anisotropy_field: float) -> float:
    """omega = gamma (B + B_k) [rad/s]: field and easy axis along the film normal."""
    return gyromagnetic_ratio * (field + anisotropy_field)


def kittel_in_plane(gyromagnetic_ratio: float, field: float, effective_magnetisation: float) -> float:
    """omega = gamma sqrt(B (B + mu0 M_eff)) [rad/s]: field in the plane of a film, mu0 M_eff [T]."""
    return gyromagnetic_ratio * math.sqrt(field * (field + effective_magnetisation))


def escape_rate(damping: float, gyromagnetic_ratio: float, anisotropy_field: float, delta: float) -> float:
    """Neel-Brown rate of leaving one well, c sqrt(Delta/pi) exp(-Delta)(1 - 1/Delta) [1/s].

    c = alpha gamma B_k/(1 + alpha^2). Half of the relaxation rate of the magnetisation (both wells leak); within
    1.2 % of the exact eigenvalue for Delta = 5..25 (Brown, doi:10.1103/PhysRev.130.1677).
    """
    c = damping * gyromagnetic_ratio * anisotropy_field / (1.0 + damping**2)
    return c * math.sqrt(delta / math.pi) * math.exp(-delta) * (1.0 - 1.0 / delta)
