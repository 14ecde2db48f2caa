"""The state of a training run on disk: whole or not at all, and never continued by a run it does not belong to."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import pickle
from pathlib import Path
from typing import Any

import torch
from torch import nn

from spinloom.errors import DataError, InputError, OutputError

_FORMAT = 1


def check_writable(path: Path) -> None:
    """Find out before the run that its state can be kept."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = _part(path)
        part.write_bytes(b"")
        part.unlink()
    except OSError as error:
        raise _not_written(path, error) from error


def save(path: Path, state: dict[str, Any]) -> None:
    """Write beside the old checkpoint, then take its place in one step: a kill leaves one of the two."""
    part = _part(path)
    packed = io.BytesIO()
    torch.save({"format": _FORMAT, **state}, packed)  # in memory: straight to a full disk it fails without saying why
    try:
        with part.open("wb") as stream:
            stream.write(packed.getbuffer())
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, path)
    except OSError as error:
        raise _not_written(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def load(path: Path, identity: dict[str, str]) -> dict[str, Any] | None:
    """The state kept at ``path``, or None where there is none.

    Raises
    ------
    DataError
        The file is no checkpoint, or damaged.
    InputError
        It belongs to another run; the message says what differs.
    """
    if not path.exists():
        return None
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
        kept = state["identity"] if state["format"] == _FORMAT else None
    except (OSError, EOFError, RuntimeError, pickle.UnpicklingError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path} is no checkpoint, or damaged. Remove it to begin anew.") from error
    if kept is None:
        raise DataError(f"{path} was written by another version of Spinloom. Remove it to begin anew.")
    differing = [
        f"{name} was {kept.get(name)}, is {identity.get(name)}"
        for name in sorted({*kept, *identity})
        if kept.get(name) != identity.get(name)
    ]
    if differing:
        raise InputError(
            f"{path} belongs to another run: {'; '.join(differing)}. Name another checkpoint, or remove this one."
        )
    return state


def fingerprint(net: nn.Module) -> str:
    """A hash of a network's structure and of every number in it."""
    digest = hashlib.sha256(repr(net).encode())
    for name, value in net.state_dict().items():
        digest.update(name.encode() + value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _part(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _not_written(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"The checkpoint {path} cannot be written ({error.strerror or error}). Make room, or name a file in "
        "a folder that is writable."
    )
