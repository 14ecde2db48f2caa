"""From a junction's parameter set to the numbers that the macrospin kernels take."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spinloom.errors import ParameterError
from spinloom.parameters import ParameterSet
from spinloom.physics import anisotropy, demagnetisation, integrators, llgs, thermal, torques
from spinloom.physics.constants import VACUUM_PERMEABILITY

_MODELS: dict[str, Callable[[float, float, float], tuple[float, float, float]]] = {
    "thin film": lambda *_edges: demagnetisation.thin_film(),
    "prism": demagnetisation.prism,
    "ellipsoid": demagnetisation.ellipsoid,
}


@dataclass(frozen=True)
class Macrospin:
    """The free layer as one spin: geometry, fields and torques in SI, ready for the kernels.

    ``stiffness`` holds the anisotropy of each axis as a field [T]: B_i = stiffness_i m_i, demagnetisation included;
    only differences between axes act on m.
    """

    damping: float
    gyromagnetic_ratio: float
    magnetisation: float
    area: float
    volume: float
    temperature: float
    stiffness: tuple[float, float, float]
    applied: tuple[float, float, float]
    per_volt: float
    spin_transfer: float  # hbar P/(2 e M_s V) [T/A]
    asymmetry: float
    field_like: float
    polariser: tuple[float, float, float]
    spin_orbit: float
    spin_orbit_field_like: float

    @classmethod
    def of(cls, p: ParameterSet, temperature: float | None = None) -> Macrospin:
        """From a parameter set; ``temperature`` [K] overrides the set's."""
        v = p.value
        length, width, thickness = v("length"), v("width"), v("thickness")
        area = length * width * (math.pi / 4 if p.choice("shape") == "ellipse" else 1.0)
        magnetisation, volume = v("saturation_magnetisation"), area * thickness
        factors = _MODELS[p.choice("demagnetisation")](length, width, thickness)
        dx, dy, dz = (-VACUUM_PERMEABILITY * magnetisation * n for n in factors)
        along_z = v("uniaxial_anisotropy") + v("interfacial_anisotropy") / thickness
        warm = v("temperature") if temperature is None else temperature
        if warm > 0 and v("damping") == 0:
            raise ParameterError(
                "damping = 0 with a temperature above 0: without damping there is no thermal field (fluctuation and "
                "dissipation go together). Give a damping, or set temperature='0 K'."
            )
        channel = v("channel_width") * v("channel_thickness")
        tilt = v("polariser_angle")
        return cls(
            damping=v("damping"),
            gyromagnetic_ratio=v("gyromagnetic_ratio"),
            magnetisation=magnetisation,
            area=area,
            volume=volume,
            temperature=warm,
            stiffness=(dx, dy, dz + anisotropy.uniaxial_field(along_z, magnetisation)),
            applied=(v("applied_field_x"), v("applied_field_y"), v("applied_field_z")),
            per_volt=anisotropy.voltage_field(v("vcma_coefficient"), thickness, v("barrier_thickness"), magnetisation),
            spin_transfer=torques.spin_transfer_per_ampere(magnetisation, volume) * v("polarisation"),
            asymmetry=v("torque_asymmetry"),
            field_like=v("field_like_ratio"),
            polariser=(round(math.sin(tilt), 15), 0.0, round(math.cos(tilt), 15)),
            spin_orbit=torques.spin_orbit_per_ampere(v("spin_hall_angle"), magnetisation, thickness, channel),
            spin_orbit_field_like=v("spin_orbit_field_like_ratio"),
        )

    @property
    def easy_axis(self) -> int:
        """Index of the axis of lowest energy without field."""
        return int(np.argmax(self.stiffness))

    @property
    def moment(self) -> float:
        """M_s V [A m^2]."""
        return self.magnetisation * self.volume

    @property
    def diffusion(self) -> float:
        """Rotational diffusion constant [rad^2/s]; 0 at zero temperature."""
        return thermal.diffusion(self.damping, self.gyromagnetic_ratio, self.temperature, self.moment)

    def is_axial(self, field_direction: np.ndarray, spin_orbit: bool = False) -> bool:
        """Whether everything points along z, so that the equation is symmetric about it."""
        x, y, _z = self.stiffness
        level = max(map(abs, self.stiffness)) or 1.0
        fields = (*self.applied[:2], *field_direction[:2], *self.polariser[:2])
        return abs(x - y) < 1e-12 * level and not any(fields) and not (spin_orbit and self.spin_orbit)

    def axial(self, field_direction: np.ndarray) -> llgs.Axial:
        """Parameters of the axial kernel."""
        return llgs.Axial(
            self.damping, self.gyromagnetic_ratio, self.diffusion, self.stiffness[2] - self.stiffness[0], self.per_volt,
            self.applied[2], float(field_direction[2]), self.spin_transfer, self.asymmetry, self.field_like,
            self.polariser[2],
        )  # fmt: skip

    def general(self, field_direction: np.ndarray) -> llgs.General:
        """Parameters of the general kernel; the stiffness goes in as demagnetisation, one field per axis."""
        x, y, z = self.stiffness
        fx, fy, fz = map(float, field_direction)
        return llgs.General(
            self.damping, self.gyromagnetic_ratio, self.diffusion, z - x, z - y, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0,
            self.per_volt, *self.applied, fx, fy, fz, self.spin_transfer, self.asymmetry, self.field_like,
            *self.polariser, self.spin_orbit, self.spin_orbit_field_like, 0.0, 1.0, 0.0,
        )  # fmt: skip

    def kernel(self, scheme: str, field_direction: np.ndarray, axial: bool):
        """The step function and its parameters."""
        rate = llgs.axial_rate if axial else llgs.general_rate
        params = self.axial(field_direction) if axial else self.general(field_direction)
        return integrators.build(rate, scheme, self.temperature > 0), np.array(params)

    def fastest_precession(self, amplitudes: np.ndarray) -> float:
        """An upper bound of the precession frequency [rad/s] under drives (4, n): fields, anisotropy and torques."""
        current, channel, voltage, field = np.abs(amplitudes).max(axis=1)
        anisotropy_field = max(self.stiffness) - min(self.stiffness) + abs(self.per_volt) * voltage
        efficiency = (1.0 + self.asymmetry) / (1.0 - self.asymmetry)
        torque = self.spin_transfer * current * efficiency * math.hypot(1.0, self.field_like)
        torque += abs(self.spin_orbit) * channel * math.hypot(1.0, self.spin_orbit_field_like)
        return self.gyromagnetic_ratio * (math.hypot(*self.applied) + field + anisotropy_field + torque)
