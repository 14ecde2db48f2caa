"""Updates of the p-bits of many copies of a machine: one after another, or a layer at once where it is uncoupled."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, NamedTuple, final

import numpy as np

from spinloom.ising.learning.chip import Felt
from spinloom.ising.learning.terms import Terms

_KERNEL = 256  # units up to which the kernel is faster than products of matrices


def one_thread() -> AbstractContextManager:
    """Hold products of matrices to one thread: the order of their sums would decide the last digits, and then bits."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, user_api="blas")


def in_turns(terms: Terms) -> bool:
    """Whether p-bits are updated in turn by the kernel: units of a layer are coupled, or the machine is small."""
    return terms.visibles is not None or terms.hiddens is not None or sum(terms.between.shape) <= _KERNEL


@final
class Chains(NamedTuple):
    """States of the copies of a machine, float32 of ±1: visible (v, chains), hidden (h, chains)."""

    visible: np.ndarray
    hidden: np.ndarray

    @classmethod
    def random(cls, terms: Terms, count: int, chance: np.random.Generator) -> Chains:
        """Fair coins."""
        v, h = terms.between.shape
        return cls(*(coins((n, count), chance) for n in (v, h)))


def coins(shape: tuple[int, int], chance: np.random.Generator) -> np.ndarray:
    """±1 with equal chances, float32."""
    return np.where(chance.random(shape, dtype=np.float32) < 0.5, np.float32(-1.0), np.float32(1.0))


def bits(fields: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """±1 with P(+1) = 1/(1 + exp(2 f)), i.e. sgn(tanh(-f) - r), float32: ``physics.probabilistic_bit`` for arrays."""
    drawn = chance.random(fields.shape, dtype=np.float32)
    up = drawn * (1.0 + np.exp(np.minimum(2.0 * fields, 80.0))) < 1.0  # exp(80) is far within float32
    return np.where(up, np.float32(1.0), np.float32(-1.0))


def draw_hidden(felt: Felt, visible: np.ndarray, hidden: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Update all hidden p-bits from visible ones (v, chains); ``hidden`` (h, chains) is changed. Gives their fields."""
    return _draw(felt.hidden, felt.upward, felt.hiddens, visible, hidden, chance, None)


def draw_visible(
    felt: Felt, visible: np.ndarray, hidden: np.ndarray, chance: np.random.Generator, free: np.ndarray | None = None
) -> np.ndarray:
    """Update the visible p-bits from hidden ones, or those of them that are ``free`` (bool, (v,)); gives the fields."""
    return _draw(felt.visible, felt.downward, felt.visibles, hidden, visible, chance, free)


def _draw(
    fields: np.ndarray,
    across: np.ndarray,
    within: np.ndarray | None,
    other: np.ndarray,
    own: np.ndarray,
    chance: np.random.Generator,
    free: np.ndarray | None,
) -> np.ndarray:
    found = across @ other
    found += fields[:, None]
    if within is None:
        drawn = bits(found, chance)
        own[...] = drawn if free is None else np.where(free[:, None], drawn, own)
        return found
    for i in range(len(own)) if free is None else np.flatnonzero(free):
        found[i] += within[i] @ own
        own[i] = bits(found[i], chance)
    return found


@final
class Turns:
    """All p-bits one after another, visible ones first, in the replica kernel of annealing.

    Parameters
    ----------
    felt : Felt
        float32.
    chains : Chains
        Changed by :meth:`sweep`.
    chance : np.random.Generator
        Seeds the generators of the kernel, one a chain.
    """

    def __init__(self, felt: Felt, chains: Chains, chance: np.random.Generator) -> None:
        from spinloom.ising.annealing import padded
        from spinloom.ising.kernels import replicas

        self._chains = chains
        fields, couplings = felt.joined()
        rows, neighbours = np.nonzero(couplings)
        order = np.lexsort((couplings[rows, neighbours], rows))  # the kernel takes equal neighbours in a row together
        rows, neighbours = rows[order], neighbours[order].astype(np.int32)
        pointers = np.searchsorted(rows, np.arange(len(fields) + 1)).astype(np.int64)
        numbers = couplings[rows, neighbours].astype(np.float32), fields.astype(np.float32)
        n, count = len(fields), chains.visible.shape[1]
        lanes = padded(count)
        states, generator = np.ones((n, lanes), np.int8), np.empty((4, lanes), np.uint32)
        seeds = chance.integers(0, 1 << 32, 2, dtype=np.uint32)
        replicas.seed_kernel()(*seeds, 0, generator, states)
        states[: len(chains.visible), :count] = chains.visible
        states[len(chains.visible) :, :count] = chains.hidden
        scale, energies, field = np.full(lanes, 2.0, np.float32), np.zeros(lanes), np.empty(lanes, np.float32)
        word = np.empty(lanes, np.uint32)
        self._states = states
        self._arguments: tuple[Any, ...] = (pointers, neighbours, *numbers, states, scale, generator, energies, field)
        self._arguments += (word,)
        self._kernel = replicas.sweep_kernel()

    def sweep(self) -> None:
        """Update each p-bit once."""
        self._kernel(*self._arguments)
        v, count = self._chains.visible.shape
        self._chains.visible[...] = self._states[:v, :count]
        self._chains.hidden[...] = self._states[v:, :count]
