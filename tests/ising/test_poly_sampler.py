"""PBitPolySampler: dimod's contract, exact laws, agreement with the pairwise sampler, errors."""

from __future__ import annotations

import itertools

import dimod
import dimod.testing
import numpy as np
import pytest

from spinloom.errors import InputError, UnknownNameError
from spinloom.ising import PBitPolySampler, memory
from spinloom.ising.polynomial import Polynomial

THREE = dimod.BinaryPolynomial({"abc": -1.0, "abd": 0.7, "a": 0.3, "cd": -0.4, "": 2.0}, "SPIN")
BINARY = dimod.BinaryPolynomial({"xyz": 3.0, "xy": -2.0, "z": -1.5, "x": 0.5}, "BINARY")


def test_dimods_contract():
    sampler = PBitPolySampler()
    assert isinstance(sampler, dimod.PolySampler)
    found = sampler.sample_hising({"a": 1.0}, {"abc": -2.0}, num_reads=4, seed=1)
    dimod.testing.assert_response_energies(found, dimod.BinaryPolynomial({"a": 1.0, "abc": -2.0}, "SPIN"))
    assert sampler.sample_hubo({"ab": -1.0}, num_reads=4, seed=1).vartype is dimod.BINARY


@pytest.mark.parametrize("poly", [THREE, BINARY], ids=["spin", "binary"])
def test_energies_are_dimods(poly):
    problem = Polynomial.from_poly(poly)
    every = np.array(list(itertools.product([-1, 1], repeat=problem.size)), np.int8)
    ours = problem.energies(every)
    shown = every if poly.vartype is dimod.SPIN else (every + 1) // 2
    assert ours == pytest.approx(poly.energies((shown, list(problem.labels))), abs=1e-12)


@pytest.mark.parametrize("update", ["gibbs", "metropolis"])
@pytest.mark.parametrize("poly", [THREE, BINARY], ids=["spin", "binary"])
def test_fixed_temperature_gives_boltzmanns_law(poly, update):
    """4000 reads of 60 sweeps; chi-square with 15 degrees of freedom exceeds 44.3 in 1e-4 of runs."""
    found = PBitPolySampler().sample_poly(
        poly, num_reads=4000, num_sweeps=60, beta_range=(1.0, 1.0), seed=3, keep="last", update=update
    )
    problem = Polynomial.from_poly(poly)
    every = np.array(list(itertools.product([-1, 1], repeat=problem.size)), np.int8)
    weight = np.exp(-problem.energies(every))
    expected = 4000 * weight / weight.sum()
    states = found.record.sample[:, [list(found.variables).index(label) for label in problem.labels]] > 0
    counts = np.bincount(states @ 2 ** np.arange(problem.size)[::-1], minlength=len(every))
    assert ((counts - expected) ** 2 / expected).sum() < 44.3


def test_ground_state_and_reproducibility():
    poly = dimod.BinaryPolynomial({(i, (i + 1) % 12, (i + 3) % 12): (-1.0) ** i for i in range(12)}, "SPIN")
    best = min(poly.energies((np.array(list(itertools.product([-1, 1], repeat=12))), list(range(12)))))
    runs = [
        PBitPolySampler().sample_poly(poly, num_reads=10, num_sweeps=200, seed=4, threads=threads) for threads in (1, 3)
    ]
    assert runs[0].first.energy == best
    assert np.array_equal(runs[0].record.sample, runs[1].record.sample)


def test_errors():
    with pytest.raises(InputError, match="finite"):
        PBitPolySampler().sample_poly(dimod.BinaryPolynomial({"ab": float("nan")}, "SPIN"))
    with pytest.raises(InputError, match="product of 17"):
        PBitPolySampler().sample_poly(dimod.BinaryPolynomial({tuple(range(17)): 1.0}, "BINARY"))
    with pytest.raises(UnknownNameError, match="num_reads"):
        PBitPolySampler().sample_poly(THREE, num_read=2)
    with pytest.raises(UnknownNameError, match="last"):
        PBitPolySampler().sample_poly(THREE, keep="lats")


def test_too_many_reads_are_refused_before_they_are_allocated(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 1e6)
    with pytest.raises(InputError, match=r"at most \d+ reads fit"):
        PBitPolySampler().sample_poly(THREE, num_reads=1_000_000)


def test_empty_polynomial():
    assert PBitPolySampler().sample_poly(dimod.BinaryPolynomial({"": 1.5}, "SPIN"), num_reads=2).first.energy == 1.5
