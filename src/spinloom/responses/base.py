"""What every response has."""

from __future__ import annotations

import abc
from typing import Any

import numpy as np


class Response(abc.ABC):
    """A curve that a network can use, with its uncertainty and its sources. Subclasses are final and immutable."""

    references: tuple[str, ...]

    @abc.abstractmethod
    def __call__(self, drive: Any) -> np.ndarray:
        """The response to a drive, in SI."""

    @abc.abstractmethod
    def to_torch(self) -> Any:
        """The same curve as a differentiable torch function."""
