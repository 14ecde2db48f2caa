"""Coefficients of the Fokker-Planck equation of an axially symmetric macrospin, taken from its equation of motion.

With z = m_z and everything along z, Brown's equation is

    dp/dt = -d/dz [ v(z) p - D (1 - z^2) dp/dz ],

where v = dz/dt is the deterministic flow (here: the z component of the same ``axial_rate`` that the trajectories use)
and D the rotational diffusion constant of ``thermal``. Exact for any drive that keeps the symmetry.
"""

from __future__ import annotations

import math

from spinloom.physics.llgs import axial_rate
from spinloom.physics.scalar import ONE, scalar


@scalar
def drift(z, params, drive):
    """v(z) = dz/dt [1/s] at m = (sqrt(1 - z^2), 0, z)."""
    _x, _y, rate = axial_rate(math.sqrt(max(ONE - z * z, z - z)), z - z, z, params, drive)
    return rate


@scalar
def spread(z, params):
    """D (1 - z^2) [1/s]."""
    return params[2] * (ONE - z * z)
