"""The sigmoid response of a junction that is switched by chance: P(I) = 1/(1 + exp(-k (I + c)))."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np
import xarray as xr
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import chi2, norm

from spinloom.errors import FitError, InputError
from spinloom.responses.base import Response
from spinloom.responses.curve_file import read_curve
from spinloom.units import si

if TYPE_CHECKING:
    from spinloom.nn import SpinNeuron

CONFIDENCE = 0.95
MICRO = 1e-6
WORST = 0.15
"""Largest deviation from the curve, in probability, that a fit to an exact curve may have and still be called one."""
_EXACT_TRIALS = 1000
"""Trials that a curve without chance (an exact solution) is weighted as; it sets the intervals' width."""


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
        if curve.dims != ("current",):
            raise InputError(
                f"A sigmoid is fitted to one curve over 'current', not to dimensions {curve.dims}. Select one, e.g. "
                ".sel(pulse_width=30e-9)."
            )
        current, probability = np.asarray(curve["current"], float), np.asarray(curve, float)
        if current.size < 3:
            raise InputError(f"A sigmoid needs at least three points, not {current.size}.")
        if not (np.isfinite(current).all() and np.isfinite(probability).all()):
            raise InputError("The curve holds NaN; remove those points.")
        given = curve.coords["trials"] if "trials" in curve.coords else curve.attrs.get("trials")
        trials = np.broadcast_to(np.asarray(_EXACT_TRIALS if given is None else given, float), current.shape)
        width = curve.coords.get("pulse_width")
        found = _likelihood(current, probability, trials)
        result = cls(
            **found,
            pulse_width=float(width) if width is not None and width.ndim == 0 else None,
            references=tuple(curve.attrs.get("references", ())),
            source=str(curve.attrs.get("device", curve.attrs.get("source", ""))),
        )
        _complain(result, current, probability, exact=given is None)
        return result

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


def _likelihood(current: np.ndarray, probability: np.ndarray, trials: np.ndarray) -> dict[str, Any]:
    """k, c, their intervals and the goodness of the binomial maximum-likelihood fit."""
    if np.ptp(probability) < 0.1 or not (probability.min() < 0.5 < probability.max()):
        raise FitError(
            f"The curve is no sigmoid: its probabilities reach from {probability.min():.3g} to "
            f"{probability.max():.3g} and must cross 0.5. Measure over a wider range of currents."
        )
    if not ((probability > 0.0) & (probability < 1.0)).any():  # the likelihood then has no maximum
        raise FitError("The curve jumps from 0 to 1 between two points: measure more currents in between.")
    centre, scale = float(np.mean(current)), float(np.ptp(current)) or 1.0
    x = (current - centre) / scale

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        a, b = parameters
        logit = a * x + b
        # log(1 + e^y) - p y, the binomial likelihood without its constant; stable for large |y|
        value = trials * (np.logaddexp(0.0, logit) - probability * logit)
        slope = trials * (expit(logit) - probability)
        return float(value.sum()), np.array([(slope * x).sum(), slope.sum()])

    best = min(
        (minimize(loss, [sign * 10.0, 0.0], jac=True, method="BFGS", options={"gtol": 1e-6}) for sign in (1.0, -1.0)),
        key=lambda result: result.fun,
    )
    a, b = best.x
    fitted = expit(a * x + b)
    weight = trials * fitted * (1.0 - fitted)
    hessian = np.array([[(weight * x * x).sum(), (weight * x).sum()], [(weight * x).sum(), weight.sum()]])
    covariance = np.linalg.inv(hessian)
    k, c = a / scale, b * scale / a - centre
    # c = b scale/a - centre: its variance by propagation
    gradient = np.array([-b * scale / a**2, scale / a])
    spread = norm.ppf(0.5 + 0.5 * CONFIDENCE)
    k_half = spread * math.sqrt(covariance[0, 0]) / scale
    c_half = spread * math.sqrt(gradient @ covariance @ gradient)
    return {
        "k": float(k),
        "c": float(c),
        "k_interval": (float(k - k_half), float(k + k_half)),
        "c_interval": (float(c - c_half), float(c + c_half)),
        "goodness": _goodness(probability, fitted, trials),
    }


def _goodness(probability: np.ndarray, fitted: np.ndarray, trials: np.ndarray) -> dict[str, float]:
    with np.errstate(divide="ignore", invalid="ignore"):
        up = np.where(probability > 0, probability * np.log(probability / fitted), 0.0)
        down = np.where(probability < 1, (1 - probability) * np.log((1 - probability) / (1 - fitted)), 0.0)
    deviance = float(2.0 * (trials * (up + down)).sum())
    # points at which the fit expects less than one event say nothing that chi-square could weigh
    informative = int((trials * np.minimum(fitted, 1 - fitted) >= 1.0).sum())
    p_value = float(chi2.sf(deviance, max(informative - 2, 1)))
    return {
        "largest_deviation": float(np.abs(probability - fitted).max()),
        "deviance": deviance,
        "p_value": p_value,
        "points": float(probability.size),
    }


def _complain(result: Sigmoid, current: np.ndarray, probability: np.ndarray, *, exact: bool) -> None:
    """Refuse what is no sigmoid at all: the largest deviation is far beyond shape and chance."""
    deviation = result.goodness["largest_deviation"]
    if deviation <= WORST or (not exact and result.goodness["p_value"] > 1e-3):
        return
    worst = int(np.argmax(np.abs(probability - result(current))))
    raise FitError(
        f"The curve is no sigmoid: the best logistic curve misses it by {deviation:.2f} in probability at "
        f"{current[worst] / MICRO:.3g} µA. Use the measured curve itself, or check the data."
    )
