from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.special import expit

from spinloom.errors import InputError, UnknownNameError
from spinloom.nn import SpinNeuron, TrainingSettings, train
from spinloom.nn.stochastic import BernoulliInput, BernoulliNeuron
from spinloom.responses import Bernoulli, Sigmoid
from spinloom.tasks import iris

RESPONSE = Bernoulli(0.282, 5e-3, centre_spread=0.02, width_spread=0.1)


def test_the_mean_is_a_sigmoid_of_z_on_every_scale() -> None:
    z = torch.linspace(-6, 6, 13, dtype=torch.float64).reshape(1, 13)
    for response in (None, RESPONSE, Sigmoid.from_values(k="2.2 /uA", c="-11.8 uA")):
        layer = BernoulliNeuron(13, response, samples=None).double()
        assert torch.allclose(layer(z), torch.sigmoid(z), atol=1e-12)
        if response is not None:  # the drive that the layer asks for gives this probability on the device
            assert np.allclose(response(layer.drive(z).numpy()), torch.sigmoid(z).numpy(), atol=1e-12)


def test_training_gives_the_mean_and_its_gradient() -> None:
    layer, z = BernoulliNeuron(5), torch.randn(3, 5, requires_grad=True)
    assert torch.equal(layer.train()(z), torch.sigmoid(z))
    layer(z).sum().backward()
    p = torch.sigmoid(z.detach())
    assert torch.allclose(z.grad, p * (1 - p))  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("gradient", ["expected", "straight-through"])
def test_samples_in_training_are_bits_with_the_asked_gradient(gradient: Any) -> None:
    layer = BernoulliNeuron(4, train_with="samples", gradient=gradient).train()
    z = torch.randn(50, 4, requires_grad=True)
    out = layer(z)
    assert set(out.detach().unique().tolist()) == {0.0, 1.0}
    out.sum().backward()
    p = torch.sigmoid(z.detach())
    expected = p * (1 - p) if gradient == "expected" else torch.ones_like(p)
    assert torch.allclose(z.grad, expected)  # pyright: ignore[reportArgumentType]


def test_training_with_samples_follows_torchs_seed() -> None:
    layer, z = BernoulliNeuron(4, train_with="samples").train(), torch.randn(50, 4)
    torch.manual_seed(3)
    first, second = layer(z), layer(z)
    torch.manual_seed(3)
    assert torch.equal(first, layer(z))
    assert not torch.equal(first, second)


def test_evaluation_draws_anew_each_time_and_repeats_from_its_seed() -> None:
    layer, z = BernoulliNeuron(20, samples=1, seed=4).eval(), torch.zeros(50, 20)
    first, second = layer(z), layer(z)
    layer.reseed(4)
    assert torch.equal(first, layer(z))
    assert not torch.equal(first, second)


def test_share_of_pulses_has_binomial_variance() -> None:
    """20 000 shares of 25 pulses: mean within 5 standard errors, variance within 5 % (five of its 1 %)."""
    share = BernoulliNeuron(200, samples=25).eval()(torch.full((100, 200), 0.7, dtype=torch.float64))
    p = float(expit(0.7))
    assert abs(float(share.mean()) - p) < 5 * math.sqrt(p * (1 - p) / 25 / 20_000)
    assert float(share.var()) == pytest.approx(p * (1 - p) / 25, rel=0.05)


def test_a_chip_of_the_responses_own_spread() -> None:
    layer = BernoulliNeuron(300, RESPONSE, samples=None, chip=5).double()
    devices = RESPONSE.spread(300, 5)
    z = torch.linspace(-3, 3, 300, dtype=torch.float64)
    assert np.allclose(layer(z).numpy(), devices.probability(layer.drive(z).numpy()), atol=1e-6)  # buffers: float32
    assert float(layer.shift.std()) == pytest.approx(0.02 * 0.282 / 5e-3, rel=0.2)  # in widths


def test_a_chip_of_given_spread() -> None:
    layer = BernoulliNeuron((4, 30, 30))
    layer.program(1, centre_spread=0.5, width_spread=0.2)
    assert float(layer.shift.std()) == pytest.approx(0.5, rel=0.1)
    assert float(layer.slope.log().std()) == pytest.approx(0.2, rel=0.1)
    again = BernoulliNeuron((4, 30, 30))
    again.program(1, 0.5, 0.2)
    assert torch.equal(layer.shift, again.shift)


@pytest.mark.parametrize("noise", [0.5, 1.0, 3.0])
def test_cycle_noise_widens_the_curve_as_the_integral_says(noise: float) -> None:
    def integrand(x: float, u: float) -> float:
        return float(expit(u + noise * x)) * math.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)

    u = np.linspace(-8, 8, 9)
    exact = [quad(integrand, -9, 9, args=(value,))[0] for value in u]
    layer = BernoulliNeuron(9, samples=None, cycle_noise=noise).double()
    # 16 nodes: the error grows with the noise, 2e-3 at three widths
    assert np.allclose(layer(torch.from_numpy(u)).numpy(), exact, atol=1e-6 if noise < 0.6 else 3e-3)


