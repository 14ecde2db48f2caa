"""``spinloom device``: what a device is, and its switching curve; its other commands have files of their own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spinloom.cli.parameters import parameter_table
from spinloom.cli.show import Bars, console, print_json, warn

if TYPE_CHECKING:
    import xarray as xr

app = typer.Typer(
    no_args_is_help=True,
    help="A device from a parameter set: what it is, its switching or tuning curve; a laboratory's telegraph signal.",
)

NAME = Annotated[str, typer.Argument(help="A parameter set's name, or the path of your own TOML.")]
SET = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Override a parameter; may be repeated.  e.g. temperature=350K"),
]
JSON = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]

_CURVE_EXAMPLES = (
    "[bold]Examples[/bold]\n\n"
    "  spinloom device curve Xin2023_mtj --current 2uA:30uA:29 --pulse 30ns\n\n"
    "  spinloom device curve Xin2023_mtj --current=-5uA:15uA:41 --pulse 30ns --pulse 200ns --out curves\n\n"
    "  spinloom device curve mine.toml --current 2uA:30uA:29 --pulse 30ns --set temperature=350K --method llgs --json"
)


def overrides(words: list[str] | None) -> dict[str, str]:
    """``["temperature=350K"]`` as a mapping.

    Raises
    ------
    InputError
        A word without "=" or with an empty side.
    """
    from spinloom.errors import InputError

    found: dict[str, str] = {}
    for word in words or []:
        name, equals, value = word.partition("=")
        if not (name.strip() and equals and value.strip()):
            raise InputError(f"--set {word}: write NAME=VALUE, e.g. --set temperature=350K.")
        found[name.strip()] = value.strip()
    return found


@app.command(
    epilog="[bold]Examples[/bold]\n\n  spinloom device show Xin2023_mtj\n\n"
    "  spinloom device show Xin2023_mtj --set temperature=350K\n\n  spinloom device show Zhang2022_mtj\n\n"
    "  spinloom device show Zhang2024_sot"
)
def show(name: NAME, set_: SET = None, as_json: JSON = False) -> None:
    """Show a device: its parameters with their sources, and what follows from them in closed form."""
    from spinloom import devices, parameters
    from spinloom.cli import closed_forms
    from spinloom.parameters.kinds import SWITCHES
    from spinloom.units import pretty

    given = parameters.load(name).replace(**overrides(set_))
    if given.device in SWITCHES:  # a response without dynamics
        rows, summary, axis = closed_forms.of_switch(given), "", None
    else:
        found = devices.device(given)
        rows, summary, axis = closed_forms.of_device(found), found.summary(), _easy_axis(found)
    if as_json:
        derived = {key: {"value": value, "unit": unit} for key, (value, unit) in rows.items()}
        numbers = {p.name: {"value": p.value, "unit": p.unit, "how": p.source.how} for p in given.parameters.values()}
        print_json({"name": name, "easy_axis": axis, "derived": derived, "parameters": numbers})
        return
    screen = console()
    screen.print(f"[bold]{given.name}[/bold]  {given.title}")
    screen.print(parameter_table(given))
    screen.print(f"\n[bold]what follows from them[/bold]  {summary}".rstrip())
    if axis:
        screen.print(f"  {'easy axis':<25}{axis}")
    for key, (value, unit) in rows.items():
        shown = f"{value:.3g} {unit}" if unit in ("J", "kT") else pretty(value, unit)
        screen.print(f"  {key.replace('_', ' '):<25}{shown}")


def _easy_axis(found: Any) -> str | None:
    return found.easy_axis() if hasattr(found, "easy_axis") else None


@dataclass(frozen=True)
class _Fit:
    pulse_width: float
    k: float | None
    c: float | None
    k_interval: tuple[float, float] | None
    c_interval: tuple[float, float] | None
    complaint: str = ""


@app.command(epilog=_CURVE_EXAMPLES)
def curve(
    name: NAME,
    current: Annotated[str, typer.Option("--current", help="Currents: one, several (1uA,2uA) or from:to:points.")],
    pulse: Annotated[list[str], typer.Option("--pulse", help="Pulse width; may be repeated.")],
    set_: SET = None,
    trials: Annotated[int, typer.Option(help="Trajectories a point.")] = 1000,
    seed: Annotated[int, typer.Option(help="Fixes chance.")] = 0,
    method: Annotated[str, typer.Option(help="auto, fokker-planck or llgs.")] = "auto",
    initial: Annotated[str, typer.Option(help="Start: well (thermal), axis, or an angle from it, e.g. 2deg.")] = "well",
    out: Annotated[Path | None, typer.Option(help="Folder for curve.csv, curve.nc and figures/.")] = None,
    as_json: JSON = False,
) -> None:
    """Simulate the switching probability against current, and fit it with 1/(1 + exp(-k (I + c)))."""
    from spinloom import devices
    from spinloom.errors import InputError
    from spinloom.units import si_array

    if out is not None:
        from spinloom.experiments.folder import writable

        writable(out)
    found = devices.device(name, **overrides(set_))
    if not hasattr(found, "switching_probability"):
        hint = f" Its tuning curve: spinloom device tuning {found.name}." if hasattr(found, "tuning") else ""
        raise InputError(
            f"{found.name} is a {found.kind.replace('_', ' ')}, which has no switching curve after a pulse.{hint}"
        )
    currents = si_array(current, "current", "--current")
    widths = [width for text in pulse for width in si_array(text, "time", "--pulse")]
    with Bars(quiet=as_json) as bars:
        stage = bars.stage(f"switching probability, {trials} trials a point")
        measured = found.switching_probability(
            currents, widths, trials=trials, seed=seed, method=method, initial=initial, progress=stage
        )
    fits = [_fit(measured.isel(pulse_width=i)) for i in range(measured.sizes["pulse_width"])]
    written = [] if out is None else _write(measured, fits, out)
    if as_json:
        print_json(_as_json(name, measured, fits, written))
        return
    _print_curve(measured, fits)
    for path in written:
        console().print(f"[dim]wrote {path}[/dim]", soft_wrap=True)


def _fit(measured: xr.DataArray) -> _Fit:
    """A sigmoid fit, or the reason why there is none: a curve need not have the range of one."""
    from spinloom import responses
    from spinloom.errors import SpinloomError

    width = float(measured.pulse_width)
    try:
        fit = responses.Sigmoid.fit(measured)
    except SpinloomError as error:
        return _Fit(width, None, None, None, None, str(error))
    k_low, k_high = fit.k_interval
    c_low, c_high = fit.c_interval
    if k_low < 0 < k_high:
        return _Fit(width, None, None, None, None, "The slope cannot be told: measure more currents where P_sw rises.")
    return _Fit(width, float(fit.k), float(fit.c), (float(k_low), float(k_high)), (float(c_low), float(c_high)))


def _print_curve(measured: xr.DataArray, fits: list[_Fit]) -> None:
    from rich.table import Table

    from spinloom.units import pretty

    widths = [pretty(float(width), "s") for width in measured.pulse_width.values]
    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    table.add_column("current", justify="right")
    for width in widths:
        table.add_column(f"P_sw, {width}", justify="right")
    for j, value in enumerate(measured.current.values):
        cells = [f"{float(measured.values[i, j]):.4f}" for i in range(len(widths))]
        table.add_row(pretty(float(value), "A"), *cells)
    screen = console()
    screen.print(table)
    how = [
        f"{key}: {measured.attrs[key]}" for key in ("method", "trials", "seed") if measured.attrs.get(key) is not None
    ]
    screen.print(f"[dim]{', '.join(how)}[/dim]")
    for fit, width in zip(fits, widths, strict=True):
        if fit.k is None or fit.c is None or fit.k_interval is None or fit.c_interval is None:
            warn(f"{width}: no sigmoid was fitted. {fit.complaint}")
            continue
        dk = (fit.k_interval[1] - fit.k_interval[0]) / 2 / 1e6
        dc = (fit.c_interval[1] - fit.c_interval[0]) / 2 * 1e6
        screen.print(f"{width}: k = {fit.k / 1e6:.3f} ± {dk:.3f} /µA, c = {fit.c * 1e6:.3f} ± {dc:.3f} µA (95 %)")


def _as_json(name: str, measured: xr.DataArray, fits: list[_Fit], written: list[Path]) -> dict[str, Any]:
    return {
        "name": name,
        "current": {"unit": "A", "values": [float(v) for v in measured.current.values]},
        "pulse_width": {"unit": "s", "values": [float(v) for v in measured.pulse_width.values]},
        "probability": [[float(v) for v in row] for row in measured.values],
        "fits": [fit.__dict__ for fit in fits],
        "method": str(measured.attrs.get("method", "")),
        "trials": int(measured.attrs.get("trials", 0) or 0),
        "seed": int(measured.attrs.get("seed", 0) or 0),
        "references": [str(key) for key in measured.attrs.get("references", [])],
        "files": [str(path) for path in written],
    }


def _write(measured: xr.DataArray, fits: list[_Fit], out: Path) -> list[Path]:
    """curve.csv (the columns that Sigmoid.from_csv reads), curve.nc, figures."""
    from spinloom.errors import OutputError
    from spinloom.experiments.context import save_dataset
    from spinloom.report.curve import curve_figure
    from spinloom.report.figures import save

    trials = int(measured.attrs.get("trials", 0) or 0)
    paths = []
    try:
        for i, width in enumerate(measured.pulse_width.values):
            single = measured.sizes["pulse_width"] == 1
            path = out / ("curve.csv" if single else f"curve_{float(width) * 1e9:g}ns.csv")
            lines = ["current [uA],probability" + (",trials" if trials else "")]
            for value, share in zip(measured.current.values, measured.values[i], strict=True):
                lines.append(f"{float(value) * 1e6:.12g},{float(share):.9g}" + (f",{trials}" if trials else ""))
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
            paths.append(path)
        save_dataset(measured.rename("probability").to_dataset(), out / "curve.nc")
        spec = curve_figure(measured, [(f.k, f.c) for f in fits])
        save(spec, out / "figures")
    except OSError as error:
        raise OutputError(
            f"'{out}' cannot be written: {error.strerror or error}. Choose another folder with --out."
        ) from None
    return [*paths, out / "curve.nc", out / "figures" / f"{spec.name}.png", out / "figures" / f"{spec.name}.svg"]
