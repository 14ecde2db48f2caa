"""Dipole-coupled nanomagnets as an Ising problem: spins along the easy axes, energies in units of k T.

E(s)/kT = sum_i h_i s_i + sum_{i<j} J_ij s_i s_j with the magnetostatic energies of ``devices.nanomagnet_array``, so
that the magnets' own law is P ~ exp(-E): beta = 1 is their temperature. The barriers set how fast they flip and do not
enter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spinloom.ising.problem import Problem

if TYPE_CHECKING:
    import dimod

    from spinloom.devices.nanomagnet_array import Model, NanomagnetArray


def problem(array: NanomagnetArray, model: Model = "bodies") -> Problem:
    """The array as a ``Problem``: spin i is magnet i, +1 along its easy axis.

    Parameters
    ----------
    array : NanomagnetArray
        As made by ``device("Debashis2016_magnet").layout(...)`` or ``.array(...)``.
    model : {"bodies", "points"}
        Magnets of real size, or dipoles at their centres.
    """
    kt = array.thermal_energy
    return Problem.from_matrix(array.couplings(model) / kt, array.biases / kt)


def bqm(array: NanomagnetArray, model: Model = "bodies") -> dimod.BinaryQuadraticModel:
    """The same as a dimod model of spins 0 .. n - 1, for any sampler."""
    import dimod

    found = problem(array, model)
    matrix = found.matrix().tocoo()
    above = matrix.row < matrix.col
    pairs = zip(matrix.row[above].tolist(), matrix.col[above].tolist(), strict=True)
    couplings = dict(zip(pairs, matrix.data[above].tolist(), strict=True))
    return dimod.BinaryQuadraticModel.from_ising(dict(enumerate(found.fields.tolist())), couplings)
