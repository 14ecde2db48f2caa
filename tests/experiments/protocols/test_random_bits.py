"""Random-number generators: what their sources promise, and what whitening does to the tests' verdicts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spinloom.errors import InputError, UnknownNameError
from spinloom.experiments import reproduce
from spinloom.experiments.context import Context
from spinloom.experiments.protocols.random_distributions import distribution
from spinloom.experiments.protocols.random_sources import Disturbance, source_of

SHORT = {"bits": 60_000, "streams": 8, "few": 8, "workers": 0}


def test_a_sampled_junction_gives_the_closed_form_of_its_set() -> None:
    source = source_of({"device": "Vodenicarevic2017_mtj", "interval": "200 us"}, Context())
    assert source.probability == pytest.approx(0.5)
    assert source.correlation == pytest.approx(math.exp(-200 / 151), rel=1e-5)
    # 0.1 V for 1 ns over 5 and 10 kohm, the mean of both
    assert source.energy == pytest.approx(0.01 * 1e-9 * 0.5 * (1 / 5e3 + 1 / 10e3), rel=1e-9)
    bits, p = source.bits(3, 1000, 2, "junctions", 1)
    assert (bits.streams, p.shape) == (3, (3, 1))


def test_a_switch_is_off_by_what_its_drive_is() -> None:
    """P at a relative error x is 1/(1 + exp(-x centre/width)); 4000 draws give its spread to 1.1 % (one sigma)."""
    source = source_of({"device": "Fukushima2014_mtj", "drive_error": 0.002}, Context())
    assert source.disturbance is not None
    p = source.disturbance.drawn((500, 8), seed=1)
    assert np.std(np.log(p / (1 - p))) == pytest.approx(0.002 * 0.4 / 0.015, rel=0.05)
    assert source.energy == pytest.approx(0.6**2 / 2e3 * 200e-9 + 0.4**2 / 2e3 * 200e-9 + 0.01 * 1e-6 * 0.75 / 2e3)
    line = Disturbance(np.array([-1.0, 1.0]), np.array([0.4, 0.6]), 0.0, "")
    np.testing.assert_allclose(line.drawn((2, 2), 0), 0.5)


def test_other_devices_give_no_bits() -> None:
    with pytest.raises(InputError, match="gives no random bits"):
        source_of({"device": "Huang2022_sot"}, Context())


def test_densities_by_name() -> None:
    assert distribution("exponential", 4).mean() < 2.0
    with pytest.raises(UnknownNameError, match="Gaussian"):
        distribution("gaussian", 4)


def test_correlated_bits_fail_and_whitened_ones_pass() -> None:
    """Neighbours correlated by 0.27 fail beyond doubt in 60 000 bits; an ideal source passes in 99 % of seeds."""
    pytest.importorskip("sp80022suite", reason="pip install 'spinloom[randomness]'")
    result = reproduce("Vodenicarevic2017_trng", out=None, settings=SHORT)
    value = {name: metric.value for name, metric in result.metrics.items()}
    assert value["nist.xor1.passed"] == 0.0
    assert value["nist.xor8.passed"] == 1.0
    assert value["bias.samples8.exact"] == pytest.approx(-25.0 * math.exp(-8 * 100 / 151) * 2, rel=1e-4)
    assert value["energy.xor8"] == pytest.approx(12.0)
    assert value["rate.xor8.per_device"] == pytest.approx(5e-3 / 8)
    assert value["rate.xor8"] == pytest.approx(5e-3)  # eight junctions at once
    assert value["rate.samples8"] == pytest.approx(5e-3 / 8)
