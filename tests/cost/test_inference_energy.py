from __future__ import annotations

from typing import Any

import pytest

from spinloom.cost import inference_energy
from spinloom.errors import InputError, UnitError


def test_the_published_neuron() -> None:
    """(15 µA)^2 x 5 kohm x 15 ns = 16.875 fJ a neuron, printed as 16.9 fJ; 35 neurons in the network."""
    write = (15e-6) ** 2 * 5e3 * 15e-9
    energy = inference_energy((25, 10), write)
    assert energy.sel(part="write").values.tolist() == pytest.approx([25 * 16.875e-15, 10 * 16.875e-15], rel=1e-12)
    assert float(energy.sum()) == pytest.approx(35 * 16.875e-15, rel=1e-12)
    assert energy.attrs["units"] == "J"
    assert energy["layer"].values.tolist() == [2, 3]


def test_what_is_not_known_counts_as_zero_and_is_named() -> None:
    energy = inference_energy((25, 10), "16.875 fJ")
    assert energy.attrs["unknown"] == "read, periphery"
    assert float(energy.sel(part=["read", "periphery"]).sum()) == 0.0
    known = inference_energy((25, 10), "16.875 fJ", read_energy="1 fJ", periphery=0.0, trials=2)
    assert known.attrs["unknown"] == ""
    assert float(known.sum()) == pytest.approx(2 * 35 * 17.875e-15, rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (((), 1e-15), InputError, "neurons = "),
        (((25, 0), 1e-15), InputError, "whole numbers from 1"),
        (((25,), -1e-15), InputError, "0 or more"),
        (((25,), float("nan")), UnitError, "write energy"),
        (((25,), "5 kohm"), UnitError, "write energy"),
        (((25,), 1e-15, None, None, 0), InputError, "trials = "),
    ],
)
def test_impossible_energies_are_refused(arguments: tuple[Any, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        inference_energy(*arguments)
