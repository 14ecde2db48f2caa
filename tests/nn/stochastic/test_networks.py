from __future__ import annotations

import numpy as np
import pytest
import torch

from spinloom.errors import InputError
from spinloom.nn import BernoulliInput, BernoulliNeuron, mean_outputs
from spinloom.nn.stochastic import neuron_counts, put_weights, stochastic_convnet, stochastic_perceptron, weights_of


def test_perceptron() -> None:
    net = stochastic_perceptron([6, 4, 3], seed=1)
    assert neuron_counts(net) == [4, 3]
    assert net(torch.zeros(2, 6)).shape == (2, 3)
    same, other = stochastic_perceptron([6, 4, 3], seed=1), stochastic_perceptron([6, 4, 3], seed=2)
    assert all(np.array_equal(a, b) for a, b in zip(weights_of(net), weights_of(same), strict=True))
    assert not np.array_equal(weights_of(net)[0], weights_of(other)[0])


def test_hidden_layers_and_outputs_can_differ() -> None:
    asked: list[tuple[tuple[int, ...], bool]] = []

    def neurons(shape: tuple[int, ...], hidden: bool) -> torch.nn.Module:
        asked.append((shape, hidden))
        return BernoulliNeuron(shape)

    stochastic_perceptron([6, 5, 4, 3], neurons)
    stochastic_convnet(10, 28, neurons)
    dense = [((5,), True), ((4,), True), ((3,), False)]
    assert asked == [*dense, ((6, 24, 24), True), ((12, 8, 8), True), ((10,), False)]


@pytest.mark.parametrize("side", [8, 28])
def test_convolutional_network(side: int) -> None:
    net = stochastic_convnet(10, side, spikes=BernoulliInput())
    assert neuron_counts(net) == [3456, 768, 10]
    assert net(torch.zeros(2, side * side)).shape == (2, 10)


def test_weights_go_into_a_network_of_other_neurons() -> None:
    x = np.random.default_rng(0).random((3, 6))
    net = stochastic_perceptron([6, 4, 3], seed=1)
    noisy = stochastic_perceptron([6, 4, 3], lambda shape, hidden: BernoulliNeuron(shape, samples=7), seed=2)
    put_weights(noisy, weights_of(net))
    assert np.array_equal(mean_outputs(net, x), mean_outputs(noisy, x))
    with pytest.raises(InputError, match="not of this network"):
        put_weights(stochastic_perceptron([6, 5, 3]), weights_of(net))
    with pytest.raises(InputError, match="at least the numbers"):
        stochastic_perceptron([6])
