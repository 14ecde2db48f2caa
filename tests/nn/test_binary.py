"""Binary layers: exact signs, straight-through gradients, errors at the rate asked for, training that works."""

from __future__ import annotations

import copy
import io
import math

import pytest
import torch

from spinloom.errors import InputError, UnknownNameError
from spinloom.nn.binary import BinaryActivation, BinaryConv2d, BinaryLinear, sign_ste


def test_signs_are_exact_and_their_gradient_is_that_of_the_clamp() -> None:
    x = torch.tensor([-3.0, -1.0, -0.2, 0.0, 1e-30, 0.7, 1.0, 1.5], requires_grad=True)
    out = sign_ste(x)
    assert out.tolist() == [-1, -1, -1, 1, 1, 1, 1, 1]
    (out * torch.arange(1.0, 9.0)).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [0, 2, 3, 4, 5, 6, 7, 0]
    assert sign_ste(x.detach().half()).dtype == torch.float16


def test_the_sums_are_those_of_signs() -> None:
    layer = BinaryLinear(9, 4)
    x = torch.randn(5, 9)
    by_hand = torch.sign(x) @ torch.sign(layer.weight).T + layer.bias
    assert torch.allclose(layer(x), by_hand, atol=1e-6)
    sums = layer(x) - layer.bias
    assert set((sums.round().long() % 2).flatten().tolist()) == {1}  # nine terms of ±1 are odd
    real = BinaryLinear(9, 4, bias=False, inputs="real")
    assert torch.allclose(real(x), x @ torch.sign(real.weight).T, atol=1e-6)


def test_scales() -> None:
    x = torch.randn(3, 16)
    plain = BinaryLinear(16, 2, bias=False)
    for scale, factor in (("fan-in", 0.25), ("mean", plain.weight.abs().mean(1))):
        layer = BinaryLinear(16, 2, bias=False, scale=scale)
        layer.load_state_dict(plain.state_dict())
        assert torch.allclose(layer(x), plain(x) * factor, atol=1e-6)


def test_latent_weights_are_clipped_in_training_alone() -> None:
    layer = BinaryLinear(3, 2)
    with torch.no_grad():
        layer.weight.fill_(1.5)
    layer.eval()(torch.ones(1, 3))
    assert layer.weight.max() == 1.5
    layer.train()(torch.ones(1, 3)).sum().backward()
    assert layer.weight.max() == 1.0
    assert layer.weight.grad is not None
    assert (layer.weight.grad == 1).all()  # the clipped weight has a gradient again


def test_a_layer_used_twice_before_its_backward_pass() -> None:
    layer = BinaryLinear(5, 5)
    layer(layer(torch.randn(2, 5))).sum().backward()
    assert layer.weight.grad is not None


def test_wrong_bits_come_at_their_rate_and_only_in_evaluation() -> None:
    layer = BinaryLinear(400, 250, bit_error=0.03, seed=5)
    signs = torch.where(layer.weight >= 0, 1.0, -1.0)
    assert torch.equal(layer.binary_weight(), signs)
    wrong = layer.eval().binary_weight() != signs
    # 100 000 weights: standard deviation sqrt(p (1 - p) / n) = 5.4e-4; five of them, false alarm 6e-7
    assert abs(wrong.float().mean().item() - 0.03) < 5 * math.sqrt(0.03 * 0.97 / 1e5)
    assert torch.equal(layer.binary_weight() != signs, wrong)  # the same cells each time
    layer.program(5)
    assert torch.equal(layer.binary_weight() != signs, wrong)  # the same seed, the same cells
    layer.program(6)
    assert not torch.equal(layer.binary_weight() != signs, wrong)
    with torch.no_grad():
        layer.weight.neg_()
    assert torch.equal(layer.binary_weight() != -signs, layer.flipped)  # cells fail, not weights


def test_state_with_and_without_wrong_bits() -> None:
    x = torch.randn(4, 20)
    layer = BinaryLinear(20, 3, bit_error=0.2).eval()
    out = layer(x)
    file = io.BytesIO()
    torch.save(layer.state_dict(), file)
    file.seek(0)
    other = BinaryLinear(20, 3, bit_error=0.2, seed=9).eval()
    other.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(other(x), out)
    other.load_state_dict(torch.nn.Linear(20, 3).state_dict())
    assert other.flipped is None
    assert torch.equal(copy.deepcopy(layer)(x), out)


@pytest.mark.parametrize("keywords", [{}, {"stride": 2, "padding": 1, "groups": 2, "bias": False}])
def test_convolution_is_that_of_signs(keywords: dict[str, int]) -> None:
    layer = BinaryConv2d(2, 4, 3, **keywords)
    x = torch.randn(2, 2, 7, 6)
    plain = torch.nn.Conv2d(2, 4, 3, **keywords)
    with torch.no_grad():
        plain.weight.copy_(torch.sign(layer.weight))
        if layer.bias is not None:
            plain.bias.copy_(layer.bias)
    assert torch.allclose(layer(x), plain(torch.sign(x)), atol=1e-5)
    real = BinaryConv2d(2, 4, 3, inputs="real", scale="mean", **keywords)
    assert real(x).shape == plain(x).shape


def test_a_deep_binary_network_learns_a_majority() -> None:
    """Two hidden layers of signs learn the majority of five inputs of twelve, which they can represent."""
    torch.manual_seed(0)
    x = torch.randint(0, 2, (400, 12)).float() * 2 - 1
    y = (x[:, :5].sum(1) > 0).long()
    net = torch.nn.Sequential(
        BinaryLinear(12, 32, bias=False), torch.nn.BatchNorm1d(32), BinaryActivation(),
        BinaryLinear(32, 2, bias=False, inputs="real"), torch.nn.BatchNorm1d(2),
    )  # fmt: skip
    optimiser = torch.optim.Adam(net.parameters(), 0.02)
    for _ in range(60):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(net(x), y).backward()
        optimiser.step()
    assert (net.eval()(x).argmax(1) == y).float().mean() > 0.95


def test_what_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'binary'"):
        BinaryLinear(3, 2, inputs="binari")  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="Did you mean 'fan-in'"):
        BinaryConv2d(3, 2, 1, scale="fan_in")  # type: ignore[arg-type]
    for wrong in (-0.1, 1.5, math.nan, True):
        with pytest.raises(InputError, match="probability from 0 to 1"):
            BinaryLinear(3, 2, bit_error=wrong)
