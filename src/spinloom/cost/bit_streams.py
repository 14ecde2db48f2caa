"""Energy of an inference with bit streams: bits made, gates passed, ones counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, final

from spinloom.errors import InputError

if TYPE_CHECKING:
    import xarray as xr


class Census(NamedTuple):
    """What a network of streams consists of, a sample of each stream.

    Attributes
    ----------
    inputs, weights : int
        Streams of numbers and of weights.
    gates : int
        Two-input gates.
    counters : int
        Counters that take one step at most.
    """

    inputs: int
    weights: int
    gates: int
    counters: int


@final
@dataclass(frozen=True)
class StreamCosts:
    """Energies of the parts [J], each of one event.

    Attributes
    ----------
    bit : float
        One bit of a stream, from its junctions to the wire.
    gate : float
        One two-input gate in one sample.
    count : float
        One counter in one sample.
    """

    bit: float
    gate: float
    count: float

    def __post_init__(self) -> None:
        """Refuse negative energies."""
        if any(value < 0 for value in vars(self).values()):
            raise InputError("No energy can be negative.")


def inference_energy(costs: StreamCosts, census: Census, length: int) -> xr.DataArray:
    """Energy [J] of one inference by term: E = L [(N_x + N_w) E_bit + N_gate E_gate + N_count E_count].

    Every stream is made anew for each inference, and every gate counts as switching in each sample, an upper bound.
    Memory, control, clock and leakage are not in it.

    Parameters
    ----------
    costs : StreamCosts
    census : Census
    length : int
        Samples L, above 0.

    Returns
    -------
    xarray.DataArray, dims ("term",)
        "input bits", "weight bits", "gates", "counters".
    """
    import xarray as xr

    if length < 1:
        raise InputError(f"length = {length}: a stream has one sample or more.")
    terms = {
        "input bits": census.inputs * costs.bit,
        "weight bits": census.weights * costs.bit,
        "gates": census.gates * costs.gate,
        "counters": census.counters * costs.count,
    }
    return xr.DataArray(
        [length * energy for energy in terms.values()],
        dims=("term",),
        coords={"term": list(terms)},
        name="energy",
        attrs={"units": "J", "formula": "L [(N_x + N_w) E_bit + N_gate E_gate + N_count E_count]"},
    )
