"""Ctrl-C that is not lost.

Python raises KeyboardInterrupt wherever the main thread happens to be. Inside a destructor or a callback from C (a
netCDF file being closed, say) the exception is printed and dropped, and the run would go on. So the first Ctrl-C is
only remembered, and the run asks for it between its steps, many times a second; the second one raises at once.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import final


@final
class Interrupt:
    """Whether Ctrl-C was pressed."""

    def __init__(self) -> None:
        self.seen = False

    def check(self) -> None:
        """Raise KeyboardInterrupt if Ctrl-C was pressed."""
        if self.seen:
            raise KeyboardInterrupt


@contextmanager
def remembered() -> Iterator[Interrupt]:
    """Remember Ctrl-C while the block runs; a handler that the caller has set is left alone."""
    interrupt = Interrupt()
    mine = threading.current_thread() is threading.main_thread()
    if not mine or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield interrupt
        return

    def handle(number: int, frame: FrameType | None) -> None:
        if interrupt.seen:
            signal.default_int_handler(number, frame)
        interrupt.seen = True

    signal.signal(signal.SIGINT, handle)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
