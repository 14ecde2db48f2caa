"""Energy of one operation of two populations of junctions joined by a matrix of digital weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from spinloom.errors import InputError

if TYPE_CHECKING:
    import xarray as xr


@final
@dataclass(frozen=True)
class Circuit:
    """Energies of the electronics around the junctions [J], each of one event.

    Attributes
    ----------
    sense : float
        One look at the state of one junction.
    count : float
        One step of a counter.
    multiply : float
        One multiplication of a count and a weight, added up.
    read_bit, write_bit : float
        One bit of weight memory.
    drive : float
        One conversion of a sum to the current of an output junction.
    looks : float
        Looks a junction during the time of one flip at the peak rate.
    """

    sense: float
    count: float
    multiply: float
    read_bit: float
    write_bit: float
    drive: float
    looks: float

    def __post_init__(self) -> None:
        """Refuse negative energies."""
        if any(value < 0 for value in vars(self).values()):
            raise InputError("No energy of a circuit can be negative.")


def operation_energy(
    circuit: Circuit,
    *,
    junctions: tuple[int, int],
    power: tuple[float, float],
    duration: float,
    peak_rate: float,
    flips: tuple[float, float],
    active: float,
    bits: int = 8,
    learning: bool = False,
) -> xr.DataArray:
    """Energy of sensing, transferring and (if learning) correcting once, term by term.

        junctions  (n_in P_in + n_out P_out) T                    P = I^2 R averaged over the row
        sensing    (n_in + n_out) T r_peak looks e_sense
        counting   (N_in + N_out) e_count                         N flips in all
        weights    active n_in n_out (bits e_read + e_multiply)   once an operation, not once a flip
        drive      n_out e_drive
        learning   active n_in n_out (bits (e_read + e_write) + e_multiply)

    Parameters
    ----------
    circuit : Circuit
    junctions : (int, int)
        Numbers of input and output junctions.
    power : (float, float)
        Mean power of one junction of each row [W].
    duration : float
        Acquisition time of each row [s].
    peak_rate : float
        Flips a second of a junction at its peak [1/s].
    flips : (float, float)
        Mean flips in all of each row an operation.
    active : float
        Share of the inputs that flipped at least once: the others' weights are not touched.
    bits : int
        Of a weight.
    learning : bool
        Whether the weights are corrected.

    Returns
    -------
    xarray.DataArray, dim "part"
        Energies [J]; ``.sum()`` is the operation.
    """
    import xarray as xr

    inputs, outputs = junctions
    if inputs < 1 or outputs < 1 or duration <= 0 or not 0 <= active <= 1:
        raise InputError("An operation needs junctions in both rows, a time above 0, and an active share within 0..1.")
    pairs = active * inputs * outputs
    parts = {
        "junctions": (inputs * power[0] + outputs * power[1]) * duration,
        "sensing": (inputs + outputs) * duration * peak_rate * circuit.looks * circuit.sense,
        "counting": sum(flips) * circuit.count,
        "weights": pairs * (bits * circuit.read_bit + circuit.multiply),
        "drive": outputs * circuit.drive,
        "learning": pairs * (bits * (circuit.read_bit + circuit.write_bit) + circuit.multiply) * learning,
    }
    return xr.DataArray(
        list(parts.values()),
        dims="part",
        coords={"part": list(parts)},
        name="energy",
        attrs={"units": "J", "long_name": "energy an operation"},
    )
