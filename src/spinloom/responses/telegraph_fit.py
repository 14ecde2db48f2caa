"""Neel-Brown rates fitted to both states' dwell times at several currents (and temperatures)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from spinloom.errors import FitError, InputError, SpinloomWarning
from spinloom.responses.telegraph_rates import StateRates, quantile
from spinloom.units import pretty

Interval = tuple[float, float]
_UNLIKELY = 1e-3


@dataclass(frozen=True)
class RatesFit:
    """f0 [Hz], Delta at ``temperature`` [K], I_c [A], I_0 [A], their 95 % intervals and the deviance's p-value."""

    attempt_frequency: float
    thermal_stability: float
    critical_current: float
    offset_current: float
    temperature: float
    intervals: dict[str, Interval]
    goodness: dict[str, float]


def fit_rates(
    measured: Sequence[StateRates], attempt_frequency: float, critical_current: float | None, temperature: float
) -> RatesFit:
    """Maximum likelihood of the four numbers, from exponential dwell times.

        ln(1/tau_P) = ln f0 - t Delta - t g I + t c,   ln(1/tau_AP) = ln f0 - t Delta + t g I - t c

    with g = Delta/I_c, c = Delta I_0/I_c and t = T_0/T. It is linear in (ln f0, Delta, g, c), so the likelihood has one
    maximum. At one temperature f0 and Delta cannot be told apart and f0 is taken as given; at one current neither can
    I_c and I_0, and I_c must be given, or both stay unknown (nan).

    Parameters
    ----------
    measured : sequence of StateRates
    attempt_frequency : float
        f0 [Hz] where all temperatures are the same.
    critical_current : float or None
        I_c [A] where all currents are the same.
    temperature : float
        T_0 [K]; taken for all rates that do not say theirs.

    Raises
    ------
    FitError
        The parallel state is left faster the more the current favours it, or no barrier comes out.
    InputError
        Currents that some rates give and others do not.
    """
    current, warm = _biases(measured, temperature)
    one_current, one_temperature = np.unique(current).size < 2, np.unique(warm).size < 2
    reference = float(warm[0]) if one_temperature else temperature
    t = np.repeat(reference / warm, 2)
    sign = np.tile([1.0, -1.0], len(measured))  # parallel, antiparallel
    scale = float(np.abs(current).max()) or 1.0
    amperes = np.repeat(current, 2) / scale
    columns = {"delta": -t, "c": sign * t}
    if not one_temperature:
        columns["ln_f0"] = np.ones_like(t)
    if not one_current:
        columns["g"] = -sign * t * amperes
    design = np.stack(list(columns.values()), axis=1)
    known = np.zeros_like(t) if not one_temperature else np.full_like(t, math.log(attempt_frequency))
    weight = np.array([d.weight for item in measured for d in (item.parallel, item.antiparallel)])
    log_rate = np.log([d.rate for item in measured for d in (item.parallel, item.antiparallel)])
    found, covariance, deviance = _maximum(design, log_rate - known, weight)
    at = {name: i for i, name in enumerate(columns)}
    free = design.shape[0] - design.shape[1]
    p_value = float(chi2.sf(deviance, free)) if free else math.nan
    delta, c = float(found[at["delta"]]), float(found[at["c"]])
    f0 = attempt_frequency if one_temperature else math.exp(found[at["ln_f0"]])
    spread = quantile() * np.sqrt(np.diag(covariance))
    if delta <= 0:
        raise FitError(
            f"The rates leave no barrier at an attempt frequency of {pretty(f0, 'Hz')}: it must be above the rates. "
            "Give a larger attempt_frequency."
        )
    intervals: dict[str, Interval] = {"thermal_stability": _about(delta, float(spread[at["delta"]]))}
    if not one_temperature:
        ratio = math.exp(spread[at["ln_f0"]])
        intervals["attempt_frequency"] = (f0 / ratio, f0 * ratio)
    if one_current:
        critical = math.nan if critical_current is None else critical_current
        offset = float(current[0]) + c * critical / delta  # without g, c stands for -Delta (I - I_0)/I_c
    else:
        g = float(found[at["g"]]) / scale
        if g <= 0:
            if g + float(spread[at["g"]]) / scale > 0:
                raise FitError(
                    "The rates do not change with the current beyond their errors, so there is no I_c to find. Measure "
                    "over a wider range of currents, or more flips."
                )
            raise FitError(
                "The parallel state is left the faster the larger the current is: a positive current should favour it. "
                "Either the levels are named the wrong way round (parallel='high'), or the current counts the other "
                "way: reverse its sign."
            )
        critical, offset = delta / g, c / g
        intervals |= _ratios(found, covariance, at, scale, critical, offset)
    if p_value < _UNLIKELY:
        warnings.warn(
            f"The rates do not follow ln(rate) linear in current within their errors (p = {p_value:.1g}): the curve "
            "fits on the whole only. Heating, a barrier that the voltage changes, or drift between traces are usual "
            "reasons.",
            SpinloomWarning,
            stacklevel=3,
        )
    goodness = {"deviance": deviance, "p_value": p_value, "rates": float(t.size)}
    return RatesFit(f0, delta, critical, offset, reference, intervals, goodness)


