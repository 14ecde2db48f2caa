"""What factorisation's protocol computes besides sampling: p-bits without a clock, repeats of runs, numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spinloom.experiments.protocols import factorisation as protocol
from spinloom.experiments.protocols.logic import circuit_of, modes_right, wires_of
from spinloom.ising import histograms
from spinloom.ising.encodings.factorisation import Factorisation
from spinloom.ising.exact import Enumeration

NOMINAL = (np.ones(4), np.zeros(4))


def test_p_bits_without_a_clock_have_the_exact_law() -> None:
    """4000 runs of 35 against enumeration; the bound is passed by chance in one of 1e4 runs, and the seed is fixed."""
    task = Factorisation.of(35, 2, 2)
    found = Enumeration.from_terms(task.polynomial(), task.labels)
    betas = protocol.ramp(0.005, 60)
    counts, first = protocol.asynchronous(found.energies, NOMINAL, betas, 4000, seed=1)
    p = found.distribution(0.005)
    assert histograms.total_variation(counts, p) < histograms.largest_variation(p, 4000, 1e-4)
    assert counts.sum() == 4000
    assert (first[~np.isnan(first)] <= 60).all()
    # 2 of 16 states are answers: an eighth of the runs start there (standard error 0.5 %; five of them)
    assert np.mean(first == 0) == pytest.approx(0.125, abs=0.026)


def test_an_offset_is_a_field() -> None:
    """Without energies P(+1) = (1 - tanh(offset))/2: 10 000 runs, five standard errors (0.5 %) of the share."""
    chip = (np.ones(1), np.array([0.5]))
    counts, _ = protocol.asynchronous(np.ones(2), chip, np.ones(20), 10_000, seed=2)
    assert counts[1] / 10_000 == pytest.approx(0.5 * (1 - math.tanh(0.5)), abs=0.025)


def test_ramp_ends_at_its_value() -> None:
    assert protocol.ramp(2.0, 4).tolist() == [1.0, 2.0, 2.0, 2.0]


def test_repeats_until_success() -> None:
    assert protocol.repeats(0.5) == pytest.approx(math.log(0.01) / math.log(0.5), rel=1e-14)  # 6.64
    assert protocol.repeats(0.995) == protocol.repeats(1.0) == 1.0
    assert protocol.repeats(0.0) == math.inf


@pytest.mark.parametrize("bits", [6, 16])
def test_numbers_are_products_of_two_primes_of_half_the_digits(bits: int) -> None:
    for number in protocol.semiprimes(bits, 5, seed=0):
        factors = Factorisation.of(number, bits // 2 - 1, bits // 2 - 1).factors()
        assert 1 <= len(factors) <= 2
        assert all(x.bit_length() == y.bit_length() == bits // 2 for x, y in factors)


def test_modes() -> None:
    answers = np.array([0.5, 0.5, 0.0, 0.0])
    assert modes_right(np.array([4, 3, 2, 0]), answers)
    assert not modes_right(np.array([4, 2, 2, 0]), answers)
    assert modes_right(np.array([1, 1]), np.array([0.5, 0.5]))


def test_wires_that_are_read_are_the_free_ones() -> None:
    circuit = circuit_of({"circuit": "multiplier", "bits": 2}).clamp({"X": 3})
    assert wires_of(circuit, ["X", "Y"]) == ["y0", "y1"]
    assert wires_of(circuit_of({"circuit": "AND"}), ["A", "C"]) == ["A", "C"]
    assert circuit_of({"circuit": "adder", "bits": 2}).buses["C"] == ("c0",)
