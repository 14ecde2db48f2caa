"""In-place pulsed updates against closed forms, against Plasticity.after_pulses, and against their torch copy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from spinloom.errors import InputError, UnknownNameError
from spinloom.nn.pulsed import Device, PulsedSGD, torch_update
from spinloom.nn.pulsed.device import kernel
from spinloom.nn.pulsed.matrix import Array
from spinloom.responses import Plasticity
from spinloom.responses.shapes import Exponential, Logistic, Shape, Tabulated

UNEVEN = Tabulated((0.0, 0.02, 0.02, 0.2, 0.3, 0.31, 0.5, 0.8, 0.9, 1.0))
SHAPES = [
    (Exponential(0.0), Exponential(0.0)),
    (Exponential(2.0), Exponential(-5.0)),
    (Logistic(1.0), Logistic(6.0)),
    (UNEVEN, Tabulated((0.0, 0.5, 0.6, 1.0))),
]


def synapse(rise: Shape | None = None, fall: Shape | None = None, **more: Any) -> Plasticity:
    rise = rise or Exponential(0.0)
    return Plasticity.from_values(**{"states": 16, "potentiation": rise, "depression": fall or rise, **more})


def moved(device: Plasticity, weights: torch.Tensor, gradient: torch.Tensor, steps: int = 1, **how: Any) -> PulsedSGD:
    parameter = torch.nn.Parameter(weights)
    optimiser = PulsedSGD([parameter], device, **{"lr": 1.0, "start": "as given", **how})
    for _ in range(steps):
        parameter.grad = gradient
        optimiser.step()
    return optimiser


@pytest.mark.parametrize(("rise", "fall"), SHAPES)
@pytest.mark.parametrize("states", [2, 16, 49])
@pytest.mark.parametrize("kind", [torch.float32, torch.float64])  # the compiled loop, and its torch copy
def test_pulses_move_weights_as_the_response_says(rise: Shape, fall: Shape, states: int, kind: torch.dtype) -> None:
    device = synapse(rise, fall, states=states, depression_states=states + 3)
    g = np.linspace(0.0, 1.0, 4000).reshape(40, 100)
    pulses = np.random.default_rng(0).integers(-4, 5, g.shape).clip(1 - states, states - 1)
    weights = torch.from_numpy(2.0 * g - 1.0).to(kind)
    start = 0.5 * (weights.double().numpy() + 1.0)
    level = np.where(pulses > 0, 2.0 / (states - 1), 2.0 / (states + 2))
    moved(device, weights, torch.from_numpy(-pulses * level).to(kind), rounding="nearest")
    expected = 2.0 * device.after_pulses(start, pulses) - 1.0
    # tables of 4096 lines stand for a smooth curve: error h^2/8 times a curvature of at most v^2
    assert np.abs(weights.numpy() - expected).max() < 1e-6


@pytest.mark.parametrize(("rise", "fall"), SHAPES)
def test_whole_pulses_from_an_end_reach_the_levels(rise: Shape, fall: Shape) -> None:
    device = synapse(rise, fall, states=10)
    up, down = torch.full((1, 10), -1.0), torch.full((1, 10), 1.0)
    count = torch.arange(10.0)[None]
    moved(device, up, -count * 2 / 9, rounding="nearest")
    moved(device, down, count * 2 / 9, rounding="nearest")
    assert up[0].numpy() == pytest.approx(2 * device.levels() - 1, abs=2e-7)  # float32
    assert down[0].numpy()[::-1] == pytest.approx(2 * device.levels("depression") - 1, abs=2e-7)
    one = torch.full((1, 3), -1.0)
    moved(device, one, torch.full((1, 3), -2 / 9), steps=3)
    if rise == Exponential(0.0):
        assert one[0].tolist() == pytest.approx([-1 + 3 * 2 / 9] * 3, abs=2e-7)


def test_stochastic_rounding_is_right_on_average() -> None:
    wanted = 0.3  # of a level
    weights = torch.zeros(500, 600)
    gradient = torch.full_like(weights, -wanted * 2 / 15)
    optimiser = moved(synapse(), weights, gradient)
    share = float((weights != 0).double().mean())
    # a share of 300 000 draws; 5 standard deviations: a false alarm in 2 million runs
    assert abs(share - wanted) < 5 * math.sqrt(wanted * (1 - wanted) / 3e5)
    assert weights.unique().numpy() == pytest.approx([0.0, 2 / 15], abs=1e-6)
    cost = optimiser.cost()
    assert cost.pulses_up.item() == round(share * 3e5)
    assert cost.pulses_down.item() == 0
    assert cost.under_half.item() == 1.0  # 0.3 of a level
    # the draws of neighbours, rows and steps have nothing to do with each other: 3e5 pairs, 5 sigma
    first = (weights != 0).double() - share
    again = torch.zeros(500, 600)
    moved(synapse(), again, gradient, steps=2)
    second = ((again - weights).abs() > 1e-3).double() - share
    for other in (second, first.roll(1, 1), first.roll(64, 1), first.roll(1, 0), first.roll(256, 1)):
        assert abs(float((first * other).mean())) / (wanted * (1 - wanted)) < 5 / math.sqrt(3e5)


def test_noise_and_write_errors_are_those_of_the_device() -> None:
    device = synapse(cycle_to_cycle=0.01, write_error=0.2)
    weights = torch.zeros(500, 600)
    moved(device, weights, torch.full_like(weights, -4 * 2 / 15))
    change = 0.5 * weights.double() * 15  # in pulses
    # 4 pulses: mean 3.2 of them work, binomial variance 0.64, noise 0.01^2 a pulse that works; 5 sigma of 3e5 samples
    variance = 0.64 + 3.2 * (0.15) ** 2
    assert abs(float(change.mean()) - 3.2) < 5 * math.sqrt(variance / 3e5)
    assert float(change.var()) == pytest.approx(variance, rel=5 * math.sqrt(2 / 3e5))


@pytest.mark.parametrize(("rise", "fall"), SHAPES)
def test_the_torch_copy_gives_the_same(rise: Shape, fall: Shape) -> None:
    device = Device(synapse(rise, fall, cycle_to_cycle=0.02, depression_states=20))
    generator = torch.Generator().manual_seed(1)
    weights = 2 * torch.rand(37, 41, generator=generator) - 1
    wanted = torch.randn(37, 41, generator=generator)
    array = Array(device, "stochastic", seed=12345678901234)
    scale = array.scale(-0.5, 0.7)
    u, z = np.empty(weights.numel(), np.float32), np.empty(weights.numel(), np.float32)
    kernel("chances")(array._key, 7, u, z)
    assert 0.45 < u.mean() < 0.55
    count = torch_update.pulses_of(wanted, scale, (15, 19), torch.from_numpy(u).view_as(weights))
    normal = torch.from_numpy(z).view_as(weights)
    start = 0.7 * weights
    expected = torch_update.pulse(start, count, 0.7, device.up, device.down, device.noise, None, normal, None)
    done = torch.empty(weights.shape, dtype=torch.int32)
    array.give(start, wanted, scale, 0.7, 7, done=done)
    assert torch.equal(done, count.int())
    assert float((start - expected).abs().max()) < 1e-6  # float32 weights, float64 inside


def test_the_same_numbers_at_any_number_of_threads() -> None:
    device = synapse(Exponential(2.0), Exponential(-1.0), cycle_to_cycle=0.02)
    generator = torch.Generator().manual_seed(0)
    gradient = 0.05 * torch.randn(600, 601, generator=generator)
    found = []
    before = torch.get_num_threads()
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            weights = torch.zeros(600, 601)
            optimiser = moved(device, weights, gradient, steps=2, seed=4)
            found.append((weights, optimiser.cost()))
    finally:
        torch.set_num_threads(before)
    assert torch.equal(found[0][0], found[1][0])
    assert torch.equal(found[0][0], found[2][0])
    assert found[0][1].identical(found[1][1])
    other = torch.zeros(600, 601)
    moved(device, other, gradient, steps=2, seed=5)
    assert not torch.equal(found[0][0], other)


def test_energy_and_time_are_pulses_times_the_devices() -> None:
    device = synapse(write_energy=2e-12, write_time=5e-9)
    weights = torch.tensor([[-1.0, -0.2, 0.2, 1.0]])
    optimiser = moved(device, weights, torch.tensor([[-2.0, 1.0, 0.0, 3.0]]) * 2 / 15, rounding="nearest")
    cost = optimiser.cost()
    assert (cost.pulses_up.item(), cost.pulses_down.item()) == (2, 4)
    assert cost.write_energy.item() == pytest.approx(6 * 2e-12)
    assert cost.write_time_serial.item() == pytest.approx(6 * 5e-9)
    assert cost.write_time_parallel.item() == pytest.approx(3 * 5e-9)
    assert cost.under_half.item() == 0.0
    assert cost.moves.item() == 3
    assert cost.attrs["unknown"] == ""
    silent = moved(synapse(), torch.zeros(1, 2), torch.zeros(1, 2)).cost()
    assert silent.attrs["unknown"] == "write_energy, write_time"
    assert math.isnan(silent.write_energy.item())


def test_biases_and_digital_groups_follow_plain_descent() -> None:
    net = torch.nn.Linear(3, 2)
    bias = net.bias.detach().clone()
    other = torch.nn.Parameter(torch.ones(2, 2))
    optimiser = PulsedSGD(
        [{"params": net.parameters(), "lr": 0.5}, {"params": [other], "w_max": None}], synapse(), lr=0.1
    )
    for parameter in (*net.parameters(), other):
        parameter.grad = torch.full_like(parameter, 0.02)
    optimiser.step()
    assert torch.allclose(net.bias.detach(), bias - 0.01)
    assert torch.allclose(other.detach(), torch.full((2, 2), 1 - 0.002))
    levels = 2 * synapse().levels() - 1
    assert np.abs(net.weight.detach().numpy()[..., None] - levels).min(-1).max() < 1e-6


def test_bad_input_is_refused() -> None:
    parameter = torch.nn.Parameter(torch.zeros(2, 2))
    with pytest.raises(UnknownNameError, match="in-place"):
        PulsedSGD([parameter], synapse(), 0.1, method="in-plase")
    with pytest.raises(UnknownNameError, match="stochastic"):
        PulsedSGD([parameter], synapse(), 0.1, rounding="round")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="w_max"):
        PulsedSGD([parameter], synapse(), 0.1, w_max=0.0)
    with pytest.raises(InputError, match="one for each"):
        PulsedSGD([parameter], synapse(), 0.1, w_max=(1.0, 2.0))
    with pytest.raises(InputError, match="lr"):
        PulsedSGD([parameter], synapse(), -1.0)
    with pytest.raises(InputError, match="Plasticity"):
        PulsedSGD([parameter], 16, 0.1)  # type: ignore[arg-type]
    optimiser = PulsedSGD([("first", parameter)], synapse(), 0.1)
    parameter.grad = torch.tensor([[0.0, math.nan], [1.0, 0.0]])
    with pytest.raises(InputError, match="first holds NaN"):
        optimiser.step()
