"""Thermal agitation of a macrospin (Brown, Phys. Rev. 130, 1677).

The thermal field has variance 2 k_B T alpha/(gamma M_s V dt) per component [T^2]. Put into the Landau-Lifshitz form it
moves m on the sphere as rotational Brownian motion with the diffusion constant

    D = alpha gamma k_B T / ((1 + alpha^2) M_s V)   [rad^2/s],

which is what the kernels carry; the equilibrium is then Boltzmann's at any damping.
"""

from __future__ import annotations

from spinloom.physics.constants import BOLTZMANN


def diffusion(damping: float, gyromagnetic_ratio: float, temperature: float, moment: float) -> float:
    """D = alpha gamma k_B T/((1 + alpha^2) M_s V) [rad^2/s]; moment = M_s V [A m^2]."""
    return damping * gyromagnetic_ratio * BOLTZMANN * temperature / ((1.0 + damping**2) * moment)
