"""Resistance of a magnetic tunnel junction: angle, bias and temperature-free read signal."""

from __future__ import annotations

from spinloom.physics.scalar import HALF, ONE, scalar


@scalar
def tunnel_magnetoresistance(tmr_zero, voltage, half_voltage):
    """TMR(V) = TMR_0/(1 + (V/V_h)^2): V_h is the bias at which TMR has fallen to half."""
    ratio = voltage / half_voltage
    return tmr_zero / (ONE + ratio * ratio)


@scalar
def conductance(parallel, tmr, cosine):
    """G(theta) = G_P [1 + 1/(1 + TMR)]/2 + G_P [1 - 1/(1 + TMR)]/2 cos theta [S].

    Linear in cos theta between G_P and G_AP = G_P/(1 + TMR), as Slonczewski's and Julliere's models have it.
    """
    antiparallel = parallel / (ONE + tmr)
    return HALF * (parallel + antiparallel) + HALF * (parallel - antiparallel) * cosine
