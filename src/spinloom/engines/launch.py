"""Turn a loop and a step function into a compiled kernel, and keep it on disk under a hash of all sources.

numba's own disk cache looks at the file of the compiled function only. An edit in a physics function called from it
would leave the old machine code in use, and with it the old physics, silently. So the name under which a kernel is
cached contains a hash of every source file that can reach it.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba


def _python(function: Callable) -> Callable:
    return getattr(function, "py_func", function)


@functools.cache
def _folder_hash(folder: str) -> str:
    digest = hashlib.sha256()
    for file in sorted(Path(folder).glob("*.py")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def sources_hash(*functions: Callable) -> str:
    """A hash of every .py file in the folders in which the functions and the engines are defined."""
    folders = {str(Path(inspect.getfile(_python(function))).parent) for function in functions}
    folders.add(str(Path(__file__).parent))
    digest = hashlib.sha256(numba.__version__.encode())
    for folder in sorted(folders):
        digest.update(_folder_hash(folder).encode())
    return digest.hexdigest()[:16]


def identity(function: Callable) -> str:
    """A name that tells two functions apart even when one factory made both: module, name and captured values."""
    plain = _python(function)
    captured = [cell.cell_contents for cell in plain.__closure__ or ()]
    inner = ",".join(identity(item) if callable(item) else repr(item) for item in captured)
    return f"{plain.__module__}.{plain.__qualname__}" + (f"({inner})" if inner else "")


def reader(size: int, element: str, arguments: str = "a, l") -> Callable:
    """A function that reads ``size`` array elements as a tuple; ``element`` is the expression of the #-th.

    numba has no way to make a tuple whose length is known only as a number, so the expressions are written out.
    """
    items = "".join(element.replace("#", str(i)) + ", " for i in range(size))
    space: dict[str, Any] = {}
    exec(f"def read({arguments}):\n    return ({items})", space)
    return space["read"]


def writer(size: int) -> Callable:
    """A function that writes a tuple of ``size`` values into column ``l`` of an array."""
    lines = "\n".join(f"    a[{i}, l] = values[{i}]" for i in range(size))
    space: dict[str, Any] = {}
    exec(f"def write(a, l, values):\n{lines}", space)
    return space["write"]


def bind(loop: Callable, **names: Any) -> types.FunctionType:
    """A copy of ``loop`` in whose globals ``names`` stand for the given objects."""
    plain = _python(loop)
    space = {**plain.__globals__, **names}  # pyright: ignore[reportFunctionMemberAccess]
    bound = types.FunctionType(plain.__code__, space, plain.__name__)  # pyright: ignore[reportFunctionMemberAccess]
    bound.__module__, bound.__doc__ = plain.__module__, plain.__doc__
    return bound


def compiled(loop: Callable, functions: dict[str, Callable], **names: Any) -> Any:
    """The compiled kernel of a loop around ``functions``, from disk when no source has changed since.

    ``names`` are the engine's own helpers, which ``functions`` determine. The cache lives beside the package or, where
    that is read-only, in numba's user-wide cache folder.
    """
    bound = bind(loop, **functions, **names)
    text = "|".join(identity(item) for item in functions.values()) + sources_hash(*functions.values())
    bound.__qualname__ = f"{loop.__name__}_{hashlib.sha256(text.encode()).hexdigest()[:20]}"
    return numba.njit(fastmath=True, error_model="numpy", nogil=True, cache=True)(bound)
