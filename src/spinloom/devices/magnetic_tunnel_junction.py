"""The magnetic tunnel junction: a macrospin free layer under spin torques, its switching, resistance and energy."""

from __future__ import annotations

import math
from typing import final

import numpy as np
import xarray as xr

from spinloom.devices import switching
from spinloom.devices.base import Device
from spinloom.devices.ensemble import Initial, Progress, Run
from spinloom.devices.macrospin import Macrospin
from spinloom.devices.solver import Solver
from spinloom.devices.waveform import Drive
from spinloom.errors import InputError, ParameterError
from spinloom.parameters import ParameterSet
from spinloom.physics import macrospin as closed_forms
from spinloom.physics.resistance import conductance, tunnel_magnetoresistance
from spinloom.physics.torques import slonczewski_efficiency
from spinloom.units import Span, pretty, si, si_array

Quantity = str | float
Quantities = str | float | Span | list | np.ndarray
RELAXATION = 5e-9
"""Time without current after a pulse before the state is read [s]."""
SIDES = {"antiparallel": -1.0, "parallel": 1.0}


@final
class MagneticTunnelJunction(Device):
    """A magnetic tunnel junction with a uniaxial free layer in the macrospin approximation.

    The reference layer points along +z (or is tilted by ``polariser_angle``); a positive current drives the free layer
    toward it, from the antiparallel state m_z = -1 to the parallel state m_z = +1. The approximation holds below about
    40 nm, where the free layer reverses as one.

    Parameters
    ----------
    parameters : ParameterSet
        A set whose device is ``magnetic_tunnel_junction``.

    Raises
    ------
    ParameterError
        Damping 0 at a temperature above 0.
    """

    kind = "magnetic_tunnel_junction"

    def __init__(self, parameters: ParameterSet) -> None:
        super().__init__(parameters)
        self.model = Macrospin.of(parameters)

    # ---- closed forms -------------------------------------------------------------------------------------------

    def easy_axis(self) -> str:
        """The axis of lowest energy without field: "x", "y" or "z"."""
        return "xyz"[self.model.easy_axis]

    def anisotropy_field(self) -> float:
        """Effective anisotropy field B_k [T] of the easy axis against the next softer one, without field or voltage."""
        ordered = sorted(self.model.stiffness)
        return ordered[2] - ordered[1]

    def energy_barrier(self) -> float:
        """E_B = B_k M_s V/2 [J]: the lowest way out of the well, without field or voltage."""
        return closed_forms.energy_barrier(self.anisotropy_field(), self.model.moment)

    def thermal_stability(self, temperature: Quantity | None = None) -> float:
        """Delta = E_B/(k_B T). Infinite at T = 0."""
        warm = self.model.temperature if temperature is None else si(temperature, "temperature", "temperature")
        return closed_forms.thermal_stability(self.energy_barrier(), warm) if warm > 0 else math.inf

    def critical_current(self, start: str = "antiparallel") -> float:
        """I_c0 [A]: linear instability of a perpendicular layer at T = 0 (Sun, doi:10.1103/PhysRevB.62.570).

        (2 e/hbar)(alpha/eta) M_s V B_k with the torque efficiency eta at the starting angle; a field along z is
        included. Raises ParameterError for a layer whose easy axis is not z.
        """
        if self.easy_axis() != "z" or self.model.polariser[0]:
            raise ParameterError(
                "The closed form of the critical current holds for a perpendicular free layer with a perpendicular "
                f"reference layer; here the easy axis is {self.easy_axis()}. Use trajectories instead."
            )
        side = SIDES[self._start(start)]
        x, y, z = self.model.stiffness
        stiffness = z - 0.5 * (x + y) + side * self.model.applied[2]
        polarisation = self.parameters.value("polarisation")
        cosine = side * self.model.polariser[2]
        eta = float(slonczewski_efficiency(polarisation, self.model.asymmetry, cosine))
        return closed_forms.critical_current(self.model.damping, eta, self.model.moment, stiffness)

    def resonance_frequency(self) -> float:
        """Kittel frequency [Hz] of small oscillations about the easy axis, without drive."""
        x, y, z = sorted(self.model.stiffness)
        return self.model.gyromagnetic_ratio * math.sqrt((z - x) * (z - y)) / (2.0 * math.pi)

    def parallel_resistance(self) -> float:
        """R_P [ohm]: the set's own, or RA/A where the set gives a resistance-area product."""
        product = self.parameters.value("resistance_area")
        return product / self.model.area if product > 0 else self.parameters.value("resistance_parallel")

    def resistance_area(self) -> float:
        """RA product of the parallel state [ohm m^2]."""
        return self.parallel_resistance() * self.model.area

    def resistance(self, cosine: float | np.ndarray, voltage: Quantity = 0.0) -> np.ndarray:
        """1/G(theta) [ohm] at the cosine of the layers' angle and a bias [V], TMR(V) = TMR_0/(1 + (V/V_h)^2)."""
        bias = si(voltage, "voltage", "voltage")
        p = self.parameters
        tmr = tunnel_magnetoresistance(p.value("tmr"), bias, p.value("tmr_half_voltage"))
        return 1.0 / np.vectorize(conductance)(1.0 / self.parallel_resistance(), tmr, np.asarray(cosine, float))

    def read_signal(self, current: Quantity) -> float:
        """Voltage difference [V] between the two states at a read current: I (R_AP - R_P), each at its own bias."""
        amperes = si(current, "current", "read current")
        parallel = float(self.resistance(1.0))
        volts = amperes * parallel
        for _ in range(50):  # the bias lowers TMR, and TMR sets the bias: contracts by more than half each time
            volts = amperes * float(self.resistance(-1.0, volts))
        return volts - amperes * parallel

    def write_energy(self, current: Quantity, pulse_width: Quantity, cosine: float = 1.0) -> float:
        """Energy of one write pulse, E = I^2 R t [J], with the resistance at ``cosine`` (1: parallel)."""
        amperes = si(current, "current", "current")
        seconds = si(pulse_width, "time", "pulse_width")
        if seconds < 0:
            raise InputError(f"pulse_width must not be negative: {pretty(seconds, 's')}.")
        return amperes**2 * float(self.resistance(cosine)) * seconds

    def summary(self) -> str:
        """``15 x 15 x 1.3 nm, Δ = 7.5, I_c = 5.8 µA``."""
        v = self.parameters.value
        size = " x ".join(f"{v(edge) * 1e9:.3g}" for edge in ("length", "width", "thickness"))
        text = f"{self.name}: {size} nm, Δ = {self.thermal_stability():.3g}"
        if self.easy_axis() == "z" and not self.model.polariser[0]:
            text += f", I_c = {pretty(self.critical_current(), 'A', 2)}"
        return text

    # ---- dynamics -----------------------------------------------------------------------------------------------

    def trajectories(
        self,
        drive: Drive | None = None,
        duration: Quantity = "10 ns",
        copies: int = 1,
        seed: int = 0,
        record_every: Quantity | None = None,
        initial: Initial = "well",
        *,
        start: str = "antiparallel",
        solver: Solver | None = None,
        progress: Progress | None = None,
    ) -> xr.Dataset:
        """Trajectories m(t) of the stochastic LLGS equation.

        Parameters
        ----------
        drive : Drive
            Currents, voltage, field and their waveforms; none by default.
        duration : quantity
            Simulated time [s].
        copies : int
            Number of trajectories, each with noise of its own.
        seed : int
            A draw depends on (seed, trajectory, step) alone.
        record_every : quantity
            Time between recorded states [s], a whole number of steps; default 1/500 of the duration.
        initial : "well", "axis", angle, or directions
            Thermal equilibrium in the starting well, its axis, an angle from it ("5 deg"), or (3,) or (3, copies).
        start : {"antiparallel", "parallel"}
            The well: m_z = -1 or +1.
        solver : Solver
            Integrator, time step, engine, precision.
        progress : callable
            ``progress(done, total)``.

        Returns
        -------
        xarray.Dataset
            ``m`` (time, trajectory, component), ``resistance`` (time, trajectory) [ohm] at zero bias.

        Raises
        ------
        TimeStepError
            The time step would change the physics; the message has the step that would not.
        InputError, UnitError
            No copies, a duration of 0, an unknown unit, NaN.
        """
        solver = solver or Solver()
        time = si(duration, "time", "duration")
        steps = round(time / solver.dt)
        if steps < 1:
            raise InputError(
                f"duration must be at least one time step ({pretty(solver.dt, 's')}), not {pretty(time, 's')}."
            )
        interval = (
            max(steps // 500, 1) * solver.dt if record_every is None else si(record_every, "time", "record_every")
        )
        every = round(interval / solver.dt)
        if every < 1:
            raise InputError(f"record_every must be at least one time step ({pretty(solver.dt, 's')}).")
        run = Run(self.model, drive or Drive(), solver, copies, seed, side=SIDES[self._start(start)])
        run.check()
        first = run.initial(initial)
        _, record = run.evolve(first, steps * solver.dt, every, progress)
        m = np.concatenate([first.astype(record.dtype)[None], record]).transpose(0, 2, 1)
        cosine = m @ np.asarray(self.model.polariser, m.dtype)
        ohms = 1.0 / conductance.py_func(
            1.0 / self.parallel_resistance(), self.parameters.value("tmr"), cosine.astype(float)
        )
        return xr.Dataset(
            {
                "m": (("time", "trajectory", "component"), m, {"units": "1", "long_name": "magnetisation direction"}),
                "resistance": (("time", "trajectory"), ohms, {"units": "ohm", "long_name": "resistance"}),
            },
            coords={
                "time": ("time", np.arange(len(m)) * every * solver.dt, {"units": "s", "long_name": "time"}),
                "component": ["x", "y", "z"],
            },
            attrs=self.attributes(
                seed=seed, scheme=solver.scheme, time_step=solver.dt, engine=solver.engine, precision=solver.precision
            ),
        )

    def relax(self, initial: Initial, duration: Quantity = "20 ns", **more) -> xr.Dataset:
        """Free relaxation from a given direction at T = 0: :meth:`trajectories` without drive or noise."""
        cold = MagneticTunnelJunction(self.parameters.replace(temperature=0.0))
        return cold.trajectories(None, duration, initial=initial, **more)

    def switching_probability(
        self,
        current: Quantities,
        pulse_width: Quantities,
        trials: int = 1000,
        seed: int = 0,
        temperature: Quantity | None = None,
        method: str = "auto",
        initial: Initial = "well",
        *,
        start: str = "antiparallel",
        relaxation: Quantity = RELAXATION,
        solver: Solver | None = None,
        progress: Progress | None = None,
    ) -> xr.DataArray:
        """Probability that the state has reversed after a current pulse.

        Parameters
        ----------
        current : quantities
            Pulse heights [A]: "5 uA", a list, ``sl.span("2 uA", "30 uA", 29)`` or "2uA:30uA:29".
        pulse_width : quantities
            Pulse widths [s]; with several the result has a dimension ``pulse_width``.
        trials : int
            Trajectories per point; not used by Fokker-Planck.
        seed : int
            Fixes all chance.
        temperature : quantity
            Overrides the set's temperature [K].
        method : {"auto", "fokker-planck", "llgs"}
            Trajectories (``llgs``), or the exact solution of the Fokker-Planck equation, which ``auto`` takes where it
            holds: a device symmetric about z, above T = 0. The attribute ``method`` says which ran, and why.
        initial : see :meth:`trajectories`
            Default: thermal equilibrium in the starting well.
        start : {"antiparallel", "parallel"}
            Starting state.
        relaxation : quantity
            Time without current before the state is read, by the sign of m_z [s].

        Returns
        -------
        xarray.DataArray
            Probabilities over ``current`` [A] (and ``pulse_width`` [s]), with seed, parameters and sources.

        Raises
        ------
        InputError, UnitError, TimeStepError
            No trials, NaN, an unknown unit, a time step that the guard refuses.
        """
        solver = solver or Solver()
        amperes = si_array(current, "current", "current")
        widths = si_array(pulse_width, "time", "pulse_width")
        rest = si(relaxation, "time", "relaxation")
        if trials < 1:
            raise InputError(f"trials must be at least 1, not {trials}.")
        if not np.isfinite(amperes).all() or not np.isfinite(widths).all():
            raise InputError("current and pulse_width must be finite numbers; one of them is infinite.")
        if (widths <= 0).any() or rest < 0:
            raise InputError("pulse_width must be more than 0 and relaxation not negative.")
        warm = None if temperature is None else si(temperature, "temperature", "temperature")
        here = self if warm is None else MagneticTunnelJunction(self.parameters.replace(temperature=warm))
        side = SIDES[self._start(start)]
        chosen, why = switching.choose(method, here.model, initial)
        if here.easy_axis() == "z" and not here.model.polariser[0]:
            switching.warn_of_unit(amperes, here.critical_current(start))
        if chosen == "fokker-planck":
            values = switching.by_fokker_planck(here.model, amperes, widths, rest, initial, side)
        else:
            run = {"trials": trials, "seed": seed, "solver": solver, "side": side}
            values = switching.by_trajectories(here.model, amperes, widths, rest, initial, run, progress)
        random = chosen == "llgs"
        curve = xr.DataArray(
            values,
            dims=("pulse_width", "current"),
            coords={
                "pulse_width": ("pulse_width", widths, {"units": "s", "long_name": "pulse width"}),
                "current": ("current", amperes, {"units": "A", "long_name": "current"}),
            },
            name="switching_probability",
            attrs=here.attributes(
                units="1",
                long_name="switching probability",
                method=chosen,
                method_reason=why,
                trials=trials if random else None,
                seed=seed if random else None,
                scheme=solver.scheme if random else None,
                time_step=solver.dt if random else None,
                initial=initial if isinstance(initial, str) else "given",
                start=start,
                relaxation=rest,
            ),
        )
        return curve.isel(pulse_width=0) if isinstance(pulse_width, str | float | int) and widths.size == 1 else curve

    @staticmethod
    def _start(start: str) -> str:
        if start not in SIDES:
            raise InputError(f"start must be 'antiparallel' or 'parallel', not '{start}'.")
        return start
