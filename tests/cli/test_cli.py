"""The command line in this process: what is printed, what a mistake is answered with, and the exit codes."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import xarray as xr

from spinloom.responses import Sigmoid

Say = Callable[..., tuple[int, str, str]]


CURVE = ("device", "curve", "Xin2023_mtj", "--current=-4uA:14uA:10", "--pulse", "30ns")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("reprduce",), "No such command 'reprduce'. Did you mean 'reproduce'?"),
        (("reproduce", "--sed", "1"), "No such option: --sed"),
        (("reproduce", "Xin2023_netwrok"), "no reproduction 'Xin2023_netwrok'. Did you mean 'Xin2023_network'?"),
        (("reproduce",), "Nothing to reproduce: give a name, or --all."),
        (("reproduce", "Xin2023_energy", "--seeds", "0"), "0 seeds cannot be run; give at least 1"),
        (("reproduce", "Xin2023_energy", "--set", "curent=1uA"), "no setting 'curent'. Did you mean 'current'?"),
        (("reproduce", "absent.toml"), "no reproduction file 'absent.toml'"),
        (("parameters", "show", "Xin2023_mjt"), "Did you mean 'Xin2023_mtj'"),
        (("parameters", "check", "absent.toml"), "no parameter file 'absent.toml'"),
        (("device", "show", "Xin2023_mjt"), "Did you mean 'Xin2023_mtj'"),
        (("device", "curve", "Xin2023_mtj"), "Missing option '--current'"),
        ((*CURVE, "--set", "temprature=350K"), "Did you mean 'temperature'?"),
        ((*CURVE, "--set", "temperature"), "--set temperature: write NAME=VALUE"),
        ((*CURVE, "--set", "temperature=350"), "has no unit. Write it with one, e.g. '350 K'"),
        ((*CURVE, "--set", "thickness=-1nm"), "must be more than 0"),
        ((*CURVE, "--set", "damping=0"), "without damping there is no thermal field"),
        ((*CURVE, "--set", "temperature=0K"), "At temperature 0"),
        ((*CURVE, "--set", "temperature=-5K"), "not physical"),
        ((*CURVE, "--trials", "0"), "trials must be at least 1, not 0"),
        ((*CURVE, "--method", "fokker-plank"), "Did you mean 'fokker-planck'?"),
        (("device", "curve", "Xin2023_mtj", "--current", "2uA:30uA", "--pulse", "30ns"), "Write from:to:points"),
        (("device", "curve", "Xin2023_mtj", "--current", "nan A", "--pulse", "30ns"), "NaN"),
        (("device", "curve", "Xin2023_mtj", "--current", "2uA", "--pulse", "30parsec"), "unit that converts to s"),
        (("device", "curve", "Xin2023_mtj", "--current", "2uA", "--pulse", "30"), "has no unit"),
        (("device", "curve", "Xin2023_mtj", "--current", "2uA", "--pulse", "30 foobar"), "unit that is not known"),
        (("data", "fetch", "mnits"), "Did you mean 'mnist'?"),
    ],
)
def test_a_mistake_is_answered_in_one_paragraph(say: Say, words: tuple[str, ...], said: str) -> None:
    code, out, err = say(*words)
    assert code == 2
    assert out == ""
    assert said in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err


def test_an_output_folder_that_is_a_file(say: Say, system: str, tmp_path: Path, fake: ModuleType) -> None:
    (tmp_path / "taken").write_text("a file")
    for words in (("reproduce", system, "--out", "taken"), (*CURVE, "--out", "taken"), ("demo", "--out", "taken")):
        code, _, err = say(*words)
        assert code == 2
        assert "The output folder 'taken' cannot be written" in err
        assert "--out" in err
    assert fake.calls == []


def test_milliampere_where_microampere_are_meant_warns(say: Say) -> None:
    code, out, err = say("device", "curve", "Xin2023_mtj", "--current", "2mA:30mA:3", "--pulse", "30ns")
    assert code == 0
    assert "warning: Currents of up to 30 mA" in err
    assert "Is the unit right?" in err
    assert "P_sw" in out


def test_ctrl_c_says_what_was_kept_and_how_to_go_on(
    say: Say, system: str, fake: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupting(list[int]):
        def append(self, item: int) -> None:
            if len(self) == 2:
                raise KeyboardInterrupt
            super().append(item)

    monkeypatch.setattr(fake, "calls", Interrupting())
    code, _, err = say("reproduce", system)
    assert code == 130
    assert "Interrupted: 2 finished parts (seed0, seed1), kept in 'runs/Fake2026_system/" in err
    assert f"Go on with: spinloom reproduce {system} --seed 0 --resume" in err
    monkeypatch.setattr(fake, "calls", [])
    code, _, _ = say("reproduce", system, "--resume")
    assert code == 0
    assert fake.calls == [2]


def test_reproduce_json_is_one_object(say: Say, system: str) -> None:
    code, out, err = say("reproduce", system, "--json")
    assert (code, err) == (0, "")
    table = json.loads(out)
    wanted = {"name", "verdict", "expectations", "assumed", "sources", "seconds", "command"}
    assert wanted <= set(table)
    row = {"quantity", "published", "ours", "unit", "tolerance", "verdict", "why"}
    assert row <= set(table["expectations"][0])
    code, out, _ = say("reproduce", system, system, "--json")
    assert [entry["name"] for entry in json.loads(out)] == ["Fake2026_system"] * 2


def test_reproduce_prints_table_reasons_and_page(say: Say, system: str) -> None:
    code, out, _ = say("reproduce", system, "--out", "results")
    assert code == 0
    assert "mean of the doubled seeds" in out
    assert "2.000 ± 0.010 µA" in out
    assert "(1) the printed value belongs to another system" in out
    assert "verdict: disagrees (every row as recorded)" in out
    page = next(Path("results").rglob("report.html"))
    assert str(page) in out


def test_check_fails_on_news_only(say: Say, system: str) -> None:
    assert say("reproduce", system, "--check")[0] == 0  # a known disagreement is no news
    code, _, err = say("reproduce", system, "--check", "--set", "factor=3")
    assert code == 1
    assert "'mean of the doubled seeds' disagrees, recorded as agrees" in err
    vanished = Path(system).read_text().replace("published = 99.0", "published = 4.0")
    Path("other.toml").write_text(vanished)
    code, _, err = say("reproduce", "other.toml", "--check")
    assert code == 1
    assert "'largest value' agrees, recorded as disagrees" in err
    silent = Path(system).read_text().replace('quantity = "gap"', 'quantity = "gasp"')
    Path("silent.toml").write_text(silent)
    code, _, err = say("reproduce", "silent.toml", "--check")
    assert code == 1
    assert "not run, recorded as agrees" in err


def test_the_command_in_run_toml_repeats_the_run(say: Say, system: str) -> None:
    say("reproduce", system, "--seed", "3", "--seeds", "2", "--set", "factor=1.5")
    first = next(Path("runs").rglob("run.toml")).parent
    command = tomllib.loads((first / "run.toml").read_text())["command"].split()
    assert command[0] == "spinloom"
    assert say(*command[1:], "--out", "again")[0] == 0
    second = next(Path("again").rglob("result.nc"))
    xr.testing.assert_equal(xr.load_dataset(first / "result.nc"), xr.load_dataset(second))


def test_lists(say: Say) -> None:
    code, out, _ = say("reproduce", "--list")
    assert code == 0
    assert "Xin2023_switching" in out
    names = [entry["name"] for entry in json.loads(say("reproduce", "--list", "--json")[1])]
    assert "Xin2023_energy" in names
    sets = json.loads(say("parameters", "list", "--json")[1])
    assert {"name": "Xin2023_mtj", "device": "magnetic_tunnel_junction"}.items() <= {
        k: v for entry in sets if entry["name"] == "Xin2023_mtj" for k, v in entry.items()
    }.items()
    assert "Xin2023_mtj" in say("parameters", "list")[1]
    data = json.loads(say("data", "list", "--json")[1])
    assert "mnist" in [entry["name"] for entry in data["sets"]]
    assert "digits" in say("data", "list")[1]


def test_parameters_show_and_check(say: Say, tmp_path: Path) -> None:
    rows = json.loads(say("parameters", "show", "Xin2023_mtj", "--json")[1])["parameters"]
    damping = next(row for row in rows if row["name"] == "damping")
    assert (damping["value"], damping["how"], damping["where"]) == (0.0122, "stated", "table 3.1")
    code, out, _ = say("parameters", "show", "Xin2023_mtj")
    assert code == 0
    assert "table 3.1" in out
    from spinloom import parameters

    mine = tmp_path / "mine.toml"
    text = parameters.load("Xin2023_mtj").to_toml()
    mine.write_text(text)
    assert say("parameters", "check", "mine.toml")[:2] == (0, "mine.toml is fine.\n")
    mine.write_text(text.replace("[parameters.damping]", "[parameters.dampng]"))
    code, _, err = say("parameters", "check", "mine.toml")
    assert code == 1
    assert "dampng" in err
    assert "damping" in err
    assert json.loads(say("parameters", "check", "mine.toml", "--json")[1])["fine"] is False


def test_device_show_needs_no_more_than_a_device_has(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    from spinloom import registry
    from spinloom.devices.base import Device

    class Plain(Device):
        kind = "spin_orbit_synapse"

        def summary(self) -> str:
            return "a synapse"

    monkeypatch.setattr(registry.devices, "get", lambda _name: Plain)
    code, out, _ = say("device", "show", "Huang2022_sot")
    assert code == 0
    assert "a synapse" in out
    assert json.loads(say("device", "show", "Huang2022_sot", "--json")[1])["derived"] == {}


def test_device_show(say: Say) -> None:
    table = json.loads(say("device", "show", "Xin2023_mtj", "--json")[1])
    assert table["derived"]["critical_current"]["value"] == pytest.approx(5.786e-6, rel=1e-3)  # thesis: 5.8 uA
    assert table["derived"]["thermal_stability"]["value"] == pytest.approx(7.5, abs=0.05)
    code, out, _ = say("device", "show", "Xin2023_mtj", "--set", "temperature=350K")
    assert code == 0
    assert "yours" in out
    assert "5.79 µA" in out


def test_curve_as_json_and_in_files(say: Say) -> None:
    code, out, err = say(*CURVE, "--method", "llgs", "--trials", "200", "--seed", "4", "--out", "here", "--json")
    assert (code, err) == (0, "")
    table: dict[str, Any] = json.loads(out)
    probability = table["probability"][0]
    assert table["current"]["values"][0] == pytest.approx(-4e-6)
    assert (table["method"], table["trials"], table["seed"]) == ("llgs", 200, 4)
    assert probability[0] < 0.05
    assert probability[-1] > 0.95
    assert {Path(path).name for path in table["files"]} == {"curve.csv", "curve.nc", "curve.png", "curve.svg"}
    loaded = xr.load_dataset("here/curve.nc")["probability"]
    np.testing.assert_array_equal(loaded.values[0], probability)
    again = Sigmoid.from_csv("here/curve.csv")  # the same door as a laboratory's file
    assert again.k == pytest.approx(table["fits"][0]["k"], rel=1e-6)
    assert again.c == pytest.approx(table["fits"][0]["c"], rel=1e-6)


def test_curve_for_people(say: Say) -> None:
    code, out, _ = say(*CURVE, "--pulse", "10ns")
    assert code == 0
    assert "P_sw, 30 ns" in out
    assert "30 ns: k = 1.4" in out  # 1.40 /µA when the facts were collected
    assert "method: fokker-planck" in out


def test_a_curve_that_is_no_sigmoid_is_shown_without_a_fit(say: Say) -> None:
    code, out, err = say("device", "curve", "Xin2023_mtj", "--current", "20uA:30uA:3", "--pulse", "30ns")
    assert code == 0
    assert "no sigmoid was fitted" in err
    assert "P_sw" in out


@pytest.mark.parametrize(
    "words",
    [
        ("reproduce",),
        ("demo",),
        ("parameters", "list"),
        ("parameters", "show"),
        ("parameters", "check"),
        ("device", "show"),
        ("device", "curve"),
        ("data", "list"),
        ("data", "fetch"),
        (),
    ],
)
def test_every_help_text_has_an_example(say: Say, words: tuple[str, ...]) -> None:
    code, out, _ = say(*words, "--help")
    assert code == 0
    assert "Example" in out
    assert "spinloom " + " ".join(words) in out.split("Example")[1]
