"""Judging random bits by NIST SP800-22: p-values of fifteen tests on many streams, and what follows from them."""

from __future__ import annotations

import io
import math
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np
import xarray as xr
from scipy.special import gammaincc
from scipy.stats import binom

from spinloom.errors import InputError, UnknownNameError
from spinloom.tasks.nist_tests import TESTS, NistTest, by_name, library
from spinloom.tasks.nist_worker import p_values

if TYPE_CHECKING:
    from spinloom.devices.bit_stream import RandomBits

ALPHA = 0.01
"""NIST's significance level of one p-value."""
FALSE_ALARM = 0.01
"""Chance that an ideal source does not pass over all, whatever the number of streams and p-values."""
LEAST_UNIFORMITY = 1e-4
"""NIST's bound for P_T, the p-value of the p-values' uniformity."""
STREAMS_FOR_UNIFORMITY = 55
"""Streams from which on NIST judges uniformity (section 4.2.2)."""
_CHUNK = 5
"""Streams a process at a time: some seconds, so that progress and Ctrl-C are prompt."""

Progress = Callable[[int, int], None]


@final
@dataclass(frozen=True)
class NistReport:
    """What the fifteen tests say about a source.

    Attributes
    ----------
    data : xr.Dataset
        Over (row, stream), rows being the p-values of all tests (188 with all fifteen): ``p_value`` (nan where a test
        does not apply to a stream). Over row: ``test``, ``label``; ``streams`` (s, to which it applies),
        ``proportion`` with p >= 0.01, NIST's ``proportion_low`` = 1 - alpha - 3 sqrt(alpha (1 - alpha)/s),
        ``uniformity`` (P_T, nan below 55 streams), ``marked`` (what NIST's program marks with a star), ``evidence``
        (chance that an ideal source looks as bad somewhere in this row).
    skipped : tuple of str
        Tests for which the streams are too short.
    """

    data: xr.Dataset
    skipped: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Number of p-values a stream."""
        return self.data.sizes["row"]

    @property
    def marked(self) -> int:
        """Rows that NIST's program would mark."""
        return int(self.data["marked"].sum())

    def marked_by_chance(self) -> float:
        """Rows that an ideal source is expected to have marked: NIST's marks are no verdict over all."""
        found = 0.0
        for s in self.data["streams"].values:
            if s:
                fewest = math.ceil(_lowest(s) * s - 1e-9)
                found += float(binom.sf(s - fewest, s, ALPHA)) + LEAST_UNIFORMITY * (s >= STREAMS_FOR_UNIFORMITY)
        return found

    def evidence(self, test: str | None = None) -> float:
        """Chance, at most, that an ideal source looks as bad as this one: over all rows, or those of one test."""
        values = self.data["evidence"].values
        if test is not None:
            values = values[self.data["test"].values == test]
            if not values.size:
                raise UnknownNameError("test that was run", test, {str(name) for name in self.data["test"].values})
        return float(min(1.0, self.rows * np.min(values)))

    @property
    def passed(self) -> bool:
        """Whether the source passes over all: an ideal one does not in 1 % of cases."""
        return self.evidence() >= FALSE_ALARM

    def verdicts(self) -> dict[str, str]:
        """``pass``, ``fail``, ``not applicable`` or ``too short`` for each test, in NIST's order."""
        found: dict[str, str] = {}
        for test in TESTS:
            of_test = self.data["test"].values == test.name
            if test.name in self.skipped:
                found[test.name] = "too short"
            elif of_test.any():
                applies = self.data["streams"].values[of_test].any()
                passes = self.evidence(test.name) >= FALSE_ALARM
                found[test.name] = ("pass" if passes else "fail") if applies else "not applicable"
        return found

    def failed(self) -> tuple[str, ...]:
        """Names of the tests that fail."""
        return tuple(name for name, verdict in self.verdicts().items() if verdict == "fail")

    def table(self) -> str:
        """The report as text, one line a test; of several p-values the worst row."""
        lines = [
            f"{'test':<28}{'p-values':>9}{'streams':>9}{'passing':>9}{'needed':>8}{'P_T':>9}{'marked':>8}  verdict"
        ]
        for name, verdict in self.verdicts().items():
            if verdict == "too short":
                lines.append(f"{name:<28}{'':>52}  {verdict}")
                continue
            rows = self.data.sel(row=self.data["test"] == name)
            worst = rows.isel(row=int(np.argmin(rows["evidence"].values)))
            numbers = (float(worst["proportion"]), float(worst["proportion_low"]), float(worst["uniformity"]))
            shown = ["–" if math.isnan(x) else text.format(x) for x, text in zip(numbers, _FORMATS, strict=True)]
            lines.append(
                f"{name:<28}{rows.sizes['row']:>9}{int(worst['streams']):>9}{shown[0]:>9}{shown[1]:>8}{shown[2]:>9}"
                f"{int(rows['marked'].sum()):>8}  {verdict}"
            )
        lines.append(
            f"{'over all':<28}{self.rows:>9}{'':>35}{self.marked:>8}  {'pass' if self.passed else 'fail'} "
            f"(chance alone marks {self.marked_by_chance():.1f})"
        )
        return "\n".join(lines)


