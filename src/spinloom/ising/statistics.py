"""How far samples of a Markov chain can be trusted, and the partition function.

R-hat compares chains with each other, the effective sample size counts what correlated samples are worth (Vehtari,
Gelman, Simpson, Carpenter, Buerkner, doi:10.1214/20-BA1221). ln Z comes from runs that heat and cool: Jarzynski's
equality (doi:10.1103/PhysRevLett.78.2690), which statisticians call annealed importance sampling (Neal,
doi:10.1023/A:1008923215028), both ways together by Bennett's ratio (doi:10.1016/0021-9991(76)90078-4).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from spinloom.errors import InputError

if TYPE_CHECKING:
    from spinloom.ising.problem import Problem


def ranks(values: np.ndarray) -> np.ndarray:
    """Normal scores: the k-th smallest of N becomes Phi^-1((k - 3/8)/(N + 1/4)), equal ones share their mean rank."""
    from scipy.special import ndtri

    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(count) - 0.5 * (count - 1)
    return ndtri((mean_rank - 0.375) / (values.size + 0.25))[place].reshape(values.shape)


def r_hat(values: Any) -> float:
    """Split R-hat: sqrt of the variance over all half-chains by that within them; 1 for chains that have mixed.

    The larger of the value for the quantity and, to see chains of unequal width, for its distance from the median; both
    of normal scores. Above 1.01 chains should run longer, above 1.1 they disagree.

    Parameters
    ----------
    values : array (draws, chains)
        At least four draws of at least two chains.

    Returns
    -------
    float
        inf where chains stand still at different values, 1 where nothing ever changes.

    Raises
    ------
    InputError
        Fewer than four draws or two chains.
    """
    x = np.asarray(values, float)
    if x.ndim != 2 or x.shape[0] < 4 or x.shape[1] < 2:
        raise InputError(f"R-hat needs (draws, chains) with at least 4 draws of 2 chains; got shape {x.shape}.")
    halves = _halves(x)
    folded = np.abs(halves - np.median(halves))
    return float(max(_ratio(ranks(halves)), _ratio(ranks(folded))))


def _halves(x: np.ndarray) -> np.ndarray:
    half = len(x) // 2
    return np.concatenate([x[:half], x[-half:]], axis=1)


def _ratio(x: np.ndarray) -> np.ndarray:
    """sqrt((B/W + n - 1)/n) over draws (axis 0) and chains (axis 1)."""
    draws = len(x)
    return _compared(x.var(axis=0, ddof=1).mean(axis=0), draws * x.mean(axis=0).var(axis=0, ddof=1), draws)


def _compared(within: np.ndarray, between: np.ndarray, draws: int) -> np.ndarray:
    still = within <= 1e-30
    ratio = np.sqrt((between / np.where(still, 1.0, within) + draws - 1.0) / draws)
    return np.where(still, np.where(between <= 1e-30, 1.0, np.inf), ratio)


def effective_size(values: Any) -> float:
    """Number of independent samples that (draws, chains) are worth: all of them divided by 1 + 2 sum_t rho_t.

    The autocorrelation rho_t is pooled over chains, so that chains which disagree count little, and summed over
    Geyer's initial positive monotone sequence of pairs. NaN where nothing ever changes.

    Raises
    ------
    InputError
        Fewer than four draws.
    """
    x = np.asarray(values, float)
    if x.ndim != 2 or x.shape[0] < 4:
        raise InputError(f"An effective sample size needs (draws, chains) with at least 4 draws; got shape {x.shape}.")
    draws, chains = x.shape
    mean = x.mean(axis=0)
    size = 1 << (2 * draws - 1).bit_length()
    spectrum = np.fft.rfft(x - mean, size, axis=0)
    covariance = np.fft.irfft(np.abs(spectrum) ** 2, size, axis=0)[:draws].mean(axis=1) / draws
    within = covariance[0] * draws / (draws - 1.0)
    total = covariance[0] + (mean.var(ddof=1) if chains > 1 else 0.0)
    if total <= 1e-30:
        return math.nan
    rho = 1.0 - (within - covariance) / total
    rho[0] = 1.0
    pairs = rho[: draws - draws % 2].reshape(-1, 2).sum(axis=1)
    negative = np.flatnonzero(pairs < 0.0)
    pairs = np.minimum.accumulate(pairs[: negative[0] if negative.size else pairs.size])
    tau = max(2.0 * float(pairs.sum()) - 1.0, 1.0 / math.log10(max(draws * chains, 10)))
    return draws * chains / tau


@final
@dataclass(frozen=True)
class Summary:
    """Diagnostics of samples.

    Attributes
    ----------
    r_hat : float
        The largest of all that was looked at: energy, magnetisation and every spin.
    r_hat_energy : float
    r_hat_spins : np.ndarray
        Of every spin, shape (n,).
    effective_size : float
        Of the energy or the magnetisation, whichever is the smaller.
    autocorrelation_time : float
        Integrated, 1 + 2 sum rho_t, in sweeps; of the same.
    mean_energy, energy_error : float
        Mean over all samples, and its standard error for the effective size.
    """

    r_hat: float
    r_hat_energy: float
    r_hat_spins: np.ndarray
    effective_size: float
    autocorrelation_time: float
    mean_energy: float
    energy_error: float

    @property
    def mixed(self) -> bool:
        """Whether all R-hat stay below 1.1 and the effective size reaches 10."""
        return self.r_hat < 1.1 and (math.isnan(self.effective_size) or self.effective_size >= 10.0)


def summarise(states: Any, energies: Any, interval: int = 1) -> Summary:
    """Diagnostics of states (draws, chains, n) of +-1 and their energies (draws, chains), ``interval`` sweeps apart.

    Chains that sit in different valleys show in the spins' R-hat even where their energies agree; a problem without
    fields has every state twice, so single spins need a chain that crosses from one to the other.

    Raises
    ------
    InputError
        Fewer than four draws or two chains, or shapes that do not belong together.
    """
    s, e = np.asarray(states), np.asarray(energies, float)
    if s.ndim != 3 or e.shape != s.shape[:2]:
        raise InputError(f"States (draws, chains, n) and energies (draws, chains) do not fit: {s.shape} and {e.shape}.")
    half = len(s) // 2
    means = np.concatenate([part.sum(axis=0, dtype=np.int64) for part in (s[:half], s[-half:])]) / max(half, 1)
    return diagnose(e, s.sum(axis=2, dtype=np.int64), means, interval)


def diagnose(energies: np.ndarray, magnetisations: np.ndarray, means: np.ndarray, interval: int = 1) -> Summary:
    """The summary from energies and sums of spins (draws, chains), and each spin's mean over half-chains (2 chains, n).

    Errors as :func:`summarise`.
    """
    r_energy, r_sum = float(r_hat(energies)), float(r_hat(magnetisations))
    half = len(energies) // 2
    spins = _compared((1.0 - means**2).mean(axis=0) * half / (half - 1.0), half * means.var(axis=0, ddof=1), half)
    of_energy = effective_size(energies)
    sizes = [size for size in (of_energy, effective_size(magnetisations)) if not math.isnan(size)]
    size = min(sizes, default=math.nan)
    error = float(energies.std()) / math.sqrt(of_energy) if of_energy > 0 else 0.0
    worst = max(r_energy, r_sum, float(spins.max(initial=1.0)))
    time = energies.size / size * interval
    return Summary(worst, r_energy, spins, size, time, float(energies.mean()), error)


@final
@dataclass(frozen=True)
class LogPartition:
    """ln Z at beta, Z the sum of exp(-beta E).

    Attributes
    ----------
    value, error : float
        Bennett's estimate from both directions, and its standard error.
    lower, upper : float
        Means of the work forward and backward: ln Z lies between them, up to their own errors, however far from
        equilibrium the runs were.
    forward, forward_error : float
        Jarzynski's estimate from the forward runs alone.
    effective_reads : float
        How many of the forward runs carry its weight, (sum w)^2/sum w^2.
    sweeps, reads : int
    """

    value: float
    error: float
    lower: float
    upper: float
    forward: float
    forward_error: float
    effective_reads: float
    sweeps: int
    reads: int

    @property
    def trusted(self) -> bool:
        """Whether the bracket is narrow (3 at most): forward and backward runs then see the same states."""
        return self.upper - self.lower <= 3.0


def partition_function(
    problem: Problem, beta: float, reads: int = 256, sweeps: int = 1000, seed: int = 0
) -> LogPartition:
    """ln Z by annealing from infinite temperature to ``beta`` and, after as many sweeps there, back.

    Each read starts from a random state, an exact sample of beta = 0, where Z = 2^n. Raising beta_k to beta_(k+1) in a
    state of energy E does the work -(beta_(k+1) - beta_k) E on ln Z; a sweep follows. The mean of exp(work) is exact in
    expectation at any number of sweeps. The way back starts from states drawn with these weights, which are in
    equilibrium as far as the forward runs know it, and visits the spins in the reverse order: Bennett's ratio compares
    a process with the same one run backwards.

    Parameters
    ----------
    problem : Problem
    beta : float
        0 or more.
    reads : int
        Independent runs, at least 2.
    sweeps : int
        Temperatures each way, one sweep at each.
    seed : int

    Raises
    ------
    InputError
        A beta below 0, fewer than two reads or no sweep.
    """
    from spinloom.ising.chains import Chains
    from spinloom.ising.job import Job

    if not (beta >= 0 and math.isfinite(beta)) or reads < 2 or sweeps < 1:
        raise InputError(
            f"ln Z needs a finite beta of 0 or more, 2 reads and 1 sweep; got {beta}, {reads} and {sweeps}."
        )
    chains = Chains(Job(problem, reads, np.full(1, float(beta)), seed), 0, reads)
    betas = path(beta, sweeps)
    forward = work(chains, betas)
    chains.choose(drawn(forward))
    chains.sweep(beta, sweeps)
    chains.turn()
    backward = work(chains, betas[::-1])
    return estimate(forward, -backward, problem.size, sweeps)


def path(beta: float, sweeps: int) -> np.ndarray:
    """Inverse temperatures 0 .. beta, shape (sweeps + 1,), closer together at the hot end."""
    return beta * np.linspace(0.0, 1.0, sweeps + 1) ** 1.5


def work(chains: Any, betas: np.ndarray) -> np.ndarray:
    """-sum_k (beta_(k+1) - beta_k) E of every chain along ``betas``, sweeping at each new one; shape (chains,)."""
    total = np.zeros(chains.count)
    for now, then in itertools.pairwise(betas):
        total -= (then - now) * chains.energies
        chains.sweep(float(then))
    return total


def drawn(works: np.ndarray) -> np.ndarray:
    """Chains drawn with weights exp(work), at equal steps of their sum: nearer to equilibrium than those given."""
    weights = np.cumsum(np.exp(works - works.max()))
    places = (np.arange(works.size) + 0.5) / works.size * weights[-1]
    return np.minimum(np.searchsorted(weights, places), works.size - 1)


def estimate(forward: np.ndarray, backward: np.ndarray, spins: int, sweeps: int) -> LogPartition:
    """ln Z from works forward and (with the sign of forward) backward, both of shape (reads,), of equal number.

    Bennett's value c solves sum 1/(1 + exp(c - W_f)) = sum 1/(1 + exp(W_b - c)).
    """
    from scipy.optimize import brentq
    from scipy.special import expit

    start, reads = spins * math.log(2.0), forward.size
    top = forward.max()
    weights = np.exp(forward - top)
    jarzynski = float(top + math.log(weights.mean()))
    low, high = min(forward.min(), backward.min()) - 1.0, max(forward.max(), backward.max()) + 1.0

    def difference(c: float) -> float:
        return float(expit(forward - c).sum() - expit(c - backward).sum())

    value: float = brentq(difference, low, high, xtol=1e-10)  # pyright: ignore[reportAssignmentType]
    ahead, behind = expit(forward - value), expit(value - backward)
    if min(ahead.mean(), behind.mean()) > 1e-9:
        relative = ahead.var(ddof=1) / ahead.mean() ** 2 + behind.var(ddof=1) / behind.mean() ** 2
        error = math.sqrt(relative / reads)
    else:
        error = 0.5 * float(abs(backward.mean() - forward.mean()))  # the two have nothing in common
    return LogPartition(
        value=start + value,
        error=error,
        lower=start + float(forward.mean()),
        upper=start + float(backward.mean()),
        forward=start + jarzynski,
        forward_error=float(weights.std(ddof=1) / weights.mean() / math.sqrt(reads)),
        effective_reads=float(weights.sum() ** 2 / (weights**2).sum()),
        sweeps=sweeps,
        reads=reads,
    )
