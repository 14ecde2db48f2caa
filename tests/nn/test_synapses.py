"""Layers on crossbars: equal to the digital layer for an ideal device, to the crossbar for a real one."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest
import torch

from spinloom.crossbar import Converter, Faults, Programming
from spinloom.errors import InputError, UnknownNameError
from spinloom.nn import CrossbarConv2d, CrossbarLinear, calibrate, levels_of, snap
from spinloom.nn.aware import Aware
from spinloom.nn.hardware import Hardware
from spinloom.nn.on_array import OnArray
from spinloom.responses import Exponential, Plasticity

IDEAL = Plasticity.from_values(1001, "10 uS", "100 uS")
REAL = Plasticity.from_values(
    16, "10 uS", "100 uS", Exponential(2.0), Exponential(-2.0), device_to_device=0.05, cycle_to_cycle=0.01
)


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def linear(outputs: int = 7, inputs: int = 20, **hardware: Any) -> CrossbarLinear:
    torch.manual_seed(3)
    return CrossbarLinear(inputs, outputs, **{"synapse": REAL, "tile": (8, 4), **hardware}).double()


@pytest.mark.parametrize("mapping", ["differential", "offset"])
def test_an_ideal_device_with_many_states_is_the_digital_layer(mapping: Any) -> None:
    layer = linear(synapse=IDEAL, mapping=mapping)
    x = torch.randn(50, 20, generator=chance(), dtype=torch.float64)
    digital = torch.nn.functional.linear(x, layer.weight, layer.bias)
    assert torch.equal(layer(x), digital)  # in training nothing is in between
    # each weight is off by half a level at most; levels lie w_max/1000 apart (offset: twice that)
    level = layer.weight.abs().max() / 1000 * (1 if mapping == "differential" else 2)
    bound = 0.5 * level * x.abs().sum(1, keepdim=True) * (1 + 1e-9)
    assert ((layer.eval()(x) - digital).abs() <= bound).all()


@pytest.mark.parametrize("keywords", [{}, {"stride": 2, "padding": 1, "dilation": (2, 1), "bias": False},
                                      {"padding": "same", "padding_mode": "circular"}])  # fmt: skip
@pytest.mark.parametrize("read", [None, Converter(bits=12, range=20.0)])
def test_an_ideal_convolution_is_the_digital_one(keywords: dict[str, Any], read: Converter | None) -> None:
    torch.manual_seed(1)
    digital = torch.nn.Conv2d(2, 5, 3, **keywords).double()
    layer = CrossbarConv2d.like(digital, synapse=IDEAL, tile=(7, 3), read=read)
    x = torch.randn(2, 2, 9, 8, generator=chance(), dtype=torch.float64)
    assert torch.allclose(layer(x), digital(x), atol=1e-12)  # the bias is added after the sums
    out = layer.eval()(x)
    assert out.shape == digital(x).shape
    half_level = 0.5 * digital.weight.abs().max().item() / 1000
    size = torch.nn.Conv2d(2, 1, 3, **{**keywords, "bias": False}).double()
    torch.nn.init.ones_(size.weight)
    # half a level of each weight, and half a step of the converter of each of the three tiles along the 18 rows
    bound = half_level * size(x.abs()) * (1 + 1e-9) + (1.5 * read.step if read else 0.0)
    assert ((out - digital(x)).abs() <= bound).all()


@pytest.mark.parametrize(
    "hardware",
    [
        {},
        {"mapping": "offset", "devices": 3, "w_max": 0.3},
        {"wires": "30 ohm", "faults": Faults(stuck_low=3, stuck_high=2, dead_columns=1)},
        {"read": Converter(bits=5), "drive": Converter(bits=4)},
        {"read": Converter(bits=3, mode="nonuniform"), "programming": Programming("write-verify")},
    ],
)
def test_without_read_noise_it_is_the_crossbars_product(hardware: dict[str, Any]) -> None:
    layer = linear(seed=4, **hardware).eval()
    x = torch.randn(30, 20, generator=chance(), dtype=torch.float64)
    layer.calibrate(x)
    crossbar = layer.crossbar.calibrated(x.numpy(), 0.999)
    assert layer.bias is not None
    by_crossbar = torch.from_numpy(crossbar.product(x.numpy())) + layer.bias
    # 1e-10: rounding of sums in another order; a sum at a boundary of the converter may then fall to its other side
    assert ((layer(x) - by_crossbar).abs() > 1e-10).float().mean() <= (0.002 if "read" in hardware else 0.0)
    assert torch.equal(layer(x), layer(x))


def test_reads_scatter_as_the_device_does() -> None:
    layer = linear(synapse=REAL.replace(read_noise=0.05), seed=1).eval()
    x = torch.randn(1, 20, generator=chance(), dtype=torch.float64)
    assert layer.bias is not None
    mean = torch.from_numpy(layer.crossbar.product(x.numpy())) + layer.bias
    variance = torch.from_numpy((x.numpy() ** 2) @ (layer.crossbar.noise_weights() ** 2).T)
    samples = 20_000
    for read in (None, Converter(bits=16, range=50.0)):  # in one piece, or tile by tile
        layer.read = read
        out = layer(x.expand(samples, -1))
        # seven means and variances of 20 000 samples each, within five standard errors: false alarm 1e-5
        assert ((out.mean(0) - mean).abs() < 5 * (variance / samples).sqrt() + 1e-3 * bool(read)).all()
        assert ((out.var(0) / variance - 1).abs() < 5 * math.sqrt(2 / samples)).all()
    layer.reseed(8)
    first = layer(x)
    assert not torch.equal(layer(x), first)
    layer.reseed(8)
    assert torch.equal(layer(x), first)


def test_noise_on_the_sums_is_noise_on_the_weights_and_so_are_its_gradients() -> None:
    """With y = (W + N) x and a loss y^3, the mean loss and gradient have closed forms: for e = N x, E[e N_j] = s^2 x_j.

    E[y^3] = m^3 + 3 m v and E[3 y^2 (W_j + N_j)] = 3 (m^2 + v) W_j + 6 m s^2 x_j, with m = W x and v = s^2 x.x.
    """
    samples = 100_000
    layer = linear(outputs=1, inputs=6, noise=0.2, w_max=0.5, bias=False)
    row = torch.randn(6, generator=chance(), dtype=torch.float64)
    x = row.expand(samples, -1).clone().requires_grad_()
    y = layer(x)[:, 0]
    (y**3).sum().backward()
    w, s2 = layer.weight.detach()[0], (0.2 * 0.5) ** 2
    m, v = w @ row, s2 * row @ row
    assert x.grad is not None
    assert layer.weight.grad is not None
    pairs = [
        (y.detach() ** 3, m**3 + 3 * m * v),
        (x.grad, 3 * (m**2 + v) * w + 6 * m * s2 * row),
        (3 * y.detach()[:, None] ** 2 * row, 3 * (m**2 + v) * row),
    ]
    for drawn, expected in pairs:  # thirteen means within five standard errors: false alarm 1e-5
        assert ((drawn.mean(0) - expected).abs() < 5 * drawn.std(0) / math.sqrt(samples)).all()
    assert torch.allclose(layer.weight.grad[0] / samples, pairs[2][0].mean(0))
    # and by brute force: each sample with weights of its own
    weights = w + math.sqrt(s2) * torch.randn(samples, 6, generator=chance(1), dtype=torch.float64)
    y = weights @ row
    gradient = 3 * y[:, None] ** 2 * weights
    spread = (gradient.var(0) + x.grad.var(0)).sqrt() / math.sqrt(samples)
    assert ((gradient.mean(0) - x.grad.mean(0)).abs() < 5 * spread).all()
    assert (x.grad.var(0) < gradient.var(0)).all()  # less scatter for the same mean


@pytest.mark.parametrize("hardware", [{}, {"mapping": "offset"}, {"devices": 2}])
def test_the_noise_of_a_device_is_what_programming_and_reading_scatter(hardware: dict[str, Any]) -> None:
    """Variance of weights written into 4000 devices each, against what training takes it to be."""
    synapse = Plasticity.from_values(
        64, "20 uS", "100 uS", Exponential(1.0), device_to_device=0.02, cycle_to_cycle=0.001, read_noise=0.03
    )
    level = levels_of(synapse, hardware.get("mapping", "differential"), hardware.get("devices", 1))
    # on levels, and away from the ends, where pulses are cut off
    shares = level[[len(level) // 6, len(level) // 3, 3 * len(level) // 5, 5 * len(level) // 6]]
    layer = linear(outputs=4, inputs=4000, synapse=synapse, w_max=1.5, noise="device", tile=(4000, 4), **hardware)
    with torch.no_grad():
        layer.weight.copy_(torch.as_tensor(1.5 * shares)[:, None].expand(-1, 4000))
    found = torch.tensor(layer.eval().crossbar.effective_weights()).var(1)
    found += torch.from_numpy(layer.crossbar.noise_weights() ** 2).mean(1)
    x = torch.zeros(5000, 4000, dtype=torch.float64)
    x[:, 0] = 1.0
    drawn = layer.train()(x).var(0)
    # standard errors sqrt(2/4000) and sqrt(2/5000) = 2 %, 5 of them; 2 % for the table's bins and the curve's slope,
    # by which scatter of one pulse grows or shrinks with those that follow
    assert ((drawn / found - 1).abs() < 5 * math.sqrt(2 / 4000 + 2 / 5000) + 0.02).all(), drawn / found


@pytest.mark.parametrize(
    ("v", "mapping", "smooth"), [(2.0, "differential", True), (2.0, "offset", False), (5.0, "differential", False)]
)
def test_the_size_of_noise_is_that_of_the_devices_formula(v: float, mapping: Any, smooth: bool) -> None:
    synapse = REAL.replace(potentiation=Exponential(v), read_noise=0.03)
    for quantise in ("none", "ste"):
        hardware = Hardware(synapse, noise="device", mapping=mapping, quantise=quantise, w_max=2.0)
        aware = Aware(hardware)
        if quantise == "none":
            assert (aware.polynomial is not None) == smooth
        weight, variance, _ = aware(torch.linspace(-2, 2, 4001, dtype=torch.float64))
        assert variance is not None
        exact = 4.0 * hardware.weight_variance(weight.numpy() / 2.0)
        # the polynomial is within 2 %; the table, and levels, are those of the nearest entry
        steep = np.abs(np.diff(exact)).max() / exact.min() * 8  # eight weights fall into a bin
        bound = 1e-12 if quantise == "ste" else 0.02 if smooth else steep
        assert np.abs(variance.numpy() / exact - 1).max() < bound


def test_training_on_levels_and_within_the_range() -> None:
    layer = linear(quantise="ste", w_max=0.1)
    before = layer.weight.detach().clone()
    assert before.abs().max() > 0.1
    x = torch.randn(5, 20, generator=chance(), dtype=torch.float64)
    out = layer(x)
    assert layer.weight.abs().max() == 0.1  # what the device cannot hold is not kept
    assert layer.bias is not None
    assert torch.allclose(out, x @ snap(before, levels_of(REAL), 0.1).T + layer.bias, atol=1e-14)
    out.sum().backward()
    assert layer.weight.grad is not None
    assert torch.allclose(layer.weight.grad, x.sum(0).expand(7, -1))  # straight through, at the ends too
    free = linear(quantise="ste")
    assert torch.allclose(free(x), x @ snap(before, levels_of(REAL), before.abs().max()).T + layer.bias, atol=1e-14)
    # the levels that training sees are those that programming reaches
    ideal = linear(quantise="ste", synapse=REAL.ideal())
    assert torch.allclose(ideal.train()(x), ideal.eval()(x), atol=1e-12)


def test_training_that_has_diverged_shows() -> None:
    for noise in (0.0, 0.1, "device"):
        for w_max in (None, 0.5):
            layer = linear(bias=False, quantise="ste", noise=noise, w_max=w_max)
            with torch.no_grad():
                layer.weight[2, 3] = math.nan
            assert layer(torch.ones(1, 20, dtype=torch.float64))[0, 2].isnan()


def test_any_layout_of_memory() -> None:
    images = CrossbarConv2d(4, 3, 3, synapse=REAL, quantise="ste", noise="device", read=Converter(8, range=5.0))
    x = torch.randn(2, 4, 6, 6, generator=chance())
    plain = [images(x), images.eval()(x)]
    images.reseed(0)
    images.train().to(memory_format=torch.channels_last)
    images.settle()
    for mode, expected in zip((True, False), plain, strict=True):
        out = images.train(mode)(x.to(memory_format=torch.channels_last))
        assert torch.allclose(out, expected, atol=1e-5)
    dropped = CrossbarConv2d(4, 3, 3, synapse=REAL, noise="device").to(memory_format=torch.channels_last)
    assert dropped(x).isfinite().all()


def test_a_layer_used_twice_before_its_backward_pass() -> None:
    layer = linear(outputs=20, w_max=0.05, quantise="ste", noise=0.1)
    layer(layer(torch.ones(2, 20, dtype=torch.float64))).sum().backward()
    assert layer.weight.grad is not None
    assert layer.weight.grad.isfinite().all()


def test_zero_inputs_have_finite_gradients_in_noise() -> None:
    for noise in (0.1, "device"):
        x = torch.zeros(2, 20, dtype=torch.float64, requires_grad=True)
        linear(noise=noise)(x).sum().backward()
        assert x.grad is not None
        assert x.grad.isfinite().all()


def test_changed_weights_are_noticed() -> None:
    layer = linear(seed=2)
    x = torch.randn(4, 20, generator=chance(), dtype=torch.float64)
    assert not layer.is_programmed
    first = layer.eval()(x)
    assert layer.is_programmed
    with torch.no_grad():
        layer.weight[0, 0] += 0.1
    assert not layer.is_programmed
    assert not torch.equal(layer(x), first)
    with torch.no_grad():
        layer.weight[0, 0] -= 0.1
    layer.program(5)
    assert not torch.equal(layer(x), first)  # another chip
    layer.program()
    # the same chip; 1e-6: the weight came back but for rounding
    assert torch.allclose(layer(x), first, atol=1e-6)


def test_age() -> None:
    synapse = Plasticity.from_values(16, "10 uS", "100 uS", retention_time=100.0)
    layer = linear(synapse=synapse, bias=False).eval()
    x = torch.randn(4, 20, generator=chance(), dtype=torch.float64)
    new = layer(x)
    layer.age("50 s")
    # differential weights are proportional to g, which decays as exp(-t/retention)
    assert torch.allclose(layer(x), new * math.exp(-0.5), atol=1e-12)
    twin = linear(synapse=synapse, bias=False, seed=9).eval()
    twin.load_state_dict(layer.state_dict())
    assert torch.equal(twin(x), layer(x))
    layer.program()
    assert torch.equal(layer(x), new)
    with pytest.raises(InputError, match="time"):
        layer.age("-1 s")


def test_cost() -> None:
    synapse = REAL.replace(write_energy=1e-12, write_time=1e-8, read_voltage=0.1, read_time=1e-8)
    layer = linear(synapse=synapse, bias=False)
    cost = layer.from_digital(torch.nn.Linear(20, 7, bias=False)).cost()
    pulses = (layer.crossbar.programmed.pulses_up + layer.crossbar.programmed.pulses_down).sum()
    assert pulses > 0
    assert float(cost.energy.sel(operation="write").sum()) == pytest.approx(pulses * 1e-12)
    # every row at full scale: V^2 t times the conductance of all cells
    conductance = sum(float(tile.sum()) for tile in layer.crossbar.conductances)
    assert float(cost.energy.sel(operation="read").sum()) == pytest.approx(0.01 * 1e-8 * conductance)
    x = torch.full((3, 20), 1.0, dtype=torch.float64)
    x[0] = 0.0  # a third of the samples drives nothing
    assert float(layer.cost(x).energy.sel(operation="read").sum()) == pytest.approx(2 / 3 * 1e-10 * conductance)
    images = CrossbarConv2d(1, 2, 3, synapse=synapse, drive=Converter(8))
    calibrate(images, torch.rand(2, 1, 5, 5))
    assert float(images.cost(torch.rand(2, 1, 5, 5)).energy.sum()) > 0


def test_calibration_of_a_network() -> None:
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        CrossbarConv2d(1, 3, 3, synapse=REAL, read=Converter(10), drive=Converter(10)), torch.nn.ReLU(),
        torch.nn.Flatten(), CrossbarLinear(48, 4, synapse=REAL, read=Converter(10), drive=Converter(10)),
    )  # fmt: skip
    x = torch.rand(20, 1, 6, 6)
    with pytest.raises(InputError, match="no range yet"):
        net.eval()(x)
    net.train()
    net[1].eval()
    calibrate(net, x, share=1.0)
    assert [module.training for module in net] == [True, False, True, True]
    exact = copy.deepcopy(net).eval()
    for layer in exact.modules():
        if isinstance(layer, OnArray):
            assert layer.read is not None
            assert layer.read.calibrated
            layer.read = layer.drive = None
    out, wanted = net.eval()(x), exact(x)
    # ten bits twice in a row: a step is 0.2 % of the range, and a few of them add
    assert (out - wanted).abs().max() < 0.01 * wanted.abs().max()
    assert not torch.equal(out, wanted)
    with pytest.raises(InputError, match="no layer on an array"):
        calibrate(torch.nn.ReLU(), x)


def test_training_with_noise_and_levels_holds_on_the_device() -> None:
    """Two clouds of points on eight uneven levels with 30 % read noise and 20 % spread are told apart."""
    torch.manual_seed(0)
    y = torch.arange(400) % 2
    x = torch.randn(400, 10) + 2.0 * (y[:, None] - 0.5)
    noisy = Plasticity.from_values(8, "10 uS", "100 uS", Exponential(3.0), read_noise=0.3, device_to_device=0.2)
    net = torch.nn.Sequential(
        CrossbarLinear(10, 16, synapse=noisy, noise="device", quantise="ste", seed=1), torch.nn.ReLU(),
        CrossbarLinear(16, 2, synapse=noisy, noise="device", quantise="ste", seed=2),
    )  # fmt: skip
    optimiser = torch.optim.Adam(net.parameters(), 0.02)
    for _ in range(60):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(net(x), y).backward()
        optimiser.step()
    assert (net.eval()(x).argmax(1) == y).float().mean() > 0.95


@pytest.mark.parametrize(
    ("hardware", "message"),
    [
        ({"mapping": "diferential"}, "Did you mean 'differential'"),
        ({"quantise": "stee"}, "Did you mean 'ste'"),
        ({"noise": "devic"}, "Did you mean 'device'"),
        ({"synapse": "Huang2022_st"}, "Did you mean 'Huang2022_sot'"),
    ],
)
def test_unknown_names(hardware: dict[str, Any], message: str) -> None:
    with pytest.raises(UnknownNameError, match=message):
        linear(**hardware)


@pytest.mark.parametrize(
    ("hardware", "message"),
    [
        ({"synapse": 16}, "give a Plasticity"),
        ({"tile": (0, 128)}, "tile = "),
        ({"tile": (128,)}, "tile = "),
        ({"tile": 128}, "tile = "),
        ({"w_max": 0.0}, "finite number above 0"),
        ({"w_max": math.nan}, "finite number above 0"),
        ({"devices": 0}, "at least one device"),
        ({"noise": -0.1}, "share of w_max"),
        ({"read": 8}, "give a Converter"),
        ({"wires": "-2 ohm"}, "0 or more"),
    ],
)
def test_values_that_no_array_can_have(hardware: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        linear(**hardware)


def test_what_else_is_refused() -> None:
    with pytest.raises(InputError, match="needs its device"):
        CrossbarLinear(3, 2)
    with pytest.raises(InputError, match="one group"):
        CrossbarConv2d(4, 4, 3, groups=2, synapse=REAL)
    layer = linear().eval()
    for wrong in (torch.zeros(3, 19), torch.zeros(())):
        with pytest.raises(InputError, match="takes 20 inputs"):
            layer(wrong)
    with pytest.raises(InputError, match="takes images"):
        CrossbarConv2d(2, 4, 3, synapse=REAL)(torch.zeros(2, 8, 8))
    with pytest.raises(InputError, match="no range yet"):
        linear(read=Converter(8)).eval()(torch.zeros(1, 20, dtype=torch.float64))
    for value, message in ((math.nan, "140 of 140 weights are NaN"), (0.0, "give w_max")):
        torch.nn.init.constant_(layer.weight, value)
        with pytest.raises(InputError, match=message):
            layer(torch.zeros(1, 20, dtype=torch.float64))
    with pytest.raises(InputError, match=r"weight is \(6, 20\), this layer's \(7, 20\)"):
        layer.from_digital(torch.nn.Linear(20, 6))
    with pytest.raises(InputError, match="bias is none"):
        layer.from_digital(torch.nn.Linear(20, 7, bias=False))
    with pytest.raises(InputError, match="there are only 280 cells"):
        linear(faults=Faults(stuck_low=1000)).program()
    nothing = linear(read=Converter(8)).eval()
    with pytest.raises(InputError, match="All samples are zero"):
        nothing.calibrate(torch.zeros(5, 20, dtype=torch.float64))


def test_numpy_numbers_are_numbers() -> None:
    assert linear(tile=[np.int64(8), 4], devices=np.int64(1)).hardware.tile == [8, 4]
