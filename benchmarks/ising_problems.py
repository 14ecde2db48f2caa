"""Problems of the Ising benchmarks: a torus whose ground state is known, a glass on all pairs, G-set graphs."""

from __future__ import annotations

import csv
from typing import NamedTuple

import numpy as np

from spinloom.errors import DataError, UnknownNameError
from spinloom.ising.encodings.max_cut import MaxCut
from spinloom.ising.files import find, read
from spinloom.ising.problem import Problem


class Torus(NamedTuple):
    """Bonds of +-1 on a square lattice with periodic edges: E = sum J s s over right and down neighbours."""

    right: np.ndarray
    down: np.ndarray

    def problem(self) -> Problem:
        """As arrays for the solvers."""
        here = np.arange(self.right.size).reshape(self.right.shape)
        rows = np.concatenate([here.ravel(), here.ravel()])
        columns = np.concatenate([np.roll(here, -1, 1).ravel(), np.roll(here, -1, 0).ravel()])
        return Problem.from_arrays(rows, columns, np.concatenate([self.right.ravel(), self.down.ravel()]))

    def ground_energy(self) -> float | None:
        """The exact ground energy by minimum-weight matching, or None where the matching does not close on the torus.

        A plaquette whose four bonds multiply to -1 is frustrated and has an odd number of broken bonds; the fewest
        broken bonds join the frustrated plaquettes in pairs. That bounds the energy from below, and is reached when
        the relative signs that it prescribes multiply to +1 round both ways of the torus.

        References
        ----------
        I. Bieche, R. Maynard, R. Rammal, J. P. Uhry, J. Phys. A 13, 2553 (1980), doi:10.1088/0305-4470/13/8/005.
        """
        import pymatching

        right, down = self.right, self.down
        frustrated = right * np.roll(down, -1, 1) * np.roll(right, -1, 0) * down < 0
        plaquette = np.arange(right.size).reshape(right.shape)
        matching = pymatching.Matching()
        for bond, (one, two) in enumerate(
            zip(
                np.concatenate([np.roll(plaquette, 1, 0).ravel(), np.roll(plaquette, 1, 1).ravel()]).tolist(),
                np.concatenate([plaquette.ravel(), plaquette.ravel()]).tolist(),
                strict=True,
            )
        ):
            matching.add_edge(one, two, weight=1.0, fault_ids={bond})
        broken = matching.decode(frustrated.ravel().astype(np.uint8)).reshape(2, *right.shape)
        across, along = -right * (1 - 2 * broken[0].astype(int)), -down * (1 - 2 * broken[1].astype(int))
        if across[0].prod() != 1 or along[:, 0].prod() != 1:
            return None
        return float(2 * broken.sum(dtype=int) - 2 * right.size)


def torus(rows: int, columns: int, seed: int) -> Torus:
    """Random bonds of +-1 on a rows x columns torus."""
    chance = np.random.default_rng(seed)
    return Torus(chance.choice([-1, 1], (rows, columns)), chance.choice([-1, 1], (rows, columns)))


def spin_glass(spins: int, seed: int = 0) -> Problem:
    """Sherrington-Kirkpatrick: a bond of +-1 between each two spins."""
    bonds = np.triu(np.random.default_rng(seed).choice([-1.0, 1.0], (spins, spins)), 1)
    return Problem.from_matrix(bonds + bonds.T)


def graph(name: str) -> MaxCut | None:
    """A graph of the G-set; None where SPINLOOM_DATA has none."""
    try:
        source = read(name).source
    except (DataError, UnknownNameError):
        return None
    return source if isinstance(source, MaxCut) else None


def best_known(name: str) -> float:
    """The best cut that was ever published, from the table beside the graphs."""
    with (find(name).parent / "best_known.csv").open(encoding="utf-8", newline="") as file:
        return next(float(row["best_known_cut"]) for row in csv.DictReader(file) if row["instance"] == name)
