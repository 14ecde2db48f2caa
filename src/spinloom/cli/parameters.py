"""``spinloom parameters``: list, show, check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from spinloom.cli.show import console, fail, print_json

if TYPE_CHECKING:
    from rich.console import RenderableType

app = typer.Typer(no_args_is_help=True, help="Published parameter sets: value, unit, how known, and where.")

_JSON = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@app.command("list", epilog="[bold]Example[/bold]\n\n  spinloom parameters list")
def list_(as_json: _JSON = False) -> None:
    """Show all parameter sets, built-in and from installed packages."""
    from spinloom import parameters

    sets = [parameters.load(name) for name in parameters.names()]
    if as_json:
        print_json([{"name": s.name, "device": s.device, "title": s.title, "reference": s.reference} for s in sets])
        return
    from rich.table import Table

    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    for column in ("name", "device", "title", "source"):
        table.add_column(column, no_wrap=column == "name")
    for found in sets:
        table.add_row(found.name, found.device, found.title, found.reference)
    console().print(table)


@app.command(
    epilog="[bold]Examples[/bold]\n\n  spinloom parameters show Xin2023_mtj\n\n"
    "  spinloom parameters show mine.toml --json"
)
def show(
    name: Annotated[str, typer.Argument(help="A set's name, or the path of your own TOML.")],
    as_json: _JSON = False,
) -> None:
    """Show one set: every value with its unit, how it is known, and where in the document."""
    from spinloom import parameters

    found = parameters.load(name)
    if as_json:
        rows = [
            {
                "name": p.name,
                "value": p.value,
                "unit": p.unit,
                "written": p.written,
                "how": p.source.how,
                "reference": p.source.reference,
                "where": p.source.where,
                "note": p.source.note,
                "description": p.description,
            }
            for p in found.parameters.values()
        ]
        print_json({"name": found.name, "device": found.device, "title": found.title, "parameters": rows})
        return
    console().print(f"[bold]{found.name}[/bold]  {found.title}")
    console().print(parameter_table(found))


def parameter_table(found: Any) -> RenderableType:
    """A rich table of a parameter set, with what is assumed marked; terms left at Spinloom's defaults in one line."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from spinloom.parameters.schema import DEFAULT

    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    for column in ("parameter", "value", "how", "where", "description"):
        table.add_column(column, no_wrap=column == "parameter")
    defaults = []
    for p in found.parameters.values():
        if p.source.note == DEFAULT:
            defaults.append(p.name)
            continue
        colour = {"assumed": "yellow", "yours": "magenta"}.get(p.source.how, "green")
        place = ", ".join(part for part in (p.source.reference, p.source.where) if part)
        note = f"{p.description} {f'({p.source.note})' if p.source.note else ''}".strip()
        table.add_row(p.name, str(p.written), Text(p.source.how, style=colour), place, note)
    rest = [Text(f"at Spinloom's default: {', '.join(defaults)}", style="dim")] if defaults else []
    return Group(table, *rest)


@app.command(epilog="[bold]Example[/bold]\n\n  spinloom parameters check mine.toml")
def check(
    file: Annotated[str, typer.Argument(help="The TOML to check.")],
    as_json: _JSON = False,
) -> None:
    """Check a parameter file: units, bounds, spelling, sources. Exit code 1 when it has faults."""
    from spinloom import parameters

    findings = [str(finding) for finding in parameters.check(file)]
    if as_json:
        print_json({"file": file, "fine": not findings, "findings": findings})
    elif findings:
        for finding in findings:
            fail(finding)
    else:
        console().print(f"[green]{file} is fine.[/green]")
    if findings:
        raise typer.Exit(1)
