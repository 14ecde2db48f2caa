"""Exact answers of small Ising problems in a transverse field: diagonalisation, n Trotter replicas, the endless chain.

    H = E(z) - Gamma sum_i x_i,    E(z) = offset + sum h_i z_i + sum_(i<j) J_ij z_i z_j

Thermal means at inverse temperature beta. n Trotter replicas stand for (e^(-beta E/n) e^(beta Gamma sum x/n))^n, whose
means come from its transfer matrix: what a perfect sampler of the replicas would find, without its noise. Their
distance from the exact means falls as 1/n^2 (Suzuki, doi:10.1143/PTP.56.1454).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from spinloom.errors import InputError
from spinloom.ising.exact import Enumeration, walsh

if TYPE_CHECKING:
    from collections.abc import Sequence

LARGEST = 12
"""Spins that are diagonalised at most: matrices of 4096 x 4096, 128 MiB each and half a minute."""


@final
@dataclass(frozen=True)
class Thermal:
    """Thermal means of a transverse-field problem of n spins.

    Attributes
    ----------
    z : np.ndarray
        <z_i>, shape (n,).
    zz : np.ndarray
        <z_i z_j>, shape (n, n), 1 on the diagonal.
    x : np.ndarray
        <x_i>, shape (n,).
    energy : float
        <H>, in the problem's units.
    log_partition : float
        ln Z, Z = tr exp(-beta H).
    """

    z: np.ndarray
    zz: np.ndarray
    x: np.ndarray
    energy: float
    log_partition: float


def diagonalise(states: Enumeration, beta: float, field: float) -> Thermal:
    """Exact thermal means, by all eigenvectors of H.

    Parameters
    ----------
    states : Enumeration
        The classical part E(z), at most 12 spins.
    beta : float
        Inverse temperature, above 0; in 1/(the problem's unit of energy).
    field : float
        Gamma, in the problem's unit of energy; 0 is the classical problem.

    Raises
    ------
    InputError
        More than 12 spins, or a beta that is not above 0.

    Examples
    --------
    >>> pair = Enumeration.from_matrix([[0, -1], [-1, 0]])
    >>> round(float(diagonalise(pair, beta=2.0, field=1.0).zz[0, 1]), 5)
    0.48801
    """
    _check(states, beta, field)
    count = states.energies.size
    hamiltonian = np.diag(states.energies)
    number = np.arange(count)
    for i in range(states.size):
        hamiltonian[number, number ^ (1 << i)] -= field
    levels, vectors = np.linalg.eigh(hamiltonian)
    p = np.exp(-beta * (levels - levels[0]))
    total = float(p.sum())
    p /= total
    density = (vectors * p) @ vectors.T
    x = np.array([density[number, number ^ (1 << i)].sum() for i in range(states.size)])
    z, zz = _moments(np.diagonal(density), states.size)
    return Thermal(z, zz, x, float(p @ levels), math.log(total) - beta * float(levels[0]))


def trotter(states: Enumeration, beta: float, field: float, slices: int, half: float = 0.5) -> Thermal:
    """Means of n Trotter replicas, from the eigenvalues of their transfer matrix.

    Two neighbours in Trotter time that differ weigh w = tanh(beta Gamma/n)^(2 half) of two that agree;
    <x> = <tanh(beta Gamma/n) if they agree, else its inverse>.

    Parameters
    ----------
    states, beta, field
        As in :func:`diagonalise`; the field above 0.
    slices : int
        Number of replicas n.
    half : float
        Factor in J_perp = -half ln tanh(beta Gamma/n): 1/2. Another one shows what leaving it out does, which is to
        weaken the field to Gamma' with tanh(beta Gamma'/n) = tanh(beta Gamma/n)^(2 half).

    Raises
    ------
    InputError
        More than 12 spins, fewer than one replica, a beta or a field that is not above 0.
    """
    _check(states, beta, field)
    if slices < 1 or field <= 0:
        raise InputError(f"Trotter replicas need a field above 0 and at least one replica; got {field}, {slices}.")
    spins, lowest = states.size, states.lowest
    angle = beta * field / slices
    link = math.tanh(angle) ** (2.0 * half)
    bonds = np.ones((1, 1))
    for _ in range(spins):
        bonds = np.kron(bonds, np.array([[1.0, link], [link, 1.0]]))
    weight = np.exp(-beta / (2.0 * slices) * (states.energies - lowest))
    matrix = weight[:, None] * bonds * weight
    values, vectors = np.linalg.eigh(matrix)
    relative = np.abs(values) / values[-1]
    power = relative**slices
    p = (vectors**2 @ power) / power.sum()
    # of two replicas in a row: where the transfer matrix stands once between them and n - 1 times around the ring
    pairs = matrix * ((vectors * relative ** (slices - 1)) @ vectors.T)
    pairs /= pairs.sum()
    agree, differ = math.tanh(angle), 1.0 / math.tanh(angle)
    x = np.empty(spins)
    for i in range(spins):
        inner = 1 << i
        by_bit = pairs.reshape(-1, 2, inner, pairs.shape[0] // (2 * inner), 2, inner).sum(axis=(0, 2, 3, 5))
        x[i] = agree * np.trace(by_bit) + differ * (by_bit[0, 1] + by_bit[1, 0])
    z, zz = _moments(p, spins)
    log_partition = slices * (math.log(values[-1]) + spins * math.log(math.cosh(angle))) + math.log(power.sum())
    return Thermal(z, zz, x, float(p @ states.energies) - field * float(x.sum()), log_partition - beta * lowest)


def chain(beta: float, coupling: float, field: float, distances: Sequence[int]) -> tuple[np.ndarray, float]:
    """(<z_0 z_L> for every distance L, <x>) of the endless ferromagnetic chain H = -J sum z_i z_(i+1) - Gamma sum x_i.

    Free fermions: with Lambda_k = sqrt(1 + l^2 + 2 l cos k), l = J/Gamma, and
    G_R = (1/pi) int_0^pi dk [cos kR + l cos k(R + 1)] tanh(beta Gamma Lambda_k)/Lambda_k,
    <z_0 z_L> is the determinant of the L x L matrix G_(i-j-1), and <x> = G_0 (Pfeuty,
    doi:10.1016/0003-4916(70)90270-8; at temperature: Barouch and McCoy, doi:10.1103/PhysRevA.3.786).

    Parameters
    ----------
    beta : float
        Inverse temperature, above 0.
    coupling, field : float
        J and Gamma, above 0.
    distances : sequence of int
        L, at least 1.

    Raises
    ------
    InputError
        A parameter that is not above 0.
    """
    longest = max(distances)
    if min(beta, coupling, field, min(distances)) <= 0:
        raise InputError("The chain needs beta, coupling, field and distances above 0.")
    ratio = coupling / field
    # the midpoint rule on a periodic smooth integrand converges exponentially; near k = pi it is smooth over 1/beta
    points = 64 * (longest + 64) + int(64 * beta * max(coupling, field))
    k = (np.arange(points) + 0.5) * np.pi / points
    root = np.sqrt((1.0 - ratio) ** 2 + 2.0 * ratio * (1.0 + np.cos(k)))
    kernel = np.tanh(beta * field * root) / root / points
    order = np.arange(-longest, longest + 1)
    values = np.array([kernel @ (np.cos(k * r) + ratio * np.cos(k * (r + 1))) for r in order])
    steps = np.arange(longest)
    matrix = values[steps[:, None] - steps - 1 + longest]
    found = np.array([np.linalg.det(matrix[:length, :length]) for length in distances])
    return found, float(values[longest])


def _moments(p: np.ndarray, spins: int) -> tuple[np.ndarray, np.ndarray]:
    """<z_i> and <z_i z_j> of a distribution over states by number; see :meth:`Enumeration.moments`."""
    found = walsh(p[::-1])
    bits = 1 << np.arange(spins)
    return found[bits], found[bits[:, None] ^ bits]


def _check(states: Enumeration, beta: float, field: float) -> None:
    if states.size > LARGEST:
        raise InputError(
            f"{states.size} spins are too many to diagonalise; at most {LARGEST} are. quantum.sample has no such limit."
        )
    if not (beta > 0 and math.isfinite(beta) and math.isfinite(field)):
        raise InputError(f"beta must be above 0 and the field finite; got beta = {beta}, field = {field}.")
