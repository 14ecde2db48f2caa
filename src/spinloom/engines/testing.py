"""The checks that every engine passes. Call :func:`assert_engine` in the test of a new one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import float32, njit, uint32

from spinloom.engines.job import Job, Sizes

_inlined = njit(inline="always")


@_inlined
def _decay(state, params, drive, dt, random):
    """Explicit Euler for dx/dt = -r x + u, next to a clock that counts the time."""
    return state[0] + dt * (drive[0] - params[0] * state[0]), state[1] + dt


@_inlined
def _walk(state, params, drive, dt, random):
    """A walk by uniform steps in [0, 1), one from each of two words."""
    scale = float32(2.0**-24)
    return (
        state[0] + scale * float32(uint32(random[0]) >> uint32(8)),
        state[1] + scale * float32(uint32(random[3]) >> uint32(8)),
    )


def _ones(times: np.ndarray) -> np.ndarray:
    return np.ones((times.size, 1, 1))


def _ramps(times: np.ndarray) -> np.ndarray:
    return np.stack([times, 2.0 * times], axis=1)[:, None, :]


def assert_engine(engine: Any, draw: Callable, copies: int = 150, steps: int = 40) -> None:
    """Fail with a message unless the engine does what every engine does.

    Parameters
    ----------
    engine : module
        With ``ensemble(step, draw, sizes)``.
    draw : callable
        The random source, as of ``spinloom.physics.rng``.
    copies, steps : int
        Small for an engine that runs in a simulator.
    """
    _follows_equation(engine, draw, copies, steps)
    _follows_waveform(engine, draw)
    _draws_by_seed_device_step(engine, draw, copies, steps)


def _run(engine: Any, draw: Callable, step: Callable, job: Job) -> tuple[np.ndarray, np.ndarray]:
    return engine.ensemble(step, draw, Sizes(2, 1, 1)).run(job)


def _follows_equation(engine: Any, draw: Callable, copies: int, steps: int) -> None:
    rates = np.linspace(0.5, 2.0, copies)
    for dtype, tolerance in ((np.float32, 1e-5), (np.float64, 1e-13)):  # rounding of `steps` operations
        start = np.stack([np.linspace(1.0, 2.0, copies), np.zeros(copies)]).astype(dtype)
        job = Job(start, rates[None], np.full((1, copies), 0.3), _ones, 0.01, steps, every=5)
        state, record = _run(engine, draw, _decay, job)
        power = (1.0 - 0.01 * rates) ** steps  # Euler's own solution, in closed form
        exact = start[0] * power + 0.3 / rates * (1.0 - power)
        np.testing.assert_allclose(state[0], exact, rtol=tolerance, err_msg="state after a linear equation")
        np.testing.assert_allclose(state[1], steps * 0.01, rtol=tolerance, err_msg="time passed")
        assert record.shape == (steps // 5, 2, copies), "shape of the recording"
        np.testing.assert_allclose(record[:, 1, -1], 0.05 * np.arange(1, steps // 5 + 1), rtol=tolerance)
        np.testing.assert_array_equal(record[-1], state, err_msg="the last frame is the final state")
        np.testing.assert_array_equal(job.state, start, err_msg="the job is not changed")


def _follows_waveform(engine: Any, draw: Callable) -> None:
    start, row = np.zeros((2, 3)), np.array([0, 1, 1])
    job = Job(start, np.zeros(1), np.array([[1.0, 1.0, 3.0]]), _ramps, 0.1, 10, row=row)
    state, _ = _run(engine, draw, _decay, job)
    # the midpoint rule integrates a ramp exactly: t^2/2 at t = 1
    np.testing.assert_allclose(state[0], [0.5, 1.0, 3.0], rtol=1e-12, err_msg="drive of each copy")


def _draws_by_seed_device_step(engine: Any, draw: Callable, copies: int, steps: int) -> None:
    def walk(first: int, count: int, begin: int, length: int, seed: int, start: np.ndarray | None = None) -> np.ndarray:
        state = np.zeros((2, count)) if start is None else start
        job = Job(
            state, np.zeros(1), np.zeros((1, count)), _ones, 1.0, length, seed, first_step=begin, first_device=first
        )
        return _run(engine, draw, _walk, job)[0]

    late = Job(np.zeros((2, 3)), np.zeros(1), np.zeros((1, 3)), _ones, 1.0, 6, 7, every=2, first_step=2**40)
    state, record = _run(engine, draw, _walk, late)
    assert record.shape == (3, 2, 3), "a run that starts late records its own steps"
    np.testing.assert_array_equal(record[-1], state, err_msg="the last frame of a run that starts late")
    whole = walk(0, copies, 0, steps, 7)
    np.testing.assert_array_equal(whole, walk(0, copies, 0, steps, 7), err_msg="the same seed, the same numbers")
    cut = copies // 3
    parts = [walk(0, cut, 0, steps, 7), walk(cut, copies - cut, 0, steps, 7)]
    np.testing.assert_array_equal(whole, np.hstack(parts), err_msg="a split over copies changes no number")
    half = walk(0, copies, 0, steps // 2, 7)
    resumed = walk(0, copies, steps // 2, steps - steps // 2, 7, half)
    np.testing.assert_array_equal(whole, resumed, err_msg="a split over steps changes no number")
    assert not np.array_equal(whole, walk(0, copies, 0, steps, 8)), "another seed, other numbers"
    assert len(np.unique(whole)) == whole.size, "each copy and word has numbers of its own"
    # the mean of copies x steps x 2 uniform numbers, within 5 standard deviations (false alarm 6e-7)
    count = whole.size * steps
    deviation = abs(whole.sum() / count - 0.5) / math.sqrt(1.0 / 12.0 / count)
    assert deviation < 5.0, f"uniform numbers are off by {deviation:.1f} standard deviations"
