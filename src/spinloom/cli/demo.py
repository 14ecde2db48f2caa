"""``spinloom demo``: from a junction's equation of motion to a trained network, in some two minutes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinloom.cli.show import Bars, Stopped, console, print_json, step

if TYPE_CHECKING:
    from spinloom.experiments.result import ReproductionResult

EXAMPLES = "[bold]Examples[/bold]\n\n  spinloom demo\n\n  spinloom demo --out somewhere --json"

_NAMES = ("Xin2023_switching", "Xin2023_network", "Xin2023_energy")

_ROWS = (
    ("Xin2023_switching", "critical_current"),
    ("Xin2023_switching", "ratio.k200_k30"),
    ("Xin2023_switching", "k.30ns"),
    ("Xin2023_network", "accuracy.fixed"),
    ("Xin2023_network", "accuracy.k_junction"),
    ("Xin2023_energy", "energy"),
)
"""What the short table shows; everything else is on the page."""


def demo(
    seed: Annotated[int, typer.Option(help="Fixes chance.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder that receives the runs and the page.")] = Path("runs"),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Simulate a junction, measure its activation function, train a network with it, compare with the publication.

    Uses the quick settings: one seed instead of ten, two pulse widths instead of six. 'spinloom reproduce NAME' is the
    whole thing.
    """
    from spinloom.experiments.folder import writable
    from spinloom.report import write_together
    from spinloom.tasks import data

    writable(out)
    start = time.perf_counter()
    with Bars(quiet=as_json) as bars:
        data.fetch("mnist", progress=bars.stage("fetch MNIST"))
    if not as_json:
        _introduce()
    results = {name: _run(name, seed, out, as_json) for name in _NAMES}
    page = write_together(
        list(results.values()),
        out / "Xin2023",
        "From a junction's equation of motion to a trained network",
        "A short look at three reproductions of one thesis, made by 'spinloom demo': "
        "one seed and two pulse widths. The whole of it: spinloom reproduce --all.",
    )
    if as_json:
        print_json({"runs": [result.to_json() for result in results.values()], "page": str(page)})
        return
    _table(results)
    step(f"{page}   ({time.perf_counter() - start:.0f} s; the full reproductions: spinloom reproduce --all)")


def _introduce() -> None:
    from spinloom import devices

    step(f"junction {devices.device('Xin2023_mtj').summary()}")


def _run(name: str, seed: int, out: Path, as_json: bool) -> ReproductionResult:
    from spinloom.experiments import reproduce
    from spinloom.experiments.run import RunInterrupted

    announced = {
        "Xin2023_switching": "switching probability, 30 ns and 200 ns, two energy barriers, 1000 trials a point",
        "Xin2023_network": "network 784-25-10 on MNIST, fixed activation, then k trained in the junction's range",
    }
    if not as_json and name in announced:
        step(announced[name])
    try:
        with Bars(quiet=as_json) as bars:
            result = reproduce(name, seed=seed, out=out, quick=True, progress=bars)
    except RunInterrupted as stop:
        raise Stopped(str(stop)) from None
    if not as_json and name == "Xin2023_switching":
        for width in ("30", "200"):
            k, c = result.metrics[f"k.{width}ns"], result.metrics[f"c.{width}ns"]
            step(
                f"sigmoid at {width} ns: k = {k.number:.2f} ± {k.error or 0:.2f} /µA, "
                f"c = {c.number:.2f} ± {c.error or 0:.2f} µA"
            )
    return result


def _table(results: dict[str, ReproductionResult]) -> None:
    from spinloom.report import expectation_table

    rows = [row for name, quantity in _ROWS for row in results[name].expectations if row.quantity == quantity]
    console().print(expectation_table(rows, brief=True))
