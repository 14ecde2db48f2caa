"""The world line of a spin in a transverse field: n Trotter replicas of it on a ring, drawn together from their law.

    P(s_0 .. s_(n-1)) ~ exp(sum_k [J_perp s_k s_(k+1) - (beta/n) F_k s_k]),    J_perp = -1/2 ln tanh(beta Gamma/n)

F_k is the field of the other spins in replica k (Suzuki, doi:10.1143/PTP.56.1454). A replica of +1 has the odds
g_k = exp(-2 (beta/n) F_k), two neighbours that differ weigh w = exp(-2 J_perp) = tanh(beta Gamma/n) of two that agree.
The ring is cut at replica 0: messages run forward once for either value of s_0, then spins are drawn backward. That is
heat bath of the whole line, so it moves freely however strong J_perp is, where replica after replica would freeze.
"""

from __future__ import annotations

from spinloom.physics.scalar import ONE, scalar


@scalar
def first_messages(odds, link):
    """(up, down, ratio) at replica 1: odds of s_1 after s_0 = +1 and -1, and the ratio of their weights of s_1 = -1."""
    return odds / link, odds * link, link


@scalar
def next_messages(up, down, ratio, odds, link):
    """The same at the next replica, of odds g: up' = g (up + w)/(up w + 1); ratio' = ratio (up w + 1)/(down w + 1)."""
    below_up, below_down = up * link + ONE, ONE / (down * link + ONE)
    return odds * (up + link) / below_up, odds * (down + link) * below_down, ratio * below_up * below_down


@scalar
def closing_odds(up, down, ratio, odds, link):
    """Odds of s_0 = +1 from the messages at the last replica; ``odds`` are its own, g_0."""
    return odds * ratio * (up + link) / (down * link + ONE)


@scalar
def spin(odds, noise):
    """+1 with probability odds/(1 + odds), -1 otherwise; ``noise`` uniform in (0, 1)."""
    return ONE if noise * (ONE + odds) < odds else -ONE


@scalar
def spin_before(message, following, link, noise):
    """The spin of a replica, given the odds that reached it and the next replica's spin."""
    up = message if following > 0 else message * link
    down = link if following > 0 else ONE
    return ONE if noise * (up + down) < up else -ONE
