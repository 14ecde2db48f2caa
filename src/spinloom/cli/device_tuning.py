"""``spinloom device tuning``: the bell curve of a superparamagnetic junction's flip rate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spinloom.cli.device import JSON, NAME, SET, overrides
from spinloom.cli.show import console, print_json, warn

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr

    from spinloom.responses import Tuning
    from spinloom.responses.tuning_file import Per

EXAMPLES = (
    "[bold]Examples[/bold]\n\n"
    "  spinloom device tuning Zhang2022_mtj\n\n"
    "  spinloom device tuning Zhang2022_mtj --current=-100uA:100uA:41 --duration 10s --trials 20 --out tuning\n\n"
    "  spinloom device tuning mine.toml --per cycle --set thermal_stability=12 --json"
)


def tuning(
    name: NAME,
    current: Annotated[
        str | None, typer.Option("--current", help="Currents, from:to:points; default: about the peak.")
    ] = None,
    duration: Annotated[str | None, typer.Option(help="Also count simulated flips for this time.  e.g. 1s")] = None,
    trials: Annotated[int, typer.Option(help="Runs of that time at each current.")] = 10,
    seed: Annotated[int, typer.Option(help="Fixes chance.")] = 0,
    per: Annotated[str, typer.Option(help="Count each flip, or each cycle (two flips).")] = "flip",
    set_: SET = None,
    out: Annotated[Path | None, typer.Option(help="Folder for tuning.csv and figures/.")] = None,
    as_json: JSON = False,
) -> None:
    """The flip rate of a superparamagnetic junction over current: closed form and, on demand, simulated."""
    from spinloom import devices
    from spinloom.errors import FitError, InputError
    from spinloom.responses import Tuning
    from spinloom.units import si_array, span

    if out is not None:
        from spinloom.experiments.folder import writable

        writable(out)
    found = devices.device(name, **overrides(set_))
    if not hasattr(found, "tuning"):
        pulsed = hasattr(found, "switching_probability")
        hint = f" Its switching curve: spinloom device curve {found.name}." if pulsed else ""
        raise InputError(
            f"{found.name} is a {found.kind.replace('_', ' ')}, which has no flips that a current tunes: a tuning "
            f"curve needs a superparamagnetic_junction.{hint}"
        )
    if per not in ("flip", "cycle"):
        raise InputError(f"--per {per}: count each 'flip' or each 'cycle', which is two flips.")
    bell = Tuning.from_device(found)
    reach = 4.0 * bell.half_width
    amperes = si_array(span(bell.centre - reach, bell.centre + reach, 41) if current is None else current, "current")
    counted, fit, complaint = None, None, ""
    if duration is not None:
        counted = found.tuning(amperes, duration, trials, seed)
        try:
            fit = Tuning.fit(counted, attempt_frequency=bell.attempt_frequency)
        except (FitError, InputError) as error:  # a short run need not show a bell
            complaint = str(error)
    written = [] if out is None else _write(bell, amperes, counted, per, out)
    if as_json:
        table = _as_json(bell, amperes, counted, fit, per)
        print_json({"name": name, **table, "complaint": complaint, "files": [str(path) for path in written]})
        return
    _print(bell, amperes, counted, fit, per)
    if complaint:
        warn(f"No bell was fitted to the counted rates. {complaint}")
    for path in written:
        console().print(f"[dim]wrote {path}[/dim]", soft_wrap=True)


def _print(bell: Tuning, amperes: np.ndarray, counted: xr.DataArray | None, fit: Tuning | None, per: Per) -> None:
    from rich.table import Table

    from spinloom.units import pretty

    factor = 1.0 if per == "flip" else 0.5
    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    columns = ["current", f"{per}s/s"] + ([] if counted is None else ["counted", "standard error"])
    for column in columns:
        table.add_column(column, justify="right")
    for i, (value, rate) in enumerate(zip(amperes, bell(amperes, per), strict=True)):
        cells = [pretty(float(value), "A"), f"{rate:.4g}"]
        if counted is not None:
            cells += [f"{factor * float(counted[i]):.4g}", f"{factor * float(counted['error'][i]):.2g}"]
        table.add_row(*cells)
    screen = console()
    screen.print(table)
    screen.print(f"closed form: {bell}")
    if counted is not None:
        told = f"{pretty(counted.attrs['duration'], 's')} x {counted.attrs['trials']}, seed {counted.attrs['seed']}"
        screen.print(f"[dim]{counted.attrs['method']}, {told}[/dim]")
    if fit is not None:
        said = [f"{key.replace('_', ' ')} {_between(fit.intervals[key], unit)}" for key, unit in _FITTED.items()]
        screen.print(f"fit to the counts: {fit}; 95 %: {', '.join(said)}", soft_wrap=True)


_FITTED = {"peak": "", "centre": "A", "half_width": "A"}


def _between(interval: tuple[float, float], unit: str) -> str:
    from spinloom.units import pretty

    return " to ".join(pretty(value, unit) for value in interval)


def _as_json(
    bell: Tuning, amperes: np.ndarray, counted: xr.DataArray | None, fit: Tuning | None, per: Per
) -> dict[str, Any]:
    factor = 1.0 if per == "flip" else 0.5
    table: dict[str, Any] = {
        "per": per,
        "current": {"unit": "A", "values": amperes.tolist()},
        "rate": {"unit": "1/s", "values": bell(amperes, per).tolist()},
        "peak": factor * bell.peak,
        "centre": bell.centre,
        "half_width": bell.half_width,
        "references": list(bell.references),
    }
    if counted is not None:
        table["counted"] = {
            "values": (factor * counted.values).tolist(),
            "error": (factor * counted["error"].values).tolist(),
            **{key: counted.attrs[key] for key in ("method", "duration", "trials", "seed")},
        }
    if fit is not None:
        table["fit"] = {
            **{key: _told(getattr(fit, key), fit.intervals[key], factor if key == "peak" else 1.0) for key in _FITTED},
            **{key: float(value) for key, value in fit.goodness.items()},
        }
    return table


def _told(value: float, interval: tuple[float, float], factor: float) -> dict[str, Any]:
    return {"value": factor * value, "interval": [factor * end for end in interval]}


def _write(bell: Tuning, amperes: np.ndarray, counted: xr.DataArray | None, per: Per, out: Path) -> list[Path]:
    """tuning.csv, which Tuning.from_csv reads, and the figure."""
    from spinloom.errors import OutputError
    from spinloom.report.figures import save
    from spinloom.report.tuning import tuning_figure

    factor = 1.0 if per == "flip" else 0.5
    lines = [f"current [uA],{per} rate [Hz]" + ("" if counted is None else ",error [Hz],duration [s]")]
    for i, value in enumerate(amperes):
        if counted is None:
            lines.append(f"{value * 1e6:.12g},{float(bell(value, per)):.9g}")
        else:
            rate, error = factor * float(counted[i]), factor * float(counted["error"][i])
            time = counted.attrs["duration"] * counted.attrs["trials"]
            lines.append(f"{value * 1e6:.12g},{rate:.9g},{error:.9g},{time:.9g}")
    try:
        (out / "tuning.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        save(tuning_figure(bell, amperes, counted, per), out / "figures")
    except OSError as error:
        raise OutputError(
            f"'{out}' cannot be written: {error.strerror or error}. Choose another folder with --out."
        ) from None
    return [out / "tuning.csv", out / "figures" / "tuning.png", out / "figures" / "tuning.svg"]
