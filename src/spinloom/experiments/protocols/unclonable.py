"""A physically unclonable function of junction pairs: uniqueness, reliability, and a key that survives the noise."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.crossbar import unclonable
from spinloom.errors import InputError
from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Array:
    """Junctions of one chip in a row, two a bit; all spreads relative to the mean resistance.

    Attributes
    ----------
    bits : int
        Pairs of neighbours.
    spread : float
        Standard deviation of one junction's resistance.
    noise : float
        Standard deviation of one read of one junction.
    gradient : float
        Systematic change of the resistance from one end of the row to the other, the same on every chip.
    """

    bits: int
    spread: float
    noise: float
    gradient: float

    @property
    def systematic(self) -> np.ndarray:
        """Mean relative deviation of each junction, shape (2 bits,)."""
        return self.gradient * np.linspace(-0.5, 0.5, 2 * self.bits)

    @property
    def pair_spread(self) -> float:
        """Standard deviation of a pair's difference."""
        return math.sqrt(2.0) * self.spread

    @property
    def pair_noise(self) -> float:
        """Standard deviation of a read of that difference."""
        return math.sqrt(2.0) * self.noise


@dataclass(frozen=True)
class Enrolment:
    """``reads`` are averaged, pairs within ``threshold`` read noises of zero are masked, the key has ``copies``."""

    reads: int
    threshold: float
    copies: int
    key: int

    def noise(self, array: Array) -> float:
        """Standard deviation of an enrolled difference."""
        return array.pair_noise / math.sqrt(self.reads)

    def limit(self, array: Array) -> float:
        """Smallest enrolled difference that is not masked."""
        return self.threshold * array.pair_noise


def run(spec: Reproduction, context: Context) -> Outcome:
    """Make chips, enrol them, read them again and again, and compare bits, keys and closed forms.

    Settings: ``chips``, ``block`` (chips kept at a time), ``bits``, ``reads``, ``spread``, ``noise``, ``gradient``
    (relative to the resistance), ``enrolment_reads``, ``threshold`` (in read noises), ``copies``, ``key`` (bits),
    ``ratios`` (read noise / spread, for the reliability curve).
    """
    import xarray as xr

    settings = spec.settings
    array = Array(int(settings["bits"]), *(float(settings[name]) for name in ("spread", "noise", "gradient")))
    enrolment = Enrolment(
        int(settings["enrolment_reads"]), float(settings["threshold"]), int(settings["copies"]), int(settings["key"])
    )
    needed = enrolment.key * enrolment.copies
    if needed > array.bits:
        raise InputError(
            f"A key of {enrolment.key} bits in {enrolment.copies} copies needs {needed} bits; there are {array.bits}."
        )
    chips, block = int(settings["chips"]), int(settings["block"])
    stage, blocks = context.stage("chips"), []
    for first in range(0, chips, block):
        count = min(block, chips - first)
        made = functools.partial(_block, array, enrolment, settings, count, (context.seed, first))
        blocks.append(context.part(f"chips-{first}", made))
        stage(first + count, chips)
    data = xr.concat(blocks, "chip")
    assert isinstance(data, xr.Dataset)  # xarray's signature also allows trees
    metrics = _metrics(data, array, enrolment, settings)
    figures = (_distances(data, array), _reliability(data, array, enrolment, settings))
    data["reference"].attrs = data["enrolled"].attrs = {"units": "1"}
    return Outcome(metrics, data, figures, ("NIST80090B",))


