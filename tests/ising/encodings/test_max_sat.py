"""Clauses as an energy: what cannot be is said. Their energies are checked with their files, in test_files.py."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spinloom.errors import InputError
from spinloom.ising.encodings.max_sat import Clauses


def test_weights_of_clauses_are_checked() -> None:
    with pytest.raises(InputError, match="above 0"):
        Clauses(1, [[1]], np.array([math.nan]))
    with pytest.raises(InputError, match="nothing can satisfy"):
        Clauses(1, [[]], np.array([math.inf]))
    with pytest.raises(InputError, match="12 are the most"):
        Clauses(20, [list(range(1, 14))], np.ones(1)).polynomial()
    with pytest.raises(InputError, match="polynomial"):
        Clauses(3, [[1, 2, 3]], np.ones(1)).bqm()
