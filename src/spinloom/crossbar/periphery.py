"""Energy, latency and area of the circuits around an array."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import final

import numpy as np

from spinloom.crossbar.cell import positive
from spinloom.errors import InputError

_KINDS = {"energy": "energy", "time": "time", "area": "area"}


@final
@dataclass(frozen=True)
class Periphery:
    """Figures of the circuits around an array; None is not known, counts as zero, and is named in every cost.

    Attributes
    ----------
    dac_energy, dac_time, dac_area : str or float, optional
        Of one input converter: one conversion [J], [s], one circuit [m^2]. One a row of a tile.
    adc_energy, adc_time, adc_area : str or float, optional
        Of one output converter. One for every ``columns_per_adc`` columns of a tile, which convert in turn.
    driver_energy, driver_time, driver_area : str or float, optional
        Of driving one row line of one array for one read.
    write_driver_energy : str or float, optional
        Spent around the array for each write pulse, besides the pulse itself.
    adder_energy, adder_time, adder_area : str or float, optional
        Of adding one partial sum to another.
    columns_per_adc : int
        Columns that share a converter.
    cycles : int
        Reads that one input takes: more than one where its bits are sent one after the other.
    source : str
        Where the figures come from.

    Raises
    ------
    InputError
        A figure that is negative or infinite, a count below 1.
    """

    dac_energy: str | float | None = None
    dac_time: str | float | None = None
    dac_area: str | float | None = None
    adc_energy: str | float | None = None
    adc_time: str | float | None = None
    adc_area: str | float | None = None
    driver_energy: str | float | None = None
    driver_time: str | float | None = None
    driver_area: str | float | None = None
    write_driver_energy: str | float | None = None
    adder_energy: str | float | None = None
    adder_time: str | float | None = None
    adder_area: str | float | None = None
    columns_per_adc: int = 1
    cycles: int = 1
    source: str = ""

    def __post_init__(self) -> None:
        """Read units, refuse what cannot be."""
        for field in fields(self):
            value, kind = getattr(self, field.name), _KINDS.get(field.name.rpartition("_")[2])
            if kind and value is not None:
                object.__setattr__(self, field.name, positive(value, kind, field.name, zero=True))
        for name in ("columns_per_adc", "cycles"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
                raise InputError(f"{name} = {value}: give a whole number from 1 upwards.")

    @classmethod
    def isaac(cls, input_bits: int = 16) -> Periphery:
        """Converters of the ISAAC accelerator at 32 nm: inputs bit by bit, 8-bit output conversion.

        Eight 8-bit ADCs of 1.2 GS/s take 16 mW and 9600 um^2, each serving the 128 columns of an array; the 1024
        one-bit DACs of eight arrays take 4 mW and 170 um^2 at one read every 100 ns. Drivers and adders are not in it.

        References
        ----------
        A. Shafiee et al., ISCA 2016, 14-26, doi:10.1109/ISCA.2016.12.
        """
        return cls(
            dac_energy=4e-3 / 1024 * 100e-9,
            dac_area=170e-12 / 1024,
            adc_energy=16e-3 / 8 / 1.2e9,
            adc_time=1 / 1.2e9,
            adc_area=9600e-12 / 8,
            columns_per_adc=128,
            cycles=input_bits,
            source="Shafiee2016",
        )
