"""``spinloom device telegraph``: a laboratory's telegraph signal to rates with intervals, a figure and a device."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spinloom.cli.device import JSON
from spinloom.cli.show import console, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spinloom.responses import Telegraph
    from spinloom.responses.telegraph_file import Trace
    from spinloom.responses.telegraph_rates import Dwells, StateRates

EXAMPLES = (
    "[bold]Examples[/bold]\n\n"
    "  spinloom device telegraph trace.csv --out results\n\n"
    "  spinloom device telegraph 0uA.csv 10uA.csv --current 0uA --current 10uA --out results\n\n"
    "  spinloom device telegraph dwells.csv --attempt-frequency 10GHz --json\n\n"
    "A trace has a time and a resistance, a voltage, a conductance or a state (1/0 or P/AP), each with its unit; a "
    "record of dwell times has a state and a dwell time:\n\n"
    "  time \\[us],resistance \\[ohm],current \\[uA]          state,dwell \\[ms],current \\[uA]\n\n"
    "current (and temperature \\[K]) may be left out. Several currents give a device, NAME.toml, for --out."
)


def telegraph(
    file: Annotated[
        list[Path], typer.Argument(help="CSV: a trace, or a record of dwell times; several are fitted together.")
    ],
    current: Annotated[
        list[str] | None, typer.Option("--current", help="Current of each file without such a column.  e.g. 10uA")
    ] = None,
    parallel: Annotated[
        str | None, typer.Option(help="Level of the parallel state, low or high; default: the low resistance.")
    ] = None,
    hysteresis: Annotated[
        float, typer.Option(help="How far past the middle a flip must go, as a share of the levels' distance.")
    ] = 0.25,
    attempt_frequency: Annotated[str, typer.Option(help="f0, which one temperature cannot tell.")] = "1GHz",
    critical_current: Annotated[str | None, typer.Option(help="I_c, which one current cannot tell.")] = None,
    temperature: Annotated[str, typer.Option(help="Of measurements that do not say theirs.")] = "300K",
    out: Annotated[Path | None, typer.Option(help="Folder for the parameter set (TOML) and figures/.")] = None,
    as_json: JSON = False,
) -> None:
    """Rates of a measured telegraph signal with 95 % intervals; from several currents, the junction's parameters."""
    from spinloom.errors import InputError
    from spinloom.responses import Telegraph
    from spinloom.responses.telegraph_file import kind_of
    from spinloom.responses.telegraph_measure import measure_dwells, measure_traces, sources

    if out is not None:
        from spinloom.experiments.folder import writable

        writable(out)
    kinds = {kind_of(path) for path in file}
    if len(kinds) > 1:
        raise InputError("Some files are traces and others dwell times; fit them one kind at a time.")
    traces: list[Trace] = []
    if kinds == {"trace"}:
        found = measure_traces(file, current or None, parallel, hysteresis)  # pyright: ignore[reportArgumentType]
        traces, source = [trace for trace, _ in found], sources([trace for trace, _ in found])
    else:
        found = measure_dwells(file, current or None)
        source = sources([record for record, _ in found])
    signal = Telegraph.fit(
        [rates for _, rates in found],
        attempt_frequency=attempt_frequency,
        critical_current=critical_current,
        temperature=temperature,
        source=source,
    )
    written = [] if out is None else _write(signal, traces, out, file[0].stem)
    if as_json:
        print_json({"files": [str(path) for path in file], "kind": kinds.pop(), **_as_json(signal), "written": written})
        return
    _print(signal)
    for path in written:
        console().print(f"[dim]wrote {path}[/dim]", soft_wrap=True)
    if out is None:
        console().print("[dim]--out DIR writes the figure and the parameter set[/dim]")


