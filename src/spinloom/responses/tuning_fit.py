"""The fit of a bell curve to measured flip rates, with intervals and a complaint."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.optimize import least_squares
from scipy.stats import chi2, norm, t

from spinloom.errors import FitError, InputError
from spinloom.responses.logistic_fit import CONFIDENCE
from spinloom.units import pretty

HALF = math.acosh(2.0)
"""1/cosh is at one half here."""
WORST = 0.15
"""Rms distance from the curve, as a share of its peak, beyond which rates without errors are called no bell."""
FALLEN = 0.8
"""Share of the peak to which the measured curve must fall on both sides."""
_ROUNDS = 50


@dataclass(frozen=True)
class BellFit:
    """r(I) = peak/cosh(arccosh(2) (I - centre)/half_width), intervals at 95 %; rates in the unit that was given."""

    peak: float
    centre: float
    half_width: float
    peak_interval: tuple[float, float]
    centre_interval: tuple[float, float]
    half_width_interval: tuple[float, float]
    goodness: dict[str, float]


def fit_bell(curve: xr.DataArray) -> BellFit:
    """Weighted least squares of a bell curve.

    How a point weighs: where the curve says for how long flips were counted (``duration`` [s], with ``trials``), by the
    counting noise of a telegraph signal at the fitted curve, variance r (1 + tanh^2)/time (the waiting times alternate
    between two means, so the noise is between once and twice that of a Poisson process); else by ``error`` [1/s]; else
    all alike, and the scatter about the curve sets the intervals.

    Parameters
    ----------
    curve : xarray.DataArray
        Flips a second over ``current`` [A]; ``duration``, ``trials``, ``error`` as coordinates or attributes.

    Raises
    ------
    FitError
        No bell: flat, all on one side, or far from the best such curve.
    InputError
        Fewer than four points, NaN, negative rates, more than the one dimension.
    """
    current, rate = _checked(curve)
    time, error = (_given(curve, name, current.shape) for name in ("duration", "error"))
    if time is not None:
        trials = _given(curve, "trials", current.shape)
        time = time if trials is None else time * trials
    highest = float(rate.max())
    if np.ptp(rate) < 0.1 * highest or highest <= 0:
        raise FitError(
            f"The curve is no bell: its rates reach from {rate.min():.3g} to {highest:.3g}/s. Measure over a wider "
            "range of currents."
        )
    found, covariance = _solve(current, rate, time, error)
    residual, free = _residual(found, current, rate, time, error), current.size - 3
    plain = time is None and error is None
    p_value = 0.0 if plain else float(chi2.sf((residual**2).sum(), free))
    _complain(found, current, rate, covariance, p_value)
    if plain:  # the scatter is all that is known of the noise
        covariance, quantile = covariance * (residual**2).sum() / free, float(t.ppf(0.5 + 0.5 * CONFIDENCE, free))
    else:
        quantile = float(norm.ppf(0.5 + 0.5 * CONFIDENCE))
    half = quantile * np.sqrt(np.diag(covariance))
    log_peak, centre, log_scale = found
    width = HALF * math.exp(log_scale)
    model = _bell(found, current)
    goodness = {"rms": float(np.sqrt(((rate - model) ** 2).mean())), "points": float(current.size)}
    if not plain:
        goodness |= {"chi_square": float((residual**2).sum()), "p_value": p_value}
    return BellFit(
        math.exp(log_peak),
        float(centre),
        width,
        (math.exp(log_peak - half[0]), math.exp(log_peak + half[0])),
        (float(centre - half[1]), float(centre + half[1])),
        (width * math.exp(-half[2]), width * math.exp(half[2])),
        goodness,
    )


def _checked(curve: xr.DataArray) -> tuple[np.ndarray, np.ndarray]:
    if curve.dims != ("current",):
        raise InputError(f"A tuning curve is fitted to rates over 'current', not to dimensions {curve.dims}.")
    current, rate = np.asarray(curve["current"], float), np.asarray(curve, float)
    if np.unique(current).size < 4:
        raise InputError(f"A tuning curve needs at least four currents, not {np.unique(current).size}.")
    if not (np.isfinite(current).all() and np.isfinite(rate).all()):
        raise InputError("The curve holds NaN; remove those points.")
    if (rate < 0).any():
        raise InputError(f"A rate is {rate.min():g}/s; rates are 0 or more.")
    return current, rate


def _given(curve: xr.DataArray, name: str, shape: tuple[int, ...]) -> np.ndarray | None:
    """A coordinate or attribute, one value a point."""
    value = curve.coords[name] if name in curve.coords else curve.attrs.get(name)
    if value is None:
        return None
    found = np.broadcast_to(np.asarray(value, float), shape)
    if not (np.isfinite(found).all() and (found >= 0).all()) or (name != "error" and (found == 0).any()):
        raise InputError(f"{name} of the curve must be {'0 or more' if name == 'error' else 'more than 0'} everywhere.")
    return found


def _bell(found: np.ndarray, current: np.ndarray) -> np.ndarray:
    u = np.abs(current - found[1]) * math.exp(-found[2])
    # 1/cosh without overflow
    return math.exp(found[0]) * 2.0 * np.exp(-u) / (1.0 + np.exp(-2.0 * u))


def _deviation(found: np.ndarray, current: np.ndarray, time: np.ndarray | None, error: np.ndarray | None) -> np.ndarray:
    """Standard deviation of each point's rate."""
    if time is not None:
        model = _bell(found, current)
        balance = np.tanh((current - found[1]) * math.exp(-found[2]))
        # far out, where less than one flip is expected, a floor keeps one lucky flip from deciding
        return np.sqrt(np.maximum(model, 1.0 / time) * (1.0 + balance**2) / time)
    if error is not None:
        positive = error[error > 0]
        return np.maximum(error, positive.min() if positive.size else 1.0)  # no flip seen is no infinite weight
    return np.ones_like(current)


