"""The nanomagnet: a flat single-domain magnet with an easy axis, and small networks of it coupled by dipole fields."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast, final

import numpy as np

from spinloom.devices.base import Device
from spinloom.devices.nanomagnet_array import NanomagnetArray
from spinloom.devices.nanomagnet_bodies import Shape
from spinloom.errors import InputError, ParameterError, UnknownNameError
from spinloom.physics import demagnetisation
from spinloom.physics.constants import BOLTZMANN, VACUUM_PERMEABILITY
from spinloom.units import pretty, si

LAYOUTS = ("chain", "column", "ring", "square")
"""Layouts that :meth:`Nanomagnet.layout` knows."""


@final
class Nanomagnet(Device):
    """A flat magnet of uniform magnetisation with two stable directions, along and against its easy axis.

    Its barrier is the parameter ``thermal_stability`` or, where that is 0 and the easy axis lies in the plane, the
    shape anisotropy of an ellipsoid (ellipse) or prism (rectangle) of the same edges:

        E_B = mu0 M_s^2 V (N_across - N_along)/2

    Valid below the size at which a vortex forms (some 100 nm for a few nanometres of permalloy).

    Parameters
    ----------
    parameters : ParameterSet
        A set whose device is ``nanomagnet``.
    """

    kind = "nanomagnet"

    def summary(self) -> str:
        """Size, barrier and the coupling of two neighbours head to tail (or side by side, where perpendicular)."""
        v = self.parameters.value
        pair = self.layout("chain", 2)
        size = " x ".join(f"{1e9 * v(edge):.3g}" for edge in ("length", "width", "thickness"))
        coupling = pair.couplings()[0, 1] / pair.thermal_energy
        return (
            f"{self.name}: {self.parameters.choice('shape')} of {size} nm, barrier {self.thermal_stability():.3g} kT, "
            f"neighbours {pretty(v('spacing'), 'm')} apart coupled with {coupling:.3g} kT"
        )

    @property
    def volume(self) -> float:
        """V [m^3]."""
        v = self.parameters.value
        area = v("length") * v("width") * (math.pi / 4 if self.parameters.choice("shape") == "ellipse" else 1.0)
        return area * v("thickness")

    @property
    def moment(self) -> float:
        """m = M_s V [A m^2]."""
        return self.parameters.value("saturation_magnetisation") * self.volume

    @property
    def _factors(self) -> tuple[float, float, float]:
        """Demagnetisation factors along length, width and thickness."""
        v = self.parameters.value
        model: Callable[[float, float, float], tuple[float, float, float]]
        model = demagnetisation.ellipsoid if self.parameters.choice("shape") == "ellipse" else demagnetisation.prism
        return model(v("length"), v("width"), v("thickness"))

    @property
    def out_of_plane(self) -> float:
        """N_z - N_x: what holds the moment in the plane, as a share of mu0 M_s."""
        return self._factors[2] - self._factors[0]

    def thermal_stability(self) -> float:
        """Delta = E_B/(k_B T) at the set's temperature.

        Raises
        ------
        ParameterError
            Neither a barrier nor a shape that gives one.
        """
        v = self.parameters.value
        given = v("thermal_stability")
        if given > 0:
            return given
        if self.parameters.choice("easy_axis") == "perpendicular" or v("length") <= v("width"):
            raise ParameterError(
                f"{self.name}: no barrier. Give thermal_stability, or a magnet in the plane that is longer than wide, "
                "whose shape holds it."
            )
        along, across, _ = self._factors
        stiffness = 0.5 * VACUUM_PERMEABILITY * v("saturation_magnetisation") ** 2 * (across - along)
        return stiffness * self.volume / (BOLTZMANN * v("temperature"))

    def energy_barrier(self) -> float:
        """E_B [J]; errors as of :meth:`thermal_stability`."""
        return self.thermal_stability() * BOLTZMANN * self.parameters.value("temperature")

    def anisotropy_field(self) -> float:
        """B_K = 2 E_B/m [T]: the field along the easy axis that leaves one well; errors as above."""
        return 2.0 * self.energy_barrier() / self.moment

    def flip_rate(self) -> float:
        """f0 exp(-Delta) [1/s] of a magnet without neighbours; errors as above."""
        return self.parameters.value("attempt_frequency") * math.exp(-self.thermal_stability())

    def array(self, positions: Any, axes: Any = None, *, temperature: str | float | None = None) -> NanomagnetArray:
        """Such magnets at ``positions`` [m], (n, 3) or (n, 2), with easy axes (n, 3), one axis, or the set's own.

        ``temperature`` [K] changes k_B T alone: M_s and the barrier in joules are those of the set's temperature.

        Raises
        ------
        InputError, UnitError
            Shapes that do not fit, magnets that overlap, an unknown unit.
        """
        v = self.parameters.value
        places = np.atleast_2d(np.asarray(positions, float))
        if places.ndim == 2 and places.shape[1] == 2:
            places = np.column_stack([places, np.zeros(len(places))])
        if axes is None:
            axes = (0.0, 0.0, 1.0) if self.parameters.choice("easy_axis") == "perpendicular" else (1.0, 0.0, 0.0)
        return NanomagnetArray(
            positions=places,
            axes=np.asarray(axes, float),
            moment=self.moment,
            body=(cast(Shape, self.parameters.choice("shape")), v("length"), v("width"), v("thickness")),
            barriers=np.array([self.energy_barrier()]),
            attempt_frequency=v("attempt_frequency"),
            temperature=v("temperature") if temperature is None else si(temperature, "temperature", "temperature"),
        )

    def layout(
        self,
        name: str,
        count: int,
        *,
        spacing: str | float | None = None,
        temperature: str | float | None = None,
    ) -> NanomagnetArray:
        """A small network of equal gaps [m]: ``spacing``, or the set's.

        ``chain``: one behind the other, easy axes along it (in the plane), so that neighbours agree; ``column``: side
        by side, so that they oppose; ``ring``: on a circle, easy axes pointing outward, so that three are frustrated;
        ``square``: rows of chains, sqrt(count) of them.

        Raises
        ------
        UnknownNameError, InputError
            An unknown layout; fewer than two magnets, a square of a number that is none.
        """
        v = self.parameters.value
        gap = v("spacing") if spacing is None else si(spacing, "length", "spacing")
        length, width = v("length"), v("width")
        if count < 2:
            raise InputError(f"A network has at least 2 magnets, not {count}.")
        n = np.arange(count)
        if name == "chain":
            return self.array(np.outer(n * (length + gap), (1.0, 0.0)), temperature=temperature)
        if name == "column":
            return self.array(np.outer(n * (width + gap), (0.0, 1.0)), temperature=temperature)
        if name == "square":
            side = math.isqrt(count)
            if side * side != count:
                raise InputError(f"A square has 4, 9, 16 ... magnets, not {count}.")
            places = np.column_stack([n % side * (length + gap), n // side * (width + gap)])
            return self.array(places, temperature=temperature)
        if name == "ring":
            angle = 2.0 * math.pi * n / count
            outward = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(count)])
            perpendicular = self.parameters.choice("easy_axis") == "perpendicular"
            radius = 0.5 * (length + gap) / math.sin(math.pi / count)
            return self.array(radius * outward, None if perpendicular else outward, temperature=temperature)
        raise UnknownNameError("layout", name, LAYOUTS)
