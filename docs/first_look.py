"""Draw the picture on the first page from real runs: python docs/first_look.py FOLDER_OF_RUNS."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import xarray as xr

from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.report.figures import save

SYSTEMS = {
    "fixed": "fixed activation",
    "k": "k trained",
    "kc": "k and c trained",
    "fixed_lr03": "fixed, learning rate 3 times larger",
}


def _latest(runs: Path, name: str) -> xr.Dataset:
    found = sorted((runs / name).glob("*/result.nc"))
    if not found:
        raise SystemExit(f"No run of {name} in {runs}: spinloom reproduce {name} --out {runs}")
    return xr.load_dataset(found[-1])


def _switching(data: xr.Dataset) -> Panel:
    trials = json.loads(data.attrs["settings"])["trials"]
    fine = np.linspace(-3, 23, 400)
    series = []
    for width in (30e-9, 200e-9):
        here = data.sel(pulse_width=width, method="nearest")
        p = here["probability_low"].values
        k, c = float(here["k_low"]) / 1e6, float(here["c_low"]) * 1e6
        label = f"{width * 1e9:.0f} ns: k = {k:.2f} /µA, c = {c:.2f} µA"
        error = np.sqrt(p * (1 - p) / trials)
        series.append(Series(label, here["current_low"].values * 1e6, p, error=error, style="points"))
        series.append(Series("", fine, 1 / (1 + np.exp(-k * (fine + c))), group="guide"))
    for width, k, c in ((30, 2.2, -11.8), (200, 3.4, -10.5)):
        y = 1 / (1 + np.exp(-k * (fine + c)))
        series.append(Series(f"printed, {width} ns", fine, y, group="published"))
    title = "a junction becomes an activation function"
    return Panel("current $I$ (µA)", "switching probability $P_{sw}$", tuple(series), title=title, x_limits=(-3, 23))


def _accuracy(data: xr.Dataset) -> Panel:
    series = []
    for name, label in SYSTEMS.items():
        if name not in data["system"]:
            continue
        percent = 100 * data["test_accuracy"].sel(system=name)
        many = percent.notnull().any("iteration").sum("seed") > 1
        band = (percent.min("seed").values, percent.max("seed").values) if many else None
        series.append(Series(label, data["iteration"].values, percent.mean("seed").values, band=band))
    for y, label in ((88.0, "printed: fixed, 88 %"), (91.3, "printed: k trained, 91.3 %")):
        series.append(Series(label, np.array([1000.0]), np.array([y]), style="points", group="published"))
    title = "a network of such neurons learns MNIST"
    return Panel("iteration", "test accuracy (%)", tuple(series), title=title, x_limits=(0, 1030), y_limits=(60, 95))


if __name__ == "__main__":
    runs = Path(sys.argv[1] if len(sys.argv) > 1 else "runs")
    panels = (_switching(_latest(runs, "Xin2023_switching")), _accuracy(_latest(runs, "Xin2023_network")))
    folder = Path(__file__).parent / "_static"
    save(FigureSpec("first_look", "", panels), folder)
    (folder / "first_look.png").unlink()
    print(folder / "first_look.svg")
