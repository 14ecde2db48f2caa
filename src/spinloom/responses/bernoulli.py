"""The Bernoulli response: a high-barrier device that is reset and then switched by chance, one bit a pulse."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, final

import numpy as np
import xarray as xr
from scipy.special import expit, logit

from spinloom import parameters
from spinloom.errors import InputError, ParameterError
from spinloom.parameters.kinds import SWITCHES
from spinloom.responses.base import Response
from spinloom.responses.curve_file import read_curve
from spinloom.responses.logistic_fit import fit_logistic
from spinloom.units import pretty, si

if TYPE_CHECKING:
    from spinloom.parameters import ParameterSet

_BITS, _SPREAD = 0xB175, 0x5B4D
"""What a seed is used for, so that bits and spread of one seed are independent."""
_CHUNK = 1 << 18


class Spread(NamedTuple):
    """Centres and widths of several devices, shape (count,) each, in the unit of the response they come from."""

    centre: np.ndarray
    width: np.ndarray

    def probability(self, drive: float | np.ndarray) -> np.ndarray:
        """P of every device at a drive, shape (..., count) for drives of shape (..., 1) or (..., count)."""
        return expit((np.asarray(drive, float) - self.centre) / self.width)


@final
@dataclass(frozen=True)
class Bernoulli(Response):
    """A bit of chosen probability from a pulse: P(x) = 1/(1 + exp(-(x - centre)/width)), x a voltage or a current.

    The device is reset, pulsed with the drive x and read; it has switched (bit 1) with the probability P(x), each time
    independent of the times before. Valid while the barrier at rest is high, so that a state outlasts its read, and
    within about four widths of the centre: thermally activated switching leaves the logistic curve in the far tails.

    Attributes
    ----------
    centre, width : float
        Drive at P = 1/2 and width of the curve [``unit``]; dP/dx = 1/(4 width) at the centre. A negative width is a
        falling curve.
    unit : {"V", "A"}
        What the drive is.
    centre_spread, width_spread : float
        Relative standard deviations between devices.
    pulse_width, reset_time, read_time : float
        [s]; nan: not known, reset_time 0: no reset.
    write_energy, reset_energy, read_energy : float
        Of one bit at P = 1/2 [J]; nan: not known.
    centre_interval, width_interval : (float, float)
        95 % intervals of a fit; nan where nothing was fitted.
    goodness : dict
        ``largest_deviation`` (in probability), ``deviance``, ``p_value`` and ``points`` of a fit.
    references : tuple of str
    source : str
        Which device, set or file the curve comes from.
    assumed : tuple of (name, value, why)
        What the source does not give.

    References
    ----------
    R. Zhang et al., Advanced Science 11, 2402182 (2024), doi:10.1002/advs.202402182: reset and write by a voltage that
    sets P. The logistic form is this software's.

    Examples
    --------
    >>> import spinloom as sl
    >>> source = sl.responses.Bernoulli.from_parameters("Zhang2024_sot")
    >>> float(source(source.drive_for(0.25)))
    0.25
    >>> source.bits(0.5, 8, seed=1).shape
    (8,)
    """

    centre: float
    width: float
    unit: Literal["V", "A"] = "V"
    centre_spread: float = 0.0
    width_spread: float = 0.0
    pulse_width: float = math.nan
    reset_time: float = math.nan
    read_time: float = math.nan
    write_energy: float = math.nan
    reset_energy: float = math.nan
    read_energy: float = math.nan
    references: tuple[str, ...] = ()
    source: str = ""
    centre_interval: tuple[float, float] = (math.nan, math.nan)
    width_interval: tuple[float, float] = (math.nan, math.nan)
    goodness: dict[str, float] = field(default_factory=dict)
    assumed: tuple[tuple[str, str, str], ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no such curve."""
        if self.unit not in ("V", "A"):
            raise InputError(f"unit = '{self.unit}': the drive is a voltage ('V') or a current ('A').")
        if not math.isfinite(self.centre) or not math.isfinite(self.width) or self.width == 0:
            raise InputError(
                f"centre = {self.centre:g} and width = {self.width:g} must be finite, and the width not 0."
            )
        for name in ("centre_spread", "width_spread"):
            if not getattr(self, name) >= 0:
                raise InputError(f"{name} = {getattr(self, name):g}: a relative standard deviation is 0 or more.")
        for name in ("pulse_width", "reset_time", "read_time", "write_energy", "reset_energy", "read_energy"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} = {getattr(self, name):g} is negative; give 0 or more, or nan if not known.")

    def __call__(self, drive: float | np.ndarray) -> np.ndarray:
        """P at drives [``unit``]."""
        return expit((np.asarray(drive, float) - self.centre) / self.width)

    # ---- where it comes from --------------------------------------------------------------------------------------

    @classmethod
    def from_values(
        cls, centre: str | float, width: str | float, *, unit: Literal["V", "A"] = "V", **more: Any
    ) -> Bernoulli:
        """From known values: "0.28 V" and "5 mV", or numbers in SI; ``more`` as the attributes."""
        kind = "current" if unit == "A" else "voltage"
        return cls(si(centre, kind, "centre"), si(width, kind, "width"), unit, **more)

    @classmethod
    def from_parameters(cls, name: str | Path | ParameterSet, **overrides: float | str) -> Bernoulli:
        """From a parameter set of kind ``stochastic_switch`` by name or TOML path; overrides as in ``sl.device``.

        Energies follow where the set gives what they need: write V^2 t/R (or I^2 R t) at P = 1/2 in the write path,
        reset likewise, read V^2 t (1/R_P + 1/R_AP)/2.

        Raises
        ------
        ParameterError
            The set describes no such switch, or gives not exactly one of a voltage's and a current's width.
        """
        found = parameters.load(name)
        if found.device not in SWITCHES:
            raise ParameterError(
                f"{found.name} is a {found.device.replace('_', ' ')}; a Bernoulli bit needs a set for one of: "
                f"{', '.join(SWITCHES)}. A junction with dynamics is measured: Bernoulli.from_device(...)."
            )
        if overrides:
            found = found.replace(**overrides)
        return cls(**_from_set(found))

    @classmethod
    def from_csv(cls, path: str | Path) -> Bernoulli:
        """Fitted to a CSV with ``voltage [V]`` or ``current [uA]``, ``probability`` and, if known, ``trials``.

        Any unit of the drive is taken, none is guessed. Where the file has both drives, the voltage counts.
        """
        return cls.fit(read_curve(path, ("voltage", "current")))

    @classmethod
    def fit(cls, curve: xr.DataArray, **more: Any) -> Bernoulli:
        """Maximum-likelihood fit to switching probabilities over ``voltage`` [V] or ``current`` [A].

        Parameters
        ----------
        curve : xarray.DataArray
            One-dimensional; trials from a coordinate or attribute ``trials``, without them each point weighs as 1000.
        **more
            Attributes that a curve does not hold: ``reset_time``, ``read_energy`` ...

        Raises
        ------
        FitError, InputError
            As :meth:`spinloom.responses.Sigmoid.fit`.
        """
        drive = "voltage" if curve.dims == ("voltage",) else "current"
        found = fit_logistic(curve, drive, "Bernoulli curve")
        (low, high), width = found.slope_interval, curve.coords.get("pulse_width")
        low_offset, high_offset = found.offset_interval
        # an interval of the slope that holds 0 leaves the width without bounds
        interval = (1 / high, 1 / low) if low * high > 0 else (-math.inf, math.inf)
        given: dict[str, Any] = {
            "pulse_width": float(width) if width is not None and width.ndim == 0 else math.nan,
            "references": tuple(curve.attrs.get("references", ())),
            "source": str(curve.attrs.get("device", curve.attrs.get("source", ""))),
            "centre_interval": (-high_offset, -low_offset),
            "width_interval": interval,
            "goodness": found.goodness,
        }
        return cls(-found.offset, 1 / found.slope, "V" if drive == "voltage" else "A", **{**given, **more})

    @classmethod
    def from_device(
        cls,
        device: Any,
        current: Any,
        pulse_width: str | float,
        *,
        trials: int = 1000,
        seed: int = 0,
        **more: Any,
    ) -> Bernoulli:
        """Measured on a device that has ``switching_probability``, such as a ``MagneticTunnelJunction``.

        Parameters
        ----------
        device : Device
            What is pulsed.
        current : quantities
            Pulse heights that cross P = 1/2: "2uA:30uA:29", a list, or ``sl.span(...)``.
        pulse_width : quantity
            [s].
        trials, seed : int
            Trajectories a point, and what fixes their chance.
        **more
            Attributes that the curve does not hold: ``reset_time``, ``reset_energy``, ``read_energy`` ...
        """
        seconds = si(pulse_width, "time", "pulse_width")
        found = cls.fit(device.switching_probability(current, seconds, trials=trials, seed=seed), **more)
        if math.isnan(found.write_energy) and hasattr(device, "write_energy"):
            # a pulse starts from the antiparallel state, cos = -1
            return replace(found, write_energy=float(device.write_energy(abs(found.centre), seconds, -1.0)))
        return found

    def replace(self, **changes: Any) -> Bernoulli:
        """A copy with some attributes changed."""
        return replace(self, **changes)

    # ---- what it is used for --------------------------------------------------------------------------------------

    def drive_for(self, p: float | np.ndarray) -> np.ndarray:
        """Drive [``unit``] that switches with the probability p: centre + width ln(p/(1 - p)).

        Raises
        ------
        InputError
            p is not inside 0 and 1: no finite drive makes a pulse certain.
        """
        share = np.asarray(p, float)
        if not ((share > 0) & (share < 1)).all():
            wrong = share[~((share > 0) & (share < 1))].flat[0]
            raise InputError(
                f"p = {wrong:g} has no drive: a probability inside 0 and 1 (both excluded) is needed, since no finite "
                "drive makes a pulse certain."
            )
        return self.centre + self.width * logit(share)

    def bits(self, p: float | np.ndarray, shape: int | Sequence[int] = (), seed: int = 0) -> np.ndarray:
        """Independent bits that are 1 with the probability p, each from one reset, pulse and read.

        Parameters
        ----------
        p : float or np.ndarray
            Probabilities 0 to 1 (0 and 1 stand for no pulse and for a reset to the other state); an array is broadcast
            to ``shape``.
        shape : int or tuple of int
            Of the result; the shape of p where left out.
        seed : int
            Fixes the bits; the first bits are the same for any length.

        Returns
        -------
        np.ndarray
            uint8, 0 or 1.

        Raises
        ------
        InputError
            A probability outside 0 to 1, NaN, or a p that does not fit the shape.
        """
        share = np.asarray(p, float)
        if not ((share >= 0) & (share <= 1)).all():
            wrong = share[~((share >= 0) & (share <= 1))].flat[0]
            raise InputError(f"A probability is {wrong:g}; it must lie between 0 and 1.")
        size = (shape,) if isinstance(shape, int | np.integer) else tuple(shape) or share.shape
        if any(length < 0 for length in size):
            raise InputError(f"shape = {size}: a length is negative.")
        try:
            share = np.broadcast_to(share, size)
        except ValueError:
            raise InputError(f"Probabilities of shape {share.shape} do not fit bits of shape {size}.") from None
        random = np.random.default_rng([_BITS, seed])
        one = share.size > 0 and all(step == 0 for step in share.strides)
        flat = np.atleast_1d(share.flat[0]) if one else share.reshape(-1)
        found = np.empty(math.prod(size), np.uint8)
        uniform = np.empty(min(_CHUNK, found.size))
        for start in range(0, found.size, _CHUNK):  # chunks stay in cache; they continue one sequence
            chunk = found[start : start + _CHUNK]
            drawn = uniform[: chunk.size]
            random.random(out=drawn)
            np.less(drawn, flat if one else flat[start : start + _CHUNK], out=chunk.view(bool))
        return found.reshape(size)

    def spread(self, count: int, seed: int = 0) -> Spread:
        """Centres and widths of ``count`` devices: normal, with the relative spreads; a width keeps its sign.

        Returns
        -------
        Spread
            ``centre`` and ``width``, shape (count,) each [``unit``]; ``.probability(drive)`` is every device's P.
        """
        if count < 1:
            raise InputError(f"count = {count}: at least one device is needed.")
        random = np.random.default_rng([_SPREAD, seed])
        normal = random.standard_normal((count, 2))  # device i has the same numbers at any count
        # a width of 0 or less would be no device: the tail is cut at a tenth of the nominal
        factor = np.maximum(1.0 + self.width_spread * normal[:, 1], 0.1)
        return Spread(self.centre * (1.0 + self.centre_spread * normal[:, 0]), self.width * factor)

    @property
    def time_per_bit(self) -> float:
        """Reset, pulse and read [s]; nan where one of them is not known."""
        return self.reset_time + self.pulse_width + self.read_time

    def energy_per_bit(self, p: float = 0.5) -> float:
        """Energy of one bit [J]: reset + write (x(p)/centre)^2 + read; nan where one of them is not known.

        The write path is taken as ohmic, so that its energy goes with the square of the drive.
        """
        scale = (float(self.drive_for(p)) / self.centre) ** 2 if p != 0.5 else 1.0
        return self.reset_energy + self.write_energy * scale + self.read_energy

    def to_torch(self) -> Any:
        """A function of a torch tensor of drives [``unit``], differentiable."""
        import torch

        return lambda drive: torch.sigmoid((drive - self.centre) / self.width)

    def __str__(self) -> str:
        """``P = 1/2 at 282 mV, width 5.1 mV``."""
        text = f"P = 1/2 at {pretty(self.centre, self.unit)}, width {pretty(self.width, self.unit)}"
        low, high = self.centre_interval
        return (
            text if math.isnan(low) else f"{text} (centre {pretty(low, self.unit, 4)} to {pretty(high, self.unit, 4)})"
        )


