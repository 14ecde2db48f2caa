"""A Python of its own for each question: numba's CUDA simulator can only be chosen before numba is imported."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

import spinloom


@pytest.fixture
def python() -> Callable[..., str]:
    """``python(script, **environment)``: run a script in a new process and return what it prints."""

    def run(script: str, **environment: str) -> str:
        space = {**os.environ, "PYTHONPATH": str(Path(spinloom.__file__).parents[1]), **environment}
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script)], env=space, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    return run
