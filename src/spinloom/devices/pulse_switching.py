"""Switching by a pulse of any drive: probabilities from trajectories, and the closed forms beside the exact ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from scipy.special import gammainc

from spinloom.devices import switching
from spinloom.devices.ensemble import Initial, Progress, operator, well_density
from spinloom.devices.solver import Solver
from spinloom.engines.drift_diffusion import Grid
from spinloom.errors import InputError, UnknownNameError
from spinloom.physics import pulse_switching as closed_forms
from spinloom.units import Span, si, si_array

if TYPE_CHECKING:
    from spinloom.devices.magnetic_tunnel_junction import MagneticTunnelJunction

Quantity = str | float
Quantities = str | float | Span | list | np.ndarray
DRIVES = {"current": "current", "spin_orbit_current": "current", "voltage": "voltage", "field": "field"}
"""Channels that a pulse may use -> kind of quantity, which is also the name of the result's dimension."""
_UNITS = {"current": "A", "voltage": "V", "field": "T"}
_SIDES = {"antiparallel": -1.0, "parallel": 1.0}


def pulse_probability(
    junction: MagneticTunnelJunction,
    amplitude: Quantities,
    pulse_width: Quantities,
    channel: str = "voltage",
    *,
    start: str = "antiparallel",
    relaxation: Quantity = "10 ns",
    initial: Initial = "well",
    trials: int = 1000,
    seed: int = 0,
    solver: Solver | None = None,
    progress: Progress | None = None,
) -> xr.DataArray:
    """Probability that the state has reversed after one pulse of a voltage, a spin-orbit current, a field or a current.

    Trajectories of the stochastic LLGS equation. One channel acts at a time: a voltage pulse works through the
    anisotropy alone, so spin transfer by the tunnel current must be negligible (a thick barrier).

    Parameters
    ----------
    junction : MagneticTunnelJunction
        With what the channel needs: ``vcma_coefficient`` for a voltage, ``spin_hall_angle`` for a spin-orbit current.
    amplitude : quantities
        Pulse heights [V, A or T]: one, or several.
    pulse_width : quantities
        Pulse widths [s]: one, or several.
    channel : {"voltage", "spin_orbit_current", "field", "current"}
    start, relaxation, initial, trials, seed, solver, progress
        As in ``MagneticTunnelJunction.switching_probability``; a field acts along z. The state is the sign of m along
        the easy axis after ``relaxation`` [s] at rest.

    Returns
    -------
    xarray.DataArray
        Over ``pulse_width`` [s] and ``voltage``, ``current`` or ``field``; a dimension with one plain value is dropped.
        Along the drive it is what ``responses.Bernoulli.fit`` takes.

    Raises
    ------
    InputError, UnknownNameError, UnitError, TimeStepError
        A channel on which the junction does not react, no trials, NaN, widths not above 0, a step that is too long.
    """
    if channel not in DRIVES:
        raise UnknownNameError("channel", channel, DRIVES)
    kind = DRIVES[channel]
    needs = {"voltage": "vcma_coefficient", "spin_orbit_current": "spin_hall_angle"}.get(channel)
    if needs and junction.parameters.value(needs) == 0:
        raise InputError(f"{junction.name} does not react on a {channel}: give it a {needs}.")
    heights, widths = si_array(amplitude, kind, channel), si_array(pulse_width, "time", "pulse_width")
    rest = si(relaxation, "time", "relaxation")
    if trials < 1:
        raise InputError(f"trials must be at least 1, not {trials}.")
    if not np.isfinite(heights).all() or not np.isfinite(widths).all() or (widths <= 0).any() or rest < 0:
        raise InputError(f"{channel} and pulse_width must be finite, widths above 0, and relaxation not negative.")
    if start not in _SIDES:
        raise UnknownNameError("start", start, _SIDES)
    solver = solver or Solver()
    run: dict[str, Any] = {
        "trials": trials, "seed": seed, "solver": solver, "side": _SIDES[start], "channel": channel,
    }  # fmt: skip
    values = switching.by_trajectories(junction.model, heights, widths, rest, initial, run, progress)
    curve = xr.DataArray(
        values,
        dims=("pulse_width", kind),
        coords={
            "pulse_width": ("pulse_width", widths, {"units": "s", "long_name": "pulse width"}),
            kind: (kind, heights, {"units": _UNITS[kind], "long_name": channel.replace("_", " ")}),
        },
        name="switching_probability",
        attrs=junction.attributes(
            units="1", long_name="switching probability", method="llgs", channel=channel, trials=trials, seed=seed,
            scheme=solver.scheme, time_step=solver.dt, start=start, relaxation=rest,
            initial=initial if isinstance(initial, str) else "given",
        ),
    )  # fmt: skip
    single = {"pulse_width": pulse_width, kind: amplitude}
    plain = {
        name: 0 for name, given in single.items() if isinstance(given, str | float | int) and curve.sizes[name] == 1
    }
    return curve.isel(plain)


