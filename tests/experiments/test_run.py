"""A run and the folder it leaves: complete, repeatable, resumable, and refused before it costs anything."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import xarray as xr

from spinloom import tasks
from spinloom.errors import DataError, InputError, OutputError
from spinloom.experiments import folder as run_folder
from spinloom.experiments import reproduce
from spinloom.experiments.run import RunInterrupted


def test_the_folder_holds_everything(system: str, tmp_path: Path) -> None:
    result = reproduce(system, seed=0, out=tmp_path / "out")
    assert result.folder is not None
    assert result.folder.parent == tmp_path / "out" / "Fake2026_system"
    files = {path.relative_to(result.folder).as_posix() for path in result.folder.rglob("*") if path.is_file()}
    assert files == {
        "run.toml",
        "result.nc",
        "metrics.json",
        "report.html",
        "citations.bib",
        "figures/doubled.png",
        "figures/doubled.svg",
    }
    run = tomllib.loads((result.folder / "run.toml").read_text())
    assert run["state"] == "done"
    assert run["settings"]["factor"] == 2.0
    assert run["command"] == result.command
    assert "numpy" in run["machine"]["versions"]
    metrics = json.loads((result.folder / "metrics.json").read_text())
    assert metrics["metrics"]["mean"] == {"value": 2.0, "unit": "uA", "error": 0.01}
    assert metrics["metrics"]["lost"]["value"] is None


def test_verdicts_and_object(system: str, tmp_path: Path) -> None:
    result = reproduce(system, seed=0, out=None)
    assert result.folder is None
    verdicts = {row.quantity: row.verdict for row in result.expectations}
    expected = ["agrees", "disagrees", "agrees", "not comparable", "agrees"]
    assert verdicts == dict(zip(["mean", "largest", "values", "lost", "gap"], expected, strict=True))
    assert result.verdict == "disagrees"
    assert result.surprises == ()
    table = json.loads(json.dumps(result.to_json(), allow_nan=False))
    wanted = {"name", "verdict", "expectations", "assumed", "sources", "seconds", "command"}
    assert wanted <= set(table)
    row = {"quantity", "published", "ours", "unit", "tolerance", "verdict", "why"}
    assert row <= set(table["expectations"][0])
    assert any("LeCun" in line for line in result.cite())
    with pytest.raises(InputError, match="kept no folder"):
        result.report()
    assert result.report(tmp_path / "page").name == "report.html"


def test_result_saves_and_loads_back_equal(system: str, tmp_path: Path) -> None:
    result = reproduce(system, seed=0, out=tmp_path)
    assert result.folder is not None
    loaded = xr.load_dataset(result.folder / "result.nc", engine="h5netcdf")
    xr.testing.assert_equal(loaded, result.data)
    assert loaded.attrs["command"] == result.command
    assert list(loaded.attrs["references"]) == ["Xin2023", "LeCun1998"]
    assert loaded["y"].attrs["units"] == "uA"


def test_same_seed_same_files(system: str, tmp_path: Path) -> None:
    one = reproduce(system, seed=0, out=tmp_path / "a")
    two = reproduce(system, seed=0, out=tmp_path / "b")
    assert one.folder is not None
    assert two.folder is not None
    for name in ("figures/doubled.png", "figures/doubled.svg", "citations.bib"):
        assert (one.folder / name).read_bytes() == (two.folder / name).read_bytes()


def test_two_runs_of_one_second_do_not_share_a_folder(tmp_path: Path) -> None:
    folders = {run_folder.new_folder(tmp_path, "X", 0) for _ in range(5)}
    assert len(folders) == 5


def test_seeds_quick_and_settings(system: str, fake: ModuleType) -> None:
    reproduce(system, seed=4, seeds=2, out=None)
    assert fake.calls == [4, 5]
    fake.calls.clear()
    quick = reproduce(system, out=None, quick=True)
    assert fake.calls == [0]
    assert quick.quick
    changed = reproduce(system, out=None, settings={"factor": 5.0})
    assert changed.metrics["largest"].value == 10.0
    assert "--set factor=5.0" in changed.command


def test_interrupted_then_resumed_equals_uninterrupted(system: str, fake: ModuleType, tmp_path: Path) -> None:
    whole = reproduce(system, seed=7, out=tmp_path / "whole", settings={"stop_at": -1})
    fake.calls.clear()
    cut = Path(system).read_text()
    with pytest.raises(RunInterrupted) as caught:
        _with_interrupt(system, fake, tmp_path, seed=7)
    assert "2 finished parts (seed7, seed8)" in str(caught.value)
    assert str(caught.value).endswith("--resume")
    assert Path(system).read_text() == cut
    kept = next((tmp_path / "cut").rglob("run.toml"))
    assert tomllib.loads(kept.read_text())["state"] == "interrupted"
    fake.calls.clear()
    resumed = reproduce(system, seed=7, out=tmp_path / "cut", resume=True, settings={"stop_at": -1})
    assert fake.calls == [9]  # the two finished seeds were read back
    assert resumed.folder == kept.parent
    xr.testing.assert_identical(resumed.data.drop_attrs(), whole.data.drop_attrs())
    assert not (kept.parent / "parts").exists()


def _with_interrupt(system: str, fake: ModuleType, tmp_path: Path, seed: int) -> None:
    """Ctrl-C at the third seed: the same settings as the resumed run, so the interrupt comes from the progress."""

    def progress(stage: str, done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    reproduce(system, seed=seed, out=tmp_path / "cut", settings={"stop_at": -1}, progress=progress)


def test_resume_needs_the_same_settings_and_seed(system: str, fake: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(RunInterrupted):
        _with_interrupt(system, fake, tmp_path, seed=7)
    fake.calls.clear()
    reproduce(system, seed=8, out=tmp_path / "cut", resume=True, settings={"stop_at": -1})
    assert fake.calls == [8, 9, 10]
    fake.calls.clear()
    reproduce(system, seed=7, out=tmp_path / "cut", resume=True, settings={"stop_at": -1, "factor": 3.0})
    assert fake.calls == [7, 8, 9]


def test_a_killed_run_is_resumed_too(system: str, fake: ModuleType, tmp_path: Path) -> None:
    """After kill -9 nothing was said: run.toml still has "running"."""
    with pytest.raises(RunInterrupted):
        _with_interrupt(system, fake, tmp_path, seed=7)
    kept = next((tmp_path / "cut").rglob("run.toml"))
    kept.write_text(kept.read_text().replace('"interrupted"', '"running"'))
    fake.calls.clear()
    reproduce(system, seed=7, out=tmp_path / "cut", resume=True, settings={"stop_at": -1})
    assert fake.calls == [9]


def test_a_damaged_part_says_what_to_delete(system: str, tmp_path: Path, fake: ModuleType) -> None:
    with pytest.raises(RunInterrupted):
        _with_interrupt(system, fake, tmp_path, seed=7)
    part = next((tmp_path / "cut").rglob("seed7.nc"))
    part.write_bytes(b"no netCDF")
    with pytest.raises(Exception, match=r"seed7\.nc' cannot be read.*Delete it"):
        reproduce(system, seed=7, out=tmp_path / "cut", resume=True, settings={"stop_at": -1})


def test_interrupt_without_a_folder_says_that_nothing_was_kept(system: str) -> None:
    with pytest.raises(RunInterrupted, match="nothing was kept"):
        reproduce(system, out=None, settings={"stop_at": 1})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [({"seed": -1}, "seed is -1"), ({"seeds": 0}, "0 seeds cannot be run; give at least 1")],
)
def test_bad_arguments(system: str, arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        reproduce(system, out=None, **arguments)


def test_a_folder_that_is_a_file_is_refused_before_any_work(system: str, fake: ModuleType, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file")
    with pytest.raises(OutputError, match=r"taken' cannot be written.*Choose another folder with --out"):
        reproduce(system, out=taken)
    assert fake.calls == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_refused(system: str, fake: ModuleType, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with pytest.raises(OutputError, match="cannot be written"):
        reproduce(system, out=closed)
    assert fake.calls == []


def test_an_unwritable_folder_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As above, for root too: the probe's write fails as it does on a read-only file system."""

    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(OutputError, match="cannot be written: Read-only file system"):
        run_folder.writable(tmp_path)


