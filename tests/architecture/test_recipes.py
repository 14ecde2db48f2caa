"""The recipes of CONTRIBUTING.md are followed to the letter, in a copy of the project."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE = re.compile(r"^`([\w/.]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path.name}: the place that a recipe names is not there once: {old}"
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def followed(tmp_path: Path) -> Path:
    """A copy of the project in which every recipe was followed."""
    for part in ("src", "tests"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "CHANGELOG.md", "CITATION.cff", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    recipes = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## The five recipes")[2]
    files = dict(FILE.findall(recipes))
    assert len(files) == 8
    for name, text in files.items():
        path = tmp_path / name
        assert not path.exists(), f"{name} is an example and must not be in the project"
        path.write_text(text, encoding="utf-8")
    package = tmp_path / "src" / "spinloom"
    others = [text for kind, text in BLOCK.findall(recipes) if text not in files.values() and kind != "console"]
    rules, registration, reference = others
    _edit(package / "parameters" / "kinds.py", rules.rstrip().splitlines()[-3] + "\n", rules.replace("    ...\n", ""))
    for path, text in ((package / "registry.py", registration), (package / "references.bib", "\n" + reference)):
        path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
    _edit(package / "engines" / "__init__.py", 'ENGINES = ("cpu", "cuda")', 'ENGINES = ("cpu", "cuda", "plain")')
    return tmp_path


@pytest.mark.slow
def test_the_five_recipes_work(followed: Path) -> None:
    own = ("test_spin_valve", "test_plain", "test_wall_neuron_in_torch")
    tests = [str(path) for path in (followed / "tests").rglob("*.py") if path.stem in own]
    assert len(tests) == len(own)
    house = [f"tests/architecture/{name}.py" for name in ("test_house", "test_import_rules")]
    choice = "spin_valve or plain or wall or Mine2026 or every_room or every_reference"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", choice]
    run = subprocess.run(
        [*command, *tests, *house, "tests/reproductions/test_catalogue.py"],
        cwd=followed,
        env={**os.environ, "PYTHONPATH": str(followed / "src")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-2000:]
    # 2 of the device, 3 of the network, 1 of the engine, 2 of the reproduction, and the house's own: none was lost
    passed = re.search(r"(\d+) passed", run.stdout)
    assert passed is not None
    assert int(passed[1]) >= 9
