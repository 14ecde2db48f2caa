"""The phase-locking index of flips counted in slices."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.experiments.protocols.phase_locking import phase_locking_index


def test_two_flips_a_period_at_a_fixed_delay_are_locked() -> None:
    counts = np.zeros(400, int)
    counts[3::10] = 1  # a flip every half period of 20 slices
    assert phase_locking_index(counts, 20) == pytest.approx(1.0)


def test_another_frequency_is_not() -> None:
    counts = np.zeros(4000, int)
    counts[::16] = 1
    assert phase_locking_index(counts, 20) < 0.02


def test_flips_there_and_back_at_random_times_lose_it() -> None:
    """Poisson flips: the phase walks; over 500 periods its mean is near 0."""
    counts = np.random.default_rng(0).poisson(0.1, 10000)
    assert phase_locking_index(counts, 20) < 0.1


@pytest.mark.parametrize("counts", [np.zeros(10, int), np.eye(10, dtype=int)[3]])
def test_without_flips_there_is_no_phase(counts: np.ndarray) -> None:
    assert phase_locking_index(counts, 20) == 0.0
