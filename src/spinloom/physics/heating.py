"""Self-heating of a junction by its own current, and what heat does to its barrier and its critical current.

    C dT/dt = V^2/R - (T - T_0)/R_th

C: heat capacity [J/K]; R_th: thermal resistance to the surroundings at T_0 [K/W]. Linear, so a constant voltage gives
an exponential with the time constant tau = R_th C, exactly. One temperature for the whole junction: valid for times
beyond the heat's own spreading in the pillar (about 0.1 ns); R is taken at the given V.

    M(T) = M(0) (1 - (T/T_C)^a),    E_B(T)/E_B(T_0) = I_c(T)/I_c(T_0) = (M(T)/M(T_0))^n

The barrier follows the magnetisation by a power: n = 3 for the anisotropy of single ions (Callen and Callen, J. Phys.
Chem. Solids 27, 1271 (1966)), 2 for itinerant electrons (Miura and Sakuma, arXiv:2201.11269); I_c0 = (4 e alpha/(hbar
eta)) E_B follows the barrier. a = 3/2 is Bloch's law. SI floats in and out.
"""

from __future__ import annotations

import math


def time_constant(thermal_resistance: float, heat_capacity: float) -> float:
    """tau = R_th C [s]."""
    return thermal_resistance * heat_capacity


def steady_rise(voltage: float, resistance: float, thermal_resistance: float) -> float:
    """T - T_0 = R_th V^2/R [K] after many time constants at a constant voltage."""
    return thermal_resistance * voltage * voltage / resistance


def after(rise: float, steady: float, tau: float, duration: float) -> float:
    """The rise [K] after ``duration`` [s] of constant power, from ``rise`` towards ``steady`` [K]: exact.

    steady + (rise - steady) exp(-t/tau); at tau = 0 the rise follows at once.
    """
    if tau == 0.0:
        return steady if duration > 0.0 else rise
    return steady + (rise - steady) * math.exp(-duration / tau)


def magnetisation_ratio(temperature: float, reference: float, curie: float, exponent: float) -> float:
    """M(T)/M(T_0) = (1 - (T/T_C)^a)/(1 - (T_0/T_C)^a); 0 from the Curie temperature on. Valid below about 0.8 T_C."""
    if temperature >= curie:
        return 0.0
    return (1.0 - (temperature / curie) ** exponent) / (1.0 - (reference / curie) ** exponent)


def thermal_stability(delta: float, ratio: float, power: float, temperature: float, reference: float) -> float:
    """Delta(T) = Delta(T_0) (M/M_0)^n T_0/T: the barrier falls with the magnetisation, and k_B T rises."""
    return delta * ratio**power * reference / temperature


def critical_current(current: float, ratio: float, power: float) -> float:
    """I_c(T) = I_c(T_0) (M/M_0)^n [A]: proportional to the barrier at constant damping and polarisation."""
    return current * ratio**power
