"""The fifteen tests of NIST SP800-22 on one stream: which code runs each, on how many bits, and its p-values.

Ten tests come from the library ``sp80022suite``, which is NIST's own C code. The other five have several p-values, of
which that library gives the smallest alone (and for one of them it reads a file of templates that it does not bring):
these are computed here, so that each p-value can be judged by itself, and are tested to have the library's minimum.

Rukhin et al., NIST special publication 800-22 revision 1a, doi:10.6028/NIST.SP.800-22r1a.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import erfc, gammaincc, ndtr

from spinloom.errors import InputError

BLOCK_FREQUENCY, TEMPLATE, ENTROPY, SERIAL, COMPLEXITY = 128, 9, 10, 16, 500
"""The block and pattern lengths that NIST's program takes by default."""
CYCLES = 500
"""Fewest cycles of the random walk with which the excursion tests apply (section 3.14)."""
_TEMPLATE_BLOCKS = 8
_STATES, _VARIANT_STATES = (-4, -3, -2, -1, 1, 2, 3, 4), (*range(-9, 0), *range(1, 10))

_scratch = np.empty(0, np.uint8)


@dataclass(frozen=True)
class NistTest:
    """One of the fifteen: its name, the fewest bits it may be given, why so many, and its p-values' names."""

    name: str
    least: int
    reason: str
    labels: tuple[str, ...]
    p_values: Callable[[np.ndarray], np.ndarray]
    library: bool = True


def library() -> Any:
    """The compiled tests.

    Raises
    ------
    InputError
        They are not installed; the message says how.
    """
    try:
        return importlib.import_module("sp80022suite")
    except ImportError:
        raise InputError(
            "The tests of NIST SP800-22 need the library sp80022suite, which is not installed: "
            "pip install 'spinloom[randomness]' (it is compiled on installation and needs a C compiler)."
        ) from None


def _buffer(bits: np.ndarray) -> memoryview:
    """The bits in a buffer that is used again: the library never lets go of what it was handed."""
    global _scratch
    if _scratch.size < bits.size:
        _scratch = np.empty(2 * bits.size, np.uint8)
    _scratch[: bits.size] = bits
    return memoryview(_scratch)[: bits.size]  # pyright: ignore[reportArgumentType]


def _compiled(function: str, *arguments: int) -> Callable[[np.ndarray], np.ndarray]:
    def run(bits: np.ndarray) -> np.ndarray:
        return np.array([getattr(library(), function)(*arguments, _buffer(bits))])

    return run


def runs(bits: np.ndarray) -> np.ndarray:
    """P-value of the number of runs (section 2.3).

    Where the share of ones is off by more than 2/sqrt(n), NIST leaves the test out and its program reports 0. One in
    16 000 ideal streams is so; 0 would be no p-value, so that this chance, erfc(4/sqrt 2) = 6.3e-5, stands for it here.
    """
    off = abs(float(bits.mean()) - 0.5) > 2.0 / math.sqrt(bits.size)
    return np.array([math.erfc(4.0 / math.sqrt(2.0))]) if off else np.array([library().runs(_buffer(bits))])


# ---- the five with several p-values -----------------------------------------------------------------------------


def _walk(bits: np.ndarray) -> np.ndarray:
    return np.cumsum(2 * bits.astype(np.int32) - 1, dtype=np.int32)


def cumulative_sums(bits: np.ndarray) -> np.ndarray:
    """P-values of the largest distance of the walk from its start, and from its end (section 2.13)."""
    walk = _walk(bits)
    low, high, end = min(int(walk.min()), 0), max(int(walk.max()), 0), int(walk[-1])
    return np.array([_excursion_p(max(high, -low), bits.size), _excursion_p(max(high - end, end - low), bits.size)])


def _excursion_p(z: int, n: int) -> float:
    def bound(numerator: int) -> int:
        return int(numerator / 4)  # NIST's program divides as C does, towards zero

    step, ratio = z / math.sqrt(n), n // z
    first = np.arange(bound(-ratio + 1), bound(ratio - 1) + 1)
    second = np.arange(bound(-ratio - 3), bound(ratio - 1) + 1)
    inner = ndtr((4 * first + 1) * step) - ndtr((4 * first - 1) * step)
    outer = ndtr((4 * second + 3) * step) - ndtr((4 * second + 1) * step)
    return float(1.0 - inner.sum() + outer.sum())


def _windows(bits: np.ndarray, length: int, cyclic: bool) -> np.ndarray:
    """The numbers that ``length`` bits from each place on write; cyclic: also across the end."""
    around = np.concatenate([bits, bits[: length - 1]]) if cyclic else bits
    code = np.zeros(around.size - length + 1, np.uint32)
    for k in range(length):
        code = (code << np.uint32(1)) | around[k : k + code.size]
    return code


def serial(bits: np.ndarray) -> np.ndarray:
    """P-values of the first and second difference of psi^2 of 16-bit patterns (section 2.11)."""
    counts = np.bincount(_windows(bits, SERIAL, cyclic=True), minlength=2**SERIAL).astype(float)
    psi = []
    for length in (SERIAL, SERIAL - 1, SERIAL - 2):
        psi.append((counts**2).sum() * 2.0**length / bits.size - bits.size)
        counts = counts.reshape(-1, 2).sum(axis=1)  # the same windows one bit shorter: the stream is a ring
    first, second = psi[0] - psi[1], psi[0] - 2 * psi[1] + psi[2]
    return gammaincc([2.0 ** (SERIAL - 2), 2.0 ** (SERIAL - 3)], np.array([first, second]) / 2)


