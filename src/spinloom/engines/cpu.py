"""The CPU engine: SIMD lanes in the innermost loop, threads over blocks of lanes, the same numbers at any split."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any, final

import numba
import numpy as np

from spinloom.engines import kernels, launch
from spinloom.engines.job import Job, Sizes

CHUNK = 4_000_000
"""Copy-steps per call of the kernel: some hundredths of a second, so that Ctrl-C and progress bars are prompt."""
LONGEST_SHAPE = 32_768
"""Steps per sampled piece of waveform: it stays in the L2 cache and long runs need no more memory."""

Progress = Callable[[int, int], None]


def threads_available() -> int:
    """Threads to use: ``SPINLOOM_THREADS`` if set, else the processors this process may run on."""
    wanted = os.environ.get("SPINLOOM_THREADS", "")
    if wanted.isdigit():
        return max(int(wanted), 1)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@functools.cache
def _kernel(step: Callable, draw: Callable, sizes: Sizes) -> Any:
    inlined = numba.njit(inline="always", fastmath=True)
    return launch.compiled(
        kernels.lanes,
        {"step": step, "draw": draw},
        load_state=inlined(launch.reader(sizes.state, "a[#, l]")),
        load_params=inlined(launch.reader(sizes.params, "a[#, l]")),
        load_drive=inlined(launch.reader(sizes.drive, "a[#, l]")),
        store_state=inlined(launch.writer(sizes.state)),
    )


@final
class Ensemble:
    """Many copies of one step function on the processor's cores.

    Parameters
    ----------
    step : callable
        ``step(state, params, drive, dt, random) -> state``, tuples of scalars, compiled with ``physics.scalar.scalar``.
    draw : callable
        ``draw(seed_low, seed_high, device, step, stream)`` -> four random words.
    sizes : Sizes
        Tuple lengths of state, params and drive.
    """

    def __init__(self, step: Callable, draw: Callable, sizes: Sizes) -> None:
        self.sizes = sizes
        self._kernel = _kernel(step, draw, sizes)

    def run(
        self, job: Job, progress: Progress | None = None, threads: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Final states (n_state, n) and recording (frames, n_state, n).

        Memory beyond the job and the recording: the final states. Interrupting raises KeyboardInterrupt after the
        pieces under way (hundredths of a second each).
        """
        state = np.ascontiguousarray(job.state).copy()
        params = np.ascontiguousarray(job.params, state.dtype)
        amplitude = np.ascontiguousarray(job.amplitude, state.dtype)
        row, record, dt = job.rows(), job.record(), state.dtype.type(job.dt)
        workers = threads or threads_available()
        total, done = job.steps * job.copies, 0
        with ThreadPoolExecutor(workers) as pool:
            for first, count, shape in self._pieces(job):
                width = self._width(job.copies, count, workers)
                tasks = {
                    pool.submit(
                        self._kernel, state, params, amplitude, row, shape, dt, np.uint64(job.seed),
                        (job.first_step + first, count, first), job.every, job.first_device, job.stream, record,
                        start, min(start + width, job.copies),
                    ): min(width, job.copies - start) * count
                    for start in range(0, job.copies, width)
                }  # fmt: skip
                try:
                    for task in as_completed(tasks):
                        task.result()
                        done += tasks[task]
                        if progress is not None:
                            progress(done, total)
                except BaseException:
                    for task in tasks:
                        task.cancel()
                    raise
        return state, record[: job.frames]

    @staticmethod
    def _pieces(job: Job):
        for first in range(0, job.steps, LONGEST_SHAPE):
            count = min(LONGEST_SHAPE, job.steps - first)
            yield first, count, job.shape(first, count)

    @staticmethod
    def _width(copies: int, count: int, workers: int) -> int:
        """Copies per task: whole blocks of lanes, about CHUNK copy-steps at most, and as much work for every thread."""
        blocks = -(-copies // kernels.LANES)
        rounds = -(-copies * count // (CHUNK * workers))
        return -(-blocks // (rounds * workers)) * kernels.LANES


def ensemble(step: Callable, draw: Callable, sizes: Sizes) -> Ensemble:
    """An ensemble of this engine: see :class:`Ensemble`."""
    return Ensemble(step, draw, sizes)
