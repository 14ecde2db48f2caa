from __future__ import annotations

import math

import pytest
import torch

from spinloom.errors import InputError, UnknownNameError
from spinloom.nn import Bounds, SpinNeuron, Stochastic


class Response:
    """Stands for a fitted response of a device."""

    def __init__(self, k: float, c: float) -> None:
        self._values = k, c

    def in_microamperes(self) -> tuple[float, float]:
        return self._values


@pytest.mark.parametrize("train", [(), ("k",), ("c",), ("k", "c")])
def test_k_and_c_are_trained_separately(train: tuple[str, ...]) -> None:
    neuron = SpinNeuron(4, k=2.0, c=-1.0, train=train)
    assert {name for name, _ in neuron.named_parameters()} == set(train)
    assert set(neuron.state_dict()) == {"k", "c"}  # also what is not trained is saved
    assert neuron.k.shape == neuron.c.shape == (4,)
    neuron(torch.randn(3, 4)).sum().backward() if train else None
    for name in train:
        assert getattr(neuron, name).grad.shape == (4,)


def test_one_value_a_neuron() -> None:
    neuron = SpinNeuron(3, k=[1.0, 2.0, 3.0], c=torch.tensor([0.0, 0.5, 1.0]))
    expected = torch.sigmoid(torch.tensor([0.0, 1.0, 3.0]))
    assert torch.allclose(neuron(torch.zeros(1, 3)), expected)


def test_bounds_of_a_device_hold_after_a_step() -> None:
    bounds = Bounds.from_responses([Response(1.38, -13.29), Response(3.27, -10.85)])
    assert bounds == Bounds(k=(1.38, 3.27), c=(-13.29, -10.85))
    neuron = SpinNeuron(2, k=2.2, c=-11.8, bounds=bounds)
    with torch.no_grad():
        neuron.k.copy_(torch.tensor([-4.0, 9.0]))
        neuron.c.zero_()
    neuron.project_()
    assert neuron.k.tolist() == pytest.approx([1.38, 3.27])
    assert neuron.c.tolist() == pytest.approx([-10.85, -10.85])


def test_a_start_on_the_edge_of_the_bounds_is_inside() -> None:
    SpinNeuron(1, k=3.27, c=-13.29, bounds=Bounds(k=(1.38, 3.27), c=(-13.29, -10.85)))


@pytest.mark.parametrize("ends", [(2.0, 1.0), (math.nan, 1.0)])
def test_empty_bounds_are_refused(ends: tuple[float, float]) -> None:
    with pytest.raises(InputError, match=r"Give \(lowest, highest\)"):
        Bounds(k=ends)


def test_bounds_of_nothing_are_refused() -> None:
    with pytest.raises(InputError, match="at least one response"):
        Bounds.from_responses([])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"features": 0}, "at least one neuron"),
        ({"features": 2.0}, "as a whole number"),
        ({"features": 3, "k": math.nan}, "k holds NaN"),
        ({"features": 3, "c": math.inf}, "c holds NaN or infinity"),
        ({"features": 3, "k": [1.0, 2.0]}, r"shape \(2,\) for 3 neurons. Give one number, or 3"),
        ({"features": 3, "k": 5.0, "bounds": Bounds(k=(0.0, 4.0))}, "outside the bounds"),
    ],
)
def test_an_impossible_layer_is_refused(arguments: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        SpinNeuron(**arguments)


def test_an_unknown_trained_parameter_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="Known: c, k"):
        SpinNeuron(3, train=("slope",))


def test_input_of_another_width_is_refused() -> None:
    with pytest.raises(InputError, match="layer of 3 spin neurons was given 4 inputs a sample"):
        SpinNeuron(3)(torch.zeros(2, 4))


@pytest.mark.parametrize("trials", [0, -3])
def test_zero_trials_are_refused(trials: int) -> None:
    with pytest.raises(InputError, match="at least one write pulse"):
        Stochastic(trials=trials)


def test_a_stochastic_layer_repeats_from_its_seed() -> None:
    z = torch.randn(20, 5, generator=torch.Generator().manual_seed(3))
    first, twin, other = (SpinNeuron(5, stochastic=Stochastic(trials=2, seed=seed)) for seed in (1, 1, 2))
    a, b = first(z), first(z)
    assert not torch.equal(a, b)  # noise goes on from draw to draw
    assert torch.equal(a, twin(z))
    assert not torch.equal(a, other(z))
    first.reseed(1)
    assert torch.equal(a, first(z))
    assert set(a.detach().unique().tolist()) <= {0.0, 0.5, 1.0}


def test_a_layer_that_gives_the_mean_ignores_reseeding() -> None:
    neuron = SpinNeuron(2)
    before = neuron(torch.ones(1, 2))
    neuron.reseed(5)
    assert torch.equal(before, neuron(torch.ones(1, 2)))


def test_the_layer_prints_what_it_is() -> None:
    text = repr(SpinNeuron(3, train=("k",), bounds=Bounds(k=(0, 4)), stochastic=Stochastic(2)))
    assert text.startswith("SpinNeuron(3, train=('k',), bounds=Bounds(k=(0, 4)")
    assert "trials=2" in text
