"""ln Z of a machine that is too large to enumerate, by annealed importance sampling."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from spinloom.errors import InputError
from spinloom.ising.learning.chip import Felt
from spinloom.ising.learning.sampling import Chains, Turns, bits, coins, draw_hidden, draw_visible, in_turns, one_thread
from spinloom.ising.learning.sums import log_2cosh
from spinloom.ising.learning.terms import Terms, energies


class Estimate(NamedTuple):
    """ln Z, its standard error from the scatter of the chains, and how many chains carry the mean.

    Attributes
    ----------
    log_partition, error : float
    effective : float
        (sum w)²/sum w² of the chains' weights w: where it is near 1 the error says little; take more steps.
    """

    log_partition: float
    error: float
    effective: float


def log_partition_estimate(
    terms: Terms,
    base: np.ndarray | None = None,
    *,
    steps: int = 1000,
    chains: int = 100,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Estimate:
    """ln Z by annealed importance sampling from independent visible units to the machine.

    E_b = (1 - b) base·s + b E(s, t), b from 0 to 1 in equal steps. Each chain's weight is the product of
    P_(b+)(state)/P_b(state), hidden units summed out where they are not coupled within; exp(weight) has the right mean
    at any number of steps, ln of it is low by about half its variance.

    Parameters
    ----------
    terms : Terms
    base : np.ndarray, shape (v,), optional
        Fields of the start, e.g. those of the data's means; 0 if not given.
    steps, chains, seed : int
    progress : callable(done, total), optional

    Raises
    ------
    InputError
        No step, or fewer than two chains.

    References
    ----------
    R. Salakhutdinov and I. Murray, ICML, 872 (2008), doi:10.1145/1390156.1390266.
    """
    if steps < 1 or chains < 2:
        raise InputError(f"steps = {steps}, chains = {chains}: at least 1 step and 2 chains.")
    v, h = terms.between.shape
    chance = np.random.default_rng([seed, 0xA15])
    start = np.zeros(v) if base is None else np.asarray(base, float)
    visible = bits(np.repeat(start[:, None].astype(np.float32), chains, axis=1), chance)
    hidden = coins((h, chains), chance)
    logs, before = np.zeros(chains), 0.0
    with one_thread():
        for step in range(1, steps + 1):
            now = step / steps
            logs += _gain(terms, start, visible, hidden, before, now)
            felt = Felt.ideal(_between(terms, start, now), np.float32)
            if terms.hiddens is None:
                draw_hidden(felt, visible, hidden, chance)  # weights are of visible states: hidden ones follow them
            if in_turns(terms):
                Turns(felt, Chains(visible, hidden), chance).sweep()
            else:
                draw_visible(felt, visible, hidden, chance)
            before = now
            if progress is not None:
                progress(step, steps)
    top = logs.max()
    weights = np.exp(logs - top)
    mean = weights.mean()
    total = float(log_2cosh(start).sum() + h * math.log(2.0) + top + np.log(mean))
    error = float(weights.std(ddof=1) / mean / math.sqrt(chains))
    return Estimate(total, error, float(weights.sum() ** 2 / (weights**2).sum()))


def _between(terms: Terms, start: np.ndarray, share: float) -> Terms:
    found = terms.map(lambda array: share * array)
    return found._replace(visible=found.visible + (1.0 - share) * start)


def _gain(
    terms: Terms, start: np.ndarray, visible: np.ndarray, hidden: np.ndarray, before: float, now: float
) -> np.ndarray:
    """ln of the ratio of unnormalised probabilities at two places of the path, shape (chains,)."""
    if terms.hiddens is not None:
        return (now - before) * (start @ visible - energies(terms, visible, hidden))
    energy = (terms.visible - start) @ visible
    if terms.visibles is not None:
        energy = energy + 0.5 * ((terms.visibles @ visible) * visible).sum(axis=0)
    if not hidden.size:
        return -(now - before) * energy
    fields = terms.hidden[:, None] + terms.between.T @ visible
    return (log_2cosh(now * fields) - log_2cosh(before * fields)).sum(axis=0) - (now - before) * energy
