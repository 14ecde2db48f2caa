"""Stochastic computing: numbers as packed streams of random bits, from junctions, with gates and network layers."""

from spinloom.nn.bit_streams.correlation import (
    Correlation,
    enlargement,
    isolation,
    mean_variance,
    overlap,
    product_variance,
    scc,
)
from spinloom.nn.bit_streams.junctions import Junctions
from spinloom.nn.bit_streams.layers import OrConv2d, OrLinear, StochasticLinear, set_streams, stream_layers
from spinloom.nn.bit_streams.networks import Gain, or_convnet, stream_network
from spinloom.nn.bit_streams.stream import BitStream, debug, or_all, parallel_count

__all__ = [
    "BitStream",
    "Correlation",
    "Gain",
    "Junctions",
    "OrConv2d",
    "OrLinear",
    "StochasticLinear",
    "debug",
    "enlargement",
    "isolation",
    "mean_variance",
    "or_all",
    "or_convnet",
    "overlap",
    "parallel_count",
    "product_variance",
    "scc",
    "set_streams",
    "stream_layers",
    "stream_network",
]
