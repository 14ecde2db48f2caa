"""Data sets with their metric, ready for a network: MNIST, 8x8 digits, spoken digits, iris, or your own arrays.

Also the tests of random bits, :func:`nist_suite`.
"""

import importlib
from typing import TYPE_CHECKING, Any

from spinloom.tasks.data import DataSet, available, data_folder, fetch, mnist, spoken_digits
from spinloom.tasks.metrics import accuracy
from spinloom.tasks.small import digits, iris
from spinloom.tasks.split import Split

if TYPE_CHECKING:
    from spinloom.tasks.randomness import NistReport, nist_suite

__all__ = [
    "DataSet",
    "NistReport",
    "Split",
    "accuracy",
    "available",
    "data_folder",
    "digits",
    "fetch",
    "iris",
    "mnist",
    "nist_suite",
    "spoken_digits",
]


def __getattr__(name: str) -> Any:
    if name not in ("NistReport", "nist_suite"):  # they need scipy and xarray, which data sets do not
        raise AttributeError(f"module 'spinloom.tasks' has no attribute '{name}'")
    return getattr(importlib.import_module("spinloom.tasks.randomness"), name)
