"""``spinloom synapse``: a measured potentiation and depression, and the synapses of published devices."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spinloom.cli.device import overrides
from spinloom.cli.parameters import parameter_table
from spinloom.cli.show import console, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinloom.responses import Plasticity
    from spinloom.responses.sweeps import Sweep

app = typer.Typer(
    no_args_is_help=True, help="A synapse: from the laboratory's CSV or a parameter set to its levels and metrics."
)

_JSON = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
_SET = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Override a parameter; may be repeated.  e.g. read_noise=0.02"),
]

_FIT_EXAMPLES = (
    "[bold]Examples[/bold]\n\n"
    "  spinloom synapse fit lab.csv\n\n"
    "  spinloom synapse fit lab.csv --shape exponential --out results\n\n"
    "The file has a header with the pulse index and a conductance or a resistance with its unit:\n\n"
    "  pulse,conductance \\[uS],cycle,direction\n\n"
    "  0,10.2,1,P\n\n"
    "cycle and direction (P/D, LTP/LTD, potentiation/depression) may be left out where the pulse index restarts or the "
    "conductance turns."
)


@app.command(epilog=_FIT_EXAMPLES)
def fit(
    file: Annotated[Path, typer.Argument(help="CSV: pulse index, and conductance or resistance with its unit.")],
    shape: Annotated[
        str, typer.Option(help="tabulated (the mean level after each pulse), exponential, logistic, or best.")
    ] = "tabulated",
    out: Annotated[Path | None, typer.Option(help="Folder for the parameter set (TOML) and figures/.")] = None,
    as_json: _JSON = False,
) -> None:
    """Fit a measured potentiation and depression: states, linearity, asymmetry, on/off ratio, spread."""
    from spinloom.responses import Plasticity
    from spinloom.responses.plasticity_file import read_sweeps
    from spinloom.responses.plasticity_fit import fit_sweeps
    from spinloom.responses.plasticity_metrics import misfit

    if out is not None:
        from spinloom.experiments.folder import writable

        writable(out)
    sweeps = read_sweeps(file)
    synapse = Plasticity(**fit_sweeps(sweeps, shape, file.name))
    away = misfit(synapse, sweeps)
    cycles = len({sweep.cycle for sweep in sweeps})
    written = [] if out is None else _write(synapse, sweeps, out, file.stem)
    share = {name: value / (synapse.high - synapse.low) for name, value in away.items()}
    if as_json:
        print_json({"file": str(file), "cycles": cycles, **_as_json(synapse), "misfit": share, "files": written})
        return
    screen = console()
    screen.print(f"[bold]{file.name}[/bold]  {len(sweeps)} sweeps, {cycles} {'cycle' if cycles == 1 else 'cycles'}")
    screen.print(_table(synapse))
    screen.print(f"[dim]rms distance of the fit from the mean levels: {100 * share['rms']:.2g} % of the range[/dim]")
    _say_written(written)
    if out is None:
        screen.print("[dim]--out DIR writes the figure and the parameter set[/dim]")


@app.command(
    epilog="[bold]Examples[/bold]\n\n  spinloom synapse show Huang2022_sot\n\n  spinloom synapse show mine.toml"
)
def show(
    name: Annotated[str, typer.Argument(help="A parameter set's name, or the path of your own TOML.")],
    set_: _SET = None,
    out: Annotated[Path | None, typer.Option(help="Folder for figures/.")] = None,
    as_json: _JSON = False,
) -> None:
    """Show a synapse's parameters with their sources, its levels and its metrics."""
    from spinloom import parameters
    from spinloom.responses import Plasticity

    if out is not None:
        from spinloom.experiments.folder import writable

        writable(out)
    found = parameters.load(name).replace(**overrides(set_))
    synapse = Plasticity.from_parameters(found)
    written = [] if out is None else _figures(synapse, (), out, found.name)
    if as_json:
        print_json({"name": found.name, **_as_json(synapse), "files": written})
        return
    screen = console()
    screen.print(f"[bold]{found.name}[/bold]  {found.title}")
    screen.print(parameter_table(found))
    screen.print("\n[bold]what follows from them[/bold]")
    screen.print(_table(synapse))
    _say_written(written)


