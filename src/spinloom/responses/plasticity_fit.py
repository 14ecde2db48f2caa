"""Measured sweeps -> a plasticity: mean levels as they are, or an exponential or logistic curve through them."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from scipy.optimize import isotonic_regression, minimize_scalar

from spinloom.errors import FitError, InputError, SpinloomWarning, UnknownNameError
from spinloom.responses.shapes import Exponential, Logistic, Shape, Tabulated
from spinloom.responses.sweeps import Sweep

FitShape = Literal["tabulated", "exponential", "logistic", "best"]

_STEEPEST = 60.0
"""Largest |v| that a fit tries: all of the change is then in the first pulse of any table of up to 64 levels."""
_CLOSE = 0.01
"""A curve whose rms distance from the mean levels is below this share of the range is taken for the device's."""
_FALLS = 0.1
"""Share of the range by which mean levels may run the wrong way before the user is told."""
_DIGITS = 12
_ROUNDING = 1e-9
"""Scatter below this comes from the arithmetic."""


@dataclass(frozen=True)
class Mean:
    """One direction over all cycles: ``levels[p]`` [S] after p of its own pulses, rising or falling as measured.

    ``samples`` has shape (cycles, pulses + 1), NaN where a cycle has no point.
    """

    levels: np.ndarray
    samples: np.ndarray
    rising: bool

    @property
    def pulses(self) -> int:
        """Number of pulses from end to end."""
        return self.levels.size - 1

    def monotone(self) -> np.ndarray:
        """The levels, from the lowest up; isotonic where noise makes them fall."""
        up = self.levels if self.rising else self.levels[::-1]
        weights = np.maximum(np.isfinite(self.samples).sum(axis=0), 0.5)
        return isotonic_regression(up, weights=weights if self.rising else weights[::-1]).x


def fit_sweeps(sweeps: Sequence[Sweep], shape: FitShape | str = "tabulated", source: str = "") -> dict[str, Any]:
    """Keyword arguments for a Plasticity from measured sweeps.

    ``tabulated`` keeps the mean level after each pulse, and changes levels (isotonic regression) only where their noise
    makes them fall. ``exponential`` and ``logistic`` fit one v a direction, with the ends shared by both directions
    (least squares). ``best`` takes, for each direction, the closer of the two curves if its rms distance from the mean
    levels is below 1 % of the range or twice the standard error of the mean, and the table otherwise.

    Raises
    ------
    FitError
        The ends of the curves leave no range.
    InputError
        No sweeps, or sweeps of fewer than two states.
    UnknownNameError
        There is no such shape; the message holds the closest match.
    """
    if shape not in get_args(FitShape):
        raise UnknownNameError("shape to fit", str(shape), get_args(FitShape))
    means = {way: mean_sweep([s for s in sweeps if s.direction == way], way) for way in ("potentiation", "depression")}
    given = {way: mean for way, mean in means.items() if mean is not None}
    if not given:
        raise InputError("There are no sweeps of two or more states to fit.")
    low, high, shapes = _shapes(given, shape)
    _complain(given, low, high)
    step, read = _noise(given, high - low)
    rise = given.get("potentiation", given.get("depression"))
    fall = given.get("depression", rise)
    assert rise is not None
    assert fall is not None
    only = next(iter(shapes.values()))
    return {
        "potentiation": shapes.get("potentiation", only),
        "depression": shapes.get("depression", only),
        "states": rise.pulses + 1,
        "depression_states": fall.pulses + 1,
        "low": low,
        "high": high,
        "cycle_to_cycle": _rounded(step) if step > _ROUNDING else 0.0,
        "read_noise": _rounded(read) if read > _ROUNDING else 0.0,
        "source": source,
        "assumed": _assumed(given, shapes),
    }


