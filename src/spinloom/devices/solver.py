"""How a device's equation is solved, and the guard that refuses a time step which would give another physics."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from spinloom import engines
from spinloom.errors import InputError, TimeStepError, UnknownNameError
from spinloom.physics import integrators
from spinloom.units import pretty, si

PRECISIONS = {"float32": np.float32, "float64": np.float64}


@dataclass(frozen=True)
class Solver:
    """How trajectories are computed.

    Parameters
    ----------
    scheme : {"splitting", "rk4", "heun"}
        Integrator: see ``spinloom.physics.integrators``. The default keeps |m| and is unbiased at 5 ps.
    time_step : str or float
        Step [s]; refused where the scheme's own error law says that it would change the damping by more than 5 %.
    engine : {"cpu", "cuda"}
        Where to run; both compile the same step function.
    precision : {"float32", "float64"}
        Floating-point numbers of the state.
    threads : int or None
        CPU threads; None uses all. The numbers are the same at any count.
    """

    scheme: str = "splitting"
    time_step: str | float = 5e-12
    engine: str = "cpu"
    precision: str = "float32"
    threads: int | None = None

    def __post_init__(self) -> None:
        """Check the choices and read the unit once."""
        if self.scheme not in integrators.SCHEMES:
            raise UnknownNameError("integrator", self.scheme, integrators.SCHEMES)
        if self.precision not in PRECISIONS:
            raise UnknownNameError("precision", self.precision, PRECISIONS)
        if self.engine not in engines.ENGINES:
            raise UnknownNameError("engine", self.engine, engines.ENGINES)
        object.__setattr__(self, "time_step", si(self.time_step, "time", "time step"))
        if self.dt <= 0:
            raise InputError("The time step must be more than 0, e.g. '5 ps'.")

    @property
    def dt(self) -> float:
        """Time step [s]."""
        return float(self.time_step)

    @property
    def dtype(self) -> type:
        """numpy type of the state."""
        return PRECISIONS[self.precision]

    def guard(self, angular_frequency: float, damping: float) -> None:
        """Refuse a step whose numerical damping exceeds 5 % of the physical one.

        Parameters
        ----------
        angular_frequency : float
            The fastest precession that the run can reach [rad/s].
        damping : float
            Gilbert damping.

        Raises
        ------
        TimeStepError
            With the step that would be accepted.
        """
        angle = angular_frequency * self.dt
        allowed = integrators.largest_angle(self.scheme, damping)
        if angle <= allowed:
            return
        accepted = 0.99 * allowed / angular_frequency
        error = integrators.damping_error(self.scheme, angle, damping)
        what = "anti-damping" if error < 0 else "damping"
        effect = f"its numerical {what} would be {abs(error):.0%} of the physical one" if error else "it is too coarse"
        better = " The default scheme 'splitting' accepts longer steps." if self.scheme == "heun" else ""
        raise TimeStepError(
            f"A time step of {pretty(self.dt, 's')} is too long for '{self.scheme}' here: the magnetisation can "
            f"precess at {angular_frequency / (2e9 * math.pi):.3g} GHz, {angle:.2g} rad a step, and {effect}. "
            f"Use time_step='{pretty(accepted, 's')}' or less.{better}",
            accepted,
        )
