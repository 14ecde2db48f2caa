"""Quantisation: the device's exact levels, the nearest of them, straight-through gradients."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from spinloom.errors import InputError, UnknownNameError
from spinloom.nn.quantise import levels_of, post_training_quantise, snap, snap_ste
from spinloom.responses import Exponential, Logistic, Plasticity, Tabulated
from spinloom.responses.combination import combine

UNEVEN = Plasticity.from_values(16, 0.0, 1.0, Exponential(5.0))
SHAPES = [Exponential(0.0), Exponential(5.0), Exponential(-2.8), Logistic(1.0), Tabulated((0.0, 0.5, 0.5, 0.51, 1.0))]


def test_levels_of_one_device_are_those_of_its_curve() -> None:
    g = (1 - np.exp(-5.0 * np.arange(16) / 15)) / (1 - math.exp(-5.0))  # FACTS A2, eq. 4.1
    assert np.allclose(levels_of(UNEVEN, "offset"), 2 * g - 1, atol=1e-15)
    assert np.allclose(levels_of(UNEVEN), np.concatenate([-g[:0:-1], g]), atol=1e-15)
    differences = np.unique(np.round((g[:, None] - g).ravel(), 12))
    both = levels_of(UNEVEN, pair="both")
    assert len(both) == len(differences) == 16 * 15 + 1
    assert np.allclose(both, differences, atol=1e-12)


@pytest.mark.parametrize(("devices", "states"), [(1, 18), (2, 18), (16, 18)])
def test_levels_of_several_devices(devices: int, states: int) -> None:
    """N devices of i even states give n (i - 1) + 1 even ones (16 x 18: 273 of them, not 288)."""
    even = Plasticity.from_values(states)
    found = levels_of(even, "offset", devices)
    assert np.allclose(found, np.linspace(-1, 1, devices * (states - 1) + 1), atol=1e-14)
    assert len(levels_of(even, "differential", devices)) == 2 * devices * (states - 1) + 1
    in_turn = combine(UNEVEN, devices, order="one after another").levels()
    assert np.allclose(levels_of(UNEVEN, "offset", devices), 2 * in_turn - 1, atol=1e-14)
    uneven, single = levels_of(UNEVEN, "offset", devices), UNEVEN.levels()
    for full in range(devices):  # so many devices are full, the next one is being filled
        part = uneven[full * 15 : full * 15 + 16]
        assert np.allclose(0.5 * (part + 1), (full + single) / devices)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("mapping", ["offset", "differential"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_nearest_level_against_a_full_search(shape: Exponential, mapping: str, dtype: torch.dtype) -> None:
    levels = levels_of(Plasticity.from_values(5 if isinstance(shape, Tabulated) else 40, 0, 1, shape), mapping)
    chance = torch.Generator().manual_seed(1)
    weight = torch.randn(4000, generator=chance, dtype=dtype)
    out = snap(weight, levels, 1.7)
    distance = np.abs(weight.double().numpy()[:, None] - 1.7 * levels).min(1)
    # nearest up to the rounding of the weight's own type
    assert np.allclose(np.abs((weight - out).double().numpy()), distance, atol=8 * torch.finfo(dtype).eps)
    assert out.dtype == dtype
    assert np.isin(out.numpy(), torch.as_tensor(levels).to(dtype).mul(1.7).numpy()).all()
    assert torch.equal(snap(out, levels, 1.7), out)  # a projection


def test_levels_too_close_for_a_table_are_searched_for() -> None:
    levels = np.array([-1.0, 0.0, 1e-7, 2e-7, 1.0])
    out = snap(torch.tensor([-0.3, 0.9e-7, 1.6e-7, 0.7], dtype=torch.float64), levels, 1.0)
    assert out.tolist() == [0.0, 1e-7, 2e-7, 1.0]


def test_straight_through_gradient_is_one_inside_and_zero_outside() -> None:
    weight = torch.tensor([-3.0, -1.9, 0.01, 0.5, 2.0, 2.1], requires_grad=True)
    out = snap_ste(weight, levels_of(UNEVEN), 2.0)
    assert torch.equal(out, snap(weight.detach(), levels_of(UNEVEN), 2.0))
    assert out[0] == -2
    assert out[-1] == 2
    (out * torch.arange(1.0, 7.0)).sum().backward()
    assert weight.grad is not None
    assert weight.grad.tolist() == [0, 2, 3, 4, 5, 0]


def test_types_and_divergence() -> None:
    half = torch.linspace(-1, 1, 9).half()
    assert snap(half, levels_of(UNEVEN), 1.0).dtype == torch.float16
    lost = snap_ste(torch.tensor([math.nan, 0.3, math.inf]), levels_of(UNEVEN), 1.0)
    assert lost.isnan().tolist() == [True, False, False]
    assert lost[2] == 1.0


def small_net() -> torch.nn.Sequential:
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 3, 3), torch.nn.Flatten(), torch.nn.Linear(12, 5), torch.nn.ReLU(), torch.nn.Linear(5, 2)
    )


@pytest.mark.parametrize("w_max", ["max", "percentile", 0.2, {"0": 0.1, "2": 0.2, "4": 0.3}])
def test_a_network_on_the_levels_of_a_device(w_max: object) -> None:
    net = small_net()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    out = post_training_quantise(net, UNEVEN, w_max, share=0.9)  # type: ignore[arg-type]
    for name, value in net.state_dict().items():
        assert torch.equal(value, before[name])  # the trained network stays
    for name, value in out.state_dict().items():
        if name.endswith("bias"):
            assert torch.equal(value, before[name])
            continue
        size = before[name].abs()
        ranges = {"max": size.max().item(), "percentile": float(np.quantile(size.double().numpy(), 0.9))}
        top = w_max[name[0]] if isinstance(w_max, dict) else ranges.get(w_max, w_max)  # type: ignore[call-overload]
        assert torch.equal(value, snap(before[name], levels_of(UNEVEN), top))
        assert value.abs().max() <= top * (1 + 1e-6)
    again = post_training_quantise(out, UNEVEN, w_max if not isinstance(w_max, str) else "max")  # type: ignore[arg-type]
    if w_max != "percentile":
        assert all(torch.equal(a, b) for a, b in zip(again.parameters(), out.parameters(), strict=True))


def test_many_even_levels_change_nothing_beyond_half_a_level() -> None:
    net, states = small_net(), 2001
    out = post_training_quantise(net, Plasticity.from_values(states))
    for a, b in zip(net.parameters(), out.parameters(), strict=True):
        # even levels lie w_max/2000 apart; half of that, and float32's rounding
        assert (a - b).abs().max() <= a.abs().max() * (0.5 / (states - 1) + 1e-6)


def test_what_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'differential'"):
        levels_of(UNEVEN, "diferential")
    with pytest.raises(UnknownNameError, match="Did you mean 'both'"):
        levels_of(UNEVEN, pair="boht")  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="Did you mean 'Huang2022_sot'"):
        levels_of("Huang2022_st")
    with pytest.raises(InputError, match="give a Plasticity"):
        levels_of(16)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="at least one device"):
        levels_of(UNEVEN, devices=0)
    with pytest.raises(InputError, match="1 of 2 weights are NaN"):
        snap(torch.tensor([0.0, math.nan]), levels_of(UNEVEN), 1.0)
    for w_max in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(InputError, match="finite number above 0"):
            snap(torch.zeros(2), levels_of(UNEVEN), w_max)
    with pytest.raises(InputError, match="levels must be at least two"):
        snap(torch.zeros(2), [0.0, 0.0, 1.0], 1.0)
    with pytest.raises(UnknownNameError, match="Did you mean 'percentile'"):
        post_training_quantise(small_net(), UNEVEN, "percentil")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no range for layer '2'"):
        post_training_quantise(small_net(), UNEVEN, {"0": 1.0})
    with pytest.raises(InputError, match=r"no torch\.nn\.Linear"):
        post_training_quantise(torch.nn.ReLU(), UNEVEN)
    with pytest.raises(InputError, match="share = 0"):
        post_training_quantise(small_net(), UNEVEN, share=0.0)
    zero = torch.nn.Linear(2, 2)
    torch.nn.init.zeros_(zero.weight)
    with pytest.raises(InputError, match="give w_max"):
        post_training_quantise(zero, UNEVEN)


def test_any_layout_of_memory() -> None:
    weight = torch.randn(6, 4).T
    assert torch.equal(snap(weight, levels_of(UNEVEN), 1.0), snap(weight.contiguous(), levels_of(UNEVEN), 1.0))
    assert snap(torch.empty(0, 3), levels_of(UNEVEN), 1.0).shape == (0, 3)
