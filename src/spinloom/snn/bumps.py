"""Bumps of a ring of equal junctions without noise: coupling in widths of the bell, rates in units of its peak.

u = J (G_a - q/L) * sech(u - b)
"""

from __future__ import annotations

import math

import numpy as np

from spinloom.snn.axis import Axis

LEAST = 0.2
"""A bump is there while the most active junction flips at this share of r_0 more than the least active one."""


def kernels(axis: Axis, width: float) -> tuple[np.ndarray, np.ndarray]:
    """Spacing times the Gaussian, (n, n), and spacing over the length."""
    distance = axis.difference(axis.positions[:, None], axis.positions)
    gaussian = np.exp(-0.5 * (distance / width) ** 2) / (math.sqrt(2.0 * math.pi) * width)
    return axis.spacing * gaussian, np.full_like(distance, axis.spacing / axis.length)


def first_shape(axis: Axis, at: float, width: float, bias: float) -> np.ndarray:
    """A field in widths w from which a bump settles, if there is one."""
    distance = axis.difference(axis.positions, at)
    return (bias + 1.0) * np.exp(-0.5 * (distance / (1.6 * width)) ** 2) - 0.5


def settled(axis: Axis, coupling: float, inhibition: float, width: float, bias: float) -> np.ndarray:
    """The settled bump of equal junctions, in widths w; NaN where it decays."""
    gaussian, flat = kernels(axis, width)
    weights = coupling * (gaussian - inhibition * flat)
    fields = first_shape(axis, 0.5 * (axis.low + axis.high), width, bias)
    for _ in range(4000):
        rates = 1.0 / np.cosh(fields - bias)
        change = weights @ rates - fields
        fields = fields + 0.3 * change
        if np.ptp(rates) < LEAST:
            return np.full_like(fields, np.nan)
        if np.abs(change).max() < 1e-7:
            break
    return fields


def critical_coupling(axis: Axis, inhibition: float, width: float, bias: float) -> float:
    """The least coupling J that holds a bump, to 0.1 % from above; infinite where none up to 1000 ``bias`` does."""

    def holds(coupling: float) -> bool:
        return not np.isnan(settled(axis, coupling, inhibition, width, bias)).any()

    low, high = 0.0, 2.0 * bias
    while not holds(high):
        low, high = high, 1.5 * high
        if high > 1e3 * bias:
            return math.inf
    while high - low > 1e-3 * high:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def derivative(axis: Axis, fields: np.ndarray) -> np.ndarray:
    """DU/dx along the axis: exact for what the ring resolves, by differences on a line."""
    if not axis.periodic:
        return np.gradient(fields, axis.spacing, axis=-1)
    waves = 2.0j * math.pi * np.fft.rfftfreq(axis.count, axis.spacing)
    return np.fft.irfft(waves * np.fft.rfft(fields, axis=-1), axis.count, axis=-1)
