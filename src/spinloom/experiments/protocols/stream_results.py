"""Metrics and figures of networks of bit streams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric

if TYPE_CHECKING:
    import xarray as xr

_LABELS = {
    "bias": "bias of every junction (logit)",
    "spread": "spread between junctions (logit)",
    "correlation": "c between samples at p = 1/2",
}


def metrics(data: xr.Dataset, settings: Mapping[str, Any]) -> dict[str, Metric]:
    """Accuracies [%], gaps [points], lengths, product errors, energies [nJ]."""
    lengths = [int(n) for n in data.coords["length"].values]
    accuracy, exact = data["accuracy"], data["float_accuracy"]
    seeds = accuracy.sizes["seed"]
    middle = accuracy.mean("seed").values
    gap = (exact - accuracy).mean("seed").values
    images = int(settings["images"])
    found = {"accuracy.float": _of_seeds(exact.values, seeds)}
    for length, value in zip(lengths, accuracy.transpose("length", "seed").values, strict=True):
        found[f"accuracy.L{length}"] = _of_seeds(value, seeds)
    best = 0.01 * float(middle.max())
    found["accuracy.best"] = Metric(float(middle.max()), "%", float(100 * np.sqrt(best * (1 - best) / images)))
    found["accuracy.rise"] = Metric([float(v) for v in middle[:3]], "%")  # where noise still decides
    found["gap.longest"] = Metric(float(gap[-1]), "points")
    near = [n for n, g in enumerate(gap) if g <= 1.0]
    first = near[0] if near else None
    found["length.near"] = Metric(float("nan") if first is None else float(lengths[first]))
    found["accuracy.near"] = Metric(float("nan") if first is None else float(middle[first]), "%")
    energy = data["energy"].transpose("length", "term")
    total = energy.sum("term").values
    found["energy.near"] = Metric(float("nan") if first is None else float(total[first]), "nJ")
    bits = energy.sel(term=["input bits", "weight bits"]).sum("term").values
    there = [n for n, value in enumerate(middle) if value >= float(settings["published"])]
    found["length.published"] = Metric(float(lengths[there[0]]) if there else float("nan"))
    found["energy.published"] = Metric(float(total[there[0]]) if there else float("nan"), "nJ")
    found["energy.bit_share"] = Metric(float(100 * bits[-1] / total[-1]), "%")
    if "published_energy" in settings:
        length = lengths[-1] if first is None else lengths[first]
        others = float(total[lengths.index(length)] - bits[lengths.index(length)])
        left = (float(settings["published_energy"]) - others) * 1e6 / (float(data["streams"]) * length)
        found["energy.bit_for_published"] = Metric(left, "fJ")
    found["energy.bit"] = Metric(float(data["bit_energy"]) * 1e15, "fJ")
    found["product.ratio"] = Metric([float(v) for v in data["product_ratio"].values])
    found["product.slow_ratio"] = Metric(
        [float(v) for v in (data["product_slow_error"] / data["product_slow_exact"]).values]
    )
    for name in _LABELS:
        worst = data[f"by_{name}"]
        found[f"study.{name}"] = Metric([float(v) for v in worst.values], "%")
    return found


def _of_seeds(values: np.ndarray, seeds: int) -> Metric:
    error = float(np.std(values, ddof=1) / np.sqrt(seeds)) if seeds > 1 else None
    return Metric(float(np.mean(values)), "%", error)


def figures(spec: Reproduction, data: xr.Dataset) -> tuple[FigureSpec, ...]:
    """Accuracy and product error against length, faulty junctions, energy against accuracy."""
    level = float(spec.settings["published"])
    x = data.coords["length"].values.astype(float)
    table = data["accuracy"].transpose("length", "seed").values
    ends = x[[0, -1]]
    exact = float(data["float_accuracy"].mean())
    published = Series("published accuracy", ends, np.full(2, level), style="dashed", group="published")
    numbers = Series("numbers instead of streams", ends, np.full(2, exact), style="dashed", group="guide")
    streams = Series("streams", x, table.mean(axis=1), band=(table.min(axis=1), table.max(axis=1)), style="both")
    accuracy = FigureSpec(
        "accuracy",
        "Accuracy against the length of the streams",
        (Panel("samples L", "test accuracy (%)", (streams, numbers, published), x_scale="log"),),
        "Band: lowest to highest trained network. Every evaluation draws real bits from the junctions.",
    )
    long = data.coords["product_length"].values.astype(float)
    lines = (
        Series("independent bits", long, data["product_error"].values, style="points", tone=0),
        Series("exact: sqrt(pq(1-pq)/L)", long, data["product_exact"].values, group="guide", tone=0),
        Series("telegraph, c = 0.8", long, data["product_slow_error"].values, style="points", tone=2),
        Series("exact, c = 0.8", long, data["product_slow_exact"].values, style="dashed", group="guide", tone=1),
    )
    products = FigureSpec(
        "products",
        "Error of a product of two streams",
        (Panel("samples L", "standard deviation of pq, p = q = 1/2", lines, x_scale="log", y_scale="log"),),
        "Two streams through an AND gate. Lines: closed forms.",
    )
    panels = []
    for name, label in _LABELS.items():
        values = data.coords[name].values
        curve = Series(f"L = {spec.settings['study_length']}", values, data[f"by_{name}"].values, style="both")
        panels.append(Panel(label, "test accuracy (%)", (curve,)))
    study = FigureSpec(
        "junctions",
        "What the junctions' faults do",
        tuple(panels),
        "A shift of the logit ln(p/(1-p)) by 1 is one width of a logistic curve. Inputs and weights alike.",
    )
    total = data["energy"].sum("term").values
    spent = Series("ours", total, table.mean(axis=1), style="both")
    energy = FigureSpec(
        "energy",
        "Accuracy against energy of an inference",
        (Panel("energy of an inference (nJ)", "test accuracy (%)", (spent,), x_scale="log"),),
        f"From {int(x[0])} to {int(x[-1])} samples. {data['energy'].attrs.get('formula', '')}; energies of bits, gates "
        "and counters are assumed.",
    )
    return accuracy, products, study, energy
