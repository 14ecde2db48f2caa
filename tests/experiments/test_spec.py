"""A reproduction's TOML: what is accepted, and what a person is told about a fault."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from spinloom.errors import DataError, InputError, UnknownNameError
from spinloom.experiments.spec import load_reproduction


def test_reads_the_whole_file(system: str) -> None:
    spec = load_reproduction(system)
    assert spec.name == "Fake2026_system"
    assert [e.quantity for e in spec.expect] == ["mean", "largest", "values", "lost", "gap"]
    assert spec.settings["factor"] == 2.0
    assert spec.assumed[0].why == "it is not printed"


def _broken(fake: ModuleType, folder: Path, old: str, new: str) -> str:
    path = folder / "broken.toml"
    assert old in fake.TOML
    path.write_text(fake.TOML.replace(old, new, 1), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("protocol =", "protokol =", "no key 'protokol'. Did you mean 'protocol'?"),
        (
            "tolerance = 0.1",
            "tolerence = 0.1",
            "number 1 (mean): there is no key 'tolerence'. Did you mean 'tolerance'?",
        ),
        ('reason = "printed with one decimal"\n', "", "'reason' is missing"),
        ("tolerance = 0.1", 'tolerance = 0.1\nrelation = "<"', "either 'tolerance' or 'relation', and not both"),
        ("published = 2.0\n", "", "'tolerance' needs 'published'"),
        ('why = "the printed value belongs to another system"\n', "", "finding 'disagrees' needs 'why'"),
        ('why = "the paper gives no temperature"\n', "", "'comparable = false' needs 'why'"),
        ('quantity = "largest"', 'quantity = "mean"', "names a quantity twice: mean"),
        ("minutes = 0.1", "minutes = 0", "greater than 0"),
        ("minutes = 0.1", "minutes = ", "is no TOML"),
        ('title = "A system for tests"\n', "", "key 'title' is missing"),
    ],
)
def test_faults_are_named(fake: ModuleType, tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        load_reproduction(_broken(fake, tmp_path, old, new))
    assert said in str(caught.value)


def test_all_faults_come_in_one_message(fake: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "two.toml"
    path.write_text(fake.TOML.replace("protocol =", "protokol =").replace("tolerance = 0.1", "tolerence = 0.1"))
    with pytest.raises(InputError, match=r"protokol.*tolerence|tolerence.*protokol"):
        load_reproduction(str(path))


def test_unknown_name_gives_the_closest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'Xin2023_network'"):
        load_reproduction("Xin2023_netwrok")


def test_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no reproduction file.*absent\.toml"):
        load_reproduction(str(tmp_path / "absent.toml"))


def test_changed_settings_are_marked_as_yours(system: str) -> None:
    spec = load_reproduction(system).with_settings({"factor": 3.0})
    assert spec.settings["factor"] == 3.0
    assert spec.yours == ("factor = 3.0",)
    with pytest.raises(InputError, match=r"no setting 'facter'\. Did you mean 'factor'"):
        spec.with_settings({"facter": 1})
