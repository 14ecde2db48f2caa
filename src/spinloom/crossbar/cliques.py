"""Clustered associative memory: messages as cliques among clusters of units, recalled from a part of them.

A message of c symbols, each one of l values, lights one unit in each of c clusters of l units. Storing it links all
pairs of its units; links are binary and never removed, so a link is one non-volatile bit. Recall lights the known
units, and keeps in every other cluster the units that are linked to all of them.

References
----------
V. Gripon, C. Berrou, IEEE Transactions on Neural Networks 22, 1087 (2011).
"""

from __future__ import annotations

import math

import numpy as np

from spinloom.errors import InputError

ERASED = -1
"""Stands for a symbol that is not known."""


def learn(messages: np.ndarray, units: int) -> np.ndarray:
    """Links of all messages: links[a, i, b, j] says whether unit i of cluster a and unit j of cluster b are joined.

    Parameters
    ----------
    messages : array of whole numbers 0..units - 1, shape (M, c)
    units : int
        Units of a cluster, l.

    Returns
    -------
    numpy.ndarray of bool
        Symmetric, nothing inside a cluster, shape (c, l, c, l).

    Raises
    ------
    InputError
        A symbol outside 0..l - 1, or fewer than two clusters.
    """
    found = _messages(messages, units, lowest=0)
    clusters = found.shape[1]
    links = np.zeros((clusters, units, clusters, units), dtype=bool)
    for one in range(clusters):
        for other in range(clusters):
            if one != other:
                links[one, found[:, one], other, found[:, other]] = True
    return links


def complete(links: np.ndarray, partial: np.ndarray, steps: int = 1) -> np.ndarray:
    """Units still lit after recall from partial messages.

    In the first step a unit of an unknown cluster stays lit if it is linked to every known unit; in later ones a unit
    of any cluster stays lit if it is linked to at least one lit unit in each other cluster (an AND of ORs, which
    hardware does in one cycle). A lit unit never comes back once it is out, so the message itself is never lost.

    Parameters
    ----------
    links : array of bool, shape (c, l, c, l)
    partial : array of whole numbers, shape (k, c)
        Messages with ``ERASED`` (-1) where a symbol is not known.
    steps : int
        Steps, at least one.

    Returns
    -------
    numpy.ndarray of bool
        Lit units, shape (k, c, l).
    """
    clusters, units = links.shape[:2]
    found = _messages(partial, units, lowest=ERASED)
    if found.shape[1] != clusters:
        raise InputError(f"These messages have {found.shape[1]} symbols; the memory has {clusters} clusters.")
    if steps < 1:
        raise InputError(f"steps = {steps}: recall needs at least one step.")
    known = found != ERASED
    lit = np.ones((len(found), clusters, units), dtype=bool)
    for cluster in range(clusters):
        rows = known[:, cluster]
        lit[rows] &= links[cluster, found[rows, cluster]] | known[rows][:, :, None]
    here = np.arange(units)
    lit = np.where(known[:, :, None], here == found[:, :, None], lit)
    joined = links.astype(np.float32).reshape(clusters, units, -1) if steps > 1 else np.empty(0)
    for _ in range(steps - 1):
        undecided = np.flatnonzero(lit.sum(axis=(1, 2)) > clusters)
        before = after = lit[undecided]
        for cluster in range(clusters):
            reached = before[:, cluster].astype(np.float32) @ joined[cluster]
            open_to = reached.reshape(before.shape) > 0
            open_to[:, cluster] = True
            after = after & open_to
        lit[undecided] = after
        if (after == before).all():
            break
    return lit


def is_recalled(lit: np.ndarray, messages: np.ndarray) -> np.ndarray:
    """Whether exactly the units of each message are lit, shape (k,)."""
    right = np.take_along_axis(lit, np.asarray(messages)[:, :, None], axis=2)[..., 0]
    return (right & (lit.sum(axis=2) == 1)).all(axis=1)


def flip_links(links: np.ndarray, error: float, chance: np.random.Generator) -> np.ndarray:
    """Links read from storage in which each pair's bit is wrong with probability ``error``; stays symmetric."""
    clusters, units = links.shape[:2]
    flat = links.reshape(clusters * units, clusters * units)
    wrong = np.triu(chance.random(flat.shape) < error, 1)
    between = ~np.kron(np.eye(clusters, dtype=bool), np.ones((units, units), dtype=bool))
    return (flat ^ ((wrong | wrong.T) & between)).reshape(links.shape)


