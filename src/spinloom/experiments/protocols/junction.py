"""What a network protocol needs of the simulated junction: its (k, c) at several pulse widths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spinloom.units import si_array


def slopes_and_offsets(settings: Mapping[str, Any]) -> list[tuple[float, float]]:
    """k [1/uA] and c [uA] of the junction at each of the settings' pulse widths, by the Fokker-Planck equation.

    Parameters
    ----------
    settings : mapping
        ``device`` (parameter set), ``currents`` and ``widths``.
    """
    from spinloom import devices, responses

    junction = devices.device(settings["device"])
    current = si_array(settings["currents"], "current", "currents")
    pairs: list[tuple[float, float]] = []
    for width in settings["widths"]:
        curve = junction.switching_probability(current, width, method="fokker-planck", initial="axis")
        k, c = responses.Sigmoid.fit(curve).in_microamperes()
        pairs.append((float(k), float(c)))
    return pairs