def test_a_measured_curve_takes_the_place_of_the_logistic_one() -> None:
    u = np.linspace(-5, 5, 21)
    layer = BernoulliNeuron(200, samples=None, curve=(u, -np.expm1(-np.exp(u)))).double()
    z = torch.linspace(-6, 6, 200, dtype=torch.float64, requires_grad=True)
    p = layer(z)
    assert np.allclose(p.detach().numpy(), np.interp(z.detach().numpy(), u, -np.expm1(-np.exp(u))), atol=1e-6)
    p.sum().backward()
    assert z.grad is not None
    assert bool((z.grad >= 0).all())
    assert float(z.grad[0]) == float(z.grad[-1]) == 0.0  # beyond the points
    for wrong in (([0.0, 0.0], [0.1, 0.2]), ([0.0, 1.0], [0.1, 1.2]), ([0.0], [0.5])):
        with pytest.raises(InputError):
            BernoulliNeuron(3, curve=wrong)  # pyright: ignore[reportArgumentType]


def test_works_where_layers_work() -> None:
    net = torch.nn.Sequential(torch.nn.Linear(3, 8), BernoulliNeuron(8, RESPONSE, chip=1), torch.nn.Linear(8, 2))
    other = torch.nn.Sequential(torch.nn.Linear(3, 8), BernoulliNeuron(8, RESPONSE), torch.nn.Linear(8, 2))
    other.load_state_dict(net.state_dict())  # the devices travel with the state
    x = torch.randn(4, 3)
    assert torch.equal(net.eval()(x), other.eval()(x))
    assert torch.equal(net.train()(x), copy.deepcopy(net)(x))
    for kind in (torch.float64, torch.bfloat16):
        assert net.to(kind).eval()(x.to(kind)).dtype == kind
    assert "BernoulliNeuron((8,), samples=1" in repr(net)


def test_trains_in_the_shared_loop() -> None:
    """Iris with drawn hidden bits: above 90 % of the test part, as a network without chance has."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Linear(4, 16),
        BernoulliNeuron(16, train_with="samples", samples=8),
        torch.nn.Linear(16, 3),
        SpinNeuron(3),
    )
    history = train(net, iris(), TrainingSettings("adam", 0.05, iterations=200, evaluate_every=200), seed=1)
    assert history.learned
    assert history.final_accuracy > 0.9


def test_maps_and_single_samples() -> None:
    layer = BernoulliNeuron((2, 3, 3)).eval()
    assert layer(torch.zeros(5, 2, 3, 3)).shape == (5, 2, 3, 3)
    assert layer(torch.zeros(2, 3, 3)).shape == (2, 3, 3)


def test_inputs_as_spikes() -> None:
    """10 000 spikes of probability 0.2: within 5 standard errors."""
    layer, x = BernoulliInput(), torch.full((100, 100), 0.2)
    assert torch.equal(layer.train()(x), x)
    spikes = layer.eval()(x)
    assert set(spikes.unique().tolist()) == {0.0, 1.0}
    assert abs(float(spikes.mean()) - 0.2) < 5 * math.sqrt(0.16 / 10_000)
    assert float(BernoulliInput(samples=40).eval()(x).var()) == pytest.approx(0.16 / 40, rel=0.1)
    with pytest.raises(InputError, match="reach from -1 to 2"):
        layer(torch.tensor([[-1.0, 2.0]]))


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"features": 0}, "features = 0"),
        ({"features": ()}, "features"),
        ({"features": 3, "samples": 0}, "samples = 0"),
        ({"features": 3, "samples": 1.5}, "samples = 1.5"),
        ({"features": 3, "cycle_noise": -1.0}, "cycle_noise = -1"),
        ({"features": 3, "seed": -1}, "seed = -1"),
        ({"features": 3, "response": object()}, "no centre and width"),
        ({"features": 3, "chip": 1}, "knows no spread"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        BernoulliNeuron(**arguments)


def test_other_bad_input_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="mean"):
        BernoulliNeuron(3, train_with="maen")  # pyright: ignore[reportArgumentType]
    with pytest.raises(UnknownNameError, match="gradient"):
        BernoulliNeuron(3, gradient="none")  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match=r"layer of 3 stochastic neurons was given inputs of shape \(2, 4\)"):
        BernoulliNeuron(3)(torch.zeros(2, 4))
    with pytest.raises(InputError, match="finite numbers from 0"):
        BernoulliNeuron(3).program(0, -0.1)
