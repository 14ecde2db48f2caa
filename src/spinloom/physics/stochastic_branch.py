"""Junctions that decide, m = ±1, by heat and by an input x: laws of the two branches of an autonomous p-bit.

    branch with a comparing transistor ("redraw"):   m = sgn(r_T - r),
    r_T <- r_T e^(-dt/tau_T) + (1 - e^(-dt/tau_T)) tanh x,
    r <- drawn anew from U(-1, 1) with the probability 1 - e^(-dt/tau),   tau = tau_N e^(r k)
    branch whose torque biases the dwell times ("dwell"):   m <- m sgn(e^(-dt/(tau_N e^(x m))) - u),   u from U(0, 1)
    synapse:   x <- x e^(-dt/tau_S) + (1 - e^(-dt/tau_S)) I_0 (h + sum_j J_ij m_j)

Both have P(m = +1) = (1 + tanh x)/2 under a constant input. The first follows its input within tau_T, whatever its
free layer does; the second after tau_N only, as its input acts on the free layer. k is the pinning by the read current.

Faria, Kaiser, Camsari and Datta, doi:10.3389/fncom.2021.584797.
"""

from __future__ import annotations

from numba import float32, int32, uint32

from spinloom.physics.scalar import ONE, TWO, exponential, one_minus_exponential, scalar

_TO_UNIT_24 = float32(2.0**-24)


@scalar
def unit(word):
    """A float32 in [0, 1) from the upper 24 bits of a word: below p with a probability within 2^-24 of p."""
    return float32(int32(uint32(word) >> uint32(8))) * _TO_UNIT_24


@scalar
def tanh_of(x):
    """tanh x in float32, absolute error below 2e-7."""
    return ONE - TWO / (ONE + exponential(TWO * x))


@scalar
def probability_up(x):
    """P(m = +1) = (1 + tanh x)/2 = 1/(1 + exp(-2 x)) under a constant input."""
    return ONE / (ONE + exponential(-TWO * x))


@scalar
def low_pass(value, target, kept):
    """One step of a filter toward a constant target; ``kept`` = exp(-dt/tau), exact for any dt."""
    return target + kept * (value - target)


@scalar
def redraw_step(noise, gate, x, kept, rate, pinning, first_word, second_word):
    """(r, r_T) after one step of the branch with a comparing transistor; ``rate`` = dt/tau_N, ``kept`` of tau_T."""
    gate = low_pass(gate, tanh_of(x), kept)
    chance = one_minus_exponential(rate * exponential(-noise * pinning))
    drawn = TWO * unit(second_word) - ONE
    noise = drawn if unit(first_word) < chance else noise
    return noise, gate


@scalar
def compared(noise, gate):
    """m = sgn(r_T - r): what the inverter after the branch puts out."""
    return ONE if gate > noise else -ONE


@scalar
def dwell_step(m, x, rate, word):
    """m after one step of the branch whose torque biases the dwell times; ``rate`` = dt/tau_N.

    It leaves m with the probability 1 - exp(-rate e^(-x m)) and at most once, so dt e^|x| must be well below tau_N.
    """
    leaves = unit(word) < one_minus_exponential(rate * exponential(-x * m))
    return -m if leaves else m


@scalar
def decided(x, word):
    """A fresh decision: +1 with P = (1 + tanh x)/2, else -1."""
    return ONE if unit(word) < probability_up(x) else -ONE