def templates() -> np.ndarray:
    """The 148 aperiodic patterns of nine bits, as numbers: no such pattern can overlap with itself."""
    ends = [(k, (1 << k) - 1) for k in range(1, TEMPLATE)]
    return np.array([t for t in range(2**TEMPLATE) if all(t >> (TEMPLATE - k) != t & mask for k, mask in ends)])


def non_overlapping_templates(bits: np.ndarray) -> np.ndarray:
    """P-values of how often each of the 148 templates stands in each of eight blocks (section 2.7).

    Since no template overlaps with itself, all places where it stands count: one histogram serves all templates.
    Chi-square of counts that are nearly Poisson's: with 244 expected in a block (1e6 bits) p < 1e-5 has the right
    chance within a fifth, with 50 twice, with 10 seven times it.
    """
    block, m = bits.size // _TEMPLATE_BLOCKS, TEMPLATE
    rows = bits[: block * _TEMPLATE_BLOCKS].reshape(_TEMPLATE_BLOCKS, block)
    counts = np.stack([np.bincount(_windows(row, m, cyclic=False), minlength=2**m) for row in rows])[:, templates()]
    mean = (block - m + 1) / 2.0**m
    variance = block * (2.0**-m - (2 * m - 1) / 2.0 ** (2 * m))
    return gammaincc(_TEMPLATE_BLOCKS / 2, ((counts - mean) ** 2 / variance).sum(axis=0) / 2)


def random_excursions(bits: np.ndarray) -> np.ndarray:
    """P-values of the visits of eight states within the walk's cycles (section 2.14); nan where it has too few."""
    walk = _walk(bits)
    zero = walk == 0
    cycle = np.cumsum(zero) - zero
    cycles = int(zero.sum()) + int(walk[-1] != 0)
    if cycles < max(0.005 * math.sqrt(bits.size), CYCLES):
        return np.full(len(_STATES), np.nan)
    found = []
    for x in _STATES:
        visits = np.minimum(np.bincount(cycle[walk == x], minlength=cycles)[:cycles], 5)
        stay = 1.0 - 1.0 / (2 * abs(x))
        chances = np.array([stay, *(stay ** (k - 1) / (4 * x * x) for k in range(1, 5)), stay**4 / (2 * abs(x))])
        expected = cycles * chances
        found.append(gammaincc(2.5, (((np.bincount(visits, minlength=6) - expected) ** 2) / expected).sum() / 2))
    return np.array(found)


def random_excursions_variant(bits: np.ndarray) -> np.ndarray:
    """P-values of the total visits of eighteen states (section 2.15); nan where the walk has too few cycles."""
    walk = _walk(bits)
    cycles = int((walk == 0).sum()) + int(walk[-1] != 0)
    if cycles < max(0.005 * math.sqrt(bits.size), CYCLES):
        return np.full(len(_VARIANT_STATES), np.nan)
    states = np.array(_VARIANT_STATES)
    near = walk[np.abs(walk) <= 9] + 9
    visits = np.bincount(near, minlength=19)[states + 9]
    return erfc(np.abs(visits - cycles) / np.sqrt(2.0 * cycles * (4.0 * np.abs(states) - 2)))


_PATTERNS = "fewer bits than patterns would be left (section 2.{})"
TESTS: tuple[NistTest, ...] = (
    NistTest("frequency", 100, "section 2.1.7", ("",), _compiled("frequency")),
    NistTest("block_frequency", 128, "one block", ("",), _compiled("block_frequency", BLOCK_FREQUENCY)),
    NistTest(
        "cumulative_sums", 100, "section 2.13.7", ("forward", "backward"), cumulative_sums, library=False
    ),
    NistTest("runs", 100, "section 2.3.7", ("",), runs),
    NistTest("longest_run", 128, "section 2.4.2", ("",), _compiled("longest_run_of_ones")),
    NistTest("rank", 38_912, "38 matrices of 32 x 32, section 2.5.7", ("",), _compiled("rank")),
    NistTest("fourier", 1000, "section 2.6.7", ("",), _compiled("discrete_fourier_transform")),
    NistTest(
        "non_overlapping_templates", 204_864, "fifty matches expected in each of eight blocks",
        tuple(f"{t:09b}" for t in templates()), non_overlapping_templates, library=False,
    ),
    NistTest(
        "overlapping_templates", 1_000_000, "section 2.8.7", ("",),
        _compiled("overlapping_template_matchings", TEMPLATE),
    ),
    NistTest("universal", 387_840, "section 2.9.7", ("",), _compiled("universal")),
    NistTest(
        "approximate_entropy", 65_536, _PATTERNS.format("12.7"), ("",), _compiled("approximate_entropy", ENTROPY)
    ),
    NistTest(
        "random_excursions", 1_000_000, "section 2.14.7", tuple(f"{x:+d}" for x in _STATES), random_excursions,
        library=False,
    ),
    NistTest(
        "random_excursions_variant", 1_000_000, "section 2.15.7", tuple(f"{x:+d}" for x in _VARIANT_STATES),
        random_excursions_variant, library=False,
    ),
    NistTest("serial", 524_288, _PATTERNS.format("11.7"), ("first", "second"), serial, library=False),
    NistTest("linear_complexity", 1_000_000, "section 2.10.7", ("",), _compiled("linear_complexity", COMPLEXITY)),
)  # fmt: skip
"""In the order of NIST's report."""


def by_name() -> dict[str, NistTest]:
    """The fifteen by their names."""
    return {test.name: test for test in TESTS}
