"""Energy of one inference pass through a network of spin neurons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from spinloom.errors import InputError
from spinloom.units import si

if TYPE_CHECKING:
    import xarray as xr


def inference_energy(
    neurons: Sequence[int],
    write_energy: str | float,
    read_energy: str | float | None = None,
    periphery: str | float | None = None,
    trials: int = 1,
) -> xr.DataArray:
    """Energy that one sample costs: neurons x trials x (write + read + periphery), layer by layer.

    The write energy is the device's own, E = I^2 R t (``device.write_energy(current, pulse_width)``).

    Parameters
    ----------
    neurons : sequence of int
        Spin neurons of each layer, e.g. (25, 10) for a 784-25-10 network: its inputs are not devices.
    write_energy : str or float
        Energy of one write pulse on one neuron [J].
    read_energy, periphery : str or float, optional
        Energy of one read of one neuron, and of the circuits around it a pulse [J]. What is not given is not known: it
        counts as zero, and is named in the result.
    trials : int
        Write pulses a neuron and sample.

    Returns
    -------
    xarray.DataArray, dims ("layer", "part")
        Energy [J]; part is "write", "read", "periphery"; layers are counted from the input, which is 1. The attribute
        ``unknown`` names the parts that stand at zero because they are not known. ``.sum()`` is the whole pass.

    Raises
    ------
    InputError
        A layer without neurons, no trials, a negative energy.
    UnitError
        An energy without unit, or NaN.

    Notes
    -----
    Weights (a crossbar's own dissipation) are not part of it.

    References
    ----------
    Y. Xin, master's thesis, ShanghaiTech University (2023), sec. 3.6.3.

    Examples
    --------
    >>> float(inference_energy((25, 10), "16.875 fJ").sum())
    5.90625e-13
    """
    import xarray as xr

    for name, counts in (("neurons", list(neurons)), ("trials", [trials])):
        if not counts or any(isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1 for n in counts):
            raise InputError(f"{name} = {counts}: give whole numbers from 1 upwards.")
    parts = {"write": write_energy, "read": read_energy, "periphery": periphery}
    joules = {part: 0.0 if value is None else si(value, "energy", f"{part} energy") for part, value in parts.items()}
    for part, value in joules.items():
        if value < 0 or np.isinf(value):
            raise InputError(f"{part} energy = {value:g} J: give a finite energy of 0 or more.")
    unknown = [part for part, value in parts.items() if value is None]
    return xr.DataArray(
        np.outer(np.asarray(neurons), list(joules.values())) * trials,
        dims=("layer", "part"),
        coords={"layer": np.arange(2, 2 + len(neurons)), "part": list(parts)},
        name="energy",
        attrs={"units": "J", "long_name": "energy a sample", "trials": int(trials), "unknown": ", ".join(unknown)},
    )
