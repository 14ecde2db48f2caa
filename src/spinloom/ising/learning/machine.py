"""Boltzmann machines of p-bits: fully visible, restricted, or with hidden units coupled at will."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Self, final, get_args

import numpy as np

from spinloom.errors import InputError, UnknownNameError
from spinloom.ising.learning import sums
from spinloom.ising.learning.chip import Chip, Felt
from spinloom.ising.learning.estimate import Estimate, log_partition_estimate
from spinloom.ising.learning.sampling import Chains, Turns, draw_hidden, draw_visible, in_turns, one_thread
from spinloom.ising.learning.terms import Terms, zeros
from spinloom.ising.learning.training import History, Learning, Trainer, train

Connections = Literal["full", "restricted", "semirestricted"]
_START = 0.01  # standard deviation of the first couplings of hidden units, which must differ to learn different things


@final
class BoltzmannMachine:
    """P(s, t) ~ exp(-E), E = a·s + b·t + 1/2 s·V·s + s·W·t + 1/2 t·U·t, of p-bits ±1: s visible, t hidden.

    The sign is dimod's: E is minimised. A p-bit takes +1 with probability 1/(1 + exp(2 f)), f its field. P-bits are
    updated one after another, in the kernel of the samplers; above 256 units a layer that is not coupled within is
    drawn at once, by products of matrices on one thread. Numbers are float32 while sampling and float64 in exact
    answers. Chance comes from the ``seed`` of each call; the same seed gives the same numbers.

    Parameters
    ----------
    visible, hidden : int
    connections : {"full", "restricted", "semirestricted"}, optional
        All pairs; those between the layers alone; and those among the visible units as well. "full" without hidden
        units and "restricted" with some, if not given.
    vartype : {"BINARY", "SPIN"}
        What data and samples are written in: 0 and 1, or -1 and 1.
    chip : Chip, optional
        The p-bits; ideal ones if not given. An attribute that may be exchanged: the same terms on another chip.
    seed : int
        Of the first couplings of hidden units, Normal(0, 0.01); all else starts at 0.

    Attributes
    ----------
    terms : Terms
        Fields and couplings, float64, for E in ±1.

    Raises
    ------
    InputError, UnknownNameError
        No visible units, connections that there are no units for; unknown names.

    References
    ----------
    D. H. Ackley, G. E. Hinton and T. J. Sejnowski, Cognitive Science 9, 147 (1985), doi:10.1207/s15516709cog0901_7.

    Examples
    --------
    >>> machine = BoltzmannMachine(2)
    >>> history = machine.fit([[0, 1], [1, 0]], Learning(epochs=200, learning_rate=0.1), seed=1)
    >>> bool(machine.distribution()[[1, 2]].sum() > 0.9)
    True
    """

    def __init__(
        self,
        visible: int,
        hidden: int = 0,
        *,
        connections: Connections | None = None,
        vartype: Literal["BINARY", "SPIN"] = "BINARY",
        chip: Chip | None = None,
        seed: int = 0,
    ) -> None:
        for value, what, least in ((visible, "visible", 1), (hidden, "hidden", 0)):
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
                raise InputError(f"{what} = {value!r}: give a whole number from {least} upwards.")
        if vartype not in ("BINARY", "SPIN"):
            raise UnknownNameError("vartype", str(vartype), ("BINARY", "SPIN"))
        found = ("restricted" if hidden else "full") if connections is None else connections
        if found not in get_args(Connections):
            raise UnknownNameError("connections", str(found), get_args(Connections))
        if not hidden and found == "restricted":
            raise InputError("A restricted machine without hidden units has no couplings: give hidden, or 'full'.")
        self.visible, self.hidden, self.vartype, self.chip = int(visible), int(hidden), vartype, chip
        self.connections: Connections = found
        self.terms = zeros(self.visible, self.hidden, found != "restricted", found == "full" and hidden > 0)
        first = np.random.default_rng([seed, 0xB01]).normal(0.0, _START, (self.visible, self.hidden))
        self.terms = self.terms._replace(between=first)

    def __repr__(self) -> str:
        """As it was made."""
        return f"BoltzmannMachine({self.visible}, {self.hidden}, connections={self.connections!r}, chip={self.chip})"

    # ---- learning --------------------------------------------------------------------------------------------------

    def fit(
        self,
        data: Any,
        learning: Learning | None = None,
        *,
        weights: Any = None,
        grey: bool = False,
        chains: np.ndarray | None = None,
        seed: int = 0,
        watch: Callable[[int], None] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> History:
        """Learn the distribution of the data from where the terms are, with the chip in the loop.

        Parameters
        ----------
        data : array, shape (rows, visible)
            Of the two values of the machine's vartype.
        learning : Learning, optional
        weights : array, shape (rows,), optional
            How often each row occurs; once if not given.
        grey : bool
            Take data between 0 and 1 as chances of a 1, drawn anew in every epoch.
        chains : array, shape (visible + hidden, chains), optional
            ``History.chains`` of an earlier training, to go on from.
        seed : int
        watch : callable(epoch), optional
            Called after every epoch, counted from 1; ``terms`` are those of that epoch.
        progress : callable(done, total), optional

        Returns
        -------
        History

        Raises
        ------
        InputError
            Data of another width or with other values, weights that do not fit, a training that diverged.
        """
        settings = Learning() if learning is None else learning
        rows = self._grey(data) if grey else self._spins(data, "The data")
        shares = _shares(weights, rows.shape[1])
        start = None if chains is None else self._kept(chains)
        trainer = Trainer(self.terms, settings, self.chip, np.random.default_rng([seed, 0xF17]), start)

        def seen(epoch: int, terms: Terms) -> None:
            self.terms = terms
            if watch is not None:
                watch(epoch)

        with one_thread():
            return train(trainer, rows, shares, seen, progress, grey)

    def set_fields(self, data: Any) -> Self:
        """Visible fields -artanh <s_i> of the data's means, a start near the data; gives the machine.

        A unit that never changes counts as half a row of the other kind.
        """
        self.terms = self.terms._replace(visible=self._independent(self._spins(data, "The data")))
        return self

    def _independent(self, rows: np.ndarray) -> np.ndarray:
        bound = 1.0 - 1.0 / rows.shape[1]
        return -np.arctanh(np.clip(rows.mean(axis=1, dtype=float), -bound, bound))

    # ---- exact answers ---------------------------------------------------------------------------------------------

    def log_likelihood(self, data: Any, log_partition: float | None = None) -> np.ndarray:
        """ln P of each row of the data under ideal p-bits, shape (rows,); exact, or with ln Z from :meth:`estimate`.

        Raises
        ------
        InputError
            Without ``log_partition``: more than 20 units would have to be enumerated.
        """
        rows = self._spins(data, "The data")
        total = sums.log_partition(self.terms) if log_partition is None else log_partition
        return sums.log_weights(self.terms, rows) - total

    def estimate(self, data: Any = None, *, steps: int = 1000, chains: int = 100, seed: int = 0) -> Estimate:
        """ln Z by annealed importance sampling, from independent units with the means of the data where given."""
        base = None if data is None else self._independent(self._spins(data, "The data"))
        return log_partition_estimate(self.terms, base, steps=steps, chains=chains, seed=seed)

    def gradient(self, data: Any, weights: Any = None) -> Terms:
        """Exact d<ln P>/d(term) of the data for every term. Errors as :meth:`log_likelihood`."""
        rows = self._spins(data, "The data")
        return sums.gradient(self.terms, rows.astype(float), _shares(weights, rows.shape[1]))

    def distribution(self) -> np.ndarray:
        """P of every visible state by number (bit i is unit i), shape (2^visible,), exact.

        On a chip it is what its p-bits settle to when they are updated one after another.

        Raises
        ------
        InputError
            More than 20 units to enumerate; on a chip more than 10.
        """
        if self.chip is None:
            return sums.distribution(self.terms)
        found = sums.stationary(self.chip.felt(self.terms))
        return found.reshape(1 << self.hidden, 1 << self.visible).sum(axis=0)  # visible units are the low bits

    def divergence(self, data: Any, weights: Any = None) -> float:
        """Kullback-Leibler divergence [nat] from the data's distribution to the machine's, on its chip; exact."""
        rows = self._spins(data, "The data")
        from spinloom.ising.exact import numbers

        p = np.bincount(numbers(rows.T), weights=_shares(weights, rows.shape[1]), minlength=1 << self.visible)
        there = p > 0
        return float((p[there] * np.log(p[there] / self.distribution()[there])).sum())

    def bqm(self) -> Any:
        """The energy as a ``dimod.BinaryQuadraticModel`` of spins 0..visible+hidden-1, for any sampler at beta = 1."""
        import dimod

        fields, couplings = self.terms.joined()
        pairs = {(int(i), int(j)): float(couplings[i, j]) for i, j in np.argwhere(np.triu(couplings, 1))}
        return dimod.BinaryQuadraticModel(dict(enumerate(fields.tolist())), pairs, 0.0, "SPIN")

    # ---- sampling --------------------------------------------------------------------------------------------------

    def sample(
        self, count: int, *, sweeps: int = 1000, given: Any = None, start: Any = None, seed: int = 0
    ) -> np.ndarray:
        """Visible states (count, visible) int8 of independent chains after ``sweeps`` updates of each p-bit.

        Parameters
        ----------
        given : array, shape (visible,), optional
            Values of the units that are held; NaN leaves a unit free.
        start : array, shape (count, visible), optional
            Where the chains start; at fair coins if not given.

        Raises
        ------
        InputError
            No chain or sweep; values that are not of the vartype; another width.
        """
        if count < 1 or sweeps < 1:
            raise InputError(f"count = {count}, sweeps = {sweeps}: at least one chain and one sweep.")
        chance = np.random.default_rng([seed, 0x5A3])
        chains = Chains.random(self.terms, count, chance)
        if start is not None:
            first = self._spins(start, "The start")
            if first.shape[1] != count:
                raise InputError(f"The start has {first.shape[1]} rows for {count} chains: give one a chain.")
            chains = chains._replace(visible=first)
        free = self._hold(chains.visible, given)
        felt = Felt.ideal(self.terms, np.float32) if self.chip is None else self.chip.felt(self.terms, np.float32)
        turns = Turns(felt, chains, chance) if free is None and in_turns(self.terms) else None
        with one_thread():
            for _ in range(sweeps):
                if turns is not None:
                    turns.sweep()
                else:
                    draw_hidden(felt, *chains, chance)
                    draw_visible(felt, *chains, chance, free)
        found = chains.visible.T
        return (found if self.vartype == "SPIN" else (found + 1.0) / 2.0).astype(np.int8)

    def _hold(self, visible: np.ndarray, given: Any) -> np.ndarray | None:
        if given is None:
            return None
        row = np.asarray(given, float)
        if row.shape != (self.visible,):
            raise InputError(f"given has the shape {row.shape}: give ({self.visible},), with NaN for free units.")
        free = np.isnan(row)
        other = -1.0 if self.vartype == "SPIN" else 0.0
        visible[~free] = self._spins(np.where(free, other, row), "given")[~free]
        return free

    # ---- what comes in ---------------------------------------------------------------------------------------------

    def _table(self, data: Any, what: str) -> np.ndarray:
        try:
            rows = np.atleast_2d(np.asarray(data, dtype=np.float32))
        except (TypeError, ValueError):
            raise InputError(f"{what} are no table of numbers: give (rows, {self.visible}).") from None
        if rows.ndim != 2 or rows.shape[1] != self.visible or not len(rows):
            raise InputError(f"{what} of shape {np.shape(data)} do not fit: give (rows, {self.visible}).")
        wrong = ~np.isfinite(rows).all(axis=1)
        if wrong.any():
            raise InputError(f"{what} hold NaN or infinity, first in row {int(np.flatnonzero(wrong)[0])}.")
        return rows

    def _spins(self, data: Any, what: str) -> np.ndarray:
        """Rows of the vartype as (visible, rows) float32 of ±1."""
        rows = self._table(data, what)
        low = -1.0 if self.vartype == "SPIN" else 0.0
        wrong = (rows != low) & (rows != 1)
        if wrong.any():
            raise InputError(
                f"{what} hold {rows[wrong][0]:g}: a unit of this machine is {low:g} or 1 (vartype {self.vartype}). "
                "Binarise first, e.g. (x > 0.5), or fit with grey=True."
            )
        return np.ascontiguousarray((rows if self.vartype == "SPIN" else 2.0 * rows - 1.0).T)

    def _grey(self, data: Any) -> np.ndarray:
        rows = self._table(data, "The data")
        if rows.min() < 0 or rows.max() > 1:
            raise InputError(f"Grey data are chances from 0 to 1; these go from {rows.min():g} to {rows.max():g}.")
        return np.ascontiguousarray(rows.T)

    def _kept(self, chains: np.ndarray) -> Chains:
        found = np.asarray(chains, np.float32)
        if found.ndim != 2 or len(found) != self.visible + self.hidden or not found.shape[1]:
            raise InputError(f"Chains of shape {found.shape} do not fit: give ({self.visible + self.hidden}, chains).")
        return Chains(found[: self.visible].copy(), found[self.visible :].copy())


def _shares(weights: Any, rows: int) -> np.ndarray:
    if weights is None:
        return np.full(rows, 1.0 / rows)
    found = np.asarray(weights, float)
    if found.shape != (rows,) or not np.isfinite(found).all() or (found < 0).any() or not found.sum() > 0:
        raise InputError(f"Weights of shape {found.shape} for {rows} rows: give one a row, 0 or more, not all 0.")
    return found / found.sum()
