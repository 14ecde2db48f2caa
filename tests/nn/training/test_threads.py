"""Threads of torch while a run lasts, and what is left afterwards."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spinloom import nn
from spinloom.nn.training.threads import one_thread
from spinloom.tasks import Split


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
def test_the_number_of_threads_comes_back_after_an_error() -> None:
    def failing() -> None:
        with one_thread():
            assert torch.get_num_threads() == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert torch.get_num_threads() == 2
    with one_thread(wanted=False):
        assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize(("batch_size", "threads"), [(10, 1), (None, 2)])
def test_small_batches_train_on_one_thread(batch_size: int | None, threads: int) -> None:
    x = np.random.default_rng(1).random((40, 6), dtype=np.float32)
    y = np.arange(40) % 3
    split = Split(x, y, x[:0], y[:0], x, y)
    seen = []
    how = nn.TrainingSettings(iterations=2, batch_size=batch_size)
    nn.train(nn.spin_network((6, 3)), split, how, progress=lambda done, total: seen.append(torch.get_num_threads()))
    assert set(seen) == {threads}
    assert torch.get_num_threads() == 2
