"""Published against ours: one verdict a quantity, one a reproduction.

Verdicts are ``agrees``, ``disagrees``, ``not comparable`` (the publication lacks an input) and ``not run``. A known
disagreement stays a disagreement: it is printed with its reason and never counted as agreement.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from spinloom.errors import InputError
from spinloom.experiments.spec import Expect

Verdict = Literal["agrees", "disagrees", "not comparable", "not run"]
Number = float | list[float] | None


@dataclass(frozen=True)
class Metric:
    """A measured number (or list of them) with unit and, where there are trials, its standard uncertainty."""

    value: float | list[float]
    unit: str = ""
    error: float | None = None

    @classmethod
    def mean(cls, values: Any, unit: str = "") -> Metric:
        """The mean of repeated measurements with its standard error; of a single one without."""
        found = np.asarray(values, float)
        error = float(found.std(ddof=1) / math.sqrt(found.size)) if found.size > 1 else None
        return cls(float(found.mean()), unit, error)

    @property
    def number(self) -> float:
        """The value where it is a single number."""
        if isinstance(self.value, list):
            raise TypeError("this metric is a list")
        return self.value

    def text(self, digits: int = 4) -> str:
        """For people: ``1.4 ± 0.02 1/uA``."""
        return f"{with_error(self.value, self.error, digits)} {self.unit}".strip()


@dataclass(frozen=True)
class Expectation:
    """One row of the table: what was published, what we found, and what follows.

    Attributes
    ----------
    quantity, label, unit : str
        Metric name, name for people, unit of the numbers.
    published, ours : float, list of float or None
        None where there is no such number.
    error : float or None
        Standard uncertainty of ours.
    tolerance : float or None
        Absolute; None where a relation decides.
    relation : str or None
        "increasing", "decreasing", "<" or ">".
    verdict : str
        "agrees", "disagrees", "not comparable" or "not run".
    finding : str
        What was recorded when the reproduction was written; differs from the verdict only when something is new.
    why, where, reason, kind : str
        Why they differ; place in the publication; why this tolerance; "paper" or "check".
    """

    quantity: str
    label: str
    published: Number
    ours: Number
    unit: str
    error: float | None
    tolerance: float | None
    relation: str | None
    verdict: Verdict
    finding: str
    why: str
    where: str
    reason: str
    kind: str

    @property
    def surprising(self) -> bool:
        """True where the verdict is not what was recorded: a new disagreement, a vanished one, or nothing run."""
        return self.verdict != self.finding

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON; what is not finite becomes null."""
        return {
            **self.__dict__,
            "published": _finite(self.published),
            "ours": _finite(self.ours),
            "error": _finite(self.error),
        }


def number_text(value: Number, digits: int = 4) -> str:
    """A number or list for people; an en dash where there is none."""
    if value is None:
        return "–"
    if isinstance(value, list):
        return ", ".join(number_text(item, digits) for item in value)
    return f"{value:.{digits}g}"


def with_error(value: Number, error: float | None, digits: int = 4) -> str:
    """``1.425 ± 0.030``: as many decimals as two digits of the error need; without an error as :func:`number_text`."""
    if isinstance(value, list) or value is None or error is None or not (math.isfinite(error) and error > 0):
        return number_text(value, digits)
    decimals = max(0, 1 - math.floor(math.log10(error)))
    return f"{value:.{decimals}f} ± {error:.{decimals}f}"


def _finite(value: Number) -> Any:
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value if value is None or math.isfinite(value) else None


def _holds(expect: Expect, ours: np.ndarray) -> bool:
    """Whether finite numbers meet the tolerance or the relation."""
    if expect.relation == "increasing":
        return bool(np.all(np.diff(ours) > 0))
    if expect.relation == "decreasing":
        return bool(np.all(np.diff(ours) < 0))
    published = np.atleast_1d(np.asarray(expect.published, dtype=float))
    if expect.relation == "<":
        return bool(np.all(ours < published))
    if expect.relation == ">":
        return bool(np.all(ours > published))
    if published.shape != ours.shape:
        raise InputError(
            f"'{expect.quantity}' was measured as {ours.size} numbers but published as {published.size}; "
            "give 'published' the same length."
        )
    slack = 1e-12 * np.abs(published)  # so that a difference of exactly the tolerance agrees in binary floats too
    return bool(np.all(np.abs(ours - published) <= float(expect.tolerance or 0.0) + slack))


def judge(expect: Expect, metrics: Mapping[str, Metric]) -> Expectation:
    """Compare one expectation with what was measured.

    Raises
    ------
    InputError
        Metric and expectation are in different units, or of different length.
    """
    metric = metrics.get(expect.quantity)
    verdict: Verdict
    why = ""
    if metric is not None and metric.unit != expect.unit:
        raise InputError(
            f"'{expect.quantity}' is measured in '{metric.unit}' but expected in '{expect.unit}'; "
            f"write the expectation in '{metric.unit}'."
        )
    if metric is None:
        verdict, why = "not run", "this run did not measure it"
    elif not expect.comparable:
        verdict, why = "not comparable", expect.why
    elif not np.all(np.isfinite(np.asarray(metric.value, dtype=float))):
        verdict, why = "disagrees", expect.why or "ours is not a finite number"
    elif _holds(expect, np.atleast_1d(np.asarray(metric.value, dtype=float))):
        verdict = "agrees"
    else:
        verdict, why = "disagrees", expect.why or f"outside the band ({expect.reason}); no cause is known yet"
    return Expectation(
        quantity=expect.quantity,
        label=expect.label,
        published=expect.published,
        ours=None if metric is None else metric.value,
        unit=expect.unit,
        error=None if metric is None else metric.error,
        tolerance=expect.tolerance,
        relation=expect.relation,
        verdict=verdict,
        finding=expect.finding if expect.comparable else "not comparable",
        why=why,
        where=expect.where,
        reason=expect.reason,
        kind=expect.kind,
    )


def overall(expectations: Iterable[Expectation]) -> Verdict:
    """The verdict of a whole reproduction.

    One comparable disagreement makes it ``disagrees``; otherwise one agreement makes it ``agrees``; with neither it is
    ``not comparable``, or ``not run`` where nothing was measured.
    """
    found = {expectation.verdict for expectation in expectations}
    order: tuple[Verdict, ...] = ("disagrees", "agrees", "not comparable")
    for verdict in order:
        if verdict in found:
            return verdict
    return "not run"
