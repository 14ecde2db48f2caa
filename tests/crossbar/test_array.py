"""The whole array: weights in, product out."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.crossbar import Cell, Converter, Crossbar, Faults, Programming, Wires, effective_matrix
from spinloom.errors import InputError
from spinloom.responses import Exponential, Plasticity

SYNAPSE = Plasticity.from_values(states=5, low="10 uS", high="100 uS")
LEVELS = np.random.default_rng(3).integers(-4, 5, (7, 11)) / 4.0  # on the levels of a differential pair
LEVELS.flat[0] = 1.0


@pytest.mark.parametrize("devices", [1, 3])
def test_weights_on_the_levels_come_back_exactly(devices: int) -> None:
    layer = Crossbar(LEVELS, SYNAPSE, tile=(4, 3), devices=devices)
    assert layer.effective_weights() == pytest.approx(LEVELS, abs=1e-14)
    x = np.random.default_rng(0).standard_normal((5, 11))
    assert layer.product(x) == pytest.approx(x @ LEVELS.T, abs=1e-13)
