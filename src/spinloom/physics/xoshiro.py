"""xoshiro128+ (Blackman and Vigna, doi:10.1145/3460772): a generator whose state is four 32-bit words.

Where one chain draws billions of numbers in order, a state in registers costs a fifth of a counter's hash. The first
state of a chain comes from the counter-based generator, keyed by (seed, chain), so that a draw still depends on seed,
chain and its place in the chain alone. The lowest bits are weak; use the upper 24.
"""

from __future__ import annotations

from numba import uint32

from spinloom.physics.scalar import scalar


@scalar
def advance(a, b, c, d):
    """One number and the next state: (word, a, b, c, d)."""
    word = uint32(a + d)
    shifted = uint32(b << uint32(9))
    c = uint32(c ^ a)
    d = uint32(d ^ b)
    b = uint32(b ^ c)
    a = uint32(a ^ d)
    c = uint32(c ^ shifted)
    d = uint32(uint32(d << uint32(11)) | uint32(d >> uint32(21)))
    return word, a, b, c, d
