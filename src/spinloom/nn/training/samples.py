"""A data set as tensors on one device, and the order in which a run goes through it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, final

import numpy as np
import torch
import torch.nn.functional as F

from spinloom.errors import InputError


class Samples(Protocol):
    """What training needs of a data set; ``spinloom.tasks.Split`` has it."""

    @property
    def name(self) -> str:
        """Name of the data set."""
        ...

    @property
    def sha256(self) -> str:
        """Fingerprint of the data set."""
        ...

    @property
    def train_x(self) -> np.ndarray:
        """Training inputs, shape (samples, features)."""
        ...

    @property
    def train_y(self) -> np.ndarray:
        """Training labels, shape (samples,)."""
        ...

    @property
    def valid_x(self) -> np.ndarray:
        """Validation inputs."""
        ...

    @property
    def valid_y(self) -> np.ndarray:
        """Validation labels."""
        ...

    @property
    def test_x(self) -> np.ndarray:
        """Test inputs."""
        ...

    @property
    def test_y(self) -> np.ndarray:
        """Test labels."""
        ...


def mixed_seed(*numbers: int) -> int:
    """One seed from several numbers, the same on every machine: chance at a step depends on (seed, step) alone."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0])


@final
class Part:
    """One part of a data set on a device: inputs, labels, and one target in {0, 1} an output."""

    def __init__(self, x: np.ndarray, y: np.ndarray, outputs: int, like: torch.Tensor) -> None:
        self.x = torch.from_numpy(x if x.flags.writeable else x.copy()).to(like.device, like.dtype)
        self.labels = torch.from_numpy(y if y.flags.writeable else y.copy()).to(like.device)
        self.targets = F.one_hot(self.labels, outputs).to(like.dtype)

    def __len__(self) -> int:
        return len(self.labels)


@final
class Batches:
    """The training part in the order of a run: pass e is shuffled by (seed, e), so any iteration can be returned to."""

    def __init__(self, part: Part, size: int | None, seed: int) -> None:
        if size is not None and size > len(part):
            raise InputError(f"batch_size = {size} is more than the {len(part)} training samples. Use fewer, or None.")
        self._part = part
        self._size = size
        self._seed = seed
        self._count = 1 if size is None else -(-len(part) // size)

    def _order(self, epoch: int) -> torch.Tensor:
        chance = torch.Generator().manual_seed(mixed_seed(self._seed, epoch, 1))
        return torch.randperm(len(self._part), generator=chance).to(self._part.x.device)

    def after(self, iteration: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Inputs and targets of this iteration and all that follow."""
        part = self._part
        while self._size is None:
            yield part.x, part.targets
        epoch, batch = divmod(iteration, self._count)
        while True:
            order = self._order(epoch)
            for start in range(batch * self._size, len(part), self._size):
                chosen = order[start : start + self._size]
                yield part.x[chosen], part.targets[chosen]
            epoch, batch = epoch + 1, 0
