"""Switching curves of one junction: trajectories, the exact solution, and the fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import xarray as xr

from spinloom import devices, responses
from spinloom.experiments.context import Context
from spinloom.experiments.verdict import Metric
from spinloom.units import si_array

MICRO = 1e6
NANO = 1e9
_DENSE = 201


@final
@dataclass(frozen=True)
class Curves:
    """One junction; curves over (pulse_width, current), fits by pulse width in whole nanoseconds.

    Attributes
    ----------
    junction
        The device.
    trajectories : xr.DataArray
        Shares of trajectories that switched.
    exact : xr.DataArray
        Fokker-Planck solution at the same points.
    dense : xr.DataArray
        Fokker-Planck solution on a finer grid of currents, for drawing.
    fits : dict of int to Sigmoid
        Fitted to the trajectories.
    exact_fits : dict of int to Sigmoid
        Fitted to the exact solution: no noise, so neighbouring widths can be told apart.
    trials : int
        Trajectories a point.
    """

    junction: Any
    trajectories: xr.DataArray
    exact: xr.DataArray
    dense: xr.DataArray
    fits: dict[int, Any]
    exact_fits: dict[int, Any]
    trials: int

    def k(self, width: int) -> Metric:
        """Slope [1/uA] with its standard error."""
        low, high = self.fits[width].k_interval
        return Metric(self.fits[width].k / MICRO, "1/uA", (high - low) / MICRO / (2 * 1.96))

    def c(self, width: int) -> Metric:
        """Offset [uA] with its standard error."""
        low, high = self.fits[width].c_interval
        return Metric(self.fits[width].c * MICRO, "uA", (high - low) * MICRO / (2 * 1.96))

    def binomial_error(self) -> np.ndarray:
        """Standard error of each share; never below that of one event."""
        share = self.trajectories.values
        return np.sqrt(np.maximum(share * (1 - share), 1 / self.trials) / self.trials)


def measure(side: str, settings: dict[str, Any], context: Context) -> Curves:
    """Both methods and the fits for the junction on one side of the comparison, "low" or "high"."""
    junction = devices.device(settings["devices"][side])
    current = si_array(settings["currents"][side], "current", "currents")
    widths = list(settings["pulse_widths"])
    trials = int(settings["trials"])
    stage = context.stage(f"trajectories, Δ = {junction.thermal_stability():.3g}")
    seed = context.seed + (0 if side == "low" else 1000)

    def simulate() -> xr.Dataset:
        found = junction.switching_probability(
            current, widths, trials, seed, method="llgs", initial=settings["initial"], progress=stage
        )
        return found.rename("probability").to_dataset()

    def solve(points: np.ndarray) -> xr.DataArray:
        return junction.switching_probability(points, widths, method="fokker-planck", initial=settings["initial"])

    trajectories = context.part(f"trajectories-{side}", simulate)["probability"]
    nanoseconds = [round(float(w) * NANO) for w in trajectories.pulse_width.values]
    exact = solve(current)
    return Curves(
        junction=junction,
        trajectories=trajectories,
        exact=exact,
        dense=solve(np.linspace(float(current[0]), float(current[-1]), _DENSE)),
        fits={ns: responses.Sigmoid.fit(trajectories.isel(pulse_width=i)) for i, ns in enumerate(nanoseconds)},
        exact_fits={ns: responses.Sigmoid.fit(exact.isel(pulse_width=i)) for i, ns in enumerate(nanoseconds)},
        trials=trials,
    )
