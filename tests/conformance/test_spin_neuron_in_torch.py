"""What torch asks of a module: gradients, state, containers, copies, types, the compiler."""

from __future__ import annotations

import copy
import io
from typing import Any

import pytest
import torch

from spinloom.nn import SpinNeuron, Stochastic, spin_network
from spinloom.nn import functional as sf


def inputs(*shapes: tuple[int, ...]) -> list[torch.Tensor]:
    chance = torch.Generator().manual_seed(0)
    return [torch.randn(shape, generator=chance, dtype=torch.float64, requires_grad=True) for shape in shapes]


def test_gradcheck_first_and_second_order() -> None:
    arguments = inputs((4, 3), (3,), (3,))
    assert torch.autograd.gradcheck(sf.spin_sigmoid, arguments)
    assert torch.autograd.gradgradcheck(sf.spin_sigmoid, arguments)


def test_gradcheck_of_a_whole_network_with_its_loss() -> None:
    net = spin_network((4, 3, 2), k_init="rule", c_init="rule").double()
    (x,) = inputs((5, 4))
    y = torch.tensor([0, 1, 1, 0, 1])
    names = [name for name, _ in net.named_parameters()]

    def loss(x: torch.Tensor, *values: torch.Tensor) -> torch.Tensor:
        h: Any = torch.func.functional_call(net, dict(zip(names, values, strict=True)), (x,))
        return sf.output_cross_entropy(h, y)

    assert len(names) == 6
    assert torch.autograd.gradcheck(loss, (x, *net.parameters()))


@pytest.mark.parametrize("train", [(), ("k",), ("k", "c")])
def test_state_dict_round_trip_through_a_file(train: tuple[str, ...]) -> None:
    net = spin_network((4, 3, 2), train=train, k_init="rule", c_init="rule", generator=1)
    file = io.BytesIO()
    torch.save(net.state_dict(), file)
    file.seek(0)
    other = spin_network((4, 3, 2), generator=2)  # may train other parameters than the one saved
    missing = other.load_state_dict(torch.load(file, weights_only=True))
    assert not missing.missing_keys
    assert not missing.unexpected_keys
    x = torch.rand(6, 4)
    assert torch.equal(net(x), other(x))


def test_it_stands_anywhere_in_a_sequential() -> None:
    net = torch.nn.Sequential(
        torch.nn.Conv1d(1, 2, 3), torch.nn.Flatten(), SpinNeuron(12), torch.nn.Linear(12, 3), SpinNeuron(3)
    )
    out = net(torch.randn(5, 1, 8))
    assert out.shape == (5, 3)
    assert torch.all((out >= 0) & (out <= 1))
    assert SpinNeuron(3)(torch.zeros(2, 4, 3)).shape == (2, 4, 3)  # any number of leading dimensions
    assert SpinNeuron(3)(torch.zeros(3)).shape == (3,)


@pytest.mark.parametrize("stochastic", [None, Stochastic(trials=3, seed=2)])
def test_copies_and_whole_modules_on_disk(stochastic: Stochastic | None) -> None:
    net = spin_network((4, 3, 2), stochastic=stochastic)
    x = torch.rand(6, 4)
    net(x)  # a stochastic layer holds a generator from here on
    twin = copy.deepcopy(net)
    file = io.BytesIO()
    torch.save(net, file)
    file.seek(0)
    loaded = torch.load(file, weights_only=False)
    assert torch.equal(twin(x), loaded(x))


def test_types_follow_the_module() -> None:
    for dtype in (torch.float64, torch.float16, torch.bfloat16):
        assert SpinNeuron(3).to(dtype)(torch.zeros(2, 3, dtype=dtype)).dtype == dtype


@pytest.mark.slow
def test_the_compiler_takes_it_in_one_graph() -> None:
    """Traced and differentiated without a graph break; the backend that needs no C compiler."""
    net = spin_network((4, 3, 2), k_init="rule", c_init="rule")
    compiled = torch.compile(net, backend="aot_eager", fullgraph=True)
    x = torch.rand(6, 4)
    # 1e-6: a few roundings of float32, which the compiler may order otherwise
    assert torch.allclose(net(x), compiled(x), atol=1e-6)
    net(x).sum().backward()
    plain = [parameter.grad.clone() for parameter in net.parameters() if parameter.grad is not None]
    net.zero_grad()
    compiled(x).sum().backward()
    ours = [parameter.grad for parameter in net.parameters() if parameter.grad is not None]
    assert len(plain) == len(ours) == 6
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(plain, ours, strict=True))


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning")
def test_a_stochastic_layer_survives_the_compiler() -> None:
    net = spin_network((4, 3, 2), stochastic=Stochastic(trials=2))
    compiled = torch.compile(net, backend="aot_eager")  # its generator may break the graph, not the result
    out = compiled(torch.rand(6, 4))
    assert set(out.unique().tolist()) <= {0.0, 0.5, 1.0}


def test_optimisers_reach_k_and_c() -> None:
    net = spin_network((4, 3, 2))
    before = copy.deepcopy(net.state_dict())
    optimiser = torch.optim.Adam(net.parameters())
    net(torch.rand(6, 4)).sum().backward()
    optimiser.step()
    assert not any(torch.equal(before[name], value) for name, value in net.state_dict().items())
