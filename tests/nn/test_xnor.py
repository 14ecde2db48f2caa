"""XNOR cells: exact counts without errors, the series column's own sums, cells spoiled for one sign of input."""

from __future__ import annotations

import copy
import io
import math
from typing import Any

import numpy as np
import pytest
import torch

from spinloom.crossbar import Converter
from spinloom.crossbar.series import SeriesColumn, readout
from spinloom.errors import InputError, UnknownNameError
from spinloom.nn.binary import BinaryLinear
from spinloom.nn.xnor import XnorLinear

COLUMN = SeriesColumn("13 kohm", "26 kohm", "1.6 kohm", "2 kohm", transistor="1 kohm", tile=8)
PLAIN = SeriesColumn("13 kohm", "26 kohm", tile=8)


def layer(inputs: int = 20, outputs: int = 6, **keywords: Any) -> XnorLinear:
    torch.manual_seed(0)
    return XnorLinear(inputs, outputs, False, **keywords).double()


def signs(samples: int, inputs: int = 20) -> torch.Tensor:
    drawn = torch.rand(samples, inputs, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return torch.where(drawn < 0.5, -1.0, 1.0).double()


@pytest.mark.parametrize("keywords", [{}, {"read": "resistance", "column": PLAIN}])
def test_without_errors_it_is_the_binary_layer(keywords: dict[str, Any]) -> None:
    made = layer(**keywords, scale="fan-in")
    binary = BinaryLinear(20, 6, False, scale="fan-in").double()
    binary.load_state_dict(made.state_dict(), strict=False)
    x = torch.randn(30, 20, dtype=torch.float64)
    assert torch.equal(made(x), binary(x))
    assert torch.allclose(made.eval()(x), binary.eval()(x), atol=1e-12)
    x = x.requires_grad_()
    made.train()(x).sum().backward()
    gradient, x.grad = x.grad, None
    binary.train()(x).sum().backward()
    assert torch.equal(gradient, x.grad)  # type: ignore[arg-type]
    assert torch.equal(made.weight.grad, binary.weight.grad)  # type: ignore[arg-type]


@pytest.mark.parametrize("converter", [None, Converter(4, range=8.0)])
def test_resistances_are_those_of_the_series_column(converter: Converter | None) -> None:
    made = layer(read="resistance", column=COLUMN, converter=converter, seed=3).eval()
    x = signs(40)
    junctions = COLUMN.draw((6, 20), np.random.default_rng([3, 0]))
    weights = np.where(made.weight.detach().numpy() >= 0, 1.0, -1.0)
    expected = COLUMN.products(weights, x.numpy(), junctions, converter)
    assert np.allclose(made(x).numpy(force=True), expected, atol=1e-10)
    assert (np.abs(expected - x.numpy() @ weights.T) > 0.1).any()  # the spread shows


def test_read_noise_is_relative_to_the_columns_resistance() -> None:
    column = SeriesColumn("13 kohm", "26 kohm", tile=20, read_noise=0.01)
    made = layer(read="resistance", column=column).eval()
    x, samples = signs(1), 20_000
    resistance = column.sums(np.where(made.weight.detach().numpy() >= 0, 1.0, -1.0), x.numpy())[0, :, 0]
    out = made(x.expand(samples, -1)).detach()
    expected = 0.01 * torch.as_tensor(resistance) * 2 / 13e3
    # six variances of 20 000 samples within five standard errors: false alarm 4e-6
    assert ((out.var(0) / expected**2 - 1).abs() < 5 * math.sqrt(2 / samples)).all()
    made.reseed(1)
    first = made(x)
    made.reseed(1)
    assert torch.equal(made(x), first)


@pytest.mark.parametrize("keywords", [{}, {"read": "resistance", "column": PLAIN}])
def test_a_wrong_junction_spoils_one_sign_of_its_input(keywords: dict[str, Any]) -> None:
    made = layer(400, 250, write_error=0.02, seed=2, **keywords).eval()
    x = signs(5, 400)
    right = torch.where(made.weight >= 0, 1.0, -1.0).double()
    bits = np.stack([right.numpy() > 0, right.numpy() < 0], axis=-1)
    bits ^= np.random.default_rng([2, 1]).random(bits.shape) < 0.02
    read = np.where(x.numpy()[:, None, :] > 0, bits[..., 0], bits[..., 1])  # cell by cell, what the input selects
    assert np.allclose(made(x).detach().numpy(), (2.0 * read - 1.0).sum(-1), atol=1e-9)
    assert made.array_weight is not None
    wrong = 1 - made.array_weight * right  # 0: both junctions right, 1: one wrong, 2: both
    # 200 000 junctions: standard deviation 3.1e-4, five of them: false alarm 6e-7
    assert abs(wrong.mean().item() / 2 - 0.02) < 5 * math.sqrt(0.02 * 0.98 / 2e5)


def test_a_calibrated_readout_keeps_more_than_a_uniform_one() -> None:
    """Dot products of n random signs lie within a few sqrt(n): codes over -n..n are mostly wasted (n = 64)."""
    column = SeriesColumn("13 kohm", "26 kohm", tile=64)
    x = signs(200, 128)
    exact = layer(128, 10).eval()(x)
    errors = {}
    for kind in ("uniform", "calibrated", "nonuniform"):
        mode: Any = "nonuniform" if kind == "nonuniform" else "uniform"
        converter = readout("uniform", 4, 64) if kind == "uniform" else Converter(4, mode=mode)
        made = layer(128, 10, read="resistance", column=column, converter=converter)
        if kind != "uniform":
            made.calibrate(x, share=1.0)
        errors[kind] = (made.eval()(x) - exact).square().mean().item()
    assert errors["nonuniform"] < errors["calibrated"] < 0.5 * errors["uniform"]


def test_changed_signs_are_written_again_and_states_travel() -> None:
    keywords: dict[str, Any] = {"read": "resistance", "column": COLUMN, "converter": Converter(5), "write_error": 0.1}
    made, x = layer(**keywords, seed=1), signs(10)
    made.calibrate(x)
    first = made.eval()(x)
    with torch.no_grad():
        made.weight.mul_(0.5)
    assert made.is_programmed  # the signs are the same
    with torch.no_grad():
        made.weight.neg_()
    assert not made.is_programmed
    assert not torch.equal(made(x), first)
    with torch.no_grad():
        made.weight.neg_()
    assert torch.equal(made(x), first)
    file = io.BytesIO()
    torch.save(made.state_dict(), file)
    file.seek(0)
    other = layer(**keywords, seed=7).eval()
    other.load_state_dict(torch.load(file, weights_only=True))
    for twin in (other, copy.deepcopy(made)):
        assert torch.equal(twin(x), first)
    assert not torch.equal(made.program(5)(x), first)
    other.load_state_dict(torch.nn.Linear(20, 6, bias=False).double().state_dict())
    assert not other.is_programmed


def test_what_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'popcount'"):
        layer(read="popcont")
    with pytest.raises(UnknownNameError, match="Did you mean 'fan-in'"):
        layer(scale="fanin")
    with pytest.raises(InputError, match="needs its junctions"):
        layer(read="resistance")
    with pytest.raises(InputError, match="needs no column"):
        layer(column=COLUMN)
    with pytest.raises(InputError, match="write_error = 2"):
        layer(write_error=2)
    with pytest.raises(InputError, match="no range yet"):
        layer(read="resistance", column=COLUMN, converter=Converter(4)).eval()(signs(1))