def _block(
    array: Array, enrolment: Enrolment, settings: Mapping[str, Any], chips: int, seed: tuple[int, int]
) -> xr.Dataset:
    """Some chips: their bits, and how often reads of them differ."""
    import xarray as xr

    chance, reads = np.random.default_rng(seed), int(settings["reads"])
    junctions = array.systematic + array.spread * chance.standard_normal((chips, 2 * array.bits))
    pairs = junctions[:, 0::2] - junctions[:, 1::2]
    noise = enrolment.noise(array) * chance.standard_normal(pairs.shape)  # the mean of the enrolment's reads
    measured = pairs + noise
    enrolled, kept = measured > 0, np.abs(measured) > enrolment.limit(array)
    keys = chance.random((chips, enrolment.key)) < 0.5
    helpers = [unclonable.enrol(enrolled[chip, kept[chip]], keys[chip], enrolment.copies) for chip in range(chips)]
    flips, exact, masked, wrong, lost = (np.zeros(chips) for _ in range(5))
    for _ in range(reads):
        bits = pairs + array.pair_noise * chance.standard_normal(pairs.shape) > 0
        flips += (bits != enrolled).mean(axis=1)
        exact += (bits != (pairs > 0)).mean(axis=1)
        masked += ((bits != enrolled) & kept).sum(axis=1) / kept.sum(axis=1)
        for chip in range(chips):
            errors = unclonable.recover(bits[chip, kept[chip]], helpers[chip], enrolment.copies) != keys[chip]
            wrong[chip] += errors.mean()
            lost[chip] += errors.any()
    ratios = [float(ratio) for ratio in settings["ratios"]]
    curve = [
        ((pairs + ratio * array.pair_spread * chance.standard_normal(pairs.shape) > 0) != (pairs > 0)).mean(axis=1)
        for ratio in ratios
    ]
    return xr.Dataset(
        {
            "enrolled": (("chip", "bit"), enrolled.astype(np.int8)),
            "reference": (("chip", "bit"), (junctions[:, 0::2] > 0).astype(np.int8)),
            "kept": ("chip", kept.mean(axis=1)),
            "flips": ("chip", flips / reads),
            "flips_exact": ("chip", exact / reads),
            "flips_masked": ("chip", masked / reads),
            "key_errors": ("chip", wrong / reads),
            "keys_lost": ("chip", lost / reads),
            "curve": (("chip", "ratio"), np.stack(curve, axis=1)),
        },
        coords={"ratio": ratios},
    )


def _ratio(values: xr.DataArray, closed: float) -> Metric:
    mean = Metric.mean(values)
    return Metric(mean.number / closed, "", None if mean.error is None else mean.error / closed)


def _metrics(data: xr.Dataset, array: Array, enrolment: Enrolment, settings: Mapping[str, Any]) -> dict[str, Metric]:
    from scipy.special import ndtr

    bits, reference = data["enrolled"].to_numpy().astype(bool), data["reference"].to_numpy().astype(bool)
    spread, noise, enrolled = array.pair_spread, array.pair_noise, enrolment.noise(array)
    inter, other = unclonable.hamming_shares(bits), unclonable.hamming_shares(reference)
    masked = unclonable.masked_flip_rate(spread, noise, enrolled, enrolment.limit(array))
    majority = unclonable.majority_flip_rate(masked, enrolment.copies)
    ones = ndtr(array.systematic[0::2] / array.spread)  # of a comparison with a fixed reference
    biased = unclonable.expected_uniqueness(ones)
    curve = [unclonable.flip_rate(1.0, float(ratio)) for ratio in data["ratio"]]
    tried = data.sizes["chip"] * int(settings["reads"])
    return {
        "inter": Metric(float(inter.mean())),
        "inter.spread": Metric(float(inter.std(ddof=1)) if inter.size > 1 else 0.0),
        "inter.reference": Metric(float(other.mean())),
        "inter.reference_gap": Metric(float(abs(other.mean() - biased))),
        "uniformity": Metric.mean(data["enrolled"].mean("bit")),
        "intra.raw": Metric.mean(100.0 * data["flips"], "%"),
        "intra.ratio": _ratio(data["flips"], unclonable.flip_rate(spread, noise, enrolled)),
        "intra.exact_ratio": _ratio(data["flips_exact"], unclonable.flip_rate(spread, noise)),
        "intra.masked": Metric.mean(data["flips_masked"]),
        "intra.masked_closed": Metric(masked),
        "intra.key": Metric(float(data["key_errors"].mean())),
        "key.lost": Metric(float(data["keys_lost"].mean())),
        "key.tried": Metric(float(tried)),
        "key.lost_closed": Metric(-math.expm1(enrolment.key * math.log1p(-majority))),
        "kept": Metric.mean(100.0 * data["kept"], "%"),
        "kept.ratio": _ratio(data["kept"], unclonable.kept_share(spread, enrolled, enrolment.limit(array))),
        "entropy": Metric(unclonable.min_entropy(bits), "bit"),
        "entropy.reference": Metric(float(-np.log2(np.maximum(ones, 1.0 - ones)).mean()), "bit"),
        "curve.gap": Metric(float(np.abs(data["curve"].mean("chip").to_numpy() - curve).max())),
    }


