"""The folder of one run: made and tried before any long work, and found again after an interruption.

    DIR/NAME/<UTC time>-<seed>/  run.toml  parts/ (while running)  result.nc  metrics.json  ...

``run.toml`` holds all that is needed to repeat the run. Its ``state`` is "running" until the run is done, so a run that
was killed is known by it; ``fingerprint`` is a hash of everything that decides the numbers, so that nothing is resumed
under different settings.
"""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from spinloom.errors import OutputError

_ROOM_BYTES = 64 * 2**20
"""A run writes a few MB; below this much free space it is refused before it has cost anything."""

_PACKAGES = ("spinloom", "numpy", "numba", "torch", "xarray", "scikit-learn")


def fingerprint(parts: Mapping[str, Any]) -> str:
    """A short hash of everything that decides a run's numbers."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def writable(folder: Path) -> None:
    """Make a folder and prove that it can be written.

    Raises
    ------
    OutputError
        It cannot be made, cannot be written, is a file, or its disk is (almost) full.
    """
    advice = "Choose another folder with --out (or out=...)."
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".spinloom-probe-{os.getpid()}"
        probe.write_bytes(b"spinloom")
        probe.unlink()
    except OSError as error:
        raise OutputError(
            f"The output folder '{folder}' cannot be written: {error.strerror or error}. {advice}"
        ) from None
    free = shutil.disk_usage(folder).free
    if free < _ROOM_BYTES:
        raise OutputError(
            f"The disk of '{folder}' is full: {free // 2**20} MB free, a run needs {_ROOM_BYTES // 2**20} MB. "
            f"Make room, or: {advice}"
        )


def source_hash() -> str:
    """A hash of Spinloom's own source files: an edited program never resumes what an older one began."""
    root = Path(str(files("spinloom")))
    digest = hashlib.sha256()
    for path in sorted(p for p in root.rglob("*") if p.suffix in (".py", ".toml")):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def new_folder(root: Path, name: str, seed: int) -> Path:
    """A fresh ``root/name/<UTC time>-<seed>``, proved writable; two runs never share one."""
    writable(root)
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    for attempt in range(1000):
        folder = root / name / (f"{stamp}-{seed}" + (f"-{attempt + 1}" if attempt else ""))
        try:
            folder.mkdir(parents=True, exist_ok=False)
        except FileExistsError:
            continue
        except OSError as error:
            raise OutputError(f"The output folder '{folder}' cannot be made: {error.strerror or error}.") from None
        return folder
    raise OutputError(f"'{root / name}' holds a thousand runs of this second. Choose another folder with --out.")


def resumable(root: Path, name: str, mark: str) -> Path | None:
    """The latest unfinished run under ``root/name`` whose fingerprint is ``mark``."""
    for path in sorted((root / name).glob("*/run.toml"), reverse=True):
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError):
            continue
        if table.get("state") in ("running", "interrupted") and table.get("fingerprint") == mark:
            return path.parent
    return None


def machine() -> dict[str, Any]:
    """Where the numbers were made: interpreter, system, processors, versions."""
    versions: dict[str, str] = {}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count() or 0,
        "versions": versions,
    }


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all.

    Raises
    ------
    OutputError
        The disk is full or the folder has become unwritable.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
    except OSError as error:
        raise OutputError(
            f"'{path}' cannot be written: {error.strerror or error}. What was finished stays in '{path.parent}'; "
            "make room and run again with --resume."
        ) from None


def to_toml(table: Mapping[str, Any]) -> str:
    """TOML text of nested mappings with text, numbers, booleans and lists (tomllib reads it back)."""
    return "\n".join(_lines(table, "")) + "\n"


def _lines(table: Mapping[str, Any], prefix: str) -> list[str]:
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    nested = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    lines = [f"{_key(key)} = {_value(value)}" for key, value in plain.items() if value is not None]
    for key, value in nested.items():
        path = f"{prefix}{_key(key)}"
        lines += ["", f"[{path}]", *_lines(value, f"{path}.")]
    return lines


def _key(key: str) -> str:
    bare = key and all(c.isascii() and (c.isalnum() or c in "_-") for c in key)
    return key if bare else json.dumps(key, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + "}"
    return json.dumps(str(value), ensure_ascii=False)


def remove(place: Path) -> None:
    """Remove a run folder that holds nothing worth keeping."""
    shutil.rmtree(place, ignore_errors=True)


def discard_parts(place: Path) -> None:
    """Remove the parts of a finished run: result.nc holds them all."""
    shutil.rmtree(place / "parts", ignore_errors=True)
