"""The folder of ``spinloom ising solve --out``: the answer, all samples, figures, and how to repeat the run."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spinloom.cli.ising_search import Found, Request
    from spinloom.ising.files import ProblemFile


def write(
    out: Path, file: str, problem: ProblemFile, request: Request, found: Found, table: dict[str, Any], plot: bool
) -> list[Path]:
    """Write everything; the paths, in the order of writing."""
    from spinloom.experiments.folder import machine, to_toml, write_text

    texts = {
        "solution.json": json.dumps(table, indent=1, ensure_ascii=False) + "\n",
        "solution.csv": _csv(found),
        "run.toml": to_toml({**_run(file, problem, request, found), "machine": machine()}),
    }
    if found.samples is not None:
        texts["samples.json"] = json.dumps(found.samples.to_serializable(), default=str) + "\n"
    for name, text in texts.items():
        write_text(out / name, text)
    figures = _figures(out / "figures", problem, request, found) if plot else []
    return [*(out / name for name in texts), *figures]


def _csv(found: Found) -> str:
    stream = io.StringIO()
    rows = csv.writer(stream, lineterminator="\n")
    rows.writerow(("place", "city") if "tour" in found.answer else ("variable", "value"))
    rows.writerows(found.solution.items())
    return stream.getvalue()


def _run(file: str, problem: ProblemFile, request: Request, found: Found) -> dict[str, Any]:
    """What was asked, what came, and the command that runs the same schedule whatever the clock does.

    Where a run was cut short, by Ctrl-C, the clock or a target, the command goes on to the end of its schedule.
    """
    from spinloom import __version__
    from spinloom.ising.files import find

    path = find(file).resolve()
    info = found.info
    again = {
        "--method": request.method.replace("_", "-"),
        "--reads": len(found.values),
        "--sweeps": info.get("num_sweeps", request.sweeps),
        "--seed": info.get("seed", request.seed),
        "--kernel": request.kernel,
        "--device": request.device,
    }
    words = ["spinloom", "ising", "solve", str(path)]
    words += [word for name, value in again.items() if value is not None for word in (name, str(value))]
    words += [word for name, value in request.overrides.items() for word in ("--set", f"{name}={value}")]
    return {
        "repeat": shlex.join(words),
        "cut_short": bool(info.get("interrupted") or info.get("late")),
        "spinloom": __version__,
        "problem": {
            "file": str(path),
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "name": problem.name,
            "kind": problem.kind,
            "size": problem.size,
        },
        "asked": {
            "method": request.method,
            "time_limit": request.time_limit,
            "reads": request.reads,
            "sweeps": request.sweeps,
            "seed": request.seed,
            "threads": request.threads,
            "kernel": request.kernel,
            "device": request.device,
            "overrides": dict(request.overrides),
            "target": request.target,
        },
        "made": {
            "value": found.value,
            "quantity": problem.quantity,
            "reads": len(found.values),
            **{key: value for key, value in info.items() if isinstance(value, str | int | float | bool)},
        },
    }


def _figures(folder: Path, problem: ProblemFile, request: Request, found: Found) -> list[Path]:
    from spinloom.ising.tsplib import TspInstance
    from spinloom.report.figures import save
    from spinloom.report.ising import search_figure, tour_figure

    times, best = zip(*found.record, strict=True)
    caption = f"{request.method.replace('_', ' ')}, seed {found.info.get('seed', request.seed)}."
    specs = [search_figure(problem.name, problem.quantity, times, best, found.values, request.target, caption)]
    source = problem.source
    if isinstance(source, TspInstance) and source.coordinates is not None:
        specs.append(
            tour_figure(problem.name, source.coordinates, [city - 1 for city in found.solution.values()], found.value)
        )
    for spec in specs:
        save(spec, folder)
    return [folder / f"{spec.name}.{ending}" for spec in specs for ending in ("png", "svg")]
