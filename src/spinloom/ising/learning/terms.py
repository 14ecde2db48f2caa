"""The terms of a Boltzmann machine's energy, and their moments: one number for each field and each coupling."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, final

import numpy as np


@final
class Terms(NamedTuple):
    """A number for each term of E(s, t) = a·s + b·t + 1/2 s·V·s + s·W·t + 1/2 t·U·t, s visible and t hidden, of ±1.

    As parameters, in the sign of an energy that is minimised, P ~ exp(-E); as moments <s_i>, <t_j>, <s_i s_j>,
    <s_i t_j>, <t_i t_j>. V and U are symmetric with a zero diagonal, and None where that layer is not coupled within.

    Attributes
    ----------
    visible : np.ndarray, shape (v,)
    hidden : np.ndarray, shape (h,)
    between : np.ndarray, shape (v, h)
    visibles : np.ndarray, shape (v, v), or None
    hiddens : np.ndarray, shape (h, h), or None
    """

    visible: np.ndarray
    hidden: np.ndarray
    between: np.ndarray
    visibles: np.ndarray | None = None
    hiddens: np.ndarray | None = None

    def map(self, change: Callable[..., np.ndarray], *others: Terms) -> Terms:
        """``change`` of each array, together with those of the others; None stays None."""
        rows = zip(self, *others, strict=True)
        return Terms(*(None if row[0] is None else change(*row) for row in rows))  # pyright: ignore[reportArgumentType]

    def joined(self) -> tuple[np.ndarray, np.ndarray]:
        """Fields (n,) and symmetric couplings (n, n) of all units, the visible ones first."""
        v, n = len(self.visible), len(self.visible) + len(self.hidden)
        couplings = np.zeros((n, n))
        couplings[:v, v:], couplings[v:, :v] = self.between, self.between.T
        if self.visibles is not None:
            couplings[:v, :v] = self.visibles
        if self.hiddens is not None:
            couplings[v:, v:] = self.hiddens
        return np.concatenate([self.visible, self.hidden]), couplings

    def split(self, fields: np.ndarray, couplings: np.ndarray) -> Terms:
        """Fields (n,) and couplings (n, n) of all units, as terms of this machine's form."""
        v = len(self.visible)
        return Terms(
            fields[:v],
            fields[v:],
            couplings[:v, v:],
            None if self.visibles is None else couplings[:v, :v],
            None if self.hiddens is None else couplings[v:, v:],
        )


def zeros(visible: int, hidden: int, within_visible: bool, within_hidden: bool) -> Terms:
    """All terms 0, float64."""
    return Terms(
        np.zeros(visible),
        np.zeros(hidden),
        np.zeros((visible, hidden)),
        np.zeros((visible, visible)) if within_visible else None,
        np.zeros((hidden, hidden)) if within_hidden else None,
    )


def energies(terms: Terms, visible: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """E of states visible (v, chains) and hidden (h, chains) of ±1, shape (chains,)."""
    found = terms.visible @ visible + terms.hidden @ hidden + ((terms.between.T @ visible) * hidden).sum(axis=0)
    for couplings, layer in ((terms.visibles, visible), (terms.hiddens, hidden)):
        if couplings is not None:
            found = found + 0.5 * ((couplings @ layer) * layer).sum(axis=0)
    return found


def means(terms: Terms, visible: np.ndarray, hidden: np.ndarray, weights: np.ndarray | None = None) -> Terms:
    """Moments of states visible (v, chains) and hidden (h, chains), each chain with its weight; of terms' form.

    Parameters
    ----------
    weights : np.ndarray, shape (chains,), optional
        They sum to 1; equal ones if not given.
    """
    one = 1.0 / visible.shape[1] if weights is None else weights
    s, t = visible * one, hidden * one
    return Terms(
        s.sum(axis=1),
        t.sum(axis=1),
        s @ hidden.T,
        None if terms.visibles is None else _off_diagonal(s @ visible.T),
        None if terms.hiddens is None else _off_diagonal(t @ hidden.T),
    )


def _off_diagonal(products: np.ndarray) -> np.ndarray:
    np.fill_diagonal(products, 0.0)
    return products
