"""``spinloom device bits``: a file of random bits from a device, tested if wanted."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spinloom.cli.device import overrides
from spinloom.cli.show import Bars, console, print_json

if TYPE_CHECKING:
    from spinloom.devices.bit_stream import RandomBits
    from spinloom.tasks import NistReport

EXAMPLES = (
    "[bold]Examples[/bold]\n\n"
    "  spinloom device bits Vodenicarevic2017_mtj --count 1e6 --interval 300us --xor 8 --out bits.bin\n\n"
    "  spinloom device bits Vodenicarevic2017_mtj --count 1e6 --interval 200us --xor 8 --over junctions --nist\n\n"
    "  spinloom device bits Zhang2024_sot --count 1e6 --probability 0.25 --out bits.txt\n\n"
    "  spinloom device bits Zhang2024_sot --count 2e7 --nist --seed 7 --json"
)
_STREAM = 1_000_000


def bits(
    name: Annotated[str, typer.Argument(help="A parameter set's name, or the path of your own TOML.")],
    count: Annotated[str, typer.Option(help="Bits, e.g. 1e6.")] = "1e6",
    interval: Annotated[
        str | None,
        typer.Option(help="Between samples of a superparamagnetic junction.  default: the set's sampling_time"),
    ] = None,
    current: Annotated[str, typer.Option(help="Through a superparamagnetic junction.")] = "0 A",
    probability: Annotated[float, typer.Option(help="Of a 1, of a device that is reset and pulsed.")] = 0.5,
    xor: Annotated[int, typer.Option(help="Whitening: bits XORed into one.")] = 1,
    over: Annotated[str, typer.Option(help="XOR of samples in a row, or of junctions.")] = "samples",
    nist: Annotated[bool, typer.Option("--nist", help="Test with NIST SP800-22, in streams of 1e6 bits.")] = False,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Override a parameter; may be repeated.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Fixes the bits.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="File: .bin eight bits a byte, first in the highest place; .txt as 0 and 1.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Make random bits from a device's own chance, whiten them by XOR, test them, and write them to a file."""
    from spinloom.errors import InputError
    from spinloom.units import si

    wanted = si(count, "number", "--count")
    if not (1 <= wanted <= 2**40) or wanted != round(wanted):
        raise InputError(f"--count {count}: a whole number of bits is needed, at least 1.")
    if out is not None:
        _writable(out)
    with Bars(quiet=as_json) as bars:
        made, facts = _make(name, overrides(set_), round(wanted), interval, current, probability, xor, over, seed, bars)
        report = _test(made, bars) if nist else None
    if out is not None:
        _write(made, out)
    if as_json:
        print_json(_as_json(name, made, facts, report, seed, out))
        return
    _print(name, made, facts, report)
    if out is not None:
        console().print(f"[dim]wrote {out}[/dim]", soft_wrap=True)


def _make(
    name: str, changes: dict[str, str], count: int, interval: str | None, current: str, probability: float, xor: int,
    over: Any, seed: int, bars: Bars,
) -> tuple[RandomBits, dict[str, float]]:  # fmt: skip
    """The bits, and what is known of them beforehand: bias, correlation, time and energy of one."""
    from spinloom import devices, parameters
    from spinloom.devices.bit_stream import bernoulli_bits, telegraph_bits, whitened_moments
    from spinloom.errors import InputError
    from spinloom.responses import Bernoulli
    from spinloom.units import si

    kind = parameters.load(name).device
    stage = bars.stage("bits")
    together = xor if over == "junctions" else 1
    if kind == "superparamagnetic_junction":
        junction = devices.device(name, **changes)
        seconds = si(interval, "time", "--interval") if interval else junction.parameters.value("sampling_time")
        if not seconds:
            raise InputError(f"{name} does not say how often it is sampled: give --interval, e.g. --interval 200us.")
        many = junction.two_state(max(together, 1), seed)
        amperes = si(current, "current", "--current")
        made = telegraph_bits(many, count, seconds, amperes, xor=xor, over=over, seed=seed, progress=stage)
        p, tau = float(many.probability_parallel(amperes)[0]), float(many.correlation_time(amperes)[0])
        bias, correlation = whitened_moments(p, math.exp(-seconds / tau), xor, over)
        return made, {"time_per_bit": made.time_per_bit, "expected_bias": bias, "expected_correlation": correlation}
    if kind == "stochastic_switch":
        response = Bernoulli.from_parameters(name, **changes)
        import numpy as np

        made = bernoulli_bits(
            np.full(max(together, 1), probability), count, xor=xor, over=over, seed=seed, progress=stage
        )
        bias, _ = whitened_moments(probability, 0.0, xor, over)
        facts = {"time_per_bit": response.time_per_bit * (1 if over == "junctions" else xor), "expected_bias": bias}
        if 0.0 < probability < 1.0:
            facts["drive"] = float(response.drive_for(probability))
            facts["energy_per_bit"] = response.energy_per_bit(probability) * xor
        return made, facts
    raise InputError(
        f"{name} is a {kind.replace('_', ' ')}. Bits come from a superparamagnetic junction or a stochastic switch; of "
        "a junction with dynamics measure the switching probability first: spinloom device curve."
    )


