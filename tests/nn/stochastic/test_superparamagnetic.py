from __future__ import annotations

import numpy as np
import pytest
import torch

from spinloom.devices.two_state import TwoState
from spinloom.errors import InputError, UnknownNameError
from spinloom.nn.stochastic import SuperparamagneticNeuron

ONE = TwoState(np.array(1e9), np.array(6.0), np.array(20e-6), np.array(-3e-6))
TAU = float(ONE.correlation_time(-3e-6)[0])


def _variance(p: float, kept: float, samples: int) -> float:
    """Of the mean of a stationary two-state chain: p (1 - p)/S^2 (S + 2 sum_k (S - k) kept^k)."""
    k = np.arange(1, samples)
    return p * (1 - p) / samples**2 * (samples + 2 * float(((samples - k) * kept**k).sum()))


def test_the_closed_forms_are_those_of_the_junctions() -> None:
    spread = TwoState(
        *(np.random.default_rng(n).uniform(0.8, 1.2, 7) * v for n, v in enumerate((1e9, 6.0, 2e-5, 1e-6)))
    )
    layer = SuperparamagneticNeuron(7, spread, interval=2 * TAU, samples=None).double()
    z = torch.linspace(-3, 3, 7, dtype=torch.float64)
    steep = 2 * spread.thermal_stability.mean() / spread.critical_current.mean()
    current = spread.offset_current.mean() + z.numpy() / steep
    assert np.allclose(layer(z).numpy(), spread.probability_parallel(current), atol=1e-6)  # buffers: float32
    kept = np.exp(-2 * TAU / spread.correlation_time(current))
    assert np.allclose(layer.kept(layer.logit(z)).numpy(), kept, rtol=1e-5)


@pytest.mark.parametrize("ratio", [0.3, 1.0, 5.0])
def test_the_mean_of_correlated_reads_varies_as_it_must(ratio: float) -> None:
    """20 000 means of 30 reads: variance within 5 % (five standard errors of about 1 %), mean within 5 of its own."""
    layer = SuperparamagneticNeuron(200, ONE, interval=ratio * TAU, samples=30, seed=2).eval()
    share = layer(torch.full((100, 200), 1.0, dtype=torch.float64))
    p = 1 / (1 + np.exp(-1.0))
    expected = _variance(p, float(np.exp(-ratio * np.cosh(0.5))), 30)
    assert abs(float(share.mean()) - p) < 5 * np.sqrt(expected / share.numel())
    assert float(share.var()) == pytest.approx(expected, rel=0.05)


def test_from_rest_the_mean_approaches_the_drive() -> None:
    """The first read of 20 000 junctions lies at p + kept (1/2 - p), within 5 standard errors."""
    layer = SuperparamagneticNeuron(200, ONE, interval=0.5 * TAU, start="rest").eval()
    z = torch.full((100, 200), 2.0)
    p, kept = float(torch.sigmoid(z)[0, 0]), float(layer.kept(z)[0, 0])
    expected = p + kept * (0.5 - p)
    assert abs(float(layer(z).mean()) - expected) < 5 * np.sqrt(0.25 / z.numel())


def test_reads_far_apart_are_those_of_independent_bits() -> None:
    layer = SuperparamagneticNeuron(3, ONE, interval=1e3 * TAU).eval()
    assert float(layer.kept(torch.zeros(1, 3)).max()) == 0.0


def test_state_and_copies() -> None:
    layer = SuperparamagneticNeuron(3, ONE, 1e-6, samples=5)
    other = SuperparamagneticNeuron(
        3, TwoState(np.array(2e9), np.array(5.0), np.array(1e-5), np.array(0.0)), 1e-6, samples=5
    )
    other.load_state_dict(layer.state_dict())
    z = torch.randn(4, 3)
    assert torch.equal(layer.eval()(z), other.eval()(z))
    assert layer.double().eval()(z.double()).dtype == torch.float64
    assert torch.equal(layer.train()(z.double()), torch.sigmoid(z.double()))


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match="interval = 0"):
        SuperparamagneticNeuron(3, ONE, 0.0)
    with pytest.raises(InputError, match="2 junctions for 3 neurons"):
        SuperparamagneticNeuron(3, TwoState.concatenate([ONE, ONE]), 1e-6)
    with pytest.raises(UnknownNameError, match="start"):
        SuperparamagneticNeuron(3, ONE, 1e-6, start="anywhere")  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match="samples = 0"):
        SuperparamagneticNeuron(3, ONE, 1e-6, samples=0)
