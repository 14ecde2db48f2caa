"""The two-state (telegraph) process of a superparamagnetic junction: Neel-Brown rates, exact steps in time.

    1/tau_P->AP = f0 exp(-Delta (1 + x)),    1/tau_AP->P = f0 exp(-Delta (1 - x)),    x = (I - I_0)/I_c

State 1 is parallel, 0 antiparallel; a positive current favours parallel. A *flip* is any change of state, a *cycle* is
two flips. Rates: Li and Zhang, doi:10.1103/PhysRevB.69.134416; Rippard et al., arXiv:1107.5007. Linear
in the current, so they hold for |x| well below 1; f0 = 1 GHz is a convention, measured values spread over decades.
"""

from __future__ import annotations

from numba import float32, int32, uint32

from spinloom.physics.scalar import HALF, ONE, ZERO, exponential, one_minus_exponential, scalar

_TO_UNIT_31 = float32(2.0**-31)


@scalar
def transition(leave, back, dt):
    """P(the state differs after dt) = leave/(leave + back) (1 - exp(-(leave + back) dt)): exact for any dt.

    Flips there and back within dt are in it, unlike in 1 - exp(-leave dt).
    """
    total = leave + back
    return leave / total * one_minus_exponential(total * dt)


@scalar
def chance(first_word, second_word):
    """A float32 in [0, 1] from two words, fine enough (2^-62) to be compared with the smallest probabilities."""
    high = float32(int32(uint32(first_word) >> uint32(1))) * _TO_UNIT_31
    return high + float32(int32(uint32(second_word) >> uint32(1))) * _TO_UNIT_31 * _TO_UNIT_31


@scalar
def constant_step(state, params, drive, dt, random):
    """One step under a constant drive: state (s, changes seen), params (P(leave parallel), P(leave antiparallel))."""
    leave = params[0] if state[0] > HALF else params[1]
    flips = ONE if chance(random[0], random[1]) < leave else ZERO
    return abs(state[0] - flips), state[1] + flips


@scalar
def driven_step(state, params, drive, dt, random):
    """One step of the exact transition probability under a current that may change from step to step.

    state (s, changes seen), params (ln f0, Delta, 1/I_c, I_0), drive (I,).
    """
    ratio = (drive[0] - params[3]) * params[2]
    leave_parallel = exponential(params[0] - params[1] * (ONE + ratio))
    leave_antiparallel = exponential(params[0] - params[1] * (ONE - ratio))
    up = state[0] > HALF
    leave = leave_parallel if up else leave_antiparallel
    back = leave_antiparallel if up else leave_parallel
    flips = ONE if chance(random[0], random[1]) < transition(leave, back, dt) else ZERO
    return abs(state[0] - flips), state[1] + flips