def test_a_full_disk_is_seen_before_any_work(
    system: str, fake: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 3 * 2**20})
    monkeypatch.setattr(run_folder.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(OutputError, match="is full: 3 MB free, a run needs 64 MB"):
        reproduce(system, out=tmp_path)
    assert fake.calls == []


def test_a_disk_that_fills_up_on_the_way(system: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"No space left on device.*What was finished stays.*--resume"):
        reproduce(system, out=tmp_path, settings={"fail_at": 1})
    assert [path.name for path in tmp_path.rglob("*.nc")] == ["seed0.nc"]


def test_a_file_that_cannot_grow_is_an_output_error(tmp_path: Path) -> None:
    """A disk that is full when netCDF is written: the limit on the file's size of this process stands in for it."""
    script = (
        "import resource, signal, sys, pathlib, numpy, xarray\n"
        "from spinloom.errors import OutputError\n"
        "from spinloom.experiments.context import save_dataset\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "data = xarray.Dataset({'x': ('n', numpy.random.default_rng(0).normal(size=100_000))})\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "try:\n"
        "    save_dataset(data, pathlib.Path(sys.argv[1]) / 'x.nc')\n"
        "except OutputError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False)
    assert "x.nc' cannot be written" in done.stdout, done.stderr
    assert "--resume" in done.stdout
    assert list(tmp_path.iterdir()) == []  # no half file


def test_an_error_before_anything_is_finished_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(**_: object) -> None:
        raise DataError("mnist cannot be fetched")

    monkeypatch.setattr(tasks, "mnist", no_network)
    with pytest.raises(DataError, match="mnist cannot be fetched"):
        reproduce("Xin2023_network", out=tmp_path / "out")
    assert list((tmp_path / "out" / "Xin2023_network").iterdir()) == []


def test_an_interrupt_after_the_last_step_keeps_the_finished_run(
    system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while the files are written: the run is whole, and what would follow (--all) does not start."""
    discard = run_folder.discard_parts

    def pressed(place: Path) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        discard(place)

    monkeypatch.setattr(run_folder, "discard_parts", pressed)
    with pytest.raises(RunInterrupted, match="was finished; all of it is in"):
        reproduce(system, out=tmp_path)
    run = tomllib.loads(next(tmp_path.rglob("run.toml")).read_text())
    assert run["state"] == "done"


def test_toml_round_trip() -> None:
    table = {
        "text": 'a "quoted" µ',
        "number": 1e-9,
        "flag": True,
        "list": [1, "two", [3.0]],
        "rows": [{"a": 1, "b c": "x"}],
        "table": {"odd key": {"x": 1}, "y": 2},
    }
    assert tomllib.loads(run_folder.to_toml(table)) == table
