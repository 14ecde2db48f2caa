"""Data sets with their metric, ready for a network: MNIST, 8x8 digits, spoken digits, iris, or your own arrays."""

from spinloom.tasks.data import DataSet, available, data_folder, fetch, mnist, spoken_digits
from spinloom.tasks.metrics import accuracy
from spinloom.tasks.small import digits, iris
from spinloom.tasks.split import Split

__all__ = [
    "DataSet",
    "Split",
    "accuracy",
    "available",
    "data_folder",
    "digits",
    "fetch",
    "iris",
    "mnist",
    "spoken_digits",
]
