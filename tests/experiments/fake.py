"""A tiny published system for tests: three "seeds" of a number that depends on the seed alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from spinloom import registry
from spinloom.experiments.context import Context, Outcome
from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.experiments.spec import Reproduction
from spinloom.experiments.verdict import Metric

TOML = """
name = "Fake2026_system"
title = "A system for tests"
about = "Doubles a seed."
protocol = "fake"
reference = "Xin2023"
minutes = 0.1
[settings]
seeds = 3
factor = 2.0
stop_at = -1
fail_at = -1
[quick]
seeds = 1
[[assumed]]
what = "factor"
value = "2"
why = "it is not printed"
[[expect]]
quantity = "mean"
label = "mean of the doubled seeds"
published = 2.0
unit = "uA"
tolerance = 0.1
reason = "printed with one decimal"
where = "table 1"
[[expect]]
quantity = "largest"
label = "largest value"
published = 99.0
tolerance = 1
reason = "printed as an integer"
finding = "disagrees"
why = "the printed value belongs to another system"
[[expect]]
quantity = "values"
label = "values rise"
relation = "increasing"
reason = "stated in words"
[[expect]]
quantity = "lost"
label = "what the paper does not let us compare"
published = 1.0
comparable = false
why = "the paper gives no temperature"
[[expect]]
quantity = "gap"
label = "largest gap between two methods"
kind = "check"
published = 0.5
relation = "<"
reason = "half a step"
[[note]]
title = "A note"
text = "The mean is {mean}, nothing is {nothing}."
[[point]]
figure = "doubled"
label = "printed"
x = 1
y = 2
where = "fig. 1"
"""


def run(spec: Reproduction, context: Context) -> Outcome:
    settings = spec.settings
    count = context.seeds if context.seeds is not None else int(settings["seeds"])
    stage = context.stage("doubling")
    values = []
    for index in range(count):
        if index == settings["stop_at"]:
            raise KeyboardInterrupt
        if index == settings["fail_at"]:
            raise OSError(28, "No space left on device")

        def compute(seed: int = context.seed + index) -> xr.Dataset:
            calls.append(seed)
            return xr.Dataset({"y": ((), seed * settings["factor"])})

        values.append(float(context.part(f"seed{context.seed + index}", compute)["y"]))
        stage(index + 1, count)
    x = np.arange(count, dtype=float)
    y = np.array(values)
    series = Series("here", x, y, error=np.full(count, 0.1), style="both")
    figure = FigureSpec("doubled", "Doubled seeds", (Panel("seed $s$", "value $y$ (µA)", (series,)),), "All of them.")
    metrics = {
        "mean": Metric(float(y.mean()), "uA", 0.01),
        "largest": Metric(float(y.max())),
        "values": Metric(values),
        "lost": Metric(float("nan")),
        "gap": Metric(0.1),
        "extra": Metric(3.0, "ns"),
    }
    return Outcome(metrics, xr.Dataset({"y": ("seed", y, {"units": "uA"})}), (figure,), references=("LeCun1998",))


calls: list[int] = []


def install(folder: Path) -> str:
    """Register the protocol and write the TOML; returns its path. Leaves no earlier calls behind."""
    calls.clear()
    registry.protocols.add("fake", f"{__name__}:run")
    path = folder / "Fake2026_system.toml"
    path.write_text(TOML, encoding="utf-8")
    return str(path)
