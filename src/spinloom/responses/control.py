"""How pulse width and energy barrier set a junction's sigmoid, and the path that moves k at constant c.

Xin 2023, sections 3.2 and 3.5.2: a longer pulse makes the curve steeper and shifts it left; a higher barrier (by strain
or voltage) shifts it right. Together they change k alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr
from scipy.interpolate import PchipInterpolator

from spinloom.errors import FitError, InputError
from spinloom.responses.sigmoid import Sigmoid
from spinloom.units import Span, si_array

Progress = Callable[[int, int], None]


def sigmoid_map(
    junction: Any,
    pulse_widths: str | Span | list | np.ndarray,
    energy_barriers: list | np.ndarray,
    current: str | Span | list | np.ndarray | None = None,
    *,
    progress: Progress | None = None,
    **measurement: Any,
) -> xr.Dataset:
    """k and c of the switching curve over pulse width and energy barrier.

    The barrier is set through the uniaxial anisotropy, as strain or a voltage would.

    Parameters
    ----------
    junction : MagneticTunnelJunction
        The junction; everything but its anisotropy is kept.
    pulse_widths : quantities
        [s].
    energy_barriers : sequence of float
        Delta = E_B/(k_B T) at the junction's temperature.
    current : quantities
        Currents of each curve [A]; by default 60 from 0 to six critical currents of the barrier at hand.
    **measurement
        Passed to ``switching_probability``.

    Returns
    -------
    xarray.Dataset
        ``k`` [1/A] and ``c`` [A] over (pulse_width, barrier), with the largest deviation of each fit; NaN where the
        curve is no sigmoid.
    """
    widths = si_array(pulse_widths, "time", "pulse_widths")
    barriers = np.asarray(energy_barriers, float)
    if (barriers <= 0).any():
        raise InputError("Energy barriers are given as Δ = E_B/(k_B T) and must be more than 0.")
    names = ("k", "c", "largest_deviation")
    table = {name: np.empty((widths.size, barriers.size)) for name in names}
    volume, base = junction.model.volume, junction.parameters.value("uniaxial_anisotropy")
    per_delta = junction.energy_barrier() / junction.thermal_stability()
    for column, delta in enumerate(barriers):
        anisotropy = base + (delta * per_delta - junction.energy_barrier()) / volume
        here = junction.with_parameters(uniaxial_anisotropy=float(anisotropy))
        points = np.linspace(0.0, 6.0 * here.critical_current(), 60) if current is None else current
        curves = here.switching_probability(points, list(widths), **measurement)
        for row in range(widths.size):
            try:
                fit = Sigmoid.fit(curves.isel(pulse_width=row))
            except FitError:  # e.g. a barrier so low that the pulse lets the state forget where it began
                found = (np.nan, np.nan, np.nan)
            else:
                found = (fit.k, fit.c, fit.goodness["largest_deviation"])
            for name, value in zip(names, found, strict=True):
                table[name][row, column] = value
            if progress is not None:
                progress(column * widths.size + row + 1, widths.size * barriers.size)
    units = {"k": "1/A", "c": "A", "largest_deviation": "1"}
    return xr.Dataset(
        {name: (("pulse_width", "barrier"), table[name], {"units": units[name]}) for name in names},
        coords={
            "pulse_width": ("pulse_width", widths, {"units": "s", "long_name": "pulse width"}),
            "barrier": ("barrier", barriers, {"units": "1", "long_name": "energy barrier Δ"}),
        },
        attrs=junction.attributes(),
    )


def constant_offset_path(table: xr.Dataset, c: float | None = None) -> xr.Dataset:
    """The pairs (pulse width, barrier) along which c stays constant and k alone moves (Xin 2023, fig. 3.15).

    Parameters
    ----------
    table : xarray.Dataset
        From :func:`sigmoid_map`; c must fall with the barrier at each width.
    c : float
        The offset to hold [A]; by default the value reached at the most pulse widths, nearest to the map's middle.

    Returns
    -------
    xarray.Dataset
        ``barrier`` and ``k`` [1/A] over ``pulse_width``, for the widths at which the map reaches c; attribute ``c``.

    Raises
    ------
    InputError
        The map does not reach c at two widths or more.
    """
    offsets, slopes = table["c"].values, table["k"].values
    barriers = table["barrier"].values
    if c is None:
        candidates = np.sort(offsets[np.isfinite(offsets)])
        low, high = np.nanmin(offsets, axis=1), np.nanmax(offsets, axis=1)
        reached = [np.sum((low <= value) & (value <= high)) for value in candidates]
        best = candidates[np.asarray(reached) == max(reached)]
        c = float(best[best.size // 2])
    widths, found, k = [], [], []
    for row, width in enumerate(table["pulse_width"].values):
        known = np.isfinite(offsets[row])
        order = np.flatnonzero(known)[np.argsort(offsets[row][known])]
        if order.size < 2 or not offsets[row][order[0]] <= c <= offsets[row][order[-1]]:
            continue
        barrier = float(PchipInterpolator(offsets[row][order], barriers[order])(c))
        widths.append(width)
        found.append(barrier)
        k.append(float(PchipInterpolator(barriers[known], slopes[row][known])(barrier)))
    if len(widths) < 2:
        raise InputError(
            f"The map reaches c = {c / 1e-6:.3g} µA at {len(widths)} pulse widths; two are needed. "
            f"Its offsets lie between {np.nanmin(offsets) / 1e-6:.3g} and {np.nanmax(offsets) / 1e-6:.3g} µA."
        )
    return xr.Dataset(
        {"barrier": ("pulse_width", found, {"units": "1"}), "k": ("pulse_width", k, {"units": "1/A"})},
        coords={"pulse_width": ("pulse_width", widths, {"units": "s"})},
        attrs={**table.attrs, "c": c},
    )
