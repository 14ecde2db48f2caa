"""Switching curves of the junctions behind stochastic neurons: against current for several barriers, against field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.units import si, si_array

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.devices.magnetic_tunnel_junction import MagneticTunnelJunction

_START = -3e-6
"""Lowest current of a curve [A]; the highest is 1.2 I_c + 6 uA. Widths are about 1 uA at every barrier."""
_DRIVES = 4
_VOLTAGE, _FIELD = 2, 3


def with_barrier(name: str, delta: float, **overrides: str) -> MagneticTunnelJunction:
    """A junction whose anisotropy is set so that its barrier is ``delta`` k_B T; everything else stays."""
    from spinloom import devices
    from spinloom.physics.constants import BOLTZMANN

    device = devices.device(name, **overrides)
    model = device.model
    now = device.energy_barrier() / model.volume
    wanted = delta * BOLTZMANN * model.temperature / model.volume
    anisotropy = device.parameters.value("uniaxial_anisotropy") + wanted - now
    return devices.device(name, **overrides, uniaxial_anisotropy=anisotropy)


def barriers(settings: Mapping[str, Any], report: Callable[[int, int], None]) -> xr.Dataset:
    """Both ways to use a junction as a neuron, for every barrier of the settings.

    Non-telegraphic: reset to antiparallel, a pulse of ``pulse_width``, then ``read_time`` without current, read.
    Telegraphic: read while the current flows, in the steady state. Both by the Fokker-Planck equation.

    Returns
    -------
    xarray.Dataset over ``barrier``
        ``centre``, ``width`` [A], ``deviation`` of the logistic fit to the end of the pulse; ``contrast``: what of the
        curve's height is left at the read; ``steady_width`` [A], ``steady_deviation``; ``correlation_time`` [s] at zero
        current; ``shift``: widths by which a barrier higher by one percent moves the centre. ``probability`` at the end
        of the pulse over ``reduced`` = (current - centre)/width.
    """
    import xarray as xr

    deltas = [float(value) for value in settings["barriers"]]
    rows = []
    for done, delta in enumerate(deltas):
        rows.append(_barrier(settings, delta))
        report(done + 1, len(deltas))
    lists = ("probability", "reduced")
    columns = {
        name: (("barrier", "point") if name in lists else "barrier", [row[name] for row in rows]) for name in rows[0]
    }
    return xr.Dataset(columns, coords={"barrier": deltas})


def _barrier(settings: Mapping[str, Any], delta: float) -> dict[str, Any]:
    from spinloom import responses
    from spinloom.devices.ensemble import operator
    from spinloom.devices.switching import UP
    from spinloom.engines.drift_diffusion import Grid

    name, points = settings["device"], int(settings["points"])
    pulse, rest = (si(settings[key], "time", key) for key in ("pulse_width", "read_time"))

    def curve(junction: MagneticTunnelJunction, relaxation: float) -> xr.DataArray:
        current = np.linspace(_START, 1.2 * junction.critical_current() + 6e-6, points)
        return junction.switching_probability(current, pulse, method="fokker-planck", relaxation=relaxation)

    junction = with_barrier(name, delta)
    pulsed = curve(junction, 0.0)
    fit = responses.Bernoulli.fit(pulsed)
    other = responses.Bernoulli.fit(curve(with_barrier(name, 1.05 * delta), 0.0))
    read = curve(junction, rest).values
    current = np.linspace(-4e-6, 4e-6, points)
    drives = np.zeros((_DRIVES, points + 1))
    drives[0, 1:] = current
    grid = Grid.of()
    solver = operator(junction.model, drives, UP, grid)
    share = (solver.equilibrium() * grid.widths)[1:, grid.centres > 0].sum(axis=1)
    steady = responses.Bernoulli.fit(_curve(current, share))
    return {
        "centre": fit.centre,
        "width": fit.width,
        "probability": pulsed.values,
        "reduced": (pulsed["current"].values - fit.centre) / fit.width,
        "deviation": fit.goodness["largest_deviation"],
        "contrast": float(read.max() - read.min()),
        "steady_width": steady.width,
        "steady_deviation": steady.goodness["largest_deviation"],
        "correlation_time": 1.0 / solver.slowest_rate(0),
        "shift": abs(other.centre - fit.centre) / (5.0 * fit.width),
    }


def fields(settings: Mapping[str, Any], report: Callable[[int, int], None]) -> xr.Dataset:
    """Switching by voltage pulses against a static field, for several voltages that lower the barrier.

    Reset to antiparallel, a pulse of ``pulse_width`` at the voltage under the field, read; spin transfer by the tunnel
    current is left out (a thick barrier). By the Fokker-Planck equation.

    Returns
    -------
    xarray.Dataset over ``voltage`` and ``field``
        ``probability``, ``reduced`` = (field - centre)/width; ``centre``, ``width`` [T] and ``deviation`` of the
        logistic fit at each voltage.
    """
    import xarray as xr

    from spinloom import responses
    from spinloom.devices.ensemble import operator, well_density
    from spinloom.devices.switching import UP
    from spinloom.engines.drift_diffusion import Grid

    overrides = {key: str(value) for key, value in settings["junction"].items()}
    junction = with_barrier(settings["device"], float(settings["barrier"]), **overrides)
    field = si_array(settings["fields"], "field", "fields")
    pulse = si(settings["pulse_width"], "time", "pulse_width")
    grid = Grid.of()
    start = well_density(junction.model, grid, -1.0)
    voltages = [si(value, "voltage", "voltages") for value in settings["voltages"]]
    table, fits = [], []
    for done, volts in enumerate(voltages):
        drives = np.zeros((_DRIVES, field.size))
        drives[_VOLTAGE], drives[_FIELD] = volts, field
        density = operator(junction.model, drives, UP, grid).evolve(np.repeat(start[None], field.size, axis=0), pulse)
        share = np.clip((density * grid.widths)[:, grid.centres > 0].sum(axis=1), 0.0, 1.0)
        table.append(share)
        fits.append(responses.Bernoulli.fit(_curve(field, share)))
        report(done + 1, len(voltages))
    return xr.Dataset(
        {
            "probability": (("voltage", "field"), table),
            "reduced": (("voltage", "field"), [(field - fit.centre) / fit.width for fit in fits]),
            "centre": ("voltage", [fit.centre for fit in fits]),
            "width": ("voltage", [fit.width for fit in fits]),
            "deviation": ("voltage", [fit.goodness["largest_deviation"] for fit in fits]),
        },
        coords={"voltage": voltages, "field": field},
    )


def last_curve(curves: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """(u, P) of the last barrier or voltage, as ``spinloom.nn.BernoulliNeuron`` takes a measured curve."""
    return curves["reduced"].values[-1], curves["probability"].values[-1]


def _curve(drive: np.ndarray, share: np.ndarray) -> xr.DataArray:
    """A curve as the fit takes it: along "current", whatever the drive is."""
    import xarray as xr

    return xr.DataArray(share, dims=("current",), coords={"current": drive})
