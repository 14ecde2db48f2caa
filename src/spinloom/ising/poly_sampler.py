"""p-bits as a dimod sampler of polynomials: terms of any order, without auxiliary variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import dimod
import numpy as np
from dimod.higherorder.polynomial import BinaryPolynomial

from spinloom.errors import UnknownNameError
from spinloom.ising import schedules
from spinloom.ising.job import Progress
from spinloom.ising.polynomial import Polynomial
from spinloom.ising.sampler import solve


@final
class PBitPolySampler(dimod.PolySampler):
    """The twin of ``PBitSampler`` for higher-order problems.

    The drive of a p-bit is -sum of w_t prod_{j in t, j != i} s_j over its terms: no variables are added to bring
    products down to pairs, so that the landscape is the problem's own.

    Examples
    --------
    >>> import dimod, spinloom as sl
    >>> poly = dimod.BinaryPolynomial({"abc": -1.0, "a": 0.5}, "SPIN")
    >>> sl.ising.PBitPolySampler().sample_poly(poly, num_reads=8, seed=1).first.energy
    -1.5
    """

    @property
    def parameters(self) -> dict[str, list[str]]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Names of what ``sample_poly`` takes."""
        names = (
            "num_reads", "num_sweeps", "time_limit", "seed", "schedule", "beta_range", "update", "threads", "progress",
            "keep",
        )  # fmt: skip
        return {name: [] for name in names}

    @property
    def properties(self) -> dict[str, Any]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """What there is to choose from."""
        return {"update_choices": ("auto", "gibbs", "metropolis"), "schedule_choices": ("auto", *schedules.SHAPES)}

    def sample_poly(  # pyright: ignore[reportIncompatibleMethodOverride]  (dimod's base is annotated to return None)
        self,
        polynomial: BinaryPolynomial,
        *,
        num_reads: int | None = None,
        num_sweeps: int | None = None,
        time_limit: float | None = None,
        seed: int | None = None,
        schedule: str | Any = "auto",
        beta_range: tuple[float, float] | None = None,
        update: str = "auto",
        threads: int | None = None,
        progress: Callable[[Progress], None] | None = None,
        keep: str = "best",
        **unknown: Any,
    ) -> dimod.SampleSet:
        """Sample a polynomial; parameters, result and errors as ``PBitSampler.sample``.

        ``keep="last"`` returns the last state of each read instead of its best: a sample of exp(-beta E) when the
        schedule ends long at one beta.
        """
        if unknown:
            raise UnknownNameError("argument of sample_poly", next(iter(unknown)), self.parameters)
        problem = Polynomial.from_poly(polynomial)
        outcome, info = solve(
            problem, method="polynomial", num_reads=num_reads, num_sweeps=num_sweeps, time_limit=time_limit, seed=seed,
            shape=schedule, beta_range=beta_range, update=update, threads=threads, progress=progress, keep=keep,
        )  # fmt: skip
        samples = outcome.states if polynomial.vartype is dimod.SPIN else (outcome.states + 1) // 2
        return dimod.SampleSet.from_samples(
            (np.asarray(samples, np.int8), list(problem.labels)), vartype=polynomial.vartype, energy=outcome.energies,
            info=info, sort_labels=False,
        )  # fmt: skip
