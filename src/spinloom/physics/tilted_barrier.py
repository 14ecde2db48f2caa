"""How fast a single-domain magnet with two states flips in a field along its easy axis. Rates obey detailed balance.

    Neel:      r = f0 exp(-Delta (1 + b)^2),  b = x/(2 Delta),  |b| < 1  (Brown, doi:10.1103/PhysRev.130.1677)
    heat bath: r = f0/(1 + exp(2 x))          (Glauber, doi:10.1063/1.1703954)

x = m B/(k T) is the energy of the *present* state in the field, as a share of k T and counted positive where the field
holds the magnet; Delta the barrier without field over k T. Both laws give r(x)/r(-x) = exp(-2 x), the Boltzmann law of
the two states, for any Delta. A field past the anisotropy field (|b| >= 1) leaves one well: the magnet falls into it at
f0, and comes back only as often as detailed balance demands.
"""

from __future__ import annotations

import math

from spinloom.physics.scalar import scalar


@scalar
def neel_rate(hold, barrier, attempt):
    """Rate [1/s] of leaving a state that the field holds with ``hold`` k T, over ``barrier`` k T, f0 = ``attempt``."""
    if abs(hold) >= 2.0 * barrier:
        return attempt * math.exp(-2.0 * max(hold, 0.0))
    b = hold / (2.0 * barrier)
    return attempt * math.exp(-barrier * (1.0 + b) * (1.0 + b))


@scalar
def heat_bath_rate(hold, barrier, attempt):
    """Rate [1/s] of a spin that forgets its state f0 times a second and chooses anew by Boltzmann's law."""
    if hold > 0.0:
        small = math.exp(-2.0 * hold)
        return attempt * small / (1.0 + small)
    return attempt / (1.0 + math.exp(2.0 * hold))