def _test(made: RandomBits, bars: Bars) -> NistReport:
    """The tests on streams of 1e6 bits, or on one shorter stream with the tests that it is long enough for."""
    import numpy as np

    from spinloom.engines.cpu import threads_available
    from spinloom.tasks import nist_suite

    stage = bars.stage("NIST SP800-22")
    if made.count < 2 * _STREAM:
        return nist_suite(made, skip_short=True, progress=stage)
    streams = made.count // _STREAM
    packed = np.reshape(made.packed[0, : streams * _STREAM // 8], (streams, -1))
    return nist_suite(packed, count=_STREAM, workers=threads_available(), progress=stage)


def _writable(out: Path) -> None:
    from spinloom.errors import InputError, OutputError

    if out.suffix not in (".bin", ".txt"):
        raise InputError(f"--out {out}: end the name in .bin (eight bits a byte) or .txt (the digits 0 and 1).")
    if not out.absolute().parent.is_dir():
        raise OutputError(f"'{out}' cannot be written: there is no folder '{out.absolute().parent}'.")


def _write(made: RandomBits, out: Path) -> None:
    from spinloom.errors import OutputError

    try:
        if out.suffix == ".bin":
            out.write_bytes(made.packed[0].tobytes())
        else:
            with out.open("wb") as file:
                file.write((made.unpacked()[0] + ord("0")).tobytes())
    except OSError as error:
        raise OutputError(f"'{out}' cannot be written: {error.strerror or error}.") from None


def _print(name: str, made: RandomBits, facts: dict[str, float], report: NistReport | None) -> None:
    from spinloom.units import pretty

    screen = console()
    bias = float(made.mean()[0]) - 0.5
    line = f"[bold]{name}[/bold]  {made.count:,} bits, {0.5 + bias:.6f} of them 1"
    if math.isfinite(facts.get("time_per_bit", math.nan)):
        line += f", {pretty(facts['time_per_bit'], 's')} each on the device"
    if math.isfinite(facts.get("energy_per_bit", math.nan)):
        line += f", {pretty(facts['energy_per_bit'], 'J')} each"
    screen.print(line, soft_wrap=True)
    screen.print(f"expected bias {facts['expected_bias']:.2g}, one standard error {0.5 / math.sqrt(made.count):.2g}")
    if "expected_correlation" in facts:
        screen.print(f"expected correlation of neighbours {facts['expected_correlation']:.2g}")
    if report is not None:
        screen.print(report.table(), soft_wrap=True, markup=False)


def _as_json(
    name: str, made: RandomBits, facts: dict[str, float], report: NistReport | None, seed: int, out: Path | None
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": name,
        "count": made.count,
        "seed": seed,
        "mean": float(made.mean()[0]),
        **{key: value if math.isfinite(value) else None for key, value in facts.items()},
        "files": [] if out is None else [str(out)],
    }
    if report is not None:
        found["nist"] = {
            "passed": report.passed,
            "verdicts": report.verdicts(),
            "marked": report.marked,
            "streams": report.data.sizes["stream"],
        }
    return found