def _biases(measured: Sequence[StateRates], temperature: float) -> tuple[np.ndarray, np.ndarray]:
    """Currents [A] and temperatures [K] of all rates; one unknown current stands for no current."""
    current = np.array([item.current for item in measured])
    warm = np.array([temperature if math.isnan(item.temperature) else item.temperature for item in measured])
    unknown = int(np.isnan(current).sum())
    if unknown and len(measured) > 1 and (unknown < len(measured) or np.unique(warm).size < len(measured)):
        raise InputError(
            f"{unknown} of {len(measured)} traces do not say at which current they were taken: add a column "
            "'current [uA]', or give the currents."
        )
    return np.nan_to_num(current), warm


def _maximum(design: np.ndarray, target: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Maximum of sum w (eta - exp(eta - target)) over eta = design theta, its covariance and the deviance (Newton)."""
    found = np.linalg.lstsq(design * np.sqrt(weight)[:, None], target * np.sqrt(weight), rcond=None)[0]
    for _ in range(100):
        expected = weight * np.exp(design @ found - target)
        step = np.linalg.solve(design.T @ (expected[:, None] * design), design.T @ (weight - expected))
        found = found + step
        if np.abs(design @ step).max() < 1e-12:
            break
    eta = design @ found - target
    covariance = np.linalg.inv(design.T @ (weight[:, None] * np.exp(eta)[:, None] * design))
    return found, covariance, float(2.0 * (weight * (np.expm1(eta) - eta)).sum())


def _ratios(
    found: np.ndarray, covariance: np.ndarray, at: dict[str, int], scale: float, critical: float, offset: float
) -> dict[str, Interval]:
    """Intervals of I_c = Delta/g and I_0 = c/g, and of I_c/Delta = 1/g, by propagation."""
    g, delta, c = (float(found[at[name]]) for name in ("g", "delta", "c"))
    to_critical, to_offset = np.zeros(found.size), np.zeros(found.size)
    to_critical[[at["delta"], at["g"]]] = 1.0 / delta, -1.0 / g  # of ln I_c
    to_offset[[at["c"], at["g"]]] = scale / g, -scale * c / g**2
    wide = quantile() * math.sqrt(to_critical @ covariance @ to_critical)
    shift = quantile() * math.sqrt(to_offset @ covariance @ to_offset)
    return {
        "critical_current": (critical * math.exp(-wide), critical * math.exp(wide)),
        "offset_current": _about(offset, shift),
    }


def _about(value: float, half: float) -> Interval:
    return value - half, value + half
