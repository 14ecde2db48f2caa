from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spinloom.errors import DataError
from spinloom.tasks.arrays import read_arrays


def read(content: Any, protocol: int = 2) -> Any:
    return read_arrays(io.BytesIO(pickle.dumps(content, protocol=protocol)), "x.pkl")


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("code", ["<f4", "<f8", "<i8", "|u1", ">f4"])
def test_arrays_come_back_equal(protocol: int, code: str) -> None:
    array = np.arange(12).reshape(3, 4).astype(code)
    back = read([(array, array[0]), {"a": array}], protocol)
    assert np.array_equal(back[0][0], array)
    assert back[0][0].dtype == array.dtype.newbyteorder("=")
    assert np.array_equal(back[0][1], array[0])
    assert np.array_equal(back[1]["a"], array)


class Harmful:
    """Runs a command when it is unpickled without care."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.target,)


def test_code_in_a_pickle_is_not_run(tmp_path: Path) -> None:
    target = tmp_path / "harm"
    with pytest.raises(DataError, match="holds more than numpy arrays"):
        read([np.zeros(3), Harmful(target)])
    assert not target.exists()


@pytest.mark.parametrize(
    "content", [np.array([{}], dtype=object), np.array(["text"]), np.float64(1.0), np.ma.array([1.0]), eval]
)
def test_anything_but_plain_arrays_is_refused(content: Any) -> None:
    with pytest.raises(DataError, match="use the original file"):
        read([content])


@pytest.mark.parametrize("keep", [0, 1, 30, 200])
def test_a_truncated_pickle_is_refused(keep: int) -> None:
    whole = pickle.dumps(np.arange(1000.0), protocol=2)
    with pytest.raises(DataError, match="damaged"):
        read_arrays(io.BytesIO(whole[:keep]), "x.pkl")
