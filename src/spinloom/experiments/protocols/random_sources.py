"""Where the bits of a random-number generator come from: sampled junctions, or pulses with a probability near 1/2."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from spinloom.errors import InputError
from spinloom.experiments.context import Context
from spinloom.units import si

if TYPE_CHECKING:
    from spinloom.devices.bit_stream import RandomBits
    from spinloom.devices.two_state import TwoState
    from spinloom.responses import Bernoulli

_DISTURBANCE = 0xD157
Over = Literal["samples", "junctions"]


@dataclass(frozen=True)
class Disturbance:
    """What moves P away from 1/2: P over it, and how it scatters.

    Attributes
    ----------
    x, p : ndarray
        P(1) over the disturbance, rising or falling.
    spread : float
        Standard deviation of the disturbance between devices and between streams, in the unit of x.
    label : str
        Axis label, with unit.
    scale : float
        Of x on that axis.
    """

    x: np.ndarray
    p: np.ndarray
    spread: float
    label: str
    scale: float = 1.0

    def drawn(self, shape: tuple[int, ...], seed: int) -> np.ndarray:
        """P of devices in streams whose disturbances are drawn from a normal law."""
        normal = np.random.default_rng([_DISTURBANCE, seed]).standard_normal(shape)
        return np.interp(self.spread * normal, self.x, self.p)


@dataclass(frozen=True)
class Source:
    """A generator of raw bits.

    Attributes
    ----------
    bits : callable
        ``bits(streams, count, xor, over, seed) -> (RandomBits, p)``; p holds the probabilities (streams, devices) that
        the raw bits of each stream had.
    correlation : float
        Of neighbouring raw bits of one device.
    probability : float
        P(1) without disturbance.
    time, energy : float
        Of one raw bit [s], [J]; nan where it is not known.
    """

    bits: Callable[[int, int, int, Over, int], tuple[RandomBits, np.ndarray]]
    correlation: float
    probability: float
    time: float
    energy: float
    references: tuple[str, ...]
    assumed: tuple[tuple[str, str, str], ...]
    disturbance: Disturbance | None = None
    junction: TwoState | None = None
    response: Bernoulli | None = None


def source_of(settings: Mapping[str, Any], context: Context) -> Source:
    """The source that the settings' device is."""
    from spinloom import parameters

    kind = parameters.load(settings["device"]).device
    if kind == "superparamagnetic_junction":
        return _sampled(settings)
    if kind == "stochastic_switch":
        return _switched(settings)
    if kind == "magnetic_tunnel_junction":
        return _pulsed(settings, context)
    raise InputError(f"{settings['device']} is a {kind.replace('_', ' ')}, which gives no random bits.")


def _sampled(settings: Mapping[str, Any]) -> Source:
    """Superparamagnetic junctions read at intervals."""
    from spinloom.devices import device
    from spinloom.devices.bit_stream import telegraph_bits
    from spinloom.devices.two_state import TwoState

    junction = device(settings["device"])
    value = junction.parameters.value
    interval = si(settings["interval"], "time", "interval")
    one = junction.two_state()
    p, tau = float(one.probability_parallel()[0]), float(one.correlation_time()[0])

    def bits(streams: int, count: int, xor: int, over: Over, seed: int) -> tuple[RandomBits, np.ndarray]:
        devices = streams * (xor if over == "junctions" else 1)
        many = TwoState.concatenate([one] * devices)
        return telegraph_bits(many, count, interval, xor=xor, over=over, seed=seed, check=False), np.full(
            (streams, 1), p
        )

    conductance = 0.5 * (1.0 + 1.0 / (1.0 + value("tmr"))) / value("resistance_parallel")
    energy = value("read_voltage") ** 2 * conductance * value("read_time") or math.nan
    return Source(
        bits, math.exp(-interval / tau), p, interval, energy, tuple(junction.parameters.references()),
        junction.parameters.assumed_inputs(), junction=one,
    )  # fmt: skip


