"""How a scalar physics function is compiled, its exact constants, and three-vector algebra."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from numba import float32, int32, njit
from numba.extending import intrinsic


def scalar(function: Callable) -> Any:
    """Decorator of every physics function: inlined into the engine's lane loop, where LLVM vectorises it."""
    return njit(inline="always", fastmath=True, error_model="numpy")(function)


# float32 values that are exact in binary: they neither promote a float32 kernel nor degrade a float64 one
ZERO, HALF, ONE, THREE_HALVES, TWO, SIX = (float32(x) for x in (0.0, 0.5, 1.0, 1.5, 2.0, 6.0))


def _intrinsic(function: Callable) -> Any:
    return intrinsic(function)


@_intrinsic
def bits_of_float(_typing, x):
    """The 32 bits of a float32 as int32 (numpy's view, without numpy)."""

    def generate(context, builder, _signature, values):
        return builder.bitcast(values[0], context.get_value_type(int32))

    return int32(float32), generate


@_intrinsic
def float_of_bits(_typing, x):
    """The float32 whose bits are those of an int32."""

    def generate(context, builder, _signature, values):
        return builder.bitcast(values[0], context.get_value_type(float32))

    return float32(int32), generate


@scalar
def cross(ax, ay, az, bx, by, bz):
    """a x b."""
    return ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx


@scalar
def dot(ax, ay, az, bx, by, bz):
    """a . b."""
    return ax * bx + ay * by + az * bz


@scalar
def cayley_rotation(mx, my, mz, tx, ty, tz):
    """Rotate m about t by the angle 2 arctan|t|: the Cayley transform, exact in |m|, without sine or cosine.

    m' = m + 2/(1 + t.t) t x (m + t x m); for a small rotation vector w dt, t = w dt/2.
    """
    ax, ay, az = cross(tx, ty, tz, mx, my, mz)
    bx, by, bz = cross(tx, ty, tz, mx + ax, my + ay, mz + az)
    scale = TWO / (ONE + dot(tx, ty, tz, tx, ty, tz))
    return mx + scale * bx, my + scale * by, mz + scale * bz


@scalar
def exponential(x):
    """e^x in float32 for -87 <= x <= 88 (clipped outside), relative error below 1e-7 (1 + |x|), without branches.

    2^k by its bits times a minimax polynomial of the remainder, |r| <= ln 2/2.
    """
    clipped = min(max(float32(x), float32(-87.0)), float32(88.0))
    k = int32(math.floor(clipped * float32(1.4426950409) + HALF))
    r = clipped - float32(k) * float32(0.6931471806)
    p = float32(1.9875691500e-4)
    p = p * r + float32(1.3981999507e-3)
    p = p * r + float32(8.3334519073e-3)
    p = p * r + float32(4.1665795894e-2)
    p = p * r + float32(1.6666665459e-1)
    p = p * r + float32(5.0000001201e-1)
    return (p * r * r + r + ONE) * float_of_bits(int32(int32(k + int32(127)) << int32(23)))


@scalar
def one_minus_exponential(x):
    """1 - e^-x in float32 for x >= 0, relative error below 2e-6 down to the smallest x, without branches."""
    small = min(float32(x), float32(0.5))
    p = ONE - small * float32(1.0 / 7.0)
    p = ONE - small * float32(1.0 / 6.0) * p
    p = ONE - small * float32(1.0 / 5.0) * p
    p = ONE - small * float32(1.0 / 4.0) * p
    p = ONE - small * float32(1.0 / 3.0) * p
    p = ONE - small * HALF * p
    return small * p if x < HALF else ONE - exponential(-x)
