"""Ctrl-C is not lost where Python drops its exception."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType

import pytest

from spinloom.experiments.interrupt import remembered


def _press() -> None:
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(1000):  # the handler runs between two of these bytecodes
        pass


class _Closing:
    """Stands for a file that is being closed when Ctrl-C comes: what its destructor raises is dropped by Python."""

    def __del__(self) -> None:
        _press()


def test_an_interrupt_in_a_destructor_is_not_lost() -> None:
    with remembered() as interrupt:
        closing = _Closing()
        del closing  # pytest would fail here on an exception that was printed and dropped
        assert interrupt.seen
        with pytest.raises(KeyboardInterrupt):
            interrupt.check()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_second_interrupt_raises_at_once() -> None:
    with remembered():
        _press()
        with pytest.raises(KeyboardInterrupt):
            _press()


def test_without_interrupt_nothing_is_raised() -> None:
    with remembered() as interrupt:
        interrupt.check()


def test_a_callers_own_handler_is_left_alone() -> None:
    def own(number: int, frame: FrameType | None) -> None:
        pass

    before = signal.signal(signal.SIGINT, own)
    try:
        with remembered():
            assert signal.getsignal(signal.SIGINT) is own
    finally:
        signal.signal(signal.SIGINT, before)


def test_outside_the_main_thread_no_handler_is_set() -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            with remembered() as interrupt:
                interrupt.check()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert failures == []
