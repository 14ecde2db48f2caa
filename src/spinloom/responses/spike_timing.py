"""Spike-timing-dependent plasticity from two overlapping spikes across a synapse that knows only pulses.

A spike is a short pulse followed by a slow tail of the other sign. The spike before the synapse and that behind it are
applied to its two ends, so that the device sees their difference. One spike alone stays under the threshold; where
pulse and tail overlap the difference passes it, the more the closer they are in time, and the part above counts as
pulses of the device.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final, get_args

import numpy as np

from spinloom.errors import InputError, UnknownNameError
from spinloom.responses.plasticity import Plasticity

Tail = Literal["linear", "exponential", "flat"]


@final
@dataclass(frozen=True)
class Spike:
    """A pulse of height ``amplitude`` and length ``pulse``, then a tail of height -``amplitude``.

    Attributes
    ----------
    amplitude : float
        [V].
    pulse : float
        Length of the pulse [s].
    tail : float
        Length of the tail, or its time constant where it is exponential [s].
    form : {"linear", "exponential", "flat"}
        The tail falls to zero on a straight line (a sawtooth), exponentially, or keeps its height (a square).
    threshold : float
        Voltage over the device below which nothing changes [V]; between the amplitude and twice the amplitude.

    Raises
    ------
    InputError
        A single spike passes the threshold, or two together cannot.
    """

    amplitude: float = 1.0
    pulse: float = 1e-3
    tail: float = 50e-3
    form: Tail = "linear"
    threshold: float = 1.0

    def __post_init__(self) -> None:
        """Refuse spikes that write alone, or never."""
        if self.form not in get_args(Tail):
            raise UnknownNameError("form of a spike's tail", str(self.form), get_args(Tail))
        if not (self.amplitude > 0 and self.pulse > 0 and self.tail > 0):
            raise InputError("A spike's amplitude, pulse and tail must be more than 0.")
        if not self.amplitude <= self.threshold < 2 * self.amplitude:
            raise InputError(
                f"threshold = {self.threshold:g} V: it must be at least the amplitude, {self.amplitude:g} V, so that "
                "one spike alone changes nothing, and less than twice the amplitude, so that two together can."
            )

    def voltage(self, time: np.ndarray) -> np.ndarray:
        """The spike [V] at times after its start [s]."""
        after = np.asarray(time, float) - self.pulse
        if self.form == "exponential":
            tail = np.exp(-np.clip(after, 0.0, None) / self.tail)
        else:
            tail = (after < self.tail) * (1.0 if self.form == "flat" else 1.0 - after / self.tail)
        shape = np.where(after < 0, 1.0, -tail)
        return self.amplitude * np.where(np.asarray(time) < 0, 0.0, shape)

    @property
    def window(self) -> float:
        """Largest distance of the starts of two spikes at which the later pulse finds a tail that suffices [s].

        The tail must still be worth threshold - amplitude while the pulse lasts; beyond the window nothing changes.
        """
        need = self.threshold / self.amplitude - 1.0
        if self.form == "flat":
            return self.tail + self.pulse
        if self.form == "linear":
            return self.pulse + self.tail * (1.0 - need)
        return self.pulse - self.tail * float(np.log(need)) if need > 0 else float("inf")


def spike_timing(
    synapse: Plasticity, spike: Spike, delays: np.ndarray, start: float = 0.5, pulses: float = 1.0, points: int = 400
) -> np.ndarray:
    """Change of the normalised state against the delay of the spike behind the synapse.

    Parameters
    ----------
    synapse : Plasticity
        Its curves decide what a pulse does; spreads are left out.
    spike : Spike
        The same before and behind the synapse.
    delays : array
        t_post - t_pre [s]; positive delays potentiate.
    start : float
        State before, 0..1.
    pulses : float
        Pulses of the device that the largest overlap is worth: an overlap of one pulse length at twice the amplitude.
    points : int
        Steps of time within one pulse.

    Returns
    -------
    numpy.ndarray
        Delta g, shape of ``delays``. The overlap is the integral of the voltage above the threshold.
    """
    if not 0.0 <= start <= 1.0:
        raise InputError(f"start = {start:g}: a normalised state lies between 0 and 1.")
    delays = np.asarray(delays, float)
    full = (2.0 * spike.amplitude - spike.threshold) * spike.pulse
    # the threshold is passed within one of the two pulses alone: elsewhere tails stand against each other
    inside = (np.arange(points) + 0.5) / points * spike.pulse
    work = np.zeros(delays.shape)
    for begin in (np.zeros_like(delays), delays):
        time = begin[..., None] + inside
        difference = spike.voltage(time) - spike.voltage(time - delays[..., None])
        above = np.sign(difference) * np.clip(np.abs(difference) - spike.threshold, 0.0, None)
        work -= above.sum(axis=-1) * spike.pulse / points
    count = pulses * work / full
    return synapse.ideal().after_pulses(np.full(delays.shape, start), count) - start
