"""The ``spinloom`` program: its commands, and how errors reach the user.

Exit codes: 0 done, 1 a check failed, 2 the request was wrong, 130 interrupted.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from spinloom.cli import (
    bits,
    data,
    demo,
    device,
    device_telegraph,
    device_tuning,
    ising,
    parameters,
    reproduce,
    synapse,
    synapse_bench,
)
from spinloom.cli.show import Stopped, fail, warn
from spinloom.errors import SpinloomError, SpinloomWarning

_UsageError: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
"""The base of the parser's own errors, which typer takes from click or, since 0.29, from its own copy of it."""

app = typer.Typer(
    name="spinloom",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from spinloom import __version__

        typer.echo(f"spinloom {__version__}")
        raise typer.Exit


@app.callback(
    epilog="[bold]Examples[/bold]\n\n"
    "  spinloom demo\n\n"
    "  spinloom device curve Xin2023_mtj --current 2uA:30uA:29 --pulse 30ns\n\n"
    "  spinloom reproduce Xin2023_energy"
)
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """From a magnetic device's equation of motion to a network that does a task, and what that costs.

    A quantity is a number with a unit ("30 ns" or 30ns); a range is from:to:points; a name is a built-in or a path.
    Exit codes: 0 done, 1 a check failed, 2 the request was wrong, 130 interrupted.
    """


app.add_typer(parameters.app, name="parameters")
device.app.command("tuning", epilog=device_tuning.EXAMPLES)(device_tuning.tuning)
device.app.command("telegraph", epilog=device_telegraph.EXAMPLES)(device_telegraph.telegraph)
device.app.command("bits", epilog=bits.EXAMPLES)(bits.bits)
app.add_typer(device.app, name="device")
synapse.app.command("bench", epilog=synapse_bench.EXAMPLES)(synapse_bench.bench)
app.add_typer(synapse.app, name="synapse")
app.add_typer(ising.app, name="ising")
app.command("reproduce", epilog=reproduce.EXAMPLES)(reproduce.reproduce)
app.add_typer(data.app, name="data")
app.command("demo", epilog=demo.EXAMPLES)(demo.demo)


def _show_warning(message: Warning | str, category: type[Warning], filename: str, lineno: int, *rest: Any) -> None:
    if issubclass(category, SpinloomWarning):
        warn(str(message))
    else:
        sys.stderr.write(warnings.formatwarning(message, category, filename, lineno))


def _usage(error: Any) -> int:
    """A command line that cannot be parsed; without any word it is a question for the help, already printed."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return 2
    context = error.ctx
    fail(f"{error.format_message()}{f' See: {context.command_path} --help' if context is not None else ''}")
    return 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code.

    Parameters
    ----------
    arguments : sequence of str or None
        Words after ``spinloom``; None takes them from the command line.
    """
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        warnings.simplefilter("always", SpinloomWarning)
        try:
            words = list(sys.argv[1:] if arguments is None else arguments)
            code = app(args=words, prog_name="spinloom", standalone_mode=False)
        except Stopped as stop:
            fail(str(stop))
            return 130
        except (KeyboardInterrupt, typer.Abort):
            code = 130
        except SpinloomError as error:
            fail(str(error))
            return 2
        except _UsageError as error:
            return _usage(error)
        except BrokenPipeError:  # `spinloom ... | head` is no error
            sys.stderr.close()
            return 0
    if code == 130:  # the parser turns Ctrl-C into this code without a word
        fail("Interrupted.")
    return code if isinstance(code, int) else 0
