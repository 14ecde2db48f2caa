"""Closed forms of a junction that a pulse switches by chance: spin transfer in three regimes, voltage control.

With i = I/I_c, Delta = E_B/(k_B T) and c = alpha gamma B_k/(1 + alpha^2), the time to switch follows three laws:

``activated`` (i below 1)
    The current lowers the barrier and heat does the rest: exponential times, rate ~ exp(-Delta (1 - i)^n). n = 1 is the
    law that Vincent et al. and the two-state model use; a perpendicular macrospin has n = 2 and Brown's prefactor.
``precessional`` (i above 1)
    The initial angle, thermal with <theta^2> = 1/Delta, grows as exp(c (i - 1) t): times follow Gumbel's law.
``intermediate``
    Neither holds. Vincent et al. fit macrospin runs there; a gamma law with the exact first two moments of the first
    passage takes that place here: see ``devices.pulse_switching.passage``.

The regimes and their use: Vincent et al., doi:10.1109/TBCAS.2015.2414423. A current along the easy axis acts like a
field (axial symmetry), so Brown's rate holds with h = -i; the growth: Sun, doi:10.1103/PhysRevB.62.570; both limits of
the Fokker-Planck equation: Pinna, Kent and Stein, doi:10.1063/1.4813488. How far each form holds was measured against
the exact Fokker-Planck solution (tests) and stands in its docstring. SI floats in and out.
"""

from __future__ import annotations

import math

from spinloom.physics.constants import BOLTZMANN

EULER_GAMMA = 0.5772156649015329
DEEPEST = 4.0
"""Barrier left, Delta (1 - i)^2, below which :func:`perpendicular_escape_rate` is off by more than 7 %."""
BALLISTIC = 2.0
"""Ratio I/I_c from which :func:`ballistic_probability` holds to 0.04."""


def relaxation_rate(damping: float, gyromagnetic_ratio: float, anisotropy_field: float) -> float:
    """c = alpha gamma B_k/(1 + alpha^2) [1/s]: small deviations from the easy axis decay as exp(-c t)."""
    return damping * gyromagnetic_ratio * anisotropy_field / (1.0 + damping**2)


def growth_rate(relaxation: float, ratio: float) -> float:
    """kappa = c (I/I_c - 1) [1/s], at which the angle grows above the critical current; negative below it.

    Equal to (mu_B eta/(e m)) (I - I_c) of the literature (m moment, eta torque efficiency) for alpha << 1.
    """
    return relaxation * (ratio - 1.0)


def regime(delta: float, ratio: float) -> str:
    """Which law holds at I/I_c: "activated", "intermediate" or "precessional"; bounds DEEPEST and BALLISTIC."""
    if ratio < 1.0 and delta * (1.0 - ratio) ** 2 >= DEEPEST:
        return "activated"
    return "precessional" if ratio >= BALLISTIC else "intermediate"


def activated_rate(attempt_frequency: float, delta: float, ratio: float, exponent: float = 1.0) -> float:
    """Escape rate f0 exp(-Delta (1 - i)^n) [1/s] below the critical current, f0 from i = 1 on.

    Parameters
    ----------
    attempt_frequency : float
        f0 [1/s]; 1 GHz is a convention.
    delta : float
        Delta.
    ratio : float
        i = I/I_c, positive towards switching.
    exponent : float
        n: 1 in Vincent et al. (doi:10.1109/TBCAS.2015.2414423) and for in-plane layers, 2 for a perpendicular
        macrospin. Valid for Delta (1 - i)^n well above 1.
    """
    left = max(1.0 - ratio, 0.0)
    return attempt_frequency * math.exp(-delta * left**exponent)


def perpendicular_escape_rate(relaxation: float, delta: float, ratio: float) -> float:
    """Brown's escape rate of a perpendicular layer under a current along the easy axis [1/s].

    c sqrt(Delta/pi) (1 - i^2) (1 - i) exp(-Delta_i) (1 - 1/Delta_i),   Delta_i = Delta (1 - i)^2,   |i| < 1

    Against the exact eigenvalue (Delta = 5..184): within 7 % while both wells are 4 deep, within 2 % for i >= 0 and
    Delta_i >= 5. Brown, doi:10.1103/PhysRev.130.1677, with h = -i and the next order in 1/Delta_i. NaN where
    Delta_i <= 1.
    """
    left = delta * (1.0 - ratio) ** 2
    if abs(ratio) >= 1.0 or left <= 1.0:
        return math.nan
    prefactor = relaxation * math.sqrt(delta / math.pi) * (1.0 - ratio * ratio) * (1.0 - ratio)
    return prefactor * math.exp(-left) * (1.0 - 1.0 / left)


