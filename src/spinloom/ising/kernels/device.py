"""Many replicas on a CUDA device: one thread a replica, with the processor's rules, generators and order of spins.

States are int8 (n, replicas), so that neighbouring threads read neighbouring bytes; all threads of a warp read the
same couplings at the same time. The random words are the processor's, bit for bit; so are the states, but for a draw
within rounding of its probability (one in some 1e7), since the two machines round the exponential differently.
"""

from __future__ import annotations

import functools
import importlib
import time
from typing import Any, final

import numpy as np
from numba import float32, float64, int8, int32, uint32, uint64

from spinloom.engines import cuda as engine
from spinloom.engines import launch
from spinloom.errors import InputError
from spinloom.ising.kernels import replicas
from spinloom.physics import xoshiro

THREADS_PER_BLOCK = 64
SECONDS_PER_LAUNCH = 0.05
"""Sweeps are launched in portions of about this long: between them a run can be stopped and looked at."""

LANES = 32
"""Rows of states are padded to multiples of this many bytes, which the memory hands over at once."""

ONE, TWO, THREE, FOUR = (uint64(k) for k in (1, 2, 3, 4))
"""Places in arrays are unsigned: a signed one could be negative, which Python and numba count from the end."""

# stand-ins, replaced by launch.bind
advance: Any = None
cuda: Any = None
decide: Any = None
number: Any = None
seed: Any = None
total: Any = None


def _seed_each(seed_low, seed_high, generator, states):
    """The generator and the random first state of each replica: the processor's loop over a single column."""
    r = cuda.grid(1)
    if r < states.shape[1]:
        seed(seed_low, seed_high, r, generator[:, r : r + 1], states[:, r : r + 1])


def _begin(pointers, neighbours, couplings, fields, states, best, least, energies):
    """Energies of the first states, which are the best seen so far."""
    if cuda.grid(1) >= least.size:
        return
    r, spins = uint64(cuda.grid(1)), uint64(states.shape[0])
    energy = total(0)
    for i in range(spins):
        field = total(fields[i])
        for q in range(pointers[i], pointers[i + ONE]):
            if neighbours[q] < i:  # each coupling once
                field = total(field + total(couplings[q]) * total(states[neighbours[q], r]))
        energy = total(energy + field * total(states[i, r]))
        best[i, r] = states[i, r]
    energies[r] = energy
    least[r] = energy


def _anneal(pointers, neighbours, couplings, fields, scales, sweeps, states, best, least, energies, generator):
    """Sweeps ``sweeps[0]`` to ``sweeps[1]`` - 1 of ``scales`` (2 beta each), keeping each replica's best state."""
    if cuda.grid(1) >= least.size:
        return
    r, spins = uint64(cuda.grid(1)), uint64(states.shape[0])
    a, b, c, d = generator[0, r], generator[1, r], generator[2, r], generator[3, r]
    energy, lowest = energies[r], least[r]
    for k in range(sweeps[0], sweeps[1]):
        scale, q = scales[k], pointers[0]
        for i in range(spins):
            field, end = number(fields[i]), pointers[i + ONE]
            while q + FOUR <= end and couplings[q] == couplings[q + THREE]:  # neighbours are sorted by coupling
                four = states[neighbours[q], r] + states[neighbours[q + ONE], r]
                four += states[neighbours[q + TWO], r] + states[neighbours[q + THREE], r]
                field = number(field + number(couplings[q]) * number(int32(four)))
                q += FOUR
            while q < end:
                field = number(field + number(couplings[q]) * number(states[neighbours[q], r]))
                q += ONE
            word, a, b, c, d = advance(a, b, c, d)
            before = int32(states[i, r])
            after = int32(decide(float32(before), scale * float32(field), word))
            if after != before:
                energy = total(energy + total(number(field * number(int32(after - before)))))
                states[i, r] = int8(after)
        if energy < lowest:
            lowest = energy
            for i in range(spins):
                best[i, r] = states[i, r]
    generator[0, r], generator[1, r], generator[2, r], generator[3, r] = a, b, c, d
    energies[r], least[r] = energy, lowest


def _bound(loop: Any, rule: str = "gibbs", integers: bool = True) -> Any:
    """A loop with its functions and number types: of fields, and of energies."""
    from numba import cuda

    return launch.bind(
        loop,
        advance=xoshiro.advance,
        cuda=cuda,
        decide=replicas.RULES[rule],
        number=int32 if integers else float32,
        seed=cuda.jit(device=True)(replicas.seed_kernel().py_func),  # with its own function to draw
        total=int32 if integers else float64,
    )


@functools.cache
def _compiled(loop: Any, rule: str = "gibbs", integers: bool = True) -> Any:
    from numba import cuda

    return cuda.jit(_bound(loop, rule, integers), fastmath=True)


