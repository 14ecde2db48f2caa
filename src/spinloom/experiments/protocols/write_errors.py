"""Write errors of a junction against amplitude and duration of its pulses, for one device and over a spread of them."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.devices.magnetic_tunnel_junction import MagneticTunnelJunction

LOWEST = 1e-15
"""Error rates below this are rounding; they are held at it."""
Sweep = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Places of a knob, mean error rates, energies of a pulse [J]."""
_REACH = 6.0  # standard deviations of the spread that are summed over


@final
@dataclass(frozen=True)
class WriteErrors:
    """Probability that a pulse fails to reverse a junction, by the Fokker-Planck equation of its free layer.

    Attributes
    ----------
    table : xarray.Dataset
        ``write_error`` over ``pulse_width`` [s] and ``overdrive`` (current over critical current), of :meth:`table_of`.
    spread : float
        Relative standard deviation of the critical current between devices; their barriers are taken as equal.
    junction : MagneticTunnelJunction
    """

    table: xr.Dataset
    spread: float
    junction: MagneticTunnelJunction

    @staticmethod
    def table_of(junction: MagneticTunnelJunction, overdrives: np.ndarray, widths: np.ndarray) -> xr.Dataset:
        """Solve the Fokker-Planck equation on a grid of overdrives and pulse widths [s]."""
        import xarray as xr

        current = overdrives * junction.critical_current()
        curve = junction.switching_probability(current, widths, method="fokker-planck")
        errors = np.clip(1.0 - curve.transpose("pulse_width", "current").values, LOWEST, 1.0)
        return xr.Dataset(
            {"write_error": (("pulse_width", "overdrive"), errors, {"units": "1", "long_name": "write error rate"})},
            coords={
                "pulse_width": ("pulse_width", widths, {"units": "s"}),
                "overdrive": ("overdrive", overdrives, {"units": "1", "long_name": "current over critical current"}),
            },
        )

    @property
    def widths(self) -> np.ndarray:
        """Pulse widths of the table [s]."""
        return self.table.coords["pulse_width"].values

    @property
    def overdrives(self) -> np.ndarray:
        """Overdrives of the table."""
        return self.table.coords["overdrive"].values

    @functools.cached_property
    def _between(self) -> Any:
        """ln(error rate) at any (pulse width, overdrive) of the table."""
        from scipy.interpolate import RegularGridInterpolator

        logs = np.log(self.table["write_error"].transpose("pulse_width", "overdrive").values)
        return RegularGridInterpolator((self.widths, self.overdrives), logs)

    def nominal(self, overdrive: float | np.ndarray, width: float | np.ndarray) -> np.ndarray:
        """Error rate of the mean device, between the grid's points on a logarithmic scale; held at the grid's ends."""
        i, t = np.broadcast_arrays(np.asarray(overdrive, float), np.asarray(width, float))
        held = np.clip(i, self.overdrives[0], self.overdrives[-1])
        points = np.stack([np.clip(t, self.widths[0], self.widths[-1]), held], axis=-1)
        return np.clip(np.exp(self._between(points)), LOWEST, 1.0)

    def of_devices(self, overdrive: float | np.ndarray, width: float | np.ndarray, deviation: np.ndarray) -> np.ndarray:
        """Error rates of devices whose critical current is (1 + spread deviation) times the mean one."""
        return self.nominal(overdrive / np.maximum(1.0 + self.spread * deviation, 0.1), width)

    def mean(self, overdrive: float | np.ndarray, width: float | np.ndarray) -> np.ndarray:
        """Error rate averaged over the spread, for each pair of overdrive and pulse width [s]."""
        if not self.spread:
            return self.nominal(overdrive, width)
        xi = np.linspace(-_REACH, _REACH, 601)
        weight = np.exp(-0.5 * xi**2)
        i, t = np.broadcast_arrays(np.asarray(overdrive, float), np.asarray(width, float))
        return self.of_devices(i[..., None], t[..., None], xi) @ (weight / weight.sum())

    def draw(self, overdrive: float, width: float, shape: tuple[int, ...], chance: np.random.Generator) -> np.ndarray:
        """Error rates of so many devices (float32)."""
        return self.of_devices(overdrive, width, chance.standard_normal(shape)).astype(np.float32)

    def width_for(self, rate: float, overdrive: float) -> float:
        """Pulse width [s] with this mean error rate at an overdrive, within the table's widths."""
        rates = self.mean(overdrive, self.widths)
        return float(np.interp(-np.log(rate), -np.log(rates), self.widths))

    def energy(self, overdrive: float, width: float) -> float:
        """I^2 R t of a pulse [J], with the resistance of the parallel state."""
        return self.junction.write_energy(overdrive * self.junction.critical_current(), width)

    def closed_form(self, overdrive: float | np.ndarray, width: float | np.ndarray) -> np.ndarray:
        """Butler's approximation above the critical current, from the thermal spread of the initial angle alone.

        WER = 1 - exp(-(pi^2/4) Delta (i - 1)/(i exp(2 (i - 1) t/t_D) - 1)), t_D = (1 + alpha^2)/(alpha gamma B_k);
        within a factor of 2 of the Fokker-Planck equation for i >= 2, of 5 at 1.5 (W. H. Butler et al., IEEE Trans.
        Magn. 48, 4684 (2012), arXiv:1202.2621).
        """
        damping = self.junction.parameters.value("damping")
        gamma = self.junction.parameters.value("gyromagnetic_ratio")
        rate = damping * gamma * self.junction.anisotropy_field() / (1.0 + damping**2)
        i = np.asarray(overdrive, float)
        growth = i * np.exp(2.0 * (i - 1.0) * rate * np.asarray(width, float)) - 1.0
        return -np.expm1(-0.25 * np.pi**2 * self.junction.thermal_stability() * (i - 1.0) / growth)

    def mean_time(self, overdrive: np.ndarray) -> np.ndarray:
        """Mean switching time [s] above the critical current by the law of the high-current regime.

        1/t = 2/(C + ln(pi^2 Delta/4)) (i - 1)/t_D with Euler's C = 0.577 (Vincent 2015, after J. Z. Sun): the
        current's part of the published law is (I - I_c) times the spin torque per moment, which is (i - 1)/t_D here.
        """
        damping = self.junction.parameters.value("damping")
        gamma = self.junction.parameters.value("gyromagnetic_ratio")
        rate = damping * gamma * self.junction.anisotropy_field() / (1.0 + damping**2)
        logarithm = np.euler_gamma + np.log(0.25 * np.pi**2 * self.junction.thermal_stability())
        return logarithm / (2.0 * rate * (np.asarray(overdrive, float) - 1.0))


def energy_at(rate: float, sweep: Sweep) -> float:
    """Energy of the pulse [J] that has this error rate, between the points of a sweep; NaN beyond its ends."""
    _, rates, energies = sweep
    order = np.argsort(rates)
    known = np.log(np.maximum(rates[order], 1e-300))
    if not rates.min() <= rate <= rates.max():
        return float("nan")
    return float(np.exp(np.interp(np.log(rate), known, np.log(energies[order]))))
