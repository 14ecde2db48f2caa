"""Two-state rates of a junction from its own equation of motion: the Fokker-Planck eigenvalue and populations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from scipy.optimize import root_scalar

from spinloom.devices.ensemble import operator
from spinloom.devices.switching import UP, choose
from spinloom.engines.drift_diffusion import Grid
from spinloom.errors import InputError, ParameterError
from spinloom.parameters import ParameterSet
from spinloom.parameters.kinds import rules
from spinloom.parameters.schema import DEFAULT, Parameter
from spinloom.sources import Source
from spinloom.units import Span, pretty, si, si_array

if TYPE_CHECKING:
    from spinloom.devices.magnetic_tunnel_junction import MagneticTunnelJunction

SHALLOWEST = 2.0
"""Delta below which a barrier has no two states that rates could connect."""
_REACH = 0.8
"""Share of the critical current within which the balance of both states is looked for."""


def escape_rates(
    junction: MagneticTunnelJunction,
    current: str | float | Span | list | np.ndarray = 0.0,
    voltage: str | float = 0.0,
) -> xr.Dataset:
    """Rates of leaving both states under constant currents and a voltage, exact for the junction's LLGS equation.

    The smallest eigenvalue of its Fokker-Planck equation is the sum of both rates, the equilibrium populations on both
    sides of the barrier give their ratio. For a perpendicular layer with I_c from ``critical_current``,

        rate ~ c sqrt(Delta/pi) (1 - i^2) (1 - i) exp(-Delta (1 - i)^2),   i = I/I_c towards the other state

    (``physics.pulse_switching.perpendicular_escape_rate``): quadratic in the current, unlike the two-state model's
    linear law, which is its tangent.

    Parameters
    ----------
    junction : MagneticTunnelJunction
        Symmetric about z, above 0 K.
    current : quantities
        [A]; |I| below I_c, so that a barrier is left.
    voltage : quantity
        On the barrier [V]; it acts through ``vcma_coefficient``: Delta(V) of ``pulse_switching.voltage_barrier``.

    Returns
    -------
    xarray.Dataset
        ``leave_parallel``, ``leave_antiparallel`` [1/s] over ``current`` [A].

    Raises
    ------
    InputError
        A junction without axial symmetry, a temperature of 0, or a drive that leaves one state only.
    """
    amperes = si_array(current, "current", "current")
    volts = si(voltage, "voltage", "voltage")
    if not np.isfinite(amperes).all() or not math.isfinite(volts):
        raise InputError("current and voltage must be finite numbers; one of them is NaN or infinite.")
    choose("fokker-planck", junction.model, "well")
    drives = np.zeros((4, amperes.size))
    drives[0], drives[2] = amperes, volts
    solver = operator(junction.model, drives, UP, Grid.of())
    up, down = np.array([solver.escape_rates(index) for index in range(amperes.size)]).T
    # z up is the direction of +z, parallel if the reference layer points along it
    leave_antiparallel, leave_parallel = (up, down) if junction.model.polariser[2] > 0 else (down, up)
    unit = {"units": "1/s"}
    return xr.Dataset(
        {
            "leave_parallel": ("current", leave_parallel, {**unit, "long_name": "rate of leaving P"}),
            "leave_antiparallel": ("current", leave_antiparallel, {**unit, "long_name": "rate of leaving AP"}),
        },
        coords={"current": ("current", amperes, {"units": "A", "long_name": "current"})},
        attrs=junction.attributes(method="fokker-planck eigenvalue", voltage=volts),
    )


def two_state_parameters(junction: MagneticTunnelJunction) -> ParameterSet:
    """The set of a superparamagnetic junction that has this junction's rates at small currents.

    I_0 is the current at which both rates are equal, f0 = rate exp(Delta) there, and I_c = 2 Delta/(d ln(ratio)/dI):
    about half of the perpendicular layer's critical current I_c0, because its barriers are quadratic in the current
    (half for large Delta, 0.54 I_c0 at Delta = 7.5). Rates agree to first order in the current; further out the linear
    law is too fast by about exp(Delta (I/I_c0)^2).

    Raises
    ------
    ParameterError
        A barrier of less than 2 k_B T, or states that no current within 0.8 I_c makes equally likely.
    InputError
        A junction that the Fokker-Planck equation does not hold for.
    """
    delta, critical = junction.thermal_stability(), junction.critical_current()
    if delta < SHALLOWEST:
        raise ParameterError(
            f"{junction.name} has a barrier of {delta:.2g} kT: below {SHALLOWEST:g} kT there are no two states with "
            "rates. Use trajectories instead."
        )

    def balance(current: float) -> float:
        found = escape_rates(junction, current)
        return math.log(found.leave_antiparallel.item() / found.leave_parallel.item())

    def edge(side: float) -> float:
        """The furthest current on one side at which two wells are left."""
        for share in np.linspace(_REACH, 0.05, 16):
            try:
                balance(side * share * critical)
            except InputError:
                continue
            return float(side * share * critical)
        return 0.0

    offset = 0.0
    if abs(balance(0.0)) > 1e-6:
        low, high = edge(-1.0), edge(1.0)
        if balance(low) * balance(high) > 0:
            raise ParameterError(
                f"{junction.name}: no current between {pretty(low, 'A')} and {pretty(high, 'A')} makes both states "
                "equally likely. Lower the applied field."
            )
        offset = float(root_scalar(balance, bracket=(low, high), xtol=1e-9 * critical).root)
    step = 1e-3 * critical / delta
    slope = (balance(offset + step) - balance(offset - step)) / (2.0 * step)
    at_rest = escape_rates(junction, offset)
    rate = 0.5 * (at_rest.leave_parallel.item() + at_rest.leave_antiparallel.item())
    p = junction.parameters
    per_volt = abs(junction.model.per_volt)
    values = {
        "attempt_frequency": rate * math.exp(delta),
        "thermal_stability": delta,
        "critical_current": 2.0 * delta / slope,
        "offset_current": offset,
        "anisotropy_field": junction.anisotropy_field(),
        "barrier_voltage": junction.anisotropy_field() / per_volt if per_volt else 0.0,
        "temperature": junction.model.temperature,
        "resistance_parallel": junction.parallel_resistance(),
        "tmr": p.value("tmr"),
    }
    return ParameterSet(
        f"{junction.name}_two_state",
        "superparamagnetic_junction",
        f"Two-state model of {junction.name}, from its Fokker-Planck equation",
        p.reference,
        {name: _parameter(name, values.get(name), junction.name) for name in rules("superparamagnetic_junction")},
        p.further_references,
    )


def _parameter(name: str, value: float | None, origin: str) -> Parameter:
    """A computed value, or the rule's default where the macrospin says nothing."""
    rule = rules("superparamagnetic_junction")[name]
    source = Source("computed", note=f"from the macrospin of {origin}")
    if value is None:
        value, source = float(rule.default or 0.0), Source("assumed", note=DEFAULT)
    return Parameter(name, rule.read(name, value), rule.unit, repr(value), source, rule.meaning)
