"""The CUDA engine: one thread a copy, from the same step functions as the processor's engine.

Works where numba finds a CUDA device, and in numba's simulator (``NUMBA_ENABLE_CUDASIM=1``). Random bits are the
processor's, bit for bit; trajectories agree to rounding, since the two machines contract multiplications differently.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, final

import numpy as np

from spinloom.engines import kernels, launch
from spinloom.engines.job import Job, Sizes
from spinloom.errors import InputError

THREADS_PER_BLOCK = 128
STEPS_PER_LAUNCH = 32_768


def available() -> bool:
    """Whether numba finds a CUDA device, or runs in its simulator."""
    from numba import cuda

    return bool(cuda.is_available())


def for_copies(kernel: Any, copies: int, threads: int = THREADS_PER_BLOCK) -> Any:
    """The kernel, ready for a launch of one thread a copy, without numba's warning that few copies are too few."""
    config: Any = importlib.import_module("numba.core.config")
    told, config.CUDA_LOW_OCCUPANCY_WARNINGS = config.CUDA_LOW_OCCUPANCY_WARNINGS, 0
    try:
        return kernel[-(-copies // threads), threads]
    finally:
        config.CUDA_LOW_OCCUPANCY_WARNINGS = told


def _loop(step: Callable, draw: Callable, sizes: Sizes) -> Callable:
    from numba import cuda

    device = cuda.jit(device=True)  # and not njit: the simulator hands these functions its own arrays
    return launch.bind(
        kernels.threads,
        step=step,
        draw=draw,
        cuda=cuda,
        load_state=device(launch.reader(sizes.state, "a[#, l]")),
        load_params=device(launch.reader(sizes.params, "a[#, l]")),
        load_drive=device(
            launch.reader(sizes.drive, "amplitude[#, l] * shape[t, #, row]", "amplitude, shape, t, row, l")
        ),
        store_state=device(launch.writer(sizes.state)),
    )


@functools.cache
def _kernel(step: Callable, draw: Callable, sizes: Sizes) -> Any:
    from numba import cuda

    return cuda.jit(_loop(step, draw, sizes), fastmath=True)


@contextlib.contextmanager
def _compiling_for(capability: tuple[int, int]) -> Iterator[None]:
    """Answer numba's question for the device's capability, which it asks even when it was told the capability."""
    dispatcher: Any = importlib.import_module("numba.cuda.dispatcher")
    asked = dispatcher.get_current_device
    dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=capability)
    try:
        yield
    finally:
        dispatcher.get_current_device = asked


def ptx(
    step: Callable, draw: Callable, sizes: Sizes, precision: str = "float32", capability: tuple[int, int] = (8, 0)
) -> str:
    """The PTX text of the kernel, compiled without a device (it needs NVVM, which NVIDIA's wheels bring)."""
    from numba import float32, float64, int32, int64, types, uint64

    real = {"float32": float32, "float64": float64}[precision]
    signature = (
        real[:, ::1], real[:, ::1], real[:, ::1], int32[::1], real[:, :, ::1], real, uint64,
        types.UniTuple(int64, 3), int64, int64, int64, real[:, :, ::1],
    )  # fmt: skip
    return loop_ptx(_loop(step, draw, sizes), signature, capability)


def loop_ptx(loop: Callable, signature: tuple[Any, ...], capability: tuple[int, int] = (8, 0)) -> str:
    """The PTX text of any loop that was bound to its functions, for arguments of these numba types."""
    cuda: Any = importlib.import_module("numba.cuda")
    with _compiling_for(capability):
        text, _ = cuda.compile_ptx(loop, signature, fastmath=True, cc=capability)
    return text if isinstance(text, str) else text.decode()


@final
class Ensemble:
    """Many copies of one step function on a CUDA device; same arguments and results as the CPU engine's."""

    def __init__(self, step: Callable, draw: Callable, sizes: Sizes) -> None:
        if not available():
            raise InputError("There is no CUDA device that numba can use here; use engine='cpu'.")
        self.sizes = sizes
        self._kernel = _kernel(step, draw, sizes)

    def run(
        self, job: Job, progress: Callable[[int, int], None] | None = None, threads: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Final states (n_state, n) and recording (frames, n_state, n); ``threads`` has no meaning here."""
        from numba import cuda

        dtype = job.state.dtype
        state = cuda.to_device(np.ascontiguousarray(job.state))
        fixed = [
            cuda.to_device(np.ascontiguousarray(item))
            for item in (job.params.astype(dtype), job.amplitude.astype(dtype), job.rows())
        ]
        record = cuda.to_device(job.record())
        kernel = for_copies(self._kernel, job.copies)
        for first in range(0, job.steps, STEPS_PER_LAUNCH):
            count = min(STEPS_PER_LAUNCH, job.steps - first)
            shape = cuda.to_device(job.shape(first, count))
            kernel(
                state, *fixed, shape, dtype.type(job.dt), np.uint64(job.seed), (job.first_step + first, count, first),
                job.every, job.first_device, job.stream, record,
            )  # fmt: skip
            cuda.synchronize()
            if progress is not None:
                progress((first + count) * job.copies, job.steps * job.copies)
        return state.copy_to_host(), record.copy_to_host()[: job.frames]


def ensemble(step: Callable, draw: Callable, sizes: Sizes) -> Ensemble:
    """An ensemble of this engine: see :class:`Ensemble`."""
    return Ensemble(step, draw, sizes)
