"""The maximum-likelihood fit of a logistic curve to switching probabilities, with intervals and a complaint."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import chi2, norm

from spinloom.errors import FitError, InputError
from spinloom.units import pretty

CONFIDENCE = 0.95
WORST = 0.15
"""Largest deviation from the curve, in probability, that a fit to an exact curve may have and still be called one."""
_EXACT_TRIALS = 1000
"""Trials that a curve without chance (an exact solution) is weighted as; it sets the intervals' width."""


@dataclass(frozen=True)
class LogisticFit:
    """P(x) = 1/(1 + exp(-slope (x + offset))): slope [1/unit of x], offset [unit of x], intervals at 95 %."""

    slope: float
    offset: float
    slope_interval: tuple[float, float]
    offset_interval: tuple[float, float]
    goodness: dict[str, float]
    """``largest_deviation`` (in probability), ``deviance`` and ``p_value`` of the fit, ``points``."""


def fit_logistic(curve: xr.DataArray, drive: str, what: str) -> LogisticFit:
    """Binomial maximum likelihood of a logistic curve.

    Parameters
    ----------
    curve : xarray.DataArray
        Probability over the one dimension ``drive``, in SI; trials from a coordinate or attribute ``trials``. An exact
        curve (without trials) is fitted with the weight of 1000 trials a point.
    drive : {"current", "voltage"}
        Name of the dimension.
    what : str
        What is fitted, for the messages, e.g. "sigmoid".

    Raises
    ------
    FitError
        The curve is no such one: flat, falling where the fit rises, or far from the best logistic curve.
    InputError
        Fewer than three points, NaN, or more than the one dimension.
    """
    if curve.dims != (drive,):
        raise InputError(
            f"A {what} is fitted to one curve over '{drive}', not to dimensions {curve.dims}. Select one, e.g. "
            ".sel(pulse_width=30e-9)."
        )
    x, probability = np.asarray(curve[drive], float), np.asarray(curve, float)
    if x.size < 3:
        raise InputError(f"A {what} needs at least three points, not {x.size}.")
    if not (np.isfinite(x).all() and np.isfinite(probability).all()):
        raise InputError("The curve holds NaN; remove those points.")
    given = curve.coords["trials"] if "trials" in curve.coords else curve.attrs.get("trials")
    trials = np.broadcast_to(np.asarray(_EXACT_TRIALS if given is None else given, float), x.shape)
    found = LogisticFit(**_likelihood(x, probability, trials, drive, what))
    _complain(found, x, probability, what, unit="A" if drive == "current" else "V", exact=given is None)
    return found


def _likelihood(x: np.ndarray, probability: np.ndarray, trials: np.ndarray, drive: str, what: str) -> dict[str, Any]:
    """Slope, offset, their intervals and the goodness of the binomial maximum-likelihood fit."""
    if np.ptp(probability) < 0.1 or not (probability.min() < 0.5 < probability.max()):
        raise FitError(
            f"The curve is no {what}: its probabilities reach from {probability.min():.3g} to "
            f"{probability.max():.3g} and must cross 0.5. Measure over a wider range of {drive}s."
        )
    if not ((probability > 0.0) & (probability < 1.0)).any():  # the likelihood then has no maximum
        raise FitError(f"The curve jumps from 0 to 1 between two points: measure more {drive}s in between.")
    centre, scale = float(np.mean(x)), float(np.ptp(x)) or 1.0
    u = (x - centre) / scale

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        a, b = parameters
        logit = a * u + b
        # log(1 + e^y) - p y, the binomial likelihood without its constant; stable for large |y|
        value = trials * (np.logaddexp(0.0, logit) - probability * logit)
        slope = trials * (expit(logit) - probability)
        return float(value.sum()), np.array([(slope * u).sum(), slope.sum()])

    best = min(
        (minimize(loss, [sign * 10.0, 0.0], jac=True, method="BFGS", options={"gtol": 1e-6}) for sign in (1.0, -1.0)),
        key=lambda result: result.fun,
    )
    a, b = best.x
    fitted = expit(a * u + b)
    weight = trials * fitted * (1.0 - fitted)
    hessian = np.array([[(weight * u * u).sum(), (weight * u).sum()], [(weight * u).sum(), weight.sum()]])
    covariance = np.linalg.inv(hessian)
    slope, offset = a / scale, b * scale / a - centre
    # offset = b scale/a - centre: its variance by propagation
    gradient = np.array([-b * scale / a**2, scale / a])
    spread = norm.ppf(0.5 + 0.5 * CONFIDENCE)
    slope_half = spread * math.sqrt(covariance[0, 0]) / scale
    offset_half = spread * math.sqrt(gradient @ covariance @ gradient)
    return {
        "slope": float(slope),
        "offset": float(offset),
        "slope_interval": (float(slope - slope_half), float(slope + slope_half)),
        "offset_interval": (float(offset - offset_half), float(offset + offset_half)),
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


def _complain(found: LogisticFit, x: np.ndarray, probability: np.ndarray, what: str, unit: str, *, exact: bool) -> None:
    """Refuse what is no logistic curve at all: the largest deviation is far beyond shape and chance."""
    deviation = found.goodness["largest_deviation"]
    if deviation <= WORST or (not exact and found.goodness["p_value"] > 1e-3):
        return
    worst = int(np.argmax(np.abs(probability - expit(found.slope * (x + found.offset)))))
    raise FitError(
        f"The curve is no {what}: the best logistic curve misses it by {deviation:.2f} in probability at "
        f"{pretty(x[worst], unit)}. Use the measured curve itself, or check the data."
    )
