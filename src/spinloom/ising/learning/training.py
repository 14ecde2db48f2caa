"""Learning of a Boltzmann machine: exact gradient, contrastive divergence, or kept chains, sampled by p-bits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, final, get_args

import numpy as np

from spinloom.errors import InputError, UnknownNameError
from spinloom.ising.learning import sums
from spinloom.ising.learning.chip import Chip, Felt
from spinloom.ising.learning.sampling import Chains, Turns, coins, draw_hidden, draw_visible, in_turns
from spinloom.ising.learning.terms import Terms, means

Method = Literal["exact", "cd", "pcd"]
Read = Literal["bits", "mean"]
_KEPT = 100  # kept chains, unless the settings say another number
_CLAMPED = 10  # updates of hidden units that are coupled within, with the visible ones held
_SLOW = 0.05  # share of a batch in the running means about which terms are centred


@final
@dataclass(frozen=True)
class Learning:
    """How to learn.

    Attributes
    ----------
    method : {"pcd", "cd", "exact"}
        Where the machine's own moments come from: p-bits that run on from update to update (persistent contrastive
        divergence), p-bits that start at the data each time (contrastive divergence), or enumeration.
    epochs : int
        Passes over the data.
    batch_size : int or None
        Rows of an update; None takes all.
    learning_rate, final_rate : float
        Step of the first update, and of the last as a share of it; linear in between.
    sweeps : int
        Updates of each p-bit between two updates of the terms: k of CD-k.
    chains : int or None
        Copies of the machine that are sampled. None: one from each row of the batch (cd), 100 (pcd).
    averaged : bool
        Moments over all sweeps instead of the last one: what a single chip has, which cannot be copied.
    read : {"mean", "bits"}
        Hidden units in the moments: their expectation, or the bits drawn; where they are coupled within, always bits.
    centred : bool
        Step in the terms of s - <s>_data: the same optimum, reached faster, whatever value stands for "on" (G. Montavon
        and K.-R. Müller, in Neural Networks: Tricks of the Trade, 2nd ed. (2012), doi:10.1007/978-3-642-35289-8_33).
    momentum, decay : float
        Of the updates, 0 to below 1; of the couplings, per unit of the learning rate.
    evaluate_every : int
        Epochs between two exact log-likelihoods of the history; 0: none.

    Raises
    ------
    InputError, UnknownNameError
        A setting outside its range; another method.

    References
    ----------
    G. E. Hinton, Neural Computation 14, 1771 (2002), doi:10.1162/089976602760128018 (contrastive divergence);
    T. Tieleman, ICML, 1064 (2008), doi:10.1145/1390156.1390290 (kept chains).
    """

    method: Method = "pcd"
    epochs: int = 1000
    batch_size: int | None = None
    learning_rate: float = 0.05
    final_rate: float = 1.0
    sweeps: int = 1
    chains: int | None = None
    averaged: bool = False
    read: Read = "mean"
    centred: bool = True
    momentum: float = 0.0
    decay: float = 0.0
    evaluate_every: int = 0

    def __post_init__(self) -> None:
        """Refuse what could not be run."""
        if self.method not in get_args(Method):
            raise UnknownNameError("method of learning", str(self.method), get_args(Method))
        if self.read not in get_args(Read):
            raise UnknownNameError("read of hidden units", str(self.read), get_args(Read))
        for name, least in (("epochs", 1), ("batch_size", 1), ("sweeps", 1), ("chains", 1), ("evaluate_every", 0)):
            value = getattr(self, name)
            if value is None and name in ("batch_size", "chains"):
                continue
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise InputError(f"{name} = {value!r}: give a whole number from {least} upwards.")
        if not 0 < self.learning_rate < np.inf or not 0 <= self.final_rate <= 1:
            raise InputError(
                f"learning_rate = {self.learning_rate}, final_rate = {self.final_rate}: a positive step, and its share "
                "at the end, 0 to 1."
            )
        if not 0 <= self.momentum < 1 or not 0 <= self.decay < np.inf:
            raise InputError(f"momentum = {self.momentum}, decay = {self.decay}: 0 to below 1, and 0 or more.")

    def rate(self, epoch: int) -> float:
        """The step of an epoch, counted from 0."""
        done = epoch / max(self.epochs - 1, 1)
        return self.learning_rate * (1.0 - (1.0 - self.final_rate) * done)


class History(NamedTuple):
    """How a training went.

    Attributes
    ----------
    epoch : np.ndarray of int, shape (points,)
        0 is before the first update.
    log_likelihood : np.ndarray, shape (points,)
        Exact mean ln P of a row of the data, under the ideal machine of these terms.
    chains : np.ndarray of int8, shape (visible + hidden, chains)
        Where the p-bits stood at the end, ±1; ``fit`` takes them to go on. Empty for the exact method.
    """

    epoch: np.ndarray
    log_likelihood: np.ndarray
    chains: np.ndarray


def held_moments(
    felt: Felt, terms: Terms, data: np.ndarray, weights: np.ndarray, read: Read, chance: np.random.Generator
) -> tuple[Terms, np.ndarray]:
    """Moments with the visible p-bits held at data (v, rows), and the hidden states drawn (h, rows)."""
    hidden = coins((len(felt.hidden), data.shape[1]), chance)
    fields = draw_hidden(felt, data, hidden, chance)
    if terms.hiddens is not None:
        for _ in range(_CLAMPED - 1):
            draw_hidden(felt, data, hidden, chance)
        return means(terms, data, hidden, weights), hidden
    return means(terms, data, hidden if read == "bits" else -np.tanh(fields), weights), hidden


def run_chains(
    felt: Felt, terms: Terms, chains: Chains, settings: Learning, weights: np.ndarray, chance: np.random.Generator
) -> Terms:
    """Moments after ``sweeps`` updates of each p-bit, visible ones first; the chains are moved on."""
    turns = Turns(felt, chains, chance) if in_turns(terms) else None
    seen: list[Chains] = []
    for sweep in range(settings.sweeps):
        if turns is None:
            draw_visible(felt, *chains, chance)
            draw_hidden(felt, *chains, chance)
        else:
            turns.sweep()
        if settings.averaged or sweep == settings.sweeps - 1:
            seen.append(chains if sweep == settings.sweeps - 1 else Chains(*(layer.copy() for layer in chains)))
    visible, hidden = (layers[0] if len(layers) == 1 else np.hstack(layers) for layers in zip(*seen, strict=True))
    if settings.read == "mean" and terms.hiddens is None:
        hidden = -np.tanh(felt.hidden[:, None] + felt.upward @ visible)
    return means(terms, visible, hidden, np.tile(weights, len(seen)) / len(seen))


def centred(difference: Terms, visible: np.ndarray, hidden: np.ndarray) -> Terms:
    """A difference of moments, data less machine, as a step in the terms of s - visible and t - hidden."""

    def within(products: np.ndarray | None, first: np.ndarray, about: np.ndarray) -> np.ndarray | None:
        if products is None:
            return None
        cross = np.outer(first, about)
        moved = products - cross - cross.T
        np.fill_diagonal(moved, 0.0)
        return moved

    d = difference
    between = d.between - np.outer(visible, d.hidden) - np.outer(d.visible, hidden)
    visibles, hiddens = within(d.visibles, d.visible, visible), within(d.hiddens, d.hidden, hidden)
    of_visible, of_hidden = d.visible - between @ hidden, d.hidden - between.T @ visible
    if visibles is not None:
        of_visible = of_visible - visibles @ visible
    if hiddens is not None:
        of_hidden = of_hidden - hiddens @ hidden
    return Terms(of_visible, of_hidden, between, visibles, hiddens)


@final
class Trainer:
    """Terms on their way: what one update after another leaves.

    Parameters
    ----------
    terms : Terms
        To start from; they are not changed.
    settings : Learning
    chip : Chip or None
        The p-bits that are sampled; None: ideal ones. The exact method knows no chip.
    chance : np.random.Generator
    chains : Chains or None
        Kept ones to go on from.
    """

    def __init__(
        self,
        terms: Terms,
        settings: Learning,
        chip: Chip | None,
        chance: np.random.Generator,
        chains: Chains | None = None,
    ) -> None:
        self.terms, self.settings, self.chip, self.chance, self.chains = terms, settings, chip, chance, chains
        self._speed = terms.map(np.zeros_like)
        self._about: tuple[np.ndarray, np.ndarray] | None = None

    def moments(self, data: np.ndarray, weights: np.ndarray) -> tuple[Terms, Terms]:
        """Of the data (v, rows), and of the machine, as the settings estimate them."""
        terms, settings, chance = self.terms, self.settings, self.chance
        if settings.method == "exact":
            return sums.data_moments(terms, data, weights), sums.moments(terms)
        felt = Felt.ideal(terms, np.float32) if self.chip is None else self.chip.felt(terms, np.float32)
        held, hidden = held_moments(felt, terms, data, weights, settings.read, chance)
        if settings.method == "cd":
            rows = _rows(weights, settings.chains, chance)
            chains, shares = Chains(data[:, rows].copy(), hidden[:, rows].copy()), weights
            if settings.chains is not None:
                shares = np.full(settings.chains, np.float32(1.0 / settings.chains))
            return held, run_chains(felt, terms, chains, settings, shares, chance)
        if self.chains is None:
            self.chains = Chains.random(terms, settings.chains or _KEPT, chance)
        count = self.chains.visible.shape[1]
        shares = np.full(count, np.float32(1.0 / count))
        return held, run_chains(felt, terms, self.chains, settings, shares, chance)

    def update(self, data: np.ndarray, weights: np.ndarray, rate: float, whole: bool) -> None:
        """One step up the likelihood of data (v, rows) of ±1; ``whole`` where they are all there are."""
        held, machine = self.moments(data, weights)
        step = held.map(lambda a, b: np.subtract(a, b, dtype=float), machine)
        if self.settings.centred:
            s, t = held.visible.astype(float), held.hidden.astype(float)
            old = (s, t) if self._about is None or whole else self._about
            self._about = old[0] + _SLOW * (s - old[0]), old[1] + _SLOW * (t - old[1])
            step = centred(step, *self._about)
        if self.settings.decay:
            couplings = self.terms._replace(visible=np.zeros(1), hidden=np.zeros(1))
            step = step.map(lambda a, b: a + self.settings.decay * b, couplings)
        if self.settings.momentum:
            self._speed = self._speed.map(lambda a, b: self.settings.momentum * a + b, step)
            step = self._speed
        self.terms = self.terms.map(lambda a, b: a - rate * b, step)  # a likelier product has a lower energy


def _rows(weights: np.ndarray, count: int | None, chance: np.random.Generator) -> np.ndarray:
    """Rows from which chains start: each once, or ``count`` in proportion to their weights, evenly spread."""
    if count is None:
        return np.arange(len(weights))
    places = (np.arange(count) + chance.random()) / count
    return np.minimum(np.searchsorted(np.cumsum(weights), places), len(weights) - 1)


def train(
    trainer: Trainer,
    data: np.ndarray,
    weights: np.ndarray,
    watch: Callable[[int, Terms], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
    grey: bool = False,
) -> History:
    """All epochs: data (v, rows) of ±1, or with ``grey`` of chances of +1; weights (rows,) sum to 1.

    Raises
    ------
    InputError
        The terms have left the finite numbers: a smaller learning rate is needed.
    """
    settings, rows = trainer.settings, data.shape[1]
    size = min(settings.batch_size or rows, rows)
    points: list[tuple[int, float]] = []

    def evaluate(epoch: int) -> None:
        every = settings.evaluate_every
        if every and (epoch % every == 0 or epoch == settings.epochs):
            points.append((epoch, float(weights @ sums.log_likelihood(trainer.terms, data))))

    evaluate(0)
    for epoch in range(settings.epochs):
        order = trainer.chance.permutation(rows) if size < rows else np.arange(rows)
        for first in range(0, rows, size):
            part = order[first : first + size]
            batch = data[:, part]
            if grey:
                batch = np.where(trainer.chance.random(batch.shape, dtype=np.float32) < batch, 1.0, -1.0)
            share = weights[part] / weights[part].sum()
            trainer.update(
                batch.astype(np.float32), share.astype(np.float32), settings.rate(epoch), size == rows and not grey
            )
        if not np.isfinite(trainer.terms.visible).all() or not np.isfinite(trainer.terms.between).all():
            raise InputError(f"The training diverged in epoch {epoch + 1}: lower learning_rate or momentum.")
        evaluate(epoch + 1)
        if watch is not None:
            watch(epoch + 1, trainer.terms)
        if progress is not None:
            progress(epoch + 1, settings.epochs)
    found = np.array(points).reshape(-1, 2)
    kept = trainer.chains
    chains = np.zeros((0, 0)) if kept is None else np.concatenate([kept.visible, kept.hidden])
    return History(found[:, 0].astype(int), found[:, 1], chains.astype(np.int8))
