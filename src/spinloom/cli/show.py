"""What the command line puts on the screen: errors in one paragraph, JSON, progress bars, tables."""

from __future__ import annotations

import json
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, final

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.progress import Progress, TaskID


class Stopped(Exception):
    """Ctrl-C, with what was kept and how to go on; the parser would swallow a KeyboardInterrupt's message."""


def console(stderr: bool = False) -> Console:
    """A rich console on stdout or stderr; made when needed, so that it sees a redirected stream."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, soft_wrap=False)


def fail(message: str) -> None:
    """One paragraph on stderr."""
    console(stderr=True).print(f"[bold red]error:[/bold red] {_escape(' '.join(message.split()))}", soft_wrap=True)


def warn(message: str) -> None:
    """One paragraph on stderr."""
    console(stderr=True).print(
        f"[bold yellow]warning:[/bold yellow] {_escape(' '.join(message.split()))}", soft_wrap=True
    )


def step(text: str) -> None:
    """One line of a longer job."""
    console().print(f"[bold cyan]▸[/bold cyan] {_escape(text)}", soft_wrap=True)


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def print_json(value: Any) -> None:
    """JSON for scripts on stdout, nothing else beside it."""
    sys.stdout.write(json.dumps(value, indent=1, ensure_ascii=False) + "\n")


@final
class Bars:
    """Progress on stderr, one bar a stage; silent where stderr is no terminal.

    Use as a context manager; the object itself is the ``progress(stage, done, total)`` that a reproduction takes, and
    ``bars.stage("name")`` is the ``progress(done, total)`` that a device takes. A bar appears with its stage's first
    report, and a stage that is over within half a second leaves none behind.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._progress: Progress | None = None
        self._tasks: dict[str, tuple[TaskID, float]] = {}

    def __enter__(self) -> Self:
        """Start drawing."""
        from rich.progress import (
            BarColumn,
            Progress,
            TaskProgressColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        screen = console(stderr=True)
        if not self._quiet and screen.is_terminal:
            self._progress = Progress(
                TextColumn("[cyan]▸[/cyan] {task.description}"),
                BarColumn(bar_width=24),
                TaskProgressColumn(),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                TextColumn("[dim]{task.fields[rate]}[/dim]"),
                console=screen,
            )
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop drawing; what is on the screen stays."""
        if self._progress is not None:
            self._progress.stop()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report a stage's progress."""
        if self._progress is None:
            return
        if stage not in self._tasks:
            self._tasks[stage] = (self._progress.add_task(stage, total=total, rate=""), time.perf_counter())
        task, start = self._tasks[stage]
        rate = _rate(done, time.perf_counter() - start)
        self._progress.update(task, completed=done, total=total, rate=rate)

    def stage(self, name: str) -> Any:
        """A ``progress(done, total)`` for one stage."""
        return lambda done, total: self(name, done, total)


def _rate(done: int, seconds: float) -> str:
    """Millions of spin-steps a second where the work is counted in them; nothing for smaller counts."""
    return f"{done / seconds / 1e6:.0f} M spin-steps/s" if seconds > 0.2 and done / seconds > 1e6 else ""


@final
class Line:
    """One line on stderr that is written anew while a search runs; silent where stderr is no terminal."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._live: Live | None = None

    def __enter__(self) -> Self:
        """Start drawing."""
        from rich.live import Live

        screen = console(stderr=True)
        if not self._quiet and screen.is_terminal:
            self._live = Live(console=screen, auto_refresh=False, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop drawing and clear the line."""
        if self._live is not None:
            self._live.stop()

    def __call__(self, text: str) -> None:
        """Put this text, with markup, in place of what stands there."""
        from rich.text import Text

        if self._live is not None:
            line = Text.from_markup(f"[cyan]▸[/cyan] {text}")
            line.no_wrap = True
            self._live.update(line, refresh=True)
