"""How a scalar physics function is compiled, its exact constants, and three-vector algebra."""

from __future__ import annotations

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