def activated_probability(rate: float, duration: float) -> float:
    """P = 1 - exp(-rate t): one way, the state does not come back during the pulse."""
    return -math.expm1(-rate * duration)


def precessional_mean_time(delta: float, growth: float) -> float:
    """<t> = (C + ln(pi^2 Delta/4))/(2 kappa) [s], C Euler's constant: Sun's time for a thermal initial angle.

    As used by Vincent et al. (doi:10.1109/TBCAS.2015.2414423) and by compact models. It leaves out the noise during
    the pulse and the shape of the potential: too long by 34 % at i = 2, 13 % at 3, 2 % at 5 (Delta = 15).
    """
    return (EULER_GAMMA + math.log(math.pi**2 * delta / 4.0)) / (2.0 * growth)


def precessional_spread(growth: float) -> float:
    """Standard deviation pi/(2 kappa sqrt 6) [s] of the same time (Gumbel)."""
    return math.pi / (2.0 * growth * math.sqrt(6.0))


def precessional_probability(delta: float, growth: float, duration: float) -> float:
    """P(t) = exp(-(pi^2 Delta/4) exp(-2 kappa t)), the law whose mean is :func:`precessional_mean_time`."""
    return math.exp(-0.25 * math.pi**2 * delta * math.exp(-2.0 * growth * duration))


def ballistic_probability(relaxation: float, delta: float, ratio: float, duration: float) -> float:
    """P(t) of a perpendicular layer well above I_c, with noise during the pulse and the exact deterministic path.

    P = exp(-Delta (i - 1)/i theta_c^2)
    theta_c^2 = 2 exp(-2 (i - 1) [c t - ln 2/(2 (i + 1)) + ln(i/(i - 1))/(i^2 - 1)])

    The layer reaches the equator within t if its angle was above theta_c (dm_z/dt = c (1 - m_z^2)(m_z + i) integrated);
    the noise met on the way adds to the initial one as <theta^2> = (1/Delta) i/(i - 1). Against the exact Fokker-Planck
    P at the end of the pulse: within 0.04 from i = 2 on (Delta >= 15; 0.06 at Delta = 10), within 0.02 from i = 3 on,
    off by 0.08 at i = 1.5; NaN for i <= 1.
    """
    if ratio <= 1.0:
        return math.nan
    over = ratio - 1.0
    path = relaxation * duration - math.log(2.0) / (2.0 * (ratio + 1.0))
    path += math.log(ratio / over) / (ratio * ratio - 1.0)
    return math.exp(-delta * over / ratio * 2.0 * math.exp(-2.0 * over * path))


# ---- voltage control ------------------------------------------------------------------------------------------------


def voltage_barrier(delta: float, coefficient: float, voltage: float, area: float, barrier: float, t: float) -> float:
    """Delta(V) = Delta - xi V A/(d k_B T): a voltage takes xi V/d off the interfacial anisotropy of the whole area.

    xi: VCMA coefficient [J/(V m)]; A: area [m^2]; d: ``barrier``, tunnel-barrier thickness [m]; t: temperature [K].
    Linear in V; negative beyond :func:`barrier_voltage`, where the easy axis has turned into the plane.
    """
    return delta - coefficient * voltage * area / (barrier * BOLTZMANN * t)


def barrier_voltage(delta: float, coefficient: float, area: float, barrier: float, t: float) -> float:
    """V [V] at which Delta(V) = 0: Delta k_B T d/(xi A)."""
    return delta * BOLTZMANN * t * barrier / (coefficient * area)


def half_period(gyromagnetic_ratio: float, damping: float, field: float) -> float:
    """pi (1 + alpha^2)/(gamma B) [s]: a voltage that cancels the anisotropy for this long turns m over."""
    return math.pi * (1.0 + damping**2) / (gyromagnetic_ratio * field)


def voltage_precession(gyromagnetic_ratio: float, damping: float, field: float, tilt: float, duration: float) -> float:
    """m_z(t)/sign m_z(0) while a voltage cancels the anisotropy exactly and a field B in the plane is left.

    m_z = cos(w t) sech(alpha w t + artanh s),   w = gamma B/(1 + alpha^2)

    s: ``tilt``, the component along the field at the start, B/B_k of a layer at rest in its well (below 1). Exact at
    T = 0; heat blurs the phase and, as m turns into the field, the switching probability tends to 1/2.
    """
    turn = gyromagnetic_ratio * field / (1.0 + damping**2) * duration
    return math.cos(turn) / math.cosh(damping * turn + math.atanh(tilt))
