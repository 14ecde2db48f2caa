"""Energy of stochastic computing against its formula by hand."""

from __future__ import annotations

import pytest

from spinloom.cost.bit_streams import Census, StreamCosts, inference_energy
from spinloom.errors import InputError


def test_terms_are_those_of_the_formula() -> None:
    found = inference_energy(StreamCosts(20e-15, 0.1e-15, 1e-15), Census(10, 100, 1000, 5), 64)
    assert found.sel(term="weight bits").item() == pytest.approx(64 * 100 * 20e-15)
    assert float(found.sum()) == pytest.approx(64 * (110 * 20e-15 + 1000 * 0.1e-15 + 5e-15))


def test_bad_input() -> None:
    with pytest.raises(InputError, match="negative"):
        StreamCosts(-1.0, 0.0, 0.0)
    with pytest.raises(InputError, match="length"):
        inference_energy(StreamCosts(1.0, 1.0, 1.0), Census(1, 1, 1, 1), 0)
