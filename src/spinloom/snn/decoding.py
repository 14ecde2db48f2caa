"""From counted flips back to values: the weighted sum of basis functions, and the population vector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from spinloom.errors import InputError
from spinloom.snn.population import Population
from spinloom.units import si


@final
@dataclass(frozen=True)
class LinearDecoder:
    """A weighted sum of the junctions' rates, H(I) = sum_i w_i r_i(I) + h_0.

    Attributes
    ----------
    weights : ndarray (n, outputs)
        [unit of H x s]
    offset : ndarray (outputs,)
        h_0
    """

    weights: np.ndarray
    offset: np.ndarray

    @classmethod
    def fit(
        cls,
        population: Population,
        current: np.ndarray,
        target: np.ndarray,
        duration: str | float | None = None,
        offset: bool = False,
    ) -> LinearDecoder:
        """The weights of least expected squared error, the counting noise of an acquisition time included.

            minimise  <|H(I) - sum_i w_i r_i(I) - h_0|^2>  +  sum_i w_i^2 <Var N_i(I)>/T^2

        The second term is the error that the noise of the counts adds (junctions flip independently of each other); it
        acts as a ridge whose strength is known, so nothing is left to choose. Exact: no noise is drawn.

        Parameters
        ----------
        current : array (m,)
            Inputs [A] at which H is given; averages run over them.
        target : array (m,) or (m, outputs)
            H there.
        duration : quantity or None
            Acquisition time T [s] that the sum will be used with; None: so long that there is no noise.
        offset : bool
            Whether a constant h_0, free of noise, is fitted along.

        Raises
        ------
        InputError
            Targets that do not fit the currents, NaN, a duration that is not above 0.
        """
        inputs, wanted = np.asarray(current, float), np.asarray(target, float)
        if inputs.ndim != 1 or wanted.shape[:1] != inputs.shape or wanted.ndim > 2:
            raise InputError(f"Targets of shape {wanted.shape} do not fit currents of shape {inputs.shape}.")
        if not np.isfinite(wanted).all():
            raise InputError("A target is NaN or infinite.")
        wanted = wanted.reshape(inputs.size, -1)
        scale = population.peaks.max()  # so that all columns are of the order of 1
        basis = population.rates(inputs) / scale
        if offset:
            basis = np.column_stack([basis, np.ones(inputs.size)])
        rows, right = [basis], [wanted]
        if duration is not None:
            noise = np.zeros(basis.shape[1])
            noise[: population.count] = _mean_variance(population, inputs, duration) / scale**2
            rows.append(np.diag(np.sqrt(inputs.size * noise)))
            right.append(np.zeros((basis.shape[1], wanted.shape[1])))
        solution = np.linalg.lstsq(np.concatenate(rows), np.concatenate(right), rcond=None)[0]
        free = solution[population.count] if offset else np.zeros(wanted.shape[1])
        return cls(solution[: population.count] / scale, free)

    def __call__(self, rates: np.ndarray) -> np.ndarray:
        """H from rates [1/s] of shape (..., n); (..., outputs)."""
        return np.asarray(rates) @ self.weights + self.offset

    def expected_error(
        self, population: Population, current: np.ndarray, target: np.ndarray, duration: str | float | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """(systematic, random) root-mean-square error of each output over the inputs, in closed form."""
        wanted = np.asarray(target, float).reshape(np.size(current), -1)
        systematic = np.sqrt(((self(population.rates(current)) - wanted) ** 2).mean(axis=0))
        if duration is None:
            return systematic, np.zeros_like(systematic)
        variance = _mean_variance(population, np.asarray(current, float), duration)
        return systematic, np.sqrt(variance @ self.weights**2)


def _mean_variance(population: Population, current: np.ndarray, duration: str | float) -> np.ndarray:
    """Variance of each junction's measured rate [1/s^2], averaged over the inputs, (n,)."""
    time = si(duration, "time", "duration")
    if time <= 0:
        raise InputError("An acquisition time must be more than 0; leave it out for rates without noise.")
    return population.count_variance(current, time).mean(axis=0) / time**2


def population_vector(activity: np.ndarray, labels: np.ndarray, silent: float = np.nan) -> np.ndarray:
    """Centre of mass of the activity, sum a_i v_i / sum a_i: what a population says without learned weights.

    Unbiased where the labels reach beyond the active junctions on both sides; nearer to the ends it is drawn inwards.

    Parameters
    ----------
    activity : array (..., n)
        Counts or rates, none negative.
    labels : array (n,)
        Value that each junction stands for.
    silent : float
        The answer where no junction is active.
    """
    given, values = np.asarray(activity, float), np.asarray(labels, float)
    if given.shape[-1:] != values.shape:
        raise InputError(f"Activity of shape {given.shape} does not fit {values.size} labels.")
    total = given.sum(axis=-1)
    return np.where(total > 0, (given @ values) / np.where(total > 0, total, 1.0), silent)


def population_vector_error(
    population: Population, current: float | np.ndarray, labels: np.ndarray, duration: str | float
) -> tuple[np.ndarray, np.ndarray]:
    """(bias, standard deviation) of the population vector from counts within a time, to first order in the noise.

        bias = sum r_i v_i / sum r_i - v(I),   variance = sum (v_i - <v>)^2 Var N_i / (sum r_i T)^2

    where v(I) interpolates the labels over the centres. Holds for many counts in all; shape of ``current``.
    """
    time = si(duration, "time", "duration")
    values = np.asarray(labels, float)
    rates = population.rates(current)
    mean = population_vector(rates, values)
    variance = population.count_variance(current, time)
    spread = (((values - mean[..., None]) ** 2) * variance).sum(axis=-1)
    order = np.argsort(population.centres)
    wanted = np.interp(np.asarray(current, float), population.centres[order], values[order])
    return mean - wanted, np.sqrt(spread) / (rates.sum(axis=-1) * time)
