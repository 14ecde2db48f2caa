"""Training of binary networks."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spinloom import tasks
from spinloom.errors import InputError
from spinloom.nn.binary_networks import binary_perceptron
from spinloom.nn.training.binary import BinarySettings, train_binary


def _digits() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    split = tasks.digits()
    signs = [np.where(x >= 0.5, 1.0, -1.0).astype(np.float32) for x in (split.train_x, split.test_x)]
    return signs[0], split.train_y, signs[1], split.test_y


def test_it_learns_digits_the_same_way_each_time() -> None:
    x, y, test_x, test_y = _digits()
    nets, seen = [], []
    for _ in range(2):
        net = binary_perceptron([64, 64, 10], seed=0)
        losses = train_binary(
            net,
            x,
            y,
            BinarySettings(epochs=8, batch_size=50),
            0,
            progress=lambda done, total: seen.append((done, total)),
        )
        nets.append(net)
    assert not nets[0].training
    assert losses[-1] < 0.5 * losses[0]
    assert all(torch.equal(a, b) for a, b in zip(nets[0].parameters(), nets[1].parameters(), strict=True))
    assert seen[-1] == (len(seen) // 2, len(seen) // 2)
    with torch.no_grad():
        right = (nets[0](torch.as_tensor(test_x)).argmax(1).numpy() == test_y).mean()
    assert right > 0.8  # chance is 0.1; 0.90 when this was written, and the seed is fixed


def test_the_memory_is_told_after_each_update() -> None:
    x, y, _, _ = _digits()
    calls: list[int] = []
    train_binary(
        binary_perceptron([64, 4, 10]), x[:100], y[:100], BinarySettings(1, 25), 0, after_update=lambda: calls.append(1)
    )
    assert len(calls) == 4


def test_what_cannot_be_trained() -> None:
    for wrong in ({"epochs": 0}, {"batch_size": -1}, {"learning_rate": float("nan")}):
        with pytest.raises(InputError, match=next(iter(wrong))):
            BinarySettings(**wrong)
    x = np.full((10, 4), np.nan, np.float32)
    with pytest.raises(InputError, match="smaller learning_rate"):
        train_binary(binary_perceptron([4, 2, 2]), x, np.zeros(10, int), BinarySettings(1, 5), 0)
