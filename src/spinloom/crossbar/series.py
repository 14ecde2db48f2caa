"""Columns of cells in series: a binary dot product as a sum of resistances.

A cell holds a weight of ±1 in two junctions with opposite states; an input of ±1 selects which of the two carries the
current. Where weight and input agree the selected junction is parallel (r_low), else antiparallel (r_high), which is
XNOR. A column of n cells then has R = k r_low + (n - k) r_high with k agreements, so that w.x = 2k - n follows from R,
or from the voltage I R, or from the time that R takes to charge a capacitance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, final, get_args

import numpy as np

from spinloom.crossbar.cell import positive
from spinloom.crossbar.converter import Converter
from spinloom.errors import InputError, UnknownNameError
from spinloom.units import si

Readout = Literal["uniform", "calibrated", "nonuniform"]


def series_sums(
    weights: np.ndarray, inputs: np.ndarray, r_low: np.ndarray | float, r_high: np.ndarray | float
) -> np.ndarray:
    """Resistance of each column for each sample: R = sum_i R_i(w_i x_i).

    Parameters
    ----------
    weights : array of ±1, shape (outputs, inputs)
    inputs : array of ±1, shape (samples, inputs)
    r_low, r_high : float or array
        Resistance of a parallel and of an antiparallel junction [ohm]: one number, (outputs, inputs), or
        (outputs, inputs, 2) for the junction that x = +1 selects and the one that x = -1 does.

    Returns
    -------
    numpy.ndarray, shape (samples, outputs)
        [ohm]

    Raises
    ------
    InputError
        Weights or inputs other than ±1, shapes that do not fit, a resistance that is not above 0.
    """
    w, x = _signs(weights, "weights"), _signs(inputs, "inputs")
    if w.shape[1] != x.shape[1]:
        raise InputError(f"Weights have {w.shape[1]} inputs, samples {x.shape[1]}.")
    low, high = (_junctions(value, w.shape, name) for value, name in ((r_low, "r_low"), (r_high, "r_high")))
    plus = np.where(w > 0, low[..., 0], high[..., 0])  # selected by x = +1
    minus = np.where(w > 0, high[..., 1], low[..., 1])  # selected by x = -1
    return 0.5 * (plus + minus).sum(axis=1) + x @ (0.5 * (plus - minus)).T


@final
@dataclass(frozen=True)
class SeriesColumn:
    """Series columns of XNOR cells, at most ``tile`` cells long.

    Attributes
    ----------
    r_low, r_high : str or float
        Mean resistance of a parallel and of an antiparallel junction [ohm].
    spread_low, spread_high : str or float
        Standard deviation between junctions [ohm]; a normal law, cut off at a tenth of the mean.
    transistor : str or float
        Resistance of the selecting transistor in series with each cell [ohm].
    tile : int
        Cells in series; longer dot products are cut, and the tiles' read-outs added.
    read_noise : float
        Relative standard deviation of a column's resistance between two reads.
    capacitance_time : str or float, optional
        Time that 1 ohm takes to charge the column, C ln(1/(1 - s)) [s], for :meth:`times`.

    Raises
    ------
    InputError
        r_low not below r_high, a spread below 0.
    """

    r_low: str | float
    r_high: str | float
    spread_low: str | float = 0.0
    spread_high: str | float = 0.0
    transistor: str | float = 0.0
    tile: int = 64
    read_noise: float = 0.0
    capacitance_time: str | float | None = None

    def __post_init__(self) -> None:
        """Read units, refuse what is no cell."""
        for name in ("r_low", "r_high", "spread_low", "spread_high", "transistor"):
            zero = name not in ("r_low", "r_high")
            object.__setattr__(self, name, positive(getattr(self, name), "resistance", name, zero=zero))
        if not float(self.r_low) < float(self.r_high):
            raise InputError(f"r_low = {self.r_low} ohm must be below r_high = {self.r_high} ohm.")
        if isinstance(self.tile, bool) or not isinstance(self.tile, int | np.integer) or self.tile < 1:
            raise InputError(f"tile = {self.tile}: give a whole number of cells from 1 upwards.")
        if not 0.0 <= self.read_noise < math.inf:
            raise InputError(f"read_noise = {self.read_noise}: give a finite number of 0 or more.")
        if self.capacitance_time is not None:
            object.__setattr__(self, "capacitance_time", positive(self.capacitance_time, "time", "capacitance_time"))

    def slices(self, inputs: int) -> list[slice]:
        """The parts that a dot product of so many inputs is cut into."""
        return [slice(i, min(i + self.tile, inputs)) for i in range(0, inputs, self.tile)]

    def draw(self, shape: tuple[int, int], seed: int | np.random.Generator = 0) -> tuple[np.ndarray, np.ndarray]:
        """Junctions of a layer (outputs, inputs): r_low and r_high [ohm], each of shape (outputs, inputs, 2)."""
        chance = np.random.default_rng(seed)
        drawn = []
        for mean, spread in ((self.r_low, self.spread_low), (self.r_high, self.spread_high)):
            value = float(mean) + float(spread) * chance.standard_normal((*shape, 2))
            drawn.append(np.maximum(value, 0.1 * float(mean)))
        return drawn[0], drawn[1]

    def sums(
        self,
        weights: np.ndarray,
        inputs: np.ndarray,
        junctions: tuple[np.ndarray, np.ndarray] | None = None,
        seed: int | np.random.Generator | None = None,
    ) -> np.ndarray:
        """Resistance of each tile's column [ohm], shape (samples, outputs, tiles).

        Parameters
        ----------
        weights, inputs : arrays of ±1, shapes (outputs, inputs) and (samples, inputs)
        junctions : (r_low, r_high), optional
            From :meth:`draw`; without, every junction is the mean one.
        seed : int or numpy.random.Generator, optional
            Of the read noise; without, the mean read.
        """
        low, high = junctions if junctions is not None else (float(self.r_low), float(self.r_high))
        shape = np.shape(weights)
        low, high = (_junctions(value, shape, name) for value, name in ((low, "r_low"), (high, "r_high")))
        extra = float(self.transistor)
        parts = [
            series_sums(weights[:, part], inputs[:, part], low[:, part] + extra, high[:, part] + extra)
            for part in self.slices(shape[1])
        ]
        found = np.stack(parts, axis=-1)
        if seed is not None and self.read_noise:
            found = found * (1.0 + self.read_noise * np.random.default_rng(seed).standard_normal(found.shape))
        return found

    def dots(self, sums: np.ndarray, inputs: int) -> np.ndarray:
        """What each tile's resistance says of its w.x, by the mean junctions: same shape, not rounded."""
        cells = np.array([part.stop - part.start for part in self.slices(inputs)])
        low, high, extra = float(self.r_low), float(self.r_high), float(self.transistor)
        return cells - 2.0 * (sums - cells * (low + extra)) / (high - low)

    def voltages(self, sums: np.ndarray, current: str | float) -> np.ndarray:
        """I R of each column [V]."""
        return si(current, "current", "current") * np.asarray(sums, float)

    def energies(self, sums: np.ndarray, current: str | float, duration: str | float) -> np.ndarray:
        """I^2 R t of one read of each column [J]."""
        amperes, seconds = si(current, "current", "current"), positive(duration, "time", "duration")
        return amperes**2 * np.asarray(sums, float) * seconds

    def times(self, sums: np.ndarray) -> np.ndarray:
        """Charging time of each column [s], for a :class:`~spinloom.crossbar.TimeToDigital`."""
        if self.capacitance_time is None:
            raise InputError("A column's charging time needs capacitance_time, the time that 1 ohm takes.")
        return float(self.capacitance_time) * np.asarray(sums, float)

    def products(
        self,
        weights: np.ndarray,
        inputs: np.ndarray,
        junctions: tuple[np.ndarray, np.ndarray] | None = None,
        converter: Converter | None = None,
        seed: int | np.random.Generator | None = None,
    ) -> np.ndarray:
        """w.x as the hardware gives it: each tile read out, the tiles added; shape (samples, outputs)."""
        partial = self.dots(self.sums(weights, inputs, junctions, seed), np.shape(weights)[1])
        return (converter.convert(partial) if converter else partial).sum(axis=-1)