# ---- closed forms -----------------------------------------------------------------------------------------------


def density(messages: float | np.ndarray, units: int) -> np.ndarray:
    """Share of links in use after M random messages: d = 1 - (1 - 1/l^2)^M (Gripon and Berrou 2011)."""
    return -np.expm1(np.asarray(messages, float) * math.log1p(-1.0 / units**2))


def error_rate(links: float | np.ndarray, units: int, clusters: int, erased: int) -> np.ndarray:
    """Share of messages that one step does not complete: P_e = 1 - (1 - d^(c - c_e))^((l - 1) c_e).

    A wrong unit of an erased cluster is linked to all c - c_e known units with probability d^(c - c_e) if links are
    independent of one another; none of the (l - 1) c_e wrong units may be.

    Parameters
    ----------
    links : float or array
        Density d.
    units, clusters, erased : int
        l, c and c_e.
    """
    wrong = np.asarray(links, float) ** (clusters - erased)
    return -np.expm1((units - 1) * erased * np.log1p(-np.minimum(wrong, 1.0 - 1e-16)))


def wrong_unit(messages: int, units: int, known: int) -> float:
    """Exact probability that one given wrong unit is linked to all ``known`` lit units, messages drawn at random.

    The closed form above takes the links as independent; but messages come whole, so one other message may give
    several of these links at once. With S the set of links that are missing, inclusion and exclusion over S gives

        P = sum_s (-1)^s C(k, s) q_s^(M - 1),   q_s = 1 - (1/l) (1 - (1 - 1/l)^s),

    where q_s is the probability that a message joins the wrong unit to none of s given units (M - 1: the message that
    is sought does not hold the wrong unit). (l - 1) c_e times this is the exact mean number of wrong units lit after
    one step. Rounding limits it to about 1e-12.
    """
    terms = [
        (-1) ** s * math.comb(known, s) * (1.0 + math.expm1(s * math.log1p(-1.0 / units)) / units) ** (messages - 1)
        for s in range(known + 1)
    ]
    return min(max(math.fsum(terms), 0.0), 1.0)


def flipped_error_rate(links: float, flipped: float, units: int, clusters: int, erased: int) -> float:
    """As :func:`error_rate`, with every link read wrongly with probability e.

    The right units stay lit with probability (1 - e)^((c - c_e) c_e); the wrong ones see a density
    d (1 - e) + (1 - d) e.
    """
    seen = links * (1.0 - flipped) + (1.0 - links) * flipped
    kept = (1.0 - flipped) ** ((clusters - erased) * erased)
    return 1.0 - kept * (1.0 - float(error_rate(seen, units, clusters, erased)))


def messages_at(rate: float, units: int, clusters: int, erased: int) -> int:
    """The most messages whose closed-form error rate stays at or below ``rate``."""
    per_unit = -math.expm1(math.log1p(-rate) / ((units - 1) * erased))
    limit = per_unit ** (1.0 / (clusters - erased))
    return math.floor(math.log1p(-limit) / math.log1p(-1.0 / units**2))


def link_bits(units: int, clusters: int) -> int:
    """Bits of storage: one for every pair of units in different clusters, c (c - 1)/2 l^2."""
    return clusters * (clusters - 1) // 2 * units**2


def message_bits(units: int, clusters: int) -> float:
    """Bits of one message, c log2 l: what one row of a content-addressable memory holds."""
    return clusters * math.log2(units)


def _messages(messages: np.ndarray, units: int, lowest: int) -> np.ndarray:
    found = np.asarray(messages)
    if found.ndim != 2 or found.shape[1] < 2:
        raise InputError(
            f"messages of shape {found.shape}: give a table (messages, clusters) with two clusters or more."
        )
    if not np.issubdtype(found.dtype, np.integer) or (found.size and (found.min() < lowest or found.max() >= units)):
        raise InputError(f"Symbols must be whole numbers from {lowest} to {units - 1}, one unit of each cluster.")
    return found
