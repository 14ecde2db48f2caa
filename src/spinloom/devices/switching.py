"""Switching probability under a current pulse: by trajectories, or exactly by the Fokker-Planck equation."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from spinloom.devices.ensemble import Initial, Run, operator, well_density
from spinloom.devices.macrospin import Macrospin
from spinloom.devices.waveform import Drive, Pulse
from spinloom.engines.drift_diffusion import Grid
from spinloom.errors import InputError, SpinloomWarning, UnknownNameError
from spinloom.units import pretty

METHODS = ("auto", "fokker-planck", "llgs")
UP = np.array([0.0, 0.0, 1.0])
Progress = Callable[[int, int], None]


def choose(method: str, model: Macrospin, initial: Initial) -> tuple[str, str]:
    """The method that runs and why: Fokker-Planck where it is exact, trajectories elsewhere.

    Raises
    ------
    UnknownNameError
        No such method.
    InputError
        Fokker-Planck asked for where it does not hold.
    """
    if method not in METHODS:
        raise UnknownNameError("method", method, METHODS)
    obstacle = ""
    if model.temperature == 0:
        obstacle = "the temperature is 0, and there is nothing random"
    elif not model.is_axial(UP):
        obstacle = "the device is not symmetric about z"
    elif not (isinstance(initial, str) and initial in ("well", "axis")):
        obstacle = "the initial states are given"
    if method == "llgs":
        return "llgs", "asked for"
    if not obstacle:
        return (
            "fokker-planck",
            "symmetric about z: exact, and faster than trajectories" if method == "auto" else "asked for",
        )
    if method == "fokker-planck":
        raise InputError(f"The Fokker-Planck solver does not hold here: {obstacle}. Use method='llgs' or 'auto'.")
    return "llgs", obstacle


def by_fokker_planck(
    model: Macrospin, current: np.ndarray, widths: np.ndarray, relaxation: float, initial: Initial, side: float
) -> np.ndarray:
    """Exact probabilities (widths, currents) that m_z has changed sign after pulse and relaxation.

    The density is carried on from one width to the next, so the widths cost no more than the longest.
    """
    grid = Grid.of()
    drives = np.zeros((4, current.size))
    drives[0] = current
    pulse = operator(model, drives, UP, grid)
    rest = operator(model, np.zeros((4, current.size)), UP, grid)
    start = well_density(model, grid, side)
    if initial == "axis":
        start = np.zeros_like(grid.centres)
        start[0 if side < 0 else -1] = 1.0 / grid.widths[0]
    density = np.repeat(start[None], current.size, axis=0)
    result, elapsed = np.empty((widths.size, current.size)), 0.0
    switched = grid.centres * side < 0
    for index in np.argsort(widths):
        density = pulse.evolve(density, float(widths[index]) - elapsed)
        elapsed = float(widths[index])
        after = rest.evolve(density, relaxation) if relaxation > 0 else density
        result[index] = np.clip((after * grid.widths)[:, switched].sum(axis=1), 0.0, 1.0)
    return result


def by_trajectories(
    model: Macrospin,
    current: np.ndarray,
    widths: np.ndarray,
    relaxation: float,
    initial: Initial,
    run: dict,
    progress: Progress | None = None,
) -> np.ndarray:
    """Fractions (widths, currents) of trajectories that are in the other well after pulse and relaxation.

    ``run``: trials, seed, solver, side, and, for another drive than a current, its channel. Each trajectory of each
    point has random numbers of its own.
    """
    trials, solver, side = run["trials"], run["solver"], run["side"]
    channel = run.get("channel", "current")
    copies = current.size * trials
    result = np.empty((widths.size, current.size))
    steps = np.round((widths + relaxation) / solver.dt) * copies
    before = np.concatenate([[0.0], np.cumsum(steps)])
    for index, width in enumerate(widths):
        amplitudes: dict[str, Any] = {channel: np.repeat(current, trials)}
        drive = Drive(**amplitudes, waveform=Pulse(width))
        job = Run(model, drive, solver, copies, run["seed"], first_device=index * copies, side=side)

        def report(done: int, _total: int, offset: float = before[index]) -> None:
            if progress is not None:
                progress(int(offset + done), int(before[-1]))

        job.check()
        state, _ = job.evolve(job.initial(initial), float(width) + relaxation, progress=report)
        if not np.isfinite(state).all():
            raise InputError("A trajectory became NaN. Use a shorter time_step, or precision='float64'.")
        result[index] = (state[model.easy_axis].reshape(current.size, trials) * side < 0).mean(axis=1)
    return result


def warn_of_unit(current: np.ndarray, critical: float, stacklevel: int = 4) -> None:
    """Warn when currents are so far from the critical current that a prefix is probably wrong."""
    largest = float(np.abs(current).max())
    if largest == 0 or 1e-3 * critical <= largest <= 100 * critical:
        return
    ratio = largest / critical
    shown = f"{ratio:,.0f} times" if ratio > 1 else f"{ratio:.1e} of"
    warnings.warn(
        f"Currents of up to {pretty(largest, 'A')} are {shown} the critical current {pretty(critical, 'A')}. "
        "Is the unit right?",
        SpinloomWarning,
        stacklevel=stacklevel,
    )
