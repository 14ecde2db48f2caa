"""The sigmoid response of a junction that is switched by chance: P(I) = 1/(1 + exp(-k (I + c)))."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np
import xarray as xr
from scipy.special import expit

from spinloom.errors import InputError
from spinloom.responses.base import Response
from spinloom.responses.curve_file import read_curve
from spinloom.responses.logistic_fit import fit_logistic
from spinloom.units import si

if TYPE_CHECKING:
    from spinloom.nn import SpinNeuron

MICRO = 1e-6


@final
@dataclass(frozen=True)
class Sigmoid(Response):
    """A logistic switching curve, P(I) = 1/(1 + exp(-k (I + c))).

    k is the logistic coefficient (the slope at P = 1/2 is k/4) and -c the current at P = 1/2, as in Xin 2023, section
    3.1.3; c is negative for a bare device. Intervals are at 95 %, from the likelihood's curvature.

    Attributes
    ----------
    k, c : float
        [1/A] and [A].
    k_interval, c_interval : (float, float)
    goodness : dict
        ``largest_deviation`` (in probability), ``deviance`` and ``p_value`` of the fit, ``points``.
    pulse_width : float or None
        Width of the pulse behind the curve [s].
    references : tuple of str
    source : str
        Which device or file the curve comes from.

    Examples
    --------
    >>> import spinloom as sl
    >>> neuron = sl.responses.Sigmoid.from_values(k="2.2 /uA", c="-11.8 uA")
    >>> float(neuron(11.8e-6))
    0.5
    """

    k: float
    c: float
    k_interval: tuple[float, float] = (math.nan, math.nan)
    c_interval: tuple[float, float] = (math.nan, math.nan)
    goodness: dict[str, float] = field(default_factory=dict)
    pulse_width: float | None = None
    references: tuple[str, ...] = ()
    source: str = ""

    def __call__(self, drive: float | np.ndarray) -> np.ndarray:
        """P at currents [A]."""
        return expit(self.k * (np.asarray(drive, float) + self.c))

    # ---- where a sigmoid comes from -----------------------------------------------------------------------------

    @classmethod
    def from_values(
        cls, k: str | float, c: str | float, *, source: str = "", references: Sequence[str] = ()
    ) -> Sigmoid:
        """From known values: k as "2.2 /uA" or [1/A], c as "-11.8 uA" or [A]."""
        if isinstance(k, str):
            number, slash, unit = k.partition("/")
            if not slash:
                raise InputError(f"k = '{k}' needs a unit of one over a current, e.g. '2.2 /uA'.")
            k = float(number.strip() or 1.0) / si(f"1 {unit.strip()}", "current", "k")
        return cls(float(k), si(c, "current", "c"), source=source, references=tuple(references))

    @classmethod
    def from_csv(cls, path: str | Path) -> Sigmoid:
        """Fitted to a CSV file with the columns ``current [uA]``, ``probability`` and, if known, ``trials``."""
        return cls.fit(read_curve(path))

    @classmethod
    def fit(cls, curve: xr.DataArray) -> Sigmoid:
        """Maximum-likelihood fit to switching probabilities over current.

        Parameters
        ----------
        curve : xarray.DataArray
            Probability over ``current`` [A]; trials from a coordinate or attribute ``trials``. An exact curve (without
            trials) is fitted with the weight of 1000 trials a point.

        Raises
        ------
        FitError
            The curve is no sigmoid: flat, falling where the fit rises, or far from the best logistic curve.
        InputError
            Fewer than three points, NaN, or more than the one dimension ``current``.
        """
        found = fit_logistic(curve, "current", "sigmoid")
        width = curve.coords.get("pulse_width")
        return cls(
            found.slope,
            found.offset,
            found.slope_interval,
            found.offset_interval,
            found.goodness,
            pulse_width=float(width) if width is not None and width.ndim == 0 else None,
            references=tuple(curve.attrs.get("references", ())),
            source=str(curve.attrs.get("device", curve.attrs.get("source", ""))),
        )

    # ---- what it is used for ------------------------------------------------------------------------------------

    def in_microamperes(self) -> tuple[float, float]:
        """(k [1/uA], c [uA]), the units of the literature."""
        return self.k * MICRO, self.c / MICRO

    def to_torch(self) -> Any:
        """A function of a torch tensor of currents [A], differentiable."""
        import torch

        return lambda current: torch.sigmoid(self.k * (current + self.c))

    def layer(self, features: int, train: Sequence[str] = ("k",), **more: Any) -> SpinNeuron:
        """A torch layer of such neurons in network units: z in microamperes about the curve's centre.

        The network sees sigma(k z) with k [1/uA] from this curve; the device's offset c is supplied by a bias
        current, as the thesis proposes (section 3.5.2), so that training starts at the centre.
        """
        from spinloom.nn import SpinNeuron

        return SpinNeuron(features, k=self.in_microamperes()[0], c=0.0, train=tuple(train), **more)

    def __str__(self) -> str:
        """``k = 1.40 ± 0.02 /µA, c = -2.91 ± 0.02 µA``."""
        k, c = self.in_microamperes()
        half_k = 0.5 * (self.k_interval[1] - self.k_interval[0]) * MICRO
        half_c = 0.5 * (self.c_interval[1] - self.c_interval[0]) / MICRO
        if math.isnan(half_k):
            return f"k = {k:.2f} /µA, c = {c:.2f} µA"
        return f"k = {k:.2f} ± {half_k:.2f} /µA, c = {c:.2f} ± {half_c:.2f} µA"
