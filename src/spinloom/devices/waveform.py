"""What drives a device: amplitudes for its channels, and waveforms in time. All times in seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from spinloom.errors import InputError
from spinloom.units import Span, si, si_array


class Waveform(Protocol):
    """A shape in time: times [s] -> values, of which 1 means the full amplitude."""

    def __call__(self, times: np.ndarray) -> np.ndarray:
        """Values at the given times."""
        ...


@dataclass(frozen=True)
class Constant:
    """1 at all times."""

    def __call__(self, times: np.ndarray) -> np.ndarray:
        """Ones."""
        return np.ones_like(times)


@dataclass(frozen=True)
class Pulse:
    """A trapezoidal pulse: rises from ``delay`` on, is full for ``width`` between the half-height points, falls.

    Parameters
    ----------
    width : str or float
        Full width at half height [s].
    rise : str or float
        Time of the linear rise, and of the fall [s]; at most the width.
    delay : str or float
        When the pulse reaches half height [s].
    """

    width: str | float
    rise: str | float = 0.0
    delay: str | float = 0.0

    def __post_init__(self) -> None:
        """Read the units once."""
        for name in ("width", "rise", "delay"):
            object.__setattr__(self, name, si(getattr(self, name), "time", f"pulse {name}"))
        if self.width <= 0 or self.rise < 0 or self.rise > self.width:  # pyright: ignore[reportOperatorIssue]
            raise InputError("A pulse needs a width above 0 and a rise time between 0 and its width.")

    def __call__(self, times: np.ndarray) -> np.ndarray:
        """The pulse's height at the given times."""
        width, rise, delay = float(self.width), float(self.rise), float(self.delay)
        if rise == 0.0:
            return ((times >= delay) & (times < delay + width)).astype(float)
        up = (times - delay) / rise + 0.5
        down = (delay + width - times) / rise + 0.5
        return np.clip(np.minimum(up, down), 0.0, 1.0)


@dataclass(frozen=True)
class Train:
    """``count`` equal pulses, one every ``period`` [s]."""

    pulse: Pulse
    period: str | float
    count: int

    def __post_init__(self) -> None:
        """Read the unit once."""
        object.__setattr__(self, "period", si(self.period, "time", "pulse period"))
        if self.count < 1 or float(self.period) < float(self.pulse.width):
            raise InputError("A pulse train needs at least one pulse and a period not shorter than a pulse.")

    def __call__(self, times: np.ndarray) -> np.ndarray:
        """The train's height at the given times."""
        return np.sum([self.pulse(times - index * float(self.period)) for index in range(self.count)], axis=0)


@dataclass(frozen=True)
class Samples:
    """Arbitrary samples, joined by straight lines; the first and last value hold outside.

    Parameters
    ----------
    times : sequence
        Increasing times [s].
    values : sequence
        Values at those times (1 = full amplitude).
    """

    times: Sequence[float]
    values: Sequence[float]

    def __post_init__(self) -> None:
        """Refuse what is no function of time."""
        t, v = np.asarray(self.times, float), np.asarray(self.values, float)
        if t.ndim != 1 or t.shape != v.shape or t.size < 1:
            raise InputError("A sampled waveform needs as many values as times, and at least one.")
        if not (np.isfinite(t).all() and np.isfinite(v).all()):
            raise InputError("A sampled waveform must not hold NaN or infinite numbers.")
        if (np.diff(t) <= 0).any():
            raise InputError("The times of a sampled waveform must increase.")

    def __call__(self, times: np.ndarray) -> np.ndarray:
        """Linear interpolation."""
        return np.interp(times, self.times, self.values)


_UNITS = {"current": "current", "spin_orbit_current": "current", "voltage": "voltage", "field": "field"}
CHANNELS = tuple(_UNITS)


@dataclass(frozen=True)
class Drive:
    """Amplitudes of the four channels, one or one per trajectory, and their waveforms.

    Parameters
    ----------
    current : quantity
        Current through the junction [A]; positive drives the free layer toward the polariser (parallel state).
    spin_orbit_current : quantity
        Charge current in the spin-orbit channel [A], along +x; its spins point along +y.
    voltage : quantity
        Voltage on the tunnel barrier that moves the anisotropy [V]; positive lowers it.
    field : quantity
        Amplitude of a driven field [T] along ``field_direction``.
    field_direction : sequence of 3 floats
        Direction of the driven field; normalised here.
    waveform : waveform, sequence of waveforms, or mapping channel -> waveform
        One for all, one per trajectory, or one per channel (others constant).
    """

    current: str | float | Sequence | np.ndarray | Span = 0.0
    spin_orbit_current: str | float | Sequence | np.ndarray | Span = 0.0
    voltage: str | float | Sequence | np.ndarray | Span = 0.0
    field: str | float | Sequence | np.ndarray | Span = 0.0
    field_direction: Sequence[float] = (0.0, 0.0, 1.0)
    waveform: Waveform | Sequence[Waveform] | Mapping[str, Waveform] = Constant()

    def direction(self) -> np.ndarray:
        """Unit vector of the driven field."""
        vector = np.asarray(self.field_direction, float)
        norm = np.linalg.norm(vector)
        if vector.shape != (3,) or not np.isfinite(norm) or norm == 0:
            raise InputError("field_direction takes three numbers, not all zero, e.g. (0, 0, 1).")
        return vector / norm

    def amplitudes(self, copies: int) -> np.ndarray:
        """(4, copies) SI amplitudes; a channel has one value, or one per trajectory."""
        rows = []
        for channel, kind in _UNITS.items():
            values = si_array(getattr(self, channel), kind, channel)
            if values.size not in (1, copies):
                raise InputError(
                    f"{channel} has {values.size} values for {copies} trajectories: give one, or one each."
                )
            rows.append(np.broadcast_to(values, (copies,)))
        return np.array(rows)

    def shape(self, copies: int):
        """The engine's waveform (times -> (times, 4, rows)) and the row of each trajectory."""
        if isinstance(self.waveform, Mapping):
            unknown = set(self.waveform) - set(CHANNELS)
            if unknown:
                raise InputError(
                    f"Waveforms are given for {', '.join(CHANNELS)}, not for {', '.join(sorted(unknown))}."
                )
            table = [[self.waveform.get(channel, Constant()) for channel in CHANNELS]]
        elif isinstance(self.waveform, Sequence):
            if len(self.waveform) != copies:
                raise InputError(f"There are {len(self.waveform)} waveforms for {copies} trajectories: give one each.")
            table = [[shape] * len(CHANNELS) for shape in self.waveform]
        else:
            table = [[self.waveform] * len(CHANNELS)]

        def sample(times: np.ndarray) -> np.ndarray:
            return np.array([[shape(times) for shape in row] for row in table]).transpose(2, 1, 0)

        return sample, np.arange(copies) if len(table) > 1 else np.zeros(copies, int)
