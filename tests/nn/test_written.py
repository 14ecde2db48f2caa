"""Layers whose weights live in a memory: what a pulse changes, what a failure leaves."""

from __future__ import annotations

import math

import pytest
import torch

from spinloom.errors import InputError
from spinloom.nn.written import WrittenLinear


def _signs(layer: WrittenLinear) -> torch.Tensor:
    return torch.where(layer.weight >= 0, 1.0, -1.0)


def test_without_failures_it_computes_with_the_signs() -> None:
    layer = WrittenLinear(9, 4, bias=False)
    different = int((layer.stored != _signs(layer)).sum())
    assert layer.write_() == different  # a pulse for each bit that was not there yet
    x = torch.randn(5, 9)
    assert torch.equal(layer(x), torch.where(x >= 0, 1.0, -1.0) @ _signs(layer).T)
    assert layer.write_() == 0
    assert layer.pulses == different


def test_before_the_first_write_it_computes_with_what_the_memory_holds() -> None:
    layer = WrittenLinear(6, 3, bias=False, seed=2)
    x = torch.ones(1, 6)
    assert torch.equal(layer(x)[0], layer.stored.sum(1))


def test_a_pulse_that_always_fails_changes_nothing() -> None:
    layer = WrittenLinear(20, 10, bias=False, failure=1.0)
    before = layer.stored.clone()
    first = layer.write_()
    assert first > 0
    assert torch.equal(layer.stored, before)
    assert layer.write_() == 0  # nobody noticed
    again = WrittenLinear(20, 10, bias=False, failure=1.0, retry=True)
    assert again.write_() == again.write_() > 0  # read before write: the same bits are pulsed again


def test_failures_come_at_their_rate_and_cell_by_cell() -> None:
    chances = torch.zeros(300, 200)
    chances[:150] = 0.2
    layer = WrittenLinear(200, 300, bias=False, failure=chances, seed=4)
    with torch.no_grad():
        layer.weight.copy_(-layer.stored)  # every bit is to change
    assert layer.write_() == 60_000
    wrong = layer.stored != _signs(layer)
    assert not wrong[150:].any()
    # 30 000 draws of probability 0.2: false alarm below 1e-6 at five standard errors
    assert abs(float(wrong[:150].float().mean()) - 0.2) < 5 * math.sqrt(0.2 * 0.8 / 30_000)


def test_retrying_gets_there_in_the_end() -> None:
    layer = WrittenLinear(50, 40, bias=False, failure=0.5, retry=True)
    for _ in range(40):
        layer.write_()
    assert torch.equal(layer.stored, _signs(layer))  # 2000 bits, each wrong with probability 2^-40


def test_the_gradient_goes_straight_through_to_the_latent_weights() -> None:
    layer = WrittenLinear(3, 2, bias=False, failure=1.0)
    x = torch.tensor([[1.0, -1.0, 1.0]])
    layer(x).sum().backward()
    assert layer.weight.grad is not None
    assert layer.weight.grad.tolist() == [[1, -1, 1], [1, -1, 1]]


def test_the_seed_fixes_the_chance() -> None:
    def stored(seed: int) -> torch.Tensor:
        layer = WrittenLinear(30, 20, bias=False, failure=0.3, seed=seed)
        with torch.no_grad():
            layer.weight.fill_(1.0)
        layer.write_()
        return layer.stored

    assert torch.equal(stored(1), stored(1))
    assert not torch.equal(stored(1), stored(2))


@pytest.mark.parametrize("failure", [-0.1, 1.5, float("nan"), torch.zeros(2, 3), torch.zeros(4)])
def test_no_probabilities(failure: float | torch.Tensor) -> None:
    with pytest.raises(InputError, match="failure"):
        WrittenLinear(5, 4, failure=failure)
