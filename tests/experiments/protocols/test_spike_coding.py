"""What a telegraph signal says of its stimulus: closed forms against exact sums and integrals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad

from spinloom.experiments.protocols.spike_coding import bits, share_variance


def test_variance_of_the_share_of_time() -> None:
    """The closed form is the sum of all covariances p(1 - p) c^|i - j| over n^2."""
    p, ratio, n = 0.3, 0.4, 17
    gap = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    assert share_variance(p, ratio, n) == pytest.approx(p * (1 - p) * np.exp(-ratio * gap).sum() / n**2, rel=1e-12)


def test_information_is_that_of_the_fisher_information() -> None:
    """log2 of the integral of sqrt(k T sech u)/sqrt(2 pi e), done numerically; four times the flips tell one bit."""
    area = quad(lambda u: 1.0 / math.sqrt(math.cosh(u)), -60, 60)[0]
    assert bits(np.array([200.0]))[0] == pytest.approx(
        math.log2(area * math.sqrt(200.0 / (2 * math.pi * math.e))), rel=1e-6
    )
    assert np.diff(bits(np.array([100.0, 400.0])))[0] == pytest.approx(1.0)
