"""Responses: what a device hands to a network, measured on it or read from a laboratory's file."""

from spinloom.responses.combination import pair_levels
from spinloom.responses.control import constant_offset_path, sigmoid_map
from spinloom.responses.plasticity import Plasticity
from spinloom.responses.shapes import Exponential, Logistic, Tabulated
from spinloom.responses.sigmoid import Sigmoid

__all__ = [
    "Exponential",
    "Logistic",
    "Plasticity",
    "Sigmoid",
    "Tabulated",
    "constant_offset_path",
    "pair_levels",
    "sigmoid_map",
]
