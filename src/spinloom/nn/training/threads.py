"""How many threads torch may use while a run lasts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch


@contextlib.contextmanager
def one_thread(wanted: bool = True) -> Iterator[None]:
    """Hold torch to one thread, where wanted.

    The products of a small batch are over before a second thread has begun. On a busy machine the threads then wait for
    one another and an update takes a hundred times as long; and the order of their sums would decide the last digits.
    """
    before = torch.get_num_threads()
    if wanted:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
