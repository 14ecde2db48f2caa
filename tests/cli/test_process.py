"""The command line as a process: quick to start, interruptible, and quiet where it is asked to be."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src"
RUN = [sys.executable, "-m", "spinloom.cli"]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(SOURCE), "COLUMNS": "120", "OMP_NUM_THREADS": "1"}


def test_help_is_quick_and_light() -> None:
    """Under 0.5 s, and nothing heavy is imported.

    Processor time stands for the time on an idle machine, since this one may be busy; the best of five tries counts.
    """
    shown, times = b"", []
    while len(times) < 5 and (not times or min(times) >= 0.5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        shown = subprocess.run([*RUN, "--help"], env=_environment(), capture_output=True, check=True).stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert b"spinloom demo" in shown
    assert min(times) < 0.5
    # typer itself may import pydantic
    heavy = ["numba", "torch", "matplotlib", "xarray", "pint", "scipy", "sklearn", "numpy"]
    script = (
        "import sys; from spinloom.cli import main; main(['--help']); main(['device', 'curve', '--help'])\n"
        f"sys.exit(' '.join(name for name in {heavy} if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=_environment(), capture_output=True, text=True, check=False
    )
    assert done.stderr.strip() == ""


def test_ctrl_c_in_the_middle_then_resume(tmp_path: Path) -> None:
    """SIGINT while a network trains: exit code 130, finished seeds stay, and the resumed run has the same numbers."""
    words = ["reproduce", "Xin2023_network", "--seeds", "3"]
    for setting in ('run=["k"]', "data=digits", "sizes=[64,25,10]", "iterations=800", "at=[100]", "compare=[]"):
        words += ["--set", setting]
    process = subprocess.Popen([*RUN, *words], cwd=tmp_path, env=_environment(), stderr=subprocess.PIPE, text=True)
    parts = tmp_path / "runs" / "Xin2023_network"
    deadline = time.monotonic() + 60
    while not list(parts.glob("*/parts/*seed0.nc")) and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "finished part" in err
    assert "--resume" in err
    assert "Traceback" not in err
    first = next(parts.glob("*/parts/*seed0.nc")).stat().st_mtime_ns
    kept = next(parts.glob("*/run.toml")).parent

    def go_on(where: Path, *more: str) -> dict[str, object]:
        done = subprocess.run(
            [*RUN, *words, "--json", *more], cwd=where, env=_environment(), capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    resumed = go_on(tmp_path, "--resume")
    assert resumed["folder"] == str(kept.relative_to(tmp_path))
    assert first < (kept / "result.nc").stat().st_mtime_ns
    other = tmp_path / "other"
    other.mkdir()
    whole = go_on(other)
    assert resumed["expectations"] == whole["expectations"]


def test_a_closed_pipe_is_no_error() -> None:
    """``spinloom reproduce --list | head -1``."""
    done = subprocess.run(
        f"{sys.executable} -m spinloom.cli reproduce --list | head -1",
        shell=True,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which Linux has")
def test_a_full_disk_under_stdout_is_one_line() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*RUN, "reproduce", "--list", "--json"],
            stdout=full,
            stderr=subprocess.PIPE,
            env=_environment(),
            text=True,
            check=False,
        )
    assert done.returncode != 0
