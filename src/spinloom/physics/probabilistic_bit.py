"""The probabilistic bit (p-bit): a two-state device whose mean follows its input, and what a network of them samples.

    m_i = sgn(tanh I_i - r),    I_i = -beta f_i,    f_i = h_i + sum_j J_ij s_j,    r uniform in (-1, 1)

samples P(s) ~ exp(-beta E), E = sum h_i s_i + sum_{i<j} J_ij s_i s_j, when symmetric p-bits decide one after another
(heat bath). Camsari, Faria, Sutton, Datta, doi:10.1103/PhysRevX.7.031014; they write J and h with the other sign.
"""

from __future__ import annotations

from spinloom.physics.rng import log_unit, uniform
from spinloom.physics.scalar import ONE, exponential, scalar


@scalar
def heat_bath(state, twice_drive, word):
    """The p-bit's next state, +1 with probability 1/(1 + exp(2 beta f)); ``twice_drive`` = 2 beta f."""
    return ONE if uniform(word) * (ONE + exponential(twice_drive)) < ONE else -ONE


@scalar
def metropolis(state, twice_drive, word):
    """Metropolis' rule: flip with probability min(1, exp(-beta dE)), -beta dE = 2 beta f s. Same law, moves more."""
    return -state if uniform(word) < exponential(state * twice_drive) else state


@scalar
def heat_bath_noise(word):
    """The logistic number x for which a heat-bath p-bit flips when beta dE < x: x = ln((1 - u)/u)."""
    u = uniform(word)
    return log_unit(ONE - u) - log_unit(u)


@scalar
def metropolis_noise(word):
    """The exponential number x for which Metropolis' rule flips when beta dE < x: x = -ln u."""
    return -log_unit(uniform(word))
