"""Counter-based random numbers: a draw depends on (seed, device, step, stream) and on nothing else.

Philox4x32 with 7 rounds (Salmon et al., SC11, doi:10.1145/2063384.2063405: passes BigCrush; the published test vectors
for 7 and for 10 rounds are in the tests). Every intermediate is cast back to 32 bits: numba makes uint64 of
uint32 + uint32, which would break both the generator and the vectorisation.

Normals are made by Box and Muller's transform from branch-free float32 polynomials, since calls into libm would end
the vectorisation. They are float32 in a float64 kernel too: the noise of a thermal field needs no more digits.
"""

from __future__ import annotations

import math

from numba import float32, int32, uint32, uint64

from spinloom.physics.scalar import HALF, ONE, TWO, ZERO, bits_of_float, float_of_bits, scalar

ROUNDS = 7
STREAM_DYNAMICS, STREAM_INITIAL_STATE = 0, 1

_MULTIPLIER_0, _MULTIPLIER_1 = 0xD2511F53, 0xCD9E8D57
_WEYL_0, _WEYL_1 = 0x9E3779B9, 0xBB67AE85
_TO_UNIT_21 = float32(2.0**-21)
_TO_TURN_21 = float32(2.0**-20)


@scalar
def philox(c0, c1, c2, c3, k0, k1, rounds):
    """Philox4x32: four 32-bit words from a 128-bit counter and a 64-bit key."""
    for _ in range(rounds):
        low = uint64(uint64(c0) * uint64(_MULTIPLIER_0))
        high = uint64(uint64(c2) * uint64(_MULTIPLIER_1))
        n0 = uint32(uint32(uint32(high >> uint64(32)) ^ uint32(c1)) ^ uint32(k0))
        n2 = uint32(uint32(uint32(low >> uint64(32)) ^ uint32(c3)) ^ uint32(k1))
        c0, c1, c2, c3 = n0, uint32(high), n2, uint32(low)
        k0 = uint32(uint32(k0) + uint32(_WEYL_0))
        k1 = uint32(uint32(k1) + uint32(_WEYL_1))
    return c0, c1, c2, c3


@scalar
def draw(seed_low, seed_high, device, step, stream):
    """Four random 32-bit words of one device at one step; the step is 64 bits wide, the stream 32."""
    return philox(
        uint32(step), uint32(uint64(step) >> uint64(32)), uint32(device), uint32(stream), seed_low, seed_high, ROUNDS
    )


@scalar
def uniform(word):
    """A float32 in (0, 1), never 0 or 1, from the upper 23 bits of a word."""
    return (float32(int32(uint32(word) >> uint32(9))) + HALF) * float32(2.0**-23)


@scalar
def uniform_step(state, params, drive, dt, random):
    """A step function whose new state is two uniform numbers: how an engine draws initial states."""
    return uniform(random[0]), uniform(random[1])


@scalar
def log_unit(x):
    """ln x for 0 < x <= 1 in float32, from 2^e (1 + f) and a minimax polynomial in f.

    Relative error below 3e-7, but for x so near to 1 that ln x is below 1e-6, where it is absolute.
    """
    bits = bits_of_float(float32(x))
    exponent = int32(int32(bits - int32(0x3F3504F3)) >> int32(23))
    f = float_of_bits(int32(bits - int32(exponent << int32(23)))) - ONE
    p = float32(7.0376836292e-2)
    p = p * f - float32(1.1514610310e-1)
    p = p * f + float32(1.1676998740e-1)
    p = p * f - float32(1.2420140846e-1)
    p = p * f + float32(1.4249322787e-1)
    p = p * f - float32(1.6668057665e-1)
    p = p * f + float32(2.0000714765e-1)
    p = p * f - float32(2.4999993993e-1)
    p = p * f + float32(3.3333331174e-1)
    square = f * f
    return float32(exponent) * float32(0.6931471806) + (f - HALF * square + square * f * p)


@scalar
def sine_cosine_turns(x):
    """Sine and cosine of pi x for |x| <= 1 in float32, absolute error below 1e-6, without branches."""
    quarter = int32(math.floor(TWO * x + HALF))
    r = x - HALF * float32(quarter)
    square = r * r
    s = float32(2.55016404) + square * float32(-0.59926453)
    s = r * (float32(3.14159265) + square * (float32(-5.16771278) + square * s))
    c = float32(4.05871213) + square * (float32(-1.33526277) + square * float32(0.23533063))
    c = ONE + square * (float32(-4.93480220) + square * c)
    swap = int32(quarter & int32(1)) != int32(0)
    sine = c if swap else s
    cosine = s if swap else c
    if int32(quarter & int32(2)) != int32(0):
        sine = -sine
    if int32(int32(quarter + int32(1)) & int32(2)) != int32(0):
        cosine = -cosine
    return sine, cosine


@scalar
def _box_muller_21(radius_bits, angle_bits):
    radius = math.sqrt(max(-TWO * log_unit((float32(int32(radius_bits)) + HALF) * _TO_UNIT_21), ZERO))
    sine, cosine = sine_cosine_turns((float32(int32(angle_bits)) + HALF) * _TO_TURN_21 - ONE)
    return radius * cosine, radius * sine


@scalar
def six_normals(r0, r1, r2, r3):
    """Six independent standard normals from the 128 bits of one draw.

    Three Box-Muller pairs on 21-bit uniforms (126 of the 128 bits). A radius of 21 bits ends at 5.5 standard
    deviations, where a normal has 4e-8 of its weight: far below what an average over many time steps can feel.
    """
    a0, a1 = uint32(r0 >> uint32(11)), uint32(r1 >> uint32(11))
    a2, a3 = uint32(r2 >> uint32(11)), uint32(r3 >> uint32(11))
    a4 = uint32(uint32(uint32(r0 & uint32(0x7FF)) << uint32(10)) | uint32(uint32(r1 & uint32(0x7FF)) >> uint32(1)))
    a5 = uint32(uint32(uint32(r2 & uint32(0x7FF)) << uint32(10)) | uint32(uint32(r3 & uint32(0x7FF)) >> uint32(1)))
    n0, n1 = _box_muller_21(a0, a1)
    n2, n3 = _box_muller_21(a2, a3)
    n4, n5 = _box_muller_21(a4, a5)
    return n0, n1, n2, n3, n4, n5
