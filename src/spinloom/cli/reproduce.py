"""``spinloom reproduce``: published systems run again and judged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spinloom.cli.show import Bars, Stopped, console, print_json, warn

if TYPE_CHECKING:
    from spinloom.experiments.result import ReproductionResult

EXAMPLES = (
    "[bold]Examples[/bold]\n\n"
    "  spinloom reproduce --list\n\n"
    "  spinloom reproduce Xin2023_energy\n\n"
    "  spinloom reproduce Xin2023_network --seeds 3 --out results\n\n"
    "  spinloom reproduce Xin2023_network --resume\n\n"
    "  spinloom reproduce --all --check --json > table.json"
)


def reproduce(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME...", help="Reproductions, or paths of TOML files.")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Show what there is, and stop.")] = False,
    all_: Annotated[bool, typer.Option("--all", help="Run every reproduction.")] = False,
    seed: Annotated[int, typer.Option(help="Fixes chance; the first of several seeds.")] = 0,
    seeds: Annotated[int | None, typer.Option(help="How many repetitions; default: as published.")] = None,
    out: Annotated[Path, typer.Option(help="Folder that receives NAME/<time>-<seed>/.")] = Path("runs"),
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Replace a setting; may be repeated.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A short look: fewer repetitions, not every row.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the latest unfinished run.")] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Exit code 1 if a verdict differs from the finding recorded with the reproduction."
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object (a list of them for several names).")
    ] = False,
) -> None:
    """Run published systems again and compare with what was published.

    Each run leaves a folder with data, figures and report.html. A known disagreement is printed as "disagrees" with its
    reason; --check fails on news: a new disagreement, one that vanished, or a row that was not run.
    """
    from spinloom import reproductions
    from spinloom.errors import InputError
    from spinloom.experiments.folder import writable
    from spinloom.experiments.run import prepare

    if list_:
        _list(as_json)
        return
    wanted = reproductions.names() if all_ else list(names or [])
    if not wanted:
        raise InputError("Nothing to reproduce: give a name, or --all. 'spinloom reproduce --list' shows the names.")
    settings = _settings(set_)
    for name in wanted:  # a misspelt last name is said before the first one has run for an hour
        prepare(name, seed, seeds, quick=quick, settings=settings)
    writable(out)
    options = {"seed": seed, "seeds": seeds, "out": out, "resume": resume, "quick": quick, "settings": settings}
    results = [_one(name, options, as_json) for name in wanted]
    if as_json:
        objects = [result.to_json() for result in results]
        print_json(objects if all_ or len(objects) > 1 else objects[0])
    news = [(result.name, row) for result in results for row in result.surprises]
    if check and news:
        for name, row in news:
            warn(f"{name}: '{row.label}' {row.verdict}, recorded as {row.finding}. {row.why}")
        raise typer.Exit(1)


def _settings(words: list[str] | None) -> dict[str, Any]:
    """``["iterations=100"]``: numbers, booleans and lists are read as JSON, all else is text."""
    from spinloom.cli.device import overrides

    found: dict[str, Any] = {}
    for key, text in overrides(words).items():
        try:
            found[key] = json.loads(text)
        except json.JSONDecodeError:
            found[key] = text
    return found


def _one(name: str, options: dict[str, Any], as_json: bool) -> ReproductionResult:
    from spinloom.experiments import load_reproduction, reproduce
    from spinloom.experiments.run import RunInterrupted
    from spinloom.report import expectation_table

    spec = load_reproduction(name)
    if not as_json:
        about = "" if options["quick"] else f"  [dim](about {spec.minutes:g} min on two cores)[/dim]"
        console().print(f"[bold cyan]▸[/bold cyan] [bold]{spec.name}[/bold]  {spec.title}{about}")
    try:
        with Bars(quiet=as_json) as bars:
            result = reproduce(name, progress=bars, **options)
    except RunInterrupted as stop:
        raise Stopped(str(stop)) from None
    if not as_json:
        screen = console()
        screen.print(expectation_table(result.expectations))
        colour = {"agrees": "green", "disagrees": "red"}.get(result.verdict, "yellow")
        known = "" if result.surprises else " (every row as recorded)"
        screen.print(
            f"verdict: [{colour}]{result.verdict}[/{colour}]{known}   "
            f"{len(result.assumed)} assumed inputs, in the report"
        )
        if result.spec.yours:
            warn(
                f"settings changed by you: {'; '.join(result.spec.yours)}. "
                "The published figures belong to the original ones."
            )
        if result.folder is not None:
            screen.print(f"{result.folder / 'report.html'}\n", soft_wrap=True)
    return result


def _list(as_json: bool) -> None:
    from spinloom import reproductions
    from spinloom.experiments import load_reproduction

    specs = [load_reproduction(name) for name in reproductions.names()]
    if as_json:
        print_json(
            [
                {
                    "name": s.name,
                    "title": s.title,
                    "protocol": s.protocol,
                    "reference": s.reference,
                    "minutes": s.minutes,
                }
                for s in specs
            ]
        )
        return
    from rich.table import Table

    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    for column in ("name", "title", "source", "minutes"):
        table.add_column(column, no_wrap=column == "name", justify="right" if column == "minutes" else "left")
    for s in specs:
        table.add_row(s.name, s.title, s.reference, f"{s.minutes:g}")
    console().print(table)
