"""Run blocks of replicas on threads, watched from outside: time limit, Ctrl-C, live progress.

A block is a compiled loop without Python's lock. It looks at a shared flag once a sweep, so all stop within a sweep of
being asked; what they have reached by then is theirs to keep.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import numpy as np

from spinloom.errors import InputError
from spinloom.ising.job import Progress


@dataclass
class Block:
    """One piece of work.

    Attributes
    ----------
    run : callable
        ``run(stop, done)``: works until it is finished or ``stop[0]`` is set; counts finished sweeps in ``done[0]``.
    sweeps : int
        Sweeps to be done.
    attempts : float
        Attempts in one sweep.
    lowest : callable
        The lowest energy so far, for the live line.
    """

    run: Callable[[np.ndarray, np.ndarray], None]
    sweeps: int
    attempts: float
    lowest: Callable[[], float]
    done: np.ndarray = field(default_factory=lambda: np.zeros(1, np.int64))


@dataclass
class Ran:
    """Seconds, attempts made, whether Ctrl-C or the deadline ended the run, and attempts when the deadline came."""

    seconds: float
    attempts: float
    interrupted: bool
    late: bool
    in_time: float


def too_short(deadline: float | None, spins: int, reads: int) -> InputError:
    """What is raised when the deadline came before any sweep was done."""
    return InputError(
        f"The time limit of {deadline:g} s is shorter than one sweep over {spins} spins and {reads} reads; give more "
        "time or fewer reads."
    )


def run(
    blocks: Sequence[Block],
    threads: int,
    deadline: float | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Ran:
    """Run all blocks; ``deadline`` in seconds from now."""
    stop = np.zeros(1, np.uint8)
    total = sum(block.sweeps * block.attempts for block in blocks)
    interrupted = late = False
    in_time = 0.0
    begin = time.perf_counter()

    def attempts() -> float:
        return sum(float(block.done[0]) * block.attempts for block in blocks)

    def report() -> None:
        if progress is not None:
            made = attempts()
            energy = min(block.lowest() for block in blocks)
            progress(Progress(time.perf_counter() - begin, min(made / max(total, 1.0), 1.0), made, energy))

    with ThreadPoolExecutor(max(threads, 1)) as pool:
        tasks = [pool.submit(block.run, stop, block.done) for block in blocks]
        pending: set = set(tasks)
        try:
            while pending:
                left = 0.1 if deadline is None else min(0.1, begin + deadline - time.perf_counter())
                if left <= 0.0:
                    late, stop[0], in_time = True, 1, attempts()
                    break
                _, pending = wait(pending, timeout=left)
                report()
        except KeyboardInterrupt:
            interrupted, stop[0] = True, 1  # blocks that have not begun return at once, with their first states
        except BaseException:
            stop[0] = 1
            raise
    for task in tasks:
        task.result()
    return Ran(time.perf_counter() - begin, attempts(), interrupted, late, in_time if late else attempts())
