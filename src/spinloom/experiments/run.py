"""Run a reproduction: folder first, then the protocol, then verdicts, files and report."""

from __future__ import annotations

import contextlib
import json
import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from spinloom import registry
from spinloom.errors import InputError, OutputError, SpinloomError
from spinloom.experiments import folder as run_folder
from spinloom.experiments.context import Context, Outcome, Progress, save_dataset
from spinloom.experiments.interrupt import remembered
from spinloom.experiments.result import ReproductionResult
from spinloom.experiments.spec import Assumed, Reproduction, load_reproduction
from spinloom.experiments.verdict import judge


class RunInterrupted(KeyboardInterrupt):
    """Ctrl-C during a run; the message says what was kept and how to go on."""


@dataclass(frozen=True)
class _Request:
    """What was asked for, as it decides the numbers and the command that repeats them."""

    name: str
    spec: Reproduction
    seed: int
    seeds: int | None
    quick: bool
    settings: Mapping[str, Any]
    out: str

    def command(self) -> str:
        words = ["spinloom", "reproduce", self.name, "--seed", str(self.seed)]
        words += ["--seeds", str(self.seeds)] if self.seeds is not None else []
        words += ["--quick"] if self.quick else []
        for key, value in self.settings.items():
            words += ["--set", f"{key}={value if isinstance(value, str) else json.dumps(value)}"]
        words += ["--out", self.out] if self.out != "runs" else []
        return shlex.join(words)

    def fingerprint(self) -> str:
        spec = self.spec.model_dump(include={"name", "protocol", "settings"})
        source = run_folder.source_hash()
        return run_folder.fingerprint({"spec": spec, "seed": self.seed, "seeds": self.seeds, "source": source})


