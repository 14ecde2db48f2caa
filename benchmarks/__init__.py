"""Benchmarks: figures that Spinloom must reach, next to its peers in the same run. Never part of the tests."""

from typing import NamedTuple


class Row(NamedTuple):
    """One line of the table of results."""

    what: str
    must: str
    measured: str
    met: bool | None
