"""What all tests share: where the data is, no window on any screen, and a small published system that is a fake."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
import threading
from pathlib import Path
from types import ModuleType

import pytest

os.environ.setdefault("MPLBACKEND", "Agg")

# Developers may keep the data beside the checkout; only tests look there, users fetch theirs (`spinloom data fetch`).
_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
if "SPINLOOM_DATA" not in os.environ and _BESIDE.is_dir():
    os.environ["SPINLOOM_DATA"] = str(_BESIDE)

_FAKE = Path(__file__).resolve().parent / "experiments" / "fake.py"


@pytest.fixture(scope="session")
def fake() -> ModuleType:
    """The fake published system of tests/experiments/fake.py."""
    name = "spinloom_tests_fake"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, _FAKE)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture
def system(fake: ModuleType, tmp_path: Path) -> str:
    """Path of the fake system's TOML."""
    return fake.install(tmp_path)


# A shell that starts the tests in the background hands them an ignored Ctrl-C; the tests of Ctrl-C need the usual one,
# here and in the processes that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)
