"""Python that a compiled network calls and that the compiler must not look into."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import torch

P = ParamSpec("P")
R = TypeVar("R")


def eager(function: Callable[P, R]) -> Callable[P, R]:
    """Run a function as it stands, also where ``torch.compile`` traces its caller; the graph breaks there.

    As ``torch.compiler.disable``, whose import of the compiler takes a second, but that import waits until something
    is compiled.
    """
    hidden: list[Callable[P, R]] = []

    @functools.wraps(function)
    def call(*arguments: P.args, **keywords: P.kwargs) -> R:
        if not torch.compiler.is_compiling():
            return function(*arguments, **keywords)
        if not hidden:
            disable: Any = torch.compiler.disable
            hidden.append(disable(function))
        return hidden[0](*arguments, **keywords)

    return call
