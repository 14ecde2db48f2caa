"""``spinloom ising``: problems from files, solved by p-bits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spinloom.cli.device import JSON, SET, overrides
from spinloom.cli.show import Line, Stopped, console, print_json, warn

if TYPE_CHECKING:
    from spinloom.cli.ising_search import Found, Request
    from spinloom.ising.files import ProblemFile

app = typer.Typer(no_args_is_help=True, help="The Ising machine: p-bits that look for low energies.")

EXAMPLES = (
    "[bold]Examples[/bold]\n\n"
    "  spinloom ising solve graph.txt --time 10s --out answer\n\n"
    "  spinloom ising solve G22 --target 13359 --time 60s   (found below SPINLOOM_DATA)\n\n"
    "  spinloom ising solve model.qubo --method tempering --reads 64 --sweeps 2000 --seed 1 --json\n\n"
    "  spinloom ising solve clauses.wcnf --threads 1\n\n"
    "  spinloom ising solve st70.tsp --seed 3\n\n"
    "  spinloom ising solve model.json --device Borders2019_smtj --sweeps 500 --reads 8"
)
_DEFAULT_TIME = "10 s"
_FEW = 32
"""Variables of an answer that is printed in full."""
_FEW_CITIES = 200


@app.callback()
def _group() -> None:
    """The Ising machine: p-bits that look for low energies."""


@app.command(epilog=EXAMPLES)
def solve(
    file: Annotated[str, typer.Argument(help="A path, or the name of a G-set graph or a TSPLIB problem.")],
    method: Annotated[
        str, typer.Option(help="annealing, tempering, cluster-tempering, quantum, or sampling at a fixed temperature.")
    ] = "annealing",
    time: Annotated[
        str | None,
        typer.Option(help=f"Stop after it, e.g. 10s.  default without --sweeps: {_DEFAULT_TIME}; for a tour none"),
    ] = None,
    reads: Annotated[
        int | None, typer.Option(help="Independent runs, or tours.  default: as many as run side by side")
    ] = None,
    sweeps: Annotated[
        int | None,
        typer.Option(help="Attempts at every spin; of a tour, windows a city.  default: as many as fit; of a tour 500"),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Fixes chance.  default: drawn, and told")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads.  default: all")] = None,
    device: Annotated[
        str | None, typer.Option(help="Parameter set of the junction under every spin.  default: ideal p-bits")
    ] = None,
    set_: SET = None,
    kernel: Annotated[str, typer.Option(help="auto, replicas, sequential, dense or cuda.")] = "auto",
    target: Annotated[
        float | None, typer.Option(help="Stop at this value, in the problem's own terms; exit code 1 if not reached.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for solution.json and .csv, samples.json, figures/, and run.toml to repeat it."),
    ] = None,
    plot: Annotated[bool, typer.Option("--plot/--no-plot", help="Figures in the folder of --out.")] = True,
    as_json: JSON = False,
) -> None:
    """Look for the best cut, the lowest energy, the fewest violated clauses, or the shortest tour.

    FILE: a graph to cut as rudy and the G-set write it; a quadratic model as .qubo, as lines 'i j value', or as dimod's
    file or JSON; clauses as DIMACS CNF or WCNF, with hard ones; cities as TSPLIB. What it is shows in its content.
    Ctrl-C keeps the best found so far.
    """
    from spinloom.cli.ising_search import Request, search
    from spinloom.errors import InputError
    from spinloom.ising import files
    from spinloom.units import si

    if out is not None:
        from spinloom.experiments.folder import writable

        writable(out)
    changes = overrides(set_)
    if changes and device is None:
        raise InputError("--set changes a parameter of a device: name one with --device.")
    problem = files.read(file)
    timed = sweeps is None and problem.kind != "travelling salesman"
    limit = _DEFAULT_TIME if time is None and timed else time
    seconds = None if limit is None else si(limit, "time", "--time")
    request = Request(method.replace("-", "_"), seconds, reads, sweeps, seed, threads, kernel, device, changes, target)
    if not as_json:
        console().print(_headline(problem), soft_wrap=True)
    with Line(quiet=as_json) as line:
        line("compiling, and timing a first piece")
        found = search(problem, request, line)
    reached = None if target is None else _reached(problem, found, target)
    table = _as_json(problem, request, found, reached)
    written = [] if out is None else _write(out, file, problem, request, found, table, plot)
    if as_json:
        print_json({**table, "files": [str(path) for path in written]})
    else:
        _print(problem, found, reached, target)
        for path in written:
            console().print(f"[dim]wrote {path}[/dim]", soft_wrap=True)
    if found.interrupted:
        raise Stopped("Interrupted; the best found until then is the answer" + (f", in {out}." if out else "."))
    if reached is False:
        raise typer.Exit(1)


def _reached(problem: ProblemFile, found: Found, target: float) -> bool:
    slack = 1e-9 * max(1.0, abs(target))
    return found.value >= target - slack if problem.sense == "max" else found.value <= target + slack


def _headline(problem: ProblemFile) -> str:
    from rich.markup import escape

    from spinloom.ising.encodings.max_cut import MaxCut
    from spinloom.ising.encodings.max_sat import Clauses

    source = problem.source
    if isinstance(source, MaxCut):
        what = f"{problem.size:,} nodes, {source.weights.size:,} edges"
    elif isinstance(source, Clauses):
        hard = int(source.hard.sum())
        what = f"{problem.size:,} variables, {len(source.literals):,} clauses" + (f", {hard:,} hard" if hard else "")
    elif problem.bqm is not None:
        what = f"{problem.size:,} variables, {problem.bqm.num_interactions:,} couplings"
    else:
        what = f"{problem.size:,} cities"
    return f"[bold]{escape(problem.name)}[/bold]  {problem.kind}: {what}"


def _print(problem: ProblemFile, found: Found, reached: bool | None, target: float | None) -> None:
    from spinloom.cli.ising_search import shown

    screen = console()
    told = dict(found.answer)
    best = told.pop(problem.quantity)
    screen.print(f"{problem.quantity} [bold]{shown(best)}[/bold]", soft_wrap=True)
    violated = told.get("hard clauses violated", 0)
    for name, value in told.items():
        if name == "parts":
            screen.print(f"parts of {value[0]:,} and {value[1]:,} nodes")
        elif name == "tour":
            if len(value) <= _FEW_CITIES:
                screen.print(f"tour {' '.join(map(str, value))}", soft_wrap=True)
        else:
            screen.print(f"{name} {shown(value)}")
    if "tour" not in told and len(found.solution) <= _FEW:
        screen.print("  ".join(f"{name}={value}" for name, value in found.solution.items()), markup=False)
    screen.print(_reads(problem, found), soft_wrap=True)
    info = found.info
    told_run = [f"{found.seconds:.3g} s"]
    if info.get("attempts_per_second"):
        told_run.append(f"{info['attempts_per_second']:.2g} flip attempts/s")
    names = {"kernel": "kernel", "num_sweeps": "windows a city" if "tour" in told else "sweeps", "seed": "seed"}
    told_run += [f"{name} {info[key]}" for key, name in names.items() if key in info]
    screen.print(f"[dim]{', '.join(told_run)}[/dim]", soft_wrap=True)
    if "hardware" in info:
        from spinloom.units import pretty

        time, energy = info["hardware"]["time"], info["hardware"]["energy"]
        screen.print(f"on {info['hardware']['device']}: {pretty(time, 's')} and {pretty(energy, 'J')} a read")
    if "fallback" in info:
        screen.print(f"[dim]{info['fallback']}[/dim]", soft_wrap=True)
    if violated:
        warn(f"{violated} hard clauses are violated: this is no solution. More --time may find one, if there is one.")
    if reached is not None:
        word = "[green]reached[/green]" if reached else "[red]not reached[/red]"
        screen.print(f"target {shown(float(target or 0.0))} {word}")


def _reads(problem: ProblemFile, found: Found) -> str:
    from spinloom.cli.ising_search import shown

    count = len(found.values)
    if count == 1:
        return "one tour" if problem.kind == "travelling salesman" else "one read"
    mean = sum(found.values) / count
    top = max(found.values) if problem.sense == "max" else min(found.values)
    hits = sum(abs(value - top) <= 1e-9 * max(1.0, abs(top)) for value in found.values)
    what = "tours" if problem.kind == "travelling salesman" else "reads"
    return f"{count} {what}: mean {shown(round(mean, 2))}, {hits} of them as good as the best"


def _as_json(problem: ProblemFile, request: Request, found: Found, reached: bool | None) -> dict[str, Any]:
    return {
        "name": problem.name,
        "kind": problem.kind,
        "size": problem.size,
        "quantity": problem.quantity,
        "sense": problem.sense,
        "value": found.value,
        "answer": found.answer,
        "solution": {str(name): value for name, value in found.solution.items()},
        "reads": {
            "count": len(found.values),
            "mean": sum(found.values) / len(found.values),
            "lowest": min(found.values),
            "highest": max(found.values),
        },
        "record": [{"seconds": seconds, "best": value} for seconds, value in found.record],
        "method": request.method,
        "device": request.device,
        "target": request.target,
        "target_reached": reached,
        "interrupted": found.interrupted,
        **{key: _plain(value) for key, value in found.info.items() if key not in ("method", "interrupted")},
    }


def _plain(value: Any) -> Any:
    """A value of the sampler's information as JSON has it."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _write(
    out: Path, file: str, problem: ProblemFile, request: Request, found: Found, table: dict[str, Any], plot: bool
) -> list[Path]:
    from spinloom.cli.ising_output import write

    return write(out, file, problem, request, found, table, plot)