def _residual(
    found: np.ndarray, current: np.ndarray, rate: np.ndarray, time: np.ndarray | None, error: np.ndarray | None
) -> np.ndarray:
    return (rate - _bell(found, current)) / _deviation(found, current, time, error)


def _solve(
    current: np.ndarray, rate: np.ndarray, time: np.ndarray | None, error: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """(ln peak, centre, ln I_c/Delta) and their covariance, with weights renewed at each round's curve."""
    span, top = float(np.ptp(current)), float(rate.max())
    strong = rate > 0.5 * top
    centre = float((current[strong] * rate[strong]).sum() / rate[strong].sum())
    width = max(0.5 * float(np.ptp(current[strong])), 0.02 * span) / HALF
    found = np.array([math.log(top), centre, math.log(width)])
    unit = np.array([1.0, span, 1.0])
    jacobian = np.eye(3)
    for _ in range(_ROUNDS):
        sigma = _deviation(found, current, time, error)

        def misfit(scaled: np.ndarray, sigma: np.ndarray = sigma) -> np.ndarray:
            return (rate - _bell(scaled * unit, current)) / sigma

        result = least_squares(misfit, found / unit, method="lm", xtol=1e-12, ftol=1e-12, gtol=1e-12)
        before, found, jacobian = found, result.x * unit, result.jac / unit
        if time is None or np.allclose(before / unit, found / unit, rtol=0, atol=1e-8):
            break
    return found, np.linalg.pinv(jacobian.T @ jacobian)


def _complain(found: np.ndarray, current: np.ndarray, rate: np.ndarray, covariance: np.ndarray, p_value: float) -> None:
    """Refuse what is no bell, or too little of one."""
    peak, centre = math.exp(found[0]), float(found[1])
    ends = _bell(found, np.array([current.min(), current.max()])) / peak
    if not current.min() < centre < current.max() or ends.max() > FALLEN or not np.isfinite(covariance).all():
        raise FitError(
            "The curve is no bell that could be fitted: rates must rise and fall within the measured currents, to "
            f"below {100 * FALLEN:.0f} % of the peak on both sides; the best curve peaks at {pretty(centre, 'A')}. "
            "Measure further to both sides."
        )
    seen = np.unique(current[_bell(found, current) > 0.1 * peak]).size
    if seen < 3:
        raise FitError(
            f"The curve's bell is too narrow for its currents: {seen} of them lie where the rate is above a tenth of "
            f"the peak, and its width cannot be told. Measure more currents about {pretty(centre, 'A')}."
        )
    away = float(np.sqrt(((rate - _bell(found, current)) ** 2).mean())) / peak
    if away > WORST and p_value < 1e-3:
        worst = int(np.argmax(np.abs(rate - _bell(found, current))))
        raise FitError(
            f"The curve is no bell: the best one misses the rates by {100 * away:.0f} % of its peak (rms), most at "
            f"{pretty(float(current[worst]), 'A')}. Use the measured curve itself, or check the data."
        )