_FORMATS = ("{:.4f}", "{:.3f}", "{:.4f}")


def nist_suite(
    bits: np.ndarray | RandomBits,
    *,
    count: int | None = None,
    tests: Sequence[str] | None = None,
    skip_short: bool = False,
    workers: int = 1,
    progress: Progress | None = None,
) -> NistReport:
    """Test streams of bits with NIST SP800-22.

    A source passes over all unless it looks worse than an ideal one would in 1 % of cases. For each p-value's row that
    is judged by three things: how many streams have p < 0.01 (exact binomial), the smallest p, and the uniformity P_T;
    the three and all rows share the 1 % (Bonferroni). NIST's own marks are reported beside it: some of 188 rows are
    marked by chance. The 1 % is meant for streams of 1e6 bits; p-values of shorter ones are rougher in their tails.

    Parameters
    ----------
    bits : array (streams, n) or (n,) of 0 and 1, or RandomBits
        Or packed bytes as ``numpy.packbits`` makes them, (streams, ceil(count/8)) of uint8, together with ``count``.
    count : int or None
        Bits a stream, of packed ones.
    tests : sequence of str or None
        Names of those to run; None runs all fifteen.
    skip_short : bool
        Leave out tests for which the streams are too short, and say so in the report, instead of refusing.
    workers : int
        Processes; 0 works in this one, where the compiled tests may print remarks of their own. A stream of 1e6 bits
        takes about half a second.
    progress : callable or None
        ``progress(streams done, streams)``.

    Raises
    ------
    InputError
        Streams too short for a test, naming it and the length it needs; values other than 0 and 1; the library
        ``sp80022suite`` is not installed.
    UnknownNameError
        A test that there is not.
    """
    packed, length = _packed(bits, count)
    chosen = list(TESTS) if tests is None else [_named(name) for name in tests]
    short = [test for test in chosen if length < test.least]
    if short and (not skip_short or len(short) == len(chosen)):
        needs = "; ".join(f"{test.name} {test.least:,} bits ({test.reason})" for test in short)
        raise InputError(
            f"Streams of {length:,} bits are too short for {len(short)} of {len(chosen)} tests: {needs}. Give longer "
            "streams (1 000 000 bits serve all), or leave those tests out with skip_short=True."
        )
    run = [test for test in chosen if test not in short]
    if any(test.library for test in run):
        library()
    found = _p_values(packed, length, [test.name for test in run], workers, progress)
    return NistReport(_judge(run, found, length), tuple(test.name for test in short))


def _named(name: str) -> NistTest:
    if name not in by_name():
        raise UnknownNameError("test of SP800-22", name, by_name())
    return by_name()[name]


