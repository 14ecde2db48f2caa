"""Macrospins in each other's dipole fields: the full equation of motion, against which two states a magnet are judged.

Every magnet follows the stochastic Landau-Lifshitz-Gilbert equation (``physics.llgs``) in the field of all others,

    B_i = -sum_j T_ij u_j,     T_ij [T]: magnetostatic energy tensor of the bodies over the moment,

which is held over one time step. That splits the coupling off at first order in dt times its field, far below the
step's own rotation. The equilibrium is Boltzmann's law of free moments at any damping.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import uint32, uint64

from spinloom.devices import nanomagnet_bodies as bodies
from spinloom.devices.two_state_kernels import in_pieces
from spinloom.engines import launch
from spinloom.errors import InputError
from spinloom.physics import integrators, llgs, rng, thermal
from spinloom.physics.constants import VACUUM_PERMEABILITY

if TYPE_CHECKING:
    from spinloom.devices.nanomagnet import Nanomagnet
    from spinloom.devices.nanomagnet_array import NanomagnetArray

_STREAM_COUPLED = 7
_GYROMAGNETIC = 1.76085963023e11
"""Free-electron value [rad/(s T)]; sets the times and not the equilibrium."""

# stand-ins, replaced by launch.bind
draw: Any = None
step: Any = None


def _follow(params, tensor, dt, before, steps, every, seed, stream, first, last, spins, agree):
    """Copies ``first`` to ``last`` - 1: spins (copies, n, 3) onwards; agree (copies, n, n) adds up sgn m_x sgn m_x."""
    low = uint32(uint64(seed) & uint64(0xFFFFFFFF))
    high = uint32(uint64(seed) >> uint64(32))
    n = spins.shape[1]
    new = np.empty((n, 3))
    rest = (0.0, 0.0, 0.0, 0.0)
    for copy in range(first, last):
        m = spins[copy]
        for t in range(before + steps):
            for i in range(n):
                bx, by, bz = 0.0, 0.0, 0.0
                for j in range(n):
                    bx -= tensor[i, j, 0, 0] * m[j, 0] + tensor[i, j, 0, 1] * m[j, 1] + tensor[i, j, 0, 2] * m[j, 2]
                    by -= tensor[i, j, 1, 0] * m[j, 0] + tensor[i, j, 1, 1] * m[j, 1] + tensor[i, j, 1, 2] * m[j, 2]
                    bz -= tensor[i, j, 2, 0] * m[j, 0] + tensor[i, j, 2, 1] * m[j, 1] + tensor[i, j, 2, 2] * m[j, 2]
                here = params[:12] + (bx, by, bz) + params[15:]  # noqa: RUF005
                words = draw(low, high, uint32(copy * n + i), uint64(t), stream)
                new[i, 0], new[i, 1], new[i, 2] = step((m[i, 0], m[i, 1], m[i, 2]), here, rest, dt, words)
            m[:, :] = new
            if t >= before and (t + 1) % every == 0:
                for i in range(n):
                    for j in range(n):
                        agree[copy, i, j] += 1.0 if m[i, 0] * m[j, 0] > 0.0 else -1.0


@functools.cache
def _kernel() -> Any:
    built = integrators.build(llgs.general_rate, "splitting", True)
    return launch.compiled(_follow, {"draw": rng.draw, "step": built})


def correlations(
    magnet: Nanomagnet,
    array: NanomagnetArray,
    *,
    damping: float,
    duration: float,
    dt: float = 2e-12,
    copies: int = 32,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """<sgn m_x,i sgn m_x,j> (n, n) over ``duration`` [s] and its standard error from independent copies.

    As long again is run before and not counted, from random directions along x.

    Parameters
    ----------
    magnet, array : Nanomagnet, NanomagnetArray
        The magnet and a layout of it with all easy axes along x.
    damping : float
        Gilbert damping; sets how soon equilibrium is reached, and not which.
    duration, dt : float
        [s]
    copies, seed : int
        Independent copies; the same seed gives the same numbers at any thread count.

    Raises
    ------
    InputError
        Easy axes not along x, no damping, fewer than 2 copies, a step too long for the precession.
    """
    if not np.allclose(np.abs(array.axes[:, 0]), 1.0):
        raise InputError("Coupled macrospins take layouts with all easy axes along x: chain, column or square.")
    if not damping > 0 or copies < 2 or not duration > dt > 0:
        raise InputError("damping and dt must be above 0, duration above dt, and copies at least 2.")
    magnetisation = magnet.parameters.value("saturation_magnetisation")
    easy = 2.0 * float(array.barriers[0]) / array.moment
    hard = VACUUM_PERMEABILITY * magnetisation * magnet.out_of_plane
    angle = _GYROMAGNETIC * hard * dt
    if angle > integrators.largest_angle("splitting", damping):
        longest = dt * integrators.largest_angle("splitting", damping) / angle
        raise InputError(f"dt = {dt:g} s is too long for the precession; at most {longest:.2g} s.")
    points, weights = bodies.nodes(*array.body)
    tensor = np.zeros((array.count, array.count, 3, 3))
    unit = np.eye(3)
    for i in range(array.count):
        for j in range(array.count):
            if i != j:
                apart = array.positions[i] - array.positions[j]
                tensor[i, j] = [
                    [bodies.pair_energy(b, a, apart, (points, points), weights) for b in unit] for a in unit
                ]
    wander = thermal.diffusion(damping, _GYROMAGNETIC, array.temperature, array.moment)
    params = llgs.General(
        damping, _GYROMAGNETIC, wander, 0.0, easy, hard, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0,
        0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0,
    )  # fmt: skip
    steps = math.ceil(duration / dt)
    every = max(1, steps // 20_000)
    spins = np.zeros((copies, array.count, 3))
    spins[..., 0] = 2.0 * np.random.default_rng((seed, 0xC0DE)).integers(0, 2, (copies, array.count)) - 1.0
    agree = np.zeros((copies, array.count, array.count))
    kernel = _kernel()

    def work(first: int, last: int) -> None:
        kernel(tuple(map(float, params)), tensor * array.moment, dt, steps, steps, every, np.uint64(seed),
               _STREAM_COUPLED, first, last, spins, agree)  # fmt: skip

    in_pieces(work, copies, piece=4)
    each = agree / agree[:, :1, :1]  # a magnet always agrees with itself: the number of samples
    return each.mean(axis=0), each.std(axis=0, ddof=1) / math.sqrt(copies)