def mean_sweep(sweeps: Sequence[Sweep], way: str) -> Mean | None:
    """Mean over cycles; the number of pulses is the one most cycles have, and of several the largest."""
    if not sweeps:
        return None
    lengths = [int(sweep.pulses[-1]) for sweep in sweeps]
    pulses = max(set(lengths), key=lambda length: (lengths.count(length), length))
    samples = np.full((len(sweeps), pulses + 1), np.nan)
    for row, sweep in zip(samples, sweeps, strict=True):
        inside = sweep.pulses <= pulses
        row[sweep.pulses[inside].astype(int)] = sweep.conductance[inside]
    counts = np.isfinite(samples).sum(axis=0)
    measured = np.flatnonzero(counts)
    sums = np.nansum(samples, axis=0)
    levels = np.interp(np.arange(pulses + 1), measured, sums[measured] / counts[measured])
    return Mean(levels, samples, rising=way == "potentiation")


def _shapes(given: dict[str, Mean], wanted: str) -> tuple[float, float, dict[str, Shape]]:
    """Ends [S] and the shape of each direction."""
    tables = {way: mean.monotone() for way, mean in given.items()}
    low = float(np.mean([table[0] for table in tables.values()]))
    high = float(np.mean([table[-1] for table in tables.values()]))
    if not low < high:
        raise FitError(f"Potentiation and depression leave no range between {low:.4g} S and {high:.4g} S.")
    shapes: dict[str, Shape] = {way: Tabulated(tuple(table)) for way, table in tables.items()}
    if wanted != "tabulated":
        kinds = ("exponential", "logistic") if wanted == "best" else (wanted,)
        best = {way: min((_fit(mean, kind) for kind in kinds), key=lambda f: f[0])[1] for way, mean in given.items()}
        low, high = _ends(given, best)
        if wanted == "exponential" or wanted == "logistic" or all(_close(given[w], best[w], low, high) for w in given):
            return _rounded(low), _rounded(high), best
        low = float(np.mean([table[0] for table in tables.values()]))
        high = float(np.mean([table[-1] for table in tables.values()]))
        shapes = {way: best[way] if _close(given[way], best[way], low, high) else shapes[way] for way in given}
    return _rounded(low), _rounded(high), shapes


def _curve(kind: str, v: float) -> Shape:
    return Exponential(v) if kind == "exponential" else Logistic(v)


def _line(mean: Mean, shape: Shape) -> tuple[float, float, float]:
    """Least-squares low, high of low + (high - low) g through one direction's levels, and the squared misfit."""
    up = mean.levels if mean.rising else mean.levels[::-1]
    g = shape(np.linspace(0.0, 1.0, up.size))
    slope, offset = np.polyfit(g, up, 1)
    return float(offset), float(offset + slope), float(((up - offset - slope * g) ** 2).sum())


def _fit(mean: Mean, kind: str) -> tuple[float, Shape]:
    """Squared misfit and the curve of one direction; the ends are free, v is searched for."""
    if mean.pulses < 2:
        return 0.0, _curve(kind, 0.0)  # two levels are on any curve
    if kind == "exponential":
        grid = np.array([-_STEEPEST, -20.0, -8.0, -4.0, -2.0, 0.0, 2.0, 4.0, 8.0, 20.0, _STEEPEST])
    else:
        grid = np.array([0.0, 1.0, 2.0, 4.0, 8.0, 20.0, _STEEPEST])
    grid = np.unique(grid.clip(-4.0 * mean.pulses, 4.0 * mean.pulses))  # steeper ones have only their first step left
    scale = float(np.ptp(mean.levels)) ** 2 or 1.0
    tried = [_line(mean, _curve(kind, v))[2] for v in grid]
    k = int(np.argmin(tried))
    edges = (grid[max(k - 1, 0)], grid[min(k + 1, grid.size - 1)])
    found = minimize_scalar(
        lambda v: _line(mean, _curve(kind, float(v)))[2] / scale,
        bounds=edges,
        method="bounded",
        options={"xatol": 1e-10},
    )
    return float(found.fun) * scale, _curve(kind, float(f"{found.x:.{_DIGITS}g}"))


def _ends(given: dict[str, Mean], shapes: dict[str, Shape]) -> tuple[float, float]:
    """Ends shared by both directions: least squares over all levels."""
    g = np.concatenate([shapes[way](np.linspace(0.0, 1.0, mean.levels.size)) for way, mean in given.items()])
    up = np.concatenate([mean.levels if mean.rising else mean.levels[::-1] for mean in given.values()])
    slope, offset = np.polyfit(g, up, 1)
    return max(float(offset), 0.0), float(offset + slope)