def _distances(data: xr.Dataset, array: Array) -> FigureSpec:
    bits = data["enrolled"].to_numpy().astype(bool)
    edges = np.linspace(0.0, 0.6, 121)
    middle = 50.0 * (edges[1:] + edges[:-1])

    def histogram(label: str, shares: np.ndarray) -> Series:
        counts, _ = np.histogram(shares, edges)
        return Series(label, middle, 100.0 * counts / max(counts.sum(), 1))

    inter = unclonable.hamming_shares(bits)
    return FigureSpec(
        "distances",
        "Hamming distances of the fingerprints",
        (
            Panel(
                "differing bits (%)",
                "share of cases (%)",
                (
                    histogram("a chip with itself, read again", data["flips"].to_numpy()),
                    histogram("two chips, neighbours compared", inter),
                    histogram("two chips, fixed reference", _reference_shares(data)),
                ),
            ),
        ),
        f"{bits.shape[0]} chips of {bits.shape[1]} bits. A fixed reference lets the gradient of "
        f"{array.gradient:.0%} that all chips share make them alike; neighbours hardly see it.",
    )


def _reference_shares(data: xr.Dataset) -> np.ndarray:
    return unclonable.hamming_shares(data["reference"].to_numpy().astype(bool))


def _reliability(data: xr.Dataset, array: Array, enrolment: Enrolment, settings: Mapping[str, Any]) -> FigureSpec:
    ratios = np.array([float(ratio) for ratio in settings["ratios"]])
    fine = np.geomspace(ratios.min(), ratios.max(), 60)
    curve = Panel(
        r"read noise / spread, $\sigma_r/\sigma_d$",
        "bits that flip in a read (%)",
        (
            Series("simulated", ratios, 100.0 * data["curve"].mean("chip").to_numpy(), style="points"),
            Series(
                r"$\arctan(\sigma_r/\sigma_d)/\pi$",
                fine,
                np.array([100.0 * unclonable.flip_rate(1.0, float(ratio)) for ratio in fine]),
                group="guide",
            ),
        ),
        x_scale="log",
        y_scale="log",
    )
    thresholds = np.linspace(0.0, 5.0, 21)
    noise, spread = array.pair_noise, array.pair_spread
    flips = [unclonable.masked_flip_rate(spread, noise, enrolment.noise(array), float(t) * noise) for t in thresholds]
    coded = [unclonable.majority_flip_rate(flip, enrolment.copies) for flip in flips]
    masking = Panel(
        "masked below, in read noises",
        "probability of a wrong bit",
        (
            Series("a bit that is kept", thresholds, np.array(flips)),
            Series(f"majority of {enrolment.copies} bits", thresholds, np.maximum(coded, 1e-30)),
        ),
        y_scale="log",
        y_limits=(1e-18, 1.0),
    )
    return FigureSpec(
        "reliability",
        "Reliability against read noise",
        (curve, masking),
        "Left: flips against the ratio of read noise to spread, with the closed form. Right: closed form with weak "
        "pairs masked at enrolment, and with a repetition code over the rest.",
    )