def reproduce(
    name: str,
    seed: int = 0,
    seeds: int | None = None,
    out: str | Path | None = "runs",
    *,
    resume: bool = False,
    quick: bool = False,
    settings: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> ReproductionResult:
    """Run a published system again and judge it against the published figures.

    Parameters
    ----------
    name : str
        A built-in reproduction (``spinloom reproduce --list``) or the path of a TOML file.
    seed : int
        Fixes chance: the same seed gives the same numbers.
    seeds : int or None
        How many repetitions, of seeds seed, seed + 1, ...; None takes the reproduction's own number.
    out : path or None
        Folder that receives ``NAME/<time>-<seed>/``; None writes nothing.
    resume : bool
        Go on with the latest unfinished run of the same reproduction, seed and settings, if there is one.
    quick : bool
        A short look with the reproduction's quick settings.
    settings : mapping or None
        Replaces settings of the reproduction; the report marks them as yours.
    progress : callable or None
        ``progress(stage, done, total)``.

    Returns
    -------
    ReproductionResult
        ``.verdict``, ``.expectations``, ``.metrics``, ``.data``, ``.assumed``, ``.cite()``, ``.report(folder)``.

    Raises
    ------
    InputError
        Unknown name or setting, negative seed, no seeds.
    OutputError
        The folder cannot be written; said before any work is done.
    RunInterrupted
        Ctrl-C; what was finished is kept.

    Examples
    --------
    >>> reproduce("Xin2023_energy", out=None).verdict
    'agrees'
    """
    spec = prepare(name, seed, seeds, quick=quick, settings=settings)
    protocol = registry.protocols.get(spec.protocol)
    request = _Request(name, spec, seed, seeds, quick, settings or {}, "runs" if out is None else str(out))
    place = None if out is None else _place(request, Path(out), resume)
    context = Context(seed, seeds, progress, place)
    start = time.perf_counter()
    try:
        with remembered() as interrupt:
            context = replace(context, interrupt=interrupt)
            outcome: Outcome = protocol(spec, context)
            context.interrupt.check()
            result = _result(request, outcome, time.perf_counter() - start, place)
            if place is not None:
                _write(request, result, place)
            if interrupt.seen:  # too late to stop this run, in time for those that would follow
                raise RunInterrupted(f"Interrupted when {request.name} was finished; all of it is in '{place}'.")
    except RunInterrupted:
        raise
    except KeyboardInterrupt:
        raise RunInterrupted(_farewell(request, context)) from None
    except SpinloomError:
        _give_up(request, context)
        raise
    except OSError as error:
        _give_up(request, context)
        raise OutputError(
            f"The run could not go on: {error}. What was finished stays in '{place}'; "
            "when it is put right, run again with --resume."
        ) from error
    return result


def prepare(
    name: str,
    seed: int = 0,
    seeds: int | None = None,
    *,
    quick: bool = False,
    settings: Mapping[str, Any] | None = None,
) -> Reproduction:
    """Everything that can be wrong with a request, found before anything runs; arguments as for :func:`reproduce`."""
    if seed < 0:
        raise InputError(f"The seed is {seed}; give a whole number that is not negative.")
    if seeds is not None and seeds < 1:
        raise InputError(f"{seeds} seeds cannot be run; give at least 1.")
    spec = load_reproduction(name)
    if quick:
        spec = spec.with_settings(spec.quick, mark=False)
    spec = spec.with_settings(settings or {})
    registry.protocols.target(spec.protocol)
    return spec


def _place(request: _Request, root: Path, resume: bool) -> Path:
    """The run's folder, new or found again, proved writable, with run.toml inside."""
    mark = request.fingerprint()
    place = run_folder.resumable(root, request.spec.name, mark) if resume else None
    if place is None:
        place = run_folder.new_folder(root, request.spec.name, request.seed)
    else:
        run_folder.writable(place)
    _write_state(request, place, "running")
    return place


def _write_state(request: _Request, place: Path, state: str, seconds: float | None = None) -> None:
    table: dict[str, Any] = {
        "command": request.command(),
        "state": state,
        "name": request.spec.name,
        "protocol": request.spec.protocol,
        "seed": request.seed,
        "seeds": request.seeds,
        "quick": request.quick,
        "seconds": None if seconds is None else round(seconds, 3),
        "fingerprint": request.fingerprint(),
        "machine": run_folder.machine(),
        "settings": request.spec.settings,
    }
    run_folder.write_text(place / "run.toml", run_folder.to_toml(table))


def _farewell(request: _Request, context: Context) -> str:
    """State on disk and the sentence shown after Ctrl-C."""
    if context.folder is None:
        return f"Interrupted: {request.name} was run without an output folder, so nothing was kept."
    _write_state(request, context.folder, "interrupted")
    kept = context.finished()
    count = f"{len(kept)} finished part{'' if len(kept) == 1 else 's'} ({', '.join(kept[-3:])})"
    finished = count if kept else "nothing finished yet"
    return f"Interrupted: {finished}, kept in '{context.folder}'. Go on with: {request.command()} --resume"


def _give_up(request: _Request, context: Context) -> None:
    """After an error: a folder with finished parts can be resumed, an empty one is litter."""
    if context.folder is None:
        return
    with contextlib.suppress(OSError, OutputError):  # the disk may be what failed; the first error is the one to show
        if context.finished():
            _write_state(request, context.folder, "interrupted")
        else:
            run_folder.remove(context.folder)


def _result(request: _Request, outcome: Outcome, seconds: float, place: Path | None) -> ReproductionResult:
    spec = request.spec
    carried = tuple(Assumed(what=what, value=value, why=why) for what, value, why in outcome.assumed)
    keys = dict.fromkeys((spec.reference, *spec.references, *outcome.references))
    data = outcome.data.assign_attrs(
        {
            "reproduction": spec.name,
            "command": request.command(),
            "seed": request.seed,
            "references": list(keys),
            "settings": json.dumps(spec.settings),
            "spinloom_version": run_folder.machine()["versions"].get("spinloom", "0+unknown"),
        }
    )
    return ReproductionResult(
        spec=spec,
        expectations=tuple(judge(expect, outcome.metrics) for expect in spec.expect),
        metrics=outcome.metrics,
        data=data,
        figures=outcome.figures,
        assumed=spec.assumed + carried,
        references=tuple(keys),
        seconds=seconds,
        command=request.command(),
        folder=place,
        quick=request.quick,
        machine=run_folder.machine(),
    )


def _write(request: _Request, result: ReproductionResult, place: Path) -> None:
    """Everything a run leaves behind; ``state`` turns to done last."""
    save_dataset(result.data, place / "result.nc")
    table = {key: {"value": m.value, "unit": m.unit, "error": m.error} for key, m in result.metrics.items()}
    run_folder.write_text(
        place / "metrics.json", json.dumps({**result.to_json(), "metrics": _plain(table)}, indent=1, ensure_ascii=False)
    )
    result.report(place)
    run_folder.discard_parts(place)
    _write_state(request, place, "done", result.seconds)


def _plain(value: Any) -> Any:
    """JSON has no NaN: what is not finite becomes null."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and value - value != 0 else value