def _table(synapse: Plasticity) -> Any:
    """Metrics in two columns, potentiation and depression."""
    from rich.table import Table

    from spinloom.units import pretty

    said = synapse.summary()
    table = Table(show_edge=False, pad_edge=False, header_style="bold", box=None, padding=(0, 3, 0, 0))
    for column in ("", "potentiation", "depression"):
        table.add_column(column, justify="right" if column else "left")
    table.add_row("states", str(said["states"]), str(said["depression_states"]))
    for text, key in (("linearity error", "linearity_error"), ("NeuroSim label", "label")):
        pair = (said[key], said[f"depression_{key}"])
        table.add_row(text, *(f"{v:+.2f}" if key == "label" else f"{100 * v:.2f} %" for v in pair))
    table.add_row("shape", *(_shape(curve) for curve in (synapse.potentiation, synapse.depression)))
    ratio = "infinite" if synapse.low == 0 else f"{said['on_off_ratio']:.3g}"
    rows = [
        ("conductance", f"{pretty(synapse.low, 'S', 4)} to {pretty(synapse.high, 'S', 4)}"),
        ("on/off ratio", ratio),
        ("asymmetry", f"{100 * said['asymmetry']:.2f} %, labels differ by {said['label_difference']:.2f}"),
        ("steps", f"{100 * said['smallest_step']:.2g} % to {100 * said['largest_step']:.2g} % of the range"),
        ("spread, cycle to cycle", f"{100 * said['cycle_to_cycle']:.2g} % of the range a pulse"),
        ("read noise", f"{100 * said['read_noise']:.2g} % of the conductance"),
    ]
    for text, value in rows:
        table.add_row(text, value)
    return table


def _shape(curve: Any) -> str:
    kind = type(curve).__name__.lower()
    v = getattr(curve, "v", None)
    return f"{len(curve.levels)} levels" if v is None else f"{kind}, v = {v:.3g}"


def _as_json(synapse: Plasticity) -> dict[str, Any]:
    import math

    said = {key: value if math.isfinite(value) else None for key, value in synapse.summary().items()}
    levels = {
        way: [float(value) for value in synapse.to_conductance(synapse.levels(way))]
        for way in ("potentiation", "depression")
    }
    assumed = [{"name": name, "value": value, "why": why} for name, value, why in synapse.assumed]
    shapes = {"potentiation": _shape(synapse.potentiation), "depression": _shape(synapse.depression)}
    return {"metrics": said, "shapes": shapes, "levels": {"unit": "S", **levels}, "assumed": assumed}


def _write(synapse: Plasticity, sweeps: Sequence[Sweep], out: Path, stem: str) -> list[str]:
    """NAME.toml, which --synapse options and from_parameters read, and the figure."""
    from spinloom.errors import OutputError

    name = re.sub(r"\W+", "_", stem).strip("_") or "synapse"
    path = out / f"{name}.toml"
    try:
        path.write_text(synapse.to_toml(name), encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"'{path}' cannot be written: {error.strerror or error}. Choose another folder with --out."
        ) from None
    return [str(path), *_figures(synapse, sweeps, out, name)]


def _figures(synapse: Plasticity, sweeps: Sequence[Sweep], out: Path, name: str) -> list[str]:
    from spinloom.errors import OutputError
    from spinloom.report.figures import save
    from spinloom.report.plasticity import plasticity_figure

    folder = out / "figures"
    try:
        save(plasticity_figure(synapse, sweeps, name), folder)
    except OSError as error:
        raise OutputError(
            f"'{folder}' cannot be written: {error.strerror or error}. Choose another folder with --out."
        ) from None
    return [str(folder / f"{name}.{ending}") for ending in ("png", "svg")]


def _say_written(paths: Sequence[str]) -> None:
    for path in paths:
        console().print(f"[dim]wrote {path}[/dim]", soft_wrap=True)
