"""Cues: a row of junctions that sees a value, and what Bayes' rule makes of one such row or of two.

A sensor whose preferred value is x_i gets the current that says how far the stimulus s is from it, and answers with its
bell curve: r_i(s) = r_0/cosh((s - x_i)/b), with b the distance that moves the current by one width I_c/Delta.
A more reliable cue is one that more sensors see: with ``copies`` of each, mean and variance of the counts grow alike,
so the inverse variance of the best estimate grows as ``copies`` (Ma et al., doi:10.1038/nn1790).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np

from spinloom.devices.two_state import TwoState
from spinloom.errors import InputError
from spinloom.snn.axis import Axis


@final
@dataclass(frozen=True)
class Sensors:
    """Junctions that count a stimulus.

    Attributes
    ----------
    axis : Axis
        Preferred values.
    junctions : TwoState
        copies * axis.count junctions, copy by copy, or one: the same everywhere.
    breadth : float
        b, in the axis' unit.
    copies : int
        Sensors of each preferred value.

    Raises
    ------
    InputError
        Numbers that do not fit.
    """

    axis: Axis
    junctions: TwoState
    breadth: float = 0.5
    copies: int = 1

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not self.breadth > 0.0 or self.copies < 1:
            raise InputError("breadth must be more than 0, and copies at least 1.")
        total = self.copies * self.axis.count
        if self.junctions.count not in (1, total):
            raise InputError(
                f"{self.copies} x {self.axis.count} sensors need as many junctions, not {self.junctions.count}."
            )
        if self.junctions.count == 1:
            object.__setattr__(self, "junctions", self.junctions[np.zeros(total, int)])

    def currents(self, stimulus: float | np.ndarray) -> np.ndarray:
        """Currents [A] of all sensors, (..., copies * n). InputError for a stimulus outside the range."""
        distance = self.axis.difference(self.axis.check(stimulus)[..., None], self.axis.positions)
        width = np.median(self.junctions.width)
        middle = np.median(self.junctions.offset_current)
        return np.tile(middle + width / self.breadth * distance, self.copies)

    def rates(self, stimulus: float | np.ndarray) -> np.ndarray:
        """Mean flips a second of the copies together, (..., n)."""
        return self.pooled(self.junctions.flip_rate(self.currents(stimulus)))

    def counts(self, stimulus: float | np.ndarray, duration: float, seed: int = 0) -> np.ndarray:
        """Flips of each sensor within ``duration`` [s], (..., copies * n): exact, each element with its own chance."""
        return self.junctions.flips(self.currents(stimulus), duration, seed)[0]

    def pooled(self, each: np.ndarray) -> np.ndarray:
        """Sum over the copies, (..., n)."""
        return each.reshape(*each.shape[:-1], self.copies, self.axis.count).sum(-2)

    def log_likelihood(self, counts: np.ndarray, duration: float, grid: np.ndarray) -> np.ndarray:
        """Log probability of counts (trials, copies * n) for stimuli on a grid, (trials, grid): exact, up to 1e-15.

        Distributions of the counts from :func:`count_distribution`; sensors are independent. Quick where sensors are
        alike and the grid divides their spacing, so that few distances differ.
        """
        given = np.asarray(counts)
        most = int(given.max(initial=0))
        total = np.zeros((given.shape[0], np.size(grid)))
        junctions = self.junctions
        rows = (junctions.attempt_frequency, junctions.thermal_stability, junctions.critical_current)
        kinds, kind_of = np.unique(np.stack([*rows, junctions.offset_current]), axis=1, return_inverse=True)
        width = np.median(junctions.width)
        steps = np.round(self.currents(grid) / (1e-9 * width))  # equal distances give equal currents, to rounding
        for kind in range(kinds.shape[1]):
            members = np.flatnonzero(kind_of.ravel() == kind)
            distinct, place = np.unique(steps[:, members], return_inverse=True)
            out_of_p, out_of_ap = junctions[members[:1]].rates(distinct[:, None] * 1e-9 * width)
            chances = count_distribution(out_of_p[:, 0], out_of_ap[:, 0], duration, most)
            table, place = np.log(np.maximum(chances, 1e-15)), place.reshape(-1, members.size)
            for column, sensor in enumerate(members):
                total += table[place[:, column]][:, given[:, sensor]].T
        return total


def count_distribution(
    leave_parallel: np.ndarray, leave_antiparallel: np.ndarray, duration: float, most: int
) -> np.ndarray:
    """P(n flips within a time), n = 0 .. ``most``, of a two-state junction in its steady state; (..., most + 1).

    From the generating function G(z) = pi exp(M(z) T) 1, M = [[-a, z a], [z b, -b]], on the unit circle and back by a
    Fourier transform; a, b the escape rates of the two states and pi their shares. Absolute error about 1e-15.

    Parameters
    ----------
    leave_parallel, leave_antiparallel : array (...)
        Escape rates [1/s], above 0.
    duration : float
        Time [s].
    most : int
        Largest number wanted.
    """
    a, b = (np.asarray(rate, float)[..., None] for rate in (leave_parallel, leave_antiparallel))
    mean = float((2.0 * a * b / (a + b)).max()) * duration
    points = 1 << math.ceil(math.log2(max(most + 2, mean + 15.0 * math.sqrt(2.0 * mean) + 40.0)))
    z = np.exp(-2.0j * math.pi * np.arange(points) / points)
    half, root = 0.5 * (a + b), np.sqrt(0.25 * (a - b) ** 2 + z**2 * a * b)
    share_p, share_ap = b / (a + b), a / (a + b)
    row_sums = share_p * (half - a + z * a) + share_ap * (half - b + z * b)  # pi (M + half) 1
    rise, fall = np.exp((root - half) * duration), np.exp((-root - half) * duration)
    small = np.abs(root) < 1e-9 * half
    ratio = np.where(small, duration * np.exp(-half * duration), (rise - fall) / np.where(small, 1.0, 2.0 * root))
    generating = 0.5 * (rise + fall) + ratio * row_sums
    return np.maximum(np.fft.ifft(generating, axis=-1).real[..., : most + 1], 0.0)


def posterior(log_likelihood: np.ndarray, grid: np.ndarray, axis: Axis) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the posterior on a grid with a flat prior, each (trials,).

    On a ring the mean is that of the direction, and the deviation is taken the short way round from it.
    """
    weight = np.exp(log_likelihood - log_likelihood.max(-1, keepdims=True))
    weight /= weight.sum(-1, keepdims=True)
    if axis.periodic:
        angle = 2.0 * math.pi * (grid - axis.low) / axis.length
        mean = axis.low + (np.angle(weight @ np.exp(1j * angle)) % (2.0 * math.pi)) * axis.length / (2.0 * math.pi)
    else:
        mean = weight @ grid
    distance = axis.difference(grid, mean[:, None])
    return mean, np.sqrt((weight * distance**2).sum(-1))


def inverse_variance(variances: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights 1/v_m / sum 1/v of the best linear combination of independent estimates, and its variance 1/sum 1/v.

    Raises
    ------
    InputError
        A variance that is not above 0.
    """
    given = np.asarray(variances, float)
    if not (given > 0.0).all():
        raise InputError("Variances must be more than 0.")
    precision = 1.0 / given
    return precision / precision.sum(), float(1.0 / precision.sum())