def ptx(kernel: str, rule: str, integers: bool, capability: tuple[int, int] = (8, 0)) -> str:
    """The PTX text of kernel "seed", "begin" or "anneal", compiled without a device."""
    from numba import int64, types

    kind, energy = (int8, int32) if integers else (float32, float64)
    problem = uint64[::1], uint32[::1], kind[::1], kind[::1]
    states, generator, energies = int8[:, ::1], uint32[:, ::1], energy[::1]
    schedule = float32[::1], types.UniTuple(int64, 2)
    loop, signature = {
        "seed": (_seed_each, (uint32, uint32, generator, states)),
        "begin": (_begin, (*problem, states, states, energies, energies)),
        "anneal": (_anneal, (*problem, *schedule, states, states, energies, energies, generator)),
    }[kernel]
    return engine.loop_ptx(_bound(loop, rule, integers), signature, capability)


def free_memory() -> float:
    """Bytes that are free on the device.

    Raises
    ------
    InputError
        There is no device that numba can use.
    """
    if not engine.available():
        raise InputError("There is no CUDA device that numba can use here; leave kernel='cuda' out.")
    from numba import cuda

    return float(cuda.current_context().get_memory_info().free)


def _some(array: np.ndarray) -> np.ndarray:
    """The array, or a single zero in the place of an empty one: a device gives no address to nothing."""
    return array if array.size else np.zeros(1, array.dtype)


@final
class Replicas:
    """Replicas of one problem on the device, replica r with the generator of (seed, r).

    Parameters
    ----------
    arrays : (pointers, neighbours, couplings, fields)
        As the processor's replica kernel takes them; int8 or float32 couplings and fields.
    rule : {"gibbs", "metropolis"}
    seed : (uint32, uint32)
    reads : int
    initial : ndarray (reads, n) int8, optional
        First states; random ones of (seed, r) when left out.
    """

    def __init__(
        self,
        arrays: tuple[np.ndarray, ...],
        rule: str,
        seed: tuple[np.uint32, np.uint32],
        reads: int,
        initial: np.ndarray | None = None,
    ) -> None:
        cuda: Any = importlib.import_module("numba.cuda")
        self._reads, self._spins = reads, arrays[3].size
        integers = arrays[2].dtype == np.int8
        width = -(-reads // LANES) * LANES
        places = arrays[0].astype(np.uint64), arrays[1].astype(np.uint32)
        self._problem = tuple(cuda.to_device(_some(array)) for array in (*places, *arrays[2:]))
        self._states, self._best = (cuda.device_array((self._spins, width), np.int8) for _ in range(2))
        kind = np.int32 if integers else np.float64
        self._least, self._energies = (cuda.device_array(reads, kind) for _ in range(2))
        self._generator = cuda.device_array((4, width), np.uint32)
        self._anneal = engine.for_copies(_compiled(_anneal, rule, integers), reads, THREADS_PER_BLOCK)
        engine.for_copies(_compiled(_seed_each), width, THREADS_PER_BLOCK)(*seed, self._generator, self._states)
        if initial is not None:
            padded = np.ones((self._spins, width), np.int8)
            padded[:, :reads] = initial.T
            self._states.copy_to_device(padded)
        begin = engine.for_copies(_compiled(_begin, "gibbs", integers), reads, THREADS_PER_BLOCK)
        begin(*self._problem, self._states, self._best, self._least, self._energies)

    def anneal(self, scales: np.ndarray, stop: np.ndarray, done: np.ndarray, least: np.ndarray) -> None:
        """Sweep through ``scales`` (2 beta, one a sweep), a portion a launch, until done or ``stop[0]`` is set.

        ``done[0]`` counts the sweeps; ``least`` (reads,) holds the lowest energies after each launch.
        """
        from numba import cuda

        schedule = cuda.to_device(scales)
        first, count = 0, 1
        while first < scales.size and not stop[0]:
            begin = time.perf_counter()
            last = min(first + count, scales.size)
            self._anneal(
                *self._problem, schedule, (first, last), self._states, self._best, self._least, self._energies,
                self._generator,
            )  # fmt: skip
            cuda.synchronize()
            least[:] = self._least.copy_to_host()
            done[0] += last - first
            each = (time.perf_counter() - begin) / (last - first)
            first, count = last, min(max(int(SECONDS_PER_LAUNCH / each), 1), 8 * count)

    def states(self, found: np.ndarray, keep: str = "best") -> None:
        """Fill ``found`` (reads, n) with the best state that each replica saw, or with its last."""
        kept = self._best if keep == "best" else self._states
        found[:] = kept.copy_to_host()[:, : self._reads].T
