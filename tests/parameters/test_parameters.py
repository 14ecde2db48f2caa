"""Parameter sets: what is built in, what a user's own file may be, and what is said to a faulty one."""

from __future__ import annotations

from pathlib import Path

import pytest

from spinloom import registry
from spinloom.errors import InputError, ParameterError, UnknownNameError
from spinloom.parameters import check, load, names, rules
from spinloom.sources import HOWS, bibtex, cite, references

MINE = """
name = "mine"
device = "magnetic_tunnel_junction"
title = "Wafer 12"
reference = "Wafer12"

[references.Wafer12]
title = "Laboratory notes, wafer 12"

[parameters.damping]
value = 0.01
how = "stated"
[parameters.saturation_magnetisation]
value = "1.1e6 A/m"
how = "stated"
[parameters.length]
value = "30 nm"
how = "stated"
[parameters.width]
value = "30 nm"
how = "stated"
[parameters.thickness]
value = "1.2 nm"
how = "assumed"
[parameters.polarisation]
value = 0.5
how = "fitted"
where = "page 3"
"""


@pytest.mark.parametrize("name", names())
def test_built_in_sets_are_faultless_and_sourced(name):
    assert check(name) == []
    found = load(name)
    assert found.name == name
    assert found.reference in references()
    for item in found.parameters.values():
        assert item.source.how in HOWS
        if item.source.how in ("stated", "figure", "fitted", "computed"):
            assert item.source.where, f"{name}: {item.name} has no place in its document"
    assert "@" in bibtex(found.references())


@pytest.mark.parametrize("name", names())
def test_sets_survive_writing_and_reading(name, tmp_path):
    file = tmp_path / "copy.toml"
    found = load(name)
    file.write_text(found.to_toml(), encoding="utf-8")
    back = load(file)
    assert {k: v.value for k, v in back.parameters.items()} == {k: v.value for k, v in found.parameters.items()}
    assert [str(item) for item in back.assumed()] == [str(item) for item in found.assumed()]


def test_thesis_values():
    found = load("Xin2023_mtj")
    # table 3.1, with M_s printed as 1.58/(4 pi) x 1e7 A/m
    assert found.value("saturation_magnetisation") == pytest.approx(1.58 / (4 * 3.14159265) * 1e7, rel=1e-5)
    assert found.value("uniaxial_anisotropy") == 1.1e6
    assert load("Xin2023_mtj_15kT").value("uniaxial_anisotropy") == 1.21e6
    assert str(found.parameters["damping"]) == "damping = 0.0122 (stated, Xin2023, table 3.1)"
    assert [item.name for item in found.assumed()] == ["tmr"]


def test_own_file_works_by_path(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(MINE)
    found = load(file)
    assert found.value("thickness") == 1.2e-9
    assert found.references() == ["Wafer12"]
    assert found.parameters["thickness"].source.reference == ""
    assert check(file) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("damping]", "dampign]", "There is no parameter 'dampign'. Did you mean 'damping'"),
        ("damping]", "dampign]", "damping: the set must give the Gilbert damping"),
        ('"30 nm"', '"30 ns"', "'30 ns' is no length"),
        ('"30 nm"', '"-30 nm"', "not physical"),
        ('"30 nm"', '"30"', "has no unit"),
        ('how = "fitted"', 'how = "guessed"', "'guessed' is no way of knowing a value; use one of stated"),
        ('how = "fitted"', 'hwo = "fitted"', "hwo: this key is not known; did you mean 'how'"),
        ("value = 0.5\n", "", "polarisation.value: this key is missing"),
        ('"magnetic_tunnel_junction"', '"magnetic_tunel_junction"', "Did you mean 'magnetic_tunnel_junction'"),
        ("[references.Wafer12]", "[references.Wafer13]", "There is no reference 'Wafer12'"),
        ('title = "Wafer 12"', 'title = "Wafer 12', "this is no TOML"),
    ],
)
def test_faulty_files_say_what_to_mend(tmp_path, old, new, message):
    file = tmp_path / "mine.toml"
    file.write_text(MINE.replace(old, new))
    assert any(message in fault for fault in check(file)), check(file)
    with pytest.raises(ParameterError, match="cannot be used"):
        load(file)


def test_all_faults_are_listed_at_once(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(MINE.replace("0.01", "-1").replace('"1.2 nm"', '"1.2 K"'))
    assert len(check(file)) == 2


def test_unknown_names():
    with pytest.raises(UnknownNameError, match="Did you mean 'Xin2023_mtj'"):
        load("Xin2023_mjt")
    with pytest.raises(InputError, match="There is no parameter file"):
        load("./nowhere.toml")
    with pytest.raises(UnknownNameError, match="Did you mean 'length'"):
        load("Xin2023_mtj").value("lenght")
    with pytest.raises(ParameterError, match="is a choice"):
        load("Xin2023_mtj").value("shape")


def test_other_packages_add_sets_through_an_entry_point(tmp_path, monkeypatch):
    package = tmp_path / "theirs"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "mine.toml").write_text(MINE)
    info = tmp_path / "theirs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[spinloom.parameters]\nTheirs2026_mtj = theirs:mine.toml\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert "Theirs2026_mtj" in names()
    assert load("Theirs2026_mtj").value("damping") == 0.01
    assert "Theirs2026_mtj" in registry.parameter_sets.names()


def test_defaults_are_physical():
    for device in ("magnetic_tunnel_junction", "spin_orbit_synapse"):
        for name, rule in rules(device).items():
            if rule.default is not None:
                assert rule.read(name, rule.default) == rule.default


def test_cite_reads_results():
    class Result:
        attrs = {"references": ["Xin2023", "somebody's notes"]}  # noqa: RUF012

    lines = cite(Result())
    assert lines[0].startswith("Xin, Yue (2023).")
    assert lines[1] == "somebody's notes"
    with pytest.raises(InputError, match="carries no sources"):
        cite(3)
    with pytest.raises(UnknownNameError, match="Did you mean 'Xin2023'"):
        bibtex(["Xin203"])


def test_an_unknown_reference_is_said_once_and_briefly(tmp_path: Path) -> None:
    """Not once a parameter, and with the nearest names instead of the whole bibliography."""
    path = tmp_path / "mine.toml"
    lines = ['name = "mine"', 'device = "superparamagnetic_junction"', 'title = "t"', 'reference = "Zhang2023"']
    for name, value in (("thermal_stability", "10"), ("critical_current", '"1 uA"'), ("tmr", "1.0")):
        lines += [f"[parameters.{name}]", f"value = {value}", 'how = "fitted"', 'where = "fig. 1"']
    path.write_text("\n".join(lines))
    with pytest.raises(ParameterError) as caught:
        load(path)
    assert str(caught.value).count("There is no reference") == 1
    assert "Zhang2022" in str(caught.value)
    assert len(str(caught.value)) < 400