def _print(signal: Telegraph) -> None:
    from rich.table import Table

    from spinloom.units import pretty

    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    for column in ("current", "flips", "tau_P (95 %)", "tau_AP (95 %)", "p_P", "tau*", "flips/s", "exponential, p"):
        table.add_column(column, justify="right")
    for one in signal.measured:
        laws = (one.parallel.exponential, one.antiparallel.exponential)
        table.add_row(
            "-" if math.isnan(one.current) else pretty(one.current, "A"),
            str(one.parallel.count + one.antiparallel.count),
            _mean(one.parallel),
            _mean(one.antiparallel),
            f"{one.probability_parallel:.3f}",
            pretty(one.correlation_time, "s"),
            f"{one.flip_rate:.4g}",
            ", ".join("-" if math.isnan(law) else f"{law:.2g}" for law in laws),
        )
    screen = console()
    screen.print(f"[bold]{signal.source}[/bold]")
    screen.print(table)
    levels = signal.measured[0].levels
    if levels is not None:
        apart = "" if math.isinf(levels.separation) else f", {levels.separation:.3g} standard deviations of noise apart"
        screen.print(f"[dim]levels {levels.low:.4g} and {levels.high:.4g}{apart}[/dim]")
    if math.isnan(signal.critical_current):
        screen.print(
            "[dim]One current tells no I_c, so there is no device to write: measure at two or more, or give "
            "--critical-current.[/dim]"
        )
        return
    screen.print("\n[bold]fit over current[/bold]")
    for key, unit in _FITTED.items():
        interval = signal.intervals.get(key)
        known = "assumed" if interval is None else f"95 %: {pretty(interval[0], unit)} to {pretty(interval[1], unit)}"
        if key == "offset_current" and interval is None:
            known = "follows from the shares of time"
        screen.print(f"  {key.replace('_', ' '):<20}{pretty(getattr(signal, key), unit)}  [dim]{known}[/dim]")


_FITTED = {"attempt_frequency": "Hz", "thermal_stability": "kT", "critical_current": "A", "offset_current": "A"}


def _mean(dwells: Dwells) -> str:
    from spinloom.units import pretty

    low, high = dwells.mean_interval
    return f"{pretty(dwells.mean, 's')} ({pretty(low, 's')} to {pretty(high, 's')})"


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _as_json(signal: Telegraph) -> dict[str, Any]:
    fit = None
    if not math.isnan(signal.critical_current):
        fit = {
            key: {"value": getattr(signal, key), "unit": unit, "interval": signal.intervals.get(key)}
            for key, unit in _FITTED.items()
        }
        fit |= {key: _number(value) for key, value in signal.goodness.items()}
    return {"rates": [_rates(one) for one in signal.measured], "fit": fit}


def _rates(one: StateRates) -> dict[str, Any]:
    states = {
        name: {
            "tau": d.mean,
            "interval": [_number(end) for end in d.mean_interval],
            "count": d.count,
            "exponential_p": _number(d.exponential),
        }
        for name, d in (("parallel", one.parallel), ("antiparallel", one.antiparallel))
    }
    numbers = ("current", "temperature", "interval", "probability_parallel", "correlation_time", "flip_rate", "missed")
    levels = None if one.levels is None else {"low": one.levels.low, "high": one.levels.high, "noise": one.levels.noise}
    return {**states, **{key: _number(getattr(one, key)) for key in numbers}, "levels": levels}


def _write(signal: Telegraph, traces: Sequence[Trace], out: Path, stem: str) -> list[str]:
    """NAME.toml, which ``device`` reads, where there is an I_c; and the figure."""
    from spinloom.errors import OutputError
    from spinloom.report.figures import save
    from spinloom.report.telegraph import telegraph_figure

    name = re.sub(r"\W+", "_", stem).strip("_") or "telegraph"
    written = []
    try:
        if not math.isnan(signal.critical_current):
            (out / f"{name}.toml").write_text(signal.to_toml(name), encoding="utf-8")
            written.append(str(out / f"{name}.toml"))
        save(telegraph_figure(signal, traces, name), out / "figures")
    except OSError as error:
        raise OutputError(
            f"'{out}' cannot be written: {error.strerror or error}. Choose another folder with --out."
        ) from None
    return [*written, *(str(out / "figures" / f"{name}.{ending}") for ending in ("png", "svg"))]
