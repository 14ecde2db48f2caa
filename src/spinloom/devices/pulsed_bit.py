"""Non-volatile p-bits, decided by pulses: their curve, what a pulse leaves of the old state, time and energy."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from spinloom.devices.two_state import TwoState
from spinloom.errors import InputError, ParameterError
from spinloom.parameters import ParameterSet, load
from spinloom.physics import pulsed_bit as closed_forms
from spinloom.units import pretty

_SPREAD = 0xB175
DESIGNS = ("reset_pulse", "backhopping", "vcma")
"""Designs of a ``probabilistic_bit`` that decide by pulses."""


@final
@dataclass(frozen=True)
class Devices:
    """How single devices deviate: a controller that asks for ln(P/(1 - P)) = u gets ``gain`` u + ``offset``.

    Attributes
    ----------
    gain, offset : np.ndarray
        Shape (count,), dimensionless; 1 and 0 for the nominal device.
    """

    gain: np.ndarray
    offset: np.ndarray

    @classmethod
    def ideal(cls, count: int) -> Devices:
        """``count`` nominal devices."""
        return cls(np.ones(count), np.zeros(count))

    def calibrated(self, pulses: int, seed: int = 0, at: float = 1.5) -> Devices:
        """What is left after each device's curve was measured with ``pulses`` pulses, half at u = ``at``, half at -at.

        The line through both empirical logits ln((k + 1/2)/(n - k + 1/2)) is inverted in the controller. Large numbers
        of pulses leave 2/sqrt(N) cosh(at/2) of offset; at N = 0 nothing is done.

        Raises
        ------
        InputError
            Fewer than 0 pulses, or an odd number.
        """
        if pulses < 0 or pulses % 2:
            raise InputError(f"pulses = {pulses}: give an even number, half for each of two drives, or 0.")
        if pulses == 0:
            return self
        each, random = pulses // 2, np.random.default_rng([_SPREAD, 1, seed])
        drives = np.array([-at, at])
        wanted = 1.0 / (1.0 + np.exp(-(self.gain[:, None] * drives + self.offset[:, None])))
        ones = random.binomial(each, wanted)
        logit = np.log((ones + 0.5) / (each - ones + 0.5))
        slope = np.maximum((logit[:, 1] - logit[:, 0]) / (2.0 * at), 0.1)  # a curve that does not rise was not seen
        middle = 0.5 * (logit[:, 0] + logit[:, 1])
        return Devices(self.gain / slope, self.offset - self.gain * middle / slope)


@final
@dataclass(frozen=True)
class PulsedBit:
    """A junction with a barrier that a pulse decides: reset and pulse, back-hopping, or a barrier that a voltage takes.

        P(1) = 1/(1 + exp(-u)),   u = (I - I50)/dI

    and, where there is no reset, P(1 | old state) = P + (old - P) exp(-(a + b) t) with the hop rates of
    ``physics.pulsed_bit``. In a network that updates p-bits one after another (or no neighbours together), that memory
    slows the sampling and does not bias it: each update keeps the conditional law (a lazy heat bath).

    Attributes
    ----------
    centre, width : float
        I50 and dI > 0 [``unit``].
    unit : str
        "A" or "V".
    rate, growth : float
        R [1/s] and g of the hop rates during the pulse; R = 0: the pulse leaves no memory (reset and pulse).
    reset_failures : float
        Share q of resets from 1 that fail.
    comparator_bits : int
        k: the decision compares a k-bit number of even-odds bits with a threshold, so P is a multiple of 2^-k and one
        decision takes k pulses; 0: the drive sets P.
    reset_time, pulse_time, read_time : float
        [s]
    reset_energy, pulse_energy, read_energy : float
        [J], the pulse's at P = 1/2; it goes with the square of the drive (ohmic), but with a comparator.
    gain_spread, offset_spread : float
        Standard deviations between devices of the curve's slope (relative) and of its middle, in units of dI.
    name, design : str
    references : tuple of str
    assumed : tuple of (name, value, why)

    Examples
    --------
    >>> bit = PulsedBit(centre=300e-6, width=24e-6, rate=2e8, growth=0.75, pulse_time=50e-9)
    >>> float(bit.probability(300e-6)), bool(bit.memory(0.0) < 1e-8)
    (0.5, True)
    """

    centre: float
    width: float
    unit: str = "A"
    rate: float = 0.0
    growth: float = 0.0
    reset_failures: float = 0.0
    comparator_bits: int = 0
    reset_time: float = 0.0
    pulse_time: float = 0.0
    read_time: float = 0.0
    reset_energy: float = 0.0
    pulse_energy: float = math.nan
    read_energy: float = 0.0
    gain_spread: float = 0.0
    offset_spread: float = 0.0
    name: str = ""
    design: str = ""
    references: tuple[str, ...] = ()
    assumed: tuple[tuple[str, str, str], ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no such device."""
        if not (math.isfinite(self.centre) and math.isfinite(self.width) and self.width > 0):
            raise InputError(f"centre = {self.centre:g} must be finite and width = {self.width:g} more than 0.")
        energies = "reset_energy", "pulse_energy", "read_energy"  # nan: not known
        times = "rate", "reset_time", "pulse_time", "read_time"
        for name in (*energies, *times, "comparator_bits", "gain_spread", "offset_spread"):
            if getattr(self, name) < 0 or (math.isnan(getattr(self, name)) and name not in energies):
                raise InputError(f"{name} = {getattr(self, name):g} must be 0 or more.")
        if not 0 <= self.reset_failures < 1:
            raise InputError(f"reset_failures = {self.reset_failures:g} must lie between 0 and 1.")

    # ---- where it comes from --------------------------------------------------------------------------------------

    @classmethod
    def from_parameters(cls, name: str | ParameterSet, **overrides: float | str) -> PulsedBit:
        """From a set of kind ``probabilistic_bit`` with a pulsed design, by name or TOML path.

        The set's scale is that of a tanh, twice the width; its offset spread is in units of the scale.

        Raises
        ------
        ParameterError
            Another kind of device, or a design that runs freely.
        """
        found = load(name)
        if overrides:
            found = found.replace(**overrides)
        if found.device != "probabilistic_bit" or found.choice("design") not in DESIGNS:
            raise ParameterError(
                f"{found.name} is no p-bit that pulses decide; a set of kind probabilistic_bit with one of these "
                f"designs is: {', '.join(DESIGNS)}. A stochastic_switch: PulsedBit.of(Bernoulli.from_parameters(...))."
            )
        value = found.value
        kind = "voltage" if value("voltage_scale") else "current"
        return cls(
            centre=value(f"{kind}_centre"), width=0.5 * value(f"{kind}_scale"), unit="V" if kind == "voltage" else "A",
            rate=value("hop_rate"), growth=value("hop_growth"), reset_failures=value("reset_failures"),
            comparator_bits=int(value("comparator_bits")), reset_time=value("reset_time"),
            pulse_time=value("pulse_time"), read_time=value("read_time"), reset_energy=value("reset_energy"),
            pulse_energy=value("pulse_energy") or math.nan, read_energy=value("read_energy"),
            gain_spread=value("slope_spread"), offset_spread=2.0 * value("offset_spread"), name=found.name,
            design=found.choice("design"), references=tuple(found.references()), assumed=found.assumed_inputs(),
        )  # fmt: skip

    @classmethod
    def of(cls, curve: Any, **changes: Any) -> PulsedBit:
        """Reset and pulse, from a curve with its times and energies: a ``responses.Bernoulli``."""
        made = cls(
            centre=curve.centre, width=abs(curve.width), unit=curve.unit, reset_time=curve.reset_time,
            pulse_time=curve.pulse_width, read_time=curve.read_time, reset_energy=curve.reset_energy,
            pulse_energy=curve.write_energy, read_energy=curve.read_energy, gain_spread=curve.width_spread,
            offset_spread=curve.centre_spread * abs(curve.centre / curve.width), name=curve.source,
            design="reset_pulse", references=tuple(curve.references), assumed=tuple(curve.assumed),
        )  # fmt: skip
        return replace(made, **changes)

    def replace(self, **changes: Any) -> PulsedBit:
        """A copy with some attributes changed."""
        return replace(self, **changes)

    # ---- one decision ---------------------------------------------------------------------------------------------

    def reduced(self, drive: float | np.ndarray) -> np.ndarray:
        """u = (I - I50)/dI of drives [``unit``]."""
        return (np.asarray(drive, float) - self.centre) / self.width

    def probability(self, drive: float | np.ndarray) -> np.ndarray:
        """P(1) after a long pulse, or after reset and pulse."""
        return 0.5 * (1.0 + np.tanh(0.5 * self.reduced(drive)))

    def rates(self, u: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Hop rates (to 1, back to 0) [1/s] during a pulse of the reduced drive u."""
        u = np.asarray(u, float)
        return self.rate * np.exp((self.growth + 0.5) * u), self.rate * np.exp((self.growth - 0.5) * u)

    def memory(self, u: float | np.ndarray, pulse: float | None = None) -> np.ndarray:
        """exp(-(a + b) t): what a pulse [s] of the reduced drive u leaves of the old state; 0 after a reset."""
        if self.rate == 0:
            return np.zeros(np.shape(u))
        forward, back = self.rates(u)
        return np.exp(-(forward + back) * (self.pulse_time if pulse is None else pulse))

    def after_pulse(self, u: float | np.ndarray, start: float | np.ndarray, pulse: float | None = None) -> np.ndarray:
        """P(1) after a pulse [s] of the reduced drive u, from a probability ``start`` of 1 before it.

        The drive ends at once: a fall that takes longer than 1/(a + b) would freeze the P of a smaller drive. A reset
        that failed keeps a 1, and the pulse does not undo it.
        """
        u, start = np.asarray(u, float), np.asarray(start, float)
        share = 0.5 * (1.0 + np.tanh(0.5 * u))
        if self.rate == 0:
            return share + start * self.reset_failures * (1.0 - share)
        return share + (start - share) * self.memory(u, pulse)

    def junction(self, u: float | np.ndarray) -> tuple[TwoState, np.ndarray]:
        """Two-state junctions with this bit's hop rates at reduced drives u, and the currents that they take for it.

        A ``TwoState`` has a product of rates that no current changes; here one junction stands for each drive.
        """
        u = np.atleast_1d(np.asarray(u, float))
        return TwoState(
            self.rate * np.exp(1.0 + self.growth * u), np.ones(u.size), np.ones(u.size), np.zeros(u.size)
        ), 0.5 * u

    def devices(self, count: int, seed: int = 0) -> Devices:
        """``count`` devices, normal, a gain cut at a tenth; device i is the same at any count."""
        normal = np.random.default_rng([_SPREAD, seed]).standard_normal((count, 2))
        gain = np.maximum(1.0 + self.gain_spread * normal[:, 0], 0.1)
        return Devices(gain, gain * self.offset_spread * normal[:, 1])

    # ---- time and energy ------------------------------------------------------------------------------------------

    @property
    def time_per_update(self) -> float:
        """Reset, pulse and read [s], times the comparator's bits where there is one."""
        return (self.reset_time + self.pulse_time + self.read_time) * max(self.comparator_bits, 1)

    def energy_per_update(self, u: float = 0.0, square: float | None = None) -> float:
        """Reset, pulse and read [J] at the reduced drive u; nan where the pulse's energy is not known.

        The pulse's energy goes with (1 + u dI/I50)^2. ``square``: the mean of u^2 where u is a mean; u^2 without.
        """
        if self.comparator_bits:
            return (self.reset_energy + self.pulse_energy + self.read_energy) * self.comparator_bits
        step = self.width / self.centre if self.centre else 0.0
        scale = 1.0 + 2.0 * step * u + step * step * (u * u if square is None else square)
        return self.reset_energy + self.pulse_energy * scale + self.read_energy

    def pulse_needed(self, p: float, left: float) -> float:
        """Pulse [s] that leaves at most ``left`` of the old state anywhere between P = p and 1 - p; 0 after a reset."""
        return closed_forms.pulse_needed(self.rate, self.growth, p, left) if self.rate else 0.0

    def __str__(self) -> str:
        """``backhopping: P = 1/2 at 300 µA, width 24 µA, a decision in 60 ns``."""
        text = f"P = 1/2 at {pretty(self.centre, self.unit)}, width {pretty(self.width, self.unit)}, a decision in "
        return f"{self.design or 'p-bit'}: {text}{pretty(self.time_per_update, 's')}"
