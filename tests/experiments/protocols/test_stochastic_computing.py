"""Stochastic computing as a protocol: its junctions, its errors, and a small network that streams must not spoil."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.errors import InputError
from spinloom.experiments import load_reproduction, reproduce
from spinloom.experiments.protocols.stochastic_computing import _products
from spinloom.experiments.protocols.stream_source import source_of
from spinloom.nn.bit_streams import Junctions


def test_junctions_and_energy_of_a_bit_by_hand() -> None:
    pulsed = source_of(load_reproduction("Luo2024_stochastic_computing").settings)
    # 1 V and 1.5 V for 1 ns in 100 kohm, and a read of 0.2 V for 2 ns at the mean conductance
    assert pulsed.bit_energy == pytest.approx(10e-15 + 22.5e-15 + 0.04 * 0.75e-5 * 2e-9, rel=1e-12)
    assert not pulsed.junctions.correlation.any()
    coins = source_of(load_reproduction("Daniels2020_or_neuron").settings)
    assert coins.bit_energy == pytest.approx(8 * 2.5e-15)
    assert coins.junctions.bits == 8
    assert coins.junctions.correlation[0] == pytest.approx(np.exp(-400 * 2 * np.exp(-5.0)), rel=1e-9)


def test_a_junction_that_is_never_sampled_is_refused() -> None:
    with pytest.raises(InputError, match="sampling_time"):
        source_of({"device": "Mizrahi2018_mtj", "bits": 8, "coin_energy": "1 fJ"})


def test_products_have_the_error_of_independent_bits_and_telegraph_streams_theirs() -> None:
    """1000 products a length: the root mean square scatters by 1/sqrt(2000) = 2.2 %; 5 of these, alarm 6e-7 each."""
    found = _products(Junctions.ideal(), {"repeats": 40}, seed=3)
    assert found["product_ratio"].values == pytest.approx(1.0, abs=0.115)
    assert (found["product_slow_error"] / found["product_slow_exact"]).values == pytest.approx(1.0, abs=0.13)
    assert found["product_exact"].values[-1] == pytest.approx(np.sqrt(0.1875 / 1024))


def test_streams_come_near_the_network_with_numbers() -> None:
    """Digits of 8 x 8 pixels: 360 test images, so 1 point is 3.6 images; the seed is fixed."""
    small = {"data": "digits", "sizes": [32], "epochs": 20, "seeds": 1, "lengths": [1, 16, 512], "study_images": 10}
    settings = {
        **small,
        "biases": [0],
        "spreads": [0],
        "correlations": [0],
        "repeats": 1,
        "images": 360,
        "learning_rate": 0.03,
    }
    result = reproduce("Luo2024_stochastic_computing", out=None, settings=settings)
    value = {name: metric.value for name, metric in result.metrics.items()}
    assert value["accuracy.float"] > 90  # pyright: ignore[reportOperatorIssue]
    assert value["gap.longest"] < 2.0  # pyright: ignore[reportOperatorIssue]
    assert value["accuracy.L1"] < value["accuracy.float"] - 5  # pyright: ignore[reportOperatorIssue]
