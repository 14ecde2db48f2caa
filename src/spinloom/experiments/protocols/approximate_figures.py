"""Figures of approximate storage: write errors, accuracy, energy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.experiments.protocols.write_errors import Sweep, WriteErrors, energy_at
from spinloom.experiments.verdict import Metric

if TYPE_CHECKING:
    import xarray as xr

LABELS = {
    "once": "written once, after training",
    "training": "written while training",
    "retry": "written while training, failures pulsed again",
}
_NANO = 1e9
_FEMTO = 1e15


def draw(
    errors: WriteErrors,
    learned: xr.Dataset,
    sweeps: Mapping[str, Sweep],
    metrics: Mapping[str, Metric],
    settings: Mapping[str, Any],
) -> tuple[FigureSpec, ...]:
    """Write errors against the pulse; accuracy against the error rate; accuracy against energy."""
    return _law(errors, settings), _accuracy(learned), _energy(learned, sweeps, settings)


def _law(errors: WriteErrors, settings: Mapping[str, Any]) -> FigureSpec:
    widths = errors.widths
    overdrive = float(settings["overdrive"])
    limits = (1e-12, 1.5)
    mean = errors.mean(overdrive, widths)
    by_width = (
        Series("one junction", widths * _NANO, errors.nominal(overdrive, widths), tone=0),
        Series(f"mean over devices, spread {100 * errors.spread:g} %", widths * _NANO, mean, tone=1),
        Series("closed form", widths * _NANO, errors.closed_form(overdrive, widths), style="dashed", group="guide"),
    )
    drives = errors.overdrives
    by_drive = tuple(
        Series(f"{t * _NANO:.3g} ns", drives, errors.nominal(drives, float(t)), tone=n)
        for n, t in enumerate(widths[[widths.size // 8, widths.size // 3, -1]])
    )
    fast = drives[drives > 1.15]
    half = np.array([_half_time(errors, float(i)) for i in drives])
    times = (
        Series("time at which half have switched", drives, half * _NANO, style="line"),
        Series("law of the high-current regime", fast, errors.mean_time(fast) * _NANO, style="dashed", group="guide"),
    )
    panels = (
        Panel(
            "pulse width (ns)", "write error rate", by_width, y_scale="log", y_limits=limits, title=f"{overdrive:g} I_c"
        ),
        Panel("current / critical current", "write error rate", by_drive, y_scale="log", y_limits=limits),
        Panel("current / critical current", "switching time (ns)", times, y_scale="log"),
    )
    return FigureSpec(
        "write_errors",
        "Write errors of the assumed junction",
        panels,
        "Fokker-Planck equation of the free layer; closed form: Butler 2012. Right: median switching time, and the "
        "mean time of the high-current regime as Vincent 2015 uses it.",
    )


def _half_time(errors: WriteErrors, overdrive: float) -> float:
    """Width at which half of the pulses fail; NaN outside the table."""
    rates = errors.nominal(overdrive, errors.widths)
    if not rates.min() < 0.5 < rates.max():
        return float("nan")
    return float(np.interp(-0.5, -rates, errors.widths))


def _accuracy(learned: xr.Dataset) -> FigureSpec:
    rates = learned.coords["error_rate"].values
    perfect = float(learned["perfect"].mean())
    ends = rates[[0, -1]]
    series = [_curve(learned, way, rates, tone) for tone, way in enumerate(LABELS)]
    series.append(Series("no errors", ends, np.full(2, perfect), group="guide"))
    low = float(learned["accuracy"].min())
    near = Panel(
        "write error rate", "test accuracy (%)", tuple(series), x_scale="log", y_limits=(perfect - 5, perfect + 1)
    )
    whole = Panel("write error rate", "test accuracy (%)", tuple(series), x_scale="log", y_limits=(low - 3, 100.0))
    return FigureSpec(
        "accuracy",
        "Accuracy against the error rate of the writes",
        (whole, near),
        "Binary perceptron. Error rate: mean over the devices, which differ; bands: lowest to highest seed.",
    )


def _curve(learned: xr.Dataset, way: str, x: np.ndarray, tone: int) -> Series:
    values = learned["accuracy"].sel(way=way).transpose("error_rate", "seed").values
    band = None if values.shape[1] < 2 else (values.min(axis=1), values.max(axis=1))
    return Series(LABELS[way], x, values.mean(axis=1), band=band, style="both", tone=tone)


def _energy(learned: xr.Dataset, sweeps: Mapping[str, Sweep], settings: Mapping[str, Any]) -> FigureSpec:
    rates = learned.coords["error_rate"].values
    reference = float(settings["reference_error"])
    panels = []
    for knob, sweep in sweeps.items():
        share = np.array([100.0 * energy_at(float(rate), sweep) / energy_at(reference, sweep) for rate in rates])
        kept = np.isfinite(share)
        series = [
            Series(
                LABELS[way],
                share[kept],
                learned["accuracy"].sel(way=way).mean("seed").values[kept],
                style="both",
                tone=n,
            )
            for n, way in enumerate(LABELS)
        ]
        perfect = float(learned["perfect"].mean())
        ours = Series(
            "published: 74 % saved, 1 % lost",
            np.array([26.0]),
            np.array([perfect - 1.0]),
            style="points",
            group="published",
        )
        panels.append(
            Panel(
                f"energy of a pulse (% of that at {reference:.0e})",
                "test accuracy (%)",
                (*series, ours),
                y_limits=(perfect - 6, perfect + 1),
                title=f"by {knob}",
            )
        )
    energies = tuple(
        Series(f"by {knob}", sweep[2][sweep[1] > 1e-13] * _FEMTO, sweep[1][sweep[1] > 1e-13], tone=n)
        for n, (knob, sweep) in enumerate(sweeps.items())
    )
    panels.append(
        Panel("energy of a pulse (fJ)", "mean write error rate", energies, y_scale="log", y_limits=(1e-12, 1.5))
    )
    return FigureSpec(
        "energy",
        "Accuracy against the energy of a write pulse",
        tuple(panels),
        "Energy of one pulse, I²Rt. Pulses that are repeated are counted in the table, not here.",
    )