def _packed(bits: Any, count: int | None) -> tuple[np.ndarray, int]:
    if not isinstance(bits, np.ndarray) and hasattr(bits, "packed"):  # a RandomBits: its module loads the compiler
        return bits.packed, bits.count
    array = np.atleast_2d(np.asarray(bits))
    if array.ndim != 2 or not array.size:
        raise InputError(f"Bits of shape {np.shape(bits)}: give (streams, n), or (n,) for one stream.")
    if count is not None:
        if array.dtype != np.uint8 or array.shape[1] != -(-count // 8):
            raise InputError(f"Packed bits are uint8 of shape (streams, {-(-count // 8)}) for count = {count}.")
        return array, count
    if not ((array == 0) | (array == 1)).all():
        raise InputError("Bits are 0 and 1; give packed bytes together with 'count'.")
    return np.packbits(array.astype(np.uint8), axis=1), array.shape[1]


def _p_values(packed: np.ndarray, count: int, names: list[str], workers: int, progress: Progress | None) -> np.ndarray:
    streams = len(packed)
    pieces = [slice(first, min(first + _CHUNK, streams)) for first in range(0, streams, _CHUNK)]
    if workers < 1:
        found = []
        for n in range(streams):
            found.append(p_values(packed[n : n + 1], count, names))
            if progress is not None:
                progress(n + 1, streams)
        return np.concatenate(found, axis=1)
    parts: dict[int, np.ndarray] = {}
    with ThreadPoolExecutor(workers) as pool:
        tasks = {pool.submit(_in_a_process, packed[piece], count, names): n for n, piece in enumerate(pieces)}
        try:
            for done, task in enumerate(as_completed(tasks), start=1):
                parts[tasks[task]] = task.result()
                if progress is not None:
                    progress(min(done * _CHUNK, streams), streams)
        except BaseException:
            for task in tasks:
                task.cancel()
            raise
    return np.concatenate([parts[n] for n in range(len(pieces))], axis=1)


def _in_a_process(packed: np.ndarray, count: int, names: list[str]) -> np.ndarray:
    given = io.BytesIO()
    np.savez(given, packed=packed, count=count, names=np.array(names))
    command = [sys.executable, "-m", "spinloom.tasks.nist_worker"]
    # the process finds the same package, also where a relative path led this one to it
    package = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH", ""))))
    run = subprocess.run(
        command, input=given.getvalue(), capture_output=True, check=False, env={**os.environ, "PYTHONPATH": path}
    )
    if run.returncode != 0:
        last = run.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise InputError(f"A process of the tests ended with code {run.returncode}: {' '.join(last)}")
    return np.load(io.BytesIO(run.stdout))


def _lowest(streams: np.ndarray | float) -> np.ndarray:
    """NIST's lower limit of the proportion that passes."""
    with np.errstate(divide="ignore"):
        return 1.0 - ALPHA - 3.0 * np.sqrt(ALPHA * (1.0 - ALPHA) / np.asarray(streams, float))


def _judge(tests: Sequence[NistTest], found: np.ndarray, length: int) -> xr.Dataset:
    applies = np.isfinite(found)
    streams = applies.sum(axis=1)
    low = ((found < ALPHA) & applies).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        proportion = np.where(streams > 0, 1.0 - low / streams, np.nan)
    limit = np.where(streams > 0, _lowest(streams), np.nan)
    uniformity = np.array([_uniformity(row[ok]) for row, ok in zip(found, applies, strict=True)])
    smallest = np.where(applies, found, 1.0).min(axis=1)
    parts = np.stack([binom.sf(low - 1, np.maximum(streams, 1), ALPHA), streams * smallest, uniformity])
    judged = np.where(streams > 0, 3.0 * np.nanmin(np.where(np.isnan(parts), 1.0, parts), axis=0), 1.0)
    marked = (streams > 0) & ((proportion < limit) | (uniformity < LEAST_UNIFORMITY))
    labels = [(test.name, label) for test in tests for label in test.labels]
    return xr.Dataset(
        {
            "p_value": (("row", "stream"), found, {"long_name": "p-value"}),
            "streams": ("row", streams, {"long_name": "streams to which the test applies"}),
            "proportion": ("row", proportion, {"long_name": "share of streams with p >= 0.01"}),
            "proportion_low": ("row", limit, {"long_name": "NIST's lower limit of that share"}),
            "uniformity": ("row", uniformity, {"long_name": "P_T"}),
            "marked": ("row", marked, {"long_name": "marked by NIST's criteria"}),
            "evidence": ("row", np.minimum(judged, 1.0), {"long_name": "chance of an ideal source to look as bad"}),
        },
        coords={"test": ("row", [name for name, _ in labels]), "label": ("row", [label for _, label in labels])},
        attrs={"bits_per_stream": length, "alpha": ALPHA},
    )


def _uniformity(values: np.ndarray) -> float:
    """P_T: chi-square of the p-values in ten bins; nan for fewer than 55."""
    if values.size < STREAMS_FOR_UNIFORMITY:
        return math.nan
    counts, _ = np.histogram(values, bins=10, range=(0.0, 1.0))
    expected = values.size / 10
    return float(gammaincc(4.5, (((counts - expected) ** 2) / expected).sum() / 2))
