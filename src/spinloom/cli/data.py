"""``spinloom data``: list and fetch data sets."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from spinloom.cli.show import Bars, console, print_json

app = typer.Typer(no_args_is_help=True, help="Data sets: which there are, and fetching them into the user's cache.")

_JSON = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@app.command("list", epilog="[bold]Example[/bold]\n\n  spinloom data list")
def list_(as_json: _JSON = False) -> None:
    """Show the data sets, their licence, and whether they are here."""
    from spinloom.tasks import data

    sets = data.available()
    if as_json:
        rows: list[dict[str, Any]] = [
            {"name": s.name, "files": list(s.files), "licence": s.licence, "source": s.source, "present": s.present}
            for s in sets
        ]
        print_json({"folder": str(data.data_folder()), "sets": rows})
        return
    from rich.table import Table

    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    for column in ("name", "here", "licence", "source"):
        table.add_column(column)
    for s in sets:
        table.add_row(s.name, "[green]yes[/green]" if s.present else "[yellow]no[/yellow]", s.licence, s.source)
    console().print(table)
    console().print(f"[dim]folder: {data.data_folder()} (SPINLOOM_DATA points elsewhere)[/dim]", soft_wrap=True)


@app.command(
    epilog="[bold]Examples[/bold]\n\n  spinloom data fetch mnist\n\n"
    "  SPINLOOM_DATA=/scratch/data spinloom data fetch mnist"
)
def fetch(
    name: Annotated[str, typer.Argument(help="A name that 'spinloom data list' shows.")],
    as_json: _JSON = False,
) -> None:
    """Fetch a data set, check it, and keep it in the cache; nothing is done where a good copy is."""
    from spinloom.tasks import data

    with Bars(quiet=as_json) as bars:
        path = data.fetch(name, progress=bars.stage(f"fetch {name}"))
    if as_json:
        print_json({"name": name, "path": str(path)})
    else:
        console().print(f"[green]{name}[/green] is in {path}", soft_wrap=True)
