"""A random-number generator of junctions: raw and XOR-whitened bits, judged by NIST SP800-22, with rate and energy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.protocols import random_distributions as distributions
from spinloom.experiments.protocols.random_figures import figures
from spinloom.experiments.protocols.random_sources import Over, Source, source_of
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric

if TYPE_CHECKING:
    import xarray as xr

    from spinloom.devices.bit_stream import RandomBits
    from spinloom.tasks.randomness import NistReport

_FEMTO, _MICRO, _MEGA, _GIGA = 1e15, 1e6, 1e-6, 1e-9


def run(spec: Reproduction, context: Context) -> Outcome:
    """Streams at several XOR depths, each tested; for switches also numbers of any distribution.

    Settings: ``device``, ``over`` ("samples" or "junctions"), ``depths``, ``also`` (depths of the other way), ``bits``
    (a stream), ``streams`` (of the last depth), ``few`` (streams of the others), ``workers``, ``cells`` (devices of an
    array), and of the device's kind: ``interval``; ``drive_error``; ``pulse``, ``trials`` and ``disturbance`` (see
    ``random_sources``). ``distributions``: see ``random_distributions``.
    """
    import xarray as xr

    settings = spec.settings
    source = source_of(settings, context)
    over: Over = settings["over"]
    other: Over = "samples" if over == "junctions" else "junctions"
    wanted: list[tuple[Over, int]] = [(over, int(n)) for n in settings["depths"]]
    for n in settings.get("also", []):
        wanted.append((other, int(n)))
    found: dict[tuple[Over, int], xr.Dataset] = {
        (way, xor): _tested(source, way, xor, settings, context) for way, xor in wanted
    }
    data = [table.rename({name: f"{way}{xor}_{name}" for name in [*table.data_vars, *table.coords, *table.dims]})
            for (way, xor), table in found.items()]  # fmt: skip
    metrics = _metrics(found, source, settings)
    drawn = figures(found, source, settings)
    if "distributions" in settings and source.response is not None:
        made = distributions.study(settings["distributions"], source.response, context)
        metrics |= distributions.metrics(made)
        drawn = (*drawn, *distributions.figures(made))
        data.append(made)
    merged = xr.merge(data, combine_attrs="drop")
    return Outcome(metrics, merged, drawn, ("Rukhin2010", *source.references), source.assumed)


def _tested(source: Source, over: Over, xor: int, settings: Mapping[str, Any], context: Context) -> xr.Dataset:
    """P-values of one depth, with measured and exact bias and correlation of its streams."""
    from spinloom.tasks import nist_suite

    main = over == settings["over"]
    last = main and xor == int(settings["depths"][-1])
    streams, count = int(settings["streams" if last else "few"]), int(settings["bits"])
    name = "raw bits" if xor == 1 else f"XOR of {xor} {over}"
    stage = context.stage(f"NIST SP800-22, {name}, {streams} streams")

    def compute() -> xr.Dataset:
        stage(0, streams)
        bits, p = source.bits(streams, count, xor, over, context.seed)
        report = nist_suite(bits, skip_short=count < 1_000_000, workers=int(settings["workers"]), progress=stage)
        return report.data.assign(_moments(bits, p, source, over, xor)).assign_attrs(skipped=",".join(report.skipped))

    return context.part(f"{over}-{xor}", compute)


def _moments(bits: RandomBits, p: np.ndarray, source: Source, over: Over, xor: int) -> dict[str, Any]:
    """Bias and correlation of neighbours: measured, exact, and the standard errors of the measured ones."""
    from spinloom.devices.bit_stream import whitened_moments

    if source.junction is None:
        spins = (1.0 - 2.0 * p).prod(axis=1) if over == "junctions" else (1.0 - 2.0 * p[:, 0]) ** xor
        exact, correlation = -0.5 * spins, 0.0
    else:
        bias, correlation = whitened_moments(source.probability, source.correlation, xor, over)
        exact = np.full(bits.streams, bias)
    neighbours = []
    for row in bits.packed:  # one stream at a time: unpacked ones take eight times the room
        spin = 1.0 - 2.0 * np.unpackbits(row, count=bits.count).astype(np.float32)
        mean, pair = float(spin.mean(dtype=float)), float((spin[1:] * spin[:-1]).mean(dtype=float))
        neighbours.append((pair - mean**2) / max(1.0 - mean**2, 1e-12))
    total = bits.streams * bits.count
    spread = math.sqrt((1.0 + correlation) / (1.0 - correlation))  # neighbours that agree count less
    return {
        "bias": ("stream", bits.mean() - 0.5),
        "exact_bias": ("stream", exact),
        "bias_error": 0.5 * spread / math.sqrt(bits.count),
        "correlation": float(np.mean(neighbours)),
        "exact_correlation": correlation,
        "correlation_error": 1.0 / math.sqrt(total),
    }


def report_of(table: xr.Dataset) -> NistReport:
    """The report that a finished part holds."""
    from spinloom.tasks import NistReport

    skipped = str(table.attrs.get("skipped", ""))
    return NistReport(table, tuple(skipped.split(",")) if skipped else ())


def _metrics(
    found: Mapping[tuple[Over, int], xr.Dataset], source: Source, settings: Mapping[str, Any]
) -> dict[str, Metric]:
    metrics: dict[str, Metric] = {"probability": Metric(source.probability)}
    bias, correlation = [], []
    for (over, xor), table in found.items():
        main = over == settings["over"]
        key = f"xor{xor}" if main else f"{over}{xor}"
        report = report_of(table)
        metrics[f"nist.{key}.passed"] = Metric(float(report.passed))
        metrics[f"nist.{key}.failed_tests"] = Metric(float(len(report.failed())))
        metrics[f"nist.{key}.evidence"] = Metric(report.evidence())
        metrics[f"nist.{key}.marked"] = Metric(float(report.marked))
        metrics[f"nist.{key}.marked_by_chance"] = Metric(report.marked_by_chance())
        streams = table.sizes["stream"]
        error = float(table["bias_error"]) / math.sqrt(streams)
        metrics[f"bias.{key}"] = Metric(100.0 * float(table["bias"].mean()), "%", 100.0 * error)
        metrics[f"bias.{key}.exact"] = Metric(100.0 * float(table["exact_bias"].mean()), "%")
        metrics[f"correlation.{key}"] = Metric(float(table["correlation"]), "", float(table["correlation_error"]))
        bias.append(float((table["bias"] - table["exact_bias"]).mean()) / error)
        gap = float(table["correlation"] - table["exact_correlation"])
        correlation.append(gap / (float(table["correlation_error"]) * (2.0 if source.correlation else 1.0)))
        taken = 1 if over == "junctions" else xor
        metrics[f"rate.{key}"] = Metric(_MEGA / (source.time * taken), "Mbit/s")
        metrics[f"rate.{key}.per_device"] = Metric(_MEGA / (source.time * xor), "Mbit/s")
        metrics[f"energy.{key}"] = Metric(_FEMTO * source.energy * xor, "fJ")
    metrics["bias.deviation"] = Metric(float(np.abs(bias).max()))
    metrics["correlation.deviation"] = Metric(float(np.abs(correlation).max()))
    last = int(settings["depths"][-1])
    metrics["rate.array"] = Metric(_GIGA * int(settings.get("cells", 1)) / (source.time * last), "Gbit/s")
    if source.junction is not None:
        from spinloom.devices.bit_stream import sampling_needed

        metrics["junction.cycles"] = Metric(0.5e-3 * float(source.junction.flip_rate()[0]), "kHz")
        metrics["junction.correlation"] = Metric(source.correlation)
        needed = sampling_needed(source.junction, xor=last)
        metrics["junction.interval_needed"] = Metric(_MICRO * needed, "us")
    return metrics
