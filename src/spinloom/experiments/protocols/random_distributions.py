"""Numbers of any distribution from Bernoulli bits: several densities against their targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.errors import UnknownNameError
from spinloom.experiments.context import Context
from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.experiments.verdict import Metric

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.responses import Bernoulli, Distribution

_MICRO = 1e6
_PICO = 1e12


def _densities() -> dict[str, tuple[float, float, Any]]:
    """Name -> (low, high, density): those that the abstract names, and one of no known name."""

    def arbitrary(x: np.ndarray) -> np.ndarray:
        return np.where(x < 0.4, 2.0 * x, 0.3 + 0.5 * np.cos(12.0 * x) ** 2)

    return {
        "Gaussian": (-4.0, 4.0, lambda x: np.exp(-0.5 * x**2)),
        "uniform": (0.0, 1.0, np.ones_like),
        "exponential": (0.0, 8.0, lambda x: np.exp(-x)),
        "chi-square": (0.0, 16.0, lambda x: x * np.exp(-0.5 * x)),  # four degrees of freedom
        "arbitrary": (0.0, 1.0, arbitrary),
    }


def distribution(name: str, bits: int) -> Distribution:
    """One of the densities as a tree of bits. Raises UnknownNameError with the closest match."""
    from spinloom.responses import Distribution

    table = _densities()
    if name not in table:
        raise UnknownNameError("density", name, table)
    low, high, density = table[name]
    return Distribution.from_density(density, low, high, bits)


def study(settings: Mapping[str, Any], response: Bernoulli, context: Context) -> xr.Dataset:
    """Samples of each density, their chi-square, and what errors of the drives do to the distributions."""
    import xarray as xr
    from scipy.stats import chi2

    names, bits, samples = list(settings["names"]), int(settings["bits"]), int(settings["samples"])
    stage = context.stage("distributions")

    def compute() -> xr.Dataset:
        rows: dict[str, list[Any]] = {key: [] for key in _ROWS}
        for n, name in enumerate(names):
            made = distribution(name, bits)
            counts = np.bincount(made.codes(samples, seed=context.seed + n), minlength=2**bits)
            expected = samples * made.masses()
            enough = expected >= 5.0  # cells that chi-square can weigh; the rest are one cell together
            seen, wanted = (np.append(v[enough], v[~enough].sum()) for v in (counts, expected))
            seen, wanted = seen[wanted > 0], wanted[wanted > 0]
            rows["p_value"].append(float(chi2.sf(((seen - wanted) ** 2 / wanted).sum(), seen.size - 1)))
            rows["count"].append(counts)
            rows["mass"].append(made.masses())
            rows["value"].append(made.values)
            width = (made.high - made.low) / 2**bits
            error = np.abs(np.cumsum(made.masses()) - np.cumsum(made.on_device(response).masses())).max()
            rows["tree_error"].append(max(float(error), made.distance(made.on_device(response))))
            rows["quantisation"].append(width / np.sqrt(12.0) / made.standard_deviation())
            shift = float(settings["drive_error"]) * response.centre
            rows["shifted"].append(made.distance(made.on_device(response, drive_offset=shift)))
            rows["stepped"].append(made.distance(made.on_device(response, drive_step=_step(settings))))
            rows["energy"].append(made.energy_per_sample(response))
            rows["time"].append(made.time_per_sample(response))
            stage(n + 1, len(names))
        return xr.Dataset(
            {key: (dims, np.array(rows[key]), {"units": unit}) for key, (dims, unit) in _ROWS.items()},
            coords={"density": names},
        )

    return context.part("distributions", compute)


_ROWS: dict[str, tuple[tuple[str, ...], str]] = {
    "p_value": (("density",), "1"), "count": (("density", "cell"), "1"), "mass": (("density", "cell"), "1"),
    "value": (("density", "cell"), "1"), "tree_error": (("density",), "1"), "quantisation": (("density",), "1"),
    "shifted": (("density",), "1"), "stepped": (("density",), "1"), "energy": (("density",), "J"),
    "time": (("density",), "s"),
}  # fmt: skip


def _step(settings: Mapping[str, Any]) -> float:
    from spinloom.units import si

    return si(settings["drive_step"], "voltage", "drive_step")


def metrics(found: xr.Dataset) -> dict[str, Metric]:
    """What the table of a reproduction names."""
    values = found["p_value"].values
    return {
        "distribution.p_value": Metric([float(v) for v in values]),
        "distribution.smallest_p_value": Metric(float(values.min())),
        "distribution.tree_error": Metric(float(found["tree_error"].max())),
        "distribution.quantisation": Metric(100.0 * float(found["quantisation"].max()), "%"),
        "distribution.drive_error": Metric(100.0 * float(found["shifted"].max()), "%"),
        "distribution.drive_step": Metric(100.0 * float(found["stepped"].max()), "%"),
        "distribution.energy": Metric(_PICO * float(found["energy"].mean()), "pJ"),
        "distribution.time": Metric(_MICRO * float(found["time"].mean()), "us"),
    }


def figures(found: xr.Dataset) -> tuple[FigureSpec, ...]:
    """Histograms against their targets, one panel a density, three panels a figure."""
    panels = []
    for name in found["density"].values:
        one = found.sel(density=name)
        x = one["value"].values
        width = x[1] - x[0]
        total = float(one["count"].sum())
        counts = one["count"].values
        panels.append(
            Panel(
                "x",
                "density",
                (
                    Series("samples", x, counts / total / width, np.sqrt(counts) / total / width, style="points"),
                    Series("target", x, one["mass"].values / width, group="guide"),
                ),
                y_limits=(0.0, 1.15 * float((counts / total / width).max())),
                title=str(name),
            )
        )
    caption = (
        "Numbers made of Bernoulli bits, most significant first, each drawn with the probability that the bits before "
        "it ask for. Points: histogram of the samples with counting errors; lines: the density over each cell."
    )
    pieces = [tuple(panels[first : first + 3]) for first in range(0, len(panels), 3)]
    return tuple(
        FigureSpec(f"distributions_{n}", "Any distribution from Bernoulli bits", piece, caption)
        for n, piece in enumerate(pieces, start=1)
    )
