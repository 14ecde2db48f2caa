"""Where to put discs so that their couplings come near wanted ones: multidimensional scaling, then the couplings."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import optimize

from spinloom.devices.vortex_discs import PairLaw
from spinloom.errors import InputError

_OVERLAP = 30.0
"""Weight of an overlap: more than any coupling is worth."""
_STEPS = 400


def place(law: PairLaw, wanted: np.ndarray, start: np.ndarray, farthest: float = 4.0) -> np.ndarray:
    """Positions (n, 2) [m] whose couplings w(r_ij) come near ``wanted`` (n, n), in units of the strongest possible.

    First distances: sum_{i<j} d^-4 (r_ij/d_ij - 1)^2 is minimised with d the distance of the wanted coupling, where
    pairs without one count only when they come nearer than ``farthest``. Then the couplings themselves, from there:
    sum_{i<j} (w(r_ij) - wanted_ij)^2. Overlaps are pushed apart at the end. In a plane most matrices can be met only in
    part: compare ``law.gain`` of what comes out with what was wanted.

    Parameters
    ----------
    law : PairLaw
        The discs.
    wanted : ndarray (n, n)
        Symmetric, 0 (no coupling) to 1 (as at the smallest distance).
    start : ndarray (n, 2)
        First guess, of any scale; e.g. the image's own coordinates. The minimum found is one near it: a tangled
        start may end in a worse one.
    farthest : float
        Distance, over the smallest, from which a pair counts as uncoupled.

    Raises
    ------
    InputError
        Shapes that do not fit, couplings outside 0..1, or points of ``start`` that coincide.
    """
    start = np.asarray(start, float)
    n = len(start)
    target = np.asarray(wanted, float)
    if np.shape(start) != (n, 2) or target.shape != (n, n) or not ((target >= 0) & (target <= 1)).all():
        raise InputError("wanted must be (n, n) within 0..1, and start (n, 2).")
    if n < 2:
        return np.zeros((n, 2))
    near = np.linalg.norm(start[:, None] - start, axis=2) + np.eye(n)
    if not (near > 0).all():
        raise InputError("Two points of start coincide, or one is NaN; move them a little.")
    d = np.clip(law.distance(target) / law.closest, 1.0, farthest)
    loose = d >= farthest * (1 - 1e-12)
    weight = d**-4.0
    known = np.geomspace(1.0, 100.0, 1000)
    gain = law.gain(known * law.closest)
    slope = np.gradient(gain, known)

    def by_distance(r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        off = r / d - 1.0
        off[loose & (off > 0)] = 0.0
        return weight * off**2, 2.0 * weight * off / d

    def by_coupling(r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        off = np.interp(r, known, gain) - target
        return off**2, np.where(r > 1.0, 2.0 * off * np.interp(r, known, slope), 0.0)

    at = (start - start.mean(axis=0)) * float(np.median((d / near)[np.triu_indices(n, 1)]))
    for misfit in (by_distance, by_coupling):
        at = _descend(misfit, at)
    return law.closest * _apart(at)


def _descend(misfit: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]], at: np.ndarray) -> np.ndarray:
    """Minimise the sum of a misfit of distances (n, n), and of overlaps, by L-BFGS."""
    same = np.arange(len(at))

    def total(flat: np.ndarray) -> tuple[float, np.ndarray]:
        places = flat.reshape(-1, 2)
        apart = places[:, None] - places
        r = np.sqrt((apart**2).sum(axis=2) + 1e-12)
        value, slope = misfit(r)
        tight = np.minimum(r - 1.0, 0.0)
        value = value + _OVERLAP * tight**2
        push = (slope + 2.0 * _OVERLAP * tight) / r
        value[same, same] = push[same, same] = 0.0
        gradient = places * push.sum(axis=1)[:, None] - push @ places
        return 0.5 * float(value.sum()), gradient.ravel()

    options = {"maxiter": _STEPS}
    return optimize.minimize(total, at.ravel(), jac=True, method="L-BFGS-B", options=options).x.reshape(-1, 2)


def _apart(at: np.ndarray) -> np.ndarray:
    """Push pairs below distance 1 apart along their line, and again, until none is left."""
    at = at.copy()
    i, j = np.triu_indices(len(at), 1)
    for _ in range(500):
        apart = at[i] - at[j]
        r = np.linalg.norm(apart, axis=1)
        short = np.flatnonzero(r < 1.0)
        if not short.size:
            return at
        step = 0.5 * (1.0 + 1e-9 - r[short])[:, None] * apart[short] / np.maximum(r[short], 1e-9)[:, None]
        np.add.at(at, i[short], step)
        np.add.at(at, j[short], -step)
    return at / np.linalg.norm(at[i] - at[j], axis=1).min()
