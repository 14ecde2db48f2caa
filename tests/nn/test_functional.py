from __future__ import annotations

import math

import pytest
import torch

from spinloom.errors import InputError, UnknownNameError
from spinloom.nn import functional as sf


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_response_at_known_points() -> None:
    """The published 30 ns curve, k = 2.2 /µA and c = -11.8 µA, at its worked point 11.3 µA: 1/(1 + e^1.1) = 0.2497."""
    z = torch.tensor([11.3, 11.8, 12.3], dtype=torch.float64)
    expected = [1 / (1 + math.exp(1.1)), 0.5, 1 / (1 + math.exp(-1.1))]
    # 1e-14: three roundings of float64, enlarged by the cancellation in k c + k z (26 against 1)
    assert torch.allclose(sf.spin_sigmoid(z, 2.2, -11.8), torch.tensor(expected, dtype=torch.float64), atol=1e-14)


def test_the_slope_at_one_half_is_a_quarter_of_k() -> None:
    z = torch.tensor(11.8, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(sf.spin_sigmoid(z, 2.2, -11.8), z)
    assert slope.item() == pytest.approx(2.2 / 4, rel=1e-12)


def test_each_neuron_has_its_own_k_and_c() -> None:
    z = torch.zeros(2, 3)
    k, c = torch.tensor([1.0, 2.0, -1.0]), torch.tensor([0.0, 1.0, 1.0])
    assert torch.allclose(sf.spin_sigmoid(z, k, c), torch.sigmoid(k * c).expand(2, 3))


@pytest.mark.parametrize("trials", [1, 4, 1000])
def test_draws_have_the_binomials_mean_and_spread(trials: int) -> None:
    """200 000 samples at p = 0.3: the mean within 5 standard errors (false alarm 6e-7), the variance likewise."""
    samples, p = 200_000, 0.3
    drawn = sf.bernoulli_sigmoid(torch.full((samples,), math.log(p / (1 - p))), 1.0, 0.0, trials, generator=chance())
    variance = p * (1 - p) / trials
    assert torch.all((drawn * trials - torch.round(drawn * trials)).abs() < 1e-3)  # multiples of 1/trials, in float32
    assert drawn.mean().item() == pytest.approx(p, abs=5 * math.sqrt(variance / samples))
    # the relative variance of a variance is (kurtosis - 1) / samples; the kurtosis is 1.76 for one trial and below 3
    assert drawn.var().item() == pytest.approx(variance, rel=5 * math.sqrt(2 / samples))


def test_the_same_generator_state_gives_the_same_draw() -> None:
    z = torch.randn(100, 5, generator=chance(1))
    first, second = (sf.bernoulli_sigmoid(z, 1.0, 0.0, 3, generator=chance(7)) for _ in range(2))
    other = sf.bernoulli_sigmoid(z, 1.0, 0.0, 3, generator=chance(8))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_the_two_gradients() -> None:
    z = torch.randn(50, generator=chance(1), dtype=torch.float64, requires_grad=True)
    k, c = torch.tensor(1.7, dtype=torch.float64), torch.tensor(-0.2, dtype=torch.float64)
    p = sf.spin_sigmoid(z, k, c)
    (of_mean,) = torch.autograd.grad(p.sum(), z)
    (expected,) = torch.autograd.grad(sf.bernoulli_sigmoid(z, k, c, 1, "expected", chance()).sum(), z)
    (through,) = torch.autograd.grad(sf.bernoulli_sigmoid(z, k, c, 1, "straight-through", chance()).sum(), z)
    assert torch.equal(expected, of_mean)
    assert torch.allclose(through, k.expand(50))  # du/dz = k, without the sigmoid's derivative


def test_a_gradient_does_not_change_the_draw() -> None:
    z = torch.randn(50, generator=chance(1))
    draws = [sf.bernoulli_sigmoid(z, 1.0, 0.0, 1, gradient, chance()) for gradient in sf.GRADIENTS]
    assert torch.equal(*draws)
    assert set(draws[0].tolist()) == {0.0, 1.0}  # exactly, not up to rounding


def test_nan_comes_out_as_nan() -> None:
    assert torch.isnan(sf.bernoulli_sigmoid(torch.tensor([math.nan]), 1.0, 0.0, generator=chance())).all()


@pytest.mark.parametrize("trials", [0, -1, 2.5, True])
def test_zero_trials_are_refused(trials: int) -> None:
    with pytest.raises(InputError, match="Give trials >= 1"):
        sf.bernoulli_sigmoid(torch.zeros(1), 1.0, 0.0, trials)


def test_an_unknown_gradient_gets_the_closest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'straight-through'"):
        sf.bernoulli_sigmoid(torch.zeros(1), 1.0, 0.0, gradient="straight")  # pyright: ignore[reportArgumentType]


def test_the_loss_by_hand() -> None:
    """One sample of class 0: -ln 0.8 - ln(1 - 0.4); the mean over two samples, the sum over outputs."""
    h = torch.tensor([[0.8, 0.4], [0.5, 0.5]], dtype=torch.float64)
    by_hand = (-math.log(0.8) - math.log(0.6) - 2 * math.log(0.5)) / 2
    labels = torch.tensor([0, 1])
    assert sf.output_cross_entropy(h, labels).item() == pytest.approx(by_hand, rel=1e-14)
    assert sf.output_cross_entropy(h, torch.eye(2)).item() == pytest.approx(by_hand, rel=1e-14)
    assert sf.output_cross_entropy_from_logits(torch.logit(h), labels).item() == pytest.approx(by_hand, rel=1e-14)


def test_the_loss_is_finite_where_an_output_saturates() -> None:
    labels = torch.tensor([0])
    assert sf.output_cross_entropy(torch.tensor([[0.0, 1.0]]), labels).item() == pytest.approx(200.0)
    u = torch.tensor([[-300.0, 300.0]], requires_grad=True)
    loss = sf.output_cross_entropy_from_logits(u, labels)
    assert loss.item() == pytest.approx(600.0)
    assert torch.autograd.grad(loss, u)[0].tolist() == [[-1.0, 1.0]]  # h - y, though h is 0 and 1 to the last bit


@pytest.mark.parametrize("y", [torch.zeros(3), torch.zeros(2, dtype=torch.long), torch.zeros(3, 2)])
def test_targets_that_do_not_fit_are_refused(y: torch.Tensor) -> None:
    with pytest.raises(InputError, match="do not fit outputs"):
        sf.output_cross_entropy(torch.full((3, 4), 0.5), y)
