"""64 bits of a stochastic stream at a time: Bernoulli bits, telegraph samples and counts as pure functions of a word.

Bit t of a word is sample t, the lowest first. All arithmetic is on uint64.
"""

from __future__ import annotations

from numba import uint32, uint64

from spinloom.physics.rng import draw
from spinloom.physics.scalar import scalar

CERTAIN = 1 << 32
"""The level of probability 1; levels are probabilities times 2^32."""

_NONE, _ONE, _ALL = uint64(0), uint64(1), uint64(0xFFFFFFFFFFFFFFFF)


@scalar
def bernoulli_word(level, key_low, key_high, device, step, stream):
    """64 independent bits, each 1 with probability level/2^32 exactly, 0 <= level <= 2^32.

    A uniform number is compared with the level bit by bit from the top, in all 64 places at once, and only until every
    place has differed: about seven random words where the level needs many bits, none for 0 and 1. ``stream`` and
    every 256th stream above it are used.
    """
    value = uint64(level)
    result = _ALL if value >= uint64(CERTAIN) else _NONE
    open_places = _ALL if _NONE < value < uint64(CERTAIN) else _NONE
    # what is left of the level below the bit looked at: once it is 0 no open place can fall below it any more
    rest = uint64(value << uint64(32))
    number = uint32(0)
    while open_places != _NONE and rest != _NONE:
        words = draw(
            key_low, key_high, uint32(device), uint64(step), uint32(uint32(stream) + uint32(number * uint32(256)))
        )
        number = uint32(number + uint32(1))
        first = uint64(uint64(words[0]) << uint64(32)) | uint64(words[1])
        second = uint64(uint64(words[2]) << uint64(32)) | uint64(words[3])
        wanted = _ALL if (rest >> uint64(63)) == _ONE else _NONE
        result |= open_places & wanted & ~first
        open_places &= ~(wanted ^ first)
        rest = uint64(rest << _ONE)
        wanted = _ALL if (rest >> uint64(63)) == _ONE else _NONE
        result |= open_places & wanted & ~second
        open_places &= ~(wanted ^ second)
        rest = uint64(rest << _ONE)
    return result


@scalar
def telegraph_word(fresh, keep, last):
    """64 samples of a two-state process: sample t repeats sample t-1 where ``keep`` has a 1, else it is ``fresh``'s.

    With P(keep) = c and P(fresh) = p this is the telegraph process at constant drive, exact: stationary mean p,
    autocorrelation c^k, c = exp(-T_s/tau*). ``last`` is the sample before the first, 0 or 1. The samples run through
    the word as the carries of one addition: fresh ones generate, kept ones propagate.
    """
    generate = uint64(fresh) & ~uint64(keep)
    either = uint64(fresh) | uint64(keep)
    carries = uint64(generate + either + uint64(last)) ^ generate ^ either  # place t: the sample before t
    state = (generate | (either & carries)) >> uint64(63)
    return uint64(uint64(carries >> uint64(1)) | uint64(state << uint64(63)))


@scalar
def count_ones(word):
    """Ones in a word, by the sums of neighbours that LLVM turns into the processor's own instruction."""
    x = uint64(word)
    x = x - (uint64(x >> uint64(1)) & uint64(0x5555555555555555))
    x = (x & uint64(0x3333333333333333)) + (uint64(x >> uint64(2)) & uint64(0x3333333333333333))
    x = (x + uint64(x >> uint64(4))) & uint64(0x0F0F0F0F0F0F0F0F)
    return uint64(uint64(x * uint64(0x0101010101010101)) >> uint64(56))