def readout(kind: Readout, bits: int, cells: int, samples: np.ndarray | None = None, share: float = 0.999) -> Converter:
    """How a tile's dot product, -cells..cells, is mapped onto 2^bits codes.

    "uniform": evenly over all that could come, around mid range. "calibrated": evenly over what a share of the samples
    holds. "nonuniform": levels where the samples are (Lloyd-Max). Dot products of n random signs have a standard
    deviation of sqrt(n) only, so that the first wastes most of its codes.

    Raises
    ------
    UnknownNameError, InputError
        A kind that is not there; samples missing where they are needed.
    """
    if kind not in get_args(Readout):
        raise UnknownNameError("read-out mapping", str(kind), get_args(Readout))
    if kind == "uniform":
        return Converter(bits, (-float(cells), float(cells)) if bits == 1 else float(cells))
    if samples is None:
        raise InputError(f"A {kind} read-out needs samples of the dot products it will see.")
    if kind == "calibrated":
        return Converter(bits).calibrate(samples, share, signed=True)
    return Converter(bits, mode="nonuniform").calibrate(samples)


def _signs(values: np.ndarray, name: str) -> np.ndarray:
    given = np.asarray(values, float)
    if given.ndim != 2:
        raise InputError(f"{name} have two dimensions, not the shape {given.shape}.")
    if not (np.abs(given) == 1.0).all():
        raise InputError(f"{int((np.abs(given) != 1.0).sum())} of {given.size} {name} are neither +1 nor -1.")
    return given


def _junctions(value: np.ndarray | float, shape: tuple[int, ...], name: str) -> np.ndarray:
    given = np.asarray(value, float)
    if given.ndim == 2:
        given = given[..., None]
    if given.ndim not in (0, 3) or (given.ndim == 3 and (given.shape[:2] != shape or given.shape[2] not in (1, 2))):
        raise InputError(f"{name} has the shape {np.shape(value)}; give one number, {shape}, or {(*shape, 2)}.")
    if not (np.isfinite(given) & (given > 0)).all():
        raise InputError(f"{name}: every resistance must be finite and above 0 ohm.")
    return np.broadcast_to(given, (*shape, 2))
