"""Layers on crossbars and binary layers do what torch asks of a Linear and a Conv2d."""

from __future__ import annotations

import copy
import io
import pickle
from typing import Any

import pytest
import torch

from spinloom.crossbar import Converter
from spinloom.nn import BinaryLinear, CrossbarConv2d, CrossbarLinear, XnorLinear, calibrate, post_training_quantise
from spinloom.responses import Exponential, Plasticity

SYNAPSE = Plasticity.from_values(
    16, "10 uS", "100 uS", Exponential(2.0), device_to_device=0.05, read_noise=0.02, cycle_to_cycle=0.01
)
LEARNING: dict[str, Any] = {"synapse": SYNAPSE, "quantise": "ste", "noise": "device", "w_max": 0.4}


def net(**hardware: Any) -> torch.nn.Sequential:
    torch.manual_seed(0)
    given: dict[str, Any] = {"synapse": SYNAPSE, "tile": (16, 8), **hardware}
    return torch.nn.Sequential(
        CrossbarConv2d(1, 3, 3, **given), torch.nn.Tanh(), torch.nn.Flatten(), CrossbarLinear(48, 4, **given)
    )


def images(samples: int = 5, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.rand(samples, 1, 6, 6, generator=torch.Generator().manual_seed(1), dtype=dtype)


def reseeded(made: torch.nn.Sequential) -> torch.nn.Sequential:
    for layer in made:
        if isinstance(layer, CrossbarLinear | CrossbarConv2d):
            layer.reseed(3)
    return made


def test_they_are_torch_layers() -> None:
    made = net()
    assert isinstance(made[0], torch.nn.Conv2d)
    assert isinstance(made[3], torch.nn.Linear)
    assert isinstance(BinaryLinear(3, 2), torch.nn.Linear)
    digital = torch.nn.Sequential(torch.nn.Conv2d(1, 3, 3), torch.nn.Tanh(), torch.nn.Flatten(), torch.nn.Linear(48, 4))
    assert [name for name, _ in made.named_parameters()] == [name for name, _ in digital.named_parameters()]
    assert "synapse=16 states" in repr(made)
    assert CrossbarLinear(3, 2, False, synapse=SYNAPSE).bias is None
    quantised = post_training_quantise(made, SYNAPSE)
    assert isinstance(quantised, torch.nn.Sequential)
    assert quantised[3](torch.zeros(1, 48)).shape == (1, 4)


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_gradcheck_in_training(noise: float) -> None:
    """The layer is smooth in inputs, weights and bias where nothing is quantised, noise of one draw included."""
    made = net(noise=noise).double()
    names = [name for name, _ in made.named_parameters()]

    def output(x: torch.Tensor, *values: torch.Tensor) -> Any:
        given = dict(zip(names, values, strict=True))
        return torch.func.functional_call(reseeded(made), given, (x,))

    x = images(2, torch.float64).requires_grad_()
    if noise:  # its size follows the largest weight, as a constant: checked in the inputs alone
        assert torch.autograd.gradcheck(lambda x: output(x, *made.parameters()), (x,))
    else:
        assert torch.autograd.gradcheck(output, (x, *made.parameters()))


def test_gradcheck_in_evaluation() -> None:
    """Inputs get the gradient of the programmed weights, read noise included."""
    made = net().double().eval()
    assert torch.autograd.gradcheck(lambda x: reseeded(made)(x), (images(2, torch.float64).requires_grad_(),))


@pytest.mark.parametrize("how", ["programmed", "calibrated", "new"])
def test_state_dict_round_trip_through_a_file(how: str) -> None:
    made = net(read=Converter(6) if how == "calibrated" else None, wires="5 ohm", seed=1)
    if how == "calibrated":
        calibrate(made, images())
    elif how == "programmed":
        made.eval()(images())
        for layer in (made[0], made[3]):
            layer.age(10.0)
    file = io.BytesIO()
    torch.save(made.state_dict(), file)
    file.seek(0)
    other = net(read=Converter(6) if how == "calibrated" else None, wires="5 ohm", seed=2)
    other.eval()
    if how != "calibrated":
        other(images())  # programmed with something else before
    assert other.load_state_dict(torch.load(file, weights_only=True)).missing_keys == []
    assert other[3].is_programmed == (how != "new")
    if how != "new":
        assert torch.equal(other[3].array_weight, made[3].array_weight)
        assert (other[3].crossbar.programmed.states == made[3].crossbar.programmed.states).all()
    else:
        for layer in (other[0], other[3]):
            layer.program(1)
    assert torch.equal(reseeded(other)(images()), reseeded(made.eval())(images()))


def test_state_of_digital_layers() -> None:
    torch.manual_seed(5)
    digital = torch.nn.Sequential(torch.nn.Conv2d(1, 3, 3), torch.nn.Tanh(), torch.nn.Flatten(), torch.nn.Linear(48, 4))
    made = net()
    made.eval()(images())
    made.load_state_dict(digital.state_dict())  # strictly
    assert not made[3].is_programmed
    made.train()
    assert torch.allclose(made(images()), digital(images()), atol=1e-6)
    # and back: weights and biases are where torch's layers have them
    answer = digital.load_state_dict(made.state_dict(), strict=False)
    assert answer.missing_keys == []


def test_copies_and_whole_modules_on_disk() -> None:
    made = net(read=Converter(8), noise="device")
    calibrate(made, images())
    made.eval()(images())
    for twin in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert torch.equal(reseeded(twin)(images()), reseeded(made)(images()))
        # the hooks of the copy are the copy's
        twin.load_state_dict(torch.nn.Sequential(torch.nn.Conv2d(1, 3, 3), *[torch.nn.Identity()] * 2,
                                                 torch.nn.Linear(48, 4)).state_dict())  # fmt: skip
        assert not twin[3].is_programmed
        assert made[3].is_programmed


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_types_follow_the_module(dtype: torch.dtype) -> None:
    made = net(**LEARNING, read=Converter(8, range=4.0)).to(dtype)
    x = images().to(dtype)
    out = made(x)
    out.sum().backward()
    assert out.dtype == dtype
    assert made[3].weight.grad is not None
    assert made[3].weight.grad.dtype == dtype
    assert made.eval()(x).dtype == dtype
    assert made[3].array_weight.dtype == dtype
    assert made.float()(images()).dtype == torch.float32
    assert made[3].is_programmed  # the arrays' weights change type with the digital ones


def test_any_leading_dimensions() -> None:
    layer = CrossbarLinear(6, 2, synapse=SYNAPSE, tile=(4, 4), read=Converter(8, range=5.0), noise=0.1)
    for shape in ((6,), (3, 6), (2, 3, 6), (0, 6)):
        assert layer.train()(torch.zeros(shape)).shape == (*shape[:-1], 2)
        assert layer.eval()(torch.zeros(shape)).shape == (*shape[:-1], 2)


@pytest.mark.parametrize("optimiser", [torch.optim.SGD, torch.optim.Adam])
def test_optimisers_train_them(optimiser: Any) -> None:
    made = net(**LEARNING)
    before = [parameter.detach().clone() for parameter in made.parameters()]
    steps = optimiser(made.parameters(), 0.01)
    losses = []
    for _ in range(25):
        steps.zero_grad()
        loss = torch.nn.functional.cross_entropy(made(images()), torch.tensor([0, 1, 2, 3, 0]))
        loss.backward()
        steps.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert not any(torch.equal(a, b) for a, b in zip(before, made.parameters(), strict=True))


def test_inference_mode_leaves_layers_that_train_on() -> None:
    """What was programmed under inference mode is no inference tensor: inputs can have gradients afterwards."""
    layers = [
        CrossbarLinear(6, 6, synapse=SYNAPSE, noise="device", quantise="ste"),
        XnorLinear(6, 6, write_error=0.1),
        BinaryLinear(6, 6, bit_error=0.1),
    ]
    made = torch.nn.Sequential(*layers)
    with torch.inference_mode():
        made.eval()(torch.randn(2, 6))
    x = torch.randn(2, 6, requires_grad=True)
    for mode in (False, True, False):
        made.train(mode)(x).sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning")
def test_the_compiler_gives_equal_results() -> None:
    """Through the backend that needs no C compiler; noise and programming break the graph, not the result."""
    layer = CrossbarLinear(36, 4, tile=(16, 8), read=Converter(8, range=4.0), **LEARNING)
    made = torch.nn.Sequential(torch.nn.Flatten(), layer)
    compiled: Any = torch.compile(made, backend="aot_eager")
    # 1e-6: a few roundings of float32, which the compiler may order otherwise
    assert torch.allclose(reseeded(made)(images()), _first(compiled, made), atol=1e-6)
    reseeded(made)(images()).sum().backward()
    plain = [parameter.grad.clone() for parameter in made.parameters() if parameter.grad is not None]
    made.zero_grad()
    reseeded(made)
    compiled(images()).sum().backward()
    ours = [parameter.grad for parameter in made.parameters() if parameter.grad is not None]
    assert len(plain) == len(ours) == 2
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(plain, ours, strict=True))
    made.eval()
    assert torch.allclose(
        _first(compiled, made), reseeded(made)(images()), atol=1e-6
    )  # compiled is the first to program
    with torch.no_grad():
        layer.weight.neg_()
    changed = _first(compiled, made)
    assert layer.is_programmed
    assert torch.allclose(changed, reseeded(made)(images()), atol=1e-6)


def _first(compiled: Any, made: torch.nn.Sequential) -> torch.Tensor:
    reseeded(made)
    return compiled(images())


@pytest.mark.gpu
def test_a_graphics_card_gives_the_same() -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    made = net(synapse=SYNAPSE.replace(read_noise=0.0), quantise="ste", read=Converter(12, range=4.0), wires="5 ohm")
    there = copy.deepcopy(made).cuda()
    for mode in (True, False):
        here = made.train(mode)(images())
        # 12 bits: 0.002 a step; a sum at a boundary may fall to its other side, in each of 3 tiles
        assert torch.allclose(there.train(mode)(images().cuda()).cpu(), here, atol=1e-5 if mode else 6.1e-3)
    assert there[3].array_weight.is_cuda
    back = there.cpu()
    assert torch.equal(back(images()), made(images()))
    noisy = net(**LEARNING).cuda()
    noisy(images().cuda()).sum().backward()
    assert torch.isfinite(noisy[3].weight.grad).all()
    assert noisy.eval()(images().cuda()).is_cuda
