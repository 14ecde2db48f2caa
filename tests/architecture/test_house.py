"""The house is in order: file sizes, sources of every number, the two commands, nothing of one machine."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from spinloom.sources import references

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "spinloom"
SETS = sorted((PACKAGE / "parameters" / "sets").glob("*.toml"))
REPRODUCTIONS = sorted((PACKAGE / "reproductions").glob("*.toml"))
AUTHOR_YEAR = re.compile(r"^[A-Z][A-Za-z]+(19|20)\d\d_\w+$")
WITHOUT_YEAR = {  # published by a program, a collection of graphs, a line of papers: not by one of them
    "NeuroSim_table",
    "GSet_maxcut",
    "Boltzmann_learning",
}


def _name(path: Path) -> str:
    return path.stem


def _references(table: object) -> set[str]:
    """Every value of a key `reference` or `references`, at any depth."""
    if isinstance(table, list):
        return set().union(*(_references(item) for item in table)) if table else set()
    if not isinstance(table, dict):
        return set()
    found: set[str] = set()
    for key, value in table.items():
        if key in ("reference", "references"):
            found |= {value} if isinstance(value, str) else set(value)
        else:
            found |= _references(value)
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_file_past_400_lines(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= 400, f"{path.name} has {lines} lines: a sign that two things live in one file"


@pytest.mark.parametrize("path", SETS + REPRODUCTIONS, ids=_name)
def test_every_set_and_reproduction_has_its_source(path: Path) -> None:
    assert AUTHOR_YEAR.match(path.stem) or path.stem in WITHOUT_YEAR, f"{path.name} is not named AuthorYear_what.toml"
    keys = _references(tomllib.loads(path.read_text(encoding="utf-8")))
    assert keys, f"{path.name} names no reference"
    assert keys <= references().keys(), f"{path.name}: not in references.bib: {keys - references().keys()}"


def test_there_are_sets_and_reproductions() -> None:
    assert SETS
    assert REPRODUCTIONS


def test_every_reference_can_be_found_by_a_reader() -> None:
    for key, reference in references().items():
        assert reference.authors, key
        assert reference.title, key
        assert reference.year, key
        assert reference.doi or reference.journal, key


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md"])
def test_the_two_commands_are_named(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "make demo" in text
    assert "make test" in text


def test_versions_agree() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"version: {version}" in (ROOT / "CITATION.cff").read_text()
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_core_dependency_is_pinned() -> None:
    described = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [*described["dependencies"], *(x for extra in described["optional-dependencies"].values() for x in extra)]
    wanted = {re.split(r"[\[><=~!; ]", line)[0].lower() for line in lines} - {"spinloom"}
    pinned = {line.partition("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines()}
    assert wanted <= pinned, f"not in constraints.txt: {wanted - pinned}"


def test_nothing_committed_names_a_machine() -> None:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listing.returncode != 0:
        pytest.skip("not a git checkout")
    place = re.compile(r"/(work|root|home|tmp)/[A-Za-z.]")
    excused = re.compile(r"tmp_path|/home/(you|user)|re\.compile")
    found = []
    for name in filter(None, listing.stdout.split("\0")):
        path = ROOT / name
        if not path.is_file() or b"\0" in (content := path.read_bytes()):
            continue
        text = content.decode("utf-8", errors="replace")
        found += [
            f"{name}: {line.strip()[:80]}"
            for line in text.splitlines()
            if place.search(line) and not excused.search(line)
        ]
    assert not found
