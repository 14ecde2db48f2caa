"""Published systems as data: one TOML a reproduction, named AuthorYear_what. No Python is needed to add one.

``spinloom.experiments.spec`` reads and checks these files; another package adds its own through an entry point in the
group ``spinloom.reproductions`` ("package:folder/Name.toml").
"""

from __future__ import annotations

import importlib.util
from importlib.resources import files
from pathlib import Path

from spinloom import registry
from spinloom.errors import DataError, UnknownNameError


def _built_in() -> dict[str, Path]:
    folder = Path(str(files("spinloom.reproductions")))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def names() -> list[str]:
    """Names of all reproductions, built-in and from other packages, sorted."""
    return sorted({*_built_in(), *registry.reproductions.names()})


def path(name: str) -> Path:
    """The TOML file of a reproduction given by name or by path.

    Parameters
    ----------
    name : str
        A name of :func:`names`, or the path of a file that ends in ``.toml``.

    Raises
    ------
    UnknownNameError
        The name is not known; the message holds the closest match.
    DataError
        The file does not exist.
    """
    if name.endswith(".toml"):
        found = Path(name).expanduser()
        if not found.is_file():
            raise DataError(
                f"There is no reproduction file '{found}'. Give a path that exists, or one of: {', '.join(names())}."
            )
        return found
    built_in = _built_in()
    if name in built_in:
        return built_in[name]
    if name not in names():
        raise UnknownNameError("reproduction", name, names())
    module, _, inner = registry.reproductions.target(name).partition(":")
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise DataError(f"Reproduction '{name}' points into package '{module}', which is not installed.")
    return Path(next(iter(spec.submodule_search_locations))) / inner
