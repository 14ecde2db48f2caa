"""Events from tables, rates and files; what is wrong with a file is said by its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spinloom.errors import DataError, InputError, UnitError
from spinloom.snn import Events


def test_from_a_table_of_steps() -> None:
    found = Events.from_steps(np.array([[0, 1], [1, 1], [0, 0]]), "2 ms")
    np.testing.assert_allclose(found.times, [2e-3, 4e-3, 4e-3])
    np.testing.assert_array_equal(found.which, [1, 0, 1])
    assert found.duration == pytest.approx(6e-3)
    np.testing.assert_array_equal(found.counts(), [1, 2])


def test_poisson_has_its_rate() -> None:
    """Two sources for 100 s: counts within 5 sqrt n (false alarm 1e-6 together)."""
    found = Events.poisson(np.array([10.0, 50.0]), "100 s", seed=2)
    assert (np.abs(found.counts() - [1000, 5000]) < 5 * np.sqrt([1000, 5000])).all()
    assert (np.diff(found.times) >= 0).all()


def test_files_hold_what_was_written(tmp_path: Path) -> None:
    csv = tmp_path / "events.csv"
    csv.write_text("# camera\ntime [us],source\n10,3\n20,0\n20,1\n")
    found = Events.from_file(csv, inputs=5)
    np.testing.assert_allclose(found.times, [10e-6, 20e-6, 20e-6])
    np.testing.assert_array_equal(found.which, [3, 0, 1])
    packed = tmp_path / "events.npz"
    np.savez(packed, times=found.times, which=found.which)
    again = Events.from_file(packed)
    np.testing.assert_array_equal(again.times, found.times)
    assert again.inputs == 4


def test_what_is_wrong_with_a_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("time [us],source\n10,3\n20\n")
    with pytest.raises(DataError, match=r"line 3.*cut short"):
        Events.from_file(path)
    path.write_text("time,source\n10,3\n")
    with pytest.raises(DataError, match="with its unit"):
        Events.from_file(path)
    path.write_text("time [parsec],source\n10,3\n")
    with pytest.raises(UnitError):
        Events.from_file(path)
    path.write_text("time [us],source\n20,3\n10,3\n")
    with pytest.raises(InputError, match="out of order: event 1 at 10 µs"):
        Events.from_file(path)
    with pytest.raises(DataError, match="no file"):
        Events.from_file(tmp_path / "none.npz")
    whole = tmp_path / "events.npz"
    np.savez(whole, times=np.arange(100.0), which=np.zeros(100, int))
    cut = tmp_path / "cut.npz"
    cut.write_bytes(whole.read_bytes()[:500])
    with pytest.raises(DataError, match="cut short"):
        Events.from_file(cut)
    np.savez(whole, times=np.arange(3.0))
    with pytest.raises(DataError, match="which"):
        Events.from_file(whole)
