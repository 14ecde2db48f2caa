"""The junctions of a stochastic computer, from a parameter set: what they give, and the energy of a bit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from spinloom.errors import InputError

if TYPE_CHECKING:
    from spinloom.nn.bit_streams import Junctions


class Source(NamedTuple):
    """Junctions of the streams, energy of one bit of a stream [J], bibliography keys, assumed values of the set."""

    junctions: Junctions
    bit_energy: float
    references: tuple[str, ...]
    assumed: tuple[tuple[str, str, str], ...]


def source_of(settings: Mapping[str, Any]) -> Source:
    """From ``device``; a superparamagnetic junction also needs ``bits`` and ``coin_energy``.

    A set of kind ``stochastic_switch`` is reset and pulsed for every bit. A superparamagnetic junction is left alone
    and looked at every ``sampling_time``; ``bits`` of them are compared with a number, so a bit costs ``bits`` looks.

    Raises
    ------
    InputError
        A superparamagnetic set without a sampling time.
    """
    from spinloom import devices, parameters
    from spinloom.nn.bit_streams import Junctions
    from spinloom.parameters.kinds import SWITCHES
    from spinloom.responses import Bernoulli
    from spinloom.units import si

    found = parameters.load(settings["device"])
    assumed = found.assumed_inputs()
    if found.device in SWITCHES:
        response = Bernoulli.from_parameters(found)
        return Source(Junctions.pulsed(response), response.energy_per_bit(), response.references, assumed)
    interval = found.value("sampling_time")
    if not interval > 0:
        raise InputError(f"{found.name} has no sampling_time: say how often its junctions are looked at.")
    bits = int(settings["bits"])
    junctions = Junctions.telegraph(devices.device(settings["device"]).two_state(), interval).programmable(bits)
    energy = bits * si(settings["coin_energy"], "energy", "coin_energy")
    return Source(junctions, energy, tuple(found.references()), assumed)
