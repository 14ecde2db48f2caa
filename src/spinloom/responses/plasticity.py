"""The plasticity response of a synapse: conductance against the number of potentiating and depressing pulses."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, final, get_args

import numpy as np

from spinloom.errors import InputError, UnknownNameError
from spinloom.responses.base import Response
from spinloom.responses.shapes import Direction, Exponential, Shape

if TYPE_CHECKING:
    from spinloom.parameters.schema import ParameterSet
    from spinloom.responses.combination import Coding, Order
    from spinloom.responses.plasticity_fit import FitShape

_WAYS: tuple[tuple[Direction, int], ...] = (("potentiation", 1), ("depression", -1))


@final
@dataclass(frozen=True)
class Plasticity(Response):
    """Potentiation and depression of a synaptic device, with its spread, errors and costs.

    The conductance is G = low + (high - low) g with the normalised state g in 0..1. After p of n potentiating pulses
    from the bottom, g = potentiation(p/n); after p of m depressing pulses from the top, g = depression(1 - p/m). From a
    state in between, a pulse moves along the curve of its own direction: P = curve^-1(g), g' = curve(P ± 1/n).

    Attributes
    ----------
    potentiation, depression : Shape
        Rising curves from (0, 0) to (1, 1).
    states : int
        Levels of potentiation, both ends included; n = states - 1 pulses lead from one end to the other.
    depression_states : int
        Levels of depression; 0 takes ``states``.
    low, high : float
        Smallest and largest conductance [S].
    cycle_to_cycle : float
        Standard deviation of what one pulse changes, as a share of high - low; k pulses add sqrt(k) times that.
    device_to_device : float
        Relative standard deviation of the conductance between devices (a log-normal factor with mean 1).
    write_error : float
        Probability that a pulse does nothing.
    retention_time : float
        g decays as exp(-t/retention_time) [s]; infinite for a non-volatile device.
    drift_exponent : float
        G falls as (t/1 s)^-drift_exponent after the first second (phase-change memories).
    read_noise : float
        Relative standard deviation of the conductance between two reads.
    write_energy, write_time : float or None
        Of one pulse [J], [s]; None: not known.
    read_voltage, read_time : float or None
        Of one read [V], [s]; None: not known.
    source : str
        Which device or file this comes from.
    references : tuple of str
        Bibliography keys.
    assumed : tuple of (what, value, why)
        What the document behind the numbers does not give.

    Raises
    ------
    InputError
        Fewer than two states, conductances that are not 0 <= low < high, a spread below 0, a probability above 1.

    Examples
    --------
    >>> import spinloom as sl
    >>> synapse = sl.responses.Plasticity.from_values(states=16, low="10 uS", high="100 uS")
    >>> float(synapse.conductance(15))
    0.0001
    """

    potentiation: Shape
    depression: Shape
    states: int
    low: float
    high: float
    depression_states: int = 0
    cycle_to_cycle: float = 0.0
    device_to_device: float = 0.0
    write_error: float = 0.0
    retention_time: float = math.inf
    drift_exponent: float = 0.0
    read_noise: float = 0.0
    write_energy: float | None = None
    write_time: float | None = None
    read_voltage: float | None = None
    read_time: float | None = None
    source: str = ""
    references: tuple[str, ...] = ()
    assumed: tuple[tuple[str, str, str], ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no synapse."""
        if not self.depression_states:
            object.__setattr__(self, "depression_states", self.states)
        for name in ("states", "depression_states"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 2:
                raise InputError(f"{name} = {value}: a synapse needs a whole number of at least two states.")
        if not (0.0 <= self.low < self.high < math.inf):
            raise InputError(
                f"low = {self.low:g} S, high = {self.high:g} S: conductances must satisfy 0 <= low < high."
            )
        for name in ("cycle_to_cycle", "device_to_device", "read_noise", "drift_exponent"):
            if not 0.0 <= getattr(self, name) < math.inf:
                raise InputError(f"{name} = {getattr(self, name)}: give a finite number of 0 or more.")
        if not 0.0 <= self.write_error < 1.0:
            raise InputError(f"write_error = {self.write_error}: give a probability from 0 to below 1.")
        if not self.retention_time > 0:
            raise InputError(f"retention_time = {self.retention_time}: give a time above 0.")

    # ---- the curves ---------------------------------------------------------------------------------------------

    def curve(self, direction: Direction) -> tuple[Shape, int]:
        """The shape of one direction, and its number of pulses from end to end."""
        if direction not in get_args(Direction):
            raise UnknownNameError("direction", str(direction), get_args(Direction))
        if direction == "potentiation":
            return self.potentiation, self.states - 1
        return self.depression, self.depression_states - 1

    def levels(self, direction: Direction = "potentiation") -> np.ndarray:
        """Normalised levels g, rising, that whole pulses reach from an end; shape (states,)."""
        shape, pulses = self.curve(direction)
        return shape(np.linspace(0.0, 1.0, pulses + 1))

    def conductance(self, pulses: float | np.ndarray, direction: Direction = "potentiation") -> np.ndarray:
        """G [S] after a number of potentiating pulses from the bottom, or of depressing pulses from the top."""
        shape, total = self.curve(direction)
        share = np.clip(np.asarray(pulses, float) / total, 0.0, 1.0)
        return self.to_conductance(shape(share if direction == "potentiation" else 1.0 - share))

    def __call__(self, drive: float | np.ndarray) -> np.ndarray:
        """G [S] after ``drive`` potentiating pulses from the bottom."""
        return self.conductance(drive)

    def to_conductance(self, state: float | np.ndarray) -> np.ndarray:
        """G [S] of normalised states g."""
        g = np.asarray(state, float)
        return self.low * (1.0 - g) + self.high * g  # exact at both ends

    def to_state(self, conductance: float | np.ndarray) -> np.ndarray:
        """g of conductances [S]."""
        return (np.asarray(conductance, float) - self.low) / (self.high - self.low)

    # ---- pulses -------------------------------------------------------------------------------------------------

    def after_pulses(
        self, state: np.ndarray, pulses: np.ndarray, chance: np.random.Generator | None = None
    ) -> np.ndarray:
        """States g after whole pulses: positive numbers potentiate, negative ones depress.

        Parameters
        ----------
        state : array in 0..1
        pulses : array of whole numbers, same shape
        chance : numpy.random.Generator or None
            Source of write errors and cycle-to-cycle spread; None gives the mean device, without either.

        Returns
        -------
        numpy.ndarray
            New states, within 0..1.
        """
        g, pulses = np.broadcast_arrays(np.asarray(state, float), np.asarray(pulses))
        count = np.abs(pulses)
        if chance is not None and self.write_error:
            count = chance.binomial(count.astype(np.int64), 1.0 - self.write_error)
        new = g.copy()
        for direction, sign in _WAYS:
            shape, total = self.curve(direction)
            moved = (np.sign(pulses) == sign) & (count > 0)
            if moved.any():
                place = shape.inverse(g[moved]) + sign * count[moved] / total
                new[moved] = shape(np.clip(place, 0.0, 1.0))
        if chance is not None and self.cycle_to_cycle:
            new = new + self.cycle_to_cycle * np.sqrt(count) * chance.standard_normal(new.shape)
        return np.clip(new, 0.0, 1.0)

    def pulses_between(self, start: np.ndarray, target: np.ndarray) -> np.ndarray:
        """Whole pulses, signed, that bring the mean device nearest to its target (both normalised)."""
        start, target = np.broadcast_arrays(np.asarray(start, float), np.asarray(target, float))
        pulses = np.zeros(start.shape, dtype=np.int64)
        for direction, sign in _WAYS:
            shape, total = self.curve(direction)
            moved = np.sign(target - start) == sign
            if moved.any():
                here = shape.inverse(start[moved])
                count = np.abs(shape.inverse(target[moved]) - here) * total
                options = np.stack([np.floor(count), np.ceil(count)])
                reached = shape(np.clip(here + sign * options / total, 0.0, 1.0))
                best = np.argmin(np.abs(reached - target[moved]), axis=0)
                pulses[moved] = sign * np.take_along_axis(options, best[None], axis=0)[0].astype(np.int64)
        return pulses

    # ---- where a synapse comes from -----------------------------------------------------------------------------

    @classmethod
    def from_values(
        cls,
        states: int,
        low: str | float = 0.0,
        high: str | float = 1.0,
        potentiation: Shape | None = None,
        depression: Shape | None = None,
        **more: Any,
    ) -> Plasticity:
        """From known values, straight where no shape is given; conductances as "10 uS" or [S]."""
        from spinloom.units import si

        rise = potentiation or Exponential(0.0)
        return cls(rise, depression or rise, states, si(low, "conductance"), si(high, "conductance"), **more)

    @classmethod
    def from_parameters(cls, name: str | Path | ParameterSet, **overrides: str | float) -> Plasticity:
        """From a parameter set of a synapse, by name, path or object; overrides are marked as yours."""
        from spinloom.responses.synapse_set import read_set

        return cls(**read_set(name, overrides))

    @classmethod
    def from_csv(cls, path: str | Path, shape: FitShape = "tabulated", **more: Any) -> Plasticity:
        """From a laboratory's file with the columns ``pulse`` and ``conductance [uS]`` or ``resistance [kohm]``.

        Parameters
        ----------
        path : str or Path
            The columns ``cycle`` and ``direction`` are optional: see
            :func:`~spinloom.responses.plasticity_file.read_sweeps`.
        shape : {"tabulated", "exponential", "logistic", "best"}
            "tabulated" keeps the mean level after each pulse; the others fit a curve.
        **more
            Attributes that the file cannot hold, e.g. ``write_energy=1e-12``.

        Raises
        ------
        DataError, UnitError
            The file cannot be used; the message names lines and says what to change.
        """
        from spinloom.responses.plasticity_file import read_sweeps
        from spinloom.responses.plasticity_fit import fit_sweeps

        return cls(**{**fit_sweeps(read_sweeps(path), shape, Path(path).name), **more})

    def combine(self, devices: int, coding: Coding = "sum", order: Order = "in turn") -> Plasticity:
        """``devices`` of these side by side as one synapse: see :func:`~spinloom.responses.combination.combine`."""
        from spinloom.responses.combination import combine

        return combine(self, devices, coding, order)

    def replace(self, **changes: Any) -> Plasticity:
        """A copy with some attributes changed."""
        return replace(self, **changes)

    def ideal(self) -> Plasticity:
        """The same curve without spread, errors, noise or drift."""
        return replace(
            self,
            cycle_to_cycle=0.0,
            device_to_device=0.0,
            write_error=0.0,
            retention_time=math.inf,
            drift_exponent=0.0,
            read_noise=0.0,
        )

    # ---- what is said of it -------------------------------------------------------------------------------------

    def summary(self) -> dict[str, float]:
        """Metrics by name, as :func:`spinloom.responses.plasticity_metrics.summary` explains them."""
        from spinloom.responses.plasticity_metrics import summary

        return summary(self)

    def __str__(self) -> str:
        """``16 states, 10 µS to 100 µS (on/off 10), linearity error 3.1 %, asymmetry 0.9 %``."""
        from spinloom.units import pretty

        said = self.summary()
        two = "" if self.states == self.depression_states else f" up and {self.depression_states} down"
        ratio = "on/off infinite" if self.low == 0 else f"on/off {said['on_off_ratio']:.3g}"
        worst = max(said["linearity_error"], said["depression_linearity_error"])
        return (
            f"{self.states} states{two}, {pretty(self.low, 'S')} to {pretty(self.high, 'S')} ({ratio}), "
            f"linearity error {100 * worst:.2g} %, asymmetry {100 * said['asymmetry']:.2g} %"
        )

    def to_toml(self, name: str, title: str = "") -> str:
        """A parameter set as TOML text, which :meth:`from_parameters` reads back equal (with ``name`` as source)."""
        from spinloom.responses.synapse_set import write_set

        return write_set(self, name, title)

    # ---- what it is used for ------------------------------------------------------------------------------------

    def to_torch(self) -> Any:
        """A function of a torch tensor of pulse numbers that gives conductances [S], differentiable."""
        import torch

        shape, pulses = self.curve("potentiation")
        fine = np.linspace(0.0, 1.0, 64 * pulses + 1)
        table = torch.as_tensor(self.to_conductance(shape(fine)))

        def response(count: torch.Tensor) -> torch.Tensor:
            place = (count / pulses).clamp(0.0, 1.0) * (len(table) - 1)
            left = place.detach().floor().clamp(max=len(table) - 2).long()
            here = table.to(count)
            return here[left] + (place - left) * (here[left + 1] - here[left])

        return response
