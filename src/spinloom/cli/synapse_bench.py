"""``spinloom synapse bench``: what a synapse would do in a network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spinloom.cli.device import overrides
from spinloom.cli.show import Bars, console, print_json

if TYPE_CHECKING:
    from spinloom.experiments.synapse_bench import SynapseBench
    from spinloom.responses import Plasticity

EXAMPLES = (
    "[bold]Examples[/bold]\n\n"
    "  spinloom synapse bench lab.csv\n\n"
    "  spinloom synapse bench lab.csv --set write_energy=1pJ --set read_voltage=0.1V --set read_time=10ns\n\n"
    "  spinloom synapse bench Huang2022_sot --data digits --epochs 20\n\n"
    "  spinloom synapse bench lab.csv --wires 5ohm --bits 6 --method in-place --method tiki-taka --out results"
)


def bench(
    synapse: Annotated[str, typer.Argument(help="CSV of a potentiation and depression, or a parameter set.")],
    data: Annotated[str, typer.Option(help="mnist or digits.")] = "mnist",
    images: Annotated[int, typer.Option(help="Images to train on.")] = 20_000,
    epochs: Annotated[int, typer.Option(help="Passes over them.")] = 3,
    hidden: Annotated[int, typer.Option(help="Neurons of the hidden layer.")] = 100,
    wires: Annotated[str, typer.Option(help="Resistance of a wire segment.")] = "2 ohm",
    bits: Annotated[int, typer.Option(help="Of the converters.")] = 8,
    method: Annotated[
        list[str] | None,
        typer.Option(help="Training on the devices; may be repeated.  default: in-place, mixed-precision, agad"),
    ] = None,
    shape: Annotated[str, typer.Option(help="Of a CSV's fit, as in 'synapse fit'.")] = "tabulated",
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="What the file does not hold, e.g. write_energy=1pJ."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Fixes chance.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder for bench.json, cost.nc and figures/.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Try a synapse in a network on MNIST: accuracy with one imperfection after another, energy, and a verdict."""
    from spinloom.experiments.synapse_bench import BenchSettings, bench_synapse
    from spinloom.units import si

    if out is not None:
        from spinloom.experiments.folder import writable

        writable(out)
    si(wires, "resistance", "--wires")
    settings = BenchSettings(data, images, epochs=epochs, hidden=hidden, wires=wires, bits=bits)
    if method is not None:
        settings = replace(settings, methods=tuple(method))
    device = _device(synapse, shape, overrides(set_))
    with Bars(quiet=as_json) as bars:
        result = bench_synapse(device, settings, seed, progress=bars)
    written = [] if out is None else _write(result, out)
    if as_json:
        print_json({"name": synapse, **result.to_json(), "files": written})
        return
    _print(synapse, result)
    for path in written:
        console().print(f"[dim]wrote {path}[/dim]", soft_wrap=True)


def _device(name: str, shape: str, changes: dict[str, str]) -> Plasticity:
    """A parameter set with overrides, or a CSV with what the file cannot hold."""
    from dataclasses import fields

    from spinloom.errors import UnknownNameError
    from spinloom.parameters import rules
    from spinloom.responses import Plasticity

    if not name.lower().endswith((".csv", ".txt")):
        return Plasticity.from_parameters(name, **changes)
    table = rules("synapse")
    own = sorted({item.name for item in fields(Plasticity)} & set(table))
    for key in changes:
        if key not in own:
            raise UnknownNameError("attribute of a synapse from a file", key, own)
    more = {key: table[key].read(key, value) for key, value in changes.items()}
    return Plasticity.from_csv(name, shape=shape, **more)  # type: ignore[arg-type]


def _print(name: str, result: SynapseBench) -> None:
    from rich.table import Table

    from spinloom.units import pretty

    settings = result.settings
    screen = console()
    screen.print(
        f"[bold]{name}[/bold]  in a network with {settings.hidden} hidden neurons on {settings.data}, "
        f"{settings.images} images x {settings.epochs}"
    )
    table = Table(show_edge=False, pad_edge=False, header_style="bold", box=None, padding=(0, 3, 0, 0))
    table.add_column("")
    table.add_column("test accuracy", justify="right")
    for step in result.inference + result.training:
        table.add_row(step.name, f"{step.accuracy:.1%}")
    screen.print(table)
    energy = result.cost["energy"].sum("part")
    for operation, what in (("write", "writing the network once"), ("read", "reading it for one image")):
        joules = float(energy.sel(operation=operation))
        screen.print(f"{what}: {pretty(joules, 'J') if joules else 'energy not known'}")
    if result.cost.attrs["unknown"]:
        screen.print(f"[dim]not known, and zero in these sums: {result.cost.attrs['unknown']}[/dim]", soft_wrap=True)
    screen.print(f"[bold]verdict[/bold]  {result.verdict}", soft_wrap=True)


def _write(result: SynapseBench, out: Path) -> list[str]:
    import json

    from spinloom.errors import OutputError
    from spinloom.experiments.context import save_dataset
    from spinloom.report.figures import save

    table: dict[str, Any] = result.to_json()
    try:
        (out / "bench.json").write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        save_dataset(result.cost, out / "cost.nc")
        save(result.figure, out / "figures")
    except OSError as error:
        raise OutputError(
            f"'{out}' cannot be written: {error.strerror or error}. Choose another folder with --out."
        ) from None
    figures = [str(out / "figures" / f"{result.figure.name}.{ending}") for ending in ("png", "svg")]
    return [str(out / "bench.json"), str(out / "cost.nc"), *figures]
