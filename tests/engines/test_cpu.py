"""The CPU engine: what every engine does, threads, interruption, and the kernel cache."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import spinloom
from spinloom.devices import Drive, Solver, device
from spinloom.engines import Job, cpu, get, kernels, launch
from spinloom.engines.testing import assert_engine
from spinloom.errors import InputError, UnknownNameError
from spinloom.physics import rng

SOURCE = Path(spinloom.__file__).parent


def test_cpu_engine_does_what_every_engine_does():
    assert_engine(cpu, rng.draw)


def test_the_same_numbers_at_any_thread_count_and_chunk(monkeypatch):
    junction = device("Xin2023_mtj")
    runs = [
        junction.trajectories(Drive(current="6 uA"), "0.5 ns", 300, seed=3, solver=Solver(threads=threads)).m.values
        for threads in (1, 2, 5)
    ]
    monkeypatch.setattr(cpu, "CHUNK", 64)
    monkeypatch.setattr(cpu, "LONGEST_SHAPE", 17)
    runs.append(junction.trajectories(Drive(current="6 uA"), "0.5 ns", 300, seed=3).m.values)
    for other in runs[1:]:
        np.testing.assert_array_equal(runs[0], other)


def test_an_interruption_comes_through():
    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        device("Xin2023_mtj").trajectories(duration="2 ns", copies=256, progress=interrupt)


def test_unknown_engine_names_the_closest():
    with pytest.raises(UnknownNameError, match="Did you mean 'cuda'"):
        get("cudda")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"state": np.zeros((2, 0))}, "at least one copy"),
        ({"state": np.full((2, 3), np.nan)}, "finite"),
        ({"params": np.zeros((1, 2))}, "one for each of the 3"),
        ({"amplitude": np.zeros((1, 4))}, "each of the 3"),
        ({"seed": -1}, "seed"),
        ({"state": np.zeros((2, 3), int)}, "float32 or float64"),
    ],
)
def test_a_job_that_cannot_run_says_why(change, message):
    good = {
        "state": np.zeros((2, 3)), "params": np.zeros(1), "amplitude": np.zeros((1, 3)),
        "waveform": lambda t: np.ones((t.size, 1, 1)), "dt": 1.0, "steps": 1,
    }  # fmt: skip
    with pytest.raises(InputError, match=message):
        Job(**{**good, **change})


def test_kernel_names_differ_with_function_and_captured_values():
    from spinloom.physics import integrators, llgs

    names = {
        launch.identity(integrators.build(rate, scheme, thermal))
        for rate in (llgs.axial_rate, llgs.general_rate)
        for scheme in integrators.SCHEMES
        for thermal in (True, False)
    }
    assert len(names) == 12


@pytest.mark.slow
def test_an_edited_formula_is_never_run_from_the_old_cache(tmp_path):
    """The kernel's own file does not change; the formula it calls, in another file, does."""
    package = tmp_path / "edited"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "formula.py").write_text("from numba import njit\n@njit\ndef slope(x):\n    return x * 0 + 1.0\n")
    (package / "stepping.py").write_text(
        "from numba import njit\nfrom edited.formula import slope\n"
        "@njit\ndef step(state, params, drive, dt, random):\n    return (state[0] + dt * slope(state[0]),)\n"
    )
    script = textwrap.dedent("""
        import numpy as np
        from edited.stepping import step
        from spinloom.engines import Job, Sizes, cpu
        from spinloom.physics import rng
        job = Job(np.zeros((1, 1)), np.zeros(1), np.zeros((1, 1)), lambda t: np.ones((t.size, 1, 1)), 1.0, 10)
        ensemble = cpu.ensemble(step, rng.draw, Sizes(1, 1, 1))
        print(ensemble.run(job)[0][0, 0], sum(ensemble._kernel.stats.cache_hits.values()))
    """)
    environment = {
        **os.environ,
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{SOURCE.parent}",
        "NUMBA_CACHE_DIR": str(tmp_path / "c"),
    }

    def run() -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.split()

    assert run() == ["10.0", "0"]
    assert run() == ["10.0", "1"], "the second start takes the kernel from disk"
    formula = package / "formula.py"
    formula.write_text(formula.read_text().replace("1.0", "2.0"))
    assert run() == ["20.0", "0"], "an edit in a called file compiles anew"


def test_lanes_hold_several_vector_registers():
    assert kernels.LANES % 16 == 0  # 16 float32 lanes fill the widest vector register