def _from_set(found: ParameterSet) -> dict[str, Any]:
    """A set's attributes of a Bernoulli."""
    value = found.value
    drives = [kind for kind in ("voltage", "current") if value(f"switching_{kind}_width") != 0]
    if len(drives) != 1:
        raise ParameterError(
            f"{found.name}: give the width of one curve, switching_voltage_width or switching_current_width, "
            f"not {'both' if drives else 'neither'}."
        )
    kind = drives[0]
    centre, resistance = value(f"switching_{kind}"), value("write_resistance")

    def heat(drive: float, current: bool, seconds: float) -> float:
        """Joule heat of a pulse in the write path [J]; nan where something is not known."""
        if not (resistance and seconds):
            return math.nan
        return (drive**2 * resistance if current else drive**2 / resistance) * seconds

    reset, parallel = value("reset_width"), value("resistance_parallel")
    by_current = value("reset_current") != 0
    pulse = value("reset_current" if by_current else "reset_voltage")
    read = math.nan
    if parallel and value("read_voltage") and value("read_time"):
        mean = 0.5 * (1.0 + 1.0 / (1.0 + value("tmr"))) / parallel
        read = value("read_voltage") ** 2 * mean * value("read_time")
    return {
        "centre": centre,
        "width": value(f"switching_{kind}_width"),
        "unit": "V" if kind == "voltage" else "A",
        "centre_spread": value("centre_spread"),
        "width_spread": value("width_spread"),
        "pulse_width": value("pulse_width") or math.nan,
        "reset_time": reset,
        "read_time": value("read_time") or math.nan,
        "write_energy": heat(centre, kind == "current", value("pulse_width")),
        "reset_energy": 0.0 if reset == 0 else heat(pulse, by_current, reset) if pulse else math.nan,
        "read_energy": read,
        "references": tuple(found.references()),
        "source": found.name,
        "assumed": tuple((item.name, item.written, item.source.note) for item in found.assumed()),
    }