def passage(
    junction: MagneticTunnelJunction, current: Quantities, start: str = "antiparallel"
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation [s] of the time from the thermal well to the equator, one for each current.

    From the backward Fokker-Planck equation: exact for a junction symmetric about z at any current. Below I_c the time
    to the equator is not yet that of a completed switch: near zero current half of what gets there falls back.

    Raises
    ------
    InputError
        As ``switching_probability(method="fokker-planck")``.
    """
    switching.choose("fokker-planck", junction.model, "well")
    if start not in _SIDES:
        raise UnknownNameError("start", start, _SIDES)
    model, amperes = junction.model, si_array(current, "current", "current")
    if not np.isfinite(amperes).all():
        raise InputError("current must be finite numbers; one of them is NaN or infinite.")
    if start == "parallel":  # the same rise, turned over: current and field change their signs
        if model.asymmetry:
            raise InputError("From the parallel state, passage times hold for a torque without angular asymmetry only.")
        x, y, z = model.applied
        model, amperes = replace(model, applied=(x, y, -z)), -amperes
    drives = np.zeros((4, amperes.size))
    drives[0] = amperes
    grid = Grid.of()
    solver = operator(model, drives, switching.UP, grid)
    return solver.first_passage(well_density(model, grid, -1.0), 0.0)


def gamma_probability(mean: np.ndarray | float, spread: np.ndarray | float, duration: np.ndarray | float) -> np.ndarray:
    """P(time <= t) of a gamma law with this mean and standard deviation [s]: regularised gamma(k, k t/mean).

    k = (mean/spread)^2: exponential times at k = 1 (activated), narrow ones at large k (precessional).
    """
    shape = (np.asarray(mean) / np.asarray(spread)) ** 2
    return gammainc(shape, shape * np.asarray(duration) / mean)


def closed_probability(
    junction: MagneticTunnelJunction, current: Quantities, pulse_width: Quantities, start: str = "antiparallel"
) -> xr.DataArray:
    """Switching probability in the closed form of each current's regime: a fast stand-in for the exact curve.

    Activated: Brown's rate under current; precessional: the growth of the initial angle; in between a gamma law with
    the exact first two moments of the passage (``physics.pulse_switching``). Against the exact Fokker-Planck P at the
    end of the pulse (Delta = 10..31, any current and width): within 0.04 activated, 0.06 in between, 0.04 precessional
    (0.06 at Delta = 10). One way: returns within the pulse, which matter at zero current, are left out.

    Returns
    -------
    xarray.DataArray
        Over ``pulse_width`` [s] and ``current`` [A] (plain single values are dropped), with a coordinate ``regime``.

    Raises
    ------
    InputError, ParameterError
        A junction that is not perpendicular and symmetric about z, or without thermal motion.
    """
    amperes, widths = si_array(current, "current", "current"), si_array(pulse_width, "time", "pulse_width")
    if not (np.isfinite(amperes).all() and np.isfinite(widths).all() and (widths > 0).all()):
        raise InputError("current and pulse_width must be finite numbers, and widths above 0.")
    delta, model = junction.thermal_stability(), junction.model
    c = closed_forms.relaxation_rate(model.damping, model.gyromagnetic_ratio, junction.anisotropy_field())
    mean, spread = passage(junction, amperes, start)
    if model.asymmetry:
        raise InputError("The closed forms hold for a torque without angular asymmetry only.")
    # a field along the axis acts like the current I_c0 B/B_k, and is in the critical current of a state
    side, critical = _SIDES[start], junction.critical_current(start)
    field = model.applied[2] / junction.anisotropy_field()
    if abs(field) >= 1.0:
        raise InputError("The applied field is as large as the anisotropy field: it leaves one state only.")
    ratio = -side * (amperes / critical * (1.0 + side * field) + field)
    regimes = np.array([closed_forms.regime(delta, x) for x in ratio])
    values = gamma_probability(mean, spread, widths[:, None])
    for index, (law, x) in enumerate(zip(regimes, ratio, strict=True)):
        if law == "activated":
            rate = closed_forms.perpendicular_escape_rate(c, delta, max(x, -0.99))
            values[:, index] = [closed_forms.activated_probability(rate, t) for t in widths]
        elif law == "precessional":
            values[:, index] = [closed_forms.ballistic_probability(c, delta, x, t) for t in widths]
    curve = xr.DataArray(
        values,
        dims=("pulse_width", "current"),
        coords={
            "pulse_width": ("pulse_width", widths, {"units": "s", "long_name": "pulse width"}),
            "current": ("current", amperes, {"units": "A", "long_name": "current"}),
            "regime": ("current", regimes),
        },
        name="switching_probability",
        attrs=junction.attributes(units="1", long_name="switching probability", method="closed forms", start=start),
    )
    plain = isinstance(pulse_width, str | float | int) and widths.size == 1
    return curve.isel(pulse_width=0) if plain else curve
