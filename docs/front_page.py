"""Picture and tables of the first page and of the pages of findings, from real runs: python docs/front_page.py RUNS.

RUNS holds runs of reproductions; the latest of each is taken. With Xin2023_switching, Xin2023_network and
Xin2023_energy among them the picture and its tables are made; the tables of synapses and crossbars, of stochastic
and spiking systems and of p-bits take a row of every reproduction that was run, and stay as they are where none was.
Text between ``<!-- name: begin -->`` and ``<!-- name: end -->`` is replaced.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from spinloom.experiments import load_reproduction
from spinloom.experiments.figure import FigureSpec, Panel, Series
from spinloom.report.figures import save

SYSTEMS = {
    "fixed": "fixed activation",
    "k": "k trained",
    "kc": "k and c trained",
    "fixed_lr03": "fixed, learning rate 3 times larger",
}


ROWS = {
    "Xin2023_switching": (
        "critical_current", "barrier.low", "k.widths", "ratio.k200_k30", "k.30ns", "c.30ns", "k.200ns", "c.200ns",
    ),
    "Xin2023_network": (
        "accuracy.fixed", "accuracy.k", "accuracy.kc", "accuracy.k_junction", "loss.k", "reach85.k", "reach85.fixed",
    ),
    "Xin2023_energy": ("energy",),
}  # fmt: skip
# what a newcomer would ask of each system: one row of its run
SYNAPSES = {
    "Huang2022_curves": "linearity.sot",
    "Huang2022_ptq": "accuracy.sot",
    "Huang2022_thickness": "accuracy.ML5",
    "Huang2022_trainable": "accuracy.trainable",
    "Huang2022_energy": "saving",
    "Jung2022_mram": "accuracy.calibrated",
    "Lan2023_xnor": "accuracy.assumed",
    "Locatelli2018_approximate": "saving.training",
    "Borders2017_associative": "delta.median",
    "Jarollahi2014_associative": "formula.256",
    "Ma2016_gated": "saving.sram",
    "Puf2023_mram": "inter",
    "NeuroSim_table": "accuracy.epiram",
    "Krzysteczko2012_memristive": "resistances",
    "Li2014_barrier": "resistances",
    "Zhang2018_hetero": "change",
    "Zhang2021_wcluster": "change",
}
STOCHASTIC = {
    "Zhang2022_tuning": "half_width",
    "Mizrahi2018_population": "success.standard",
    "Mizrahi2016_locking": "frequency.plateau",
    "Vodenicarevic2017_trng": "nist.xor8.passed",
    "Zhang2024_bernoulli": "nist.xor4.passed",
    "Lee2017_vcma_trng": "nist.xor8.passed",
    "Kim2015_spin_dice": "nist.xor4.passed",
    "Fukushima2014_spin_dice": "nist.xor8.passed",
    "Cai2019_stochastic_neuron": "mean.network.most",
    "Liyanagedera2017_sigmoid": "written.network.gap",
    "Sengupta2016_deep_spiking": "trained.network.middle",
    "Luo2024_stochastic_computing": "accuracy.best",
    "Daniels2020_or_neuron": "accuracy.best",
    "Li2024_rbm": "recognition.image28.0",
    "Zheng2020_attractor": "wander.against_theory",
    "Zhang2022_iris": "accuracy.junctions",
    "Zhang2022_sweeps": "bits.3",
    "DiehlCook2015_mnist": "accuracy.100.junctions",
    "Velarde2021_heat_stdp": "tail.ratio",
    "Lv2022_heat_stdp": "tail.ratio",
    "Lan2021_joule_stdp": "tail.ratio",
    "Sengupta2016_plasticity": "by.gap",
    "Vincent2015_switching": "best_ratio.half",
    "Vincent2015_stdp": "recall.intermediate.5",
    "Chen2023_snn": "accuracy.weights.whitened",
    "Suh2015_coding": "loss.share",
}
ISING = {
    "Camsari2017_logic": "products.right",
    "Borders2019_factorisation": "945.junctions.modes",
    "Si2024_tsp": "close.st70",
    "GSet_maxcut": "G22.10s",
    "Faria2021_bayesian": "siblings.stt",
    "Camsari2019_quantum": "exponent.chain",
    "Zhang2024_highbarrier": "graph.Zhang2024.mean",
    "Ren2024_backhopping": "factors.Zhang2024.time_ratio",
    "Debashis2016_dipoles": "deviation.neel",
    "Bhanja2016_nanomagnets": "recall.network",
    "Boltzmann_learning": "gap.bars_restricted.pcd10",
}
PRINTED = ((30, 2.2, -11.8), (200, 3.4, -10.5))


def _folder(runs: Path, name: str) -> Path:
    found = sorted((runs / name).glob("*/result.nc"))
    if not found:
        raise SystemExit(f"No run of {name} in {runs}: spinloom reproduce {name} --out {runs}")
    return found[-1].parent


def _numbers(value: Any, unit: str) -> str:
    many = value if isinstance(value, list) else [value]
    texts = [f"{float(f'{number:.4g}'):.0f}" if 999.5 <= abs(number) < 1e5 else f"{number:.3g}" for number in many]
    return ", ".join(texts) + f" {unit.replace('uA', 'µA').replace('1/', '/')}".rstrip()


def _values(metrics: dict[str, Any]) -> dict[str, Any]:
    return {name: metric["value"] if isinstance(metric, dict) else metric for name, metric in metrics.items()}


def _row(e: dict[str, Any]) -> str:
    label = re.sub(r"<(?=[A-Za-z])", "&lt;", e["label"])
    if e["published"] is None:
        return f"| {label} | {e['relation']} | {_numbers(e['ours'], e['unit'])} | {e['verdict']} |"
    sign = f"{e['relation']} " if e["relation"] else ""
    published = sign + _numbers(e["published"], e["unit"])
    return f"| {label} | {published} | {_numbers(e['ours'], e['unit'])} | {e['verdict']} |"


def _texts(runs: Path) -> dict[str, str]:
    """The pieces of text that carry numbers, by the name of their place."""
    read = {name: json.loads((_folder(runs, name) / "metrics.json").read_text(encoding="utf-8")) for name in ROWS}
    table = ["| | published | here | verdict |", "|---|---|---|---|"]
    for name, quantities in ROWS.items():
        rows = {e["quantity"]: e for e in read[name]["expectations"]}
        table += [_row(rows[quantity]) for quantity in quantities]
    net, curve = (_values(read[name]["metrics"]) for name in ("Xin2023_network", "Xin2023_switching"))
    curves = ["| pulse | k printed | k here | c printed | c here |", "|---|---|---|---|---|"]
    for width, k, c in PRINTED:
        here = f"{curve[f'k.{width}ns']:.2f} /µA", f"{curve[f'c.{width}ns']:.2f} µA"
        curves.append(f"| {width} ns | {k} /µA | {here[0]} | {c} µA | {here[1]} |")
    seeds = int(net["seeds.k"])
    percent = {name: f"{net[f'accuracy.{name}']:.1f} %" for name in ("fixed", "k", "fixed_lr03", "fixed_lr1")}
    speed = (
        "At the thesis's learning rate of 0.1, after 1000 iterations of full-batch gradient descent, training $k$ "
        f"takes the test accuracy from {percent['fixed']} to {percent['k']} (published: 88 to 91.3 %).\n"
        f"The same network with a *fixed* activation reaches {percent['fixed_lr03']} at a learning rate of 0.3 and "
        f"{percent['fixed_lr1']} at 1, with nothing else changed.\n"
        f"(Seeds run here: {seeds}; `Xin2023_learning_rate` makes the whole comparison.)"
    )
    from_ = (
        "From `spinloom reproduce Xin2023_switching Xin2023_energy` and\n"
        f"`spinloom reproduce Xin2023_network --seeds {seeds}`:"
    )
    catches_up = (
        f"After 1000 iterations the network reaches {percent['k']} with trained slopes and {percent['fixed']} without, "
        f"as published;\nwith a *fixed* activation it reaches {percent['fixed_lr03']} at a learning rate of 0.3 "
        f"instead of 0.1, and {percent['fixed_lr1']} at 1."
    )
    return {
        "runs": from_,
        "table": "\n".join(table),
        "catches-up": catches_up,
        "curves": "\n".join(curves),
        "speed": speed,
    }


def _seeds(name: str, run: dict[str, Any]) -> str:
    """How many seeds a run took, where its numbers are means over seeds."""
    usual = load_reproduction(name).settings.get("seeds")
    asked = re.search(r"--seeds (\d+)", run["command"])
    number = int(asked[1]) if asked else usual
    return "" if usual is None or number is None else f"; {number} seed{'s' if int(number) > 1 else ''}"


def _systems(runs: Path, chosen: dict[str, str], seeds: bool = False) -> str:
    """One row a reproduction: the figure people ask for, and how all of its rows came out; empty without runs."""
    table = ["| system | figure | published | here | verdict | all rows |", "|---|---|---|---|---|---|"]
    for name, quantity in chosen.items():
        if not list((runs / name).glob("*/result.nc")):
            continue
        run = json.loads((_folder(runs, name) / "metrics.json").read_text(encoding="utf-8"))
        rows = run["expectations"]
        row = next((e for e in rows if e["quantity"] == quantity), rows[0])
        verdicts = [e["verdict"] for e in rows]
        counts = [f"{verdicts.count(word)} {word}" for word in ("agrees", "disagrees", "not comparable")]
        shown = ", ".join(text for text in counts if not text.startswith("0 ")).replace("agrees", "agree")
        table.append(f"| `{name}` {_row(row)} {shown}{_seeds(name, run) if seeds else ''} |")
    return "\n".join(table) if len(table) > 2 else ""


def _fill(path: Path, texts: dict[str, str]) -> None:
    page = path.read_text(encoding="utf-8")
    for name, text in texts.items():
        place = re.compile(rf"(<!-- {name}: begin -->\n).*?(\n<!-- {name}: end -->)", re.DOTALL)
        page = place.sub(lambda found, text=text: f"{found[1]}\n{text}\n{found[2]}", page)
    path.write_text(page, encoding="utf-8")


def _latest(runs: Path, name: str) -> xr.Dataset:
    return xr.load_dataset(_folder(runs, name) / "result.nc")


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
    folder = Path(__file__).parent / "_static"
    tables = {
        "synapses": _systems(runs, SYNAPSES),
        "stochastic": _systems(runs, STOCHASTIC, seeds=True),
        "ising": _systems(runs, ISING, seeds=True),
    }
    texts = {name: table for name, table in tables.items() if table}
    if all(list((runs / name).glob("*/result.nc")) for name in ROWS):
        panels = (_switching(_latest(runs, "Xin2023_switching")), _accuracy(_latest(runs, "Xin2023_network")))
        save(FigureSpec("first_look", "", panels), folder)
        (folder / "first_look.png").unlink()
        texts |= _texts(runs)
    pages = ("findings.md", "findings_stochastic.md", "findings_ising.md")
    for page in (folder.parents[1] / "README.md", *(folder.parent / name for name in pages)):
        _fill(page, texts)
