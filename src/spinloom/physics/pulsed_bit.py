"""Closed forms of a non-volatile p-bit: a junction with a barrier that one pulse throws, and that keeps its state.

Three ways to throw:

reset and pulse
    The junction is put into state 0, then a pulse takes it to 1 with a probability that its height I sets.
back-hopping
    No reset. During a pulse past the switching threshold the state hops to 1 at the rate a and back to 0 at the rate
    b, both rising with the current; when the pulse ends, the state of that moment is frozen.
voltage control
    A voltage takes the barrier away; both rates are then those of the lowered barrier.

The last two are one two-state Markov process with rates that hold while the pulse lasts:

    P(t) = P_inf + (P(0) - P_inf) exp(-(a + b) t),    P_inf = a/(a + b)

Over the few widths dI of the curve that matter, ln a and ln b are linear in the current (first order of any law of
activation), so that with u = (I - I50)/dI

    a = R exp((g + 1/2) u),   b = R exp((g - 1/2) u)

and P_inf = 1/(1 + exp(-u)) exactly. State 1 is the one that more current favours; R is the rate of either hop at I50
and g the growth of both per width: both rise with the current for g > 1/2, and g = 0 is a barrier that only tilts.
Derived here; the two-state process itself: ``physics.telegraph``. The device without reset: Ren et al.,
doi:10.1021/acs.nanolett.4c01989 (its rates are not at hand). SI floats in and out.
"""

from __future__ import annotations

import math


def probability(u: float) -> float:
    """P_inf = 1/(1 + exp(-u)) at u = (I - I50)/dI; also that of a pulse after a reset whose curve is logistic."""
    return 0.5 * (1.0 + math.tanh(0.5 * u))


def hop_rates(rate: float, growth: float, u: float) -> tuple[float, float]:
    """(a, b) [1/s] to 1 and back to 0: R exp((g +- 1/2) u); valid while both are below the attempt frequency."""
    return rate * math.exp((growth + 0.5) * u), rate * math.exp((growth - 0.5) * u)


def memory(forward: float, back: float, duration: float) -> float:
    """exp(-(a + b) t): what is left of the state before the pulse, 1 for no pulse and 0 for a long one."""
    return math.exp(-(forward + back) * duration)


def after_pulse(start: float, forward: float, back: float, duration: float) -> float:
    """P(t) = P_inf + (P(0) - P_inf) exp(-(a + b) t) from the probability ``start`` of state 1 before the pulse."""
    end = forward / (forward + back)
    return end + (start - end) * memory(forward, back, duration)


def pulse_needed(rate: float, growth: float, p: float, left: float) -> float:
    """Pulse [s] after which a share ``left`` of the old state is left, anywhere on the curve between p and 1 - p.

    t = ln(1/left)/(2 R exp(-|g| Y) cosh(Y/2)),   Y = |ln(p/(1 - p))|, but at most 2 artanh(2 |g|) for |g| < 1/2

    a + b is smallest at the low current, u = -Y (at the high one for g < 0). For g > 1/2 it falls without end: a curve
    whose rates grow much faster than its probability cannot be swept from 0 to 1 without a reset.
    """
    edge, growth = abs(math.log(p / (1.0 - p))), abs(growth)
    if growth < 0.5:
        edge = min(edge, 2.0 * math.atanh(2.0 * growth))
    return -math.log(left) / (2.0 * rate * math.exp(-growth * edge) * math.cosh(0.5 * edge))


def of_barriers(
    attempt_frequency: float, forward_barrier: float, forward_current: float, back_barrier: float, back_current: float
) -> tuple[float, float, float, float]:
    """(I50 [A], dI [A], R [1/s], g) of two hops activated as f0 exp(-Delta (1 - I/I_c)), each with its own barrier.

    dI = 1/(Delta_f/I_f - Delta_b/I_b),  I50 = (Delta_f - Delta_b) dI,  g = dI (Delta_f/I_f + Delta_b/I_b)/2

    "Forward" is the steeper hop, with the larger Delta/I_c. Exact for these laws, which hold below both critical
    currents. Barriers well above 1 make g large: see :func:`pulse_needed`.
    """
    forward, back = forward_barrier / forward_current, back_barrier / back_current
    width = 1.0 / (forward - back)
    centre = (forward_barrier - back_barrier) * width
    rate = attempt_frequency * math.exp(-forward_barrier + forward * centre)
    return centre, width, rate, 0.5 * (forward + back) * width


def heated_growth(barrier: float, left: float, width: float) -> float:
    """g = 2 (Delta - Delta_50) dI/I50 if Joule heat alone takes the barrier from Delta to ``left`` = Delta_50 at I50.

    Delta(I) = Delta - (Delta - Delta_50) (I/I50)^2, linear in the temperature's rise, hop rates f0 exp(-Delta(I)) but
    for the tilt; ``width``: dI/I50. It is large for a barrier of tens of kT and a wide curve: hop rates that do not
    grow with it (g below 1 or so) belong to a barrier that is already gone, where rates no longer rise.
    """
    return 2.0 * (barrier - left) * width


# ---- reset and pulse ------------------------------------------------------------------------------------------------


def one_way_probability(v: float) -> float:
    """P = 1 - 2^(-exp v) of a one-way activated switch, v = (I - I50) Delta/I_c: no logistic curve, but near one.

    From 1 - exp(-t f0 exp(-Delta (1 - I/I_c))), whose I50 is where t times the rate is ln 2. Around I50 it rises like a
    logistic curve of the width dI = (I_c/Delta)/(2 ln 2), :data:`ONE_WAY_WIDTH`; its lower tail is longer than its
    upper one. Valid below I_c and while a return is unlikely.
    """
    return -math.expm1(-math.log(2.0) * math.exp(v))


ONE_WAY_WIDTH = 1.0 / (2.0 * math.log(2.0))
"""dI/(I_c/Delta) of the logistic curve with the slope of :func:`one_way_probability` at I50."""


def reset_shift(failures: float) -> float:
    """Shift -ln(1 - q) of ln(P/(1 - P)) when a reset fails with probability q from state 1: exact.

    A pulse does not take 1 back to 0, so P(1 | was 1) = P + q (1 - P), and the share of 1 at a lasting drive is
    P/(P + (1 - q)(1 - P)): the odds grow by 1/(1 - q), at any P. A shift of the input by -ln(1 - q) undoes it.
    """
    return -math.log1p(-failures)
