"""Engines run many copies of a step function. They know no physics: they are handed the functions.

``get("cpu")`` and ``get("cuda")`` offer the same ``ensemble(step, draw, sizes)``; both pass ``engines.testing``.
"""

from __future__ import annotations

import importlib
from typing import Any

from spinloom.engines.job import Job, Sizes
from spinloom.errors import UnknownNameError

ENGINES = ("cpu", "cuda")

__all__ = ["ENGINES", "Job", "Sizes", "get"]


def get(name: str) -> Any:
    """The engine module of that name. Raises UnknownNameError with the closest match."""
    if name not in ENGINES:
        raise UnknownNameError("engine", name, ENGINES)
    return importlib.import_module(f"spinloom.engines.{name}")
