"""The fake published system of tests/experiments/fake.py, for the tests of this folder."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

_FAKE = Path(__file__).resolve().parents[1] / "experiments" / "fake.py"


@pytest.fixture(scope="session")
def fake() -> ModuleType:
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
