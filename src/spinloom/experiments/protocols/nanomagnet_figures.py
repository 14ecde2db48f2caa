"""Figures of dipole-coupled nanomagnets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.figure import FigureSpec, Panel, Series

if TYPE_CHECKING:
    import xarray as xr

_NANO = 1e9


def figures(data: xr.Dataset, networks: list[str], settings: Mapping[str, Any]) -> tuple[FigureSpec, ...]:
    """Exact against simulated, over distance and temperature, and what point dipoles and two states leave out."""
    return _agreement(data, networks), _sweeps(data, settings), _limits(data)


def _agreement(data: xr.Dataset, networks: list[str]) -> FigureSpec:
    panels = []
    for law, title in (("neel", "flips over tilted barriers"), ("bath", "heat bath")):
        series = [Series("", np.array([-1.0, 1.0]), np.array([-1.0, 1.0]), style="dashed", group="guide")]
        for name in networks:
            exact = data[f"{name}_exact"].to_numpy()
            above = np.triu_indices(len(exact), 1)
            found, error = data[f"{name}_{law}"].to_numpy()[above], data[f"{name}_{law}_error"].to_numpy()[above]
            series.append(Series(name, exact[above], found, error=error, style="points"))
        panels.append(Panel("exact <s_i s_j>", "simulated <s_i s_j>", tuple(series), title=title))
    return FigureSpec(
        "correlations",
        "Correlations of all pairs: enumeration and simulated networks",
        tuple(panels),
        "Each point is a pair of magnets; error bars are standard errors from independent runs.",
    )


def _sweeps(data: xr.Dataset, settings: Mapping[str, Any]) -> FigureSpec:
    panels = []
    for sweep, label, scale in (
        ("spacing", "gap between magnets (nm)", _NANO),
        ("temperature", "temperature (K)", 1.0),
    ):
        x = data[sweep].to_numpy() * scale
        series = (
            Series("exact, bodies of real size", x, data[f"{sweep}_exact"].to_numpy(), tone=0),
            Series("exact, point dipoles", x, data[f"{sweep}_points"].to_numpy(), style="dashed", group="guide"),
            Series("flips over tilted barriers", x, data[f"{sweep}_neel"].to_numpy(),
                   error=data[f"{sweep}_error"].to_numpy(), style="points", tone=0),
        )  # fmt: skip
        panels.append(Panel(label, "<s s> of neighbours", series, y_limits=(0.0, 1.05)))
    return FigureSpec(
        "sweeps",
        f"Neighbours in the middle of the {settings['swept']}",
        tuple(panels),
        "Magnetisation and barrier are held at their room-temperature values.",
    )


def _limits(data: xr.Dataset) -> FigureSpec:
    gap = data["gap"].to_numpy() * _NANO
    ratio = tuple(
        Series(label, gap, data[f"ratio_{layout}"].to_numpy(), style="both")
        for layout, label in (("chain", "head to tail"), ("column", "side by side"))
    )
    thickness = data["thickness"].to_numpy() * _NANO
    soft = (
        Series("two states: tanh(-J/kT)", thickness, data["soft_two_states"].to_numpy(), style="both"),
        Series("moments that turn in the plane", thickness, data["soft_free"].to_numpy(), style="both"),
        Series("coupled Landau-Lifshitz-Gilbert equations", np.array([data.attrs["llg_thickness"]]) * _NANO,
               np.array([float(data["llg"])]), error=np.array([float(data["llg_error"])]), style="points", tone=3),
    )  # fmt: skip
    return FigureSpec(
        "limits",
        "What point dipoles and two states leave out",
        (
            Panel("gap (nm)", "coupling of ellipses over that of points", ratio, x_scale="log"),
            Panel("thickness (nm)", "<s s> of a pair, head to tail", soft),
        ),
        "Right: barrier and coupling both grow with the square of the thickness.",
    )