def _close(mean: Mean, shape: Shape, low: float, high: float) -> bool:
    up = mean.levels if mean.rising else mean.levels[::-1]
    g = shape(np.linspace(0.0, 1.0, up.size))
    distance = math.sqrt(float(np.mean((up - low - (high - low) * g) ** 2)))
    cycles = mean.samples.shape[0]
    error = float(np.nanmean(np.nanstd(mean.samples, axis=0, ddof=1))) / math.sqrt(cycles) if cycles > 1 else 0.0
    return distance <= max(_CLOSE * (high - low), 2.0 * error)


def _noise(given: dict[str, Mean], span: float) -> tuple[float, float]:
    """(spread of one pulse's change as a share of the range, relative noise of one read).

    The change that a pulse makes scatters over cycles by s^2 + 2 r^2, where r is the noise of a read; changes of
    neighbouring pulses share one read and so have the covariance -r^2. Where that covariance is beyond twice its own
    standard error the two are told apart; otherwise all of the scatter is the pulse's.
    """
    squares = products = 0.0
    free = pairs = 0
    for mean in given.values():
        change = np.diff(mean.samples, axis=1)
        count = np.isfinite(change).sum(axis=0)
        away = change[:, count > 1]
        away = away - np.nansum(away, axis=0) / count[count > 1]
        squares += float(np.nansum(away**2))
        free += int((count[count > 1] - 1).sum())
        product = away[:, 1:] * away[:, :-1]
        products += float(np.nansum(product))
        pairs += int(np.maximum(np.isfinite(product).sum(axis=0) - 1, 0).sum())
    if not free:
        return 0.0, 0.0
    variance, covariance = squares / free, products / pairs if pairs else 0.0
    # the standard error of a lag-one covariance of white noise is its variance over sqrt(pairs)
    told = -covariance > 2.0 * variance / math.sqrt(max(pairs, 1))
    read = min(-covariance, 0.5 * variance) if told else 0.0
    levels = np.concatenate([mean.levels for mean in given.values()])
    return math.sqrt(max(variance - 2.0 * read, 0.0)) / span, math.sqrt(read) / float(levels.mean())


def _complain(given: dict[str, Mean], low: float, high: float) -> None:
    """Say where the levels had to be changed by much: not monotone, or ends that do not meet."""
    for way, mean in given.items():
        up = mean.levels if mean.rising else mean.levels[::-1]
        worst = float(np.max(np.maximum.accumulate(up) - up)) / (high - low)
        if worst > _FALLS:
            warnings.warn(
                f"The mean {way} runs the wrong way by {worst:.0%} of its range; its levels were made monotone. If the "
                "device does that, keep the pulses where it does not.",
                SpinloomWarning,
                stacklevel=4,
            )
    if len(given) == 2:
        rise, fall = given["potentiation"].levels, given["depression"].levels
        gap = max(abs(rise[0] - fall[-1]), abs(rise[-1] - fall[0])) / (high - low)
        if gap > _FALLS:
            warnings.warn(
                f"Potentiation ({rise[0]:.4g} S to {rise[-1]:.4g} S) and depression ({fall[0]:.4g} S to "
                f"{fall[-1]:.4g} S) do not meet at their ends; both were stretched onto {low:.4g} S to {high:.4g} S.",
                SpinloomWarning,
                stacklevel=4,
            )


def _assumed(given: dict[str, Mean], shapes: dict[str, Shape]) -> tuple[tuple[str, str, str], ...]:
    if len(given) == 2:
        return ()
    has = next(iter(given))
    missing = "depression" if has == "potentiation" else "potentiation"
    kind = type(shapes[has]).__name__.lower()
    warnings.warn(
        f"The file holds no {missing}: it is taken to be {has}, run backwards.", SpinloomWarning, stacklevel=4
    )
    return ((f"{missing}_shape", kind, f"the file holds no {missing}; {has} is run backwards"),)


def _rounded(value: float) -> float:
    """Twelve digits: more than any instrument gives, and the same after writing and reading."""
    return float(f"{value:.{_DIGITS}g}")
