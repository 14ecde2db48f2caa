"""Who may import what. import-linter holds the floors (`make lint`); here is what it cannot say."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "spinloom"

# Third-party package -> the rooms that may import it. A package that is not listed belongs nowhere yet: add it here
# together with pyproject.toml. Rooms later than this list (snn, ising ...) are added when they are built.
ROOMS: dict[str, set[str]] = {
    "click": {"cli"},
    "dimod": {"ising", "experiments", "cli"},
    "dwave": {"experiments"},
    "h5netcdf": {"devices", "experiments"},
    "jinja2": {"report"},
    "llvmlite": {"engines"},
    "matplotlib": {"report"},
    "nir": {"snn"},
    "norse": {"snn"},
    "numba": {"physics", "engines", "devices", "ising", "nn", "snn"},
    "numpy": {"*"},
    "openjij": {"experiments"},
    "pint": {"units"},
    "platformdirs": {"engines", "tasks"},
    "pydantic": {"parameters", "experiments"},
    "rich": {"cli", "report"},
    "scipy": {"crossbar", "engines", "devices", "responses", "ising", "snn", "experiments", "tasks"},
    "sklearn": {"tasks"},
    "snntorch": {"snn"},
    "threadpoolctl": {"ising"},
    "torch": {"nn", "snn", "responses"},
    "typer": {"cli"},
    "xarray": {"cost", "crossbar", "devices", "ising", "responses", "nn", "snn", "experiments", "report", "tasks"},
}
HEAVY = ("dimod", "numba", "torch", "xarray", "matplotlib", "pint", "scipy", "sklearn", "pandas")


def _files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def _room(path: Path) -> str:
    inside = path.relative_to(PACKAGE)
    return inside.parts[0] if len(inside.parts) > 1 else inside.stem


def _imports(node: ast.AST, in_function: bool = False) -> Iterator[tuple[str, bool]]:
    """(top-level package, imported inside a function?) of every import that runs."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue  # never executed
        if isinstance(child, ast.Import):
            yield from ((alias.name.partition(".")[0], in_function) for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.module:
            yield child.module.partition(".")[0], in_function
        yield from _imports(
            child, in_function or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        )


@pytest.mark.parametrize("path", _files(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_third_party_packages_stay_in_their_rooms(path: Path) -> None:
    room = _room(path)
    for package, in_function in _imports(ast.parse(path.read_text(encoding="utf-8"))):
        if package in sys.stdlib_module_names or package == "spinloom":
            continue
        assert package in ROOMS, f"{path.name} imports {package}, which has no room in this test's table"
        assert ROOMS[package] & {room, "*"}, f"{package} belongs to {ROOMS[package]}, not to {room} ({path.name})"
        if package == "torch" and room == "responses":
            assert in_function, f"{path.name}: responses imports torch inside a function alone"


@pytest.mark.parametrize("path", sorted((PACKAGE / "physics").rglob("*.py")), ids=lambda path: path.stem)
def test_physics_is_numba_and_math_alone(path: Path) -> None:
    allowed = {"__future__", "math", "numba", "spinloom", "typing", "collections", "dataclasses", "functools"}
    used = {package for package, _ in _imports(ast.parse(path.read_text(encoding="utf-8")))}
    assert used <= allowed


def _loaded_by(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint('LOADED', *sorted(m.partition('.')[0] for m in sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return set(run.stdout.rpartition("LOADED")[2].split())


def test_help_loads_nothing_heavy() -> None:
    code = (
        "from spinloom.cli import main\n"
        "sys.argv = ['spinloom', '--help']\n"
        "try:\n    main()\n"
        "except SystemExit as stop:\n    assert not stop.code, stop.code"
    )
    assert _loaded_by(code).isdisjoint(HEAVY)


def test_importing_spinloom_loads_nothing_heavy() -> None:
    assert _loaded_by("import spinloom").isdisjoint(HEAVY)


@pytest.mark.parametrize("room", ["crossbar", "responses"])
def test_rooms_that_need_arrays_alone_load_nothing_heavy(room: str) -> None:
    assert _loaded_by(f"import spinloom.{room}").isdisjoint(HEAVY)


def test_networks_do_not_load_the_fits() -> None:
    assert _loaded_by("import spinloom.nn").isdisjoint({"xarray", "pandas", "sklearn", "pint"})


def test_every_room_has_a_floor() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract for contract in contracts if contract["id"] == "layers")
    assert layers["exhaustive"]
    floors = {name.strip(" ()") for layer in layers["layers"] for name in layer.split("|")}
    rooms = {_room(path) for path in _files()} - {"__init__", "__main__"}
    assert rooms <= floors, f"without a floor in pyproject.toml: {rooms - floors}"