def _with_probability(disturbance: Disturbance) -> Callable[[int, int, int, Over, int], tuple[RandomBits, np.ndarray]]:
    from spinloom.devices.bit_stream import bernoulli_bits

    def bits(streams: int, count: int, xor: int, over: Over, seed: int) -> tuple[RandomBits, np.ndarray]:
        devices = xor if over == "junctions" else 1
        p = disturbance.drawn((streams, devices), seed)
        return bernoulli_bits(p.ravel(), count, xor=xor, over=over, seed=seed), p

    return bits


def _switched(settings: Mapping[str, Any]) -> Source:
    """High-barrier devices with a known curve, whose drive is off by a share of itself."""
    from spinloom.responses import Bernoulli

    response = Bernoulli.from_parameters(settings["device"])
    spread = float(settings["drive_error"])
    x = np.linspace(-8 * spread, 8 * spread, 2001)
    label = f"relative error of the {'voltage' if response.unit == 'V' else 'current'} (%)"
    disturbance = Disturbance(x, response(response.centre * (1 + x)), spread, label, 100.0)
    return Source(
        _with_probability(disturbance), 0.0, 0.5, response.time_per_bit, response.energy_per_bit(),
        response.references, response.assumed, disturbance, response=response,
    )  # fmt: skip


def _pulsed(settings: Mapping[str, Any], context: Context) -> Source:
    """A junction whose probability comes from its own equation of motion."""
    import xarray as xr

    from spinloom.devices import device
    from spinloom.devices.pulse_switching import pulse_probability

    pulse, off = settings["pulse"], settings["disturbance"]
    channel = pulse["channel"]
    by_field = off["what"] == "field"
    x = np.array([si(v, "field" if by_field else "number", "disturbance") for v in off["values"]])
    height = si(pulse["amplitude"], "voltage" if channel == "voltage" else "current", "amplitude")
    stage = context.stage("probability of a pulse")

    def compute() -> xr.Dataset:
        found = []
        for n, value in enumerate(x):
            junction = device(settings["device"], **({"applied_field_z": value} if by_field else {}))
            amplitude = height if by_field else height * (1 + value)
            found.append(float(pulse_probability(
                junction, amplitude, pulse["width"], channel=channel, relaxation=pulse["relaxation"],
                trials=int(settings["trials"]), seed=context.seed + 1000 * n,
            )))  # fmt: skip
            stage(n + 1, x.size)
        return xr.Dataset({"probability": ("disturbance", found)}, coords={"disturbance": x})

    found = context.part("probability", compute)["probability"].values
    spread = si(off["spread"], "field" if by_field else "number", "spread")
    p, middle = found, float(np.interp(0.0, x, found))
    if off["curve"] == "line":  # a flat curve: a line through all points averages their chance
        slope, middle = np.polyfit(x, p, 1)
        x = np.linspace(-8 * spread, 8 * spread, 201)
        p = np.clip(middle + slope * x, 0.0, 1.0)
    name = f"relative error of the {channel.replace('_', ' ')} (%)"
    label, scale = ("stray field (mT)", 1e3) if by_field else (name, 1e2)
    disturbance = Disturbance(x, p, spread, label, scale)
    junction = device(settings["device"])
    width = si(pulse["width"], "time", "width")
    time = width + si(pulse["relaxation"], "time", "relaxation") + si(pulse["read_time"], "time", "read_time")
    if channel == "voltage":
        energy = 0.5 * height**2 * width * sum(1.0 / float(junction.resistance(side)) for side in (1.0, -1.0))
    else:
        energy = height**2 * si(pulse["resistance"], "resistance", "resistance") * width
    return Source(
        _with_probability(disturbance), 0.0, float(middle), time, energy, tuple(junction.parameters.references()),
        junction.parameters.assumed_inputs(), disturbance,
    )  # fmt: skip
