"""A layer's weights on arrays of devices: programmed once, then a matrix product."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, final

import numpy as np

from spinloom.crossbar.cell import Cell, positive
from spinloom.crossbar.converter import Converter
from spinloom.crossbar.cost import layer_cost
from spinloom.crossbar.faults import Faults
from spinloom.crossbar.mapping import Kind, Mapping, finite_weights
from spinloom.crossbar.periphery import Periphery
from spinloom.crossbar.programming import Programmed, Programming, program
from spinloom.crossbar.tiles import Tile, cut, lines
from spinloom.crossbar.wires import Wires, effective_matrix
from spinloom.errors import InputError
from spinloom.responses.plasticity import Plasticity

if TYPE_CHECKING:
    import xarray as xr

_SPREAD, _FAULTS, _PROGRAMMING = range(3)  # independent streams of one seed


@final
class Crossbar:
    """A weight matrix on arrays of devices.

    Rows carry the inputs, columns give the outputs, so that a tile of (rows, columns) holds rows x columns weights.
    A differential layer takes a pair of arrays for each tile, one of each sign, whose column currents are subtracted
    before conversion. ``devices`` devices at one crossing add their conductances; they are filled one after the other,
    which gives n(i - 1) + 1 levels of n devices with i states. A layer that exceeds a tile is cut: each tile converts
    its own partial sums, which are then added as numbers.

    Parameters
    ----------
    weights : array, shape (outputs, inputs)
    synapse : Plasticity or str
        The device at each crossing, or the name of its parameter set.
    mapping : "differential" or "offset"
        See :class:`~spinloom.crossbar.mapping.Mapping`.
    w_max : float, optional
        Weight at the end of the device's range; the largest weight unless given.
    tile : (int, int)
        Largest rows and columns of an array.
    wires : Wires, str, float, optional
        "2 ohm" for every segment; none unless given.
    programming : Programming, optional
        Open-loop from the low end unless given.
    faults : Faults, optional
        Shares and counts are of all cells and lines of the layer's arrays.
    cell : Cell, optional
        Passive unless given.
    periphery : Periphery, optional
        Energies, latencies and areas of the circuits around.
    input_converter, output_converter : Converter, optional
        For the inputs, and for the partial sums of each tile (in units of weight x input).
    devices : int
        Devices a crossing.
    seed : int
        Of spread, faults and programming. The same seed gives the same devices whatever the tile.

    Raises
    ------
    InputError
        Weights that are no matrix or beyond w_max, more faults than cells or lines, a tile without cells.

    Examples
    --------
    >>> import numpy as np, spinloom as sl
    >>> synapse = sl.responses.Plasticity.from_values(states=5, low="10 uS", high="100 uS")
    >>> layer = sl.crossbar.Crossbar(np.array([[1.0, -0.5], [0.25, 0.0]]), synapse)
    >>> layer.product(np.array([[1.0, 2.0]])).round(12).tolist()
    [[0.0, 0.25]]
    """

    def __init__(
        self,
        weights: np.ndarray,
        synapse: Plasticity | str,
        *,
        mapping: Kind | Mapping = "differential",
        w_max: float | None = None,
        tile: tuple[int, int] = (128, 128),
        wires: Wires | str | float | None = None,
        programming: Programming | None = None,
        faults: Faults | None = None,
        cell: Cell | None = None,
        periphery: Periphery | None = None,
        input_converter: Converter | None = None,
        output_converter: Converter | None = None,
        devices: int = 1,
        seed: int = 0,
    ) -> None:
        target = finite_weights(weights)
        if target.ndim != 2:
            raise InputError(f"Weights of a crossbar have the shape (outputs, inputs), not {target.shape}.")
        self.synapse = Plasticity.from_parameters(synapse) if isinstance(synapse, str) else synapse
        self.cell, self.periphery = cell or Cell(), periphery or Periphery()
        self.mapping = mapping if isinstance(mapping, Mapping) else Mapping.of(target, mapping, w_max)
        self.wires, self.programming = Wires.of(wires), programming or Programming()
        self.input_converter, self.output_converter = input_converter, output_converter
        self.devices, self.seed = _whole(devices, "devices"), _whole(seed, "seed", 0)
        self.shape: tuple[int, int] = target.shape
        self.tile = (_whole(tile[0], "tile rows"), _whole(tile[1], "tile columns"))
        self.tiles = cut(self.shape, self.tile)
        self._cells = (self.mapping.arrays, self.devices, *self.shape)  # array, device, output, input
        self._cache: dict[float, np.ndarray] = {}  # effective weights by time since programming
        self._applied: dict[float, list[np.ndarray]] = {}  # and the matrices behind them
        self._build(faults or Faults())
        self.reprogram(target)

    # ---- the devices --------------------------------------------------------------------------------------------

    def _build(self, faults: Faults) -> None:
        """Draw what fabrication leaves to chance: spread, stuck cells, dead lines."""
        spread = self.synapse.device_to_device
        normal = self._stream(_SPREAD).standard_normal(self._cells) if spread else np.zeros(self._cells)
        self.spread = np.exp(spread * normal - 0.5 * spread**2)  # mean 1
        self.stuck = np.full(self._cells, np.nan)
        self.alive = np.ones(self._cells, dtype=bool)
        if not faults:
            return
        chance = self._stream(_FAULTS)
        low, high = faults.draw_cells(self.stuck.size, chance)
        self.stuck.flat[low], self.stuck.flat[high] = 0.0, 1.0
        rows, columns = lines(self.tiles, self.mapping.arrays)
        for places, dead in zip((rows, columns), faults.draw_lines(len(rows), len(columns), chance), strict=True):
            for number in dead:
                array, outputs, inputs = places[number]
                self.alive[array, :, outputs, inputs] = False

    def reprogram(self, weights: np.ndarray, seed: int | None = None) -> Programmed:
        """Write other weights of the same shape into the same devices, from where they stand.

        Parameters
        ----------
        weights : array, shape (outputs, inputs)
        seed : int, optional
            Of this programming; the first one uses the crossbar's own.

        Returns
        -------
        Programmed
            Arrays of shape (arrays, devices, outputs, inputs); also kept as ``self.programmed``.
        """
        target = finite_weights(weights)
        if target.shape != self.shape:
            raise InputError(f"The crossbar holds weights of shape {self.shape}, not {target.shape}.")
        states = self.mapping.to_states(target)
        total = np.stack([s for s in states if s is not None])
        # device k of n holds what the k before it cannot: whole levels of all, so n(i - 1) + 1 of them
        split = np.clip(self.devices * total[:, None] - np.arange(self.devices)[:, None, None], 0.0, 1.0)
        before = getattr(self, "programmed", None)
        self.programmed = program(
            split,
            self.synapse,
            self.programming,
            np.random.default_rng([_PROGRAMMING, self.seed if seed is None else seed]),
            before.states if before is not None else None,
            factor=self.spread,
            stuck=self.stuck,
            cell=self.cell,
        )
        self._cache.clear()
        self._applied.clear()
        return self.programmed

    def _stream(self, purpose: int) -> np.random.Generator:
        return np.random.default_rng([purpose, self.seed])

    def _device_conductances(self, time: float) -> np.ndarray:
        """Of every cell as the array sees it [S], shape (arrays, devices, outputs, inputs)."""
        working = np.isnan(self.stuck)
        state, synapse = self.programmed.states, self.synapse
        if time and np.isfinite(synapse.retention_time):
            state = np.where(working, state * np.exp(-time / synapse.retention_time), state)
        junction = synapse.to_conductance(state) * self.spread
        if synapse.drift_exponent and time > 1.0:
            junction = np.where(working, junction * time**-synapse.drift_exponent, junction)
        return np.where(self.alive, self.cell.conductance(junction), 0.0)

    def conductances_after(self, time: str | float = 0.0) -> list[np.ndarray]:
        """Conductances [S] of each tile after a time [s], shape (arrays, rows, columns)."""
        summed = self._device_conductances(positive(time, "time", "time", zero=True)).sum(axis=1)
        return [np.swapaxes(summed[:, tile.outputs, tile.inputs], 1, 2) for tile in self.tiles]

    @property
    def conductances(self) -> list[np.ndarray]:
        """Conductances [S] of each tile, shape (arrays, rows, columns), right after programming."""
        return self.conductances_after()

    # ---- what the layer computes --------------------------------------------------------------------------------

    @property
    def _unit(self) -> float:
        """Weight per siemens."""
        low, high = self.cell.conductance(np.array([self.synapse.low, self.synapse.high]))
        reach = 1.0 if self.mapping.kind == "differential" else 2.0
        return float(reach * self.mapping.w_max / (self.devices * (high - low)))

    def _tile_weights(self, arrays: np.ndarray, tile: Tile) -> np.ndarray:
        """(outputs, inputs) of one tile, from the matrices that its arrays apply."""
        if self.mapping.kind == "differential":
            return self._unit * (arrays[0] - arrays[1]).T
        low, high = self.cell.conductance(np.array([self.synapse.low, self.synapse.high]))
        # a dead row feeds the reference column no more than the others
        fed = self.alive[0, 0, tile.outputs, tile.inputs].any(axis=0)
        return self._unit * (arrays[0].T - 0.5 * self.devices * (low + high) * fed)

    def effective_weights(self, time: str | float = 0.0) -> np.ndarray:
        """The weights (outputs, inputs) that the layer applies a time [s] after programming.

        Spread, faults, drift and wires are inside; read noise and converters are not. Computed once a programming and
        time.
        """
        seconds = positive(time, "time", "time", zero=True)
        if seconds not in self._cache:
            found = np.empty(self.shape)
            for tile, arrays in zip(self.tiles, self._matrices(seconds), strict=True):
                found[tile.outputs, tile.inputs] = self._tile_weights(arrays, tile)
            found.setflags(write=False)
            self._cache[seconds] = found
        return self._cache[seconds]

    def _matrices(self, time: float) -> list[np.ndarray]:
        """What each tile's arrays apply [S], wires included, shape (arrays, rows, columns)."""
        if time not in self._applied:
            self._applied[time] = [
                np.stack([effective_matrix(array, self.wires) for array in arrays])
                for arrays in self.conductances_after(time)
            ]
        return self._applied[time]

    def noise_weights(self) -> np.ndarray:
        """Standard deviation of each weight (outputs, inputs) between two reads.

        Every device's conductance fluctuates on its own, relative to its value, so that an output has the variance
        sum_i x_i^2 s_i^2. Wires weaken a cell's noise as they weaken its signal; that many rows at once weaken it
        further is left out: s is 10 % too large where wires take a quarter of the signal, 30 % where they take half.
        """
        power = (self._device_conductances(0.0) ** 2).sum(axis=1)  # of the devices at each crossing of each array
        found = np.empty(self.shape)
        for tile, whole, applied in zip(self.tiles, self.conductances, self._matrices(0.0), strict=True):
            kept = np.divide(applied, whole, out=np.zeros_like(whole), where=whole > 0)
            part = power[:, tile.outputs, tile.inputs] * np.swapaxes(kept, 1, 2) ** 2
            found[tile.outputs, tile.inputs] = np.sqrt(part.sum(axis=0))
        return self.synapse.read_noise * self._unit * found

    def product(
        self, x: np.ndarray, seed: int | np.random.Generator | None = None, time: str | float = 0.0
    ) -> np.ndarray:
        """Outputs (samples, outputs) of inputs (samples, inputs).

        Parameters
        ----------
        x : array, shape (samples, inputs)
        seed : int or numpy.random.Generator, optional
            Of the read noise; without, the mean read.
        time : float
            Since programming [s].

        Raises
        ------
        InputError
            Inputs of another width, NaN, or a converter without a range.
        """
        total = np.zeros((len(np.atleast_2d(x)), self.shape[0]))
        for tile, partial in self._partial_sums(x, seed, time):
            total[:, tile.outputs] += self.output_converter.convert(partial) if self.output_converter else partial
        return total

    def calibrated(self, x: np.ndarray, share: float = 0.999) -> Crossbar:
        """The same programmed crossbar, its converters' ranges set to hold a share of what these inputs give."""
        made = copy.copy(self)
        made._cache, made._applied = dict(self._cache), dict(self._applied)
        if self.input_converter is not None:
            made.input_converter = self.input_converter.calibrate(x, share)
        if self.output_converter is not None:
            sums = [partial.ravel() for _, partial in made._partial_sums(x, None, 0.0)]
            made.output_converter = self.output_converter.calibrate(np.concatenate(sums), share, signed=True)
        return made

    def saturated(self, x: np.ndarray) -> float:
        """Share of the partial sums that the output converter cuts off."""
        if self.output_converter is None:
            return 0.0
        sums = np.concatenate([partial.ravel() for _, partial in self._partial_sums(x, None, 0.0)])
        return self.output_converter.saturated(sums) / sums.size

    def cost(self, x: np.ndarray | None = None) -> xr.Dataset:
        """Energy [J], latency [s] and area [m^2] of the layer as it was programmed last.

        Parameters
        ----------
        x : array, shape (samples, inputs), optional
            Typical inputs, for the energy of a read; without, every row at full scale.

        Returns
        -------
        xarray.Dataset
            energy and latency (operation, part), area (part). Operation "write" is the last programming, "read" one
            input sample. Every tile has its own converters, so that tiles read side by side. ``attrs["unknown"]`` names
            what stands at zero because it is not known.

        Notes
        -----
        The energy of a read is x^2 V^2 G t of each cell, with V the device's read voltage at the largest input; wires
        only lower it. Row r of a tile is driven whatever its weights are.
        """
        drive = np.ones(self.shape[1])
        if x is not None:
            given = self._inputs(x)
            full = max(map(abs, self.input_converter.bounds)) if self.input_converter else float(np.abs(given).max())
            drive = ((given / (full or 1.0)) ** 2).mean(axis=0)
        return layer_cost(self, drive)

    def _inputs(self, x: np.ndarray) -> np.ndarray:
        """Inputs (samples, inputs) as the rows see them."""
        given = np.atleast_2d(np.asarray(x, float))
        if given.ndim != 2 or given.shape[1] != self.shape[1]:
            raise InputError(f"Inputs have the shape (samples, {self.shape[1]}), not {np.shape(x)}.")
        if not np.isfinite(given).all():
            raise InputError(f"{int((~np.isfinite(given)).sum())} of {given.size} inputs are NaN or infinite.")
        return self.input_converter.convert(given) if self.input_converter else given

    def _partial_sums(
        self, x: np.ndarray, seed: int | np.random.Generator | None, time: str | float
    ) -> list[tuple[Tile, np.ndarray]]:
        given = self._inputs(x)
        weights, sums = self.effective_weights(time), []
        noisy = seed is not None and self.synapse.read_noise > 0
        chance, noise = np.random.default_rng(seed), self.noise_weights() if noisy else None
        for tile in self.tiles:
            part = given[:, tile.inputs]
            value = part @ weights[tile.outputs, tile.inputs].T
            if noise is not None:
                spread = np.sqrt(part**2 @ (noise[tile.outputs, tile.inputs] ** 2).T)
                value = value + spread * chance.standard_normal(value.shape)
            sums.append((tile, value))
        return sums


def _whole(value: int, name: str, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InputError(f"{name} = {value}: give a whole number from {least} upwards.")
    return int(value)
