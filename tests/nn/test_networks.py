from __future__ import annotations

import math

import pytest
import torch

from spinloom.errors import InputError
from spinloom.nn import Bounds, SpinNeuron, Stochastic, spin_network


def layers(net: torch.nn.Sequential) -> tuple[list[torch.Tensor], list[SpinNeuron]]:
    weights = [layer.weight.detach() for layer in net if isinstance(layer, torch.nn.Linear)]
    return weights, [layer for layer in net if isinstance(layer, SpinNeuron)]


def test_the_published_network() -> None:
    weights, neurons = layers(spin_network())
    assert [tuple(w.shape) for w in weights] == [(25, 784), (10, 25)]
    assert [n.features for n in neurons] == [25, 10]
    assert all(layer.bias is None for layer in spin_network() if isinstance(layer, torch.nn.Linear))


def test_the_rule_of_eq_3_23() -> None:
    """Uniform in [-e, e]: never outside, and the largest of n draws within 10/n of e (false alarm exp(-10) = 5e-5)."""
    weights, neurons = layers(spin_network((784, 250, 100), k_init="rule", c_init="rule", generator=4))
    cases = [(weights[0], 784 + 250), (weights[1], 250 + 100)]
    cases += [(value.detach(), n.features + 1) for n in neurons for value in (n.k, n.c)]
    for values, units in cases:
        e = math.sqrt(6 / units)
        top = values.abs().max().item() / e
        assert 1 - 10 / values.numel() < top <= 1
        # mean of n uniform draws: 5 standard errors of e/sqrt(3 n), false alarm 6e-7
        assert abs(values.mean().item()) < 5 * e / math.sqrt(3 * values.numel())


def test_uniform_and_constant_starts() -> None:
    _, neurons = layers(spin_network((4, 300), k_init=("uniform", 4), c_init=("uniform", -2, -1), generator=1))
    assert 3.8 < neurons[0].k.abs().max() <= 4  # 300 draws all below 3.8 has a chance of 0.95^300 = 2e-7
    assert neurons[0].c.min() >= -2
    assert neurons[0].c.max() <= -1
    _, neurons = layers(spin_network((4, 3), k_init=2.2, c_init=-11.8))
    assert neurons[0].k.tolist() == pytest.approx([2.2] * 3)
    assert neurons[0].c.tolist() == pytest.approx([-11.8] * 3)


def test_the_seed_fixes_the_start_and_a_list_from_a_file_is_read_too() -> None:
    first = spin_network((6, 5, 2), k_init=("uniform", 4), c_init="rule", generator=3).state_dict()
    second = spin_network(
        [6, 5, 2], k_init=["uniform", 4], c_init="rule", generator=torch.Generator().manual_seed(3)
    ).state_dict()
    other = spin_network((6, 5, 2), k_init=("uniform", 4), c_init="rule", generator=4).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first)


def test_the_start_of_a_seed_never_changes() -> None:
    """Published numbers hang on it: the first weights of seed 0, torch's Mersenne twister."""
    weights, neurons = layers(spin_network((784, 25, 10), k_init="rule", c_init="rule", generator=0))
    drawn = torch.rand(25 * 784, generator=torch.Generator().manual_seed(0))
    e = math.sqrt(6 / (784 + 25))
    assert torch.equal(weights[0].flatten(), -e + 2 * e * drawn)
    assert drawn[:2].tolist() == pytest.approx([0.49625658988952637, 0.7682217955589294], abs=0)
    assert neurons[0].k.shape == (25,)


def test_networks_that_differ_in_k_and_c_start_from_the_same_weights() -> None:
    fixed, _ = layers(spin_network(train=(), generator=7))
    trained, _ = layers(spin_network(k_init="rule", c_init=("uniform", 1), generator=7))
    assert all(torch.equal(a, b) for a, b in zip(fixed, trained, strict=True))


def test_bounds_and_noise_reach_every_layer() -> None:
    bounds = Bounds(k=(1.38, 3.27))
    _, neurons = layers(spin_network((4, 50, 50), k_init=("uniform", 4), bounds=bounds, stochastic=Stochastic(seed=5)))
    for neuron in neurons:
        assert neuron.k.min() >= torch.tensor(1.38)
        assert neuron.k.max() <= torch.tensor(3.27)
    noise = [neuron.stochastic for neuron in neurons]
    assert [n.seed for n in noise if n] == [5, 6]  # layers of equal width must not share their noise


@pytest.mark.parametrize("sizes", [(784,), (784, 0), (784, 2.5), ()])
def test_impossible_sizes_are_refused(sizes: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="at least one layer"):
        spin_network(sizes)


@pytest.mark.parametrize(
    "init", ["Rule", ("uniform",), ("uniform", -1), ("uniform", 2, 1), ("normal", 1), ("uniform", "4"), None, True]
)
def test_a_start_that_cannot_be_read_is_refused(init: object) -> None:
    with pytest.raises(InputError, match=r"k_init.*Give 'rule', a number"):
        spin_network((3, 2), k_init=init)  # pyright: ignore[reportArgumentType]
